#include "engine/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "engine/region.h"
#include "engine/survey.h"
#include "engine/walk.h"

/* A check of one segment. */
struct visit {
	struct verify_check *check;
	struct verify_subject *subject;
	uint64_t expected;
	uint64_t named;	     /* records told of the present stretch */
	bool in_bad;	     /* the present stretch is no record */
	struct buffer clear; /* of a packed value */
};

/* ---- telling ------------------------------------------------------------------------ */

void
verify_tell(struct verify_check *check, const struct engine_damage *damage)
{
	check->faults++;
	if (check->report != NULL)
		check->report(check->context, damage);
}

static void
visit_tell(struct visit *visit, uint64_t offset, uint64_t size,
    struct bytes key, const char *text)
{
	visit->subject->damaged = true;
	verify_tell(visit->check,
	    &(struct engine_damage){ .file = visit->subject->segment->path,
		.offset = offset,
		.size = size,
		.key = key,
		.text = text });
}

static void
gap_tell(struct visit *visit, uint64_t offset, uint64_t first, uint64_t end)
{
	char text[128];

	snprintf(text, sizeof text,
	    "records %" PRIu64 " to %" PRIu64 " are not there", first, end - 1);
	visit_tell(visit, offset, 0, bytes_of(NULL, 0), text);
}

/* ---- one segment ------------------------------------------------------------------------ */

/* Its seal is open. */
static enum ouro_status
packed_check(struct visit *visit, uint64_t offset, const struct record *record,
    struct ouro_error *err)
{
	struct pack_pool *pool = &visit->subject->segment->files->packs;
	enum ouro_status status;

	if (record->op != RECORD_PACKED)
		return OURO_OK;
	visit->clear.size = 0;
	status = pack_open(pool, record->value, &visit->clear, err);
	if (status != OURO_DAMAGED)
		return status;
	visit_tell(visit, offset, record->size, record->key,
	    "the packed value does not unpack");
	return OURO_OK;
}

static enum ouro_status
record_check(void *context, uint64_t offset, bool good, struct record *record,
    struct ouro_error *err)
{
	struct visit *visit = context;
	enum ouro_status status;

	if (!good) {
		visit->named++;
		visit_tell(visit, offset, record->size, record->key,
		    "the record's checksum does not fit");
		return OURO_OK;
	}
	status = record_unseal(&visit->subject->segment->frame, record, err);
	if (status == OURO_OK)
		status = packed_check(visit, offset, record, err);
	if (status == OURO_OK && !visit->in_bad)
		return verify_index_record(visit->check, visit->subject, offset,
		    record, err);
	if (status != OURO_WRONG_KEY)
		return status;
	visit_tell(visit, offset, record->size, bytes_of(NULL, 0),
	    "the record does not open under the key");
	return OURO_OK;
}

static enum ouro_status
batch_check(struct visit *visit, const struct walk_item *item,
    struct ouro_error *err)
{
	const struct record *batch = &item->record;
	const struct record_frame *frame = &visit->subject->segment->frame;
	uint64_t offset = item->offset + record_head(frame);
	enum ouro_status status = OURO_OK;
	size_t at = 0;

	for (uint32_t i = 0; status == OURO_OK && i < batch->count; i++) {
		struct record sub;
		bool good = record_sub_decode(frame, batch, i, at, &sub);

		status = record_check(visit, offset + at, good, &sub, err);
		if (!good)
			break;
		at += (size_t)sub.size;
	}
	return status;
}

static enum ouro_status
bad_check(struct visit *visit, struct walk *walk, const struct walk_item *item,
    struct ouro_error *err)
{
	enum ouro_status status;
	struct bytes data;
	bool understood;

	visit->named = 0;
	visit->in_bad = true;
	status = walk_bytes(walk, item, &data, err);
	if (status == OURO_OK)
		status = region_parse(visit->subject->segment, data,
		    item->offset, visit->expected, record_check, visit,
		    &understood, err);
	visit->in_bad = false;
	if (status == OURO_OK && visit->named == 0)
		visit_tell(visit, item->offset, item->size, bytes_of(NULL, 0),
		    "these bytes are no record");
	return status;
}

static enum ouro_status
item_check(struct visit *visit, struct walk *walk, struct walk_item *item,
    bool *after_bad, struct ouro_error *err)
{
	bool log = visit->subject->segment->kind == SEGMENT_LOG;
	uint64_t expected = visit->expected;

	if (!item->good) {
		*after_bad = true;
		return bad_check(visit, walk, item, err);
	}
	if (log && !*after_bad && item->record.sequence > expected)
		gap_tell(visit, item->offset, expected, item->record.sequence);
	*after_bad = false;
	visit->expected = item->record.sequence + item->record.count;
	if (item->record.op == RECORD_BATCH)
		return batch_check(visit, item, err);
	return record_check(visit, item->offset, true, &item->record, err);
}

