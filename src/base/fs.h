/*
 * fs - the only door to files, maps, fsync, time and randomness.
 *
 * Three implementations behind one table: fs_posix (production), fs_memory
 * (tests; counts calls and fails the n-th on demand) and fs_crash (keeps
 * what was written apart from what is durable, and makes the disks that a
 * power loss could leave). A later simulation adds a clock of its own.
 *
 * Paths are UTF-8, '/'-separated, borrowed until return. Every error text
 * names the path. All calls are thread-safe; one fs_file may be read and
 * written from several threads at once.
 */
#ifndef BASE_FS_H
#define BASE_FS_H

#include "base/bytes.h"

struct fs;
struct fs_file;

enum fs_open_flags {
	FS_READ = 1,
	FS_WRITE = 2,
	FS_CREATE = 4,	  /* make it (0600) when missing */
	FS_EXCLUSIVE = 8, /* with FS_CREATE: OURO_EXISTS when it is there */
};			  /* FS_CREATE needs FS_WRITE */

/* What fs_stat tells. */
struct fs_info {
	uint64_t size;
	bool directory;
	bool regular;
	bool link;	      /* the name is a symbolic link; the rest tells of
			       * what it leads to */
	unsigned mode;	      /* permission bits, 0600 when not kept */
	uint64_t modified_ms; /* Unix ms, 0 when unknown */
};

struct fs_space {
	uint64_t total;
	uint64_t available; /* to this user, bytes */
};

/* ---- files ------------------------------------------------------------ */

/* Opens regular files alone: anything else is OURO_IO, and never waited for.
 * Reading follows a symbolic link in the last place of path, writing never
 * does (OURO_REFUSED): what another put there may lead anywhere. */
enum ouro_status fs_open(struct fs *fs, const char *path, unsigned flags,
    struct fs_file **out, struct ouro_error *err);
/* Never fails visibly: what must be durable was synced before. NULL ok. */
void fs_close(struct fs_file *file);
/* Borrowed from the file. */
const char *fs_path(const struct fs_file *file);

/* Reads up to size bytes; *got < size only at the end of the file. */
enum ouro_status fs_read(struct fs_file *file, uint64_t offset, void *data,
    size_t size, size_t *got, struct ouro_error *err);
/* Writes all parts in order at offset, or fails; after a failure any prefix
 * may be in the file. At most FS_PARTS_MAX parts. */
#define FS_PARTS_MAX 64
enum ouro_status fs_write(struct fs_file *file, uint64_t offset,
    const struct bytes *parts, size_t count, struct ouro_error *err);
enum ouro_status fs_size(struct fs_file *file, uint64_t *size,
    struct ouro_error *err);
enum ouro_status fs_truncate(struct fs_file *file, uint64_t size,
    struct ouro_error *err);
/* Reserves disk blocks for [0, size) without changing content; growth reads
 * as zeros. OURO_NO_SPACE. */
enum ouro_status fs_allocate(struct fs_file *file, uint64_t size,
    struct ouro_error *err);
/* fdatasync: content, and size where it grew. After a failure the caller
 * must not believe anything unsynced, and not try again. */
enum ouro_status fs_sync(struct fs_file *file, struct ouro_error *err);
/* Starts writing dirty pages to disk without waiting. A hint. */
void fs_flush_start(struct fs_file *file, uint64_t offset, uint64_t size);

/* Maps [0, size) for reading, or with FS_WRITE shared for writing too. The
 * map lives until fs_unmap, also after fs_close. OURO_INVALID beyond the end
 * or for size 0. The file must be open for FS_READ, and as flags say. */
enum ouro_status fs_map(struct fs_file *file, size_t size, unsigned flags,
    void **out, struct ouro_error *err);
void fs_unmap(struct fs *fs, void *map, size_t size);

/* Takes an exclusive advisory lock and writes this process's id into the
 * file, which must be open for reading and writing. OURO_LOCKED names the
 * holder's pid. Released by fs_close. */
enum ouro_status fs_lock(struct fs_file *file, struct ouro_error *err);

/* ---- names ------------------------------------------------------------ */

enum ouro_status fs_stat(struct fs *fs, const char *path, struct fs_info *info,
    struct ouro_error *err);
/* Makes path (0700) and missing parents, durably; fine when it is there as a
 * directory. */
enum ouro_status fs_mkdir(struct fs *fs, const char *path,
    struct ouro_error *err);
/* Calls each with every name but . and .., in byte order; stops at and
 * returns the first status that is not OURO_OK. */
enum ouro_status fs_list(struct fs *fs, const char *path,
    enum ouro_status (
	*each)(void *context, const char *name, struct ouro_error *err),
    void *context, struct ouro_error *err);
enum ouro_status fs_rename(struct fs *fs, const char *from, const char *to,
    struct ouro_error *err);
/* The same, but OURO_EXISTS when anything has the name to, whoever made it
 * and when: of two at once only one succeeds. */
enum ouro_status fs_rename_new(struct fs *fs, const char *from, const char *to,
    struct ouro_error *err);
enum ouro_status fs_unlink(struct fs *fs, const char *path,
    struct ouro_error *err);
/* Makes names made, renamed or removed in the directory durable. */
enum ouro_status fs_sync_dir(struct fs *fs, const char *path,
    struct ouro_error *err);
enum ouro_status fs_space(struct fs *fs, const char *path,
    struct fs_space *space, struct ouro_error *err);

/* ---- time and randomness ---------------------------------------------- */

uint64_t fs_wall_ms(struct fs *fs);	 /* Unix time */
uint64_t fs_monotonic_ns(struct fs *fs); /* for intervals */
/* Fills data from the system's generator (or the test's seed). */
enum ouro_status fs_random(struct fs *fs, void *data, size_t size,
    struct ouro_error *err);

/* ---- helpers over the above ------------------------------------------- */

/* Reads a whole file of at most size_max bytes; OURO_TOO_LARGE. */
enum ouro_status fs_read_file(struct fs *fs, const char *path, size_t size_max,
    struct buffer *out, struct ouro_error *err);
/* Writes path atomically and durably: beside it, sync, rename, sync_dir.
 * On failure path is as before and nothing is left beside it; only when the
 * last step, sync_dir, fails, the new content is there but may not last. */
enum ouro_status fs_write_file(struct fs *fs, const char *path,
    struct bytes content, struct ouro_error *err);
/* The same for a new file: OURO_EXISTS, and never replaces one. */
enum ouro_status fs_create_file(struct fs *fs, const char *path,
    struct bytes content, struct ouro_error *err);
/* Whether a file's name is one that a call of these two, when the process
 * died in it, may have left beside its path. */
bool fs_name_is_leftover(const char *name);
/* "dir/name" into out; OURO_TOO_LARGE. */
#define FS_PATH_MAX 4096
enum ouro_status fs_join(char out[FS_PATH_MAX], const char *dir,
    const char *name, struct ouro_error *err);

/* ---- implementations -------------------------------------------------- */

/* The process's real one; static; never freed. */
struct fs *fs_posix(void);

#endif
