#include "engine/driver.h"

#include <stdlib.h>

#include <pthread.h>

#include "base/error.h"
#include "engine/conflict.h"
#include "engine/range.h"
#include "engine/value.h"

/*
 * The reference model: a table of shared values under one lock.
 *
 * Invariant: outside of `lock` held for writing every payload of the table
 * has a value.
 */
struct memory {
	struct engine engine;
	pthread_rwlock_t lock; /* guards all below */
	struct table *table;   /* payload: struct value * */
	uint64_t live_bytes;
	uint64_t sequence;
	bool read_only;
};

struct memory_scan {
	struct engine_scan scan;
	struct range_walk walk;
	bool keys_only;
	struct value *value; /* of the last answer */
};

static struct memory *
memory_of(struct engine *engine)
{
	return (struct memory *)(void *)engine;
}

/* ---- values ----------------------------------------------------------------- */

static void
value_release(struct engine_value *out)
{
	value_drop(out->owner);
}

static struct value *
value_find(const struct memory *memory, struct bytes key)
{
	struct value **payload = table_find(memory->table, key);

	return payload == NULL ? NULL : *payload;
}

/* ---- writing ---------------------------------------------------------------- */

static bool
condition_holds(const struct memory *memory, const struct engine_op *op)
{
	const struct value *value = value_find(memory, op->key);

	if (op->condition == ENGINE_IF_ABSENT)
		return value == NULL;
	if (op->condition == ENGINE_IF_EQUAL)
		return value != NULL &&
		    bytes_equal(op->expected,
			bytes_of(value->data, value->size));
	return true;
}

static enum ouro_status
conditions_check(const struct memory *memory, const struct engine_op *ops,
    size_t count, struct ouro_error *err)
{
	for (size_t i = 0; i < count; i++)
		if (!condition_holds(memory, &ops[i]))
			return conflict_error(&ops[i], err);
	return OURO_OK;
}

static void
values_free(struct value **values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		value_drop(values[i]);
	free(values);
}

static struct value **
values_new(const struct engine_op *ops, size_t count)
{
	struct value **values = calloc(count, sizeof *values);

	for (size_t i = 0; values != NULL && i < count; i++) {
		if (ops[i].kind != ENGINE_PUT)
			continue;
		values[i] = value_new(ops[i].value);
		if (values[i] == NULL) {
			values_free(values, count);
			values = NULL;
		}
	}
	return values;
}

/* Removes the keys among the first count operations that have no value. */
static void
places_remove(struct memory *memory, const struct engine_op *ops, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct value **payload = table_find(memory->table, ops[i].key);

		if (payload != NULL && *payload == NULL)
			table_remove(memory->table, ops[i].key);
	}
}

/* Makes a place for every key to put, so that nothing can fail after it. */
static enum ouro_status
places_make(struct memory *memory, const struct engine_op *ops, size_t count,
    struct ouro_error *err)
{
	bool made;

	for (size_t i = 0; i < count; i++) {
		if (ops[i].kind != ENGINE_PUT)
			continue;
		if (table_insert(memory->table, ops[i].key, &made) == NULL) {
			places_remove(memory, ops, i);
			return error_memory(err);
		}
	}
	return OURO_OK;
}

static void
op_apply(struct memory *memory, const struct engine_op *op, struct value *value)
{
	struct value **payload = table_find(memory->table, op->key);

	if (payload == NULL)
		return; /* the deletion of a key that is not there */
	if (*payload != NULL)
		memory->live_bytes -= op->key.size + (*payload)->size;
	value_drop(*payload);
	*payload = value;
	if (value != NULL)
		memory->live_bytes += op->key.size + value->size;
}

static enum ouro_status
batch_apply(struct memory *memory, const struct engine_op *ops, size_t count,
    struct value **values, struct ouro_error *err)
{
	enum ouro_status status = conditions_check(memory, ops, count, err);

