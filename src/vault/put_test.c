#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/executor.h"
#include "base/fs_memory.h"
#include "seal/canonical.h"
#include "vault/chunk.h"
#include "vault/vault.h"

#define MIB ((size_t)1024 * 1024)

struct fixture {
	struct fs *fs;
	struct executor *executor;
	struct ouro_vault *vault;
};

static int
open_with(struct fixture *fixture, const struct ouro_vault_options *options)
{
	struct ouro_error err = { 0 };

	if (vault_open("/v", options, fixture->fs, fixture->executor,
		&fixture->vault, &err) == OURO_OK)
		return 0;
	print_error("open: %s\n", err.text);
	return -1;
}

static int
setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct ouro_vault_options options = { .size = sizeof(options),
		.node = "test" };

	*state = fixture;
	fixture->fs = fs_memory_new(3);
	if (executor_open_manual(5, fixture->fs, &fixture->executor, NULL) !=
	    OURO_OK)
		return -1;
	return open_with(fixture, &options);
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;

	ouro_vault_close(fixture->vault);
	executor_close(fixture->executor);
	fs_memory_free(fixture->fs);
	free(fixture);
	return 0;
}

static uint8_t *
random_bytes(size_t size, unsigned seed)
{
	uint8_t *data = malloc(size + 1);
	uint64_t x = seed + 1;

	for (size_t i = 0; i < size; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		data[i] = (uint8_t)(x >> 56);
	}
	return data;
}

static enum ouro_status
put_status(struct ouro_vault *vault, const struct ouro_put_options *options,
    const uint8_t *data, size_t size, struct ouro_put_result *result,
    struct ouro_error *err)
{
	struct ouro_put *put;
	enum ouro_status status = ouro_put_begin(vault, options, &put, err);

	/* In pieces of many sizes: they must not matter. */
	for (size_t at = 0, part = 1; status == OURO_OK && at < size;
	     at += part, part = part * 7 % 300007 + 1) {
		if (part > size - at)
			part = size - at;
		status = ouro_put_write(put, data + at, part, err);
		if (status != OURO_OK) {
			ouro_put_abort(put);
			return status;
		}
	}
	if (status == OURO_OK)
		status = ouro_put_finish(put, result, err);
	return status;
}

static struct ouro_put_result
put_bytes(struct ouro_vault *vault, const struct ouro_put_options *options,
    const uint8_t *data, size_t size)
{
	struct ouro_put_result result = { 0 };
	struct ouro_error err = { 0 };

	if (put_status(vault, options, data, size, &result, &err) != OURO_OK)
		fail_msg("put: %s", err.text);
	return result;
}

static void
assert_reads(struct ouro_vault *vault, const uint8_t *id, const uint8_t *data,
    size_t size)
{
	uint8_t *back = malloc(size + 1);
	struct ouro_error err = { 0 };
	struct ouro_get *get;
	size_t got = 0;

	if (ouro_get_open(vault, id, &get, &err) != OURO_OK ||
	    ouro_get_read(get, back, size + 1, &got, &err) != OURO_OK)
		fail_msg("get: %s", err.text);
	assert_int_equal(ouro_get_size(get), size);
	assert_int_equal(got, size);
	assert_memory_equal(back, data, size);
	ouro_get_close(get);
	free(back);
}

static bool
same_id(const uint8_t *a, const uint8_t *b)
{
	return memcmp(a, b, OURO_ID_SIZE) == 0;
}

/* ---- ids -------------------------------------------------------------------- */

static void
K01_the_same_bytes_have_the_same_id_and_are_stored_once(void **state)
{
	struct fixture *fixture = *state;
	uint8_t *data = random_bytes(2 * MIB, 1);
	struct ouro_put_result first, second;

	first = put_bytes(fixture->vault, NULL, data, 2 * MIB);
	second = put_bytes(fixture->vault, NULL, data, 2 * MIB);
	assert_true(same_id(first.content, second.content));
	assert_true(same_id(first.version, second.version));
	assert_true(first.chunks_new >= 4 && !first.existed);
	assert_true(second.existed);
	assert_int_equal(second.chunks_new, 0);
	assert_int_equal(second.bytes_stored, 0);
	assert_reads(fixture->vault, second.content, data, 2 * MIB);
	free(data);
}

