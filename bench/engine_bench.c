/*
 * Quick figures of the log engine, as a table: ./engine_bench [keys] [dir].
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/executor.h"
#include "base/fs.h"
#include "engine/engine.h"

#define KEY_SIZE_OF_BENCH 16
#define BATCH		  1000
#define DURABLE_THREADS	  8
#define DURABLE_PUTS	  2000 /* per thread */

static struct fs *fs;
static struct executor *executor;
static struct engine *engine;
static char dir[4096];
static size_t keys;

static void
must(enum ouro_status status, const struct ouro_error *err)
{
	if (status == OURO_OK)
		return;
	fprintf(stderr, "engine_bench: %s\n", err->text);
	exit(1);
}

static void
store_open(void)
{
	struct engine_options options = { .fs = fs, .executor = executor };
	struct ouro_error err;

	must(engine_log_open(dir, &options, &engine, &err), &err);
}

static double
seconds(void)
{
	return (double)fs_monotonic_ns(fs) / 1e9;
}

static void
line(const char *what, size_t count, double began)
{
	double took = seconds() - began;

	printf("%-36s %12.0f /s  %9.3f s\n", what, (double)count / took, took);
	fflush(stdout);
}

/* The n-th key in random order (a bijection on 64 bits). */
static struct bytes
key_of(uint64_t n, uint8_t out[KEY_SIZE_OF_BENCH])
{
	uint64_t x = (n + 1) * 0x9e3779b97f4a7c15u;

	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93u;
	put_u64be(out, x);
	put_u64be(out + 8, n);
	return bytes_of(out, KEY_SIZE_OF_BENCH);
}

static void
puts_single(size_t value_size)
{
	static uint8_t value[4096];
	uint8_t key[KEY_SIZE_OF_BENCH];
	struct ouro_error err;

	for (size_t i = 0; i < keys; i++) {
		struct engine_op op = { .key = key_of(i, key),
			.value = bytes_of(value, value_size) };

		must(engine_apply(engine, &op, 1, ENGINE_SYNC_NEVER, &err),
		    &err);
	}
}

static void
puts_batched(void)
{
	static uint8_t names[BATCH][KEY_SIZE_OF_BENCH], value[100];
	static struct engine_op ops[BATCH];
	struct ouro_error err;

	for (size_t i = 0; i + BATCH <= keys; i += BATCH) {
		for (size_t n = 0; n < BATCH; n++)
			ops[n] = (struct engine_op){ .key = key_of(i + n,
							 names[n]),
				.value = bytes_of(value, sizeof value) };
		must(engine_apply(engine, ops, BATCH, ENGINE_SYNC_NEVER, &err),
		    &err);
	}
}

static void
gets(uint64_t first)
{
	uint8_t key[KEY_SIZE_OF_BENCH];

	for (size_t i = 0; i < keys; i++) {
		struct engine_value value;

		(void)engine_get(engine, key_of(first + i * 7919 % keys, key),
		    &value, NULL);
		engine_value_release(&value);
	}
}

static size_t
scanned(bool keys_only)
{
	struct engine_range range = { .keys_only = keys_only };
	struct engine_scan *scan;
	struct bytes key, value;
	struct ouro_error err;
	size_t count = 0;

	must(engine_scan_open(engine, &range, &scan, &err), &err);
	while (engine_scan_next(scan, &key, &value, NULL) == OURO_OK)
		count++;
	engine_scan_close(scan);
	return count;
}

static void *
durable_run(void *context)
{
	uint64_t first = *(uint64_t *)context;
	uint8_t key[KEY_SIZE_OF_BENCH], value[100] = { 0 };
	struct ouro_error err;

	for (uint64_t i = 0; i < DURABLE_PUTS; i++) {
		struct engine_op op = { .key = key_of(first + i, key),
			.value = bytes_of(value, sizeof value) };

		must(engine_apply(engine, &op, 1, ENGINE_SYNC_ALWAYS, &err),
		    &err);
	}
	return NULL;
}

static void
durable_puts(unsigned threads)
{
	pthread_t thread[DURABLE_THREADS];
	uint64_t first[DURABLE_THREADS];

	for (unsigned i = 0; i < threads; i++) {
		first[i] = (uint64_t)i * DURABLE_PUTS;
		if (pthread_create(&thread[i], NULL, durable_run, &first[i]) !=
		    0)
			exit(1);
	}
	for (unsigned i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
}

static void
figures(void)
{
	struct engine_stats stats;
	double began = seconds();

	puts_single(100);
	line("put, 100 B, single, no sync", keys, began);
	began = seconds();
	puts_batched();
	line("put, 100 B, batches of 1000", keys / BATCH * BATCH, began);
	began = seconds();
	gets(0);
	line("get, hot", keys, began);
	began = seconds();
	gets(1ull << 40);
	line("get, absent", keys, began);
	began = seconds();
	line("scan, keys and values", scanned(false), began);
	began = seconds();
	line("scan, keys only", scanned(true), began);
	began = seconds();
	durable_puts(1);
	line("durable put, 1 thread", DURABLE_PUTS, began);
	began = seconds();
	durable_puts(DURABLE_THREADS);
	line("durable put, 8 threads", DURABLE_THREADS * DURABLE_PUTS, began);
	engine_close(engine);
	began = seconds();
	store_open();
	line("open (records replayed)", 2 * keys, began);
	began = seconds();
	(void)engine_compact(engine, 0.1, NULL, NULL);
	line("compact (records kept)", keys, began);
	if (engine_stats(engine, &stats, NULL) == OURO_OK)
		printf("%-36s %12.1f B per key\n", "index memory",
		    (double)stats.memory_bytes / (double)stats.keys);
}

static enum ouro_status
file_remove(void *context, const char *name, struct ouro_error *err)
{
	char path[FS_PATH_MAX];

	(void)context;
	if (fs_join(path, dir, name, err) == OURO_OK)
		(void)fs_unlink(fs, path, NULL);
	return OURO_OK;
}

int
main(int argc, char **argv)
{
	struct ouro_error err;

	keys = argc > 1 ? (size_t)strtoull(argv[1], NULL, 10) : 1000000;
	snprintf(dir, sizeof dir, "%s/engine-bench-XXXXXX",
	    argc > 2 ? argv[2] : ".");
	if (keys == 0 || mkdtemp(dir) == NULL) {
		fprintf(stderr, "usage: engine_bench [keys] [directory]\n");
		return 2;
	}
	fs = fs_posix();
	must(executor_open(2, fs, &executor, &err), &err);
	store_open();
	figures();
	engine_close(engine);
	executor_close(executor);
	(void)fs_list(fs, dir, file_remove, NULL, NULL);
	return rmdir(dir) == 0 ? 0 : 1;
}
