#include "engine/log_engine.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs_ops.h"
#include "engine/compact.h"
#include "engine/log_world.h"

/* Lengths in the files are never believed beyond the file. */
static void
M03_lengths_from_disk_are_not_trusted(void **state)
{
	struct buffer content;

	(void)state;
	opened();
	put("a", "1");
	put("b", "2");
	put("c", "3");
	killed();
	content = file_read(SEGMENT(1));
	for (size_t at = HEADER_SIZE(0) + 3; at < HEADER_SIZE(0) + 11; at++) {
		uint8_t before = content.data[at];

		content.data[at] = 0xff;
		file_write(SEGMENT(1), buffer_bytes(&content));
		opened();
		assert_int_equal(stats().damaged_records, 1);
		expect("c", "3");
		killed();
		content.data[at] = before;
	}
	buffer_release(&content);
}

static void
M04_values_stay_on_disk(void **state)
{
	uint64_t small;
	char key[16];

	(void)state;
	world.options.sync = ENGINE_SYNC_NEVER;
	opened();
	for (unsigned i = 0; i < 200; i++) {
		snprintf(key, sizeof key, "key%03u", i);
		put_size(key, 1);
	}
	small = stats().memory_bytes;
	for (unsigned i = 0; i < 200; i++) {
		snprintf(key, sizeof key, "key%03u", i);
		put_size(key, 100000);
	}
	assert_in_range(stats().memory_bytes, 0, small + 200 * 256);
	opened();
	assert_in_range(stats().memory_bytes, 0, small + 200 * 256);
	assert_true(stats().live_bytes > 200 * 100000);
}

static void
M07_opening_and_closing_leaves_no_segment(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		opened();
		assert_int_equal(stats().segments, 0);
	}
	put("a", "1");
	for (unsigned i = 0; i < 5; i++) {
		uint64_t size;

		closed();
		size = file_size(SEGMENT(1));
		opened();
		closed();
		assert_int_equal(file_size(SEGMENT(1)), size);
		opened();
		assert_int_equal(stats().segments, 1);
		put("a", "2");
		assert_int_equal(stats().segments, 1);
	}
}

static void
M09_a_failed_write_changes_nothing(void **state)
{
	static const int errnums[] = { EIO, ENOSPC };
	struct engine_op ops[2] = {
		{ .kind = ENGINE_PUT,
		    .key = bytes_text("a"),
		    .value = bytes_text("new") },
		{ .kind = ENGINE_PUT,
		    .key = bytes_text("b"),
		    .value = bytes_text("new") },
	};

	(void)state;
	opened();
	put("a", "old");
	for (unsigned i = 0; i < 4; i++) {
		uint64_t sequence = stats().sequence;
		struct engine_stats before = stats();

		fs_memory_fault(world.fs,
		    (struct fs_fault){ .call = FS_CALL_WRITE,
			.nth = 1,
			.errnum = errnums[i / 2],
			.short_write = i % 2 == 1 });
		assert_int_equal(engine_apply(world.engine, ops, 2, 0, NULL),
		    i / 2 == 0 ? OURO_IO : OURO_NO_SPACE);
		fs_memory_fault(world.fs, (struct fs_fault){ 0 });
		expect("a", "old");
		expect("b", NULL);
		assert_int_equal(stats().disk_bytes, before.disk_bytes);
		assert_int_equal(stats().sequence, sequence);
		if (i % 2 == 0) {
			killed();
			opened();
			assert_int_equal(stats().torn_bytes, 0);
			expect("a", "old");
			expect("b", NULL);
		}
	}
	assert_int_equal(engine_apply(world.engine, ops, 2, 0, NULL), OURO_OK);
	expect("b", "new");
	opened();
	expect("a", "new");
	expect("b", "new");
}

static void
M09_a_full_disk_is_survived(void **state)
{
	(void)state;
	world.options.segment_size = 4096;
	opened();
	put("a", "old");
	fs_memory_limit(world.fs, 3000);
	for (unsigned i = 0; i < 20; i++) {
		uint8_t value[2000] = { 0 };
		enum ouro_status status = apply(ENGINE_PUT, "b",
		    bytes_of(value, sizeof value));

		assert_true(status == OURO_NO_SPACE || i == 0);
		expect("a", "old");
	}
	fs_memory_limit(world.fs, 1 << 20);
	put("b", "there is room");
	opened();
	expect("a", "old");
	expect("b", "there is room");
	assert_int_equal(engine_verify(world.engine, NULL, NULL, NULL),
	    OURO_OK);
}

