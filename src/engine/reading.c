#include "engine/reading.h"

#include <stdlib.h>

#include "base/error.h"
#include "engine/manifest.h"
#include "engine/pack.h"
#include "engine/region.h"
#include "engine/walk.h"

/* One segment's part of a pass. */
struct reading {
	struct survey *survey;
	struct segment *segment;
	uint64_t expected; /* the sequence that comes next (log segments) */
	uint64_t limit;	   /* from this sequence on nothing counts */
	bool bad;	   /* the last item was bad */
};

/* ---- what was found ------------------------------------------------------------- */

static enum ouro_status
gap_add(struct survey *survey, struct survey_gap gap, struct ouro_error *err)
{
	survey->odd = true;
	if (survey->final)
		return OURO_OK;
	if (survey->gap_count == survey->gap_capacity) {
		size_t capacity = survey->gap_capacity * 2 + 16;
		struct survey_gap *grown = realloc(survey->gaps,
		    capacity * sizeof *grown);

		if (grown == NULL)
			return error_memory(err);
		survey->gaps = grown;
		survey->gap_capacity = capacity;
	}
	survey->gaps[survey->gap_count++] = gap;
	return OURO_OK;
}

/* A `dropped` record lies in a segment younger than all that it names. */
static enum ouro_status
dropped_read(const struct reading *reading, const struct record *record,
    struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	for (size_t i = 0; status == OURO_OK && i < record->value.size;
	     i += 8) {
		uint64_t id = get_u64le(record->value.data + i);

		if (id < reading->segment->id)
			status = survey_note_add(reading->survey,
			    (struct survey_note){ record->sequence, id }, err);
	}
	return status;
}

static void
sequence_see(struct survey *survey, uint64_t sequence, bool operates)
{
	if (sequence > survey->newest)
		survey->newest = sequence;
	if (operates && sequence > survey->operated)
		survey->operated = sequence;
}

/* Puts one operation into the index; its seal is open. */
static enum ouro_status
op_note(struct reading *reading, const struct record *record, uint64_t offset,
    bool good, struct ouro_error *err)
{
	struct location location = {
		.segment = reading->segment,
		.offset = offset,
		.sequence = record->sequence,
		.value_size = (uint32_t)record->value.size,
		.batch_offset = record->batch_offset,
		.state = !good			  ? PLACE_DAMAGED
		    : record->op == RECORD_DELETE ? PLACE_TOMBSTONE
						  : PLACE_VALUE,
		.packed = good && record->op == RECORD_PACKED,
	};

	if (location.packed)
		location.clear_size = pack_clear_size(record->value);
	sequence_see(reading->survey, record->sequence, true);
	reading->survey->log->replayed++;
	return index_note(reading->survey->log, record->key, &location, err);
}

/* Opens the seal. A checksum that fits over a tag that does not was forged:
 * that is damage like any other, and no reason not to open the store. */
static enum ouro_status
unseal(struct reading *reading, struct record *record, bool *good,
    struct ouro_error *err)
{
	enum ouro_status status = record_unseal(&reading->segment->frame,
	    record, err);

	*good = status == OURO_OK;
	if (status != OURO_WRONG_KEY)
		return status;
	reading->segment->damaged++;
	reading->survey->lost++;
	return OURO_OK;
}

/* The mark is believed only when the seal over it has opened. */
static void
mark_raise(struct survey *survey, const struct record *record)
{
	if (record->durable > survey->mark)
		survey->mark = record->durable;
}

static enum ouro_status
batch_note(struct reading *reading, const struct walk_item *item,
    struct ouro_error *err)
{
	const struct record_frame *frame = &reading->segment->frame;
	const struct record *batch = &item->record;
	uint64_t offset = item->offset + record_head(frame);
	size_t at = 0;

	reading->segment->frame_bytes += record_head(frame) + RECORD_CRC;
	for (uint32_t i = 0; i < batch->count; i++) {
		struct record sub;
		enum ouro_status status;
		bool good;

		if (!record_sub_decode(frame, batch, i, at, &sub)) {
			reading->segment->damaged++; /* forged, see unseal */
			reading->survey->lost++;
			return OURO_OK;
		}
		status = unseal(reading, &sub, &good, err);
		if (status == OURO_OK && good) {
			mark_raise(reading->survey, &sub);
			status = op_note(reading, &sub, offset + at, true, err);
		}
		if (status != OURO_OK)
			return status;
		at += (size_t)sub.size;
	}
	return OURO_OK;
}

