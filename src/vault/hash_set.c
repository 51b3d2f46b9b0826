#include "vault/hash_set.h"

#include <stdlib.h>

#include "base/error.h"

#define SLOTS_MIN 64

static bool
slot_is_free(const uint8_t slot[HASH_SET_KEY])
{
	static const uint8_t zero[HASH_SET_KEY];

	return memcmp(slot, zero, HASH_SET_KEY) == 0;
}

/* The slot of an id, or the free one where it belongs; never full. */
static size_t
slot_find(const struct hash_set *set, const uint8_t *id)
{
	size_t mask = set->slot_count - 1;
	size_t at = (size_t)get_u64le(id) & mask;

	while (!slot_is_free(set->slots[at]) &&
	    memcmp(set->slots[at], id, HASH_SET_KEY) != 0)
		at = (at + 1) & mask;
	return at;
}

/* At most half of the slots are used. */
static enum ouro_status
set_grow(struct hash_set *set, struct ouro_error *err)
{
	struct hash_set grown = { .count = set->count };

	if (set->count < set->slot_count / 2)
		return OURO_OK;
	grown.slot_count = set->slot_count == 0 ? SLOTS_MIN
						: set->slot_count * 2;
	grown.slots = calloc(grown.slot_count, sizeof(*grown.slots));
	if (grown.slots == NULL)
		return error_memory(err);
	for (size_t i = 0; i < set->slot_count; i++)
		if (!slot_is_free(set->slots[i]))
			memcpy(grown.slots[slot_find(&grown, set->slots[i])],
			    set->slots[i], HASH_SET_KEY);
	free(set->slots);
	*set = grown;
	return OURO_OK;
}

void
hash_set_release(struct hash_set *set)
{
	free(set->slots);
	*set = (struct hash_set){ 0 };
}

enum ouro_status
hash_set_add(struct hash_set *set, const uint8_t id[HASH_SIZE], bool *added,
    struct ouro_error *err)
{
	enum ouro_status status = set_grow(set, err);
	size_t at;

	if (status != OURO_OK)
		return status;
	at = slot_find(set, id);
	if (added != NULL)
		*added = slot_is_free(set->slots[at]);
	if (slot_is_free(set->slots[at])) {
		memcpy(set->slots[at], id, HASH_SET_KEY);
		set->count++;
	}
	return OURO_OK;
}

bool
hash_set_has(const struct hash_set *set, const uint8_t id[HASH_SIZE])
{
	return set->slot_count > 0 &&
	    !slot_is_free(set->slots[slot_find(set, id)]);
}
