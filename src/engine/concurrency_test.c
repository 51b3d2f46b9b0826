/*
 * Writers, readers and compaction at once, on real threads and files in
 * memory. Meant for SAN=thread; also a check of what readers may see.
 */
#include "engine/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <pthread.h>
#include <sched.h>

#include <cmocka.h>

#include "base/executor.h"
#include "base/fs_memory.h"
#include "base/fs_ops.h"
#include "engine/commit.h"

#define WRITERS 8
#define READERS 4
#define KEYS	64 /* per writer */
#define ROUNDS	300

struct shared {
	struct engine *engine;
	atomic_uint written[WRITERS][KEYS]; /* the last acknowledged round */
	atomic_bool stop;
	atomic_uint faults;
};

struct worker {
	struct shared *shared;
	unsigned number;
	pthread_t thread;
};

static struct bytes
key_of(unsigned writer, unsigned key, char out[16])
{
	snprintf(out, 16, "w%uk%02u", writer, key);
	return bytes_text(out);
}

/* Two keys of a writer always change together; the value is the round. */
static void *
writer_run(void *context)
{
	struct worker *worker = context;
	struct shared *shared = worker->shared;

	for (unsigned round = 1; round <= ROUNDS; round++) {
		unsigned key = round * 2 % KEYS;
		char names[2][16];
		uint8_t value[64] = { 0 };
		struct engine_op ops[2] = { 0 };

		put_u32le(value, round);
		for (unsigned i = 0; i < 2; i++) {
			ops[i].key = key_of(worker->number, key + i, names[i]);
			ops[i].value = bytes_of(value, sizeof value);
		}
		if (engine_apply(shared->engine, ops, 2,
			round % 8 == 0	     ? ENGINE_SYNC_ALWAYS
			    : round % 8 == 1 ? ENGINE_SYNC_INTERVAL
					     : ENGINE_SYNC_NEVER,
			NULL) != OURO_OK)
			atomic_fetch_add(&shared->faults, 1);
		for (unsigned i = 0; i < 2; i++)
			atomic_store(&shared->written[worker->number][key + i],
			    round);
	}
	return NULL;
}

static void
key_check(struct shared *shared, unsigned writer, unsigned key)
{
	unsigned before = atomic_load(&shared->written[writer][key]);
	struct engine_value value;
	enum ouro_status status;
	char name[16];

	status = engine_get(shared->engine, key_of(writer, key, name), &value,
	    NULL);
	if (status == OURO_NOT_FOUND ? before != 0 : status != OURO_OK)
		atomic_fetch_add(&shared->faults, 1);
	/* Never older than what was acknowledged before the call. */
	if (status == OURO_OK && get_u32le(value.bytes.data) < before)
		atomic_fetch_add(&shared->faults, 1);
	engine_value_release(&value);
}

static void
scan_check(struct shared *shared)
{
	struct engine_range range = { .prefix = bytes_text("w3") };
	struct engine_scan *scan;
	struct bytes key, value;
	enum ouro_status status;

	if (engine_scan_open(shared->engine, &range, &scan, NULL) != OURO_OK) {
		atomic_fetch_add(&shared->faults, 1);
		return;
	}
	while ((status = engine_scan_next(scan, &key, &value, NULL)) == OURO_OK)
		if (value.size != 64)
			atomic_fetch_add(&shared->faults, 1);
	if (status != OURO_END)
		atomic_fetch_add(&shared->faults, 1);
	engine_scan_close(scan);
}

static void *
reader_run(void *context)
{
	struct worker *worker = context;
	struct shared *shared = worker->shared;
	unsigned n = worker->number;

	while (!atomic_load(&shared->stop)) {
		n = n * 1103515245 + 12345;
		key_check(shared, n >> 8 & (WRITERS - 1), n >> 16 & (KEYS - 1));
		if (n % 64 == 0)
			scan_check(shared);
	}
	return NULL;
}

static void *
care_run(void *context)
{
	struct worker *worker = context;
	struct shared *shared = worker->shared;
	struct engine_stats stats;

	while (!atomic_load(&shared->stop)) {
		if (engine_compact(shared->engine, 0.3, NULL, NULL) !=
			OURO_OK ||
		    engine_verify(shared->engine, NULL, NULL, NULL) !=
			OURO_OK ||
		    engine_stats(shared->engine, &stats, NULL) != OURO_OK)
			atomic_fetch_add(&shared->faults, 1);
	}
	return NULL;
}

