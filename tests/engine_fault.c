/*
 * engine_fault - the script of engine_fault.h, and what must hold in it.
 */
#include "engine_fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/executor.h"
#include "base/fs_memory.h"
#include "engine/engine.h"

#define KEYS 8

struct content {
	unsigned values[KEYS]; /* 0: absent */
};

struct world {
	struct fs *fs;
	struct executor *executor;
	struct engine *engine;
	struct content known; /* acknowledged */
	struct content doubt; /* what the last failed batch would have made */
	bool broken;	      /* no more writes in this session */
	const struct fault_plan *plan;
	struct ouro_error error;
	unsigned failed; /* calls that answered an error */
};

static enum ouro_status
world_open(struct world *world)
{
	static const uint8_t seal_key[32] = "thirty-two bytes of a seal key.";
	struct engine_options options = {
		.fs = world->fs,
		.executor = world->executor,
		.segment_size = 500,
		.seal_key = world->plan->sealed ? seal_key : NULL,
	};

	world->broken = false;
	return engine_log_open("/store", &options, &world->engine,
	    &world->error);
}

static size_t
value_make(unsigned value, uint8_t out[4096])
{
	size_t size = value % 3 == 0 ? 2500 : 20 + value % 50;

	memset(out, (int)value, size);
	put_u32le(out, value);
	return size;
}

/* OURO_IO when something could not be read just now. */
static enum ouro_status
content_read(struct world *world, struct content *content)
{
	struct engine *engine = world->engine;
	struct engine_range range = { 0 };
	struct engine_scan *scan;
	struct bytes key, value;
	enum ouro_status status;

	memset(content, 0, sizeof *content);
	status = engine_scan_open(engine, &range, &scan, &world->error);
	if (status != OURO_OK)
		return status;
	while ((status = engine_scan_next(scan, &key, &value, &world->error)) ==
	    OURO_OK) {
		uint8_t expected[4096];
		unsigned number;

		assert_true(key.size == 1 && value.size >= 20);
		number = get_u32le(value.data);
		assert_int_equal(value_make(number, expected), value.size);
		assert_memory_equal(value.data, expected, value.size);
		content->values[key.data[0] - 'a'] = number;
	}
	engine_scan_close(scan);
	return status == OURO_END ? OURO_OK : status;
}

