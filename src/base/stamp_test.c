#include "base/stamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/fs_memory.h"

#define CALLS_MANY 200000

struct clock_test {
	struct fs *fs;
	struct stamp_clock clock;
};

static int
setup(void **state)
{
	struct clock_test *test = calloc(1, sizeof *test);

	assert_non_null(test);
	test->fs = fs_memory_new(1);
	assert_non_null(test->fs);
	stamp_clock_init(&test->clock, test->fs);
	*state = test;
	return 0;
}

static int
teardown(void **state)
{
	struct clock_test *test = *state;

	stamp_clock_release(&test->clock);
	fs_memory_free(test->fs);
	free(test);
	return 0;
}

static void
the_first_stamp_is_the_wall_clock(void **state)
{
	struct clock_test *test = *state;
	uint64_t before = fs_wall_ms(test->fs);
	uint64_t stamp = stamp_next(&test->clock, 0);

	assert_true(stamp_ms(stamp) >= before);
	assert_true(stamp_ms(stamp) <= fs_wall_ms(test->fs));
	assert_int_equal(stamp & 0xffff, 0);
	assert_true(stamp_from_ms(stamp_ms(stamp)) == stamp);
}

static void
answers_only_grow(void **state)
{
	struct clock_test *test = *state;
	uint64_t last = 0;

	/* Far more in a moment than the counter's 16 bits hold. */
	for (int i = 0; i < CALLS_MANY; i++) {
		uint64_t stamp = stamp_next(&test->clock, 0);

		assert_true(stamp > last);
		last = stamp;
	}
}

static void
answers_follow_the_wall_clock(void **state)
{
	struct clock_test *test = *state;
	uint64_t first = stamp_next(&test->clock, 0);
	uint64_t second;

	fs_memory_advance(test->fs, 5000);
	second = stamp_next(&test->clock, 0);
	assert_true(stamp_ms(second) >= stamp_ms(first) + 5000);
	assert_true(stamp_ms(second) < stamp_ms(first) + 6000);
}

static void
an_answer_is_larger_than_what_it_replaces(void **state)
{
	struct clock_test *test = *state;
	uint64_t future = stamp_from_ms(fs_wall_ms(test->fs) + 1000) + 0xffff;
	uint64_t old = stamp_from_ms(1000);
	uint64_t first = stamp_next(&test->clock, old);
	uint64_t second = stamp_next(&test->clock, future);
	uint64_t third = stamp_next(&test->clock, future);

	assert_true(stamp_ms(first) > stamp_ms(future) - 2000);
	assert_true(second == future + 1);
	assert_true(third == future + 1);
	/* The clock itself was not drawn into the future. */
	assert_true(stamp_next(&test->clock, 0) < future);
}

static void
the_clock_never_steps_back(void **state)
{
	struct clock_test *test = *state;
	uint64_t last;

	/* As after a step of the wall clock by an hour. */
	test->clock.last = stamp_from_ms(fs_wall_ms(test->fs) + 3600000);
	last = test->clock.last;
	for (int i = 0; i < 1000; i++) {
		uint64_t stamp = stamp_next(&test->clock, 0);

		assert_true(stamp == last + 1);
		last = stamp;
	}
}

static void
the_last_stamp_does_not_wrap(void **state)
{
	struct clock_test *test = *state;

	assert_true(stamp_next(&test->clock, UINT64_MAX - 1) == UINT64_MAX);
	assert_true(stamp_next(&test->clock, UINT64_MAX) == UINT64_MAX);
	assert_true(stamp_next(&test->clock, 0) < UINT64_MAX);
}

#define THREADS	   4
#define CALLS_EACH 5000

struct caller {
	struct clock_test *test;
	uint64_t stamps[CALLS_EACH];
};

static void *
call_often(void *context)
{
	struct caller *caller = context;

	for (int i = 0; i < CALLS_EACH; i++)
		caller->stamps[i] = stamp_next(&caller->test->clock, 0);
	return NULL;
}

static int
stamp_order(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static void
no_two_threads_get_the_same(void **state)
{
	static struct caller callers[THREADS];
	static uint64_t all[THREADS * CALLS_EACH];
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++) {
		callers[i].test = *state;
		assert_int_equal(pthread_create(&threads[i], NULL, call_often,
				     &callers[i]),
		    0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		for (int j = 1; j < CALLS_EACH; j++)
			assert_true(
			    callers[i].stamps[j] > callers[i].stamps[j - 1]);
		memcpy(all + i * CALLS_EACH, callers[i].stamps,
		    sizeof callers[i].stamps);
	}
	qsort(all, THREADS * CALLS_EACH, sizeof all[0], stamp_order);
	for (int i = 1; i < THREADS * CALLS_EACH; i++)
		assert_true(all[i] != all[i - 1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    the_first_stamp_is_the_wall_clock, setup, teardown),
		cmocka_unit_test_setup_teardown(answers_only_grow, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(answers_follow_the_wall_clock,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    an_answer_is_larger_than_what_it_replaces, setup, teardown),
		cmocka_unit_test_setup_teardown(the_clock_never_steps_back,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(the_last_stamp_does_not_wrap,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(no_two_threads_get_the_same,
		    setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
