#include "vault/test_vault.h"

#include "vault/chunk.h"
#include "vault/collect.h"

#define BIG 1000000

static uint64_t
rows_in(struct engine *engine, const char *prefix)
{
	struct engine_range range = { .prefix = bytes_text(prefix),
		.keys_only = true };
	struct engine_scan *scan;
	struct bytes key, value;
	uint64_t count = 0;

	test_ok(engine_scan_open(engine, &range, &scan, NULL),
	    &(struct ouro_error){ 0 });
	while (engine_scan_next(scan, &key, &value, NULL) == OURO_OK)
		count++;
	engine_scan_close(scan);
	return count;
}

static uint64_t
slices_in(struct test_vault *test)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < lanes_count(test->vault); i++)
		count += rows_in(lane(test->vault, i), "");
	return count;
}

/* Nothing but the context, and what is about this directory, is left. */
static void
is_empty(struct test_vault *test)
{
	static const char *const tables[] = { "c", "p", "r", "k", "u", "d", "h",
		"n", "e" };

	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		assert_int_equal(rows_in(test->vault->records, tables[i]), 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(rows_in(test->vault->copies, tables[i]), 0);
	assert_int_equal(slices_in(test), 0);
}

static void
K09_a_shared_chunk_goes_with_its_last_user(void **state)
{
	uint8_t *meta = test_bytes(BIG, 2);
	struct ouro_put_options options = { .meta = meta, .meta_size = BIG };
	struct test_vault test;
	struct ouro_put_result data, with_meta;
	struct ouro_info info;

	(void)state;
	test_vault_open(&test, NULL);
	data = test_put_random(&test, "as data", BIG, 2);
	options.name = "as meta";
	with_meta = test_put(&test, &options, bytes_text("small"));
	assert_int_equal(with_meta.chunks_new, 0);
	test_ok(test_remove(&test, "as data", false, NULL, NULL), &test.err);
	assert_int_equal(test_gc(&test).contents, 1);
	info = test_info(&test, with_meta.content);
	assert_int_equal(info.meta_size, BIG);
	assert_memory_equal(info.meta, meta, BIG);
	ouro_info_release(&info);
	data = test_put_random(&test, "as data", BIG, 2);
	assert_int_equal(data.chunks_new, 0);
	test_ok(test_remove(&test, "as meta", false, NULL, NULL), &test.err);
	test_gc(&test);
	test_reads_random(&test, data.content, BIG, 2);
	test_ok(test_remove(&test, "as data", false, NULL, NULL), &test.err);
	assert_int_equal(test_gc(&test).chunks, data.chunks);
	is_empty(&test);
	free(meta);
	test_vault_close(&test);
}

static void
all_that_was_removed_is_collected(void **state)
{
	struct ouro_put_options options = { .size = 0 };
	struct test_vault test;
	struct ouro_put_result put;
	struct ouro_gc_result result;

	(void)state;
	test_vault_open(&test, NULL);
	put = test_put_random(&test, "a", 3 * BIG, 1);
	for (uint8_t i = 0; i < 10; i++) {
		options.parent = put.content;
		options.name = i == 9 ? "leaf" : NULL;
		put = test_put(&test, &options, bytes_of(&i, 1));
		if (i < 9)
			assert_int_equal(test_remove_id(&test, put.content,
					     false, NULL, NULL),
			    OURO_OK);
	}
	assert_int_equal(test_gc(&test).contents, 0);
	test_ok(test_remove(&test, "a", false, NULL, NULL), &test.err);
	test_ok(test_remove(&test, "leaf", false, NULL, NULL), &test.err);
	result = test_gc(&test);
	assert_int_equal(result.contents, 11);
	assert_int_equal(result.pages, 1);
	assert_true(result.chunks >= 6);
	assert_int_equal(result.slices, 5 * result.chunks);
	is_empty(&test);
	result = test_gc(&test);
	assert_int_equal(result.contents + result.pages + result.chunks +
		result.slices,
	    0);
	test_vault_close(&test);
}

static void
a_put_that_was_broken_off_leaves_nothing(void **state)
{
	uint8_t *data = test_bytes(3 * BIG, 4);
	struct test_vault test;
	struct ouro_put *put;

	(void)state;
	test_vault_open(&test, NULL);
	test_ok(ouro_put_begin(test.vault, NULL, &put, &test.err), &test.err);
	test_ok(ouro_put_write(put, data, 3 * BIG, &test.err), &test.err);
	test_gc(&test);
	ouro_put_abort(put);
	assert_true(slices_in(&test) > 0);
	test_gc(&test);
	is_empty(&test);
	free(data);
	test_vault_close(&test);
}

/* ---- beside writers --------------------------------------------------------- */

/* What a put has written and what it found there is not taken from it. */
static void
a_put_in_progress_keeps_what_it_needs(void **state)
{
	uint8_t *data = test_bytes(3 * BIG, 4);
	struct ouro_put_result result;
	struct test_vault test;
	struct ouro_put *put;

	(void)state;
	test_vault_open(&test, NULL);
	test_put_named(&test, "old", data, 3 * BIG);
	test_ok(test_remove(&test, "old", false, NULL, NULL), &test.err);
	test_ok(ouro_put_begin(test.vault, NULL, &put, &test.err), &test.err);
	for (size_t at = 0; at < 3 * BIG; at += BIG / 4) {
		test_ok(ouro_put_write(put, data + at, BIG / 4, &test.err),
		    &test.err);
		test_gc(&test);
	}
	test_ok(ouro_put_finish(put, &result, &test.err), &test.err);
	test_gc(&test);
	test_reads(&test, result.content, bytes_of(data, 3 * BIG));
	free(data);
	test_vault_close(&test);
}

static void
a_sealed_put_in_a_batch_keeps_its_tree(void **state)
{
	uint8_t *data = test_bytes(BIG, 4);
	struct ouro_put_result result;
	struct ouro_batch *batch;
	struct test_vault test;
	struct ouro_put *put;

	(void)state;
	test_vault_open(&test, NULL);
	test_ok(ouro_batch_begin(test.vault, &batch, &test.err), &test.err);
	test_ok(ouro_put_begin(test.vault, NULL, &put, &test.err), &test.err);
	test_ok(ouro_put_write(put, data, BIG, &test.err), &test.err);
	test_ok(ouro_batch_finish_put(batch, put, &result, &test.err),
	    &test.err);
	test_gc(&test);
	test_ok(ouro_batch_commit(batch, &test.err), &test.err);
	test_gc(&test);
	test_reads(&test, result.content, bytes_of(data, BIG));
	free(data);
	test_vault_close(&test);
}

#define WRITERS 2
#define ROUNDS	12

struct writer {
	struct executor_job job;
	struct test_vault test; /* shares the vault */
	unsigned number;
};

/* Puts, reads and removes the same bytes as the other one, and leaves them
 * put. */
static void
writer_run(void *context)
{
	struct writer *writer = context;
	char name[] = "name-0";

	name[5] = (char)('0' + writer->number);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct ouro_put_result put = test_put_random(&writer->test,
		    name, BIG, i % 3);

		test_reads_random(&writer->test, put.version, BIG, i % 3);
		if (i < ROUNDS - 1)
			test_ok(test_remove(&writer->test, name, false, NULL,
				    NULL),
			    &writer->test.err);
	}
}

