#include <errno.h>

#include "vault/test_care.h"

/* ---- failures ---------------------------------------------------------------- */

static void
both_put(struct test_vault *test, enum row_table table,
    const uint8_t id[HASH_SIZE], const char *value)
{
	struct row_key key = row_id(table, id, HASH_SIZE);

	test_row(test->vault->records, ENGINE_PUT, row_bytes(&key),
	    bytes_text(value));
	test_row(test->vault->copies, ENGINE_PUT, row_bytes(&key),
	    bytes_text(value));
}

/* The removal is done, and the answer says so, when its account is not. */
static void
what_cannot_be_counted_is_removed_all_the_same(void **state)
{
	struct test_vault test;
	struct ouro_put_result lost, whole;
	struct ouro_remove_result result;

	(void)state;
	test_vault_open(&test, NULL);
	lost = test_put_text(&test, "name", "lost");
	whole = test_put_text(&test, "name", "whole");
	both_put(&test, ROW_CONTENT, lost.content, "no record");
	test_ok(test_remove(&test, "name", false, NULL, &result), &test.err);
	assert_true(result.uncounted);
	assert_int_equal(result.versions, 2);
	assert_int_equal(result.contents, 1);
	assert_int_equal(test_exists(&test, whole.version), OURO_NOT_FOUND);
	assert_int_equal(test_stats(&test).names, 0);
	test_put_text(&test, "name", "again");
	test_ok(test_remove(&test, "name", false, NULL, &result), &test.err);
	assert_false(result.uncounted);
	test_vault_close(&test);
}

static void
chunks_below_a_lost_page_are_not_counted(void **state)
{
	struct test_vault test;
	struct ouro_remove_result result;
	struct row_key page;

	(void)state;
	test_vault_open(&test, NULL);
	test_put_random(&test, "name", 1000000, 1);
	page = test_row_key(&test, ROW_PAGE, 0);
	both_put(&test, ROW_PAGE, page.data + 1, "no page");
	test_ok(test_remove(&test, "name", false, NULL, &result), &test.err);
	assert_true(result.uncounted);
	assert_int_equal(result.versions, 1);
	assert_int_equal(result.contents, 1);
	assert_int_equal(result.chunks_free, 0);
	test_vault_close(&test);
}

/* One content under three owners' names, each removed by a commit of its own:
 * whichever write fails, as many are gone as the answer says. */
static void
a_failed_removal_tells_what_went(void **state)
{
	static const char *const owners[] = { "ann", "bob", "cyd" };
	bool partly = false, failed = true;

	(void)state;
	for (uint64_t nth = 1; failed; nth++) {
		struct ouro_put_options options = { .owner = NULL };
		struct ouro_remove_result result;
		struct test_vault test;
		struct ouro_put_result put;
		struct ouro_stats stats;

		test_vault_open(&test, NULL);
		for (int i = 0; i < 3; i++) {
			options.owner = owners[i];
			put = test_put(&test, &options, bytes_text("content"));
		}
		fs_memory_fault(test.fs,
		    (struct fs_fault){ .call = FS_CALL_WRITE,
			.nth = nth,
			.errnum = ENOSPC,
			.for_ever = true });
		failed = test_remove_id(&test, put.content, false, NULL,
			     &result) != OURO_OK;
		fs_memory_fault(test.fs, (struct fs_fault){ .nth = 0 });
		stats = test_stats(&test);
		assert_int_equal(result.versions, 3 - stats.names);
		assert_int_equal(result.contents, stats.names == 0);
		assert_true(failed || result.versions == 3);
		partly |= failed && result.versions > 0;
		test_vault_close(&test);
	}
	assert_true(partly);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    what_cannot_be_counted_is_removed_all_the_same),
		cmocka_unit_test(chunks_below_a_lost_page_are_not_counted),
		cmocka_unit_test(a_failed_removal_tells_what_went),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
