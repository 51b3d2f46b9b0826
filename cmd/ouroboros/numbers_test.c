#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "numbers.h"

static void
ranges_are_read(void **state)
{
	struct range range;

	(void)state;
	assert_true(range_parse("0-0", &range));
	assert_false(range.suffix);
	assert_int_equal(range.first, 0);
	assert_int_equal(range.last, 0);
	assert_true(range_parse("10-18446744073709551615", &range));
	assert_true(range.last == UINT64_MAX);
	assert_true(range_parse("7-", &range));
	assert_true(range.last == UINT64_MAX);
	assert_true(range_parse("-500", &range));
	assert_true(range.suffix);
	assert_int_equal(range.first, 500);
}

static void
wrong_ranges_are_refused(void **state)
{
	static const char *const wrong[] = { "", "-", "5", "a-b", "3-1", "-0",
		"--5", "-5-10", "5--1", "+1-2", " 1-2", "1-2 ", "1 -2", "1-2-3",
		"0x1-2", "1.5-2", "18446744073709551616-",
		"0-99999999999999999999999999", "-99999999999999999999" };
	struct range range;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (range_parse(wrong[i], &range))
			fail_msg("'%s' was taken for a range", wrong[i]);
}

static void
check_applied(const char *text, uint64_t size, uint64_t want_offset,
    uint64_t want_length)
{
	struct range range;
	uint64_t offset = 0, length = 0;

	assert_true(range_parse(text, &range));
	assert_true(range_apply(&range, size, &offset, &length));
	assert_int_equal(offset, want_offset);
	assert_int_equal(length, want_length);
}

static void
ranges_are_cut_to_the_content(void **state)
{
	struct range range;
	uint64_t offset, length;

	(void)state;
	check_applied("0-0", 1, 0, 1);
	check_applied("0-", 10, 0, 10);
	check_applied("9-", 10, 9, 1);
	check_applied("2-4", 10, 2, 3);
	check_applied("2-9", 10, 2, 8);
	check_applied("2-10", 10, 2, 8);
	check_applied("0-18446744073709551615", UINT64_MAX, 0, UINT64_MAX);
	check_applied("18446744073709551614-", UINT64_MAX, UINT64_MAX - 1, 1);
	check_applied("-3", 10, 7, 3);
	check_applied("-30", 10, 0, 10);
	assert_true(range_parse("10-", &range));
	assert_false(range_apply(&range, 10, &offset, &length));
	assert_true(range_parse("-1", &range));
	assert_false(range_apply(&range, 0, &offset, &length));
	assert_true(range_parse("0-", &range));
	assert_false(range_apply(&range, 0, &offset, &length));
}

static void
erasure_codes_are_read(void **state)
{
	unsigned k = 0, m = 0;

	(void)state;
	assert_null(rs_parse("3+2", &k, &m));
	assert_int_equal(k, 3);
	assert_int_equal(m, 2);
	assert_null(rs_parse("1+0", &k, &m));
	assert_int_equal(m, 0);
	assert_null(rs_parse("200+55", &k, &m));
	assert_null(rs_parse("255+0", &k, &m));
}

static void
wrong_erasure_codes_are_refused(void **state)
{
	static const char *const wrong[] = { "", "3", "3+", "+2", "0+2", "0+0",
		"200+56", "256+0", "1+255", "-1+2", "3+-2", "3 + 2", "3+2 ",
		"a+b", "3-2", "4294967299+2", "3+4294967298",
		"18446744073709551619+2" };
	unsigned k, m;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (rs_parse(wrong[i], &k, &m) == NULL)
			fail_msg("'%s' was taken for a code", wrong[i]);
	assert_non_null(strstr(rs_parse("0+2", &k, &m), "K >= 1"));
	assert_non_null(strstr(rs_parse("200+56", &k, &m), "255"));
}

static void
sizes_are_read(void **state)
{
	static const char *const wrong[] = { "", "GiB", "-1", "1.5", "1 MiB",
		"1kb", "17179869184", "18446744073709551616B" };
	uint64_t bytes;

	(void)state;
	assert_true(size_parse("0", &bytes) && bytes == 0);
	assert_true(size_parse("2", &bytes) && bytes == 2ull << 30);
	assert_true(size_parse("512MiB", &bytes) && bytes == 512ull << 20);
	assert_true(
	    size_parse("18446744073709551615B", &bytes) && bytes == UINT64_MAX);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (size_parse(wrong[i], &bytes))
			fail_msg("'%s' was taken for a size", wrong[i]);
}

static void
durations_are_read(void **state)
{
	static const char *const wrong[] = { "", "s", "7", "-1s", "1.5h", "7 d",
		"7days", "1w", "d7", "213503982334602d",
		"18446744073709551616s" };
	uint64_t seconds;

	(void)state;
	assert_true(duration_parse("0", &seconds) && seconds == 0);
	assert_true(duration_parse("0s", &seconds) && seconds == 0);
	assert_true(duration_parse("90s", &seconds) && seconds == 90);
	assert_true(duration_parse("15m", &seconds) && seconds == 900);
	assert_true(duration_parse("1h", &seconds) && seconds == 3600);
	assert_true(duration_parse("7d", &seconds) && seconds == 604800);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (duration_parse(wrong[i], &seconds))
			fail_msg("'%s' was taken for a time", wrong[i]);
}

static void
counts_are_read(void **state)
{
	static const char *const wrong[] = { "", "-1", "1x", " 1", "0x10",
		"18446744073709551616" };
	uint64_t count;

	(void)state;
	assert_true(count_parse("0", &count) && count == 0);
	assert_true(
	    count_parse("18446744073709551615", &count) && count == UINT64_MAX);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (count_parse(wrong[i], &count))
			fail_msg("'%s' was taken for a count", wrong[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_are_read),
		cmocka_unit_test(wrong_ranges_are_refused),
		cmocka_unit_test(ranges_are_cut_to_the_content),
		cmocka_unit_test(erasure_codes_are_read),
		cmocka_unit_test(wrong_erasure_codes_are_refused),
		cmocka_unit_test(sizes_are_read),
		cmocka_unit_test(durations_are_read),
		cmocka_unit_test(counts_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