	if (status == OURO_OK)
		status = places_make(memory, ops, count, err);
	if (status != OURO_OK)
		return status;
	for (size_t i = 0; i < count; i++) {
		op_apply(memory, &ops[i], values[i]);
		values[i] = NULL;
	}
	places_remove(memory, ops, count);
	memory->sequence += count;
	return OURO_OK;
}

static enum ouro_status
memory_apply(struct engine *engine, const struct engine_op *ops, size_t count,
    enum engine_sync sync, struct ouro_error *err)
{
	struct memory *memory = memory_of(engine);
	struct value **values;
	enum ouro_status status;

	(void)sync;
	if (memory->read_only)
		return error_set(err, OURO_READ_ONLY,
		    "the store was opened for reading only");
	values = values_new(ops, count);
	if (values == NULL)
		return error_memory(err);
	pthread_rwlock_wrlock(&memory->lock);
	status = batch_apply(memory, ops, count, values, err);
	pthread_rwlock_unlock(&memory->lock);
	values_free(values, count);
	return status;
}

static enum ouro_status
memory_barrier(struct engine *engine, struct ouro_error *err)
{
	(void)engine;
	(void)err;
	return OURO_OK;
}

/* ---- reading ---------------------------------------------------------------- */

static enum ouro_status
memory_get(struct engine *engine, struct bytes key, struct engine_value *out,
    struct ouro_error *err)
{
	struct memory *memory = memory_of(engine);
	struct value *value;

	pthread_rwlock_rdlock(&memory->lock);
	value = value_find(memory, key);
	if (value != NULL)
		value_share(value);
	pthread_rwlock_unlock(&memory->lock);
	if (value == NULL)
		return error_set(err, OURO_NOT_FOUND, "no such key");
	*out = (struct engine_value){ bytes_of(value->data, value->size), value,
		value_release };
	return OURO_OK;
}

static enum ouro_status
memory_copy(struct engine *engine, struct bytes key, struct buffer *out,
    struct ouro_error *err)
{
	struct engine_value value = { 0 };
	enum ouro_status status = memory_get(engine, key, &value, err);

	if (status == OURO_OK)
		status = buffer_set(out, value.bytes, err);
	engine_value_release(&value);
	return status;
}

/* There is no index to store. */
static enum ouro_status
memory_snapshot(struct engine *engine, struct ouro_error *err)
{
	(void)engine;
	(void)err;
	return OURO_OK;
}

static enum ouro_status
memory_exists(struct engine *engine, struct bytes key, uint64_t *value_size,
    struct ouro_error *err)
{
	struct memory *memory = memory_of(engine);
	const struct value *value;

	pthread_rwlock_rdlock(&memory->lock);
	value = value_find(memory, key);
	if (value != NULL && value_size != NULL)
		*value_size = value->size;
	pthread_rwlock_unlock(&memory->lock);
	if (value == NULL)
		return error_set(err, OURO_NOT_FOUND, "no such key");
	return OURO_OK;
}

static enum ouro_status
memory_scan_open(struct engine *engine, const struct engine_range *range,
    struct engine_scan **out, struct ouro_error *err)
{
	struct memory_scan *scan = calloc(1, sizeof *scan);
	enum ouro_status status;

	if (scan == NULL)
		return error_memory(err);
	status = range_walk_init(&scan->walk, range, err);
	if (status != OURO_OK) {
		free(scan);
		return status;
	}
	scan->keys_only = range->keys_only;
	scan->scan.engine = engine;
	*out = &scan->scan;
	return OURO_OK;
}

static enum ouro_status
memory_scan_next(struct engine_scan *base, struct bytes *key,
    struct bytes *value, struct ouro_error *err)
{
	struct memory_scan *scan = (struct memory_scan *)(void *)base;
	struct memory *memory = memory_of(base->engine);
	enum ouro_status status = OURO_END;
	struct table_cursor cursor;

