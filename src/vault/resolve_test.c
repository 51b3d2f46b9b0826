#include "vault/test_vault.h"

#include <stdio.h>

#include "base/encoding.h"

static void
resolves(struct test_vault *test, const char *text, enum ouro_kind kind,
    const uint8_t id[OURO_ID_SIZE], bool by_name)
{
	struct ouro_target target;

	test_ok(ouro_resolve(test->vault, text, &target, &test->err),
	    &test->err);
	assert_int_equal(target.kind, kind);
	assert_memory_equal(target.id, id, OURO_ID_SIZE);
	assert_int_equal(target.by_name, by_name);
}

static void
resolves_not(struct test_vault *test, const char *text,
    enum ouro_status expected)
{
	struct ouro_target target;

	assert_int_equal(ouro_resolve(test->vault, text, &target, &test->err),
	    expected);
	assert_int_equal(test->err.status, expected);
}

/* base64, base64url, hex, and a prefix of each. */
static void
every_form(struct test_vault *test, const uint8_t id[OURO_ID_SIZE],
    enum ouro_kind kind)
{
	char hex[HEX_LENGTH(OURO_ID_SIZE) + 1];
	char plain[OURO_ID_TEXT], url[OURO_ID_TEXT], forced[80];
	char *const forms[] = { hex, plain, url };
	static const size_t shortened[] = { 40, 16, 12 };

	hex_encode(bytes_of(id, OURO_ID_SIZE), hex);
	ouro_id_text(id, plain);
	base64url_encode(bytes_of(id, OURO_ID_SIZE), url);
	for (size_t i = 0; i < 3; i++) {
		resolves(test, forms[i], kind, id, false);
		snprintf(forced, sizeof(forced), "hash:%s", forms[i]);
		resolves(test, forced, kind, id, false);
		for (size_t j = 0; j < 3; j++) {
			forms[i][shortened[j]] = '\0';
			resolves(test, forms[i], kind, id, false);
		}
	}
}

static void
K05_every_form_of_a_hash_is_taken(void **state)
{
	struct test_vault test;
	struct ouro_put_result put;

	(void)state;
	test_vault_open(&test, NULL);
	put = test_put_text(&test, "greeting", "Hello, World!");
	every_form(&test, put.content, OURO_CONTENT);
	every_form(&test, put.version, OURO_VERSION);
	test_vault_close(&test);
}

static void
K05_exists_and_read_agree(void **state)
{
	uint8_t unknown[OURO_ID_SIZE] = { 1, 2, 3 };
	struct buffer read = { 0 };
	struct test_vault test;
	struct ouro_put_result put;

	(void)state;
	test_vault_open(&test, NULL);
	put = test_put_text(&test, NULL, "here");
	assert_int_equal(test_exists(&test, put.content), OURO_OK);
	assert_int_equal(test_exists(&test, put.version), OURO_OK);
	test_reads(&test, put.content, bytes_text("here"));
	test_reads(&test, put.version, bytes_text("here"));
	assert_int_equal(test_exists(&test, unknown), OURO_NOT_FOUND);
	assert_int_equal(test_get(&test, unknown, &read), OURO_NOT_FOUND);
	test_ok(test_remove_id(&test, put.content, false, NULL, NULL),
	    &test.err);
	assert_int_equal(test_exists(&test, put.content), OURO_NOT_FOUND);
	assert_int_equal(test_get(&test, put.content, &read), OURO_NOT_FOUND);
	assert_int_equal(test_exists(&test, put.version), OURO_NOT_FOUND);
	assert_int_equal(test_get(&test, put.version, &read), OURO_NOT_FOUND);
	buffer_release(&read);
	test_vault_close(&test);
}

/* Among that many contents some share the first 4 hex digits: the records
 * are made up, because only their keys are looked at. */