static enum ouro_status
subject_check(struct verify_check *check, struct verify_subject *subject,
    struct ouro_error *err)
{
	struct segment *segment = subject->segment;
	struct visit visit = { .check = check, .subject = subject };
	bool after_bad = false;
	struct walk_item item;
	struct walk walk;
	enum ouro_status status;

	if (segment->kind == SEGMENT_LOST) {
		visit_tell(&visit, 0, subject->end, bytes_of(NULL, 0),
		    segment->lost);
		return OURO_OK;
	}
	visit.expected = segment->first;
	status = walk_open(&walk, segment, subject->end, err);
	while (status == OURO_OK) {
		status = walk_next(&walk, &item, err);
		if (status == OURO_OK)
			status = item_check(&visit, &walk, &item, &after_bad,
			    err);
	}
	walk_close(&walk);
	buffer_release(&visit.clear);
	if (status != OURO_END)
		return status;
	if (segment->kind == SEGMENT_LOG && !after_bad &&
	    visit.expected < subject->successor)
		gap_tell(&visit, subject->end, visit.expected,
		    subject->successor);
	return OURO_OK;
}

/* ---- all ------------------------------------------------------------------------------------ */

/* With log->lock held. */
static void
subject_take(struct verify_check *check, size_t i)
{
	const struct log_engine *log = check->log;
	struct verify_subject *subject = &check->subjects[check->count++];
	const struct segment *next;
	bool whole;

	subject->segment = segment_ref(log->segments[i]);
	subject->end = subject->segment->end;
	next = survey_successor(log, i, &whole);
	if (next == NULL)
		subject->successor = log->sequence + 1;
	else if (whole)
		subject->successor = survey_void_from(log, i);
}

static enum ouro_status
check_begin(struct verify_check *check, struct ouro_error *err)
{
	struct log_engine *log = check->log;
	enum ouro_status status = OURO_OK;

	pthread_rwlock_rdlock(&log->lock);
	check->subjects = calloc(log->segment_count + 1,
	    sizeof *check->subjects);
	if (check->subjects == NULL)
		status = error_memory(err);
	for (size_t i = 0; status == OURO_OK && i < log->segment_count; i++)
		subject_take(check, i);
	for (size_t i = 0; status == OURO_OK && i < log->missing.count; i++)
		status = id_set_add(&check->missing, log->missing.ids[i], err);
	check->sequence = log->sequence;
	pthread_rwlock_unlock(&log->lock);
	return status;
}

void
verify_end(struct verify_check *check)
{
	for (size_t i = 0; i < check->count; i++)
		segment_unref(check->subjects[i].segment);
	free(check->subjects);
	id_set_release(&check->missing);
	moment_release(&check->moment);
}

static enum ouro_status
missing_tell(struct verify_check *check, struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	for (size_t i = 0; status == OURO_OK && i < check->missing.count; i++) {
		char path[FS_PATH_MAX];

		status = segment_path(path, check->log->dir,
		    check->missing.ids[i], "", err);
		if (status == OURO_OK)
			verify_tell(check,
			    &(struct engine_damage){ .file = path,
				.text = "the segment is missing" });
	}
	return status;
}

enum ouro_status
verify_run(struct verify_check *check, struct ouro_error *err)
{
	enum ouro_status status = check_begin(check, err);

	if (status == OURO_OK)
		status = verify_index_begin(check, err);
	for (size_t i = 0; status == OURO_OK && i < check->count; i++)
		status = subject_check(check, &check->subjects[i], err);
	if (status == OURO_OK)
		status = missing_tell(check, err);
	return status == OURO_OK ? verify_index_end(check, err) : status;
}

enum ouro_status
verify_all(struct engine *engine, engine_damage_report *report, void *context,
    struct ouro_error *err)
{
	struct log_engine *log = log_engine_of(engine);
	struct verify_check check = { .log = log, .report = report };
	enum ouro_status status;

	check.context = context;
	pthread_mutex_lock(&log->care);
	status = verify_run(&check, err);
	if (status == OURO_OK && check.faults > 0)
		status = error_set(err, OURO_DAMAGED,
		    "%s: %" PRIu64 " places are damaged", log->dir,
		    check.faults);
	verify_end(&check);
	pthread_mutex_unlock(&log->care);
	return status;
}
