/*
 * old_snapshot - files of the older system that say where its records lie.
 *
 *   offset  length  data
 *   0       8       KVINDEX1
 *   8       8       count
 *   ..              count times: key_len (4), key, segment id (8), offset (8)
 *
 * They have no checksum, and all their offsets are 0: nothing can be taken
 * from them. They are neither read nor removed, whatever their names; only
 * when one is called INDEX does ours take its place.
 */
#ifndef ENGINE_OLD_SNAPSHOT_H
#define ENGINE_OLD_SNAPSHOT_H

#include "base/fs.h"

struct log;

/* Whether the file at path begins as one. */
bool old_snapshot_is(struct fs *fs, const char *path);

/* Tells, for those who want to know, which files in dir are passed over. */
void old_snapshots_tell(struct fs *fs, const char *dir, const struct log *log);

#endif
