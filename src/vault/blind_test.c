#include <errno.h>

#include "crypt/hash.h"
#include "vault/blind.h"
#include "vault/test_care.h"

static struct test_findings found;

#define SIZE 900000

/* A vault of 3 + 2 that is shut, and what is in it. */
struct shut {
	struct test_vault test;
	uint8_t large[OURO_ID_SIZE], small[OURO_ID_SIZE];
};

static void
shut_make(struct shut *shut, const struct ouro_vault_options *options)
{
	struct ouro_put_result put;

	test_vault_open(&shut->test, options);
	put = test_put_random(&shut->test, "large", SIZE, 1);
	memcpy(shut->large, put.content, OURO_ID_SIZE);
	put = test_put_random(&shut->test, "small", 5000, 2);
	memcpy(shut->small, put.content, OURO_ID_SIZE);
	test_vault_shut(&shut->test);
}

/* Opens it again, verifies it with its keys, and ends. */
static void
shut_is_clean(struct shut *shut, const struct ouro_vault_options *options)
{
	test_vault_reopen(&shut->test, options);
	test_is_clean(&shut->test, &found);
	test_reads_random(&shut->test, shut->large, SIZE, 1);
	test_reads_random(&shut->test, shut->small, 5000, 2);
	test_vault_close(&shut->test);
}

static enum ouro_status
blind_in(struct test_vault *test, const char *const *paths, size_t count,
    bool repair)
{
	const struct ouro_care_options options = { .size = sizeof(options),
		.report = test_finding_report,
		.context = &found };
	const struct blind_place place = { .dir = TEST_DIR,
		.data_paths = paths,
		.data_path_count = count,
		.fs = test->fs,
		.executor = test->executor };

	found.count = 0;
	found.text[0] = '\0';
	return blind_care(&place, repair, &options, &found.result, &test->err);
}

static enum ouro_status
blind(struct test_vault *test, bool repair)
{
	return blind_in(test, NULL, 0, repair);
}

static void
lane_empty(struct test_vault *test, unsigned number)
{
	char path[64];

	snprintf(path, sizeof(path), TEST_DIR "/lanes/%02u", number);
	test_files_unlink(test->fs, path);
}

/* ---- whole --------------------------------------------------------------------- */

static void
a_whole_store_is_whole(void **state)
{
	struct test_snapshot before, after;
	struct shut shut;

	(void)state;
	shut_make(&shut, NULL);
	test_snapshot_take(shut.test.fs, &before);
	test_ok(blind(&shut.test, false), &shut.test.err);
	assert_int_equal(found.count, 0);
	assert_true(found.result.chunks > 3);
	assert_int_equal(found.result.slices, 5 * found.result.chunks);
	assert_int_equal(found.result.slices_bad, 0);
	/* nothing was changed */
	test_snapshot_take(shut.test.fs, &after);
	assert_int_equal(after.files.count, before.files.count);
	for (size_t i = 0; i < before.files.count; i++) {
		assert_string_equal(after.files.paths[i],
		    before.files.paths[i]);
		assert_true(bytes_equal(buffer_bytes(&after.contents[i]),
		    buffer_bytes(&before.contents[i])));
	}
	test_snapshot_release(&after);
	test_snapshot_release(&before);
	test_ok(blind(&shut.test, true), &shut.test.err);
	assert_int_equal(found.result.repaired, 0);
	shut_is_clean(&shut, NULL);
}

/* ---- lost lanes -------------------------------------------------------------------- */

static void
any_lane_is_made_anew(void **state)
{
	(void)state;
	for (unsigned lane = 0; lane < 5; lane++) {
		struct shut shut;

		shut_make(&shut, NULL);
		lane_empty(&shut.test, lane);
		assert_int_equal(blind(&shut.test, false), OURO_DAMAGED);
		assert_true(found.result.chunks_degraded > 3);
		assert_int_equal(found.result.chunks_lost, 0);
		assert_int_equal(found.result.slices_bad, found.result.chunks);
		test_ok(blind(&shut.test, true), &shut.test.err);
		assert_int_equal(found.result.repaired, found.result.chunks);
		test_ok(blind(&shut.test, false), &shut.test.err);
		shut_is_clean(&shut, NULL);
	}
}

