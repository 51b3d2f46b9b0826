/*
 * buzhash - rolling hashes of all 32-byte windows of a region at once.
 *
 * With terms T (256 random words) the hash of a window b[0..31] is
 *
 *   H = XOR over j of  rotl(T[b[j]], 31 - j)
 *
 * so the newest byte is not rotated, one step is H' = rotl(H, 1) XOR T[out]
 * XOR T[in] (32 rotations are none), and a window of one byte value hashes
 * to 0 or ~0. A *hit* is a hash whose low BUZHASH_MASK_BITS bits are 0.
 *
 * All variants give the same answer; BEFORE is what the widest one reads.
 */
#ifndef SEAL_BUZHASH_H
#define SEAL_BUZHASH_H

#include "base/bytes.h"

#define BUZHASH_WINDOW	  32
#define BUZHASH_MASK_BITS 13
#define BUZHASH_MASK	  ((UINT32_C(1) << BUZHASH_MASK_BITS) - 1)
#define BUZHASH_REGION	  8192 /* positions in one scan */
#define BUZHASH_BEFORE	  65   /* readable bytes before the first position */

/* The terms as numbers, and their bytes apart (planes[p][b] = byte p of
 * terms[b]) for variants that look them up in registers. */
struct buzhash {
	uint32_t terms[256];
	uint8_t planes[4][256];
};

/* Takes the terms, little-endian. */
void buzhash_init(struct buzhash *buzhash, const uint8_t terms[4 * 256]);

/* The hash of the window that ends before at. */
uint32_t buzhash_window(const struct buzhash *buzhash, const uint8_t *at);

/*
 * Position i of the region has the window at[i - 32 .. i - 1]; bit i % 64 of
 * hits[i / 64] says whether it is a hit. Reads at[-BUZHASH_BEFORE] to
 * at[BUZHASH_REGION - 2].
 */
typedef void buzhash_scan(const struct buzhash *buzhash, const uint8_t *at,
    uint64_t hits[BUZHASH_REGION / 64]);

buzhash_scan buzhash_scan_portable;

/* The fastest variant for this machine; never NULL. */
buzhash_scan *buzhash_fastest(void);

#endif
