#include "engine/copy.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "engine/commit.h"
#include "engine/region.h"
#include "engine/walk.h"

#define GATHER_BYTES (1024u * 1024)

void
copy_init(struct copy *copy, struct log_engine *log,
    struct segment *const *victims, bool salvage)
{
	*copy = (struct copy){ .log = log, .victims = victims };
	copy->salvage = salvage;
	pthread_rwlock_rdlock(&log->lock);
	copy->durable = log->durable_shown;
	pthread_rwlock_unlock(&log->lock);
}

static bool
is_victim(const struct copy *copy, const struct segment *segment)
{
	for (struct segment *const *p = copy->victims; *p != NULL; p++)
		if (*p == segment)
			return true;
	return false;
}

/* ---- what counts ------------------------------------------------------------------ */

/* Whether a segment that stays may hold an older record of some key: then a
 * tombstone must stay too. Copies made after the deletion hold none of it.
 * Under lock. */
static bool
older_may_stay(const struct copy *copy, uint64_t sequence)
{
	const struct log_engine *log = copy->log;

	if (log->missing.count > 0 && !copy->salvage)
		return true;
	for (size_t i = 0; i < log->segment_count; i++) {
		const struct segment *segment = log->segments[i];
		bool newest = segment->kind == SEGMENT_COPIES &&
		    segment->first >= sequence;

		if (segment->least < sequence && !newest &&
		    !is_victim(copy, segment))
			return true;
	}
	return false;
}

/* Whether this very record, and no other of its sequence, is a key's. */
static enum ouro_status
counts(struct copy *copy, const struct segment *victim, uint64_t offset,
    const struct record *record, bool *result, struct ouro_error *err)
{
	struct log_engine *log = copy->log;
	struct location location;
	enum ouro_status status = index_look(log, record->key, &location, err);

	*result = false;
	if (status != OURO_OK)
		return status == OURO_NOT_FOUND ? OURO_OK : status;
	if (location.sequence == record->sequence &&
	    location.segment == victim && location.offset == offset) {
		pthread_rwlock_rdlock(&log->lock);
		*result = location.state == PLACE_VALUE ||
		    (location.state == PLACE_TOMBSTONE &&
			older_may_stay(copy, record->sequence));
		pthread_rwlock_unlock(&log->lock);
	}
	segment_unref(location.segment);
	return OURO_OK;
}

/* ---- writing ------------------------------------------------------------------------ */

static enum ouro_status
output_write(struct copy *copy, struct ouro_error *err)
{
	enum ouro_status status;

	if (copy->assembly.size == 0)
		return OURO_OK;
	status = assembly_write(&copy->assembly, copy->output->file,
	    copy->output->end, err);
	if (status == OURO_OK) {
		copy->output->end += copy->assembly.size;
		atomic_fetch_add(&copy->log->bytes_moved, copy->assembly.size);
		fs_flush_start(copy->output->file,
		    copy->output->end - copy->assembly.size,
		    copy->assembly.size);
	}
	assembly_clear(&copy->assembly);
	return status;
}

static enum ouro_status
output_finish(struct copy *copy, struct ouro_error *err)
{
	enum ouro_status status;
	struct segment **grown;

	if (copy->output == NULL)
		return OURO_OK;
	status = output_write(copy, err);
	if (status != OURO_OK)
		return status;
	grown = realloc(copy->made,
	    (copy->made_count + 1) * sizeof(struct segment *));
	if (grown == NULL)
		return error_memory(err);
	copy->made = grown;
	status = segment_finish(copy->output, copy->log->dir, err);
	if (status != OURO_OK)
		return status;
	copy->made[copy->made_count++] = copy->output;
	copy->output = NULL;
	return OURO_OK;
}

static enum ouro_status
output_begin(struct copy *copy, struct ouro_error *err)
{
	struct log_engine *log = copy->log;
	struct segment_plan plan = {
		.kind = SEGMENT_COPIES,
		.first = copy->durable,
	};
	enum ouro_status status = log_engine_id_take(log, &plan.id, err);

	if (status != OURO_OK)
		return status;
	copy->sequence = UINT64_MAX; /* a new salt wants a new session */
	pthread_rwlock_rdlock(&log->lock);
	status = log_engine_ids(log, &plan.ids, &plan.ids_count, err);
	pthread_rwlock_unlock(&log->lock);
	if (status != OURO_OK)
		return status;
	return segment_begin(&log->files, log->dir, &plan, &copy->output, err);
}

