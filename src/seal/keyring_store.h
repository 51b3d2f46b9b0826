/*
 * keyring_store - the inside of a keyring, shared by keyring.c, which
 * changes it, and keyring_store.c, which encodes, decodes and opens it.
 *
 * Invariants
 *   1. keys[0] is the id key, keys[e] that of epoch e; key_count >= 2.
 *   2. members are ordered by public key, without doubles.
 *   3. every member has exactly key_count wrapped keys, in that order.
 *   4. labels pass member_label_valid.
 * A call that fails leaves all of them, and the content, as they were.
 */
#ifndef SEAL_KEYRING_STORE_H
#define SEAL_KEYRING_STORE_H

#include "crypt/wrap.h"
#include "seal/keyring.h"

struct keyring_key {
	uint8_t key[KEY_SIZE];
	uint64_t created_ms;
};

struct keyring_member {
	struct member public;
	struct buffer wrapped; /* key_count x WRAP_SIZE */
};

struct keyring {
	uint8_t vault_id[VAULT_ID_SIZE];
	struct keyring_key *keys;
	size_t key_count;
	struct keyring_member *members;
	size_t member_count;
};

/* Room for count keys, more than there are. */
enum ouro_status keyring_grow_keys(struct keyring *keyring, size_t count,
    struct ouro_error *err);

bool member_label_valid(const char *label);

#endif
