#include "engine/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define KEYS 5000

static uint64_t seed;

static uint64_t
random_next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* Keys of many lengths, with long common prefixes and zero bytes. */
static struct bytes
key_of(unsigned n, uint8_t out[64])
{
	size_t size = (size_t)snprintf((char *)out, 64, "%s%05u",
	    n % 3 == 0 ? "a rather long common prefix " : "", n / 2);

	if (n % 2 == 1)
		out[size++] = '\0';
	return bytes_of(out, size);
}

static int
key_order(const void *a, const void *b)
{
	uint8_t x[64], y[64];

	return bytes_compare(key_of(*(const unsigned *)a, x),
	    key_of(*(const unsigned *)b, y));
}

/* All of the table, both ways, beside the sorted keys that are in it. */
static void
order_check(const struct table *table, const unsigned *sorted,
    const bool *present)
{
	struct table_cursor cursor;
	uint8_t key[64];
	bool more = table_seek(table, bytes_of(NULL, 0), false, &cursor);

	for (unsigned i = 0; i < KEYS; i++) {
		if (!present[sorted[i]])
			continue;
		assert_true(more);
		assert_true(bytes_equal(cursor.key, key_of(sorted[i], key)));
		assert_int_equal(*(unsigned *)cursor.payload, sorted[i]);
		more = table_next(&cursor);
	}
	assert_false(more);
	more = table_last(table, &cursor);
	for (unsigned i = KEYS; i-- > 0;) {
		if (!present[sorted[i]])
			continue;
		assert_true(more);
		assert_true(bytes_equal(cursor.key, key_of(sorted[i], key)));
		more = table_previous(&cursor);
	}
	assert_false(more);
}

/* Seeks from every key, in the table or not. */
static void
seek_check(const struct table *table, const unsigned *sorted,
    const bool *present)
{
	int before = -1;

	for (unsigned i = 0; i < KEYS; i++) {
		struct table_cursor cursor;
		uint8_t key[64];
		struct bytes bytes = key_of(sorted[i], key);
		bool found = table_find(table, bytes) != NULL;

		assert_int_equal(found, present[sorted[i]]);
		assert_int_equal(table_seek_before(table, bytes, &cursor),
		    before >= 0);
		if (before >= 0)
			assert_int_equal(*(unsigned *)cursor.payload, before);
		if (found) {
			assert_true(table_seek(table, bytes, false, &cursor));
			assert_int_equal(*(unsigned *)cursor.payload,
			    sorted[i]);
			if (before >= 0) {
				assert_true(table_previous(&cursor));
				assert_int_equal(*(unsigned *)cursor.payload,
				    before);
			}
			before = (int)sorted[i];
		}
		if (table_seek(table, bytes, true, &cursor))
			assert_true(bytes_compare(cursor.key, bytes) > 0);
	}
}

static void
random_changes_keep_the_order(void **state)
{
	static unsigned sorted[KEYS];
	static bool present[KEYS];
	struct table *table = table_new(sizeof(unsigned));
	size_t count = 0;

	(void)state;
	seed = 88172645463325252u;
	assert_non_null(table);
	for (unsigned i = 0; i < KEYS; i++)
		sorted[i] = i;
	qsort(sorted, KEYS, sizeof sorted[0], key_order);
	for (unsigned i = 0; i < 120000; i++) {
		unsigned n = (unsigned)(random_next() % KEYS);
		bool insert = i < 40000 || (i / 20000) % 2 == 0
		    ? random_next() % 4 != 0
		    : random_next() % 8 == 0;
		uint8_t key[64];
		bool made;

		if (insert) {
			unsigned *payload = table_insert(table, key_of(n, key),
			    &made);

			assert_non_null(payload);
			assert_int_equal(made, !present[n]);
			*payload = n;
		} else {
			assert_int_equal(table_remove(table, key_of(n, key)),
			    present[n]);
		}
		count += insert && !present[n];
		count -= !insert && present[n];
		present[n] = insert;
		assert_int_equal(table_count(table), count);
		if (i % 15000 == 0) {
			order_check(table, sorted, present);
			seek_check(table, sorted, present);
		}
	}
	for (unsigned n = 0; n < KEYS; n++) {
		uint8_t key[64];

		table_remove(table, key_of(n, key));
		present[n] = false;
		if (n % 500 == 0)
			order_check(table, sorted, present);
	}
	assert_int_equal(table_count(table), 0);
	order_check(table, sorted, present);
	table_free(table);
}

static void
memory_is_accounted(void **state)
{
	struct table *table = table_new(32);
	uint64_t empty = table_memory(table);
	uint8_t key[64];
	bool made;

	(void)state;
	for (unsigned n = 0; n < KEYS; n++)
		assert_non_null(table_insert(table, key_of(n, key), &made));
	assert_true(table_memory(table) > empty + KEYS * 37);
	assert_true(table_memory(table) < empty + KEYS * 200);
	for (unsigned n = 0; n < KEYS; n++)
		assert_true(table_remove(table, key_of(n, key)));
	assert_int_equal(table_memory(table), empty);
	table_free(table);
}

static void
ascending_keys_fill_their_nodes(void **state)
{
	struct table *ascending = table_new(8);
	uint8_t key[8];
	bool made;

	(void)state;
	for (unsigned n = 0; n < 64000; n++) {
		put_u64be(key, n);
		assert_non_null(
		    table_insert(ascending, bytes_of(key, 8), &made));
	}
	/* 16 bytes of item and about 27 of a full node's place. */
	assert_true(table_memory(ascending) < 64000 * 48);
	table_free(ascending);
}

/* The keys lie in one array, and each key's payload is its own place there. */
static void
a_borrowing_table_keeps_no_copies(void **state)
{
	static uint8_t keys[2][KEYS][8];
	struct table *table = table_new_borrowing();
	struct table_cursor cursor;
	bool more;

	(void)state;
	assert_non_null(table);
	for (unsigned n = 0; n < KEYS; n++) {
		unsigned k = n * 7 % KEYS;

		put_u64be(keys[0][k], k);
		put_u64be(keys[1][k], k);
		assert_true(
		    table_put(table, bytes_of(keys[0][k], 8), keys[0][k]));
	}
	assert_int_equal(table_count(table), KEYS);
	for (unsigned k = 0; k < KEYS; k += 2)
		assert_true(
		    table_put(table, bytes_of(keys[1][k], 8), keys[1][k]));
	assert_int_equal(table_count(table), KEYS);
	more = table_seek(table, bytes_of(NULL, 0), false, &cursor);
	for (unsigned k = 0; k < KEYS; k++) {
		assert_true(more);
		assert_ptr_equal(cursor.payload, keys[k % 2 == 0][k]);
		assert_ptr_equal(cursor.key.data, keys[k % 2 == 0][k]);
		assert_ptr_equal(table_find(table, cursor.key), cursor.payload);
		more = table_next(&cursor);
	}
	assert_false(more);
	for (unsigned k = 0; k < KEYS; k += 3)
		assert_true(table_remove(table, bytes_of(keys[0][k], 8)));
	assert_null(table_find(table, bytes_of(keys[0][3], 8)));
	/* About 54 of a half-filled node's place, and nothing else. */
	assert_true(table_memory(table) < KEYS * 60);
	table_free(table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_changes_keep_the_order),
		cmocka_unit_test(memory_is_accounted),
		cmocka_unit_test(ascending_keys_fill_their_nodes),
		cmocka_unit_test(a_borrowing_table_keeps_no_copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
