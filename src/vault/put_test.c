#include "vault/test_put.h"

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
	const struct CMUnitTest tests[] = {
		TEST(K01_the_same_bytes_have_the_same_id_and_are_stored_once),
		TEST(K01_the_id_is_a_function_of_bytes_parent_type_meta_and_k),
		TEST(K01_two_owners_have_two_versions_of_one_content),
		TEST(K01_put_remove_put_get_works),
		TEST(K03_n_writes_of_a_name_are_n_versions),
		TEST(K08_repeated_chunks_read_back),
		TEST(sizes_around_every_limit_read_back),
		TEST(any_range_reads_back),
		TEST(bad_options_are_refused),
		TEST(
		    K22_minimum_free_space_is_checked_at_open_and_before_writes),
		TEST(a_full_disk_fails_the_put_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
