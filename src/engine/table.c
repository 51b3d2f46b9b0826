#include "engine/table.h"

#include <assert.h>
#include <stdlib.h>

#include "engine/table_node.h"

uint64_t
table_key_prefix(struct bytes key)
{
	uint8_t head[8] = { 0 };

	if (key.size > 0)
		memcpy(head, key.data, key.size < 8 ? key.size : 8);
	return get_u64be(head);
}

int
table_key_compare(const struct table_node *node, unsigned i, struct bytes key,
    uint64_t prefix)
{
	if (node->prefix[i] != prefix)
		return node->prefix[i] < prefix ? -1 : 1;
	return bytes_compare(bytes_of(node->key[i], node->size[i]), key);
}

unsigned
table_node_bound(const struct table_node *node, unsigned begin,
    struct bytes key, uint64_t prefix, bool after)
{
	unsigned low = begin, high = node->count;

	while (low < high) {
		unsigned middle = (low + high) / 2;
		int order = table_key_compare(node, middle, key, prefix);

		if (order < 0 || (after && order == 0))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

unsigned
table_node_child(const struct table_node *node, struct bytes key,
    uint64_t prefix)
{
	return table_node_bound(node, 1, key, prefix, true) - 1;
}

struct table_node *
table_node_new(struct table *table, bool leaf)
{
	struct table_node *node = calloc(1, sizeof *node);

	if (node == NULL)
		return NULL;
	node->leaf = leaf;
	table->memory += sizeof *node;
	return node;
}

void
table_node_free(struct table *table, struct table_node *node)
{
	table->memory -= sizeof *node;
	free(node);
}

struct table *
table_new(size_t payload_size)
{
	struct table *table = calloc(1, sizeof *table);

	if (table == NULL)
		return NULL;
	table->payload_size = (payload_size + 7) / 8 * 8;
	table->root = table_node_new(table, true);
	if (table->root == NULL) {
		free(table);
		return NULL;
	}
	return table;
}

struct table *
table_new_borrowing(void)
{
	struct table *table = table_new(0);

	if (table != NULL)
		table->borrowing = true;
	return table;
}

void
table_separator_free(struct table *table, struct table_node *node, unsigned i)
{
	if (i == 0)
		return;
	table->memory -= node->size[i];
	free((void *)(uintptr_t)node->key[i]);
}

static void
node_free_all(struct table *table, struct table_node *node)
{
	for (unsigned i = 0; i < node->count; i++) {
		if (node->leaf) {
			if (!table->borrowing)
				free(node->slot[i]);
			continue;
		}
		table_separator_free(table, node, i);
		node_free_all(table, node->slot[i]);
	}
	table_node_free(table, node);
}

void
table_free(struct table *table)
{
	if (table == NULL)
		return;
	node_free_all(table, table->root);
	free(table);
}

size_t
table_count(const struct table *table)
{
	return table->count;
}

uint64_t
table_memory(const struct table *table)
{
	return table->memory;
}

struct table_node *
table_leaf_of(const struct table *table, struct bytes key, uint64_t prefix)
{
	struct table_node *node = table->root;

	while (!node->leaf)
		node = node->slot[table_node_child(node, key, prefix)];
	return node;
}

void *
table_find(const struct table *table, struct bytes key)
{
	uint64_t prefix = table_key_prefix(key);
	const struct table_node *leaf = table_leaf_of(table, key, prefix);
	unsigned i = table_node_bound(leaf, 0, key, prefix, false);

	if (i == leaf->count || table_key_compare(leaf, i, key, prefix) != 0)
		return NULL;
	return leaf->slot[i];
}

/* ---- cursors ------------------------------------------------------------- */

static bool
cursor_at(struct table_cursor *cursor, const struct table_node *leaf,
    unsigned index)
{
	cursor->leaf = leaf;
	cursor->index = index;
	if (leaf == NULL)
		return false;
	assert(index < leaf->count);
	cursor->key = bytes_of(leaf->key[index], leaf->size[index]);
	cursor->payload = leaf->slot[index];
	return true;
}

bool
table_seek(const struct table *table, struct bytes key, bool after,
    struct table_cursor *cursor)
{
	uint64_t prefix = table_key_prefix(key);
	const struct table_node *leaf = table_leaf_of(table, key, prefix);
	unsigned i = table_node_bound(leaf, 0, key, prefix, after);

	if (i < leaf->count)
		return cursor_at(cursor, leaf, i);
	return cursor_at(cursor, leaf->next, 0);
}

static bool
leaf_end(struct table_cursor *cursor, const struct table_node *leaf)
{
	if (leaf == NULL || leaf->count == 0)
		return cursor_at(cursor, NULL, 0);
	return cursor_at(cursor, leaf, leaf->count - 1);
}

bool
table_seek_before(const struct table *table, struct bytes key,
    struct table_cursor *cursor)
{
	uint64_t prefix = table_key_prefix(key);
	const struct table_node *leaf = table_leaf_of(table, key, prefix);
	unsigned i = table_node_bound(leaf, 0, key, prefix, false);

	if (i > 0)
		return cursor_at(cursor, leaf, i - 1);
	return leaf_end(cursor, leaf->previous);
}

bool
table_last(const struct table *table, struct table_cursor *cursor)
{
	const struct table_node *node = table->root;

	while (!node->leaf)
		node = node->slot[node->count - 1];
	return leaf_end(cursor, node);
}

bool
table_next(struct table_cursor *cursor)
{
	assert(cursor->leaf != NULL);
	if (cursor->index + 1 < cursor->leaf->count)
		return cursor_at(cursor, cursor->leaf, cursor->index + 1);
	return cursor_at(cursor, cursor->leaf->next, 0);
}

bool
table_previous(struct table_cursor *cursor)
{
	assert(cursor->leaf != NULL);
	if (cursor->index > 0)
		return cursor_at(cursor, cursor->leaf, cursor->index - 1);
	return leaf_end(cursor, cursor->leaf->previous);
}
