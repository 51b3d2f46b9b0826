/*
 * index - for each key, where its newest record lies; and what of each
 * segment counts.
 *
 *   index.c         looking up, adding, the layers
 *   index_count.c   what of each segment counts
 *   index_flush.c   from memory into a run
 *   index_merge.c   several runs into one
 *   index_open.c    the stored index at opening
 *   index_renew.c   the runs made anew, from the segments
 *   index_within.c  work that has the stored index to itself
 *
 * Layers, newest first: the active delta, to which the commit step adds; the
 * frozen one, which is being written to a run; the runs, of which the oldest
 * are the largest. The index step does the writing in the background, and
 * replaces the manifest when runs have come or gone.
 *
 * Invariants
 *   1. A layer holds, for a key, a record newer than those of the layers
 *      behind it, or the same record at another place (moved, or read again).
 *   2. Entries are added by the commit step alone (and at opening), and a
 *      moved record only while the newest place of its key is the one it was
 *      moved from.
 *   3. A tombstone leaves the index only after its record left the log.
 *      An entry whose segment was dropped means the same as a tombstone:
 *      what mattered of the segment has been moved, and a newer layer says
 *      where to; so the rest was deleted. (The entry is stored, the deletion
 *      may not be: its record left the log together with the segment.)
 *   4. Every entry is counted once, in the order of adding, when somebody
 *      asks for figures, and at the latest before it is in a run.
 *   5. What the manifest covers was durable before it; what it names exists
 *      until a later manifest is durable.
 */
#ifndef ENGINE_INDEX_H
#define ENGINE_INDEX_H

#include "engine/location.h"
#include "engine/manifest.h"
#include "engine/view.h"

struct executor_task;
struct index_visit;
struct layers;
struct merge;

/* So many runs are merged before another one comes. Runs that are being made
 * anew, which nothing is merged with, do not count: as many newer ones still
 * find room beside them. */
#define INDEX_RUNS_MAX (VIEW_RUNS_MAX / 2)

/* From so many entries on the index step sees to it that, when nobody writes
 * any more, they are stored. */
#define INDEX_IDLE_ENTRIES 4096u

/* What the index covers once its frozen delta is in a run. */
struct cover {
	struct manifest manifest;  /* without runs */
	struct segment **segments; /* of the manifest's list; referenced */
	struct segment **dirty;	   /* to be synced before; referenced */
	size_t dirty_count;
	bool counted; /* the figures of its segments are in it */
};

struct index_settled {
	const struct delta *delta;
	size_t count; /* of its entries that are counted */
};

struct index {
	struct run_store store;
	uint64_t delta_limit; /* bytes of a delta before it is frozen */

	/* Guarded by the log's lock. */
	struct delta *active;
	struct delta *frozen; /* NULL: none */
	struct cover *cover;  /* of the frozen delta; NULL while opening */
	struct run *runs[VIEW_RUNS_MAX]; /* newest first */
	unsigned run_count;

	/* Guarded by `counting`. */
	pthread_mutex_t counting;
	struct index_settled settled[2];

	/* Of the index step. */
	struct executor_task *task;
	struct manifest manifest; /* the last that was written, or to be */
	bool stored;		  /* manifest covers something */
	bool named;		  /* the one on disk names these runs */
	struct merge *merge;	  /* under way */
	unsigned held; /* oldest runs that are being made anew: not merged */
	atomic_uint_fast64_t run_next; /* id */
	atomic_uint_fast64_t *run_ids; /* the above, or a shadow's store's */
	struct id_set doomed;	       /* runs to be unlinked */
	size_t idle_count;	       /* entries at the last look */
	atomic_int failed;	       /* status of the last flush */
	atomic_bool flushing;	       /* and its manifest is not there yet */
	atomic_bool due;	  /* to be frozen by the next commit step */
	pthread_mutex_t visiting; /* one index_within at a time */
	_Atomic(struct index_visit *) visit; /* to be done by the next step */
	atomic_uint_fast64_t bytes_written;
};

/* ---- looking up ------------------------------------------------------------------ */

/* The newest record of the key. From inside an epoch, in which the segment
 * stays. OURO_NOT_FOUND, without a text: nothing known. A tombstone's segment
 * may be NULL. */
enum ouro_status index_peek(struct log_engine *log, struct bytes key,
    struct location *out, struct ouro_error *err);
/* The same from anywhere, with a reference to the segment. */
enum ouro_status index_look(struct log_engine *log, struct bytes key,
    struct location *out, struct ouro_error *err);

/* ---- adding, by the commit step ---------------------------------------------------- */

