#include "base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void
compare_orders_bytes_then_length(void **state)
{
	static const char *const ordered[] = { "", "a", "aa", "ab", "b", "\x7f",
		"\x80", "\xff" };
	int count = (int)(sizeof ordered / sizeof ordered[0]);

	(void)state;
	for (int i = 0; i < count; i++) {
		for (int j = 0; j < count; j++) {
			int order = bytes_compare(bytes_text(ordered[i]),
			    bytes_text(ordered[j]));

			assert_int_equal((order > 0) - (order < 0),
			    (i > j) - (i < j));
			assert_int_equal(bytes_equal(bytes_text(ordered[i]),
					     bytes_text(ordered[j])),
			    i == j);
		}
	}
}

static void
empty_bytes_may_have_no_data(void **state)
{
	struct bytes none = { NULL, 0 };
	struct buffer buffer = { 0 };

	(void)state;
	assert_true(bytes_equal(none, bytes_text("")));
	assert_true(bytes_compare(none, bytes_text("a")) < 0);
	assert_true(bytes_has_prefix(none, none));
	assert_int_equal(buffer_append(&buffer, none, NULL), OURO_OK);
	assert_int_equal(buffer_set(&buffer, none, NULL), OURO_OK);
	assert_int_equal(buffer_resize(&buffer, 0, NULL), OURO_OK);
	assert_int_equal(buffer.size, 0);
	buffer_wipe(&buffer);
	buffer_release(&buffer);
}

static void
prefixes(void **state)
{
	struct bytes abc = bytes_text("abc");

	(void)state;
	assert_true(bytes_has_prefix(abc, bytes_text("")));
	assert_true(bytes_has_prefix(abc, bytes_text("ab")));
	assert_true(bytes_has_prefix(abc, abc));
	assert_false(bytes_has_prefix(abc, bytes_text("abcd")));
	assert_false(bytes_has_prefix(abc, bytes_text("b")));
}

static void
appending_keeps_everything(void **state)
{
	struct buffer buffer = { 0 };

	(void)state;
	/* Past the size up to which growing wipes the old block. */
	for (unsigned i = 0; i < 50000; i++) {
		uint8_t number[4];

		put_u32le(number, i);
		assert_int_equal(buffer_append(&buffer, bytes_of(number, 4),
				     NULL),
		    OURO_OK);
		assert_true(buffer.capacity >= buffer.size);
	}
	assert_int_equal(buffer.size, 200000);
	for (unsigned i = 0; i < 50000; i++)
		assert_int_equal(get_u32le(buffer.data + (size_t)i * 4), i);
	buffer_release(&buffer);
	assert_null(buffer.data);
	assert_int_equal(buffer.size + buffer.capacity, 0);
}

static void
set_replaces_also_with_a_part_of_itself(void **state)
{
	struct buffer buffer = { 0 };

	(void)state;
	buffer_set(&buffer, bytes_text("hello world"), NULL);
	buffer_set(&buffer, bytes_of(buffer.data + 2, 9), NULL);
	assert_true(
	    bytes_equal(buffer_bytes(&buffer), bytes_text("llo world")));
	buffer_set(&buffer, bytes_text("x"), NULL);
	assert_true(bytes_equal(buffer_bytes(&buffer), bytes_text("x")));
	buffer_release(&buffer);
}

static void
resize_grows_and_shrinks(void **state)
{
	struct buffer buffer = { 0 };

	(void)state;
	assert_int_equal(buffer_resize(&buffer, 1000, NULL), OURO_OK);
	memset(buffer.data, 1, 1000);
	assert_int_equal(buffer_resize(&buffer, 10, NULL), OURO_OK);
	assert_int_equal(buffer.size, 10);
	assert_true(buffer.capacity >= 1000);
	buffer_release(&buffer);
}

static void
reserve_makes_room_once(void **state)
{
	struct buffer buffer = { 0 };
	const uint8_t *before;

	(void)state;
	assert_int_equal(buffer_reserve(&buffer, 500, NULL), OURO_OK);
	before = buffer.data;
	for (int i = 0; i < 500; i++)
		buffer_append(&buffer, bytes_text("."), NULL);
	assert_ptr_equal(buffer.data, before);
	buffer_release(&buffer);
}

static void
impossible_sizes_are_refused(void **state)
{
	struct buffer buffer = { 0 };
	struct ouro_error err;

	(void)state;
	buffer_set(&buffer, bytes_text("keep"), NULL);
	assert_int_equal(buffer_reserve(&buffer, SIZE_MAX, &err),
	    OURO_NO_MEMORY);
	assert_int_equal(err.status, OURO_NO_MEMORY);
	assert_int_equal(buffer_reserve(&buffer, SIZE_MAX - 3, NULL),
	    OURO_NO_MEMORY);
	assert_int_equal(buffer_resize(&buffer, SIZE_MAX, NULL),
	    OURO_NO_MEMORY);
	assert_int_equal(buffer_append(&buffer, bytes_of("", SIZE_MAX), NULL),
	    OURO_NO_MEMORY);
	assert_true(bytes_equal(buffer_bytes(&buffer), bytes_text("keep")));
	buffer_release(&buffer);
}

static void
wipe_leaves_zeros(void **state)
{
	char secret[] = "secret";
	static const char zeros[sizeof secret];

	(void)state;
	bytes_wipe(secret, sizeof secret);
	assert_memory_equal(secret, zeros, sizeof secret);
	bytes_wipe(NULL, 0);
}

static void
integers_have_their_byte_order(void **state)
{
	static const uint8_t little[] = { 1, 2, 3, 4, 5, 6, 7, 0x88 };
	uint8_t out[8];

	(void)state;
	assert_int_equal(get_u16le(little), 0x0201);
	assert_int_equal(get_u16le(little + 6), 0x8807);
	assert_int_equal(get_u32le(little + 4), 0x88070605);
	assert_true(get_u64le(little) == UINT64_C(0x8807060504030201));
	assert_true(get_u64be(little) == UINT64_C(0x0102030405060788));
	put_u64le(out, UINT64_C(0x8807060504030201));
	assert_memory_equal(out, little, 8);
	put_u64be(out, UINT64_C(0x0102030405060788));
	assert_memory_equal(out, little, 8);
	put_u16le(out, 0x8807);
	assert_memory_equal(out, little + 6, 2);
	put_u32le(out, 0x88070605);
	assert_memory_equal(out, little + 4, 4);
}

static void
big_endian_order_is_numeric_order(void **state)
{
	static const uint64_t ordered[] = { 0, 1, 255, 256, 65535, 65536,
		UINT32_MAX, UINT64_C(1) << 32, UINT64_MAX - 1, UINT64_MAX };

	(void)state;
	for (size_t i = 1; i < sizeof ordered / sizeof ordered[0]; i++) {
		uint8_t a[8], b[8];

		put_u64be(a, ordered[i - 1]);
		put_u64be(b, ordered[i]);
		assert_true(bytes_compare(bytes_of(a, 8), bytes_of(b, 8)) < 0);
		assert_true(get_u64be(b) == ordered[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compare_orders_bytes_then_length),
		cmocka_unit_test(empty_bytes_may_have_no_data),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(appending_keeps_everything),
		cmocka_unit_test(set_replaces_also_with_a_part_of_itself),
		cmocka_unit_test(resize_grows_and_shrinks),
		cmocka_unit_test(reserve_makes_room_once),
		cmocka_unit_test(impossible_sizes_are_refused),
		cmocka_unit_test(wipe_leaves_zeros),
		cmocka_unit_test(integers_have_their_byte_order),
		cmocka_unit_test(big_endian_order_is_numeric_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
