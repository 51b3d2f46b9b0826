/*
 * Runs where calls of the system fail, power is lost, and many threads read.
 */
#include "engine/run_fixture.h"

#include <errno.h>

#include <pthread.h>

#include "base/fs_crash.h"

#define KEYS	 1500
#define KEYS_FEW 400
#define THREADS	 4

static enum ouro_status
name_refuse(void *context, const char *name, struct ouro_error *err)
{
	(void)context;
	(void)err;
	fail_msg("%s was left behind", name);
	return OURO_OK;
}

/* The n-th call of any kind fails, for each n; nothing is left. */
static void
faults(bool sealed, int errnum)
{
	for (uint64_t nth = 1;; nth++) {
		struct fs *fs = fixture_fs();
		struct run_store store = fixture_store(fs, sealed);
		struct fs_fault fault = { .call = FS_CALL_ANY,
			.nth = nth,
			.errnum = errnum,
			.short_write = true };
		struct ouro_error err = { 0 };
		struct run *run;
		enum ouro_status status;

		fs_memory_fault(fs, fault);
		status = fixture_build(&store, 1, KEYS_FEW, true, &run, &err);
		if (status == OURO_OK) {
			run_unref(run);
			fs_memory_free(fs);
			assert_true(nth > 10);
			return;
		}
		assert_int_equal(status,
		    errnum == EIO ? OURO_IO : OURO_NO_SPACE);
		assert_true(err.text[0] != '\0');
		assert_int_equal(fs_list(fs, FIXTURE_DIR, name_refuse, NULL,
				     NULL),
		    OURO_OK);
		fs_memory_free(fs);
	}
}

static void
test_any_call_may_fail_in_making(void **state)
{
	(void)state;
	faults(false, EIO);
	faults(true, ENOSPC);
}

static void
test_any_read_may_fail(void **state)
{
	(void)state;
	for (int sealed = 0; sealed < 2; sealed++) {
		struct fs *fs = fixture_fs();
		struct run_store store = fixture_store(fs, sealed != 0);
		struct run *run = fixture_run(&store, 1, KEYS, true);
		uint8_t key[ENGINE_KEY_MAX];
		uint64_t nth = 0;
		enum ouro_status status;

		run_unref(run);
		do {
			struct place place;

			nth++;
			fs_memory_fault(fs,
			    (struct fs_fault){ .call = FS_CALL_ANY,
				.nth = nth,
				.errnum = EIO });
			status = run_open(&store, 1, &run, NULL);
			if (status == OURO_OK) {
				status = fixture_find(run,
				    fixture_bytes(1001, true, key), &place,
				    NULL);
				if (status == OURO_IO)
					assert_int_equal(fixture_find(run,
							     fixture_bytes(1001,
								 true, key),
							     &place, NULL),
					    OURO_OK);
				run_unref(run);
			}
			assert_true(status == OURO_OK || status == OURO_IO);
		} while (status != OURO_OK);
		assert_true(nth > 5);
		fs_memory_free(fs);
	}
}

/* ---- power ---------------------------------------------------------------------- */

static void
never_bad(void *context, const char *path, uint64_t offset, uint64_t size)
{
	(void)context;
	(void)size;
	fail_msg("%s is bad at %llu", path, (unsigned long long)offset);
}

/* A run under its name is whole; a finished one is there. */
static void
disk_check(struct fs *fs, bool sealed, bool finished)
{
	struct run_store store = fixture_store(fs, sealed);
	struct ouro_error err = { 0 };
	struct run *run;
	enum ouro_status status = run_open(&store, 1, &run, &err);

	if (status == OURO_NOT_FOUND && !finished)
		return;
	if (status != OURO_OK)
		fail_msg("%s", err.text);
	assert_int_equal(run_entries(run), 300);
	assert_int_equal(run_verify(run, never_bad, NULL, NULL), OURO_OK);
	run_unref(run);
}

