#include "vault/test_put.h"

#include <errno.h>

/* ---- batches --------------------------------------------------------------------------- */

static void
K15_a_batch_is_atomic_and_keeps_its_order(void **state)
{
	struct fixture *fixture = *state;
	struct ouro_put_options named = { .size = sizeof(named),
		.name = "twice" };
	struct ouro_put_result results[3] = { 0 };
	struct ouro_put *puts[3];
	struct ouro_batch *batch;
	struct ouro_target target;
	uint8_t *large = random_bytes(300000, 15);

	for (int commit = 0; commit < 2; commit++) {
		assert_int_equal(ouro_batch_begin(fixture->vault, &batch, NULL),
		    OURO_OK);
		for (int i = 0; i < 3; i++) {
			assert_int_equal(ouro_put_begin(fixture->vault,
					     i == 1 ? NULL : &named, &puts[i],
					     NULL),
			    OURO_OK);
			assert_int_equal(ouro_put_write(puts[i], large,
					     i == 1 ? 300000 : (size_t)i + 1,
					     NULL),
			    OURO_OK);
			assert_int_equal(ouro_batch_finish_put(batch, puts[i],
					     &results[i], NULL),
			    OURO_OK);
		}
		assert_int_equal(ouro_resolve(fixture->vault, "twice", &target,
				     NULL),
		    OURO_NOT_FOUND);
		if (commit == 0)
			ouro_batch_abort(batch);
		else
			assert_int_equal(ouro_batch_commit(batch, NULL),
			    OURO_OK);
	}
	assert_int_equal(ouro_resolve(fixture->vault, "twice", &target, NULL),
	    OURO_OK);
	assert_true(same_id(target.id, results[2].version));
	assert_reads(fixture->vault, results[0].version, large, 1);
	assert_reads(fixture->vault, results[2].version, large, 3);
	assert_false(results[1].existed);
	assert_reads(fixture->vault, results[1].content, large, 300000);
	free(large);
}

static void
K15_an_empty_batch_is_fine(void **state)
{
	struct fixture *fixture = *state;
	struct ouro_batch *batch;

	assert_int_equal(ouro_batch_begin(fixture->vault, &batch, NULL),
	    OURO_OK);
	assert_int_equal(ouro_batch_commit(batch, NULL), OURO_OK);
}

static void
K15_a_batch_with_one_bad_item_does_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct ouro_put_options late = { .size = sizeof(late), .name = "n" };
	struct ouro_put_result results[2];
	struct ouro_put *put;
	struct ouro_batch *batch;
	struct ouro_error err = { 0 };

	put_bytes(fixture->vault, &late, (const uint8_t *)"x", 1);
	late.saved_ms = 1; /* before the version it would replace */
	assert_int_equal(ouro_batch_begin(fixture->vault, &batch, NULL),
	    OURO_OK);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ouro_put_begin(fixture->vault,
				     i == 0 ? NULL : &late, &put, NULL),
		    OURO_OK);
		assert_int_equal(ouro_put_write(put, "item", 4, NULL), OURO_OK);
		assert_int_equal(ouro_batch_finish_put(batch, put, &results[i],
				     NULL),
		    OURO_OK);
	}
	assert_int_equal(ouro_batch_commit(batch, &err), OURO_INVALID);
	assert_non_null(strstr(err.text, "\"n\""));
	results[0] = put_bytes(fixture->vault, NULL, (const uint8_t *)"item",
	    4);
	assert_false(results[0].existed);
}

