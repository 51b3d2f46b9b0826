#include "vault/test_vault.h"

#include <errno.h>
#include <stdio.h>

#include "vault/test_versions.h"

/* ---- writing and reading ----------------------------------------------------- */

static void
K03_n_writes_are_n_versions(void **state)
{
	struct test_vault test;
	struct ouro_put_result puts[30];
	struct seen seen;
	char text[30][16];

	(void)state;
	test_vault_open(&test, NULL);
	for (unsigned i = 0; i < 30; i++) {
		snprintf(text[i], sizeof(text[i]), "version %u", i);
		puts[i] = test_put_text(&test, "log", text[i]);
	}
	test_history(&test, NULL, "log", &seen);
	assert_int_equal(seen.count, 30);
	for (unsigned i = 0; i < 30; i++) {
		const struct shown *shown = &seen.list[29 - i];

		assert_memory_equal(shown->id, puts[i].version, OURO_ID_SIZE);
		assert_memory_equal(shown->content, puts[i].content,
		    OURO_ID_SIZE);
		assert_int_equal(shown->head, i == 29);
		assert_int_equal(shown->winner, i == 29);
		assert_int_equal(shown->previous, i > 0);
		test_reads(&test, puts[i].version, bytes_text(text[i]));
		test_reads(&test, puts[i].content, bytes_text(text[i]));
	}
	test_heads(&test, NULL, "log", &seen);
	assert_int_equal(seen.count, 1);
	assert_memory_equal(seen.list[0].id, puts[29].version, OURO_ID_SIZE);
	test_name_is(&test, NULL, "log", &puts[29]);
	test_rows_are_right(&test);
	test_vault_close(&test);
}

static void
K30_a_chosen_key_is_a_name_and_children_name_their_parent(void **state)
{
	struct ouro_put_options options = { .size = sizeof(options) };
	struct test_vault test;
	struct ouro_put_result first, child, second, grandchild;
	struct ouro_info info;

	(void)state;
	test_vault_open(&test, NULL);
	first = test_put_text(&test, "my-key", "my value");
	options.parent = first.content;
	options.name = "my-key/child";
	child = test_put(&test, &options, bytes_text("child value"));
	second = test_put_text(&test, "my-key", "my new value");
	test_name_is(&test, NULL, "my-key", &second);
	test_name_is(&test, "blobs", "my-key/child", &child);
	test_reads(&test, first.version, bytes_text("my value"));
	/* The child is that of the value which it was declared for. */
	info = test_info(&test, child.content);
	assert_true(info.has_parent);
	assert_memory_equal(info.parent, first.content, OURO_ID_SIZE);
	ouro_info_release(&info);
	options.parent = child.content;
	options.name = NULL;
	grandchild = test_put(&test, &options, bytes_text("leaf"));
	info = test_info(&test, grandchild.content);
	assert_memory_equal(info.parent, child.content, OURO_ID_SIZE);
	ouro_info_release(&info);
	test_vault_close(&test);
}

static void
names_live_in_every_namespace(void **state)
{
	static const char *const namespaces[] = { "kv", "blobs", "objects",
		"auth", "sys" };
	struct ouro_put_options options = { .name = "same/name" };
	struct ouro_put_result puts[5];
	struct test_vault test;
	struct seen seen;
	struct ouro_put_result result;

	(void)state;
	test_vault_open(&test, NULL);
	for (size_t i = 0; i < 5; i++) {
		options.namespace_ = namespaces[i];
		puts[i] = test_put(&test, &options, bytes_text(namespaces[i]));
	}
	for (size_t i = 0; i < 5; i++) {
		test_name_is(&test, namespaces[i], "same/name", &puts[i]);
		test_history(&test, namespaces[i], "same/name", &seen);
		assert_int_equal(seen.count, 1);
	}
	options.namespace_ = "other";
	options.size = sizeof(options);
	assert_int_equal(test_try_put(&test, &options, bytes_text("x"),
			     &result),
	    OURO_INVALID);
	options.namespace_ = "kv";
	options.name = NULL;
	assert_int_equal(test_try_put(&test, &options, bytes_text("x"),
			     &result),
	    OURO_INVALID);
	assert_int_equal(ouro_name_read(test.vault, "other", "x", NULL, NULL,
			     &test.err),
	    OURO_INVALID);
	test_rows_are_right(&test);
	test_vault_close(&test);
}

