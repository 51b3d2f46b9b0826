#include "base/encoding.h"
#include "vault/test_vault.h"

#define BIG 1000000

static void
a_name_goes_with_all_its_versions(void **state)
{
	struct test_vault test;
	struct ouro_put_result puts[5];
	struct ouro_remove_result result;
	struct ouro_stats stats;

	(void)state;
	test_vault_open(&test, NULL);
	for (size_t i = 0; i < 5; i++)
		puts[i] = test_put_random(&test, "name", 100 + i, i);
	test_ok(test_remove(&test, "name", false, NULL, &result), &test.err);
	assert_int_equal(result.versions, 5);
	assert_int_equal(result.contents, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(test_exists(&test, puts[i].version),
		    OURO_NOT_FOUND);
		assert_int_equal(test_exists(&test, puts[i].content),
		    OURO_NOT_FOUND);
	}
	stats = test_stats(&test);
	assert_int_equal(stats.versions, 0);
	assert_int_equal(stats.names, 0);
	puts[0] = test_put_text(&test, "name", "again");
	test_reads(&test, puts[0].version, bytes_text("again"));
	test_vault_close(&test);
}

static void
put_remove_put_get_works(void **state)
{
	struct test_vault test;
	struct ouro_put_result first, second;

	(void)state;
	test_vault_open(&test, NULL);
	first = test_put_random(&test, NULL, BIG, 1);
	test_ok(test_remove_id(&test, first.content, false, NULL, NULL),
	    &test.err);
	assert_int_equal(test_exists(&test, first.content), OURO_NOT_FOUND);
	second = test_put_random(&test, NULL, BIG, 1);
	assert_memory_equal(first.content, second.content, OURO_ID_SIZE);
	test_reads_random(&test, second.content, BIG, 1);
	test_gc(&test);
	test_reads_random(&test, second.content, BIG, 1);
	test_vault_close(&test);
}

static void
K20_unknown_and_twice_are_not_found(void **state)
{
	struct ouro_target target = { .kind = OURO_CONTENT, .id = { 1 } };
	struct test_vault test;
	struct ouro_put_result put;

	(void)state;
	test_vault_open(&test, NULL);
	assert_int_equal(ouro_remove(test.vault, &target, NULL, NULL, NULL,
			     NULL, &test.err),
	    OURO_NOT_FOUND);
	target.kind = OURO_VERSION;
	assert_int_equal(ouro_remove(test.vault, &target, NULL, NULL, NULL,
			     NULL, &test.err),
	    OURO_NOT_FOUND);
	put = test_put_text(&test, NULL, "once");
	target.kind = OURO_CONTENT;
	memcpy(target.id, put.content, OURO_ID_SIZE);
	test_ok(ouro_remove(test.vault, &target, NULL, NULL, NULL, NULL,
		    &test.err),
	    &test.err);
	assert_int_equal(ouro_remove(test.vault, &target, NULL, NULL, NULL,
			     NULL, &test.err),
	    OURO_NOT_FOUND);
	test_put_text(&test, "name", "once");
	test_ok(test_remove(&test, "name", false, NULL, NULL), &test.err);
	assert_int_equal(test_remove(&test, "name", false, NULL, NULL),
	    OURO_NOT_FOUND);
	test_vault_close(&test);
}

static void
K20_a_stray_child_can_be_deleted(void **state)
{
	uint8_t unborn[OURO_ID_SIZE] = { 9, 9, 9 };
	struct ouro_put_options options = { .parent = unborn };
	struct ouro_remove_result result;
	struct test_vault test;
	struct ouro_put_result put;

	(void)state;
	test_vault_open(&test, NULL);
	put = test_put(&test, &options, bytes_text("stray"));
	test_reads(&test, put.content, bytes_text("stray"));
	test_ok(test_remove_id(&test, put.content, false, NULL, &result),
	    &test.err);
	assert_int_equal(result.contents, 1);
	assert_int_equal(test_gc(&test).contents, 1);
	assert_int_equal(test_exists(&test, put.content), OURO_NOT_FOUND);
	test_vault_close(&test);
}

/* ---- versions ------------------------------------------------------------- */

