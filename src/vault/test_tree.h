/*
 * test_tree - for the tests of parents and children.
 */
#ifndef VAULT_TEST_TREE_H
#define VAULT_TEST_TREE_H

#include "vault/test_care.h"

#define TEST_IDS_MAX 2048

/* What a query answered. */
struct test_ids {
	uint8_t list[TEST_IDS_MAX][OURO_ID_SIZE];
	uint8_t parents[TEST_IDS_MAX][OURO_ID_SIZE]; /* of descendants */
	uint64_t depths[TEST_IDS_MAX];
	size_t count, max; /* max: stop there; 0 = never */
};

static inline bool
test_ids_add(void *context, const uint8_t id[OURO_ID_SIZE])
{
	struct test_ids *ids = context;

	assert_true(ids->count < TEST_IDS_MAX);
	memcpy(ids->list[ids->count++], id, OURO_ID_SIZE);
	return ids->count != ids->max;
}

static inline bool
test_ids_add_node(void *context, const uint8_t id[OURO_ID_SIZE],
    const uint8_t parent[OURO_ID_SIZE], uint64_t depth)
{
	struct test_ids *ids = context;

	memcpy(ids->parents[ids->count], parent, OURO_ID_SIZE);
	ids->depths[ids->count] = depth;
	return test_ids_add(context, id);
}

static inline bool
test_ids_have(const struct test_ids *ids, const uint8_t id[OURO_ID_SIZE])
{
	for (size_t i = 0; i < ids->count; i++)
		if (memcmp(ids->list[i], id, OURO_ID_SIZE) == 0)
			return true;
	return false;
}

/* Strictly ascending: sorted, each once. */
static inline void
test_ids_ascend(const struct test_ids *ids)
{
	for (size_t i = 1; i < ids->count; i++)
		assert_true(
		    memcmp(ids->list[i - 1], ids->list[i], OURO_ID_SIZE) < 0);
}

static inline size_t
test_children(struct test_vault *test, const uint8_t *id, const uint8_t *after,
    struct test_ids *ids)
{
	ids->count = 0;
	test_ok(ouro_children(test->vault, id, after, test_ids_add, ids,
		    &test->err),
	    &test->err);
	test_ids_ascend(ids);
	return ids->count;
}

static inline size_t
test_ancestors(struct test_vault *test, const uint8_t *id, struct test_ids *ids)
{
	ids->count = 0;
	test_ok(ouro_ancestors(test->vault, id, test_ids_add, ids, &test->err),
	    &test->err);
	return ids->count;
}

static inline size_t
test_descendants(struct test_vault *test, const uint8_t *id,
    struct test_ids *ids)
{
	ids->count = 0;
	test_ok(ouro_descendants(test->vault, id, test_ids_add_node, ids,
		    &test->err),
	    &test->err);
	return ids->count;
}

static inline size_t
test_roots(struct test_vault *test, const uint8_t *after, struct test_ids *ids)
{
	ids->count = 0;
	test_ok(ouro_roots(test->vault, after, test_ids_add, ids, &test->err),
	    &test->err);
	test_ids_ascend(ids);
	return ids->count;
}

/* A few bytes that tell number and salt, under a parent (may be NULL); id gets
 * what they became. */
static inline void
test_put_child(struct test_vault *test, const char *name, const uint8_t *parent,
    unsigned number, uint8_t id[OURO_ID_SIZE])
{
	struct ouro_put_options options = { .name = name, .parent = parent };
	struct ouro_put_result result;
	char text[32];

	snprintf(text, sizeof(text), "content %u", number);
	result = test_put(test, &options, bytes_text(text));
	memcpy(id, result.content, OURO_ID_SIZE);
}

/* The row o of a content is there. */
static inline bool
test_is_root(struct test_vault *test, const uint8_t id[OURO_ID_SIZE])
{
	struct row_key key = row_id(ROW_ROOT, id, HASH_SIZE);

	return engine_exists(test->vault->records, row_bytes(&key), NULL,
		   NULL) == OURO_OK;
}

#endif
