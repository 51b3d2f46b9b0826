/* Files, lanes and whole engines that are lost or damaged. */
#include "vault/test_repair.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(K24_any_one_file_deleted),
		cmocka_unit_test(K24_any_one_file_damaged_in_the_middle),
		cmocka_unit_test(K24_any_m_lanes_lost),
		cmocka_unit_test(more_lanes_lost_than_parity_name_the_chunk),
		cmocka_unit_test(records_lost_as_a_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
