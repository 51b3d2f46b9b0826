/*
 * work - the jobs of bench-engine. Each runs in a process of its own and
 * prints lines `row value`. What was read is compared with what was put.
 */
#ifndef BENCH_ENGINE_WORK_H
#define BENCH_ENGINE_WORK_H

#include "store.h"

struct work {
	const struct store_driver *driver;
	const char *dir;
	uint64_t keys;
	uint64_t durable; /* puts of one thread */
};

struct work_job {
	const char *name;
	bool (*run)(const struct work *work); /* false: it is wrong */
};

/* Ends with a job without a name. */
extern const struct work_job work_jobs[];

/* ---- shared by the jobs ---------------------------------------------------- */

#define WORK_VALUE_SIZE 100u
#define WORK_LARGE_SIZE 1024u
#define WORK_BATCH	1000u

void work_print(const char *row, double value);
/* Puts the keys below count in batches; the last may be smaller. */
void work_put_batches(const struct work *work, void *store, uint64_t count,
    unsigned generation);

bool crash_single(const struct work *work);
bool crash_batch(const struct work *work);
bool crash_durable(const struct work *work);

#endif
