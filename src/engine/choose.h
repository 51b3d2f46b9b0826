/*
 * choose - which segments are worth rewriting.
 *
 * What counts in a segment: its values that are newest, and its tombstones,
 * as long as an older record of their key may lie in another segment. The
 * rest is dead. The last log segment, which is being written to, is never
 * chosen.
 */
#ifndef ENGINE_CHOOSE_H
#define ENGINE_CHOOSE_H

#include "engine/log_engine.h"

#define CHOOSE_MAX 8 /* segments at a time, in the background */

/* Ends the last log segment if so much of it is dead, so that it can be
 * chosen: *closed is then its id, else 0. Makes all durable. */
enum ouro_status choose_close(struct log_engine *log, double dead_share,
    uint64_t *closed, struct ouro_error *err);

/* All segments of which so much is dead, and small ones when there are many;
 * each referenced, the list ended by NULL. */
enum ouro_status choose_all(struct log_engine *log, double dead_share,
    uint64_t closed, struct segment ***victims, struct ouro_error *err);

/*
 * A few segments whose rewriting is worth most now: of which at least
 * dead_share is dead; or, when tombstones make up a large part of the store,
 * those that keep them from going. *bytes: what will be read. An empty list
 * when there is nothing to do.
 */
enum ouro_status choose_some(struct log_engine *log, double dead_share,
    struct segment ***victims, uint64_t *bytes, struct ouro_error *err);

void victims_free(struct segment **victims); /* NULL is fine */

#endif
