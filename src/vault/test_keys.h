/*
 * test_keys - a vault of nothing but its keys.
 */
#ifndef VAULT_TEST_KEYS_H
#define VAULT_TEST_KEYS_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/fs_memory.h"
#include "seal/recovery.h"
#include "vault/epoch.h"
#include "vault/store_file.h"
#include "vault/vault.h"

#define DIR "/store"

/* ---- a vault of nothing but its keys -------------------------------------- */

static Ouro__StoreFile store_file;
static bool full; /* vault_writable says so */

enum ouro_status
vault_writable(struct ouro_vault *vault, struct ouro_error *err)
{
	if (vault->read_only)
		return error_set(err, OURO_READ_ONLY, "read-only");
	return full ? error_set(err, OURO_NO_SPACE, "full") : OURO_OK;
}

enum ouro_status
vault_keyring_write(struct ouro_vault *vault, struct ouro_error *err)
{
	struct buffer packed = { 0 };
	enum ouro_status status = keyring_encode(vault->keyring, &packed, err);

	if (status == OURO_OK)
		status = store_file_write(vault->fs, DIR, STORE_FILE_KEYRING,
		    buffer_bytes(&packed), err);
	buffer_release(&packed);
	return status;
}

static uint32_t noted; /* the newest epoch that the data was told of */
static bool note_fails;

enum ouro_status
epoch_note(struct ouro_vault *vault, uint32_t epoch, struct ouro_error *err)
{
	struct buffer stored = { 0 };
	struct keyring *keyring;

	/* The keyring that has it is on the disk before. */
	assert_int_equal(store_file_read(vault->fs, DIR, STORE_FILE_KEYRING,
			     true, NULL, &stored, NULL),
	    OURO_OK);
	assert_int_equal(keyring_open(buffer_bytes(&stored), vault->member.seed,
			     &keyring, NULL),
	    OURO_OK);
	assert_int_equal(keyring_epoch(keyring), epoch);
	keyring_free(keyring);
	buffer_release(&stored);
	if (note_fails)
		return error_set(err, OURO_IO, "not now");
	noted = epoch;
	return OURO_OK;
}

static inline struct ouro_vault *
vault_new(void)
{
	struct ouro_vault *vault = calloc(1, sizeof(*vault));
	static char node[] = "this node";

	assert_non_null(vault);
	ouro__store_file__init(&store_file);
	store_file.node = node;
	vault->store = &store_file;
	vault->fs = fs_memory_new(3);
	pthread_rwlock_init(&vault->keys_lock, NULL);
	pthread_rwlock_init(&vault->lanes_lock, NULL);
	snprintf(vault->key_file, sizeof(vault->key_file), "%s",
	    DIR "/member.key");
	assert_int_equal(fs_mkdir(vault->fs, DIR, NULL), OURO_OK);
	assert_int_equal(member_key_new(vault->fs, &vault->member, NULL),
	    OURO_OK);
	assert_int_equal(member_key_write(vault->fs, vault->key_file,
			     &vault->member, NULL, NULL),
	    OURO_OK);
	assert_int_equal(keyring_new(vault->fs, &vault->keyring, NULL),
	    OURO_OK);
	assert_int_equal(keyring_add(vault->keyring, vault->member.public_key,
			     "first", MEMBER_NODE, 1, NULL),
	    OURO_OK);
	assert_int_equal(vault_keyring_write(vault, NULL), OURO_OK);
	return vault;
}

static inline void
vault_free(struct ouro_vault *vault)
{
	keyring_free(vault->keyring);
	pthread_rwlock_destroy(&vault->keys_lock);
	pthread_rwlock_destroy(&vault->lanes_lock);
	fs_memory_free(vault->fs);
	free(vault);
}

/* Opens what lies on the disk. */
static inline enum ouro_status
keyring_load(struct ouro_vault *vault, const struct member_key *member,
    struct keyring **out)
{
	struct buffer stored = { 0 };
	enum ouro_status status;

	assert_int_equal(store_file_read(vault->fs, DIR, STORE_FILE_KEYRING,
			     true, NULL, &stored, NULL),
	    OURO_OK);
	status = keyring_open(buffer_bytes(&stored), member->seed, out, NULL);
	buffer_release(&stored);
	return status;
}

/* Memory and disk agree, and hold this many members and epochs. */
static inline void
check_keys(struct ouro_vault *vault, size_t members, uint32_t epochs)
{
	struct keyring *stored;
	const uint8_t *key, *key_stored;

	assert_int_equal(keyring_load(vault, &vault->member, &stored), OURO_OK);
	assert_int_equal(keyring_member_count(vault->keyring), members);
	assert_int_equal(keyring_member_count(stored), members);
	assert_int_equal(ouro_keys_epoch(vault, NULL), epochs);
	assert_int_equal(keyring_epoch(stored), epochs);
	for (uint32_t e = 1; e <= epochs; e++) {
		assert_int_equal(keyring_epoch_key(stored, e, &key_stored,
				     NULL),
		    OURO_OK);
		assert_int_equal(keyring_epoch_key(vault->keyring, e, &key,
				     NULL),
		    OURO_OK);
		assert_memory_equal(key, key_stored, KEY_SIZE);
	}
	keyring_free(stored);
}

#endif
