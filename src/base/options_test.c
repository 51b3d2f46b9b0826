#include "base/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct first {
	size_t size;
	uint32_t a;
};

struct second {
	size_t size;
	uint32_t a, b;
	uint64_t c;
};

static enum ouro_status
take(struct second *own, const void *given, struct ouro_error *err)
{
	memset(own, 0xaa, sizeof(*own));
	return options_take(own, sizeof(*own), "struct second", given, err);
}

static void
nothing_means_defaults(void **state)
{
	struct second own;

	(void)state;
	assert_int_equal(take(&own, NULL, NULL), OURO_OK);
	assert_int_equal(own.size, sizeof(own));
	assert_int_equal(own.a + own.b + own.c, 0);
}

static void
a_shorter_struct_means_zeros_behind_it(void **state)
{
	/* Not a byte more than it has: a sanitizer sees who reads on. */
	struct first *given = malloc(sizeof(*given));
	struct second own;

	(void)state;
	assert_non_null(given);
	*given = (struct first){ .size = sizeof(*given), .a = 7 };
	assert_int_equal(take(&own, given, NULL), OURO_OK);
	assert_int_equal(own.size, sizeof(own));
	assert_int_equal(own.a, 7);
	assert_int_equal(own.c, 0);
	free(given);
}

static void
a_longer_struct_is_read_as_far_as_it_is_known(void **state)
{
	struct {
		struct second second;
		uint64_t more;
	} given = { { sizeof(given), 1, 2, 3 }, 4 };
	struct second own;

	(void)state;
	assert_int_equal(take(&own, &given, NULL), OURO_OK);
	assert_int_equal(own.size, sizeof(own));
	assert_int_equal(own.a, 1);
	assert_int_equal(own.b, 2);
	assert_int_equal(own.c, 3);
}

static void
a_size_that_was_not_set_is_told(void **state)
{
	struct second given = { .a = 1 }, own;
	struct ouro_error err;

	(void)state;
	for (; given.size < sizeof(size_t); given.size++) {
		assert_int_equal(take(&own, &given, &err), OURO_INVALID);
		assert_non_null(strstr(err.text, "sizeof(struct second)"));
	}
	assert_int_equal(take(&own, &given, &err), OURO_OK);
	assert_int_equal(own.a, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_means_defaults),
		cmocka_unit_test(a_shorter_struct_means_zeros_behind_it),
		cmocka_unit_test(a_longer_struct_is_read_as_far_as_it_is_known),
		cmocka_unit_test(a_size_that_was_not_set_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
