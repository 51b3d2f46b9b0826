#include "engine/index.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/executor.h"
#include "engine/log_engine.h"

/* Bytes of the log that an opening may have to read again. */
#define UNSTORED_MAX (512u * 1024 * 1024)

/* ---- looking up ------------------------------------------------------------------ */

/* *known: the segment is among the view's. */
static enum ouro_status
look_in(const struct view *view, uint64_t hash, struct bytes key,
    struct location *out, bool *known, struct ouro_error *err)
{
	struct place place;
	enum ouro_status status = view_find(view, delta_published(view->active),
	    hash, key, &place, err);

	*known = true;
	if (status != OURO_OK)
		return status;
	*out = location_of(&place, view_segment(view, place.segment));
	*known = out->segment != NULL;
	return OURO_OK;
}

/* An entry may be younger than the view, and so its segment: then there is a
 * newer view. If there is none, the segment was dropped, and the record was
 * not among those that mattered (see index.h). */
enum ouro_status
index_peek(struct log_engine *log, struct bytes key, struct location *out,
    struct ouro_error *err)
{
	uint64_t hash = key_hash(log->index.store.seed, key);
	const struct view *view = view_current(log), *before = NULL;

	for (; view != before; view = view_current(log)) {
		bool known;
		enum ouro_status status = look_in(view, hash, key, out, &known,
		    err);

		if (known)
			return status;
		before = view;
	}
	out->state = PLACE_TOMBSTONE;
	return OURO_OK;
}

enum ouro_status
index_look(struct log_engine *log, struct bytes key, struct location *out,
    struct ouro_error *err)
{
	struct epoch_slot *slot = epoch_enter(log->epoch);
	enum ouro_status status = index_peek(log, key, out, err);

	if (status == OURO_OK && out->segment != NULL)
		segment_ref(out->segment);
	epoch_leave(slot);
	return status;
}

/* ---- freezing --------------------------------------------------------------------- */

void
cover_free(struct cover *cover)
{
	if (cover == NULL)
		return;
	for (size_t i = 0; i < cover->manifest.segment_count; i++)
		segment_unref(cover->segments[i]);
	for (size_t i = 0; i < cover->dirty_count; i++)
		segment_unref(cover->dirty[i]);
	free(cover->segments);
	free(cover->dirty);
	manifest_release(&cover->manifest);
	free(cover);
}

static enum ouro_status
ids_copy(const struct id_set *from, struct id_set *to, struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	for (size_t i = 0; status == OURO_OK && i < from->count; i++)
		status = id_set_add(to, from->ids[i], err);
	return status;
}

static void
cover_segment(struct cover *cover, const struct log_engine *log,
    struct segment *segment)
{
	struct manifest *manifest = &cover->manifest;
	size_t i = manifest->segment_count++;

	cover->segments[i] = segment_ref(segment);
	manifest->segments[i] = (struct manifest_segment){
		.id = segment->id,
		.end = segment == log->active ? log->active_end : segment->end,
		.next = segment == log->active ? log->sequence_next
					       : segment->next,
		.least = segment->least,
		.frame_bytes = segment->frame_bytes,
		.damaged = segment->damaged,
	};
}

/* What the log holds at this moment of the commit step; under lock. Segments
 * whose copies are not all in the index yet, or that are lost, are left out. */
static enum ouro_status
cover_take(struct log_engine *log, struct cover **out, struct ouro_error *err)
{
	struct cover *cover = calloc(1, sizeof *cover);
	enum ouro_status status = OURO_OK;

	*out = cover;
	if (cover == NULL)
		return error_memory(err);
	cover->segments = calloc(log->segment_count + 1,
	    sizeof(struct segment *));
	cover->manifest.segments = calloc(log->segment_count + 1,
	    sizeof *cover->manifest.segments);
	cover->dirty = calloc(log->dirty_count + 1, sizeof(struct segment *));
	if (cover->segments == NULL || cover->manifest.segments == NULL ||
	    cover->dirty == NULL)
		return error_memory(err);
	for (size_t i = 0; i < log->segment_count; i++)
		if (log->segments[i]->indexed)
			cover_segment(cover, log, log->segments[i]);
	for (size_t i = 0; i < log->dirty_count; i++)
		cover->dirty[cover->dirty_count++] = segment_ref(log->dirty[i]);
	cover->manifest.seed = log->index.store.seed;
	cover->manifest.sequence = log->operated;
	cover->manifest.durable = log->sequence_next - 1;
	cover->manifest.lost = log->damaged_records;
	status = ids_copy(&log->missing, &cover->manifest.missing, err);
	if (status == OURO_OK)
		status = ids_copy(&log->dropped, &cover->manifest.dropped, err);
	return status;
}

/* Under lock: nothing of the log changes but by this step. */
static enum ouro_status
freeze(struct log_engine *log, struct ouro_error *err)
{
	struct delta *fresh = delta_new(log->index.store.seed);
	struct cover *cover = NULL;
	struct view *view = NULL;
	enum ouro_status status = fresh == NULL ? error_memory(err) : OURO_OK;

	if (status == OURO_OK && !log->opening)
		status = cover_take(log, &cover, err);
	if (status == OURO_OK) {
		view = view_new(log->segment_count, err);
		status = view == NULL ? OURO_NO_MEMORY : OURO_OK;
	}
	if (status != OURO_OK) {
		delta_unref(fresh);
		cover_free(cover);
		return status;
	}
	delta_publish(log->index.active); /* a list of moves, so far */
	log->index.frozen = log->index.active;
	log->index.active = fresh;
	log->index.cover = cover;
	if (cover != NULL)
		atomic_store(&log->unstored, 0);
	view_publish(log, view);
	return OURO_OK;
}

