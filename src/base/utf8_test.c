#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* The reference: decode by the table's bit patterns, then check the value. */
static size_t
slow_sequence(const uint8_t *p, size_t size)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length = size == 0   ? 0
	    : p[0] < 0x80	    ? 1
	    : (p[0] & 0xe0) == 0xc0 ? 2
	    : (p[0] & 0xf0) == 0xe0 ? 3
	    : (p[0] & 0xf8) == 0xf0 ? 4
				    : 0;
	uint32_t point;

	if (length <= 1)
		return length;
	if (size < length)
		return 0;
	point = p[0] & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (p[i] & 0x3f);
	}
	if (point < least[length] || point > 0x10ffff ||
	    (point >= 0xd800 && point <= 0xdfff))
		return 0;
	return length;
}

static void
sequences_agree_with_a_slow_reading(void **state)
{
	static const uint8_t later[] = { 0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f,
		0xa0, 0xbf, 0xc0, 0xff };
	size_t count = sizeof later;

	(void)state;
	for (unsigned first = 0; first < 256; first++) {
		for (size_t i = 0; i < count * count * count * 5; i++) {
			uint8_t p[4] = { (uint8_t)first, later[i / 5 % count],
				later[i / 5 / count % count],
				later[i / 5 / count / count] };
			size_t size = i % 5;

			assert_int_equal(utf8_sequence(bytes_of(p, size)),
			    slow_sequence(p, size));
		}
	}
}

static void
every_code_point_round_trips(void **state)
{
	(void)state;
	for (uint32_t point = 0; point <= 0x10ffff; point++) {
		uint8_t p[UTF8_SEQUENCE_MAX];
		size_t length;

		if (point == 0xd800)
			point = 0xe000;
		length = utf8_encode(point, p);
		if (slow_sequence(p, length) != length ||
		    utf8_sequence(bytes_of(p, length)) != length)
			fail_msg("U+%04X", (unsigned)point);
	}
}

static void
whole_texts(void **state)
{
	(void)state;
	assert_true(utf8_valid(bytes_of(NULL, 0)));
	assert_true(utf8_valid(bytes_of("a\0b", 3)));
	assert_true(
	    utf8_valid(bytes_text("z\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80")));
	assert_false(utf8_valid(bytes_text("z\xc3")));
	assert_false(utf8_valid(bytes_text("\xc3\xa4\x80")));
	assert_false(utf8_valid(bytes_text("ab\xff"
					   "cd")));
}

static void
control_characters_are_not_plain(void **state)
{
	(void)state;
	for (uint32_t point = 0; point < 0x300; point++) {
		uint8_t text[UTF8_SEQUENCE_MAX + 1] = { 'a' };
		size_t length = utf8_encode(point, text + 1);
		bool control = point < 0x20 || (point >= 0x7f && point < 0xa0);

		assert_int_equal(utf8_plain(bytes_of(text, 1 + length)),
		    !control);
		assert_int_equal(utf8_control(bytes_of(text + 1, length)),
		    control);
	}
	assert_true(utf8_plain(bytes_of(NULL, 0)));
	assert_false(utf8_plain(bytes_text("a\x80")));
	assert_false(utf8_control(bytes_of(NULL, 0)));
	assert_false(utf8_control(bytes_text("\xc2")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sequences_agree_with_a_slow_reading),
		cmocka_unit_test(every_code_point_round_trips),
		cmocka_unit_test(whole_texts),
		cmocka_unit_test(control_characters_are_not_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
