#include "base/json.h"

#include "base/test_json.h"

static void
check_raw(struct json_value value, const char *want)
{
	assert_int_equal(value.raw.size, strlen(want));
	assert_memory_equal(value.raw.data, want, strlen(want));
}

static void
kinds(void **state)
{
	(void)state;
	assert_int_equal(json_kind(value_of(" {} ")), JSON_OBJECT);
	assert_int_equal(json_kind(value_of("[]")), JSON_ARRAY);
	assert_int_equal(json_kind(value_of("\"\"")), JSON_STRING);
	assert_int_equal(json_kind(value_of("-1")), JSON_NUMBER);
	assert_int_equal(json_kind(value_of("0")), JSON_NUMBER);
	assert_int_equal(json_kind(value_of("true")), JSON_BOOL);
	assert_int_equal(json_kind(value_of("false")), JSON_BOOL);
	assert_int_equal(json_kind(value_of("null")), JSON_NULL);
	check_raw(value_of("\n [ 1 ] \t"), "[ 1 ]");
}

/* ---- reading ------------------------------------------------------------- */

static void
members_keep_their_values_as_sent(void **state)
{
	static const char *const keys[] = { "a", "\xc3\xa4", "", "q\"", "n",
		"x", "e" };
	static const char *const values[] = { "[ 1,\t\"]\\\"\" ]",
		"{ \"x\" : {} }", "1.50", "\"\\u0041\"", "null", "-0",
		"\"\\\\\"" };
	struct json_value object = value_of(
	    "{ \"a\" :[ 1,\t\"]\\\"\" ], "
	    "\"\\u00e4\":{ \"x\" : {} }\n,\"\":1.50,\"q\\\"\":\"\\u0041\","
	    "\"n\":null,\"x\" : -0 , \"e\":\"\\\\\"}");
	struct json_walk walk;
	struct json_value value;
	struct buffer key = { 0 };

	(void)state;
	assert_int_equal(json_enter_object(object, &walk, NULL), OURO_OK);
	for (size_t i = 0; i < 7; i++) {
		assert_int_equal(json_next_member(&walk, &key, &value, NULL),
		    OURO_OK);
		assert_true(
		    bytes_equal(buffer_bytes(&key), bytes_text(keys[i])));
		check_raw(value, values[i]);
	}
	assert_int_equal(json_next_member(&walk, &key, &value, NULL), OURO_END);
	assert_int_equal(json_next_member(&walk, &key, &value, NULL), OURO_END);
	buffer_release(&key);
}

static void
elements_come_in_order(void **state)
{
	static const char *const values[] = { "1", "[ ]", "\"a,b\"", "{}",
		"true", "[[\"]\"],0]", "1e5" };
	struct json_walk walk;
	struct json_value value;

	(void)state;
	assert_int_equal(json_enter_array(value_of("[1,[ ] ,\"a,b\",{},true"
						   " , [[\"]\"],0],1e5 ]"),
			     &walk, NULL),
	    OURO_OK);
	for (size_t i = 0; i < 7; i++) {
		assert_true(json_next_element(&walk, &value));
		check_raw(value, values[i]);
	}
	assert_false(json_next_element(&walk, &value));
	assert_int_equal(json_enter_array(value_of("[ ]"), &walk, NULL),
	    OURO_OK);
	assert_false(json_next_element(&walk, &value));
}

static void
strings_are_decoded(void **state)
{
	static const struct {
		const char *json;
		const char *want;
		size_t size;
	} table[] = {
		{ "\"\"", "", 0 },
		{ "\"abc\"", "abc", 3 },
		{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t", 8 },
		{ "\"a\\u0000b\"", "a\0b", 3 },
		{ "\"\\u007f\\u0080\\u07FF\"", "\x7f\xc2\x80\xdf\xbf", 5 },
		{ "\"\\u0800\\uffff\"", "\xe0\xa0\x80\xef\xbf\xbf", 6 },
		{ "\"\\ud800\\udc00\"", "\xf0\x90\x80\x80", 4 },
		{ "\"\\uDBFF\\uDFFF\"", "\xf4\x8f\xbf\xbf", 4 },
		{ "\"\\uD83D\\ude00!\"", "\xf0\x9f\x98\x80!", 5 },
		{ "\"\\ud7ff\\ue000\"", "\xed\x9f\xbf\xee\x80\x80", 6 },
		{ "\"\xe2\x82\xac\"", "\xe2\x82\xac", 3 },
		{ "\"\\\\u0041\"", "\\u0041", 6 },
	};
	struct buffer out = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		assert_int_equal(json_string(value_of(table[i].json), &out,
				     NULL),
		    OURO_OK);
		assert_true(bytes_equal(buffer_bytes(&out),
		    bytes_of(table[i].want, table[i].size)));
	}
	buffer_release(&out);
}

