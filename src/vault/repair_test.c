#include <stdio.h>

#include "vault/test_care.h"

#include "vault/rebuild.h"

#define MANY_SIZE 300000

static struct test_findings found;

static const struct ouro_vault_options small = { .size = sizeof(small),
	.segment_size = 65536 };
static const struct ouro_vault_options reading = { .size = sizeof(reading),
	.must_exist = true,
	.read_only = true };

static void
repair_ok(struct test_vault *test)
{
	enum ouro_status status = test_care(test, ouro_repair, &found);

	if (status != OURO_OK)
		print_error("%s; %s\n", test->err.text, found.text);
	assert_int_equal(status, OURO_OK);
}

static void
K12_repair_rewrites_damaged_slices(void **state)
{
	struct test_vault test;
	struct test_store store;
	uint8_t id[HASH_SIZE];

	(void)state;
	test_vault_open(&test, NULL);
	test_store_fill(&test, &store, MANY_SIZE);
	for (unsigned a = 0; a < 5; a++) {
		for (unsigned b = 0; b < a; b++) {
			test_chunk(&test, 0, id);
			test_slice_spoil(&test, id, a);
			test_slice_write(&test, id, b, NULL);
			repair_ok(&test);
			assert_int_equal(found.result.repaired, 2);
			assert_int_equal(test_found(&found, OURO_PART_CHUNK,
					     OURO_STATE_REPAIRED),
			    1);
			assert_int_equal(test_found(&found, OURO_PART_CONTENT,
					     OURO_STATE_REPAIRED),
			    1);
			test_is_clean(&test, &found);
		}
	}
	test_vault_reopen(&test, &reading);
	test_is_clean(&test, &found);
	test_store_reads(&test, &store, MANY_SIZE);
	assert_int_equal(test_care(&test, ouro_repair, &found), OURO_READ_ONLY);
	test_vault_close(&test);
}

static void
K13_swapped_slices_are_put_right(void **state)
{
	struct test_vault test;
	uint8_t first[HASH_SIZE], second[HASH_SIZE];

	(void)state;
	test_vault_open(&test, NULL);
	test_put_random(&test, "a", 5000, 3);
	test_put_random(&test, "b", 5000, 4);
	test_chunk(&test, 0, first);
	test_chunk(&test, 1, second);
	test_slices_swap(&test, first, 0, second, 0);
	test_slices_swap(&test, first, 3, second, 4);
	repair_ok(&test);
	assert_int_equal(found.result.repaired, 4);
	test_is_clean(&test, &found);
	test_vault_close(&test);
}

static void
K23_put_over_a_lost_chunk_heals_it(void **state)
{
	struct test_vault test;
	struct ouro_put_result put;
	uint8_t id[HASH_SIZE];

	(void)state;
	test_vault_open(&test, NULL);
	put = test_put_random(&test, "file", 5000, 3);
	test_chunk(&test, 0, id);
	for (unsigned i = 1; i < 4; i++)
		test_slice_spoil(&test, id, i);
	assert_int_equal(test_care(&test, ouro_repair, &found), OURO_DAMAGED);
	assert_int_equal(found.result.contents_lost, 1);
	assert_int_equal(found.result.chunks_lost, 1);
	assert_non_null(strstr(found.text, "file"));
	assert_int_equal(test_care(&test, ouro_repair, &found), OURO_DAMAGED);
	assert_int_equal(test_put_random(&test, "again", 5000, 3).chunks_new,
	    1);
	test_reads_random(&test, put.content, 5000, 3);
	test_is_clean(&test, &found);
	test_vault_close(&test);
}

/* A put that never heard of the loss finds no slice and stores the chunk. */
static void
K23_put_over_missing_slices_heals_without_repair(void **state)
{
	struct test_vault test;
	struct ouro_put_result put;
	uint8_t id[HASH_SIZE];

	(void)state;
	test_vault_open(&test, NULL);
	put = test_put_random(&test, "file", 5000, 3);
	test_chunk(&test, 0, id);
	for (unsigned i = 0; i < 3; i++)
		test_slice_write(&test, id, i, NULL);
	assert_int_equal(test_care(&test, ouro_verify, &found), OURO_DAMAGED);
	test_put_random(&test, "again", 5000, 3);
	test_reads_random(&test, put.content, 5000, 3);
	test_is_clean(&test, &found);
	test_vault_close(&test);
}

/* ---- files --------------------------------------------------------------------- */

struct world {
	struct test_vault test;
	struct test_store store;
	struct test_snapshot snapshot;
};

