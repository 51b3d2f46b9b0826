#include "seal/compress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define CHUNK ((size_t)512 * 1024)

static struct compressor *compressor;
static uint8_t text[CHUNK], noise[CHUNK], zeros[CHUNK];

static void
fill(void)
{
	uint64_t x = 1;
	for (size_t i = 0; i < CHUNK; i++) {
		x = x * UINT64_C(6364136223846793005) +
		    UINT64_C(1442695040888963407);
		noise[i] = (uint8_t)(x >> 56);
		text[i] = (uint8_t) "etaoin shrdlu\n"[(x >> 40) % 14];
	}
}

static enum ouro_status
open_as(uint8_t codec, struct bytes data, size_t clear_size, size_t size_max,
    struct buffer *out)
{
	const struct compressed stored = { codec, data, clear_size };
	return decompress_chunk(compressor, &stored, size_max, out, NULL);
}

static enum compress_codec
check_round_trip(int level, struct bytes clear)
{
	struct buffer stored = { 0 }, again = { 0 };
	enum compress_codec codec;

	/* Both append. */
	assert_int_equal(buffer_append(&stored, bytes_text("head"), NULL), 0);
	assert_int_equal(buffer_append(&again, bytes_text("x"), NULL), 0);
	assert_int_equal(compress_chunk(compressor, level, clear, &stored,
			     &codec, NULL),
	    OURO_OK);
	assert_memory_equal(stored.data, "head", 4);
	assert_true(stored.size - 4 <= clear.size);
	assert_true((stored.size - 4 < clear.size) == (codec == COMPRESS_ZSTD));
	assert_int_equal(open_as((uint8_t)codec,
			     bytes_of(stored.data + 4, stored.size - 4),
			     clear.size, clear.size, &again),
	    OURO_OK);
	assert_int_equal(again.size, clear.size + 1);
	assert_int_equal(again.data[0], 'x');
	assert_memory_equal(again.data + 1, clear.data, clear.size);
	buffer_release(&stored);
	buffer_release(&again);
	return codec;
}

static void
comes_back_exactly(void **state)
{
	(void)state;
	static const int levels[] = { 1, 3, 9, 19 };
	static const size_t sizes[] = { 1, 2, 3, 20, 255, 4096, 65536 + 255,
		131072, CHUNK - 1, CHUNK };
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		size_t size = sizes[i];
		check_round_trip(3, bytes_of(text, size));
		assert_int_equal(check_round_trip(3, bytes_of(noise, size)),
		    COMPRESS_RAW);
		if (size >= 255)
			assert_int_equal(check_round_trip(3,
					     bytes_of(zeros, size)),
			    COMPRESS_ZSTD);
	}
	for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
		assert_int_equal(check_round_trip(levels[i],
				     bytes_of(text, 131072)),
		    COMPRESS_ZSTD);
	/* Around the size at which a frame begins to be worth it. */
	for (size_t same = 0; same < 64 * 64; same++) {
		uint8_t mixed[256];
		memcpy(mixed, noise, sizeof mixed);
		memset(mixed, 0, same % 64);
		check_round_trip(3, bytes_of(mixed, 64 + same / 64));
	}
	assert_int_equal(check_round_trip(3, bytes_of(NULL, 0)), COMPRESS_RAW);
}

static void
levels_out_of_range_are_refused(void **state)
{
	(void)state;
	static const int levels[] = { 0, -1, 20, 22, INT32_MAX, INT32_MIN };
	struct buffer out = { 0 };
	enum compress_codec codec;
	for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
		assert_int_equal(compress_chunk(compressor, levels[i],
				     bytes_of(text, 100), &out, &codec, NULL),
		    OURO_INVALID);
	assert_int_equal(out.size, 0);
	buffer_release(&out);
}

static void
pack_text(size_t size, struct buffer *out)
{
	enum compress_codec codec;
	assert_int_equal(compress_chunk(compressor, 3, bytes_of(text, size),
			     out, &codec, NULL),
	    OURO_OK);
	assert_int_equal(codec, COMPRESS_ZSTD);
}

