/*
 * A run that was damaged answers rightly or with OURO_DAMAGED; never wrongly.
 */
#include "engine/run_fixture.h"

#define KEYS 120
#define PATH FIXTURE_DIR "/index-00000001.run"

/* What reading told. */
struct told {
	unsigned right, damaged;
};

static void
status_take(struct told *told, enum ouro_status status, enum ouro_status wanted)
{
	if (status == wanted)
		told->right++;
	else if (status == OURO_DAMAGED)
		told->damaged++;
	else
		fail_msg("status %d where %d is right", (int)status,
		    (int)wanted);
}

static void
find_some(struct run *run, struct told *told)
{
	uint8_t key[ENGINE_KEY_MAX];
	struct ouro_error err;

	for (uint64_t n = 0; n <= 2 * KEYS; n += 7) {
		struct place place;
		enum ouro_status status = fixture_find(run,
		    fixture_bytes(n, true, key), &place, &err);

		status_take(told, status,
		    n % 2 != 0 ? OURO_OK : OURO_NOT_FOUND);
		if (status == OURO_OK)
			fixture_same(&place, n);
		if (status == OURO_DAMAGED)
			assert_non_null(strstr(err.text, PATH));
	}
}

static void
walk_some(struct run *run, bool reverse, struct told *told)
{
	uint8_t key[ENGINE_KEY_MAX];
	struct run_cursor cursor;
	struct ouro_error err;
	enum ouro_status status;
	uint64_t n = reverse ? 2 * KEYS - 1 : 1;

	run_cursor_init(&cursor, run);
	status = run_cursor_seek(&cursor, bytes_of(NULL, 0), false, reverse,
	    &err);
	for (; cursor.valid; n = reverse ? n - 2 : n + 2) {
		assert_true(
		    bytes_equal(cursor.key, fixture_bytes(n, true, key)));
		fixture_same(&cursor.place, n);
		status = run_cursor_next(&cursor, &err);
	}
	status_take(told, status, OURO_OK);
	if (status == OURO_OK)
		assert_true(reverse ? n == UINT64_MAX : n == 2 * KEYS + 1);
	run_cursor_release(&cursor);
}

static void
bad_count(void *context, const char *path, uint64_t offset, uint64_t size)
{
	assert_string_equal(path, PATH);
	assert_true(offset % 8192 == 0 && size == 8192);
	++*(unsigned *)context;
}

/* Everything; returns how many pages are bad. */
static unsigned
read_all(struct run *run, struct told *told)
{
	unsigned bad = 0;
	enum ouro_status status;

	find_some(run, told);
	walk_some(run, false, told);
	walk_some(run, true, told);
	status = run_verify(run, bad_count, &bad, NULL);
	assert_int_equal(status, bad > 0 ? OURO_DAMAGED : OURO_OK);
	return bad;
}

static void
flip_and_read(struct fs *fs, const struct run_store *store, uint64_t offset,
    struct told *told)
{
	struct run *run;
	enum ouro_status status;

	assert_int_equal(fs_memory_flip(fs, PATH, offset, 0x10), OURO_OK);
	status = run_open(store, 1, &run, NULL);
	if (status == OURO_OK) {
		assert_int_equal(read_all(run, told), 1);
		run_unref(run);
	} else {
		assert_int_equal(status, OURO_DAMAGED);
		told->damaged++;
	}
	assert_int_equal(fs_memory_flip(fs, PATH, offset, 0x10), OURO_OK);
}

/* Bytes at a stride that meets every part of every page, and each byte of
 * the beginning and the end of one. */
static void
flips(bool sealed)
{
	struct fs *fs = fixture_fs();
	struct run_store store = fixture_store(fs, sealed);
	struct run *run = fixture_run(&store, 1, KEYS, true);
	uint64_t size = run_size(run), step = getenv("OURO_LONG") ? 1 : 509;
	struct told told = { 0 };

	run_unref(run);
	for (uint64_t at = 0; at < size; at += step)
		flip_and_read(fs, &store, at, &told);
	for (uint64_t at = 0; at < 128; at++)
		flip_and_read(fs, &store, at, &told);
	for (uint64_t at = size - 32; at < size; at++)
		flip_and_read(fs, &store, at, &told);
	assert_true(told.right > 0 && told.damaged > 0);
	fs_memory_free(fs);
}

static void
test_a_flipped_byte_is_never_believed(void **state)
{
	(void)state;
	flips(false);
	flips(true);
}

static void
file_cut(struct fs *fs, uint64_t size)
{
	struct fs_file *file;

	assert_int_equal(fs_open(fs, PATH, FS_READ | FS_WRITE, &file, NULL),
	    OURO_OK);
	assert_int_equal(fs_truncate(file, size, NULL), OURO_OK);
	fs_close(file);
}

