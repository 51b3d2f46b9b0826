/*
 * log_engine - the log driver's state, shared by its files:
 *
 *   log_engine.c  open, close, stats               (+ log_segments.c)
 *   lookup.c      one key                          (+ fetch.c)
 *   view.c        what readers go by               (+ layers.c)
 *   index.c       where each key's newest record lies (+ delta, run, manifest)
 *   recover.c     opening: replay, torn tails, damage   (+ survey.c, region.c)
 *   commit.c      writing: queue, group commit            (+ pending.c)
 *   append.c      the end of the log: rotation, syncs
 *   scan.c        iteration
 *   compact.c     rewriting segments
 *   verify.c      reading everything; repair
 *   index_renew.c the index made anew
 *   backup.c      a copy of the store
 *
 * Invariants
 *   1. Sequences are given by the commit step, in the order in which records
 *      lie in the log; a log segment's sequences follow one another, and it
 *      continues where the one before it ended. Segments of copies hold
 *      older sequences in any order, all of them durable.
 *   2. durable: every operation with a sequence <= durable was covered by a
 *      completed sync. A record never states more.
 *   3. A log segment whose creation was begun ends the one before it: no
 *      record is ever appended to that again.
 *   4. No sequence is sealed twice under one salt and session: a session is
 *      random, every opening has its own, and within it sequences only grow;
 *      after a failed append, the log goes on in a new segment. Copies begin
 *      another session where their sequences do not grow.
 *   5. The index names, for each key, the known record with the highest
 *      sequence: a value, a tombstone, or damage.
 *   6. Files of segments are only read while a reference to the segment is
 *      held, and never with `lock` held.
 *   7. A segment's file is removed after a durable `dropped` record named
 *      it, and that record is written after all that must remain of the
 *      segment, and all that made its rest obsolete, is durable.
 *
 * Locks: care > visiting (of the index) > counting (of the index) > lock >
 * segment files. The commit step is a lock of its own, taken between visiting
 * and counting; it may run the index step, which never waits for it. Readers
 * take none: they enter the epoch and go by the current view.
 */
#ifndef ENGINE_LOG_ENGINE_H
#define ENGINE_LOG_ENGINE_H

#include "engine/assembly.h"
#include "engine/driver.h"
#include "engine/id_set.h"
#include "engine/index.h"
#include "engine/segment.h"

#define LOG_LOCK_NAME "LOCK" /* who has the store open; empty */

struct executor_task;
struct commit_request;

struct log_engine {
	struct engine engine;
	struct fs *fs;
	struct executor *executor;
	const struct log *log;
	char *dir;
	enum engine_sync sync;
	uint32_t sync_interval_ms;
	uint64_t segment_size;
	uint64_t index_memory;
	bool read_only;
	bool no_maps;
	int level; /* of zstd, or 0 */
	uint8_t seal_key_bytes[KEY_SIZE];
	const uint8_t *seal_key; /* NULL or the bytes above */
	char *name;		 /* of the engine */
	struct fs_file *lock_file;
	struct segment_files files;

	struct epoch *epoch;
	_Atomic(struct view *) view; /* replaced under lock */
	struct index index;

	pthread_rwlock_t lock;	   /* guards what follows */
	struct segment **segments; /* ascending ids */
	size_t segment_count;
	size_t segment_capacity;
	struct id_set missing;	 /* ids listed but not there */
	struct id_set dropped;	 /* ids that a `dropped` record names */
	uint64_t sequence;	 /* of the last operation that is visible */
	uint64_t operated_shown; /* the same, without marks */
	uint64_t durable_shown;
	uint64_t torn_bytes;
	uint64_t damaged_records;
	uint64_t replayed; /* operations read at opening */

	atomic_uint_fast64_t id_next; /* at most HEADER_ID_MAX + 1 */

	/* Guarded by the commit step. */
	struct segment *active; /* NULL: the next record opens a segment */
	uint64_t active_end;	/* >= active->end, which readers see */
	uint64_t sequence_next;
	uint64_t durable;
	uint64_t stated;	/* durable-through of the last record written */
	uint64_t operated;	/* sequence of the last operation */
	bool recovered;		/* what an opening found above the mark is to be
			    * synced before anything new vouches for it */
	struct segment **dirty; /* referenced and pinned, to be synced */
	size_t dirty_count;
	size_t dirty_capacity;
	uint64_t unflushed; /* bytes written since the last flush hint */
	struct assembly assembly;

	atomic_bool broken;	 /* a sync failed: no writes any more */
	pthread_mutex_t syncing; /* a sync and what it means are one step */
	atomic_bool sync_due;
	struct executor_task *commit_task;
	struct executor_task *interval_task;
	pthread_mutex_t queue_lock; /* guards queue_* */
	struct commit_request *queue_head, *queue_tail;
	bool leading;		 /* somebody runs the commit step */
	unsigned queue_expected; /* writers seen around the last group; the
				  * leader's, and changed under the lock */
	atomic_uint queue_count;
	uint64_t interval_deadline_ns; /* 0: none; guarded by queue_lock */

	pthread_mutex_t care; /* one of compact, repair, verify at a time */
	struct executor_task *compact_task; /* NULL: only by hand */
	double compact_share;
	uint64_t compact_rate; /* bytes a second */
	uint64_t compact_seen; /* the step's: sequence at the last look */
	atomic_bool closing;

	atomic_uint_fast64_t bytes_given; /* keys and values */
	atomic_uint_fast64_t bytes_logged;
	atomic_uint_fast64_t bytes_moved; /* copies */
	atomic_uint_fast64_t unstored; /* logged since the index was frozen */
	bool opening;		       /* the log is being recovered */
	bool shadow;		       /* of another; see index_renew.h */
};

static inline struct log_engine *
log_engine_of(struct engine *engine)
{
	return (struct log_engine *)(void *)engine;
}

/* Inserts in id order, taking over the reference; under lock for writing. */
enum ouro_status log_engine_segment_add(struct log_engine *log,
    struct segment *segment, struct ouro_error *err);
/* The same, and shows it to readers; takes the lock. */
enum ouro_status log_engine_segment_publish(struct log_engine *log,
    struct segment *segment, struct ouro_error *err);
/* Takes it out, giving the reference back to the caller. */
void log_engine_segment_remove(struct log_engine *log,
    const struct segment *segment);
/* The id of a segment to be. OURO_UNSUPPORTED when none is left. */
enum ouro_status log_engine_id_take(struct log_engine *log, uint64_t *id,
    struct ouro_error *err);
/* Copies the ids of all segments, for a header; under lock. */
enum ouro_status log_engine_ids(const struct log_engine *log, uint64_t **ids,
    uint32_t *count, struct ouro_error *err);

/* lookup.c */
enum ouro_status log_get(struct engine *engine, struct bytes key,
    struct engine_value *out, struct ouro_error *err);
enum ouro_status log_copy(struct engine *engine, struct bytes key,
    struct buffer *out, struct ouro_error *err);
enum ouro_status log_exists(struct engine *engine, struct bytes key,
    uint64_t *value_size, struct ouro_error *err);

/* scan.c */
enum ouro_status log_scan_open(struct engine *engine,
    const struct engine_range *range, struct engine_scan **out,
    struct ouro_error *err);
enum ouro_status log_scan_next(struct engine_scan *base, struct bytes *key,
    struct bytes *value, struct ouro_error *err);
void log_scan_close(struct engine_scan *base);

#endif
