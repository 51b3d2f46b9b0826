/*
 * delta_room - the memory of a delta: made, reserved, given back.
 */
#include "engine/delta.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "engine/delta_parts.h"

#define SLOTS_MIN_BITS 6u
#define SLOTS_MAX_BITS 31u

/* An entry without its key, however that is rounded. */
#define ENTRY_MIN (offsetof(struct delta_entry, key) + UNIT_SIZE)
#define ARENA_MAX ((uint64_t)CHUNKS_MAX * CHUNK_MAX)

/* ---- lifetime --------------------------------------------------------------- */

static struct delta_slots *
slots_new(unsigned bits)
{
	size_t count = (size_t)1 << bits;
	struct delta_slots *slots = calloc(1,
	    sizeof *slots + count * sizeof slots->slot[0]);

	if (slots == NULL)
		return NULL;
	slots->mask = (uint32_t)(count - 1);
	slots->shift = 32 - bits;
	return slots;
}

static uint64_t
slots_memory(const struct delta_slots *slots)
{
	return sizeof *slots +
	    ((uint64_t)slots->mask + 1) * sizeof slots->slot[0];
}

/* How many of them may be taken. */
static size_t
slots_room(const struct delta_slots *slots)
{
	return ((size_t)slots->mask + 1) / 4 * 3;
}

static void
memory_add(struct delta *delta, uint64_t bytes)
{
	atomic_fetch_add_explicit(&delta->memory, bytes, memory_order_relaxed);
}

static void
memory_take(struct delta *delta, uint64_t bytes)
{
	atomic_fetch_sub_explicit(&delta->memory, bytes, memory_order_relaxed);
}

/* The seed makes the hashes, which callers give. */
struct delta *
delta_new(uint64_t seed)
{
	struct delta *delta = calloc(1, sizeof *delta);
	struct delta_slots *slots = slots_new(SLOTS_MIN_BITS);

	(void)seed;
	if (delta == NULL || slots == NULL) {
		free(delta);
		free(slots);
		return NULL;
	}
	atomic_init(&delta->slots, slots);
	atomic_init(&delta->count, 0);
	atomic_init(&delta->published, 0);
	atomic_init(&delta->references, 1);
	atomic_init(&delta->memory, sizeof *delta + slots_memory(slots));
	atomic_init(&delta->order_memory, 0);
	delta->keys_room = slots_room(slots);
	delta->current = UINT32_MAX;
	pthread_mutex_init(&delta->order_lock, NULL);
	return delta;
}

struct delta *
delta_ref(struct delta *delta)
{
	atomic_fetch_add_explicit(&delta->references, 1, memory_order_relaxed);
	return delta;
}

static void
delta_free(struct delta *delta)
{
	struct delta_slots *slots = atomic_load(&delta->slots), *outgrown;

	for (; slots != NULL; slots = outgrown) {
		outgrown = slots->outgrown;
		free(slots);
	}
	for (uint32_t i = 0; i < delta->chunk_count; i++) {
		size_t at;
		unsigned part = series_part(i, &at);

		free(delta->chunks[part][at].data);
	}
	for (unsigned i = 0; i < SERIES_PARTS; i++) {
		free(delta->chunks[i]);
		free(delta->entries[i]);
	}
	table_free(delta->order);
	pthread_mutex_destroy(&delta->order_lock);
	free(delta);
}

void
delta_unref(struct delta *delta)
{
	if (delta != NULL &&
	    atomic_fetch_sub_explicit(&delta->references, 1,
		memory_order_acq_rel) == 1)
		delta_free(delta);
}

/* ---- making room -------------------------------------------------------------- */

static void *
part_new(struct delta *delta, unsigned part, size_t element)
{
	size_t size = ((size_t)SERIES_FIRST << part) * element;
	void *made = malloc(size);

	if (made != NULL)
		memory_add(delta, size);
	return made;
}

static bool
entries_reserve(struct delta *delta, size_t count)
{
	while (delta->entries_room < count) {
		size_t at;
		unsigned part = series_part(delta->entries_room, &at);
		uint32_t *made = part_new(delta, part, sizeof *made);

		if (made == NULL)
			return false;
		delta->entries[part] = made;
		delta->entries_room += (size_t)SERIES_FIRST << part;
	}
	return true;
}

