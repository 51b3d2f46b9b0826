#include "engine/compact.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "engine/append.h"
#include "engine/choose.h"
#include "engine/commit.h"
#include "engine/copy.h"

#define ROUND_SEGMENTS 32 /* rewritten at a time: bounds the space needed */

static bool
is_victim(struct segment *const *victims, const struct segment *segment)
{
	for (; *victims != NULL; victims++)
		if (*victims == segment)
			return true;
	return false;
}

/* Sees that the index points at nothing in the victims but tombstones that
 * are no longer needed. */
static enum ouro_status
victims_check(struct log_engine *log, struct segment *const *victims,
    struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	index_count(log);
	pthread_mutex_lock(&log->index.counting);
	for (; status == OURO_OK && *victims != NULL; victims++)
		if ((*victims)->live_count > 0)
			status = error_set(err, OURO_DAMAGED,
			    "%s: %" PRIu64 " records could not be copied",
			    (*victims)->path, (*victims)->live_count);
	pthread_mutex_unlock(&log->index.counting);
	return status;
}

/* ---- letting go ------------------------------------------------------------------------ */

/* The ids to be named: the victims, `missing`, and those dropped earlier
 * that the header of a remaining segment still lists. */
static enum ouro_status
dropped_list(struct log_engine *log, struct segment *const *victims,
    const struct id_set *missing, struct id_set *out, struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	for (size_t i = 0; status == OURO_OK && victims[i] != NULL; i++)
		status = id_set_add(out, victims[i]->id, err);
	for (size_t i = 0;
	     missing != NULL && status == OURO_OK && i < missing->count; i++)
		status = id_set_add(out, missing->ids[i], err);
	pthread_rwlock_rdlock(&log->lock);
	for (size_t i = 0; i < log->segment_count; i++) {
		const struct segment *segment = log->segments[i];

		if (is_victim(victims, segment))
			continue;
		for (uint32_t n = 0;
		     status == OURO_OK && n < segment->ids_count; n++)
			if (id_set_has(&log->dropped, segment->ids[n]))
				status = id_set_add(out, segment->ids[n], err);
	}
	pthread_rwlock_unlock(&log->lock);
	return status;
}

/* Takes the victims out of the log, and their files off the disk. */
static enum ouro_status
victims_remove(struct log_engine *log, struct segment *const *victims,
    struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;
	struct fs_file *file;
	struct view *view;

	pthread_rwlock_wrlock(&log->lock);
	view = view_new(log->segment_count, err);
	for (size_t i = 0; view != NULL && victims[i] != NULL; i++)
		log_engine_segment_remove(log, victims[i]);
	if (view != NULL)
		view_publish(log, view);
	pthread_rwlock_unlock(&log->lock);
	if (view == NULL)
		return OURO_NO_MEMORY;
	for (size_t i = 0; victims[i] != NULL; i++) {
		enum ouro_status one;

		/* Who still reads it needs the file without its name: the
		 * pin ends with the object. */
		(void)segment_pin(victims[i], &file, NULL);
		one = fs_unlink(log->fs, victims[i]->path,
		    status == OURO_OK ? err : NULL);
		if (status == OURO_OK)
			status = one;
		segment_unref(victims[i]); /* the log's reference */
	}
	if (status == OURO_OK)
		status = fs_sync_dir(log->fs, log->dir, err);
	return status;
}

/* Copies are in place and durable: the originals go. */
static enum ouro_status
victims_drop(struct log_engine *log, struct segment *const *victims,
    const struct id_set *missing, struct ouro_error *err)
{
	struct id_set dropped = { 0 };
	enum ouro_status status = victims_check(log, victims, err);

	if (status == OURO_OK)
		status = dropped_list(log, victims, missing, &dropped, err);
	if (status == OURO_OK)
		status = commit_dropped(log, &dropped, err);
	id_set_release(&dropped);
	if (status == OURO_OK)
		status = victims_remove(log, victims, err);
	return status;
}

/* A failed append may have left bytes behind a segment's end, which the next
 * log segment makes void; before that one may go, they must. */
static enum ouro_status
junk_cut(struct log_engine *log, struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	pthread_rwlock_rdlock(&log->lock);
	for (size_t i = 0; status == OURO_OK && i < log->segment_count; i++) {
		struct segment *segment = log->segments[i];
		struct fs_file *file;

		if (!atomic_load(&segment->junk))
			continue;
		status = segment_pin(segment, &file, err);
		if (status != OURO_OK)
			break;
		status = fs_truncate(file, segment->end, err);
		if (status == OURO_OK)
			status = append_sync_file(log, file, err);
		if (status == OURO_OK)
			atomic_store(&segment->junk, false);
		segment_unpin(segment);
	}
	pthread_rwlock_unlock(&log->lock);
	return status;
}

enum ouro_status
compact_segments(struct log_engine *log, struct segment *const *victims,
    const struct id_set *missing, bool salvage, struct ouro_error *err)
{
	struct copy copy;
	enum ouro_status status = junk_cut(log, err);

	/* A victim may just have been left behind by a step that is yet to
	 * show the index what it wrote into it. */
	if (status == OURO_OK)
		status = commit_barrier(log, err);
	if (status != OURO_OK)
		return status;
	copy_init(&copy, log, victims, salvage);
	for (size_t i = 0; status == OURO_OK && victims[i] != NULL; i++)
		status = copy_segment(&copy, victims[i], err);
	if (status == OURO_OK)
		status = copy_publish(&copy, err);
	copy_release(&copy);
	if (status == OURO_OK)
		status = victims_drop(log, victims, missing, err);
	return status;
}

void
compact_avoid(struct log_engine *log, struct segment *segment)
{
	pthread_rwlock_wrlock(&log->lock);
	segment->damaged++;
	pthread_rwlock_unlock(&log->lock);
}

/* ---- by hand --------------------------------------------------------------------------- */

static uint64_t
disk_size(struct log_engine *log)
{
	uint64_t size = 0;

	pthread_rwlock_rdlock(&log->lock);
	for (size_t i = 0; i < log->segment_count; i++)
		size += log->segments[i]->end;
	pthread_rwlock_unlock(&log->lock);
	return size;
}

static enum ouro_status
rounds_run(struct log_engine *log, struct segment **victims,
    struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	for (size_t i = 0; status == OURO_OK && victims[i] != NULL;
	     i += ROUND_SEGMENTS) {
		struct segment *round[ROUND_SEGMENTS + 1] = { 0 };

		for (size_t n = 0; n < ROUND_SEGMENTS; n++) {
			round[n] = victims[i + n];
			if (round[n] == NULL)
				break;
		}
		status = compact_segments(log, round, NULL, false, err);
		if (round[ROUND_SEGMENTS - 1] == NULL)
			break;
	}
	return status;
}

enum ouro_status
compact_all(struct engine *engine, double dead_share, uint64_t *freed,
    struct ouro_error *err)
{
	struct log_engine *log = log_engine_of(engine);
	struct segment **victims = NULL;
	enum ouro_status status;
	uint64_t before, after, closed;

	pthread_mutex_lock(&log->care);
	before = disk_size(log);
	status = choose_close(log, dead_share, &closed, err);
	if (status == OURO_OK)
		status = choose_all(log, dead_share, closed, &victims, err);
	if (status == OURO_OK)
		status = rounds_run(log, victims, err);
	victims_free(victims);
	after = disk_size(log);
	if (freed != NULL && before > after)
		*freed = before - after;
	pthread_mutex_unlock(&log->care);
	return status;
}
