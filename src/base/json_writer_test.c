#include "base/json_writer.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct written {
	struct buffer out;
	struct json_writer writer;
};

static struct json_writer *
written_begin(struct written *written)
{
	*written = (struct written){ 0 };
	json_writer_init(&written->writer, &written->out);
	return &written->writer;
}

/* Ends the text, compares it, and has the reader accept it. */
static void
written_check(struct written *written, const char *want)
{
	struct json_value value;

	assert_int_equal(json_writer_finish(&written->writer, NULL), OURO_OK);
	assert_int_equal(written->out.size, strlen(want));
	assert_memory_equal(written->out.data, want, strlen(want));
	assert_int_equal(json_parse(buffer_bytes(&written->out), &value, NULL,
			     NULL),
	    OURO_OK);
	buffer_release(&written->out);
}

static void
structure(void **state)
{
	struct written written;
	struct json_writer *writer = written_begin(&written);

	(void)state;
	json_write_object_begin(writer);
	json_write_key(writer, "a");
	json_write_u64(writer, 1);
	json_write_key(writer, "b");
	json_write_array_begin(writer);
	json_write_array_begin(writer);
	json_write_array_end(writer);
	json_write_object_begin(writer);
	json_write_object_end(writer);
	json_write_null(writer);
	json_write_array_end(writer);
	json_write_key(writer, "c\"");
	json_write_object_begin(writer);
	json_write_key_bytes(writer, bytes_of("\0", 1));
	json_write_bool(writer, true);
	json_write_object_end(writer);
	json_write_key(writer, "d");
	json_write_raw(writer, bytes_text("[ 1 ]"));
	json_write_object_end(writer);
	written_check(&written,
	    "{\"a\":1,\"b\":[[],{},null],"
	    "\"c\\\"\":{\"\\u0000\":true},\"d\":[ 1 ]}");
}

static void
output_is_appended(void **state)
{
	struct buffer out = { 0 };
	struct json_writer writer;

	(void)state;
	for (int i = 0; i < 2; i++) {
		json_writer_init(&writer, &out);
		json_write_bool(&writer, i == 1);
		assert_int_equal(json_writer_finish(&writer, NULL), OURO_OK);
		buffer_append(&out, bytes_text("\n"), NULL);
	}
	assert_true(
	    bytes_equal(buffer_bytes(&out), bytes_text("false\ntrue\n")));
	buffer_release(&out);
}

