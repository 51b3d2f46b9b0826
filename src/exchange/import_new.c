#include <stdio.h>
#include <stdlib.h>

#include "base/encoding.h"
#include "base/error.h"
#include "base/options.h"
#include "exchange/import.h"
#include "seal/recovery.h"
#include "vault/store_file.h"

/* A new copy that is being made: what is known before there is a vault. */
struct making {
	const struct import_new *made;
	struct fs *fs;
	struct member_key member;
	struct keyring *keyring; /* the stream's */
	struct bytes stored;	 /* the same as it lies in the stream */
};

/* ---- keys ---------------------------------------------------------------------- */

static enum ouro_status
member_load(struct making *making, struct ouro_error *err)
{
	const struct ouro_vault_options *options = making->made->vault_options;
	uint8_t recovery[RECOVERY_SIZE];
	char path[FS_PATH_MAX];
	enum ouro_status status = OURO_OK;

	if (options->recovery_key != NULL) {
		status = recovery_decode(options->recovery_key, recovery, err);
		if (status == OURO_OK)
			status = recovery_member(recovery, &making->member,
			    err);
		bytes_wipe(recovery, sizeof(recovery));
		return status;
	}
	if (options->key_file == NULL)
		status = fs_join(path, making->made->dir, "member.key", err);
	if (status != OURO_OK)
		return status;
	return member_key_read(making->fs,
	    options->key_file != NULL ? options->key_file : path,
	    options->passphrase, &making->member, err);
}

/* ---- the directory ---------------------------------------------------------------- */

/* A keyring without a store is an interrupted making. It is gone on with when
 * it is one of this vault. */
static enum ouro_status
keyring_there(struct making *making, bool *there, struct ouro_error *err)
{
	struct buffer stored = { 0 };
	struct keyring *keyring = NULL;
	enum ouro_status status = store_file_read(making->fs, making->made->dir,
	    STORE_FILE_KEYRING, true, NULL, &stored, err);

	*there = status != OURO_NOT_FOUND;
	if (!*there)
		return OURO_OK;
	if (status == OURO_OK)
		status = keyring_open(buffer_bytes(&stored),
		    making->member.seed, &keyring, err);
	if (status == OURO_OK &&
	    memcmp(keyring_vault_id(keyring), keyring_vault_id(making->keyring),
		VAULT_ID_SIZE) != 0)
		status = error_set(err, OURO_EXISTS,
		    "%s has the keyring of another vault", making->made->dir);
	keyring_free(keyring);
	buffer_release(&stored);
	return status;
}

static enum ouro_status
store_absent(struct making *making, struct ouro_error *err)
{
	const char *dir = making->made->dir;

	for (unsigned copy = 0; copy < 2; copy++) {
		struct store_file_state state;

		store_file_check(making->fs, dir, STORE_FILE_STORE, copy != 0,
		    NULL, &state);
		if (state.status != OURO_NOT_FOUND)
			return error_set(err, OURO_EXISTS,
			    "%s has a store; import the stream into that one",
			    dir);
	}
	return OURO_OK;
}

/* The lock is given back before the vault is opened, which then finds the
 * keyring and never replaces it. */
static enum ouro_status
keyring_place(struct making *making, struct ouro_error *err)
{
	struct fs_file *lock = NULL;
	char path[FS_PATH_MAX];
	bool there = false;
	enum ouro_status status = fs_mkdir(making->fs, making->made->dir, err);

	if (status == OURO_OK)
		status = fs_join(path, making->made->dir, "LOCK", err);
	if (status == OURO_OK)
		status = fs_open(making->fs, path,
		    FS_READ | FS_WRITE | FS_CREATE, &lock, err);
	if (status == OURO_OK)
		status = fs_lock(lock, err);
	if (status == OURO_OK)
		status = store_absent(making, err);
	if (status == OURO_OK)
		status = keyring_there(making, &there, err);
	if (status == OURO_OK && !there)
		status = store_file_write(making->fs, making->made->dir,
		    STORE_FILE_KEYRING, making->stored, err);
	fs_close(lock);
	return status;
}

/* ---- making ------------------------------------------------------------------------- */

