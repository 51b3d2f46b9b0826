/*
 * index_count - what of each segment counts.
 *
 * Writers do not look up what they replace; this does, for every entry once,
 * in the order of adding, when figures are wanted. Figures read from disk are
 * only figures: nothing here relies on their being right.
 */
#include "engine/index.h"

#include <stdlib.h>

#include "base/error.h"
#include "engine/layers.h"
#include "engine/log_engine.h"

/* ---- one record -------------------------------------------------------------------- */

static void
subtract(uint64_t *from, uint64_t n)
{
	*from -= n < *from ? n : *from;
}

static void
count_in(const struct view *view, const struct place *place, size_t key_size)
{
	struct segment *segment = view_segment(view, place->segment);
	struct location location = location_of(place, segment);

	if (segment == NULL)
		return;
	if (place->state == PLACE_TOMBSTONE)
		segment->tomb_bytes += location_size(&location, key_size);
	else
		segment->live_count++;
	if (place->state == PLACE_VALUE)
		segment->live_bytes += location_size(&location, key_size);
}

static void
count_out(const struct view *view, const struct place *place, size_t key_size)
{
	struct segment *segment = view_segment(view, place->segment);
	struct location location = location_of(place, segment);

	if (segment == NULL)
		return;
	if (place->state == PLACE_TOMBSTONE)
		subtract(&segment->tomb_bytes,
		    location_size(&location, key_size));
	else
		subtract(&segment->live_count, 1);
	if (place->state == PLACE_VALUE)
		subtract(&segment->live_bytes,
		    location_size(&location, key_size));
}

void
index_count_again(struct log_engine *log, const struct place *place,
    size_t key_size)
{
	pthread_mutex_lock(&log->index.counting);
	count_in(view_current(log), place, key_size);
	pthread_mutex_unlock(&log->index.counting);
}

/* ---- one delta ---------------------------------------------------------------------- */

typedef enum ouro_status find_older(const struct view *view, uint64_t hash,
    struct bytes key, struct place *out, struct ouro_error *err);

static void
entry_count(struct index *index, const struct view *view,
    const struct delta_entry *entry, find_older *find)
{
	struct bytes key = delta_key(entry);
	struct place older;
	bool known = true;

	if (entry->previous != NULL)
		older = entry->previous->place;
	else
		known = find(view, key_hash(index->store.seed, key), key,
			    &older, NULL) == OURO_OK;
	if (known)
		count_out(view, &older, key.size);
	count_in(view, &entry->place, key.size);
}

static struct index_settled *
settled_of(struct index *index, const struct view *view,
    const struct delta *delta)
{
	struct index_settled *free_slot = &index->settled[0];

	for (unsigned i = 0; i < 2; i++) {
		struct index_settled *slot = &index->settled[i];

		if (slot->delta == delta)
			return slot;
		if (slot->delta == NULL ||
		    (slot->delta != view->active &&
			slot->delta != view->frozen))
			free_slot = slot;
	}
	*free_slot = (struct index_settled){ .delta = delta };
	return free_slot;
}

static void
delta_settle(struct index *index, const struct view *view,
    const struct delta *delta, find_older *find)
{
	struct index_settled *settled = settled_of(index, view, delta);
	size_t end = delta_published(delta);

	for (; settled->count < end; settled->count++)
		entry_count(index, view, delta_at(delta, settled->count), find);
}

/* The frozen delta has just been counted, and nothing younger: these are the
 * figures of its cover. */
static void
cover_count(struct index *index)
{
	struct cover *cover = index->cover;

	if (cover == NULL || cover->counted)
		return;
	for (size_t i = 0; i < cover->manifest.segment_count; i++) {
		struct manifest_segment *to = &cover->manifest.segments[i];

		to->live_bytes = cover->segments[i]->live_bytes;
		to->live_count = cover->segments[i]->live_count;
		to->tomb_bytes = cover->segments[i]->tomb_bytes;
	}
	cover->counted = true;
}

