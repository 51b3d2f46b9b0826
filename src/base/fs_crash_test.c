#include "base/fs_crash.h"
#include "base/fs_ops.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define MAKE  (FS_READ | FS_WRITE | FS_CREATE)
#define SEEDS 64

static int
setup(void **state)
{
	*state = fs_crash_new(3);
	return *state == NULL;
}

static int
teardown(void **state)
{
	fs_crash_free(*state);
	return 0;
}

static struct fs_file *
opened(struct fs *fs, const char *path)
{
	struct fs_file *file;

	assert_int_equal(fs_open(fs, path, MAKE, &file, NULL), OURO_OK);
	return file;
}

static void
write_text(struct fs_file *file, uint64_t offset, const char *text)
{
	struct bytes part = bytes_text(text);

	assert_int_equal(fs_write(file, offset, &part, 1, NULL), OURO_OK);
}

static void
write_fill(struct fs_file *file, uint64_t offset, size_t size, int byte)
{
	uint8_t *data = malloc(size);
	struct bytes part = bytes_of(data, size);

	memset(data, byte, size);
	assert_int_equal(fs_write(file, offset, &part, 1, NULL), OURO_OK);
	free(data);
}

static void
sync_all(struct fs_file *file, struct fs *fs, const char *dir)
{
	assert_int_equal(fs_sync(file, NULL), OURO_OK);
	assert_int_equal(fs_sync_dir(fs, dir, NULL), OURO_OK);
}

static struct fs *
state_of(struct fs *fs, enum fs_crash_policy policy, uint64_t seed)
{
	struct fs *state = fs_crash_state(fs, policy, seed);

	assert_non_null(state);
	return state;
}

/* The file's text in a state of fs: "-" when it is missing, '0' for NUL. */
static const char *
text_in(struct fs *fs, const char *path)
{
	static char text[64];
	struct buffer out = { 0 };
	enum ouro_status status = fs_read_file(fs, path, 63, &out, NULL);

	strcpy(text, "-");
	if (status == OURO_OK) {
		for (size_t i = 0; i < out.size; i++)
			text[i] = out.data[i] == 0 ? '0' : (char)out.data[i];
		text[out.size] = '\0';
	} else {
		assert_int_equal(status, OURO_NOT_FOUND);
	}
	buffer_release(&out);
	return text;
}

static void
assert_text(struct fs *fs, const char *path, const char *text)
{
	assert_string_equal(text_in(fs, path), text);
}

static void
assert_state(struct fs *fs, enum fs_crash_policy policy, const char *path,
    const char *text)
{
	struct fs *state = state_of(fs, policy, 0);

	assert_text(state, path, text);
	fs_crash_free(state);
}

/* Which of the texts (ended by NULL) the states of a policy show, as bits;
 * fails on any other. */
static unsigned
texts_seen(struct fs *fs, enum fs_crash_policy policy, const char *path,
    const char *const *texts)
{
	unsigned seen = 0;

	for (uint64_t seed = 0; seed < 4 * SEEDS; seed++) {
		struct fs *state = state_of(fs, policy, seed);
		const char *text = text_in(state, path);
		unsigned i = 0;

		while (texts[i] != NULL && strcmp(texts[i], text) != 0)
			i++;
		if (texts[i] == NULL)
			fail_msg("%s has \"%s\"", path, text);
		seen |= 1u << i;
		fs_crash_free(state);
	}
	return seen;
}

/* ---- names and content ------------------------------------------------ */

static void
synced_things_stay(void **state)
{
	struct fs *fs = *state;
	struct fs_file *file = opened(fs, "/a");

	write_text(file, 0, "kept");
	sync_all(file, fs, "/");
	for (int policy = 0; policy < FS_CRASH_POLICIES; policy++)
		for (uint64_t seed = 0; seed < SEEDS; seed++) {
			struct fs *after = state_of(fs,
			    (enum fs_crash_policy)policy, seed);

			assert_text(after, "/a", "kept");
			fs_crash_free(after);
		}
	fs_close(file);
}

static void
file_sync_does_not_keep_the_name(void **state)
{
	struct fs *fs = *state;
	struct fs_file *file = opened(fs, "/a");

	write_text(file, 0, "text");
	assert_int_equal(fs_sync(file, NULL), OURO_OK);
	assert_state(fs, FS_CRASH_LOSE_ALL, "/a", "-");
	assert_state(fs, FS_CRASH_KEEP_ALL, "/a", "text");
	assert_int_equal(texts_seen(fs, FS_CRASH_SUBSET, "/a",
			     (const char *const[]){ "-", "text", NULL }),
	    3);
	fs_close(file);
}

