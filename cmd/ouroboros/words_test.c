#include "words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define SPLIT(words, text) words_split(words, text, sizeof(text) - 1)

static void
check_word(const struct words *words, size_t number, const char *want,
    size_t size)
{
	assert_true(number < words->count);
	assert_int_equal(words->word[number].size, size);
	assert_memory_equal(words->word[number].data, want, size);
}

static void
lines_are_cut_at_blanks(void **state)
{
	struct words words = { 0 };

	(void)state;
	assert_null(SPLIT(&words, ""));
	assert_int_equal(words.count, 0);
	assert_null(SPLIT(&words, "  \t \r\n"));
	assert_int_equal(words.count, 0);
	assert_null(SPLIT(&words, " set  key\tC:\\dir "));
	assert_int_equal(words.count, 3);
	check_word(&words, 0, "set", 3);
	check_word(&words, 2, "C:\\dir", 6);
	assert_true(words.ended);
	assert_null(SPLIT(&words, "1 2 3 4 5 6 7 8"));
	assert_int_equal(words.count, WORDS_MAX);
	assert_non_null(SPLIT(&words, "1 2 3 4 5 6 7 8 9"));
	words_release(&words);
}

static void
quotes_and_escapes(void **state)
{
	struct words words = { 0 };

	(void)state;
	assert_null(
	    SPLIT(&words, "set \"a b\" \"\\n\\t\\r\\0\\\\\\\"\\x00\\xfF\""));
	assert_int_equal(words.count, 3);
	check_word(&words, 1, "a b", 3);
	check_word(&words, 2, "\n\t\r\0\\\"\0\xff", 8);
	assert_null(SPLIT(&words, "\"\" a\"b c\"d"));
	assert_int_equal(words.count, 2);
	check_word(&words, 0, "", 0);
	check_word(&words, 1, "ab cd", 5);
	assert_non_null(SPLIT(&words, "\"abc"));
	assert_true(words.open);
	assert_non_null(SPLIT(&words, "\"abc\\"));
	assert_non_null(SPLIT(&words, "\"\\q\""));
	assert_non_null(SPLIT(&words, "\"\\x1\""));
	assert_non_null(SPLIT(&words, "\"\\x1"));
	assert_non_null(SPLIT(&words, "\"\\xg0\""));
	words_release(&words);
}

static void
the_last_word_is_found(void **state)
{
	struct words words = { 0 };

	(void)state;
	SPLIT(&words, "get ab");
	assert_int_equal(words.last_at, 4);
	assert_false(words.ended);
	SPLIT(&words, "get ");
	assert_int_equal(words.last_at, 4);
	assert_true(words.ended);
	SPLIT(&words, "get \"a b");
	assert_int_equal(words.last_at, 4);
	assert_true(words.open);
	check_word(&words, 1, "a b", 3);
	SPLIT(&words, "");
	assert_int_equal(words.last_at, 0);
	words_release(&words);
}

static void
what_is_written_can_be_pasted_back(void **state)
{
	static const char plain[] = "na\xc3\xafve/key:1";
	struct words words = { 0 };
	struct buffer out = { 0 };
	uint8_t bytes[3];

	(void)state;
	assert_true(words_quote(&out, bytes_text(plain), false));
	assert_int_equal(out.size, sizeof plain - 1);
	out.size = 0;
	assert_true(words_quote(&out, bytes_of(NULL, 0), false));
	assert_memory_equal(out.data, "\"\"", 2);
	out.size = 0;
	assert_true(words_quote(&out, bytes_text("a\n\xe2\x80\xae"), false));
	assert_int_equal(out.size, 17);
	assert_memory_equal(out.data, "\"a\\n\\xe2\\x80\\xae\"", 17);
	for (unsigned i = 0; i < 256 * 256; i++) {
		bytes[0] = 'a';
		bytes[1] = (uint8_t)i;
		bytes[2] = (uint8_t)(i >> 8);
		out.size = 0;
		assert_true(words_quote(&out, bytes_of(bytes, 3), false));
		assert_null(words_split(&words, (char *)out.data, out.size));
		assert_int_equal(words.count, 1);
		check_word(&words, 0, (char *)bytes, 3);
		for (size_t n = 0; n < out.size; n++)
			assert_true(out.data[n] >= 0x20 && out.data[n] != 0x7f);
	}
	buffer_release(&out);
	words_release(&words);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_cut_at_blanks),
		cmocka_unit_test(quotes_and_escapes),
		cmocka_unit_test(the_last_word_is_found),
		cmocka_unit_test(what_is_written_can_be_pasted_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
