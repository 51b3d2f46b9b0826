/*
 * commit - the one writer: a queue, and a step that works it off.
 *
 * Callers queue a request and run the step; whoever gets there first writes
 * for all that wait, with one sync for those that want it.
 */
#ifndef ENGINE_COMMIT_H
#define ENGINE_COMMIT_H

#include "engine/log_engine.h"

enum ouro_status commit_ops(struct log_engine *log, const struct engine_op *ops,
    size_t count, enum engine_sync sync, struct ouro_error *err);

/* All that was applied before is durable. */
enum ouro_status commit_barrier(struct log_engine *log, struct ouro_error *err);

/* Ends the active segment: the next record opens another. Durable. */
enum ouro_status commit_rotate(struct log_engine *log, struct ouro_error *err);

/* Opens a new segment, whose header lists all that are there, with a
 * `dropped` record; durable. The set becomes log->dropped, and takes what that
 * was. */
enum ouro_status commit_dropped(struct log_engine *log, struct id_set *dropped,
    struct ouro_error *err);

/* The index's active delta is frozen, if none is yet. */
enum ouro_status commit_freeze(struct log_engine *log, struct ouro_error *err);

/* A record that was copied. */
struct commit_move {
	struct bytes key;
	struct place from, to;
};

/* Lets the index point at copies, where it still points at the originals.
 * whole: with these, all of that segment's records (may be NULL). */
enum ouro_status commit_moves(struct log_engine *log,
    const struct commit_move *moves, size_t count, struct segment *whole,
    struct ouro_error *err);

/* Requests that wait for a step at this moment. */
size_t commit_waiting(struct log_engine *log);

/* Steps for the executor; context is the struct log_engine. */
uint64_t commit_step(void *context);
uint64_t commit_interval_step(void *context);

#endif
