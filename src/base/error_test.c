#include "base/error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
every_status_has_its_own_text(void **state)
{
	(void)state;
	for (int a = OURO_OK; a <= OURO_CRYPTO; a++) {
		const char *text = ouro_status_text((enum ouro_status)a);

		assert_non_null(text);
		assert_true(text[0] != '\0');
		assert_string_not_equal(text, "unknown status");
		for (int b = OURO_OK; b < a; b++)
			assert_string_not_equal(text,
			    ouro_status_text((enum ouro_status)b));
	}
	assert_string_equal(ouro_status_text(OURO_NOT_FOUND), "not found");
}

static void
unknown_statuses_have_a_text(void **state)
{
	(void)state;
	assert_string_equal(ouro_status_text((enum ouro_status)20),
	    "unknown status");
	assert_string_equal(ouro_status_text((enum ouro_status) - 1),
	    "unknown status");
}

static void
set_fills_and_returns_the_status(void **state)
{
	struct ouro_error err = { .sys_errno = 7 };

	(void)state;
	assert_int_equal(error_set(&err, OURO_DAMAGED, "%s at %d", "a.seg", 12),
	    OURO_DAMAGED);
	assert_int_equal(err.status, OURO_DAMAGED);
	assert_int_equal(err.sys_errno, 0);
	assert_string_equal(err.text, "a.seg at 12");
}

static void
no_error_wanted(void **state)
{
	(void)state;
	assert_int_equal(error_set(NULL, OURO_REFUSED, "x"), OURO_REFUSED);
	assert_int_equal(error_errno(NULL, ENOSPC, "x"), OURO_NO_SPACE);
	assert_int_equal(error_memory(NULL), OURO_NO_MEMORY);
}

static void
text_may_quote_the_old_text(void **state)
{
	struct ouro_error err;

	(void)state;
	error_set(&err, OURO_IO, "inner");
	error_set(&err, OURO_IO, "outer: %s (%s)", err.text, err.text);
	assert_string_equal(err.text, "outer: inner (inner)");
}

static void
long_texts_are_cut_and_say_so(void **state)
{
	struct {
		struct ouro_error err;
		char guard[8];
	} box;
	char path[2000];
	size_t length;

	(void)state;
	memset(path, 'p', sizeof path);
	path[sizeof path - 1] = '\0';
	memset(box.guard, 0x5a, sizeof box.guard);
	error_set(&box.err, OURO_IO, "%s", path);
	length = strlen(box.err.text);
	assert_int_equal(length, sizeof box.err.text - 1);
	assert_string_equal(box.err.text + length - 4, "p...");
	path[sizeof box.err.text - 1] = '\0';
	error_set(&box.err, OURO_IO, "%s", path);
	assert_string_equal(box.err.text, path);
	for (size_t i = 0; i < sizeof box.guard; i++)
		assert_int_equal(box.guard[i], 0x5a);
}

static void
errno_is_translated(void **state)
{
	static const struct {
		int errnum;
		enum ouro_status status;
	} table[] = {
		{ ENOSPC, OURO_NO_SPACE },
		{ EDQUOT, OURO_NO_SPACE },
		{ EFBIG, OURO_NO_SPACE },
		{ ENOENT, OURO_NOT_FOUND },
		{ ENOMEM, OURO_NO_MEMORY },
		{ EROFS, OURO_READ_ONLY },
		{ EEXIST, OURO_EXISTS },
		{ EIO, OURO_IO },
		{ EACCES, OURO_IO },
		{ 0, OURO_IO },
		{ 99999, OURO_IO },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct ouro_error err;

		assert_int_equal(error_errno(&err, table[i].errnum, "f"),
		    table[i].status);
		assert_int_equal(err.status, table[i].status);
		assert_int_equal(err.sys_errno, table[i].errnum);
	}
}

static void
errno_text_names_the_cause(void **state)
{
	struct ouro_error err;
	char path[2000];

	(void)state;
	error_errno(&err, EACCES, "open %s", "/x/y");
	assert_string_equal(err.text, "open /x/y: Permission denied");
	memset(path, 'p', sizeof path);
	path[sizeof path - 1] = '\0';
	error_errno(&err, ENOSPC, "write %s", path);
	assert_non_null(strstr(err.text, "pp...: No space left on device"));
	assert_int_equal(strlen(err.text), sizeof err.text - 1);
}

static void
memory_has_a_standard_text(void **state)
{
	struct ouro_error err;

	(void)state;
	assert_int_equal(error_memory(&err), OURO_NO_MEMORY);
	assert_int_equal(err.status, OURO_NO_MEMORY);
	assert_string_equal(err.text, "out of memory");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_status_has_its_own_text),
		cmocka_unit_test(unknown_statuses_have_a_text),
		cmocka_unit_test(set_fills_and_returns_the_status),
		cmocka_unit_test(no_error_wanted),
		cmocka_unit_test(text_may_quote_the_old_text),
		cmocka_unit_test(long_texts_are_cut_and_say_so),
		cmocka_unit_test(errno_is_translated),
		cmocka_unit_test(errno_text_names_the_cause),
		cmocka_unit_test(memory_has_a_standard_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
