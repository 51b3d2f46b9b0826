#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/options.h"
#include "base/executor.h"
#include "base/utf8.h"
#include "seal/canonical.h"
#include "seal/chunker.h"
#include "seal/compress.h"
#include "seal/derive.h"
#include "seal/erasure.h"
#include "vault/chunk.h"
#include "vault/epoch.h"
#include "vault/forget.h"
#include "vault/rebuild.h"
#include "vault/settings.h"
#include "vault/setup.h"
#include "vault/store_file.h"
#include "vault/unite.h"

#define INDEX_MEMORY_DEFAULT (64u * 1024 * 1024)
#define INDEX_MEMORY_MIN     (1024u * 1024)
/* Nobody reads the copies but for healing. */
#define COPIES_INDEX_MEMORY (16u * 1024 * 1024)

static void
log_forward(void *context, enum log_level level, const char *text)
{
	struct ouro_vault *vault = context;

	if (vault->log_user != NULL)
		vault->log_user(vault->log_context, (enum ouro_log_level)level,
		    text);
}

/* ---- locks ------------------------------------------------------------------ */

static void
locks_init(struct ouro_vault *vault)
{
	pthread_rwlock_init(&vault->keys_lock, NULL);
	pthread_rwlock_init(&vault->lanes_lock, NULL);
	pthread_mutex_init(&vault->slots_lock, NULL);
	pthread_mutex_init(&vault->codes_lock, NULL);
	pthread_mutex_init(&vault->commit_lock, NULL);
	pthread_mutex_init(&vault->set_lock, NULL);
	for (size_t i = 0; i < CHUNK_LOCKS; i++)
		pthread_mutex_init(&vault->chunk_locks[i], NULL);
}

static void
locks_release(struct ouro_vault *vault)
{
	pthread_rwlock_destroy(&vault->keys_lock);
	pthread_rwlock_destroy(&vault->lanes_lock);
	pthread_mutex_destroy(&vault->slots_lock);
	pthread_mutex_destroy(&vault->codes_lock);
	pthread_mutex_destroy(&vault->commit_lock);
	pthread_mutex_destroy(&vault->set_lock);
	for (size_t i = 0; i < CHUNK_LOCKS; i++)
		pthread_mutex_destroy(&vault->chunk_locks[i]);
}

/* ---- options ------------------------------------------------------------------- */

static enum ouro_status
options_check(const struct ouro_vault_options *options, struct ouro_error *err)
{
	if (options->level != -1 && options->level != 0 &&
	    (options->level < COMPRESS_LEVEL_MIN ||
		options->level > COMPRESS_LEVEL_MAX))
		return error_set(err, OURO_INVALID,
		    "compression level %d is not -1 (none) or 1 to %d",
		    options->level, COMPRESS_LEVEL_MAX);
	if (options->segment_size != 0 &&
	    options->segment_size < SETUP_SEGMENT_SIZE_MIN)
		return error_set(err, OURO_INVALID,
		    "a segment has at least %u bytes", SETUP_SEGMENT_SIZE_MIN);
	if (options->index_memory != 0 &&
	    options->index_memory < INDEX_MEMORY_MIN)
		return error_set(err, OURO_INVALID,
		    "an index needs at least %u bytes", INDEX_MEMORY_MIN);
	if (options->data_path_count > SETUP_DATA_PATHS_MAX)
		return error_set(err, OURO_INVALID, "at most %d data paths",
		    SETUP_DATA_PATHS_MAX);
	for (size_t i = 0; i < options->data_path_count; i++)
		if (options->data_paths[i][0] != '/')
			return error_set(err, OURO_INVALID,
			    "data path \"%.256s\" is not absolute",
			    options->data_paths[i]);
	if (options->node != NULL &&
	    (strlen(options->node) > SETUP_NODE_MAX ||
		!utf8_plain(bytes_text(options->node))))
		return error_set(err, OURO_INVALID,
		    "a node's label is UTF-8 of at most %d bytes, without "
		    "control characters",
		    SETUP_NODE_MAX);
	if (options->k == 0 && options->m == 0 && !options->no_parity)
		return OURO_OK;
	return erasure_valid(options->k == 0 && options->no_parity ? 1
								   : options->k,
	    options->no_parity ? 0 : options->m, err);
}

