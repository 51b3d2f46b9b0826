#include "engine/log_engine.h"

#include "engine/log_world.h"

static void
damage_is_named_and_isolated(void **state)
{
	struct ouro_error err;
	struct told told;

	(void)state;
	opened();
	put("a", "value of a");
	put("b", "older value of b");
	put("b", "newer value of b");
	put("c", "value of c");
	put("d", "value of d");
	closed();
	flip(SEGMENT(1), file_find(SEGMENT(1), "newer value of b"));
	for (unsigned i = 0; i < 2; i++) {
		opened();
		expect("a", "value of a");
		expect("c", "value of c");
		assert_int_equal(get_status("b", &err), OURO_DAMAGED);
		assert_non_null(strstr(err.text, SEGMENT(1)));
		assert_int_equal(stats().damaged_records, 1);
		assert_int_equal(stats().torn_bytes, 0);
		told = verified(OURO_DAMAGED);
		assert_int_equal(told.count, 1);
		assert_string_equal(told.keys, "b ");
		assert_string_equal(told.files, SEGMENT(1) " ");
	}
	put("e", "goes on");
	opened();
	expect("e", "goes on");
	put("b", "written anew");
	expect("b", "written anew");
	opened();
	expect("b", "written anew");
}

static void
a_scan_goes_on_behind_damage(void **state)
{
	struct engine_range range = { 0 };
	struct engine_scan *scan;
	struct bytes key, value;

	(void)state;
	opened();
	put("a", "value of a");
	put("b", "value of b");
	put("c", "value of c");
	flip(SEGMENT(1), file_find(SEGMENT(1), "value of b"));
	assert_int_equal(engine_scan_open(world.engine, &range, &scan, NULL),
	    OURO_OK);
	assert_int_equal(engine_scan_next(scan, &key, &value, NULL), OURO_OK);
	assert_int_equal(engine_scan_next(scan, &key, &value, NULL),
	    OURO_DAMAGED);
	assert_true(bytes_equal(key, bytes_text("b")));
	assert_int_equal(engine_scan_next(scan, &key, &value, NULL), OURO_OK);
	assert_true(bytes_equal(value, bytes_text("value of c")));
	assert_int_equal(engine_scan_next(scan, &key, &value, NULL), OURO_END);
	engine_scan_close(scan);
	assert_int_equal(get_status("b", NULL), OURO_DAMAGED);
}

static void
damaged_batches_are_salvaged(void **state)
{
	struct engine_op ops[3] = {
		{ .key = bytes_text("a"), .value = bytes_text("value of a") },
		{ .key = bytes_text("b"), .value = bytes_text("value of b") },
		{ .key = bytes_text("c"), .value = bytes_text("value of c") },
	};
	struct told told;

	(void)state;
	opened();
	put("b", "before");
	assert_int_equal(engine_apply(world.engine, ops, 3, 0, NULL), OURO_OK);
	put("d", "after");
	closed();
	flip(SEGMENT(1), file_find(SEGMENT(1), "value of b"));
	opened();
	expect("a", "value of a");
	expect("c", "value of c");
	expect("d", "after");
	assert_int_equal(get_status("b", NULL), OURO_DAMAGED);
	told = verified(OURO_DAMAGED);
	assert_string_equal(told.keys, "b ");
}

static void
repair_forgets_what_is_lost_and_keeps_the_rest(void **state)
{
	struct engine_op ops[2] = {
		{ .key = bytes_text("x"), .value = bytes_text("value of x") },
		{ .key = bytes_text("y"), .value = bytes_text("value of y") },
	};
	struct told told = { 0 };

	(void)state;
	world.options.segment_size = 400;
	opened();
	put("a", "value of a");
	put("b", "older value of b");
	put("c", "filler .................................................");
	put("d", "filler .................................................");
	put("e", "filler .................................................");
	put("b", "newer value of b");
	assert_int_equal(engine_apply(world.engine, ops, 2, 0, NULL), OURO_OK);
	put("f", "filler .................................................");
	put("g", "filler .................................................");
	closed();
	flip(SEGMENT(2), file_find(SEGMENT(2), "newer value of b"));
	flip(SEGMENT(2), file_find(SEGMENT(2), "value of x"));
	opened();
	assert_int_equal(engine_repair(world.engine, tell, &told, NULL),
	    OURO_OK);
	assert_non_null(strstr(told.keys, "b "));
	assert_non_null(strstr(told.keys, "x "));
	for (unsigned i = 0; i < 3; i++) {
		told = verified(OURO_OK);
		expect("a", "value of a");
		expect("b", NULL); /* not its older value */
		expect("x", NULL);
		expect("y", "value of y");
		expect("f",
		    "filler ........................................."
		    "........");
		opened();
		assert_int_equal(stats().damaged_records, 0);
		assert_int_equal(stats().missing_segments, 0);
	}
}