static void
name_sync_does_not_keep_the_content(void **state)
{
	struct fs *fs = *state;
	struct fs_file *file = opened(fs, "/a");

	write_text(file, 0, "text");
	assert_int_equal(fs_sync_dir(fs, "/", NULL), OURO_OK);
	assert_state(fs, FS_CRASH_LOSE_ALL, "/a", "");
	assert_int_equal(texts_seen(fs, FS_CRASH_SUBSET, "/a",
			     (const char *const[]){ "", "0000", "text", NULL }),
	    7);
	assert_int_equal(texts_seen(fs, FS_CRASH_TORN_512, "/a",
			     (const char *const[]){ "", "0000", "text", NULL }),
	    7);
	fs_close(file);
}

static void
every_subset_of_writes_may_be_there(void **state)
{
	static const char *const texts[] = { "...", "A..", ".B.", "AB.", "..C",
		"A.C", ".BC", "ABC", NULL };
	struct fs *fs = *state;
	struct fs_file *file = opened(fs, "/a");

	write_text(file, 0, "...");
	sync_all(file, fs, "/");
	write_text(file, 0, "A");
	write_text(file, 1, "B");
	write_text(file, 2, "C");
	assert_state(fs, FS_CRASH_LOSE_ALL, "/a", "...");
	assert_state(fs, FS_CRASH_KEEP_ALL, "/a", "ABC");
	assert_int_equal(texts_seen(fs, FS_CRASH_SUBSET, "/a", texts), 0xff);
	/* Prefixes only: none, A, AB, ABC. */
	assert_int_equal(texts_seen(fs, FS_CRASH_TORN_4K, "/a", texts), 0x8b);
	/* Among others, only the last: ..C and .BC. */
	assert_int_equal(texts_seen(fs, FS_CRASH_REORDER, "/a", texts) & 0x50,
	    0x50);
	assert_int_equal(fs_sync(file, NULL), OURO_OK);
	assert_int_equal(texts_seen(fs, FS_CRASH_SUBSET, "/a", texts), 0x80);
	fs_close(file);
}

static void
torn_writes_end_at_block_boundaries(void **state)
{
	static const struct {
		enum fs_crash_policy policy;
		size_t block, cuts;
	} cases[] = { { FS_CRASH_TORN_512, 512, 20 },
		{ FS_CRASH_TORN_4K, 4096, 3 } };
	struct fs *fs = *state;
	struct fs_file *file = opened(fs, "/a");

	sync_all(file, fs, "/");
	write_fill(file, 0, 100, 'a');
	assert_int_equal(fs_sync(file, NULL), OURO_OK);
	write_fill(file, 100, 10000, 'b');
	for (size_t i = 0; i < 2; i++) {
		bool seen[32] = { false };
		size_t cuts = 0;

		for (uint64_t seed = 0; seed < 8 * SEEDS; seed++) {
			struct fs *after = state_of(fs, cases[i].policy, seed);
			struct buffer out = { 0 };
			size_t end = 100;

			assert_int_equal(fs_read_file(after, "/a", 10100, &out,
					     NULL),
			    OURO_OK);
			while (end < out.size && out.data[end] == 'b')
				end++;
			for (size_t j = end; j < out.size; j++)
				assert_int_equal(out.data[j], 0);
			if (end > 100 && end < 10100) {
				assert_int_equal(end % cases[i].block, 0);
				cuts += !seen[end / 512];
				seen[end / 512] = true;
			}
			buffer_release(&out);
			fs_crash_free(after);
		}
		assert_true(cuts + 1 >= cases[i].cuts);
	}
	fs_close(file);
}

