#include <errno.h>

#include "vault/test_tree.h"

static struct test_ids ids;

#define DEEP 100u
#define WIDE 1000u

/*
 *	    root           alone      (unborn)
 *	  /   |  \                       |
 *	one  two  three                stray
 *	 |         |
 *	four     five
 */
struct family {
	uint8_t root[OURO_ID_SIZE], alone[OURO_ID_SIZE], stray[OURO_ID_SIZE];
	uint8_t one[OURO_ID_SIZE], two[OURO_ID_SIZE], three[OURO_ID_SIZE];
	uint8_t four[OURO_ID_SIZE], five[OURO_ID_SIZE];
	uint8_t unborn[OURO_ID_SIZE];
};

static void
family_put(struct test_vault *test, struct family *family)
{
	memset(family->unborn, 9, OURO_ID_SIZE);
	test_put_child(test, "root", NULL, 0, family->root);
	test_put_child(test, NULL, NULL, 1, family->alone);
	test_put_child(test, NULL, family->unborn, 2, family->stray);
	test_put_child(test, NULL, family->root, 3, family->one);
	test_put_child(test, "two", family->root, 4, family->two);
	test_put_child(test, NULL, family->root, 5, family->three);
	test_put_child(test, NULL, family->one, 6, family->four);
	test_put_child(test, "five", family->three, 7, family->five);
}

static void
K16_a_family_is_known(void **state)
{
	struct test_vault test;
	struct family family;
	uint8_t parent[OURO_ID_SIZE];

	(void)state;
	test_vault_open(&test, NULL);
	family_put(&test, &family);
	assert_int_equal(test_children(&test, family.root, NULL, &ids), 3);
	assert_true(test_ids_have(&ids, family.one));
	assert_true(test_ids_have(&ids, family.two));
	assert_true(test_ids_have(&ids, family.three));
	assert_int_equal(test_children(&test, family.four, NULL, &ids), 0);
	test_ok(ouro_parent(test.vault, family.four, parent, &test.err),
	    &test.err);
	assert_memory_equal(parent, family.one, OURO_ID_SIZE);
	assert_int_equal(ouro_parent(test.vault, family.root, parent,
			     &test.err),
	    OURO_NOT_FOUND);
	assert_int_equal(test_ancestors(&test, family.five, &ids), 2);
	assert_memory_equal(ids.list[0], family.three, OURO_ID_SIZE);
	assert_memory_equal(ids.list[1], family.root, OURO_ID_SIZE);
	assert_int_equal(test_ancestors(&test, family.root, &ids), 0);
	assert_int_equal(test_roots(&test, NULL, &ids), 3);
	assert_true(test_ids_have(&ids, family.root));
	assert_true(test_ids_have(&ids, family.alone));
	assert_true(test_ids_have(&ids, family.stray));
	test_vault_close(&test);
}

static void
K16_descendants_come_once_and_behind_their_parent(void **state)
{
	struct test_vault test;
	struct family family;

	(void)state;
	test_vault_open(&test, NULL);
	family_put(&test, &family);
	assert_int_equal(test_descendants(&test, family.root, &ids), 5);
	for (size_t i = 0; i < ids.count; i++) {
		bool deep = memcmp(ids.list[i], family.four, OURO_ID_SIZE) ==
			0 ||
		    memcmp(ids.list[i], family.five, OURO_ID_SIZE) == 0;

		assert_int_equal(ids.depths[i], deep ? 2 : 1);
		if (!deep) {
			assert_memory_equal(ids.parents[i], family.root,
			    OURO_ID_SIZE);
			continue;
		}
		/* depth first: right behind its parent, the only other */
		assert_true(i > 0);
		assert_memory_equal(ids.parents[i], ids.list[i - 1],
		    OURO_ID_SIZE);
	}
	assert_true(test_ids_have(&ids, family.four));
	assert_true(test_ids_have(&ids, family.five));
	assert_int_equal(test_descendants(&test, family.two, &ids), 0);
	ids.max = 2;
	assert_int_equal(test_descendants(&test, family.root, &ids), 2);
	assert_int_equal(test_children(&test, family.root, NULL, &ids), 2);
	ids.max = 0;
	test_vault_close(&test);
}

