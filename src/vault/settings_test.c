#include "vault/settings.h"

#include "vault/test_vault.h"

static struct ouro_setting
setting(struct test_vault *test, const char *name)
{
	struct ouro_setting out;

	test_ok(ouro_setting_get(test->vault, name, &out, &test->err),
	    &test->err);
	assert_string_equal(out.name, name);
	assert_in_range(out.standard, out.least, out.most);
	assert_in_range(out.value, out.least, out.most);
	return out;
}

static void
set(struct test_vault *test, const char *name, uint64_t value)
{
	test_ok(ouro_setting_set(test->vault, name, value, &test->err),
	    &test->err);
}

static void
every_setting_has_its_standard(void **state)
{
	static const struct {
		const char *name;
		uint64_t value;
	} standards[] = { { "revision_limit", 100 },
		{ "bootstrap_max_age_hours", 720 },
		{ "removal_grace_hours", 0 }, { "default_ttl", 0 } };
	struct test_vault test;

	(void)state;
	test_vault_open(&test, NULL);
	for (size_t i = 0; i < 4; i++) {
		struct ouro_setting one = setting(&test, standards[i].name);

		assert_string_equal(ouro_setting_name(i), standards[i].name);
		assert_int_equal(one.value, standards[i].value);
		assert_int_equal(one.standard, standards[i].value);
		assert_false(one.is_set);
		assert_non_null(one.text);
	}
	assert_null(ouro_setting_name(4));
	assert_null(ouro_setting_name(SIZE_MAX));
	assert_int_equal(test.vault->revision_limit, 100);
	assert_int_equal(test.vault->trash_hours, 720);
	assert_int_equal(test.vault->removal_grace_hours, 0);
	assert_int_equal(test.vault->default_ttl_s, 0);
	test_vault_close(&test);
}

static void
what_is_set_holds_at_once_and_after_opening(void **state)
{
	struct test_vault test;
	struct ouro_vault_options readers = { .size = sizeof(readers),
		.read_only = true };

	(void)state;
	test_vault_open(&test, NULL);
	set(&test, "revision_limit", 7);
	set(&test, "bootstrap_max_age_hours", 2);
	set(&test, "removal_grace_hours", 1000000);
	set(&test, "default_ttl", 90);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(test.vault->revision_limit, 7);
		assert_int_equal(test.vault->trash_hours, 2);
		assert_int_equal(test.vault->removal_grace_hours, 1000000);
		assert_int_equal(test.vault->default_ttl_s, 90);
		assert_int_equal(setting(&test, "revision_limit").value, 7);
		assert_true(setting(&test, "default_ttl").is_set);
		test_vault_reopen(&test, i == 1 ? &readers : NULL);
	}
	test_vault_close(&test);
}

static void
a_bad_name_or_value_changes_nothing(void **state)
{
	struct test_vault test;
	struct ouro_setting out;
	struct ouro_vault_options readers = { .size = sizeof(readers),
		.read_only = true };

	(void)state;
	test_vault_open(&test, NULL);
	set(&test, "revision_limit", 3);
	assert_int_equal(ouro_setting_set(test.vault, "revision", 3, &test.err),
	    OURO_NOT_FOUND);
	assert_int_equal(ouro_setting_get(test.vault, "", &out, &test.err),
	    OURO_NOT_FOUND);
	assert_int_equal(ouro_setting_set(test.vault, "revision_limit", 1000001,
			     &test.err),
	    OURO_INVALID);
	assert_int_equal(ouro_setting_set(test.vault, "bootstrap_max_age_hours",
			     0, &test.err),
	    OURO_INVALID);
	assert_int_equal(setting(&test, "revision_limit").value, 3);
	test_vault_reopen(&test, &readers);
	assert_int_equal(ouro_setting_set(test.vault, "revision_limit", 4,
			     &test.err),
	    OURO_READ_ONLY);
	assert_int_equal(setting(&test, "revision_limit").value, 3);
	test_vault_close(&test);
}

