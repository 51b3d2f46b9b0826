/*
 * executor - the only maker of threads.
 *
 * Background work is a *step* function that does a bounded piece of work and
 * says when it wants to be called again. In production a few threads drive
 * the steps; a manual executor makes no thread at all and runs steps when
 * the test says so, in an order drawn from one seed.
 *
 * Foreground callers may help: executor_run runs a step in the caller's own
 * thread. Group commit is this: put a request in a queue, then
 *     while (!request.done) executor_run(commit_task);
 * whoever gets there first commits for all; nobody waits for a hand-over.
 */
#ifndef BASE_EXECUTOR_H
#define BASE_EXECUTOR_H

#include "base/bytes.h"

struct executor;
struct executor_task;
struct fs;

/* What a step wants next. */
#define STEP_IDLE  UINT64_MAX /* nothing until executor_wake */
#define STEP_AGAIN 0	      /* more work is ready now */
/* any other value: call again after that many milliseconds */

typedef uint64_t executor_step(void *context);

/*
 * threads >= 1: that many threads. fs is the clock (borrowed; must outlive
 * the executor). OURO_NO_MEMORY, OURO_IO when a thread cannot be made.
 */
enum ouro_status executor_open(unsigned threads, struct fs *fs,
    struct executor **out, struct ouro_error *err);

/* No threads: steps and jobs run only inside executor_run, executor_join,
 * executor_turn, in an order drawn from seed. Single-threaded use. */
enum ouro_status executor_open_manual(uint64_t seed, struct fs *fs,
    struct executor **out, struct ouro_error *err);

/* Every task must have been stopped and every job joined. NULL is fine. */
void executor_close(struct executor *executor);

/* Number of threads that can run work at once, at least 1. */
unsigned executor_width(const struct executor *executor);

/* Manual only: runs one ready step or job; false when none is ready. */
bool executor_turn(struct executor *executor);

/* ---- tasks: repeated steps ----------------------------------------------- */

/* Registers a step, idle at first. context is borrowed until stop. */
enum ouro_status executor_task_start(struct executor *executor,
    executor_step *step, void *context, struct executor_task **out,
    struct ouro_error *err);

/* Removes it; returns when its step is not running and never will again.
 * Must not be called from its own step. NULL is fine. */
void executor_task_stop(struct executor_task *task);

/* The step is to run soon. Cheap, callable from anywhere, also with locks
 * held. A wake during a run makes it run once more. */
void executor_wake(struct executor_task *task);

/* Runs the step once in this thread, or, when another thread runs it at
 * this moment, returns after that run has ended. A step never runs twice
 * at once. The caller checks its own condition and calls again. */
void executor_run(struct executor_task *task);

/* ---- jobs: one function call, joined by its submitter -------------------- */

struct executor_job {
	void (*run)(void *context); /* set by the caller */
	void *context;		    /* set by the caller */
	/* private */
	struct executor_job *next, *previous;
	int state;
};

/* Queues a job; the struct is borrowed until executor_join returns. */
void executor_submit(struct executor *executor, struct executor_job *job);

/* Returns when the job is done; runs it in this thread if nobody has begun
 * it. Each submitted job is joined exactly once. */
void executor_join(struct executor *executor, struct executor_job *job);

#endif
