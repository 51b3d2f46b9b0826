/* One suite that every implementation of fs.h has to pass. */
#include "base/fs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <ftw.h>
#include <pthread.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs_crash.h"
#include "base/fs_memory.h"

#define READ_WRITE (FS_READ | FS_WRITE)
#define MAKE	   (FS_READ | FS_WRITE | FS_CREATE)

struct place {
	struct fs *fs;
	char dir[64];
	char path[FS_PATH_MAX];
	void (*release)(struct fs *fs);
};

static int
entry_remove(const char *path, const struct stat *st, int kind,
    struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

static int
posix_setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	strcpy(place->dir, "/tmp/fs_test.XXXXXX");
	assert_non_null(mkdtemp(place->dir));
	place->fs = fs_posix();
	*state = place;
	return 0;
}

static int
memory_setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	place->fs = fs_memory_new(1);
	place->release = fs_memory_free;
	strcpy(place->dir, "/place");
	*state = place;
	return (int)fs_mkdir(place->fs, place->dir, NULL);
}

static int
crash_setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	place->fs = fs_crash_new(1);
	place->release = fs_crash_free;
	strcpy(place->dir, "/place");
	*state = place;
	return (int)fs_mkdir(place->fs, place->dir, NULL);
}

static int
place_teardown(void **state)
{
	struct place *place = *state;

	if (place->release != NULL)
		place->release(place->fs);
	else
		(void)nftw(place->dir, entry_remove, 8, FTW_DEPTH | FTW_PHYS);
	free(place);
	return 0;
}

/* The path of name; valid until the next call. */
static const char *
at(struct place *place, const char *name)
{
	assert_int_equal(fs_join(place->path, place->dir, name, NULL), OURO_OK);
	return place->path;
}

static struct fs_file *
opened(struct place *place, const char *name, unsigned flags)
{
	struct ouro_error err = { 0 };
	struct fs_file *file;

	if (fs_open(place->fs, at(place, name), flags, &file, &err) != OURO_OK)
		fail_msg("%s", err.text);
	return file;
}

static void
write_text(struct fs_file *file, uint64_t offset, const char *text)
{
	struct bytes part = bytes_text(text);

	assert_int_equal(fs_write(file, offset, &part, 1, NULL), OURO_OK);
}

static void
assert_text(struct fs_file *file, uint64_t offset, const char *text)
{
	size_t size = strlen(text), got;
	char data[128];

	assert_true(size < sizeof(data));
	assert_int_equal(fs_read(file, offset, data, size, &got, NULL),
	    OURO_OK);
	assert_int_equal(got, size);
	assert_memory_equal(data, text, size);
}

static void
assert_size(struct fs_file *file, uint64_t expected)
{
	uint64_t size;

	assert_int_equal(fs_size(file, &size, NULL), OURO_OK);
	assert_int_equal(size, expected);
}

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

/* ---- names ------------------------------------------------------------ */

static void
stat_tells_what_it_is(void **state)
{
	struct place *place = *state;
	struct fs_file *file = opened(place, "a", MAKE);
	struct fs_info info;

	write_text(file, 0, "12345");
	fs_close(file);
	assert_int_equal(fs_stat(place->fs, at(place, "a"), &info, NULL),
	    OURO_OK);
	assert_int_equal(info.size, 5);
	assert_true(info.regular);
	assert_false(info.directory);
	assert_false(info.link);
	assert_int_equal(info.mode, 0600);
	assert_true(info.modified_ms > 0);
	assert_int_equal(fs_stat(place->fs, place->dir, &info, NULL), OURO_OK);
	assert_true(info.directory);
	assert_false(info.regular);
	assert_int_equal(fs_stat(place->fs, at(place, ""), &info, NULL),
	    OURO_OK);
	assert_int_equal(fs_stat(place->fs, at(place, "a/b"), &info, NULL),
	    OURO_IO);
	assert_int_equal(fs_stat(place->fs, "", &info, NULL), OURO_NOT_FOUND);
}

