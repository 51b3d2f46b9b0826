#include "vault/setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/utf8.h"
#include "crypt/mac.h"
#include "seal/canonical.h"
#include "seal/compress.h"
#include "seal/erasure.h"
#include "vault/store_file.h"

#define STORE_VERSION  1
#define K_DEFAULT      3
#define M_DEFAULT      2
#define NODE_MAX       SETUP_NODE_MAX
#define DATA_PATHS_MAX SETUP_DATA_PATHS_MAX

/* ---- authentication ------------------------------------------------------ */

/* The MAC of the store file as it would be encoded without one. */
static enum ouro_status
store_mac(struct ouro_vault *vault, const Ouro__StoreFile *store,
    uint8_t out[HASH_SIZE], struct ouro_error *err)
{
	Ouro__StoreFile bare = *store;
	struct buffer packed = { 0 };
	enum ouro_status status;

	bare.mac = (ProtobufCBinaryData){ 0 };
	status = canonical_pack(&bare.base, &packed, err);
	if (status == OURO_OK) {
		struct bytes part = buffer_bytes(&packed);

		status = mac_compute(vault->store_mac, &part, 1, out, err);
	}
	buffer_release(&packed);
	return status;
}

enum ouro_status
vault_store_write(struct ouro_vault *vault, struct ouro_error *err)
{
	Ouro__StoreFile store = *vault->store;
	struct buffer packed = { 0 };
	uint8_t mac[HASH_SIZE];
	enum ouro_status status = store_mac(vault, &store, mac, err);

	store.mac = (ProtobufCBinaryData){ HASH_SIZE, mac };
	if (status == OURO_OK)
		status = canonical_pack(&store.base, &packed, err);
	if (status == OURO_OK)
		status = store_file_write(vault->fs, vault->dir,
		    STORE_FILE_STORE, buffer_bytes(&packed), err);
	buffer_release(&packed);
	return status;
}

/* ---- reading ------------------------------------------------------------- */

static const char *
store_fault(const Ouro__StoreFile *store)
{
	if (store->vault_id.len != VAULT_ID_SIZE || store->mac.len != HASH_SIZE)
		return "its vault id or authentication code has a wrong size";
	if (erasure_valid(store->k, store->m, NULL) != OURO_OK ||
	    store->level < 0 || store->level > COMPRESS_LEVEL_MAX ||
	    store->segment_size < SETUP_SEGMENT_SIZE_MIN ||
	    strlen(store->node) > NODE_MAX ||
	    !utf8_plain(bytes_text(store->node)) ||
	    store->n_data_paths > DATA_PATHS_MAX)
		return "a parameter is out of range";
	for (size_t i = 0; i < store->n_data_paths; i++)
		if (store->data_paths[i][0] != '/')
			return "a data path is not absolute";
	if (store->n_lanes == 0 || store->n_lanes > LANES_MAX)
		return "it has no lanes, or too many";
	for (unsigned i = 0; i < store->n_lanes; i++)
		if (store->lanes[i]->number != i || !lane_path_fits(store, i))
			return "its lanes are out of order or place";
	return NULL;
}

static enum ouro_status
store_unpack(struct ouro_vault *vault, struct bytes content,
    Ouro__StoreFile **out, struct ouro_error *err)
{
	ProtobufCMessage *message;
	Ouro__StoreFile *store;
	const char *fault;
	enum ouro_status status;

	status = canonical_unpack(&ouro__store_file__descriptor, content,
	    &message, "store file", err);
	if (status != OURO_OK)
		return status;
	store = (Ouro__StoreFile *)message;
	fault = store_fault(store);
	if (store->version != STORE_VERSION)
		status = error_set(err, OURO_UNSUPPORTED,
		    "store %s has format %u; this build knows %d", vault->dir,
		    store->version, STORE_VERSION);
	else if (fault != NULL)
		status = error_set(err, OURO_DAMAGED, "%s/OUROBOROS: %s",
		    vault->dir, fault);
	if (status != OURO_OK)
		canonical_free(message);
	else
		*out = store;
	return status;
}

static enum ouro_status
store_authentic(struct ouro_vault *vault, const Ouro__StoreFile *store,
    struct ouro_error *err)
{
	uint8_t mac[HASH_SIZE];
	enum ouro_status status;

	if (memcmp(store->vault_id.data, keyring_vault_id(vault->keyring),
		VAULT_ID_SIZE) != 0)
		return error_set(err, OURO_DAMAGED,
		    "OUROBOROS and keyring in %s belong to different vaults",
		    vault->dir);
	status = store_mac(vault, store, mac, err);
	if (status == OURO_OK && !crypt_equal(mac, store->mac.data, HASH_SIZE))
		status = error_set(err, OURO_DAMAGED,
		    "%s/OUROBOROS: its authentication code does not fit",
		    vault->dir);
	return status;
}

