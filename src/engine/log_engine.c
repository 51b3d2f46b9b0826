#include "engine/log_engine.h"

#include <stdlib.h>

#include "base/compress.h"
#include "base/error.h"
#include "base/executor.h"
#include "base/log.h"
#include "engine/append.h"
#include "engine/backup.h"
#include "engine/commit.h"
#include "engine/compact.h"
#include "engine/recover.h"
#include "engine/repair.h"
#include "engine/verify.h"

#define SEGMENT_SIZE_DEFAULT  (64u * 1024 * 1024)
#define SYNC_INTERVAL_DEFAULT 100u
#define INDEX_MEMORY_DEFAULT  (256u * 1024 * 1024)
#define COMPACT_SHARE_DEFAULT 0.5
#define COMPACT_RATE_DEFAULT  (64u * 1024 * 1024)
#define INDEX_MEMORY_MIN      (1024u * 1024)

/* ---- figures ------------------------------------------------------------------------ */

static void
index_figures(struct log_engine *log, struct engine_stats *out)
{
	struct moment moment = moment_take(log);
	const struct view *view = moment.view;

	out->runs = view->run_count;
	out->memory_bytes = delta_memory(view->active);
	if (view->frozen != NULL)
		out->memory_bytes += delta_memory(view->frozen);
	for (unsigned i = 0; i < view->run_count; i++) {
		uint64_t asked, spared;

		out->index_bytes += run_size(view->runs[i]);
		out->memory_bytes += run_memory(view->runs[i]);
		run_filter_counts(view->runs[i], &asked, &spared);
		out->filter_asked += asked;
		out->filter_spared += spared;
	}
	moment_release(&moment);
}

static void
segment_figures(const struct log_engine *log, struct engine_stats *out)
{
	for (size_t i = 0; i < log->segment_count; i++) {
		const struct segment *segment = log->segments[i];

		out->disk_bytes += segment->end;
		out->live_bytes += segment->live_bytes;
		out->keys += segment->live_count;
		if (i == 0)
			out->segment_oldest = segment->id;
		if (segment->kind == SEGMENT_LOG)
			out->segment_active = segment->id;
	}
	out->dead_bytes = out->disk_bytes - out->live_bytes;
}

static enum ouro_status
log_stats(struct engine *engine, struct engine_stats *out,
    struct ouro_error *err)
{
	struct log_engine *log = log_engine_of(engine);

	(void)err;
	index_count(log);
	index_figures(log, out);
	pthread_mutex_lock(&log->index.counting);
	pthread_rwlock_rdlock(&log->lock);
	segment_figures(log, out);
	out->segments = log->segment_count;
	out->sequence = log->operated_shown;
	out->durable_through = log->durable_shown;
	out->torn_bytes = log->torn_bytes;
	out->damaged_records = log->damaged_records;
	out->missing_segments = log->missing.count;
	out->replayed = log->replayed;
	pthread_rwlock_unlock(&log->lock);
	pthread_mutex_unlock(&log->index.counting);
	out->bytes_given = atomic_load(&log->bytes_given);
	out->bytes_moved = atomic_load(&log->bytes_moved);
	out->bytes_written = atomic_load(&log->index.bytes_written) +
	    atomic_load(&log->bytes_logged) + out->bytes_moved;
	return OURO_OK;
}

/* Until what was written up to now is in the stored index. */
static enum ouro_status
log_snapshot(struct engine *engine, struct ouro_error *err)
{
	struct log_engine *log = log_engine_of(engine);
	enum ouro_status status = append_allowed(log, err);

	for (unsigned i = 0; status == OURO_OK && i < 2; i++) {
		status = commit_freeze(log, err); /* or an earlier one's */
		if (status == OURO_OK)
			status = index_wait(log, err);
	}
	return status;
}

/* ---- opening and closing ------------------------------------------------------------ */

static enum ouro_status
directory_open(struct log_engine *log, bool must_exist, struct ouro_error *err)
{
	struct fs_info info;
	enum ouro_status status = fs_stat(log->fs, log->dir, &info, err);

	if (status == OURO_OK) {
		if (!info.directory)
			return error_set(err, OURO_INVALID,
			    "%s is no directory", log->dir);
		return OURO_OK;
	}
	if (status != OURO_NOT_FOUND || must_exist || log->read_only)
		return status;
	return fs_mkdir(log->fs, log->dir, err);
}

