#include "engine/run_ordinal.h"

#include <stdlib.h>

#include "base/error.h"
#include "engine/run_format.h"

/* The slot that has the id, or is free for it. */
static uint32_t *
slot_of(const struct run_ordinals *ordinals, uint64_t id)
{
	uint32_t mask = ordinals->capacity - 1;
	uint32_t at = (uint32_t)(id * 0x9e3779b97f4a7c15u >> 32) & mask;

	while (ordinals->slots[at] != 0 &&
	    ordinals->ids[ordinals->slots[at] - 1] != id)
		at = (at + 1) & mask;
	return &ordinals->slots[at];
}

static enum ouro_status
ordinals_grow(struct run_ordinals *ordinals, struct ouro_error *err)
{
	uint32_t capacity = ordinals->capacity == 0 ? 64
						    : 2 * ordinals->capacity;
	uint32_t *slots = calloc(capacity, sizeof *slots);
	uint64_t *ids = realloc(ordinals->ids, capacity / 2 * sizeof *ids);

	if (ids != NULL)
		ordinals->ids = ids;
	if (slots == NULL || ids == NULL) {
		free(slots);
		return error_memory(err);
	}
	free(ordinals->slots);
	ordinals->slots = slots;
	ordinals->capacity = capacity;
	for (uint32_t i = 0; i < ordinals->count; i++)
		*slot_of(ordinals, ordinals->ids[i]) = i + 1;
	return OURO_OK;
}

enum ouro_status
run_ordinal(struct run_ordinals *ordinals, uint64_t id, uint32_t *out,
    struct ouro_error *err)
{
	uint32_t *slot;

	if (ordinals->count > 0 && ordinals->ids[ordinals->last] == id) {
		*out = ordinals->last;
		return OURO_OK;
	}
	if (ordinals->count == ordinals->capacity / 2) {
		enum ouro_status status = ordinals_grow(ordinals, err);

		if (status != OURO_OK)
			return status;
	}
	slot = slot_of(ordinals, id);
	if (*slot == 0) {
		if (ordinals->count == RUN_SEGMENTS_MAX)
			return error_set(err, OURO_TOO_LARGE,
			    "an index file of more than %u segments",
			    RUN_SEGMENTS_MAX);
		ordinals->ids[ordinals->count++] = id;
		*slot = ordinals->count;
	}
	*out = ordinals->last = *slot - 1;
	return OURO_OK;
}

void
run_ordinals_release(struct run_ordinals *ordinals)
{
	free(ordinals->ids);
	free(ordinals->slots);
	*ordinals = (struct run_ordinals){ 0 };
}
