/*
 * fs_compound - the calls of fs.h that are made of others.
 */
#include "base/fs.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"
#include "base/fs_ops.h"

static enum ouro_status
parent_sync(struct fs *fs, const char *path, struct ouro_error *err)
{
	char parent[FS_PATH_MAX];
	size_t length = strlen(path);

	while (length > 0 && path[length - 1] == '/')
		length--;
	while (length > 0 && path[length - 1] != '/')
		length--;
	if (length == 0)
		return fs_sync_dir(fs, ".", err);
	while (length > 1 && path[length - 1] == '/')
		length--;
	if (length >= sizeof(parent))
		return error_set(err, OURO_TOO_LARGE, "%s: path too long",
		    path);
	memcpy(parent, path, length);
	parent[length] = '\0';
	return fs_sync_dir(fs, parent, err);
}

/* The name of a directory that is made here is made durable at once: nobody
 * could tell later which are new. */
static enum ouro_status
directory_make(struct fs *fs, const char *path, struct ouro_error *err)
{
	struct fs_info info;
	enum ouro_status status = fs->ops->mkdir(fs, path, err);

	if (status == OURO_OK)
		return parent_sync(fs, path, err);
	if (status != OURO_EXISTS)
		return status;
	if (fs_stat(fs, path, &info, NULL) == OURO_OK && info.directory)
		return OURO_OK;
	return error_set(err, OURO_EXISTS, "%s exists and is no directory",
	    path);
}

/* Makes every directory above path. */
static enum ouro_status
parents_make(struct fs *fs, const char *path, struct ouro_error *err)
{
	char parent[FS_PATH_MAX];
	size_t length = strlen(path);

	if (length >= sizeof(parent))
		return error_set(err, OURO_TOO_LARGE, "%s: path too long",
		    path);
	for (size_t i = 1; i < length; i++) {
		enum ouro_status status;

		if (path[i] != '/' || path[i - 1] == '/')
			continue;
		memcpy(parent, path, i);
		parent[i] = '\0';
		status = directory_make(fs, parent, err);
		if (status != OURO_OK)
			return status;
	}
	return OURO_OK;
}

enum ouro_status
fs_mkdir(struct fs *fs, const char *path, struct ouro_error *err)
{
	enum ouro_status status = directory_make(fs, path, err);

	if (status != OURO_NOT_FOUND)
		return status;
	status = parents_make(fs, path, err);
	if (status != OURO_OK)
		return status;
	return directory_make(fs, path, err);
}

enum ouro_status
fs_read_file(struct fs *fs, const char *path, size_t size_max,
    struct buffer *out, struct ouro_error *err)
{
	struct fs_file *file = NULL;
	enum ouro_status status;
	uint64_t size;
	size_t got;

	status = fs_open(fs, path, FS_READ, &file, err);
	if (status != OURO_OK)
		return status;
	status = fs_size(file, &size, err);
	if (status != OURO_OK)
		goto out;
	if (size > size_max) {
		status = error_set(err, OURO_TOO_LARGE,
		    "%s has %" PRIu64 " bytes, more than the %zu allowed", path,
		    size, size_max);
		goto out;
	}
	status = buffer_resize(out, (size_t)size, err);
	if (status != OURO_OK)
		goto out;
	status = fs_read(file, 0, out->data, (size_t)size, &got, err);
	if (status == OURO_OK)
		out->size = got;
out:
	fs_close(file);
	return status;
}

static enum ouro_status
temporary_write(struct fs *fs, const char *path, struct bytes content,
    struct ouro_error *err)
{
	struct fs_file *file = NULL;
	enum ouro_status status;

	status = fs_open(fs, path, FS_WRITE | FS_CREATE | FS_EXCLUSIVE, &file,
	    err);
	if (status != OURO_OK)
		return status;
	status = fs_write(file, 0, &content, 1, err);
	if (status == OURO_OK)
		status = fs_sync(file, err);
	fs_close(file);
	if (status != OURO_OK)
		(void)fs_unlink(fs, path, NULL);
	return status;
}

/* ".", 16 hex digits, ".tmp" behind a name. */
#define LEFTOVER_DIGITS 16

bool
fs_name_is_leftover(const char *name)
{
	static const char end[] = ".tmp";
	size_t length = strlen(name), suffix = 1 + LEFTOVER_DIGITS + 4;

	if (length <= suffix)
		return false;
	name += length - suffix;
	return name[0] == '.' &&
	    strspn(name + 1, "0123456789abcdef") == LEFTOVER_DIGITS &&
	    strcmp(name + 1 + LEFTOVER_DIGITS, end) == 0;
}

/* How the finished file gets its name. */
typedef enum ouro_status file_place(struct fs *fs, const char *from,
    const char *to, struct ouro_error *err);

static enum ouro_status
file_put(struct fs *fs, const char *path, struct bytes content,
    file_place *place, struct ouro_error *err)
{
	char temporary[FS_PATH_MAX];
	enum ouro_status status;
	uint64_t unique;
	int length;

	status = fs_random(fs, &unique, sizeof(unique), err);
	if (status != OURO_OK)
		return status;
	length = snprintf(temporary, sizeof(temporary), "%s.%0*" PRIx64 ".tmp",
	    path, LEFTOVER_DIGITS, unique);
	if (length < 0 || (size_t)length >= sizeof(temporary))
		return error_set(err, OURO_TOO_LARGE, "%s: path too long",
		    path);
	status = temporary_write(fs, temporary, content, err);
	if (status != OURO_OK)
		return status;
	status = place(fs, temporary, path, err);
	if (status != OURO_OK) {
		(void)fs_unlink(fs, temporary, NULL);
		return status;
	}
	return parent_sync(fs, path, err);
}

enum ouro_status
fs_write_file(struct fs *fs, const char *path, struct bytes content,
    struct ouro_error *err)
{
	return file_put(fs, path, content, fs_rename, err);
}

enum ouro_status
fs_create_file(struct fs *fs, const char *path, struct bytes content,
    struct ouro_error *err)
{
	return file_put(fs, path, content, fs_rename_new, err);
}

enum ouro_status
fs_join(char out[FS_PATH_MAX], const char *dir, const char *name,
    struct ouro_error *err)
{
	size_t size = strlen(dir);
	const char *between = size == 0 || dir[size - 1] == '/' ? "" : "/";
	int length;

	length = snprintf(out, FS_PATH_MAX, "%s%s%s", dir, between, name);
	if (length < 0 || length >= FS_PATH_MAX)
		return error_set(err, OURO_TOO_LARGE, "%s/%s: path too long",
		    dir, name);
	return OURO_OK;
}