static enum ouro_status
paths_set(struct ouro_vault *vault, const char *dir,
    const struct ouro_vault_options *options, struct ouro_error *err)
{
	char unused[FS_PATH_MAX];
	enum ouro_status status;

	/* The longest name below dir must fit too. */
	status = fs_join(unused, dir,
	    "records/segment-18446744073709551615.dat", err);
	if (status != OURO_OK)
		return status;
	snprintf(vault->dir, sizeof(vault->dir), "%s", dir);
	if (options->key_file == NULL)
		return fs_join(vault->key_file, dir, "member.key", err);
	if (strlen(options->key_file) >= sizeof(vault->key_file))
		return error_set(err, OURO_TOO_LARGE,
		    "the key file's path is too long");
	memcpy(vault->key_file, options->key_file,
	    strlen(options->key_file) + 1);
	return OURO_OK;
}

/* ---- free space ------------------------------------------------------------------ */

enum ouro_status
vault_writable(struct ouro_vault *vault, struct ouro_error *err)
{
	struct fs_space space;
	enum ouro_status status;

	if (vault->read_only)
		return error_set(err, OURO_READ_ONLY,
		    "store %s was opened read-only", vault->dir);
	if (vault->free_space_min == 0)
		return OURO_OK;
	status = fs_space(vault->fs, vault->dir, &space, err);
	if (status == OURO_OK && space.available < vault->free_space_min)
		status = error_set(err, OURO_NO_SPACE,
		    "%s has %llu bytes free; %llu are to stay free", vault->dir,
		    (unsigned long long)space.available,
		    (unsigned long long)vault->free_space_min);
	return status;
}

/* ---- engines -------------------------------------------------------------------------------- */

static enum ouro_status
engine_open(struct ouro_vault *vault, const char *name, uint64_t index_memory,
    const uint8_t *seal_key, struct engine **out, struct ouro_error *err)
{
	char path[FS_PATH_MAX];
	struct engine_options options = {
		.fs = vault->fs,
		.executor = vault->executor,
		.log = &vault->log,
		.sync = ENGINE_SYNC_ALWAYS,
		.segment_size = vault->store->segment_size,
		.read_only = vault->read_only,
		.must_exist = vault->read_only,
		.index_memory = index_memory,
		.compact_share = -1, /* gc and compact do */
		.seal_key = seal_key,
		.name = name,
	};
	enum ouro_status status = fs_join(path, vault->dir, name, err);

	if (status == OURO_OK)
		status = engine_log_open(path, &options, out, err);
	if (status == OURO_NOT_FOUND && vault->read_only) {
		log_write(&vault->log, LOG_WARNING, "%s is missing", path);
		status = engine_memory_open(&options, out, err);
	}
	return status;
}

static enum ouro_status
engines_open(struct ouro_vault *vault, struct ouro_error *err)
{
	uint8_t key[KEY_SIZE];
	enum ouro_status status;

	status = derive_engine_key(keyring_id_key(vault->keyring), key, err);
	if (status == OURO_OK)
		status = engine_open(vault, "records", vault->index_memory, key,
		    &vault->records, err);
	if (status == OURO_OK)
		status = engine_open(vault, "copies", COPIES_INDEX_MEMORY, key,
		    &vault->copies, err);
	bytes_wipe(key, sizeof(key));
	if (status == OURO_OK)
		status = lanes_open(vault, err);
	return status;
}

/* ---- opening ------------------------------------------------------------------------------------- */

static enum ouro_status
lane_count(void *context, const char *name, struct ouro_error *err)
{
	unsigned *count = context;
	char *end;
	unsigned long number = strtoul(name, &end, 10);

	(void)err;
	if (end != name && *end == '\0' && number < LANES_MAX &&
	    number >= *count)
		*count = (unsigned)number + 1;
	return OURO_OK;
}

/* Lanes that are there although no store file tells of them. */
static unsigned
lanes_left(struct ouro_vault *vault)
{
	char path[FS_PATH_MAX];
	unsigned count = 0;

	if (fs_join(path, vault->dir, "lanes", NULL) == OURO_OK)
		fs_list(vault->fs, path, lane_count, &count, NULL);
	return count;
}

/*
 * The store file is written last: a directory without one is no store yet. A
 * keyring that is there all the same, because the making was interrupted or
 * both store files are lost, is never replaced but used.
 */
