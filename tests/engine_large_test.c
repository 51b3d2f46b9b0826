/*
 * Memory does not grow with the number of keys: 5 * 10^7 keys of 36 bytes are
 * put, the store is opened again, keys that are there and keys that are not
 * are got, and all is scanned. A thread samples the anonymous memory of the
 * process (RssAnon) meanwhile; it stays below a limit.
 *
 * Takes minutes and 6 GB below $TMPDIR, so only with OURO_LONG=1; LARGE_KEYS=
 * is another number of keys.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/executor.h"
#include "base/fs.h"
#include "engine/engine.h"

#define KEYS_DEFAULT 50000000u
#define GETS	     1000000u
#define LARGE_KEY    36u
#define LARGE_VALUE  24u
#define BATCH	     1000u
#define LIMIT	     ((uint64_t)512 << 20)
#define SAMPLE_US    5000

/* What sanitizers keep would be counted. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED true
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED false
#endif

struct large {
	uint64_t keys;
	struct fs *fs;
	char dir[4096];
	struct executor *executor;
	struct engine *engine;
};

/* ---- memory ------------------------------------------------------------------ */

static atomic_uint_fast64_t most; /* bytes */
static atomic_bool is_over;

static uint64_t
anonymous_now(void)
{
	char text[4096];
	const char *line;
	size_t got;
	FILE *file = fopen("/proc/self/status", "re");

	assert_non_null(file);
	got = fread(text, 1, sizeof text - 1, file);
	fclose(file);
	text[got] = '\0';
	line = strstr(text, "\nRssAnon:");
	return line == NULL ? 0 : strtoull(line + 9, NULL, 10) * 1024;
}

static void *
sampler_run(void *unused)
{
	(void)unused;
	while (!atomic_load(&is_over)) {
		uint64_t now = anonymous_now();

		if (now > atomic_load(&most))
			atomic_store(&most, now);
		usleep(SAMPLE_US);
	}
	return NULL;
}

static bool
is_within(void)
{
	return atomic_load(&most) <= LIMIT;
}

/* What a phase took; the next one's memory counts from now. */
static void
phase_end(const struct large *large, const char *what, uint64_t count,
    uint64_t began_ns)
{
	double seconds = (double)(fs_monotonic_ns(large->fs) - began_ns) / 1e9;
	uint64_t now = anonymous_now();

	if (now > atomic_load(&most))
		atomic_store(&most, now);
	printf("%-16s %12.0f /s %9.3f s %8.1f MiB at most\n", what,
	    (double)count / seconds, seconds,
	    (double)atomic_load(&most) / 1048576);
	fflush(stdout);
	assert_true(atomic_load(&most) > 0);
	if (!is_within())
		fail_msg("%s: more than %.0f MiB of anonymous memory", what,
		    (double)LIMIT / 1048576);
	atomic_store(&most, 0);
}

/* ---- keys --------------------------------------------------------------------- */

static uint64_t
mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

/* Keys in the order of n are in random order; each is another. */
static struct bytes
key_of(uint64_t n, uint8_t out[LARGE_KEY])
{
	for (size_t i = 0; i < 4; i++)
		put_u64be(out + 8 * i, mix((n + 1) * 0x9e3779b97f4a7c15u + i));
	put_u32le(out + 32, (uint32_t)n);
	return bytes_of(out, LARGE_KEY);
}

static struct bytes
value_of(uint64_t n, uint8_t out[LARGE_VALUE])
{
	for (size_t i = 0; i < LARGE_VALUE / 8; i++)
		put_u64be(out + 8 * i, mix(n * 0xd6e8feb86659fd93u + i));
	return bytes_of(out, LARGE_VALUE);
}

/* ---- phases ---------------------------------------------------------------------- */

static void
must(enum ouro_status status, const struct ouro_error *err)
{
	if (status != OURO_OK)
		fail_msg("%s", err->text);
}

static void
open_phase(struct large *large, const char *what)
{
	struct engine_options options = { .fs = large->fs,
		.executor = large->executor,
		.sync = ENGINE_SYNC_NEVER };
	uint64_t began = fs_monotonic_ns(large->fs);
	struct ouro_error err;

	must(engine_log_open(large->dir, &options, &large->engine, &err), &err);
	phase_end(large, what, 1, began);
}

