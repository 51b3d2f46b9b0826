#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "vault/chunk.h"
#include "vault/stream_write.h"
#include "vault/test_vault.h"

#define MIB ((size_t)1024 * 1024)

static int
setup(void **state)
{
	struct test_vault *test = calloc(1, sizeof(*test));

	test_vault_open(test, NULL);
	*state = test;
	return 0;
}

/* Closing the vault asserts that no pin is left. */
static int
teardown(void **state)
{
	test_vault_close(*state);
	free(*state);
	return 0;
}

/* size bytes that repeat every `period` bytes; free. */
static uint8_t *
periodic(size_t size, size_t period, uint64_t seed)
{
	uint8_t *data = test_bytes(size, seed);

	for (size_t i = period; i < size; i++)
		data[i] = data[i - period];
	return data;
}

static struct ouro_put_result
put_in_pieces(struct test_vault *test, const uint8_t *data, size_t size,
    size_t piece)
{
	struct ouro_put_result result = { 0 };
	struct ouro_put *put;

	test_ok(ouro_put_begin(test->vault, NULL, &put, &test->err),
	    &test->err);
	for (size_t at = 0; at < size; at += piece)
		test_ok(ouro_put_write(put, data + at,
			    piece < size - at ? piece : size - at, &test->err),
		    &test->err);
	test_ok(ouro_put_finish(put, &result, &test->err), &test->err);
	return result;
}

/* All from `from` on, in pieces of at most `most` bytes. */
static void
assert_rest(struct test_vault *test, struct ouro_get *get, const uint8_t *data,
    size_t size, size_t from, size_t most)
{
	const void *part;
	size_t at = from, got;

	test_ok(ouro_get_seek(get, from, &test->err), &test->err);
	for (;; at += got) {
		test_ok(ouro_get_next(get, most, &part, &got, &test->err),
		    &test->err);
		if (got == 0)
			break;
		assert_true(got <= most && got <= size - at);
		assert_memory_equal(part, data + at, got);
	}
	assert_int_equal(at, size);
}

static void
runs_read_back_from_anywhere(struct test_vault *test, const uint8_t *data,
    size_t size)
{
	static const size_t pieces[] = { 300007, MIB, 64 * MIB };
	struct ouro_put_result first = { 0 };
	struct ouro_get *get;

	for (size_t i = 0; i < 3; i++) {
		struct ouro_put_result result = put_in_pieces(test, data, size,
		    pieces[i]);

		if (i == 0)
			first = result;
		assert_memory_equal(result.content, first.content,
		    OURO_ID_SIZE);
		assert_int_equal(result.chunks, first.chunks);
		assert_int_equal(result.existed, i > 0);
	}
	assert_in_range(first.chunks_new, 1, 12);
	assert_true(first.chunks >= size / CHUNK_SIZE_MAX);
	test_ok(ouro_get_open(test->vault, first.content, &get, &test->err),
	    &test->err);
	assert_rest(test, get, data, size, 0, SIZE_MAX);
	assert_rest(test, get, data, size, 0, 99991);
	for (size_t at = 1; at < size; at += size / 7)
		assert_rest(test, get, data, size, at, SIZE_MAX);
	assert_rest(test, get, data, size, size - 1, 1);
	assert_rest(test, get, data, size, size, 1);
	ouro_get_close(get);
}

static void
a_run_of_zeros_reads_back(void **state)
{
	size_t size = 21 * MIB + 4321;
	uint8_t *data = test_bytes(size, 3);

	memset(data + 300001, 0, 20 * MIB);
	runs_read_back_from_anywhere(*state, data, size);
	free(data);
}

static void
a_run_of_a_pattern_reads_back(void **state)
{
	size_t size = 16 * MIB + 17;
	uint8_t *data = periodic(size, 4096, 4);

	runs_read_back_from_anywhere(*state, data, size);
	free(data);
}

/* Two runs, one byte apart, and what equals a chunk but for its last byte. */
static void
runs_that_differ_late_are_told_apart(void **state)
{
	size_t size = 12 * MIB;
	uint8_t *data = calloc(1, size);

	assert_non_null(data);
	for (size_t at = CHUNK_SIZE_MAX - 1; at < size; at += 5 * MIB / 2)
		data[at] = 1;
	memset(data + 8 * MIB, 7, 4 * MIB);
	runs_read_back_from_anywhere(*state, data, size);
	free(data);
}

