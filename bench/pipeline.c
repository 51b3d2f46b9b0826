#include "pipeline_parts.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "seal/derive.h"

#define STAGE_SIZE (4 * CHUNK_MAX)
#define PASSES	   4 /* stores that the tables have room for */

const char *const stage_names[STAGES] = {
	[STAGE_READ] = "read",
	[STAGE_CUT] = "cut (Buzhash)",
	[STAGE_ID] = "chunk id (HMAC-SHA-256)",
	[STAGE_COMPRESS] = "zstd -3",
	[STAGE_SEAL] = "keys, AES-256-GCM",
	[STAGE_ENCODE] = "Reed-Solomon",
	[STAGE_HASH] = "slice hashes (SHA-256)",
	[STAGE_WRITE] = "write slices",
	[STAGE_FETCH] = "read slices",
	[STAGE_OPEN] = "open AES-256-GCM",
	[STAGE_DECOMPRESS] = "decompress",
	[STAGE_OUT] = "write files",
};

/* ---- cutting ----------------------------------------------------------------- */

static bool
file_open(struct pipeline *pipeline)
{
	char *path = path_join(pipeline->folder->root,
	    pipeline->folder->files[pipeline->file_next].path);

	pipeline->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (pipeline->fd < 0)
		complain(path);
	free(path);
	pipeline->file_next++;
	pipeline->file_at = 0;
	pipeline->file_ended = false;
	pipeline->stage.size = pipeline->stage_at = 0;
	return pipeline->fd >= 0;
}

/* Reads on, so that the stage has a whole chunk or the end of the file. */
static bool
stage_fill(struct pipeline *pipeline)
{
	struct buffer *stage = &pipeline->stage;
	size_t left = stage->size - pipeline->stage_at;

	if (left >= CHUNK_MAX || pipeline->file_ended)
		return true;
	memmove(stage->data, stage->data + pipeline->stage_at, left);
	stage->size = left;
	pipeline->stage_at = 0;
	while (stage->size < STAGE_SIZE) {
		ssize_t got = read(pipeline->fd, stage->data + stage->size,
		    STAGE_SIZE - stage->size);

		if (got < 0)
			return complain("read");
		pipeline->file_ended = got == 0;
		if (got == 0)
			break;
		stage->size += (size_t)got;
	}
	return true;
}

/* The next piece, its bytes in worker->clear; *out is NULL at the end. */
static bool
cut_next(struct worker *worker, struct piece **out)
{
	struct pipeline *pipeline = worker->pipeline;
	struct bytes rest;
	size_t size = 0;

	*out = NULL;
	for (;;) {
		if (pipeline->fd < 0) {
			if (pipeline->file_next == pipeline->folder->count)
				return true;
			if (!file_open(pipeline))
				return false;
		}
		if (!stage_fill(pipeline))
			return false;
		worker_book(worker, STAGE_READ);
		rest = bytes_of(pipeline->stage.data + pipeline->stage_at,
		    pipeline->stage.size - pipeline->stage_at);
		if (rest.size > 0)
			break;
		close(pipeline->fd);
		pipeline->fd = -1;
	}
	if (chunker_cut(pipeline->chunker, rest, pipeline->file_ended, &size,
		NULL) != OURO_OK ||
	    pipeline->piece_count == pipeline->piece_max)
		return false;
	worker_book(worker, STAGE_CUT);
	if (buffer_set(&worker->clear, bytes_of(rest.data, size), NULL) !=
	    OURO_OK)
		return false;
	*out = &pipeline->pieces[pipeline->piece_count++];
	**out = (struct piece){ .clear_size = (uint32_t)size,
		.file = pipeline->file_next - 1,
		.at = pipeline->file_at };
	pipeline->stage_at += size;
	pipeline->file_at += size;
	worker_book(worker, STAGE_READ);
	return true;
}

/* ---- known ids --------------------------------------------------------------- */

