#include "base/executor.h"

#include <sched.h>
#include <stdatomic.h>

#include "base/test_executor.h"

static void
thread_start(pthread_t *thread, void *(*run)(void *), void *context)
{
	assert_int_equal(pthread_create(thread, NULL, run, context), 0);
}

/* ---- open and close ------------------------------------------------------ */

static void
widths(void **state)
{
	struct executor *executor = executor_of(3);
	struct ouro_error err;

	(void)state;
	assert_int_equal(executor_width(executor), 3);
	executor_close(executor);
	assert_int_equal(executor_open(0, fs_posix(), &executor, &err),
	    OURO_INVALID);
	assert_int_equal(executor_open_manual(1, fs_posix(), &executor, NULL),
	    OURO_OK);
	assert_int_equal(executor_width(executor), 1);
	executor_close(executor);
	executor_close(NULL);
	executor_task_stop(NULL);
}

/* ---- group commit -------------------------------------------------------- */

#define COMMIT_THREADS 8
#define COMMITS_EACH   400

struct request {
	struct request *next;
	bool done; /* guarded by the lock */
};

struct commits {
	struct executor_task *task;
	pthread_mutex_t lock;
	struct request *queue;
	atomic_int inside;
	atomic_int overlaps;
	int committed; /* the step's own; no lock */
	int batches;
};

static uint64_t
commit_step(void *context)
{
	struct commits *commits = context;
	struct request *batch;

	if (atomic_fetch_add(&commits->inside, 1) != 0)
		atomic_fetch_add(&commits->overlaps, 1);
	pthread_mutex_lock(&commits->lock);
	batch = commits->queue;
	commits->queue = NULL;
	pthread_mutex_unlock(&commits->lock);
	commits->batches += batch != NULL;
	sched_yield();
	while (batch != NULL) {
		struct request *next = batch->next;

		pthread_mutex_lock(&commits->lock);
		batch->done = true;
		pthread_mutex_unlock(&commits->lock);
		commits->committed++;
		batch = next;
	}
	atomic_fetch_sub(&commits->inside, 1);
	return STEP_IDLE;
}

static bool
request_is_done(struct commits *commits, struct request *request)
{
	bool done;

	pthread_mutex_lock(&commits->lock);
	done = request->done;
	pthread_mutex_unlock(&commits->lock);
	return done;
}

static void *
commit_often(void *context)
{
	struct commits *commits = context;

	for (int i = 0; i < COMMITS_EACH; i++) {
		struct request request = { 0 };

		pthread_mutex_lock(&commits->lock);
		request.next = commits->queue;
		commits->queue = &request;
		if (i % 7 == 0)
			executor_wake(commits->task);
		pthread_mutex_unlock(&commits->lock);
		while (!request_is_done(commits, &request))
			executor_run(commits->task);
	}
	return NULL;
}

static void
group_commit_serves_every_thread(void **state)
{
	struct commits commits = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct executor *executor = executor_of(2);
	pthread_t threads[COMMIT_THREADS];

	(void)state;
	commits.task = task_of(executor, commit_step, &commits);
	for (int i = 0; i < COMMIT_THREADS; i++)
		thread_start(&threads[i], commit_often, &commits);
	for (int i = 0; i < COMMIT_THREADS; i++)
		pthread_join(threads[i], NULL);
	executor_task_stop(commits.task);
	executor_close(executor);
	assert_int_equal(commits.overlaps, 0);
	assert_int_equal(commits.committed, COMMIT_THREADS * COMMITS_EACH);
	assert_true(commits.batches > 0);
	assert_true(commits.batches <= commits.committed);
}

/* ---- a step that stands still -------------------------------------------- */

struct gate {
	struct executor_task *task;
	sem_t entered; /* posted at the start of each run */
	sem_t leave;   /* awaited at the end of each run */
	atomic_int runs;
	atomic_int ended;
	uint64_t wish;
};

