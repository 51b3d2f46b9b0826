/*
 * The n-th call of the file system fails, for every n: each engine call
 * answers with a status, what failed did not happen, and when the fault is
 * gone the store opens with exactly what was acknowledged. Only a failed
 * sync leaves one batch in doubt, and then the store takes no more writes.
 */
#include "engine/engine.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/executor.h"
#include "base/fs_memory.h"

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
	bool syncs_fail;      /* the fault may hit a sync */
	bool sealed;
	unsigned failed; /* calls that answered an error */
};

/* What is being tried, told when a check fails. */
static struct fs_fault present;

static enum ouro_status
world_open(struct world *world)
{
	static const uint8_t seal_key[32] = "thirty-two bytes of a seal key.";
	struct engine_options options = {
		.fs = world->fs,
		.executor = world->executor,
		.segment_size = 500,
		.seal_key = world->sealed ? seal_key : NULL,
	};

	world->broken = false;
	return engine_log_open("/store", &options, &world->engine, NULL);
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
content_read(struct engine *engine, struct content *content)
{
	struct engine_range range = { 0 };
	struct engine_scan *scan;
	struct bytes key, value;
	enum ouro_status status;

	memset(content, 0, sizeof *content);
	assert_int_equal(engine_scan_open(engine, &range, &scan, NULL),
	    OURO_OK);
	while (
	    (status = engine_scan_next(scan, &key, &value, NULL)) == OURO_OK) {
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

/* What is visible is what was acknowledged. */
static void
content_check(struct world *world)
{
	struct content found;
	enum ouro_status status = content_read(world->engine, &found);

	if (status != OURO_OK) {
		assert_int_not_equal(status, OURO_DAMAGED);
		world->failed++;
		return;
	}
	assert_true(same(&found, &world->known));
}

static void
status_check(struct world *world, enum ouro_status status)
{
	if (status == OURO_OK)
		return;
	world->failed++;
	assert_true(status == OURO_IO || status == OURO_NO_SPACE ||
	    status == OURO_READ_ONLY || status == OURO_NOT_FOUND);
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
	struct ouro_error err;

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
	status = engine_apply(world->engine, ops, count, sync, &err);
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
	enum ouro_status status = content_read(world->engine, &found);

	if (status != OURO_OK || same(&found, &world->known))
		return status;
	assert_true(world->syncs_fail);
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
	status_check(world, engine_compact(world->engine, share, NULL, NULL));
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
	change(world, 5, 3, 7, ENGINE_SYNC_ALWAYS);
	compact(world, 0);
	change(world, 0, 2, 8, ENGINE_SYNC_ALWAYS);
	if (world->engine != NULL)
		status_check(world, engine_barrier(world->engine, NULL));
	reopen(world);
	change(world, 3, 4, 9, ENGINE_SYNC_NEVER);
	change(world, 0, 8, 10, ENGINE_SYNC_ALWAYS);
	compact(world, 0.5);
	change(world, 6, 1, 0, ENGINE_SYNC_ALWAYS);
	if (world->engine != NULL)
		status_check(world,
		    engine_verify(world->engine, NULL, NULL, NULL));
	reopen(world);
	change(world, 6, 1, 11, ENGINE_SYNC_ALWAYS);
}

/* Without the fault: the store opens, holds what it must, and goes on. */
static void
aftermath(struct world *world)
{
	struct engine_stats stats;

	engine_close(world->engine);
	fs_memory_fault(world->fs, (struct fs_fault){ 0 });
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

/* One run; false when the fault was never reached. */
static bool
fault_run(struct fs_fault fault, bool sealed)
{
	struct world world = { .sealed = sealed };
	bool reached;

	present = fault;
	world.syncs_fail = fault.call == FS_CALL_SYNC ||
	    fault.call == FS_CALL_ANY;
	world.fs = fs_memory_new(5);
	assert_non_null(world.fs);
	assert_int_equal(executor_open_manual(1, world.fs, &world.executor,
			     NULL),
	    OURO_OK);
	fs_memory_fault(world.fs, fault);
	workload(&world);
	reached = fs_memory_calls(world.fs, fault.call) >= fault.nth;
	aftermath(&world);
	executor_close(world.executor);
	fs_memory_free(world.fs);
	return reached;
}

static int
fault_tell(void **state)
{
	(void)state;
	if (present.nth != 0)
		print_error("call kind %d, number %llu, errno %d%s%s\n",
		    (int)present.call, (unsigned long long)present.nth,
		    present.errnum, present.for_ever ? ", for ever" : "",
		    present.short_write ? ", short" : "");
	return 0;
}

static void
every_call_of(enum fs_call call, bool sealed)
{
	static const int errnums[] = { EIO, ENOSPC };
	unsigned runs = 0;

	for (unsigned variant = 0; variant < 8; variant++) {
		struct fs_fault fault = {
			.call = call,
			.nth = 1,
			.errnum = errnums[variant & 1],
			.for_ever = (variant & 2) != 0,
			.short_write = (variant & 4) != 0,
		};

		if (fault.short_write && call != FS_CALL_WRITE)
			continue;
		while (fault_run(fault, sealed)) {
			fault.nth++;
			runs++;
		}
	}
	present.nth = 0;
	assert_true(runs > 0 || call == FS_CALL_TRUNCATE ||
	    call == FS_CALL_ALLOCATE || call == FS_CALL_MAP);
}

static void
every_file_system_call_may_fail(void **state)
{
	(void)state;
	for (int call = FS_CALL_OPEN; call <= FS_CALL_ANY; call++)
		every_call_of((enum fs_call)call, false);
}

static void
every_file_system_call_may_fail_sealed(void **state)
{
	(void)state;
	for (int call = FS_CALL_OPEN; call <= FS_CALL_ANY; call++)
		every_call_of((enum fs_call)call, true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(every_file_system_call_may_fail,
		    fault_tell),
		cmocka_unit_test_teardown(
		    every_file_system_call_may_fail_sealed, fault_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
