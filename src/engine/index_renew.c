#include "engine/index_renew.h"

#include <stdlib.h>

#include "base/error.h"
#include "engine/commit.h"
#include "engine/layers.h"
#include "engine/survey.h"

#define SHADOW_SHARE 4 /* its delta, of the store's */
/* So many runs stand aside at most, so that there is room for those that come
 * meanwhile; more only when damage keeps them from being merged. */
#define HELD_MAX (VIEW_RUNS_MAX / 2)

struct renewal {
	bool begun; /* the index has `held` runs */
	struct manifest manifest;
	struct log_engine *shadow;
	struct run *made; /* NULL: there is no entry */
};

/* ---- the shadow ---------------------------------------------------------------- */

/* An object that shares with the log what does not change. */
static struct log_engine *
shadow_new(struct log_engine *log)
{
	struct log_engine *shadow = calloc(1, sizeof *shadow);

	if (shadow == NULL)
		return NULL;
	shadow->fs = log->fs;
	shadow->dir = log->dir;
	shadow->name = log->name;
	shadow->seal_key = log->seal_key;
	shadow->segment_size = log->segment_size;
	shadow->read_only = shadow->shadow = shadow->opening = true;
	pthread_rwlock_init(&shadow->lock, NULL);
	pthread_mutex_init(&shadow->index.counting, NULL);
	segment_files_init(&shadow->files, log->fs, true);
	shadow->files.seal_key = log->seal_key;
	shadow->files.name = log->name;
	shadow->files.no_maps = true;
	shadow->index.store = log->index.store;
	shadow->index.run_ids = &log->index.run_next;
	shadow->index.delta_limit = log->index.delta_limit / SHADOW_SHARE;
	shadow->epoch = epoch_new();
	return shadow;
}

static void
shadow_free(struct log_engine *shadow)
{
	if (shadow == NULL)
		return;
	index_close(shadow);
	epoch_free(shadow->epoch);
	for (size_t i = 0; i < shadow->segment_count; i++)
		segment_unref(shadow->segments[i]);
	free(shadow->segments);
	id_set_release(&shadow->missing);
	id_set_release(&shadow->dropped);
	segment_files_release(&shadow->files);
	pthread_rwlock_destroy(&shadow->lock);
	pthread_mutex_destroy(&shadow->index.counting);
	free(shadow);
}

/* The same file, up to `end`; its header is known. */
static enum ouro_status
shadow_segment(struct log_engine *shadow, const struct segment *segment,
    uint64_t end, struct ouro_error *err)
{
	struct segment *twin = segment_new(&shadow->files, segment->path,
	    segment->id);
	enum ouro_status status = OURO_OK;

	if (twin == NULL)
		return error_memory(err);
	twin->kind = segment->kind;
	twin->first = segment->first;
	twin->begin = segment->begin;
	twin->end = end;
	twin->size = end;
	if (segment->frame.old)
		record_frame_old(&twin->frame);
	else
		status = record_frame_init(&twin->frame, segment->frame.salt,
		    shadow->seal_key, err);
	if (status == OURO_OK)
		status = log_engine_segment_add(shadow, twin, err);
	if (status != OURO_OK)
		segment_unref(twin);
	return status;
}

/* What is covered, and copies that are not: the runs may lead to them already,
 * and what they were copied from may have gone. */
static enum ouro_status
shadow_segments(struct log_engine *log, const struct renewal *renewal,
    struct ouro_error *err)
{
	const struct manifest *manifest = &renewal->manifest;
	struct moment moment = moment_take(log);
	enum ouro_status status = OURO_OK;
	size_t at = 0;

	for (size_t i = 0; status == OURO_OK && i < moment.view->segment_count;
	     i++) {
		const struct segment *segment = moment.view->segments[i];

		while (at < manifest->segment_count &&
		    manifest->segments[at].id < segment->id)
			at++;
		if (segment->kind != SEGMENT_LOST &&
		    at < manifest->segment_count &&
		    manifest->segments[at].id == segment->id)
			status = shadow_segment(renewal->shadow, segment,
			    manifest->segments[at].end, err);
		else if (segment->kind == SEGMENT_COPIES)
			status = shadow_segment(renewal->shadow, segment,
			    segment->end, err);
	}
	moment_release(&moment);
	return status;
}

/* Reads all that is covered, and copies. */
static enum ouro_status
shadow_read(struct log_engine *log, struct renewal *renewal,
    struct ouro_error *err)
{
	struct log_engine *shadow = shadow_new(log);
	struct segment **gone = NULL;
	struct survey survey = { 0 };
	enum ouro_status status;

	renewal->shadow = shadow;
	if (shadow == NULL || shadow->epoch == NULL)
		return error_memory(err);
	status = manifest_copy(&renewal->manifest, &shadow->index.manifest,
	    err);
	if (status == OURO_OK)
		status = shadow_segments(log, renewal, err);
	if (status == OURO_OK)
		status = index_open(shadow, false, err);
	if (status == OURO_OK)
		status = survey_run(&survey, shadow, &gone, err);
	for (size_t i = 0; gone != NULL && gone[i] != NULL; i++)
		segment_unref(gone[i]);
	free(gone);
	survey_release(&survey);
	if (status == OURO_OK)
		index_count(shadow);
	return status;
}

/* ---- the run --------------------------------------------------------------------- */

static uint64_t
entries_max(const struct moment *moment)
{
	uint64_t count = moment->entries;

	for (unsigned i = 0; i < moment->view->run_count; i++)
		count += run_entries(moment->view->runs[i]);
	return count;
}