	value_drop(scan->value);
	scan->value = NULL;
	pthread_rwlock_rdlock(&memory->lock);
	if (range_walk_find(&scan->walk, memory->table, &cursor)) {
		status = range_walk_pass(&scan->walk, cursor.key, err);
		if (status == OURO_OK && !scan->keys_only)
			scan->value = value_share(
			    *(struct value **)cursor.payload);
	}
	pthread_rwlock_unlock(&memory->lock);
	if (status != OURO_OK)
		return status;
	*key = buffer_bytes(&scan->walk.last);
	if (scan->value != NULL)
		*value = bytes_of(scan->value->data, scan->value->size);
	return OURO_OK;
}

static void
memory_scan_close(struct engine_scan *base)
{
	struct memory_scan *scan = (struct memory_scan *)(void *)base;

	value_drop(scan->value);
	range_walk_release(&scan->walk);
	free(scan);
}

/* ---- care --------------------------------------------------------------------- */

static enum ouro_status
memory_verify(struct engine *engine, engine_damage_report *report,
    void *context, struct ouro_error *err)
{
	(void)engine;
	(void)report;
	(void)context;
	(void)err;
	return OURO_OK;
}

static enum ouro_status
memory_compact(struct engine *engine, double dead_share, uint64_t *freed,
    struct ouro_error *err)
{
	(void)engine;
	(void)dead_share;
	(void)err;
	if (freed != NULL)
		*freed = 0;
	return OURO_OK;
}

static enum ouro_status
memory_stats(struct engine *engine, struct engine_stats *out,
    struct ouro_error *err)
{
	struct memory *memory = memory_of(engine);

	(void)err;
	pthread_rwlock_rdlock(&memory->lock);
	out->keys = table_count(memory->table);
	out->live_bytes = memory->live_bytes;
	out->sequence = memory->sequence;
	out->memory_bytes = table_memory(memory->table) + memory->live_bytes;
	pthread_rwlock_unlock(&memory->lock);
	return OURO_OK;
}

static void
memory_close(struct engine *engine)
{
	struct memory *memory = memory_of(engine);
	struct table_cursor cursor;
	bool more = table_seek(memory->table, bytes_of(NULL, 0), false,
	    &cursor);

	for (; more; more = table_next(&cursor))
		value_drop(*(struct value **)cursor.payload);
	table_free(memory->table);
	pthread_rwlock_destroy(&memory->lock);
	free(memory);
}

static enum ouro_status
memory_backup(struct engine *engine, const char *dir, engine_progress *progress,
    void *context, struct ouro_error *err)
{
	(void)engine;
	(void)progress;
	(void)context;
	return error_set(err, OURO_UNSUPPORTED,
	    "%s: a store in memory has no files to be copied", dir);
}

static const struct engine_driver memory_driver = {
	.close = memory_close,
	.apply = memory_apply,
	.barrier = memory_barrier,
	.get = memory_get,
	.copy = memory_copy,
	.snapshot = memory_snapshot,
	.backup = memory_backup,
	.exists = memory_exists,
	.scan_open = memory_scan_open,
	.scan_next = memory_scan_next,
	.scan_close = memory_scan_close,
	.verify = memory_verify,
	.repair = memory_verify,
	.compact = memory_compact,
	.stats = memory_stats,
	.capabilities = ENGINE_ORDERED | ENGINE_CONDITIONS,
};

enum ouro_status
engine_memory_open(const struct engine_options *options, struct engine **out,
    struct ouro_error *err)
{
	struct memory *memory = calloc(1, sizeof *memory);

	*out = NULL;
	if (memory == NULL)
		return error_memory(err);
	memory->engine.driver = &memory_driver;
	memory->table = table_new(sizeof(struct value *));
	if (memory->table == NULL) {
		free(memory);
		return error_memory(err);
	}
	if (pthread_rwlock_init(&memory->lock, NULL) != 0) {
		table_free(memory->table);
		free(memory);
		return error_memory(err);
	}
	memory->read_only = options != NULL && options->read_only;
	*out = &memory->engine;
	return OURO_OK;
}