static void
world_open(struct world *world)
{
	test_vault_open(&world->test, &small);
	test_store_fill(&world->test, &world->store, MANY_SIZE);
	test_vault_shut(&world->test);
	test_snapshot_take(world->test.fs, &world->snapshot);
}

static void
world_close(struct world *world)
{
	test_vault_close(&world->test);
	test_snapshot_release(&world->snapshot);
	free(world);
}

/* Damage was done to the closed store. It is told, everything reads, is
 * repaired, and is clean afterwards. */
static void
world_heals(struct world *world, const char *what)
{
	struct test_vault *test = &world->test;

	test_vault_reopen(test, &reading);
	if (test_care(test, ouro_verify, &found) == OURO_OK)
		fail_msg("verify does not tell: %s", what);
	if (found.result.contents_lost > 0)
		fail_msg("contents lost: %s; %s", what, found.text);
	test_store_reads(test, &world->store, MANY_SIZE);
	test_vault_reopen(test, NULL);
	test_store_reads(test, &world->store, MANY_SIZE);
	repair_ok(test);
	test_is_clean(test, &found);
	test_vault_reopen(test, &reading);
	test_is_clean(test, &found);
	test_store_reads(test, &world->store, MANY_SIZE);
	test_vault_shut(test);
	test_snapshot_restore(test->fs, &world->snapshot);
}

static void
K24_any_one_file_deleted(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	struct test_files *files = &world->snapshot.files;

	(void)state;
	world_open(world);
	for (size_t i = 0; i < files->count; i++) {
		test_ok(fs_unlink(world->test.fs, files->paths[i],
			    &world->test.err),
		    &world->test.err);
		world_heals(world, files->paths[i]);
	}
	world_close(world);
}

static void
K24_any_one_file_damaged_in_the_middle(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	struct test_files *files = &world->snapshot.files;

	(void)state;
	world_open(world);
	for (size_t i = 0; i < files->count; i++) {
		uint64_t size = test_file_size(world->test.fs, files->paths[i]);

		test_ok(fs_memory_flip(world->test.fs, files->paths[i],
			    size / 2, 0x5a),
		    &world->test.err);
		world_heals(world, files->paths[i]);
	}
	world_close(world);
}

static bool
lane_path_of(const char *path, unsigned number)
{
	char part[32];

	snprintf(part, sizeof(part), "/lanes/%02u/", number);
	return strstr(path, part) != NULL;
}

/* Deletes every file of a lane. */
static void
lane_lose(struct world *world, unsigned number)
{
	struct test_files *files = &world->snapshot.files;
	unsigned lost = 0;

	for (size_t i = 0; i < files->count; i++) {
		if (!lane_path_of(files->paths[i], number))
			continue;
		test_ok(fs_unlink(world->test.fs, files->paths[i],
			    &world->test.err),
		    &world->test.err);
		lost++;
	}
	assert_true(lost > 0);
}

static void
K24_any_m_lanes_lost(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	(void)state;
	world_open(world);
	for (unsigned a = 0; a < 5; a++) {
		for (unsigned b = 0; b < a; b++) {
			lane_lose(world, a);
			lane_lose(world, b);
			world_heals(world, "two lanes");
		}
	}
	world_close(world);
}

static void
more_lanes_lost_than_parity_name_the_chunk(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	struct test_vault *test = &world->test;
	struct buffer out = { 0 };
	uint8_t id[HASH_SIZE];

	(void)state;
	world_open(world);
	for (unsigned i = 0; i < 3; i++)
		lane_lose(world, i);
	test_vault_reopen(test, NULL);
	test_chunk(test, 0, id);
	assert_int_equal(test_get(test, world->store.one, &out), OURO_DAMAGED);
	assert_non_null(strstr(test->err.text, "chunk"));
	buffer_release(&out);
	test_reads(test, world->store.inlined, bytes_text("a few bytes"));
	test_reads(test, world->store.empty, bytes_text(""));
	assert_int_equal(test_care(test, ouro_repair, &found), OURO_DAMAGED);
	assert_int_equal(found.result.contents_lost, 2);
	assert_int_equal(found.result.contents_ok, 4);
	assert_non_null(strstr(found.text, "chunk"));
	test_put_random(test, NULL, TEST_ONE_SIZE, 1);
	test_put_random(test, "many", MANY_SIZE, 2);
	test_store_reads(test, &world->store, MANY_SIZE);
	repair_ok(test);
	test_is_clean(test, &found);
	world_close(world);
}

/* ---- whole directories ------------------------------------------------------------ */

