#include "store.h"

#include <stdlib.h>

#include "base/executor.h"
#include "base/fs.h"
#include "engine/engine.h"

#define THREADS	  2
#define BATCH_MAX 1024

struct ours {
	struct executor *executor;
	struct engine *engine;
	enum engine_sync sync;
};

static void
must(enum ouro_status status, const struct ouro_error *err)
{
	if (status != OURO_OK)
		store_die("ours", err->text);
}

static void *
ours_open(const char *dir, enum store_sync sync)
{
	struct ours *ours = store_new(sizeof *ours);
	struct engine_options options = { .fs = fs_posix() };
	struct ouro_error err;

	must(executor_open(THREADS, options.fs, &ours->executor, &err), &err);
	options.executor = ours->executor;
	must(engine_log_open(dir, &options, &ours->engine, &err), &err);
	ours->sync = sync == STORE_DURABLE ? ENGINE_SYNC_ALWAYS
					   : ENGINE_SYNC_NEVER;
	return ours;
}

static void
ours_close(void *store)
{
	struct ours *ours = store;

	engine_close(ours->engine);
	executor_close(ours->executor);
	free(ours);
}

static void
ours_put(void *store, struct bytes key, struct bytes value)
{
	struct engine_op op = { .key = key, .value = value };
	struct ours *ours = store;
	struct ouro_error err;

	must(engine_apply(ours->engine, &op, 1, ours->sync, &err), &err);
}

static void
ours_put_batch(void *store, const struct store_item *items, size_t count)
{
	struct engine_op ops[BATCH_MAX];
	struct ours *ours = store;
	struct ouro_error err;

	if (count > BATCH_MAX)
		store_die("ours", "batch too large");
	for (size_t i = 0; i < count; i++)
		ops[i] = (struct engine_op){ .key = items[i].key,
			.value = items[i].value };
	must(engine_apply(ours->engine, ops, count, ours->sync, &err), &err);
}

static bool
ours_get(void *store, void *reader, struct bytes key, uint64_t *sum)
{
	struct ours *ours = store;
	struct engine_value value;
	struct ouro_error err;
	enum ouro_status status = engine_get(ours->engine, key, &value, &err);

	(void)reader;
	if (status == OURO_NOT_FOUND)
		return false;
	must(status, &err);
	*sum += store_sum(value.bytes.data, value.bytes.size);
	engine_value_release(&value);
	return true;
}

static uint64_t
ours_scan(void *store, bool reverse, uint64_t *sum)
{
	struct engine_range range = { .reverse = reverse };
	struct ours *ours = store;
	struct engine_scan *scan;
	struct bytes key, value;
	struct ouro_error err;
	enum ouro_status status;
	uint64_t count = 0;

	must(engine_scan_open(ours->engine, &range, &scan, &err), &err);
	while (
	    (status = engine_scan_next(scan, &key, &value, &err)) == OURO_OK) {
		*sum += store_sum(key.data, key.size) +
		    store_sum(value.data, value.size);
		count++;
	}
	if (status != OURO_END)
		must(status, &err);
	engine_scan_close(scan);
	return count;
}

const struct store_driver store_ours = {
	.name = "ours",
	.open = ours_open,
	.close = ours_close,
	.put = ours_put,
	.put_batch = ours_put_batch,
	.get = ours_get,
	.scan = ours_scan,
};
