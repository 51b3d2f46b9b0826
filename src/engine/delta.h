/*
 * delta - what was written last, in memory: the newest layer of the index.
 *
 * Entries are only added. Each stays where it is, unchanged, until the delta
 * goes; a later entry of the same key points at the one before, so a reader
 * who goes by a number of entries sees the state that these made for as long
 * as he holds the delta.
 *
 * One writer at a time (delta_reserve, delta_add); any number of readers
 * beside it, without a lock. Order is made when somebody asks for it: the
 * entries added since the last time are then sorted in, under a lock of the
 * cursors' own that the writer never takes.
 */
#ifndef ENGINE_DELTA_H
#define ENGINE_DELTA_H

#include "engine/place.h"

struct delta;

struct delta_entry {
	const struct delta_entry
	    *previous; /* of the same key, older; or NULL */
	struct place place;
	uint32_t number; /* in the order of adding, from 0 */
	uint16_t key_size;
	uint8_t key[];
};

static inline struct bytes
delta_key(const struct delta_entry *entry)
{
	return bytes_of(entry->key, entry->key_size);
}

/* seed is that of key_hash. With one reference; NULL when out of memory. */
struct delta *delta_new(uint64_t seed);
struct delta *delta_ref(struct delta *delta);
void delta_unref(struct delta *delta); /* NULL is fine */

/* ---- writing ---------------------------------------------------------------- */

/* Makes room: that many entries with so many bytes of keys together can then
 * be added without failing. OURO_NO_MEMORY, and the delta is as before. */
enum ouro_status delta_reserve(struct delta *delta, size_t count,
    uint64_t key_bytes, struct ouro_error *err);

/* Adds an entry for which there is room, newer than all of its key. Readers
 * may see it at once, with everything in it. */
void delta_add(struct delta *delta, uint64_t hash, struct bytes key,
    const struct place *place);

/* What was added is whole: readers who ask for the number see it. */
void delta_publish(struct delta *delta);

/* ---- reading ----------------------------------------------------------------- */

/* Number of entries published. */
size_t delta_published(const struct delta *delta);

/* The newest entry of the key among the first `entries`, or NULL. */
const struct delta_entry *delta_find(const struct delta *delta, uint64_t hash,
    struct bytes key, size_t entries);

/* Fetches what delta_find and delta_add of this hash look at first, so that
 * the memory's delay passes while the caller does something else. */
void delta_prefetch(const struct delta *delta, uint64_t hash);

/* Number of entries added; those below it can be read by delta_at. */
size_t delta_count(const struct delta *delta);
/* The i-th in the order of adding. */
const struct delta_entry *delta_at(const struct delta *delta, size_t i);

/* Bytes of memory held, everything counted. */
uint64_t delta_memory(const struct delta *delta);

/* ---- in order ------------------------------------------------------------------ */

#define DELTA_PAGE 64

/*
 * Walks the keys in order, each with its newest among the first `entries`,
 * and passing over keys that have none there: what is added while it walks
 * does not matter to it.
 */
struct delta_cursor {
	struct delta *delta; /* borrowed */
	size_t entries;
	const struct delta_entry *entry; /* where it stands; NULL: nowhere */
	const struct delta_entry *page[DELTA_PAGE]; /* private, as the rest */
	unsigned count, next;
	bool reverse, ended;
};

void delta_cursor_init(struct delta_cursor *cursor, struct delta *delta,
    size_t entries);

/* Stands at the first key >= key (with after: > key), or, reverse, at the last
 * key < key. An empty key: the first, or, reverse, the last of all. entry is
 * NULL when there is none. Only memory can be wanting. */
enum ouro_status delta_cursor_seek(struct delta_cursor *cursor,
    struct bytes key, bool after, bool reverse, struct ouro_error *err);
/* Goes on in the direction of the seek. */
enum ouro_status delta_cursor_next(struct delta_cursor *cursor,
    struct ouro_error *err);

#endif