static void
records_lost_as_a_whole(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	(void)state;
	world_open(world);
	test_files_unlink(world->test.fs, TEST_DIR "/records");
	test_vault_reopen(&world->test, NULL);
	test_store_reads(&world->test, &world->store, MANY_SIZE);
	test_is_clean(&world->test, &found);
	assert_int_equal(found.result.contents, 6);
	test_vault_shut(&world->test);
	test_snapshot_restore(world->test.fs, &world->snapshot);
	test_files_unlink(world->test.fs, TEST_DIR "/copies");
	world_heals(world, "copies");
	world_close(world);
}

/* ---- records and rows ------------------------------------------------------------- */

static void
records_are_mended_from_each_other(void **state)
{
	struct test_vault test;
	struct test_store store;
	struct row_key content, page, use;

	(void)state;
	test_vault_open(&test, NULL);
	test_store_fill(&test, &store, TEST_MANY_SIZE);
	content = row_id(ROW_CONTENT, store.one, HASH_SIZE);
	page = test_row_key(&test, ROW_PAGE, 0);
	use = test_row_key(&test, ROW_USE, 0);
	test_row(test.vault->records, ENGINE_PUT, row_bytes(&content),
	    bytes_text("not a record"));
	test_row(test.vault->copies, ENGINE_DELETE, row_bytes(&page),
	    bytes_text(""));
	test_row(test.vault->records, ENGINE_DELETE, row_bytes(&use),
	    bytes_text(""));
	assert_int_equal(test_care(&test, ouro_verify, &found), OURO_DAMAGED);
	assert_int_equal(found.result.records_bad, 3);
	assert_int_equal(found.result.contents_degraded, 2);
	repair_ok(&test);
	assert_int_equal(found.result.repaired, 3);
	assert_int_equal(test_found(&found, OURO_PART_CONTENT,
			     OURO_STATE_REPAIRED),
	    2);
	test_is_clean(&test, &found);
	assert_false(rebuild_pending(test.vault));
	test_store_reads(&test, &store, TEST_MANY_SIZE);
	test_vault_close(&test);
}

static void
record_lost_in_both_stays_lost_and_is_told(void **state)
{
	struct test_vault test;
	struct test_store store;
	struct row_key content;

	(void)state;
	test_vault_open(&test, NULL);
	test_store_fill(&test, &store, TEST_MANY_SIZE);
	content = row_id(ROW_CONTENT, store.one, HASH_SIZE);
	test_row(test.vault->records, ENGINE_PUT, row_bytes(&content),
	    bytes_text("not a record"));
	test_row(test.vault->copies, ENGINE_PUT, row_bytes(&content),
	    bytes_text("not a record"));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(test_care(&test,
				     i == 0 ? ouro_verify : ouro_repair,
				     &found),
		    OURO_DAMAGED);
		assert_int_equal(found.result.contents_lost, 1);
		assert_int_equal(found.result.contents_ok, 5);
	}
	test_row(test.vault->records, ENGINE_DELETE, row_bytes(&content),
	    bytes_text(""));
	test_row(test.vault->copies, ENGINE_DELETE, row_bytes(&content),
	    bytes_text(""));
	assert_int_equal(test_care(&test, ouro_repair, &found), OURO_DAMAGED);
	assert_int_equal(found.result.contents_lost, 1);
	test_vault_close(&test);
}

static void
chunk_without_row_is_found_in_the_lanes(void **state)
{
	struct test_vault test;
	struct test_store store;
	struct row_key key;

	(void)state;
	test_vault_open(&test, NULL);
	test_store_fill(&test, &store, TEST_MANY_SIZE);
	key = test_row_key(&test, ROW_CHUNK, 1);
	test_row(test.vault->records, ENGINE_DELETE, row_bytes(&key),
	    bytes_text(""));
	assert_int_equal(test_care(&test, ouro_verify, &found), OURO_DAMAGED);
	assert_int_equal(found.result.chunks_degraded, 1);
	assert_int_equal(found.result.slices_bad, 0);
	assert_int_equal(found.result.contents_degraded, 1);
	repair_ok(&test);
	test_is_clean(&test, &found);
	test_vault_close(&test);
}