static void
anything_but_the_exact_size_is_damage(void **state)
{
	(void)state;
	struct buffer stored = { 0 }, out = { 0 };

	pack_text(10000, &stored);
	const struct bytes frame = buffer_bytes(&stored);
	static const size_t wrong[] = { 0, 1, 9999, 10001, CHUNK };
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		assert_int_equal(open_as(COMPRESS_ZSTD, frame, wrong[i], CHUNK,
				     &out),
		    OURO_DAMAGED);
		assert_int_equal(open_as(COMPRESS_RAW, bytes_of(text, 10000),
				     wrong[i], CHUNK, &out),
		    OURO_DAMAGED);
	}
	assert_int_equal(open_as(COMPRESS_ZSTD, frame, 10000, 9999, &out),
	    OURO_DAMAGED);
	assert_int_equal(open_as(COMPRESS_RAW, bytes_of(text, 10), 10, 9, &out),
	    OURO_DAMAGED);
	assert_int_equal(open_as(COMPRESS_ZSTD, frame, SIZE_MAX, CHUNK, &out),
	    OURO_DAMAGED);
	assert_int_equal(open_as(2, frame, 10000, CHUNK, &out),
	    OURO_UNSUPPORTED);
	/* A frame that is no shorter than its content is never written. */
	static const uint8_t longer[] = { 0x28, 0xb5, 0x2f, 0xfd, 0, 0x58, 0x19,
		0, 0, 'a', 'b', 'c' };
	assert_int_equal(open_as(COMPRESS_ZSTD, bytes_of(longer, sizeof longer),
			     3, CHUNK, &out),
	    OURO_DAMAGED);
	assert_int_equal(out.size, 0);
	assert_int_equal(open_as(COMPRESS_ZSTD, frame, 10000, 10000, &out),
	    OURO_OK);
	buffer_release(&stored);
	buffer_release(&out);
}

static void
only_one_whole_frame_opens(void **state)
{
	(void)state;
	static const uint8_t skippable[] = { 0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0,
		'h', 'i' };
	struct buffer stored = { 0 }, odd = { 0 }, out = { 0 };

	pack_text(3000, &stored);
	for (size_t size = 0; size < stored.size; size++)
		assert_int_equal(open_as(COMPRESS_ZSTD,
				     bytes_of(stored.data, size), 3000, CHUNK,
				     &out),
		    OURO_DAMAGED);
	/* One byte more, a second frame, a skippable one before. */
	assert_int_equal(buffer_set(&odd, buffer_bytes(&stored), NULL), 0);
	assert_int_equal(buffer_append(&odd, bytes_of("", 1), NULL), 0);
	assert_int_equal(open_as(COMPRESS_ZSTD, buffer_bytes(&odd), 3000, CHUNK,
			     &out),
	    OURO_DAMAGED);
	odd.size--;
	assert_int_equal(buffer_append(&odd, buffer_bytes(&stored), NULL), 0);
	assert_int_equal(open_as(COMPRESS_ZSTD, buffer_bytes(&odd), 6000, CHUNK,
			     &out),
	    OURO_DAMAGED);
	assert_int_equal(buffer_set(&odd, bytes_of(skippable, sizeof skippable),
			     NULL),
	    0);
	assert_int_equal(buffer_append(&odd, buffer_bytes(&stored), NULL), 0);
	assert_int_equal(open_as(COMPRESS_ZSTD, buffer_bytes(&odd), 3000, CHUNK,
			     &out),
	    OURO_DAMAGED);
	assert_int_equal(out.size, 0);
	buffer_release(&stored);
	buffer_release(&odd);
	buffer_release(&out);
}

/* 3,000 times 'a' as format 0.7 said it, which libzstd may still know. */
static void
frames_of_older_formats_are_refused(void **state)
{
	(void)state;
	static const uint8_t frame[] = { 0x27, 0xb5, 0x2f, 0xfd, 0x00, 0x40,
		0x80, 0x0b, 0xb8, 'a', 0xc0, 0x00, 0x00 };
	struct buffer out = { 0 };
	assert_int_equal(open_as(COMPRESS_ZSTD, bytes_of(frame, sizeof frame),
			     3000, CHUNK, &out),
	    OURO_DAMAGED);
	buffer_release(&out);
}

