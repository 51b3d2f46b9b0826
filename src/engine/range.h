/*
 * range - which keys a scan shows, and where it stands.
 *
 * A walk holds copies of its bounds and of the last key shown, so that it can
 * let go of the table between steps and find its place again.
 */
#ifndef ENGINE_RANGE_H
#define ENGINE_RANGE_H

#include "engine/engine.h"
#include "engine/table.h"

struct range_walk {
	struct buffer lower; /* inclusive; empty = from the first key */
	struct buffer upper; /* exclusive; when bounded */
	bool bounded;
	bool reverse;
	bool started;
	struct buffer last; /* where the walk stands, once started */
};

/* On failure the walk is empty. */
enum ouro_status range_walk_init(struct range_walk *walk,
    const struct engine_range *range, struct ouro_error *err);
void range_walk_release(struct range_walk *walk);

/* Whether a key met on the way is before the end of the range. */
bool range_holds(const struct range_walk *walk, struct bytes key);

/* The first key behind the walk's place; false at the end of the range. */
bool range_walk_find(const struct range_walk *walk, const struct table *table,
    struct table_cursor *cursor);
/* The key behind the cursor's, in the walk's direction. */
bool range_walk_step(const struct range_walk *walk,
    struct table_cursor *cursor);
/* From now on the walk stands at key. */
enum ouro_status range_walk_pass(struct range_walk *walk, struct bytes key,
    struct ouro_error *err);

#endif