static void
cuts_and_growth_may_be_lost(void **state)
{
	struct fs *fs = *state;
	struct fs_file *file = opened(fs, "/a");

	write_text(file, 0, "abcdef");
	sync_all(file, fs, "/");
	assert_int_equal(fs_truncate(file, 2, NULL), OURO_OK);
	assert_int_equal(fs_allocate(file, 4, NULL), OURO_OK);
	assert_state(fs, FS_CRASH_LOSE_ALL, "/a", "abcdef");
	assert_state(fs, FS_CRASH_KEEP_ALL, "/a", "ab00");
	assert_int_equal(texts_seen(fs, FS_CRASH_TORN_512, "/a",
			     (const char *const[]){ "abcdef", "ab", "ab00",
				 NULL }),
	    7);
	assert_int_equal(fs_sync(file, NULL), OURO_OK);
	assert_state(fs, FS_CRASH_LOSE_ALL, "/a", "ab00");
	fs_close(file);
}

static void
renames_happen_or_not(void **state)
{
	static const char *const texts[] = { "old", "new", NULL };
	struct fs *fs = *state;
	struct fs_file *file;

	assert_int_equal(fs_write_file(fs, "/a", bytes_text("old"), NULL),
	    OURO_OK);
	file = opened(fs, "/b");
	write_text(file, 0, "new");
	sync_all(file, fs, "/");
	fs_close(file);
	assert_int_equal(fs_rename(fs, "/b", "/a", NULL), OURO_OK);
	assert_state(fs, FS_CRASH_LOSE_ALL, "/a", "old");
	assert_state(fs, FS_CRASH_LOSE_ALL, "/b", "new");
	assert_state(fs, FS_CRASH_KEEP_ALL, "/b", "-");
	assert_int_equal(texts_seen(fs, FS_CRASH_REORDER, "/a", texts), 3);
	assert_int_equal(fs_sync_dir(fs, "/", NULL), OURO_OK);
	assert_int_equal(texts_seen(fs, FS_CRASH_REORDER, "/a", texts), 2);
	assert_state(fs, FS_CRASH_LOSE_ALL, "/b", "-");
}

static void
removed_names_may_come_back(void **state)
{
	struct fs *fs = *state;

	assert_int_equal(fs_write_file(fs, "/a", bytes_text("x"), NULL),
	    OURO_OK);
	assert_int_equal(fs_unlink(fs, "/a", NULL), OURO_OK);
	assert_state(fs, FS_CRASH_LOSE_ALL, "/a", "x");
	assert_state(fs, FS_CRASH_KEEP_ALL, "/a", "-");
	assert_int_equal(fs_sync_dir(fs, "/", NULL), OURO_OK);
	assert_state(fs, FS_CRASH_LOSE_ALL, "/a", "-");
}

static void
names_of_a_directory_change_in_order(void **state)
{
	struct fs *fs = *state;
	unsigned seen = 0;

	fs_close(opened(fs, "/1"));
	fs_close(opened(fs, "/2"));
	assert_int_equal(fs_unlink(fs, "/1", NULL), OURO_OK);
	fs_close(opened(fs, "/3"));
	for (uint64_t seed = 0; seed < 4 * SEEDS; seed++) {
		struct fs *after = state_of(fs, FS_CRASH_SUBSET, seed);
		unsigned names = 0;

		for (unsigned i = 0; i < 3; i++) {
			char path[3] = { '/', (char)('1' + i), '\0' };

			if (strcmp(text_in(after, path), "-") != 0)
				names |= 1u << i;
		}
		seen |= 1u << names;
		fs_crash_free(after);
	}
	/* {}, {1}, {1 2}, {2}, {2 3} and no others. */
	assert_int_equal(seen, 1u << 0 | 1u << 1 | 1u << 3 | 1u << 2 | 1u << 6);
}

static void
moves_between_directories_are_whole(void **state)
{
	struct fs *fs = *state;
	unsigned seen = 0;

	assert_int_equal(fs_mkdir(fs, "/x", NULL), OURO_OK);
	assert_int_equal(fs_mkdir(fs, "/y", NULL), OURO_OK);
	assert_int_equal(fs_sync_dir(fs, "/", NULL), OURO_OK);
	assert_int_equal(fs_write_file(fs, "/x/a", bytes_text("t"), NULL),
	    OURO_OK);
	fs_close(opened(fs, "/x/before"));
	assert_int_equal(fs_rename(fs, "/x/a", "/y/a", NULL), OURO_OK);
	fs_close(opened(fs, "/x/after"));
	for (uint64_t seed = 0; seed < 4 * SEEDS; seed++) {
		struct fs *after = state_of(fs, FS_CRASH_SUBSET, seed);
		bool in_x = strcmp(text_in(after, "/x/a"), "t") == 0;
		bool in_y = strcmp(text_in(after, "/y/a"), "t") == 0;
		bool x_after = strcmp(text_in(after, "/x/after"), "-") != 0;

		assert_true(in_x != in_y);
		if (x_after)
			assert_true(in_y);
		seen |= 1u << in_y << 2 * x_after;
		fs_crash_free(after);
	}
	assert_int_equal(seen, 1u | 1u << 1 | 1u << 3);
	assert_int_equal(fs_sync_dir(fs, "/y", NULL), OURO_OK);
	assert_state(fs, FS_CRASH_LOSE_ALL, "/y/a", "t");
	assert_state(fs, FS_CRASH_LOSE_ALL, "/x/a", "-");
	assert_state(fs, FS_CRASH_LOSE_ALL, "/x/before", "");
	assert_state(fs, FS_CRASH_LOSE_ALL, "/x/after", "-");
}

