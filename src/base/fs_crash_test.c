#include "base/fs_crash.h"

#include "base/test_crash.h"

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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
