/*
 * test_keyring - a keyring with a few members, for its tests.
 */
#ifndef SEAL_TEST_KEYRING_H
#define SEAL_TEST_KEYRING_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/fs_memory.h"
#include "crypt/wrap.h"
#include "proto/seal.pb-c.h"
#include "seal/canonical.h"
#include "seal/keyring.h"
#include "seal/member.h"

#define MEMBERS 3

/* A vault with three members, and their private keys. */
struct vault {
	struct fs *fs;
	struct keyring *keyring;
	struct member_key keys[MEMBERS];
	uint8_t prints[MEMBERS][FINGERPRINT_SIZE];
	struct buffer stored;
	struct ouro_error err;
};

static const char *const labels[MEMBERS] = { "node-a", "node-b", "paper" };

static inline void
vault_store(struct vault *vault)
{
	vault->stored.size = 0;
	assert_int_equal(keyring_encode(vault->keyring, &vault->stored,
			     &vault->err),
	    OURO_OK);
}

static inline void
vault_add(struct vault *vault, unsigned i)
{
	assert_int_equal(keyring_add(vault->keyring, vault->keys[i].public_key,
			     labels[i], i == 2 ? MEMBER_RECOVERY : MEMBER_NODE,
			     1000 + i, &vault->err),
	    OURO_OK);
}

static inline void
vault_init(struct vault *vault, unsigned members)
{
	memset(vault, 0, sizeof *vault);
	vault->fs = fs_memory_new(11);
	assert_non_null(vault->fs);
	assert_int_equal(keyring_new(vault->fs, &vault->keyring, &vault->err),
	    OURO_OK);
	for (unsigned i = 0; i < MEMBERS; i++) {
		assert_int_equal(member_key_new(vault->fs, &vault->keys[i],
				     &vault->err),
		    OURO_OK);
		assert_int_equal(member_fingerprint(vault->keys[i].public_key,
				     vault->prints[i], &vault->err),
		    OURO_OK);
		if (i < members)
			vault_add(vault, i);
	}
	vault_store(vault);
}

static inline void
vault_release(struct vault *vault)
{
	keyring_free(vault->keyring);
	buffer_release(&vault->stored);
	fs_memory_free(vault->fs);
}

static inline enum ouro_status
vault_open(struct vault *vault, unsigned i, struct keyring **out)
{
	*out = NULL;
	vault->err.text[0] = '\0';
	return keyring_open(buffer_bytes(&vault->stored), vault->keys[i].seed,
	    out, &vault->err);
}

#endif
