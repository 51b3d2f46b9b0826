/*
 * test_executor - what the tests of the executor share: steps and jobs that
 * note in which order they ran.
 */
#ifndef BASE_TEST_EXECUTOR_H
#define BASE_TEST_EXECUTOR_H

#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/executor.h"
#include "base/executor_work.h"
#include "base/fs.h"
#include "base/fs_memory.h"

static inline struct executor *
executor_of(unsigned threads)
{
	struct executor *executor;

	assert_int_equal(executor_open(threads, fs_posix(), &executor, NULL),
	    OURO_OK);
	return executor;
}

static inline struct executor_task *
task_of(struct executor *executor, executor_step *step, void *context)
{
	struct executor_task *task;

	assert_int_equal(executor_task_start(executor, step, context, &task,
			     NULL),
	    OURO_OK);
	return task;
}

#define TRACE_MAX 512

struct trace {
	char events[TRACE_MAX];
	size_t count;
	sem_t finished;
};

struct tracer {
	struct trace *trace;
	struct executor_job job;
	struct executor_task *task;
	char name;
	int left;
	uint64_t wish;
};

static inline void
trace_add(struct tracer *tracer)
{
	struct trace *trace = tracer->trace;

	assert_true(trace->count < TRACE_MAX - 1);
	trace->events[trace->count++] = tracer->name;
	trace->events[trace->count] = '\0';
}

static inline uint64_t
tracer_step(void *context)
{
	struct tracer *tracer = context;

	trace_add(tracer);
	return --tracer->left > 0 ? tracer->wish : STEP_IDLE;
}

static inline void
tracer_run(void *context)
{
	struct tracer *tracer = context;

	trace_add(tracer);
	if (tracer->name == '.')
		sem_post(&tracer->trace->finished);
}

#endif
