#include "engine/log_engine.h"

#include "base/encoding.h"
#include "engine/append.h"
#include "engine/log_world.h"

static void
a_failed_sync_ends_writing(void **state)
{
	struct engine_op op = { .kind = ENGINE_PUT,
		.key = bytes_text("b"),
		.value = bytes_text("2") };
	struct ouro_error err;

	(void)state;
	opened();
	put("a", "1");
	fs_memory_fault(world.fs,
	    (struct fs_fault){ .call = FS_CALL_SYNC, .nth = 1, .errnum = EIO });
	assert_int_equal(engine_apply(world.engine, &op, 1, 0, &err), OURO_IO);
	fs_memory_fault(world.fs, (struct fs_fault){ 0 });
	expect("b", NULL);
	assert_int_equal(engine_apply(world.engine, &op, 1, 0, &err),
	    OURO_READ_ONLY);
	assert_non_null(strstr(err.text, "/store"));
	assert_int_equal(engine_barrier(world.engine, NULL), OURO_READ_ONLY);
	assert_int_equal(engine_compact(world.engine, 0, NULL, NULL),
	    OURO_READ_ONLY);
	expect("a", "1");
	assert_int_equal(fs_memory_calls(world.fs, FS_CALL_SYNC), 0);
	opened();
	assert_int_equal(engine_apply(world.engine, &op, 1, 0, &err), OURO_OK);
}

static void
sync_modes_say_what_is_durable(void **state)
{
	struct engine_op op = { .kind = ENGINE_PUT,
		.key = bytes_text("a"),
		.value = bytes_text("1") };

	(void)state;
	world.options.sync_interval_ms = 50;
	opened();
	put("a", "0");
	assert_int_equal(stats().durable_through, stats().sequence);
	fs_memory_fault(world.fs, (struct fs_fault){ 0 });
	assert_int_equal(engine_apply(world.engine, &op, 1, ENGINE_SYNC_NEVER,
			     NULL),
	    OURO_OK);
	assert_int_equal(stats().durable_through + 1, stats().sequence);
	assert_int_equal(fs_memory_calls(world.fs, FS_CALL_SYNC), 0);
	assert_int_equal(engine_barrier(world.engine, NULL), OURO_OK);
	assert_int_equal(stats().durable_through, stats().sequence);
	assert_int_equal(engine_barrier(world.engine, NULL), OURO_OK);
	assert_int_equal(fs_memory_calls(world.fs, FS_CALL_SYNC), 1);
	assert_int_equal(engine_apply(world.engine, &op, 1,
			     ENGINE_SYNC_INTERVAL, NULL),
	    OURO_OK);
	assert_int_equal(stats().durable_through + 1, stats().sequence);
	while (executor_turn(world.executor))
		;
	assert_int_equal(stats().durable_through + 1, stats().sequence);
	fs_memory_advance(world.fs, 60);
	while (executor_turn(world.executor))
		;
	assert_int_equal(stats().durable_through, stats().sequence);
	assert_int_equal(fs_memory_calls(world.fs, FS_CALL_SYNC), 2);
}

static void
read_only_changes_nothing(void **state)
{
	struct engine_op op = { .kind = ENGINE_PUT,
		.key = bytes_text("b"),
		.value = bytes_text("2") };
	struct buffer content;
	uint64_t size;

	(void)state;
	world.options.read_only = true;
	assert_int_equal(engine_log_open("/store", &world.options,
			     &world.engine, NULL),
	    OURO_NOT_FOUND);
	world.options.read_only = false;
	opened();
	put("a", "1");
	put("b", "torn");
	killed();
	content = records_read(SEGMENT(1));
	file_write(SEGMENT(1), bytes_of(content.data, content.size - 1));
	buffer_release(&content);
	size = file_size(SEGMENT(1));
	fs_memory_fault(world.fs,
	    (struct fs_fault){ .call = FS_CALL_WRITE,
		.nth = 1,
		.errnum = EIO,
		.for_ever = true });
	world.options.read_only = true;
	opened();
	expect("a", "1");
	expect("b", NULL);
	assert_true(stats().torn_bytes > 0);
	assert_int_equal(engine_apply(world.engine, &op, 1, 0, NULL),
	    OURO_READ_ONLY);
	assert_int_equal(engine_barrier(world.engine, NULL), OURO_OK);
	assert_int_equal(engine_compact(world.engine, 0, NULL, NULL),
	    OURO_READ_ONLY);
	verified(OURO_OK);
	closed();
	assert_int_equal(file_size(SEGMENT(1)), size);
	assert_int_equal(fs_memory_calls(world.fs, FS_CALL_WRITE), 0);
	fs_memory_fault(world.fs, (struct fs_fault){ 0 });
}

