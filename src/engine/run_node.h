/*
 * run_node - the pages of a run's tree: leaves and inner ones.
 *
 *   offset  length  data
 *   0       2       count, at least 1
 *   2       1       level: 0 leaf
 *   3       1       0
 *   4       ..      entries
 *   ..      2 each  where they begin, the first one's last: that of entry i
 *                   is at 8176 - 2 (i + 1)
 *
 * Numbers in entries are varints. Leaf: key size (1 to 4,096), key, value
 * size, sequence, ordinal of the segment * 8 + packed * 4 + state, offset,
 * batch offset and, packed, the clear size. Inner: key size, key, page of the child; its keys are >= key
 * and below that of the next entry. The first entry's key is empty.
 */
#ifndef ENGINE_RUN_NODE_H
#define ENGINE_RUN_NODE_H

#include "engine/engine.h"
#include "engine/run_format.h"
#include "engine/varint.h"

#define RUN_NODE_HEAD 4u
/* Varints of an entry but that of the key's size. */
#define RUN_ENTRY_TAIL (6 * VARINT_MAX)

/* ---- reading: every number is bounded, whatever the page holds ----------------- */

static inline unsigned
run_node_count(const uint8_t *page)
{
	return get_u16le(page);
}

/* Whether count and level are as they must be. */
static inline bool
run_node_fits(const uint8_t *page, unsigned level)
{
	unsigned count = run_node_count(page);

	return count >= 1 && count <= (RUN_ROOM - RUN_NODE_HEAD) / 2 &&
	    page[2] == level;
}

/* The key of the entry at this offset; returns what follows it, or NULL. */
static inline const uint8_t *
run_entry_key(const uint8_t *page, unsigned offset, struct bytes *key)
{
	const uint8_t *end = page + RUN_ROOM, *at;
	uint64_t size;

	if (offset < RUN_NODE_HEAD || offset >= RUN_ROOM)
		return NULL;
	at = varint_get(page + offset, end, &size);
	if (at == NULL || size > ENGINE_KEY_MAX || size > (size_t)(end - at))
		return NULL;
	*key = bytes_of(at, (size_t)size);
	return at + size;
}

/* The i-th entry's; i < count. */
static inline const uint8_t *
run_node_key(const uint8_t *page, unsigned i, struct bytes *key)
{
	return run_entry_key(page, get_u16le(page + RUN_ROOM - 2 * (i + 1)),
	    key);
}

/* What follows the key in a leaf; ids: the segments' by ordinal. */
bool run_entry_place(const uint8_t *page, const uint8_t *at,
    const uint64_t *ids, uint32_t id_count, struct place *out);

/* The number of entries with a key < key, or <= key with equal. False when
 * an entry is no such thing. */
bool run_node_rank(const uint8_t *page, struct bytes key, bool equal,
    unsigned *out);

/* ---- making --------------------------------------------------------------------- */

struct run_node {
	uint8_t *page; /* RUN_PAGE bytes */
	unsigned count;
	unsigned used; /* bytes up to the end of the last entry */
};

void run_node_begin(struct run_node *node, unsigned level);
/* Adds key and tail; false when there is no room. *offset: where it begins. */
bool run_node_add(struct run_node *node, struct bytes key, struct bytes tail,
    unsigned *offset);

#endif
