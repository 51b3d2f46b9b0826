#include "vault/test_put.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(K10_a_chunk_under_several_codes_stays_readable),
		TEST(K11_any_m_lanes_may_be_lost),
		TEST(K11_more_than_m_is_an_error_that_names_the_chunk),
		TEST(a_healing_put_is_durable),
		TEST(what_is_being_read_is_not_collected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