static void
collection_takes_nothing_from_writers(void **state)
{
	struct writer writers[WRITERS] = { { .number = 0 } };
	struct executor *threads;
	struct test_vault test = { .fs = fs_memory_new(3) };
	uint8_t *data = test_bytes(BIG, (ROUNDS - 1) % 3);
	struct ouro_target target;

	(void)state;
	test_ok(executor_open(2, test.fs, &test.executor, &test.err),
	    &test.err);
	test_ok(executor_open(WRITERS, test.fs, &threads, &test.err),
	    &test.err);
	test_vault_reopen(&test, NULL);
	for (unsigned i = 0; i < WRITERS; i++) {
		writers[i].number = i;
		writers[i].test = test;
		writers[i].job.run = writer_run;
		writers[i].job.context = &writers[i];
		executor_submit(threads, &writers[i].job);
	}
	for (unsigned i = 0; i < 4 * ROUNDS; i++)
		test_gc(&test);
	for (unsigned i = 0; i < WRITERS; i++)
		executor_join(threads, &writers[i].job);
	test_gc(&test);
	test_ok(ouro_resolve(test.vault, "name-1", &target, &test.err),
	    &test.err);
	test_reads(&test, target.id, bytes_of(data, BIG));
	free(data);
	executor_close(threads);
	test_vault_close(&test);
}

/* ---- names that ended ------------------------------------------------------ */

static void
expired_names_are_collected(void **state)
{
	struct ouro_put_options options = { .name = "soon" };
	struct test_vault test;

	(void)state;
	test_vault_open(&test, NULL);
	options.expires_ms = fs_wall_ms(test.fs) + 60000;
	test_put(&test, &options, bytes_text("short-lived"));
	assert_int_equal(test_gc(&test).contents, 0);
	fs_memory_advance(test.fs, 61000);
	assert_int_equal(test_gc(&test).contents, 1);
	is_empty(&test);
	test_vault_close(&test);
}

/* With a gap in what this copy took, an older version may still arrive: the
 * deletion stays until the gap has filled. */
static void
a_deletion_stays_while_the_context_has_a_gap(void **state)
{
	struct test_vault test;
	struct ouro_put_result put;
	struct ouro_target target;
	struct context whole = { 0 }, gap = { 0 };
	struct dot dot = { .number = 1 };

	(void)state;
	test_vault_open(&test, NULL);
	put = test_put_text(&test, "name", "one");
	test_put_text(&test, "name", "two");
	test_ok(context_unite(&whole, &test.vault->context, &test.err),
	    &test.err);
	memcpy(dot.incarnation, test.vault->incarnations[0].id,
	    INCARNATION_SIZE);
	dot.number = 2;
	test_ok(context_add(&gap, &dot, &test.err), &test.err);
	context_release(&test.vault->context);
	test.vault->context = gap;
	test_ok(test_remove(&test, "name", false, NULL, NULL), &test.err);
	assert_int_equal(rows_in(test.vault->records, "r"), 3);
	assert_int_equal(ouro_resolve(test.vault, "name", &target, &test.err),
	    OURO_NOT_FOUND);
	assert_int_equal(test_exists(&test, put.version), OURO_NOT_FOUND);
	assert_int_equal(test_exists(&test, put.content), OURO_NOT_FOUND);
	test_gc(&test);
	assert_int_equal(rows_in(test.vault->records, "r"), 3);
	test_ok(context_unite(&test.vault->context, &whole, &test.err),
	    &test.err);
	test_gc(&test);
	is_empty(&test);
	context_release(&whole);
	test_vault_close(&test);
}

