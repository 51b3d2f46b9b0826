#include "vault/stream_read.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "vault/vault.h"

/* Chunks in a row that one job answers for, so that looking for them ends. */
#define RUN_MAX 1024

#define PREFETCH 2 /* chunks */

struct read_job {
	struct executor_job job;
	struct ouro_vault *vault;
	struct chunk_slot *slot;
	unsigned times; /* to be given: the caller's thread's */
	struct tree_entry entry;
	enum ouro_status status;
	struct ouro_error error;
};

static void
read_job_run(void *context)
{
	struct read_job *job = context;

	job->status = chunk_load(job->vault, job->slot, &job->entry,
	    &job->error);
	if (job->status == OURO_OK && job->slot->clear.size != job->entry.size)
		job->status = error_set(&job->error, OURO_DAMAGED,
		    "a chunk has %zu bytes; its page says %llu",
		    job->slot->clear.size, (unsigned long long)job->entry.size);
}

void
stream_reader_init(struct stream_reader *reader, struct ouro_vault *vault,
    const struct content_part *part)
{
	*reader = (struct stream_reader){ .vault = vault,
		.part = part,
		.ahead = 1 };
}

/* Waits for what is in flight and forgets it. */
static void
reader_drain(struct stream_reader *reader)
{
	while (reader->joined < reader->submitted)
		executor_join(reader->vault->executor,
		    &reader->jobs[reader->joined++ % reader->window].job);
	if (reader->tree_open)
		tree_reader_release(&reader->tree);
	reader->tree_open = false;
	reader->tree_done = false;
	reader->current = NULL;
	reader->ahead = 1;
}

void
stream_reader_release(struct stream_reader *reader)
{
	reader_drain(reader);
	for (unsigned i = 0; reader->jobs != NULL && i < reader->window; i++) {
		bytes_wipe(&reader->jobs[i].entry, sizeof(struct tree_entry));
		chunk_slot_give(reader->vault, reader->jobs[i].slot);
	}
	free(reader->jobs);
	reader->jobs = NULL;
}

void
stream_reader_seek(struct stream_reader *reader, uint64_t position)
{
	if (position == reader->position)
		return;
	reader_drain(reader);
	reader->position = position;
}

/* Positions the tree at the next byte to be given. */
static enum ouro_status
reader_open(struct stream_reader *reader, struct ouro_error *err)
{
	enum ouro_status status;

	if (reader->jobs == NULL) {
		reader->window = executor_width(reader->vault->executor) * 2 +
		    2;
		reader->jobs = calloc(reader->window, sizeof(*reader->jobs));
		if (reader->jobs == NULL)
			return error_memory(err);
	}
	if (reader->tree_open)
		return OURO_OK;
	tree_reader_init(&reader->tree, reader->vault, &reader->part->root,
	    reader->part->level);
	reader->tree_open = true;
	status = tree_seek(&reader->tree, reader->position, &reader->skip, err);
	if (status != OURO_OK)
		reader_drain(reader);
	return status;
}

/* Whether an entry is that of the job before: its bytes are given again. */
static bool
reader_repeats(struct stream_reader *reader, const struct tree_entry *entry)
{
	struct read_job *job;

	if (reader->joined == reader->submitted)
		return false;
	job = &reader->jobs[(reader->submitted - 1) % reader->window];
	if (job->times == RUN_MAX || job->entry.size != entry->size ||
	    memcmp(job->entry.id, entry->id, HASH_SIZE) != 0)
		return false;
	job->times++;
	return true;
}

/* Keeps a few chunks on their way, more the longer one reads on. */
static enum ouro_status
reader_fetch(struct stream_reader *reader, struct ouro_error *err)
{
	unsigned most = reader->window - 1; /* one is being given out */
	enum ouro_status status;

	while (!reader->tree_done &&
	    reader->submitted - reader->joined < reader->ahead) {
		struct read_job
		    *job = &reader->jobs[reader->submitted % reader->window];

		if (job->slot == NULL) {
			status = chunk_slot_take(reader->vault, &job->slot,
			    err);
			if (status != OURO_OK)
				return status;
		}
		status = tree_next(&reader->tree, &job->entry, err);
		/* What was fetched before is given out first. */
		if (status == OURO_END ||
		    (status != OURO_OK && reader->submitted > reader->joined)) {
			reader->tree_done = status == OURO_END;
			break;
		}
		if (status != OURO_OK)
			return status;
		if (reader_repeats(reader, &job->entry))
			continue;
		job->times = 1;
		job->vault = reader->vault;
		job->job = (struct executor_job){ .run = read_job_run,
			.context = job };
		reader->submitted++;
		executor_submit(reader->vault->executor, &job->job);
	}
	if (reader->ahead < most)
		reader->ahead++;
	return OURO_OK;
}