/* More chunks than one job of a reader answers for. */
static void
a_long_run_reads_back(void **state)
{
	struct test_vault *test = *state;
	size_t size = 700 * MIB, got, at = 0;
	uint8_t *zeros = calloc(1, MIB);
	struct ouro_put_result result = { 0 };
	struct ouro_put *put;
	struct ouro_get *get;
	const void *part;

	assert_non_null(zeros);
	test_ok(ouro_put_begin(test->vault, NULL, &put, &test->err),
	    &test->err);
	for (size_t i = 0; i < size; i += MIB)
		test_ok(ouro_put_write(put, zeros, MIB, &test->err),
		    &test->err);
	test_ok(ouro_put_finish(put, &result, &test->err), &test->err);
	assert_in_range(result.chunks_new, 1, 2);
	assert_true(result.chunks > 1024);
	test_ok(ouro_get_open(test->vault, result.content, &get, &test->err),
	    &test->err);
	for (;; at += got) {
		test_ok(ouro_get_next(get, MIB, &part, &got, &test->err),
		    &test->err);
		if (got == 0)
			break;
		assert_memory_equal(part, zeros, got);
	}
	assert_int_equal(at, size);
	ouro_get_close(get);
	free(zeros);
}

static void
a_run_may_be_given_up(void **state)
{
	struct test_vault *test = *state;
	uint8_t *zeros = calloc(1, 4 * MIB);
	struct ouro_put *put;

	assert_non_null(zeros);
	test_ok(ouro_put_begin(test->vault, NULL, &put, &test->err),
	    &test->err);
	test_ok(ouro_put_write(put, zeros, 4 * MIB, &test->err), &test->err);
	ouro_put_abort(put);
	free(zeros);
}

static void
lane_empty(struct engine *engine)
{
	struct engine_range range = { .keys_only = true };
	struct bytes key, value;

	for (;;) {
		struct engine_op op = { .kind = ENGINE_DELETE };
		struct engine_scan *scan;
		uint8_t copy[SLICE_KEY_SIZE];
		enum ouro_status status;

		assert_int_equal(engine_scan_open(engine, &range, &scan, NULL),
		    OURO_OK);
		status = engine_scan_next(scan, &key, &value, NULL);
		if (status == OURO_OK)
			memcpy(copy, key.data, sizeof(copy));
		engine_scan_close(scan);
		if (status != OURO_OK)
			return;
		op.key = bytes_of(copy, sizeof(copy));
		assert_int_equal(engine_apply(engine, &op, 1, ENGINE_SYNC_NEVER,
				     NULL),
		    OURO_OK);
	}
}

/* The chunk of a run is lost: nothing is given for any of its places. */
static void
a_lost_run_is_an_error_every_time(void **state)
{
	struct test_vault *test = *state;
	size_t size = 5 * MIB, got;
	uint8_t *data = test_bytes(size, 9);
	struct ouro_put_result result;
	struct ouro_get *get;
	const void *part;

	memset(data + MIB, 0, 4 * MIB);
	result = put_in_pieces(test, data, size, MIB);
	for (unsigned i = 0; i < lanes_count(test->vault); i++)
		lane_empty(lane(test->vault, i));
	test_ok(ouro_get_open(test->vault, result.content, &get, &test->err),
	    &test->err);
	for (size_t at = 0; at < size; at += 700001) {
		test_ok(ouro_get_seek(get, at, &test->err), &test->err);
		for (int i = 0; i < 2; i++)
			assert_int_equal(ouro_get_next(get, MIB, &part, &got,
					     &test->err),
			    OURO_DAMAGED);
	}
	ouro_get_close(get);
	free(data);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_run_of_zeros_reads_back),
		TEST(a_run_of_a_pattern_reads_back),
		TEST(runs_that_differ_late_are_told_apart),
		TEST(a_long_run_reads_back),
		TEST(a_run_may_be_given_up),
		TEST(a_lost_run_is_an_error_every_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