static void
gate_init(struct gate *gate)
{
	*gate = (struct gate){ .wish = STEP_IDLE };
	sem_init(&gate->entered, 0, 0);
	sem_init(&gate->leave, 0, 0);
}

static void
gate_release(struct gate *gate)
{
	sem_destroy(&gate->entered);
	sem_destroy(&gate->leave);
}

static void
semaphore_wait(sem_t *semaphore)
{
	while (sem_wait(semaphore) != 0)
		;
}

static uint64_t
gate_step(void *context)
{
	struct gate *gate = context;

	atomic_fetch_add(&gate->runs, 1);
	sem_post(&gate->entered);
	semaphore_wait(&gate->leave);
	atomic_fetch_add(&gate->ended, 1);
	return gate->wish;
}

static void
a_wake_during_a_run_makes_one_more(void **state)
{
	struct executor *executor = executor_of(2);
	struct gate gate;

	(void)state;
	gate_init(&gate);
	gate.task = task_of(executor, gate_step, &gate);
	executor_wake(gate.task);
	semaphore_wait(&gate.entered);
	for (int i = 0; i < 5; i++)
		executor_wake(gate.task);
	sem_post(&gate.leave);
	semaphore_wait(&gate.entered);
	assert_int_equal(gate.runs, 2);
	assert_int_equal(gate.ended, 1);
	sem_post(&gate.leave);
	executor_task_stop(gate.task);
	executor_close(executor);
	assert_int_equal(gate.runs, 2);
	gate_release(&gate);
}

static void *
stop_task(void *context)
{
	struct gate *gate = context;

	executor_task_stop(gate->task);
	return (void *)(intptr_t)gate->ended;
}

/* Looks inside, to know for sure that another thread has begun to wait. */
static bool
task_is(struct executor *executor, struct executor_task *task, bool stopping,
    unsigned waiters)
{
	bool is;

	pthread_mutex_lock(&executor->lock);
	is = task->stopping == stopping && task->waiters == waiters;
	pthread_mutex_unlock(&executor->lock);
	return is;
}

static void
stop_waits_for_the_run_and_allows_no_other(void **state)
{
	static const uint64_t wishes[] = { STEP_IDLE, STEP_AGAIN, 1 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct executor *executor = executor_of(2);
		struct gate gate;
		pthread_t stopper;
		void *ended;

		gate_init(&gate);
		gate.wish = wishes[i];
		gate.task = task_of(executor, gate_step, &gate);
		executor_wake(gate.task);
		semaphore_wait(&gate.entered);
		executor_wake(gate.task);
		thread_start(&stopper, stop_task, &gate);
		while (!task_is(executor, gate.task, true, 0))
			sched_yield();
		executor_wake(gate.task);
		sem_post(&gate.leave);
		pthread_join(stopper, &ended);
		assert_int_equal((intptr_t)ended, 1);
		executor_close(executor);
		assert_int_equal(gate.runs, 1);
		gate_release(&gate);
	}
}

static void *
run_task(void *context)
{
	struct gate *gate = context;

	executor_run(gate->task);
	return (void *)(intptr_t)gate->ended;
}

static void
run_waits_for_the_run_of_another(void **state)
{
	struct executor *executor = executor_of(1);
	pthread_t runners[2];
	struct gate gate;
	void *ended;

	(void)state;
	gate_init(&gate);
	gate.task = task_of(executor, gate_step, &gate);
	executor_wake(gate.task);
	semaphore_wait(&gate.entered);
	thread_start(&runners[0], run_task, &gate);
	thread_start(&runners[1], run_task, &gate);
	while (!task_is(executor, gate.task, false, 2))
		sched_yield();
	sem_post(&gate.leave);
	for (int i = 0; i < 2; i++) {
		pthread_join(runners[i], &ended);
		assert_int_equal((intptr_t)ended, 1);
	}
	executor_task_stop(gate.task);
	executor_close(executor);
	assert_int_equal(gate.runs, 1);
	gate_release(&gate);
}

