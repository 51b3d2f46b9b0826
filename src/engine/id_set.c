#include "engine/id_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* The index of the first id >= id. */
static size_t
id_set_bound(const struct id_set *set, uint64_t id)
{
	size_t low = 0, high = set->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (set->ids[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool
id_set_has(const struct id_set *set, uint64_t id)
{
	size_t i = id_set_bound(set, id);

	return i < set->count && set->ids[i] == id;
}

enum ouro_status
id_set_add(struct id_set *set, uint64_t id, struct ouro_error *err)
{
	size_t i = id_set_bound(set, id);

	if (i < set->count && set->ids[i] == id)
		return OURO_OK;
	if (set->count == set->capacity) {
		size_t capacity = set->capacity * 2 + 16;
		uint64_t *grown = realloc(set->ids, capacity * sizeof *grown);

		if (grown == NULL)
			return error_memory(err);
		set->ids = grown;
		set->capacity = capacity;
	}
	memmove(&set->ids[i + 1], &set->ids[i],
	    (set->count - i) * sizeof *set->ids);
	set->ids[i] = id;
	set->count++;
	return OURO_OK;
}

void
id_set_release(struct id_set *set)
{
	free(set->ids);
	*set = (struct id_set){ 0 };
}