/* Puts and versions in the order in which they came. */
static void
K15_versions_and_puts_go_together(void **state)
{
	struct fixture *fixture = *state;
	struct ouro_put_options named = { .size = sizeof(named), .name = "n" };
	struct ouro_version_options version = { .size = sizeof(version),
		.path = "n" };
	struct ouro_put_result before, result;
	uint8_t ids[2][OURO_ID_SIZE], content[OURO_ID_SIZE];
	uint8_t unknown[OURO_ID_SIZE] = { 1 };
	struct ouro_batch *batch;
	struct ouro_put *put;

	before = put_bytes(fixture->vault, &named, (const uint8_t *)"old", 3);
	for (int commit = 0; commit < 2; commit++) {
		assert_int_equal(ouro_batch_begin(fixture->vault, &batch, NULL),
		    OURO_OK);
		version.content = NULL;
		version.path = "n";
		assert_int_equal(ouro_batch_version(batch, &version, ids[0],
				     NULL),
		    OURO_OK);
		version.content = unknown;
		assert_int_equal(ouro_batch_version(batch, &version, ids[0],
				     NULL),
		    OURO_NOT_FOUND);
		assert_int_equal(ouro_put_begin(fixture->vault, &named, &put,
				     NULL),
		    OURO_OK);
		assert_int_equal(ouro_put_write(put, "new", 3, NULL), OURO_OK);
		assert_int_equal(ouro_batch_finish_put(batch, put, &result,
				     NULL),
		    OURO_OK);
		version.content = before.content;
		version.path = "other";
		assert_int_equal(ouro_batch_version(batch, &version, ids[1],
				     NULL),
		    OURO_OK);
		assert_int_equal(ouro_batch_version(batch, &version, NULL,
				     NULL),
		    OURO_OK);
		assert_int_equal(ouro_name_read(fixture->vault, NULL, "n",
				     content, NULL, NULL),
		    OURO_OK);
		assert_true(same_id(content, before.content));
		if (commit == 0)
			ouro_batch_abort(batch);
		else
			assert_int_equal(ouro_batch_commit(batch, NULL),
			    OURO_OK);
	}
	assert_int_equal(ouro_name_read(fixture->vault, NULL, "n", content,
			     NULL, NULL),
	    OURO_OK);
	assert_true(same_id(content, result.content));
	assert_reads(fixture->vault, ids[1], (const uint8_t *)"old", 3);
	assert_int_equal(fixture->vault->incarnations[0].number, 5);
}

#define MANY 1000

static void
many_put(struct fixture *fixture, struct ouro_put_result results[MANY],
    unsigned round, enum ouro_status expected)
{
	struct ouro_put_options named = { .size = sizeof(named),
		.namespace_ = "kv" };
	struct ouro_batch *batch;
	struct ouro_put *put;
	char name[32], text[32];

	assert_int_equal(ouro_batch_begin(fixture->vault, &batch, NULL),
	    OURO_OK);
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "many/%u", i % (MANY - 10));
		snprintf(text, sizeof(text), "%u of round %u", i, round);
		named.name = name;
		assert_int_equal(ouro_put_begin(fixture->vault, &named, &put,
				     NULL),
		    OURO_OK);
		assert_int_equal(ouro_put_write(put, text, strlen(text), NULL),
		    OURO_OK);
		assert_int_equal(ouro_batch_finish_put(batch, put, &results[i],
				     NULL),
		    OURO_OK);
	}
	assert_int_equal(ouro_batch_commit(batch, NULL), expected);
}

static unsigned
many_count(struct fixture *fixture)
{
	struct ouro_list_options options = { .size = sizeof(options),
		.namespace_ = "kv",
		.names_only = true };
	struct ouro_list *list;
	struct ouro_info info;
	unsigned count = 0;

	assert_int_equal(ouro_list_open(fixture->vault, &options, &list, NULL),
	    OURO_OK);
	for (; ouro_list_next(list, &info, NULL) == OURO_OK; count++)
		ouro_info_release(&info);
	ouro_list_close(list);
	return count;
}

struct many {
	struct ouro_put_result *results;
	size_t next, most;
	unsigned round;
};

static bool
many_see(void *context, size_t index, enum ouro_status status, const void *data,
    size_t size)
{
	struct many *many = context;
	char text[32];

	assert_int_equal(index, many->next);
	many->next++;
	snprintf(text, sizeof(text), "%zu of round %u", index, many->round);
	if (index == 500) { /* the only long one */
		assert_int_equal(status, OURO_TOO_LARGE);
		assert_null(data);
		return true;
	}
	assert_int_equal(status, OURO_OK);
	assert_int_equal(size, strlen(text));
	assert_memory_equal(data, text, size);
	return many->next < many->most;
}