static void
numbers_have_limits(void **state)
{
	static const struct {
		const char *json;
		uint64_t want;
	} right[] = {
		{ "0", 0 },
		{ "7", 7 },
		{ "10", 10 },
		{ "9223372036854775808", UINT64_C(9223372036854775808) },
		{ "18446744073709551609", UINT64_MAX - 6 },
		{ "18446744073709551615", UINT64_MAX },
	};
	static const char *const wrong[] = { "18446744073709551616",
		"18446744073709551620", "28446744073709551615",
		"99999999999999999999", "184467440737095516150", "-1", "-0",
		"1.0", "1e1", "0.0", "0e0" };
	struct ouro_error err;
	uint64_t number;

	(void)state;
	for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
		assert_int_equal(json_u64(value_of(right[i].json), &number,
				     NULL),
		    OURO_OK);
		assert_true(number == right[i].want);
	}
	number = 77;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		assert_int_equal(json_u64(value_of(wrong[i]), &number, &err),
		    OURO_INVALID);
		assert_non_null(strstr(err.text, wrong[i]));
	}
	assert_int_equal(number, 77);
}

static void
kinds_are_checked(void **state)
{
	static const char *const texts[] = { "{}", "[]", "\"1\"", "1", "true",
		"null" };

	(void)state;
	for (int i = 0; i < 6; i++) {
		struct json_value value = value_of(texts[i]);
		struct buffer out = { 0 };
		struct ouro_error err = { 0 };
		struct json_walk walk;
		uint64_t number;
		bool truth;

		assert_int_equal(json_enter_object(value, &walk, &err),
		    i == JSON_OBJECT ? OURO_OK : OURO_INVALID);
		assert_int_equal(json_enter_array(value, &walk, &err),
		    i == JSON_ARRAY ? OURO_OK : OURO_INVALID);
		assert_int_equal(json_string(value, &out, &err),
		    i == JSON_STRING ? OURO_OK : OURO_INVALID);
		assert_int_equal(json_u64(value, &number, &err),
		    i == JSON_NUMBER ? OURO_OK : OURO_INVALID);
		assert_int_equal(json_bool(value, &truth, &err),
		    i == JSON_BOOL ? OURO_OK : OURO_INVALID);
		buffer_release(&out);
	}
}

static void
bools(void **state)
{
	bool truth = false;

	(void)state;
	assert_int_equal(json_bool(value_of("true"), &truth, NULL), OURO_OK);
	assert_true(truth);
	assert_int_equal(json_bool(value_of("false"), &truth, NULL), OURO_OK);
	assert_false(truth);
}

static void
doubled_keys_are_found(void **state)
{
	static const char *const unique[] = { "{}", "{\"a\":1}",
		"{\"a\":1,\"b\":2,\"ab\":3,\"\":4}",
		"{\"a\":{\"a\":1,\"a\":2},\"A\":1}", "{\"a\":1,\"a \":1}" };
	static const char *const doubled[] = { "{\"a\":1,\"a\":1}",
		"{\"a\":1,\"b\":2,\"\\u0061\":3}", "{\"\":1,\"x\":2,\"\":3}",
		"{\"b\":1,\"a\":1,\"c\":1,\"b\":1}",
		"{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}" };
	struct ouro_error err;

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(json_keys_unique(value_of(unique[i]), NULL),
		    OURO_OK);
		assert_int_equal(json_keys_unique(value_of(doubled[i]), &err),
		    OURO_INVALID);
	}
	json_keys_unique(value_of("{\"b\":1,\"a\":1,\"b\":1}"), &err);
	assert_non_null(strstr(err.text, "\"b\""));
	assert_int_equal(json_keys_unique(value_of("[]"), NULL), OURO_INVALID);
}

static void
finding_a_key(void **state)
{
	struct json_value object = value_of("{\"a\":{\"b\":1},\"\\u0062\":2,"
					    "\"b\":3}");
	struct json_value value;

	(void)state;
	assert_int_equal(json_find(object, "b", &value, NULL), OURO_OK);
	check_raw(value, "2");
	assert_int_equal(json_find(object, "c", &value, NULL), OURO_NOT_FOUND);
	assert_int_equal(json_find(value_of("1"), "c", &value, NULL),
	    OURO_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds),
		cmocka_unit_test(members_keep_their_values_as_sent),
		cmocka_unit_test(elements_come_in_order),
		cmocka_unit_test(strings_are_decoded),
		cmocka_unit_test(numbers_have_limits),
		cmocka_unit_test(kinds_are_checked),
		cmocka_unit_test(bools),
		cmocka_unit_test(doubled_keys_are_found),
		cmocka_unit_test(finding_a_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
