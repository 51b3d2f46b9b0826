#include <stdio.h>

#include "vault/test_care.h"

#include "crypt/hash.h"
#include "seal/slice.h"
#include "vault/name.h"

#define ENGINE_MARK_MAX 64 /* bytes */

static struct test_findings found;

static const struct ouro_vault_options small = { .size = sizeof(small),
	.segment_size = 65536 };
static const struct ouro_vault_options reading = { .size = sizeof(reading),
	.must_exist = true,
	.read_only = true };

static void
every_kind_of_content_is_clean(void **state)
{
	struct test_vault test;
	struct test_store store;
	uint8_t *data = calloc(1, 1 << 20);

	(void)state;
	test_vault_open(&test, NULL);
	test_is_clean(&test, &found);
	assert_int_equal(found.result.contents, 0);
	test_store_fill(&test, &store, TEST_MANY_SIZE);
	test_put_named(&test, "zeros", data, 1 << 20);
	free(data);
	test_is_clean(&test, &found);
	assert_int_equal(found.result.contents, 7);
	assert_int_equal(test_found(&found, OURO_PART_CONTENT, OURO_STATE_OK),
	    7);
	assert_true(found.result.chunks >= 4);
	assert_int_equal(found.result.slices, 5 * found.result.chunks);
	assert_true(found.result.records > 20);
	test_ok(test_remove(&test, "zeros", false, NULL, NULL), &test.err);
	test_is_clean(&test, &found);
	test_gc(&test);
	test_is_clean(&test, &found);
	test_vault_reopen(&test, &reading);
	test_is_clean(&test, &found);
	assert_int_equal(found.result.contents, 6);
	test_vault_close(&test);
}

static void
K12_damaged_slice_is_reported_and_a_read_heals_it(void **state)
{
	struct test_vault test;
	struct ouro_put_result put;
	uint8_t id[HASH_SIZE];

	(void)state;
	test_vault_open(&test, NULL);
	put = test_put_random(&test, "file", TEST_ONE_SIZE, 3);
	test_chunk(&test, 0, id);
	for (unsigned i = 0; i < 3; i++) {
		test_slice_spoil(&test, id, i);
		assert_int_equal(test_care(&test, ouro_verify, &found),
		    OURO_DAMAGED);
		assert_int_equal(found.result.slices_bad, 1);
		assert_int_equal(found.result.chunks_degraded, 1);
		assert_int_equal(found.result.contents_degraded, 1);
		assert_int_equal(found.result.contents_lost, 0);
		assert_int_equal(test_found(&found, OURO_PART_SLICE,
				     OURO_STATE_DEGRADED),
		    1);
		assert_int_equal(test_found(&found, OURO_PART_CONTENT,
				     OURO_STATE_DEGRADED),
		    1);
		test_reads_random(&test, put.content, TEST_ONE_SIZE, 3);
		test_is_clean(&test, &found);
	}
	test_vault_close(&test);
}

static void
K13_swapped_slices_are_detected(void **state)
{
	struct test_vault test;
	struct ouro_put_result a, b;
	uint8_t first[HASH_SIZE], second[HASH_SIZE];

	(void)state;
	test_vault_open(&test, NULL);
	a = test_put_random(&test, "a", TEST_ONE_SIZE, 3);
	b = test_put_random(&test, "b", TEST_ONE_SIZE, 4);
	test_chunk(&test, 0, first);
	test_chunk(&test, 1, second);
	test_slices_swap(&test, first, 0, first, 4);
	assert_int_equal(test_care(&test, ouro_verify, &found), OURO_DAMAGED);
	assert_int_equal(found.result.slices_bad, 2);
	test_slices_swap(&test, first, 0, first, 4);
	test_is_clean(&test, &found);
	test_slices_swap(&test, first, 1, second, 1);
	assert_int_equal(test_care(&test, ouro_verify, &found), OURO_DAMAGED);
	assert_int_equal(found.result.slices_bad, 2);
	assert_int_equal(found.result.chunks_degraded, 2);
	test_reads_random(&test, a.content, TEST_ONE_SIZE, 3);
	test_reads_random(&test, b.content, TEST_ONE_SIZE, 4);
	test_vault_close(&test);
}

static void
K12_damaged_parity_is_reported_too(void **state)
{
	struct test_vault test;
	uint8_t id[HASH_SIZE];

	(void)state;
	test_vault_open(&test, NULL);
	test_put_random(&test, "file", TEST_ONE_SIZE, 3);
	test_chunk(&test, 0, id);
	test_slice_spoil(&test, id, 3);
	test_slice_spoil(&test, id, 4);
	assert_int_equal(test_care(&test, ouro_verify, &found), OURO_DAMAGED);
	assert_int_equal(found.result.slices_bad, 2);
	test_vault_close(&test);
}

