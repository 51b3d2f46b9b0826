#include "engine/commit_queue.h"

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/executor.h"

#define YIELDS_MAX  64 /* of a leader that gathers */
#define YIELDS_IDLE 6  /* in a row, and nobody came */
#define SPINS	    20 /* yields of a waiter before it sleeps */

enum request_state {
	REQUEST_QUEUED,
	REQUEST_ASLEEP,
	REQUEST_LEADS,
	REQUEST_DONE,
};

static void
state_sleep(atomic_uint *state)
{
	(void)syscall(SYS_futex, state, FUTEX_WAIT_PRIVATE, REQUEST_ASLEEP,
	    NULL, NULL, 0);
}

/* The request may be gone by the time its thread is woken. */
static void
state_tell(struct commit_request *request, enum request_state told)
{
	atomic_uint *state = &request->state;

	if (atomic_exchange_explicit(state, told, memory_order_acq_rel) ==
	    REQUEST_ASLEEP)
		(void)syscall(SYS_futex, state, FUTEX_WAKE_PRIVATE, 1, NULL,
		    NULL, 0);
}

void
request_list_add(struct request_list *list, struct commit_request *request)
{
	request->next = NULL;
	if (list->tail == NULL)
		list->head = request;
	else
		list->tail->next = request;
	list->tail = request;
}

/* ---- leading ---------------------------------------------------------------------- */

/* With queue_lock held. */
static bool
lead_try(struct log_engine *log)
{
	bool leads = !log->leading;

	log->leading = true;
	return leads;
}

bool
commit_queue_add(struct log_engine *log, struct commit_request *request)
{
	struct request_list list;
	bool leads;

	atomic_init(&request->state, REQUEST_QUEUED);
	pthread_mutex_lock(&log->queue_lock);
	list = (struct request_list){ log->queue_head, log->queue_tail };
	request_list_add(&list, request);
	log->queue_head = list.head;
	log->queue_tail = list.tail;
	atomic_fetch_add_explicit(&log->queue_count, 1, memory_order_relaxed);
	leads = lead_try(log);
	pthread_mutex_unlock(&log->queue_lock);
	return leads;
}

bool
commit_queue_lead(struct log_engine *log)
{
	bool leads;

	pthread_mutex_lock(&log->queue_lock);
	leads = lead_try(log);
	pthread_mutex_unlock(&log->queue_lock);
	return leads;
}

/* Lets those come who are on their way, while they come. */
static void
gather_wait(struct log_engine *log)
{
	unsigned seen = 0, idle = 0;

	for (unsigned i = 0; i < YIELDS_MAX && idle < YIELDS_IDLE; i++) {
		unsigned count = atomic_load_explicit(&log->queue_count,
		    memory_order_relaxed);

		if (count >= log->queue_expected)
			return;
		idle = count > seen ? 0 : idle + 1;
		seen = count;
		(void)sched_yield();
	}
}

struct commit_request *
commit_queue_take(struct log_engine *log, bool gather)
{
	struct commit_request *list;

	if (gather)
		gather_wait(log);
	pthread_mutex_lock(&log->queue_lock);
	list = log->queue_head;
	log->queue_head = log->queue_tail = NULL;
	log->queue_expected = atomic_exchange_explicit(&log->queue_count, 0,
	    memory_order_relaxed);
	pthread_mutex_unlock(&log->queue_lock);
	return list;
}

void
commit_queue_release(struct log_engine *log)
{
	bool due;

	pthread_mutex_lock(&log->queue_lock);
	log->leading = false;
	log->queue_expected += atomic_load_explicit(&log->queue_count,
	    memory_order_relaxed);
	if (log->queue_head != NULL)
		state_tell(log->queue_head, REQUEST_LEADS);
	due = atomic_load(&log->sync_due) || atomic_load(&log->index.due);
	pthread_mutex_unlock(&log->queue_lock);
	if (due) /* its step came while another led */
		executor_wake(log->commit_task);
}

/* ---- waiting ---------------------------------------------------------------------- */

/* Somebody who came first may lead by now, and has this request or not. */
static bool
told_lead(struct log_engine *log, struct commit_request *request)
{
	unsigned state = REQUEST_LEADS;

	return atomic_compare_exchange_strong(&request->state, &state,
		   REQUEST_QUEUED) &&
	    commit_queue_lead(log);
}

bool
commit_queue_await(struct log_engine *log, struct commit_request *request)
{
	for (unsigned spins = 0;; spins++) {
		unsigned state = atomic_load_explicit(&request->state,
		    memory_order_acquire);

		if (state == REQUEST_DONE)
			return false;
		if (state == REQUEST_LEADS && told_lead(log, request))
			return true;
		if (state == REQUEST_LEADS)
			continue;
		if (spins < SPINS) {
			(void)sched_yield();
			continue;
		}
		if (state == REQUEST_QUEUED)
			atomic_compare_exchange_strong(&request->state, &state,
			    REQUEST_ASLEEP);
		else
			state_sleep(&request->state);
	}
}

void
commit_queue_finish(struct request_list *finished)
{
	struct commit_request *request = finished->head, *next;

	for (; request != NULL; request = next) {
		next = request->next;
		state_tell(request, REQUEST_DONE);
	}
	*finished = (struct request_list){ 0 };
}
