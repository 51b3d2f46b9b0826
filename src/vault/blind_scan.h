/*
 * blind_scan - all slices of all lanes, stripe by stripe, in the order of
 * their keys. Memory is bounded by the number of lanes.
 */
#ifndef VAULT_BLIND_SCAN_H
#define VAULT_BLIND_SCAN_H

#include "vault/blind_lanes.h"

#define STRIPE_KEY_SIZE (HASH_SIZE + STRIPE_ID_SIZE)

/* Where something lies under a slice's key. */
struct blind_copy {
	uint8_t index, lane;
};

/* All of one stripe, by index and then by lane. */
struct blind_group {
	uint8_t key[STRIPE_KEY_SIZE]; /* chunk id, stripe id */
	struct blind_copy copies[SLICES_MAX * LANES_MAX];
	size_t count;
};

struct blind_scan {
	struct engine_scan *scans[LANES_MAX];
	struct bytes keys[LANES_MAX]; /* size 0 = at its end */
	unsigned count;
};

/* Release also after failure. */
enum ouro_status blind_scan_init(struct blind_scan *scan,
    const struct blind_lanes *lanes, struct ouro_error *err);
void blind_scan_release(struct blind_scan *scan);
/* OURO_END. */
enum ouro_status blind_scan_next(struct blind_scan *scan,
    struct blind_group *group, struct ouro_error *err);

#endif
