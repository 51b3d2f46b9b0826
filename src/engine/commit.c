#include "engine/commit.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/executor.h"
#include "engine/append.h"
#include "engine/commit_group.h"
#include "engine/commit_queue.h"

#define GROUP_BYTES (8u * 1024 * 1024) /* gathered before they are written */
#define NS_PER_MS   1000000u

static void
request_finish(struct request_list *finished, struct commit_request *request,
    enum ouro_status status, const struct ouro_error *err)
{
	free(request->kept);
	request->kept = NULL;
	request->status = status;
	if (status != OURO_OK)
		request->error = *err;
	request_list_add(finished, request);
}

/* ---- publishing ---------------------------------------------------------------------- */

static void
ops_publish(struct log_engine *log, const struct commit_request *request)
{
	struct segment *segment = log->active;
	bool sub = request->count > 1;
	size_t head = record_head(&segment->frame);
	uint64_t offset = request->offset + (sub ? head : 0);
	struct assembly_ops ops = commit_request_ops(request);

	for (size_t i = 0; i < request->count; i++) {
		const struct engine_op *op = &request->ops[i];
		struct record record = assembly_op(&ops, i);
		struct location location = {
			.segment = segment,
			.offset = offset,
			.sequence = request->sequence + i,
			.value_size = (uint32_t)record.value.size,
			.state = op->kind == ENGINE_PUT ? PLACE_VALUE
							: PLACE_TOMBSTONE,
			.batch_offset = (uint32_t)(offset - request->offset),
			.packed = record.op == RECORD_PACKED,
		};
		struct place place;

		if (location.packed)
			location.clear_size = (uint32_t)op->value.size;
		place = location_place(&location);
		index_add(log, op->key, &place);
		offset += location_size(&location, op->key.size);
	}
}

/* What a request's record takes beside operations. */
static uint64_t
request_frame(const struct log_engine *log,
    const struct commit_request *request)
{
	if (request->size == 0)
		return 0;
	if (request->kind == REQUEST_RECORD)
		return request->size;
	return request->count > 1
	    ? record_head(&log->active->frame) + RECORD_CRC
	    : 0;
}

/* The records are in the file: they become visible together. */
static void
group_publish(struct commit_group *group)
{
	struct log_engine *log = group->log;
	struct segment *active = log->active;
	uint64_t frame = 0;

	for (const struct commit_request *request = group->head;
	     request != NULL; request = request->next) {
		frame += request_frame(log, request);
		if (request->kind == REQUEST_OPS && request->size > 0)
			ops_publish(log, request);
	}
	pthread_rwlock_wrlock(&log->lock);
	for (struct commit_request *request = group->head; request != NULL;
	     request = request->next)
		if (request->kind == REQUEST_RECORD) {
			struct id_set old = log->dropped;

			log->dropped = *request->dropped;
			*request->dropped = old;
		}
	if (active != NULL) {
		active->frame_bytes += frame;
		active->end = log->active_end;
		active->next = log->sequence_next;
		if (group->operations > 0 && active->least > group->first)
			active->least = group->first;
	}
	log->sequence = log->sequence_next - 1;
	log->durable_shown = log->durable;
	log->operated_shown = log->operated;
	pthread_rwlock_unlock(&log->lock);
	index_publish(log);
	atomic_fetch_add_explicit(&log->bytes_given,
	    group->key_bytes + group->value_bytes, memory_order_relaxed);
}

static void
interval_arm(struct log_engine *log)
{
	pthread_mutex_lock(&log->queue_lock);
	if (log->interval_deadline_ns == 0)
		log->interval_deadline_ns = fs_monotonic_ns(log->fs) +
		    (uint64_t)log->sync_interval_ms * NS_PER_MS;
	pthread_mutex_unlock(&log->queue_lock);
	executor_wake(log->interval_task);
}