/* Notes the piece as the one that will have slices, unless one has. */
static bool
piece_is_new(struct pipeline *pipeline, struct piece *piece)
{
	uint32_t index = (uint32_t)(piece - pipeline->pieces);
	size_t at = (size_t)get_u64le(piece->id) & pipeline->known_mask;
	bool is_new = true;

	pthread_mutex_lock(&pipeline->state_lock);
	for (; is_new && pipeline->known[at] != 0;
	     at = (at + 1) & pipeline->known_mask) {
		const struct piece
		    *other = &pipeline->pieces[pipeline->known[at] - 1];

		if (memcmp(other->id, piece->id, HASH_SIZE) == 0) {
			piece->stored_as = pipeline->known[at] - 1;
			is_new = false;
		}
	}
	if (is_new) {
		pipeline->known[at] = index + 1;
		piece->stored_as = index;
	}
	pthread_mutex_unlock(&pipeline->state_lock);
	return is_new;
}

/* ---- passes -------------------------------------------------------------------- */

static bool
store_work(struct worker *worker)
{
	struct pipeline *pipeline = worker->pipeline;
	struct piece *piece;
	struct bytes clear;
	bool fine;

	for (;;) {
		pthread_mutex_lock(&pipeline->cut_lock);
		worker_mark(worker);
		fine = !pipeline->failed && cut_next(worker, &piece);
		pthread_mutex_unlock(&pipeline->cut_lock);
		if (!fine || piece == NULL)
			return fine;
		worker_mark(worker);
		clear = buffer_bytes(&worker->clear);
		if (mac_compute(pipeline->mac, &clear, 1, piece->id, NULL) !=
		    OURO_OK)
			return false;
		worker_book(worker, STAGE_ID);
		if (piece_is_new(pipeline, piece) && !piece_seal(worker, piece))
			return false;
	}
}

static bool
restore_work(struct worker *worker)
{
	struct pipeline *pipeline = worker->pipeline;

	for (;;) {
		size_t next;

		pthread_mutex_lock(&pipeline->state_lock);
		next = pipeline->failed ? pipeline->piece_count
					: pipeline->piece_next++;
		pthread_mutex_unlock(&pipeline->state_lock);
		if (next >= pipeline->piece_count)
			return true;
		if (!piece_restore(worker, &pipeline->pieces[next]))
			return false;
	}
}

struct running {
	struct worker worker;
	bool (*work)(struct worker *worker);
	pthread_t thread;
};

static void *
running_main(void *context)
{
	struct running *running = context;
	struct pipeline *pipeline = running->worker.pipeline;

	if (compressor_new(&running->worker.compressor, NULL) == OURO_OK &&
	    running->work(&running->worker))
		return NULL;
	pthread_mutex_lock(&pipeline->state_lock);
	pipeline->failed = true;
	pthread_mutex_unlock(&pipeline->state_lock);
	return NULL;
}

static void
worker_release(struct worker *worker, struct pipeline_times *times)
{
	for (unsigned i = 0; i < STAGES; i++)
		times->stages[i] += worker->stages[i];
	compressor_free(worker->compressor);
	buffer_release(&worker->clear);
	buffer_release(&worker->sealed);
	buffer_release(&worker->parity);
}

bool
pipeline_run(struct pipeline *pipeline, bool (*work)(struct worker *worker),
    struct pipeline_times *times)
{
	struct running threads[THREADS_MAX] = { 0 };
	double start = seconds_now(CLOCK_MONOTONIC);

	*times = (struct pipeline_times){ 0 };
	for (unsigned i = 0; i < pipeline->threads; i++) {
		threads[i].worker.pipeline = pipeline;
		threads[i].work = work;
		if (i > 0 &&
		    pthread_create(&threads[i].thread, NULL, running_main,
			&threads[i]) != 0) {
			complain("thread");
			exit(1);
		}
	}
	running_main(&threads[0]);
	for (unsigned i = 1; i < pipeline->threads; i++)
		pthread_join(threads[i].thread, NULL);
	for (unsigned i = 0; i < pipeline->k + pipeline->m; i++)
		if (work == store_work && fdatasync(pipeline->lanes[i]) != 0)
			pipeline->failed = true;
	times->seconds = seconds_now(CLOCK_MONOTONIC) - start;
	for (unsigned i = 0; i < pipeline->threads; i++)
		worker_release(&threads[i].worker, times);
	if (pipeline->failed)
		fputs("bench: the pipeline failed\n", stderr);
	return !pipeline->failed;
}

