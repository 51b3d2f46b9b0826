/*
 * table_node - what table.c and table_change.c share.
 */
#ifndef ENGINE_TABLE_NODE_H
#define ENGINE_TABLE_NODE_H

#include "engine/table.h"

/*
 * Invariants
 *   1. All leaves have the same depth, and are linked in key order.
 *   2. Keys within a node ascend; an inner node's key[i] (i >= 1) is greater
 *      than every key under child i - 1 and at most every key under child i.
 *      key[0] of an inner node is unused.
 *   3. Only the root may be empty, and only when it is a leaf.
 *   4. prefix[i] holds the first eight bytes of key[i], big-endian, padded
 *      with zeros: unequal prefixes decide a comparison.
 * Nodes are not merged when they become sparse, only removed when empty.
 */
#define TABLE_FANOUT 64

struct table_node {
	unsigned count;
	bool leaf;
	uint64_t prefix[TABLE_FANOUT];
	const uint8_t *key[TABLE_FANOUT];
	uint16_t size[TABLE_FANOUT];
	void *slot[TABLE_FANOUT]; /* child, or in a leaf the payload */
	struct table_node *previous, *next;
};

struct table {
	struct table_node *root;
	size_t payload_size; /* rounded up to 8 */
	bool borrowing;	     /* keys and payloads are not ours to free */
	size_t count;
	uint64_t memory;
};

uint64_t table_key_prefix(struct bytes key);
/* The order of the node's i-th key and key, whose prefix is given. */
int table_key_compare(const struct table_node *node, unsigned i,
    struct bytes key, uint64_t prefix);
/* The index behind the keys, from `begin` on, that are < key (or <= key). */
unsigned table_node_bound(const struct table_node *node, unsigned begin,
    struct bytes key, uint64_t prefix, bool after);
/* The child to descend into. */
unsigned table_node_child(const struct table_node *node, struct bytes key,
    uint64_t prefix);
/* The leaf where key is or would be. */
struct table_node *table_leaf_of(const struct table *table, struct bytes key,
    uint64_t prefix);
struct table_node *table_node_new(struct table *table, bool leaf);
void table_node_free(struct table *table, struct table_node *node);
/* Frees the i-th separator of an inner node; the first has none. */
void table_separator_free(struct table *table, struct table_node *node,
    unsigned i);

#endif
