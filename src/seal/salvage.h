/*
 * salvage - the sealed bytes of a stripe from what is left of its slices.
 *
 * Private to stripe_open.c and carried.c. The data slices' hashes are bound by the stripe
 * id, so data slices, found or rebuilt, are known to be right; a parity slice
 * that fits its own hash may still be forged. When rebuilding with some set
 * of parity slices gives wrong data, other sets are tried, at most
 * SALVAGE_TRIES_MAX, those that leave out the fewest first.
 */
#ifndef SEAL_SALVAGE_H
#define SEAL_SALVAGE_H

#include "seal/slice.h"

#define SALVAGE_TRIES_MAX 256

struct erasure;

struct salvage {
	const struct slice *of;			/* any one of the stripe */
	const struct slice *slices[SLICES_MAX]; /* those not found bad */
	bool bad[SLICES_MAX];
	size_t size;	/* bytes of each slice */
	unsigned total; /* highest index + 1, >= k */
};

/*
 * Chooses the stripe that most of the given slices belong to; those of other
 * stripes and those that are not in their place are bad. OURO_DAMAGED when
 * there is none.
 */
enum ouro_status salvage_begin(struct salvage *salvage,
    const struct slice *const slices[SLICES_MAX], struct ouro_error *err);

/* All data slices are there, unchecked. */
bool salvage_is_whole(const struct salvage *salvage);

/* Copies the data slices one after the other to data, k x size bytes; all
 * must be there. */
void salvage_copy(const struct salvage *salvage, uint8_t *data);

/*
 * Checks all slices, rebuilds the data slices that are missing or bad, and
 * leaves all k of them in data; finds forged parity too. OURO_DAMAGED when
 * that cannot be done, naming the chunk.
 */
enum ouro_status salvage_rebuild(struct salvage *salvage, uint8_t *data,
    struct ouro_error *err);

/* Lists the bad ones, ascending; out may be NULL. */
unsigned salvage_bad(const struct salvage *salvage, uint8_t *out);

#endif
