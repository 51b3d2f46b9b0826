#include "base/fs_store.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"

struct store_file {
	struct fs_file file; /* first */
	struct store_node *node;
	bool locked;
};

static struct store_node *
file_node(const struct fs_file *file)
{
	return ((const struct store_file *)file)->node;
}

static struct store *
file_enter(struct fs_file *file, enum fs_call call, enum ouro_status *status,
    struct ouro_error *err)
{
	struct store *store = fs_store_enter(file->fs);

	*status = store->hooks->admit(store, call, file->path, err);
	return store;
}

/* ---- open and close --------------------------------------------------- */

static enum ouro_status
node_create(struct store *store, struct store_node *dir, const char *name,
    struct store_node **out, struct ouro_error *err)
{
	struct store_node *node = fs_node_new(store, false);
	enum ouro_status status;

	if (node == NULL)
		return error_memory(err);
	status = fs_store_move(store,
	    &(struct store_move){ .node = node, .to_dir = dir, .to = name },
	    err);
	if (status == OURO_OK)
		*out = node;
	else
		fs_node_drop(node);
	return status;
}

/* Answers the node with one reference more. */
static enum ouro_status
node_open(struct store *store, const char *path, unsigned flags,
    struct store_node **out, struct ouro_error *err)
{
	char name[STORE_NAME_MAX + 1];
	struct store_node *dir, *node = NULL;
	int errnum = fs_store_find(store, path, &node);

	if (errnum == ENOENT && (flags & FS_CREATE)) {
		errnum = fs_store_find_parent(store, path, &dir, name);
		if (errnum == 0)
			return node_create(store, dir, name, out, err);
	}
	if (errnum == 0 && (flags & FS_EXCLUSIVE))
		errnum = EEXIST;
	else if (errnum == 0 && node->directory)
		errnum = EISDIR;
	if (errnum != 0)
		return error_errno(err, errnum, "cannot open %s", path);
	fs_node_keep(node);
	*out = node;
	return OURO_OK;
}

enum ouro_status
fs_store_open(struct fs *fs, const char *path, unsigned flags,
    struct fs_file **out, struct ouro_error *err)
{
	struct store_file *file = calloc(1, sizeof(*file));
	struct store *store;
	enum ouro_status status;

	if (file == NULL)
		return error_memory(err);
	store = fs_store_enter(fs);
	status = store->hooks->admit(store, FS_CALL_OPEN, path, err);
	if (status == OURO_OK)
		status = node_open(store, path, flags, &file->node, err);
	fs_store_leave(store);
	if (status != OURO_OK) {
		free(file);
		return status;
	}
	*out = &file->file;
	return OURO_OK;
}

void
fs_store_close(struct fs_file *file)
{
	struct store_file *self = (struct store_file *)file;
	struct store *store = fs_store_enter(file->fs);

	if (self->locked)
		self->node->locked = false;
	fs_node_drop(self->node);
	fs_store_leave(store);
	free(self);
}

/* ---- content ---------------------------------------------------------- */

enum ouro_status
fs_store_read(struct fs_file *file, uint64_t offset, void *data, size_t size,
    size_t *got, struct ouro_error *err)
{
	enum ouro_status status;
	struct store *store = file_enter(file, FS_CALL_READ, &status, err);

	if (status == OURO_OK)
		*got = fs_content_read(&file_node(file)->content, offset, data,
		    size);
	fs_store_leave(store);
	return status;
}

/* Writes the first size bytes of the parts; they fit on the disk. */
static enum ouro_status
node_write(struct store_node *node, uint64_t offset, const struct bytes *parts,
    size_t size, struct ouro_error *err)
{
	struct store *store = node->store;
	uint64_t before = node->content.size;
	enum ouro_status status = OURO_OK;

	if (store->hooks->write != NULL)
		status = store->hooks->write(node, offset, parts, size, err);
	for (; status == OURO_OK && size > 0; parts++) {
		size_t n = parts->size < size ? parts->size : size;

		if (!fs_content_write(&node->content, offset, parts->data, n))
			status = error_memory(err);
		offset += n;
		size -= n;
	}
	store->space_used += node->content.size - before;
	node->modified_ms = store->clock_ns / 1000000;
	return status;
}

static enum ouro_status
node_resize(struct store_node *node, uint64_t size, struct ouro_error *err)
{
	struct store *store = node->store;
	uint64_t before = node->content.size;
	enum ouro_status status = OURO_OK;

	if (size > before &&
	    (store->space_used > store->space_max ||
		size - before > store->space_max - store->space_used))
		return error_errno(err, ENOSPC,
		    "cannot extend a file to %" PRIu64, size);
	if (store->hooks->resize != NULL)
		status = store->hooks->resize(node, size, err);
	if (status != OURO_OK)
		return status;
	fs_content_resize(&node->content, size);
	store->space_used = store->space_used - before + size;
	node->modified_ms = store->clock_ns / 1000000;
	return OURO_OK;
}

/* How many of the size bytes at offset the disk has room for. */
static size_t
room_for(const struct store_node *node, uint64_t offset, size_t size)
{
	const struct store *store = node->store;
	uint64_t end = node->content.size;

	if (store->space_max > store->space_used &&
	    __builtin_add_overflow(end, store->space_max - store->space_used,
		&end))
		end = UINT64_MAX;
	if (offset >= end)
		return 0;
	return size <= end - offset ? size : (size_t)(end - offset);
}