static void
K01_the_id_is_a_function_of_bytes_parent_type_meta_and_k(void **state)
{
	struct fixture *fixture = *state;
	uint8_t parent[OURO_ID_SIZE] = { 1 };
	struct ouro_put_options plain = { .size = sizeof(plain) };
	struct ouro_put_options options[] = { plain, plain, plain, plain,
		plain };
	struct ouro_put_result results[5];
	uint8_t *data = random_bytes(10000, 2);

	options[1].parent = parent;
	options[2].type = "text/plain";
	options[3].meta = "m";
	options[3].meta_size = 1;
	options[4].k = 2;
	options[4].m = 2;
	for (size_t i = 0; i < 5; i++) {
		results[i] = put_bytes(fixture->vault, &options[i], data,
		    10000);
		for (size_t j = 0; j < i; j++)
			assert_false(
			    same_id(results[i].content, results[j].content));
		assert_reads(fixture->vault, results[i].content, data, 10000);
	}
	free(data);
}

static void
K01_two_owners_have_two_versions_of_one_content(void **state)
{
	struct fixture *fixture = *state;
	struct ouro_put_options ann = { .size = sizeof(ann), .owner = "ann" };
	struct ouro_put_options bob = { .size = sizeof(bob), .owner = "bob" };
	struct ouro_put_result first, second;
	uint8_t *data = random_bytes(7000, 3);

	first = put_bytes(fixture->vault, &ann, data, 7000);
	second = put_bytes(fixture->vault, &bob, data, 7000);
	assert_true(same_id(first.content, second.content));
	assert_false(same_id(first.version, second.version));
	assert_int_equal(second.chunks_new, 0);
	assert_reads(fixture->vault, first.version, data, 7000);
	assert_reads(fixture->vault, second.version, data, 7000);
	free(data);
}

static void
K01_put_remove_put_get_works(void **state)
{
	struct fixture *fixture = *state;
	struct ouro_remove_options plain = { .size = sizeof(plain) };
	struct ouro_target target = { .kind = OURO_CONTENT };
	struct ouro_remove_result removed;
	struct ouro_gc_result collected;
	struct ouro_put_result first, second;
	uint8_t *data = random_bytes(MIB, 4);

	for (int gc = 0; gc < 2; gc++) {
		first = put_bytes(fixture->vault, NULL, data, MIB);
		memcpy(target.id, first.content, OURO_ID_SIZE);
		assert_int_equal(ouro_remove(fixture->vault, &target, &plain,
				     NULL, NULL, &removed, NULL),
		    OURO_OK);
		assert_int_equal(ouro_exists(fixture->vault, first.content,
				     NULL),
		    OURO_NOT_FOUND);
		if (gc == 1)
			assert_int_equal(ouro_gc(fixture->vault, NULL, NULL,
					     &collected, NULL),
			    OURO_OK);
		second = put_bytes(fixture->vault, NULL, data, MIB);
		assert_true(same_id(first.content, second.content));
		assert_reads(fixture->vault, second.content, data, MIB);
		memcpy(target.id, second.content, OURO_ID_SIZE);
		assert_int_equal(ouro_remove(fixture->vault, &target, &plain,
				     NULL, NULL, &removed, NULL),
		    OURO_OK);
	}
	free(data);
}

static void
K03_n_writes_of_a_name_are_n_versions(void **state)
{
	struct fixture *fixture = *state;
	struct ouro_put_options named = { .size = sizeof(named),
		.name = "a/name" };
	struct ouro_put_result results[5];
	struct ouro_target target;
	uint8_t text[20];

	for (int i = 0; i < 5; i++) {
		snprintf((char *)text, sizeof(text), "version %d", i);
		results[i] = put_bytes(fixture->vault, &named, text, 10);
	}
	for (int i = 0; i < 5; i++) {
		snprintf((char *)text, sizeof(text), "version %d", i);
		assert_reads(fixture->vault, results[i].version, text, 10);
	}
	assert_int_equal(ouro_resolve(fixture->vault, "a/name", &target, NULL),
	    OURO_OK);
	assert_true(same_id(target.id, results[4].version));
}

