#include "vault/row.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const uint8_t low[HASH_SIZE] = { 1 };
static const uint8_t high[HASH_SIZE] = { 2 };

static bool
begins(const struct row_key *key, const struct row_key *prefix)
{
	return bytes_has_prefix(row_bytes(key), row_bytes(prefix));
}

static int
order(const struct row_key *a, const struct row_key *b)
{
	return bytes_compare(row_bytes(a), row_bytes(b));
}

static void
keys_are_a_letter_and_ids(void **unused)
{
	struct row_key table = row_table(ROW_CHUNK);
	struct row_key id = row_id(ROW_CHUNK, low, HASH_SIZE);
	struct row_key pair = row_pair(ROW_USE, low, high);

	(void)unused;
	assert_int_equal(table.size, 1);
	assert_int_equal(table.data[0], 'k');
	assert_int_equal(id.size, 1 + HASH_SIZE);
	assert_true(begins(&id, &table));
	assert_memory_equal(id.data + 1, low, HASH_SIZE);
	assert_int_equal(pair.size, 1 + 2 * HASH_SIZE);
	assert_int_equal(pair.data[0], 'u');
	assert_memory_equal(row_last_id(row_bytes(&pair)), high, HASH_SIZE);
	id = row_id(ROW_USE, low, HASH_SIZE);
	assert_true(begins(&pair, &id));
}

static void
versions_of_a_name_are_in_order_of_time(void **unused)
{
	const uint64_t stamps[] = { 0, 1, 255, 256, UINT64_C(1) << 32,
		UINT64_MAX };
	struct row_key name = row_name(ROW_NAME, "blobs", "a");
	struct row_key before = name;

	(void)unused;
	for (size_t i = 0; i < sizeof(stamps) / sizeof(stamps[0]); i++) {
		struct row_key first, second;

		first = row_version("blobs", "a", stamps[i], low);
		second = row_version("blobs", "a", stamps[i], high);
		assert_true(order(&before, &first) < 0);
		assert_true(order(&first, &second) < 0);
		assert_true(begins(&first, &name));
		assert_int_equal(row_stamp(row_bytes(&first)), stamps[i]);
		assert_memory_equal(row_last_id(row_bytes(&second)), high,
		    HASH_SIZE);
		assert_true(bytes_equal(row_name_part(row_bytes(&second)),
		    row_bytes(&name)));
		before = second;
	}
}

static void
names_do_not_run_into_each_other(void **unused)
{
	struct row_key a = row_name(ROW_NAME, "blobs", "a");
	struct row_key ab = row_version("blobs", "ab", 5, low);
	struct row_key other = row_version("blob", "sa", 5, low);
	struct row_key prefix = row_name_prefix(ROW_NAME, "blobs", "a");
	struct row_key all = row_name_prefix(ROW_NAME, "blobs", "");

	(void)unused;
	assert_false(begins(&ab, &a));
	assert_true(begins(&ab, &prefix));
	assert_true(begins(&a, &prefix));
	assert_true(begins(&ab, &all));
	assert_false(begins(&other, &all));
	/* All versions of a before any of ab. */
	a = row_version("blobs", "a", UINT64_MAX, high);
	assert_true(order(&a, &ab) < 0);
}

static void
expiries_are_in_order_of_time(void **unused)
{
	struct row_key early = row_expiry(255, high);
	struct row_key late = row_expiry(256, low);

	(void)unused;
	assert_int_equal(early.size, 1 + 8 + HASH_SIZE);
	assert_true(order(&early, &late) < 0);
	assert_memory_equal(row_last_id(row_bytes(&early)), high, HASH_SIZE);
}

static void
the_longest_name_fits(void **unused)
{
	char path[OURO_NAME_MAX + 1];
	struct row_key key;

	(void)unused;
	memset(path, 'n', OURO_NAME_MAX);
	path[OURO_NAME_MAX] = '\0';
	key = row_version("objects", path, 1, low);
	assert_int_equal(key.size, 1 + 8 + OURO_NAME_MAX + 1 + 8 + HASH_SIZE);
	assert_true(key.size <= ROW_KEY_MAX);
}

static void
short_keys_have_no_parts(void **unused)
{
	struct row_key key = row_version("b", "", 1, low);

	(void)unused;
	for (size_t size = 0; size < key.size; size++) {
		struct bytes cut = bytes_of(key.data, size);
		const uint8_t *id = row_last_id(cut);

		assert_true(id == NULL ||
		    (id > key.data && id + HASH_SIZE == key.data + size));
		assert_true(row_name_part(cut).size < size || size == 0);
	}
	assert_null(row_last_id(bytes_of(key.data, HASH_SIZE)));
	assert_int_equal(row_name_part(bytes_of(key.data, 8 + HASH_SIZE)).size,
	    0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_a_letter_and_ids),
		cmocka_unit_test(versions_of_a_name_are_in_order_of_time),
		cmocka_unit_test(names_do_not_run_into_each_other),
		cmocka_unit_test(expiries_are_in_order_of_time),
		cmocka_unit_test(the_longest_name_fits),
		cmocka_unit_test(short_keys_have_no_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
