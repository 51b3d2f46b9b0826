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

#endif