static bool
same(const struct content *a, const struct content *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

/* A failure is one that the fault explains, and has a text. The crypto
 * library does not always tell what it lacks. */
static void
status_check(struct world *world, enum ouro_status status)
{
	if (status == OURO_OK)
		return;
	world->failed++;
	if (status != OURO_IO && status != OURO_NO_SPACE &&
	    status != OURO_READ_ONLY && status != OURO_NO_MEMORY &&
	    status != OURO_NOT_FOUND &&
	    !(status == OURO_CRYPTO && world->plan->sealed))
		fail_msg("%d: %s", status, world->error.text);
	assert_true(world->error.text[0] != '\0');
	world->error.text[0] = '\0';
}

/* A page of the index that cannot be read is as good as damaged. */
static void
verify_check(struct world *world)
{
	enum ouro_status status = engine_verify(world->engine, NULL, NULL,
	    &world->error);

	status_check(world, status == OURO_DAMAGED ? OURO_IO : status);
}

/* What is visible is what was acknowledged. */
static void
content_check(struct world *world)
{
	struct content found;
	enum ouro_status status = content_read(world, &found);

	status_check(world, status);
	if (status == OURO_OK)
		assert_true(same(&found, &world->known));
}

/* Applies puts of `count` keys from `key` on (or deletes them). */
static void
change(struct world *world, unsigned key, unsigned count, unsigned value,
    enum engine_sync sync)
{
	struct content next = world->known;
	static uint8_t values[KEYS][4096];
	struct engine_op ops[KEYS] = { 0 };
	uint8_t keys[KEYS];
	enum ouro_status status;

	if (world->engine == NULL)
		return;
	for (unsigned i = 0; i < count; i++) {
		unsigned at = (key + i) % KEYS;

		keys[i] = (uint8_t)('a' + at);
		ops[i].key = bytes_of(&keys[i], 1);
		ops[i].kind = value == 0 ? ENGINE_DELETE : ENGINE_PUT;
		next.values[at] = value;
		if (value != 0)
			ops[i].value = bytes_of(values[i],
			    value_make(value, values[i]));
	}
	status = engine_apply(world->engine, ops, count, sync, &world->error);
	status_check(world, status);
	if (status == OURO_OK) {
		assert_false(world->broken);
		world->known = next;
	} else if (status == OURO_READ_ONLY) {
		world->broken = true;
	} else {
		world->doubt = next;
	}
	content_check(world);
}

/* After an opening: a batch whose sync failed is there or not. */
static enum ouro_status
content_settle(struct world *world)
{
	struct content found;
	enum ouro_status status = content_read(world, &found);

	if (status != OURO_OK || same(&found, &world->known))
		return status;
	assert_true(world->plan->syncs_fail);
	assert_true(same(&found, &world->doubt));
	world->known = found;
	return OURO_OK;
}

static void
reopen(struct world *world)
{
	enum ouro_status status;

	engine_close(world->engine);
	world->engine = NULL;
	status = world_open(world);
	if (status == OURO_OK)
		status = content_settle(world);
	status_check(world, status);
}

static void
compact(struct world *world, double share)
{
	if (world->engine == NULL)
		return;
	status_check(world,
	    engine_compact(world->engine, share, NULL, &world->error));
	content_check(world);
}

static void
snapshot(struct world *world)
{
	if (world->engine == NULL)
		return;
	status_check(world, engine_snapshot(world->engine, &world->error));
	content_check(world);
}

/* What the engine does by itself: stores the index, merges, compacts. */
static void
background(struct world *world)
{
	if (world->engine == NULL)
		return;
	for (unsigned i = 0; i < 64 && executor_turn(world->executor);)
		i++;
	content_check(world);
}

static void
workload(struct world *world)
{
	status_check(world, world_open(world));
	change(world, 0, 1, 1, ENGINE_SYNC_ALWAYS);
	change(world, 1, 3, 3, ENGINE_SYNC_ALWAYS);
	change(world, 2, 2, 4, ENGINE_SYNC_NEVER);
	change(world, 1, 1, 0, ENGINE_SYNC_NEVER);
	snapshot(world);
	change(world, 5, 3, 7, ENGINE_SYNC_ALWAYS);
	compact(world, 0);
	snapshot(world);
	background(world);
	change(world, 0, 2, 8, ENGINE_SYNC_ALWAYS);
	if (world->engine != NULL)
		status_check(world,
		    engine_barrier(world->engine, &world->error));
	reopen(world);
	change(world, 3, 4, 9, ENGINE_SYNC_NEVER);
	change(world, 0, 8, 10, ENGINE_SYNC_ALWAYS);
	snapshot(world);
	background(world);
	compact(world, 0.5);
	change(world, 6, 1, 0, ENGINE_SYNC_ALWAYS);
	if (world->engine != NULL)
		verify_check(world);
	reopen(world);
	change(world, 6, 1, 11, ENGINE_SYNC_ALWAYS);
}

/* Without the fault: the store opens, holds what it must, and goes on. */
static void
aftermath(struct world *world)
{
	struct engine_stats stats;

	engine_close(world->engine);
	world->plan->end(world->fs, world->plan->context);
	assert_int_equal(world_open(world), OURO_OK);
	assert_int_equal(content_settle(world), OURO_OK);
	assert_int_equal(engine_stats(world->engine, &stats, NULL), OURO_OK);
	assert_int_equal(stats.damaged_records, 0);
	assert_int_equal(stats.missing_segments, 0);
	assert_int_equal(engine_verify(world->engine, NULL, NULL, NULL),
	    OURO_OK);
	world->failed = 0;
	change(world, 4, 2, 12, ENGINE_SYNC_ALWAYS);
	compact(world, 0);
	reopen(world);
	assert_int_equal(world->failed, 0);
	engine_close(world->engine);
}

void
fault_run(const struct fault_plan *plan)
{
	struct world world = { .plan = plan };

	world.fs = fs_memory_new(5);
	assert_non_null(world.fs);
	assert_int_equal(executor_open_manual(1, world.fs, &world.executor,
			     NULL),
	    OURO_OK);
	plan->begin(world.fs, plan->context);
	workload(&world);
	aftermath(&world);
	executor_close(world.executor);
	fs_memory_free(world.fs);
}