/* ---- bytes --------------------------------------------------------------------- */

static void
K08_repeated_chunks_read_back(void **state)
{
	struct fixture *fixture = *state;
	size_t sizes[] = { MIB, 10 * MIB, 50 * MIB };
	uint8_t *data = calloc(1, 50 * MIB);

	for (int i = 0; i < 3; i++) {
		struct ouro_put_result result;

		for (size_t at = 0; i == 2 && at < sizes[i]; at++)
			data[at] = (uint8_t)at;
		result = put_bytes(fixture->vault, NULL, data, sizes[i]);
		assert_true(result.chunks_new <= 2);
		assert_reads(fixture->vault, result.content, data, sizes[i]);
	}
	free(data);
}

static void
sizes_around_every_limit_read_back(void **state)
{
	struct fixture *fixture = *state;
	size_t sizes[] = { 0, 1, 4095, 4096, 4097, 131071, 131072, 131073,
		524287, 524288, 524289, 3 * MIB + 17 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		uint8_t *data = random_bytes(sizes[i], (unsigned)i + 40);
		struct ouro_put_result result = put_bytes(fixture->vault, NULL,
		    data, sizes[i]);

		assert_reads(fixture->vault, result.content, data, sizes[i]);
		free(data);
	}
}

static void
any_range_reads_back(void **state)
{
	struct fixture *fixture = *state;
	size_t size = 5 * MIB + 123;
	uint8_t *data = random_bytes(size, 9), back[5000];
	struct ouro_put_result result = put_bytes(fixture->vault, NULL, data,
	    size);
	struct ouro_get *get;
	uint64_t x = 77;

	assert_int_equal(ouro_get_open(fixture->vault, result.content, &get,
			     NULL),
	    OURO_OK);
	for (int i = 0; i < 200; i++) {
		uint64_t at = (x = x * 6364136223846793005u + 1) % (size + 100);
		size_t want = (size_t)(x >> 40) % sizeof(back), got, left;

		assert_int_equal(ouro_get_seek(get, at, NULL), OURO_OK);
		assert_int_equal(ouro_get_read(get, back, want, &got, NULL),
		    OURO_OK);
		left = at >= size ? 0 : size - (size_t)at;
		assert_int_equal(got, want < left ? want : left);
		if (got > 0)
			assert_memory_equal(back, data + at, got);
	}
	ouro_get_close(get);
	free(data);
}

/* ---- stripes ----------------------------------------------------------------------- */

static void
K10_a_chunk_under_several_codes_stays_readable(void **state)
{
	struct fixture *fixture = *state;
	static const unsigned codes[][2] = { { 1, 0 }, { 3, 2 }, { 4, 2 },
		{ 2, 5 }, { 8, 4 }, { 1, 2 } };
	struct ouro_put_result results[6];
	uint8_t *data = random_bytes(700000, 12);

	for (size_t i = 0; i < 6; i++) {
		struct ouro_put_options options = { .size = sizeof(options),
			.k = codes[i][0],
			.m = codes[i][1],
			.no_parity = codes[i][1] == 0 };

		results[i] = put_bytes(fixture->vault, &options, data, 700000);
		if (i == 2)
			assert_int_equal(ouro_keys_rotate(fixture->vault, NULL),
			    OURO_OK);
	}
	for (size_t i = 0; i < 6; i++)
		assert_reads(fixture->vault, results[i].content, data, 700000);
	free(data);
}

/* Deletes one slice of every stripe of every chunk. */
static void
lane_empty(struct ouro_vault *vault, unsigned number)
{
	struct engine_range range = { .keys_only = true };
	struct bytes key, value;

	for (;;) {
		struct engine_scan *scan;
		struct engine_op op = { .kind = ENGINE_DELETE };
		uint8_t copy[SLICE_KEY_SIZE];

		assert_int_equal(engine_scan_open(lane(vault, number), &range,
				     &scan, NULL),
		    OURO_OK);
		if (engine_scan_next(scan, &key, &value, NULL) != OURO_OK) {
			engine_scan_close(scan);
			return;
		}
		memcpy(copy, key.data, sizeof(copy));
		engine_scan_close(scan);
		op.key = bytes_of(copy, sizeof(copy));
		assert_int_equal(engine_apply(lane(vault, number), &op, 1,
				     ENGINE_SYNC_NEVER, NULL),
		    OURO_OK);
	}
}

