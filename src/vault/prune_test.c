/*
 * Versions leave when a name has too many of them, and with a name that ended.
 */
#include "vault/test_rows.h"
#include "vault/test_versions.h"

#include <stdio.h>

#include "vault/name.h"
#include "vault/rebuild.h"

#define LIMIT REVISION_LIMIT_DEFAULT

static struct ouro_put_result
put_number(struct test_vault *test, const char *name, unsigned number)
{
	char text[32];

	snprintf(text, sizeof(text), "%s %u", name, number);
	return test_put_text(test, name, text);
}

static size_t
versions_of(struct test_vault *test, const char *name)
{
	static struct seen seen;

	test_history(test, NULL, name, &seen);
	return seen.count;
}

static void
K03_the_newest_versions_up_to_the_limit_are_kept(void **state)
{
	static struct ouro_put_result puts[300];
	static struct seen seen;
	struct test_vault test;
	struct rows *before;

	(void)state;
	test_vault_open(&test, NULL);
	for (unsigned i = 0; i < 300; i++) {
		puts[i] = put_number(&test, "n", i);
		if (i == 150)
			test_vault_reopen(&test, NULL);
	}
	test_history(&test, NULL, "n", &seen);
	assert_int_equal(seen.count, LIMIT + 1);
	for (size_t i = 0; i < seen.count; i++)
		assert_memory_equal(seen.list[i].id, puts[299 - i].version,
		    OURO_ID_SIZE);
	test_heads(&test, NULL, "n", &seen);
	assert_int_equal(seen.count, 1);
	test_name_is(&test, NULL, "n", &puts[299]);
	test_reads(&test, puts[299 - LIMIT].version, bytes_text("n 199"));
	assert_int_equal(test_exists(&test, puts[298 - LIMIT].version),
	    OURO_NOT_FOUND);
	assert_int_equal(test_exists(&test, puts[298 - LIMIT].content),
	    OURO_NOT_FOUND);
	assert_int_equal(test_gc(&test).contents, 299 - LIMIT);
	test_rows_are_right(&test);
	/* K19: a rebuild gives the same. */
	before = rows_take(&test);
	rows_drop(&test);
	test_ok(rebuild_index(test.vault, &test.err), &test.err);
	rows_equal(&test, before);
	rows_free(before);
	test_vault_close(&test);
}

/* Its dot is in the context: whoever offers it offers what was removed. */
static void
a_pruned_version_is_known_as_removed(void **state)
{
	struct test_vault test;
	struct ouro_put_result first;
	Ouro__RefRecord *ref;
	struct dot dot;

	(void)state;
	test_vault_open(&test, NULL);
	atomic_store(&test.vault->revision_limit, 2);
	first = put_number(&test, "n", 0);
	test_ok(ref_get(test.vault, first.version, &ref, &test.err), &test.err);
	memcpy(dot.incarnation, ref->dot->incarnation.data, INCARNATION_SIZE);
	dot.number = ref->dot->number;
	canonical_free(&ref->base);
	for (unsigned i = 1; i < 5; i++)
		put_number(&test, "n", i);
	assert_int_equal(ref_get(test.vault, first.version, &ref, &test.err),
	    OURO_NOT_FOUND);
	assert_true(context_has(&test.vault->context, &dot));
	test_vault_reopen(&test, NULL);
	assert_true(context_has(&test.vault->context, &dot));
	test_vault_close(&test);
}

/* A write takes a few of what a lowered limit leaves over, gc the rest. */
static void
a_lowered_limit_is_reached_step_by_step(void **state)
{
	struct test_vault test;
	size_t count, before;

	(void)state;
	test_vault_open(&test, NULL);
	for (unsigned i = 0; i < 80; i++)
		put_number(&test, "n", i);
	for (unsigned i = 0; i < 80; i++)
		put_number(&test, "m", i);
	atomic_store(&test.vault->revision_limit, 5);
	for (before = 80; before > 6; before = count) {
		put_number(&test, "n", (unsigned)before + 100);
		count = versions_of(&test, "n");
		assert_true(count < before && before - count <= 16);
	}
	assert_int_equal(versions_of(&test, "n"), 6);
	assert_int_equal(versions_of(&test, "m"), 80);
	test_gc(&test);
	assert_int_equal(versions_of(&test, "m"), 6);
	test_rows_are_right(&test);
	atomic_store(&test.vault->revision_limit, 0);
	put_number(&test, "n", 500);
	assert_int_equal(versions_of(&test, "n"), 1);
	test_rows_are_right(&test);
	test_vault_close(&test);
}

/* Heads do not count, and never leave, however old they are. */
static void
heads_do_not_leave(void **state)
{
	struct ouro_put_options options = { .name = "n",
		.base = OURO_BASE_GIVEN,
		.saved_ms = 1000 };
	struct ouro_put_result last, old[3];
	uint8_t base[1][OURO_ID_SIZE];
	struct test_vault test;
	struct seen seen;

	(void)state;
	test_vault_open(&test, NULL);
	atomic_store(&test.vault->revision_limit, 4);
	for (unsigned i = 0; i < 3; i++) {
		char text[2] = { (char)('a' + i), 0 };

		old[i] = test_put(&test, &options, bytes_text(text));
	}
	options.saved_ms = 0;
	last = test_put(&test, &options, bytes_text("last"));
	options.base_versions = (const uint8_t(*)[OURO_ID_SIZE])base;
	options.base_count = 1;
	for (unsigned i = 0; i < 20; i++) {
		char text[16];

		snprintf(text, sizeof(text), "%u", i);
		memcpy(base[0], last.version, OURO_ID_SIZE);
		last = test_put(&test, &options, bytes_text(text));
	}
	test_heads(&test, NULL, "n", &seen);
	assert_int_equal(seen.count, 4);
	assert_memory_equal(seen.list[0].id, last.version, OURO_ID_SIZE);
	assert_int_equal(versions_of(&test, "n"), 8);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(test_exists(&test, old[i].version), OURO_OK);
	test_rows_are_right(&test);
	test_vault_close(&test);
}

