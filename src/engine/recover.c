#include "engine/recover.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "engine/ahead.h"
#include "engine/append.h"
#include "engine/listing.h"
#include "engine/old_snapshot.h"
#include "engine/region.h"
#include "engine/survey.h"

bool
recover_finds(struct fs *fs, const char *dir)
{
	struct listing listing = { 0 };
	bool found = listing_read(&listing, fs, dir, NULL) == OURO_OK &&
	    listing.ids.count > 0;

	listing_release(&listing);
	return found;
}

static enum ouro_status
temporary_remove(struct log_engine *log, const struct listing *listing,
    struct ouro_error *err)
{
	char path[FS_PATH_MAX];

	for (size_t i = 0; i < listing->count; i++) {
		enum ouro_status status = fs_join(path, log->dir,
		    listing->temporary[i], err);

		if (status == OURO_OK)
			status = fs_unlink(log->fs, path, err);
		if (status != OURO_OK)
			return status;
	}
	return OURO_OK;
}

/* ---- segments -------------------------------------------------------------------------- */

/* The older format ends where ours begins: a later file without a header is
 * one of ours that lost it. */
static enum ouro_status
old_check(struct log_engine *log, struct ouro_error *err)
{
	bool ours = false;

	for (size_t i = 0; i < log->segment_count; i++) {
		struct segment *segment = log->segments[i];

		ours = ours || segment->kind != SEGMENT_OLD;
		if (segment->kind != SEGMENT_OLD)
			continue;
		if (ours) {
			segment->kind = SEGMENT_LOST;
			segment->lost = "the segment's header is damaged";
		} else if (segment->id > REGION_OLD_ID_MAX ||
		    segment->end > REGION_OLD_OFFSET_MAX) {
			return error_set(err, OURO_UNSUPPORTED,
			    "%s: number or size is too large", segment->path);
		}
	}
	return OURO_OK;
}

static void
old_tell(const struct log_engine *log)
{
	for (size_t i = 0; i < log->segment_count; i++)
		if (log->segments[i]->kind == SEGMENT_OLD) {
			old_snapshots_tell(log->fs, log->dir, log->log);
			return;
		}
}

/* One segment of another key is damage; all of them are a wrong key. */
static enum ouro_status
foreign_check(const struct log_engine *log, struct ouro_error *err)
{
	const struct segment *foreign = NULL;

	for (size_t i = 0; i < log->segment_count; i++) {
		const struct segment *segment = log->segments[i];

		if (segment->kind != SEGMENT_LOST)
			return OURO_OK;
		if (segment->foreign && foreign == NULL)
			foreign = segment;
	}
	if (foreign == NULL)
		return OURO_OK;
	return error_set(err, OURO_WRONG_KEY, "%s: %s; no other fits either",
	    foreign->path, foreign->lost);
}

static enum ouro_status
segments_open(struct log_engine *log, const struct listing *listing,
    struct ouro_error *err)
{
	enum ouro_status status;

	for (size_t i = 0; i < listing->ids.count; i++) {
		struct segment *segment = NULL;

		status = segment_open(&log->files, log->dir,
		    listing->ids.ids[i], &segment, err);
		if (status == OURO_OK)
			status = log_engine_segment_add(log, segment, err);
		if (status != OURO_OK) {
			segment_unref(segment);
			return status;
		}
	}
	status = foreign_check(log, err);
	return status == OURO_OK ? old_check(log, err) : status;
}

/* ---- what is missing ---------------------------------------------------------------------- */

static bool
segment_present(const struct log_engine *log, uint64_t id)
{
	for (size_t i = 0; i < log->segment_count; i++)
		if (log->segments[i]->id == id)
			return true;
	return false;
}

static enum ouro_status
expect(struct log_engine *log, uint64_t id, struct ouro_error *err)
{
	if (id_set_has(&log->dropped, id) || segment_present(log, id))
		return OURO_OK;
	return id_set_add(&log->missing, id, err);
}

static enum ouro_status
missing_find(struct log_engine *log, const struct survey *survey,
    struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	for (size_t i = 0; status == OURO_OK && i < survey->note_count; i++)
		if (survey->notes[i].sequence < survey->cut)
			status = id_set_add(&log->dropped, survey->notes[i].id,
			    err);
	for (size_t i = 0; i < log->segment_count; i++) {
		const struct segment *segment = log->segments[i];

		for (uint32_t n = 0;
		     status == OURO_OK && n < segment->ids_count; n++)
			status = expect(log, segment->ids[n], err);
	}
	return status;
}

/* ---- the torn tail ------------------------------------------------------------------------- */

static enum ouro_status
void_remove(struct log_engine *log, struct segment *segment,
    struct ouro_error *err)
{
	enum ouro_status status = fs_unlink(log->fs, segment->path, err);