static uint8_t *
find(struct buffer *in, struct bytes what)
{
	for (size_t i = 0; i + what.size <= in->size; i++)
		if (memcmp(in->data + i, what.data, what.size) == 0)
			return in->data + i;
	fail_msg("not found");
	return NULL;
}

/* It fits its own hash, and still is not what the data gives. */
static void
forged_parity_is_detected(void **state)
{
	struct test_vault test;
	struct buffer stored = { 0 };
	struct slice slice;
	uint8_t id[HASH_SIZE], hash[HASH_SIZE], *place;

	(void)state;
	test_vault_open(&test, NULL);
	test_put_random(&test, "file", TEST_ONE_SIZE, 3);
	test_chunk(&test, 0, id);
	test_slice_read(&test, id, 4, &stored);
	test_ok(slice_decode(buffer_bytes(&stored), &slice, &test.err),
	    &test.err);
	place = find(&stored,
	    bytes_of(slice.hashes.data + 4 * HASH_SIZE, HASH_SIZE));
	stored.data[stored.size - 1] ^= 1;
	test_ok(hash_sha256(slice.data, hash, &test.err), &test.err);
	memcpy(place, hash, HASH_SIZE);
	slice_release(&slice);
	test_ok(slice_decode(buffer_bytes(&stored), &slice, &test.err),
	    &test.err);
	test_ok(slice_check(&slice, &test.err), &test.err);
	slice_release(&slice);
	test_slice_write(&test, id, 4, &stored);
	buffer_release(&stored);
	assert_int_equal(test_care(&test, ouro_verify, &found), OURO_DAMAGED);
	assert_int_equal(found.result.slices_bad, 1);
	assert_int_equal(test_care(&test, ouro_repair, &found), OURO_OK);
	test_is_clean(&test, &found);
	test_vault_close(&test);
}

/* An engine has dropped the end of a file as one that was being written. */
static bool
tail_was_torn(struct test_vault *test)
{
	struct engine *engines[] = { test->vault->records, test->vault->copies,
		lane(test->vault, 0), lane(test->vault, 1),
		lane(test->vault, 2), lane(test->vault, 3),
		lane(test->vault, 4) };
	struct engine_stats stats;
	bool torn = false;

	for (unsigned i = 0; i < 7; i++) {
		test_ok(engine_stats(engines[i], &stats, &test->err),
		    &test->err);
		torn |= stats.torn_bytes > 0;
	}
	return torn;
}

/*
 * One file, one flipped byte: opening or verifying must tell. Only in the
 * mark with which an engine ends its last segment, behind all that is
 * stored, does it look like a write that was cut off.
 */
static void
flip_is_told(struct test_vault *test, const char *path, uint64_t offset)
{
	enum ouro_status status;

	test_ok(fs_memory_flip(test->fs, path, offset, 0x10), &test->err);
	status = vault_open(TEST_DIR, &reading, test->fs, test->executor,
	    &test->vault, &test->err);
	if (status == OURO_OK)
		status = test_care(test, ouro_verify, &found);
	if (status == OURO_OK &&
	    (!tail_was_torn(test) ||
		offset + ENGINE_MARK_MAX < test_file_size(test->fs, path)))
		fail_msg("%s, offset %llu of %llu", path,
		    (unsigned long long)offset,
		    (unsigned long long)test_file_size(test->fs, path));
	test_vault_shut(test);
	test_ok(fs_memory_flip(test->fs, path, offset, 0x10), &test->err);
}

static void
K21_one_flipped_byte_anywhere_is_found(void **state)
{
	struct test_vault test;
	struct test_store store;
	struct test_files *files = malloc(sizeof(*files));
	bool all = getenv("OURO_LONG") != NULL;

	(void)state;
	test_vault_open(&test, &small);
	test_store_fill(&test, &store, 6000);
	test_vault_shut(&test);
	test_files_list(test.fs, TEST_DIR, files);
	assert_true(files->count >= 11);
	for (size_t i = 0; i < files->count; i++) {
		uint64_t size = test_file_size(test.fs, files->paths[i]);
		uint64_t step = all ? 7 : 1 + size / 12;

		for (uint64_t at = i % step; at < size; at += step)
			flip_is_told(&test, files->paths[i], at);
	}
	test_vault_reopen(&test, &reading);
	test_is_clean(&test, &found);
	test_vault_close(&test);
	free(files);
}

