/*
 * The n-th call of the file system fails, for every n, once and for ever.
 * Each call of the vault then answers with a status and a text; what was
 * acknowledged still reads, at once when the fault is gone and after the
 * next opening; what failed is absent or complete; verify is clean after gc,
 * and the vault goes on. Every n with OURO_LONG=1, else a part of them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "seal/canonical.h"
#include "vault/chunk.h"
#include "vault_fault.h"

#define RUNS_OF_KIND 2 /* in a short run, of each kind and variant */

static uint64_t calls_counted; /* of the kind, in the last run */

static unsigned runs;

/* A slice of the first chunk there is goes missing. */
static void
slice_lose(struct world *world)
{
	struct row_key prefix = row_table(ROW_CHUNK);
	struct engine_range range = { .prefix = row_bytes(&prefix) };
	struct engine_op op = { .kind = ENGINE_DELETE };
	struct engine_scan *scan;
	struct bytes key, value;
	struct slice_key slice;
	Ouro__ChunkRow *row;

	if (world->vault == NULL ||
	    engine_scan_open(world->vault->records, &range, &scan, NULL) !=
		OURO_OK)
		return;
	if (engine_scan_next(scan, &key, &value, NULL) == OURO_OK &&
	    chunk_row_get(world->vault, key.data + 1, &row, NULL) == OURO_OK) {
		if (row->n_stripes > 0) {
			slice = slice_key(key.data + 1,
			    row->stripes[0]->stripe_id.data, 0);
			op.key = bytes_of(slice.data, sizeof(slice.data));
			engine_apply(lane(world->vault,
					 row->stripes[0]->lanes.data[0]),
			    &op, 1, ENGINE_SYNC_ALWAYS, NULL);
		}
		canonical_free(&row->base);
	}
	engine_scan_close(scan);
}

enum step_kind {
	CLOSE,
	PUT,
	GET,
	REMOVE,
	KEYS,
	GC,
	VERIFY,
	REPAIR,
	REBUILD,
	LOSE,
	LOOK
};

struct step {
	enum step_kind kind;
	unsigned thing;
};

static const struct step workload[] = {
	{ PUT, INLINED },
	{ PUT, CHUNKED },
	{ PUT, FIRST_VERSION },
	{ PUT, SECOND_VERSION },
	{ CLOSE, 0 },
	{ PUT, REMOVED },
	{ REMOVE, REMOVED },
	{ KEYS, 0 },
	{ PUT, WIDE },
	{ GC, 0 },
	{ VERIFY, 0 },
	{ PUT, WITH_META },
	{ LOSE, 0 },
	{ GET, CHUNKED },
	{ LOSE, 0 },
	{ REPAIR, 0 },
	{ GET, SECOND_VERSION },
	{ REBUILD, 0 },
	{ PUT, REMOVED },
	{ REMOVE, REMOVED },
	{ GC, 0 },
	{ LOOK, 0 },
	{ CLOSE, 0 },
	{ GET, CHUNKED },
	{ PUT, EMPTY },
	{ CLOSE, 0 },
};

static void
step_run(struct world *world, const struct step *step)
{
	switch (step->kind) {
	case CLOSE:
		fault_world_close(world);
		break;
	case PUT:
		fault_thing_put(world, step->thing);
		break;
	case GET:
		fault_thing_get(world, step->thing);
		break;
	case REMOVE:
		fault_thing_remove(world, step->thing);
		break;
	case KEYS:
		fault_world_keys(world);
		break;
	case GC:
		fault_world_gc(world);
		break;
	case VERIFY:
		fault_world_care(world, ouro_verify, false);
		break;
	case REPAIR:
	case REBUILD:
		fault_world_care(world, ouro_repair, step->kind == REBUILD);
		break;
	case LOSE:
		slice_lose(world);
		break;
	case LOOK:
		fault_world_look(world);
		break;
	}
}