static void
strings_are_escaped(void **state)
{
	static const char *const table[][2] = {
		{ "", "\"\"" },
		{ "abc", "\"abc\"" },
		{ "\"\\/", "\"\\\"\\\\/\"" },
		{ "\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"" },
		{ "\x01\x1f\x7f", "\"\\u0001\\u001f\x7f\"" },
		{ "\xc3\xa4\xf0\x9f\x98\x80", "\"\xc3\xa4\xf0\x9f\x98\x80\"" },
		{ "a\xff"
		  "b",
		    "\"a\xef\xbf\xbd"
		    "b\"" },
		{ "\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "x\xc3", "\"x\xef\xbf\xbd\"" },
		{ "\xe2\x82"
		  "a",
		    "\"\xef\xbf\xbd\xef\xbf\xbd"
		    "a\"" },
		{ "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xc3\"", "\"\xef\xbf\xbd\\\"\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct written written;

		json_write_text(written_begin(&written), table[i][0]);
		written_check(&written, table[i][1]);
	}
}

static void
what_was_utf8_comes_back(void **state)
{
	struct buffer back = { 0 };

	(void)state;
	for (int c = 0; c < 128; c++) {
		struct written written;
		struct json_value value;
		char text[3] = { 'a', (char)c, 'b' };

		json_write_string(written_begin(&written), bytes_of(text, 3));
		assert_int_equal(json_parse(buffer_bytes(&written.out), &value,
				     NULL, NULL),
		    OURO_OK);
		assert_int_equal(json_string(value, &back, NULL), OURO_OK);
		assert_true(
		    bytes_equal(buffer_bytes(&back), bytes_of(text, 3)));
		buffer_release(&written.out);
	}
	buffer_release(&back);
}

static void
whole_numbers(void **state)
{
	struct written written;
	struct json_writer *writer = written_begin(&written);

	(void)state;
	json_write_array_begin(writer);
	json_write_u64(writer, 0);
	json_write_u64(writer, UINT64_MAX);
	json_write_i64(writer, INT64_MIN);
	json_write_i64(writer, INT64_MAX);
	json_write_i64(writer, -1);
	json_write_array_end(writer);
	written_check(&written,
	    "[0,18446744073709551615,"
	    "-9223372036854775808,9223372036854775807,-1]");
}

static void
write_doubles(struct json_writer *writer)
{
	json_write_array_begin(writer);
	json_write_double(writer, 0.0, 0);
	json_write_double(writer, 1234.5678, 2);
	json_write_double(writer, -0.125, 3);
	json_write_double(writer, 1.5, 0);
	json_write_double(writer, (double)NAN, 2);
	json_write_double(writer, (double)INFINITY, 2);
	json_write_double(writer, -(double)INFINITY, 2);
	json_write_array_end(writer);
}

static void
fractions(void **state)
{
	static const char want[] = "[0,1234.57,-0.125,2,null,null,null]";
	static const char *const locales[] = { "de_DE.UTF-8", "fr_FR.UTF-8",
		"ps_AF.UTF-8", "C" };
	struct written written;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		/* Those that are installed. */
		setlocale(LC_NUMERIC, locales[i]);
		write_doubles(written_begin(&written));
		written_check(&written, want);
	}
}

static void
the_longest_fraction_fits(void **state)
{
	struct written written;
	struct json_value value;

	(void)state;
	json_write_double(written_begin(&written), -DBL_MAX, JSON_DECIMALS_MAX);
	assert_int_equal(json_writer_finish(&written.writer, NULL), OURO_OK);
	assert_int_equal(written.out.size, 1 + 309 + 1 + JSON_DECIMALS_MAX);
	assert_int_equal(json_parse(buffer_bytes(&written.out), &value, NULL,
			     NULL),
	    OURO_OK);
	buffer_append(&written.out, bytes_of("", 1), NULL);
	assert_true(strtod((const char *)written.out.data, NULL) <= -DBL_MAX);
	buffer_release(&written.out);
}

static void
the_deepest_text_can_be_read(void **state)
{
	struct written written;
	struct json_writer *writer = written_begin(&written);
	struct json_value value;

	(void)state;
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		json_write_array_begin(writer);
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		json_write_array_end(writer);
	assert_int_equal(json_writer_finish(writer, NULL), OURO_OK);
	assert_int_equal(json_parse(buffer_bytes(&written.out), &value, NULL,
			     NULL),
	    OURO_OK);
	buffer_release(&written.out);
}

static void
a_failure_sticks(void **state)
{
	struct written written;
	struct json_writer *writer = written_begin(&written);
	struct ouro_error err;

	(void)state;
	json_write_array_begin(writer);
	json_write_raw(writer, bytes_of("1", SIZE_MAX));
	json_write_u64(writer, 2);
	json_write_array_end(writer);
	assert_int_equal(json_writer_finish(writer, &err), OURO_NO_MEMORY);
	assert_int_equal(err.status, OURO_NO_MEMORY);
	assert_true(bytes_equal(buffer_bytes(&written.out), bytes_text("[")));
	buffer_release(&written.out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(structure),
		cmocka_unit_test(output_is_appended),
		cmocka_unit_test(strings_are_escaped),
		cmocka_unit_test(what_was_utf8_comes_back),
		cmocka_unit_test(whole_numbers),
		cmocka_unit_test(fractions),
		cmocka_unit_test(the_longest_fraction_fits),
		cmocka_unit_test(the_deepest_text_can_be_read),
		cmocka_unit_test(a_failure_sticks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