static void
many_faults_are_all_reported(void **state)
{
	struct test_vault test;
	struct test_store store;
	uint8_t id[HASH_SIZE];
	struct row_key use, content;

	(void)state;
	test_vault_open(&test, NULL);
	test_store_fill(&test, &store, TEST_MANY_SIZE);
	for (size_t i = 0; i < 3; i++) {
		test_chunk(&test, i, id);
		test_slice_spoil(&test, id, (unsigned)i);
		test_slice_write(&test, id, 4, NULL);
	}
	use = test_row_key(&test, ROW_USE, 0);
	test_row(test.vault->records, ENGINE_DELETE, row_bytes(&use),
	    bytes_text(""));
	content = row_id(ROW_CONTENT, store.empty, HASH_SIZE);
	test_row(test.vault->copies, ENGINE_DELETE, row_bytes(&content),
	    bytes_text(""));
	assert_int_equal(test_care(&test, ouro_verify, &found), OURO_DAMAGED);
	assert_int_equal(found.result.slices_bad, 6);
	assert_int_equal(found.result.chunks_degraded, 3);
	assert_int_equal(found.result.records_bad, 2);
	assert_int_equal(test_found(&found, OURO_PART_CONTENT, OURO_STATE_OK) +
		test_found(&found, OURO_PART_CONTENT, OURO_STATE_DEGRADED),
	    6);
	assert_int_equal(found.result.contents_lost, 0);
	test_vault_close(&test);
}

static void
lost_chunk_loses_its_content_only(void **state)
{
	struct ouro_care_options options = { .size = sizeof(options),
		.report = test_finding_report,
		.context = &found };
	struct test_vault test;
	struct test_store store;
	struct ouro_put_result put;
	uint8_t id[HASH_SIZE];

	(void)state;
	test_vault_open(&test, NULL);
	put = test_put_random(&test, "victim", TEST_ONE_SIZE, 9);
	test_chunk(&test, 0, id);
	test_store_fill(&test, &store, TEST_MANY_SIZE);
	for (unsigned i = 0; i < 3; i++)
		test_slice_spoil(&test, id, i);
	assert_int_equal(test_care(&test, ouro_verify, &found), OURO_DAMAGED);
	assert_int_equal(found.result.contents_lost, 1);
	assert_int_equal(found.result.contents_ok, 6);
	assert_int_equal(found.result.chunks_lost, 1);
	assert_non_null(strstr(found.text, "victim"));

	options.content = store.many;
	found.count = 0;
	test_ok(ouro_verify(test.vault, &options, &found.result, &test.err),
	    &test.err);
	assert_int_equal(found.result.contents_ok, 1);
	assert_true(found.result.chunks >= 2);
	options.content = put.content;
	assert_int_equal(ouro_verify(test.vault, &options, &found.result,
			     &test.err),
	    OURO_DAMAGED);
	assert_int_equal(found.result.contents_lost, 1);
	options.content = id;
	assert_int_equal(ouro_verify(test.vault, &options, &found.result,
			     &test.err),
	    OURO_NOT_FOUND);
	test_vault_close(&test);
}

/* Is told as so many faults. */
static void
fault_in_rows(struct test_vault *test, enum engine_op_kind kind,
    struct row_key key, struct bytes value, uint64_t faults)
{
	struct engine_value old = { 0 };
	struct buffer before = { 0 };
	bool there = engine_get(test->vault->records, row_bytes(&key), &old,
			 NULL) == OURO_OK;

	test_ok(buffer_set(&before, old.bytes, &test->err), &test->err);
	engine_value_release(&old);
	test_row(test->vault->records, kind, row_bytes(&key), value);
	assert_int_equal(test_care(test, ouro_verify, &found), OURO_DAMAGED);
	assert_int_equal(found.result.records_bad, faults);
	assert_int_equal(test_found(&found, OURO_PART_RECORD,
			     OURO_STATE_DEGRADED),
	    faults);
	test_row(test->vault->records, there ? ENGINE_PUT : ENGINE_DELETE,
	    row_bytes(&key), buffer_bytes(&before));
	test_is_clean(test, &found);
	buffer_release(&before);
}

static void
fault_in_one_row(struct test_vault *test, enum engine_op_kind kind,
    struct row_key key, struct bytes value)
{
	fault_in_rows(test, kind, key, value, 1);
}

