#include "base/json.h"

#include "base/utf8.h"
#include "base/test_json.h"

static bool
accepted(const char *text, size_t size)
{
	struct json_value value;

	return json_parse(bytes_of(text, size), &value, NULL, NULL) == OURO_OK;
}

/* ---- the grammar --------------------------------------------------------- */

static void
right_texts_are_accepted(void **state)
{
	static const char *const texts[] = {
		"null",
		"true",
		"false",
		" \t\r\n1 \t\r\n",
		"\"\"",
		"[]",
		"{}",
		"0",
		"-0",
		"-1",
		"10",
		"1.0",
		"0.5",
		"-0.0",
		"1e1",
		"1E+2",
		"0e0",
		"1.5e-300",
		"123456789012345678901234567890",
		"1e999999",
		"[ ]",
		"{ }",
		"[1,2]",
		"[ 1 , 2 ]",
		"[[],{}]",
		"{\"a\":1}",
		"{ \"a\" : 1 , \"b\" : [ ] }",
		"{\"\":0}",
		"{\"a\":1,\"a\":2}",
		"[null,true,false,\"\",0,{},[]]",
		"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
		"\"\\u0000\\uABCD\\uabcd\"",
		"\"\\ud83d\\ude00\"",
		"\"\\uDBFF\\uDFFF\"",
		"\"\x7f\"",
		"\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"",
		"\"\xe2\x80\xa8\"",
		"\"\xf4\x8f\xbf\xbf\"",
		"[\"a]\",\"}\"]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (!accepted(texts[i], strlen(texts[i])))
			fail_msg("refused: %s", texts[i]);
}

static const struct {
	const char *text;
	size_t wrong;
} wrong_texts[] = {
	/* nothing, too much, too little */
	{ "", 0 },
	{ " ", 1 },
	{ "1 2", 2 },
	{ "[]]", 2 },
	{ "{}}", 2 },
	{ "[1", 2 },
	{ "[1,", 3 },
	{ "[", 1 },
	{ "{", 1 },
	{ "{\"a\"", 4 },
	{ "{\"a\":", 5 },
	{ "{\"a\":1", 6 },
	{ "{\"a\":1,", 7 },
	{ "\"abc", 4 },
	{ "\"\\", 2 },
	{ "\"\\u12", 5 },
	{ "tru", 3 },
	{ "-", 1 },
	{ "1.", 2 },
	{ "1e", 2 },
	{ "1e+", 3 },
	{ "[\"", 2 },
	/* lists */
	{ "[1,]", 3 },
	{ "[,1]", 1 },
	{ "[1 2]", 3 },
	{ "[1;2]", 2 },
	{ "[1:2]", 2 },
	{ "[1,,2]", 3 },
	{ "[1}", 2 },
	{ "]", 0 },
	{ "}", 0 },
	{ ",", 0 },
	{ ":", 0 },
	{ "{\"a\":1,}", 7 },
	{ "{,}", 1 },
	{ "{\"a\"}", 4 },
	{ "{\"a\":}", 5 },
	{ "{a:1}", 1 },
	{ "{1:1}", 1 },
	{ "{'a':1}", 1 },
	{ "{\"a\" 1}", 5 },
	{ "{\"a\":1 \"b\":2}", 7 },
	{ "{\"a\"::1}", 5 },
	{ "{\"a\":1]", 6 },
	{ "{null:1}", 1 },
	{ "{[]:1}", 1 },
	{ "[\"a\" \"b\"]", 5 },
	{ "{\"a\",1}", 4 },
	/* words */
	{ "nul", 3 },
	{ "nulll", 4 },
	{ "True", 0 },
	{ "TRUE", 0 },
	{ "trux", 3 },
	{ "fals ", 4 },
	{ "NaN", 0 },
	{ "nan", 1 },
	{ "Infinity", 0 },
	{ "undefined", 0 },
	{ "[nu ll]", 3 },
	/* numbers */
	{ "01", 1 },
	{ "-01", 2 },
	{ "00", 1 },
	{ "+1", 0 },
	{ ".5", 0 },
	{ "-.5", 1 },
	{ "1.e1", 2 },
	{ "1.5.5", 3 },
	{ "1e1.5", 3 },
	{ "0x10", 1 },
	{ "1e", 2 },
	{ "--1", 1 },
	{ "-a", 1 },
	{ "1 000", 2 },
	{ "1_000", 1 },
	{ "1f", 1 },
	{ "-Infinity", 1 },
	{ "1e--1", 3 },
	{ "[-]", 2 },
	{ "\xef\xbc\x91", 0 },
	/* strings */
	{ "\"\\x\"", 2 },
	{ "\"\\'\"", 2 },
	{ "\"\\a\"", 2 },
	{ "\"\\U0041\"", 2 },
	{ "\"\\u00g0\"", 5 },
	{ "\"\\u 000\"", 3 },
	{ "\"a\nb\"", 2 },
	{ "\"\t\"", 1 },
	{ "\"\x1f\"", 1 },
	{ "'a'", 0 },
	{ "\"a\"b", 3 },
	{ "\"\\ud800\"", 1 },
	{ "\"\\udc00\"", 1 },
	{ "\"x\\ud800\\u0041\"", 2 },
	{ "\"\\ud800\\n\"", 1 },
	{ "\"\\ud800\\ud800\"", 1 },
	{ "\"\\udc00\\ud800\"", 1 },
	{ "\"\\udc00\\udc00\"", 1 },
	{ "\"\\ud800", 7 },
	{ "\"\\ud800\\u", 9 },
	/* UTF-8 */
	{ "\"\xff\"", 1 },
	{ "\"a\x80\"", 2 },
	{ "\"\xc0\x80\"", 1 },
	{ "\"\xc3\"", 1 },
	{ "\"\xe2\x82\"", 1 },
	{ "\"\xed\xa0\x80\"", 1 },
	{ "\"\xf4\x90\x80\x80\"", 1 },
	{ "\"\xf0\x80\x80\x80\"", 1 },
	{ "\"\xc3", 1 },
	{ "[\xc3\xa4]", 1 },
	/* around the value */
	{ "\xef\xbb\xbf{}", 0 },
	{ "\xc2\xa0[]", 0 },
	{ "[]\v", 2 },
	{ "[\f]", 1 },
	{ "\f[]", 0 },
	{ "// x\n1", 0 },
	{ "1 // x", 2 },
	{ "/* x */1", 0 },
	{ "[] #", 3 },
	{ "[\xe2\x81\xa0]", 1 },
};

static void
wrong_texts_are_refused_where_they_are_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof wrong_texts / sizeof wrong_texts[0];
	     i++) {
		struct ouro_error err = { 0 };
		struct json_value value;
		size_t wrong = SIZE_MAX;
		char place[40];

		if (json_parse(bytes_text(wrong_texts[i].text), &value, &wrong,
			&err) != OURO_INVALID ||
		    wrong != wrong_texts[i].wrong)
			fail_msg("%s: wrong at %zu, not %zu",
			    wrong_texts[i].text, wrong, wrong_texts[i].wrong);
		snprintf(place, sizeof place, " at offset %zu", wrong);
		assert_non_null(strstr(err.text, place));
	}
}

