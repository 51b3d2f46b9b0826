/*
 * delta - writing and finding of delta.h.
 */
#include "engine/delta.h"

#include <assert.h>

#include "engine/delta_parts.h"

/* ---- adding ---------------------------------------------------------------------- */

static uint32_t
hash_part(uint64_t hash)
{
	return (uint32_t)(hash >> 32);
}

/* Room for an entry in the arena, and what refers to it. */
static struct delta_entry *
entry_take(struct delta *delta, size_t key_size, uint32_t *reference)
{
	size_t size = offsetof(struct delta_entry, key) + key_size;
	struct delta_entry *entry;

	size = (size + UNIT_SIZE - 1) / UNIT_SIZE * UNIT_SIZE;
	while (size > delta->size - delta->used) {
		const struct delta_chunk *next;

		delta->current++;
		assert(delta->current < delta->chunk_count);
		next = delta_chunk_at(delta, delta->current);
		delta->data = next->data;
		delta->size = next->size;
		delta->used = 0;
	}
	entry = (void *)(delta->data + delta->used);
	*reference = delta->current << UNIT_BITS |
	    (delta->used / UNIT_SIZE + 1);
	delta->used += (uint32_t)size;
	return entry;
}

/* The slot of the key, or the empty one that it is to take. *newest is the
 * key's newest entry, or NULL. */
static _Atomic uint64_t *
slot_of(const struct delta *delta, struct delta_slots *slots, uint64_t hash,
    struct bytes key, const struct delta_entry **newest)
{
	uint32_t part = hash_part(hash);

	for (uint32_t i = part >> slots->shift;; i = (i + 1) & slots->mask) {
		uint64_t slot = atomic_load_explicit(&slots->slot[i],
		    memory_order_acquire);

		*newest = NULL;
		if (slot == 0)
			return &slots->slot[i];
		if (slot >> 32 != part)
			continue;
		*newest = delta_entry_at(delta, (uint32_t)slot);
		if (bytes_equal(delta_key(*newest), key))
			return &slots->slot[i];
	}
}

void
delta_add(struct delta *delta, uint64_t hash, struct bytes key,
    const struct place *place)
{
	struct delta_slots *slots = atomic_load_explicit(&delta->slots,
	    memory_order_relaxed);
	size_t count = delta_count(delta), at;
	unsigned part = series_part(count, &at);
	const struct delta_entry *previous;
	_Atomic uint64_t *slot = slot_of(delta, slots, hash, key, &previous);
	struct delta_entry *entry;
	uint32_t reference;

	assert(key.size > 0 && key.size <= TABLE_KEY_MAX);
	assert(count < delta->entries_room);
	entry = entry_take(delta, key.size, &reference);
	entry->previous = previous;
	entry->place = *place;
	entry->number = (uint32_t)count;
	entry->key_size = (uint16_t)key.size;
	memcpy(entry->key, key.data, key.size);
	delta->entries[part][at] = reference;
	if (previous == NULL) {
		assert(delta->keys < delta->keys_room);
		delta->keys++;
	}
	atomic_store_explicit(slot, (uint64_t)hash_part(hash) << 32 | reference,
	    memory_order_release);
	atomic_store_explicit(&delta->count, count + 1, memory_order_release);
}

void
delta_publish(struct delta *delta)
{
	atomic_store_explicit(&delta->published, delta_count(delta),
	    memory_order_release);
}

/* ---- reading ---------------------------------------------------------------------- */

void
delta_prefetch(const struct delta *delta, uint64_t hash)
{
	const struct delta_slots *slots = atomic_load_explicit(&delta->slots,
	    memory_order_acquire);

	__builtin_prefetch(
	    (const void *)&slots->slot[hash_part(hash) >> slots->shift]);
}

const struct delta_entry *
delta_find(const struct delta *delta, uint64_t hash, struct bytes key,
    size_t entries)
{
	const struct delta_entry *newest;

	slot_of(delta,
	    atomic_load_explicit(&delta->slots, memory_order_acquire), hash,
	    key, &newest);
	return delta_visible(newest, entries);
}

size_t
delta_published(const struct delta *delta)
{
	return atomic_load_explicit(&delta->published, memory_order_acquire);
}

size_t
delta_count(const struct delta *delta)
{
	return atomic_load_explicit(&delta->count, memory_order_acquire);
}

const struct delta_entry *
delta_at(const struct delta *delta, size_t i)
{
	size_t at;
	unsigned part = series_part(i, &at);

	assert(i < delta_count(delta));
	return delta_entry_at(delta, delta->entries[part][at]);
}

uint64_t
delta_memory(const struct delta *delta)
{
	return atomic_load_explicit(&delta->memory, memory_order_relaxed) +
	    atomic_load_explicit(&delta->order_memory, memory_order_relaxed);
}