static void
lost_directories_lose_their_content(void **state)
{
	struct fs *fs = *state;

	assert_int_equal(fs->ops->mkdir(fs, "/d", NULL), OURO_OK);
	assert_int_equal(fs_write_file(fs, "/d/a", bytes_text("x"), NULL),
	    OURO_OK);
	assert_state(fs, FS_CRASH_LOSE_ALL, "/d/a", "-");
	assert_int_equal(fs_sync_dir(fs, "/", NULL), OURO_OK);
	assert_state(fs, FS_CRASH_LOSE_ALL, "/d/a", "x");
	/* What fs_mkdir makes is durable. */
	assert_int_equal(fs_mkdir(fs, "/p/q/r", NULL), OURO_OK);
	assert_int_equal(fs_write_file(fs, "/p/q/r/a", bytes_text("x"), NULL),
	    OURO_OK);
	assert_state(fs, FS_CRASH_LOSE_ALL, "/p/q/r/a", "x");
}

/* ---- maps ------------------------------------------------------------- */

static void
map_stores_are_unsynced_writes(void **state)
{
	struct fs *fs = *state;
	struct fs_file *file = opened(fs, "/a");
	unsigned seen = 0;
	uint8_t *bytes;
	void *map;

	write_fill(file, 0, 3 * 4096, '.');
	sync_all(file, fs, "/");
	assert_int_equal(fs_map(file, 3 * 4096, FS_READ | FS_WRITE, &map, NULL),
	    OURO_OK);
	bytes = map;
	bytes[0] = 'A';
	bytes[4095] = 'A';
	bytes[2 * 4096 + 5] = 'B';
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct fs *after = state_of(fs, FS_CRASH_SUBSET, seed);
		struct buffer out = { 0 };

		assert_int_equal(fs_read_file(after, "/a", 3 * 4096, &out,
				     NULL),
		    OURO_OK);
		seen |= 1u << (out.data[0] == 'A')
			   << 2 * (out.data[2 * 4096 + 5] == 'B');
		buffer_release(&out);
		fs_crash_free(after);
	}
	assert_int_equal(seen, 0xf);
	/* A write call and the map see each other, and cuts too. */
	write_text(file, 1, "CC");
	assert_int_equal(fs_truncate(file, 8, NULL), OURO_OK);
	assert_int_equal(fs_sync(file, NULL), OURO_OK);
	assert_state(fs, FS_CRASH_LOSE_ALL, "/a", "ACC.....");
	bytes[7] = 'D';
	fs_unmap(fs, map, 3 * 4096);
	fs_close(file);
	assert_state(fs, FS_CRASH_LOSE_ALL, "/a", "ACC.....");
	assert_state(fs, FS_CRASH_KEEP_ALL, "/a", "ACC....D");
}

static void
stores_are_watched_until_the_last_map_goes(void **state)
{
	struct fs *fs = *state;
	struct fs_file *file = opened(fs, "/a");
	void *reader, *writer;

	write_text(file, 0, "abc");
	sync_all(file, fs, "/");
	assert_int_equal(fs_map(file, 3, FS_READ, &reader, NULL), OURO_OK);
	assert_int_equal(fs_map(file, 3, FS_READ | FS_WRITE, &writer, NULL),
	    OURO_OK);
	fs_unmap(fs, reader, 3);
	((char *)writer)[0] = 'X';
	assert_int_equal(fs_sync(file, NULL), OURO_OK);
	assert_state(fs, FS_CRASH_LOSE_ALL, "/a", "Xbc");
	fs_unmap(fs, writer, 3);
	fs_close(file);
}

