/* Names and directories, in every implementation of fs.h. */
#include "base/fs.h"

#include "base/test_fs.h"

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

#define SUITE(setup) \
	TEST(setup, stat_tells_what_it_is), TEST(setup, mkdir_makes_parents), \
	    TEST(setup, list_is_in_byte_order), \
	    TEST(setup, list_callback_may_call_back), \
	    TEST(setup, rename_replaces), \
	    TEST(setup, rename_new_never_replaces), \
	    TEST(setup, rename_moves_directories), \
	    TEST(setup, sync_dir_wants_a_directory), \
	    TEST(setup, space_is_told)

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