/* A record that decodes and counts. */
static enum ouro_status
good_note(struct reading *reading, struct walk_item *item,
    struct ouro_error *err)
{
	struct survey *survey = reading->survey;
	struct record *record = &item->record;
	enum ouro_status status;
	bool good;

	if (reading->segment->kind == SEGMENT_OLD)
		record->sequence = region_old_sequence(reading->segment->id,
		    item->offset);
	if (record->op == RECORD_BATCH)
		return batch_note(reading, item, err);
	status = unseal(reading, record, &good, err);
	if (status != OURO_OK || !good)
		return status;
	mark_raise(survey, record);
	if (record_is_operation(record))
		return op_note(reading, record, item->offset, true, err);
	reading->segment->frame_bytes += item->size;
	sequence_see(survey, record->sequence, record->value.size > 0);
	return record->op == RECORD_DROPPED && !survey->final
	    ? dropped_read(reading, record, err)
	    : OURO_OK;
}

/* ---- damage ------------------------------------------------------------------------ */

static enum ouro_status
salvage(void *context, uint64_t offset, bool good, struct record *record,
    struct ouro_error *err)
{
	struct reading *reading = context;
	struct survey *survey = reading->survey;

	if (record->sequence >= reading->limit)
		return OURO_OK;
	if (good) {
		enum ouro_status status = unseal(reading, record, &good, err);

		return status != OURO_OK || !good
		    ? status
		    : op_note(reading, record, offset, true, err);
	}
	survey->lost++;
	if (record->key.size == 0 || record->key.size > ENGINE_KEY_MAX ||
	    !record_is_operation(record) ||
	    (reading->segment->kind == SEGMENT_COPIES &&
		record->sequence > survey->mark))
		return OURO_OK;
	return op_note(reading, record, offset, false, err);
}

/* Bytes that are not understood and were once durable. */
static enum ouro_status
damage_note(struct reading *reading, struct walk *walk,
    const struct walk_item *item, struct ouro_error *err)
{
	uint64_t lost = reading->survey->lost;
	enum ouro_status status;
	struct bytes data;
	bool understood;

	reading->segment->damaged++;
	status = walk_bytes(walk, item, &data, err);
	if (status == OURO_OK)
		status = region_parse(reading->segment, data, item->offset,
		    reading->expected, salvage, reading, &understood, err);
	if (status == OURO_OK && reading->survey->lost == lost)
		reading->survey->lost++;
	return status;
}

/* ---- one segment ---------------------------------------------------------------------- */

/* Whether the bytes are the beginning of a record of the older format, cut
 * off; a file of ours, whatever became of it, does not look so. */
static bool
is_cut_off(struct walk *walk, const struct walk_item *item)
{
	struct bytes data;

	if (walk_bytes(walk, item, &data, NULL) != OURO_OK || data.size < 3 ||
	    data.data[0] != RECORD_MAGIC_0 || data.data[1] != RECORD_MAGIC_1 ||
	    (data.data[2] != RECORD_OLD_SET &&
		data.data[2] != RECORD_OLD_DELETE))
		return false;
	return data.size < RECORD_PREFIX ||
	    record_claim(&walk->segment->frame, data.data, data.size) >
	    data.size;
}

/* Whether bad bytes here are the end of the log and not damage. */
static bool
bad_is_tail(const struct reading *reading, struct walk *walk,
    const struct walk_item *item)
{
	if (reading->segment->kind == SEGMENT_LOG)
		return reading->expected >= reading->limit;
	return reading->segment->kind == SEGMENT_OLD &&
	    walk->offset == walk->end &&
	    (item->offset > 0 || is_cut_off(walk, item));
}

/* Takes one item; *stop: what follows does not count. */
static enum ouro_status
item_take(struct reading *reading, struct walk *walk, struct walk_item *item,
    bool *stop, struct ouro_error *err)
{
	struct survey *survey = reading->survey;
	bool log = reading->segment->kind == SEGMENT_LOG;
	enum ouro_status status = OURO_OK;
	uint64_t first = reading->expected;

	if (!item->good) {
		survey->odd = true;
		reading->bad = true;
		*stop = bad_is_tail(reading, walk, item);
		return *stop || !survey->final
		    ? OURO_OK
		    : damage_note(reading, walk, item, err);
	}
	if (log && item->record.sequence >= reading->limit) {
		survey->odd = *stop = true;
		return OURO_OK;
	}
	if (log && (reading->bad || item->record.sequence != first)) {
		status = gap_add(survey,
		    (struct survey_gap){ reading->segment, first,
			item->record.sequence, false },
		    err);
		if (survey->final && !reading->bad) {
			reading->segment->damaged++;
			survey->lost += item->record.sequence - first;
		}
	}
	reading->bad = false;
	reading->expected = item->record.sequence + item->record.count;
	return status == OURO_OK ? good_note(reading, item, err) : status;
}