static void
states_of_mapped_files_are_separate(void **state)
{
	struct fs *fs = *state, *after;
	struct fs_file *file = opened(fs, "/a");
	void *map;

	write_text(file, 0, "abc");
	sync_all(file, fs, "/");
	assert_int_equal(fs_map(file, 3, FS_READ | FS_WRITE, &map, NULL),
	    OURO_OK);
	after = state_of(fs, FS_CRASH_KEEP_ALL, 0);
	((char *)map)[0] = 'X';
	assert_text(after, "/a", "abc");
	fs_unmap(fs, map, 3);
	fs_close(file);
	fs_crash_free(after);
}

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

/* ---- protocols: right ones pass, wrong ones are caught ---------------- */

enum mistake {
	NO_MISTAKE,
	ACK_BEFORE_SYNC,
	NO_SYNC_DIR_AFTER_CREATE,
	NO_SYNC_DIR_AFTER_RENAME,
	RENAME_BEFORE_SYNC,
	MISTAKES
};

/*
 * A counter that only grows. Each step appends a record to /log; every few
 * steps the number goes into /snapshot and the log is emptied.
 */
#define RECORD_SIZE 700 /* more than a sector */
#define STEPS	    12
#define STEPS_SNAP  5

struct counter {
	struct fs *fs;
	enum mistake mistake;
	unsigned begun;
	unsigned acknowledged;
};

static void
record_make(uint8_t record[RECORD_SIZE], unsigned number)
{
	uint32_t sum = 0;

	for (unsigned i = 4; i < RECORD_SIZE; i++) {
		record[i] = (uint8_t)(number + i % 251);
		sum = sum * 31 + record[i];
	}
	put_u32le(record, sum);
}

/* The number in a record, 0 when it is not a whole one. */
static unsigned
record_number(const uint8_t *data, size_t size)
{
	uint8_t expected[RECORD_SIZE];
	unsigned number;

	if (size < RECORD_SIZE)
		return 0;
	number = (uint8_t)(data[4] - 4);
	record_make(expected, number);
	return memcmp(expected, data, RECORD_SIZE) == 0 ? number : 0;
}

static bool
snapshot_write(struct counter *counter, unsigned number)
{
	struct fs *fs = counter->fs;
	uint8_t record[RECORD_SIZE];
	struct bytes part = bytes_of(record, RECORD_SIZE);
	struct fs_file *file;
	bool ok;

	record_make(record, number);
	if (fs_open(fs, "/new", MAKE, &file, NULL) != OURO_OK)
		return false;
	ok = fs_write(file, 0, &part, 1, NULL) == OURO_OK &&
	    (counter->mistake == RENAME_BEFORE_SYNC ||
		fs_sync(file, NULL) == OURO_OK);
	fs_close(file);
	return ok && fs_rename(fs, "/new", "/snapshot", NULL) == OURO_OK &&
	    (counter->mistake == NO_SYNC_DIR_AFTER_RENAME ||
		fs_sync_dir(fs, "/", NULL) == OURO_OK);
}

static bool
counter_step(struct counter *counter, struct fs_file *log, unsigned number,
    uint64_t *end)
{
	uint8_t record[RECORD_SIZE];
	struct bytes part = bytes_of(record, RECORD_SIZE);

	record_make(record, number);
	counter->begun = number;
	if (fs_write(log, *end, &part, 1, NULL) != OURO_OK)
		return false;
	*end += RECORD_SIZE;
	if (counter->mistake == ACK_BEFORE_SYNC)
		counter->acknowledged = number;
	if (fs_sync(log, NULL) != OURO_OK)
		return false;
	counter->acknowledged = number;
	if (number % STEPS_SNAP != 0)
		return true;
	*end = 0;
	return snapshot_write(counter, number) &&
	    fs_truncate(log, 0, NULL) == OURO_OK &&
	    fs_sync(log, NULL) == OURO_OK;
}

static void
counter_run(struct counter *counter, unsigned from)
{
	struct fs_file *log;
	uint64_t end = 0;
	bool ok;

	if (fs_open(counter->fs, "/log", MAKE, &log, NULL) != OURO_OK)
		return;
	ok = counter->mistake == NO_SYNC_DIR_AFTER_CREATE ||
	    fs_sync_dir(counter->fs, "/", NULL) == OURO_OK;
	for (unsigned i = from + 1; ok && i <= from + STEPS; i++)
		ok = counter_step(counter, log, i, &end);
	fs_close(log);
}

