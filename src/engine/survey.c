#include "engine/survey.h"

#include <stdlib.h>

#include "base/error.h"
#include "engine/reading.h"

const struct segment *
survey_successor(const struct log_engine *log, size_t i, bool *whole)
{
	size_t j = i + 1;

	*whole = true;
	for (; j < log->segment_count; j++) {
		const struct segment *segment = log->segments[j];

		if (segment->id != log->segments[j - 1]->id + 1 ||
		    segment->kind == SEGMENT_LOST)
			*whole = false;
		if (segment->kind == SEGMENT_LOG)
			return segment;
	}
	return NULL;
}

uint64_t
survey_void_from(const struct log_engine *log, size_t i)
{
	uint64_t least = UINT64_MAX;

	for (size_t j = i + 1; j < log->segment_count; j++)
		if (log->segments[j]->kind == SEGMENT_LOG &&
		    log->segments[j]->first < least)
			least = log->segments[j]->first;
	return least;
}

enum ouro_status
survey_note_add(struct survey *survey, struct survey_note note,
    struct ouro_error *err)
{
	if (survey->note_count == survey->note_capacity) {
		size_t capacity = survey->note_capacity * 2 + 16;
		struct survey_note *grown = realloc(survey->notes,
		    capacity * sizeof *grown);

		if (grown == NULL)
			return error_memory(err);
		survey->notes = grown;
		survey->note_capacity = capacity;
	}
	survey->notes[survey->note_count++] = note;
	return OURO_OK;
}

/* ---- passes ----------------------------------------------------------------------------- */

/* As the stored index says, or as nothing. */
static void
segment_reset(struct segment *segment)
{
	const struct manifest_segment *covered = segment->covered;

	segment->live_bytes = covered != NULL ? covered->live_bytes : 0;
	segment->tomb_bytes = covered != NULL ? covered->tomb_bytes : 0;
	segment->live_count = covered != NULL ? covered->live_count : 0;
	segment->frame_bytes = covered != NULL ? covered->frame_bytes
					       : segment->begin;
	segment->least = covered != NULL ? covered->least : UINT64_MAX;
	segment->damaged = covered != NULL ? covered->damaged : 0;
}

static enum ouro_status
pass_run(struct survey *survey, struct ouro_error *err)
{
	struct log_engine *log = survey->log;
	const struct manifest *stored = &log->index.manifest; /* or zeroed */
	enum ouro_status status = OURO_OK;

	survey->next = 0;
	survey->newest = stored->sequence;
	survey->operated = stored->sequence;
	survey->lost = stored->lost;
	survey->bad_end = false;
	log->replayed = 0;
	atomic_store(&log->unstored, 0);
	if (stored->durable > survey->mark)
		survey->mark = stored->durable;
	for (size_t i = 0; i < log->segment_count; i++)
		segment_reset(log->segments[i]);
	for (size_t i = 0; status == OURO_OK && i < log->segment_count; i++)
		status = reading_run(survey, i, err);
	return status;
}

/* What was dropped before the stored index was written. */
static enum ouro_status
stored_notes(struct survey *survey, struct ouro_error *err)
{
	const struct id_set *dropped = &survey->log->index.manifest.dropped;
	enum ouro_status status = OURO_OK;

	for (size_t i = 0; status == OURO_OK && i < dropped->count; i++)
		status = survey_note_add(survey,
		    (struct survey_note){ 0, dropped->ids[i] }, err);
	return status;
}

static bool
note_names(const struct survey *survey, uint64_t id, uint64_t before)
{
	for (size_t i = 0; i < survey->note_count; i++)
		if (survey->notes[i].id == id &&
		    survey->notes[i].sequence < before)
			return true;
	return false;
}

bool
survey_names(const struct survey *survey, uint64_t id)
{
	return note_names(survey, id, survey->cut);
}

/* Where the torn tail begins. */
static void
cut_find(struct survey *survey)
{
	survey->cut = UINT64_MAX;
	for (size_t i = 0; i < survey->gap_count; i++) {
		const struct survey_gap *gap = &survey->gaps[i];
		uint64_t from = gap->first > survey->mark ? gap->first
							  : survey->mark + 1;

		if (gap->certain || from >= gap->end ||
		    note_names(survey, gap->segment->id, UINT64_MAX))
			continue;
		if (from < survey->cut)
			survey->cut = from;
	}
}

/* Takes the segments that were to be removed out of the list. */
static enum ouro_status
dropped_take(struct survey *survey, struct segment ***gone,
    struct ouro_error *err)
{
	struct log_engine *log = survey->log;
	size_t count = 0;

	*gone = calloc(log->segment_count + 1, sizeof(struct segment *));
	if (*gone == NULL)
		return error_memory(err);
	for (size_t i = 0; i < log->segment_count;) {
		struct segment *segment = log->segments[i];

		if (!note_names(survey, segment->id, survey->cut)) {
			i++;
			continue;
		}
		survey->odd = true;
		log_engine_segment_remove(log, segment);
		(*gone)[count++] = segment;
	}
	return OURO_OK;
}

enum ouro_status
survey_run(struct survey *survey, struct log_engine *log,
    struct segment ***gone, struct ouro_error *err)
{
	enum ouro_status status;

	*survey = (struct survey){ .log = log, .cut = UINT64_MAX };
	status = stored_notes(survey, err);
	if (status == OURO_OK)
		status = pass_run(survey, err);
	if (status != OURO_OK)
		return status;
	if (survey->next > 0 && survey->next <= survey->mark)
		survey->odd = true; /* the end of the log is missing */
	cut_find(survey);
	status = dropped_take(survey, gone, err);
	if (status != OURO_OK || !survey->odd)
		return status;
	survey->final = true;
	status = index_reopen(log, err);
	if (status == OURO_OK)
		status = pass_run(survey, err);
	if (status == OURO_OK && !survey->bad_end && survey->next > 0 &&
	    survey->next <= survey->mark)
		survey->lost += survey->mark + 1 - survey->next;
	return status;
}

void
survey_release(struct survey *survey)
{
	free(survey->gaps);
	free(survey->notes);
	survey->gaps = NULL;
	survey->notes = NULL;
}