static void
a_version_tells_all_of_itself(void **state)
{
	struct ouro_put_options options = { .name = "told",
		.namespace_ = "kv",
		.owner = "ann",
		.group = "staff",
		.mode = 0x124,
		.saved_ms = 1234567890123,
		.expires_ms = UINT64_C(4102444800000) };
	struct test_vault test;
	struct ouro_put_result first, second;
	struct ouro_version version;
	uint8_t unknown[OURO_ID_SIZE] = { 1 };

	(void)state;
	test_vault_open(&test, NULL);
	first = test_put(&test, &options, bytes_text("one"));
	options.saved_ms = 0;
	second = test_put(&test, &options, bytes_text("two"));
	test_ok(ouro_version_get(test.vault, first.version, &version,
		    &test.err),
	    &test.err);
	assert_memory_equal(version.id, first.version, OURO_ID_SIZE);
	assert_memory_equal(version.content, first.content, OURO_ID_SIZE);
	assert_false(version.deletion || version.expired || version.head ||
	    version.winner);
	assert_int_equal(version.saved_ms, 1234567890123);
	assert_int_equal(version.stamp, UINT64_C(1234567890123) << 16);
	assert_int_equal(version.expires_ms, UINT64_C(4102444800000));
	assert_int_equal(version.mode, 0x124);
	assert_int_equal(version.previous_count, 0);
	assert_string_equal(version.namespace_, "kv");
	assert_string_equal(version.path, "told");
	assert_string_equal(version.owner, "ann");
	assert_string_equal(version.group, "staff");
	assert_string_equal(version.writer, test.vault->node);
	ouro_version_release(&version);
	test_ok(ouro_version_get(test.vault, second.version, &version,
		    &test.err),
	    &test.err);
	assert_true(version.head && version.winner);
	assert_int_equal(version.previous_count, 1);
	assert_memory_equal(version.previous[0], first.version, OURO_ID_SIZE);
	ouro_version_release(&version);
	ouro_version_release(&version);
	ouro_version_release(NULL);
	assert_int_equal(ouro_version_get(test.vault, unknown, &version,
			     &test.err),
	    OURO_NOT_FOUND);
	assert_int_equal(ouro_version_get(test.vault, first.content, &version,
			     &test.err),
	    OURO_NOT_FOUND);
	test_vault_close(&test);
}

/* ---- versions of contents that are there ------------------------------------------ */

static void
a_revert_is_a_version_with_an_older_content(void **state)
{
	struct ouro_put_options named = { .name = "n",
		.owner = "ann",
		.group = "staff",
		.mode = 0x124 };
	struct test_vault test;
	struct ouro_put_result first, second;
	struct ouro_version version;
	struct seen seen;
	uint8_t id[OURO_ID_SIZE];

	(void)state;
	test_vault_open(&test, NULL);
	first = test_put(&test, &named, bytes_text("one"));
	second = test_put(&test, &named, bytes_text("two"));
	test_version(&test, "n", first.content, OURO_BASE_HEADS, NULL, 0, id);
	test_reads(&test, id, bytes_text("one"));
	test_history(&test, NULL, "n", &seen);
	assert_int_equal(seen.count, 3);
	assert_memory_equal(seen.list[0].id, id, OURO_ID_SIZE);
	/* Access is that of what it replaces. */
	test_ok(ouro_version_get(test.vault, id, &version, &test.err),
	    &test.err);
	assert_string_equal(version.owner, "ann");
	assert_string_equal(version.group, "staff");
	assert_int_equal(version.mode, 0x124);
	assert_memory_equal(version.previous[0], second.version, OURO_ID_SIZE);
	ouro_version_release(&version);
	/* One more name for the same content; nobody to inherit from. */
	test_version(&test, "m", first.content, OURO_BASE_HEADS, NULL, 0, id);
	test_ok(ouro_version_get(test.vault, id, &version, &test.err),
	    &test.err);
	assert_string_equal(version.owner, "local");
	assert_string_equal(version.group, "");
	assert_int_equal(version.mode, 0xf00);
	ouro_version_release(&version);
	test_rows_are_right(&test);
	test_vault_close(&test);
}

