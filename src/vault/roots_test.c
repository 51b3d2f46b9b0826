#include "vault/derived.h"
#include "vault/record.h"
#include "vault/roots.h"
#include "vault/test_tree.h"

static struct test_ids ids;
static struct test_findings found;

/* A batch under way. */
struct test_batch {
	struct test_vault *test;
	struct ouro_batch *batch;
};

static struct test_batch
batch_begin(struct test_vault *test)
{
	struct test_batch batch = { .test = test };

	test_ok(ouro_batch_begin(test->vault, &batch.batch, &test->err),
	    &test->err);
	return batch;
}

static void
batch_put_child(struct test_batch *batch, const uint8_t *parent,
    unsigned number, uint8_t id[OURO_ID_SIZE])
{
	struct ouro_put_options options = { .size = sizeof(options),
		.parent = parent };
	struct ouro_error *err = &batch->test->err;
	struct ouro_put *put;
	char text[32];

	snprintf(text, sizeof(text), "content %u", number);
	test_ok(ouro_put_begin(batch->test->vault, &options, &put, err), err);
	test_ok(ouro_put_write(put, text, strlen(text), err), err);
	test_ok(ouro_batch_finish_put(batch->batch, put, NULL, err), err);
	test_ok(ouro_batch_content(batch->batch, id, err), err);
}

static void
batch_end(struct test_batch *batch)
{
	test_ok(ouro_batch_commit(batch->batch, &batch->test->err),
	    &batch->test->err);
}

static bool
is_awaited(struct test_vault *test, const uint8_t *parent, const uint8_t *id)
{
	struct row_key key = row_pair(ROW_AWAITED, parent, id);

	return engine_exists(test->vault->records, row_bytes(&key), NULL,
		   NULL) == OURO_OK;
}

/* The rows o and w are those that the records give, one by one and in number. */
static void
roots_are_right(struct test_vault *test)
{
	struct row_key prefix = row_table(ROW_CONTENT);
	struct engine_range range = { .prefix = row_bytes(&prefix) };
	struct engine_scan *scan;
	struct bytes key, value;
	uint64_t expected = 0, awaited = 0, rows;

	test_ok(engine_scan_open(test->vault->records, &range, &scan,
		    &test->err),
	    &test->err);
	while (engine_scan_next(scan, &key, &value, &test->err) == OURO_OK) {
		Ouro__ContentRecord *record;
		bool root;

		test_ok(content_peek(key.data + 1, value, &record, &test->err),
		    &test->err);
		root = record->parent.len == 0 ||
		    !roots_has(test->vault, record->parent.data);
		assert_int_equal(test_is_root(test, key.data + 1), root);
		expected += root;
		awaited += root && record->parent.len > 0;
		if (record->parent.len > 0)
			assert_int_equal(is_awaited(test, record->parent.data,
					     key.data + 1),
			    root);
		canonical_free(&record->base);
	}
	engine_scan_close(scan);
	test_ok(derived_count(test->vault, ROW_ROOT, &rows, &test->err),
	    &test->err);
	assert_int_equal(rows, expected);
	test_ok(derived_count(test->vault, ROW_AWAITED, &rows, &test->err),
	    &test->err);
	assert_int_equal(rows, awaited);
}

/* ---- in one batch ------------------------------------------------------------ */

static void
K16_a_child_comes_with_its_parent(void **state)
{
	struct test_vault test;
	struct test_batch batch;
	uint8_t chain[100][OURO_ID_SIZE];

	(void)state;
	test_vault_open(&test, NULL);
	batch = batch_begin(&test);
	assert_int_equal(ouro_batch_content(batch.batch, chain[0], &test.err),
	    OURO_NOT_FOUND);
	for (unsigned i = 0; i < 100; i++)
		batch_put_child(&batch, i == 0 ? NULL : chain[i - 1], i,
		    chain[i]);
	batch_end(&batch);
	assert_int_equal(test_roots(&test, NULL, &ids), 1);
	assert_memory_equal(ids.list[0], chain[0], OURO_ID_SIZE);
	assert_int_equal(test_descendants(&test, chain[0], &ids), 99);
	roots_are_right(&test);
	test_is_clean(&test, &found);
	test_vault_close(&test);
}