/* Nothing is made before the stream has shown whose it is. */
static enum ouro_status
making_check(struct making *making, struct archive_reader *reader,
    struct ouro_error *err)
{
	struct archive_head head = { .kind = ARCHIVE_VAULT };
	enum exchange_scope scope = EXCHANGE_WHOLE;
	enum ouro_status status = import_head_read(reader, &head, err);

	if (status == OURO_OK && making->made->vault_options->read_only)
		status = error_set(err, OURO_INVALID,
		    "a store is not made read-only");
	if (status == OURO_OK)
		status = member_load(making, err);
	if (status == OURO_OK)
		status = import_keyring_open(&head, making->member.seed,
		    &making->keyring, err);
	making->stored = head.opener;
	if (status == OURO_OK)
		status = import_scope_read(reader,
		    keyring_id_key(making->keyring), &scope, err);
	if (status == OURO_OK && scope != EXCHANGE_WHOLE)
		status = error_set(err, OURO_REFUSED,
		    "the stream has a part of a vault; a new copy is made of "
		    "the whole");
	return status;
}

static enum ouro_status
making_run(struct making *making, const struct ouro_import_options *options,
    struct archive_reader *reader, struct ouro_import_result *result,
    struct ouro_vault **out, struct ouro_error *err)
{
	const struct import_new *made = making->made;
	struct ouro_vault_options vault_options = *made->vault_options;
	struct keyring *newer = NULL;
	struct archive_head head = { .kind = ARCHIVE_VAULT };
	enum ouro_status status = making_check(making, reader, err);

	vault_options.must_exist = false;
	if (status == OURO_OK)
		status = keyring_place(making, err);
	if (status == OURO_OK)
		status = vault_open(made->dir, &vault_options, made->fs,
		    made->executor, out, err);
	/* The keyring that was there may be older than the stream's. */
	head.opener = making->stored;
	if (status == OURO_OK) {
		memcpy(head.vault_id, keyring_vault_id(making->keyring),
		    VAULT_ID_SIZE);
		status = import_keys_compare(*out, &head, &newer, err);
	}
	if (status == OURO_OK && newer != NULL)
		status = import_keys_adopt(*out, newer, err);
	keyring_free(newer);
	return status == OURO_OK
	    ? import_run(*out, EXCHANGE_WHOLE, options, reader, result, err)
	    : status;
}

enum ouro_status
import_new(const struct import_new *made,
    const struct ouro_import_options *options, ouro_source *source,
    void *source_context, struct ouro_import_result *result,
    struct ouro_vault **out, struct ouro_error *err)
{
	struct making making = { .made = made,
		.fs = made->fs != NULL ? made->fs : fs_posix() };
	struct archive_reader *reader;
	enum ouro_status status = archive_reader_new(source, source_context,
	    &reader, err);

	*out = NULL;
	if (status != OURO_OK)
		return status;
	status = making_run(&making, options, reader, result, out, err);
	if (status != OURO_OK) {
		ouro_vault_close(*out);
		*out = NULL;
	}
	archive_reader_free(reader);
	keyring_free(making.keyring);
	member_key_wipe(&making.member);
	return status;
}

enum ouro_status
ouro_import_new(const char *dir, const struct ouro_vault_options *vault_options,
    const struct ouro_import_options *options, ouro_source *source,
    void *source_context, struct ouro_import_result *result,
    struct ouro_vault **out, struct ouro_error *err)
{
	struct ouro_vault_options own_vault;
	struct ouro_import_options own_options;
	struct import_new made = { .dir = dir, .vault_options = &own_vault };
	struct ouro_import_result own;
	enum ouro_status status = options_take(&own_vault, sizeof(own_vault),
	    "struct ouro_vault_options", vault_options, err);

	if (result == NULL)
		result = &own;
	*result = (struct ouro_import_result){ 0 };
	if (status == OURO_OK)
		status = options_take(&own_options, sizeof(own_options),
		    "struct ouro_import_options", options, err);
	if (status == OURO_OK)
		status = import_new(&made, &own_options, source, source_context,
		    result, out, err);
	return status;
}
