#include "engine/run_fixture.h"

/* Every key and every absent one between. */
static void
find_all(struct run *run, uint64_t count, bool long_keys)
{
	uint8_t key[ENGINE_KEY_MAX];
	struct ouro_error err = { 0 };

	for (uint64_t n = 0; n <= 2 * count; n++) {
		struct bytes bytes = fixture_bytes(n, long_keys, key);
		struct place place;
		enum ouro_status status = fixture_find(run, bytes, &place,
		    &err);

		assert_int_equal(status, n % 2 != 0 ? OURO_OK : OURO_NOT_FOUND);
		if (status == OURO_OK)
			fixture_same(&place, n);
	}
}

/* The cursor stands at key n, or at none. */
static void
stands_at(const struct run_cursor *cursor, uint64_t n, uint64_t count,
    bool long_keys)
{
	uint8_t key[ENGINE_KEY_MAX];
	bool valid = n >= 1 && n < 2 * count;

	assert_int_equal(cursor->valid, valid);
	if (!valid)
		return;
	assert_true(bytes_equal(cursor->key, fixture_bytes(n, long_keys, key)));
	fixture_same(&cursor->place, n);
}

static void
seek_all(struct run *run, uint64_t count, bool long_keys)
{
	uint8_t key[ENGINE_KEY_MAX];
	struct run_cursor cursor;

	run_cursor_init(&cursor, run);
	for (uint64_t n = 0; n <= 2 * count; n++)
		for (int way = 0; way < 4; way++) {
			bool after = (way & 1) != 0, reverse = (way & 2) != 0;
			uint64_t at = reverse ? n - 1 - n % 2
			    : n % 2 == 0      ? n + 1
			    : after	      ? n + 2
					      : n;

			assert_int_equal(run_cursor_seek(&cursor,
					     fixture_bytes(n, long_keys, key),
					     after, reverse, NULL),
			    OURO_OK);
			if (reverse && n % 2 != 0)
				at = n - 2;
			stands_at(&cursor, at, count, long_keys);
			assert_int_equal(run_cursor_next(&cursor, NULL),
			    OURO_OK);
			if (cursor.valid)
				stands_at(&cursor, reverse ? at - 2 : at + 2,
				    count, long_keys);
		}
	run_cursor_release(&cursor);
}

static void
walk_all(struct run *run, uint64_t count, bool long_keys, bool reverse)
{
	struct run_cursor cursor;

	run_cursor_init(&cursor, run);
	assert_int_equal(run_cursor_seek(&cursor, bytes_of(NULL, 0), false,
			     reverse, NULL),
	    OURO_OK);
	for (uint64_t i = 0; i < count; i++) {
		stands_at(&cursor, reverse ? 2 * (count - i) - 1 : 2 * i + 1,
		    count, long_keys);
		assert_int_equal(run_cursor_next(&cursor, NULL), OURO_OK);
	}
	assert_false(cursor.valid);
	run_cursor_release(&cursor);
}

static void
never_bad(void *context, const char *path, uint64_t offset, uint64_t size)
{
	(void)context;
	fail_msg("%s is bad at %llu, %llu bytes", path,
	    (unsigned long long)offset, (unsigned long long)size);
}

static void
all_is_there(struct run *run, uint64_t count, bool long_keys)
{
	assert_int_equal(run_entries(run), count);
	find_all(run, count, long_keys);
	seek_all(run, count, long_keys);
	walk_all(run, count, long_keys, false);
	walk_all(run, count, long_keys, true);
	assert_int_equal(run_verify(run, never_bad, NULL, NULL), OURO_OK);
}

static void
built_and_read(uint64_t count, bool long_keys, bool sealed)
{
	struct fs *fs = fixture_fs();
	struct run_store store = fixture_store(fs, sealed);
	struct run *run = fixture_run(&store, 5, count, long_keys);
	struct fs_info info;

	all_is_there(run, count, long_keys);
	assert_int_equal(fs_stat(fs, FIXTURE_DIR "/index-00000005.run", &info,
			     NULL),
	    OURO_OK);
	assert_int_equal(info.size, run_size(run));
	run_unref(run);
	assert_int_equal(run_open(&store, 5, &run, NULL), OURO_OK);
	assert_int_equal(run_id(run), 5);
	all_is_there(run_ref(run), count, long_keys);
	run_unref(run);
	run_unref(run);
	fs_memory_free(fs);
}

static void
test_any_number_of_entries_is_found_and_walked(void **state)
{
	static const uint64_t counts[] = { 0, 1, 2, 3, 150, 1000, 20000 };

	(void)state;
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		built_and_read(counts[i], false, false);
		built_and_read(counts[i], false, true);
	}
}

static void
test_keys_of_all_sizes(void **state)
{
	(void)state;
	for (uint64_t count = 1; count < 2000; count = 2 * count + 1) {
		built_and_read(count, true, false);
		built_and_read(count, true, true);
	}
}

