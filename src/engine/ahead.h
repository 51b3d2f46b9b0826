/*
 * ahead - what a log segment's file has behind its records: zeros.
 *
 * Where values may be read through a map (engines that are not sealed) the
 * file has its full size from the first record on, as a sparse file, so that
 * it can be mapped once. Where small writes are made durable one by one,
 * blocks are written with zeros before records need them, so that a sync
 * has only data to write and no allocation. When nothing more is appended
 * the file is cut to its records. All of it is for speed alone: any of it
 * may fail, and a crash may leave any number of zeros (docs/FORMAT.md).
 *
 * Called by the commit step only, and at opening and closing.
 */
#ifndef ENGINE_AHEAD_H
#define ENGINE_AHEAD_H

#include "engine/log_engine.h"

/* Before the active segment, pinned, is written to. */
void ahead_extend(struct log_engine *log);

/* Behind a group of `size` bytes that was just appended and, when `sync`, is
 * about to be synced: writes zeros when more such are to be expected. */
void ahead_write(struct log_engine *log, uint64_t size, bool sync);

/* Nothing is appended to the segment any more: its records end there. */
void ahead_cut(struct segment *segment, uint64_t end);

/* At opening: does that to all log segments but the active one. */
void ahead_cut_ended(struct log_engine *log);

#endif
