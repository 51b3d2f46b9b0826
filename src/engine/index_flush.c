/*
 * index_flush - the frozen delta becomes a run, and the manifest tells of it.
 */
#include "engine/index.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/executor.h"
#include "base/log.h"
#include "engine/append.h"
#include "engine/layers.h"
#include "engine/log_engine.h"

#define RETRY_MS  1000u
#define IDLE_MS	  1500u
#define CACHE_MIN (64u * 1024)
#define CACHE_MAX (4u * 1024 * 1024)
/* What is left to the next opening's replay when the store is closed. */
#define CLOSE_BYTES   (16u * 1024 * 1024)
#define CLOSE_ENTRIES 16384u

/* ---- the run ------------------------------------------------------------------------- */

/* Everything the frozen delta points at is made durable. */
static enum ouro_status
cover_sync(struct log_engine *log, struct ouro_error *err)
{
	const struct cover *cover = log->index.cover;

	for (size_t i = 0; cover != NULL && i < cover->dirty_count; i++) {
		struct fs_file *file;
		enum ouro_status status = segment_pin(cover->dirty[i], &file,
		    err);

		if (status != OURO_OK)
			return status;
		status = append_sync_file(log, file, err);
		segment_unpin(cover->dirty[i]);
		if (status != OURO_OK)
			return status;
	}
	return OURO_OK;
}

static enum ouro_status
build_fill(struct run_build *build, struct layers *layers,
    struct ouro_error *err)
{
	enum ouro_status status = layers_seek(layers, bytes_of(NULL, 0), false,
	    false, err);

	while (status == OURO_OK && layers->valid) {
		status = run_build_add(build, layers->key, &layers->place, err);
		if (status == OURO_OK)
			status = layers_next(layers, err);
	}
	return status;
}

enum ouro_status
index_run_make(struct log_engine *log, struct layers *layers,
    uint64_t entries_max, struct run **out, struct ouro_error *err)
{
	struct index *index = &log->index;
	struct run_build *build;
	enum ouro_status status;

	*out = NULL;
	status = run_build_begin(&index->store, index_run_id(index),
	    entries_max, &build, err);
	if (status != OURO_OK)
		return status;
	status = build_fill(build, layers, err);
	if (status != OURO_OK) {
		run_build_abort(build);
		return status;
	}
	status = run_build_finish(build, out, err);
	if (status == OURO_OK)
		atomic_fetch_add(&index->bytes_written, run_size(*out));
	return status;
}

static enum ouro_status
frozen_store(struct log_engine *log, struct run **out, struct ouro_error *err)
{
	struct delta *frozen = log->index.frozen;
	struct layers layers;
	enum ouro_status status;

	if (delta_count(frozen) == 0)
		return OURO_OK;
	status = layers_open_delta(&layers, frozen, err);
	if (status == OURO_OK)
		status = index_run_make(log, &layers, delta_count(frozen), out,
		    err);
	layers_close(&layers);
	return status;
}

void
index_run_remove(const struct log_engine *log, struct run *run)
{
	char path[FS_PATH_MAX];

	if (run != NULL &&
	    run_path(path, log->dir, run_id(run), "", NULL) == OURO_OK)
		fs_unlink(log->fs, path, NULL);
	run_unref(run);
}

/* ---- the layers ------------------------------------------------------------------------- */

static void
cover_stored(struct index *index, struct cover *cover)
{
	index->named = false;
	if (cover == NULL)
		return;
	free(index->manifest.runs); /* made anew by index_store */
	index->manifest.runs = NULL;
	manifest_release(&index->manifest);
	index->manifest = cover->manifest;
	cover->manifest = (struct manifest){ 0 };
	for (size_t i = 0; i < index->manifest.segment_count; i++)
		segment_unref(cover->segments[i]);
	index->stored = true;
	cover_free(cover);
}

/* The run takes the frozen delta's place. Its cover goes with it: as soon as
 * nothing is frozen, the commit step may bring the next. */
static enum ouro_status
run_publish(struct log_engine *log, struct run *run, struct ouro_error *err)
{
	struct index *index = &log->index;
	struct delta *frozen = index->frozen;
	struct cover *cover = NULL;
	struct view *view;

	assert(run == NULL || index->run_count < VIEW_RUNS_MAX);
	pthread_mutex_lock(&index->counting);
	pthread_rwlock_wrlock(&log->lock);
	view = view_new(log->segment_count, err);
	if (view != NULL) {
		for (unsigned i = index->run_count; run != NULL && i > 0; i--)
			index->runs[i] = index->runs[i - 1];
		if (run != NULL) {
			index->runs[0] = run;
			index->run_count++;
		}
		index->frozen = NULL;
		cover = index->cover;
		index->cover = NULL;
		view_publish(log, view);
		for (unsigned i = 0; i < 2; i++)
			if (index->settled[i].delta == frozen)
				index->settled[i].delta = NULL;
	}
	pthread_rwlock_unlock(&log->lock);
	pthread_mutex_unlock(&index->counting);
	if (view == NULL)
		return OURO_NO_MEMORY;
	delta_unref(frozen);
	cover_stored(index, cover);
	return OURO_OK;
}

static bool
is_crowded(const struct index *index)
{
	return index->run_count - index->held >= INDEX_RUNS_MAX ||
	    index->run_count == VIEW_RUNS_MAX;
}

enum ouro_status
index_flush(struct log_engine *log, struct ouro_error *err)
{
	struct run *run = NULL;
	enum ouro_status status;

	while (is_crowded(&log->index)) {
		status = index_merge_step(log, err);
		if (status != OURO_OK)
			return status;
	}
	index_count(log);
	status = cover_sync(log, err);
	if (status == OURO_OK)
		status = frozen_store(log, &run, err);
	if (status == OURO_OK)
		status = run_publish(log, run, err);
	if (status != OURO_OK)
		index_run_remove(log, run);
	return status;
}

