#include "base/fs.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/fs_ops.h"

size_t
fs_parts_size(const struct bytes *parts, size_t count)
{
	size_t size = 0;

	for (size_t i = 0; i < count; i++)
		if (__builtin_add_overflow(size, parts[i].size, &size))
			return SIZE_MAX;
	return size;
}

static enum ouro_status
range_check(const struct fs_file *file, uint64_t offset, uint64_t size,
    struct ouro_error *err)
{
	if (offset > INT64_MAX || size > INT64_MAX - offset)
		return error_set(err, OURO_INVALID,
		    "%s: %" PRIu64 " bytes at %" PRIu64
		    " are beyond any file's end",
		    file->path, size, offset);
	return OURO_OK;
}

static enum ouro_status
access_check(const struct fs_file *file, unsigned needed,
    struct ouro_error *err)
{
	unsigned missing = needed & ~file->flags;

	if (missing != 0)
		return error_set(err, OURO_INVALID, "%s was not opened for %s",
		    file->path, missing & FS_WRITE ? "writing" : "reading");
	return OURO_OK;
}

/* ---- files ------------------------------------------------------------ */

enum ouro_status
fs_open(struct fs *fs, const char *path, unsigned flags, struct fs_file **out,
    struct ouro_error *err)
{
	unsigned known = FS_READ | FS_WRITE | FS_CREATE | FS_EXCLUSIVE;
	enum ouro_status status;
	struct fs_file *file = NULL;
	char *copy;

	*out = NULL;
	if ((flags & ~known) != 0 || (flags & (FS_READ | FS_WRITE)) == 0 ||
	    ((flags & FS_CREATE) && !(flags & FS_WRITE)) ||
	    ((flags & FS_EXCLUSIVE) && !(flags & FS_CREATE)))
		return error_set(err, OURO_INVALID,
		    "%s: open flags %#x make no sense", path, flags);
	copy = strdup(path);
	if (copy == NULL)
		return error_memory(err);
	status = fs->ops->open(fs, path, flags, &file, err);
	if (status != OURO_OK) {
		free(copy);
		return status;
	}
	file->fs = fs;
	file->flags = flags;
	file->path = copy;
	*out = file;
	return OURO_OK;
}

void
fs_close(struct fs_file *file)
{
	char *path;

	if (file == NULL)
		return;
	path = file->path;
	file->fs->ops->close(file);
	free(path);
}

const char *
fs_path(const struct fs_file *file)
{
	return file->path;
}

enum ouro_status
fs_read(struct fs_file *file, uint64_t offset, void *data, size_t size,
    size_t *got, struct ouro_error *err)
{
	enum ouro_status status;

	*got = 0;
	status = access_check(file, FS_READ, err);
	if (status == OURO_OK)
		status = range_check(file, offset, size, err);
	if (status != OURO_OK || size == 0)
		return status;
	return file->fs->ops->read(file, offset, data, size, got, err);
}

enum ouro_status
fs_write(struct fs_file *file, uint64_t offset, const struct bytes *parts,
    size_t count, struct ouro_error *err)
{
	enum ouro_status status = access_check(file, FS_WRITE, err);
	size_t size;

	if (status != OURO_OK)
		return status;
	if (count > FS_PARTS_MAX)
		return error_set(err, OURO_INVALID,
		    "%s: %zu parts in one write", file->path, count);
	size = fs_parts_size(parts, count);
	status = range_check(file, offset, size, err);
	if (status != OURO_OK || size == 0)
		return status;
	return file->fs->ops->write(file, offset, parts, count, err);
}

enum ouro_status
fs_size(struct fs_file *file, uint64_t *size, struct ouro_error *err)
{
	*size = 0;
	return file->fs->ops->size(file, size, err);
}

enum ouro_status
fs_truncate(struct fs_file *file, uint64_t size, struct ouro_error *err)
{
	enum ouro_status status = access_check(file, FS_WRITE, err);

	if (status == OURO_OK)
		status = range_check(file, 0, size, err);
	if (status != OURO_OK)
		return status;
	return file->fs->ops->truncate(file, size, err);
}

