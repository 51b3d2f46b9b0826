#include "base/executor.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/error.h"
#include "base/executor_work.h"
#include "base/fs.h"

#define NS_PER_S    1000000000
#define WAIT_NS_MAX ((uint64_t)3600 * NS_PER_S)

/* ---- production: threads ------------------------------------------------- */

/* The condition counts in the system's monotonic time whatever clock fs is;
 * being woken too early is harmless. */
static void
work_wait(struct executor *executor, uint64_t wait_ns)
{
	struct timespec until;
	uint64_t now;

	if (wait_ns == UINT64_MAX) {
		pthread_cond_wait(&executor->work, &executor->lock);
		return;
	}
	if (wait_ns > WAIT_NS_MAX)
		wait_ns = WAIT_NS_MAX;
	now = fs_monotonic_ns(fs_posix()) + wait_ns;
	until.tv_sec = (time_t)(now / NS_PER_S);
	until.tv_nsec = (long)(now % NS_PER_S);
	pthread_cond_timedwait(&executor->work, &executor->lock, &until);
}

static void *
thread_main(void *context)
{
	struct executor *executor = (struct executor *)context;

	pthread_mutex_lock(&executor->lock);
	while (!executor->closing) {
		uint64_t wait_ns = work_promote(executor);

		if (work_count(executor) > 0)
			work_run_oldest(executor);
		else
			work_wait(executor, wait_ns);
	}
	pthread_mutex_unlock(&executor->lock);
	return NULL;
}

/* Signals belong to the program's own threads. */
static int
threads_start(struct executor *executor, unsigned threads)
{
	sigset_t all, before;
	int failed = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (executor->thread_count < threads && failed == 0) {
		failed = pthread_create(
		    &executor->threads[executor->thread_count], NULL,
		    thread_main, executor);
		if (failed == 0)
			executor->thread_count++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed;
}

/* ---- open and close ------------------------------------------------------ */

/* Fails only for lack of memory. */
static struct executor *
executor_new(unsigned threads, struct fs *fs)
{
	struct executor *executor = (struct executor *)calloc(1,
	    sizeof *executor + threads * sizeof executor->threads[0]);
	pthread_condattr_t monotonic;

	if (executor == NULL)
		return NULL;
	executor->fs = fs;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&executor->lock, NULL);
	pthread_cond_init(&executor->work, &monotonic);
	pthread_cond_init(&executor->job_done, NULL);
	pthread_condattr_destroy(&monotonic);
	return executor;
}

enum ouro_status
executor_open(unsigned threads, struct fs *fs, struct executor **out,
    struct ouro_error *err)
{
	struct executor *executor;
	int failed;

	if (threads == 0)
		return error_set(err, OURO_INVALID,
		    "an executor needs at least one thread");
	executor = executor_new(threads, fs);
	if (executor == NULL)
		return error_memory(err);
	failed = threads_start(executor, threads);
	if (failed != 0) {
		executor_close(executor);
		return error_errno(err, failed, "cannot make %u threads",
		    threads);
	}
	*out = executor;
	return OURO_OK;
}

enum ouro_status
executor_open_manual(uint64_t seed, struct fs *fs, struct executor **out,
    struct ouro_error *err)
{
	struct executor *executor = executor_new(0, fs);

	if (executor == NULL)
		return error_memory(err);
	executor->manual = true;
	executor->random = seed;
	*out = executor;
	return OURO_OK;
}

void
executor_close(struct executor *executor)
{
	if (executor == NULL)
		return;
	pthread_mutex_lock(&executor->lock);
	assert(executor->registered == 0 && executor->jobs.count == 0);
	executor->closing = true;
	pthread_cond_broadcast(&executor->work);
	pthread_mutex_unlock(&executor->lock);
	for (unsigned i = 0; i < executor->thread_count; i++)
		pthread_join(executor->threads[i], NULL);
	pthread_cond_destroy(&executor->job_done);
	pthread_cond_destroy(&executor->work);
	pthread_mutex_destroy(&executor->lock);
	free(executor);
}

