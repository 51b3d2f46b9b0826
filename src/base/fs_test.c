/* Open files and maps, in every implementation of fs.h. */
#include "base/fs.h"

#include "base/test_fs.h"

#define READ_WRITE (FS_READ | FS_WRITE)

/* ---- files ------------------------------------------------------------ */

static void
open_makes_only_when_told(void **state)
{
	struct place *place = *state;
	struct ouro_error err = { 0 };
	struct fs_file *file;

	assert_int_equal(fs_open(place->fs, at(place, "a"), FS_READ, &file,
			     &err),
	    OURO_NOT_FOUND);
	assert_null(file);
	assert_non_null(strstr(err.text, place->path));
	fs_close(opened(place, "a", MAKE));
	fs_close(opened(place, "a", MAKE));
	assert_int_equal(fs_open(place->fs, at(place, "a"), MAKE | FS_EXCLUSIVE,
			     &file, NULL),
	    OURO_EXISTS);
	fs_close(opened(place, "b", MAKE | FS_EXCLUSIVE));
	assert_int_equal(fs_open(place->fs, at(place, "x/b"), MAKE, &file,
			     NULL),
	    OURO_NOT_FOUND);
	assert_int_equal(fs_open(place->fs, at(place, "a/b"), MAKE, &file,
			     NULL),
	    OURO_IO);
	assert_int_equal(fs_open(place->fs, place->dir, FS_READ, &file, NULL),
	    OURO_IO);
	fs_close(NULL);
}

static void
open_refuses_senseless_flags(void **state)
{
	static const unsigned flags[] = { 0, FS_CREATE, FS_READ | FS_CREATE,
		FS_WRITE | FS_EXCLUSIVE, FS_READ | 64 };
	struct place *place = *state;
	struct fs_file *file;

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		assert_int_equal(fs_open(place->fs, at(place, "a"), flags[i],
				     &file, NULL),
		    OURO_INVALID);
}

static void
access_is_what_open_asked_for(void **state)
{
	struct place *place = *state;
	struct bytes part = bytes_text("x");
	struct fs_file *file = opened(place, "a", FS_WRITE | FS_CREATE);
	size_t got;
	char c;

	write_text(file, 0, "abc");
	assert_int_equal(fs_read(file, 0, &c, 1, &got, NULL), OURO_INVALID);
	fs_close(file);
	file = opened(place, "a", FS_READ);
	assert_string_equal(fs_path(file), at(place, "a"));
	assert_int_equal(fs_write(file, 0, &part, 1, NULL), OURO_INVALID);
	assert_int_equal(fs_truncate(file, 0, NULL), OURO_INVALID);
	assert_int_equal(fs_allocate(file, 9, NULL), OURO_INVALID);
	assert_int_equal(fs_lock(file, NULL), OURO_INVALID);
	assert_text(file, 0, "abc");
	fs_close(file);
}

static void
read_stops_at_the_end(void **state)
{
	struct place *place = *state;
	struct fs_file *file = opened(place, "a", MAKE);
	char data[16];
	size_t got;

	write_text(file, 0, "hello");
	assert_int_equal(fs_read(file, 3, data, 16, &got, NULL), OURO_OK);
	assert_int_equal(got, 2);
	assert_int_equal(fs_read(file, 5, data, 16, &got, NULL), OURO_OK);
	assert_int_equal(got, 0);
	assert_int_equal(fs_read(file, 500, data, 16, &got, NULL), OURO_OK);
	assert_int_equal(got, 0);
	assert_int_equal(fs_read(file, UINT64_MAX, data, 16, &got, NULL),
	    OURO_INVALID);
	fs_close(file);
}

static void
write_takes_parts_in_order(void **state)
{
	struct place *place = *state;
	struct fs_file *file = opened(place, "a", MAKE);
	struct bytes parts[FS_PARTS_MAX + 1];

	for (size_t i = 0; i < FS_PARTS_MAX + 1; i++)
		parts[i] = i % 3 == 2 ? bytes_of(NULL, 0)
				      : bytes_of(&"0123456789"[i % 10], 1);
	assert_int_equal(fs_write(file, 4, parts, FS_PARTS_MAX + 1, NULL),
	    OURO_INVALID);
	assert_int_equal(fs_write(file, UINT64_MAX - 1, parts, 9, NULL),
	    OURO_INVALID);
	assert_int_equal(fs_write(file, 4, parts, 0, NULL), OURO_OK);
	assert_size(file, 0);
	assert_int_equal(fs_write(file, 4, parts, FS_PARTS_MAX, NULL), OURO_OK);
	assert_size(file, 4 + 43);
	assert_text(file, 4, "0134679023");
	/* The gap before it. */
	{
		char gap[4];
		size_t got;

		assert_int_equal(fs_read(file, 0, gap, 4, &got, NULL), OURO_OK);
		assert_memory_equal(gap, "\0\0\0\0", 4);
	}
	write_text(file, 6, "XY");
	assert_text(file, 4, "01XY679023");
	fs_close(file);
}

