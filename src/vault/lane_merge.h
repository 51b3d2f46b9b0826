/*
 * lane_merge - the ids of all chunks that have slices in the lanes, each
 * once, ascending. Memory is bounded by the number of lanes.
 */
#ifndef VAULT_LANE_MERGE_H
#define VAULT_LANE_MERGE_H

#include "vault/lanes.h"

struct lane_merge {
	struct engine_scan *scans[LANES_MAX];
	struct bytes keys[LANES_MAX]; /* size 0 = at its end */
	unsigned count;
};

/* Release also after failure. */
enum ouro_status lane_merge_init(struct lane_merge *merge,
    struct ouro_vault *vault, struct ouro_error *err);
void lane_merge_release(struct lane_merge *merge);
/* OURO_END. */
enum ouro_status lane_merge_next(struct lane_merge *merge,
    uint8_t id[HASH_SIZE], struct ouro_error *err);

#endif
