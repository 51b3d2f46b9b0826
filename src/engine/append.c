#include "engine/append.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/executor.h"
#include "base/log.h"
#include "engine/ahead.h"

#define FLUSH_BYTES (4u * 1024 * 1024) /* between hints to start writing */

enum ouro_status
append_allowed(const struct log_engine *log, struct ouro_error *err)
{
	if (log->read_only)
		return error_set(err, OURO_READ_ONLY,
		    "%s was opened for reading only", log->dir);
	if (atomic_load(&log->broken))
		return error_set(err, OURO_READ_ONLY,
		    "%s takes no writes any more, since an earlier one could "
		    "not be made durable; close it and see to the disk",
		    log->dir);
	return OURO_OK;
}

/* ---- durability ------------------------------------------------------------------ */

enum ouro_status
append_dirty(struct log_engine *log, struct segment *segment,
    struct ouro_error *err)
{
	enum ouro_status status;
	struct fs_file *file;

	if (segment->dirty)
		return OURO_OK;
	if (log->dirty_count == log->dirty_capacity) {
		size_t capacity = log->dirty_capacity * 2 + 4;
		struct segment **grown = realloc(log->dirty,
		    capacity * sizeof(struct segment *));

		if (grown == NULL)
			return error_memory(err);
		log->dirty = grown;
		log->dirty_capacity = capacity;
	}
	status = segment_pin(segment, &file, err);
	if (status != OURO_OK)
		return status;
	segment->dirty = true;
	log->dirty[log->dirty_count++] = segment_ref(segment);
	return OURO_OK;
}

static void
dirty_clear(struct log_engine *log)
{
	for (size_t i = 0; i < log->dirty_count; i++) {
		log->dirty[i]->dirty = false;
		segment_unpin(log->dirty[i]);
		segment_unref(log->dirty[i]);
	}
	log->dirty_count = 0;
}

static void
break_log(struct log_engine *log, const char *why)
{
	if (!atomic_exchange(&log->broken, true))
		log_write(log->log, LOG_ERROR,
		    "%s takes no writes any more: %s", log->dir, why);
}

enum ouro_status
append_sync_file(struct log_engine *log, struct fs_file *file,
    struct ouro_error *err)
{
	struct ouro_error local = { 0 };
	enum ouro_status status;

	pthread_mutex_lock(&log->syncing);
	status = append_allowed(log, &local);
	if (status == OURO_OK) {
		status = fs_sync(file, &local);
		if (status != OURO_OK)
			break_log(log, local.text);
	}
	pthread_mutex_unlock(&log->syncing);
	if (status != OURO_OK && err != NULL)
		*err = local;
	return status;
}

bool
append_unsynced(const struct log_engine *log)
{
	return log->dirty_count > 0;
}

enum ouro_status
append_sync(struct log_engine *log, struct ouro_error *err)
{
	for (size_t i = 0; i < log->dirty_count; i++) {
		enum ouro_status status = append_sync_file(log,
		    log->dirty[i]->file, err);

		if (status != OURO_OK)
			return status;
	}
	dirty_clear(log);
	log->unflushed = 0;
	log->durable = log->sequence_next - 1;
	return OURO_OK;
}

/* ---- segments --------------------------------------------------------------------- */

void
append_rotate(struct log_engine *log)
{
	if (log->active != NULL)
		ahead_cut(log->active, log->active_end);
	if (log->compact_task != NULL)
		executor_wake(log->compact_task);
	log->active = NULL;
	log->unflushed = 0;
}

static enum ouro_status
segment_begin_next(struct log_engine *log, struct ouro_error *err)
{
	struct segment_plan plan = {
		.kind = SEGMENT_LOG,
		.first = log->sequence_next,
	};
	struct segment *segment = NULL;
	enum ouro_status status;

	append_rotate(log);
	status = log_engine_id_take(log, &plan.id, err);
	if (status != OURO_OK)
		return status;
	pthread_rwlock_rdlock(&log->lock);
	status = log_engine_ids(log, &plan.ids, &plan.ids_count, err);
	pthread_rwlock_unlock(&log->lock);
	if (status == OURO_OK)
		status = segment_create(&log->files, log->dir, &plan, &segment,
		    err);
	if (status != OURO_OK)
		return status;
	segment->indexed = true; /* with each record that it takes */
	segment->next = segment->first;
	status = log_engine_segment_publish(log, segment, err);
	if (status != OURO_OK) {
		segment_unref(segment);
		return status;
	}
	log->active = segment;
	log->active_end = segment->end;
	return OURO_OK;
}