static void
K15_a_thousand_are_written_at_once_and_read_in_order(void **state)
{
	struct fixture *fixture = *state;
	struct ouro_put_result *results = calloc(MANY, sizeof(*results));
	uint8_t(*ids)[OURO_ID_SIZE] = calloc(MANY, sizeof(*ids));
	struct many many = { results, 0, MANY + 1, 1 };
	struct ouro_put_result large;
	uint8_t *bytes = random_bytes(70000, 8);
	size_t missing = 0;

	large = put_bytes(fixture->vault, NULL, bytes, 70000);
	/* The write that would make it durable fails. */
	fs_memory_fault(fixture->fs,
	    (struct fs_fault){ .call = FS_CALL_SYNC, .nth = 1, .errnum = EIO });
	many_put(fixture, results, 0, OURO_IO);
	fs_memory_fault(fixture->fs, (struct fs_fault){ .nth = 0 });
	ouro_vault_close(fixture->vault);
	fixture->vault = NULL;
	assert_int_equal(open_with(fixture, NULL), 0);
	assert_true(
	    many_count(fixture) == 0 || many_count(fixture) == MANY - 10);
	many_put(fixture, results, 1, OURO_OK);
	assert_int_equal(many_count(fixture), MANY - 10);
	for (unsigned i = 0; i < MANY; i++)
		memcpy(ids[i],
		    i == 500	     ? large.version
			: i % 2 == 0 ? results[i].version
				     : results[i].content,
		    OURO_ID_SIZE);
	assert_int_equal(ouro_get_batch(fixture->vault,
			     (const uint8_t(*)[OURO_ID_SIZE])ids, MANY, 1000,
			     many_see, &many, &missing, NULL),
	    OURO_OK);
	assert_int_equal(many.next, MANY);
	many.next = 0;
	many.most = 3;
	assert_int_equal(ouro_get_batch(fixture->vault,
			     (const uint8_t(*)[OURO_ID_SIZE])ids, MANY, 1000,
			     many_see, &many, &missing, NULL),
	    OURO_OK);
	assert_int_equal(many.next, 3);
	/* One that is not there: none is shown. */
	memset(ids[777], 7, OURO_ID_SIZE);
	assert_int_equal(ouro_get_batch(fixture->vault,
			     (const uint8_t(*)[OURO_ID_SIZE])ids, MANY, 1000,
			     many_see, &many, &missing, NULL),
	    OURO_NOT_FOUND);
	assert_int_equal(missing, 777);
	assert_int_equal(many.next, 3);
	assert_int_equal(ouro_get_batch(fixture->vault, NULL, 0, 1000, many_see,
			     &many, NULL, NULL),
	    OURO_OK);
	/* Nothing stays pinned. */
	assert_int_equal(fixture->vault->pins.count, 0);
	free(bytes);
	free(ids);
	free(results);
}

static void
a_whole_content_is_read_at_once(void **state)
{
	struct fixture *fixture = *state;
	uint8_t *large = random_bytes(3 * MIB, 4),
		unknown[OURO_ID_SIZE] = { 1 };
	struct ouro_put_result put;
	struct ouro_error err = { 0 };
	size_t size;
	void *data;

	put = put_bytes(fixture->vault, NULL, large, 3 * MIB);
	assert_int_equal(ouro_get_whole(fixture->vault, put.version, 3 * MIB,
			     &data, &size, NULL),
	    OURO_OK);
	assert_int_equal(size, 3 * MIB);
	assert_memory_equal(data, large, size);
	assert_int_equal(((char *)data)[size], 0);
	free(data);
	assert_int_equal(ouro_get_whole(fixture->vault, put.content,
			     3 * MIB - 1, &data, &size, &err),
	    OURO_TOO_LARGE);
	assert_null(data);
	assert_int_equal(size, 3 * MIB);
	assert_int_equal(ouro_get_whole(fixture->vault, unknown, 10, &data,
			     &size, &err),
	    OURO_NOT_FOUND);
	put = put_bytes(fixture->vault, NULL, large, 0);
	assert_int_equal(ouro_get_whole(fixture->vault, put.content, 0, &data,
			     &size, NULL),
	    OURO_OK);
	assert_int_equal(size, 0);
	assert_string_equal(data, "");
	free(data);
	free(large);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(K15_a_batch_is_atomic_and_keeps_its_order),
		TEST(K15_an_empty_batch_is_fine),
		TEST(K15_a_batch_with_one_bad_item_does_nothing),
		TEST(K15_versions_and_puts_go_together),
		TEST(K15_a_thousand_are_written_at_once_and_read_in_order),
		TEST(a_whole_content_is_read_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