static void
mkdir_makes_parents(void **state)
{
	struct place *place = *state;
	struct ouro_error err = { 0 };
	struct fs_info info;

	assert_int_equal(fs_mkdir(place->fs, at(place, "x//y/./z/"), NULL),
	    OURO_OK);
	assert_int_equal(fs_mkdir(place->fs, at(place, "x/y/z"), NULL),
	    OURO_OK);
	assert_int_equal(fs_mkdir(place->fs, "/", NULL), OURO_OK);
	assert_int_equal(fs_mkdir(place->fs, ".", NULL), OURO_OK);
	assert_int_equal(fs_stat(place->fs, at(place, "x/y/z"), &info, NULL),
	    OURO_OK);
	assert_true(info.directory);
	fs_close(opened(place, "file", MAKE));
	assert_int_equal(fs_mkdir(place->fs, at(place, "file"), &err),
	    OURO_EXISTS);
	assert_non_null(strstr(err.text, place->path));
	assert_int_equal(fs_mkdir(place->fs, at(place, "file/b"), NULL),
	    OURO_IO);
}

struct listing {
	char text[256];
	const char *stop;
};

static enum ouro_status
listing_add(void *context, const char *name, struct ouro_error *err)
{
	struct listing *listing = context;

	(void)err;
	strcat(listing->text, name);
	strcat(listing->text, " ");
	if (listing->stop != NULL && strcmp(name, listing->stop) == 0)
		return OURO_CANCELLED;
	return OURO_OK;
}

static void
list_is_in_byte_order(void **state)
{
	static const char *const names[] = { "b", "a", "B", "segment-10",
		"segment-2", "\xc3\xa9", "a.b", ".hidden" };
	struct place *place = *state;
	struct listing listing = { 0 };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		fs_close(opened(place, names[i], MAKE));
	assert_int_equal(fs_mkdir(place->fs, at(place, "dir"), NULL), OURO_OK);
	assert_int_equal(fs_list(place->fs, place->dir, listing_add, &listing,
			     NULL),
	    OURO_OK);
	assert_string_equal(listing.text,
	    ".hidden B a a.b b dir segment-10 "
	    "segment-2 \xc3\xa9 ");
	listing = (struct listing){ .stop = "a" };
	assert_int_equal(fs_list(place->fs, place->dir, listing_add, &listing,
			     NULL),
	    OURO_CANCELLED);
	assert_string_equal(listing.text, ".hidden B a ");
	listing = (struct listing){ 0 };
	assert_int_equal(fs_list(place->fs, at(place, "dir"), listing_add,
			     &listing, NULL),
	    OURO_OK);
	assert_string_equal(listing.text, "");
	assert_int_equal(fs_list(place->fs, at(place, "none"), listing_add,
			     &listing, NULL),
	    OURO_NOT_FOUND);
	assert_int_equal(fs_list(place->fs, at(place, "a"), listing_add,
			     &listing, NULL),
	    OURO_IO);
}

static enum ouro_status
listed_unlink(void *context, const char *name, struct ouro_error *err)
{
	struct place *place = context;

	return fs_unlink(place->fs, at(place, name), err);
}

static void
list_callback_may_call_back(void **state)
{
	struct place *place = *state;
	struct listing listing = { 0 };

	for (char name[] = "a"; name[0] <= 'z'; name[0]++)
		fs_close(opened(place, name, MAKE));
	assert_int_equal(fs_list(place->fs, place->dir, listed_unlink, place,
			     NULL),
	    OURO_OK);
	assert_int_equal(fs_list(place->fs, place->dir, listing_add, &listing,
			     NULL),
	    OURO_OK);
	assert_string_equal(listing.text, "");
}

static enum ouro_status
rename_in(struct place *place, const char *from, const char *to)
{
	char source[FS_PATH_MAX];

	strcpy(source, at(place, from));
	return fs_rename(place->fs, source, at(place, to), NULL);
}

static void
rename_replaces(void **state)
{
	struct place *place = *state;
	struct fs_file *a = opened(place, "a", MAKE);
	struct fs_file *b = opened(place, "b", MAKE);
	struct fs_file *now;

	write_text(a, 0, "was a");
	write_text(b, 0, "was b");
	assert_int_equal(rename_in(place, "a", "b"), OURO_OK);
	assert_int_equal(rename_in(place, "a", "b"), OURO_NOT_FOUND);
	assert_int_equal(rename_in(place, "b", "b"), OURO_OK);
	now = opened(place, "b", FS_READ);
	assert_text(now, 0, "was a");
	assert_text(b, 0, "was b");
	write_text(a, 4, "X");
	assert_text(now, 0, "was X");
	fs_close(now);
	fs_close(a);
	fs_close(b);
	assert_int_equal(fs_mkdir(place->fs, at(place, "dir"), NULL), OURO_OK);
	assert_int_equal(rename_in(place, "b", "dir/c"), OURO_OK);
	now = opened(place, "dir/c", FS_READ);
	assert_text(now, 0, "was X");
	fs_close(now);
	assert_int_equal(rename_in(place, "dir/c", "none/c"), OURO_NOT_FOUND);
	assert_int_equal(fs_sync_dir(place->fs, at(place, "dir"), NULL),
	    OURO_OK);
}

