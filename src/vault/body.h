/*
 * body - the sealed part of a record.
 *
 * AES-256-GCM under HKDF(object key, salt, "ouroboros body 1"), nonce 0. The
 * salt is the first 16 bytes of HMAC(id key, "ouroboros salt 1" || object id
 * || size of additional, u32 little-endian || additional || clear body) where
 * additional is the additional data with an empty salt: a key never seals two
 * different bodies, nor one body with different clear fields around it, and
 * the same record under the same object key has the same bytes everywhere.
 */
#ifndef VAULT_BODY_H
#define VAULT_BODY_H

#include "crypt/mac.h"

#define BODY_SALT_SIZE 16

enum ouro_status body_salt(const struct mac_key *mac,
    const uint8_t id[HASH_SIZE], struct bytes additional, struct bytes clear,
    uint8_t salt[BODY_SALT_SIZE], struct ouro_error *err);

/* data is encrypted in place. */
enum ouro_status body_seal(const uint8_t object_key[KEY_SIZE],
    const uint8_t salt[BODY_SALT_SIZE], struct bytes additional,
    struct buffer *data, uint8_t tag[TAG_SIZE], struct ouro_error *err);

/* Appends the clear body to out. OURO_WRONG_KEY. */
enum ouro_status body_open(const uint8_t object_key[KEY_SIZE],
    const uint8_t salt[BODY_SALT_SIZE], struct bytes additional,
    struct bytes sealed, const uint8_t tag[TAG_SIZE], struct buffer *out,
    struct ouro_error *err);

#endif