static void
any_m_lanes_are_made_anew(void **state)
{
	(void)state;
	for (unsigned a = 0; a < 5; a++) {
		for (unsigned b = a + 1; b < 5; b++) {
			struct shut shut;

			shut_make(&shut, NULL);
			lane_empty(&shut.test, a);
			lane_empty(&shut.test, b);
			test_ok(blind(&shut.test, true), &shut.test.err);
			assert_int_equal(found.result.repaired,
			    2 * found.result.chunks);
			shut_is_clean(&shut, NULL);
		}
	}
}

static void
too_few_slices_are_lost_and_told(void **state)
{
	struct shut shut;

	(void)state;
	shut_make(&shut, NULL);
	for (unsigned lane = 1; lane < 4; lane++)
		lane_empty(&shut.test, lane);
	assert_int_equal(blind(&shut.test, false), OURO_DAMAGED);
	assert_int_equal(found.result.chunks_lost, found.result.chunks);
	assert_int_equal(test_found(&found, OURO_PART_CHUNK, OURO_STATE_LOST),
	    found.result.chunks);
	assert_non_null(strstr(found.text, "too few"));
	assert_int_equal(blind(&shut.test, true), OURO_DAMAGED);
	assert_int_equal(found.result.repaired, 0);
	assert_non_null(strstr(shut.test.err.text, "lost"));
	test_vault_close(&shut.test);
}

/* ---- damage ------------------------------------------------------------------------ */

static void
each_slice_may_be_wrong(void **state)
{
	(void)state;
	for (unsigned index = 0; index < 5; index++) {
		struct shut shut;
		uint8_t id[HASH_SIZE];

		shut_make(&shut, NULL);
		test_vault_reopen(&shut.test, NULL);
		test_chunk(&shut.test, 1, id);
		test_slice_spoil(&shut.test, id, index);
		test_vault_shut(&shut.test);
		assert_int_equal(blind(&shut.test, false), OURO_DAMAGED);
		assert_int_equal(found.result.slices_bad, 1);
		assert_int_equal(found.result.chunks_degraded, 1);
		assert_int_equal(test_found(&found, OURO_PART_SLICE,
				     OURO_STATE_DEGRADED),
		    1);
		assert_memory_equal(found.list[0].id, id, OURO_ID_SIZE);
		test_ok(blind(&shut.test, true), &shut.test.err);
		assert_int_equal(found.result.repaired, 1);
		shut_is_clean(&shut, NULL);
	}
}

/* A byte of the file, not of the slice: the engine finds it. */
static void
file_flip(struct test_vault *test, unsigned lane, size_t offset)
{
	struct buffer content = { 0 };
	char path[64];

	snprintf(path, sizeof(path),
	    TEST_DIR "/lanes/%02u/segment-00000001.dat", lane);
	test_ok(fs_read_file(test->fs, path, SIZE_MAX, &content, &test->err),
	    &test->err);
	content.data[offset != 0 ? offset : content.size / 2] ^= 1;
	test_ok(fs_write_file(test->fs, path, buffer_bytes(&content),
		    &test->err),
	    &test->err);
	buffer_release(&content);
}

static void
a_flipped_byte_of_a_file_is_found(void **state)
{
	struct shut shut;

	(void)state;
	shut_make(&shut, NULL);
	file_flip(&shut.test, 2, 0);
	assert_int_equal(blind(&shut.test, false), OURO_DAMAGED);
	assert_int_equal(found.result.files_bad, 1);
	assert_int_equal(found.result.chunks_degraded, 1);
	test_ok(blind(&shut.test, true), &shut.test.err);
	test_ok(blind(&shut.test, false), &shut.test.err);
	shut_is_clean(&shut, NULL);
}

/* Of which not one slice can be read: nothing else tells that it was there. */
static void
a_chunk_lost_everywhere_is_not_forgotten(void **state)
{
	struct shut shut;

	(void)state;
	shut_make(&shut, NULL);
	for (unsigned lane = 0; lane < 5; lane++)
		file_flip(&shut.test, lane, 1000); /* in the first record */
	for (unsigned round = 0; round < 3; round++) {
		assert_int_equal(blind(&shut.test, round < 2), OURO_DAMAGED);
		assert_int_equal(found.result.chunks_lost, 1);
		assert_true(found.result.files_bad >= 5);
	}
	test_vault_close(&shut.test);
}

