/* What records bind, and what they may not hold. */
#include "vault/test_vault.h"

#include "seal/canonical.h"
#include "vault/body.h"

static void
salt_of(struct test_vault *test, uint8_t first, const char *additional,
    const char *clear, uint8_t salt[BODY_SALT_SIZE])
{
	uint8_t id[HASH_SIZE] = { first };

	test_ok(body_salt(test->vault->mac, id, bytes_text(additional),
		    bytes_text(clear), salt, &test->err),
	    &test->err);
}

/* Whatever differs, clear or sealed, the key is another. */
static void
a_salt_binds_all_of_the_record(void **state)
{
	static const struct {
		uint8_t id;
		const char *additional, *clear;
	} others[] = { { 2, "ab", "cd" }, { 1, "aX", "cd" }, { 1, "ab", "cX" },
		{ 1, "abc", "d" }, { 1, "a", "bcd" }, { 1, "", "abcd" } };
	uint8_t salt[BODY_SALT_SIZE], other[BODY_SALT_SIZE];
	struct test_vault test;

	(void)state;
	test_vault_open(&test, NULL);
	salt_of(&test, 1, "ab", "cd", salt);
	salt_of(&test, 1, "ab", "cd", other);
	assert_memory_equal(salt, other, sizeof(salt));
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		salt_of(&test, others[i].id, others[i].additional,
		    others[i].clear, other);
		assert_memory_not_equal(salt, other, sizeof(salt));
	}
	test_vault_close(&test);
}

/* Records of one id and body whose clear parts differ. */
static void
clear_fields_change_the_salt(void **state)
{
	struct content content = { .k = 1, .epoch = 1 };
	struct buffer record = { 0 };
	Ouro__ContentRecord *first, *second;
	struct test_vault test;

	(void)state;
	test_vault_open(&test, NULL);
	test_ok(content_encode(test.vault, &content, &record, &test.err),
	    &test.err);
	test_ok(content_peek(content.id, buffer_bytes(&record), &first,
		    &test.err),
	    &test.err);
	record.size = 0;
	content.k = 2;
	test_ok(content_encode(test.vault, &content, &record, &test.err),
	    &test.err);
	test_ok(content_peek(content.id, buffer_bytes(&record), &second,
		    &test.err),
	    &test.err);
	assert_memory_not_equal(first->salt.data, second->salt.data,
	    BODY_SALT_SIZE);
	canonical_free(&first->base);
	canonical_free(&second->base);
	buffer_release(&record);
	test_vault_close(&test);
}

/* Writing and reading have one limit. */
static void
content_types_have_one_limit(void **state)
{
	char type[CONTENT_TYPE_MAX + 2];
	struct ouro_put_options options = { .size = sizeof(options),
		.type = type };
	struct ouro_put_result result;
	struct content content = { .k = 1, .epoch = 1 }, read;
	struct buffer record = { 0 };
	struct test_vault test;

	(void)state;
	test_vault_open(&test, NULL);
	memset(type, 't', sizeof(type));
	type[CONTENT_TYPE_MAX + 1] = '\0';
	assert_int_equal(test_try_put(&test, &options, bytes_text("x"),
			     &result),
	    OURO_TOO_LARGE);
	content.type = bytes_text(type);
	test_ok(content_id(test.vault, &content, content.id, &test.err),
	    &test.err);
	test_ok(content_encode(test.vault, &content, &record, &test.err),
	    &test.err);
	assert_int_equal(content_decode(test.vault, content.id,
			     buffer_bytes(&record), &read, &test.err),
	    OURO_DAMAGED);
	type[CONTENT_TYPE_MAX] = '\0';
	test_ok(test_try_put(&test, &options, bytes_text("x"), &result),
	    &test.err);
	test_reads(&test, result.content, bytes_text("x"));
	buffer_release(&record);
	test_vault_close(&test);
}

static Ouro__RefRecord
ref_plain(Ouro__Dot *dot)
{
	static uint8_t bytes[HASH_SIZE];
	Ouro__RefRecord ref = OURO__REF_RECORD__INIT;

	ouro__dot__init(dot);
	dot->incarnation = (ProtobufCBinaryData){ INCARNATION_SIZE, bytes };
	dot->number = 1;
	ref.version = 1;
	ref.namespace_ = (char *)(uintptr_t) "blobs";
	ref.path = (char *)(uintptr_t) "path";
	ref.dot = dot;
	ref.uuid = (ProtobufCBinaryData){ 16, bytes };
	ref.stamp = 1;
	return ref;
}

static enum ouro_status
ref_back(struct test_vault *test, const Ouro__RefRecord *ref)
{
	struct buffer record = { 0 };
	uint8_t id[HASH_SIZE];
	Ouro__RefRecord *read = NULL;
	enum ouro_status status;

	test_ok(ref_encode(test->vault, ref, &record, id, &test->err),
	    &test->err);
	status = ref_decode(test->vault, id, buffer_bytes(&record), &read,
	    &test->err);
	if (status == OURO_OK)
		canonical_free(&read->base);
	buffer_release(&record);
	return status;
}

static void
texts_of_versions_have_no_control_characters(void **state)
{
	static char unfit[][8] = { "a\nb", "\x1b[2J", "a\x7f", "a\xc2\x85",
		"a\xc2\x9b", "a\xff" };
	static char fit[] = "k\xc3\xbc\xc2\xa0\xe2\x82\xac";
	struct test_vault test;
	Ouro__Dot dot;

	(void)state;
	test_vault_open(&test, NULL);
	for (size_t i = 0; i < sizeof(unfit) / sizeof(*unfit); i++) {
		Ouro__RefRecord ref = ref_plain(&dot);

		assert_int_equal(ref_name_check("blobs", unfit[i], NULL),
		    OURO_INVALID);
		ref.owner = unfit[i];
		assert_int_equal(ref_back(&test, &ref), OURO_DAMAGED);
		ref = ref_plain(&dot);
		ref.group = unfit[i];
		assert_int_equal(ref_back(&test, &ref), OURO_DAMAGED);
		ref = ref_plain(&dot);
		ref.writer = unfit[i];
		assert_int_equal(ref_back(&test, &ref), OURO_DAMAGED);
	}
	Ouro__RefRecord ref = ref_plain(&dot);
	ref.owner = ref.group = ref.writer = ref.path = fit;
	test_ok(ref_back(&test, &ref), &test.err);
	test_vault_close(&test);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_salt_binds_all_of_the_record),
		cmocka_unit_test(clear_fields_change_the_salt),
		cmocka_unit_test(content_types_have_one_limit),
		cmocka_unit_test(texts_of_versions_have_no_control_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