enum ouro_status
fs_store_write(struct fs_file *file, uint64_t offset, const struct bytes *parts,
    size_t count, struct ouro_error *err)
{
	size_t size = fs_parts_size(parts, count);
	enum ouro_status status, done;
	struct store *store;
	size_t room;

	store = file_enter(file, FS_CALL_WRITE, &status, err);
	if (status != OURO_OK) {
		size = store->half ? size / 2 : 0;
		store->half = false;
	}
	room = room_for(file_node(file), offset, size);
	if (room < size && status == OURO_OK)
		status = error_errno(err, ENOSPC, "cannot write %s at %" PRIu64,
		    file->path, offset);
	if (room > 0) {
		done = node_write(file_node(file), offset, parts, room, err);
		if (status == OURO_OK)
			status = done;
	}
	fs_store_leave(store);
	return status;
}

enum ouro_status
fs_store_size(struct fs_file *file, uint64_t *size, struct ouro_error *err)
{
	enum ouro_status status;
	struct store *store = file_enter(file, FS_CALL_ANY, &status, err);

	if (status == OURO_OK)
		*size = file_node(file)->content.size;
	fs_store_leave(store);
	return status;
}

enum ouro_status
fs_store_truncate(struct fs_file *file, uint64_t size, struct ouro_error *err)
{
	enum ouro_status status;
	struct store *store = file_enter(file, FS_CALL_TRUNCATE, &status, err);

	if (status == OURO_OK)
		status = node_resize(file_node(file), size, err);
	fs_store_leave(store);
	return status;
}

enum ouro_status
fs_store_allocate(struct fs_file *file, uint64_t size, struct ouro_error *err)
{
	enum ouro_status status;
	struct store *store = file_enter(file, FS_CALL_ALLOCATE, &status, err);

	if (status == OURO_OK && size > file_node(file)->content.size)
		status = node_resize(file_node(file), size, err);
	fs_store_leave(store);
	return status;
}

enum ouro_status
fs_store_sync(struct fs_file *file, struct ouro_error *err)
{
	enum ouro_status status;
	struct store *store = file_enter(file, FS_CALL_SYNC, &status, err);

	if (status == OURO_OK && store->hooks->sync != NULL)
		status = store->hooks->sync(file_node(file), err);
	fs_store_leave(store);
	return status;
}

void
fs_store_flush_start(struct fs_file *file, uint64_t offset, uint64_t size)
{
	(void)file;
	(void)offset;
	(void)size;
}

/* ---- maps and locks --------------------------------------------------- */

static enum ouro_status
node_map(struct store_node *node, struct store_map *map, struct ouro_error *err)
{
	struct store *store = node->store;
	enum ouro_status status = OURO_OK;

	map->at = fs_content_map(&node->content, map->size);
	if (map->at == NULL)
		return error_memory(err);
	if (map->writable && store->hooks->mapped != NULL)
		status = store->hooks->mapped(node, err);
	if (status != OURO_OK)
		return status;
	map->node = node;
	fs_node_keep(node);
	map->next = store->maps;
	store->maps = map;
	return OURO_OK;
}

enum ouro_status
fs_store_map(struct fs_file *file, size_t size, unsigned flags, void **out,
    struct ouro_error *err)
{
	struct store_map *map = calloc(1, sizeof(*map));
	enum ouro_status status;
	struct store *store;
	uint64_t end;

	if (map == NULL)
		return error_memory(err);
	map->size = size;
	map->writable = flags & FS_WRITE;
	store = file_enter(file, FS_CALL_MAP, &status, err);
	end = file_node(file)->content.size;
	if (status == OURO_OK && size > end)
		status = error_set(err, OURO_INVALID,
		    "%s: a map of %zu bytes "
		    "of a file of %" PRIu64,
		    file->path, size, end);
	if (status == OURO_OK)
		status = node_map(file_node(file), map, err);
	fs_store_leave(store);
	if (status == OURO_OK)
		*out = map->at;
	else
		free(map);
	return status;
}

/* Of two maps of the same bytes the writable one is found last: until then
 * there may be stores into it. */
static struct store_map **
map_find(struct store *store, const void *at, size_t size)
{
	struct store_map **found = NULL;

	for (struct store_map **link = &store->maps; *link != NULL;
	     link = &(*link)->next) {
		if ((*link)->at != at || (*link)->size != size)
			continue;
		found = link;
		if (!(*link)->writable)
			break;
	}
	return found;
}

void
fs_store_unmap(struct fs *fs, void *map, size_t size)
{
	struct store *store = fs_store_enter(fs);
	struct store_map **link = map_find(store, map, size);
	struct store_map *found;

	assert(link != NULL);
	found = *link;
	*link = found->next;
	if (found->writable && store->hooks->unmapped != NULL)
		store->hooks->unmapped(found->node);
	fs_node_drop(found->node);
	free(found);
	fs_store_leave(store);
}

static enum ouro_status
node_lock(struct store_node *node, const char *path, struct ouro_error *err)
{
	struct bytes part;
	char text[24];
	enum ouro_status status;
	int length;

	if (node->locked)
		return error_set(err, OURO_LOCKED, "%s is held by process %ld",
		    path, (long)getpid());
	length = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	part = bytes_of(text, (size_t)length);
	if (room_for(node, 0, part.size) < part.size)
		part.size = 0;
	status = part.size == 0 ? OURO_OK
				: node_write(node, 0, &part, part.size, err);
	if (status == OURO_OK && node->content.size != part.size)
		status = node_resize(node, part.size, err);
	node->locked = status == OURO_OK;
	return status;
}

enum ouro_status
fs_store_lock(struct fs_file *file, struct ouro_error *err)
{
	enum ouro_status status;
	struct store *store = file_enter(file, FS_CALL_ANY, &status, err);

	if (status == OURO_OK)
		status = node_lock(file_node(file), file->path, err);
	((struct store_file *)file)->locked |= status == OURO_OK;
	fs_store_leave(store);
	return status;
}