/* The ids of contents that are then gone again. */
static void
chain_forget(struct test_vault *test, uint8_t (*chain)[OURO_ID_SIZE],
    unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		test_put_child(test, NULL, i == 0 ? NULL : chain[i - 1], i,
		    chain[i]);
	for (unsigned i = count; i-- > 0;)
		test_ok(test_remove_id(test, chain[i], false, NULL, NULL),
		    &test->err);
	assert_int_equal(test_gc(test).contents, count);
	roots_are_right(test);
}

static void
K16_a_child_comes_before_its_parent(void **state)
{
	struct test_vault test;
	struct test_batch batch;
	uint8_t chain[50][OURO_ID_SIZE], id[OURO_ID_SIZE];

	(void)state;
	test_vault_open(&test, NULL);
	chain_forget(&test, chain, 50);
	batch = batch_begin(&test);
	for (unsigned i = 50; i-- > 0;) {
		batch_put_child(&batch, i == 0 ? NULL : chain[i - 1], i, id);
		assert_memory_equal(id, chain[i], OURO_ID_SIZE);
	}
	batch_end(&batch);
	assert_int_equal(test_roots(&test, NULL, &ids), 1);
	assert_memory_equal(ids.list[0], chain[0], OURO_ID_SIZE);
	roots_are_right(&test);
	test_is_clean(&test, &found);
	test_vault_close(&test);
}

static void
a_parent_that_comes_late_makes_its_children_no_roots(void **state)
{
	struct test_vault test;
	uint8_t chain[3][OURO_ID_SIZE], more[20][OURO_ID_SIZE];

	(void)state;
	test_vault_open(&test, NULL);
	chain_forget(&test, chain, 3);
	test_put_child(&test, NULL, chain[1], 2, chain[2]);
	for (unsigned i = 0; i < 20; i++)
		test_put_child(&test, NULL, chain[0], 10 + i, more[i]);
	assert_int_equal(test_roots(&test, NULL, &ids), 21);
	roots_are_right(&test);
	test_put_child(&test, NULL, NULL, 0, chain[0]);
	assert_int_equal(test_roots(&test, NULL, &ids), 2);
	roots_are_right(&test);
	test_put_child(&test, NULL, chain[0], 1, chain[1]);
	assert_int_equal(test_roots(&test, NULL, &ids), 1);
	assert_int_equal(test_descendants(&test, chain[0], &ids), 22);
	roots_are_right(&test);
	test_is_clean(&test, &found);
	test_vault_close(&test);
}

/* ---- going ---------------------------------------------------------------------- */

static void
K17_forced_removal_makes_roots(void **state)
{
	struct test_vault test;
	struct test_kept kept;
	uint8_t root[OURO_ID_SIZE], children[20][OURO_ID_SIZE];
	uint8_t below[OURO_ID_SIZE], parent[OURO_ID_SIZE];

	(void)state;
	test_vault_open(&test, NULL);
	test_put_child(&test, NULL, NULL, 0, root);
	for (unsigned i = 0; i < 20; i++)
		test_put_child(&test, NULL, root, i, children[i]);
	test_put_child(&test, NULL, children[7], 99, below);
	assert_int_equal(test_remove_id(&test, root, false, &kept, NULL),
	    OURO_REFUSED);
	assert_int_equal(kept.list[0].reason, OURO_HAS_CHILDREN);
	assert_int_equal(kept.list[0].count, 20);
	assert_int_equal(test_roots(&test, NULL, &ids), 1);
	test_ok(test_remove_id(&test, root, true, NULL, NULL), &test.err);
	assert_int_equal(test_roots(&test, NULL, &ids), 20);
	assert_false(test_ids_have(&ids, below));
	roots_are_right(&test);
	assert_int_equal(test_ancestors(&test, below, &ids), 1);
	test_ok(ouro_parent(test.vault, children[3], parent, &test.err),
	    &test.err);
	assert_memory_equal(parent, root, OURO_ID_SIZE);
	test_gc(&test);
	test_is_clean(&test, &found);
	assert_int_equal(found.result.contents_ok, 21);
	test_reads(&test, children[7], bytes_text("content 7"));
	assert_int_equal(test_children(&test, root, NULL, &ids), 20);
	/* and it comes back */
	test_put_child(&test, NULL, NULL, 0, root);
	assert_int_equal(test_roots(&test, NULL, &ids), 1);
	assert_int_equal(test_ancestors(&test, below, &ids), 2);
	roots_are_right(&test);
	test_vault_close(&test);
}