	if (status == OURO_OK)
		status = fs_sync_dir(log->fs, log->dir, err);
	if (status != OURO_OK)
		return status;
	log_engine_segment_remove(log, segment);
	segment_unref(segment);
	return OURO_OK;
}

static enum ouro_status
tail_truncate(struct segment *segment, struct ouro_error *err)
{
	struct fs_file *file;
	enum ouro_status status = segment_pin(segment, &file, err);
	uint64_t size;

	if (status != OURO_OK)
		return status;
	status = fs_size(file, &size, err);
	if (status == OURO_OK && size > segment->end) {
		status = fs_truncate(file, segment->end, err);
		if (status == OURO_OK)
			status = fs_sync(file, err);
	}
	segment_unpin(segment);
	return status;
}

/*
 * Removes what does not count: from the last segment backwards, each step
 * durable before the next, so that what remains always shows the same gap.
 */
static enum ouro_status
tail_cut(struct log_engine *log, const struct survey *survey,
    struct ouro_error *err)
{
	for (size_t i = log->segment_count; i-- > 0;) {
		struct segment *segment = log->segments[i];
		uint64_t limit = survey_void_from(log, i);
		enum ouro_status status;

		if (segment->kind != SEGMENT_LOG)
			continue;
		if (survey->cut < limit)
			limit = survey->cut;
		if (segment->first > limit)
			status = void_remove(log, segment, err);
		else
			status = tail_truncate(segment, err);
		if (status != OURO_OK)
			return status;
	}
	return OURO_OK;
}

/* ---- going on --------------------------------------------------------------------------------- */

static void
sequence_set(struct log_engine *log, const struct survey *survey)
{
	uint64_t next = 1;

	for (size_t i = 0; i < log->segment_count; i++) {
		if (log->segments[i]->kind == SEGMENT_OLD)
			next = REGION_OLD_END;
		if (log->segments[i]->id >= atomic_load(&log->id_next))
			atomic_store(&log->id_next, log->segments[i]->id + 1);
	}
	if (survey->next > next)
		next = survey->next;
	if (survey->newest >= next)
		next = survey->newest + 1;
	if (survey->mark >= next)
		next = survey->mark + 1;
	log->sequence_next = next;
	log->sequence = next - 1;
	log->durable = log->durable_shown = log->stated = survey->mark;
	log->operated = log->operated_shown = survey->operated;
	log->recovered = survey->operated > survey->mark;
	for (size_t i = 0; i < log->dropped.count; i++)
		if (log->dropped.ids[i] >= atomic_load(&log->id_next))
			atomic_store(&log->id_next, log->dropped.ids[i] + 1);
	for (size_t i = 0; i < log->missing.count; i++)
		if (log->missing.ids[i] >= atomic_load(&log->id_next))
			atomic_store(&log->id_next, log->missing.ids[i] + 1);
}

/* The log segment that new records may be appended to, or NULL. */
static struct segment *
continuable(struct log_engine *log, const struct survey *survey)
{
	struct segment *last = NULL;
	bool whole;

	for (size_t i = log->segment_count; last == NULL && i-- > 0;) {
		if (log->segments[i]->kind == SEGMENT_LOST)
			return NULL;
		if (log->segments[i]->kind != SEGMENT_LOG)
			continue;
		last = log->segments[i];
		if (survey_successor(log, i, &whole) != NULL)
			return NULL;
	}
	if (last == NULL || last->damaged > 0 || survey->bad_end ||
	    survey->cut != UINT64_MAX || survey->next != log->sequence_next ||
	    last->end >= log->segment_size)
		return NULL;
	return last;
}

/* What this opening found above the mark has to be synced some time. */
static enum ouro_status
dirty_find(struct log_engine *log, struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	for (size_t i = 0; status == OURO_OK && i < log->segment_count; i++) {
		struct segment *segment = log->segments[i];
		uint64_t end = survey_void_from(log, i);

		if (segment->kind == SEGMENT_LOG && end > log->durable + 1 &&
		    segment->first <= log->sequence &&
		    log->sequence > log->durable)
			status = append_dirty(log, segment, err);
	}
	return status;
}

static enum ouro_status
dropped_remove(struct log_engine *log, struct segment **gone,
    struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	if (gone[0] == NULL)
		return OURO_OK;
	status = append_sync(log, err);
	for (size_t i = 0; status == OURO_OK && gone[i] != NULL; i++)
		status = fs_unlink(log->fs, gone[i]->path, err);
	return status;
}