/* Files of the real system, removed when the test ends. */
static void
posix_begin(char dir[64])
{
	strcpy(dir, "/tmp/ouroboros-engine-XXXXXX");
	assert_non_null(mkdtemp(dir));
	world.options.fs = NULL;
}

static void
posix_end(const char *dir)
{
	static const char *const names[] = { "LOCK", "segment-00000001.dat" };
	char path[128];

	closed();
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s/store/%s", dir, names[i]);
		unlink(path);
	}
	snprintf(path, sizeof path, "%s/store", dir);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void
M10_a_second_process_is_refused(void **state)
{
	char dir[64], path[128], pid[32];
	struct ouro_error err;
	int result;
	pid_t child;

	(void)state;
	posix_begin(dir);
	snprintf(path, sizeof path, "%s/store", dir);
	assert_int_equal(engine_log_open(path, &world.options, &world.engine,
			     NULL),
	    OURO_OK);
	snprintf(pid, sizeof pid, "%d", (int)getpid());
	child = fork();
	if (child == 0) {
		struct engine *engine;
		enum ouro_status status = engine_log_open(path, &world.options,
		    &engine, &err);

		_exit(status == OURO_LOCKED && strstr(err.text, pid) != NULL
			? 0
			: 1);
	}
	assert_int_equal(waitpid(child, &result, 0), child);
	assert_true(WIFEXITED(result) && WEXITSTATUS(result) == 0);
	posix_end(dir);
}

static void
M18_files_are_private(void **state)
{
	char dir[64], path[128];
	struct stat info;

	(void)state;
	posix_begin(dir);
	snprintf(path, sizeof path, "%s/store", dir);
	assert_int_equal(engine_log_open(path, &world.options, &world.engine,
			     NULL),
	    OURO_OK);
	put("a", "1");
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0700);
	strcat(path, "/segment-00000001.dat");
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	snprintf(path, sizeof path, "%s/store/LOCK", dir);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	posix_end(dir);
}

static void
M16_deleting_absent_keys_writes_nothing(void **state)
{
	struct engine_op ops[3] = {
		{ .kind = ENGINE_DELETE, .key = bytes_text("x") },
		{ .kind = ENGINE_DELETE, .key = bytes_text("y") },
		{ .kind = ENGINE_DELETE, .key = bytes_text("x") },
	};
	struct engine_stats before;

	(void)state;
	opened();
	put("a", "1");
	removed("a");
	before = stats();
	for (unsigned i = 0; i < 100; i++) {
		removed("never there");
		removed("a");
		assert_int_equal(engine_apply(world.engine, ops, 3, 0, NULL),
		    OURO_OK);
	}
	assert_int_equal(stats().disk_bytes, before.disk_bytes);
	assert_int_equal(stats().sequence, before.sequence);
}

static void
M16_deletes_rotate_and_compact_away(void **state)
{
	char key[16];

	(void)state;
	world.options.segment_size = 1000;
	world.options.sync = ENGINE_SYNC_NEVER;
	opened();
	for (unsigned i = 0; i < 100; i++) {
		snprintf(key, sizeof key, "key%u", i);
		put(key, "x");
	}
	for (unsigned i = 0; i < 100; i++) {
		snprintf(key, sizeof key, "key%u", i);
		removed(key);
	}
	assert_true(stats().segments > 6);
	assert_int_equal(engine_compact(world.engine, 0, NULL, NULL), OURO_OK);
	assert_int_equal(stats().keys, 0);
	assert_int_equal(stats().live_bytes, 0);
	assert_in_range(stats().segments, 1, 2);
	assert_in_range(stats().disk_bytes, 0, 1000);
	opened();
	assert_int_equal(stats().keys, 0);
}

/* Each round leaves a segment with nothing but its `dropped` record: that
 * alone is no reason for another. */