/* Takes the lock; with must_exist only where a store already is. */
static enum ouro_status
lock_take(struct log_engine *log, bool must_exist, struct ouro_error *err)
{
	unsigned flags = FS_READ | FS_WRITE | (must_exist ? 0 : FS_CREATE);
	enum ouro_status status;
	char path[FS_PATH_MAX];

	if (log->read_only)
		return OURO_OK;
	status = fs_join(path, log->dir, LOG_LOCK_NAME, err);
	if (status == OURO_OK && must_exist && recover_finds(log->fs, log->dir))
		flags |= FS_CREATE;
	if (status == OURO_OK)
		status = fs_open(log->fs, path, flags, &log->lock_file, err);
	if (status == OURO_OK)
		status = fs_lock(log->lock_file, err);
	return status;
}

static enum ouro_status
tasks_start(struct log_engine *log, struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	if (log->read_only)
		return OURO_OK;
	status = executor_task_start(log->executor, index_step, log,
	    &log->index.task, err);
	if (status == OURO_OK)
		status = executor_task_start(log->executor, commit_step, log,
		    &log->commit_task, err);
	if (status == OURO_OK)
		status = executor_task_start(log->executor,
		    commit_interval_step, log, &log->interval_task, err);
	if (status == OURO_OK && log->compact_share > 0)
		status = executor_task_start(log->executor, compact_step, log,
		    &log->compact_task, err);
	if (status == OURO_OK && log->compact_task != NULL)
		executor_wake(log->compact_task);
	if (status == OURO_OK)
		executor_wake(log->index.task);
	return status;
}

static void
tasks_stop(struct log_engine *log)
{
	atomic_store(&log->closing, true);
	executor_task_stop(log->compact_task);
	executor_task_stop(log->interval_task);
	executor_task_stop(log->commit_task);
	executor_task_stop(log->index.task);
	log->interval_task = log->commit_task = log->index.task = NULL;
	log->compact_task = NULL;
}

/* Gives back everything; the files are as they are. */
static void
log_free(struct log_engine *log)
{
	tasks_stop(log);
	append_release(log);
	index_close(log);
	epoch_free(log->epoch);
	pthread_mutex_destroy(&log->index.counting);
	pthread_mutex_destroy(&log->index.visiting);
	for (size_t i = 0; i < log->segment_count; i++)
		segment_unref(log->segments[i]);
	free(log->segments);
	id_set_release(&log->missing);
	id_set_release(&log->dropped);
	segment_files_release(&log->files);
	fs_close(log->lock_file);
	pthread_rwlock_destroy(&log->lock);
	pthread_mutex_destroy(&log->queue_lock);
	pthread_mutex_destroy(&log->care);
	pthread_mutex_destroy(&log->syncing);
	bytes_wipe(log->seal_key_bytes, sizeof log->seal_key_bytes);
	free(log->name);
	free(log->dir);
	free(log);
}

static void
log_close(struct engine *engine)
{
	struct log_engine *log = log_engine_of(engine);
	struct ouro_error err = { 0 };

	tasks_stop(log);
	if (!log->read_only && append_close(log, &err) != OURO_OK)
		log_write(log->log, LOG_ERROR, "%s: closing: %s", log->dir,
		    err.text);
	if (!log->read_only && index_finish(log, &err) != OURO_OK)
		log_write(log->log, LOG_WARNING,
		    "%s: closing: the index could not be stored: %s", log->dir,
		    err.text);
	if (!log->read_only)
		append_end(log);
	log_free(log);
}

static enum ouro_status
log_apply(struct engine *engine, const struct engine_op *ops, size_t count,
    enum engine_sync sync, struct ouro_error *err)
{
	struct log_engine *log = log_engine_of(engine);

	if (sync == ENGINE_SYNC_DEFAULT)
		sync = log->sync;
	return commit_ops(log, ops, count, sync, err);
}

static enum ouro_status
log_barrier(struct engine *engine, struct ouro_error *err)
{
	struct log_engine *log = log_engine_of(engine);

	return log->read_only ? OURO_OK : commit_barrier(log, err);
}

static const struct engine_driver log_driver = {
	.close = log_close,
	.apply = log_apply,
	.barrier = log_barrier,
	.get = log_get,
	.copy = log_copy,
	.exists = log_exists,
	.scan_open = log_scan_open,
	.scan_next = log_scan_next,
	.scan_close = log_scan_close,
	.verify = verify_all,
	.repair = repair_all,
	.compact = compact_all,
	.stats = log_stats,
	.snapshot = log_snapshot,
	.backup = backup_make,
	.capabilities = ENGINE_DURABLE | ENGINE_ORDERED | ENGINE_CONDITIONS,
};

