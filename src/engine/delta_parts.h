/*
 * delta_parts - what delta.c, delta_room.c, delta_order.c and
 * delta_sort.c share.
 */
#ifndef ENGINE_DELTA_PARTS_H
#define ENGINE_DELTA_PARTS_H

#include <pthread.h>
#include <stdatomic.h>

#include "engine/delta.h"
#include "engine/table.h"

/*
 * A list that grows without moving: part k has room for SERIES_FIRST << k
 * elements. Who has learnt of an element through an acquiring load may read
 * it, and the pointer to its part, while the list grows.
 */
#define SERIES_FIRST 16u
#define SERIES_PARTS 28u

static inline unsigned
series_part(size_t i, size_t *at)
{
	size_t n = i + SERIES_FIRST;
	unsigned part = 63u - (unsigned)__builtin_clzll(n);

	*at = n - ((size_t)1 << part);
	return part - 4;
}

/*
 * Entries lie in chunks of 8-byte units; a reference is the number of the
 * chunk and, from 1 on, that of the unit. So 0 is none.
 */
#define CHUNK_MIN   4096u
#define CHUNK_MAX   (1u << 20)
#define UNIT_SIZE   8u
#define UNIT_BITS   17 /* CHUNK_MAX / UNIT_SIZE units */
#define CHUNKS_MAX  (1u << (32 - UNIT_BITS))
#define ENTRIES_MAX (1u << 30)
#define ENTRY_MAX \
	((offsetof(struct delta_entry, key) + TABLE_KEY_MAX + UNIT_SIZE - 1) / \
	    UNIT_SIZE * UNIT_SIZE)

_Static_assert(SERIES_FIRST == 1u << 4, "series_part");
_Static_assert(CHUNK_MAX / UNIT_SIZE == 1u << UNIT_BITS, "a unit's bits");
_Static_assert(ENTRIES_MAX < (uint64_t)SERIES_FIRST << (SERIES_PARTS - 1),
    "a place for every entry");

struct delta_chunk {
	uint8_t *data;
	uint32_t size;
};

/*
 * Open addressing, linear probing from the upper bits of the hash. A slot is
 * the upper half of the hash, and below it the reference of the newest entry
 * of a key; 0 is empty. Never more than three quarters are taken.
 */
struct delta_slots {
	struct delta_slots *outgrown; /* readers may still be in it */
	uint32_t mask;
	unsigned shift; /* of a 32-bit hash: what is left is the index */
	_Atomic uint64_t slot[];
};

/*
 * Invariants
 *   1. An entry is complete before its slot and the count, both stored with
 *      release, lead to it; afterwards it does not change.
 *   2. A slot is filled once for a key, and then only goes from an entry to a
 *      later one of the same key.
 *   3. The slots of the moment lead to the newest entry of every key; those
 *      outgrown to what was the newest when they were outgrown.
 *   4. The tree leads, for every key of an entry below `drained`, to the
 *      newest of these, or to a newer one.
 */
struct delta {
	_Atomic(struct delta_slots *) slots;
	atomic_size_t count; /* entries */
	atomic_size_t published;
	_Atomic uint64_t memory, order_memory;
	atomic_uint references;

	/* Elements are written by the writer and found through references. */
	struct delta_chunk *chunks[SERIES_PARTS];
	uint32_t *entries[SERIES_PARTS]; /* references, in arrival order */

	/* The writer's own. */
	size_t keys;	      /* slots taken ... */
	size_t keys_room;     /* ... of those that may be */
	size_t entries_room;  /* in the parts there are */
	uint32_t chunk_count; /* those behind the current are empty */
	uint32_t current;     /* is being filled; UINT32_MAX: none yet */
	uint8_t *data;	      /* of the current */
	uint32_t used, size;  /* bytes of it */

	/* The cursors' own. */
	pthread_mutex_t order_lock; /* guards order, drained */
	struct table *order;
	size_t drained;
};

static inline struct delta_chunk *
delta_chunk_at(const struct delta *delta, uint32_t number)
{
	size_t at;
	unsigned part = series_part(number, &at);

	return &delta->chunks[part][at];
}

static inline const struct delta_entry *
delta_entry_at(const struct delta *delta, uint32_t reference)
{
	const uint8_t *data = delta_chunk_at(delta, reference >> UNIT_BITS)
				  ->data;
	size_t unit = reference & ((1u << UNIT_BITS) - 1);

	return (const void *)(data + (unit - 1) * UNIT_SIZE);
}

static inline const struct delta_entry *
delta_visible(const struct delta_entry *entry, size_t entries)
{
	while (entry != NULL && entry->number >= entries)
		entry = entry->previous;
	return entry;
}

/* Orders entries by key, those of one key as they stand. Takes scratch memory
 * meanwhile; OURO_NO_MEMORY, and they are as before. */
enum ouro_status delta_sort(const struct delta_entry **entries, size_t count,
    struct ouro_error *err);

#endif
