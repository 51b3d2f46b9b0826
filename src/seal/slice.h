/*
 * slice - one stored slice of a stripe: its encoding, and its own check.
 *
 *   offset  length      data
 *   0       1           version, 1
 *   1       1           index
 *   2       2           descriptor size d, u16 little-endian
 *   4       d           StripeDescriptor (proto/seal.proto)
 *   4+d     s           slice bytes, s = erasure slice size
 *
 * The stripe id = first 16 bytes of SHA-256 over the packed descriptor with
 * only its first k slice hashes: these determine the parity slices too, so
 * parity rows can be added later under the same id. Parity hashes let a
 * slice be checked without its siblings, but nothing binds them to the id.
 */
#ifndef SEAL_SLICE_H
#define SEAL_SLICE_H

#include "crypt/crypt.h"

#define CHUNK_SIZE_MAX	 (512u * 1024)
#define SEALED_SIZE_MIN	 6u			   /* header and one byte */
#define SEALED_SIZE_MAX	 (CHUNK_SIZE_MAX + 16384u) /* padme(max + header) */
#define STRIPE_ID_SIZE	 16
#define STRIPE_SALT_SIZE 16
#define SLICES_MAX	 255
#define SLICE_VERSION	 1

/* One stored slice, decoded. hashes lies in owned, data in the stored
 * bytes: these must live as long as the slice is used. */
struct slice {
	unsigned index;
	unsigned k;
	unsigned count; /* slice hashes given: k + m when written */
	uint32_t epoch;
	uint32_t sealed_size;
	uint8_t chunk_id[HASH_SIZE];
	uint8_t stripe_id[STRIPE_ID_SIZE];
	uint8_t salt[STRIPE_SALT_SIZE];
	uint8_t tag[TAG_SIZE];
	struct bytes hashes; /* count x HASH_SIZE */
	struct bytes data;   /* slice bytes */
	struct buffer owned;
};

/* OURO_DAMAGED for anything but exactly one well-formed slice; does not
 * check the hash. Release also after failure. */
enum ouro_status slice_decode(struct bytes stored, struct slice *out,
    struct ouro_error *err);
void slice_release(struct slice *slice);
/* The bytes in front of the slice bytes alone, of which *size are taken; data
 * stays empty. Release also after failure. */
enum ouro_status slice_head_decode(struct bytes stored, struct slice *out,
    size_t *size, struct ouro_error *err);

/* The slice's bytes fit its own hash: no key needed. OURO_DAMAGED. */
enum ouro_status slice_check(const struct slice *slice, struct ouro_error *err);

/* Both are slices of one stripe: everything but index, data and parity
 * hashes is the same. */
bool slice_is_sibling(const struct slice *a, const struct slice *b);

/* Bytes in front of the slice bytes; index, hashes' content and data do not
 * matter. */
size_t slice_head_size(const struct slice *slice);

/* Writes them, and the stripe id that follows from them. */
enum ouro_status slice_head_write(const struct slice *slice, uint8_t *out,
    uint8_t stripe_id[STRIPE_ID_SIZE], struct ouro_error *err);

/* A chunk id as error texts show it. */
#define CHUNK_NAME_SIZE 45
const char *chunk_name(const uint8_t chunk_id[HASH_SIZE],
    char out[CHUNK_NAME_SIZE]);

#endif