static void
K11_any_m_lanes_may_be_lost(void **state)
{
	struct fixture *fixture = *state;
	uint8_t *data = random_bytes(MIB, 13);
	struct ouro_put_result result = put_bytes(fixture->vault, NULL, data,
	    MIB);

	for (unsigned a = 0; a < 5; a++) {
		for (unsigned b = a + 1; b < 5; b++) {
			lane_empty(fixture->vault, a);
			lane_empty(fixture->vault, b);
			assert_reads(fixture->vault, result.content, data, MIB);
			/* Parity that no read missed is made good by a put. */
			put_bytes(fixture->vault, NULL, data, MIB);
		}
	}
	free(data);
}

static void
K11_more_than_m_is_an_error_that_names_the_chunk(void **state)
{
	struct fixture *fixture = *state;
	uint8_t *data = random_bytes(20000, 14), back[100];
	struct ouro_put_result result = put_bytes(fixture->vault, NULL, data,
	    20000);
	struct ouro_error err = { 0 };
	struct ouro_get *get;
	size_t got;

	for (unsigned i = 0; i < 3; i++)
		lane_empty(fixture->vault, i);
	assert_int_equal(ouro_get_open(fixture->vault, result.content, &get,
			     &err),
	    OURO_OK);
	assert_int_equal(ouro_get_read(get, back, sizeof(back), &got, &err),
	    OURO_DAMAGED);
	assert_non_null(strstr(err.text, "chunk "));
	ouro_get_close(get);

	/* K23: putting the bytes again heals. */
	result = put_bytes(fixture->vault, NULL, data, 20000);
	assert_int_equal(result.chunks_new, 1);
	assert_reads(fixture->vault, result.content, data, 20000);
	free(data);
}

static void
a_healing_put_is_durable(void **state)
{
	struct fixture *fixture = *state;
	uint8_t *data = random_bytes(20000, 21);
	struct ouro_put_result result;

	put_bytes(fixture->vault, NULL, data, 20000);
	for (unsigned i = 0; i < 5; i++)
		lane_empty(fixture->vault, i);
	fs_memory_fault(fixture->fs, (struct fs_fault){ .nth = 0 });
	result = put_bytes(fixture->vault, NULL, data, 20000);
	assert_int_equal(result.chunks_new, 1);
	/* Five lanes and the chunk's row, though no record changed. */
	assert_true(fs_memory_calls(fixture->fs, FS_CALL_SYNC) >= 6);
	free(data);
}

static void
what_is_being_read_is_not_collected(void **state)
{
	struct fixture *fixture = *state;
	struct ouro_remove_options plain = { .size = sizeof(plain) };
	struct ouro_target target = { .kind = OURO_CONTENT };
	struct ouro_remove_result removed;
	struct ouro_gc_result collected;
	uint8_t *data = random_bytes(3 * MIB, 22), *back = malloc(3 * MIB);
	struct ouro_put_result result = put_bytes(fixture->vault, NULL, data,
	    3 * MIB);
	struct ouro_get *get;
	size_t got;

	memcpy(target.id, result.content, OURO_ID_SIZE);
	assert_int_equal(ouro_get_open(fixture->vault, result.content, &get,
			     NULL),
	    OURO_OK);
	assert_int_equal(ouro_remove(fixture->vault, &target, &plain, NULL,
			     NULL, &removed, NULL),
	    OURO_OK);
	assert_int_equal(ouro_gc(fixture->vault, NULL, NULL, &collected, NULL),
	    OURO_OK);
	assert_int_equal(collected.contents, 0);
	assert_int_equal(ouro_get_read(get, back, 3 * MIB, &got, NULL),
	    OURO_OK);
	assert_int_equal(got, 3 * MIB);
	assert_memory_equal(back, data, got);
	ouro_get_close(get);
	assert_int_equal(ouro_gc(fixture->vault, NULL, NULL, &collected, NULL),
	    OURO_OK);
	assert_int_equal(collected.contents, 1);
	assert_true(collected.chunks > 0);
	free(data);
	free(back);
}

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