static void
the_newest_version_can_be_taken_back(void **state)
{
	struct test_vault test;
	struct ouro_put_result first, second;
	struct ouro_remove_result result;
	struct ouro_target target;

	(void)state;
	test_vault_open(&test, NULL);
	first = test_put_text(&test, "name", "first");
	second = test_put_text(&test, "name", "second");
	test_ok(test_remove_id(&test, second.version, false, NULL, &result),
	    &test.err);
	assert_int_equal(result.versions, 1);
	assert_int_equal(result.contents, 1);
	test_ok(ouro_resolve(test.vault, "name", &target, &test.err),
	    &test.err);
	assert_memory_equal(target.id, first.version, OURO_ID_SIZE);
	test_ok(test_remove_id(&test, first.version, false, NULL, NULL),
	    &test.err);
	assert_int_equal(ouro_resolve(test.vault, "name", &target, &test.err),
	    OURO_NOT_FOUND);
	test_vault_close(&test);
}

static void
K17_a_version_with_later_ones_is_refused(void **state)
{
	struct test_vault test;
	struct test_kept kept;
	struct ouro_put_result puts[3];

	(void)state;
	test_vault_open(&test, NULL);
	puts[0] = test_put_text(&test, "name", "one");
	puts[1] = test_put_text(&test, "name", "two");
	puts[2] = test_put_text(&test, "name", "three");
	assert_int_equal(test_remove_id(&test, puts[0].version, false, &kept,
			     NULL),
	    OURO_REFUSED);
	assert_int_equal(kept.count, 2);
	assert_int_equal(kept.list[0].reason, OURO_HAS_LATER);
	assert_int_equal(kept.list[0].count, 2);
	assert_memory_equal(kept.list[0].id, puts[1].version, OURO_ID_SIZE);
	assert_memory_equal(kept.list[1].id, puts[2].version, OURO_ID_SIZE);
	assert_int_equal(test_exists(&test, puts[0].version), OURO_OK);
	test_ok(test_remove_id(&test, puts[0].version, true, &kept, NULL),
	    &test.err);
	assert_int_equal(test_exists(&test, puts[0].version), OURO_NOT_FOUND);
	test_reads(&test, puts[1].version, bytes_text("two"));
	test_reads(&test, puts[2].version, bytes_text("three"));
	test_vault_close(&test);
}

/* ---- contents ---------------------------------------------------------------- */

static void
content_of_a_name_is_refused(void **state)
{
	struct test_vault test;
	struct test_kept kept;
	struct ouro_put_result named, plain;

	(void)state;
	test_vault_open(&test, NULL);
	named = test_put_text(&test, "name", "both");
	assert_int_equal(test_remove_id(&test, named.content, true, &kept,
			     NULL),
	    OURO_REFUSED);
	assert_int_equal(kept.count, 1);
	assert_int_equal(kept.list[0].reason, OURO_OTHER_VERSION);
	assert_memory_equal(kept.list[0].id, named.version, OURO_ID_SIZE);
	plain = test_put_text(&test, NULL, "both");
	test_ok(test_remove_id(&test, named.content, false, &kept, NULL),
	    &test.err);
	assert_non_null(test_kept_find(&kept, OURO_OTHER_VERSION));
	assert_int_equal(test_exists(&test, plain.version), OURO_NOT_FOUND);
	test_reads(&test, named.content, bytes_text("both"));
	test_gc(&test);
	test_reads(&test, named.version, bytes_text("both"));
	test_vault_close(&test);
}

static void
K17_a_parent_is_refused_until_forced(void **state)
{
	struct ouro_put_options options = { .size = 0 };
	struct test_vault test;
	struct test_kept kept;
	struct ouro_put_result parent, child;
	struct ouro_remove_result result;
	struct ouro_info info;

	(void)state;
	test_vault_open(&test, NULL);
	parent = test_put_random(&test, NULL, BIG, 1);
	options.parent = parent.content;
	child = test_put(&test, &options, bytes_text("child"));
	assert_int_equal(test_remove_id(&test, parent.content, false, &kept,
			     NULL),
	    OURO_REFUSED);
	assert_int_equal(kept.count, 1);
	assert_int_equal(kept.list[0].reason, OURO_HAS_CHILDREN);
	assert_int_equal(kept.list[0].count, 1);
	assert_memory_equal(kept.list[0].id, child.content, OURO_ID_SIZE);
	test_reads_random(&test, parent.content, BIG, 1);
	test_ok(test_remove_id(&test, parent.content, true, &kept, &result),
	    &test.err);
	assert_int_equal(result.contents, 1);
	assert_int_equal(result.chunks_free, parent.chunks);
	assert_int_equal(test_exists(&test, parent.content), OURO_NOT_FOUND);
	test_gc(&test);
	test_reads(&test, child.content, bytes_text("child"));
	info = test_info(&test, child.content);
	assert_true(info.has_parent);
	ouro_info_release(&info);
	test_vault_close(&test);
}

