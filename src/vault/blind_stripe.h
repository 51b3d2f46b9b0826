/*
 * blind_stripe - one stripe, looked at without a key: which of its slices are
 * whole, and the others made anew.
 */
#ifndef VAULT_BLIND_STRIPE_H
#define VAULT_BLIND_STRIPE_H

#include "vault/blind_scan.h"

struct blind_stripe {
	const struct blind_group *group; /* borrowed */
	struct slice slices[SLICES_MAX]; /* whole ones */
	struct engine_value values[SLICES_MAX];
	const struct slice *good[SLICES_MAX]; /* of slices; NULL: none */
	/* Copies that are no whole slice of this stripe. */
	bool bad[SLICES_MAX * LANES_MAX];
	unsigned k, total;	 /* that it has; 0: no slice tells */
	bool absent[SLICES_MAX]; /* below total, and not even a bad copy */
	unsigned faults;	 /* bad copies and absent slices */
	bool lost;		 /* fewer than k are whole */
	uint64_t bytes;		 /* read */
};

/*
 * Reads and judges everything in the group. Release after, also after failure.
 * What a lane does not give is missing; only want of memory and the like is a
 * failure.
 */
enum ouro_status blind_stripe_look(struct blind_stripe *stripe,
    const struct blind_lanes *lanes, const struct blind_group *group,
    struct ouro_error *err);
void blind_stripe_release(struct blind_stripe *stripe);

/*
 * Writes every slice that is missing or bad; not lost. width is the number of
 * lanes by which the stripe was laid out. *written counts; *left are those
 * that have no place to be written to.
 */
enum ouro_status blind_stripe_mend(const struct blind_stripe *stripe,
    struct blind_lanes *lanes, unsigned width, uint64_t *written,
    uint64_t *left, struct ouro_error *err);

#endif