static void
K16_a_version_stands_for_its_content(void **state)
{
	struct test_vault test;
	struct family family;
	struct ouro_target target;
	uint8_t parent[OURO_ID_SIZE];

	(void)state;
	test_vault_open(&test, NULL);
	family_put(&test, &family);
	test_ok(ouro_resolve(test.vault, "root", &target, &test.err),
	    &test.err);
	assert_int_equal(target.kind, OURO_VERSION);
	assert_int_equal(test_children(&test, target.id, NULL, &ids), 3);
	assert_int_equal(test_descendants(&test, target.id, &ids), 5);
	test_ok(ouro_resolve(test.vault, "five", &target, &test.err),
	    &test.err);
	test_ok(ouro_parent(test.vault, target.id, parent, &test.err),
	    &test.err);
	assert_memory_equal(parent, family.three, OURO_ID_SIZE);
	assert_int_equal(test_ancestors(&test, target.id, &ids), 2);
	test_vault_close(&test);
}

static void
K16_an_unknown_hash_is_not_found(void **state)
{
	uint8_t unknown[OURO_ID_SIZE] = { 1, 2, 3 }, parent[OURO_ID_SIZE];
	struct test_vault test;
	struct family family;

	(void)state;
	test_vault_open(&test, NULL);
	assert_int_equal(test_roots(&test, NULL, &ids), 0);
	family_put(&test, &family);
	ids.count = 0;
	assert_int_equal(ouro_children(test.vault, unknown, NULL, test_ids_add,
			     &ids, &test.err),
	    OURO_NOT_FOUND);
	assert_int_equal(ouro_descendants(test.vault, unknown,
			     test_ids_add_node, &ids, &test.err),
	    OURO_NOT_FOUND);
	assert_int_equal(ouro_ancestors(test.vault, unknown, test_ids_add, &ids,
			     &test.err),
	    OURO_NOT_FOUND);
	assert_int_equal(ouro_parent(test.vault, unknown, parent, &test.err),
	    OURO_NOT_FOUND);
	assert_int_equal(ids.count, 0);
	test_vault_close(&test);
}

/* The children of a parent that never came know it. */
static void
K20_a_parent_that_never_came_is_known_by_its_children(void **state)
{
	struct test_vault test;
	struct family family;
	uint8_t parent[OURO_ID_SIZE];

	(void)state;
	test_vault_open(&test, NULL);
	family_put(&test, &family);
	assert_int_equal(test_children(&test, family.unborn, NULL, &ids), 1);
	assert_memory_equal(ids.list[0], family.stray, OURO_ID_SIZE);
	assert_int_equal(test_descendants(&test, family.unborn, &ids), 1);
	/* A cursor at the end is no unknown hash. */
	assert_int_equal(test_children(&test, family.unborn, family.stray,
			     &ids),
	    0);
	test_ok(ouro_parent(test.vault, family.stray, parent, &test.err),
	    &test.err);
	assert_memory_equal(parent, family.unborn, OURO_ID_SIZE);
	assert_int_equal(test_ancestors(&test, family.stray, &ids), 0);
	assert_int_equal(ouro_ancestors(test.vault, family.unborn, test_ids_add,
			     &ids, &test.err),
	    OURO_NOT_FOUND);
	test_reads(&test, family.stray, bytes_text("content 2"));
	test_ok(test_remove_id(&test, family.stray, false, NULL, NULL),
	    &test.err);
	assert_int_equal(ouro_children(test.vault, family.unborn, NULL,
			     test_ids_add, &ids, &test.err),
	    OURO_NOT_FOUND);
	assert_int_equal(test_roots(&test, NULL, &ids), 2);
	test_vault_close(&test);
}

/* ---- large ------------------------------------------------------------------- */

static void
K16_a_hundred_deep(void **state)
{
	uint8_t chain[DEEP][OURO_ID_SIZE];
	struct test_vault test;

	(void)state;
	test_vault_open(&test, NULL);
	for (unsigned i = 0; i < DEEP; i++)
		test_put_child(&test, NULL, i == 0 ? NULL : chain[i - 1], i,
		    chain[i]);
	assert_int_equal(test_ancestors(&test, chain[DEEP - 1], &ids),
	    DEEP - 1);
	for (unsigned i = 0; i < DEEP - 1; i++)
		assert_memory_equal(ids.list[i], chain[DEEP - 2 - i],
		    OURO_ID_SIZE);
	assert_int_equal(test_descendants(&test, chain[0], &ids), DEEP - 1);
	for (unsigned i = 0; i < DEEP - 1; i++) {
		assert_memory_equal(ids.list[i], chain[i + 1], OURO_ID_SIZE);
		assert_memory_equal(ids.parents[i], chain[i], OURO_ID_SIZE);
		assert_int_equal(ids.depths[i], i + 1);
	}
	assert_int_equal(test_roots(&test, NULL, &ids), 1);
	test_vault_close(&test);
}