/* Separators as long as can be: every page of the tree has two children. */
static void
test_keys_that_differ_in_the_last_byte(void **state)
{
	struct fs *fs = fixture_fs();
	struct run_store store = fixture_store(fs, false);
	static uint8_t key[ENGINE_KEY_MAX];
	struct run_build *build;
	struct run_cursor cursor;
	struct place place = { .segment = 1 };
	struct run *run;

	(void)state;
	assert_int_equal(run_build_begin(&store, 1, 256, &build, NULL),
	    OURO_OK);
	for (unsigned i = 0; i < 256; i++) {
		key[ENGINE_KEY_MAX - 1] = (uint8_t)i;
		place.sequence = i;
		assert_int_equal(run_build_add(build, bytes_of(key, sizeof key),
				     &place, NULL),
		    OURO_OK);
	}
	assert_int_equal(run_build_finish(build, &run, NULL), OURO_OK);
	run_cursor_init(&cursor, run);
	for (unsigned i = 0; i < 256; i++) {
		key[ENGINE_KEY_MAX - 1] = (uint8_t)i;
		assert_int_equal(fixture_find(run, bytes_of(key, sizeof key),
				     &place, NULL),
		    OURO_OK);
		assert_int_equal(place.sequence, i);
		assert_int_equal(run_cursor_seek(&cursor,
				     bytes_of(key, sizeof key), false, false,
				     NULL),
		    OURO_OK);
		assert_true(cursor.valid);
		assert_int_equal(cursor.place.sequence, i);
	}
	run_cursor_release(&cursor);
	run_unref(run);
	fs_memory_free(fs);
}

/* Keys whose hashes all belong to the first of three pages. */
static void
test_a_table_that_overflows_is_widened(void **state)
{
	struct fs *fs = fixture_fs();
	struct run_store store = fixture_store(fs, true);
	struct run_build *build;
	struct place place = { .segment = 1 };
	struct run *run;
	uint8_t key[8];
	uint64_t n = 0;

	(void)state;
	assert_int_equal(run_build_begin(&store, 1, 2000, &build, NULL),
	    OURO_OK);
	for (unsigned count = 0; count < 2000; n++) {
		put_u64be(key, n);
		if (key_hash(store.seed, bytes_of(key, 8)) >> 62 != 0)
			continue;
		place.sequence = n;
		assert_int_equal(run_build_add(build, bytes_of(key, 8), &place,
				     NULL),
		    OURO_OK);
		count++;
	}
	assert_int_equal(run_build_finish(build, &run, NULL), OURO_OK);
	for (uint64_t i = 0; i < n; i++) {
		bool there;

		put_u64be(key, i);
		there = key_hash(store.seed, bytes_of(key, 8)) >> 62 == 0;
		assert_int_equal(fixture_find(run, bytes_of(key, 8), &place,
				     NULL),
		    there ? OURO_OK : OURO_NOT_FOUND);
		assert_true(!there || place.sequence == i);
	}
	run_unref(run);
	fs_memory_free(fs);
}

static void
test_the_filter_spares_nearly_all(void **state)
{
	struct fs *fs = fixture_fs();
	struct run_store store = fixture_store(fs, false);
	struct run *run = fixture_run(&store, 1, 100000, false);
	uint64_t asked, spared;
	struct place place;
	uint8_t key[ENGINE_KEY_MAX];

	(void)state;
	for (uint64_t n = 0; n < 200000; n += 2)
		assert_int_equal(fixture_find(run, fixture_bytes(n, false, key),
				     &place, NULL),
		    OURO_NOT_FOUND);
	run_filter_counts(run, &asked, &spared);
	assert_int_equal(asked, 100000);
	print_message("false positives: %llu of 100000\n",
	    (unsigned long long)(asked - spared));
	assert_true(asked - spared < 1000);
	run_unref(run);
	fs_memory_free(fs);
}

static void
test_entries_out_of_order_are_refused(void **state)
{
	struct fs *fs = fixture_fs();
	struct run_store store = fixture_store(fs, false);
	static const char *const wrong[] = { "a", "b", "" };
	struct place place = { .segment = 1 };
	struct fs_info info;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct run_build *build;
		struct run *run;

		assert_int_equal(run_build_begin(&store, 1, 9, &build, NULL),
		    OURO_OK);
		assert_int_equal(run_build_add(build, bytes_text("b"), &place,
				     NULL),
		    OURO_OK);
		assert_int_equal(run_build_add(build, bytes_text(wrong[i]),
				     &place, NULL),
		    OURO_INVALID);
		assert_int_equal(run_build_finish(build, &run, NULL),
		    OURO_INVALID);
	}
	assert_int_equal(fs_stat(fs, FIXTURE_DIR "/index-00000001.run.tmp",
			     &info, NULL),
	    OURO_NOT_FOUND);
	fs_memory_free(fs);
}

static void
test_names(void **state)
{
	char path[FS_PATH_MAX];
	bool temporary;
	uint64_t id;

	(void)state;
	assert_int_equal(run_path(path, "d", 12, ".tmp", NULL), OURO_OK);
	assert_string_equal(path, "d/index-00000012.run.tmp");
	assert_true(run_id_of("index-00000012.run.tmp", &id, &temporary));
	assert_true(id == 12 && temporary);
	assert_true(run_id_of("index-123456789.run", &id, &temporary));
	assert_true(id == 123456789 && !temporary);
	assert_false(run_id_of("index-0000012.run", &id, &temporary));
	assert_false(run_id_of("index-000000012.run", &id, &temporary));
	assert_false(run_id_of("index-00000012.ruin", &id, &temporary));
	assert_false(run_id_of("segment-00000012.dat", &id, &temporary));
	assert_false(
	    run_id_of("index-99999999999999999999.run", &id, &temporary));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_any_number_of_entries_is_found_and_walked),
		cmocka_unit_test(test_keys_of_all_sizes),
		cmocka_unit_test(test_keys_that_differ_in_the_last_byte),
		cmocka_unit_test(test_a_table_that_overflows_is_widened),
		cmocka_unit_test(test_the_filter_spares_nearly_all),
		cmocka_unit_test(test_entries_out_of_order_are_refused),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