static void
rows_missing_wrong_and_extra_are_found(void **state)
{
	struct test_vault test;
	struct test_store store;
	struct name name;
	struct buffer row = { 0 };
	struct row_key key;

	(void)state;
	test_vault_open(&test, NULL);
	test_store_fill(&test, &store, TEST_MANY_SIZE);
	for (size_t i = 0; i < 3; i++)
		fault_in_one_row(&test, ENGINE_DELETE,
		    test_row_key(&test, ROW_USE, i), bytes_text(""));
	fault_in_one_row(&test, ENGINE_DELETE,
	    test_row_key(&test, ROW_CHILD, 0), bytes_text(""));
	fault_in_one_row(&test, ENGINE_DELETE,
	    test_row_key(&test, ROW_EXPIRY, 0), bytes_text(""));
	/* Its name's row h has a version more than the name then. */
	fault_in_rows(&test, ENGINE_DELETE, test_row_key(&test, ROW_NAME, 0),
	    bytes_text(""), 2);
	fault_in_one_row(&test, ENGINE_PUT,
	    row_pair(ROW_USE, store.one, store.one), bytes_text(""));
	fault_in_one_row(&test, ENGINE_PUT,
	    row_version("blobs", "none", 1, store.one), bytes_text(""));
	fault_in_one_row(&test, ENGINE_PUT, row_expiry(77, store.one),
	    bytes_text(""));
	fault_in_one_row(&test, ENGINE_PUT,
	    row_name(ROW_HEADS, "blobs", "none"), bytes_text("x"));
	fault_in_one_row(&test, ENGINE_DELETE,
	    row_name(ROW_HEADS, "blobs", "inlined"), bytes_text(""));
	test_ok(name_load(test.vault, "blobs", "inlined", &name, &test.err),
	    &test.err);
	assert_int_equal(name.versions, 2);
	test_ok(name_row_encode(&name.heads, 3, &row, &test.err), &test.err);
	key = row_name(ROW_HEADS, "blobs", "inlined");
	fault_in_one_row(&test, ENGINE_PUT, key, buffer_bytes(&row));
	buffer_release(&row);
	name_release(&name);
	test_vault_close(&test);
}

/* Both are good context rows, but not the same. */
static void
copies_that_differ_are_found(void **state)
{
	struct test_vault test;
	struct test_store store;
	struct row_key key;
	struct context_entry entry = { .through = 1 };
	struct buffer row = { 0 };

	(void)state;
	test_vault_open(&test, NULL);
	test_store_fill(&test, &store, TEST_ONE_SIZE);
	key = test_row_key(&test, ROW_CONTEXT, 0);
	test_ok(context_encode(&entry, &row, &test.err), &test.err);
	test_row(test.vault->copies, ENGINE_PUT, row_bytes(&key),
	    buffer_bytes(&row));
	buffer_release(&row);
	assert_int_equal(test_care(&test, ouro_verify, &found), OURO_DAMAGED);
	assert_int_equal(found.result.records_bad, 1);
	test_ok(test_care(&test, ouro_repair, &found), &test.err);
	test_is_clean(&test, &found);
	test_vault_close(&test);
}

static bool
stop(void *context, uint64_t done, uint64_t total)
{
	(void)done;
	(void)total;
	return --*(int *)context > 0;
}

static void
progress_can_stop_it(void **state)
{
	struct ouro_care_options options = { .size = sizeof(options),
		.progress = stop };
	struct test_vault test;
	struct test_store store;

	(void)state;
	test_vault_open(&test, NULL);
	test_store_fill(&test, &store, TEST_MANY_SIZE);
	for (int i = 1; i < 24; i += 3) {
		int calls = i;

		options.context = &calls;
		assert_int_equal(ouro_verify(test.vault, &options,
				     &found.result, &test.err),
		    OURO_CANCELLED);
	}
	test_is_clean(&test, &found);
	test_vault_close(&test);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_content_is_clean),
		cmocka_unit_test(
		    K12_damaged_slice_is_reported_and_a_read_heals_it),
		cmocka_unit_test(K12_damaged_parity_is_reported_too),
		cmocka_unit_test(copies_that_differ_are_found),
		cmocka_unit_test(K13_swapped_slices_are_detected),
		cmocka_unit_test(forged_parity_is_detected),
		cmocka_unit_test(K21_one_flipped_byte_anywhere_is_found),
		cmocka_unit_test(many_faults_are_all_reported),
		cmocka_unit_test(lost_chunk_loses_its_content_only),
		cmocka_unit_test(rows_missing_wrong_and_extra_are_found),
		cmocka_unit_test(progress_can_stop_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