/* ---- lanes -------------------------------------------------------------------- */

static void
rows_of_chunks_deleted(struct test_vault *test)
{
	struct engine_range range = { .prefix = bytes_text("k"),
		.keys_only = true };
	struct engine_scan *scan;
	struct bytes key, value;

	test_ok(engine_scan_open(test->vault->records, &range, &scan,
		    &test->err),
	    &test->err);
	while (engine_scan_next(scan, &key, &value, NULL) == OURO_OK) {
		struct engine_op op = { .kind = ENGINE_DELETE, .key = key };

		test_ok(engine_apply(test->vault->records, &op, 1,
			    ENGINE_SYNC_NEVER, &test->err),
		    &test->err);
	}
	engine_scan_close(scan);
}

static void
slices_whose_row_is_lost_stay(void **state)
{
	struct test_vault test;
	struct ouro_put_result put;
	uint64_t slices;

	(void)state;
	test_vault_open(&test, NULL);
	put = test_put_random(&test, "name", BIG, 1);
	slices = slices_in(&test);
	rows_of_chunks_deleted(&test);
	assert_int_equal(test_gc(&test).slices, 0);
	assert_int_equal(slices_in(&test), slices);
	test_reads_random(&test, put.content, BIG, 1);
	test_ok(test_remove(&test, "name", false, NULL, NULL), &test.err);
	rows_of_chunks_deleted(&test);
	assert_int_equal(test_gc(&test).slices, slices);
	is_empty(&test);
	test_vault_close(&test);
}

static bool
stop_at(void *context, uint64_t done, uint64_t total)
{
	(void)total;
	return done < *(uint64_t *)context;
}

/* Stopped anywhere, a run leaves what is used, and the next one ends it. */
static void
a_run_may_be_stopped_anywhere(void **state)
{
	struct ouro_gc_result result;
	struct test_vault test;
	struct ouro_put_result put;
	enum ouro_status status = OURO_CANCELLED;

	(void)state;
	test_vault_open(&test, NULL);
	put = test_put_random(&test, "kept", BIG, 1);
	test_put_random(&test, "gone", 2 * BIG, 2);
	test_ok(test_remove(&test, "gone", false, NULL, NULL), &test.err);
	for (uint64_t n = 1; status == OURO_CANCELLED; n += 3) {
		status = ouro_gc(test.vault, stop_at, &n, &result, &test.err);
		assert_true(n < 1000);
	}
	assert_int_equal(status, OURO_OK);
	assert_int_equal(slices_in(&test), 5 * put.chunks);
	test_reads_random(&test, put.content, BIG, 1);
	test_vault_close(&test);
}

static void
space_is_given_back(void **state)
{
	struct ouro_vault_options options = { .size = sizeof(options),
		.segment_size = 1024 * 1024 };
	struct test_vault test;
	struct ouro_put_result put;
	struct ouro_stats before, after;
	struct ouro_gc_result result;
	char name[] = "big-a";

	(void)state;
	test_vault_open(&test, &options);
	put = test_put_random(&test, "kept", BIG, 99);
	for (uint64_t i = 0; i < 8; i++, name[4]++)
		test_put_random(&test, name, 2 * BIG, i);
	for (name[4] = 'a'; name[4] <= 'h'; name[4]++)
		test_ok(test_remove(&test, name, false, NULL, NULL), &test.err);
	before = test_stats(&test);
	result = test_gc(&test);
	after = test_stats(&test);
	assert_true(result.bytes > 10 * BIG);
	assert_true(after.bytes_disk < before.bytes_disk / 2);
	test_vault_reopen(&test, NULL);
	test_reads_random(&test, put.content, BIG, 99);
	test_vault_close(&test);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(K09_a_shared_chunk_goes_with_its_last_user),
		cmocka_unit_test(all_that_was_removed_is_collected),
		cmocka_unit_test(a_put_that_was_broken_off_leaves_nothing),
		cmocka_unit_test(a_put_in_progress_keeps_what_it_needs),
		cmocka_unit_test(a_sealed_put_in_a_batch_keeps_its_tree),
		cmocka_unit_test(collection_takes_nothing_from_writers),
		cmocka_unit_test(expired_names_are_collected),
		cmocka_unit_test(a_deletion_stays_while_the_context_has_a_gap),
		cmocka_unit_test(slices_whose_row_is_lost_stay),
		cmocka_unit_test(a_run_may_be_stopped_anywhere),
		cmocka_unit_test(space_is_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
