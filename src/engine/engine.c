#include "engine/driver.h"

#include "base/error.h"

void
engine_close(struct engine *engine)
{
	if (engine != NULL)
		engine->driver->close(engine);
}

static enum ouro_status
key_check(struct bytes key, struct ouro_error *err)
{
	if (key.size == 0)
		return error_set(err, OURO_INVALID, "an empty key");
	if (key.size > ENGINE_KEY_MAX)
		return error_set(err, OURO_TOO_LARGE,
		    "a key of %zu bytes; at most %u", key.size, ENGINE_KEY_MAX);
	return OURO_OK;
}

static enum ouro_status
op_check(const struct engine_op *op, struct ouro_error *err)
{
	if (op->kind != ENGINE_PUT && op->kind != ENGINE_DELETE)
		return error_set(err, OURO_INVALID, "unknown operation %d",
		    (int)op->kind);
	if (op->condition > ENGINE_IF_EQUAL)
		return error_set(err, OURO_INVALID, "unknown condition %d",
		    (int)op->condition);
	if (op->kind == ENGINE_DELETE && op->value.size > 0)
		return error_set(err, OURO_INVALID, "a deletion with a value");
	if (op->value.size > ENGINE_VALUE_MAX)
		return error_set(err, OURO_TOO_LARGE,
		    "a value of %zu bytes; at most %u", op->value.size,
		    ENGINE_VALUE_MAX);
	return key_check(op->key, err);
}

enum ouro_status
engine_apply(struct engine *engine, const struct engine_op *ops, size_t count,
    enum engine_sync sync, struct ouro_error *err)
{
	size_t size = 0;

	if (count == 0)
		return error_set(err, OURO_INVALID, "an empty batch");
	if (sync > ENGINE_SYNC_NEVER)
		return error_set(err, OURO_INVALID, "unknown sync mode %d",
		    (int)sync);
	for (size_t i = 0; i < count; i++) {
		enum ouro_status status = op_check(&ops[i], err);

		if (status != OURO_OK)
			return status;
		size += ops[i].key.size + ops[i].value.size;
		if (size > ENGINE_BATCH_MAX)
			return error_set(err, OURO_TOO_LARGE,
			    "a batch of more than %u bytes", ENGINE_BATCH_MAX);
	}
	return engine->driver->apply(engine, ops, count, sync, err);
}

enum ouro_status
engine_barrier(struct engine *engine, struct ouro_error *err)
{
	return engine->driver->barrier(engine, err);
}

enum ouro_status
engine_get(struct engine *engine, struct bytes key, struct engine_value *out,
    struct ouro_error *err)
{
	enum ouro_status status = key_check(key, err);

	*out = (struct engine_value){ 0 };
	if (status != OURO_OK)
		return status;
	return engine->driver->get(engine, key, out, err);
}

void
engine_value_release(struct engine_value *value)
{
	if (value->release != NULL)
		value->release(value);
	*value = (struct engine_value){ 0 };
}

enum ouro_status
engine_copy(struct engine *engine, struct bytes key, struct buffer *out,
    struct ouro_error *err)
{
	enum ouro_status status = key_check(key, err);

	return status == OURO_OK ? engine->driver->copy(engine, key, out, err)
				 : status;
}

enum ouro_status
engine_exists(struct engine *engine, struct bytes key, uint64_t *value_size,
    struct ouro_error *err)
{
	enum ouro_status status = key_check(key, err);

	if (status != OURO_OK)
		return status;
	return engine->driver->exists(engine, key, value_size, err);
}

enum ouro_status
engine_scan_open(struct engine *engine, const struct engine_range *range,
    struct engine_scan **out, struct ouro_error *err)
{
	*out = NULL;
	return engine->driver->scan_open(engine, range, out, err);
}

enum ouro_status
engine_scan_next(struct engine_scan *scan, struct bytes *key,
    struct bytes *value, struct ouro_error *err)
{
	*key = bytes_of(NULL, 0);
	*value = bytes_of(NULL, 0);
	return scan->engine->driver->scan_next(scan, key, value, err);
}

void
engine_scan_close(struct engine_scan *scan)
{
	if (scan != NULL)
		scan->engine->driver->scan_close(scan);
}

enum ouro_status
engine_verify(struct engine *engine, engine_damage_report *report,
    void *context, struct ouro_error *err)
{
	return engine->driver->verify(engine, report, context, err);
}

enum ouro_status
engine_repair(struct engine *engine, engine_damage_report *report,
    void *context, struct ouro_error *err)
{
	return engine->driver->repair(engine, report, context, err);
}

enum ouro_status
engine_compact(struct engine *engine, double dead_share, uint64_t *freed,
    struct ouro_error *err)
{
	if (freed != NULL)
		*freed = 0;
	if (!(dead_share >= 0 && dead_share <= 1))
		return error_set(err, OURO_INVALID,
		    "a dead share of %g; it lies between 0 and 1", dead_share);
	return engine->driver->compact(engine, dead_share, freed, err);
}

enum ouro_status
engine_stats(struct engine *engine, struct engine_stats *out,
    struct ouro_error *err)
{
	*out = (struct engine_stats){ 0 };
	return engine->driver->stats(engine, out, err);
}

enum ouro_status
engine_snapshot(struct engine *engine, struct ouro_error *err)
{
	return engine->driver->snapshot(engine, err);
}

enum ouro_status
engine_backup(struct engine *engine, const char *dir, engine_progress *progress,
    void *context, struct ouro_error *err)
{
	if (dir == NULL || dir[0] == '\0')
		return error_set(err, OURO_INVALID,
		    "a backup needs the name of a directory");
	return engine->driver->backup(engine, dir, progress, context, err);
}

unsigned
engine_capabilities(const struct engine *engine)
{
	return engine->driver->capabilities;
}
