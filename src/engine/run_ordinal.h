/*
 * run_ordinal - the segments that a run's entries point at, each with a
 * small number in the order of their coming.
 */
#ifndef ENGINE_RUN_ORDINAL_H
#define ENGINE_RUN_ORDINAL_H

#include "base/bytes.h"

/* Zeroed = empty. */
struct run_ordinals {
	uint64_t *ids;	 /* by ordinal; half as many as slots */
	uint32_t *slots; /* ordinal + 1; 0 is free */
	uint32_t count;
	uint32_t capacity; /* of slots: a power of two */
	uint32_t last;	   /* the ordinal given last */
};

/* OURO_TOO_LARGE beyond RUN_SEGMENTS_MAX. */
enum ouro_status run_ordinal(struct run_ordinals *ordinals, uint64_t id,
    uint32_t *out, struct ouro_error *err);
void run_ordinals_release(struct run_ordinals *ordinals);

#endif