static enum ouro_status
shadow_store(struct log_engine *log, struct renewal *renewal,
    struct ouro_error *err)
{
	struct moment moment = moment_take(renewal->shadow);
	uint64_t entries = entries_max(&moment);
	enum ouro_status status = OURO_OK;
	struct layers layers;

	if (entries > 0) {
		status = layers_open(&layers, &moment, err);
		if (status == OURO_OK)
			status = index_run_make(log, &layers, entries,
			    &renewal->made, err);
		layers_close(&layers);
	}
	moment_release(&moment);
	return status;
}

/* ---- within a step of the index --------------------------------------------------- */

static enum ouro_status
begin(struct log_engine *log, void *context, struct ouro_error *err)
{
	struct renewal *renewal = context;
	struct index *index = &log->index;
	enum ouro_status status;

	while (index->run_count > HELD_MAX && index_merge_due(log) &&
	    index_merge_step(log, NULL) == OURO_OK)
		continue;
	if (!index->stored)
		return OURO_OK;
	status = manifest_copy(&index->manifest, &renewal->manifest, err);
	if (status != OURO_OK)
		return status;
	index_merge_abort(log);
	index->held = index->run_count;
	renewal->begun = true;
	return OURO_OK;
}

static enum ouro_status
end(struct log_engine *log, void *context, struct ouro_error *err)
{
	(void)context;
	(void)err;
	log->index.held = 0;
	return OURO_OK;
}

/* The runs that will have no use, and those that have none already. */
static enum ouro_status
doomed_list(const struct index *index, struct id_set *out,
    struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	for (size_t i = 0; status == OURO_OK && i < index->doomed.count; i++)
		status = id_set_add(out, index->doomed.ids[i], err);
	for (unsigned i = index->run_count - index->held;
	     status == OURO_OK && i < index->run_count; i++)
		status = id_set_add(out, run_id(index->runs[i]), err);
	return status;
}

/* With `counting` held. */
static enum ouro_status
runs_replace(struct log_engine *log, struct renewal *renewal,
    struct ouro_error *err)
{
	struct index *index = &log->index;
	struct run *old[VIEW_RUNS_MAX];
	unsigned held = index->held;
	struct view *view;

	pthread_rwlock_wrlock(&log->lock);
	view = view_new(log->segment_count, err);
	if (view != NULL) {
		index->run_count -= held;
		memcpy(old, &index->runs[index->run_count],
		    held * sizeof(struct run *));
		if (renewal->made != NULL)
			index->runs[index->run_count++] = renewal->made;
		index->held = 0;
		view_publish(log, view);
	}
	pthread_rwlock_unlock(&log->lock);
	if (view == NULL)
		return OURO_NO_MEMORY;
	renewal->made = NULL; /* the index's */
	for (unsigned i = 0; i < held; i++)
		run_unref(old[i]);
	return OURO_OK;
}

static enum ouro_status
adopt(struct log_engine *log, void *context, struct ouro_error *err)
{
	struct renewal *renewal = context;
	struct index *index = &log->index;
	struct id_set doomed = { 0 };
	enum ouro_status status = doomed_list(index, &doomed, err);

	pthread_mutex_lock(&index->counting);
	if (status == OURO_OK)
		status = index_recount(log, renewal->shadow, renewal->made,
		    err);
	if (status == OURO_OK)
		status = runs_replace(log, renewal, err);
	pthread_mutex_unlock(&index->counting);
	if (status != OURO_OK) {
		id_set_release(&doomed);
		return status;
	}
	id_set_release(&index->doomed);
	index->doomed = doomed;
	index->named = false;
	return index_store(log, err);
}

static enum ouro_status
store(struct log_engine *log, void *context, struct ouro_error *err)
{
	const bool *damaged = context;

	return *damaged || !log->index.named ? index_store(log, err) : OURO_OK;
}

/* ---- all ---------------------------------------------------------------------------- */

/* Until there is a manifest that covers the runs. */
static enum ouro_status
cover_make(struct log_engine *log, struct ouro_error *err)
{
	enum ouro_status status = commit_freeze(log, err);

	return status == OURO_OK ? index_wait(log, err) : status;
}

static enum ouro_status
renew_begin(struct log_engine *log, struct renewal *renewal,
    struct ouro_error *err)
{
	enum ouro_status status = index_within(log, begin, renewal, err);

	if (status != OURO_OK || renewal->begun)
		return status;
	status = cover_make(log, err);
	if (status == OURO_OK)
		status = index_within(log, begin, renewal, err);
	return status;
}

enum ouro_status
index_renew(struct log_engine *log, struct ouro_error *err)
{
	struct renewal renewal = { 0 };
	enum ouro_status status = renew_begin(log, &renewal, err);

	if (status == OURO_OK && renewal.begun) {
		status = shadow_read(log, &renewal, err);
		if (status == OURO_OK)
			status = shadow_store(log, &renewal, err);
		if (status == OURO_OK)
			status = index_within(log, adopt, &renewal, err);
		(void)index_within(log, end, NULL, NULL);
	}
	index_run_remove(log, renewal.made);
	shadow_free(renewal.shadow);
	manifest_release(&renewal.manifest);
	return status;
}

enum ouro_status
index_renew_manifest(struct log_engine *log, bool damaged,
    struct ouro_error *err)
{
	struct renewal renewal = { 0 };
	enum ouro_status status = OURO_OK;

	if (damaged) { /* there may be none yet that could replace it */
		status = renew_begin(log, &renewal, err);
		(void)index_within(log, end, NULL, NULL);
		manifest_release(&renewal.manifest);
	}
	return status == OURO_OK ? index_within(log, store, &damaged, err)
				 : status;
}
