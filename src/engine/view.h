/*
 * view - all that readers go by at one moment: the layers of the index and
 * the segments that they point into.
 *
 * Immutable; a change of any part makes another view. The log's current view
 * is reached without a lock, from inside an epoch; whoever needs it longer
 * takes a reference. A view holds references to all it names, so everything
 * that its index points at can be read for as long as it is held, also when
 * files have lost their names meanwhile.
 */
#ifndef ENGINE_VIEW_H
#define ENGINE_VIEW_H

#include "base/epoch.h"
#include "engine/delta.h"
#include "engine/run.h"
#include "engine/segment.h"

#define VIEW_RUNS_MAX 48 /* see INDEX_RUNS_MAX */

struct log_engine;

struct view {
	struct epoch_item item;
	atomic_uint references;
	struct delta *active; /* still being written to */
	struct delta *frozen; /* older; NULL: none */
	unsigned run_count;
	struct run *runs[VIEW_RUNS_MAX]; /* older still; newest first */
	size_t segment_count;
	struct segment *segments[]; /* ascending ids */
};

/* What is visible: so many entries of the active delta. */
struct moment {
	struct view *view;
	size_t entries;
};

/* Room for so many segments, to be given to view_publish or free. */
struct view *view_new(size_t segments, struct ouro_error *err);

/* Fills `fresh` from the log's lists and makes it the current view. Under
 * log->lock for writing; cannot fail. */
void view_publish(struct log_engine *log, struct view *fresh);
/* The same with a view made on the spot. */
enum ouro_status view_renew(struct log_engine *log, struct ouro_error *err);

/* The current view; from inside an epoch. */
struct view *view_current(const struct log_engine *log);
/* What is visible now, with a reference to its view; moment_release. */
struct moment moment_take(struct log_engine *log);
void moment_release(struct moment *moment);

struct view *view_ref(struct view *view);
void view_unref(struct view *view); /* NULL is fine */

/* NULL: no such segment. */
struct segment *view_segment(const struct view *view, uint64_t id);

/*
 * The newest place of the key; only the first `entries` of the active delta
 * are looked at. OURO_NOT_FOUND: never heard of; OURO_DAMAGED: the index is.
 */
enum ouro_status view_find(const struct view *view, size_t entries,
    uint64_t hash, struct bytes key, struct place *out, struct ouro_error *err);

/* Older than the view's active delta, and than its frozen one. */
enum ouro_status view_find_frozen(const struct view *view, uint64_t hash,
    struct bytes key, struct place *out, struct ouro_error *err);
enum ouro_status view_find_stored(const struct view *view, uint64_t hash,
    struct bytes key, struct place *out, struct ouro_error *err);

#endif
