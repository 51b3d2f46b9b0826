/*
 * executor_work - the inside of executor: what waits, and running it.
 *
 * One mutex guards everything; steps and jobs run outside of it.
 *
 * Invariants, with the lock held:
 *   1. A task is in exactly the list that its place names; place is
 *      PLACE_NONE while its step runs and while it has nothing to do.
 *   2. running is set by the thread that calls the step, and by nobody else
 *      until that thread clears it.
 *   3. `again` is set only while running: somebody woke the task meanwhile.
 *   4. A task whose stopping is set is in no list and enters none.
 *   5. waiters counts the threads inside executor_run that wait for a run
 *      to end; the task is freed only when it is 0.
 *   6. A job is in the job list exactly while its state is JOB_QUEUED.
 *
 * The lock is a leaf: nothing but the clock is called with it held, so that
 * executor_wake can be called from anywhere.
 */
#ifndef BASE_EXECUTOR_WORK_H
#define BASE_EXECUTOR_WORK_H

#include <pthread.h>

#include "base/executor.h"

enum task_place { PLACE_NONE, PLACE_READY, PLACE_DELAYED, TASK_PLACES };
enum job_state { JOB_QUEUED = 1, JOB_RUNNING, JOB_AWAITED, JOB_DONE };

struct executor_task {
	struct executor *executor;
	executor_step *step;
	void *context;
	struct executor_task *next, *previous;
	enum task_place place;
	uint64_t due_ns; /* in PLACE_DELAYED */
	bool running;
	bool again;
	bool stopping;
	pthread_t runner; /* while running */
	uint64_t runs;	  /* ended ones */
	unsigned waiters;
	pthread_cond_t ended; /* a run, or the last waiter of a stopping task */
};

/* First in, first out. */
struct task_list {
	struct executor_task *first, *last;
	size_t count;
};

struct job_list {
	struct executor_job *first, *last;
	size_t count;
};

struct executor {
	struct fs *fs;
	pthread_mutex_t lock;
	pthread_cond_t work;	 /* threads: there may be something to do */
	pthread_cond_t job_done; /* joiners: some awaited job is done */
	struct task_list tasks[TASK_PLACES]; /* [PLACE_NONE] stays empty */
	struct job_list jobs;
	size_t registered; /* tasks started and not stopped */
	bool closing;
	bool task_turn; /* tasks and jobs take turns */
	bool manual;
	uint64_t random; /* manual: the generator's state */
	unsigned thread_count;
	pthread_t threads[];
};

/* ---- all with the lock held before and after ----------------------------- */

/* Into the ready list, from wherever it is, and wakes a thread. */
void work_ready(struct executor_task *task);
/* Out of the list it is in, if any. */
void work_unplace(struct executor_task *task);
void work_queue(struct executor *executor, struct executor_job *job);

/* Run one step or one queued job, with the lock released meanwhile. */
void work_run_task(struct executor_task *task);
void work_run_job(struct executor *executor, struct executor_job *job);

/* Moves what has become due to the ready list; returns the nanoseconds until
 * the next is due, UINT64_MAX when none is delayed. */
uint64_t work_promote(struct executor *executor);

/* Ready steps and queued jobs; the first of them; the n-th, n < count. */
size_t work_count(const struct executor *executor);
void work_run_oldest(struct executor *executor);
void work_run_nth(struct executor *executor, size_t n);

#endif