/* One stripe of two is beyond rescue; the other serves. */
static void
dead_stripe_leaves_the_row(void **state)
{
	struct ouro_put_options options = { .k = 2, .m = 2, .name = "b" };
	struct test_vault test;
	struct ouro_put_result put;
	uint8_t *data = test_bytes(5000, 3), id[HASH_SIZE];
	Ouro__ChunkRow *row;
	unsigned m = 1;

	(void)state;
	test_vault_open(&test,
	    &(struct ouro_vault_options){
		.size = sizeof(struct ouro_vault_options),
		.k = 3,
		.m = m });
	put = test_put(&test, NULL, bytes_of(data, 5000));
	assert_int_equal(
	    test_put(&test, &options, bytes_of(data, 5000)).chunks_new, 1);
	test_chunk(&test, 0, id);
	test_ok(chunk_row_get(test.vault, id, &row, &test.err), &test.err);
	assert_int_equal(row->n_stripes, 2);
	canonical_free(&row->base);
	for (unsigned i = 0; i < 3; i++)
		test_slice_write(&test, id, i, NULL);
	repair_ok(&test);
	assert_int_equal(found.result.chunks_lost, 0);
	test_ok(chunk_row_get(test.vault, id, &row, &test.err), &test.err);
	assert_int_equal(row->n_stripes, 1);
	canonical_free(&row->base);
	test_is_clean(&test, &found);
	test_reads(&test, put.content, bytes_of(data, 5000));
	free(data);
	test_vault_close(&test);
}

/* ---- while others write ------------------------------------------------------------- */

struct writer {
	struct executor_job job;
	struct ouro_vault *vault;
	atomic_bool stop;
	unsigned rounds;
};

/* Puts, replaces, removes and collects until told to stop. */
static void
writer_run(void *context)
{
	struct writer *writer = context;
	struct test_vault test = { .vault = writer->vault };
	struct ouro_gc_result gc;
	char name[16];

	while (!atomic_load(&writer->stop) || writer->rounds < 8) {
		unsigned round = writer->rounds++;

		snprintf(name, sizeof(name), "w%u", round % 5);
		test_put_random(&test, name, 3000 + 40 * round, round % 7);
		if (round % 4 == 3)
			test_put_random(&test, NULL, 600000, round % 3);
		if (round % 5 == 4)
			test_ok(test_remove(&test, name, true, NULL, NULL),
			    &test.err);
		if (round % 8 == 7)
			test_ok(ouro_gc(writer->vault, NULL, NULL, &gc,
				    &test.err),
			    &test.err);
	}
}

static void
others_may_write_meanwhile(void **state)
{
	struct fs *fs = fs_memory_new(9);
	struct writer writer = { .job.run = writer_run };
	struct test_vault test = { .fs = fs };
	struct test_store store;
	uint8_t id[HASH_SIZE];

	(void)state;
	writer.job.context = &writer;
	test_ok(executor_open(2, fs, &test.executor, &test.err), &test.err);
	test_vault_reopen(&test, &small);
	test_store_fill(&test, &store, MANY_SIZE);
	test_chunk(&test, 0, id);
	writer.vault = test.vault;
	executor_submit(test.executor, &writer.job);
	for (unsigned i = 0; i < 6; i++) {
		test_care(&test, ouro_verify, &found);
		if (found.result.contents_lost > 0 ||
		    found.result.contents_degraded > 0 ||
		    found.result.records_bad > 0 || found.result.slices_bad > 0)
			fail_msg("%s: %s", test.err.text, found.text);
	}
	for (unsigned i = 0; i < 3; i++) {
		test_slice_spoil(&test, id, i);
		test_ok(i == 2 ? rebuild_index(test.vault, &test.err) : OURO_OK,
		    &test.err);
		repair_ok(&test);
	}
	atomic_store(&writer.stop, true);
	executor_join(test.executor, &writer.job);
	test_is_clean(&test, &found);
	test_store_reads(&test, &store, MANY_SIZE);
	test_vault_close(&test);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(K12_repair_rewrites_damaged_slices),
		cmocka_unit_test(K13_swapped_slices_are_put_right),
		cmocka_unit_test(K23_put_over_a_lost_chunk_heals_it),
		cmocka_unit_test(
		    K23_put_over_missing_slices_heals_without_repair),
		cmocka_unit_test(K24_any_one_file_deleted),
		cmocka_unit_test(K24_any_one_file_damaged_in_the_middle),
		cmocka_unit_test(K24_any_m_lanes_lost),
		cmocka_unit_test(more_lanes_lost_than_parity_name_the_chunk),
		cmocka_unit_test(records_lost_as_a_whole),
		cmocka_unit_test(records_are_mended_from_each_other),
		cmocka_unit_test(record_lost_in_both_stays_lost_and_is_told),
		cmocka_unit_test(chunk_without_row_is_found_in_the_lanes),
		cmocka_unit_test(dead_stripe_leaves_the_row),
		cmocka_unit_test(others_may_write_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