unsigned
executor_width(const struct executor *executor)
{
	return executor->manual ? 1 : executor->thread_count;
}

/* ---- manual: turns ------------------------------------------------------- */

/* splitmix64: any seed, also 0, gives a good sequence. */
static uint64_t
random_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

bool
executor_turn(struct executor *executor)
{
	size_t count;

	assert(executor->manual);
	pthread_mutex_lock(&executor->lock);
	work_promote(executor);
	count = work_count(executor);
	if (count > 0)
		work_run_nth(executor, random_next(&executor->random) % count);
	pthread_mutex_unlock(&executor->lock);
	return count > 0;
}

/* ---- tasks --------------------------------------------------------------- */

enum ouro_status
executor_task_start(struct executor *executor, executor_step *step,
    void *context, struct executor_task **out, struct ouro_error *err)
{
	struct executor_task *task = (struct executor_task *)calloc(1,
	    sizeof *task);

	if (task == NULL)
		return error_memory(err);
	task->executor = executor;
	task->step = step;
	task->context = context;
	pthread_cond_init(&task->ended, NULL);
	pthread_mutex_lock(&executor->lock);
	executor->registered++;
	pthread_mutex_unlock(&executor->lock);
	*out = task;
	return OURO_OK;
}

static bool
task_is_mine(const struct executor_task *task)
{
	return task->running && pthread_equal(task->runner, pthread_self());
}

void
executor_task_stop(struct executor_task *task)
{
	struct executor *executor;

	if (task == NULL)
		return;
	executor = task->executor;
	pthread_mutex_lock(&executor->lock);
	assert(!task->stopping && !task_is_mine(task));
	work_unplace(task);
	task->stopping = true;
	while (task->running || task->waiters > 0)
		pthread_cond_wait(&task->ended, &executor->lock);
	assert(executor->registered > 0);
	executor->registered--;
	pthread_mutex_unlock(&executor->lock);
	pthread_cond_destroy(&task->ended);
	free(task);
}

void
executor_wake(struct executor_task *task)
{
	struct executor *executor = task->executor;

	pthread_mutex_lock(&executor->lock);
	if (task->running) {
		task->again = true;
	} else if (!task->stopping && task->place != PLACE_READY) {
		work_ready(task);
	}
	pthread_mutex_unlock(&executor->lock);
}

/* Waits for the end of the run that is going on now. */
static void
task_await(struct executor_task *task)
{
	uint64_t runs = task->runs;

	task->waiters++;
	while (task->running && task->runs == runs)
		pthread_cond_wait(&task->ended, &task->executor->lock);
	task->waiters--;
	if (task->stopping && task->waiters == 0)
		pthread_cond_broadcast(&task->ended);
}

void
executor_run(struct executor_task *task)
{
	struct executor *executor = task->executor;

	pthread_mutex_lock(&executor->lock);
	assert(!task_is_mine(task));
	if (task->running)
		task_await(task);
	else if (!task->stopping)
		work_run_task(task);
	pthread_mutex_unlock(&executor->lock);
}

/* ---- jobs ---------------------------------------------------------------- */

void
executor_submit(struct executor *executor, struct executor_job *job)
{
	pthread_mutex_lock(&executor->lock);
	work_queue(executor, job);
	pthread_mutex_unlock(&executor->lock);
}

void
executor_join(struct executor *executor, struct executor_job *job)
{
	pthread_mutex_lock(&executor->lock);
	if (job->state == JOB_QUEUED)
		work_run_job(executor, job);
	while (job->state != JOB_DONE) {
		job->state = JOB_AWAITED;
		pthread_cond_wait(&executor->job_done, &executor->lock);
	}
	pthread_mutex_unlock(&executor->lock);
}
