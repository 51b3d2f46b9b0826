/*
 * passphrase - a member's seed under a passphrase.
 *
 * AES-256-GCM under an Argon2id key; the member's public key is the
 * additional data. Private to member*.c.
 */
#ifndef SEAL_PASSPHRASE_H
#define SEAL_PASSPHRASE_H

#include "crypt/aead.h"
#include "seal/member.h"

#define PASSPHRASE_SALT_SIZE 16

struct sealed_seed {
	struct argon2_cost cost;
	uint8_t salt[PASSPHRASE_SALT_SIZE];
	uint8_t nonce[NONCE_SIZE];
	uint8_t seed[KEM_SEED_SIZE];
	uint8_t tag[TAG_SIZE];
};

/* Fills all of out but the cost, which is given. */
enum ouro_status passphrase_seal(struct fs *fs, const struct member_key *key,
    const char *passphrase, struct sealed_seed *out, struct ouro_error *err);

/* Fills in key->seed; key->public_key is there. passphrase may be NULL.
 * OURO_WRONG_KEY; path is for the error text. */
enum ouro_status passphrase_open(const struct sealed_seed *sealed,
    const char *path, const char *passphrase, struct member_key *key,
    struct ouro_error *err);

#endif
