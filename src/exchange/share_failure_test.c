/* A call of the disk fails, each in turn: sharing, bundling, sealing anew and
 * reading a bundle then answer an error, and nothing is lost. */
#include <errno.h>

#include "exchange/test_share.h"

#define SIZE 300000

static struct test_vault test;
static struct test_person bob;
static uint8_t id[OURO_ID_SIZE];
static struct test_findings found;

static void
world_make(void)
{
	struct ouro_vault_options options = { .size = sizeof(options),
		.k = 1,
		.m = 1,
		.level = -1,
		.node = "fault" };
	struct ouro_put_result put;

	test_vault_open(&test, &options);
	test_person_make(&test, &bob);
	put = test_put_random(&test, "secret", SIZE, 1);
	memcpy(id, put.content, OURO_ID_SIZE);
}

static void
fault_set(enum fs_call call, uint64_t nth, bool for_ever)
{
	fs_memory_fault(test.fs,
	    (struct fs_fault){ .call = call,
		.nth = nth,
		.errnum = for_ever ? ENOSPC : EIO,
		.for_ever = for_ever });
}

/* An error, and a sentence to it. */
static bool
went_well(enum ouro_status status)
{
	if (status == OURO_OK)
		return true;
	assert_int_equal(test.err.status, status);
	assert_true(test.err.text[0] != '\0');
	return false;
}

/* ---- writing -------------------------------------------------------------------- */

/* True when nothing failed. */
static bool
work_try(void)
{
	struct ouro_unshare_options options = { .size = sizeof(options),
		.reseal = true };
	struct buffer bundle = { 0 };
	bool well;

	well = went_well(
	    ouro_share(test.vault, id, bob.text, NULL, NULL, &test.err));
	well = went_well(ouro_bundle_write(test.vault, NULL, bob.fingerprint,
		   test_sink, &bundle, &test.err)) &&
	    well;
	buffer_release(&bundle);
	return went_well(test_unshare(&test, id, &bob, &options, NULL)) && well;
}

/* What is there reads; and once the disk is well, all can be done. */
static void
world_check(void)
{
	test_vault_reopen(&test, NULL);
	test_reads_random(&test, id, SIZE, 1);
	test_gc(&test);
	test_is_clean(&test, &found);
	assert_true(work_try());
	assert_int_equal(test_grant_count(&test, NULL, NULL), 0);
	test_reads_random(&test, id, SIZE, 1);
	test_gc(&test);
	test_is_clean(&test, &found);
}

static void
every_call_fails(enum fs_call call, bool for_ever, uint64_t step)
{
	bool failed = true;
	unsigned runs = 0;

	for (uint64_t nth = 1; failed; nth += step, runs++) {
		world_make();
		fault_set(call, nth, for_ever);
		failed = !work_try();
		/* Some failures are not the caller's: copies, compaction. */
		failed = failed || fs_memory_calls(test.fs, call) >= nth;
		fs_memory_fault(test.fs, (struct fs_fault){ .nth = 0 });
		world_check();
		test_vault_close(&test);
	}
	assert_true(runs > 3);
}

static void
a_call_of_any_kind_fails_once(void **state)
{
	(void)state;
	every_call_fails(FS_CALL_ANY, false, 1);
}

static void
the_disk_is_full(void **state)
{
	(void)state;
	every_call_fails(FS_CALL_WRITE, true, 1);
}

static void
no_sync_succeeds_any_more(void **state)
{
	(void)state;
	every_call_fails(FS_CALL_SYNC, true, 1);
}

/* ---- reading -------------------------------------------------------------------------- */

static void
a_bundle_that_cannot_be_read_is_no_harm(void **state)
{
	struct ouro_bundle *bundle = NULL;
	struct buffer file = { 0 }, read = { 0 };
	bool failed = true;
	unsigned runs = 0;

	(void)state;
	world_make();
	test_share(&test, id, &bob, false);
	test_bundle_write(&test, NULL, &bob, &file);
	for (uint64_t nth = 1; failed; nth++, runs++) {
		fault_set(FS_CALL_ANY, nth, false);
		read.size = 0;
		failed = !went_well(test_bundle_open(&test, &bob, &bundle)) ||
		    !went_well(ouro_bundle_read(bundle, id, test_sink, &read,
			&test.err));
		fs_memory_fault(test.fs, (struct fs_fault){ .nth = 0 });
		/* The same handle goes on when the disk is well again. */
		if (bundle != NULL) {
			uint8_t *data = test_bytes(SIZE, 1);

			test_bundle_reads(&test, bundle, id,
			    bytes_of(data, SIZE));
			free(data);
		}
		ouro_bundle_close(bundle);
		bundle = NULL;
	}
	assert_true(runs > 10);
	buffer_release(&file);
	buffer_release(&read);
	test_vault_close(&test);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_of_any_kind_fails_once),
		cmocka_unit_test(the_disk_is_full),
		cmocka_unit_test(no_sync_succeeds_any_more),
		cmocka_unit_test(a_bundle_that_cannot_be_read_is_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
