/*
 * kdf - HKDF-SHA-256 (RFC 5869) for keys, Argon2id (RFC 9106) for passphrases.
 */
#ifndef CRYPT_KDF_H
#define CRYPT_KDF_H

#include "crypt/crypt.h"

/* out_size 1 to 8160 bytes. info is the domain: a label and what it binds. */
enum ouro_status kdf_hkdf(struct bytes secret, struct bytes salt,
    struct bytes info, uint8_t *out, size_t out_size, struct ouro_error *err);

struct argon2_cost {
	uint32_t memory_kib; /* 8 x lanes to 4 GiB */
	uint32_t passes;     /* at least 1 */
	uint32_t lanes;	     /* at least 1 */
};

/* salt at least 8 bytes. OURO_INVALID for costs out of range. */
enum ouro_status kdf_argon2id(struct bytes passphrase, struct bytes salt,
    const struct argon2_cost *cost, uint8_t *out, size_t out_size,
    struct ouro_error *err);

#endif
