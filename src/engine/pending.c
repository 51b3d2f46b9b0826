#include "engine/pending.h"

#include <stdlib.h>

#include "base/error.h"

/* FNV-1a. */
static uint64_t
key_hash(struct bytes key)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < key.size; i++)
		hash = (hash ^ key.data[i]) * 0x100000001b3u;
	return hash;
}

/* The slot that holds the key, or the free one where it belongs. */
static struct pending_slot *
slot_of(const struct pending *pending, uint64_t hash, struct bytes key)
{
	size_t mask = pending->capacity - 1, i = (size_t)hash & mask;

	while (pending->slots[i].op != NULL &&
	    (pending->slots[i].hash != hash ||
		!bytes_equal(pending->slots[i].op->key, key)))
		i = (i + 1) & mask;
	return &pending->slots[i];
}

static enum ouro_status
pending_grow(struct pending *pending, struct ouro_error *err)
{
	struct pending old = *pending;

	pending->capacity = old.capacity == 0 ? 64 : old.capacity * 2;
	pending->slots = calloc(pending->capacity, sizeof *pending->slots);
	if (pending->slots == NULL) {
		*pending = old;
		return error_memory(err);
	}
	for (size_t i = 0; i < old.capacity; i++)
		if (old.slots[i].op != NULL)
			*slot_of(pending, old.slots[i].hash,
			    old.slots[i].op->key) = old.slots[i];
	free(old.slots);
	return OURO_OK;
}

enum ouro_status
pending_add(struct pending *pending, const struct engine_op *op,
    struct ouro_error *err)
{
	uint64_t hash = key_hash(op->key);
	struct pending_slot *slot;

	if (pending->count >= pending->capacity / 2) {
		enum ouro_status status = pending_grow(pending, err);

		if (status != OURO_OK)
			return status;
	}
	slot = slot_of(pending, hash, op->key);
	pending->count += slot->op == NULL;
	*slot = (struct pending_slot){ hash, op };
	return OURO_OK;
}

const struct engine_op *
pending_find(const struct pending *pending, struct bytes key)
{
	if (pending->capacity == 0)
		return NULL;
	return slot_of(pending, key_hash(key), key)->op;
}

void
pending_release(struct pending *pending)
{
	free(pending->slots);
	*pending = (struct pending){ 0 };
}
