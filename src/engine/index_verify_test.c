/*
 * Damage of the stored index is told by verify.
 */
#include "engine/test_index.h"

static void
each_page_is_told(bool sealed)
{
	store_make(sealed);
	assert_int_equal(verified(OURO_OK).count, 0);
	assert_true(runs_find() > 0);
	for (uint64_t at = 100; at < file_size(found); at += RUN_PAGE) {
		struct told told;

		flip(found, at);
		told = verified(OURO_DAMAGED);
		assert_int_equal(told.count, 1);
		assert_non_null(strstr(told.files, found));
		flip(found, at);
	}
	assert_int_equal(verified(OURO_OK).count, 0);
}

static void
each_page_of_a_run_is_checked(void **state)
{
	(void)state;
	each_page_is_told(false);
}

static void
each_page_of_a_sealed_run_is_checked(void **state)
{
	(void)state;
	each_page_is_told(true);
}

static void
each_byte_of_the_manifest_is_checked(void **state)
{
	(void)state;
	store_make(false);
	for (uint64_t at = 0; at < file_size("/store/INDEX"); at += 7) {
		struct told told;

		flip("/store/INDEX", at);
		told = verified(OURO_DAMAGED);
		assert_int_equal(told.count, 1);
		assert_non_null(strstr(told.files, "/store/INDEX"));
		flip("/store/INDEX", at);
	}
}

static void
files_that_have_gone_are_told(void **state)
{
	struct buffer kept;

	(void)state;
	store_make(false);
	kept = file_read("/store/INDEX");
	assert_int_equal(fs_unlink(world.fs, "/store/INDEX", NULL), OURO_OK);
	assert_non_null(strstr(verified(OURO_DAMAGED).files, "/store/INDEX"));
	file_write("/store/INDEX", buffer_bytes(&kept));
	buffer_release(&kept);
	assert_int_equal(verified(OURO_OK).count, 0);
	assert_true(runs_find() > 0);
	assert_int_equal(fs_unlink(world.fs, found, NULL), OURO_OK);
	assert_non_null(strstr(verified(OURO_DAMAGED).files, found));
	all_expect(3); /* the open file is as good as ever */
}

static void
an_older_manifest_is_told(void **state)
{
	struct buffer kept;

	(void)state;
	store_make(true);
	kept = file_read("/store/INDEX");
	stored();
	file_write("/store/INDEX", buffer_bytes(&kept));
	buffer_release(&kept);
	assert_int_equal(verified(OURO_DAMAGED).count, 1);
}

/* An entry of the index that every checksum agrees with, and that is wrong. */
static void
the_index_is_compared_with_the_records(void **state)
{
	struct log_engine *log;
	struct told told;
	struct place place;

	(void)state;
	store_make(false);
	log = log_engine_of(world.engine);
	assert_int_equal(view_find(view_current(log), SIZE_MAX,
			     key_hash(log->index.store.seed,
				 bytes_text("key00003")),
			     bytes_text("key00003"), &place, NULL),
	    OURO_OK);
	place.offset++;
	assert_int_equal(delta_reserve(log->index.active, 2, 64, NULL),
	    OURO_OK);
	index_add(log, bytes_text("key00003"), &place);
	index_publish(log);
	told = verified(OURO_DAMAGED);
	assert_int_equal(told.count, 1);
	assert_string_equal(told.keys, "key00003 ");
	place.offset--;
	place.sequence--; /* older than the record that is there */
	index_add(log, bytes_text("key00003"), &place);
	index_publish(log);
	told = verified(OURO_DAMAGED);
	assert_string_equal(told.keys, "key00003 ");
	assert_non_null(strstr(told.files, "segment-"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_page_of_a_run_is_checked),
		TEST(each_page_of_a_sealed_run_is_checked),
		TEST(each_byte_of_the_manifest_is_checked),
		TEST(files_that_have_gone_are_told),
		TEST(an_older_manifest_is_told),
		TEST(the_index_is_compared_with_the_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
