/*
 * fs_crash - a file system in memory that knows what a power loss may leave.
 *
 * It behaves like fs_memory and keeps, per file and per directory, which
 * writes, truncations, creations, renames and removals are not yet durable
 * (no fs_sync of the file, no fs_sync_dir of the directory). Stores into a
 * writable map count as unsynced writes, page by page. fs_crash_state makes
 * a new file system as the disk could look after a crash at this moment, or
 * at the moment of an earlier call.
 *
 * Rules of what may happen, the strictest that ext4 and XFS document:
 * synced content is there; unsynced writes of a file are kept, lost, or
 * torn at block boundaries, in any combination and order; an unsynced name
 * change has happened or not, each directory in order; a file whose size
 * was not synced may be shorter, the same, or longer with zeros.
 */
#ifndef BASE_FS_CRASH_H
#define BASE_FS_CRASH_H

#include "base/fs.h"

enum fs_crash_policy {
	FS_CRASH_KEEP_ALL, /* everything reached the disk */
	FS_CRASH_LOSE_ALL, /* nothing unsynced did */
	FS_CRASH_SUBSET,   /* each unsynced write by itself, by seed */
	FS_CRASH_TORN_512, /* a prefix of the writes, the next torn at 512 B */
	FS_CRASH_TORN_4K,  /* the same at 4 KiB */
	FS_CRASH_REORDER,  /* later ones without earlier ones, by seed */
	FS_CRASH_POLICIES
};

struct fs *fs_crash_new(uint64_t seed);
void fs_crash_free(struct fs *fs); /* also of states made from it */

/* Number of calls so far that changed anything (writes, syncs, names). */
uint64_t fs_crash_clock(const struct fs *fs);

/* After this many changing calls every further call fails with EIO: the
 * process "lost power" there. UINT64_MAX = never (the default). */
void fs_crash_stop_at(struct fs *fs, uint64_t clock);

/* A new, independent fs (again of the crash kind) as the disk may look now. */
struct fs *fs_crash_state(struct fs *fs, enum fs_crash_policy policy,
    uint64_t seed);

#endif