static void
a_missing_segment_is_told(void **state)
{
	struct told told = { 0 };

	(void)state;
	world.options.segment_size = 150;
	opened();
	put("a", "filler .................................................");
	put("b", "filler .................................................");
	put("c", "filler .................................................");
	closed();
	assert_int_equal(fs_unlink(world.fs, SEGMENT(2), NULL), OURO_OK);
	opened();
	assert_int_equal(stats().missing_segments, 1);
	told = verified(OURO_DAMAGED);
	assert_int_equal(told.count, 1);
	assert_string_equal(told.files, SEGMENT(2) " ");
	expect("a", "filler .................................................");
	expect("b", NULL);
	put("b", "again");
	memset(&told, 0, sizeof told);
	assert_int_equal(engine_repair(world.engine, tell, &told, NULL),
	    OURO_OK);
	verified(OURO_OK);
	opened();
	verified(OURO_OK);
	expect("b", "again");
	expect("c", "filler .................................................");
}

static void
a_segment_without_its_header_is_told(void **state)
{
	struct told told = { 0 };

	(void)state;
	world.options.segment_size = 150;
	opened();
	put("a", "filler .................................................");
	put("b", "filler .................................................");
	put("c", "filler .................................................");
	closed();
	for (uint64_t offset = 0; offset < 40; offset += 13) {
		flip(SEGMENT(2), offset);
		opened();
		told = verified(OURO_DAMAGED);
		assert_int_equal(told.count, 1);
		expect("b", NULL);
		expect("c",
		    "filler ........................................."
		    "........");
		closed();
		flip(SEGMENT(2), offset);
	}
	flip(SEGMENT(2), 5);
	opened();
	assert_int_equal(engine_repair(world.engine, NULL, NULL, NULL),
	    OURO_OK);
	opened();
	verified(OURO_OK);
	assert_int_equal(stats().missing_segments, 0);
}

/* The end of the log is cut off at a record's end: nothing looks wrong in
 * any file, but what was durable is not there. */
static void
a_lost_end_is_told(void **state)
{
	struct buffer content;
	uint64_t keep;

	(void)state;
	world.options.segment_size = 400;
	opened();
	put("a", "1");
	put("b", "2");
	put("c", "3");
	put("a", "filler .................................................");
	put("b", "filler .................................................");
	put("c", "filler .................................................");
	assert_int_equal(stats().segments, 2);
	closed();
	content = file_read(SEGMENT(1));
	keep = HEADER_SIZE(0) + 2 * 33;
	file_write(SEGMENT(1), bytes_of(content.data, (size_t)keep));
	buffer_release(&content);
	opened();
	assert_true(stats().damaged_records >= 1);
	assert_int_equal(stats().torn_bytes, 0);
	verified(OURO_DAMAGED);
	assert_int_equal(engine_repair(world.engine, NULL, NULL, NULL),
	    OURO_OK);
	opened();
	verified(OURO_OK);
}

static void
a_torn_tail_is_cut_and_told(void **state)
{
	struct buffer content;

	(void)state;
	opened();
	put("a", "1");
	put("b", "value of b");
	killed();
	content = records_read(SEGMENT(1));
	file_write(SEGMENT(1), bytes_of(content.data, content.size - 3));
	opened();
	assert_int_equal(stats().torn_bytes, 39);
	assert_int_equal(stats().damaged_records, 0);
	expect("a", "1");
	expect("b", NULL);
	put("b", "again");
	assert_int_equal(stats().segments, 2); /* another salt */
	opened();
	assert_int_equal(stats().torn_bytes, 0);
	expect("b", "again");
	verified(OURO_OK);
	buffer_release(&content);
}

/* What the last session wrote, and closed over, is no tail. */
static void
a_closed_session_is_not_torn(void **state)
{
	(void)state;
	opened();
	put("a", "value of a");
	put("b", "value of b");
	closed();
	flip(SEGMENT(1), file_find(SEGMENT(1), "value of a"));
	opened();
	assert_int_equal(stats().torn_bytes, 0);
	assert_int_equal(stats().damaged_records, 1);
	assert_int_equal(get_status("a", NULL), OURO_DAMAGED);
	expect("b", "value of b");
	closed();
	opened(); /* nothing new: no further mark */
	closed();
	opened();
	assert_int_equal(stats().sequence, 2);
	assert_int_equal(stats().durable_through, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_closed_session_is_not_torn),
		TEST(damage_is_named_and_isolated),
		TEST(a_scan_goes_on_behind_damage),
		TEST(damaged_batches_are_salvaged),
		TEST(repair_forgets_what_is_lost_and_keeps_the_rest),
		TEST(a_missing_segment_is_told),
		TEST(a_segment_without_its_header_is_told),
		TEST(a_lost_end_is_told),
		TEST(a_torn_tail_is_cut_and_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
