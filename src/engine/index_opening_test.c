/*
 * An opening does without an index that is damaged.
 */
#include "engine/test_index.h"

/* The store was damaged while it was closed; the log is read anew. */
static void
opened_anew(void)
{
	opened();
	assert_true(stats().replayed > 0);
	all_expect(3);
	assert_int_equal(verified(OURO_OK).count, 0);
}

static void
closed_whole(bool sealed)
{
	store_make(sealed);
	stored();
	closed();
	assert_true(runs_find() > 0);
}

static void
opening_does_without_a_run(void **state)
{
	(void)state;
	closed_whole(false);
	assert_int_equal(fs_unlink(world.fs, found, NULL), OURO_OK);
	opened_anew();
}

static void
opening_does_without_the_end_of_a_run(void **state)
{
	struct fs_file *file;

	(void)state;
	closed_whole(true);
	assert_int_equal(fs_open(world.fs, found, FS_READ | FS_WRITE, &file,
			     NULL),
	    OURO_OK);
	assert_int_equal(fs_truncate(file, RUN_PAGE + 1, NULL), OURO_OK);
	fs_close(file);
	opened_anew();
}

/* The replay of what lies behind it needs the page. */
static void
opening_does_without_a_page(void **state)
{
	(void)state;
	store_make(false);
	put("zero", "behind the last run");
	closed();
	assert_true(runs_find() > 0);
	for (uint64_t at = RUN_PAGE; at < file_size(found); at += RUN_PAGE)
		flip(found, at + 9);
	opened_anew();
	expect("zero", "behind the last run");
}

/* A repair after an opening that did without it puts it right for good. */
static void
opening_does_without_the_manifest(void **state)
{
	(void)state;
	closed_whole(false);
	flip("/store/INDEX", 40);
	opened();
	all_expect(3);
	assert_non_null(strstr(verified(OURO_DAMAGED).files, "INDEX"));
	repaired();
	opened();
	assert_int_equal(stats().replayed, 0);
	all_expect(3);
}

static void
runs_of_another_store_are_not_believed(void **state)
{
	struct buffer other;
	char path[FS_PATH_MAX];

	(void)state;
	closed_whole(true);
	other = file_read(found);
	memcpy(path, found, sizeof path);
	assert_int_equal(fs_mkdir(world.fs, "/other", NULL), OURO_OK);
	assert_int_equal(engine_log_open("/other", &world.options,
			     &world.engine, NULL),
	    OURO_OK);
	round_write(1);
	stored();
	round_write(2);
	stored();
	round_write(3);
	stored();
	closed();
	for (unsigned id = 1; id < 9; id++) {
		char from[64];
		struct fs_info info;

		snprintf(from, sizeof from, "/other/index-%08u.run", id);
		if (fs_stat(world.fs, from, &info, NULL) != OURO_OK)
			continue;
		buffer_release(&other);
		other = file_read(from);
	}
	file_write(path, buffer_bytes(&other));
	buffer_release(&other);
	opened_anew();
}

static void
an_older_manifest_is_not_believed(void **state)
{
	struct buffer kept;

	(void)state;
	store_make(false);
	kept = file_read("/store/INDEX");
	assert_int_equal(engine_compact(world.engine, 0, NULL, NULL), OURO_OK);
	stored();
	closed();
	file_write("/store/INDEX", buffer_bytes(&kept));
	buffer_release(&kept);
	opened_anew();
}

/* Segments as they were, under a manifest that knows more of them. */
static void
a_manifest_of_later_segments_is_not_believed(void **state)
{
	char path[FS_PATH_MAX];
	struct buffer kept;
	uint64_t active;

	(void)state;
	store_make(false);
	active = stats().segment_active;
	assert_int_equal(segment_path(path, "/store", active, "", NULL),
	    OURO_OK);
	kept = records_read(path);
	put("later", "one");
	put("later", "two");
	stored();
	closed();
	file_write(path, buffer_bytes(&kept));
	buffer_release(&kept);
	opened();
	assert_true(stats().replayed > 0);
	expect("later", NULL);
	all_expect(3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(opening_does_without_a_run),
		TEST(opening_does_without_the_end_of_a_run),
		TEST(opening_does_without_a_page),
		TEST(opening_does_without_the_manifest),
		TEST(runs_of_another_store_are_not_believed),
		TEST(an_older_manifest_is_not_believed),
		TEST(a_manifest_of_later_segments_is_not_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
