#include "base/fs_store.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* ---- nodes ------------------------------------------------------------ */

struct store_node *
fs_node_new(struct store *store, bool directory)
{
	struct store_node *node = calloc(1, sizeof(*node));

	if (node == NULL)
		return NULL;
	node->store = store;
	node->refs = 1;
	node->directory = directory;
	node->modified_ms = store->clock_ns / 1000000;
	node->next = store->nodes;
	if (node->next != NULL)
		node->next->previous = node;
	store->nodes = node;
	return node;
}

void
fs_node_keep(struct store_node *node)
{
	assert(node->refs > 0);
	node->refs++;
}

void
fs_node_drop(struct store_node *node)
{
	struct store *store;

	if (node == NULL)
		return;
	assert(node->refs > 0);
	if (--node->refs > 0)
		return;
	store = node->store;
	if (node->previous != NULL)
		node->previous->next = node->next;
	else
		store->nodes = node->next;
	if (node->next != NULL)
		node->next->previous = node->previous;
	if (store->hooks->freed != NULL)
		store->hooks->freed(node);
	assert(store->space_used >= node->content.size);
	store->space_used -= node->content.size;
	fs_content_release(&node->content);
	fs_names_release(&node->names);
	free(node);
}

/* ---- names ------------------------------------------------------------ */

/* Where name is or belongs. */
static size_t
names_index(const struct store_names *names, const char *name, bool *found)
{
	size_t low = 0, high = names->count;

	*found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, names->list[middle].name);

		if (order == 0) {
			*found = true;
			return middle;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

struct store_node *
fs_names_find(const struct store_names *names, const char *name)
{
	bool found;
	size_t i = names_index(names, name, &found);

	return found ? names->list[i].node : NULL;
}

static bool
names_grow(struct store_names *names)
{
	size_t capacity = names->capacity * 2 + 4;
	struct store_name *list;

	if (names->count < names->capacity)
		return true;
	list = reallocarray(names->list, capacity, sizeof(*list));
	if (list == NULL)
		return false;
	names->list = list;
	names->capacity = capacity;
	return true;
}

bool
fs_names_put(struct store_names *names, const char *name,
    struct store_node *node)
{
	bool found;
	size_t i = names_index(names, name, &found);
	char *copy;

	if (found) {
		fs_node_keep(node);
		fs_node_drop(names->list[i].node);
		names->list[i].node = node;
		return true;
	}
	if (!names_grow(names))
		return false;
	copy = strdup(name);
	if (copy == NULL)
		return false;
	memmove(names->list + i + 1, names->list + i,
	    (names->count - i) * sizeof(*names->list));
	names->list[i].name = copy;
	names->list[i].node = node;
	names->count++;
	fs_node_keep(node);
	return true;
}

void
fs_names_take(struct store_names *names, const char *name)
{
	bool found;
	size_t i = names_index(names, name, &found);
	struct store_name taken;

	if (!found)
		return;
	taken = names->list[i];
	names->count--;
	memmove(names->list + i, names->list + i + 1,
	    (names->count - i) * sizeof(*names->list));
	free(taken.name);
	fs_node_drop(taken.node);
}

void
fs_names_release(struct store_names *names)
{
	for (size_t i = 0; i < names->count; i++) {
		free(names->list[i].name);
		fs_node_drop(names->list[i].node);
	}
	free(names->list);
	memset(names, 0, sizeof(*names));
}

/* ---- paths ------------------------------------------------------------ */

/* Copies the next name of a path and steps over it; "" at the end. */
static int
path_next(const char **path, char name[STORE_NAME_MAX + 1])
{
	const char *at = *path;
	size_t length;

	do {
		at += strspn(at, "/");
		length = strcspn(at, "/");
		if (length > STORE_NAME_MAX)
			return ENAMETOOLONG;
		memcpy(name, at, length);
		name[length] = '\0';
		at += length;
	} while (strcmp(name, ".") == 0);
	*path = at;
	return strcmp(name, "..") == 0 ? EINVAL : 0;
}

int
fs_store_find(struct store *store, const char *path, struct store_node **out)
{
	struct store_node *node = store->root;
	char name[STORE_NAME_MAX + 1];

	if (path[0] == '\0')
		return ENOENT;
	for (;;) {
		int errnum = path_next(&path, name);

		if (errnum != 0)
			return errnum;
		if (name[0] == '\0')
			break;
		if (!node->directory)
			return ENOTDIR;
		node = fs_names_find(&node->names, name);
		if (node == NULL)
			return ENOENT;
	}
	*out = node;
	return 0;
}

int
fs_store_find_parent(struct store *store, const char *path,
    struct store_node **dir, char name[STORE_NAME_MAX + 1])
{
	struct store_node *node = store->root;
	char next[STORE_NAME_MAX + 1];
	int errnum;

	if (path[0] == '\0')
		return ENOENT;
	errnum = path_next(&path, name);
	if (errnum != 0)
		return errnum;
	if (name[0] == '\0')
		return EEXIST;
	for (;;) {
		errnum = path_next(&path, next);
		if (errnum != 0)
			return errnum;
		if (next[0] == '\0')
			break;
		node = fs_names_find(&node->names, name);
		if (node == NULL)
			return ENOENT;
		if (!node->directory)
			return ENOTDIR;
		memcpy(name, next, sizeof(next));
	}
	*dir = node;
	return 0;
}