/* Only the last of a chain has a name: it keeps all the others. */
static void
K16_the_last_of_a_chain_keeps_it(void **state)
{
	uint8_t chain[DEEP][OURO_ID_SIZE];
	struct test_vault test;
	char name[16];

	(void)state;
	test_vault_open(&test, NULL);
	for (unsigned i = 0; i < DEEP; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		test_put_child(&test, name, i == 0 ? NULL : chain[i - 1], i,
		    chain[i]);
	}
	for (unsigned i = 0; i < DEEP - 1; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		test_ok(test_remove(&test, name, false, NULL, NULL), &test.err);
	}
	assert_int_equal(test_gc(&test).contents, 0);
	assert_int_equal(test_descendants(&test, chain[0], &ids), DEEP - 1);
	assert_int_equal(test_ancestors(&test, chain[DEEP - 1], &ids),
	    DEEP - 1);
	assert_int_equal(test_children(&test, chain[DEEP - 3], NULL, &ids), 1);
	assert_int_equal(test_roots(&test, NULL, &ids), 1);
	snprintf(name, sizeof(name), "n%u", DEEP - 1);
	test_ok(test_remove(&test, name, false, NULL, NULL), &test.err);
	assert_int_equal(test_roots(&test, NULL, &ids), 0);
	assert_int_equal(ouro_descendants(test.vault, chain[0],
			     test_ids_add_node, &ids, &test.err),
	    OURO_NOT_FOUND);
	assert_int_equal(test_gc(&test).contents, DEEP);
	test_vault_close(&test);
}

static void
K16_a_thousand_wide(void **state)
{
	static uint8_t children[WIDE][OURO_ID_SIZE];
	struct test_vault test;
	uint8_t root[OURO_ID_SIZE], after[OURO_ID_SIZE] = { 0 };
	size_t seen = 0;

	(void)state;
	test_vault_open(&test, NULL);
	test_put_child(&test, NULL, NULL, WIDE, root);
	for (unsigned i = 0; i < WIDE; i++)
		test_put_child(&test, NULL, root, i, children[i]);
	assert_int_equal(test_children(&test, root, NULL, &ids), WIDE);
	for (unsigned i = 0; i < WIDE; i++)
		assert_true(test_ids_have(&ids, children[i]));
	assert_int_equal(test_descendants(&test, root, &ids), WIDE);
	/* the same by a cursor */
	ids.max = 77;
	while (test_children(&test, root, seen == 0 ? NULL : after, &ids) > 0) {
		assert_true(
		    seen == 0 || memcmp(after, ids.list[0], OURO_ID_SIZE) < 0);
		seen += ids.count;
		memcpy(after, ids.list[ids.count - 1], OURO_ID_SIZE);
	}
	ids.max = 0;
	assert_int_equal(seen, WIDE);
	assert_int_equal(test_roots(&test, NULL, &ids), 1);
	test_vault_close(&test);
}

static void
roots_go_on_behind_a_cursor(void **state)
{
	struct test_vault test;
	uint8_t id[OURO_ID_SIZE], after[OURO_ID_SIZE] = { 0 };
	size_t seen = 0;

	(void)state;
	test_vault_open(&test, NULL);
	for (unsigned i = 0; i < 100; i++)
		test_put_child(&test, NULL, NULL, i, id);
	for (unsigned i = 0; i < 50; i++)
		test_put_child(&test, NULL, id, i, after);
	memset(after, 0, sizeof(after));
	ids.max = 7;
	while (test_roots(&test, after, &ids) > 0) {
		assert_true(memcmp(after, ids.list[0], OURO_ID_SIZE) < 0);
		seen += ids.count;
		memcpy(after, ids.list[ids.count - 1], OURO_ID_SIZE);
	}
	ids.max = 0;
	assert_int_equal(seen, 100);
	test_vault_close(&test);
}