void
stream_reader_prefetch(struct stream_reader *reader)
{
	if (reader->part->size <= INLINE_MAX ||
	    reader->position >= reader->part->size || reader->current != NULL)
		return;
	if (reader->ahead < PREFETCH)
		reader->ahead = PREFETCH;
	if (reader_open(reader, NULL) != OURO_OK ||
	    reader_fetch(reader, NULL) != OURO_OK)
		reader_drain(reader);
}

/* Makes the next chunk the current one. OURO_END. */
static enum ouro_status
reader_next(struct stream_reader *reader, struct ouro_error *err)
{
	struct read_job *job;
	enum ouro_status status;

	status = reader_open(reader, err);
	if (status == OURO_OK)
		status = reader_fetch(reader, err);
	if (status != OURO_OK)
		return status;
	if (reader->joined == reader->submitted)
		return OURO_END;
	job = &reader->jobs[reader->joined++ % reader->window];
	executor_join(reader->vault->executor, &job->job);
	if (job->status != OURO_OK) {
		if (err != NULL)
			*err = job->error;
		return job->status;
	}
	if (reader->skip > job->slot->clear.size)
		return error_set(err, OURO_DAMAGED,
		    "the chunk list does not fit the content's size");
	reader->current = job;
	reader->current_at = (size_t)reader->skip;
	reader->skip = 0;
	return OURO_OK;
}

/* Makes what is current the chunk of the next byte. */
static enum ouro_status
reader_turn(struct stream_reader *reader, struct ouro_error *err)
{
	struct read_job *job = reader->current;
	enum ouro_status status;

	if (job != NULL && reader->current_at < job->slot->clear.size)
		return OURO_OK;
	if (job != NULL && job->times > 1) {
		job->times--;
		reader->current_at = 0;
		return OURO_OK;
	}
	reader->current = NULL;
	status = reader_next(reader, err);
	if (status != OURO_OK)
		reader_drain(reader);
	if (status == OURO_END)
		status = error_set(err, OURO_DAMAGED,
		    "the chunk list ends at byte %llu of %llu",
		    (unsigned long long)reader->position,
		    (unsigned long long)reader->part->size);
	return status;
}

enum ouro_status
stream_reader_next(struct stream_reader *reader, size_t most, struct bytes *out,
    struct ouro_error *err)
{
	const struct content_part *part = reader->part;
	const struct buffer *clear;
	enum ouro_status status;

	*out = bytes_of(NULL, 0);
	if (most == 0 || reader->position >= part->size)
		return OURO_OK;
	if (part->size <= INLINE_MAX) {
		*out = bytes_of(part->inlined.data + reader->position,
		    (size_t)(part->size - reader->position));
	} else {
		status = reader_turn(reader, err);
		if (status != OURO_OK)
			return status;
		clear = &reader->current->slot->clear;
		*out = bytes_of(clear->data + reader->current_at,
		    clear->size - reader->current_at);
	}
	if (out->size > most)
		out->size = most;
	reader->position += out->size;
	reader->current_at += out->size;
	return OURO_OK;
}

enum ouro_status
stream_reader_read(struct stream_reader *reader, void *data, size_t size,
    size_t *got, struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;
	struct bytes part;

	for (*got = 0; *got < size; *got += part.size) {
		status = stream_reader_next(reader, size - *got, &part, err);
		if (status != OURO_OK || part.size == 0)
			break;
		memcpy((uint8_t *)data + *got, part.data, part.size);
	}
	/* What came before the fault is given first; the next call meets it. */
	return *got > 0 ? OURO_OK : status;
}
