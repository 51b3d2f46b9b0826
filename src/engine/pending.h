/*
 * pending - what a group of requests will do to a key, before it is in the
 * index. Filled only when a request has to look.
 */
#ifndef ENGINE_PENDING_H
#define ENGINE_PENDING_H

#include "engine/engine.h"

struct pending_slot {
	uint64_t hash;
	const struct engine_op *op; /* NULL: free */
};

/* Zeroed = empty. */
struct pending {
	struct pending_slot *slots;
	size_t capacity; /* a power of two, or 0 */
	size_t count;
};

/* A later operation on the same key replaces an earlier one. */
enum ouro_status pending_add(struct pending *pending,
    const struct engine_op *op, struct ouro_error *err);
/* The last operation on the key, or NULL. */
const struct engine_op *pending_find(const struct pending *pending,
    struct bytes key);
void pending_release(struct pending *pending);

#endif
