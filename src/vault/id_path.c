#include "vault/id_path.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"

#define COUNT_MIN 16

/*
 * Linear probing; at most half of the slots are used. What was put in last is
 * taken out first, so that freeing its slot breaks no chain of another.
 */
static size_t *
slot_find(const struct id_path *path, const uint8_t id[HASH_SIZE])
{
	size_t mask = path->slot_count - 1, at = (size_t)get_u64le(id) & mask;

	while (path->slots[at] != 0 &&
	    memcmp(path->ids[path->slots[at] - 1], id, HASH_SIZE) != 0)
		at = (at + 1) & mask;
	return &path->slots[at];
}

static enum ouro_status
path_grow(struct id_path *path, struct ouro_error *err)
{
	struct id_path grown = *path;
	uint8_t(*ids)[HASH_SIZE];

	if (path->count < path->capacity)
		return OURO_OK;
	grown.capacity = path->capacity == 0 ? COUNT_MIN : path->capacity * 2;
	grown.slot_count = grown.capacity * 2;
	grown.slots = calloc(grown.slot_count, sizeof(*grown.slots));
	if (grown.slots == NULL)
		return error_memory(err);
	ids = realloc(path->ids, grown.capacity * sizeof(*ids));
	if (ids == NULL) {
		free(grown.slots);
		return error_memory(err);
	}
	grown.ids = ids;
	for (size_t i = 0; i < grown.count; i++)
		*slot_find(&grown, ids[i]) = i + 1;
	free(path->slots);
	*path = grown;
	return OURO_OK;
}

void
id_path_release(struct id_path *path)
{
	free(path->ids);
	free(path->slots);
	*path = (struct id_path){ 0 };
}

enum ouro_status
id_path_push(struct id_path *path, const uint8_t id[HASH_SIZE], bool *added,
    struct ouro_error *err)
{
	enum ouro_status status = path_grow(path, err);
	size_t *slot;

	if (status != OURO_OK)
		return status;
	slot = slot_find(path, id);
	*added = *slot == 0;
	if (*added) {
		memcpy(path->ids[path->count++], id, HASH_SIZE);
		*slot = path->count;
	}
	return OURO_OK;
}

void
id_path_pop(struct id_path *path)
{
	assert(path->count > 0);
	*slot_find(path, path->ids[path->count - 1]) = 0;
	path->count--;
}
