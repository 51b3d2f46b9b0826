/*
 * table - an ordered map in memory from key bytes to a small fixed payload.
 *
 * A B+tree: the memory driver's store and the log driver's index. Keys are
 * copied; payloads have one size per table, start zeroed and do not move
 * while their key is in the table. Or both are borrowed, for an order of what
 * lies elsewhere. Not thread-safe: the owner locks.
 */
#ifndef ENGINE_TABLE_H
#define ENGINE_TABLE_H

#include "base/bytes.h"

struct table;
struct table_node;

#define TABLE_KEY_MAX UINT16_MAX

/* NULL when out of memory. */
struct table *table_new(size_t payload_size);
/* A table that copies nothing: keys and payloads are the caller's, put in by
 * table_put, and stay where they are while they are in the table. */
struct table *table_new_borrowing(void);
void table_free(struct table *table);

/* The key's payload, or NULL. */
void *table_find(const struct table *table, struct bytes key);

/* The key's payload, made (zeroed) when it is not there: *made tells. NULL
 * when out of memory; the table is then as before. */
void *table_insert(struct table *table, struct bytes key, bool *made);

/* In a borrowing table, instead of table_insert: the key's payload is this one
 * from now on, and the key these bytes. False when out of memory; the table is
 * then as before. */
bool table_put(struct table *table, struct bytes key, void *payload);

bool table_remove(struct table *table, struct bytes key);

size_t table_count(const struct table *table);
/* Bytes of memory held, allocator overhead not counted. */
uint64_t table_memory(const struct table *table);

/*
 * A place in the order. Valid until the table changes; whoever lets go of
 * the lock remembers the key and seeks again.
 */
struct table_cursor {
	const struct table_node *leaf; /* NULL: beyond either end */
	unsigned index;
	struct bytes key;
	void *payload;
};

/* The first key that is >= key (or > key when after); false at the end. */
bool table_seek(const struct table *table, struct bytes key, bool after,
    struct table_cursor *cursor);
/* The last key that is < key; false at the beginning. */
bool table_seek_before(const struct table *table, struct bytes key,
    struct table_cursor *cursor);
bool table_last(const struct table *table, struct table_cursor *cursor);
bool table_next(struct table_cursor *cursor);
bool table_previous(struct table_cursor *cursor);

#endif
