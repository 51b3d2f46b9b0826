/*
 * The n-th allocation of memory fails, for every n, once and for ever: a
 * status, nothing lost, and (with SAN=address) nothing leaked. The linker
 * leads this program's calls of malloc and its kin to the functions below.
 */
#include "engine_fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);

static struct {
	bool armed;
	bool for_ever;
	unsigned long calls, nth;
} plan;

static bool
denied(void)
{
	if (!plan.armed)
		return false;
	plan.calls++;
	return plan.for_ever ? plan.calls >= plan.nth : plan.calls == plan.nth;
}

void *
__wrap_malloc(size_t size)
{
	return denied() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return denied() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *old, size_t size)
{
	return denied() ? NULL : __real_realloc(old, size);
}

char *
__wrap_strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = __wrap_malloc(size);

	return copy == NULL ? NULL : memcpy(copy, text, size);
}

static void
begin(struct fs *fs, void *context)
{
	(void)fs;
	(void)context;
	plan.calls = 0;
	plan.armed = true;
}

static void
end(struct fs *fs, void *context)
{
	(void)fs;
	(void)context;
	plan.armed = false;
}

static int
plan_tell(void **state)
{
	(void)state;
	plan.armed = false;
	if (plan.nth != 0)
		print_error("allocation %lu%s\n", plan.nth,
		    plan.for_ever ? ", for ever" : "");
	return 0;
}

/* stride: of the allocations one in so many, or all with OURO_LONG=1. */
static void
every_allocation(bool sealed, unsigned stride)
{
	struct fault_plan session = { .begin = begin,
		.end = end,
		.sealed = sealed };

	if (getenv("OURO_LONG") != NULL)
		stride = 1;
	for (unsigned i = 0; i < 2; i++) {
		plan.for_ever = i == 1;
		plan.nth = 1;
		do {
			fault_run(&session);
			plan.nth += stride;
		} while (plan.calls >= plan.nth - stride);
		assert_true(plan.nth > 100);
	}
	plan.nth = 0;
}

static void
every_allocation_may_fail(void **state)
{
	(void)state;
	every_allocation(false, 1);
}

static void
every_allocation_may_fail_sealed(void **state)
{
	(void)state;
	every_allocation(true, 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(every_allocation_may_fail, plan_tell),
		cmocka_unit_test_teardown(every_allocation_may_fail_sealed,
		    plan_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