/* Its name stays for the grace, and the content with it: that is told. */
static void
what_cannot_go_yet_is_refused(void **state)
{
	struct ouro_put_options options = { .size = 0 };
	struct test_vault test;
	struct ouro_put_result parent;

	(void)state;
	test_vault_open(&test, NULL);
	parent = test_put(&test, NULL, bytes_text("parent"));
	options.parent = parent.content;
	test_put(&test, &options, bytes_text("child"));
	test_ok(ouro_setting_set(test.vault, "removal_grace_hours", 1,
		    &test.err),
	    &test.err);
	assert_int_equal(test_remove_id(&test, parent.content, true, NULL,
			     NULL),
	    OURO_REFUSED);
	assert_non_null(strstr(test.err.text, "stays for now"));
	test_reads(&test, parent.content, bytes_text("parent"));
	test_vault_close(&test);
}

static void
K18_a_child_keeps_its_parent(void **state)
{
	struct ouro_put_options options = { .size = 0 };
	struct test_vault test;
	struct test_kept kept;
	struct ouro_put_result parent, child;
	struct ouro_remove_result result;
	const struct ouro_kept *found;

	(void)state;
	test_vault_open(&test, NULL);
	parent = test_put_random(&test, "parent", BIG, 1);
	options.parent = parent.content;
	child = test_put(&test, &options, bytes_text("child"));
	test_ok(test_remove(&test, "parent", false, &kept, &result), &test.err);
	assert_int_equal(result.contents, 0);
	found = test_kept_find(&kept, OURO_LIVE_DESCENDANT);
	assert_non_null(found);
	assert_memory_equal(found->id, child.content, OURO_ID_SIZE);
	assert_int_equal(test_gc(&test).contents, 0);
	test_reads_random(&test, parent.content, BIG, 1);
	test_ok(test_remove_id(&test, child.content, false, &kept, &result),
	    &test.err);
	assert_int_equal(result.contents, 2);
	assert_int_equal(test_exists(&test, parent.content), OURO_NOT_FOUND);
	assert_int_equal(test_gc(&test).contents, 2);
	test_vault_close(&test);
}

static void
many_children_are_counted_in_all(void **state)
{
	struct ouro_put_options options = { .size = 0 };
	struct test_vault test;
	struct test_kept kept;
	struct ouro_put_result parent;

	(void)state;
	test_vault_open(&test, NULL);
	parent = test_put_text(&test, NULL, "parent");
	options.parent = parent.content;
	for (uint8_t i = 0; i < 20; i++)
		test_put(&test, &options, bytes_of(&i, 1));
	assert_int_equal(test_remove_id(&test, parent.content, false, &kept,
			     NULL),
	    OURO_REFUSED);
	assert_int_equal(kept.count, 16);
	assert_int_equal(kept.list[0].count, 20);
	test_vault_close(&test);
}

/* ---- K18 ----------------------------------------------------------------------- */

/* Two contents with a common beginning. */
static void
K18_shared_chunks_are_reported(void **state)
{
	uint8_t *data = test_bytes(2 * BIG, 1);
	struct test_vault test;
	struct test_kept kept;
	struct ouro_put_result first, second;
	struct ouro_remove_result result;
	const struct ouro_kept *found;

	(void)state;
	test_vault_open(&test, NULL);
	first = test_put_named(&test, "first", data, 2 * BIG);
	memset(data + BIG, 'x', BIG);
	second = test_put_named(&test, "second", data, 2 * BIG);
	assert_true(second.chunks_new < second.chunks);
	test_ok(test_remove(&test, "first", false, &kept, &result), &test.err);
	found = test_kept_find(&kept, OURO_SHARED_CHUNKS);
	assert_non_null(found);
	assert_int_equal(found->count, result.chunks_kept);
	assert_true(result.chunks_kept > 0);
	assert_int_equal(result.slices_kept, 5 * result.chunks_kept);
	assert_int_equal(result.chunks_free + result.chunks_kept, first.chunks);
	assert_int_equal(test_gc(&test).chunks, result.chunks_free);
	test_reads(&test, second.content, bytes_of(data, 2 * BIG));
	test_ok(test_remove(&test, "second", false, &kept, &result), &test.err);
	assert_null(test_kept_find(&kept, OURO_SHARED_CHUNKS));
	assert_int_equal(result.chunks_kept, 0);
	free(data);
	test_vault_close(&test);
}