/* Waiters of executor_run leave before a stop frees what they look at. */
static void
stop_lets_waiters_leave_first(void **state)
{
	struct executor *executor = executor_of(1);
	pthread_t runner, stopper;
	struct gate gate;

	(void)state;
	gate_init(&gate);
	gate.task = task_of(executor, gate_step, &gate);
	executor_wake(gate.task);
	semaphore_wait(&gate.entered);
	thread_start(&runner, run_task, &gate);
	while (!task_is(executor, gate.task, false, 1))
		sched_yield();
	thread_start(&stopper, stop_task, &gate);
	while (!task_is(executor, gate.task, true, 1))
		sched_yield();
	sem_post(&gate.leave);
	pthread_join(runner, NULL);
	pthread_join(stopper, NULL);
	executor_close(executor);
	assert_int_equal(gate.runs, 1);
	gate_release(&gate);
}

/* ---- wishes -------------------------------------------------------------- */

struct countdown {
	int left;
	uint64_t between;
	int runs;
	uint64_t ran_ns;
	sem_t finished;
};

static uint64_t
countdown_step(void *context)
{
	struct countdown *countdown = context;

	countdown->runs++;
	if (--countdown->left > 0)
		return countdown->between;
	countdown->ran_ns = fs_monotonic_ns(fs_posix());
	sem_post(&countdown->finished);
	return STEP_IDLE;
}

static void
a_step_is_called_again_when_it_wants(void **state)
{
	static const uint64_t between[] = { STEP_AGAIN, 2 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct countdown countdown = { .left = 10,
			.between = between[i] };
		struct executor *executor = executor_of(2);
		struct executor_task *task = task_of(executor, countdown_step,
		    &countdown);
		uint64_t start_ns = fs_monotonic_ns(fs_posix());

		sem_init(&countdown.finished, 0, 0);
		executor_wake(task);
		semaphore_wait(&countdown.finished);
		executor_task_stop(task);
		executor_close(executor);
		assert_int_equal(countdown.runs, 10);
		assert_true(
		    countdown.ran_ns - start_ns >= 9 * between[i] * 1000000);
		sem_destroy(&countdown.finished);
	}
}

static void
a_wake_ends_a_delay(void **state)
{
	struct countdown countdown = { .left = 2, .between = 100000000 };
	struct executor *executor = executor_of(1);
	struct executor_task *task = task_of(executor, countdown_step,
	    &countdown);

	(void)state;
	sem_init(&countdown.finished, 0, 0);
	executor_run(task);
	assert_int_equal(countdown.runs, 1);
	executor_wake(task);
	semaphore_wait(&countdown.finished);
	executor_task_stop(task);
	executor_close(executor);
	sem_destroy(&countdown.finished);
}

/* ---- jobs ---------------------------------------------------------------- */

#define SUBMITTERS 4
#define JOBS_EACH  2500

struct sum {
	struct executor *executor;
	atomic_int total;
	int order; /* in which jobs are joined */
};

struct number {
	struct executor_job job;
	struct sum *sum;
	int runs;
};

static void
number_run(void *context)
{
	struct number *number = context;

	number->runs++;
	atomic_fetch_add(&number->sum->total, 1);
}

static void *
submit_many(void *context)
{
	struct sum *sum = context;
	struct number *numbers = calloc(JOBS_EACH, sizeof *numbers);

	for (int i = 0; i < JOBS_EACH; i++) {
		numbers[i].sum = sum;
		numbers[i].job.run = number_run;
		numbers[i].job.context = &numbers[i];
		executor_submit(sum->executor, &numbers[i].job);
	}
	for (int i = 0; i < JOBS_EACH; i++) {
		int at = sum->order > 0 ? i : JOBS_EACH - 1 - i;

		executor_join(sum->executor, &numbers[at].job);
		if (numbers[at].runs != 1)
			atomic_fetch_add(&sum->total, 1000000);
	}
	free(numbers);
	return NULL;
}