/* Several versions of one name in one write; results may be NULL. */
static void
put_many(struct test_vault *test, const char *name,
    struct ouro_put_result *results, unsigned count)
{
	struct ouro_put_options options = { .size = sizeof(options),
		.name = name };
	struct ouro_batch *batch;

	test_ok(ouro_batch_begin(test->vault, &batch, &test->err), &test->err);
	for (unsigned i = 0; i < count; i++) {
		struct ouro_put *put;

		test_ok(ouro_put_begin(test->vault, &options, &put, &test->err),
		    &test->err);
		test_ok(ouro_put_write(put, &i, sizeof(i), &test->err),
		    &test->err);
		test_ok(ouro_batch_finish_put(batch, put,
			    results == NULL ? NULL : &results[i], &test->err),
		    &test->err);
	}
	test_ok(ouro_batch_commit(batch, &test->err), &test->err);
}

static void
a_batch_of_one_name_prunes_what_was_there_and_its_own(void **state)
{
	static struct ouro_put_result results[40];
	static struct seen seen;
	struct test_vault test;

	(void)state;
	test_vault_open(&test, NULL);
	atomic_store(&test.vault->revision_limit, 3);
	for (unsigned round = 0; round < 2; round++) {
		put_many(&test, "n", results, 40);
		test_history(&test, NULL, "n", &seen);
		assert_int_equal(seen.count, 4);
		for (size_t i = 0; i < 4; i++)
			assert_memory_equal(seen.list[i].id,
			    results[39 - i].version, OURO_ID_SIZE);
		test_rows_are_right(&test);
	}
	test_vault_close(&test);
}

/* ---- grace --------------------------------------------------------------------- */

static void
a_deleted_name_stays_for_its_grace(void **state)
{
	struct ouro_put_options options = { .name = "short" };
	struct test_vault test;
	struct ouro_put_result put;
	uint8_t id[OURO_ID_SIZE];

	(void)state;
	test_vault_open(&test, NULL);
	atomic_store(&test.vault->removal_grace_hours, 2);
	put = put_number(&test, "n", 1);
	options.expires_ms = fs_wall_ms(test.fs) + 1800000;
	test_put(&test, &options, bytes_text("expires"));
	test_ok(test_remove(&test, "n", false, NULL, NULL), &test.err);
	assert_int_equal(test_gc(&test).contents, 0);
	assert_int_equal(versions_of(&test, "n"), 2);
	fs_memory_advance(test.fs, 7100000);
	assert_int_equal(test_gc(&test).contents, 0);
	assert_int_equal(versions_of(&test, "n"), 2);
	/* Its content can be had back, and then goes for good. */
	test_version(&test, "n", put.content, OURO_BASE_HEADS, NULL, 0, id);
	test_reads(&test, id, bytes_text("n 1"));
	test_ok(test_remove(&test, "n", false, NULL, NULL), &test.err);
	fs_memory_advance(test.fs, 7100000);
	assert_int_equal(versions_of(&test, "n"), 4);
	assert_int_equal(test_gc(&test).contents, 1); /* what had expired */
	assert_int_equal(versions_of(&test, "n"), 4);
	fs_memory_advance(test.fs, 200000);
	assert_int_equal(test_gc(&test).contents, 1);
	assert_int_equal(ouro_history(test.vault, NULL, "n", test_seen_add,
			     NULL, &test.err),
	    OURO_NOT_FOUND);
	test_rows_are_right(&test);
	test_vault_close(&test);
}

/* More versions than are dropped, or pruned, in one batch. */
static void
a_name_with_many_versions_leaves_in_parts(void **state)
{
	struct test_vault test;
	struct name name;

	(void)state;
	test_vault_open(&test, NULL);
	atomic_store(&test.vault->revision_limit, 5000);
	put_many(&test, "n", NULL, 1500);
	put_many(&test, "m", NULL, 1500);
	test_ok(name_load(test.vault, "blobs", "n", &name, &test.err),
	    &test.err);
	assert_int_equal(name.versions, 1500);
	name_release(&name);
	test_ok(test_remove(&test, "n", false, NULL, NULL), &test.err);
	atomic_store(&test.vault->revision_limit, 7);
	test_gc(&test);
	assert_int_equal(versions_of(&test, "m"), 8);
	assert_int_equal(ouro_history(test.vault, NULL, "n", test_seen_add,
			     NULL, &test.err),
	    OURO_NOT_FOUND);
	assert_int_equal(test_stats(&test).versions, 8);
	test_rows_are_right(&test);
	test_vault_close(&test);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    K03_the_newest_versions_up_to_the_limit_are_kept),
		cmocka_unit_test(a_pruned_version_is_known_as_removed),
		cmocka_unit_test(a_lowered_limit_is_reached_step_by_step),
		cmocka_unit_test(heads_do_not_leave),
		cmocka_unit_test(
		    a_batch_of_one_name_prunes_what_was_there_and_its_own),
		cmocka_unit_test(a_deleted_name_stays_for_its_grace),
		cmocka_unit_test(a_name_with_many_versions_leaves_in_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
