/*
 * index_merge - neighbouring runs become one.
 *
 * Runs grow with their age: when those from the newest on make up half of the
 * next one, they are merged with it. So there are few, and an entry is
 * written about as often as the number of keys doubles.
 */
#include "engine/index.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "engine/layers.h"
#include "engine/log_engine.h"

#define STEP_ENTRIES 8192u

struct merge {
	struct run *inputs[VIEW_RUNS_MAX]; /* neighbours, newest first */
	unsigned count;
	bool last; /* the oldest run is among them */
	struct layers layers;
	struct run_build *build;
	bool filled; /* all entries were added */
};

/* How many runs, from the newest on, are to be merged; 0 or at least 2. */
static unsigned
merge_count(const struct index *index)
{
	unsigned count = index->run_count - index->held, i = 0;
	uint64_t sum = 0;

	for (; i < count; i++) {
		uint64_t entries = run_entries(index->runs[i]);

		if (i > 0 && entries > 2 * sum && count < INDEX_RUNS_MAX - 1)
			break;
		sum += entries;
	}
	return i < 2 ? 0 : i;
}

bool
index_merge_due(const struct log_engine *log)
{
	return log->index.merge != NULL || merge_count(&log->index) > 0;
}

static void
merge_free(struct merge *merge)
{
	layers_close(&merge->layers);
	run_build_abort(merge->build);
	for (unsigned i = 0; i < merge->count; i++)
		run_unref(merge->inputs[i]);
	free(merge);
}

void
index_merge_abort(struct log_engine *log)
{
	if (log->index.merge != NULL)
		merge_free(log->index.merge);
	log->index.merge = NULL;
}

static enum ouro_status
merge_begin(struct log_engine *log, struct ouro_error *err)
{
	struct index *index = &log->index;
	struct merge *merge = calloc(1, sizeof *merge);
	enum ouro_status status;
	uint64_t entries = 0;

	if (merge == NULL)
		return error_memory(err);
	merge->count = merge_count(index);
	if (merge->count == 0) {
		free(merge);
		return error_set(err, OURO_TOO_LARGE,
		    "%s: the index has too many files, and they are just "
		    "being made anew",
		    log->dir);
	}
	merge->last = merge->count == index->run_count;
	for (unsigned i = 0; i < merge->count; i++) {
		merge->inputs[i] = run_ref(index->runs[i]);
		entries += run_entries(index->runs[i]);
	}
	status = layers_open_runs(&merge->layers, merge->inputs, merge->count,
	    err);
	if (status == OURO_OK)
		status = layers_seek(&merge->layers, bytes_of(NULL, 0), false,
		    false, err);
	if (status == OURO_OK)
		status = run_build_begin(&index->store, index_run_id(index),
		    entries, &merge->build, err);
	if (status != OURO_OK) {
		merge_free(merge);
		return status;
	}
	index->merge = merge;
	return OURO_OK;
}

/* What is deleted has nothing left to hide when there are no older layers,
 * and nothing to tell a replay when its own record has left the log. */
static bool
is_needless(const struct merge *merge, const struct view *view)
{
	return merge->last &&
	    view_segment(view, merge->layers.place.segment) == NULL;
}

static enum ouro_status
merge_fill(struct log_engine *log, struct merge *merge, struct ouro_error *err)
{
	struct moment moment = moment_take(log);
	enum ouro_status status = OURO_OK;

	for (unsigned i = 0;
	     status == OURO_OK && i < STEP_ENTRIES && merge->layers.valid;
	     i++) {
		if (!is_needless(merge, moment.view))
			status = run_build_add(merge->build, merge->layers.key,
			    &merge->layers.place, err);
		if (status == OURO_OK)
			status = layers_next(&merge->layers, err);
	}
	merge->filled = !merge->layers.valid;
	moment_release(&moment);
	return status;
}

/* The inputs are still neighbours: only newer runs have come. */
static enum ouro_status
merge_publish(struct log_engine *log, struct merge *merge, struct run *made,
    struct ouro_error *err)
{
	struct index *index = &log->index;
	struct view *view;
	unsigned at = 0;

	pthread_rwlock_wrlock(&log->lock);
	view = view_new(log->segment_count, err);
	if (view != NULL) {
		while (index->runs[at] != merge->inputs[0])
			at++;
		index->runs[at] = made;
		index->run_count -= merge->count - 1;
		for (unsigned i = at + 1; i < index->run_count; i++)
			index->runs[i] = index->runs[i + merge->count - 1];
		view_publish(log, view);
	}
	pthread_rwlock_unlock(&log->lock);
	if (view == NULL)
		return OURO_NO_MEMORY;
	for (unsigned i = 0; i < merge->count; i++)
		run_unref(merge->inputs[i]); /* the index's */
	return OURO_OK;
}

static enum ouro_status
merge_finish(struct log_engine *log, struct ouro_error *err)
{
	struct index *index = &log->index;
	struct merge *merge = index->merge;
	enum ouro_status status = OURO_OK;
	struct run *made = NULL;

	for (unsigned i = 0; status == OURO_OK && i < merge->count; i++)
		status = id_set_add(&index->doomed, run_id(merge->inputs[i]),
		    err);
	if (status == OURO_OK) {
		status = run_build_finish(merge->build, &made, err);
		merge->build = NULL;
	}
	if (status == OURO_OK) {
		atomic_fetch_add(&index->bytes_written, run_size(made));
		status = merge_publish(log, merge, made, err);
		index->named = false;
	}
	if (status != OURO_OK) {
		index_run_remove(log, made);
		id_set_release(&index->doomed);
		index_merge_abort(log);
		return status;
	}
	index_merge_abort(log);
	return index_store(log, err);
}

enum ouro_status
index_merge_step(struct log_engine *log, struct ouro_error *err)
{
	struct merge *merge = log->index.merge;
	bool done = false;
	enum ouro_status status;

	if (merge == NULL)
		return merge_begin(log, err);
	if (!merge->filled)
		status = merge_fill(log, merge, err);
	else
		status = run_build_step(merge->build, &done, err);
	if (status != OURO_OK) {
		index_merge_abort(log);
		return status;
	}
	return done ? merge_finish(log, err) : OURO_OK;
}