static void
setting_the_same_again_writes_nothing(void **state)
{
	struct test_vault test;
	uint64_t versions;

	(void)state;
	test_vault_open(&test, NULL);
	set(&test, "default_ttl", 5);
	versions = test_stats(&test).versions;
	set(&test, "default_ttl", 5);
	assert_int_equal(test_stats(&test).versions, versions);
	set(&test, "default_ttl", 6);
	assert_int_equal(test_stats(&test).versions, versions + 1);
	test_vault_close(&test);
}

/* ---- what somebody else wrote there ---------------------------------------- */

static unsigned warnings;

static void
warning_count(void *context, enum ouro_log_level level, const char *text)
{
	(void)context;
	warnings += level == OURO_LOG_WARNING &&
	    strstr(text, "revision_limit") != NULL;
}

/* The name has this text as content: as a put of the same bytes. */
static void
store(struct test_vault *test, const char *text, uint64_t expires_ms)
{
	struct ouro_put_result put = test_put_text(test, NULL, text);
	struct commit_version version = { .namespace_ = "sys",
		.path = "settings/revision_limit",
		.owner = "local",
		.expires_ms = expires_ms };
	struct commit_change change = { .versions = &version,
		.version_count = 1 };

	memcpy(version.target, put.content, HASH_SIZE);
	test_ok(commit(test->vault, &change, &test->err), &test->err);
}

static void
what_is_no_good_number_is_logged_and_not_set(void **state)
{
	static const char *const bad[] = { "", "x", "-1", "+1", " 1", "1 ",
		"01", "0x10", "1000001", "18446744073709551616",
		"18446744073709551617", "99999999999999999999",
		"100000000000000000000000", "1\n" };
	struct ouro_vault_options options = { .size = sizeof(options),
		.log = warning_count };
	struct test_vault test;
	char *large = malloc(300000);

	(void)state;
	test_vault_open(&test, &options);
	set(&test, "revision_limit", 8);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		warnings = 0;
		store(&test, bad[i], 0);
		test_vault_reopen(&test, &options);
		assert_true(warnings > 0);
		assert_int_equal(test.vault->revision_limit, 100);
		assert_false(setting(&test, "revision_limit").is_set);
	}
	memset(large, '1', 299999);
	large[299999] = '\0';
	store(&test, large, 0);
	test_vault_reopen(&test, &options);
	assert_int_equal(test.vault->revision_limit, 100);
	free(large);
	warnings = 0;
	store(&test, "1000000", 0);
	test_vault_reopen(&test, &options);
	assert_int_equal(test.vault->revision_limit, 1000000);
	set(&test, "revision_limit", 9);
	assert_int_equal(test.vault->revision_limit, 9);
	assert_int_equal(warnings, 0);
	test_vault_close(&test);
}

static void
a_setting_taken_back_is_the_standard(void **state)
{
	struct commit_version version = { .namespace_ = "sys",
		.path = "settings/revision_limit",
		.deletion = true,
		.owner = "local" };
	struct commit_change change = { .versions = &version,
		.version_count = 1 };
	struct test_vault test;

	(void)state;
	test_vault_open(&test, NULL);
	set(&test, "revision_limit", 8);
	test_ok(commit(test.vault, &change, &test.err), &test.err);
	assert_false(setting(&test, "revision_limit").is_set);
	set(&test, "default_ttl", 1);
	assert_int_equal(test.vault->revision_limit, 100);
	test_vault_close(&test);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_setting_has_its_standard),
		cmocka_unit_test(what_is_set_holds_at_once_and_after_opening),
		cmocka_unit_test(a_bad_name_or_value_changes_nothing),
		cmocka_unit_test(setting_the_same_again_writes_nothing),
		cmocka_unit_test(what_is_no_good_number_is_logged_and_not_set),
		cmocka_unit_test(a_setting_taken_back_is_the_standard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