static void
truncate_cuts_and_extends_with_zeros(void **state)
{
	struct place *place = *state;
	struct fs_file *file = opened(place, "a", MAKE);
	char data[8];
	size_t got;

	write_text(file, 0, "abcdefgh");
	assert_int_equal(fs_truncate(file, 3, NULL), OURO_OK);
	assert_size(file, 3);
	assert_int_equal(fs_truncate(file, 8, NULL), OURO_OK);
	assert_int_equal(fs_read(file, 0, data, 8, &got, NULL), OURO_OK);
	assert_int_equal(got, 8);
	assert_memory_equal(data, "abc\0\0\0\0\0", 8);
	assert_int_equal(fs_truncate(file, UINT64_MAX, NULL), OURO_INVALID);
	fs_close(file);
}

static void
allocate_grows_and_never_shrinks(void **state)
{
	struct place *place = *state;
	struct fs_file *file = opened(place, "a", MAKE);

	write_text(file, 0, "abc");
	assert_int_equal(fs_allocate(file, 100000, NULL), OURO_OK);
	assert_size(file, 100000);
	assert_int_equal(fs_allocate(file, 10, NULL), OURO_OK);
	assert_int_equal(fs_allocate(file, 0, NULL), OURO_OK);
	assert_size(file, 100000);
	assert_text(file, 0, "abc");
	fs_flush_start(file, 0, 100000);
	fs_flush_start(file, UINT64_MAX, 10);
	assert_int_equal(fs_sync(file, NULL), OURO_OK);
	fs_close(file);
}

static void
large_writes_read_back(void **state)
{
	struct place *place = *state;
	struct fs_file *file = opened(place, "a", MAKE);
	size_t size = 3 * 1024 * 1024 + 17, got;
	uint8_t *data = malloc(2 * size);
	struct bytes parts[3];

	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)(i * 2654435761U >> 13);
	parts[0] = bytes_of(data, 11);
	parts[1] = bytes_of(data + 11, size / 2);
	parts[2] = bytes_of(data + 11 + size / 2, size - size / 2 - 11);
	assert_int_equal(fs_write(file, 5, parts, 3, NULL), OURO_OK);
	assert_size(file, size + 5);
	assert_int_equal(fs_read(file, 5, data + size, size, &got, NULL),
	    OURO_OK);
	assert_int_equal(got, size);
	assert_memory_equal(data, data + size, size);
	free(data);
	fs_close(file);
}

static void
unlinked_files_go_on_while_open(void **state)
{
	struct place *place = *state;
	struct fs_file *file = opened(place, "a", MAKE);
	struct fs_file *other;
	struct fs_info info;

	write_text(file, 0, "old");
	assert_int_equal(fs_unlink(place->fs, at(place, "a"), NULL), OURO_OK);
	assert_int_equal(fs_stat(place->fs, at(place, "a"), &info, NULL),
	    OURO_NOT_FOUND);
	assert_int_equal(fs_unlink(place->fs, at(place, "a"), NULL),
	    OURO_NOT_FOUND);
	other = opened(place, "a", MAKE);
	write_text(other, 0, "new");
	write_text(file, 3, "er");
	assert_text(file, 0, "older");
	assert_text(other, 0, "new");
	assert_int_equal(fs_sync(file, NULL), OURO_OK);
	fs_close(file);
	fs_close(other);
}

/* ---- maps and locks --------------------------------------------------- */

static void
maps_share_the_file(void **state)
{
	struct place *place = *state;
	struct fs_file *file = opened(place, "a", MAKE);
	const char *reader;
	char *writer;
	void *map;

	write_text(file, 0, "abcdefgh");
	assert_int_equal(fs_map(file, 9, FS_READ, &map, NULL), OURO_INVALID);
	assert_int_equal(fs_map(file, 0, FS_READ, &map, NULL), OURO_INVALID);
	assert_int_equal(fs_map(file, 8, FS_WRITE, &map, NULL), OURO_INVALID);
	assert_null(map);
	assert_int_equal(fs_map(file, 8, FS_READ, &map, NULL), OURO_OK);
	reader = map;
	assert_int_equal(fs_map(file, 8, READ_WRITE, &map, NULL), OURO_OK);
	writer = map;
	assert_memory_equal(reader, "abcdefgh", 8);
	writer[1] = 'X';
	assert_text(file, 0, "aXcdefgh");
	write_text(file, 2, "YZ");
	assert_memory_equal(reader, "aXYZefgh", 8);
	fs_unmap(place->fs, writer, 8);
	fs_unmap(place->fs, (void *)(uintptr_t)reader, 8);
	fs_unmap(place->fs, NULL, 0);
	assert_text(file, 0, "aXYZefgh");
	fs_close(file);
}

