#include "vault/chunk.h"

#include <errno.h>

#include "vault/test_care.h"

/* One chunk of 3 + 2 slices, one in each lane. */
struct world {
	struct test_vault test;
	struct ouro_put_result put;
	uint8_t id[HASH_SIZE];
	uint64_t reads; /* of a discovery */
};

#define SIZE 10000

static enum ouro_status
discover(struct world *world, Ouro__ChunkRow **row)
{
	*row = NULL;
	return chunk_discover(world->test.vault, world->id, row,
	    &world->test.err);
}

static void
world_open(struct world *world)
{
	Ouro__ChunkRow *row;

	test_vault_open(&world->test, NULL);
	world->put = test_put_random(&world->test, NULL, SIZE, 3);
	test_chunk(&world->test, 0, world->id);
	fs_memory_fault(world->test.fs, (struct fs_fault){ .nth = 0 });
	test_ok(discover(world, &row), &world->test.err);
	assert_int_equal(row->stripes[0]->lanes.len, 5);
	assert_int_equal(row->stripes[0]->bad.len, 0);
	canonical_free(&row->base);
	world->reads = fs_memory_calls(world->test.fs, FS_CALL_READ);
	assert_true(world->reads >= 5 && world->reads % 5 == 0);
}

static void
reads_fail(struct world *world, uint64_t nth, bool for_ever)
{
	fs_memory_fault(world->test.fs,
	    (struct fs_fault){ .call = FS_CALL_READ,
		.nth = nth,
		.errnum = EIO,
		.for_ever = for_ever });
}

static void
a_slice_that_cannot_be_read_counts_as_missing(void **state)
{
	struct world world;

	(void)state;
	world_open(&world);
	for (uint64_t nth = 1; nth <= world.reads; nth++) {
		Ouro__StripeRow *stripe;
		Ouro__ChunkRow *row;
		unsigned index;

		reads_fail(&world, nth, false);
		test_ok(discover(&world, &row), &world.test.err);
		assert_int_equal(row->n_stripes, 1);
		stripe = row->stripes[0];
		assert_int_equal(stripe->lanes.len, 5);
		assert_int_equal(stripe->bad.len, 1);
		index = stripe->bad.data[0];
		/* It would be written where it is. */
		for (unsigned i = 0; i < 5; i++)
			assert_true(i == index ||
			    stripe->lanes.data[i] != stripe->lanes.data[index]);
		canonical_free(&row->base);
	}
	test_vault_close(&world.test);
}

/* Lanes 0..n-1 can be read, those behind them cannot. */
static void
k_slices_must_be_left(void **state)
{
	struct world world;

	(void)state;
	world_open(&world);
	for (unsigned n = 0; n < 5; n++) {
		Ouro__ChunkRow *row;

		reads_fail(&world, 1 + n * world.reads / 5, true);
		if (n < 3) {
			assert_int_equal(discover(&world, &row), OURO_IO);
			assert_null(row);
			assert_int_equal(world.test.err.status, OURO_IO);
			continue;
		}
		test_ok(discover(&world, &row), &world.test.err);
		assert_int_equal(row->stripes[0]->bad.len, 5 - n);
		canonical_free(&row->base);
	}
	test_vault_close(&world.test);
}

/* A bad disk, whose files are there but cannot be read. */
static void
m_lanes_may_be_beyond_reading(void **state)
{
	struct world world;

	(void)state;
	world_open(&world);
	for (unsigned number = 0; number < 6; number++) {
		Ouro__ChunkRow *row;

		fs_memory_fault(world.test.fs,
		    (struct fs_fault){ .call = FS_CALL_READ,
			.nth = 1,
			.errnum = EIO,
			.for_ever = true,
			.path = number < 5 ? lane_path(world.test.vault, number)
					   : TEST_DIR "/lanes" });
		if (number == 5) {
			assert_int_equal(discover(&world, &row), OURO_IO);
			continue;
		}
		test_ok(discover(&world, &row), &world.test.err);
		assert_int_equal(row->stripes[0]->bad.len, 1);
		assert_int_equal(
		    row->stripes[0]->lanes.data[row->stripes[0]->bad.data[0]],
		    number);
		canonical_free(&row->base);
		test_reads_random(&world.test, world.put.content, SIZE, 3);
	}
	test_vault_close(&world.test);
}

/* The row is gone, and one disk is bad: reading goes on, and the heal puts
 * back what was not to be read. */
static void
a_chunk_without_row_reads_beside_a_bad_lane(void **state)
{
	struct world world;
	struct row_key key;

	(void)state;
	world_open(&world);
	key = row_id(ROW_CHUNK, world.id, HASH_SIZE);
	test_row(world.test.vault->records, ENGINE_DELETE, row_bytes(&key),
	    bytes_text(""));
	for (uint64_t nth = 1; nth <= world.reads; nth++) {
		struct chunk_slot *slot;
		struct tree_entry entry = { .size = SIZE };

		memcpy(entry.id, world.id, HASH_SIZE);
		test_ok(chunk_slot_take(world.test.vault, &slot,
			    &world.test.err),
		    &world.test.err);
		reads_fail(&world, nth, false);
		test_ok(chunk_load(world.test.vault, slot, &entry,
			    &world.test.err),
		    &world.test.err);
		assert_int_equal(slot->clear.size, SIZE);
		chunk_slot_give(world.test.vault, slot);
	}
	fs_memory_fault(world.test.fs, (struct fs_fault){ .nth = 0 });
	test_reads_random(&world.test, world.put.content, SIZE, 3);
	test_vault_close(&world.test);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slice_that_cannot_be_read_counts_as_missing),
		cmocka_unit_test(k_slices_must_be_left),
		cmocka_unit_test(m_lanes_may_be_beyond_reading),
		cmocka_unit_test(a_chunk_without_row_reads_beside_a_bad_lane),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