/* ---- anything -------------------------------------------------------------------- */

#define THINGS 40

/* Puts a thing below any other, or below one that is not there. */
static void
thing_put(struct test_vault *test, uint8_t (*things)[OURO_ID_SIZE],
    unsigned *numbers, size_t at, unsigned random)
{
	uint8_t unborn[OURO_ID_SIZE] = { 0 };
	const uint8_t *parent = NULL;

	unborn[0] = (uint8_t)(1 + random % 3);
	if (random % 4 == 0)
		parent = unborn;
	else if (random % 4 < 3)
		parent = things[random / 4 % THINGS];
	test_put_child(test, NULL, parent, numbers[at]++ % 3, things[at]);
}

static void
K19_roots_after_anything(void **state)
{
	static uint8_t things[THINGS][OURO_ID_SIZE];
	unsigned numbers[THINGS] = { 0 };
	struct test_vault test;
	uint64_t x = 77;

	(void)state;
	test_vault_open(&test, NULL);
	for (unsigned step = 0; step < 600; step++) {
		unsigned random;
		size_t at;

		x = x * UINT64_C(6364136223846793005) + 1442695040888963407u;
		random = (unsigned)(x >> 33);
		at = random / 64 % THINGS;
		if (random % 64 < 36)
			thing_put(&test, things, numbers, at, random >> 6);
		else if (random % 64 < 60)
			(void)test_remove_id(&test, things[at], random & 1,
			    NULL, NULL);
		else
			test_gc(&test);
		if (step % 10 == 0)
			roots_are_right(&test);
	}
	roots_are_right(&test);
	test_is_clean(&test, &found);
	test_roots(&test, NULL, &ids);
	assert_true(ids.count > 3);
	test_vault_close(&test);
}

static void
a_wrong_root_row_is_found_and_mended(void **state)
{
	struct test_vault test;
	uint8_t root[OURO_ID_SIZE], child[OURO_ID_SIZE];
	struct row_key missing, extra;

	(void)state;
	test_vault_open(&test, NULL);
	test_put_child(&test, NULL, NULL, 1, root);
	test_put_child(&test, NULL, root, 2, child);
	missing = row_id(ROW_ROOT, root, HASH_SIZE);
	extra = row_id(ROW_ROOT, child, HASH_SIZE);
	test_row(test.vault->records, ENGINE_PUT, row_bytes(&extra),
	    bytes_text(""));
	assert_int_equal(test_care(&test, ouro_verify, &found), OURO_DAMAGED);
	assert_int_equal(found.result.records_bad, 1);
	assert_non_null(strstr(found.text, "root row"));
	test_row(test.vault->records, ENGINE_DELETE, row_bytes(&missing),
	    bytes_text(""));
	assert_int_equal(test_care(&test, ouro_verify, &found), OURO_DAMAGED);
	assert_true(found.result.records_bad >= 1);
	test_ok(test_care(&test, ouro_repair, &found), &test.err);
	roots_are_right(&test);
	test_is_clean(&test, &found);
	test_vault_close(&test);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(K16_a_child_comes_with_its_parent),
		cmocka_unit_test(K16_a_child_comes_before_its_parent),
		cmocka_unit_test(
		    a_parent_that_comes_late_makes_its_children_no_roots),
		cmocka_unit_test(K17_forced_removal_makes_roots),
		cmocka_unit_test(K19_roots_after_anything),
		cmocka_unit_test(a_wrong_root_row_is_found_and_mended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
