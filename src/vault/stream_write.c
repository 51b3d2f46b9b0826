#include "vault/stream_write.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "seal/chunker.h"
#include "vault/vault.h"

/* Chunks in a row that one job answers for: so long does listing them keep
 * the caller at most. */
#define RUN_MAX 65536

struct stream_job {
	struct executor_job job;
	struct stream_writer *writer;
	struct chunk_slot *slot;
	unsigned times; /* the chunk comes in a row: the caller's thread's */
	struct chunk_stored stored;
	enum ouro_status status;
	struct ouro_error error;
};

static void
stream_job_run(void *context)
{
	struct stream_job *job = context;
	struct stream_writer *writer = job->writer;

	job->status = chunk_store(writer->vault, job->slot, writer->erasure,
	    writer->k, writer->m, &job->stored, &job->error);
}

enum ouro_status
stream_writer_init(struct stream_writer *writer, struct ouro_vault *vault,
    unsigned k, unsigned m, struct ouro_error *err)
{
	*writer = (struct stream_writer){ .vault = vault, .k = k, .m = m };
	tree_writer_init(&writer->tree, vault);
	return vault_code(vault, k, m, &writer->erasure, err);
}

/* Lists a job's chunk as often as it comes. There is a pin for each entry,
 * and never a moment without one. */
static enum ouro_status
stream_list(struct stream_writer *writer, const struct stream_job *job,
    struct ouro_error *err)
{
	const struct tree_entry *entry = &job->stored.entry;
	struct pins *pins = &writer->vault->pins;
	enum ouro_status status = OURO_OK;

	for (unsigned i = 1; status == OURO_OK && i < job->times; i++) {
		status = pins_add(pins, entry->id, err);
		if (status != OURO_OK)
			break;
		status = tree_add(&writer->tree, entry, err);
	}
	if (status == OURO_OK)
		return tree_add(&writer->tree, entry, err);
	pins_drop(pins, entry->id);
	return status;
}

/* Waits for the oldest job and lists its chunk. */
static enum ouro_status
stream_join(struct stream_writer *writer, bool list, struct ouro_error *err)
{
	struct stream_job *job = &writer
				      ->jobs[writer->joined++ % writer->window];
	struct chunk_stored *stored = &job->stored;
	enum ouro_status status;

	executor_join(writer->vault->executor, &job->job);
	status = job->status;
	if (status != OURO_OK) {
		if (err != NULL)
			*err = job->error;
	} else if (!list) {
		pins_drop(&writer->vault->pins, stored->entry.id);
	} else {
		if (stored->is_new) {
			writer->counts.chunks_new++;
			writer->counts.bytes_new += stored->entry.size;
			writer->counts.bytes_stored += stored->stored;
		}
		status = stream_list(writer, job, err);
	}
	bytes_wipe(stored, sizeof(*stored));
	return status;
}

void
stream_writer_release(struct stream_writer *writer)
{
	while (writer->joined < writer->submitted)
		stream_join(writer, false, NULL);
	for (unsigned i = 0; writer->jobs != NULL && i < writer->window; i++)
		chunk_slot_give(writer->vault, writer->jobs[i].slot);
	free(writer->jobs);
	tree_writer_release(&writer->tree);
	chunker_free(writer->chunker);
	buffer_wipe(&writer->stage);
	*writer = (struct stream_writer){ 0 };
}

/* What only streams that are cut need. */
static enum ouro_status
stream_begin(struct stream_writer *writer, struct ouro_error *err)
{
	struct ouro_vault *vault = writer->vault;
	unsigned window = executor_width(vault->executor) * 2 + 1;

	if (writer->jobs != NULL)
		return OURO_OK;
	writer->jobs = calloc(window, sizeof(*writer->jobs));
	if (writer->jobs == NULL)
		return error_memory(err);
	writer->window = window;
	return chunker_new(vault->chunker_table, &writer->chunker, err);
}

/* A job that is free, joining the oldest when all are in flight. */
static enum ouro_status
stream_job_take(struct stream_writer *writer, struct stream_job **out,
    struct ouro_error *err)
{
	struct stream_job *job;
	enum ouro_status status;

	if (writer->submitted - writer->joined == writer->window) {
		status = stream_join(writer, true, err);
		if (status != OURO_OK)
			return status;
	}
	job = &writer->jobs[writer->submitted % writer->window];
	if (job->slot == NULL) {
		status = chunk_slot_take(writer->vault, &job->slot, err);
		if (status != OURO_OK)
			return status;
	}
	job->writer = writer;
	job->times = 1;
	job->job = (struct executor_job){ .run = stream_job_run,
		.context = job };
	*out = job;
	return OURO_OK;
}

static enum ouro_status
stream_submit(struct stream_writer *writer, struct bytes chunk,
    struct ouro_error *err)
{
	struct stream_job *job;
	enum ouro_status status = stream_job_take(writer, &job, err);