static void
threads_run(struct shared *shared)
{
	struct worker writers[WRITERS], others[READERS + 1];

	for (unsigned i = 0; i <= READERS; i++) {
		others[i] = (struct worker){ .shared = shared, .number = i };
		assert_int_equal(pthread_create(&others[i].thread, NULL,
				     i == READERS ? care_run : reader_run,
				     &others[i]),
		    0);
	}
	for (unsigned i = 0; i < WRITERS; i++) {
		writers[i] = (struct worker){ .shared = shared, .number = i };
		assert_int_equal(pthread_create(&writers[i].thread, NULL,
				     writer_run, &writers[i]),
		    0);
	}
	for (unsigned i = 0; i < WRITERS; i++)
		pthread_join(writers[i].thread, NULL);
	atomic_store(&shared->stop, true);
	for (unsigned i = 0; i <= READERS; i++)
		pthread_join(others[i].thread, NULL);
}

static void
everything_run(int level)
{
	static const uint8_t seal_key[32] = { 9 };
	struct shared *shared = calloc(1, sizeof *shared);
	struct fs *fs = fs_memory_new(1);
	struct engine_options options = { .fs = fs,
		.segment_size = 32768,
		.sync_interval_ms = 1,
		.seal_key = seal_key,
		.level = level };

	assert_non_null(shared);
	assert_int_equal(executor_open(2, fs, &options.executor, NULL),
	    OURO_OK);
	assert_int_equal(engine_log_open("/store", &options, &shared->engine,
			     NULL),
	    OURO_OK);
	threads_run(shared);
	assert_int_equal(atomic_load(&shared->faults), 0);
	engine_close(shared->engine);
	assert_int_equal(engine_log_open("/store", &options, &shared->engine,
			     NULL),
	    OURO_OK);
	for (unsigned writer = 0; writer < WRITERS; writer++)
		for (unsigned key = 0; key < KEYS; key++)
			key_check(shared, writer, key);
	assert_int_equal(atomic_load(&shared->faults), 0);
	engine_close(shared->engine);
	executor_close(options.executor);
	fs_memory_free(fs);
	free(shared);
}

static void
everything_at_once(void **state)
{
	(void)state;
	everything_run(0);
}

static void
everything_at_once_packed(void **state)
{
	(void)state;
	everything_run(1);
}

/* ---- group commit ------------------------------------------------------------------------ */

/* A sync, begun for one writer alone, that takes as long as it takes the
 * others to queue up. */
static struct {
	const struct fs_ops *real;
	struct log_engine *log;
	atomic_bool armed;
	atomic_uint syncs;
} gate;

static enum ouro_status
gate_sync(struct fs_file *file, struct ouro_error *err)
{
	if (atomic_load(&gate.armed) && atomic_fetch_add(&gate.syncs, 1) == 0)
		while (commit_waiting(gate.log) < WRITERS - 1)
			sched_yield();
	return gate.real->sync(file, err);
}

static void *
one_put(void *context)
{
	struct worker *worker = context;
	char name[16];
	struct engine_op op = { .key = key_of(worker->number, 0, name) };

	if (engine_apply(worker->shared->engine, &op, 1, ENGINE_SYNC_ALWAYS,
		NULL) != OURO_OK)
		atomic_fetch_add(&worker->shared->faults, 1);
	return NULL;
}

static void
waiting_writers_share_a_sync(void **state)
{
	static struct shared shared;
	struct fs *fs = fs_memory_new(1);
	struct engine_options options = { .fs = fs };
	struct fs_ops ops = *fs->ops;
	struct worker writers[WRITERS];
	struct engine_op first = { .key = bytes_text("first") };

	(void)state;
	gate.real = fs->ops;
	ops.sync = gate_sync;
	fs->ops = &ops; /* before there are threads */
	assert_int_equal(executor_open(2, fs, &options.executor, NULL),
	    OURO_OK);
	assert_int_equal(engine_log_open("/store", &options, &shared.engine,
			     NULL),
	    OURO_OK);
	assert_int_equal(engine_apply(shared.engine, &first, 1,
			     ENGINE_SYNC_ALWAYS, NULL),
	    OURO_OK);
	gate.log = log_engine_of(shared.engine);
	atomic_store(&gate.armed, true);
	for (unsigned i = 0; i < WRITERS; i++) {
		writers[i] = (struct worker){ .shared = &shared, .number = i };
		assert_int_equal(pthread_create(&writers[i].thread, NULL,
				     one_put, &writers[i]),
		    0);
		while (atomic_load(&gate.syncs) == 0)
			sched_yield();
	}
	for (unsigned i = 0; i < WRITERS; i++)
		pthread_join(writers[i].thread, NULL);
	assert_int_equal(atomic_load(&shared.faults), 0);
	assert_int_equal(atomic_load(&gate.syncs), 2);
	atomic_store(&gate.armed, false);
	engine_close(shared.engine);
	executor_close(options.executor);
	fs->ops = gate.real;
	fs_memory_free(fs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_at_once),
		cmocka_unit_test(everything_at_once_packed),
		cmocka_unit_test(waiting_writers_share_a_sync),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
