#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct heard {
	int count;
	enum log_level level;
	char text[2048];
};

static void
hear(void *context, enum log_level level, const char *text)
{
	struct heard *heard = (struct heard *)context;

	heard->count++;
	heard->level = level;
	snprintf(heard->text, sizeof heard->text, "%s", text);
}

static void
levels_are_filtered(void **state)
{
	struct heard heard = { 0 };
	struct log log = { hear, &heard, LOG_WARNING };

	(void)state;
	log_write(&log, LOG_DEBUG, "no");
	log_write(&log, LOG_INFO, "no");
	assert_int_equal(heard.count, 0);
	log_write(&log, LOG_WARNING, "segment %d", 3);
	assert_int_equal(heard.count, 1);
	assert_int_equal(heard.level, LOG_WARNING);
	assert_string_equal(heard.text, "segment 3");
	log_write(&log, LOG_ERROR, "worse");
	assert_int_equal(heard.count, 2);
}

static void
no_log_is_silence(void **state)
{
	struct log log = { NULL, NULL, LOG_DEBUG };

	(void)state;
	log_write(NULL, LOG_ERROR, "%s", "x");
	log_write(&log, LOG_ERROR, "%s", "x");
}

static void
a_text_is_one_line(void **state)
{
	struct heard heard = { 0 };
	struct log log = { hear, &heard, LOG_DEBUG };

	(void)state;
	log_write(&log, LOG_INFO, "name %s end", "a\nERROR b\r\x1b[2J\x7f");
	assert_string_equal(heard.text, "name a ERROR b  [2J  end");
}

static void
long_texts_are_cut(void **state)
{
	struct heard heard = { 0 };
	struct log log = { hear, &heard, LOG_DEBUG };
	char text[3000];

	(void)state;
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	log_write(&log, LOG_INFO, "%s", text);
	assert_int_equal(heard.count, 1);
	assert_int_equal(strlen(heard.text), 1023);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels_are_filtered),
		cmocka_unit_test(no_log_is_silence),
		cmocka_unit_test(a_text_is_one_line),
		cmocka_unit_test(long_texts_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