bool
pipeline_store(struct pipeline *pipeline, const struct folder *folder,
    struct pipeline_times *times)
{
	pipeline->piece_max = pipeline->piece_count +
	    (size_t)(folder->bytes / CHUNK_MIN) + folder->count;
	if (pipeline->piece_max > pipeline->known_mask / 2)
		return false;
	pipeline->pieces = realloc(pipeline->pieces,
	    pipeline->piece_max * sizeof *pipeline->pieces);
	if (pipeline->pieces == NULL)
		return complain("pieces");
	pipeline->folder = folder;
	pipeline->file_next = 0;
	pipeline->pass_first = pipeline->piece_count;
	return pipeline_run(pipeline, store_work, times);
}

bool
pipeline_restore(struct pipeline *pipeline, const struct folder *folder,
    const char *directory, struct pipeline_times *times)
{
	bool fine = true;

	for (size_t i = 0; fine && i < folder->count; i++) {
		char *path = path_join(directory, folder->files[i].path);

		fine = file_save(path, bytes_of(NULL, 0));
		free(path);
	}
	pipeline->folder = folder;
	pipeline->target = directory;
	pipeline->piece_next = pipeline->pass_first;
	return fine && pipeline_run(pipeline, restore_work, times);
}

uint64_t
pipeline_written(const struct pipeline *pipeline)
{
	return pipeline->lane_end * (pipeline->k + pipeline->m);
}

/* ---- set-up ------------------------------------------------------------------------ */

static bool
lanes_make(struct pipeline *pipeline, const char *directory)
{
	for (unsigned i = 0; i < pipeline->k + pipeline->m; i++) {
		char name[16];
		char *path;

		snprintf(name, sizeof name, "lane-%02u", i);
		path = path_join(directory, name);
		if (!path_prepare(path))
			exit(1);
		pipeline->lanes[i] = open(path,
		    O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		if (pipeline->lanes[i] < 0)
			return complain(path);
		free(path);
	}
	return true;
}

struct pipeline *
pipeline_new(const char *directory, unsigned k, unsigned m, unsigned threads)
{
	struct pipeline *pipeline = calloc(1, sizeof *pipeline);
	const size_t slots = (size_t)1 << 20;
	uint8_t secret[KEY_SIZE];

	if (pipeline == NULL || k + m > LANES_MAX || k == 0 || threads == 0 ||
	    threads > THREADS_MAX)
		goto fail;
	*pipeline = (struct pipeline){ .k = k,
		.m = m,
		.threads = threads,
		.fd = -1,
		.known_mask = slots - 1,
		.secret = { 42 } };
	pthread_mutex_init(&pipeline->cut_lock, NULL);
	pthread_mutex_init(&pipeline->state_lock, NULL);
	pipeline->known = calloc(slots, sizeof *pipeline->known);
	if (pipeline->known == NULL || !lanes_make(pipeline, directory) ||
	    derive_chunker_secret(pipeline->secret, secret, NULL) != OURO_OK ||
	    chunker_table_new(secret, &pipeline->table, NULL) != OURO_OK ||
	    chunker_new(pipeline->table, &pipeline->chunker, NULL) != OURO_OK ||
	    mac_key_new(bytes_of(pipeline->secret, KEY_SIZE), &pipeline->mac,
		NULL) != OURO_OK ||
	    erasure_new(k, m, &pipeline->erasure, NULL) != OURO_OK ||
	    buffer_resize(&pipeline->stage, STAGE_SIZE, NULL) != OURO_OK)
		goto fail;
	return pipeline;
fail:
	fputs("bench: the pipeline could not be set up\n", stderr);
	exit(1);
}

void
pipeline_free(struct pipeline *pipeline)
{
	if (pipeline == NULL)
		return;
	for (unsigned i = 0; i < pipeline->k + pipeline->m; i++)
		close(pipeline->lanes[i]);
	chunker_free(pipeline->chunker);
	chunker_table_free(pipeline->table);
	mac_key_free(pipeline->mac);
	erasure_free(pipeline->erasure);
	buffer_release(&pipeline->stage);
	pthread_mutex_destroy(&pipeline->cut_lock);
	pthread_mutex_destroy(&pipeline->state_lock);
	free(pipeline->pieces);
	free(pipeline->known);
	free(pipeline);
}