static void
findings_tell(const struct log_engine *log)
{
	if (log->torn_bytes > 0)
		log_write(log->log, LOG_WARNING,
		    "%s: a torn tail of %" PRIu64 " bytes was dropped",
		    log->dir, log->torn_bytes);
	if (log->damaged_records > 0)
		log_write(log->log, LOG_ERROR,
		    "%s: at least %" PRIu64 " records are damaged", log->dir,
		    log->damaged_records);
	for (size_t i = 0; i < log->segment_count; i++)
		if (log->segments[i]->damaged > 0)
			log_write(log->log, LOG_ERROR, "%s is damaged%s%s",
			    log->segments[i]->path,
			    log->segments[i]->lost != NULL ? ": " : "",
			    log->segments[i]->lost != NULL
				? log->segments[i]->lost
				: "");
	for (size_t i = 0; i < log->missing.count; i++)
		log_write(log->log, LOG_ERROR,
		    "%s: segment %" PRIu64 " is missing", log->dir,
		    log->missing.ids[i]);
}

static void
gone_release(struct segment **gone)
{
	for (size_t i = 0; gone != NULL && gone[i] != NULL; i++)
		segment_unref(gone[i]);
	free(gone);
}

static enum ouro_status
recover_write(struct log_engine *log, const struct survey *survey,
    const struct listing *listing, struct segment **gone,
    struct ouro_error *err)
{
	enum ouro_status status = temporary_remove(log, listing, err);

	if (status == OURO_OK && survey->final)
		status = tail_cut(log, survey, err);
	if (status == OURO_OK)
		status = dirty_find(log, err);
	if (status == OURO_OK)
		status = dropped_remove(log, gone, err);
	if (status != OURO_OK)
		return status;
	log->active = continuable(log, survey);
	log->active_end = log->active != NULL ? log->active->end : 0;
	ahead_cut_ended(log);
	return OURO_OK;
}

/* ---- the stored index -------------------------------------------------------------------------- */

/* A segment that the stored index covers and that is not there was dropped
 * since; or the index is no good. */
static bool
cover_explained(const struct log_engine *log, const struct survey *survey)
{
	const struct manifest *manifest = &log->index.manifest;

	for (size_t i = 0; i < manifest->segment_count; i++) {
		uint64_t id = manifest->segments[i].id;

		if (!segment_present(log, id) && !survey_names(survey, id))
			return false;
	}
	return true;
}

/* Reads all segments, without the stored index. */
static enum ouro_status
survey_again(struct survey *survey, struct log_engine *log,
    struct segment ***gone, const char *why, struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	for (size_t i = 0;
	     status == OURO_OK && *gone != NULL && (*gone)[i] != NULL; i++) {
		status = log_engine_segment_add(log, (*gone)[i], err);
		if (status == OURO_OK)
			segment_ref((*gone)[i]);
	}
	gone_release(*gone);
	*gone = NULL;
	survey_release(survey);
	log->torn_bytes = 0;
	if (status == OURO_OK)
		status = index_forget(log, why, err);
	return status == OURO_OK ? survey_run(survey, log, gone, err) : status;
}

/* Damage that keeps from reading is that of the index. */
static enum ouro_status
survey_all(struct survey *survey, struct log_engine *log,
    struct segment ***gone, struct ouro_error *err)
{
	struct ouro_error why = { 0 };
	enum ouro_status status = survey_run(survey, log, gone, &why);

	if (status == OURO_DAMAGED && log->index.stored)
		return survey_again(survey, log, gone, why.text, err);
	if (status != OURO_OK) {
		if (err != NULL)
			*err = why;
		return status;
	}
	return cover_explained(log, survey)
	    ? OURO_OK
	    : survey_again(survey, log, gone, "a segment is missing", err);
}

enum ouro_status
recover(struct log_engine *log, struct ouro_error *err)
{
	struct listing listing = { 0 };
	struct segment **gone = NULL;
	struct survey survey = { 0 };
	enum ouro_status status;

	log->opening = true;
	atomic_store(&log->id_next, 1);
	status = listing_read(&listing, log->fs, log->dir, err);
	if (status == OURO_OK)
		status = segments_open(log, &listing, err);
	if (status == OURO_OK)
		status = index_open(log, true, err);
	if (status == OURO_OK && !index_cover_segments(log))
		status = index_forget(log, "a segment is damaged or too short",
		    err);
	if (status == OURO_OK)
		status = survey_all(&survey, log, &gone, err);
	if (status == OURO_OK)
		status = missing_find(log, &survey, err);
	if (status != OURO_OK)
		goto out;
	log->damaged_records = survey.lost;
	sequence_set(log, &survey);
	if (!log->read_only)
		status = recover_write(log, &survey, &listing, gone, err);
	if (status == OURO_OK)
		status = view_renew(log, err);
	if (status == OURO_OK) {
		findings_tell(log);
		old_tell(log);
	}
out:
	log->opening = false;
	for (size_t i = 0; i < log->segment_count; i++)
		log->segments[i]->covered = NULL;
	gone_release(gone);
	survey_release(&survey);
	listing_release(&listing);
	return status;
}