static void
exchanged_slices_are_bad(void **state)
{
	uint8_t first[HASH_SIZE], second[HASH_SIZE];
	struct shut shut;

	(void)state;
	shut_make(&shut, NULL);
	test_vault_reopen(&shut.test, NULL);
	test_chunk(&shut.test, 0, first);
	test_chunk(&shut.test, 1, second);
	test_slices_swap(&shut.test, first, 1, second, 1);
	test_slices_swap(&shut.test, first, 0, first, 4);
	test_vault_shut(&shut.test);
	assert_int_equal(blind(&shut.test, false), OURO_DAMAGED);
	assert_int_equal(found.result.slices_bad, 4);
	assert_int_equal(found.result.chunks_lost, 1);
	assert_int_equal(found.result.chunks_degraded, 1);
	test_vault_close(&shut.test);
}

/* Writes a slice whose descriptor says what its bytes are: only the others
 * tell that it is none of theirs. */
static void
parity_forge(struct test_vault *test, const uint8_t id[HASH_SIZE],
    unsigned index)
{
	struct buffer stored = { 0 }, forged = { 0 };
	uint8_t hashes[SLICES_MAX * HASH_SIZE], stripe_id[STRIPE_ID_SIZE];
	struct slice slice;
	size_t head;

	test_slice_read(test, id, index, &stored);
	test_ok(slice_decode(buffer_bytes(&stored), &slice, &test->err),
	    &test->err);
	stored.data[stored.size - 1] ^= 1;
	memcpy(hashes, slice.hashes.data, slice.hashes.size);
	test_ok(hash_sha256(slice.data, hashes + index * HASH_SIZE, &test->err),
	    &test->err);
	slice.hashes.data = hashes;
	head = slice_head_size(&slice);
	test_ok(buffer_resize(&forged, head, &test->err), &test->err);
	test_ok(slice_head_write(&slice, forged.data, stripe_id, &test->err),
	    &test->err);
	assert_memory_equal(stripe_id, slice.stripe_id, STRIPE_ID_SIZE);
	test_ok(buffer_append(&forged, slice.data, &test->err), &test->err);
	test_slice_write(test, id, index, &forged);
	slice_release(&slice);
	buffer_release(&stored);
	buffer_release(&forged);
}

static void
forged_parity_is_found(void **state)
{
	struct shut shut;
	uint8_t id[HASH_SIZE];

	(void)state;
	for (unsigned index = 3; index < 5; index++) {
		shut_make(&shut, NULL);
		test_vault_reopen(&shut.test, NULL);
		test_chunk(&shut.test, 2, id);
		parity_forge(&shut.test, id, index);
		/* and a data slice is gone, so that parity is needed */
		if (index == 4)
			test_slice_write(&shut.test, id, 0, NULL);
		test_vault_shut(&shut.test);
		assert_int_equal(blind(&shut.test, false), OURO_DAMAGED);
		assert_int_equal(found.result.slices_bad, index == 4 ? 2 : 1);
		test_ok(blind(&shut.test, true), &shut.test.err);
		shut_is_clean(&shut, NULL);
	}
}

/* Things that nobody understands lie under slices' keys. */
static void
garbage_is_taken_away(void **state)
{
	struct shut shut;
	struct slice_key key;
	uint8_t id[HASH_SIZE];
	Ouro__ChunkRow *row;

	(void)state;
	shut_make(&shut, NULL);
	test_vault_reopen(&shut.test, NULL);
	test_chunk(&shut.test, 0, id);
	test_ok(chunk_row_get(shut.test.vault, id, &row, &shut.test.err),
	    &shut.test.err);
	key = slice_key(id, row->stripes[0]->stripe_id.data, 200);
	canonical_free(&row->base);
	test_row(lane(shut.test.vault, 2), ENGINE_PUT,
	    bytes_of(key.data, sizeof(key.data)), bytes_text("garbage"));
	test_row(lane(shut.test.vault, 3), ENGINE_PUT, bytes_text("short"),
	    bytes_text("garbage"));
	test_vault_shut(&shut.test);
	assert_int_equal(blind(&shut.test, false), OURO_DAMAGED);
	assert_int_equal(found.result.slices_bad, 1);
	test_ok(blind(&shut.test, true), &shut.test.err);
	test_ok(blind(&shut.test, false), &shut.test.err);
	assert_int_equal(found.result.slices, 5 * found.result.chunks);
	shut_is_clean(&shut, NULL);
}

/* ---- without keys ------------------------------------------------------------------- */