static void
group_commit(struct commit_group *group, struct request_list *finished)
{
	struct log_engine *log = group->log;
	struct ouro_error err = { 0 };
	enum ouro_status status = OURO_OK;
	struct commit_request *request, *next;

	if (group->head == NULL)
		return;
	if (group->operations > 0)
		status = index_reserve(log, (size_t)group->operations,
		    group->key_bytes, &err);
	if (status == OURO_OK && log->assembly.size > 0) {
		group->first = log->sequence_next;
		status = append_write(log, group->operations, group->sync,
		    &err);
	}
	if (status == OURO_OK && group->sync && append_unsynced(log))
		status = append_sync(log, &err);
	if (status == OURO_OK)
		group_publish(group);
	if (status == OURO_OK && group->interval)
		interval_arm(log);
	assembly_clear(&log->assembly);
	pending_release(&group->pending);
	for (request = group->head; request != NULL; request = next) {
		next = request->next;
		request_finish(finished, request, status, &err);
	}
}

/* A freeze that nobody waits for, or somebody does. */
static void
freeze_run(struct log_engine *log, struct commit_request *request,
    struct request_list *finished)
{
	struct ouro_error err = { 0 };

	request_finish(finished, request, index_freeze(log, &err), &err);
}

/* The index follows records that were moved. */
static void
moves_run(struct log_engine *log, struct commit_request *request,
    struct request_list *finished)
{
	enum ouro_status status = OURO_OK;
	struct ouro_error err = { 0 };

	for (size_t i = 0; status == OURO_OK && i < request->count; i++) {
		const struct commit_move *move = &request->moves[i];

		status = index_move(log, move->key, &move->from, &move->to,
		    &err);
	}
	index_publish(log);
	if (status == OURO_OK && request->whole != NULL) {
		pthread_rwlock_wrlock(&log->lock);
		request->whole->indexed = true;
		pthread_rwlock_unlock(&log->lock);
	}
	request_finish(finished, request, status, &err);
}

static void
rotate_run(struct log_engine *log, struct commit_request *request,
    struct request_list *finished)
{
	struct ouro_error err = { 0 };
	enum ouro_status status = append_allowed(log, &err);

	if (status == OURO_OK)
		append_rotate(log);
	if (status == OURO_OK && append_unsynced(log))
		status = append_sync(log, &err);
	request_finish(finished, request, status, &err);
}

/* Requests that join no group. */
static void
alone_run(struct log_engine *log, struct commit_request *request,
    struct request_list *finished)
{
	if (request->kind == REQUEST_ROTATE)
		rotate_run(log, request, finished);
	else if (request->kind == REQUEST_FREEZE)
		freeze_run(log, request, finished);
	else
		moves_run(log, request, finished);
}

/* Works off requests from the front of the list as one group; returns what
 * is left of it. */
static struct commit_request *
group_run(struct log_engine *log, struct commit_request *list,
    struct request_list *finished)
{
	struct commit_group group = { .log = log };

	while (list != NULL && log->assembly.size < GROUP_BYTES) {
		struct commit_request *request = list, *rest = list->next;
		struct ouro_error err = { 0 };
		enum ouro_status status;
		bool full;

		if (request->kind == REQUEST_ROTATE ||
		    request->kind == REQUEST_FREEZE ||
		    request->kind == REQUEST_MOVES) {
			if (group.head != NULL)
				break;
			alone_run(log, request, finished);
			list = rest;
			continue;
		}
		status = commit_group_admit(&group, request, &full, &err);
		if (full)
			break;
		list = rest;
		if (status == OURO_OK)
			commit_group_join(&group, request);
		else
			request_finish(finished, request, status, &err);
	}
	group_commit(&group, finished);
	pending_release(&group.pending);
	return list;
}

/* A sync that no request waits for. */
static void
due_sync(struct log_engine *log)
{
	if (!append_unsynced(log) || atomic_load(&log->broken) ||
	    append_sync(log, NULL) != OURO_OK)
		return;
	pthread_rwlock_wrlock(&log->lock);
	log->durable_shown = log->durable;
	pthread_rwlock_unlock(&log->lock);
}

/* What the leader does. The last group's callers are woken when another may
 * lead already: they bring their next requests. */
static void
lead(struct log_engine *log, bool gather)
{
	struct commit_request *list = commit_queue_take(log, gather);
	struct request_list finished = { 0 };

	while (list != NULL) {
		commit_queue_finish(&finished);
		list = group_run(log, list, &finished);
	}
	if (atomic_exchange(&log->sync_due, false)) {
		commit_queue_finish(&finished);
		due_sync(log);
	}
	if (atomic_exchange(&log->index.due, false) &&
	    !atomic_load(&log->broken))
		(void)index_freeze(log, NULL); /* tried again when idle */
	commit_queue_release(log);
	commit_queue_finish(&finished);
}

