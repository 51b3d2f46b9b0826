/*
 * test_json - for the tests of json.
 */
#ifndef BASE_TEST_JSON_H
#define BASE_TEST_JSON_H

#include <stdint.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/json.h"

static inline struct json_value
value_of(const char *text)
{
	struct json_value value;

	assert_int_equal(json_parse(bytes_text(text), &value, NULL, NULL),
	    OURO_OK);
	return value;
}

static inline void
check_raw(struct json_value value, const char *want)
{
	assert_int_equal(value.raw.size, strlen(want));
	assert_memory_equal(value.raw.data, want, strlen(want));
}

/* ---- reading ------------------------------------------------------------- */

static inline void
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

#endif
