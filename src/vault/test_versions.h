/*
 * test_versions - for the tests of names and their versions.
 */
#ifndef VAULT_TEST_VERSIONS_H
#define VAULT_TEST_VERSIONS_H

#include "vault/test_vault.h"

#define TEST_SEEN_MAX 400

/* One version as ouro_heads or ouro_history showed it. */
struct shown {
	uint8_t id[OURO_ID_SIZE], content[OURO_ID_SIZE];
	bool deletion, expired, head, winner;
	uint64_t stamp;
	size_t previous;
};

struct seen {
	struct shown list[TEST_SEEN_MAX];
	size_t count, most; /* most: 0 = all */
};

static inline bool
test_seen_add(void *context, const struct ouro_version *version)
{
	struct seen *seen = context;
	struct shown *shown = &seen->list[seen->count];

	assert_true(seen->count < TEST_SEEN_MAX);
	*shown = (struct shown){ .deletion = version->deletion,
		.expired = version->expired,
		.head = version->head,
		.winner = version->winner,
		.stamp = version->stamp,
		.previous = version->previous_count };
	memcpy(shown->id, version->id, OURO_ID_SIZE);
	memcpy(shown->content, version->content, OURO_ID_SIZE);
	seen->count++;
	return seen->most == 0 || seen->count < seen->most;
}

static inline void
test_heads(struct test_vault *test, const char *namespace_, const char *path,
    struct seen *seen)
{
	*seen = (struct seen){ .count = 0 };
	test_ok(ouro_heads(test->vault, namespace_, path, test_seen_add, seen,
		    &test->err),
	    &test->err);
}

static inline void
test_history(struct test_vault *test, const char *namespace_, const char *path,
    struct seen *seen)
{
	*seen = (struct seen){ .count = 0 };
	test_ok(ouro_history(test->vault, namespace_, path, test_seen_add, seen,
		    &test->err),
	    &test->err);
}

/* A plain read answers what that put made. */
static inline void
test_name_is(struct test_vault *test, const char *namespace_, const char *path,
    const struct ouro_put_result *put)
{
	uint8_t content[OURO_ID_SIZE], version[OURO_ID_SIZE];

	test_ok(ouro_name_read(test->vault, namespace_, path, content, version,
		    &test->err),
	    &test->err);
	assert_memory_equal(content, put->content, OURO_ID_SIZE);
	assert_memory_equal(version, put->version, OURO_ID_SIZE);
}

/* content NULL = a deletion. */
static inline enum ouro_status
test_try_version(struct test_vault *test, const char *path,
    const uint8_t *content, enum ouro_base base,
    const uint8_t (*given)[OURO_ID_SIZE], size_t count,
    uint8_t id[OURO_ID_SIZE])
{
	struct ouro_version_options options = { .size = sizeof(options),
		.path = path,
		.content = content,
		.base = base,
		.base_versions = given,
		.base_count = count };

	return ouro_version_put(test->vault, &options, id, &test->err);
}

static inline void
test_version(struct test_vault *test, const char *path, const uint8_t *content,
    enum ouro_base base, const uint8_t (*given)[OURO_ID_SIZE], size_t count,
    uint8_t id[OURO_ID_SIZE])
{
	test_ok(test_try_version(test, path, content, base, given, count, id),
	    &test->err);
}

/* Records and rows are what a verification expects. */
static inline void
test_rows_are_right(struct test_vault *test)
{
	struct ouro_care_options options = { .size = sizeof(options) };
	struct ouro_care_result result;

	test_ok(ouro_verify(test->vault, &options, &result, &test->err),
	    &test->err);
}

#endif