/* With the keyring open a store file must also be authentic. */
static enum ouro_status
store_judge(void *context, struct bytes content,
    uint64_t *rank, /* NOLINT(readability-non-const-parameter) */
    struct ouro_error *err)
{
	struct ouro_vault *vault = context;
	Ouro__StoreFile *store;
	enum ouro_status status = store_unpack(vault, content, &store, err);

	(void)rank;
	if (status != OURO_OK)
		return status;
	if (vault->store_mac != NULL)
		status = store_authentic(vault, store, err);
	canonical_free(&store->base);
	return status;
}

static enum ouro_status
store_read(struct ouro_vault *vault, bool heal, struct ouro_error *err)
{
	struct store_file_choice choice = { vault->fs, vault->dir,
		STORE_FILE_STORE, !heal || vault->read_only,
		heal ? &vault->log : NULL, store_judge, vault };
	struct buffer content = { 0 };
	Ouro__StoreFile *store;
	enum ouro_status status = store_file_choose(&choice, &content, err);

	if (status == OURO_OK)
		status = store_unpack(vault, buffer_bytes(&content), &store,
		    err);
	buffer_release(&content);
	if (status != OURO_OK)
		return status;
	if (vault->store != NULL)
		canonical_free(&vault->store->base);
	vault->store = store;
	return OURO_OK;
}

enum ouro_status
setup_store_read(struct ouro_vault *vault, struct ouro_error *err)
{
	return store_read(vault, false, err);
}

enum ouro_status
setup_store_verify(struct ouro_vault *vault, struct ouro_error *err)
{
	return store_read(vault, true, err);
}

/* ---- leftovers ------------------------------------------------------------ */

static enum ouro_status
leftover_remove(void *context, const char *name, struct ouro_error *err)
{
	struct ouro_vault *vault = context;
	char path[FS_PATH_MAX];

	(void)err;
	if (fs_name_is_leftover(name) &&
	    fs_join(path, vault->dir, name, NULL) == OURO_OK &&
	    fs_unlink(vault->fs, path, NULL) == OURO_OK)
		log_write(&vault->log, LOG_INFO,
		    "%s, left by an interrupted write, was removed", path);
	return OURO_OK;
}

void
setup_leftovers_remove(struct ouro_vault *vault)
{
	(void)fs_list(vault->fs, vault->dir, leftover_remove, vault, NULL);
}

/* ---- making --------------------------------------------------------------- */

enum ouro_status
setup_store_new(struct ouro_vault *vault,
    const struct ouro_vault_options *options, struct ouro_error *err)
{
	Ouro__StoreFile store = OURO__STORE_FILE__INIT;
	char host[NODE_MAX + 1] = "node";
	ProtobufCMessage *message;
	enum ouro_status status;

	gethostname(host, sizeof(host) - 1);
	if (!utf8_plain(bytes_text(host)))
		snprintf(host, sizeof(host), "node");
	store.version = STORE_VERSION;
	store.vault_id.data = (uint8_t *)(uintptr_t)keyring_vault_id(
	    vault->keyring);
	store.vault_id.len = VAULT_ID_SIZE;
	store.joined = stamp_next(&vault->clock, 0);
	store.node = options->node != NULL ? (char *)(uintptr_t)options->node
					   : host;
	store.segment_size = options->segment_size != 0 ? options->segment_size
							: SETUP_SEGMENT_SIZE;
	store.k = options->k != 0 ? options->k
	    : options->no_parity  ? 1
				  : K_DEFAULT;
	store.m = options->no_parity ? 0
	    : options->k != 0	     ? options->m
				     : M_DEFAULT;
	store.level = options->level == -1 ? 0
	    : options->level == 0	   ? COMPRESS_LEVEL_DEFAULT
					   : options->level;
	store.n_data_paths = options->data_path_count;
	store.data_paths = (char **)(uintptr_t)options->data_paths;
	status = canonical_copy(&store.base, &message, err);
	if (status == OURO_OK)
		vault->store = (Ouro__StoreFile *)message;
	return status;
}

/* ---- data paths ------------------------------------------------------------- */

enum ouro_status
setup_data_paths_keep(struct ouro_vault *vault, struct ouro_error *err)
{
	const Ouro__StoreFile *store = vault->store;

	vault->data_paths = calloc(store->n_data_paths + 1, sizeof(char *));
	if (vault->data_paths == NULL)
		return error_memory(err);
	for (size_t i = 0; i < store->n_data_paths; i++) {
		vault->data_paths[i] = strdup(store->data_paths[i]);
		if (vault->data_paths[i] == NULL)
			return error_memory(err);
	}
	return OURO_OK;
}

void
setup_data_paths_release(struct ouro_vault *vault)
{
	for (size_t i = 0;
	     vault->data_paths != NULL && vault->data_paths[i] != NULL; i++)
		free(vault->data_paths[i]);
	free(vault->data_paths);
	vault->data_paths = NULL;
}

const char *
ouro_vault_data_path(const struct ouro_vault *vault, size_t number)
{
	for (size_t i = 0; i < number; i++)
		if (vault->data_paths[i] == NULL)
			return NULL;
	return vault->data_paths[number];
}