/* Takes back what a failed write may have left behind the end. */
static void
append_undo(struct log_engine *log)
{
	struct segment *segment = log->active;
	struct ouro_error err = { 0 };

	assert(segment->dirty); /* hence pinned */
	if (fs_truncate(segment->file, log->active_end, &err) != OURO_OK) {
		segment->junk = true;
		log_write(log->log, LOG_WARNING, "%s", err.text);
	} else {
		(void)append_sync_file(log, segment->file, NULL);
	}
	segment->size = log->active_end;
	append_rotate(log);
}

static void
flush_hint(struct log_engine *log, uint64_t size)
{
	log->unflushed += size;
	if (log->unflushed < FLUSH_BYTES)
		return;
	fs_flush_start(log->active->file, log->active_end - log->unflushed,
	    log->unflushed);
	log->unflushed = 0;
}

enum ouro_status
append_write(struct log_engine *log, uint64_t count, bool sync,
    struct ouro_error *err)
{
	enum ouro_status status = append_dirty(log, log->active, err);

	if (status != OURO_OK)
		return status;
	ahead_extend(log);
	status = assembly_write(&log->assembly, log->active->file,
	    log->active_end, err);
	if (status != OURO_OK) {
		append_undo(log);
		return status;
	}
	log->active_end += log->assembly.size;
	atomic_fetch_add_explicit(&log->unstored, log->assembly.size,
	    memory_order_relaxed);
	atomic_fetch_add_explicit(&log->bytes_logged, log->assembly.size,
	    memory_order_relaxed);
	log->sequence_next += count;
	log->operated = log->sequence_next - 1;
	log->stated = log->durable;
	ahead_write(log, log->assembly.size, sync);
	flush_hint(log, log->assembly.size);
	return OURO_OK;
}

enum ouro_status
append_prepare(struct log_engine *log, uint64_t size, bool *full,
    struct ouro_error *err)
{
	uint64_t gathered = log->assembly.size;
	const struct segment *active = log->active;

	*full = false;
	if (log->recovered) {
		enum ouro_status status = append_sync(log, err);

		if (status != OURO_OK)
			return status;
		log->recovered = false;
	}
	if (active != NULL) {
		uint64_t end = log->active_end + gathered;

		if (end == active->begin ||
		    (end <= log->segment_size &&
			size <= log->segment_size - end))
			return OURO_OK;
		*full = gathered > 0;
		return *full ? OURO_OK : segment_begin_next(log, err);
	}
	assert(gathered == 0);
	return segment_begin_next(log, err);
}

/* A last record, whose only word is that all before it are durable: so what
 * of them is unreadable later is damage, and no tail that a crash tore. It may
 * itself be lost, and is not waited for. */
static void
append_mark(struct log_engine *log)
{
	struct segment *segment = log->active;
	struct record record = { .op = RECORD_DROPPED,
		.sequence = log->sequence_next,
		.durable = log->durable };
	struct fs_file *file;

	if (segment_pin(segment, &file, NULL) != OURO_OK)
		return;
	assembly_clear(&log->assembly);
	if (assembly_record(&log->assembly, &segment->frame, &record, NULL) ==
		OURO_OK &&
	    assembly_write(&log->assembly, file, log->active_end, NULL) ==
		OURO_OK) {
		log->active_end += log->assembly.size;
		log->sequence_next++;
		segment->frame_bytes += log->assembly.size;
		segment->end = log->active_end;
		segment->next = log->sequence_next;
	} else {
		(void)fs_truncate(file, log->active_end, NULL);
	}
	segment_unpin(segment);
}

enum ouro_status
append_close(struct log_engine *log, struct ouro_error *err)
{
	if (atomic_load(&log->broken) || !append_unsynced(log))
		return OURO_OK;
	return append_sync(log, err);
}

void
append_end(struct log_engine *log)
{
	if (atomic_load(&log->broken) || append_unsynced(log))
		return;
	if (log->active != NULL && log->operated > log->stated)
		append_mark(log);
	append_rotate(log);
}

void
append_release(struct log_engine *log)
{
	dirty_clear(log);
	free(log->dirty);
	assembly_release(&log->assembly);
}