/* ---- refusals --------------------------------------------------------------------------- */

static void
bad_options_are_refused(void **state)
{
	struct fixture *fixture = *state;
	struct ouro_put_options plain = { .size = sizeof(plain) };
	struct ouro_put_options bad[] = { plain, plain, plain, plain, plain,
		plain };
	char long_name[1026];

	memset(long_name, 'a', 1025);
	long_name[1025] = '\0';
	bad[0].m = 3; /* k = 0 */
	bad[1].k = 200;
	bad[1].m = 56;
	bad[2].name = "";
	bad[3].name = long_name;
	bad[4].name = "new\nline";
	bad[5].name = "\xff\xfe";
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct ouro_error err = { 0 };
		struct ouro_put *put;

		assert_int_equal(ouro_put_begin(fixture->vault, &bad[i], &put,
				     &err),
		    OURO_INVALID);
		assert_true(err.text[0] != '\0');
	}
}

static void
K22_minimum_free_space_is_checked_at_open_and_before_writes(void **state)
{
	struct fixture *fixture = *state;
	struct ouro_vault_options options = { .size = sizeof(options),
		.free_space_min = (uint64_t)1 << 62 };
	struct ouro_put_result result;
	struct ouro_vault *other;
	struct ouro_error err = { 0 };

	assert_int_equal(vault_open("/other", &options, fixture->fs,
			     fixture->executor, &other, &err),
	    OURO_NO_SPACE);
	ouro_vault_close(fixture->vault);
	fixture->vault = NULL;
	assert_int_equal(open_with(fixture, &options), 0);
	assert_int_equal(put_status(fixture->vault, NULL, (const uint8_t *)"x",
			     1, &result, &err),
	    OURO_NO_SPACE);
	assert_non_null(strstr(err.text, "free"));
}

static void
a_full_disk_fails_the_put_and_nothing_else(void **state)
{
	struct fixture *fixture = *state;
	uint8_t *data = random_bytes(3 * MIB, 16);
	struct ouro_put_result before, after;
	struct ouro_error err = { 0 };

	before = put_bytes(fixture->vault, NULL, data, MIB);
	fs_memory_limit(fixture->fs, 3 * MIB);
	assert_int_equal(put_status(fixture->vault, NULL, data + 5, 3 * MIB - 5,
			     &after, &err),
	    OURO_NO_SPACE);
	assert_reads(fixture->vault, before.content, data, MIB);
	fs_memory_limit(fixture->fs, UINT64_MAX);
	after = put_bytes(fixture->vault, NULL, data + 5, 3 * MIB - 5);
	assert_reads(fixture->vault, after.content, data + 5, 3 * MIB - 5);
	free(data);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(K01_the_same_bytes_have_the_same_id_and_are_stored_once),
		TEST(K01_the_id_is_a_function_of_bytes_parent_type_meta_and_k),
		TEST(K01_two_owners_have_two_versions_of_one_content),
		TEST(K01_put_remove_put_get_works),
		TEST(K03_n_writes_of_a_name_are_n_versions),
		TEST(K08_repeated_chunks_read_back),
		TEST(sizes_around_every_limit_read_back),
		TEST(any_range_reads_back),
		TEST(K10_a_chunk_under_several_codes_stays_readable),
		TEST(K11_any_m_lanes_may_be_lost),
		TEST(K11_more_than_m_is_an_error_that_names_the_chunk),
		TEST(a_healing_put_is_durable),
		TEST(what_is_being_read_is_not_collected),
		TEST(K15_a_batch_is_atomic_and_keeps_its_order),
		TEST(K15_an_empty_batch_is_fine),
		TEST(K15_a_batch_with_one_bad_item_does_nothing),
		TEST(bad_options_are_refused),
		TEST(
		    K22_minimum_free_space_is_checked_at_open_and_before_writes),
		TEST(a_full_disk_fails_the_put_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