static void
cuts(bool sealed)
{
	struct fs *fs = fixture_fs();
	struct run_store store = fixture_store(fs, sealed);
	struct run *run = fixture_run(&store, 1, 20, false);
	uint64_t size = run_size(run);

	run_unref(run);
	file_cut(fs, size + 1);
	assert_int_equal(run_open(&store, 1, &run, NULL), OURO_DAMAGED);
	file_cut(fs, size);
	assert_int_equal(run_open(&store, 1, &run, NULL), OURO_OK);
	run_unref(run);
	while (size-- > 0) {
		file_cut(fs, size);
		assert_int_equal(run_open(&store, 1, &run, NULL), OURO_DAMAGED);
	}
	fs_memory_free(fs);
}

static void
test_a_cut_file_is_damaged(void **state)
{
	(void)state;
	cuts(false);
	cuts(true);
}

/* Content of one file put into another. */
static void
bytes_copy(struct fs *fs, const char *from, uint64_t from_at, const char *to,
    uint64_t to_at, uint64_t size)
{
	struct fs_file *a, *b;
	uint8_t *data = malloc((size_t)size);
	struct bytes part = bytes_of(data, (size_t)size);
	size_t got;

	assert_non_null(data);
	assert_int_equal(fs_open(fs, from, FS_READ, &a, NULL), OURO_OK);
	assert_int_equal(fs_open(fs, to, FS_READ | FS_WRITE, &b, NULL),
	    OURO_OK);
	assert_int_equal(fs_read(a, from_at, data, part.size, &got, NULL),
	    OURO_OK);
	assert_int_equal(got, part.size);
	assert_int_equal(fs_write(b, to_at, &part, 1, NULL), OURO_OK);
	fs_close(a);
	fs_close(b);
	free(data);
}

/* Another page of the same file, and the same page of another file. */
static void
test_pages_stand_for_no_others(void **state)
{
	(void)state;
	for (int way = 0; way < 4; way++) {
		struct fs *fs = fixture_fs();
		struct run_store store = fixture_store(fs, (way & 1) != 0);
		struct run *run = fixture_run(&store, 1, KEYS, true), *other;
		uint64_t pages = run_size(run) / 8192;
		struct told told = { 0 };

		other = fixture_run(&store, 2, KEYS, true);
		run_unref(run);
		run_unref(other);
		for (uint64_t page = 1; page < pages; page++) {
			bytes_copy(fs,
			    (way & 2) != 0 ? FIXTURE_DIR "/index-00000002.run"
					   : PATH,
			    (way & 2) != 0 ? page * 8192
					   : (page % (pages - 1) + 1) * 8192,
			    PATH, page * 8192, 8192);
		}
		if (run_open(&store, 1, &run, NULL) == OURO_OK) {
			assert_int_equal(read_all(run, &told), pages - 1);
			run_unref(run);
			fail_msg("the list of segments was believed");
		}
		fs_memory_free(fs);
	}
}

static void
test_files_stand_for_no_others(void **state)
{
	static const uint8_t other_key[KEY_SIZE] = { 1 };

	(void)state;
	for (int sealed = 0; sealed < 2; sealed++) {
		struct fs *fs = fixture_fs();
		struct run_store store = fixture_store(fs, sealed != 0);
		struct run_store other = store;
		struct run *run = fixture_run(&store, 1, 10, false);

		run_unref(run);
		other.seed++;
		assert_int_equal(run_open(&other, 1, &run, NULL), OURO_DAMAGED);
		other = fixture_store(fs, sealed == 0);
		assert_int_equal(run_open(&other, 1, &run, NULL), OURO_DAMAGED);
		if (sealed != 0) {
			other = store;
			other.seal_key = other_key;
			assert_int_equal(run_open(&other, 1, &run, NULL),
			    OURO_DAMAGED);
			other = store;
			other.name = "copies";
			assert_int_equal(run_open(&other, 1, &run, NULL),
			    OURO_DAMAGED);
		}
		assert_int_equal(run_open(&store, 2, &run, NULL),
		    OURO_NOT_FOUND);
		assert_int_equal(fs_rename(fs, PATH,
				     FIXTURE_DIR "/index-00000002.run", NULL),
		    OURO_OK);
		assert_int_equal(run_open(&store, 2, &run, NULL), OURO_DAMAGED);
		fs_memory_free(fs);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_flipped_byte_is_never_believed),
		cmocka_unit_test(test_a_cut_file_is_damaged),
		cmocka_unit_test(test_pages_stand_for_no_others),
		cmocka_unit_test(test_files_stand_for_no_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