/* Whoever comes second is told, and what is there stays. */
static void
rename_new_never_replaces(void **state)
{
	struct place *place = *state;
	char source[FS_PATH_MAX];
	struct fs_file *file;

	file = opened(place, "a", MAKE);
	write_text(file, 0, "was a");
	fs_close(file);
	file = opened(place, "b", MAKE);
	write_text(file, 0, "was b");
	fs_close(file);
	assert_int_equal(fs_join(source, place->dir, "a", NULL), OURO_OK);
	assert_int_equal(fs_rename_new(place->fs, source, at(place, "b"), NULL),
	    OURO_EXISTS);
	assert_int_equal(fs_rename_new(place->fs, source, at(place, "a"), NULL),
	    OURO_EXISTS);
	assert_int_equal(fs_rename_new(place->fs, source, at(place, "none/c"),
			     NULL),
	    OURO_NOT_FOUND);
	file = opened(place, "b", FS_READ);
	assert_text(file, 0, "was b");
	fs_close(file);
	assert_int_equal(fs_rename_new(place->fs, source, at(place, "c"), NULL),
	    OURO_OK);
	file = opened(place, "c", FS_READ);
	assert_text(file, 0, "was a");
	fs_close(file);
	assert_int_equal(fs_rename_new(place->fs, source, at(place, "d"), NULL),
	    OURO_NOT_FOUND);
}

static void
rename_moves_directories(void **state)
{
	struct place *place = *state;

	assert_int_equal(fs_mkdir(place->fs, at(place, "x/y"), NULL), OURO_OK);
	fs_close(opened(place, "x/y/f", MAKE));
	fs_close(opened(place, "g", MAKE));
	assert_int_equal(rename_in(place, "x", "x/y/z"), OURO_IO);
	assert_int_equal(rename_in(place, "g", "x"), OURO_IO);
	assert_int_equal(rename_in(place, "x", "g"), OURO_IO);
	assert_int_equal(rename_in(place, "x", "moved"), OURO_OK);
	fs_close(opened(place, "moved/y/f", FS_READ));
	assert_int_equal(fs_mkdir(place->fs, at(place, "empty"), NULL),
	    OURO_OK);
	assert_int_equal(rename_in(place, "empty", "moved"), OURO_IO);
	assert_int_equal(rename_in(place, "moved", "empty"), OURO_OK);
	fs_close(opened(place, "empty/y/f", FS_READ));
	assert_int_equal(fs_unlink(place->fs, at(place, "empty"), NULL),
	    OURO_IO);
}

static void
sync_dir_wants_a_directory(void **state)
{
	struct place *place = *state;

	fs_close(opened(place, "a", MAKE));
	assert_int_equal(fs_sync_dir(place->fs, place->dir, NULL), OURO_OK);
	assert_int_equal(fs_sync_dir(place->fs, at(place, "none"), NULL),
	    OURO_NOT_FOUND);
	assert_int_equal(fs_sync_dir(place->fs, at(place, "a"), NULL), OURO_IO);
}

static void
space_is_told(void **state)
{
	struct place *place = *state;
	struct fs_space space;

	assert_int_equal(fs_space(place->fs, place->dir, &space, NULL),
	    OURO_OK);
	assert_true(space.total > 0);
	assert_true(space.available <= space.total);
	assert_int_equal(fs_space(place->fs, at(place, "none"), &space, NULL),
	    OURO_NOT_FOUND);
}

/* ---- time and randomness ---------------------------------------------- */

static void
clocks_run_forward(void **state)
{
	struct place *place = *state;
	uint64_t before = fs_monotonic_ns(place->fs), after;

	for (int i = 0; i < 100; i++) {
		after = fs_monotonic_ns(place->fs);
		assert_true(after >= before);
		before = after;
	}
	assert_true(fs_wall_ms(place->fs) > UINT64_C(1700000000000));
}