static void
zero_bytes_are_refused(void **state)
{
	(void)state;
	assert_false(accepted("\0", 1));
	assert_false(accepted("1\0", 2));
	assert_false(accepted("\"a\0\"", 4));
	assert_false(accepted("\"\\\0\"", 4));
	assert_false(accepted("[\0]", 3));
	assert_false(accepted(NULL, 0));
}

static void
depth_has_a_limit(void **state)
{
	static const char *const openers[] = { "[", "{\"a\":" };
	static const char *const closers[] = { "]", "}" };

	(void)state;
	for (int kind = 0; kind < 2; kind++) {
		for (int depth = 126; depth <= 131; depth++) {
			struct buffer text = { 0 };
			size_t limit = JSON_DEPTH_MAX * strlen(openers[kind]);
			struct json_value value;
			size_t wrong = 0;

			for (int i = 0; i < depth; i++)
				buffer_append(&text, bytes_text(openers[kind]),
				    NULL);
			buffer_append(&text, bytes_text("0"), NULL);
			for (int i = 0; i < depth; i++)
				buffer_append(&text, bytes_text(closers[kind]),
				    NULL);
			assert_int_equal(json_parse(buffer_bytes(&text), &value,
					     &wrong, NULL) == OURO_OK,
			    depth <= 128);
			assert_int_equal(wrong, depth <= 128 ? 0 : limit);
			buffer_release(&text);
		}
	}
}

static void
every_beginning_of_a_text_ends_too_early(void **state)
{
	static const char text[] = "{\"key\": [1, -2.5e+3, true, false, null, "
				   "{\"\\u00e4\\n\": \"\\ud83d\\ude00\"}], "
				   "\"b\": {}}";

	(void)state;
	for (size_t size = 0; size < sizeof text - 1; size++) {
		struct json_value value;
		size_t wrong = SIZE_MAX;

		assert_int_equal(json_parse(bytes_of(text, size), &value,
				     &wrong, NULL),
		    OURO_INVALID);
		assert_int_equal(wrong, size);
	}
	assert_true(accepted(text, sizeof text - 1));
}

