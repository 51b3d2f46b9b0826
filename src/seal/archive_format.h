/*
 * archive_format - what archive_write.c and archive_read.c share; the table
 * is in archive.h.
 */
#ifndef SEAL_ARCHIVE_FORMAT_H
#define SEAL_ARCHIVE_FORMAT_H

#include "crypt/aead.h"
#include "seal/archive.h"
#include "seal/derive.h"

#define ARCHIVE_MAGIC	  "OUROARCH"
#define ARCHIVE_FORMAT	  1
#define ARCHIVE_SALT_SIZE DERIVE_STREAM_SALT_SIZE
#define ARCHIVE_LENGTH	  4u /* in front of a frame */

/* Where the header has what. */
#define ARCHIVE_AT_FORMAT   8
#define ARCHIVE_AT_KIND	    12
#define ARCHIVE_AT_VAULT    16
#define ARCHIVE_AT_SALT	    32
#define ARCHIVE_AT_OPENER_N 64

/* What the next frame is sealed with. */
struct archive_seal {
	uint8_t header_hash[HASH_SIZE];
	uint8_t key[KEY_SIZE];
	uint64_t number; /* of the next frame */
};

/* Makes the key that follows from another one, or from the secret. */
enum ouro_status archive_key_next(struct archive_seal *seal,
    const uint8_t from[KEY_SIZE], const uint8_t salt[ARCHIVE_SALT_SIZE],
    struct ouro_error *err);

/* nonce and additional data of the next frame, with n bytes sealed. */
#define ARCHIVE_BOUND_SIZE (HASH_SIZE + 4)
void archive_bind(const struct archive_seal *seal, uint32_t n,
    uint8_t nonce[NONCE_SIZE], uint8_t additional[ARCHIVE_BOUND_SIZE]);

#endif