static void
random_fills_all(void **state)
{
	struct place *place = *state;
	uint8_t a[1000] = { 0 }, b[1000] = { 0 };
	size_t zeros = 0;

	assert_int_equal(fs_random(place->fs, a, 999, NULL), OURO_OK);
	assert_int_equal(fs_random(place->fs, b, 999, NULL), OURO_OK);
	assert_memory_not_equal(a, b, 999);
	for (size_t i = 0; i < 999; i++)
		zeros += a[i] == 0;
	assert_true(zeros < 50);
	assert_int_equal(a[999], 0);
}

/* ---- helpers ---------------------------------------------------------- */

static void
whole_files_are_read_and_written(void **state)
{
	struct place *place = *state;
	struct listing listing = { 0 };
	struct buffer buffer = { 0 };

	assert_int_equal(fs_read_file(place->fs, at(place, "a"), 10, &buffer,
			     NULL),
	    OURO_NOT_FOUND);
	assert_int_equal(fs_write_file(place->fs, at(place, "a"),
			     bytes_text("first"), NULL),
	    OURO_OK);
	assert_int_equal(fs_write_file(place->fs, at(place, "a"),
			     bytes_text("second"), NULL),
	    OURO_OK);
	assert_int_equal(fs_read_file(place->fs, at(place, "a"), 5, &buffer,
			     NULL),
	    OURO_TOO_LARGE);
	assert_int_equal(fs_read_file(place->fs, at(place, "a"), 6, &buffer,
			     NULL),
	    OURO_OK);
	assert_true(bytes_equal(buffer_bytes(&buffer), bytes_text("second")));
	assert_int_equal(fs_write_file(place->fs, at(place, "a"),
			     bytes_of(NULL, 0), NULL),
	    OURO_OK);
	assert_int_equal(fs_read_file(place->fs, at(place, "a"), 6, &buffer,
			     NULL),
	    OURO_OK);
	assert_int_equal(buffer.size, 0);
	buffer_release(&buffer);
	assert_int_equal(fs_mkdir(place->fs, at(place, "d"), NULL), OURO_OK);
	assert_int_equal(fs_write_file(place->fs, at(place, "d"),
			     bytes_text("x"), NULL),
	    OURO_IO);
	assert_int_equal(fs_write_file(place->fs, at(place, "none/d"),
			     bytes_text("x"), NULL),
	    OURO_NOT_FOUND);
	assert_int_equal(fs_list(place->fs, place->dir, listing_add, &listing,
			     NULL),
	    OURO_OK);
	assert_string_equal(listing.text, "a d ");
}

static void
files_are_created_once(void **state)
{
	struct place *place = *state;
	struct listing listing = { 0 };
	struct buffer buffer = { 0 };

	assert_int_equal(fs_create_file(place->fs, at(place, "a"),
			     bytes_text("first"), NULL),
	    OURO_OK);
	assert_int_equal(fs_create_file(place->fs, at(place, "a"),
			     bytes_text("second"), NULL),
	    OURO_EXISTS);
	assert_int_equal(fs_read_file(place->fs, at(place, "a"), 9, &buffer,
			     NULL),
	    OURO_OK);
	assert_true(bytes_equal(buffer_bytes(&buffer), bytes_text("first")));
	buffer_release(&buffer);
	assert_int_equal(fs_create_file(place->fs, at(place, "none/a"),
			     bytes_text("x"), NULL),
	    OURO_NOT_FOUND);
	assert_int_equal(fs_list(place->fs, place->dir, listing_add, &listing,
			     NULL),
	    OURO_OK);
	assert_string_equal(listing.text, "a ");
}

static void
leftovers_are_known_by_their_names(void **state)
{
	(void)state;
	assert_true(fs_name_is_leftover("keyring.0123456789abcdef.tmp"));
	assert_true(fs_name_is_leftover("a.b.ffffffffffffffff.tmp"));
	assert_false(fs_name_is_leftover(".0123456789abcdef.tmp"));
	assert_false(fs_name_is_leftover("a.0123456789abcde.tmp"));
	assert_false(fs_name_is_leftover("a.0123456789abcdeF.tmp"));
	assert_false(fs_name_is_leftover("a.0123456789abcdef0.tmp"));
	assert_false(fs_name_is_leftover("a.0123456789abcdef.tmp2"));
	assert_false(fs_name_is_leftover("a0123456789abcdef0.tmp"));
	assert_false(fs_name_is_leftover("a.tmp"));
	assert_false(fs_name_is_leftover(""));
}

