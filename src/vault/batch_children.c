#include "vault/batch_children.h"

#include <stdlib.h>

#include "base/error.h"

#define SLOTS_MIN 64
#define PAIR_PART (1 + HASH_SIZE) /* of a pair: the letter and the parent */

/*
 * slots: the last operation of its parent, as its place plus one; 0 = free;
 * linear probing, at most half are used.
 */
struct batch_children {
	size_t *slots, slot_count, used;
	size_t *before; /* of a pair: the one before of that parent, plus 1 */
	size_t before_room;
	size_t done; /* operations that it knows */
};

void
batch_children_free(struct batch_children *children)
{
	if (children == NULL)
		return;
	free(children->slots);
	free(children->before);
	free(children);
}

/* The part of a key that is looked for; empty for rows of other tables. */
static struct bytes
key_part(struct bytes key)
{
	bool known = key.size >= PAIR_PART &&
	    (key.data[0] == ROW_CHILD || key.data[0] == ROW_AWAITED);

	return bytes_of(key.data, known ? PAIR_PART : 0);
}

/* Ids are keyed hashes: their first bytes are spread well enough. */
static size_t
part_hash(struct bytes part)
{
	uint64_t mixed = (get_u64le(part.data + 1) ^ part.data[0]) *
	    UINT64_C(0x9e3779b97f4a7c15);

	return (size_t)(mixed >> 20);
}

/* Where the part is, or the free slot where it belongs. */
static size_t *
slot_find(const struct batch *batch, const struct batch_children *index,
    struct bytes part)
{
	size_t mask = index->slot_count - 1, at = part_hash(part) & mask;

	while (index->slots[at] != 0 &&
	    !bytes_equal(key_part(batch->ops[index->slots[at] - 1].key), part))
		at = (at + 1) & mask;
	return &index->slots[at];
}

static enum ouro_status
slots_grow(const struct batch *batch, struct batch_children *index,
    struct ouro_error *err)
{
	struct batch_children grown = { .slot_count = index->slot_count * 2 };

	if (index->used < index->slot_count / 2)
		return OURO_OK;
	if (grown.slot_count == 0)
		grown.slot_count = SLOTS_MIN;
	grown.slots = calloc(grown.slot_count, sizeof(*grown.slots));
	if (grown.slots == NULL)
		return error_memory(err);
	for (size_t i = 0; i < index->slot_count; i++) {
		size_t place = index->slots[i];

		if (place != 0)
			*slot_find(batch, &grown,
			    key_part(batch->ops[place - 1].key)) = place;
	}
	free(index->slots);
	index->slots = grown.slots;
	index->slot_count = grown.slot_count;
	return OURO_OK;
}

static enum ouro_status
before_grow(struct batch_children *index, size_t room, struct ouro_error *err)
{
	size_t *grown;

	if (index->before != NULL && index->before_room >= room)
		return OURO_OK;
	grown = realloc(index->before, room * sizeof(*grown));
	if (grown == NULL)
		return error_memory(err);
	index->before = grown;
	index->before_room = room;
	return OURO_OK;
}

static enum ouro_status
index_add(const struct batch *batch, struct batch_children *index, size_t at,
    struct ouro_error *err)
{
	struct bytes part = key_part(batch->ops[at].key);
	enum ouro_status status = before_grow(index, batch->capacity, err);
	size_t *slot;

	if (status == OURO_OK)
		status = slots_grow(batch, index, err);
	if (status != OURO_OK)
		return status;
	index->before[at] = 0;
	if (part.size == 0)
		return OURO_OK;
	slot = slot_find(batch, index, part);
	index->used += *slot == 0;
	index->before[at] = *slot;
	*slot = at + 1;
	return OURO_OK;
}

static enum ouro_status
index_catch_up(struct batch *batch, struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	if (batch->children == NULL)
		batch->children = calloc(1, sizeof(*batch->children));
	if (batch->children == NULL)
		return error_memory(err);
	while (status == OURO_OK && batch->children->done < batch->count) {
		status = index_add(batch, batch->children,
		    batch->children->done, err);
		batch->children->done += status == OURO_OK;
	}
	return status;
}

enum ouro_status
batch_child_last(struct batch *batch, enum row_table table,
    const uint8_t parent[HASH_SIZE], size_t *at, struct ouro_error *err)
{
	struct row_key key = row_id(table, parent, HASH_SIZE);
	enum ouro_status status = index_catch_up(batch, err);

	*at = BATCH_NONE;
	if (status == OURO_OK && batch->children->slot_count > 0)
		*at = *slot_find(batch, batch->children,
			  key_part(row_bytes(&key))) -
		    1;
	return status;
}

size_t
batch_child_before(const struct batch *batch, size_t at)
{
	return batch->children->before[at] - 1;
}