static void
background_compaction_comes_to_rest(void **state)
{
	struct log_engine *log;
	uint64_t active;
	char key[16];

	(void)state;
	world.options.segment_size = 400;
	opened();
	log = log_engine_of(world.engine);
	for (unsigned i = 0; i < 60; i++) {
		snprintf(key, sizeof key, "key%u", i % 20);
		put(key, "some value or other");
	}
	for (unsigned i = 0; i < 40; i++)
		compact_step(log);
	active = stats().segment_active;
	assert_true(stats().dead_bytes < stats().live_bytes * 2);
	for (unsigned i = 0; i < 10; i++)
		compact_step(log);
	assert_int_equal(stats().segment_active, active);
}

static void
M21_old_values_in_new_files_stay_old(void **state)
{
	(void)state;
	world.options.segment_size = 200;
	opened();
	put("k", "first");
	put("fill1", "................................................");
	put("fill2", "................................................");
	put("other", "1");
	put("other", "2");
	/* The copies lie in a segment with a higher number than that of the
	 * newer values that follow. */
	assert_int_equal(engine_compact(world.engine, 0, NULL, NULL), OURO_OK);
	put("k", "second");
	removed("other");
	assert_int_equal(engine_compact(world.engine, 0.9, NULL, NULL),
	    OURO_OK);
	for (unsigned i = 0; i < 3; i++) {
		expect("k", "second");
		expect("other", NULL);
		opened();
	}
}

static const struct fs_ops *real_ops;

/* Writes a key at the moment when compaction has copied its older value and
 * is about to give the copies their name. */
static enum ouro_status
rename_and_put(struct fs *fs, const char *from, const char *to,
    struct ouro_error *err)
{
	fs->ops = real_ops;
	put("k", "second");
	return fs_rename_new(fs, from, to, err);
}

static void
M21_a_copy_never_overtakes_a_newer_write(void **state)
{
	struct fs_ops ops;

	(void)state;
	world.options.segment_size = 250;
	opened();
	put("k", "first");
	put("x", "1");
	put("x", "................................................");
	put("y", "................................................");
	real_ops = world.fs->ops;
	ops = *real_ops;
	ops.rename_new = rename_and_put;
	world.fs->ops = &ops;
	assert_int_equal(engine_compact(world.engine, 0.1, NULL, NULL),
	    OURO_OK);
	assert_ptr_equal(world.fs->ops, real_ops);
	expect("k", "second");
	for (unsigned i = 0; i < 2; i++) {
		opened();
		expect("k", "second");
		expect("x", "................................................");
	}
}

/* Records of another segment, or of the same one, behind the end. */
static void
M21_recycled_records_do_not_replay(void **state)
{
	struct buffer content, other;

	(void)state;
	world.options.segment_size = 230;
	opened();
	put("k", "old value");
	put("k", "new value, in the same segment ......................");
	put("k", "newest, in the next segment");
	put("k", "last");
	killed();
	content = records_read(SEGMENT(2));
	other = file_read(SEGMENT(1));
	assert_int_equal(content.size, HEADER_SIZE(1) + 59 + 36);
	assert_int_equal(buffer_append(&content,
			     bytes_of(other.data + HEADER_SIZE(0),
				 other.size - HEADER_SIZE(0)),
			     NULL),
	    OURO_OK);
	assert_int_equal(buffer_reserve(&content, 59, NULL), OURO_OK);
	assert_int_equal(buffer_append(&content,
			     bytes_of(content.data + HEADER_SIZE(1), 59), NULL),
	    OURO_OK);
	file_write(SEGMENT(2), buffer_bytes(&content));
	for (unsigned i = 0; i < 2; i++) {
		opened();
		expect("k", "last");
		assert_int_equal(stats().damaged_records, 0);
	}
	put("k", "goes on");
	opened();
	expect("k", "goes on");
	buffer_release(&content);
	buffer_release(&other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(M03_lengths_from_disk_are_not_trusted),
		TEST(M04_values_stay_on_disk),
		TEST(M07_opening_and_closing_leaves_no_segment),
		TEST(M09_a_failed_write_changes_nothing),
		TEST(M09_a_full_disk_is_survived),
		TEST(M10_a_second_process_is_refused),
		TEST(M16_deleting_absent_keys_writes_nothing),
		TEST(M16_deletes_rotate_and_compact_away),
		TEST(M18_files_are_private),
		TEST(background_compaction_comes_to_rest),
		TEST(M21_old_values_in_new_files_stay_old),
		TEST(M21_a_copy_never_overtakes_a_newer_write),
		TEST(M21_recycled_records_do_not_replay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