enum ouro_status
index_freeze(struct log_engine *log, struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	pthread_rwlock_wrlock(&log->lock);
	if (log->index.frozen == NULL)
		status = freeze(log, err);
	pthread_rwlock_unlock(&log->lock);
	if (status == OURO_OK && log->index.task != NULL)
		executor_wake(log->index.task);
	return status;
}

/* The active delta is full: begins another, once the one before is stored. A
 * disk that does not take the index lets the delta grow to twice its size;
 * then writing fails as storing does. */
static enum ouro_status
make_room(struct log_engine *log, struct ouro_error *err)
{
	struct index *index = &log->index;
	bool far = delta_memory(index->active) > 2 * index->delta_limit;
	enum ouro_status status = index_wait(log, far ? err : NULL);

	if (status != OURO_OK)
		return far ? status : OURO_OK;
	return index_freeze(log, err);
}

/* ---- adding ------------------------------------------------------------------------ */

enum ouro_status
index_reserve(struct log_engine *log, size_t count, uint64_t key_bytes,
    struct ouro_error *err)
{
	struct index *index = &log->index;

	if (delta_memory(index->active) > index->delta_limit ||
	    atomic_load_explicit(&log->unstored, memory_order_relaxed) >
		UNSTORED_MAX) {
		enum ouro_status status = make_room(log, err);

		if (status != OURO_OK)
			return status;
	}
	return delta_reserve(index->active, count, key_bytes, err);
}

void
index_add(struct log_engine *log, struct bytes key, const struct place *place)
{
	delta_add(log->index.active, key_hash(log->index.store.seed, key), key,
	    place);
}

void
index_publish(struct log_engine *log)
{
	struct index *index = &log->index;
	size_t before = delta_published(index->active);

	delta_publish(index->active);
	if (before < INDEX_IDLE_ENTRIES &&
	    delta_count(index->active) >= INDEX_IDLE_ENTRIES)
		executor_wake(index->task);
}

enum ouro_status
index_move(struct log_engine *log, struct bytes key, const struct place *from,
    const struct place *to, struct ouro_error *err)
{
	struct index *index = &log->index;
	uint64_t hash = key_hash(index->store.seed, key);
	struct place now;
	enum ouro_status status = index_reserve(log, 1, key.size, err);
	struct epoch_slot *slot;

	if (status != OURO_OK)
		return status;
	slot = epoch_enter(log->epoch);
	status = view_find(view_current(log), SIZE_MAX, hash, key, &now, err);
	epoch_leave(slot);
	if (status == OURO_OK && now.sequence == from->sequence &&
	    now.segment == from->segment && now.offset == from->offset)
		delta_add(index->active, hash, key, to);
	return status == OURO_NOT_FOUND ? OURO_OK : status;
}

/* ---- at opening --------------------------------------------------------------------- */

/* Whether b is to replace a. A good record heals damage of the same, and one
 * that is there replaces one whose file has gone. */
static bool
supersedes(struct log_engine *log, const struct place *a,
    const struct location *b)
{
	if (b->sequence != a->sequence)
		return b->sequence > a->sequence;
	if (a->state == PLACE_DAMAGED)
		return b->state != PLACE_DAMAGED;
	return view_segment(view_current(log), a->segment) == NULL;
}

/* In memory there is no room for more: what was read so far goes to disk. */
static enum ouro_status
spill(struct log_engine *log, struct ouro_error *err)
{
	enum ouro_status status = index_freeze(log, err);

	if (status == OURO_OK)
		status = index_flush(log, err);
	while (status == OURO_OK && index_merge_due(log))
		status = index_merge_step(log, err);
	return status;
}

enum ouro_status
index_note(struct log_engine *log, struct bytes key,
    const struct location *location, struct ouro_error *err)
{
	struct index *index = &log->index;
	uint64_t hash = key_hash(index->store.seed, key);
	struct place place = location_place(location), known;
	enum ouro_status status;

	if (location->sequence < location->segment->least)
		location->segment->least = location->sequence;
	status = view_find(view_current(log), SIZE_MAX, hash, key, &known, err);
	if (status == OURO_OK && !supersedes(log, &known, location)) {
		if (known.segment == place.segment &&
		    known.offset == place.offset)
			index_count_again(log, &place, key.size);
		return OURO_OK;
	}
	if (status != OURO_OK && status != OURO_NOT_FOUND)
		return status;
	if ((!log->read_only || log->shadow) &&
	    delta_memory(index->active) > index->delta_limit) {
		status = spill(log, err);
		if (status != OURO_OK)
			return status;
	}
	status = delta_reserve(index->active, 1, key.size, err);
	if (status != OURO_OK)
		return status;
	delta_add(index->active, hash, key, &place);
	delta_publish(index->active);
	return OURO_OK;
}