uint64_t
commit_step(void *context)
{
	struct log_engine *log = context;

	if (commit_queue_lead(log))
		lead(log, false);
	return STEP_IDLE;
}

uint64_t
commit_interval_step(void *context)
{
	struct log_engine *log = context;
	uint64_t now = fs_monotonic_ns(log->fs), wait = STEP_IDLE;

	pthread_mutex_lock(&log->queue_lock);
	if (log->interval_deadline_ns > now) {
		wait = (log->interval_deadline_ns - now) / NS_PER_MS + 1;
	} else if (log->interval_deadline_ns != 0) {
		log->interval_deadline_ns = 0;
		atomic_store(&log->sync_due, true);
	}
	pthread_mutex_unlock(&log->queue_lock);
	if (atomic_load(&log->sync_due))
		executor_wake(log->commit_task);
	return wait;
}

size_t
commit_waiting(struct log_engine *log)
{
	return atomic_load(&log->queue_count);
}

/* ---- callers ---------------------------------------------------------------------------- */

static enum ouro_status
request_run(struct log_engine *log, struct commit_request *request,
    struct ouro_error *err)
{
	enum ouro_status status = append_allowed(log, err);
	bool leads;

	if (status != OURO_OK)
		return status;
	leads = commit_queue_add(log, request);
	do {
		if (leads)
			lead(log, request->sync == ENGINE_SYNC_ALWAYS);
		leads = commit_queue_await(log, request);
	} while (leads);
	if (request->status != OURO_OK && err != NULL)
		*err = request->error;
	return request->status;
}

enum ouro_status
commit_ops(struct log_engine *log, const struct engine_op *ops, size_t count,
    enum engine_sync sync, struct ouro_error *err)
{
	struct commit_request request = {
		.kind = REQUEST_OPS,
		.ops = ops,
		.count = count,
		.sync = sync,
	};
	struct pack pack = { 0 };
	enum ouro_status status = OURO_OK;

	if (log->level != 0)
		status = pack_ops(&log->files.packs, log->level, ops, count,
		    &pack, err);
	request.packed = pack.values;
	if (status == OURO_OK)
		status = request_run(log, &request, err);
	pack_release(&pack);
	return status;
}

enum ouro_status
commit_barrier(struct log_engine *log, struct ouro_error *err)
{
	struct commit_request request = {
		.kind = REQUEST_BARRIER,
		.sync = ENGINE_SYNC_ALWAYS,
	};

	return request_run(log, &request, err);
}

enum ouro_status
commit_rotate(struct log_engine *log, struct ouro_error *err)
{
	struct commit_request request = { .kind = REQUEST_ROTATE };

	return request_run(log, &request, err);
}

enum ouro_status
commit_freeze(struct log_engine *log, struct ouro_error *err)
{
	struct commit_request request = { .kind = REQUEST_FREEZE };

	return request_run(log, &request, err);
}

enum ouro_status
commit_moves(struct log_engine *log, const struct commit_move *moves,
    size_t count, struct segment *whole, struct ouro_error *err)
{
	struct commit_request request = {
		.kind = REQUEST_MOVES,
		.moves = moves,
		.count = count,
		.whole = whole,
	};

	return request_run(log, &request, err);
}

enum ouro_status
commit_dropped(struct log_engine *log, struct id_set *dropped,
    struct ouro_error *err)
{
	struct record record = { .op = RECORD_DROPPED };
	struct commit_request request = {
		.kind = REQUEST_RECORD,
		.record = &record,
		.dropped = dropped,
		.sync = ENGINE_SYNC_ALWAYS,
	};
	struct buffer ids = { 0 };
	enum ouro_status status;

	if (dropped->count > RECORD_DROPPED_MAX)
		return error_set(err, OURO_TOO_LARGE,
		    "%s: too many segments to drop at once", log->dir);
	status = buffer_resize(&ids, 8 * dropped->count, err);
	if (status != OURO_OK)
		return status;
	for (size_t i = 0; i < dropped->count; i++)
		put_u64le(ids.data + 8 * i, dropped->ids[i]);
	record.value = buffer_bytes(&ids);
	status = request_run(log, &request, err);
	buffer_release(&ids);
	return status;
}
