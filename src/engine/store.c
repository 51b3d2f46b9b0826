#include "engine/store.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/options.h"
#include "base/executor.h"
#include "base/fs.h"

#define THREADS_MAX	 1024u
#define SEGMENT_SIZE_MIN 4096u
#define INDEX_MEMORY_MIN (1024u * 1024)
#define LEVEL_MAX	 19

/* NOLINTBEGIN(misc-redundant-expression): that is the point */
_Static_assert(OURO_KEY_MAX == ENGINE_KEY_MAX, "one limit");
_Static_assert(OURO_VALUE_MAX == ENGINE_VALUE_MAX, "one limit");
_Static_assert(OURO_STORE_BATCH_MAX == ENGINE_BATCH_MAX, "one limit");
/* NOLINTEND(misc-redundant-expression) */

/* ---- what a caller may get wrong --------------------------------------------- */

enum ouro_status
store_given(const void *pointer, const char *what, struct ouro_error *err)
{
	if (pointer == NULL)
		return error_set(err, OURO_INVALID, "%s is NULL", what);
	return OURO_OK;
}

enum ouro_status
store_bytes(const void *data, size_t size, const char *what, struct bytes *out,
    struct ouro_error *err)
{
	*out = bytes_of(data, size);
	return size == 0 ? OURO_OK : store_given(data, what, err);
}

enum ouro_status
store_sync(enum ouro_sync sync, enum engine_sync *out, struct ouro_error *err)
{
	static const enum engine_sync modes[] = {
		[OURO_SYNC_DEFAULT] = ENGINE_SYNC_DEFAULT,
		[OURO_SYNC_ALWAYS] = ENGINE_SYNC_ALWAYS,
		[OURO_SYNC_INTERVAL] = ENGINE_SYNC_INTERVAL,
		[OURO_SYNC_NEVER] = ENGINE_SYNC_NEVER,
	};

	if ((size_t)sync >= sizeof modes / sizeof *modes)
		return error_set(err, OURO_INVALID, "there is no sync mode %d",
		    (int)sync);
	*out = modes[sync];
	return OURO_OK;
}

/* ---- opening and closing -------------------------------------------------------- */

static enum ouro_status
options_check(const struct ouro_store_options *options, struct ouro_error *err)
{
	if (options->segment_size != 0 &&
	    options->segment_size < SEGMENT_SIZE_MIN)
		return error_set(err, OURO_INVALID,
		    "a segment has at least %u bytes", SEGMENT_SIZE_MIN);
	if (options->index_memory != 0 &&
	    options->index_memory < INDEX_MEMORY_MIN)
		return error_set(err, OURO_INVALID,
		    "the index needs at least %u bytes", INDEX_MEMORY_MIN);
	if (!(options->compact_share <= 1))
		return error_set(err, OURO_INVALID,
		    "a dead share of %g; it is at most 1",
		    options->compact_share);
	if (options->level < 0 || options->level > LEVEL_MAX)
		return error_set(err, OURO_INVALID,
		    "compression level %d is not 0 (none) to %d",
		    options->level, LEVEL_MAX);
	if (options->threads > THREADS_MAX)
		return error_set(err, OURO_INVALID, "at most %u threads",
		    THREADS_MAX);
	return OURO_OK;
}

static void
log_forward(void *context, enum log_level level, const char *text)
{
	const struct ouro_store *store = context;

	store->log_user(store->log_context, (enum ouro_log_level)level, text);
}

static enum ouro_status
engine_begin(struct ouro_store *store, const char *dir,
    const struct ouro_store_options *options, struct fs *fs,
    struct ouro_error *err)
{
	struct engine_options engine = {
		.fs = fs,
		.executor = store->executor,
		.log = store->log_user != NULL ? &store->log : NULL,
		.sync_interval_ms = options->sync_interval_ms,
		.segment_size = options->segment_size,
		.read_only = options->read_only,
		.must_exist = options->must_exist || options->read_only,
		.index_memory = options->index_memory,
		.compact_share = options->compact_share,
		.compact_rate = options->compact_rate,
		.level = options->level,
		.no_maps = options->no_maps,
	};
	enum ouro_status status = store_sync(options->sync, &engine.sync, err);

	if (status != OURO_OK)
		return status;
	return engine_log_open(dir, &engine, &store->engine, err);
}

enum ouro_status
store_open(const char *dir, const struct ouro_store_options *options,
    struct fs *fs, struct ouro_store **out, struct ouro_error *err)
{
	struct ouro_store_options own;
	struct ouro_store *store;
	enum ouro_status status = store_given(out, "out", err);

	if (status != OURO_OK)
		return status;
	*out = NULL;
	if (dir == NULL || *dir == '\0')
		return error_set(err, OURO_INVALID, "no directory is named");
	status = options_take(&own, sizeof own, "struct ouro_store_options",
	    options, err);
	if (status == OURO_OK)
		status = options_check(&own, err);
	if (status != OURO_OK)
		return status;
	store = calloc(1, sizeof *store);
	if (store == NULL)
		return error_memory(err);
	store->log_user = own.log;
	store->log_context = own.log_context;
	store->log = (struct log){ .write = log_forward, .context = store };
	status = executor_open(own.threads != 0 ? own.threads : 1, fs,
	    &store->executor, err);
	if (status == OURO_OK)
		status = engine_begin(store, dir, &own, fs, err);
	if (status != OURO_OK) {
		ouro_store_close(store);
		return status;
	}
	*out = store;
	return OURO_OK;
}

