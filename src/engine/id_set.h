/*
 * id_set - a growing set of segment ids, kept in ascending order.
 */
#ifndef ENGINE_ID_SET_H
#define ENGINE_ID_SET_H

#include "base/bytes.h"

/* Zeroed = empty. */
struct id_set {
	uint64_t *ids; /* ascending */
	size_t count;
	size_t capacity;
};

bool id_set_has(const struct id_set *set, uint64_t id);
enum ouro_status id_set_add(struct id_set *set, uint64_t id,
    struct ouro_error *err);
void id_set_release(struct id_set *set);

#endif