/* The frame says 2^60 bytes with a window of terabytes. */
static void
claims_are_not_believed(void **state)
{
	(void)state;
	static const uint8_t huge[] = { 0x28, 0xb5, 0x2f, 0xfd, 0xc0, 0xf8, 0,
		0, 0, 0, 0, 0, 0, 0x10, 0x03, 0, 0, 'a' };
	struct buffer out = { 0 };
	assert_int_equal(open_as(COMPRESS_ZSTD, bytes_of(huge, sizeof huge),
			     1000, CHUNK, &out),
	    OURO_DAMAGED);
	assert_int_equal(open_as(COMPRESS_ZSTD, bytes_of(huge, sizeof huge),
			     CHUNK, CHUNK, &out),
	    OURO_DAMAGED);
	assert_int_equal(out.size, 0);
	assert_true(out.capacity <= 2 * CHUNK);
	buffer_release(&out);
}

static void
flipped_bits_never_change_the_size(void **state)
{
	(void)state;
	struct buffer stored = { 0 }, out = { 0 };

	pack_text(2000, &stored);
	for (size_t bit = 0; bit < stored.size * 8; bit++) {
		stored.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		enum ouro_status status = open_as(COMPRESS_ZSTD,
		    buffer_bytes(&stored), 2000, CHUNK, &out);
		assert_true(status == OURO_OK || status == OURO_DAMAGED);
		assert_int_equal(out.size, status ? 0 : 2000);
		out.size = 0;
		stored.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	buffer_release(&stored);
	buffer_release(&out);
}

/* ---- the zstd program ------------------------------------------------------ */

/* output of `command` with input on its standard input, through files. */
static void
filter(const char *command, struct bytes input, struct buffer *output)
{
	char directory[] = "/tmp/compress_test.XXXXXX", path[64], line[256];
	uint8_t piece[4096];
	size_t got;

	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/in", directory);
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(input.data, 1, input.size, file), input.size);
	assert_int_equal(fclose(file), 0);
	snprintf(line, sizeof line, "%s < %s", command, path);
	file = popen(line, "r");
	assert_non_null(file);
	while ((got = fread(piece, 1, sizeof piece, file)) > 0)
		assert_int_equal(buffer_append(output, bytes_of(piece, got),
				     NULL),
		    OURO_OK);
	assert_int_equal(pclose(file), 0);
	unlink(path);
	rmdir(directory);
}

static void
the_zstd_program_reads_ours_and_we_read_its(void **state)
{
	(void)state;
	struct buffer ours = { 0 }, theirs = { 0 }, out = { 0 };

	if (system("zstd --version > /dev/null 2>&1") != 0) {
		print_message("no zstd program here\n");
		skip();
	}
	pack_text(CHUNK, &ours);
	/* No content size, checksum or dictionary. */
	assert_int_equal(ours.data[4], 0);
	filter("zstd -q -d -c", buffer_bytes(&ours), &out);
	assert_int_equal(out.size, CHUNK);
	assert_memory_equal(out.data, text, CHUNK);

	out.size = 0;
	filter("zstd -q -9 -c", bytes_of(text, CHUNK), &theirs);
	assert_int_equal(open_as(COMPRESS_ZSTD, buffer_bytes(&theirs), CHUNK,
			     CHUNK, &out),
	    OURO_OK);
	assert_memory_equal(out.data, text, CHUNK);
	buffer_release(&ours);
	buffer_release(&theirs);
	buffer_release(&out);
}

static int
set_up(void **state)
{
	(void)state;
	fill();
	return compressor_new(&compressor, NULL) != OURO_OK;
}

static int
tear_down(void **state)
{
	(void)state;
	compressor_free(compressor);
	compressor_free(NULL);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back_exactly),
		cmocka_unit_test(levels_out_of_range_are_refused),
		cmocka_unit_test(anything_but_the_exact_size_is_damage),
		cmocka_unit_test(only_one_whole_frame_opens),
		cmocka_unit_test(frames_of_older_formats_are_refused),
		cmocka_unit_test(claims_are_not_believed),
		cmocka_unit_test(flipped_bits_never_change_the_size),
		cmocka_unit_test(the_zstd_program_reads_ours_and_we_read_its),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