enum ouro_status
ouro_store_open(const char *dir, const struct ouro_store_options *options,
    struct ouro_store **out, struct ouro_error *err)
{
	return store_open(dir, options, fs_posix(), out, err);
}

void
ouro_store_close(struct ouro_store *store)
{
	if (store == NULL)
		return;
	engine_close(store->engine);
	executor_close(store->executor);
	free(store);
}

/* ---- reading ---------------------------------------------------------------------- */

/* What every call for one key is given. */
static enum ouro_status
key_take(const struct ouro_store *store, const void *data, size_t size,
    struct bytes *key, struct ouro_error *err)
{
	enum ouro_status status = store_given(store, "the store", err);

	return status != OURO_OK ? status
				 : store_bytes(data, size, "the key", key, err);
}

enum ouro_status
ouro_store_get(struct ouro_store *store, const void *key, size_t key_size,
    struct ouro_value *out, struct ouro_error *err)
{
	struct engine_value value;
	struct bytes name;
	enum ouro_status status = store_given(out, "out", err);

	if (status != OURO_OK)
		return status;
	*out = (struct ouro_value){ 0 };
	status = key_take(store, key, key_size, &name, err);
	if (status == OURO_OK)
		status = engine_get(store->engine, name, &value, err);
	if (status != OURO_OK)
		return status;
	out->data = value.bytes.data;
	out->size = value.bytes.size;
	out->private_owner = value.owner;
	out->private_release = (void (*)(void))value.release;
	return OURO_OK;
}

void
ouro_value_release(struct ouro_value *value)
{
	struct engine_value inner;

	if (value == NULL)
		return;
	inner = (struct engine_value){
		.bytes = bytes_of(value->data, value->size),
		.owner = value->private_owner,
		.release = (void (*)(
		    struct engine_value *))value->private_release,
	};
	engine_value_release(&inner);
	*value = (struct ouro_value){ 0 };
}

static enum ouro_status
too_small(size_t buffer_size, size_t value_size, struct ouro_error *err)
{
	return error_set(err, OURO_TOO_LARGE,
	    "a value of %zu bytes does not fit a buffer of %zu", value_size,
	    buffer_size);
}

enum ouro_status
ouro_store_read(struct ouro_store *store, const void *key, size_t key_size,
    void *buffer, size_t buffer_size, size_t *value_size,
    struct ouro_error *err)
{
	struct ouro_value value;
	enum ouro_status status;
	size_t size = 0;

	if (value_size != NULL)
		*value_size = 0;
	status = buffer_size == 0 ? OURO_OK
				  : store_given(buffer, "the buffer", err);
	if (status == OURO_OK && buffer_size == 0)
		status = ouro_store_has(store, key, key_size, &size, err);
	else if (status == OURO_OK) {
		status = ouro_store_get(store, key, key_size, &value, err);
		size = status == OURO_OK ? value.size : 0;
		if (size > 0 && size <= buffer_size)
			memcpy(buffer, value.data, size);
		ouro_value_release(status == OURO_OK ? &value : NULL);
	}
	if (status != OURO_OK)
		return status;
	if (value_size != NULL)
		*value_size = size;
	return size > buffer_size ? too_small(buffer_size, size, err) : OURO_OK;
}

enum ouro_status
ouro_store_has(struct ouro_store *store, const void *key, size_t key_size,
    size_t *value_size, struct ouro_error *err)
{
	uint64_t size = 0;
	struct bytes name;
	enum ouro_status status;

	if (value_size != NULL)
		*value_size = 0;
	status = key_take(store, key, key_size, &name, err);
	if (status == OURO_OK)
		status = engine_exists(store->engine, name, &size, err);
	if (status == OURO_OK && value_size != NULL)
		*value_size = (size_t)size;
	return status;
}

/* ---- writing ------------------------------------------------------------------------ */

static enum ouro_status
apply_one(struct ouro_store *store, const struct engine_op *op,
    enum ouro_sync sync, struct ouro_error *err)
{
	enum engine_sync mode = ENGINE_SYNC_DEFAULT;
	enum ouro_status status = store_sync(sync, &mode, err);

	return status != OURO_OK
	    ? status
	    : engine_apply(store->engine, op, 1, mode, err);
}

enum ouro_status
ouro_store_put(struct ouro_store *store, const void *key, size_t key_size,
    const void *value, size_t value_size, enum ouro_sync sync,
    struct ouro_error *err)
{
	struct engine_op op = { .kind = ENGINE_PUT };
	enum ouro_status status = key_take(store, key, key_size, &op.key, err);

	if (status == OURO_OK)
		status = store_bytes(value, value_size, "the value", &op.value,
		    err);
	return status != OURO_OK ? status : apply_one(store, &op, sync, err);
}

enum ouro_status
ouro_store_delete(struct ouro_store *store, const void *key, size_t key_size,
    enum ouro_sync sync, struct ouro_error *err)
{
	struct engine_op op = { .kind = ENGINE_DELETE };
	enum ouro_status status = key_take(store, key, key_size, &op.key, err);

	return status != OURO_OK ? status : apply_one(store, &op, sync, err);
}

enum ouro_status
ouro_store_barrier(struct ouro_store *store, struct ouro_error *err)
{
	enum ouro_status status = store_given(store, "the store", err);

	return status != OURO_OK ? status : engine_barrier(store->engine, err);
}
