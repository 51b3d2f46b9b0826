#include "base/compress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct compressor *compressor;

static void
a_frame_has_the_room_it_is_given(void **state)
{
	static uint8_t text[5000];
	struct buffer frame = { 0 }, out = { 0 };
	size_t size;

	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (uint8_t)(i * i >> 5);
	assert_int_equal(compress_frame(compressor, 3,
			     bytes_of(text, sizeof text), 5000, &frame, NULL),
	    OURO_OK);
	size = frame.size;
	assert_int_equal(compress_frame(compressor, 3,
			     bytes_of(text, sizeof text), size - 1, &frame,
			     NULL),
	    OURO_TOO_LARGE);
	assert_int_equal(frame.size, size);
	/* zstd wants a little more room than it fills. */
	assert_int_equal(compress_frame(compressor, 3,
			     bytes_of(text, sizeof text), size + 32, &frame,
			     NULL),
	    OURO_OK);
	assert_int_equal(frame.size, 2 * size);
	assert_memory_equal(frame.data, frame.data + size, size);
	assert_int_equal(decompress_frame(compressor,
			     bytes_of(frame.data, size), sizeof text, &out,
			     NULL),
	    OURO_OK);
	assert_int_equal(out.size, sizeof text);
	assert_memory_equal(out.data, text, sizeof text);
	buffer_release(&frame);
	buffer_release(&out);
}

static void
nothing_fits_into_nothing(void **state)
{
	struct buffer frame = { 0 };

	(void)state;
	for (size_t size = 0; size < 2; size++) {
		assert_int_equal(compress_frame(compressor, 1,
				     bytes_of("x", size), 0, &frame, NULL),
		    OURO_TOO_LARGE);
		assert_int_equal(compress_frame(compressor, 20,
				     bytes_of("x", size), 0, &frame, NULL),
		    OURO_INVALID);
	}
	assert_int_equal(frame.size, 0);
}

static void
memory_grows_with_what_was_compressed(void **state)
{
	size_t size = 8u << 20, before;
	uint8_t *zeros = calloc(1, size);
	struct buffer frame = { 0 };

	(void)state;
	assert_non_null(zeros);
	before = compressor_memory(compressor);
	assert_int_equal(compress_frame(compressor, 19, bytes_of(zeros, size),
			     size, &frame, NULL),
	    OURO_OK);
	assert_true(compressor_memory(compressor) > before + (1u << 20));
	buffer_release(&frame);
	free(zeros);
}

static int
set_up(void **state)
{
	(void)state;
	return compressor_new(&compressor, NULL) != OURO_OK;
}

static int
tear_down(void **state)
{
	(void)state;
	compressor_free(compressor);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_has_the_room_it_is_given),
		cmocka_unit_test(nothing_fits_into_nothing),
		cmocka_unit_test(memory_grows_with_what_was_compressed),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
