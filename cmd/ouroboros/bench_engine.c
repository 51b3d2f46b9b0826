#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ouroboros.h>

#include "base/bytes.h"
#include "base/executor.h"
#include "base/fs.h"
#include "bench.h"
#include "report.h"
#include "signals.h"

#define KEY_BYTES   16
#define BATCH	    1000
#define THREADS_MAX 64
#define SECONDS_MAX 2.0 /* of the phases that end by time */
#define LOOK_EVERY  64	/* operations between looks at the clock */

enum phase { PUT, GET, ABSENT, DURABLE };

/* What the threads of one phase share. */
struct run {
	struct ouro_store *store;
	enum phase phase;
	uint64_t keys;
	const void *value;
	size_t value_size;
	uint64_t limit;	 /* operations of each thread */
	double deadline; /* 0 = none */
	atomic_bool failed;
	struct ouro_error err; /* of the first that failed */
};

struct worker {
	struct executor_job job;
	struct run *run;
	uint64_t first; /* number of its first key */
	uint64_t done;
};

/* The n-th key in an order without pattern: multiplying by an odd number and
 * folding lose nothing, so no two are the same. */
static void
key_make(uint64_t n, uint8_t key[KEY_BYTES])
{
	uint64_t x = (n + 1) * 0x9e3779b97f4a7c15u;

	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93u;
	put_u64be(key, x);
	put_u64be(key + 8, n);
}

static enum ouro_status
operate(struct run *run, uint64_t n, struct ouro_error *err)
{
	struct ouro_value value;
	uint8_t key[KEY_BYTES];
	enum ouro_status status;

	if (run->phase == GET)
		n = n * 7919 % run->keys;
	else if (run->phase == ABSENT)
		n += UINT64_MAX / 2;
	key_make(n, key);
	if (run->phase == PUT || run->phase == DURABLE)
		return ouro_store_put(run->store, key, sizeof key, run->value,
		    run->value_size,
		    run->phase == PUT ? OURO_SYNC_NEVER : OURO_SYNC_ALWAYS,
		    err);
	status = ouro_store_get(run->store, key, sizeof key, &value, err);
	if (status == OURO_OK)
		ouro_value_release(&value);
	return status == OURO_NOT_FOUND && run->phase == ABSENT ? OURO_OK
								: status;
}

static void
work(void *context)
{
	struct worker *worker = context;
	struct run *run = worker->run;
	unsigned look = run->phase == DURABLE ? 1 : LOOK_EVERY;

	while (worker->done < run->limit) {
		struct ouro_error err;

		if (operate(run, worker->first + worker->done, &err) !=
		    OURO_OK) {
			if (!atomic_exchange(&run->failed, true))
				run->err = err;
			return;
		}
		worker->done++;
		if (worker->done % look == 0 &&
		    (run->failed || signals_caught() != 0 ||
			(run->deadline > 0 && bench_now() > run->deadline)))
			return;
	}
}

static void
row_add(struct bench *bench, const char *what, unsigned threads,
    uint64_t operations, double began)
{
	if (bench->row_count < BENCH_ROWS_MAX)
		bench->rows[bench->row_count++] = (struct bench_row){
			.what = what,
			.threads = threads,
			.operations = operations,
			.seconds = bench_now() - began,
		};
}

/* One phase by so many threads at once. */
static int
measure(struct bench *bench, struct run *run, const char *what,
    unsigned threads)
{
	struct worker workers[THREADS_MAX];
	struct executor *executor = NULL;
	struct ouro_error err;
	uint64_t done = 0;
	double began;

	if (signals_caught() != 0)
		return EXIT_FAILED;
	if (executor_open(threads, fs_posix(), &executor, &err) != OURO_OK)
		return report_failure(bench->inv, NULL, &err);
	run->failed = false;
	began = bench_now();
	run->deadline = run->phase == PUT ? 0 : began + SECONDS_MAX;
	for (unsigned i = 0; i < threads; i++) {
		workers[i] = (struct worker){ .run = run,
			.job = { .run = work, .context = &workers[i] },
			.first = run->keys / threads * i };
		executor_submit(executor, &workers[i].job);
	}
	for (unsigned i = 0; i < threads; i++) {
		executor_join(executor, &workers[i].job);
		done += workers[i].done;
	}
	executor_close(executor);
	row_add(bench, what, threads, done, began);
	return run->failed ? report_failure(bench->inv, what, &run->err) : 0;
}