	if (status == OURO_OK)
		status = buffer_set(&job->slot->clear, chunk, err);
	if (status != OURO_OK)
		return status;
	writer->submitted++;
	executor_submit(writer->vault->executor, &job->job);
	return OURO_OK;
}

/*
 * Whether data begins with the chunk that was cut last, which then comes once
 * more: where a chunk ends is a function of its own bytes, so they need no
 * cutting, and with the job they share neither do they need hashing, looking
 * up or sealing. The last job is never joined before another is submitted,
 * and jobs do not change their bytes.
 */
static bool
stream_repeats(struct stream_writer *writer, struct bytes data, size_t *size)
{
	struct stream_job *job;
	struct bytes before;

	if (writer->joined == writer->submitted)
		return false;
	job = &writer->jobs[(writer->submitted - 1) % writer->window];
	before = buffer_bytes(&job->slot->clear);
	if (job->times == RUN_MAX || data.size < before.size ||
	    memcmp(data.data, before.data, before.size) != 0)
		return false;
	job->times++;
	*size = before.size;
	return true;
}

/* Cuts one chunk off data. *size is 0 when it cannot be told yet. */
static enum ouro_status
stream_cut(struct stream_writer *writer, struct bytes data, bool last,
    size_t *size, struct ouro_error *err)
{
	enum ouro_status status = stream_begin(writer, err);

	*size = 0;
	if (status == OURO_OK && stream_repeats(writer, data, size))
		return OURO_OK;
	if (status == OURO_OK)
		status = chunker_cut(writer->chunker, data, last, size, err);
	if (status == OURO_OK && *size > 0)
		status = stream_submit(writer, bytes_of(data.data, *size), err);
	return status;
}

/* Fills the stage up and cuts it. *taken tells how much of data is behind
 * us: less than was looked at when the chunk ends before. */
static enum ouro_status
stage_cut(struct stream_writer *writer, struct bytes data, size_t *taken,
    struct ouro_error *err)
{
	struct buffer *stage = &writer->stage;
	size_t part = CHUNK_MAX - stage->size, size, rest;
	enum ouro_status status = OURO_OK;

	if (part > data.size)
		part = data.size;
	if (stage->capacity < CHUNK_MAX && writer->size > INLINE_MAX)
		status = buffer_reserve(stage, CHUNK_MAX - stage->size, err);
	if (status == OURO_OK)
		status = buffer_append(stage, bytes_of(data.data, part), err);
	*taken = part;
	if (status != OURO_OK || stage->size < CHUNK_MAX)
		return status;
	status = stream_cut(writer, buffer_bytes(stage), false, &size, err);
	rest = stage->size - size;
	if (rest <= part) {
		*taken = part - rest;
		stage->size = 0;
		return status;
	}
	memmove(stage->data, stage->data + size, rest);
	stage->size = rest;
	return status;
}

enum ouro_status
stream_writer_add(struct stream_writer *writer, struct bytes data,
    struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	writer->size += data.size;
	while (status == OURO_OK && data.size > 0) {
		size_t taken;

		if (writer->stage.size == 0 && data.size >= CHUNK_MAX)
			status = stream_cut(writer, data, false, &taken, err);
		else
			status = stage_cut(writer, data, &taken, err);
		data = bytes_of(data.data + taken, data.size - taken);
	}
	return status;
}

/* What only a stream that goes on needs; a batch may hold many that do not. */
static void
stream_rest(struct stream_writer *writer)
{
	for (unsigned i = 0; writer->jobs != NULL && i < writer->window; i++)
		chunk_slot_give(writer->vault, writer->jobs[i].slot);
	free(writer->jobs);
	writer->jobs = NULL;
	chunker_free(writer->chunker);
	writer->chunker = NULL;
	buffer_wipe(&writer->stage);
}

enum ouro_status
stream_writer_end(struct stream_writer *writer, struct ouro_error *err)
{
	struct bytes rest = buffer_bytes(&writer->stage);
	enum ouro_status status = OURO_OK;

	if (writer->size <= INLINE_MAX)
		return OURO_OK;
	while (status == OURO_OK && rest.size > 0) {
		size_t size;

		status = stream_cut(writer, rest, true, &size, err);
		rest = bytes_of(rest.data + size, rest.size - size);
	}
	buffer_wipe(&writer->stage);
	return status;
}

enum ouro_status
stream_writer_finish(struct stream_writer *writer, struct content_part *out,
    struct ouro_error *err)
{
	enum ouro_status status;

	*out = (struct content_part){ .size = writer->size };
	if (writer->size <= INLINE_MAX) {
		out->inlined = buffer_bytes(&writer->stage);
		return OURO_OK;
	}
	status = stream_writer_end(writer, err);
	while (status == OURO_OK && writer->joined < writer->submitted)
		status = stream_join(writer, true, err);
	if (status == OURO_OK)
		status = tree_finish(&writer->tree, &out->root, &out->level,
		    err);
	if (status == OURO_OK)
		stream_rest(writer);
	return status;
}