/* ---- the manifest ------------------------------------------------------------------------ */

static void
doomed_remove(struct log_engine *log)
{
	struct id_set *doomed = &log->index.doomed;
	char path[FS_PATH_MAX];

	for (size_t i = 0; i < doomed->count; i++)
		if (run_path(path, log->dir, doomed->ids[i], "", NULL) ==
		    OURO_OK)
			fs_unlink(log->fs, path, NULL);
	id_set_release(doomed);
}

enum ouro_status
index_store(struct log_engine *log, struct ouro_error *err)
{
	struct index *index = &log->index;
	struct manifest *manifest = &index->manifest;
	enum ouro_status status;
	uint64_t *runs;

	if (log->shadow)
		doomed_remove(log); /* nothing names them */
	if (!index->stored || log->opening)
		return OURO_OK;
	runs = calloc(index->run_count + 1u, sizeof *runs);
	if (runs == NULL)
		return error_memory(err);
	for (unsigned i = 0; i < index->run_count; i++)
		runs[i] = run_id(index->runs[i]);
	free(manifest->runs);
	manifest->runs = runs;
	manifest->run_count = index->run_count;
	status = manifest_write(&index->store, manifest, err);
	if (status == OURO_OK) {
		index->named = true;
		doomed_remove(log);
	}
	return status;
}

/* ---- the step ---------------------------------------------------------------------------- */

static bool
has_frozen(struct log_engine *log)
{
	bool result;

	pthread_rwlock_rdlock(&log->lock);
	result = log->index.frozen != NULL;
	pthread_rwlock_unlock(&log->lock);
	return result;
}

static uint64_t
flush_step(struct log_engine *log)
{
	struct ouro_error err = { 0 };
	enum ouro_status status;

	atomic_store(&log->index.flushing, true); /* until it is stored */
	status = index_flush(log, &err);
	if (status == OURO_OK)
		status = index_store(log, &err);
	if (status != OURO_OK && atomic_load(&log->index.failed) == OURO_OK)
		log_write(log->log, LOG_WARNING,
		    "%s: the index could not be stored: %s", log->dir,
		    err.text);
	atomic_store(&log->index.failed, (int)status);
	atomic_store(&log->index.flushing, false);
	return status == OURO_OK ? STEP_AGAIN : RETRY_MS;
}

static uint64_t
merge_step(struct log_engine *log)
{
	struct ouro_error err = { 0 };
	enum ouro_status status = index_merge_step(log, &err);

	if (status == OURO_OK)
		return STEP_AGAIN;
	log_write(log->log, LOG_WARNING,
	    "%s: the index could not be merged: %s", log->dir, err.text);
	return RETRY_MS;
}

/* Whether the next opening would read a lot that is known now. */
static bool
is_behind(struct log_engine *log)
{
	const struct index *index = &log->index;

	return atomic_load(&log->unstored) > CLOSE_BYTES ||
	    (index->run_count > 0 && !index->named);
}

/* When nobody has written for a while, what is in memory goes to disk too. */
static uint64_t
idle_step(struct log_engine *log)
{
	struct index *index = &log->index;
	size_t entries;

	pthread_rwlock_rdlock(&log->lock);
	entries = delta_published(index->active);
	pthread_rwlock_unlock(&log->lock);
	if (entries < INDEX_IDLE_ENTRIES && !is_behind(log)) {
		index->idle_count = 0;
		return STEP_IDLE;
	}
	if (entries != index->idle_count) {
		index->idle_count = entries;
		return IDLE_MS;
	}
	index->idle_count = 0;
	atomic_store(&index->due, true);
	executor_wake(log->commit_task);
	return IDLE_MS;
}

enum ouro_status
index_wait(struct log_engine *log, struct ouro_error *err)
{
	while (has_frozen(log) || atomic_load(&log->index.flushing)) {
		int failed;

		executor_run(log->index.task);
		failed = atomic_load(&log->index.failed);
		if (atomic_load(&log->broken)) /* nothing is stored any more */
			return append_allowed(log, err);
		if (failed != OURO_OK)
			return error_set(err, (enum ouro_status)failed,
			    "%s: the index could not be stored", log->dir);
	}
	return OURO_OK;
}

enum ouro_status
index_finish(struct log_engine *log, struct ouro_error *err)
{
	struct index *index = &log->index;
	enum ouro_status status = OURO_OK;

	if (atomic_load(&log->broken))
		return OURO_OK;
	if (index->frozen != NULL)
		status = index_flush(log, err);
	if (status == OURO_OK &&
	    (delta_count(index->active) >= CLOSE_ENTRIES || is_behind(log)))
		status = index_freeze(log, err);
	if (status == OURO_OK && index->frozen != NULL)
		status = index_flush(log, err);
	return status == OURO_OK ? index_store(log, err) : status;
}

size_t
index_cache_size(uint64_t index_memory)
{
	uint64_t size = index_memory / 64;

	if (size < CACHE_MIN)
		return CACHE_MIN;
	return size > CACHE_MAX ? CACHE_MAX : (size_t)size;
}

uint64_t
index_step(void *context)
{
	struct log_engine *log = context;

	if (index_visited(log))
		return STEP_AGAIN;
	if (atomic_load(&log->broken))
		return STEP_IDLE;
	if (has_frozen(log))
		return flush_step(log);
	if (index_merge_due(log))
		return merge_step(log);
	epoch_collect(log->epoch);
	return idle_step(log);
}
