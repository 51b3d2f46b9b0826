/*
 * erasure - Reed-Solomon k + m over GF(2^8), polynomial 0x11d (ISA-L).
 *
 * The code is systematic: slices 0 to k-1 are the data, cut into k equal
 * parts and filled up with zeros; slice k+r is parity row r,
 *
 *   parity[r] = sum over c < k of  data[c] / ((255 - r) XOR c)
 *
 * a Cauchy row that depends neither on m nor on k, except that k cuts it
 * off; so m can be raised later and the slices already stored stay valid.
 * Any k of the k + m slices give all the others back.
 *
 * Slices carry no redundancy of their own: a wrong slice gives wrong bytes.
 * The caller checks each slice's hash first and counts a bad one as missing.
 */
#ifndef SEAL_ERASURE_H
#define SEAL_ERASURE_H

#include "base/bytes.h"

#define ERASURE_SLICES_MAX 255	      /* k + m */
#define ERASURE_SIZE_MAX   (1u << 30) /* bytes of a slice */

/* The prepared code for one k + m; immutable, shared between threads. */
struct erasure;

/* OURO_INVALID, saying why, unless k >= 1 and k + m <= 255. Takes numbers
 * from outside, hence the width. */
enum ouro_status erasure_valid(uint64_t k, uint64_t m, struct ouro_error *err);

enum ouro_status erasure_new(unsigned k, unsigned m, struct erasure **out,
    struct ouro_error *err);
void erasure_free(struct erasure *erasure);

/* Bytes of every slice for that many sealed bytes: size / k rounded up. The
 * data slices are the sealed bytes, continued with zeros to k times that. */
size_t erasure_slice_size(size_t sealed_size, unsigned k);

/* Fills the m parity slices from the k data slices, size bytes each. */
void erasure_encode(const struct erasure *erasure, const uint8_t *const data[],
    uint8_t *const parity[], size_t size);

/* Parity row r alone, also one beyond m (to raise it); k + r < 255. */
void erasure_encode_row(const struct erasure *erasure, unsigned row,
    const uint8_t *const data[], uint8_t *parity, size_t size);

/* All k + m slices of one stripe, data first, size bytes each. A slice that
 * is neither present nor wanted may be NULL. */
struct erasure_slices {
	uint8_t *data[ERASURE_SLICES_MAX];
	bool present[ERASURE_SLICES_MAX]; /* good, read only */
	bool wanted[ERASURE_SLICES_MAX];  /* filled in unless present */
	size_t size;
};

/* OURO_DAMAGED when fewer than k slices are present (nothing is written),
 * OURO_TOO_LARGE over ERASURE_SIZE_MAX, OURO_NO_MEMORY. */
enum ouro_status erasure_rebuild(const struct erasure *erasure,
    const struct erasure_slices *slices, struct ouro_error *err);

#endif
