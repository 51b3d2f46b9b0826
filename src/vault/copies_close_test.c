#include "vault/copies.h"

#include "base/executor.h"
#include "base/fs_memory.h"
#include "vault/test_copies.h"

/* ---- the clean close ------------------------------------------------------ */

static void
after_a_clean_close_nothing_is_compared(void **unused)
{
	struct world *world = world_new();

	(void)unused;
	put_both(world, "c1", "one");
	copies_close(&world->vault);
	assert_int_equal(world->records.applies, 1);
	assert_int_equal(world->records.sync_last, ENGINE_SYNC_NEVER);
	world_reopen(world);
	check_reconcile(world, false);
	assert_int_equal(world->records.scans + world->copies.scans, 0);
	/* Either side changed after an opening. */
	put(&world->records, "c2", "two");
	world_reopen(world);
	check_reconcile(world, false);
	assert_true(world->records.scans > 0);
	check_row(&world->copies, "c2", "two");
	copies_close(&world->vault);
	world_reopen(world);
	check_reconcile(world, false);
	assert_int_equal(world->records.scans, 0);
	put(&world->copies, "c3", "three");
	world_reopen(world);
	check_reconcile(world, false);
	check_row(&world->copies, "c3", NULL);
	world_free(world);
}

/* The same over engines that are closed and opened again. */
static void
the_log_driver_keeps_the_mark(void **unused)
{
	struct fs *fs = fs_memory_new(5);
	struct world *world = world_new();
	struct engine_options options = { .fs = fs };

	(void)unused;
	assert_int_equal(executor_open_manual(1, fs, &options.executor, NULL),
	    OURO_OK);
	for (int round = 0; round < 4; round++) {
		engine_close(world->records.inner);
		engine_close(world->copies.inner);
		assert_int_equal(engine_log_open("/records", &options,
				     &world->records.inner, NULL),
		    OURO_OK);
		assert_int_equal(engine_log_open("/copies", &options,
				     &world->copies.inner, NULL),
		    OURO_OK);
		world_reopen(world);
		check_reconcile(world, false);
		/* The first opening has no mark, the last one none that fits. */
		assert_int_equal(world->records.scans > 0,
		    round == 0 || round == 3);
		if (round == 0)
			put_both(world, "c1", "one");
		if (round < 2)
			copies_close(&world->vault);
		else if (round == 2)
			put(&world->records, "c2", "two");
		/* Nothing changed: nothing is written. */
		if (round == 1 || round == 2)
			assert_int_equal(world->records.applies, 0);
	}
	check_row(&world->copies, "c2", "two");
	world_free(world);
	executor_close(options.executor);
	fs_memory_free(fs);
}

static void
known_damage_makes_the_next_opening_compare(void **unused)
{
	struct world *world = world_new();

	(void)unused;
	put_both(world, "c1", "one");
	copies_close(&world->vault);
	world->records.extra.damaged_records = 1; /* met while reading */
	wound(&world->records, "c1");
	copies_close(&world->vault);
	world_reopen(world);
	check_reconcile(world, true);
	assert_null(wound_of(&world->records, bytes_text("c1")));
	world_free(world);
}

static void
copies_apply_follows_and_forgives(void **unused)
{
	struct world *world = world_new();
	const struct engine_op ops[] = {
		{ .kind = ENGINE_PUT,
		    .condition = ENGINE_IF_ABSENT,
		    .key = bytes_text("c1"),
		    .value = bytes_text("one") },
		{ .kind = ENGINE_PUT,
		    .key = bytes_text("k1"),
		    .value = bytes_text("derived") },
		{ .kind = ENGINE_DELETE, .key = bytes_text("r1") },
	};

	(void)unused;
	put(&world->copies, "c1", "left from a crash");
	put(&world->copies, "r1", "ref");
	copies_apply(&world->vault, ops, 3);
	check_row(&world->copies, "c1", "one");
	check_row(&world->copies, "k1", NULL);
	check_row(&world->copies, "r1", NULL);
	assert_int_equal(world->copies.sync_last, ENGINE_SYNC_NEVER);
	copies_apply(&world->vault, ops + 1, 1);
	assert_int_equal(world->copies.applies, 1);
	/* A failure is made good at the next opening, though no sequence
	 * tells of it. */
	put(&world->records, "c1", "two");
	world->copies.apply_nth = 1;
	copies_apply(&world->vault,
	    &(struct engine_op){ .key = bytes_text("c1"),
		.value = bytes_text("two") },
	    1);
	assert_int_equal(world->warnings, 1);
	copies_close(&world->vault);
	world_reopen(world);
	check_reconcile(world, false);
	check_row(&world->copies, "c1", "two");
	world_free(world);
}

/* ---- reading -------------------------------------------------------------- */

static enum ouro_status
got(struct world *world, const char *key, const char *expected)
{
	struct engine_value value = { 0 };
	enum ouro_status status = set_get(&world->vault, bytes_text(key),
	    &value, NULL);

	if (status == OURO_OK)
		assert_true(bytes_equal(value.bytes, bytes_text(expected)));
	engine_value_release(&value);
	return status;
}

static void
set_get_falls_back_on_the_copies(void **unused)
{
	struct world *world = world_new();

	(void)unused;
	put(&world->records, "c1", "one");
	put(&world->copies, "c1", "old");
	put(&world->copies, "c2", "two");
	assert_int_equal(got(world, "c1", "one"), OURO_OK);
	wound(&world->records, "c1");
	assert_int_equal(got(world, "c1", "old"), OURO_OK);
	/* A deletion on its way, not a loss. */
	assert_int_equal(got(world, "c2", NULL), OURO_NOT_FOUND);
	world->records.extra.damaged_records = 1;
	assert_int_equal(got(world, "c2", NULL), OURO_NOT_FOUND);
	world->vault.read_only = true;
	assert_int_equal(got(world, "c2", "two"), OURO_OK);
	world->records.extra.damaged_records = 0;
	assert_int_equal(got(world, "c2", NULL), OURO_NOT_FOUND);
	world->records.extra.damaged_records = 1;
	assert_int_equal(got(world, "c3", NULL), OURO_NOT_FOUND);
	wound(&world->copies, "c1");
	assert_int_equal(got(world, "c1", NULL), OURO_DAMAGED);
	world->vault.copies = NULL;
	assert_int_equal(got(world, "c2", NULL), OURO_NOT_FOUND);
	world_free(world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(after_a_clean_close_nothing_is_compared),
		cmocka_unit_test(the_log_driver_keeps_the_mark),
		cmocka_unit_test(known_damage_makes_the_next_opening_compare),
		cmocka_unit_test(copies_apply_follows_and_forgives),
		cmocka_unit_test(set_get_falls_back_on_the_copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
