/*
 * fs_ops - what an implementation of fs.h provides. Internal to fs*.c.
 *
 * fs.c checks arguments before it calls through the table, so that every
 * implementation may rely on this:
 *   1. open: flags have FS_READ or FS_WRITE, and FS_CREATE only with FS_WRITE.
 *   2. read, write, truncate, allocate: offset + size fits INT64_MAX.
 *   3. write: 1 <= count <= FS_PARTS_MAX and the parts are not all empty.
 *   4. read, map: the file was opened with FS_READ; write, truncate,
 *      allocate, lock, map with FS_WRITE: with FS_WRITE.
 *   5. map: size > 0.
 *   6. mkdir makes one level and answers OURO_EXISTS for any existing name.
 */
#ifndef BASE_FS_OPS_H
#define BASE_FS_OPS_H

#include "base/fs.h"

typedef enum ouro_status fs_each(void *context, const char *name,
    struct ouro_error *err);

struct fs_ops {
	/* files */
	enum ouro_status (*open)(struct fs *fs, const char *path,
	    unsigned flags, struct fs_file **out, struct ouro_error *err);
	void (*close)(struct fs_file *file);
	enum ouro_status (*read)(struct fs_file *file, uint64_t offset,
	    void *data, size_t size, size_t *got, struct ouro_error *err);
	enum ouro_status (*write)(struct fs_file *file, uint64_t offset,
	    const struct bytes *parts, size_t count, struct ouro_error *err);
	enum ouro_status (*size)(struct fs_file *file, uint64_t *size,
	    struct ouro_error *err);
	enum ouro_status (*truncate)(struct fs_file *file, uint64_t size,
	    struct ouro_error *err);
	enum ouro_status (*allocate)(struct fs_file *file, uint64_t size,
	    struct ouro_error *err);
	enum ouro_status (*sync)(struct fs_file *file, struct ouro_error *err);
	void (
	    *flush_start)(struct fs_file *file, uint64_t offset, uint64_t size);
	enum ouro_status (*map)(struct fs_file *file, size_t size,
	    unsigned flags, void **out, struct ouro_error *err);
	void (*unmap)(struct fs *fs, void *map, size_t size);
	enum ouro_status (*lock)(struct fs_file *file, struct ouro_error *err);

	/* names */
	enum ouro_status (*stat)(struct fs *fs, const char *path,
	    struct fs_info *info, struct ouro_error *err);
	enum ouro_status (
	    *mkdir)(struct fs *fs, const char *path, struct ouro_error *err);
	enum ouro_status (*list)(struct fs *fs, const char *path, fs_each *each,
	    void *context, struct ouro_error *err);
	enum ouro_status (*rename)(struct fs *fs, const char *from,
	    const char *to, struct ouro_error *err);
	enum ouro_status (*rename_new)(struct fs *fs, const char *from,
	    const char *to, struct ouro_error *err);
	enum ouro_status (
	    *unlink)(struct fs *fs, const char *path, struct ouro_error *err);
	enum ouro_status (
	    *sync_dir)(struct fs *fs, const char *path, struct ouro_error *err);
	enum ouro_status (*space)(struct fs *fs, const char *path,
	    struct fs_space *space, struct ouro_error *err);

	/* time and randomness */
	uint64_t (*wall_ms)(struct fs *fs);
	uint64_t (*monotonic_ns)(struct fs *fs);
	enum ouro_status (*random)(struct fs *fs, void *data, size_t size,
	    struct ouro_error *err);
};

/* First member of every implementation's own struct. */
struct fs {
	const struct fs_ops *ops;
};

/* The same for an open file; fs.c fills it after open. */
struct fs_file {
	struct fs *fs;
	unsigned flags;
	char *path;
};

/* The sum of the parts' sizes; SIZE_MAX when it does not fit. */
size_t fs_parts_size(const struct bytes *parts, size_t count);

#endif
