/*
 * table_change - insertion and removal of table.h.
 */
#include "engine/table.h"

#include <assert.h>
#include <stdlib.h>

#include "engine/table_node.h"

#define DEPTH_MAX 24

/* The way from the root to the leaf of a key. */
struct path {
	struct table_node *node[DEPTH_MAX];
	unsigned index[DEPTH_MAX];
	unsigned depth;
};

static void
path_find(const struct table *table, struct bytes key, uint64_t prefix,
    struct path *path)
{
	struct table_node *node = table->root;

	path->depth = 0;
	for (;;) {
		unsigned i = node->leaf
		    ? table_node_bound(node, 0, key, prefix, false)
		    : table_node_child(node, key, prefix);

		assert(path->depth < DEPTH_MAX);
		path->node[path->depth] = node;
		path->index[path->depth] = i;
		path->depth++;
		if (node->leaf)
			return;
		node = node->slot[i];
	}
}

static void
node_open_gap(struct table_node *node, unsigned i)
{
	size_t n = node->count - i;

	assert(node->count < TABLE_FANOUT);
	memmove(&node->prefix[i + 1], &node->prefix[i],
	    n * sizeof node->prefix[0]);
	memmove(&node->key[i + 1], &node->key[i], n * sizeof node->key[0]);
	memmove(&node->size[i + 1], &node->size[i], n * sizeof node->size[0]);
	memmove(&node->slot[i + 1], &node->slot[i], n * sizeof node->slot[0]);
	node->count++;
}

static void
node_close_gap(struct table_node *node, unsigned i)
{
	size_t n = node->count - i - 1;

	assert(i < node->count);
	memmove(&node->prefix[i], &node->prefix[i + 1],
	    n * sizeof node->prefix[0]);
	memmove(&node->key[i], &node->key[i + 1], n * sizeof node->key[0]);
	memmove(&node->size[i], &node->size[i + 1], n * sizeof node->size[0]);
	memmove(&node->slot[i], &node->slot[i + 1], n * sizeof node->slot[0]);
	node->count--;
}

static void
node_set(struct table_node *node, unsigned i, struct bytes key, void *slot)
{
	node->prefix[i] = table_key_prefix(key);
	node->key[i] = key.data;
	node->size[i] = (uint16_t)key.size;
	node->slot[i] = slot;
}

/* Moves the entries from `at` on into the empty node `right`. */
static void
node_move_tail(struct table_node *left, unsigned at, struct table_node *right)
{
	size_t n = left->count - at;

	memcpy(right->prefix, &left->prefix[at], n * sizeof left->prefix[0]);
	memcpy(right->key, &left->key[at], n * sizeof left->key[0]);
	memcpy(right->size, &left->size[at], n * sizeof left->size[0]);
	memcpy(right->slot, &left->slot[at], n * sizeof left->slot[0]);
	right->count = (unsigned)n;
	left->count = at;
}

/* Copies the shortest prefix of `right` that is greater than `left`. */
static struct bytes
separator_new(struct bytes left, struct bytes right)
{
	size_t size = 0;
	uint8_t *copy;

	while (size < left.size && size < right.size &&
	    left.data[size] == right.data[size])
		size++;
	if (size < right.size)
		size++;
	copy = malloc(size);
	if (copy == NULL)
		return bytes_of(NULL, 0);
	memcpy(copy, right.data, size);
	return bytes_of(copy, size);
}

/* Where to split a node that takes a new entry at index: at the end when
 * keys arrive in ascending order, so that full nodes stay full. */
static unsigned
split_point(unsigned index)
{
	return index == TABLE_FANOUT ? TABLE_FANOUT - 1 : TABLE_FANOUT / 2;
}

/* Splits the full child i of parent (which has room); false: no memory. */
static bool
child_split(struct table *table, struct table_node *parent, unsigned i,
    unsigned index)
{
	struct table_node *left = parent->slot[i];
	struct table_node *right = table_node_new(table, left->leaf);
	unsigned at = split_point(index);
	struct bytes separator;

	if (right == NULL)
		return false;
	if (left->leaf) {
		separator = separator_new(bytes_of(left->key[at - 1],
					      left->size[at - 1]),
		    bytes_of(left->key[at], left->size[at]));
		if (separator.data == NULL) {
			table_node_free(table, right);
			return false;
		}
		table->memory += separator.size;
		right->next = left->next;
		right->previous = left;
		if (right->next != NULL)
			right->next->previous = right;
		left->next = right;
	} else {
		separator = bytes_of(left->key[at], left->size[at]);
	}
	node_move_tail(left, at, right);
	node_open_gap(parent, i + 1);
	node_set(parent, i + 1, separator, right);
	return true;
}

static bool
root_grow(struct table *table)
{
	struct table_node *root = table_node_new(table, false);

	if (root == NULL)
		return false;
	root->count = 1;
	root->slot[0] = table->root;
	table->root = root;
	return true;
}

