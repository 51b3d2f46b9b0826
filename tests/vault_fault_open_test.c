/* Faults of one kind while a store is made, grows or has its index rebuilt. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "vault/chunk.h"
#include "vault/rebuild.h"
#include "vault_fault.h"

static void
world_begin(struct world *world)
{
	*world = (struct world){ .failed = 0 };
	memcpy(world->things, fault_things_new, sizeof(world->things));
	fault_present_is_over = false;
	world->fs = fs_memory_new(5);
	assert_non_null(world->fs);
	assert_int_equal(executor_open_manual(1, world->fs, &world->executor,
			     NULL),
	    OURO_OK);
}

static void
world_end(struct world *world)
{
	fault_world_close(world);
	executor_close(world->executor);
	fs_memory_free(world->fs);
}

static void
world_fault(struct world *world, enum fs_call call, uint64_t nth)
{
	fault_present = (struct fs_fault){ .call = call,
		.nth = nth,
		.errnum = EIO,
		.for_ever = true };
	fs_memory_fault(world->fs, fault_present);
	fault_present_is_over = nth == 0;
}

/* What would lie in them would be gone with the next opening. */
static void
lanes_that_were_not_declared_are_not_used(void **state)
{
	struct world world;

	(void)state;
	world_begin(&world);
	fault_thing_put(&world, INLINED);
	world_fault(&world, FS_CALL_RENAME, 1);
	fault_thing_put(&world, WIDE);
	assert_int_equal(world.failed, 1);
	world_fault(&world, FS_CALL_RENAME, 0);
	fault_thing_put(&world, WIDE);
	assert_int_equal(world.failed, 1);
	fault_world_close(&world);
	assert_true(fault_world_open(&world));
	fault_things_check(&world);
	world_end(&world);
}

/* All rows that a rebuild makes go missing. */
static void
rows_lose(struct world *world)
{
	static const enum row_table tables[] = { ROW_NAME, ROW_HEADS, ROW_USE,
		ROW_CHUNK };

	for (unsigned i = 0; i < 4; i++) {
		struct row_key prefix = row_table(tables[i]);
		struct engine_range range = { .prefix = row_bytes(&prefix),
			.keys_only = true };
		struct engine_op op = { .kind = ENGINE_DELETE };
		struct engine_scan *scan;
		struct bytes value;

		assert_int_equal(engine_scan_open(world->vault->records, &range,
				     &scan, NULL),
		    OURO_OK);
		while (engine_scan_next(scan, &op.key, &value, NULL) == OURO_OK)
			assert_int_equal(engine_apply(world->vault->records,
					     &op, 1, ENGINE_SYNC_ALWAYS, NULL),
			    OURO_OK);
		engine_scan_close(scan);
	}
}

/* Rows that could not be made are not taken for made. */
static void
a_rebuild_that_cannot_read_is_done_again(void **state)
{
	uint64_t reads, nth = 1;
	struct ouro_error err;

	(void)state;
	do {
		struct world world;

		err = (struct ouro_error){ 0 };
		world_begin(&world);
		fault_thing_put(&world, FIRST_VERSION);
		fault_thing_put(&world, SECOND_VERSION);
		fault_thing_put(&world, INLINED);
		rows_lose(&world);
		world_fault(&world, FS_CALL_READ, nth);
		fault_went_well(&world, "rebuild",
		    rebuild_index(world.vault, &err), &err);
		reads = fs_memory_calls(world.fs, FS_CALL_READ);
		world_fault(&world, FS_CALL_READ, 0);
		assert_int_equal(rebuild_pending(world.vault),
		    world.failed > 0);
		fault_world_close(&world);
		assert_true(fault_world_open(&world));
		fault_things_check(&world);
		world_end(&world);
	} while (reads >= nth++);
}

/* With the cause, not as a store or a key that is missing. */
static void
a_making_that_cannot_open_a_file_says_so(void **state)
{
	uint64_t opens, nth = 1;

	(void)state;
	do {
		struct world world;

		world_begin(&world);
		fault_present = (struct fs_fault){ .call = FS_CALL_OPEN,
			.nth = nth,
			.errnum = EIO };
		fs_memory_fault(world.fs, fault_present);
		fault_world_open(&world);
		opens = fs_memory_calls(world.fs, FS_CALL_OPEN);
		fault_world_close(&world);
		fs_memory_fault(world.fs, (struct fs_fault){ .nth = 0 });
		assert_true(fault_world_open(&world));
		world_end(&world);
	} while (opens >= nth++);
	fault_present.nth = 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lanes_that_were_not_declared_are_not_used),
		cmocka_unit_test_teardown(
		    a_rebuild_that_cannot_read_is_done_again, fault_tell),
		cmocka_unit_test_teardown(
		    a_making_that_cannot_open_a_file_says_so, fault_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