static enum ouro_status
vault_make(struct ouro_vault *vault, const struct ouro_vault_options *options,
    struct ouro_error *err)
{
	struct store_file_state first, second;
	unsigned lanes = lanes_left(vault), width;
	enum ouro_status status;

	status = vault_writable(vault, err);
	if (status != OURO_OK)
		return status;
	store_file_check(vault->fs, vault->dir, STORE_FILE_KEYRING, false, NULL,
	    &first);
	store_file_check(vault->fs, vault->dir, STORE_FILE_KEYRING, true, NULL,
	    &second);
	vault->is_new = first.status == OURO_NOT_FOUND &&
	    second.status == OURO_NOT_FOUND;
	if (first.status == OURO_NOT_FOUND)
		first = second;
	if (!vault->is_new && first.status != OURO_OK &&
	    second.status != OURO_OK) {
		if (err != NULL)
			*err = first.error;
		return first.status;
	}
	status = vault->is_new ? setup_keys_new(vault, options, err)
			       : setup_keys_read(vault, options, err);
	if (status == OURO_OK)
		status = setup_store_new(vault, options, err);
	if (status != OURO_OK)
		return status;
	width = vault->store->k + vault->store->m;
	return lanes_grow(vault, lanes > width ? lanes : width, err);
}

/*
 * One process at a time, from before the first file is read or made. A
 * directory that cannot be written to is read without.
 */
static enum ouro_status
vault_lock(struct ouro_vault *vault, const struct ouro_vault_options *options,
    struct ouro_error *err)
{
	char path[FS_PATH_MAX];
	struct fs_info info;
	enum ouro_status status = fs_join(path, vault->dir, "LOCK", err);

	if (status == OURO_OK &&
	    fs_stat(vault->fs, vault->dir, &info, NULL) != OURO_OK) {
		if (options->must_exist || options->read_only)
			return error_set(err, OURO_NOT_FOUND,
			    "there is no store in %s", vault->dir);
		status = fs_mkdir(vault->fs, vault->dir, err);
	}
	if (status == OURO_OK)
		status = fs_open(vault->fs, path,
		    FS_READ | FS_WRITE | (options->read_only ? 0 : FS_CREATE),
		    &vault->lock_file, err);
	if (status != OURO_OK)
		return options->read_only ? OURO_OK : status;
	return fs_lock(vault->lock_file, err);
}

static enum ouro_status
vault_load(struct ouro_vault *vault, const struct ouro_vault_options *options,
    struct ouro_error *err)
{
	enum ouro_status status = vault_lock(vault, options, err);

	if (status == OURO_OK && !vault->read_only)
		setup_leftovers_remove(vault);
	if (status == OURO_OK)
		status = setup_store_read(vault, err);
	if (status == OURO_NOT_FOUND && !options->must_exist &&
	    !options->read_only)
		return vault_make(vault, options, err);
	if (status == OURO_NOT_FOUND)
		return error_set(err, OURO_NOT_FOUND, "there is no store in %s",
		    vault->dir);
	if (status == OURO_OK)
		status = setup_keys_read(vault, options, err);
	if (status == OURO_OK)
		status = setup_store_verify(vault, err);
	return status;
}

static enum ouro_status
vault_recover(struct ouro_vault *vault, struct ouro_error *err)
{
	bool rebuild = false;
	enum ouro_status status = copies_reconcile(vault, &rebuild, err);

	if (status != OURO_OK)
		return status;
	if (rebuild || rebuild_pending(vault)) {
		vault->index_incomplete = vault->read_only;
		if (vault->read_only)
			log_write(&vault->log, LOG_WARNING,
			    "the index of %s is incomplete; run repair",
			    vault->dir);
		else
			status = rebuild_index(vault, err);
		if (status == OURO_OK && !vault->read_only)
			status = copies_restored(vault, err);
	}
	return status == OURO_OK ? forget_claims(vault, err) : status;
}

enum ouro_status
vault_open(const char *dir, const struct ouro_vault_options *options,
    struct fs *fs, struct executor *executor, struct ouro_vault **out,
    struct ouro_error *err)
{
	static const struct ouro_vault_options defaults = { .size = sizeof(
								defaults) };
	struct ouro_vault *vault;
	enum ouro_status status;

