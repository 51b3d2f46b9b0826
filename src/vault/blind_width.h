/*
 * blind_width - by how many lanes a stripe was laid out.
 *
 * A writer puts slice i into lane (first byte of the stripe id + i) mod the
 * number of lanes at that time, which is nowhere written that a blind care may
 * believe. So it is told from where slices lie: the number that explains most
 * of a stripe's own, and of those the one that explains most of all.
 */
#ifndef VAULT_BLIND_WIDTH_H
#define VAULT_BLIND_WIDTH_H

#include "vault/blind_scan.h"

struct blind_width {
	uint64_t votes[LANES_MAX + 1]; /* slices that lie as n lanes explain */
};

/* Looks at all keys. */
enum ouro_status blind_width_learn(struct blind_width *width,
    const struct blind_lanes *lanes, struct ouro_error *err);
/* At least as many as the stripe has data slices. */
unsigned blind_width_of(const struct blind_width *width,
    const struct blind_group *group, unsigned k);

#endif
