/*
 * The manual executor: one thread, one seed, one order.
 */
#include "base/test_executor.h"

struct manual {
	struct fs *fs;
	struct executor *executor;
	struct trace trace;
};

static void
manual_open(struct manual *manual, uint64_t seed)
{
	*manual = (struct manual){ .fs = fs_memory_new(1) };
	assert_non_null(manual->fs);
	assert_int_equal(executor_open_manual(seed, manual->fs,
			     &manual->executor, NULL),
	    OURO_OK);
}

static void
manual_close(struct manual *manual)
{
	executor_close(manual->executor);
	fs_memory_free(manual->fs);
}

/* Five tasks of five runs and five jobs; the order in which they ran. */
static void
order_of(uint64_t seed, char order[TRACE_MAX])
{
	struct manual manual;
	struct tracer tasks[5], jobs[5];

	manual_open(&manual, seed);
	for (int i = 0; i < 5; i++) {
		tasks[i] = (struct tracer){ .trace = &manual.trace,
			.name = (char)('a' + i),
			.left = 5,
			.wish = STEP_AGAIN };
		tasks[i].task = task_of(manual.executor, tracer_step,
		    &tasks[i]);
		executor_wake(tasks[i].task);
		jobs[i] = (struct tracer){ .trace = &manual.trace,
			.name = (char)('A' + i) };
		jobs[i].job.run = tracer_run;
		jobs[i].job.context = &jobs[i];
		executor_submit(manual.executor, &jobs[i].job);
	}
	while (executor_turn(manual.executor))
		;
	for (int i = 0; i < 5; i++) {
		executor_task_stop(tasks[i].task);
		executor_join(manual.executor, &jobs[i].job);
	}
	memcpy(order, manual.trace.events, TRACE_MAX);
	manual_close(&manual);
}

static void
the_seed_is_the_order(void **state)
{
	char first[TRACE_MAX], again[TRACE_MAX];
	int different = 0;

	(void)state;
	order_of(0, first);
	assert_int_equal(strlen(first), 30);
	for (uint64_t seed = 1; seed <= 20; seed++) {
		char order[TRACE_MAX];

		order_of(seed, order);
		order_of(seed, again);
		assert_string_equal(order, again);
		assert_int_equal(strlen(order), 30);
		different += strcmp(order, first) != 0;
	}
	assert_int_equal(different, 20);
}

static void
nothing_runs_without_a_turn(void **state)
{
	struct manual manual;
	struct tracer task, job;

	(void)state;
	manual_open(&manual, 1);
	task = (struct tracer){ .trace = &manual.trace,
		.name = 't',
		.left = 1 };
	task.task = task_of(manual.executor, tracer_step, &task);
	job = (struct tracer){ .trace = &manual.trace, .name = 'j' };
	job.job.run = tracer_run;
	job.job.context = &job;
	assert_false(executor_turn(manual.executor));
	executor_wake(task.task);
	executor_submit(manual.executor, &job.job);
	assert_string_equal(manual.trace.events, "");
	executor_join(manual.executor, &job.job);
	assert_string_equal(manual.trace.events, "j");
	executor_run(task.task);
	assert_string_equal(manual.trace.events, "jt");
	/* The run answered the wake. */
	assert_false(executor_turn(manual.executor));
	executor_wake(task.task);
	executor_wake(task.task);
	assert_true(executor_turn(manual.executor));
	assert_false(executor_turn(manual.executor));
	executor_task_stop(task.task);
	manual_close(&manual);
}

static void
delayed_steps_follow_the_clock_of_the_fs(void **state)
{
	struct manual manual;
	struct tracer slow, fast;

	(void)state;
	manual_open(&manual, 1);
	slow = (struct tracer){ .trace = &manual.trace,
		.name = 's',
		.left = 100,
		.wish = 1000 };
	fast = (struct tracer){ .trace = &manual.trace,
		.name = 'f',
		.left = 100,
		.wish = 300 };
	slow.task = task_of(manual.executor, tracer_step, &slow);
	fast.task = task_of(manual.executor, tracer_step, &fast);
	executor_run(slow.task);
	executor_run(fast.task);
	for (int i = 0; i < 12; i++) {
		assert_false(executor_turn(manual.executor));
		fs_memory_advance(manual.fs, 101);
		while (executor_turn(manual.executor))
			;
	}
	/* At 303, 606, 909 ms fast; at 1010 slow; at 1212 fast. */
	assert_string_equal(manual.trace.events, "sffffsf");
	executor_task_stop(slow.task);
	fs_memory_advance(manual.fs, 100000);
	assert_true(executor_turn(manual.executor));
	assert_false(executor_turn(manual.executor));
	executor_wake(fast.task);
	executor_task_stop(fast.task);
	assert_false(executor_turn(manual.executor));
	manual_close(&manual);
}

static void
endless_delays_never_end(void **state)
{
	struct manual manual;
	struct tracer task;

	(void)state;
	manual_open(&manual, 1);
	task = (struct tracer){ .trace = &manual.trace,
		.name = 't',
		.left = 100,
		.wish = STEP_IDLE - 1 };
	task.task = task_of(manual.executor, tracer_step, &task);
	executor_run(task.task);
	fs_memory_advance(manual.fs, UINT64_C(1) << 40);
	assert_false(executor_turn(manual.executor));
	executor_wake(task.task);
	assert_true(executor_turn(manual.executor));
	executor_task_stop(task.task);
	manual_close(&manual);
}

static uint64_t
wake_itself_step(void *context)
{
	struct tracer *tracer = context;

	trace_add(tracer);
	if (--tracer->left > 0)
		executor_wake(tracer->task);
	return STEP_IDLE;
}

static void
a_step_may_wake_itself(void **state)
{
	struct manual manual;
	struct tracer task;

	(void)state;
	manual_open(&manual, 1);
	task = (struct tracer){ .trace = &manual.trace,
		.name = 't',
		.left = 3 };
	task.task = task_of(manual.executor, wake_itself_step, &task);
	executor_wake(task.task);
	while (executor_turn(manual.executor))
		;
	assert_string_equal(manual.trace.events, "ttt");
	executor_task_stop(task.task);
	manual_close(&manual);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_seed_is_the_order),
		cmocka_unit_test(nothing_runs_without_a_turn),
		cmocka_unit_test(delayed_steps_follow_the_clock_of_the_fs),
		cmocka_unit_test(endless_delays_never_end),
		cmocka_unit_test(a_step_may_wake_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
