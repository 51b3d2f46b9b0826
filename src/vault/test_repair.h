/*
 * test_repair - a small store, and that a repair heals it.
 */
#ifndef VAULT_TEST_REPAIR_H
#define VAULT_TEST_REPAIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "vault/rebuild.h"
#include "vault/test_care.h"

#define MANY_SIZE 300000

static struct test_findings found;

static const struct ouro_vault_options small = { .size = sizeof(small),
	.segment_size = 65536 };

static const struct ouro_vault_options reading = { .size = sizeof(reading),
	.must_exist = true,
	.read_only = true };

static inline void
repair_ok(struct test_vault *test)
{
	enum ouro_status status = test_care(test, ouro_repair, &found);

	if (status != OURO_OK)
		print_error("%s; %s\n", test->err.text, found.text);
	assert_int_equal(status, OURO_OK);
}

#endif