static void
a_deletion_is_a_version(void **state)
{
	struct test_vault test;
	struct ouro_put_result put;
	struct seen seen;
	struct ouro_version version;
	uint8_t id[OURO_ID_SIZE], back[OURO_ID_SIZE];

	(void)state;
	test_vault_open(&test, NULL);
	put = test_put_text(&test, "n", "one");
	test_version(&test, "n", NULL, OURO_BASE_HEADS, NULL, 0, id);
	assert_int_equal(ouro_name_read(test.vault, NULL, "n", NULL, NULL,
			     &test.err),
	    OURO_NOT_FOUND);
	assert_int_equal(test_exists(&test, put.version), OURO_NOT_FOUND);
	test_ok(ouro_version_get(test.vault, id, &version, &test.err),
	    &test.err);
	assert_true(version.deletion && version.head && version.winner);
	ouro_version_release(&version);
	test_ok(ouro_version_get(test.vault, put.version, &version, &test.err),
	    &test.err);
	assert_false(version.deletion || version.head);
	ouro_version_release(&version);
	test_history(&test, NULL, "n", &seen);
	assert_int_equal(seen.count, 2);
	assert_true(seen.list[0].deletion);
	/* What it had can be had back until it is dropped. */
	test_version(&test, "n", put.content, OURO_BASE_HEADS, NULL, 0, back);
	test_reads(&test, back, bytes_text("one"));
	test_version(&test, "n", NULL, OURO_BASE_HEADS, NULL, 0, id);
	test_gc(&test);
	assert_int_equal(ouro_history(test.vault, NULL, "n", test_seen_add,
			     &seen, &test.err),
	    OURO_NOT_FOUND);
	assert_int_equal(ouro_heads(test.vault, NULL, "n", test_seen_add, &seen,
			     &test.err),
	    OURO_NOT_FOUND);
	assert_int_equal(test_try_version(&test, "n", put.content,
			     OURO_BASE_HEADS, NULL, 0, id),
	    OURO_NOT_FOUND);
	test_rows_are_right(&test);
	test_vault_close(&test);
}

/* What no name has any more is not there for another one. */
static void
a_removed_content_gets_no_other_name(void **state)
{
	struct test_vault test;
	struct ouro_put_result put;
	uint8_t id[OURO_ID_SIZE], unknown[OURO_ID_SIZE] = { 3 };

	(void)state;
	test_vault_open(&test, NULL);
	put = test_put_text(&test, "n", "one");
	test_version(&test, "n", NULL, OURO_BASE_HEADS, NULL, 0, id);
	assert_int_equal(test_try_version(&test, "other", put.content,
			     OURO_BASE_HEADS, NULL, 0, id),
	    OURO_NOT_FOUND);
	assert_int_equal(test_try_version(&test, "n", unknown, OURO_BASE_HEADS,
			     NULL, 0, id),
	    OURO_NOT_FOUND);
	assert_int_equal(test_try_version(&test, "", put.content,
			     OURO_BASE_HEADS, NULL, 0, id),
	    OURO_INVALID);
	assert_int_equal(test_try_version(&test, NULL, put.content,
			     OURO_BASE_HEADS, NULL, 0, id),
	    OURO_INVALID);
	assert_int_equal(test_try_version(&test, "n", put.content,
			     (enum ouro_base)3, NULL, 0, id),
	    OURO_INVALID);
	test_vault_close(&test);
}

static void
an_expired_version_is_not_found(void **state)
{
	struct ouro_put_options options = { .name = "short" };
	struct test_vault test;
	struct ouro_put_result put;
	struct seen seen;

	(void)state;
	test_vault_open(&test, NULL);
	options.expires_ms = fs_wall_ms(test.fs) + 60000;
	put = test_put(&test, &options, bytes_text("soon gone"));
	test_name_is(&test, NULL, "short", &put);
	fs_memory_advance(test.fs, 61000);
	assert_int_equal(ouro_name_read(test.vault, NULL, "short", NULL, NULL,
			     &test.err),
	    OURO_NOT_FOUND);
	assert_int_equal(test_exists(&test, put.version), OURO_NOT_FOUND);
	test_heads(&test, NULL, "short", &seen);
	assert_int_equal(seen.count, 1);
	assert_true(seen.list[0].expired && seen.list[0].winner);
	assert_memory_equal(seen.list[0].id, put.version, OURO_ID_SIZE);
	test_gc(&test);
	assert_int_equal(ouro_heads(test.vault, NULL, "short", test_seen_add,
			     &seen, &test.err),
	    OURO_NOT_FOUND);
	test_rows_are_right(&test);
	test_vault_close(&test);
}

/* ---- failures of the disk ------------------------------------------------------- */

static bool
whole_see(void *context, size_t index, enum ouro_status status,
    const void *data, size_t size)
{
	size_t *right = context;

	(void)index;
	*right += status == OURO_OK && size == 3 &&
	    (memcmp(data, "one", 3) == 0 || memcmp(data, "two", 3) == 0);
	return true;
}

