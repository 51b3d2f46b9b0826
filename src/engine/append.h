/*
 * append - the end of the log: the active segment, syncs.
 *
 * Called by the commit step only, and at opening and closing.
 */
#ifndef ENGINE_APPEND_H
#define ENGINE_APPEND_H

#include "engine/log_engine.h"

/*
 * Sees that a record of `size` bytes can be gathered behind what is in the
 * log's assembly. *full: it belongs into another segment, and the assembly
 * must be written first. With an empty assembly a new segment is opened when
 * needed, so that afterwards log->active is set.
 */
enum ouro_status append_prepare(struct log_engine *log, uint64_t size,
    bool *full, struct ouro_error *err);

/* Writes the assembly, which holds `count` operations. On failure file and
 * log are as before, and the log goes on in a new segment. sync: append_sync
 * is what comes next. */
enum ouro_status append_write(struct log_engine *log, uint64_t count, bool sync,
    struct ouro_error *err);

/* The segment is to be synced by the next append_sync. */
enum ouro_status append_dirty(struct log_engine *log, struct segment *segment,
    struct ouro_error *err);
/* Makes all that was written durable. A failure is for ever. */
enum ouro_status append_sync(struct log_engine *log, struct ouro_error *err);
/* Syncs the file of a segment, in whatever thread. A failure is for ever, and
 * told to one caller only by the system: so once there was one, every later
 * sync fails too, also of what another thread wrote before it. */
enum ouro_status append_sync_file(struct log_engine *log, struct fs_file *file,
    struct ouro_error *err);
bool append_unsynced(const struct log_engine *log);

/* Ends the active segment. */
void append_rotate(struct log_engine *log);

/* OURO_READ_ONLY once a sync failed, or when opened so. */
enum ouro_status append_allowed(const struct log_engine *log,
    struct ouro_error *err);

/* Ends the log of a store that is closed. After the index was stored, which
 * must not cover what may be lost. */
void append_end(struct log_engine *log);

/* Makes all durable and ends the active segment. */
enum ouro_status append_close(struct log_engine *log, struct ouro_error *err);
void append_release(struct log_engine *log);

#endif