static void
K05_an_ambiguous_prefix_lists_candidates(void **state)
{
	struct ouro_target target;
	struct test_vault test;
	struct ouro_put_result put;
	uint8_t twin[40][OURO_ID_SIZE];
	char hex[HEX_LENGTH(OURO_ID_SIZE) + 1], text[OURO_ID_TEXT];

	(void)state;
	test_vault_open(&test, NULL);
	put = test_put_text(&test, NULL, "one of many");
	for (size_t i = 0; i < 40; i++) {
		struct row_key key, use;
		struct engine_op ops[2] = { { .kind = ENGINE_PUT },
			{ .kind = ENGINE_PUT } };

		memcpy(twin[i], put.content, OURO_ID_SIZE);
		twin[i][2] = (uint8_t)(put.content[2] + i + 1);
		key = row_id(ROW_CONTENT, twin[i], OURO_ID_SIZE);
		use = row_pair(ROW_USE, twin[i], put.version);
		ops[0].key = row_bytes(&key);
		ops[1].key = row_bytes(&use);
		test_ok(engine_apply(test.vault->records, ops, 2,
			    ENGINE_SYNC_NEVER, &test.err),
		    &test.err);
	}
	hex_encode(bytes_of(put.content, OURO_ID_SIZE), hex);
	hex[4] = '\0';
	assert_int_equal(ouro_resolve(test.vault, hex, &target, &test.err),
	    OURO_AMBIGUOUS);
	assert_int_equal(target.candidate_count, 41);
	for (size_t i = 0; i < OURO_CANDIDATES_MAX; i++) {
		assert_int_equal(target.candidates[i].kind, OURO_CONTENT);
		assert_memory_equal(target.candidates[i].id, put.content, 2);
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(target.candidates[i].id,
			    target.candidates[j].id, OURO_ID_SIZE);
	}
	ouro_id_text(target.candidates[0].id, text);
	assert_non_null(strstr(test.err.text, text));
	assert_non_null(strstr(test.err.text, "41"));
	hex_encode(bytes_of(put.content, OURO_ID_SIZE), hex);
	resolves(&test, hex, OURO_CONTENT, put.content, false);
	test_vault_close(&test);
}

static void
a_name_is_found_after_hashes(void **state)
{
	struct test_vault test;
	struct ouro_put_result first, second, named;
	char path[64] = "local/", hex[HEX_LENGTH(OURO_ID_SIZE) + 1];

	(void)state;
	test_vault_open(&test, NULL);
	first = test_put_text(&test, "my/key", "one");
	second = test_put_text(&test, "my/key", "two");
	assert_memory_not_equal(first.version, second.version, OURO_ID_SIZE);
	resolves(&test, "my/key", OURO_VERSION, second.version, true);
	resolves(&test, "name:my/key", OURO_VERSION, second.version, true);
	resolves_not(&test, "my/ke", OURO_NOT_FOUND);
	resolves_not(&test, "hash:my/key", OURO_NOT_FOUND);
	resolves_not(&test, "hash:no hash", OURO_INVALID);
	first = test_put_text(&test, NULL, "plain");
	base64url_encode(bytes_of(first.content, OURO_ID_SIZE), path + 6);
	resolves(&test, path, OURO_VERSION, first.version, true);
	hex_encode(bytes_of(first.content, OURO_ID_SIZE), hex);
	named = test_put_text(&test, hex, "named like a hash");
	resolves(&test, hex, OURO_CONTENT, first.content, false);
	snprintf(path, sizeof(path), "name:%.40s", hex);
	resolves_not(&test, path, OURO_NOT_FOUND);
	hex[8] = '\0';
	test_put_text(&test, hex, "named like a prefix");
	resolves_not(&test, hex, OURO_AMBIGUOUS);
	(void)named;
	test_vault_close(&test);
}

static void
K20_what_is_unknown_is_told_as_given(void **state)
{
	struct test_vault test;
	char longer[1500];

	(void)state;
	test_vault_open(&test, NULL);
	resolves_not(&test, "nobody", OURO_NOT_FOUND);
	assert_non_null(strstr(test.err.text, "\"nobody\""));
	resolves_not(&test, "", OURO_INVALID);
	memset(longer, 'x', sizeof(longer));
	longer[500] = '\0';
	resolves_not(&test, longer, OURO_NOT_FOUND);
	assert_true(strlen(test.err.text) < 120);
	longer[500] = 'x';
	longer[1400] = '\0';
	resolves_not(&test, longer, OURO_INVALID);
	resolves_not(&test, "name:a\nb", OURO_INVALID);
	test_vault_close(&test);
}

static void
what_has_expired_is_not_found(void **state)
{
	struct ouro_put_options options = { .name = "soon" };
	struct test_vault test;
	struct ouro_put_result put;

	(void)state;
	test_vault_open(&test, NULL);
	options.expires_ms = fs_wall_ms(test.fs) + 60000;
	put = test_put(&test, &options, bytes_text("short-lived"));
	resolves(&test, "soon", OURO_VERSION, put.version, true);
	fs_memory_advance(test.fs, 61000);
	resolves_not(&test, "soon", OURO_NOT_FOUND);
	assert_int_equal(test_exists(&test, put.content), OURO_NOT_FOUND);
	assert_int_equal(test_exists(&test, put.version), OURO_NOT_FOUND);
	test_vault_close(&test);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(K05_every_form_of_a_hash_is_taken),
		cmocka_unit_test(K05_exists_and_read_agree),
		cmocka_unit_test(K05_an_ambiguous_prefix_lists_candidates),
		cmocka_unit_test(a_name_is_found_after_hashes),
		cmocka_unit_test(K20_what_is_unknown_is_told_as_given),
		cmocka_unit_test(what_has_expired_is_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