/* Makes room in the leaf that takes key: splits full nodes, top down. */
static bool
room_make(struct table *table, struct bytes key, uint64_t prefix)
{
	struct table_node *node = table->root;

	if (node->count == TABLE_FANOUT) {
		unsigned index = node->leaf
		    ? table_node_bound(node, 0, key, prefix, false)
		    : table_node_child(node, key, prefix) + 1;

		if (!root_grow(table))
			return false;
		if (!child_split(table, table->root, 0, index)) {
			node = table->root;
			table->root = node->slot[0];
			table_node_free(table, node);
			return false;
		}
		node = table->root;
	}
	while (!node->leaf) {
		unsigned i = table_node_child(node, key, prefix);
		struct table_node *child = node->slot[i];

		if (child->count == TABLE_FANOUT) {
			unsigned index = child->leaf
			    ? table_node_bound(child, 0, key, prefix, false)
			    : table_node_child(child, key, prefix) + 1;

			if (!child_split(table, node, i, index))
				return false;
			i = table_node_child(node, key, prefix);
			child = node->slot[i];
		}
		node = child;
	}
	return true;
}

/* Where key is or goes; found tells. */
struct spot {
	struct table_node *leaf;
	unsigned index;
	bool found;
};

static struct spot
spot_of(const struct table *table, struct bytes key, uint64_t prefix)
{
	struct table_node *leaf = table_leaf_of(table, key, prefix);
	unsigned i = table_node_bound(leaf, 0, key, prefix, false);
	bool found = i < leaf->count &&
	    table_key_compare(leaf, i, key, prefix) == 0;

	return (struct spot){ leaf, i, found };
}

/* Puts in a key that is not there; false: no memory, and nothing is changed
 * but that nodes may have been split. */
static bool
spot_fill(struct table *table, struct spot *spot, struct bytes key,
    uint64_t prefix, void *item)
{
	if (spot->leaf->count == TABLE_FANOUT) {
		if (!room_make(table, key, prefix))
			return false;
		*spot = spot_of(table, key, prefix);
	}
	node_open_gap(spot->leaf, spot->index);
	node_set(spot->leaf, spot->index, key, item);
	table->count++;
	return true;
}

void *
table_insert(struct table *table, struct bytes key, bool *made)
{
	uint64_t prefix = table_key_prefix(key);
	struct spot spot = spot_of(table, key, prefix);
	uint8_t *item;

	assert(key.size > 0 && key.size <= TABLE_KEY_MAX);
	assert(!table->borrowing);
	*made = false;
	if (spot.found)
		return spot.leaf->slot[spot.index];
	item = calloc(1, table->payload_size + key.size);
	if (item == NULL)
		return NULL;
	memcpy(item + table->payload_size, key.data, key.size);
	key.data = item + table->payload_size;
	if (!spot_fill(table, &spot, key, prefix, item)) {
		free(item);
		return NULL;
	}
	table->memory += table->payload_size + key.size;
	*made = true;
	return item;
}

bool
table_put(struct table *table, struct bytes key, void *payload)
{
	uint64_t prefix = table_key_prefix(key);
	struct spot spot = spot_of(table, key, prefix);

	assert(key.size > 0 && key.size <= TABLE_KEY_MAX);
	assert(table->borrowing);
	if (!spot.found)
		return spot_fill(table, &spot, key, prefix, payload);
	node_set(spot.leaf, spot.index, key, payload);
	return true;
}

static void
leaf_unlink(struct table_node *leaf)
{
	if (leaf->previous != NULL)
		leaf->previous->next = leaf->next;
	if (leaf->next != NULL)
		leaf->next->previous = leaf->previous;
}

/* Takes the emptied node at `level` out of the nodes above it. */
static void
path_prune(struct table *table, struct path *path)
{
	unsigned level = path->depth - 1;

	while (level > 0 && path->node[level]->count == 0) {
		struct table_node *node = path->node[level];
		struct table_node *parent = path->node[level - 1];
		unsigned i = path->index[level - 1];

		if (node->leaf)
			leaf_unlink(node);
		table_node_free(table, node);
		if (i == 0 && parent->count > 1)
			table_separator_free(table, parent, 1);
		table_separator_free(table, parent, i);
		node_close_gap(parent, i);
		level--;
	}
	while (!table->root->leaf && table->root->count == 1) {
		struct table_node *root = table->root;

		table->root = root->slot[0];
		table_node_free(table, root);
	}
}

bool
table_remove(struct table *table, struct bytes key)
{
	uint64_t prefix = table_key_prefix(key);
	struct path path;
	struct table_node *leaf;
	unsigned i;

	path_find(table, key, prefix, &path);
	leaf = path.node[path.depth - 1];
	i = path.index[path.depth - 1];
	if (i == leaf->count || table_key_compare(leaf, i, key, prefix) != 0)
		return false;
	if (!table->borrowing) {
		table->memory -= table->payload_size + leaf->size[i];
		free(leaf->slot[i]);
	}
	node_close_gap(leaf, i);
	table->count--;
	path_prune(table, &path);
	return true;
}