static void
maps_outlive_growth_close_and_unlink(void **state)
{
	struct place *place = *state;
	struct fs_file *file = opened(place, "a", MAKE);
	uint8_t block[4096];
	struct bytes part = bytes_of(block, sizeof(block));
	void *first, *second;

	memset(block, 7, sizeof(block));
	assert_int_equal(fs_write(file, 0, &part, 1, NULL), OURO_OK);
	assert_int_equal(fs_map(file, 4096, READ_WRITE, &first, NULL), OURO_OK);
	for (uint64_t i = 1; i < 200; i++)
		assert_int_equal(fs_write(file, i * 4096, &part, 1, NULL),
		    OURO_OK);
	assert_int_equal(fs_map(file, 200 * 4096, FS_READ, &second, NULL),
	    OURO_OK);
	((uint8_t *)first)[5] = 9;
	fs_close(file);
	assert_int_equal(fs_unlink(place->fs, at(place, "a"), NULL), OURO_OK);
	assert_int_equal(((uint8_t *)second)[5], 9);
	assert_int_equal(((uint8_t *)second)[200 * 4096 - 1], 7);
	fs_unmap(place->fs, second, 200 * 4096);
	assert_int_equal(((uint8_t *)first)[4095], 7);
	fs_unmap(place->fs, first, 4096);
}

static void
maps_see_cuts(void **state)
{
	struct place *place = *state;
	struct fs_file *file = opened(place, "a", MAKE);
	void *map;

	write_text(file, 0, "abcdefgh");
	assert_int_equal(fs_map(file, 8, READ_WRITE, &map, NULL), OURO_OK);
	assert_int_equal(fs_truncate(file, 3, NULL), OURO_OK);
	assert_int_equal(fs_truncate(file, 8, NULL), OURO_OK);
	assert_memory_equal(map, "abc\0\0\0\0\0", 8);
	((char *)map)[7] = '!';
	assert_text(file, 7, "!");
	fs_unmap(place->fs, map, 8);
	fs_close(file);
}

static void
lock_is_for_one_holder(void **state)
{
	struct place *place = *state;
	struct fs_file *first = opened(place, "lock", MAKE);
	struct fs_file *second = opened(place, "lock", MAKE);
	struct ouro_error err = { 0 };
	char pid[32];

	write_text(first, 0, "a longer text than any process id");
	assert_int_equal(fs_lock(first, NULL), OURO_OK);
	snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	assert_text(second, 0, pid);
	assert_size(second, strlen(pid));
	pid[strlen(pid) - 1] = '\0';
	assert_int_equal(fs_lock(second, &err), OURO_LOCKED);
	assert_non_null(strstr(err.text, pid));
	assert_non_null(strstr(err.text, place->path));
	fs_close(second);
	/* That close did not release it. */
	second = opened(place, "lock", READ_WRITE);
	assert_int_equal(fs_lock(second, NULL), OURO_LOCKED);
	fs_close(first);
	assert_int_equal(fs_lock(second, NULL), OURO_OK);
	fs_close(second);
}

#define SUITE(setup) \
	TEST(setup, open_makes_only_when_told), \
	    TEST(setup, open_refuses_senseless_flags), \
	    TEST(setup, access_is_what_open_asked_for), \
	    TEST(setup, read_stops_at_the_end), \
	    TEST(setup, write_takes_parts_in_order), \
	    TEST(setup, truncate_cuts_and_extends_with_zeros), \
	    TEST(setup, allocate_grows_and_never_shrinks), \
	    TEST(setup, large_writes_read_back), \
	    TEST(setup, unlinked_files_go_on_while_open), \
	    TEST(setup, maps_share_the_file), \
	    TEST(setup, maps_outlive_growth_close_and_unlink), \
	    TEST(setup, maps_see_cuts), TEST(setup, lock_is_for_one_holder)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE(posix),
		SUITE(memory),
		SUITE(crash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