/* Makes room for entries, and freezes a delta that is full. */
enum ouro_status index_reserve(struct log_engine *log, size_t count,
    uint64_t key_bytes, struct ouro_error *err);
/* Adds an entry for which there is room ... */
void index_add(struct log_engine *log, struct bytes key,
    const struct place *place);
/* ... and makes all that were added visible at once. */
void index_publish(struct log_engine *log);

/* Adds a record moved from `from`, if that is still its key's newest. */
enum ouro_status index_move(struct log_engine *log, struct bytes key,
    const struct place *from, const struct place *to, struct ouro_error *err);

/* Freezes the active delta if there is none frozen. */
enum ouro_status index_freeze(struct log_engine *log, struct ouro_error *err);

/* ---- at opening ---------------------------------------------------------------------- */

/* Reads the manifest and opens its runs; or, when `stored` is false or they
 * cannot be used, begins with nothing. Removes files that no manifest names,
 * unless read-only. */
enum ouro_status index_open(struct log_engine *log, bool stored,
    struct ouro_error *err);
void index_close(struct log_engine *log);
/* As it was after index_open. */
enum ouro_status index_reopen(struct log_engine *log, struct ouro_error *err);
/* Goes on without the stored index, and removes it. */
enum ouro_status index_forget(struct log_engine *log, const char *why,
    struct ouro_error *err);
/* Tells each segment what the stored index knows of it; false: they do not
 * fit together. */
bool index_cover_segments(struct log_engine *log);

/* Notes a record found in a segment; does nothing when a newer one of the key
 * is known. */
enum ouro_status index_note(struct log_engine *log, struct bytes key,
    const struct location *location, struct ouro_error *err);

/* ---- figures ----------------------------------------------------------------------------- */

/* Counts what was added. Afterwards the segments' live_bytes, live_count and
 * tomb_bytes are true for a moment of the call. */
void index_count(struct log_engine *log);

/* At opening: a record of a segment that the manifest does not cover, which a
 * stored run leads to already (copies, of which only some were in the index
 * when that was stored), counts too. */
void index_count_again(struct log_engine *log, const struct place *place,
    size_t key_size);

/* The `held` runs are about to be replaced by `made` (NULL: by nothing), which
 * holds all that the shadow knows, and its figures are counted. Counts the
 * other runs anew on top of them, and has the deltas counted again. Within a
 * step, with `counting` held. On failure the figures are as before. */
enum ouro_status index_recount(struct log_engine *log,
    const struct log_engine *shadow, struct run *made, struct ouro_error *err);

/* ---- in the background ------------------------------------------------------------------- */

/* Step of the executor; context is the struct log_engine. */
uint64_t index_step(void *context);
/* Writes the frozen delta, if there is one, into a run; by the index step, or
 * while there is none. */
enum ouro_status index_flush(struct log_engine *log, struct ouro_error *err);
/* Writes all of the layers, at most so many entries, into a new run; *out is
 * NULL unless it succeeds. */
enum ouro_status index_run_make(struct log_engine *log, struct layers *layers,
    uint64_t entries_max, struct run **out, struct ouro_error *err);
/* Removes the file of a run that nothing names, and drops the reference. NULL
 * is fine. */
void index_run_remove(const struct log_engine *log, struct run *run);
/* Replaces the manifest and removes runs that it no longer names. */
enum ouro_status index_store(struct log_engine *log, struct ouro_error *err);
/* Returns when no delta is frozen and the last one is stored, manifest and
 * all, or storing it failed. */
enum ouro_status index_wait(struct log_engine *log, struct ouro_error *err);
typedef enum ouro_status index_work(struct log_engine *log, void *context,
    struct ouro_error *err);
/* Does the work in a step of the index: the runs, the manifest and the files
 * of both stay as they are meanwhile. Not from a step. */
enum ouro_status index_within(struct log_engine *log, index_work *work,
    void *context, struct ouro_error *err);
/* The step's part of it; false: there was nothing to do. */
bool index_visited(struct log_engine *log);
/* At closing, tasks stopped: stores what would be long to replay. */
enum ouro_status index_finish(struct log_engine *log, struct ouro_error *err);
/* Bytes of opened pages that a run may keep (sealed). */
size_t index_cache_size(uint64_t index_memory);
/* Whether runs should be merged; a bounded piece of it. */
bool index_merge_due(const struct log_engine *log);
enum ouro_status index_merge_step(struct log_engine *log,
    struct ouro_error *err);
void index_merge_abort(struct log_engine *log);

void cover_free(struct cover *cover); /* NULL is fine */

/* The id of a run to be. */
static inline uint64_t
index_run_id(struct index *index)
{
	return atomic_fetch_add(index->run_ids, 1);
}

#endif