/* No sequence may be sealed twice under one key. */
static enum ouro_status
session_see(struct copy *copy, uint64_t sequence, struct ouro_error *err)
{
	bool grows = sequence > copy->sequence;

	copy->sequence = sequence;
	if (grows || copy->log->seal_key == NULL)
		return OURO_OK;
	return fs_random(copy->log->fs, copy->assembly.session, RECORD_SESSION,
	    err);
}

/* Copies one record that counts, whose seal is open. */
static enum ouro_status
record_copy(struct copy *copy, const struct record *record,
    struct ouro_error *err)
{
	struct record plain = *record;
	enum ouro_status status = OURO_OK;

	if (copy->output != NULL &&
	    copy->output->end + copy->assembly.size >= copy->log->segment_size)
		status = output_finish(copy, err);
	if (status == OURO_OK && copy->output == NULL)
		status = output_begin(copy, err);
	if (status == OURO_OK)
		status = session_see(copy, record->sequence, err);
	if (status != OURO_OK)
		return status;
	plain.durable = copy->durable;
	if (record->sequence < copy->output->least)
		copy->output->least = record->sequence;
	status = assembly_record(&copy->assembly, &copy->output->frame, &plain,
	    err);
	/* Pieces after the first point into the walk's window. */
	if (status == OURO_OK &&
	    (copy->assembly.count > 1 || copy->assembly.size > GATHER_BYTES))
		status = output_write(copy, err);
	return status;
}

/* ---- reading ------------------------------------------------------------------------- */

struct copy_source {
	struct copy *copy;
	struct segment *victim;
};

static enum ouro_status
source_damaged(const struct copy_source *source, uint64_t offset,
    struct ouro_error *err)
{
	if (source->copy->salvage)
		return OURO_OK;
	return error_set(err, OURO_DAMAGED,
	    "%s: damaged at offset %" PRIu64 "; repair comes first",
	    source->victim->path, offset);
}

/* Also called by region_parse, for what is left of a damaged stretch. */
static enum ouro_status
source_record(void *context, uint64_t offset, bool good, struct record *record,
    struct ouro_error *err)
{
	struct copy_source *source = context;
	enum ouro_status status;
	bool newest;

	if (!good)
		return source_damaged(source, offset, err);
	status = record_unseal(&source->victim->frame, record, err);
	if (status == OURO_WRONG_KEY)
		return source_damaged(source, offset, err);
	if (status != OURO_OK)
		return status;
	if (source->victim->kind == SEGMENT_OLD)
		record->sequence = region_old_sequence(source->victim->id,
		    offset);
	if (!record_is_operation(record))
		return OURO_OK;
	status = counts(source->copy, source->victim, offset, record, &newest,
	    err);
	return status == OURO_OK && newest
	    ? record_copy(source->copy, record, err)
	    : status;
}

static enum ouro_status
source_batch(struct copy_source *source, const struct walk_item *item,
    struct ouro_error *err)
{
	const struct record *batch = &item->record;
	const struct record_frame *frame = &source->victim->frame;
	uint64_t offset = item->offset + record_head(frame);
	enum ouro_status status = OURO_OK;
	size_t at = 0;

	for (uint32_t i = 0; status == OURO_OK && i < batch->count; i++) {
		struct record sub;
		bool good = record_sub_decode(frame, batch, i, at, &sub);

		status = source_record(source, offset + at, good, &sub, err);
		if (!good)
			break;
		at += (size_t)sub.size;
	}
	return status;
}

static enum ouro_status
source_bad(struct copy_source *source, struct walk *walk,
    const struct walk_item *item, uint64_t expected, struct ouro_error *err)
{
	enum ouro_status status = source_damaged(source, item->offset, err);
	struct bytes data;
	bool understood;

	if (status == OURO_OK)
		status = walk_bytes(walk, item, &data, err);
	if (status == OURO_OK)
		status = region_parse(source->victim, data, item->offset,
		    expected, source_record, source, &understood, err);
	return status;
}

enum ouro_status
copy_segment(struct copy *copy, struct segment *victim, struct ouro_error *err)
{
	struct copy_source source = { copy, victim };
	uint64_t expected = victim->first;
	struct walk_item item = { 0 };
	struct walk walk;
	enum ouro_status status;

	if (victim->kind == SEGMENT_LOST)
		return OURO_OK;
	status = walk_open(&walk, victim, victim->end, err);
	while (status == OURO_OK) {
		status = atomic_load(&copy->log->closing)
		    ? error_plain(err, OURO_CANCELLED, "the store is closed")
		    : walk_next(&walk, &item, err);
		if (status != OURO_OK)
			break;
		if (!item.good) {
			status = source_bad(&source, &walk, &item, expected,
			    err);
			continue;
		}
		expected = item.record.sequence + item.record.count;
		if (item.record.op == RECORD_BATCH)
			status = source_batch(&source, &item, err);
		else
			status = source_record(&source, item.offset, true,
			    &item.record, err);
	}
	walk_close(&walk);
	return status == OURO_END ? OURO_OK : status;
}