static void
only_lanes_are_needed(void **state)
{
	static const char *const names[] = { "OUROBOROS", "OUROBOROS.copy",
		"keyring", "keyring.copy", "member.key" };
	struct shut shut;
	struct buffer kept[5] = { { 0 } };
	char path[64];

	(void)state;
	shut_make(&shut, NULL);
	for (unsigned i = 0; i < 5; i++) {
		snprintf(path, sizeof(path), TEST_DIR "/%s", names[i]);
		test_ok(fs_read_file(shut.test.fs, path, SIZE_MAX, &kept[i],
			    &shut.test.err),
		    &shut.test.err);
		test_ok(fs_unlink(shut.test.fs, path, &shut.test.err),
		    &shut.test.err);
	}
	lane_empty(&shut.test, 1);
	test_ok(blind(&shut.test, true), &shut.test.err);
	assert_true(found.result.repaired > 3);
	for (unsigned i = 0; i < 5; i++) {
		snprintf(path, sizeof(path), TEST_DIR "/%s", names[i]);
		test_ok(fs_write_file(shut.test.fs, path,
			    buffer_bytes(&kept[i]), &shut.test.err),
		    &shut.test.err);
		buffer_release(&kept[i]);
	}
	shut_is_clean(&shut, NULL);
}

static void
a_store_in_use_is_refused(void **state)
{
	struct shut shut;

	(void)state;
	shut_make(&shut, NULL);
	test_vault_reopen(&shut.test, NULL);
	assert_int_equal(blind(&shut.test, false), OURO_LOCKED);
	assert_int_equal(blind(&shut.test, true), OURO_LOCKED);
	test_vault_close(&shut.test);
}

static void
no_lanes_are_not_found(void **state)
{
	struct test_vault test = { .fs = fs_memory_new(7) };

	(void)state;
	test_ok(executor_open_manual(7, test.fs, &test.executor, &test.err),
	    &test.err);
	assert_int_equal(blind(&test, false), OURO_NOT_FOUND);
	test_ok(fs_mkdir(test.fs, TEST_DIR "/lanes", &test.err), &test.err);
	assert_int_equal(blind(&test, true), OURO_NOT_FOUND);
	test_vault_close(&test);
}

/* ---- data paths ---------------------------------------------------------------------- */

static const char *const disks[] = { "/disk1", "/disk2" };

static void
disks_make(struct shut *shut)
{
	struct ouro_vault_options options = { .size = sizeof(options),
		.data_paths = disks,
		.data_path_count = 2 };

	shut->test = (struct test_vault){ .fs = fs_memory_new(7) };
	test_ok(fs_mkdir(shut->test.fs, disks[0], &shut->test.err),
	    &shut->test.err);
	test_ok(fs_mkdir(shut->test.fs, disks[1], &shut->test.err),
	    &shut->test.err);
	test_ok(executor_open_manual(7, shut->test.fs, &shut->test.executor,
		    &shut->test.err),
	    &shut->test.err);
	test_vault_reopen(&shut->test, &options);
	memcpy(shut->large,
	    test_put_random(&shut->test, "large", SIZE, 1).content,
	    OURO_ID_SIZE);
	memcpy(shut->small,
	    test_put_random(&shut->test, "small", 5000, 2).content,
	    OURO_ID_SIZE);
	test_vault_shut(&shut->test);
}

static void
data_paths_are_found(void **state)
{
	static const char *const turned[] = { "/disk2", "/disk1" };
	struct shut shut;

	(void)state;
	disks_make(&shut);
	test_ok(blind_in(&shut.test, disks, 2, false), &shut.test.err);
	assert_true(found.result.chunks > 3);
	assert_int_equal(blind_in(&shut.test, turned, 2, false), OURO_INVALID);
	assert_non_null(strstr(shut.test.err.text, "order"));
	assert_int_equal(blind_in(&shut.test, disks, 1, false), OURO_INVALID);
	test_files_unlink(shut.test.fs, disks[1]);
	assert_int_equal(blind_in(&shut.test, disks, 2, false), OURO_DAMAGED);
	assert_int_equal(found.result.chunks_lost, 0);
	test_ok(blind_in(&shut.test, disks, 2, true), &shut.test.err);
	shut_is_clean(&shut, NULL);
}

/* ---- failures -------------------------------------------------------------------------- */