/* The same bytes with another type are another content over one page. */
static void
K18_shared_pages_are_reported(void **state)
{
	struct ouro_put_options options = { .type = "other" };
	uint8_t *data = test_bytes(2 * BIG, 1);
	struct test_vault test;
	struct test_kept kept;
	struct ouro_put_result first, second;
	struct ouro_remove_result result;

	(void)state;
	test_vault_open(&test, NULL);
	first = test_put_named(&test, NULL, data, 2 * BIG);
	second = test_put(&test, &options, bytes_of(data, 2 * BIG));
	assert_memory_not_equal(first.content, second.content, OURO_ID_SIZE);
	assert_int_equal(second.chunks_new, 0);
	test_ok(test_remove_id(&test, first.content, false, &kept, &result),
	    &test.err);
	assert_int_equal(result.contents, 1);
	assert_int_equal(result.chunks_kept, first.chunks);
	assert_int_equal(result.chunks_free, 0);
	assert_int_equal(kept.count, 1);
	assert_int_equal(kept.list[0].reason, OURO_SHARED_CHUNKS);
	test_ok(test_remove_id(&test, second.content, false, &kept, &result),
	    &test.err);
	assert_int_equal(result.chunks_kept, 0);
	assert_int_equal(result.chunks_free, first.chunks);
	free(data);
	test_vault_close(&test);
}

static void
owners_are_independent(void **state)
{
	struct ouro_put_options options = { .owner = "ann" };
	struct test_vault test;
	struct ouro_put_result put;
	char path[64] = "local/";

	(void)state;
	test_vault_open(&test, NULL);
	put = test_put_text(&test, NULL, "same");
	test_put(&test, &options, bytes_text("same"));
	base64url_encode(bytes_of(put.content, OURO_ID_SIZE), path + 6);
	test_ok(test_remove(&test, path, false, NULL, NULL), &test.err);
	test_reads(&test, put.content, bytes_text("same"));
	test_ok(test_remove_id(&test, put.content, false, NULL, NULL),
	    &test.err);
	assert_int_equal(test_exists(&test, put.content), OURO_NOT_FOUND);
	test_vault_close(&test);
}

static void
nothing_is_removed_read_only(void **state)
{
	struct ouro_vault_options options = { .size = sizeof(options),
		.read_only = true };
	struct ouro_gc_result result;
	struct test_vault test;

	(void)state;
	test_vault_open(&test, NULL);
	test_put_text(&test, "name", "kept");
	test_vault_reopen(&test, &options);
	assert_int_equal(test_remove(&test, "name", false, NULL, NULL),
	    OURO_READ_ONLY);
	assert_int_equal(ouro_gc(test.vault, NULL, NULL, &result, &test.err),
	    OURO_READ_ONLY);
	test_vault_close(&test);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_goes_with_all_its_versions),
		cmocka_unit_test(put_remove_put_get_works),
		cmocka_unit_test(K20_unknown_and_twice_are_not_found),
		cmocka_unit_test(K20_a_stray_child_can_be_deleted),
		cmocka_unit_test(the_newest_version_can_be_taken_back),
		cmocka_unit_test(K17_a_version_with_later_ones_is_refused),
		cmocka_unit_test(content_of_a_name_is_refused),
		cmocka_unit_test(K17_a_parent_is_refused_until_forced),
		cmocka_unit_test(what_cannot_go_yet_is_refused),
		cmocka_unit_test(K18_a_child_keeps_its_parent),
		cmocka_unit_test(many_children_are_counted_in_all),
		cmocka_unit_test(K18_shared_chunks_are_reported),
		cmocka_unit_test(K18_shared_pages_are_reported),
		cmocka_unit_test(owners_are_independent),
		cmocka_unit_test(nothing_is_removed_read_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