static void
ten_thousand_jobs_run_once_each(void **state)
{
	struct executor *executor = executor_of(2);
	struct sum sums[SUBMITTERS];
	pthread_t threads[SUBMITTERS];

	(void)state;
	for (int i = 0; i < SUBMITTERS; i++) {
		sums[i].executor = executor;
		sums[i].total = 0;
		sums[i].order = i % 2;
		thread_start(&threads[i], submit_many, &sums[i]);
	}
	for (int i = 0; i < SUBMITTERS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(sums[i].total, JOBS_EACH);
	}
	executor_close(executor);
}

struct tree {
	struct executor *executor;
	int depth;
	int leaves;
};

/* A job that joins jobs that join jobs. */
static void
tree_run(void *context)
{
	struct tree *tree = context;
	struct tree below[2];
	struct executor_job jobs[2];

	if (tree->depth == 0) {
		tree->leaves = 1;
		return;
	}
	tree->leaves = 0;
	for (int i = 0; i < 2; i++) {
		below[i] = (struct tree){ tree->executor, tree->depth - 1, 0 };
		jobs[i] = (struct executor_job){ .run = tree_run,
			.context = &below[i] };
		executor_submit(tree->executor, &jobs[i]);
	}
	for (int i = 0; i < 2; i++) {
		executor_join(tree->executor, &jobs[i]);
		tree->leaves += below[i].leaves;
	}
}

static void
jobs_may_join_jobs(void **state)
{
	(void)state;
	for (unsigned threads = 0; threads < 4; threads++) {
		struct executor *executor;
		struct tree tree = { .depth = 8 };
		struct executor_job job = { .run = tree_run, .context = &tree };

		if (threads > 0)
			executor = executor_of(threads);
		else
			assert_int_equal(executor_open_manual(1, fs_posix(),
					     &executor, NULL),
			    OURO_OK);
		tree.executor = executor;
		executor_submit(executor, &job);
		executor_join(executor, &job);
		executor_close(executor);
		assert_int_equal(tree.leaves, 256);
	}
}

/* ---- one thread: order --------------------------------------------------- */

static void
jobs_do_not_starve_steps(void **state)
{
	struct executor *executor = executor_of(1);
	struct trace trace = { .count = 0 };
	struct tracer jobs[100], step = { .trace = &trace, .name = 's' };
	struct gate gate;

	(void)state;
	gate_init(&gate);
	sem_init(&trace.finished, 0, 0);
	step.task = task_of(executor, tracer_step, &step);
	gate.task = task_of(executor, gate_step, &gate);
	executor_wake(gate.task);
	semaphore_wait(&gate.entered);
	for (int i = 0; i < 100; i++) {
		jobs[i] = (struct tracer){ .trace = &trace,
			.name = i == 99 ? '.' : 'j' };
		jobs[i].job.run = tracer_run;
		jobs[i].job.context = &jobs[i];
		executor_submit(executor, &jobs[i].job);
	}
	executor_wake(step.task);
	sem_post(&gate.leave);
	semaphore_wait(&trace.finished);
	for (int i = 0; i < 100; i++)
		executor_join(executor, &jobs[i].job);
	executor_task_stop(gate.task);
	executor_task_stop(step.task);
	executor_close(executor);
	assert_int_equal(trace.count, 101);
	assert_true(strchr(trace.events, 's') - trace.events <= 1);
	gate_release(&gate);
	sem_destroy(&trace.finished);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(widths),
		cmocka_unit_test(group_commit_serves_every_thread),
		cmocka_unit_test(a_wake_during_a_run_makes_one_more),
		cmocka_unit_test(stop_waits_for_the_run_and_allows_no_other),
		cmocka_unit_test(run_waits_for_the_run_of_another),
		cmocka_unit_test(stop_lets_waiters_leave_first),
		cmocka_unit_test(a_step_is_called_again_when_it_wants),
		cmocka_unit_test(a_wake_ends_a_delay),
		cmocka_unit_test(ten_thousand_jobs_run_once_each),
		cmocka_unit_test(jobs_may_join_jobs),
		cmocka_unit_test(jobs_do_not_starve_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