static void
put_phase(struct large *large)
{
	static uint8_t keys[BATCH][LARGE_KEY], values[BATCH][LARGE_VALUE];
	static struct engine_op ops[BATCH];
	uint64_t began = fs_monotonic_ns(large->fs);
	struct ouro_error err;
	uint64_t n = 0;

	/* Far above the limit it would take the machine's memory. */
	for (; n < large->keys && is_within(); n += BATCH) {
		for (size_t i = 0; i < BATCH; i++) {
			ops[i].key = key_of(n + i, keys[i]);
			ops[i].value = value_of(n + i, values[i]);
		}
		must(engine_apply(large->engine, ops, BATCH,
			 ENGINE_SYNC_DEFAULT, &err),
		    &err);
	}
	phase_end(large, "put", n, began);
}

static void
get_phase(struct large *large, const char *what, uint64_t first)
{
	uint64_t began = fs_monotonic_ns(large->fs);
	uint8_t key[LARGE_KEY], expected[LARGE_VALUE];

	for (uint64_t i = 0; i < GETS; i++) {
		uint64_t n = first + mix(i) % large->keys;
		struct engine_value value;
		struct ouro_error err;
		enum ouro_status status = engine_get(large->engine,
		    key_of(n, key), &value, &err);

		if (first > 0) {
			assert_int_equal(status, OURO_NOT_FOUND);
			continue;
		}
		must(status, &err);
		assert_true(bytes_equal(value.bytes, value_of(n, expected)));
		engine_value_release(&value);
	}
	phase_end(large, what, GETS, began);
}

static void
scan_phase(struct large *large)
{
	uint64_t count = 0, began = fs_monotonic_ns(large->fs);
	struct engine_range range = { 0 };
	uint8_t last[LARGE_KEY] = { 0 };
	struct engine_scan *scan;
	struct bytes key, value;
	enum ouro_status status;
	struct ouro_error err;

	must(engine_scan_open(large->engine, &range, &scan, &err), &err);
	for (;; count++) {
		status = engine_scan_next(scan, &key, &value, &err);
		if (status == OURO_END)
			break;
		must(status, &err);
		assert_int_equal(key.size, LARGE_KEY);
		assert_int_equal(value.size, LARGE_VALUE);
		assert_true(
		    count == 0 || memcmp(last, key.data, LARGE_KEY) < 0);
		memcpy(last, key.data, LARGE_KEY);
	}
	engine_scan_close(scan);
	assert_int_equal(count, large->keys);
	phase_end(large, "scan", count, began);
}

static void
memory_is_bounded_whatever_the_number_of_keys(void **state)
{
	struct large *large = *state;

	if (getenv("OURO_LONG") == NULL || IS_SANITIZED)
		skip();
	open_phase(large, "open, new");
	put_phase(large);
	engine_close(large->engine);
	large->engine = NULL;
	open_phase(large, "open");
	get_phase(large, "get", 0);
	get_phase(large, "get absent", large->keys);
	scan_phase(large);
}

/* ---- set up ------------------------------------------------------------------------ */

static struct large world;
static pthread_t sampler;

static int
set_up(void **state)
{
	const char *keys = getenv("LARGE_KEYS"), *tmp = getenv("TMPDIR");
	struct ouro_error err;

	world.keys = keys == NULL ? KEYS_DEFAULT : strtoull(keys, NULL, 10);
	world.keys = (world.keys + BATCH - 1) / BATCH * BATCH;
	world.fs = fs_posix();
	snprintf(world.dir, sizeof world.dir, "%s/engine-large-XXXXXX",
	    tmp == NULL ? "/tmp" : tmp);
	if (world.keys == 0 || mkdtemp(world.dir) == NULL)
		return -1;
	must(executor_open(2, world.fs, &world.executor, &err), &err);
	*state = &world;
	return pthread_create(&sampler, NULL, sampler_run, NULL);
}

static enum ouro_status
file_remove(void *context, const char *name, struct ouro_error *err)
{
	char path[FS_PATH_MAX];

	(void)context;
	if (fs_join(path, world.dir, name, err) == OURO_OK)
		(void)fs_unlink(world.fs, path, NULL);
	return OURO_OK;
}

static int
tear_down(void **state)
{
	(void)state;
	atomic_store(&is_over, true);
	pthread_join(sampler, NULL);
	engine_close(world.engine);
	executor_close(world.executor);
	(void)fs_list(world.fs, world.dir, file_remove, NULL, NULL);
	return rmdir(world.dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    memory_is_bounded_whatever_the_number_of_keys, set_up,
		    tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