static const struct engine_driver log_driver_sealed = {
	.close = log_close,
	.apply = log_apply,
	.barrier = log_barrier,
	.get = log_get,
	.copy = log_copy,
	.exists = log_exists,
	.scan_open = log_scan_open,
	.scan_next = log_scan_next,
	.scan_close = log_scan_close,
	.verify = verify_all,
	.repair = repair_all,
	.compact = compact_all,
	.stats = log_stats,
	.snapshot = log_snapshot,
	.backup = backup_make,
	.capabilities = ENGINE_DURABLE | ENGINE_ORDERED | ENGINE_CONDITIONS |
	    ENGINE_SEALED,
};

static void
options_take(struct log_engine *log, const struct engine_options *options)
{
	log->fs = options->fs != NULL ? options->fs : fs_posix();
	log->executor = options->executor;
	log->log = options->log;
	log->read_only = options->read_only;
	log->no_maps = options->no_maps;
	log->level = options->level;
	log->compact_share = options->compact_share == 0
	    ? COMPACT_SHARE_DEFAULT
	    : options->compact_share;
	log->compact_rate = options->compact_rate != 0 ? options->compact_rate
						       : COMPACT_RATE_DEFAULT;
	log->sync = options->sync == ENGINE_SYNC_DEFAULT ? ENGINE_SYNC_ALWAYS
							 : options->sync;
	log->sync_interval_ms = options->sync_interval_ms != 0
	    ? options->sync_interval_ms
	    : SYNC_INTERVAL_DEFAULT;
	log->segment_size = options->segment_size != 0 ? options->segment_size
						       : SEGMENT_SIZE_DEFAULT;
	log->index_memory = options->index_memory != 0 ? options->index_memory
						       : INDEX_MEMORY_DEFAULT;
	if (log->index_memory < INDEX_MEMORY_MIN)
		log->index_memory = INDEX_MEMORY_MIN;
	log->engine.driver = &log_driver;
	if (options->seal_key == NULL)
		return;
	log->engine.driver = &log_driver_sealed;
	memcpy(log->seal_key_bytes, options->seal_key, KEY_SIZE);
	log->seal_key = log->seal_key_bytes;
}

static enum ouro_status
names_take(struct log_engine *log, const char *dir, const char *name,
    struct ouro_error *err)
{
	log->dir = strdup(dir);
	log->name = strdup(name != NULL ? name : "");
	if (log->dir == NULL || log->name == NULL)
		return error_memory(err);
	log->files.seal_key = log->seal_key;
	log->files.name = log->name;
	log->files.no_maps = log->no_maps;
	log->index.store = (struct run_store){
		.fs = log->fs,
		.dir = log->dir,
		.seal_key = log->seal_key,
		.name = log->name,
		.cache_size = index_cache_size(log->index_memory),
	};
	log->index.run_ids = &log->index.run_next;
	log->index.delta_limit = log->index_memory / 4;
	log->epoch = epoch_new();
	return log->epoch == NULL ? error_memory(err) : OURO_OK;
}

enum ouro_status
engine_log_open(const char *dir, const struct engine_options *options,
    struct engine **out, struct ouro_error *err)
{
	struct log_engine *log;
	enum ouro_status status;

	*out = NULL;
	if (options == NULL || options->executor == NULL ||
	    options->sync > ENGINE_SYNC_NEVER || !(options->compact_share <= 1))
		return error_set(err, OURO_INVALID,
		    "a log engine needs an executor, a known sync mode and a "
		    "compact_share of at most 1");
	if (options->level < 0 || options->level > COMPRESS_LEVEL_MAX)
		return error_set(err, OURO_INVALID,
		    "compression level %d is not between 0 and %d",
		    options->level, COMPRESS_LEVEL_MAX);
	log = calloc(1, sizeof *log);
	if (log == NULL)
		return error_memory(err);
	options_take(log, options);
	pthread_rwlock_init(&log->lock, NULL);
	pthread_mutex_init(&log->queue_lock, NULL);
	pthread_mutex_init(&log->care, NULL);
	pthread_mutex_init(&log->syncing, NULL);
	pthread_mutex_init(&log->index.counting, NULL);
	pthread_mutex_init(&log->index.visiting, NULL);
	segment_files_init(&log->files, log->fs, log->read_only);
	status = names_take(log, dir, options->name, err);
	if (status == OURO_OK && log->seal_key != NULL)
		status = fs_random(log->fs, log->assembly.session,
		    RECORD_SESSION, err);
	if (status == OURO_OK)
		status = directory_open(log, options->must_exist, err);
	if (status == OURO_OK)
		status = lock_take(log, options->must_exist, err);
	if (status == OURO_OK)
		status = recover(log, err);
	if (status == OURO_OK)
		status = tasks_start(log, err);
	if (status != OURO_OK) {
		log_free(log);
		return status;
	}
	*out = &log->engine;
	return OURO_OK;
}
