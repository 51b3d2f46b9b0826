/*
 * fs_posix - the calls of fs_posix_file.c that fs_posix.c puts into its
 * table. Internal to the two.
 */
#ifndef BASE_FS_POSIX_H
#define BASE_FS_POSIX_H

#include "base/fs_ops.h"

enum ouro_status fs_posix_open(struct fs *fs, const char *path, unsigned flags,
    struct fs_file **out, struct ouro_error *err);
void fs_posix_close(struct fs_file *file);
enum ouro_status fs_posix_read(struct fs_file *file, uint64_t offset,
    void *data, size_t size, size_t *got, struct ouro_error *err);
enum ouro_status fs_posix_write(struct fs_file *file, uint64_t offset,
    const struct bytes *parts, size_t count, struct ouro_error *err);
enum ouro_status fs_posix_size(struct fs_file *file, uint64_t *size,
    struct ouro_error *err);
enum ouro_status fs_posix_truncate(struct fs_file *file, uint64_t size,
    struct ouro_error *err);
enum ouro_status fs_posix_allocate(struct fs_file *file, uint64_t size,
    struct ouro_error *err);
enum ouro_status fs_posix_sync(struct fs_file *file, struct ouro_error *err);
void fs_posix_flush_start(struct fs_file *file, uint64_t offset, uint64_t size);
enum ouro_status fs_posix_map(struct fs_file *file, size_t size, unsigned flags,
    void **out, struct ouro_error *err);
void fs_posix_unmap(struct fs *fs, void *map, size_t size);
enum ouro_status fs_posix_lock(struct fs_file *file, struct ouro_error *err);

/* A rename that replaces nothing, in two steps, for file systems that have no
 * such call: the first takes the name, and what a crash leaves between them
 * is one name too many. 0, or -1 and errno. */
int fs_posix_link(const char *from, const char *to);

#endif