static void
power_lost_at(uint64_t clock, bool sealed, bool *finished)
{
	for (int policy = 0; policy < FS_CRASH_POLICIES; policy++) {
		struct fs *fs = fs_crash_new(3), *after;
		struct run_store store = fixture_store(fs, sealed);
		struct run *run;

		assert_non_null(fs);
		assert_int_equal(fs_mkdir(fs, FIXTURE_DIR, NULL), OURO_OK);
		fs_crash_stop_at(fs, clock);
		*finished = fixture_build(&store, 1, 300, true, &run, NULL) ==
		    OURO_OK;
		if (*finished)
			run_unref(run);
		for (uint64_t seed = 1; seed <= 3; seed++) {
			after = fs_crash_state(fs, (enum fs_crash_policy)policy,
			    seed);
			assert_non_null(after);
			disk_check(after, sealed, *finished);
			fs_crash_free(after);
		}
		fs_crash_free(fs);
	}
}

static void
test_power_may_be_lost_at_any_time(void **state)
{
	(void)state;
	for (int sealed = 0; sealed < 2; sealed++) {
		bool finished = false;
		uint64_t clock = 3;

		for (; !finished; clock++)
			power_lost_at(clock, sealed != 0, &finished);
		assert_true(clock > 8);
	}
}

/* ---- threads -------------------------------------------------------------------- */

static void *
reader(void *argument)
{
	struct run *run = argument;
	struct run_cursor cursor;
	uint8_t key[ENGINE_KEY_MAX];
	uint64_t n = 1;

	run_cursor_init(&cursor, run);
	for (uint64_t i = 0; i < 2 * KEYS; i++) {
		uint64_t at = fixture_mix(i) % (2 * KEYS);
		struct bytes bytes = fixture_bytes(at, true, key);
		struct place place;

		if (fixture_find(run, bytes, &place, NULL) !=
			(at % 2 != 0 ? OURO_OK : OURO_NOT_FOUND) ||
		    (at % 2 != 0 && place.offset != fixture_place(at).offset))
			return run;
		if (!cursor.valid) {
			n = at | 1;
			if (run_cursor_seek(&cursor,
				fixture_bytes(n, true, key), false, false,
				NULL) != OURO_OK)
				return run;
		}
		if (cursor.place.offset != fixture_place(n).offset ||
		    run_cursor_next(&cursor, NULL) != OURO_OK)
			return run;
		n += 2;
	}
	run_cursor_release(&cursor);
	return NULL;
}

static void
test_threads_read_at_once(void **state)
{
	(void)state;
	for (int sealed = 0; sealed < 2; sealed++) {
		struct fs *fs = fixture_fs();
		struct run_store store = fixture_store(fs, sealed != 0);
		struct run *run = fixture_run(&store, 1, KEYS, true);
		pthread_t threads[THREADS];
		uint64_t asked, spared;
		void *wrong;

		for (int i = 0; i < THREADS; i++)
			assert_int_equal(pthread_create(&threads[i], NULL,
					     reader, run),
			    0);
		(void)run_memory(run);
		for (int i = 0; i < THREADS; i++) {
			assert_int_equal(pthread_join(threads[i], &wrong), 0);
			assert_null(wrong);
		}
		run_filter_counts(run, &asked, &spared);
		assert_int_equal(asked, 2 * KEYS * THREADS);
		run_unref(run);
		fs_memory_free(fs);
	}
}

/* Opened pages take what they were given, and no more. */
static void
test_memory_is_bounded(void **state)
{
	struct fs *fs = fixture_fs();
	struct run_store store = fixture_store(fs, true);
	struct run *run = fixture_run(&store, 1, KEYS, true);

	(void)state;
	assert_null(reader(run));
	assert_true(run_size(run) > 100 * 8192);
	assert_in_range(run_memory(run), 4 * 8192, 8 * 8192 + 32768);
	run_unref(run);
	fs_memory_free(fs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_call_may_fail_in_making),
		cmocka_unit_test(test_any_read_may_fail),
		cmocka_unit_test(test_power_may_be_lost_at_any_time),
		cmocka_unit_test(test_threads_read_at_once),
		cmocka_unit_test(test_memory_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
