/*
 * stripe - one sealing of one chunk: clear bytes in, k + m slices out, back.
 *
 * Sealing: compress (kept raw when that does not shrink), prepend codec and
 * clear size, pad to a Padme bucket, encrypt, split into k data slices, add
 * m parity slices. The clear text of the encryption:
 *
 *   offset  length      data
 *   0       1           codec (0 raw, 1 zstd)
 *   1       4           clear size, u32 little-endian
 *   5       n           payload
 *   5+n     rest        zeros up to the Padme bucket
 *
 * Encryption: AES-256-GCM, key = HKDF(chunk key, salt, "ouroboros stripe 1"),
 * nonce 0 (the key is used once), additional data = version u8, chunk id,
 * k u32, epoch u32, salt, sealed size u32 (little-endian).
 *
 * slice.h has the form in which each slice is stored.
 */
#ifndef SEAL_STRIPE_H
#define SEAL_STRIPE_H

#include "seal/slice.h"

struct compressor;
struct erasure;
struct fs;

/* What sealing needs beside the clear bytes. */
struct stripe_options {
	struct fs *fs;		       /* randomness for the salt */
	const struct erasure *erasure; /* of this k and m */
	unsigned k, m;
	struct compressor *compressor; /* used by one call at a time */
	int level;		       /* zstd level, 0 = keep raw */
	uint32_t epoch;
	const uint8_t *chunk_id;  /* HASH_SIZE */
	const uint8_t *chunk_key; /* KEY_SIZE, of that epoch */
};

/* A sealed stripe: its slices as they are to be stored, in one block that
 * the next stripe_seal into the same struct reuses. Zeroed = empty. */
struct stripe {
	uint8_t id[STRIPE_ID_SIZE];
	unsigned k, m;
	uint32_t epoch;
	uint32_t sealed_size;
	uint32_t slice_size; /* without header and descriptor */
	struct buffer block; /* k + m stored slices, one after the other */
	size_t stored_size;  /* of each of them */
	struct buffer scratch;
};

/* clear.size 1 to CHUNK_SIZE_MAX. */
enum ouro_status stripe_seal(const struct stripe_options *options,
    struct bytes clear, struct stripe *out, struct ouro_error *err);
/*
 * The slices of a stripe that was sealed before, from its sealed bytes: of
 * tells everything but the hashes of the m parity slices. erasure is of this k
 * and m. OURO_DAMAGED, naming the chunk, when the bytes do not fit of's stripe
 * id.
 */
enum ouro_status stripe_restore(const struct slice *of, struct bytes sealed,
    const struct erasure *erasure, unsigned m, struct stripe *out,
    struct ouro_error *err);
struct bytes stripe_slice(const struct stripe *stripe, unsigned index);
void stripe_release(struct stripe *stripe); /* wipes the scratch */

/*
 * Opens a stripe from at least k distinct slices of it: slices[i] is what was
 * found in place of slice i, or NULL. What has another index or belongs to
 * another stripe than most do counts as bad, and so does a slice that does
 * not fit its hash. First tries the k data slices without hashing; when one
 * is missing or the tag does not fit, hashes all, leaves out the bad ones,
 * and rebuilds. clear is replaced by the chunk; reuse it, then nothing is
 * allocated for intact stripes. *bad_count and bad tell the indexes found
 * bad (both may be NULL; bad has room for SLICES_MAX), also after failure.
 * OURO_DAMAGED when fewer than k good ones remain or they do not open under
 * this key, naming the chunk. The caller compares the chunk id, both in the
 * descriptor and of the clear bytes.
 */
enum ouro_status stripe_open(const uint8_t chunk_key[KEY_SIZE],
    const struct slice *const slices[SLICES_MAX], struct compressor *compressor,
    struct buffer *clear, uint8_t *bad, unsigned *bad_count,
    struct ouro_error *err);

/*
 * Rebuilds the stored form of slice `wanted` (also one that never existed:
 * wanted up to 254) from any k good ones, without a key. Checks the hashes
 * of what it uses and of the data it makes. What existed comes back as it
 * was, byte by byte. Replaces out. OURO_DAMAGED, naming the chunk.
 */
enum ouro_status stripe_rebuild(const struct slice *const slices[SLICES_MAX],
    unsigned wanted, struct buffer *out, struct ouro_error *err);

#endif
