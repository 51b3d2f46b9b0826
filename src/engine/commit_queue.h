/*
 * commit_queue - who writes next, and how the others wait.
 *
 * Callers queue a request; whoever finds that nobody leads leads: takes all
 * that is queued, writes it as a group, and lets go. The one at the front of
 * the queue is then told to lead, unless somebody who was awake anyway came
 * first. Nobody is handed work and made to wait for a thread to start.
 *
 * A leader whose group is to be synced waits a moment before it takes the
 * queue, while writers who were there the last time are coming back: a sync
 * costs much more than that. A lone writer never waits.
 *
 * States of a request: queued; asleep (its thread waits in the kernel); told
 * to lead; done. It is on its caller's stack: once it is done nothing but its
 * address is used.
 */
#ifndef ENGINE_COMMIT_QUEUE_H
#define ENGINE_COMMIT_QUEUE_H

#include "engine/commit_group.h"

/* First in, first out. */
struct request_list {
	struct commit_request *head, *tail;
};

void request_list_add(struct request_list *list,
    struct commit_request *request);

/* Queues it. True: the caller leads, and must call commit_queue_take. */
bool commit_queue_add(struct log_engine *log, struct commit_request *request);
/* True when the caller leads from now on, though nothing may be queued. */
bool commit_queue_lead(struct log_engine *log);
/* The leader's: all that is queued. gather: those to come are worth a wait. */
struct commit_request *commit_queue_take(struct log_engine *log, bool gather);
/* Leads no longer. */
void commit_queue_release(struct log_engine *log);

/* Returns when the request is done (false), or when its caller leads. */
bool commit_queue_await(struct log_engine *log, struct commit_request *request);
/* Wakes the callers of requests whose status is set. */
void commit_queue_finish(struct request_list *finished);

#endif