	if (options == NULL)
		options = &defaults;
	status = options_check(options, err);
	if (status != OURO_OK)
		return status;
	vault = calloc(1, sizeof(*vault));
	if (vault == NULL)
		return error_memory(err);
	locks_init(vault);
	vault->fs = fs != NULL ? fs : fs_posix();
	vault->log_user = options->log;
	vault->log_context = options->log_context;
	vault->log = (struct log){ .write = log_forward, .context = vault };
	vault->read_only = options->read_only;
	vault->free_space_min = options->free_space_min;
	vault->index_memory = options->index_memory != 0 ? options->index_memory
							 : INDEX_MEMORY_DEFAULT;
	stamp_clock_init(&vault->clock, vault->fs);
	status = pins_init(&vault->pins, err);
	if (status == OURO_OK)
		status = paths_set(vault, dir, options, err);
	if (status == OURO_OK && executor == NULL) {
		long cores = sysconf(_SC_NPROCESSORS_ONLN);

		status = executor_open(options->threads != 0 ? options->threads
			: cores < 1			     ? 1
							     : (unsigned)cores,
		    vault->fs, &vault->executor_own, err);
		executor = vault->executor_own;
	}
	vault->executor = executor;
	if (status == OURO_OK)
		status = vault_load(vault, options, err);
	if (status == OURO_OK) {
		vault->k = vault->store->k;
		vault->m = vault->store->m;
		vault->level = vault->store->level;
		snprintf(vault->node, sizeof(vault->node), "%s",
		    vault->store->node);
		vault->joined_ms = stamp_ms(vault->store->joined);
		status = setup_keys_derive(vault, err);
	}
	if (status == OURO_OK)
		status = setup_data_paths_keep(vault, err);
	if (status == OURO_OK)
		status = engines_open(vault, err);
	if (status == OURO_OK)
		status = epoch_check(vault, err);
	if (status == OURO_OK)
		status = vault_recover(vault, err);
	if (status == OURO_OK)
		status = epoch_adopt(vault, err);
	if (status == OURO_OK)
		status = commit_open(vault, err);
	if (status == OURO_OK)
		status = settings_load(vault, err);
	if (status == OURO_OK)
		status = unite_clear(vault, err);
	if (status != OURO_OK) {
		ouro_vault_close(vault);
		return status;
	}
	*out = vault;
	return OURO_OK;
}

enum ouro_status
ouro_vault_open(const char *dir, const struct ouro_vault_options *options,
    struct ouro_vault **out, struct ouro_error *err)
{
	struct ouro_vault_options own;
	enum ouro_status status = options_take(&own, sizeof(own),
	    "struct ouro_vault_options", options, err);

	return status == OURO_OK ? vault_open(dir, &own, NULL, NULL, out, err)
				 : status;
}

void
ouro_vault_close(struct ouro_vault *vault)
{
	if (vault == NULL)
		return;
	if (vault->commit_task != NULL) {
		commit_close(vault);
		if (!vault->read_only)
			copies_close(vault);
	}
	context_release(&vault->context);
	lanes_close(vault);
	engine_close(vault->copies);
	engine_close(vault->records);
	executor_close(vault->executor_own);
	chunk_slots_release(vault);
	setup_codes_release(vault);
	setup_data_paths_release(vault);
	chunker_table_free(vault->chunker_table);
	mac_key_free(vault->mac);
	mac_key_free(vault->store_mac);
	keyring_free(vault->keyring);
	member_key_wipe(&vault->member);
	if (vault->store != NULL)
		canonical_free(&vault->store->base);
	pins_release(&vault->pins);
	fs_close(vault->lock_file);
	stamp_clock_release(&vault->clock);
	locks_release(vault);
	free(vault);
}

bool
ouro_vault_is_new(const struct ouro_vault *vault)
{
	return vault->is_new;
}

const char *
ouro_vault_key_file(const struct ouro_vault *vault)
{
	return vault->key_file;
}

const char *
id_short(const uint8_t id[HASH_SIZE], char out[24])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < 8; i++) {
		out[2 * i] = digits[id[i] >> 4];
		out[2 * i + 1] = digits[id[i] & 15];
	}
	memcpy(out + 16, "...", 4);
	return out;
}