/* Dead children lie between the live ones, before and behind. */
static void
only_what_is_live_is_answered(void **state)
{
	static uint8_t children[60][OURO_ID_SIZE], below[60][OURO_ID_SIZE];
	struct test_vault test;
	uint8_t root[OURO_ID_SIZE];

	(void)state;
	test_vault_open(&test, NULL);
	test_put_child(&test, NULL, NULL, 1, root);
	for (unsigned i = 0; i < 60; i++) {
		char name[16];

		snprintf(name, sizeof(name), "n%u", i);
		test_put_child(&test, name, root, i, children[i]);
		test_put_child(&test, NULL, children[i], i, below[i]);
		if (i % 3 != 0)
			test_ok(test_remove_id(&test, below[i], false, NULL,
				    NULL),
			    &test.err);
		if (i % 3 != 1)
			test_ok(test_remove(&test, name, false, NULL, NULL),
			    &test.err);
	}
	assert_int_equal(test_children(&test, root, NULL, &ids), 40);
	for (unsigned i = 0; i < 60; i++)
		assert_int_equal(test_ids_have(&ids, children[i]), i % 3 != 2);
	assert_int_equal(test_descendants(&test, root, &ids), 60);
	for (unsigned i = 0; i < 60; i++) {
		assert_int_equal(test_ids_have(&ids, children[i]), i % 3 != 2);
		assert_int_equal(test_ids_have(&ids, below[i]), i % 3 == 0);
	}
	assert_int_equal(test_roots(&test, NULL, &ids), 1);
	test_gc(&test);
	assert_int_equal(test_descendants(&test, root, &ids), 60);
	test_vault_close(&test);
}

/* Rows that nobody made: two contents as each other's children, and a child
 * that is not there. */
static void
K16_rows_in_a_circle_are_survived(void **state)
{
	struct test_vault test;
	uint8_t a[OURO_ID_SIZE], b[OURO_ID_SIZE], nobody[OURO_ID_SIZE] = { 7 };
	struct row_key key;

	(void)state;
	test_vault_open(&test, NULL);
	test_put_child(&test, "a", NULL, 1, a);
	test_put_child(&test, "b", a, 2, b);
	key = row_pair(ROW_CHILD, b, a);
	test_row(test.vault->records, ENGINE_PUT, row_bytes(&key),
	    bytes_text(""));
	key = row_pair(ROW_CHILD, a, nobody);
	test_row(test.vault->records, ENGINE_PUT, row_bytes(&key),
	    bytes_text(""));
	assert_int_equal(test_descendants(&test, a, &ids), 1);
	assert_int_equal(test_descendants(&test, b, &ids), 1);
	test_ok(test_remove(&test, "b", false, NULL, NULL), &test.err);
	assert_int_equal(test_descendants(&test, a, &ids), 0);
	key = row_pair(ROW_CHILD, b, b);
	test_row(test.vault->records, ENGINE_PUT, row_bytes(&key),
	    bytes_text(""));
	test_ok(test_remove(&test, "a", false, NULL, NULL), &test.err);
	assert_int_equal(test_exists(&test, a), OURO_NOT_FOUND);
	assert_int_equal(test_exists(&test, b), OURO_NOT_FOUND);
	test_vault_close(&test);
}

/* A disk that fails is told, and nothing is answered that is not so. */
static void
a_failing_disk_is_told(void **state)
{
	struct ouro_vault_options options = { .size = sizeof(options) };
	struct test_vault test;
	struct family family;
	uint64_t first, last;

	(void)state;
	test_vault_open(&test, NULL);
	family_put(&test, &family);
	test_vault_reopen(&test, &options);
	first = fs_memory_calls(test.fs, FS_CALL_ANY);
	test_descendants(&test, family.root, &ids);
	last = fs_memory_calls(test.fs, FS_CALL_ANY);
	for (uint64_t n = 1; n <= last - first; n++) {
		enum ouro_status status;

		test_vault_reopen(&test, &options);
		fs_memory_fault(test.fs,
		    (struct fs_fault){ .call = FS_CALL_ANY,
			.nth = n,
			.errnum = EIO });
		ids.count = 0;
		status = ouro_descendants(test.vault, family.root,
		    test_ids_add_node, &ids, &test.err);
		fs_memory_fault(test.fs, (struct fs_fault){ .nth = 0 });
		if (status == OURO_OK)
			assert_int_equal(ids.count, 5);
	}
	test_vault_close(&test);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(K16_a_family_is_known),
		cmocka_unit_test(
		    K16_descendants_come_once_and_behind_their_parent),
		cmocka_unit_test(K16_a_version_stands_for_its_content),
		cmocka_unit_test(K16_an_unknown_hash_is_not_found),
		cmocka_unit_test(
		    K20_a_parent_that_never_came_is_known_by_its_children),
		cmocka_unit_test(K16_a_hundred_deep),
		cmocka_unit_test(K16_the_last_of_a_chain_keeps_it),
		cmocka_unit_test(K16_a_thousand_wide),
		cmocka_unit_test(roots_go_on_behind_a_cursor),
		cmocka_unit_test(only_what_is_live_is_answered),
		cmocka_unit_test(K16_rows_in_a_circle_are_survived),
		cmocka_unit_test(a_failing_disk_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