/* All that reads; what it answers is right. */
static void
reads_are_right_or_fail(struct test_vault *test,
    const struct ouro_put_result *one, const uint8_t *other)
{
	uint8_t ids[2][OURO_ID_SIZE], content[OURO_ID_SIZE];
	struct ouro_version version;
	struct seen seen = { .count = 0 };
	size_t right = 0, size;
	void *data;

	memcpy(ids[0], one->version, OURO_ID_SIZE);
	memcpy(ids[1], one->content, OURO_ID_SIZE);
	if (ouro_name_read(test->vault, NULL, "n", content, NULL, &test->err) ==
	    OURO_OK)
		assert_true(memcmp(content, one->content, OURO_ID_SIZE) == 0 ||
		    memcmp(content, other, OURO_ID_SIZE) == 0);
	if (ouro_heads(test->vault, NULL, "n", test_seen_add, &seen,
		&test->err) == OURO_OK)
		assert_int_equal(seen.count, 1);
	seen.count = 0;
	if (ouro_history(test->vault, NULL, "n", test_seen_add, &seen,
		&test->err) == OURO_OK)
		assert_true(seen.count >= 2 && seen.list[0].winner);
	if (ouro_version_get(test->vault, one->version, &version, &test->err) ==
	    OURO_OK) {
		assert_memory_equal(version.content, one->content,
		    OURO_ID_SIZE);
		ouro_version_release(&version);
	}
	if (ouro_get_whole(test->vault, one->version, 10, &data, &size,
		&test->err) == OURO_OK) {
		assert_string_equal(data, "one");
		free(data);
	}
	if (ouro_get_batch(test->vault, (const uint8_t(*)[OURO_ID_SIZE])ids, 2,
		10, whole_see, &right, NULL, &test->err) == OURO_OK)
		assert_true(right <= 2);
}

static void
failures_leave_a_name_as_before_or_after(void **state)
{
	struct ouro_vault_options options = { .size = sizeof(options) };
	struct test_vault test;
	struct ouro_put_result one, two;
	uint8_t before[OURO_ID_SIZE], now[OURO_ID_SIZE], id[OURO_ID_SIZE];
	unsigned failed = 0;

	(void)state;
	test_vault_open(&test, NULL);
	one = test_put_text(&test, "n", "one");
	two = test_put_text(&test, "n", "two");
	for (uint64_t n = 1; n < 60; n++) {
		const uint8_t *content = n % 2 == 0 ? two.content : one.content;
		enum ouro_status status;

		test_ok(ouro_name_read(test.vault, NULL, "n", NULL, before,
			    &test.err),
		    &test.err);
		fs_memory_fault(test.fs,
		    (struct fs_fault){ .call = FS_CALL_ANY,
			.nth = n,
			.errnum = EIO,
			.for_ever = n % 3 == 0 });
		status = test_try_version(&test, "n", content, OURO_BASE_EXACT,
		    (const uint8_t(*)[OURO_ID_SIZE])before, 1, id);
		reads_are_right_or_fail(&test, &one, two.content);
		assert_int_equal(test.vault->pins.count, 0);
		fs_memory_fault(test.fs, (struct fs_fault){ .nth = 0 });
		failed += status != OURO_OK;
		ouro_vault_close(test.vault);
		test.vault = NULL;
		test_ok(vault_open(TEST_DIR, &options, test.fs, test.executor,
			    &test.vault, &test.err),
		    &test.err);
		test_ok(ouro_name_read(test.vault, NULL, "n", NULL, now,
			    &test.err),
		    &test.err);
		if (status == OURO_OK)
			assert_memory_equal(now, id, OURO_ID_SIZE);
		else if (memcmp(now, before, OURO_ID_SIZE) != 0)
			test_reads(&test, now,
			    bytes_text(n % 2 == 0 ? "two" : "one"));
	}
	assert_true(failed >= 3);
	test_rows_are_right(&test);
	test_vault_close(&test);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(K03_n_writes_are_n_versions),
		cmocka_unit_test(
		    K30_a_chosen_key_is_a_name_and_children_name_their_parent),
		cmocka_unit_test(names_live_in_every_namespace),
		cmocka_unit_test(a_version_tells_all_of_itself),
		cmocka_unit_test(a_revert_is_a_version_with_an_older_content),
		cmocka_unit_test(a_deletion_is_a_version),
		cmocka_unit_test(a_removed_content_gets_no_other_name),
		cmocka_unit_test(an_expired_version_is_not_found),
		cmocka_unit_test(failures_leave_a_name_as_before_or_after),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
