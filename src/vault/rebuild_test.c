#include "vault/test_care.h"
#include "vault/test_rows.h"

#include <errno.h>
#include <stdio.h>

#include "vault/lane_merge.h"
#include "vault/rebuild.h"

static struct test_findings found;
static uint8_t child[OURO_ID_SIZE];

/* A store with some history: versions, removals, a chunk under two codes. */
static void
history(struct test_vault *test, struct test_store *store)
{
	struct ouro_put_options wide = { .k = 2, .m = 4, .name = "wide" };
	struct ouro_put_options below = { .k = 0 };
	uint8_t *data = test_bytes(TEST_ONE_SIZE, 1);

	test_store_fill(test, store, TEST_MANY_SIZE);
	test_put(test, &wide, bytes_of(data, TEST_ONE_SIZE));
	free(data);
	below.parent = store->one;
	memcpy(child, test_put(test, &below, bytes_text("child")).content,
	    OURO_ID_SIZE);
	for (unsigned i = 0; i < 30; i++) {
		char name[16];

		snprintf(name, sizeof(name), "name%u", i / 3);
		test_put_text(test, name, i % 3 == 0 ? name : "same");
	}
	test_ok(test_remove(test, "name3", false, NULL, NULL), &test->err);
	test_gc(test);
}

static void
K19_rebuild_gives_the_rows_there_were(void **state)
{
	struct test_vault test;
	struct test_store store;
	struct rows *before;

	(void)state;
	test_vault_open(&test, NULL);
	history(&test, &store);
	test_is_clean(&test, &found);
	before = rows_take(&test);
	assert_true(before->count > 60);
	test_ok(rebuild_index(test.vault, &test.err), &test.err);
	rows_equal(&test, before);
	for (unsigned i = 0; i < ROW_TABLES; i++) {
		table_drop(&test, (enum row_table)row_tables[i]);
		test_ok(rebuild_index(test.vault, &test.err), &test.err);
		rows_equal(&test, before);
	}
	rows_drop(&test);
	test_ok(rebuild_index(test.vault, &test.err), &test.err);
	rows_equal(&test, before);
	test_is_clean(&test, &found);
	test_store_reads(&test, &store, TEST_MANY_SIZE);
	rows_free(before);
	test_vault_close(&test);
}

static void
rebuild_takes_away_what_nothing_gives(void **state)
{
	struct test_vault test;
	struct test_store store;
	struct rows *before;
	struct row_key keys[10];

	(void)state;
	test_vault_open(&test, NULL);
	history(&test, &store);
	before = rows_take(&test);
	keys[0] = row_pair(ROW_USE, store.one, store.one);
	keys[1] = row_pair(ROW_CHILD, store.one, store.empty);
	keys[2] = row_expiry(5, store.one);
	keys[3] = row_version("blobs", "none", 5, store.one);
	keys[4] = row_id(ROW_CHUNK, store.one, HASH_SIZE);
	keys[5] = row_id(ROW_USE, "short", 5);
	keys[6] = row_name(ROW_HEADS, "blobs", "none");
	keys[7] = row_id(ROW_ROOT, child, HASH_SIZE);
	keys[8] = row_pair(ROW_AWAITED, store.one, child);
	memset(keys[9].data, ROW_ROOT, 1 + HASH_SIZE);
	keys[9].size = 1 + HASH_SIZE;
	for (unsigned i = 0; i < 10; i++)
		test_row(test.vault->records, ENGINE_PUT, row_bytes(&keys[i]),
		    bytes_text("x"));
	test_ok(rebuild_index(test.vault, &test.err), &test.err);
	rows_equal(&test, before);
	rows_free(before);
	test_vault_close(&test);
}

static void
interrupted_rebuild_begins_anew(void **state)
{
	struct test_vault test;
	struct test_store store;
	struct rows *before;
	uint64_t begin, calls;

	(void)state;
	test_vault_open(&test, NULL);
	history(&test, &store);
	before = rows_take(&test);
	fs_memory_fault(test.fs, (struct fs_fault){ .nth = 0 });
	test_ok(rebuild_begin(test.vault, &test.err), &test.err);
	begin = fs_memory_calls(test.fs, FS_CALL_ANY);
	fs_memory_fault(test.fs, (struct fs_fault){ .nth = 0 });
	test_ok(rebuild_index(test.vault, &test.err), &test.err);
	calls = fs_memory_calls(test.fs, FS_CALL_ANY);
	assert_true(calls > begin + 3);
	for (uint64_t n = begin + 1; n <= calls; n += 1 + calls / 8) {
		enum ouro_status status;

		rows_drop(&test);
		assert_false(rebuild_pending(test.vault));
		fs_memory_fault(test.fs,
		    (struct fs_fault){ .call = FS_CALL_ANY,
			.nth = n,
			.errnum = EIO,
			.for_ever = true });
		status = rebuild_index(test.vault, &test.err);
		if (status != OURO_OK)
			assert_true(rebuild_pending(test.vault));
		test_vault_shut(&test);
		fs_memory_fault(test.fs, (struct fs_fault){ .nth = 0 });
		test_vault_reopen(&test, NULL);
		assert_false(rebuild_pending(test.vault));
		rows_equal(&test, before);
	}
	test_store_reads(&test, &store, TEST_MANY_SIZE);
	rows_free(before);
	test_vault_close(&test);
}

static void
index_is_remade_when_the_records_are_lost(void **state)
{
	struct test_vault test;
	struct test_store store;
	struct rows *before;

	(void)state;
	test_vault_open(&test, NULL);
	history(&test, &store);
	before = rows_take(&test);
	test_vault_shut(&test);
	test_files_unlink(test.fs, TEST_DIR "/records");
	test_vault_reopen(&test, NULL);
	rows_equal(&test, before);
	test_is_clean(&test, &found);
	test_store_reads(&test, &store, TEST_MANY_SIZE);
	rows_free(before);
	test_vault_close(&test);
}

static void
lanes_merge_in_order(void **state)
{
	struct test_vault test;
	struct test_store store;
	struct lane_merge merge;
	uint8_t id[HASH_SIZE], last[HASH_SIZE] = { 0 };
	size_t count = 0;
	enum ouro_status status;

	(void)state;
	test_vault_open(&test, NULL);
	history(&test, &store);
	test_is_clean(&test, &found);
	test_ok(lane_merge_init(&merge, test.vault, &test.err), &test.err);
	while ((status = lane_merge_next(&merge, id, &test.err)) == OURO_OK) {
		assert_true(memcmp(last, id, HASH_SIZE) < 0);
		memcpy(last, id, HASH_SIZE);
		count++;
	}
	assert_int_equal(status, OURO_END);
	assert_int_equal(count, found.result.chunks);
	lane_merge_release(&merge);
	test_vault_close(&test);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(K19_rebuild_gives_the_rows_there_were),
		cmocka_unit_test(rebuild_takes_away_what_nothing_gives),
		cmocka_unit_test(interrupted_rebuild_begins_anew),
		cmocka_unit_test(index_is_remade_when_the_records_are_lost),
		cmocka_unit_test(lanes_merge_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
