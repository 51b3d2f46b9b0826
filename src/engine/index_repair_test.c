/*
 * Repair makes a damaged index anew while the store is open.
 */
#include "engine/test_index.h"

#include "engine/index_renew.h"

#define SMALL 60000 /* of a delta: making the index anew takes some */

static uint64_t
keys_counted(void)
{
	uint64_t count = 0;

	for (unsigned n = 0; n < KEYS; n++)
		count += value_after(n, 3) != NULL;
	return count;
}

static void
pages_repair(bool sealed)
{
	unsigned seen = 0;
	uint64_t pages;

	store_make(sealed);
	assert_int_equal(engine_snapshot(world.engine, NULL), OURO_OK);
	assert_true(runs_find() > 0);
	pages = file_size(found) / RUN_PAGE;
	for (uint64_t page = 0; page < pages; page++) {
		opened(); /* nothing is believed yet */
		assert_true(runs_find() > 0);
		assert_int_equal(stats().replayed, 0);
		if (page * RUN_PAGE >= file_size(found))
			break;
		flip(found, page * RUN_PAGE + 77);
		seen += damage_seen(3);
		repaired();
		all_expect(3);
		assert_int_equal(stats().keys, keys_counted());
	}
	assert_true(seen > 0);
	opened();
	all_expect(3);
	assert_int_equal(stats().replayed, 0);
}

static void
each_page_is_repaired(void **state)
{
	(void)state;
	pages_repair(false);
}

static void
each_page_is_repaired_in_a_sealed_store(void **state)
{
	(void)state;
	pages_repair(true);
}

/* With entries above the runs, moved records, and runs that memory is too
 * small for. */
static void
what_is_above_the_runs_stays(void **state)
{
	struct log_engine *log;
	uint64_t live;

	(void)state;
	store_make(false);
	assert_int_equal(engine_compact(world.engine, 0.2, NULL, NULL),
	    OURO_OK);
	live = stats().live_bytes;
	assert_true(runs_find() > 0);
	flip(found, RUN_PAGE + 9);
	log = log_engine_of(world.engine);
	log->index.delta_limit = SMALL;
	for (unsigned i = 0; i < 2; i++) {
		repaired();
		all_expect(3);
		assert_int_equal(stats().live_bytes, live);
		assert_int_equal(stats().keys, keys_counted());
		stored();
		assert_true(runs_find() > 0);
		flip(found, RUN_PAGE + 9);
	}
	repaired();
	assert_int_equal(engine_compact(world.engine, 0, NULL, NULL), OURO_OK);
	all_expect(3);
	opened();
	all_expect(3);
	assert_int_equal(stats().keys, keys_counted());
	assert_int_equal(verified(OURO_OK).count, 0);
}

/* The runs lead to copies that no manifest covers yet: it was written while
 * the records were moved. */
static void
records_just_moved_stay(void **state)
{
	struct log_engine *log;
	struct ouro_error err = { 0 };
	uint64_t live;

	(void)state;
	store_make(false);
	log = log_engine_of(world.engine);
	log->index.delta_limit = SMALL / 4;
	assert_int_equal(engine_compact(world.engine, 0, NULL, NULL), OURO_OK);
	live = stats().live_bytes;
	if (index_renew(log, &err) != OURO_OK)
		fail_msg("%s", err.text);
	all_expect(3);
	assert_int_equal(stats().live_bytes, live);
	assert_int_equal(stats().keys, keys_counted());
	assert_int_equal(verified(OURO_OK).count, 0);
	killed();
	opened();
	all_expect(3);
	assert_int_equal(stats().live_bytes, live);
	assert_int_equal(stats().keys, keys_counted());
	assert_int_equal(engine_compact(world.engine, 0, NULL, NULL), OURO_OK);
	all_expect(3);
	assert_int_equal(verified(OURO_OK).count, 0);
}

/* All runs that there may be are being made anew; none can be merged. */
static void
a_full_index_is_held(void **state)
{
	struct log_engine *log;
	char name[32];
	unsigned n = 0;

	(void)state;
	store_make(false);
	log = log_engine_of(world.engine);
	for (; log->index.run_count < INDEX_RUNS_MAX - 1; n++) {
		snprintf(name, sizeof name, "more%05u", n);
		put(name, "");
		stored();
	}
	log->index.held = log->index.run_count;
	for (unsigned i = 0; i < 3 * INDEX_RUNS_MAX; i++, n++) {
		snprintf(name, sizeof name, "more%05u", n);
		put(name, "");
		stored();
		assert_true(log->index.run_count <= VIEW_RUNS_MAX);
	}
	log->index.held = 0;
	put("last", "");
	stored();
	assert_true(log->index.run_count <= INDEX_RUNS_MAX);
	all_expect(3);
	for (unsigned i = 0; i < n; i++) {
		snprintf(name, sizeof name, "more%05u", i);
		expect(name, "");
	}
	assert_int_equal(verified(OURO_OK).count, 0);
}

static void
damaged_segments_are_repaired_too(void **state)
{
	struct told told = { 0 };
	struct ouro_error err = { 0 };
	uint64_t offset;

	(void)state;
	store_make(false);
	assert_true(runs_find() > 0);
	flip(found, RUN_PAGE + 9);
	offset = file_find(SEGMENT(1), "value 1 of round 1");
	flip(SEGMENT(1), offset);
	if (engine_repair(world.engine, tell, &told, &err) != OURO_OK)
		fail_msg("%s", err.text);
	assert_non_null(strstr(told.keys, "key00001 "));
	assert_int_equal(verified(OURO_OK).count, 0);
	expect("key00001", NULL);
	expect("key00003", value_after(3, 3));
}

static void
files_that_have_gone_are_repaired(void **state)
{
	(void)state;
	store_make(true);
	assert_int_equal(fs_unlink(world.fs, "/store/INDEX", NULL), OURO_OK);
	repaired();
	assert_true(runs_find() > 0);
	assert_int_equal(fs_unlink(world.fs, found, NULL), OURO_OK);
	repaired();
	all_expect(3);
	opened();
	all_expect(3);
}

static void
a_store_for_reading_is_not_repaired(void **state)
{
	(void)state;
	store_make(false);
	stored();
	closed();
	world.options.read_only = true;
	opened();
	assert_true(runs_find() > 0);
	flip(found, RUN_PAGE + 9);
	assert_true(verified(OURO_DAMAGED).count > 0);
	assert_int_equal(engine_repair(world.engine, NULL, NULL, NULL),
	    OURO_READ_ONLY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_page_is_repaired),
		TEST(each_page_is_repaired_in_a_sealed_store),
		TEST(what_is_above_the_runs_stays),
		TEST(records_just_moved_stay),
		TEST(a_full_index_is_held),
		TEST(damaged_segments_are_repaired_too),
		TEST(files_that_have_gone_are_repaired),
		TEST(a_store_for_reading_is_not_repaired),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