static void
join_puts_one_slash(void **state)
{
	char out[FS_PATH_MAX], *name = malloc(FS_PATH_MAX);

	(void)state;
	assert_int_equal(fs_join(out, "a", "b", NULL), OURO_OK);
	assert_string_equal(out, "a/b");
	assert_int_equal(fs_join(out, "/", "b", NULL), OURO_OK);
	assert_string_equal(out, "/b");
	assert_int_equal(fs_join(out, "", "b", NULL), OURO_OK);
	assert_string_equal(out, "b");
	memset(name, 'n', FS_PATH_MAX);
	name[FS_PATH_MAX - 3] = '\0';
	assert_int_equal(fs_join(out, "d", name, NULL), OURO_OK);
	assert_int_equal(fs_join(out, "dd", name, NULL), OURO_TOO_LARGE);
	free(name);
}

/* ---- threads ---------------------------------------------------------- */

#define THREADS 4
#define ROUNDS	50

struct worker {
	struct place *place;
	struct fs_file *shared;
	unsigned number;
	bool failed;
};

static void *
worker_run(void *context)
{
	struct worker *worker = context;
	struct fs *fs = worker->place->fs;
	char own[96], other[128], data[8] = "";
	struct bytes part = bytes_of(data, sizeof(data));
	struct fs_file *file;
	size_t got;

	snprintf(own, sizeof(own), "%s/%u", worker->place->dir, worker->number);
	snprintf(other, sizeof(other), "%s.moved", own);
	for (uint64_t i = 0; i < ROUNDS; i++) {
		uint64_t offset = (i * THREADS + worker->number) * sizeof(data);

		snprintf(data, sizeof(data), "%u:%04u", worker->number & 7u,
		    (unsigned)i & 0xfffu);
		worker->failed |= fs_write(worker->shared, offset, &part, 1,
				      NULL) != OURO_OK;
		worker->failed |= fs_read(worker->shared, offset, data,
				      sizeof(data), &got, NULL) != OURO_OK ||
		    got != sizeof(data);
		worker->failed |= fs_open(fs, own, MAKE, &file, NULL) !=
		    OURO_OK;
		fs_close(file);
		worker->failed |= fs_rename(fs, own, other, NULL) != OURO_OK;
		worker->failed |= fs_unlink(fs, other, NULL) != OURO_OK;
		worker->failed |= fs_sync(worker->shared, NULL) != OURO_OK;
	}
	return NULL;
}

static void
threads_share_a_file(void **state)
{
	struct place *place = *state;
	struct fs_file *shared = opened(place, "shared", MAKE);
	struct worker workers[THREADS];
	pthread_t threads[THREADS];

	for (unsigned i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ place, shared, i, false };
		assert_int_equal(pthread_create(&threads[i], NULL, worker_run,
				     &workers[i]),
		    0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_false(workers[i].failed);
	}
	assert_size(shared, (uint64_t)THREADS * ROUNDS * 8);
	for (unsigned i = 0; i < THREADS; i++) {
		char text[8];

		snprintf(text, sizeof(text), "%u:0049", i);
		assert_text(shared, ((ROUNDS - 1) * THREADS + i) * 8, text);
	}
	fs_close(shared);
}

#define TEST(setup, name) \
	{ \
#setup ": " #name, name, setup##_setup, place_teardown, NULL \
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
	    TEST(setup, maps_see_cuts), TEST(setup, lock_is_for_one_holder), \
	    TEST(setup, stat_tells_what_it_is), \
	    TEST(setup, mkdir_makes_parents), \
	    TEST(setup, list_is_in_byte_order), \
	    TEST(setup, list_callback_may_call_back), \
	    TEST(setup, rename_replaces), \
	    TEST(setup, rename_new_never_replaces), \
	    TEST(setup, rename_moves_directories), \
	    TEST(setup, sync_dir_wants_a_directory), \
	    TEST(setup, space_is_told), TEST(setup, clocks_run_forward), \
	    TEST(setup, random_fills_all), \
	    TEST(setup, whole_files_are_read_and_written), \
	    TEST(setup, files_are_created_once), \
	    TEST(setup, leftovers_are_known_by_their_names), \
	    TEST(setup, join_puts_one_slash), \
	    TEST(setup, threads_share_a_file)

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
