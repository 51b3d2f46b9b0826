/*
 * pipeline_parts - what the two halves of the pipeline share.
 */
#ifndef BENCH_PIPELINE_PARTS_H
#define BENCH_PIPELINE_PARTS_H

#include <pthread.h>
#include <time.h>

#include "crypt/crypt.h"
#include "crypt/mac.h"
#include "pipeline.h"
#include "seal/chunker.h"
#include "seal/compress.h"
#include "seal/erasure.h"

#define LANES_MAX   16
#define THREADS_MAX 16

/* One chunk of one file, and where its slices are: at the same offset of
 * every lane. */
struct piece {
	uint8_t id[HASH_SIZE];
	uint8_t key[KEY_SIZE];
	uint8_t tag[TAG_SIZE];
	uint8_t codec;
	uint32_t clear_size, payload_size, sealed_size;
	size_t file; /* index in the folder */
	uint64_t at; /* in that file */
	uint64_t lane_at;
	uint32_t stored_as; /* index of the piece whose slices serve it */
};

struct pipeline {
	unsigned k, m, threads;
	int lanes[LANES_MAX];
	struct chunker_table *table;
	struct chunker *chunker;
	struct mac_key *mac;
	struct erasure *erasure;
	uint8_t secret[KEY_SIZE];
	/* Every piece ever stored, and a table of those with slices: index + 1
	 * by the first bytes of the id. */
	struct piece *pieces;
	size_t piece_count, piece_max;
	size_t pass_first; /* first piece of the last store */
	uint32_t *known;
	size_t known_mask;
	uint64_t lane_end;
	/* The pass that runs. */
	const struct folder *folder;
	const char *target;
	size_t file_next, piece_next;
	int fd;
	uint64_t file_at; /* where the stage begins in the file */
	bool file_ended;
	struct buffer stage;
	size_t stage_at;
	pthread_mutex_t cut_lock, state_lock;
	bool failed;
};

struct worker {
	struct pipeline *pipeline;
	struct compressor *compressor;
	struct buffer clear, sealed, parity;
	double stages[STAGES];
	double mark;
};

static inline double
seconds_now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Books the CPU time since the last mark on a stage. */
static inline void
worker_book(struct worker *worker, enum stage stage)
{
	double now = seconds_now(CLOCK_THREAD_CPUTIME_ID);

	worker->stages[stage] += now - worker->mark;
	worker->mark = now;
}

static inline void
worker_mark(struct worker *worker)
{
	worker->mark = seconds_now(CLOCK_THREAD_CPUTIME_ID);
}

/* Runs work in every thread; the times of all. */
bool pipeline_run(struct pipeline *pipeline,
    bool (*work)(struct worker *worker), struct pipeline_times *times);

bool piece_seal(struct worker *worker, struct piece *piece);
bool piece_restore(struct worker *worker, const struct piece *piece);

#endif