/* ---- publishing ------------------------------------------------------------------------ */

#define MOVES_MAX 256

/* Copies on their way into the index. */
struct moves {
	struct copy *copy;
	struct segment *made;
	struct buffer keys;
	size_t key_at[MOVES_MAX];
	struct commit_move moves[MOVES_MAX];
	size_t count;
};

static enum ouro_status
moves_commit(struct moves *moves, struct segment *whole, struct ouro_error *err)
{
	enum ouro_status status;

	for (size_t i = 0; i < moves->count; i++)
		moves->moves[i].key.data = moves->keys.data + moves->key_at[i];
	status = commit_moves(moves->copy->log, moves->moves, moves->count,
	    whole, err);
	moves->count = 0;
	moves->keys.size = 0;
	return status;
}

/* Lets the index point at one copy, if it still points at the original. */
static enum ouro_status
moves_add(struct moves *moves, const struct record *record, uint64_t offset,
    struct ouro_error *err)
{
	struct commit_move *move = &moves->moves[moves->count];
	struct copy *copy = moves->copy;
	struct location from;
	enum ouro_status status = index_look(copy->log, record->key, &from,
	    err);

	if (status != OURO_OK)
		return status == OURO_NOT_FOUND ? OURO_OK : status;
	if (from.segment == NULL || from.sequence != record->sequence ||
	    !is_victim(copy, from.segment)) {
		segment_unref(from.segment);
		return OURO_OK;
	}
	move->from = location_place(&from);
	segment_unref(from.segment);
	move->to = (struct place){
		.segment = moves->made->id,
		.offset = offset,
		.sequence = record->sequence,
		.value_size = (uint32_t)record->value.size,
		.state = from.state,
		.packed = from.packed,
		.clear_size = from.clear_size,
	};
	move->key.size = record->key.size;
	moves->key_at[moves->count++] = moves->keys.size;
	status = buffer_append(&moves->keys, record->key, err);
	return status == OURO_OK && moves->count == MOVES_MAX
	    ? moves_commit(moves, NULL, err)
	    : status;
}

/* Reads a finished segment again; with moves, lets the index follow. */
static enum ouro_status
made_walk(struct segment *made, struct moves *moves, struct ouro_error *err)
{
	struct walk_item item;
	struct walk walk;
	enum ouro_status status = walk_open(&walk, made, made->end, err);

	while (status == OURO_OK) {
		status = walk_next(&walk, &item, err);
		if (status != OURO_OK)
			break;
		if (!item.good)
			status = error_set(err, OURO_DAMAGED,
			    "%s: what was just written at offset %" PRIu64
			    " reads back damaged",
			    made->path, item.offset);
		else
			status = record_unseal(&made->frame, &item.record, err);
		if (status == OURO_OK && moves != NULL)
			status = moves_add(moves, &item.record, item.offset,
			    err);
	}
	walk_close(&walk);
	return status == OURO_END ? OURO_OK : status;
}

static enum ouro_status
made_move(struct copy *copy, struct segment *made, struct ouro_error *err)
{
	struct moves *moves = calloc(1, sizeof *moves);
	enum ouro_status status;

	if (moves == NULL)
		return error_memory(err);
	moves->copy = copy;
	moves->made = made;
	status = made_walk(made, moves, err);
	if (status == OURO_OK)
		status = moves_commit(moves, made, err);
	buffer_release(&moves->keys);
	free(moves);
	return status;
}

enum ouro_status
copy_publish(struct copy *copy, struct ouro_error *err)
{
	struct log_engine *log = copy->log;
	enum ouro_status status = output_finish(copy, err);

	for (size_t i = 0; status == OURO_OK && i < copy->made_count; i++)
		status = made_walk(copy->made[i], NULL, err);
	while (status == OURO_OK && copy->made_count > 0) {
		struct segment *made = copy->made[copy->made_count - 1];

		status = log_engine_segment_publish(log, made, err);
		if (status != OURO_OK)
			break;
		copy->made_count--; /* the log's now */
		status = made_move(copy, made, err);
	}
	return status;
}

void
copy_release(struct copy *copy)
{
	for (size_t i = 0; i < copy->made_count; i++) {
		fs_unlink(copy->log->fs, copy->made[i]->path, NULL);
		segment_unref(copy->made[i]);
	}
	if (copy->output != NULL)
		fs_unlink(copy->log->fs, copy->output->path, NULL);
	segment_unref(copy->output);
	free(copy->made);
	assembly_release(&copy->assembly);
}
