/*
 * index_open - the stored index at opening.
 */
#include "engine/index.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "engine/append.h"
#include "engine/log_engine.h"

/* ---- files that nobody names --------------------------------------------------------- */

struct leftovers {
	const struct manifest *manifest;
	struct log_engine *log;
};

static bool
is_named(const struct manifest *manifest, uint64_t id)
{
	for (size_t i = 0; i < manifest->run_count; i++)
		if (manifest->runs[i] == id)
			return true;
	return false;
}

static enum ouro_status
leftover_remove(void *context, const char *name, struct ouro_error *err)
{
	const struct leftovers *leftovers = context;
	struct log_engine *log = leftovers->log;
	struct index *index = &log->index;
	char path[FS_PATH_MAX];
	bool temporary = false;
	uint64_t id;

	if (!run_id_of(name, &id, &temporary))
		return OURO_OK;
	if (id >= atomic_load(&index->run_next))
		atomic_store(&index->run_next, id + 1);
	if (log->read_only || (!temporary && is_named(leftovers->manifest, id)))
		return OURO_OK;
	if (fs_join(path, log->dir, name, err) == OURO_OK)
		return fs_unlink(log->fs, path, err);
	return OURO_TOO_LARGE;
}

/* ---- opening ----------------------------------------------------------------------------- */

static enum ouro_status
runs_open(struct log_engine *log, const struct manifest *manifest,
    struct ouro_error *err)
{
	struct index *index = &log->index;

	if (manifest->run_count > VIEW_RUNS_MAX)
		return error_set(err, OURO_DAMAGED,
		    "%s: the index names too many files", log->dir);
	index->store.seed = manifest->seed;
	for (size_t i = 0; i < manifest->run_count; i++) {
		enum ouro_status status = run_open(&index->store,
		    manifest->runs[i], &index->runs[index->run_count], err);

		if (status != OURO_OK)
			return status;
		index->run_count++;
	}
	return OURO_OK;
}

static void
runs_drop(struct index *index)
{
	for (unsigned i = 0; i < index->run_count; i++)
		run_unref(index->runs[i]);
	index->run_count = 0;
}

/* Takes the stored index, or nothing of it. Only memory can be wanting. */
static enum ouro_status
stored_open(struct log_engine *log)
{
	struct index *index = &log->index;
	struct ouro_error err = { 0 };
	enum ouro_status status = manifest_read(&index->store, &index->manifest,
	    &err);

	if (status == OURO_OK)
		status = runs_open(log, &index->manifest, &err);
	index->stored = index->named = status == OURO_OK;
	if (status == OURO_OK || status == OURO_NO_MEMORY)
		return status;
	runs_drop(index);
	manifest_release(&index->manifest);
	if (status != OURO_NOT_FOUND)
		log_write(log->log, LOG_WARNING,
		    "%s: the stored index cannot be used, the log is read "
		    "anew: %s",
		    log->dir, err.text);
	return OURO_OK;
}

enum ouro_status
index_open(struct log_engine *log, bool stored, struct ouro_error *err)
{
	struct index *index = &log->index;
	struct leftovers leftovers = { &index->manifest, log };
	enum ouro_status status = OURO_OK;

	if (stored && stored_open(log) != OURO_OK)
		return error_memory(err);
	if (!index->stored)
		status = fs_random(log->fs, &index->store.seed,
		    sizeof index->store.seed, err);
	if (status == OURO_OK)
		status = fs_list(log->fs, log->dir, leftover_remove, &leftovers,
		    err);
	if (status != OURO_OK)
		return status;
	index->active = delta_new(index->store.seed);
	if (index->active == NULL)
		return error_memory(err);
	pthread_rwlock_wrlock(&log->lock);
	status = view_renew(log, err);
	pthread_rwlock_unlock(&log->lock);
	return status;
}

/* ---- what the segments have of it -------------------------------------------------------- */

static struct segment *
segment_find(const struct log_engine *log, uint64_t id)
{
	for (size_t i = 0; i < log->segment_count; i++)
		if (log->segments[i]->id == id)
			return log->segments[i];
	return NULL;
}

bool
index_cover_segments(struct log_engine *log)
{
	const struct manifest *manifest = &log->index.manifest;

	for (size_t i = 0; i < log->segment_count; i++)
		log->segments[i]->covered = NULL;
	for (size_t i = 0; i < manifest->segment_count; i++) {
		const struct manifest_segment *covered = &manifest->segments[i];
		struct segment *segment = segment_find(log, covered->id);

		if (segment == NULL)
			continue; /* it may have been dropped since */
		if (segment->kind == SEGMENT_LOST ||
		    covered->end < segment->begin ||
		    covered->end > segment->end)
			return false;
		segment->covered = covered;
	}
	return true;
}

/* Begins anew with the same stored index, or, when it is no good, none. */
enum ouro_status
index_reopen(struct log_engine *log, struct ouro_error *err)
{
	bool stored = log->index.stored;
	enum ouro_status status;

	index_close(log);
	status = index_open(log, stored, err);
	if (status == OURO_OK && stored && !index_cover_segments(log))
		status = error_set(err, OURO_IO,
		    "%s changed while it was opened", log->dir);
	return status;
}

enum ouro_status
index_forget(struct log_engine *log, const char *why, struct ouro_error *err)
{
	char path[FS_PATH_MAX];
	enum ouro_status status = OURO_OK;

	log_write(log->log, LOG_WARNING,
	    "%s: the stored index does not fit the log, which is read anew: %s",
	    log->dir, why);
	index_close(log);
	(void)index_cover_segments(log); /* none */
	if (!log->read_only)
		status = fs_join(path, log->dir, MANIFEST_NAME, err);
	if (status == OURO_OK && !log->read_only)
		status = fs_unlink(log->fs, path, err);
	return status == OURO_OK ? index_open(log, false, err) : status;
}

void
index_close(struct log_engine *log)
{
	struct index *index = &log->index;
	struct view *view = atomic_exchange(&log->view, NULL);

	index_merge_abort(log);
	cover_free(index->cover);
	index->cover = NULL;
	for (unsigned i = 0; log->shadow && i < index->run_count; i++)
		index_run_remove(log, run_ref(index->runs[i]));
	view_unref(view);
	delta_unref(index->active);
	delta_unref(index->frozen);
	index->active = index->frozen = NULL;
	runs_drop(index);
	manifest_release(&index->manifest);
	id_set_release(&index->doomed);
	index->settled[0] = index->settled[1] = (struct index_settled){ 0 };
	index->stored = index->named = false;
}
