/*
 * index_count - what of each segment counts.
 *
 * Writers do not look up what they replace; this does, for every entry once,
 * in the order of adding, when figures are wanted. Figures read from disk are
 * only figures: nothing here relies on their being right.
 */
#include "engine/index.h"

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
