#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "command.h"
#include "meta.h"
#include "text.h"

static void
check_size(uint64_t bytes, const char *want)
{
	char text[TEXT_SIZE_SIZE];

	assert_string_equal(text_size(bytes, text), want);
}

static void
sizes_are_short(void **state)
{
	(void)state;
	check_size(0, "0 B");
	check_size(1023, "1023 B");
	check_size(1024, "1.0 KiB");
	check_size(1536 * 1024, "1.5 MiB");
	check_size(1024 * 1024 - 1, "1.0 MiB");
	check_size((uint64_t)1 << 40, "1.0 TiB");
	check_size(UINT64_MAX, "16.0 EiB");
}

static void
times_are_utc(void **state)
{
	char text[TEXT_TIME_SIZE];

	(void)state;
	assert_string_equal(text_time(1709208000123, text),
	    "2024-02-29T12:00:00Z");
	assert_string_equal(text_time_ms(1709208000123, text),
	    "2024-02-29T12:00:00.123Z");
	text_time_ms(UINT64_MAX, text); /* whatever: it must fit */
}

static void
check_escaped(const char *text, const char *want)
{
	char *escaped = text_escape(text);

	assert_non_null(escaped);
	assert_string_equal(escaped, want);
	free(escaped);
}

static void
names_cannot_steer_the_terminal(void **state)
{
	(void)state;
	check_escaped("", "");
	check_escaped("na\xc3\xafve \xe6\x96\x87", "na\xc3\xafve \xe6\x96\x87");
	check_escaped("a\nb\tc", "a\\nb\\tc");
	check_escaped("\x1b[31m", "\\x1b[31m");
	check_escaped("\x7f", "\\x7f");
	check_escaped("\xc2\x9b", "\\u009b");
	check_escaped("\xe2\x80\xae"
		      "fdp.exe",
	    "\\u202efdp.exe");
	check_escaped("\xff\xc3", "\\xff\\xc3");
}

static void
widths_are_columns(void **state)
{
	(void)state;
	assert_int_equal(text_width("abc"), 3);
	assert_int_equal(text_width("\xc3\xa9"), 1);
	assert_int_equal(text_width("e\xcc\x81"), 1);
	assert_int_equal(text_width("\xe6\x96\x87"), 2);
}

static void
check_meta(const char *path, const char *want)
{
	struct buffer meta = { 0 };

	assert_true(meta_make(path, true, 12, &meta));
	assert_int_equal(meta.size, strlen(want));
	assert_memory_equal(meta.data, want, meta.size);
	buffer_release(&meta);
}

static void
metadata_names_the_file(void **state)
{
	static const char foreign[] = "{\"a\": 1, \"fileName\" : \"x\\ty\"}";
	char *name = meta_file_name(foreign, sizeof foreign - 1);

	(void)state;
	assert_string_equal(name, "x\ty");
	free(name);
	check_meta("/a/b.txt", "{\"fileName\":\"b.txt\",\"fileSizeBytes\":12}");
	check_meta("b\".txt",
	    "{\"fileName\":\"b\\\".txt\",\"fileSizeBytes\":12}");
	assert_null(meta_file_name("{}", 2));
	assert_null(meta_file_name("[\"fileName\"]", 12));
	assert_null(meta_file_name("{\"fileName\":3}", 14));
	assert_null(meta_file_name("\xff", 1));
	assert_null(meta_file_name(NULL, 0));
	assert_null(meta_file_name(NULL, 5000));
}

static void
mistyped_commands_are_recognised(void **state)
{
	(void)state;
	assert_ptr_equal(command_nearest("ptu"), &put_command);
	assert_ptr_equal(command_nearest("verfiy"), &verify_command);
	assert_ptr_equal(command_nearest("repiar"), &repair_command);
	assert_ptr_equal(command_nearest("hlep"), &help_command);
	assert_null(command_nearest("xyzzyx"));
	assert_null(command_nearest(""));
	assert_null(command_nearest("a word that is far too long for one"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_are_short),
		cmocka_unit_test(times_are_utc),
		cmocka_unit_test(names_cannot_steer_the_terminal),
		cmocka_unit_test(widths_are_columns),
		cmocka_unit_test(metadata_names_the_file),
		cmocka_unit_test(mistyped_commands_are_recognised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
