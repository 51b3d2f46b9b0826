#include "engine/view.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "engine/log_engine.h"

/* ---- making ------------------------------------------------------------------ */

struct view *
view_new(size_t segments, struct ouro_error *err)
{
	struct view *view = calloc(1,
	    sizeof *view + segments * sizeof(struct segment *));

	if (view == NULL)
		error_memory(err);
	return view;
}

static void
view_retired(struct epoch_item *item)
{
	view_unref((struct view *)(void *)item);
}

void
view_publish(struct log_engine *log, struct view *fresh)
{
	const struct index *index = &log->index;
	struct view *old = atomic_load_explicit(&log->view,
	    memory_order_relaxed);

	_Static_assert(offsetof(struct view, item) == 0, "view_retired");
	atomic_init(&fresh->references, 1);
	fresh->active = delta_ref(index->active);
	if (index->frozen != NULL)
		fresh->frozen = delta_ref(index->frozen);
	fresh->run_count = index->run_count;
	for (unsigned i = 0; i < index->run_count; i++)
		fresh->runs[i] = run_ref(index->runs[i]);
	fresh->segment_count = log->segment_count;
	for (size_t i = 0; i < log->segment_count; i++)
		fresh->segments[i] = segment_ref(log->segments[i]);
	atomic_store_explicit(&log->view, fresh, memory_order_seq_cst);
	if (old != NULL)
		epoch_retire(log->epoch, &old->item, view_retired);
}

enum ouro_status
view_renew(struct log_engine *log, struct ouro_error *err)
{
	struct view *fresh = view_new(log->segment_count, err);

	if (fresh == NULL)
		return OURO_NO_MEMORY;
	view_publish(log, fresh);
	return OURO_OK;
}

/* ---- holding ----------------------------------------------------------------- */

struct view *
view_current(const struct log_engine *log)
{
	return atomic_load_explicit(&log->view, memory_order_seq_cst);
}

struct view *
view_ref(struct view *view)
{
	atomic_fetch_add_explicit(&view->references, 1, memory_order_relaxed);
	return view;
}

void
view_unref(struct view *view)
{
	if (view == NULL ||
	    atomic_fetch_sub_explicit(&view->references, 1,
		memory_order_acq_rel) != 1)
		return;
	delta_unref(view->active);
	delta_unref(view->frozen);
	for (unsigned i = 0; i < view->run_count; i++)
		run_unref(view->runs[i]);
	for (size_t i = 0; i < view->segment_count; i++)
		segment_unref(view->segments[i]);
	free(view);
}

/* Entries are published after the view that holds the segments they point
 * into; so when the view is still the current one after they were counted,
 * both belong together. */
struct moment
moment_take(struct log_engine *log)
{
	struct epoch_slot *slot = epoch_enter(log->epoch);
	struct moment moment;

	do {
		moment.view = view_current(log);
		moment.entries = delta_published(moment.view->active);
	} while (moment.view != view_current(log));
	view_ref(moment.view);
	epoch_leave(slot);
	return moment;
}

void
moment_release(struct moment *moment)
{
	view_unref(moment->view);
	moment->view = NULL;
}

/* ---- finding ------------------------------------------------------------------ */

struct segment *
view_segment(const struct view *view, uint64_t id)
{
	size_t begin = 0, end = view->segment_count;

	while (begin < end) {
		size_t middle = begin + (end - begin) / 2;

		if (view->segments[middle]->id < id)
			begin = middle + 1;
		else
			end = middle;
	}
	return begin < view->segment_count && view->segments[begin]->id == id
	    ? view->segments[begin]
	    : NULL;
}

enum ouro_status
view_find_stored(const struct view *view, uint64_t hash, struct bytes key,
    struct place *out, struct ouro_error *err)
{
	for (unsigned i = 0; i < view->run_count; i++) {
		enum ouro_status status = run_find(view->runs[i], hash, key,
		    out, err);

		if (status != OURO_NOT_FOUND)
			return status;
	}
	return OURO_NOT_FOUND;
}

enum ouro_status
view_find_frozen(const struct view *view, uint64_t hash, struct bytes key,
    struct place *out, struct ouro_error *err)
{
	const struct delta_entry *entry = NULL;

	if (view->frozen != NULL)
		entry = delta_find(view->frozen, hash, key, SIZE_MAX);
	if (entry == NULL)
		return view_find_stored(view, hash, key, out, err);
	*out = entry->place;
	return OURO_OK;
}

enum ouro_status
view_find(const struct view *view, size_t entries, uint64_t hash,
    struct bytes key, struct place *out, struct ouro_error *err)
{
	const struct delta_entry *entry = delta_find(view->active, hash, key,
	    entries);

	if (entry == NULL)
		return view_find_frozen(view, hash, key, out, err);
	*out = entry->place;
	return OURO_OK;
}