/* The log segment at i was read to its end: does the next one follow? */
static enum ouro_status
boundary_check(struct reading *reading, size_t i, struct ouro_error *err)
{
	struct survey *survey = reading->survey;
	const struct segment *next;
	uint64_t end = UINT64_MAX;
	bool whole;

	next = survey_successor(survey->log, i, &whole);
	if (next != NULL)
		end = survey_void_from(survey->log, i);
	if (reading->expected >= end ||
	    (!reading->bad && (next == NULL || !whole)))
		return OURO_OK;
	if (survey->final && !reading->bad && reading->expected < survey->cut) {
		reading->segment->damaged++;
		survey->lost += end - reading->expected;
	}
	if (next == NULL)
		survey->bad_end = true;
	return gap_add(survey,
	    (struct survey_gap){ reading->segment, reading->expected, end,
		next != NULL && !whole },
	    err);
}

/* What the segment holds from offset on does not count. */
static enum ouro_status
torn_note(struct survey *survey, struct walk *walk, uint64_t offset,
    struct ouro_error *err)
{
	uint64_t content;
	enum ouro_status status = walk_content(walk, &content, err);

	if (status == OURO_OK && content > offset)
		survey->log->torn_bytes += content - offset;
	if (status == OURO_OK)
		walk->segment->end = offset;
	return status;
}

static enum ouro_status
segment_walk(struct reading *reading, struct ouro_error *err)
{
	struct segment *segment = reading->segment;
	struct walk_item item;
	struct walk walk;
	enum ouro_status status;
	bool stop = false;

	if (segment->covered != NULL && segment->covered->end == segment->end)
		return OURO_OK;
	status = walk_open(&walk, segment, segment->end, err);
	if (segment->covered != NULL) {
		walk.offset = segment->covered->end;
		walk.expected = reading->expected;
	}
	while (status == OURO_OK && !stop) {
		status = walk_next(&walk, &item, err);
		if (status == OURO_OK)
			status = item_take(reading, &walk, &item, &stop, err);
	}
	if (status == OURO_END) {
		segment->end = walk.offset;
		status = OURO_OK;
	} else if (status == OURO_OK && reading->survey->final) {
		status = torn_note(reading->survey, &walk, item.offset, err);
	}
	walk_close(&walk);
	return status;
}

/* A log segment behind the cut, or one that a later segment makes void. */
static enum ouro_status
void_note(struct survey *survey, struct segment *segment,
    struct ouro_error *err)
{
	enum ouro_status status;
	struct walk walk;

	survey->odd = true;
	if (!survey->final)
		return OURO_OK;
	status = walk_open(&walk, segment, segment->end, err);
	if (status == OURO_OK)
		status = torn_note(survey, &walk, segment->begin, err);
	walk_close(&walk);
	return status;
}

enum ouro_status
reading_run(struct survey *survey, size_t i, struct ouro_error *err)
{
	struct segment *segment = survey->log->segments[i];
	struct reading reading = { survey, segment, segment->first, UINT64_MAX,
		false };
	enum ouro_status status;

	if (segment->kind == SEGMENT_LOST) {
		survey->odd = true;
		segment->damaged = 1;
		survey->lost += survey->final;
		return OURO_OK;
	}
	segment->indexed = true;
	atomic_fetch_add(&survey->log->unstored,
	    segment->end -
		(segment->covered != NULL ? segment->covered->end
					  : segment->begin));
	if (segment->covered != NULL)
		reading.expected = segment->covered->next;
	if (segment->kind == SEGMENT_LOG) {
		reading.limit = survey_void_from(survey->log, i);
		if (survey->final && survey->cut < reading.limit)
			reading.limit = survey->cut;
		if (segment->first > reading.limit) {
			return void_note(survey, segment, err);
		}
	}
	status = segment_walk(&reading, err);
	if (status != OURO_OK || segment->kind != SEGMENT_LOG)
		return status;
	segment->next = reading.expected;
	if (reading.expected > survey->next)
		survey->next = reading.expected;
	return boundary_check(&reading, i, err);
}
