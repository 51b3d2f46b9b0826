#include "base/executor_work.h"

#include <assert.h>

#include "base/fs.h"

#define NS_PER_MS 1000000

/* ---- lists --------------------------------------------------------------- */

static void
task_place(struct executor_task *task, enum task_place place)
{
	struct task_list *list = &task->executor->tasks[place];

	assert(task->place == PLACE_NONE && !task->stopping);
	assert(place != PLACE_NONE);
	task->place = place;
	task->next = NULL;
	task->previous = list->last;
	*(list->last == NULL ? &list->first : &list->last->next) = task;
	list->last = task;
	list->count++;
}

void
work_unplace(struct executor_task *task)
{
	struct task_list *list = &task->executor->tasks[task->place];

	if (task->place == PLACE_NONE)
		return;
	assert(list->count > 0);
	*(task->previous == NULL ? &list->first
				 : &task->previous->next) = task->next;
	*(task->next == NULL ? &list->last
			     : &task->next->previous) = task->previous;
	list->count--;
	task->place = PLACE_NONE;
}

void
work_ready(struct executor_task *task)
{
	work_unplace(task);
	task_place(task, PLACE_READY);
	pthread_cond_signal(&task->executor->work);
}

void
work_queue(struct executor *executor, struct executor_job *job)
{
	struct job_list *list = &executor->jobs;

	job->state = JOB_QUEUED;
	job->next = NULL;
	job->previous = list->last;
	*(list->last == NULL ? &list->first : &list->last->next) = job;
	list->last = job;
	list->count++;
	pthread_cond_signal(&executor->work);
}

static void
job_remove(struct job_list *list, struct executor_job *job)
{
	assert(job->state == JOB_QUEUED && list->count > 0);
	*(job->previous == NULL ? &list->first
				: &job->previous->next) = job->next;
	*(job->next == NULL ? &list->last
			    : &job->next->previous) = job->previous;
	list->count--;
}

/* ---- running, with the lock held before and after ------------------------ */

static void
task_schedule(struct executor_task *task, uint64_t wish)
{
	struct executor *executor = task->executor;
	uint64_t now;

	if (task->stopping)
		return;
	if (task->again || wish == STEP_AGAIN) {
		work_ready(task);
	} else if (wish != STEP_IDLE) {
		now = fs_monotonic_ns(executor->fs);
		task->due_ns = wish > (UINT64_MAX - now) / NS_PER_MS
		    ? UINT64_MAX
		    : now + wish * NS_PER_MS;
		task_place(task, PLACE_DELAYED);
		pthread_cond_signal(&executor->work);
	}
}

void
work_run_task(struct executor_task *task)
{
	struct executor *executor = task->executor;
	uint64_t wish;

	assert(!task->running && !task->stopping);
	work_unplace(task);
	task->running = true;
	task->again = false;
	task->runner = pthread_self();
	pthread_mutex_unlock(&executor->lock);
	wish = task->step(task->context);
	pthread_mutex_lock(&executor->lock);
	task->running = false;
	task->runs++;
	task_schedule(task, wish);
	pthread_cond_broadcast(&task->ended);
}

void
work_run_job(struct executor *executor, struct executor_job *job)
{
	job_remove(&executor->jobs, job);
	job->state = JOB_RUNNING;
	pthread_mutex_unlock(&executor->lock);
	job->run(job->context);
	pthread_mutex_lock(&executor->lock);
	if (job->state == JOB_AWAITED)
		pthread_cond_broadcast(&executor->job_done);
	job->state = JOB_DONE;
}

uint64_t
work_promote(struct executor *executor)
{
	struct executor_task *task = executor->tasks[PLACE_DELAYED].first;
	uint64_t wait_ns = UINT64_MAX;
	uint64_t now;

	if (task == NULL)
		return wait_ns;
	now = fs_monotonic_ns(executor->fs);
	while (task != NULL) {
		struct executor_task *next = task->next;

		if (task->due_ns <= now) {
			work_ready(task);
		} else if (task->due_ns - now < wait_ns) {
			wait_ns = task->due_ns - now;
		}
		task = next;
	}
	return wait_ns;
}

size_t
work_count(const struct executor *executor)
{
	return executor->tasks[PLACE_READY].count + executor->jobs.count;
}

void
work_run_oldest(struct executor *executor)
{
	struct executor_task *task = executor->tasks[PLACE_READY].first;
	struct executor_job *job = executor->jobs.first;

	executor->task_turn = !executor->task_turn;
	if (job == NULL || (task != NULL && executor->task_turn))
		work_run_task(task);
	else
		work_run_job(executor, job);
}

void
work_run_nth(struct executor *executor, size_t n)
{
	struct executor_task *task = executor->tasks[PLACE_READY].first;
	struct executor_job *job = executor->jobs.first;

	for (; task != NULL && n > 0; n--)
		task = task->next;
	if (task != NULL) {
		work_run_task(task);
		return;
	}
	for (; n > 0; n--)
		job = job->next;
	work_run_job(executor, job);
}
