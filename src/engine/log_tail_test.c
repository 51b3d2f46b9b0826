/*
 * What lies behind the last record of a log segment: zeros, which mean
 * nothing, and anything else, which is told.
 */
#include "engine/ahead.h"

#include "engine/log_world.h"

#define AHEAD (1024 * 1024)

static void
file_grow(const char *path, uint64_t size)
{
	struct fs_file *file;

	assert_int_equal(fs_open(world.fs, path, FS_READ | FS_WRITE, &file,
			     NULL),
	    OURO_OK);
	assert_int_equal(fs_truncate(file, size, NULL), OURO_OK);
	fs_close(file);
}

static void
byte_write(const char *path, uint64_t offset, uint8_t byte)
{
	struct bytes part = bytes_of(&byte, 1);
	struct fs_file *file;

	assert_int_equal(fs_open(world.fs, path, FS_WRITE, &file, NULL),
	    OURO_OK);
	assert_int_equal(fs_write(file, offset, &part, 1, NULL), OURO_OK);
	fs_close(file);
}

static void
nothing_is_odd(void)
{
	assert_int_equal(stats().torn_bytes, 0);
	assert_int_equal(stats().damaged_records, 0);
	verified(OURO_OK);
}

static void
zeros_are_not_torn(void **state)
{
	uint64_t end;

	(void)state;
	world.options.segment_size = 100000;
	opened();
	put("a", "value of a");
	killed();
	assert_int_equal(file_size(SEGMENT(1)), 100000);
	opened();
	nothing_is_odd();
	expect("a", "value of a");
	put("b", "value of b");
	assert_int_equal(stats().segments, 1); /* it went on there */
	end = stats().disk_bytes + RECORD_HEAD + RECORD_CRC; /* the mark */
	closed();
	assert_int_equal(file_size(SEGMENT(1)), end);
	opened();
	nothing_is_odd();
	expect("b", "value of b");
}

/* A kill between the cut of one segment and the next segment's header, or
 * one that undid the cut. */
static void
zeros_of_an_ended_segment_are_cut(void **state)
{
	uint64_t end;

	(void)state;
	world.options.segment_size = 200;
	opened();
	put("a", "a value that fills the segment, as it should ......");
	put("b", "a value for the next segment, as it should be .....");
	put("c", "a value for one more segment, as it should be .....");
	assert_true(stats().segments >= 2);
	killed();
	end = file_size(SEGMENT(1));
	assert_true(end < 200);
	file_grow(SEGMENT(1), 5000);
	world.options.read_only = true;
	opened();
	nothing_is_odd();
	closed();
	assert_int_equal(file_size(SEGMENT(1)), 5000);
	world.options.read_only = false;
	opened();
	nothing_is_odd();
	assert_int_equal(file_size(SEGMENT(1)), end);
	expect("a", "a value that fills the segment, as it should ......");
	expect("c", "a value for one more segment, as it should be .....");
}

/* The last byte of a checksum is 0 in one record of 256. */
static void
zeros_of_a_record_are_its_own(void **state)
{
	unsigned seen = 0;

	(void)state;
	world.options.segment_size = 100000;
	for (unsigned i = 0; i < 2000; i++) {
		struct buffer content;
		char key[16];
		uint64_t end;

		snprintf(key, sizeof key, "%u", i);
		opened();
		put(key, "v");
		end = stats().disk_bytes;
		killed();
		content = records_read(SEGMENT(1));
		seen += content.size < end;
		buffer_release(&content);
		opened();
		nothing_is_odd();
		expect(key, "v");
		assert_int_equal(stats().disk_bytes, end);
	}
	assert_true(seen > 0);
}

static void
garbage_among_zeros_is_told(void **state)
{
	static const unsigned places[] = { 0, 1, 5, 4000, 90000 };

	for (unsigned i = 0; i < sizeof places / sizeof places[0]; i++) {
		uint64_t end = HEADER_SIZE(0) + 27 + 1 + 10 + 4;

		world.options.segment_size = 100000;
		opened();
		put("a", "value of a");
		killed();
		byte_write(SEGMENT(1), end + places[i], 0xf0);
		opened();
		assert_int_equal(stats().torn_bytes, places[i] + 1);
		assert_int_equal(stats().damaged_records, 0);
		assert_int_equal(file_size(SEGMENT(1)), end);
		expect("a", "value of a");
		put("b", "goes on");
		opened();
		nothing_is_odd();
		expect("b", "goes on");
		(void)world_end(state);
		(void)world_begin(state);
	}
}

/* A durable record in the midst that became zeros is lost, not absent. */
static void
zeros_before_a_record_are_damage(void **state)
{
	struct buffer content;
	uint64_t at;

	(void)state;
	opened();
	put("a", "value of a");
	put("b", "value of b");
	put("c", "value of c");
	killed();
	at = file_find(SEGMENT(1), "value of b");
	content = records_read(SEGMENT(1));
	memset(content.data + at - 28, 0, 42);
	file_write(SEGMENT(1), buffer_bytes(&content));
	buffer_release(&content);
	opened();
	assert_int_equal(stats().damaged_records, 1);
	assert_int_equal(stats().torn_bytes, 0);
	expect("c", "value of c");
}

static void
blocks_are_written_ahead(void **state)
{
	static const uint8_t seal_key[32] = "thirty-two bytes of a seal key.";

	(void)state;
	world.options.seal_key = seal_key;
	opened();
	put("a", "1");
	assert_int_equal(file_size(SEGMENT(1)), stats().disk_bytes);
	put("b", "2");
	assert_int_equal(file_size(SEGMENT(1)), stats().disk_bytes + AHEAD);
	put("c", "3");
	killed();
	opened();
	nothing_is_odd();
	expect("c", "3");
	put("d", "4");
	put_size("e", 100000);
	put("f", "6");
	assert_true(file_size(SEGMENT(1)) > stats().disk_bytes);
	closed();
	opened();
	assert_int_equal(file_size(SEGMENT(1)), stats().disk_bytes);
	nothing_is_odd();
}

static void
a_disk_too_full_for_zeros_will_do(void **state)
{
	(void)state;
	world.options.segment_size = 2 * AHEAD;
	opened();
	fs_memory_limit(world.fs, 100000);
	put("a", "1");
	assert_int_equal(file_size(SEGMENT(1)), stats().disk_bytes);
	put("b", "2");
	put("c", "3");
	assert_int_equal(file_size(SEGMENT(1)), stats().disk_bytes);
	put_size("d", 90000);
	killed();
	opened();
	nothing_is_odd();
	expect("c", "3");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(zeros_are_not_torn),
		TEST(zeros_of_an_ended_segment_are_cut),
		TEST(zeros_of_a_record_are_its_own),
		TEST(garbage_among_zeros_is_told),
		TEST(zeros_before_a_record_are_damage),
		TEST(blocks_are_written_ahead),
		TEST(a_disk_too_full_for_zeros_will_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
