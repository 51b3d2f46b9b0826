/*
 * The n-th call of the file system fails, for every n: once or for ever, as
 * a disk, a full one, or an interrupted call; writes also half done.
 */
#include "engine_fault.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/fs_memory.h"

/* What is being tried, told when a check fails. */
static struct fs_fault present;
static bool reached;

static void
begin(struct fs *fs, void *context)
{
	(void)context;
	fs_memory_fault(fs, present);
}

static void
end(struct fs *fs, void *context)
{
	(void)context;
	reached = fs_memory_calls(fs, present.call) >= present.nth;
	fs_memory_fault(fs, (struct fs_fault){ 0 });
}

static int
fault_tell(void **state)
{
	(void)state;
	if (present.nth != 0)
		print_error("call kind %d, number %llu, errno %d%s%s\n",
		    (int)present.call, (unsigned long long)present.nth,
		    present.errnum, present.for_ever ? ", for ever" : "",
		    present.short_write ? ", short" : "");
	return 0;
}

static void
every_call_of(enum fs_call call, bool sealed)
{
	static const int errnums[] = { EIO, ENOSPC, EINTR };
	struct fault_plan plan = { .begin = begin,
		.end = end,
		.sealed = sealed,
		.syncs_fail = call == FS_CALL_SYNC || call == FS_CALL_ANY };
	unsigned runs = 0;

	for (unsigned variant = 0; variant < 12; variant++) {
		present = (struct fs_fault){ .call = call,
			.errnum = errnums[variant / 4],
			.for_ever = (variant & 1) != 0,
			.short_write = (variant & 2) != 0 };
		if (present.short_write && call != FS_CALL_WRITE)
			continue;
		reached = true;
		for (present.nth = 1; reached; present.nth++, runs++)
			fault_run(&plan);
	}
	present.nth = 0;
	assert_true(runs > 6 || call == FS_CALL_TRUNCATE ||
	    call == FS_CALL_ALLOCATE || call == FS_CALL_MAP);
}

static void
every_file_system_call_may_fail(void **state)
{
	(void)state;
	for (int call = FS_CALL_OPEN; call <= FS_CALL_ANY; call++)
		every_call_of((enum fs_call)call, false);
}

static void
every_file_system_call_may_fail_sealed(void **state)
{
	(void)state;
	for (int call = FS_CALL_OPEN; call <= FS_CALL_ANY; call++)
		every_call_of((enum fs_call)call, true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(every_file_system_call_may_fail,
		    fault_tell),
		cmocka_unit_test_teardown(
		    every_file_system_call_may_fail_sealed, fault_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