static void
must_exist_makes_nothing(void **state)
{
	struct fs_info info;

	(void)state;
	world.options.must_exist = true;
	assert_int_equal(engine_log_open("/store", &world.options,
			     &world.engine, NULL),
	    OURO_NOT_FOUND);
	assert_int_equal(fs_mkdir(world.fs, "/store", NULL), OURO_OK);
	assert_int_equal(engine_log_open("/store", &world.options,
			     &world.engine, NULL),
	    OURO_NOT_FOUND);
	assert_int_equal(fs_stat(world.fs, "/store/LOCK", &info, NULL),
	    OURO_NOT_FOUND);
	world.options.must_exist = false;
	opened();
	closed();
	world.options.must_exist = true;
	opened();
}

static void
the_seal_key_is_needed(void **state)
{
	static const uint8_t key[KEY_SIZE] = { 1 }, other[KEY_SIZE] = { 2 };
	struct buffer content;

	(void)state;
	world.options.seal_key = key;
	opened();
	assert_true(engine_capabilities(world.engine) & ENGINE_SEALED);
	put("a key to hide", "a value to hide");
	removed("a key to hide");
	put("another key", "a value to hide");
	closed();
	content = file_read(SEGMENT(1));
	assert_null(memmem(content.data, content.size, "hide", 4));
	assert_null(memmem(content.data, content.size, "another", 7));
	buffer_release(&content);
	world.options.seal_key = NULL;
	assert_int_equal(engine_log_open("/store", &world.options,
			     &world.engine, NULL),
	    OURO_WRONG_KEY);
	world.options.seal_key = other;
	assert_int_equal(engine_log_open("/store", &world.options,
			     &world.engine, NULL),
	    OURO_WRONG_KEY);
	world.options.seal_key = key;
	opened();
	expect("another key", "a value to hide");
}

/* A sequence is a nonce: under one key it must not serve twice, also when a
 * crash took back what it was used for. */
static void
a_sealed_store_uses_no_nonce_twice(void **state)
{
	static const uint8_t key[KEY_SIZE] = { 1 };
	struct buffer before, after, again;
	size_t session;

	(void)state;
	world.options.seal_key = key;
	opened();
	put("a", "1");
	closed();
	before = file_read(SEGMENT(1));
	opened();
	put("b", "the first text under this number");
	killed();
	after = file_read(SEGMENT(1));
	assert_memory_equal(before.data, after.data, before.size);
	file_write(SEGMENT(1), buffer_bytes(&before)); /* all was lost */
	opened();
	put("b", "another text");
	again = file_read(SEGMENT(1));
	session = before.size + RECORD_HEAD;
	assert_true(again.size > before.size);
	assert_memory_not_equal(after.data + session, again.data + session,
	    RECORD_SESSION);
	opened();
	expect("b", "another text");
	verified(OURO_OK);
	buffer_release(&before);
	buffer_release(&after);
	buffer_release(&again);
}

static void
old_segments_are_read_and_left_alone(void **state)
{
	static const char *const records[] = {
		"f0f10103000000050000006b657976616c756593d5555c",
		"f0f10203000000000000006b65794a4cdd7b",
	};
	struct buffer one = { 0 }, two = { 0 };

	(void)state;
	hex_decode(records[0], strlen(records[0]), &one, NULL);
	hex_decode(records[1], strlen(records[1]), &two, NULL);
	hex_decode(records[0], strlen(records[0]), &two, NULL);
	assert_int_equal(fs_mkdir(world.fs, "/store", NULL), OURO_OK);
	file_write(SEGMENT(1), buffer_bytes(&one));
	file_write(SEGMENT(2), buffer_bytes(&two));
	file_write(SEGMENT(3), bytes_of(one.data, 9)); /* torn */
	file_write(SEGMENT(4), bytes_of(NULL, 0));
	opened();
	expect("key", "value");
	assert_int_equal(stats().keys, 1);
	put("key", "ours");
	put("new", "1");
	for (unsigned i = 0; i < 2; i++) {
		opened();
		expect("key", "ours");
		expect("new", "1");
	}
	assert_int_equal(file_size(SEGMENT(1)), one.size);
	removed("key");
	assert_int_equal(engine_compact(world.engine, 0, NULL, NULL), OURO_OK);
	opened();
	expect("key", NULL);
	expect("new", "1");
	buffer_release(&one);
	buffer_release(&two);
}

/* The index runs out of memory in the midst of what compaction moved. */
static void
moves_count_when_they_fill_the_index(void **state)
{
	char key[16];

	(void)state;
	world.options.index_memory = 1;
	world.options.compact_share = -1;
	world.options.sync = ENGINE_SYNC_NEVER;
	opened();
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 7000; i += 1 + round) {
			snprintf(key, sizeof key, "key%u", i);
			put(key, "value");
		}
		assert_int_equal(engine_compact(world.engine, 0, NULL, NULL),
		    OURO_OK);
		assert_int_equal(stats().keys, 7000);
	}
}