static void
a_repair_may_fail_anywhere(void **state)
{
	struct test_snapshot before;
	struct shut shut;
	uint64_t calls;

	(void)state;
	shut_make(&shut, NULL);
	lane_empty(&shut.test, 3);
	test_snapshot_take(shut.test.fs, &before);
	fs_memory_fault(shut.test.fs, (struct fs_fault){ .nth = 0 });
	test_ok(blind(&shut.test, true), &shut.test.err);
	calls = fs_memory_calls(shut.test.fs, FS_CALL_ANY);
	for (uint64_t n = 1; n <= calls; n += 1 + calls / 60) {
		test_snapshot_restore(shut.test.fs, &before);
		fs_memory_fault(shut.test.fs,
		    (struct fs_fault){ .call = FS_CALL_ANY,
			.nth = n,
			.errnum = n % 2 == 0 ? EIO : ENOSPC,
			.for_ever = true });
		(void)blind(&shut.test, true);
		fs_memory_fault(shut.test.fs, (struct fs_fault){ .nth = 0 });
		test_ok(blind(&shut.test, true), &shut.test.err);
		test_ok(blind(&shut.test, false), &shut.test.err);
	}
	test_snapshot_release(&before);
	shut_is_clean(&shut, NULL);
}

/* Its slices are not known to be lost, so nothing is made anew for them. */
static void
a_lane_beyond_reading_is_left_alone(void **state)
{
	struct shut shut;

	(void)state;
	shut_make(&shut, NULL);
	for (int repair = 0; repair < 2; repair++) {
		fs_memory_fault(shut.test.fs,
		    (struct fs_fault){ .call = FS_CALL_ANY,
			.nth = 1,
			.errnum = EIO,
			.for_ever = true,
			.path = TEST_DIR "/lanes/03" });
		assert_int_equal(blind(&shut.test, repair != 0), OURO_DAMAGED);
		assert_int_equal(found.result.files_bad, 1);
		assert_int_equal(found.result.chunks_lost, 0);
		assert_int_equal(found.result.chunks_degraded,
		    found.result.chunks);
		assert_int_equal(found.result.repaired, 0);
		fs_memory_fault(shut.test.fs, (struct fs_fault){ .nth = 0 });
	}
	assert_non_null(strstr(shut.test.err.text, "without a place"));
	test_ok(blind(&shut.test, false), &shut.test.err);
	shut_is_clean(&shut, NULL);
}

static bool
stop(void *context, uint64_t done, uint64_t total)
{
	(void)context;
	(void)total;
	return done == 0;
}

static void
it_stops_when_asked_to(void **state)
{
	struct ouro_care_options options = { .size = sizeof(options),
		.progress = stop };
	struct blind_place place = { .dir = TEST_DIR };
	struct ouro_care_result result;
	struct shut shut;
	uint8_t content[OURO_ID_SIZE] = { 1 };

	(void)state;
	shut_make(&shut, NULL);
	place.fs = shut.test.fs;
	place.executor = shut.test.executor;
	assert_int_equal(blind_care(&place, true, &options, &result,
			     &shut.test.err),
	    OURO_CANCELLED);
	options.content = content;
	assert_int_equal(blind_care(&place, true, &options, &result,
			     &shut.test.err),
	    OURO_INVALID);
	shut_is_clean(&shut, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_store_is_whole),
		cmocka_unit_test(any_lane_is_made_anew),
		cmocka_unit_test(any_m_lanes_are_made_anew),
		cmocka_unit_test(too_few_slices_are_lost_and_told),
		cmocka_unit_test(each_slice_may_be_wrong),
		cmocka_unit_test(a_flipped_byte_of_a_file_is_found),
		cmocka_unit_test(a_chunk_lost_everywhere_is_not_forgotten),
		cmocka_unit_test(exchanged_slices_are_bad),
		cmocka_unit_test(forged_parity_is_found),
		cmocka_unit_test(garbage_is_taken_away),
		cmocka_unit_test(only_lanes_are_needed),
		cmocka_unit_test(a_store_in_use_is_refused),
		cmocka_unit_test(no_lanes_are_not_found),
		cmocka_unit_test(data_paths_are_found),
		cmocka_unit_test(a_repair_may_fail_anywhere),
		cmocka_unit_test(a_lane_beyond_reading_is_left_alone),
		cmocka_unit_test(it_stops_when_asked_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