static bool
chunk_add(struct delta *delta, size_t size)
{
	size_t at;
	unsigned part = series_part(delta->chunk_count, &at);
	struct delta_chunk *chunk;

	assert(size <= CHUNK_MAX);
	if (delta->chunk_count == CHUNKS_MAX)
		return false;
	if (delta->chunks[part] == NULL)
		delta->chunks[part] = part_new(delta, part, sizeof *chunk);
	if (delta->chunks[part] == NULL)
		return false;
	chunk = &delta->chunks[part][at];
	chunk->data = malloc(size);
	chunk->size = (uint32_t)size;
	if (chunk->data == NULL)
		return false;
	delta->chunk_count++;
	memory_add(delta, size);
	return true;
}

/* Bytes of entries that are sure to fit into the chunks behind the current
 * one: at the end of each but the last the largest entry may not. */
static uint64_t
spare_room(const struct delta *delta)
{
	uint64_t room = 0;

	for (uint32_t i = delta->current + 1; i < delta->chunk_count; i++) {
		uint32_t size = delta_chunk_at(delta, i)->size;

		if (i + 1 == delta->chunk_count)
			room += size;
		else if (size > ENTRY_MAX)
			room += size - ENTRY_MAX;
	}
	return room;
}

/* The first chunks are small, so that little is lost in a small delta. */
static size_t
chunk_size(const struct delta *delta, uint64_t need)
{
	uint64_t size = CHUNK_MAX;

	if (delta->chunk_count < 8)
		size = (uint64_t)CHUNK_MIN << delta->chunk_count;
	if (size < need)
		size = (need + UNIT_SIZE - 1) / UNIT_SIZE * UNIT_SIZE;
	return size < CHUNK_MAX ? (size_t)size : CHUNK_MAX;
}

static bool
chunks_reserve(struct delta *delta, uint64_t need)
{
	if (need <= delta->size - delta->used)
		return true;
	while (spare_room(delta) < need)
		if (!chunk_add(delta, chunk_size(delta, need)))
			return false;
	return true;
}

/* Puts a filled slot into slots that nobody else sees yet. */
static void
slots_move(struct delta_slots *slots, uint64_t filled)
{
	uint32_t i = (uint32_t)(filled >> 32) >> slots->shift;

	while (atomic_load_explicit(&slots->slot[i], memory_order_relaxed) != 0)
		i = (i + 1) & slots->mask;
	atomic_store_explicit(&slots->slot[i], filled, memory_order_relaxed);
}

static bool
slots_reserve(struct delta *delta, size_t keys)
{
	struct delta_slots *old = atomic_load_explicit(&delta->slots,
	    memory_order_relaxed);
	unsigned bits = 32 - old->shift;
	struct delta_slots *grown;

	if (keys <= delta->keys_room)
		return true;
	while (((size_t)1 << bits) / 4 * 3 < keys)
		bits++;
	grown = bits > SLOTS_MAX_BITS ? NULL : slots_new(bits);
	if (grown == NULL)
		return false;
	for (size_t i = 0; i <= old->mask; i++) {
		uint64_t slot = atomic_load_explicit(&old->slot[i],
		    memory_order_relaxed);

		if (slot != 0)
			slots_move(grown, slot);
	}
	grown->outgrown = old;
	atomic_store_explicit(&delta->slots, grown, memory_order_release);
	delta->keys_room = slots_room(grown);
	memory_add(delta, slots_memory(grown));
	return true;
}

/* Gives back what a failed reservation took. */
static void
room_shrink(struct delta *delta, size_t entries_room, uint32_t chunk_count)
{
	while (delta->chunk_count > chunk_count) {
		struct delta_chunk *chunk;

		delta->chunk_count--;
		chunk = delta_chunk_at(delta, delta->chunk_count);
		memory_take(delta, chunk->size);
		free(chunk->data);
	}
	while (delta->entries_room > entries_room) {
		size_t at;
		unsigned part = series_part(delta->entries_room - 1, &at);

		delta->entries_room -= at + 1;
		memory_take(delta, (at + 1) * sizeof *delta->entries[part]);
		free(delta->entries[part]);
		delta->entries[part] = NULL;
	}
}

enum ouro_status
delta_reserve(struct delta *delta, size_t count, uint64_t key_bytes,
    struct ouro_error *err)
{
	size_t entries = delta_count(delta);
	size_t entries_room = delta->entries_room;
	uint32_t chunk_count = delta->chunk_count;

	if (count > ENTRIES_MAX - entries || key_bytes > ARENA_MAX)
		return error_memory(err);
	if (!entries_reserve(delta, entries + count) ||
	    !chunks_reserve(delta, count * ENTRY_MIN + key_bytes) ||
	    !slots_reserve(delta, delta->keys + count)) {
		room_shrink(delta, entries_room, chunk_count);
		return error_memory(err);
	}
	return OURO_OK;
}