enum ouro_status
fs_allocate(struct fs_file *file, uint64_t size, struct ouro_error *err)
{
	enum ouro_status status = access_check(file, FS_WRITE, err);

	if (status == OURO_OK)
		status = range_check(file, 0, size, err);
	if (status != OURO_OK || size == 0)
		return status;
	return file->fs->ops->allocate(file, size, err);
}

enum ouro_status
fs_sync(struct fs_file *file, struct ouro_error *err)
{
	return file->fs->ops->sync(file, err);
}

void
fs_flush_start(struct fs_file *file, uint64_t offset, uint64_t size)
{
	if (range_check(file, offset, size, NULL) == OURO_OK && size != 0)
		file->fs->ops->flush_start(file, offset, size);
}

enum ouro_status
fs_map(struct fs_file *file, size_t size, unsigned flags, void **out,
    struct ouro_error *err)
{
	unsigned known = FS_READ | FS_WRITE;
	enum ouro_status status;

	*out = NULL;
	if ((flags & FS_READ) == 0 || (flags & ~known) != 0)
		return error_set(err, OURO_INVALID,
		    "%s: map flags %#x make no sense", file->path, flags);
	status = access_check(file, flags, err);
	if (status != OURO_OK)
		return status;
	if (size == 0)
		return error_set(err, OURO_INVALID, "%s: an empty map",
		    file->path);
	return file->fs->ops->map(file, size, flags, out, err);
}

void
fs_unmap(struct fs *fs, void *map, size_t size)
{
	if (map != NULL)
		fs->ops->unmap(fs, map, size);
}

enum ouro_status
fs_lock(struct fs_file *file, struct ouro_error *err)
{
	enum ouro_status status;

	status = access_check(file, FS_READ | FS_WRITE, err);
	if (status != OURO_OK)
		return status;
	return file->fs->ops->lock(file, err);
}

/* ---- names ------------------------------------------------------------ */

enum ouro_status
fs_stat(struct fs *fs, const char *path, struct fs_info *info,
    struct ouro_error *err)
{
	memset(info, 0, sizeof(*info));
	return fs->ops->stat(fs, path, info, err);
}

enum ouro_status
fs_list(struct fs *fs, const char *path,
    enum ouro_status (
	*each)(void *context, const char *name, struct ouro_error *err),
    void *context, struct ouro_error *err)
{
	return fs->ops->list(fs, path, each, context, err);
}

enum ouro_status
fs_rename(struct fs *fs, const char *from, const char *to,
    struct ouro_error *err)
{
	return fs->ops->rename(fs, from, to, err);
}

enum ouro_status
fs_rename_new(struct fs *fs, const char *from, const char *to,
    struct ouro_error *err)
{
	return fs->ops->rename_new(fs, from, to, err);
}

enum ouro_status
fs_unlink(struct fs *fs, const char *path, struct ouro_error *err)
{
	return fs->ops->unlink(fs, path, err);
}

enum ouro_status
fs_sync_dir(struct fs *fs, const char *path, struct ouro_error *err)
{
	return fs->ops->sync_dir(fs, path, err);
}

enum ouro_status
fs_space(struct fs *fs, const char *path, struct fs_space *space,
    struct ouro_error *err)
{
	memset(space, 0, sizeof(*space));
	return fs->ops->space(fs, path, space, err);
}

/* ---- time and randomness ---------------------------------------------- */

uint64_t
fs_wall_ms(struct fs *fs)
{
	return fs->ops->wall_ms(fs);
}

uint64_t
fs_monotonic_ns(struct fs *fs)
{
	return fs->ops->monotonic_ns(fs);
}

enum ouro_status
fs_random(struct fs *fs, void *data, size_t size, struct ouro_error *err)
{
	return fs->ops->random(fs, data, size, err);
}