/* The fault is gone. First within the same opening, if it lasted. */
static void
aftermath(struct world *world)
{
	fs_memory_fault(world->fs, (struct fs_fault){ 0 });
	fault_present_is_over = true;
	if (world->vault != NULL) {
		fault_things_check(world);
		if (!fault_is_read_only(world)) {
			world->failed = 0;
			fault_thing_put(world, ADDED);
			/* A lane alone may have failed to sync. */
			if (world->failed == 0)
				fault_things_check(world);
		}
		fault_world_close(world);
	}
	world->failed = 0;
	assert_true(fault_world_open(world));
	fault_things_check(world);
	fault_world_gc(world);
	if (world->failed == 0)
		fault_world_care(world, ouro_repair, false);
	fault_world_care(world, ouro_verify, false);
	for (unsigned i = 0; i < THINGS; i++)
		fault_thing_put(world, i);
	fault_things_check(world);
	fault_world_close(world);
	assert_true(fault_world_open(world));
	fault_things_check(world);
	assert_int_equal(world->failed, 0);
	fault_world_close(world);
}

/* One run; false when the fault was never reached. It goes on after the first
 * failure, or stops there, so that the vault is still open when the fault
 * goes. */
static bool
fault_run(struct fs_fault fault, bool stop)
{
	struct world world = { .failed = 0 };

	memcpy(world.things, fault_things_new, sizeof(world.things));
	fault_present = fault;
	fault_present_stops = stop;
	fault_present_is_over = false;
	world.fs = fs_memory_new(5);
	assert_non_null(world.fs);
	assert_int_equal(executor_open_manual(1, world.fs, &world.executor,
			     NULL),
	    OURO_OK);
	fs_memory_fault(world.fs, fault);
	for (size_t i = 0; i < sizeof(workload) / sizeof(*workload) &&
	     !(stop && world.failed > 0);
	     i++)
		step_run(&world, &workload[i]);
	calls_counted = fs_memory_calls(world.fs, fault.call);
	aftermath(&world);
	executor_close(world.executor);
	fs_memory_free(world.fs);
	return calls_counted >= fault.nth;
}

/* FAULT="kind number errno for_ever short stop" repeats one run. */
static void
one_run(const char *text)
{
	int call, errnum, for_ever, is_short, stop;
	unsigned long long nth;

	assert_int_equal(sscanf(text, "%d %llu %d %d %d %d", &call, &nth,
			     &errnum, &for_ever, &is_short, &stop),
	    6);
	fault_run((struct fs_fault){ .call = (enum fs_call)call,
		      .nth = nth,
		      .errnum = errnum,
		      .for_ever = for_ever != 0,
		      .short_write = is_short != 0 },
	    stop != 0);
}

/* All calls of a kind, or as many as a short run has time for. */
static void
every_call_of(enum fs_call call, unsigned variant)
{
	struct fs_fault fault = { .call = call,
		.errnum = variant & 1 ? ENOSPC : EIO,
		.for_ever = (variant & 2) != 0,
		.short_write = (variant & 4) != 0 };
	bool stop = (variant & 8) != 0;
	uint64_t step = 1, calls;

	if (fault.short_write && call != FS_CALL_WRITE)
		return;
	fault.nth = UINT64_MAX;
	fault_run(fault, false);
	calls = calls_counted;
	if (getenv("OURO_LONG") == NULL && calls > RUNS_OF_KIND)
		step = calls / RUNS_OF_KIND;
	for (fault.nth = 1 + variant % step; fault_run(fault, stop);
	     fault.nth += step)
		runs++;
}

static void
every_file_system_call_may_fail(void **state)
{
	const char *one = getenv("FAULT");

	(void)state;
	if (one != NULL) {
		one_run(one);
		return;
	}
	for (int call = FS_CALL_OPEN; call <= FS_CALL_ANY; call++)
		for (unsigned variant = 0; variant < 16; variant++)
			every_call_of((enum fs_call)call, variant);
	fault_present.nth = 0;
	printf("%u runs\n", runs);
	assert_true(runs > 150);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(every_file_system_call_may_fail,
		    fault_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
