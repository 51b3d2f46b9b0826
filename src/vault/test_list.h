/*
 * test_list - for the tests of lists and of what they and info tell.
 */
#ifndef VAULT_TEST_LIST_H
#define VAULT_TEST_LIST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/encoding.h"
#include "vault/record.h"
#include "vault/test_vault.h"

static inline struct ouro_list *
list_open(struct test_vault *test, const char *namespace_, const char *prefix,
    bool detail)
{
	struct ouro_list_options options = { .size = sizeof(options),
		.namespace_ = namespace_,
		.prefix = prefix,
		.detail = detail };
	struct ouro_list *list;

	test_ok(ouro_list_open(test->vault, &options, &list, &test->err),
	    &test->err);
	return list;
}

/* What lies in the lanes, by looking at them. */
static inline uint64_t
lanes_bytes(struct test_vault *test, uint64_t *slices)
{
	struct engine_range range = { .keys_only = false };
	uint64_t bytes = 0;

	*slices = 0;
	for (unsigned i = 0; i < lanes_count(test->vault); i++) {
		struct engine_scan *scan;
		struct bytes key, value;

		test_ok(engine_scan_open(lane(test->vault, i), &range, &scan,
			    &test->err),
		    &test->err);
		while (engine_scan_next(scan, &key, &value, &test->err) ==
		    OURO_OK) {
			bytes += value.size;
			++*slices;
		}
		engine_scan_close(scan);
	}
	return bytes;
}

#endif