static void
a_later_format_is_refused(void **state)
{
	struct buffer content;

	(void)state;
	opened();
	put("a", "1");
	closed();
	content = file_read(SEGMENT(1));
	content.data[11] = 2;
	put_u32le(content.data + HEADER_SIZE(0) - 4,
	    record_crc(0, bytes_of(content.data + 2, HEADER_SIZE(0) - 6)));
	file_write(SEGMENT(1), buffer_bytes(&content));
	assert_int_equal(engine_log_open("/store", &world.options,
			     &world.engine, NULL),
	    OURO_UNSUPPORTED);
	buffer_release(&content);
}

static void
more_segments_than_open_files(void **state)
{
	char key[16];

	(void)state;
	world.options.segment_size = 100;
	world.options.sync = ENGINE_SYNC_NEVER;
	opened();
	for (unsigned i = 0; i < 4 * SEGMENT_FILES_MAX; i++) {
		snprintf(key, sizeof key, "key%u", i);
		put(key, "................................................");
	}
	assert_true(stats().segments >= 4 * SEGMENT_FILES_MAX);
	opened();
	for (unsigned i = 0; i < 4 * SEGMENT_FILES_MAX; i++) {
		snprintf(key, sizeof key, "key%u",
		    i * 7 % (4 * SEGMENT_FILES_MAX));
		expect(key, "................................................");
	}
	verified(OURO_OK);
}

static void
compaction_gives_space_back(void **state)
{
	uint64_t freed = 0, before;

	(void)state;
	world.options.segment_size = 2000;
	opened();
	for (unsigned i = 0; i < 20; i++)
		put_size("same key", 900);
	before = stats().disk_bytes;
	assert_int_equal(engine_compact(world.engine, 0.5, &freed, NULL),
	    OURO_OK);
	assert_true(freed > 14000);
	assert_int_equal(stats().disk_bytes, before - freed);
	assert_int_equal(engine_compact(world.engine, 0, &freed, NULL),
	    OURO_OK);
	before = stats().segments;
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(engine_compact(world.engine, 0, &freed, NULL),
		    OURO_OK);
	assert_int_equal(stats().segments, before);
	verified(OURO_OK);
}

/* The run is there and the manifest is not: nothing was gained for the next
 * opening. */
static void
a_snapshot_that_is_not_stored_is_told(void **state)
{
	struct ouro_error err = { 0 };

	(void)state;
	opened();
	put("a", "1");
	fs_memory_fault(world.fs,
	    (struct fs_fault){ .call = FS_CALL_RENAME,
		.nth = 2,
		.errnum = EIO });
	assert_int_equal(engine_snapshot(world.engine, &err), OURO_IO);
	assert_true(err.text[0] != '\0');
	fs_memory_fault(world.fs, (struct fs_fault){ 0 });
	assert_int_equal(engine_snapshot(world.engine, &err), OURO_OK);
	opened();
	assert_int_equal(stats().replayed, 0);
	expect("a", "1");
}

/* The system tells a failed sync once: whoever hears of it ends writing for
 * all, and a snapshot that can never be stored is not waited for. */
static void
a_failed_sync_of_a_snapshot_ends_writing(void **state)
{
	struct ouro_error err = { 0 };
	struct log_engine *log;

	(void)state;
	world.options.sync = ENGINE_SYNC_NEVER;
	opened();
	log = log_engine_of(world.engine);
	put("a", "1");
	fs_memory_fault(world.fs,
	    (struct fs_fault){ .call = FS_CALL_SYNC, .nth = 1, .errnum = EIO });
	atomic_store(&log->index.flushing, true);
	assert_int_equal(append_sync_file(log, log->active->file, &err),
	    OURO_IO);
	fs_memory_fault(world.fs, (struct fs_fault){ 0 });
	assert_int_equal(append_sync_file(log, log->active->file, &err),
	    OURO_READ_ONLY);
	assert_int_equal(index_wait(log, &err), OURO_READ_ONLY);
	atomic_store(&log->index.flushing, false);
	assert_int_equal(fs_memory_calls(world.fs, FS_CALL_SYNC), 0);
	assert_int_equal(apply(ENGINE_PUT, "b", bytes_text("2")),
	    OURO_READ_ONLY);
	assert_int_equal(engine_snapshot(world.engine, &err), OURO_READ_ONLY);
	expect("a", "1");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_snapshot_that_is_not_stored_is_told),
		TEST(a_failed_sync_ends_writing),
		TEST(a_failed_sync_of_a_snapshot_ends_writing),
		TEST(sync_modes_say_what_is_durable),
		TEST(read_only_changes_nothing),
		TEST(must_exist_makes_nothing),
		TEST(the_seal_key_is_needed),
		TEST(a_sealed_store_uses_no_nonce_twice),
		TEST(old_segments_are_read_and_left_alone),
		TEST(moves_count_when_they_fill_the_index),
		TEST(a_later_format_is_refused),
		TEST(more_segments_than_open_files),
		TEST(compaction_gives_space_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