static int
measure_batches(struct bench *bench, struct run *run)
{
	struct ouro_store_batch *batch = ouro_store_batch_new();
	struct ouro_error err = { .status = OURO_NO_MEMORY };
	enum ouro_status status = batch != NULL ? OURO_OK : OURO_NO_MEMORY;
	double began = bench_now();
	uint8_t key[KEY_BYTES];
	uint64_t n = 0;

	while (n < run->keys && status == OURO_OK && signals_caught() == 0) {
		key_make(n++, key);
		status = ouro_store_batch_put(batch, key, sizeof key,
		    run->value, run->value_size, &err);
		if (status != OURO_OK || (n % BATCH != 0 && n < run->keys))
			continue;
		status = ouro_store_write(run->store, batch, OURO_SYNC_NEVER,
		    &err);
		ouro_store_batch_clear(batch);
	}
	row_add(bench, "put, batches of 1000", 1, n, began);
	ouro_store_batch_free(batch);
	return status != OURO_OK ? report_failure(bench->inv, NULL, &err) : 0;
}

static int
measure_scan(struct bench *bench, struct run *run)
{
	struct ouro_error err = { .status = OURO_OK };
	double began = bench_now();
	struct ouro_scan *scan;
	struct ouro_item item;
	enum ouro_status status;
	uint64_t count = 0;

	status = ouro_scan_open(run->store, NULL, &scan, &err);
	while (status == OURO_OK && signals_caught() == 0) {
		status = ouro_scan_next(scan, &item, &err);
		count += status == OURO_OK;
	}
	ouro_scan_close(scan);
	row_add(bench, "scan", 1, count, began);
	return status != OURO_OK && status != OURO_END
	    ? report_failure(bench->inv, NULL, &err)
	    : 0;
}

static int
store_open(struct bench *bench, struct run *run, const char *name)
{
	struct ouro_error err;
	char *path = NULL;
	int code = 0;

	if (asprintf(&path, "%s/%s", bench->dir, name) < 0)
		return report_status(bench->inv, OURO_NO_MEMORY,
		    "out of memory");
	if (ouro_store_open(path, NULL, &run->store, &err) != OURO_OK)
		code = report_failure(bench->inv, NULL, &err);
	free(path);
	return code;
}

static int
reopen(struct bench *bench, struct run *run, const char *name)
{
	double began;
	int code;

	ouro_store_close(run->store);
	run->store = NULL;
	began = bench_now();
	code = store_open(bench, run, name);
	bench->open_seconds = bench_now() - began;
	return code;
}

static int
look(struct bench *bench, struct run *run)
{
	struct ouro_store_stats stats;
	struct ouro_error err;

	if (ouro_store_stats(run->store, &stats, &err) != OURO_OK)
		return report_failure(bench->inv, NULL, &err);
	bench->memory = stats.memory_bytes;
	bench->disk = stats.disk_bytes + stats.index_bytes;
	return 0;
}

static int
measure_reads(struct bench *bench, struct run *run)
{
	int code;

	run->phase = GET;
	run->limit = UINT64_MAX;
	code = measure(bench, run, "get", 1);
	if (code == 0 && bench->cores > 1)
		code = measure(bench, run, "get", bench->cores);
	run->phase = ABSENT;
	if (code == 0)
		code = measure(bench, run, "get, absent", 1);
	return code == 0 ? measure_scan(bench, run) : code;
}

static int
measure_durable(struct bench *bench, struct run *run)
{
	static const unsigned threads[] = { 1, 8, 64 };
	int code = 0;

	run->phase = DURABLE;
	run->limit = UINT64_MAX;
	for (size_t i = 0; i < sizeof threads / sizeof *threads && code == 0;
	     i++)
		code = measure(bench, run, "put, durable", threads[i]);
	return code;
}

/* Bytes that do not compress to nothing. */
static void *
value_make(size_t size)
{
	uint8_t *value = malloc(size + 1);
	uint64_t x = 1;

	for (size_t i = 0; value != NULL && i < size; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		value[i] = (uint8_t)(x >> 56);
	}
	return value;
}

int
bench_engine(struct bench *bench)
{
	struct run run = { .phase = PUT,
		.keys = bench->keys,
		.limit = bench->keys,
		.value_size = (size_t)bench->value };
	void *value = value_make(run.value_size);
	int code;

	run.value = value;
	if (value == NULL)
		return report_status(bench->inv, OURO_NO_MEMORY,
		    "out of memory");
	code = store_open(bench, &run, "batched");
	if (code == 0)
		code = measure_batches(bench, &run);
	ouro_store_close(run.store);
	run.store = NULL;
	if (code == 0)
		code = store_open(bench, &run, "single");
	if (code == 0)
		code = measure(bench, &run, "put", 1);
	if (code == 0)
		code = measure_reads(bench, &run);
	if (code == 0)
		code = look(bench, &run);
	if (code == 0)
		code = reopen(bench, &run, "single");
	if (code == 0)
		code = measure_durable(bench, &run);
	ouro_store_close(run.store);
	free(value);
	return code;
}