void
index_count(struct log_engine *log)
{
	struct index *index = &log->index;
	struct moment moment;

	pthread_mutex_lock(&index->counting);
	moment = moment_take(log);
	if (moment.view->frozen != NULL) {
		delta_settle(index, moment.view, moment.view->frozen,
		    view_find_stored);
		cover_count(index);
	}
	delta_settle(index, moment.view, moment.view->active, view_find_frozen);
	moment_release(&moment);
	pthread_mutex_unlock(&index->counting);
}

/* ---- anew ------------------------------------------------------------------------ */

struct figures {
	uint64_t live_bytes, live_count, tomb_bytes;
};

static struct figures
figures_of(const struct segment *segment)
{
	return (struct figures){ segment->live_bytes, segment->live_count,
		segment->tomb_bytes };
}

static void
figures_set(struct segment *segment, struct figures figures)
{
	segment->live_bytes = figures.live_bytes;
	segment->live_count = figures.live_count;
	segment->tomb_bytes = figures.tomb_bytes;
}

/* What is in these runs counts, and nothing that it replaces in `made`. */
static enum ouro_status
newer_count(struct index *index, const struct view *view, struct run *made,
    struct ouro_error *err)
{
	struct layers layers;
	enum ouro_status status = layers_open_runs(&layers, index->runs,
	    index->run_count - index->held, err);

	if (status == OURO_OK)
		status = layers_seek(&layers, bytes_of(NULL, 0), false, false,
		    err);
	while (status == OURO_OK && layers.valid) {
		uint64_t hash = key_hash(index->store.seed, layers.key);
		struct place older;

		status = made == NULL
		    ? OURO_NOT_FOUND
		    : run_find(made, hash, layers.key, &older, err);
		if (status == OURO_OK)
			count_out(view, &older, layers.key.size);
		if (status != OURO_OK && status != OURO_NOT_FOUND)
			break;
		count_in(view, &layers.place, layers.key.size);
		status = layers_next(&layers, err);
	}
	layers_close(&layers);
	return status;
}

/* The stored figures are now these; the deltas are counted on top of them. */
static void
recount_take(struct index *index, const struct view *view)
{
	struct manifest *manifest = &index->manifest;

	for (size_t i = 0; i < manifest->segment_count; i++) {
		struct manifest_segment *to = &manifest->segments[i];
		const struct segment *segment = view_segment(view, to->id);

		if (segment == NULL)
			continue;
		to->live_bytes = segment->live_bytes;
		to->live_count = segment->live_count;
		to->tomb_bytes = segment->tomb_bytes;
	}
	index->settled[0] = index->settled[1] = (struct index_settled){ 0 };
	if (index->cover != NULL)
		index->cover->counted = false;
}

enum ouro_status
index_recount(struct log_engine *log, const struct log_engine *shadow,
    struct run *made, struct ouro_error *err)
{
	struct moment moment = moment_take(log);
	const struct view *view = moment.view;
	struct figures *before = calloc(view->segment_count + 1,
	    sizeof *before);
	enum ouro_status status = before == NULL ? error_memory(err) : OURO_OK;

	for (size_t i = 0; status == OURO_OK && i < view->segment_count; i++) {
		before[i] = figures_of(view->segments[i]);
		figures_set(view->segments[i], (struct figures){ 0 });
	}
	for (size_t i = 0; status == OURO_OK && i < shadow->segment_count; i++)
		figures_set(view_segment(view, shadow->segments[i]->id),
		    figures_of(shadow->segments[i]));
	if (status == OURO_OK)
		status = newer_count(&log->index, view, made, err);
	if (status == OURO_OK)
		recount_take(&log->index, view);
	for (size_t i = 0;
	     before != NULL && status != OURO_OK && i < view->segment_count;
	     i++)
		figures_set(view->segments[i], before[i]);
	free(before);
	moment_release(&moment);
	return status;
}
