#include "vault/stream_read.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "vault/vault.h"

struct read_job {
	struct executor_job job;
	struct ouro_vault *vault;
	struct chunk_slot *slot;
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

static size_t
reader_copy(struct stream_reader *reader, uint8_t *data, size_t size)
{
	struct bytes from;
	size_t part;

	if (reader->part->size <= INLINE_MAX)
		from = bytes_of(reader->part->inlined.data + reader->position,
		    (size_t)(reader->part->size - reader->position));
	else
		from = bytes_of(reader->current->slot->clear.data +
			reader->current_at,
		    reader->current->slot->clear.size - reader->current_at);
	part = from.size < size ? from.size : size;
	memcpy(data, from.data, part);
	reader->position += part;
	reader->current_at += part;
	return part;
}

enum ouro_status
stream_reader_read(struct stream_reader *reader, void *data, size_t size,
    size_t *got, struct ouro_error *err)
{
	bool inlined = reader->part->size <= INLINE_MAX;
	enum ouro_status status = OURO_OK;

	*got = 0;
	while (*got < size && reader->position < reader->part->size) {
		if (!inlined &&
		    (reader->current == NULL ||
			reader->current_at ==
			    reader->current->slot->clear.size)) {
			reader->current = NULL;
			status = reader_next(reader, err);
			if (status != OURO_OK)
				break;
		}
		*got += reader_copy(reader, (uint8_t *)data + *got,
		    size - *got);
	}
	if (status == OURO_OK)
		return OURO_OK;
	reader_drain(reader);
	if (status == OURO_END)
		status = error_set(err, OURO_DAMAGED,
		    "the chunk list ends at byte %llu of %llu",
		    (unsigned long long)reader->position,
		    (unsigned long long)reader->part->size);
	/* What came before the fault is given first; the next call meets it. */
	return *got > 0 ? OURO_OK : status;
}