/* ---- the grammar again, by itself ---------------------------------------- */

/* A plain recursive reading; each returns what is behind, or NULL. */
static const char *slow_value(const char *p);

static const char *
slow_space(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

static const char *
slow_string(const char *p)
{
	if (*p++ != '"')
		return NULL;
	while (*p != '"') {
		if ((unsigned char)*p < 0x20)
			return NULL;
		if (*p++ != '\\')
			continue;
		if (*p == 'u' && strspn(p + 1, "0123456789abcdefABCDEF") >= 4)
			p += 5;
		else if (*p != '\0' && strchr("\"\\/bfnrt", *p) != NULL)
			p++;
		else
			return NULL;
	}
	return p + 1;
}

static const char *
slow_number(const char *p)
{
	static const char digits[] = "0123456789";

	p += *p == '-';
	if (strspn(p, digits) == 0 || (*p == '0' && strspn(p, digits) > 1))
		return NULL;
	p += strspn(p, digits);
	if (*p == '.') {
		if (strspn(++p, digits) == 0)
			return NULL;
		p += strspn(p, digits);
	}
	if (*p == 'e' || *p == 'E') {
		p++;
		p += *p == '+' || *p == '-';
		if (strspn(p, digits) == 0)
			return NULL;
		p += strspn(p, digits);
	}
	return p;
}

static const char *
slow_list(const char *p, char closer)
{
	p = slow_space(p + 1);
	if (*p == closer)
		return p + 1;
	for (;;) {
		if (closer == '}') {
			p = slow_string(slow_space(p));
			if (p == NULL || *(p = slow_space(p)) != ':')
				return NULL;
			p++;
		}
		p = slow_value(p);
		if (p == NULL)
			return NULL;
		if (*p == closer)
			return p + 1;
		if (*p++ != ',')
			return NULL;
	}
}

static const char *
slow_value(const char *p)
{
	p = slow_space(p);
	if (*p == '{')
		p = slow_list(p, '}');
	else if (*p == '[')
		p = slow_list(p, ']');
	else if (*p == '"')
		p = slow_string(p);
	else if (strncmp(p, "null", 4) == 0)
		p += 4;
	else
		p = slow_number(p);
	return p == NULL ? NULL : slow_space(p);
}

static void
compare_readings(const char *text)
{
	const char *end = slow_value(text);
	bool slow = end != NULL && *end == '\0';

	if (accepted(text, strlen(text)) != slow)
		fail_msg("%s: %s", text, slow ? "refused" : "accepted");
}

static void
short_texts_agree_with_a_slow_reading(void **state)
{
	static const char alphabet[] = "{}[]\",:01-.e \\u";
	size_t kinds = sizeof alphabet - 1;
	char text[8];

	(void)state;
	for (size_t size = 1; size <= 5; size++) {
		size_t count = 1;

		for (size_t i = 0; i < size; i++)
			count *= kinds;
		for (size_t n = 0; n < count; n++) {
			size_t rest = n;

			for (size_t i = 0; i < size; i++, rest /= kinds)
				text[i] = alphabet[rest % kinds];
			text[size] = '\0';
			compare_readings(text);
		}
	}
}

static void
damaged_texts_agree_with_a_slow_reading(void **state)
{
	static const char text[] = "{\"k\":[1,-2.5e+3,null,{\"\\u00e4\\n\": "
				   "\"a\"}], \"b\":{},\"\":[[],0.1]}";
	static const char alphabet[] = "{}[]\",:01-.e \\unlk+";

	(void)state;
	for (size_t i = 0; i < sizeof text - 1; i++) {
		for (size_t j = 0; j < sizeof alphabet - 1; j++) {
			char changed[sizeof text + 1];

			memcpy(changed, text, sizeof text);
			changed[i] = alphabet[j];
			compare_readings(changed);
			memcpy(changed + i + 1, text + i, sizeof text - i);
			compare_readings(changed);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(right_texts_are_accepted),
		cmocka_unit_test(wrong_texts_are_refused_where_they_are_wrong),
		cmocka_unit_test(zero_bytes_are_refused),
		cmocka_unit_test(depth_has_a_limit),
		cmocka_unit_test(every_beginning_of_a_text_ends_too_early),
		cmocka_unit_test(short_texts_agree_with_a_slow_reading),
		cmocka_unit_test(damaged_texts_agree_with_a_slow_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
