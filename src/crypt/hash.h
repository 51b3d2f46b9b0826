/*
 * hash - SHA-256 (FIPS 180-4), in one call or as a stream.
 */
#ifndef CRYPT_HASH_H
#define CRYPT_HASH_H

#include "crypt/crypt.h"

enum ouro_status hash_sha256(struct bytes data, uint8_t out[HASH_SIZE],
    struct ouro_error *err);

/* The same over the concatenation of parts. */
enum ouro_status hash_sha256_parts(const struct bytes *parts, size_t count,
    uint8_t out[HASH_SIZE], struct ouro_error *err);

#endif
