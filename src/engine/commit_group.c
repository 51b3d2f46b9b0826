#include "engine/commit_group.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "engine/append.h"

/* The bytes the request adds to a segment; UINT64_MAX: over a limit. */
static uint64_t
request_size(const struct log_engine *log, const struct commit_request *request)
{
	const struct record_frame frame = { .sealed = log->seal_key != NULL };
	struct assembly_ops ops = commit_request_ops(request);
	struct record first;

	if (request->kind == REQUEST_RECORD)
		return record_size(&frame, request->record->key.size,
		    request->record->value.size);
	if (request->count == 0)
		return 0;
	if (request->count > 1)
		return assembly_batch_size(&frame, &ops);
	first = assembly_op(&ops, 0);
	return record_size(&frame, first.key.size, first.value.size);
}

static enum ouro_status
request_encode(struct log_engine *log, const struct commit_request *request,
    struct ouro_error *err)
{
	const struct record_frame *frame = &log->active->frame;
	struct assembly_ops ops = commit_request_ops(request);
	struct record record;

	if (request->kind != REQUEST_RECORD && request->count > 1)
		return assembly_batch(&log->assembly, frame, &ops,
		    request->sequence, log->durable, err);
	record = request->kind == REQUEST_RECORD ? *request->record
						 : assembly_op(&ops, 0);
	record.sequence = request->sequence;
	record.durable = log->durable;
	return assembly_record(&log->assembly, frame, &record, err);
}

static enum ouro_status
request_gather(struct commit_group *group, struct commit_request *request,
    bool *full, struct ouro_error *err)
{
	struct log_engine *log = group->log;
	uint64_t size = request_size(log, request);
	struct assembly_mark mark;
	enum ouro_status status;

	if (size == 0)
		return OURO_OK;
	if (size == UINT64_MAX)
		return error_set(err, OURO_TOO_LARGE,
		    "a batch of %zu operations is too large", request->count);
	if (request->kind == REQUEST_RECORD) {
		*full = group->head != NULL;
		if (*full)
			return OURO_OK;
		append_rotate(log);
	}
	status = append_prepare(log, size, full, err);
	if (status != OURO_OK || *full)
		return status;
	if (log->sequence_next > RECORD_SEQUENCE_MAX - 2 * RECORD_BATCH_MAX)
		return error_set(err, OURO_UNSUPPORTED,
		    "%s: no sequence is left for a new record", log->dir);
	mark = assembly_mark(&log->assembly);
	request->sequence = log->sequence_next + group->operations;
	request->offset = log->active_end + log->assembly.size;
	request->size = size;
	status = request_encode(log, request, err);
	if (status != OURO_OK) {
		assembly_rewind(&log->assembly, &mark);
		return status;
	}
	assert(log->assembly.size == mark.size + size);
	group->operations += request->kind == REQUEST_RECORD ? 1
							     : request->count;
	return OURO_OK;
}

enum ouro_status
commit_group_admit(struct commit_group *group, struct commit_request *request,
    bool *full, struct ouro_error *err)
{
	const struct engine_op *ops = request->ops;
	size_t count = request->count;
	enum ouro_status status;

	*full = false;
	status = append_allowed(group->log, err);
	if (status == OURO_OK && request->kind == REQUEST_OPS)
		status = commit_keys_check(group, request, err);
	if (status == OURO_OK)
		status = request_gather(group, request, full, err);
	if (*full) {
		free(request->kept);
		request->kept = NULL;
		request->ops = ops;
		request->count = count;
	}
	return status;
}

void
commit_group_join(struct commit_group *group, struct commit_request *request)
{
	request->next = NULL;
	if (group->tail == NULL)
		group->head = request;
	else
		group->tail->next = request;
	group->tail = request;
	for (size_t i = 0; i < request->count; i++) {
		group->key_bytes += request->ops[i].key.size;
		group->value_bytes += request->ops[i].value.size;
	}
	if (group->pending_next == NULL)
		group->pending_next = request;
	group->sync |= request->sync == ENGINE_SYNC_ALWAYS;
	group->interval |= request->sync == ENGINE_SYNC_INTERVAL;
}
