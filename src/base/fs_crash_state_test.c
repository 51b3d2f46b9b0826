#include "base/fs_crash.h"

#include <errno.h>

#include "base/test_crash.h"

/* ---- states and stops ------------------------------------------------- */

static void
states_are_independent(void **state)
{
	struct fs *fs = *state, *after;
	struct fs_file *file = opened(fs, "/a"), *copy;

	write_text(file, 0, "abc");
	sync_all(file, fs, "/");
	write_text(file, 1, "X");
	after = state_of(fs, FS_CRASH_KEEP_ALL, 0);
	copy = opened(after, "/a");
	write_text(copy, 0, "Y");
	write_text(file, 2, "Z");
	assert_text(fs, "/a", "aXZ");
	assert_text(after, "/a", "YXc");
	assert_state(after, FS_CRASH_LOSE_ALL, "/a", "aXc");
	assert_state(fs, FS_CRASH_LOSE_ALL, "/a", "abc");
	fs_close(file);
	fs_close(copy);
	assert_int_equal(fs_unlink(fs, "/a", NULL), OURO_OK);
	assert_text(after, "/a", "YXc");
	fs_crash_free(after);
}

static void
states_are_determined_by_the_seed(void **state)
{
	struct fs *fs = *state;
	struct fs_file *file = opened(fs, "/a");
	unsigned differ = 0;
	uint64_t now;

	sync_all(file, fs, "/");
	now = fs_monotonic_ns(fs);
	for (uint64_t i = 0; i < 20; i++)
		write_text(file, i, "x");
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct fs *a = state_of(fs, FS_CRASH_SUBSET, seed);
		struct fs *b = state_of(fs, FS_CRASH_SUBSET, seed);
		struct fs *c = state_of(fs, FS_CRASH_SUBSET, seed + 1);
		uint64_t of_a, of_b, of_c;
		char text[64];

		strcpy(text, text_in(a, "/a"));
		assert_text(b, "/a", text);
		differ += strcmp(text_in(c, "/a"), text) != 0;
		assert_int_equal(fs_random(a, &of_a, 8, NULL), OURO_OK);
		assert_int_equal(fs_random(b, &of_b, 8, NULL), OURO_OK);
		assert_int_equal(fs_random(c, &of_c, 8, NULL), OURO_OK);
		assert_int_equal(of_a, of_b);
		assert_int_not_equal(of_a, of_c);
		assert_true(fs_monotonic_ns(a) > now);
		fs_crash_free(a);
		fs_crash_free(b);
		fs_crash_free(c);
	}
	assert_true(differ > SEEDS / 2);
	fs_close(file);
}

static void
power_goes_off_at_the_chosen_call(void **state)
{
	struct fs *fs = *state;
	struct bytes part = bytes_text("b");
	struct ouro_error err = { 0 };
	struct fs_file *file;
	struct fs_info info;
	uint64_t clock;
	size_t got;
	void *map;
	char c;

	file = opened(fs, "/a");
	write_text(file, 0, "a");
	assert_int_equal(fs_crash_clock(fs), 2);
	sync_all(file, fs, "/");
	assert_int_equal(fs_crash_clock(fs), 4);
	assert_int_equal(fs_map(file, 1, FS_READ | FS_WRITE, &map, NULL),
	    OURO_OK);
	assert_int_equal(fs_crash_clock(fs), 4);
	fs_crash_stop_at(fs, 5);
	write_text(file, 1, "b");
	assert_int_equal(fs_write(file, 2, &part, 1, &err), OURO_IO);
	assert_int_equal(err.sys_errno, EIO);
	*(char *)map = 'X'; /* too late */
	assert_int_equal(fs_sync(file, NULL), OURO_IO);
	assert_int_equal(fs_truncate(file, 0, NULL), OURO_IO);
	assert_int_equal(fs_rename(fs, "/a", "/b", NULL), OURO_IO);
	assert_int_equal(fs_unlink(fs, "/a", NULL), OURO_IO);
	assert_int_equal(fs_mkdir(fs, "/d", NULL), OURO_IO);
	assert_int_equal(fs_sync_dir(fs, "/", NULL), OURO_IO);
	assert_int_equal(fs_read(file, 0, &c, 1, &got, NULL), OURO_IO);
	assert_int_equal(fs_stat(fs, "/a", &info, NULL), OURO_IO);
	clock = fs_crash_clock(fs);
	fs_unmap(fs, map, 1);
	fs_close(file);
	assert_int_equal(clock, 5);
	assert_state(fs, FS_CRASH_LOSE_ALL, "/a", "a");
	assert_state(fs, FS_CRASH_KEEP_ALL, "/a", "ab");
	fs_crash_free(NULL);
}

/* Where only the process died, another goes on. */
static void
maps_are_watched_again_after_a_stop(void **state)
{
	struct fs *fs = *state;
	struct fs_file *file;
	void *map;

	assert_int_equal(fs_open(fs, "/a", FS_READ | FS_WRITE | FS_CREATE,
			     &file, NULL),
	    OURO_OK);
	write_text(file, 0, "a");
	assert_int_equal(fs_sync_dir(fs, "/", NULL), OURO_OK);
	fs_crash_stop_at(fs, 0);
	assert_int_equal(fs_sync(file, NULL), OURO_IO);
	fs_crash_stop_at(fs, UINT64_MAX);
	assert_int_equal(fs_map(file, 1, FS_READ | FS_WRITE, &map, NULL),
	    OURO_OK);
	*(char *)map = 'X';
	fs_unmap(fs, map, 1);
	assert_int_equal(fs_sync(file, NULL), OURO_OK);
	fs_close(file);
	assert_state(fs, FS_CRASH_LOSE_ALL, "/a", "X");
}

static void
many_states_of_large_files(void **state)
{
	struct fs *fs = *state;
	struct fs_file *file;

	for (char path[] = "/a"; path[1] <= 'h'; path[1]++) {
		file = opened(fs, path);
		write_fill(file, 0, 100000, path[1]);
		sync_all(file, fs, "/");
		if (path[1] == 'h')
			for (uint64_t i = 0; i < 50; i++)
				write_fill(file, 100000 + i * 40, 40, '+');
		fs_close(file);
	}
	for (uint64_t seed = 0; seed < 5000; seed++)
		fs_crash_free(state_of(fs, FS_CRASH_SUBSET, seed));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(states_are_independent),
		TEST(states_are_determined_by_the_seed),
		TEST(power_goes_off_at_the_chosen_call),
		TEST(maps_are_watched_again_after_a_stop),
		TEST(many_states_of_large_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
