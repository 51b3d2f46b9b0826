/*
 * index - for each key, where its newest record lies; and what of each
 * segment counts.
 *
 * Not thread-safe: guarded by the log's lock. Locations borrow their
 * segments, which the log holds; a reader takes a reference of its own.
 */
#ifndef ENGINE_INDEX_H
#define ENGINE_INDEX_H

#include "engine/segment.h"
#include "engine/table.h"

enum location_state {
	LOCATION_VALUE,
	LOCATION_TOMBSTONE, /* deleted: remembered, since an older record
			     * may lie behind it in the files */
	LOCATION_DAMAGED,   /* the newest record is known and unreadable */
};

struct location {
	struct segment *segment;
	uint64_t offset;
	uint64_t sequence;
	uint32_t value_size;
	uint32_t batch_offset; /* in a batch: from its begin; else 0 */
	uint8_t state;
};

struct index {
	struct table *table; /* payload: struct location */
	uint64_t keys;	     /* that are not tombstones */
	uint64_t live_bytes;
};

enum ouro_status index_init(struct index *index, struct ouro_error *err);
void index_release(struct index *index);

/* NULL: nothing known of the key. */
struct location *index_find(const struct index *index, struct bytes key);

/* Bytes on disk of the record at a location. */
uint64_t location_size(const struct location *location, size_t key_size);

/* Notes a record; does nothing when a newer one of the key is known.
 * Counts the sequence for its segment in either case. */
enum ouro_status index_note(struct index *index, struct bytes key,
    const struct location *location, struct ouro_error *err);

/* Replaces the location of the same record after it was copied. */
void index_move(struct index *index, struct bytes key, struct location *place,
    const struct location *to);

/* Forgets a tombstone. */
void index_forget(struct index *index, struct bytes key);

/*
 * Reads the value at a location whose segment the caller has referenced.
 * *value points into block, which grows as needed. OURO_DAMAGED names file
 * and offset.
 */
enum ouro_status location_read(const struct location *location,
    struct bytes key, struct buffer *block, struct bytes *value,
    struct ouro_error *err);

#endif