/* The number after recovery; UINT_MAX when the snapshot is damaged. */
static unsigned
counter_recover(struct fs *fs)
{
	struct buffer out = { 0 };
	unsigned number = 0, next;

	if (fs_read_file(fs, "/snapshot", 4096, &out, NULL) == OURO_OK) {
		number = record_number(out.data, out.size);
		if (number == 0)
			number = UINT32_MAX;
	}
	out.size = 0;
	if (fs_read_file(fs, "/log", 65536, &out, NULL) == OURO_OK)
		for (size_t at = 0; at < out.size; at += RECORD_SIZE) {
			next = record_number(out.data + at, out.size - at);
			if (next == 0)
				break;
			if (next == number + 1)
				number = next;
		}
	buffer_release(&out);
	return number;
}

/* Crashes the protocol at every call; returns the number of bad states. */
static unsigned
protocol_failures(enum mistake mistake)
{
	unsigned failures = 0;
	bool ended = false;

	for (uint64_t stop = 0; !ended; stop++) {
		struct fs *fs = fs_crash_new(stop);
		struct counter counter = { .fs = fs, .mistake = mistake };

		fs_crash_stop_at(fs, stop);
		counter_run(&counter, 0);
		ended = fs_crash_clock(fs) < stop;
		for (unsigned i = 0; i < FS_CRASH_POLICIES * 24; i++) {
			struct fs *after = state_of(fs,
			    (enum fs_crash_policy)(i % FS_CRASH_POLICIES), i);
			unsigned number = counter_recover(after);

			failures += number < counter.acknowledged ||
			    number > counter.begun;
			fs_crash_free(after);
		}
		fs_crash_free(fs);
	}
	return failures;
}

static void
right_protocol_survives_every_crash(void **state)
{
	(void)state;
	assert_int_equal(protocol_failures(NO_MISTAKE), 0);
}

static void
wrong_protocols_are_caught(void **state)
{
	(void)state;
	for (int mistake = NO_MISTAKE + 1; mistake < MISTAKES; mistake++)
		if (protocol_failures((enum mistake)mistake) == 0)
			fail_msg("mistake %d was not caught", mistake);
}

static void
crashes_after_crashes(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct fs *fs = fs_crash_new(seed);
		unsigned number = 0;

		for (unsigned round = 0; round < 6; round++) {
			struct counter counter = { .fs = fs,
				.begun = number,
				.acknowledged = number };
			struct fs *after;

			/* As a recovery would: the log starts anew. */
			if (number > 0)
				assert_true(snapshot_write(&counter, number));
			fs_crash_stop_at(fs,
			    fs_crash_clock(fs) + (seed + round) % 17);
			counter_run(&counter, number);
			after = state_of(fs,
			    (enum fs_crash_policy)(
				(seed + round) % FS_CRASH_POLICIES),
			    seed);
			fs_crash_free(fs);
			fs = after;
			number = counter_recover(fs);
			assert_true(number >= counter.acknowledged);
			assert_true(number <= counter.begun);
		}
		fs_crash_free(fs);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(synced_things_stay),
		TEST(file_sync_does_not_keep_the_name),
		TEST(name_sync_does_not_keep_the_content),
		TEST(every_subset_of_writes_may_be_there),
		TEST(torn_writes_end_at_block_boundaries),
		TEST(cuts_and_growth_may_be_lost),
		TEST(renames_happen_or_not),
		TEST(removed_names_may_come_back),
		TEST(names_of_a_directory_change_in_order),
		TEST(moves_between_directories_are_whole),
		TEST(lost_directories_lose_their_content),
		TEST(map_stores_are_unsynced_writes),
		TEST(stores_are_watched_until_the_last_map_goes),
		TEST(states_of_mapped_files_are_separate),
		TEST(states_are_independent),
		TEST(states_are_determined_by_the_seed),
		TEST(power_goes_off_at_the_chosen_call),
		TEST(many_states_of_large_files),
		cmocka_unit_test(right_protocol_survives_every_crash),
		cmocka_unit_test(wrong_protocols_are_caught),
		cmocka_unit_test(crashes_after_crashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
