/*
 * What older systems did wrong around compaction, snapshots and figures
 * (M01 ...); more in log_rows_test.c.
 */
#include "engine/log_engine.h"

#include <time.h>

#include "base/encoding.h"
#include "base/fs_crash.h"
#include "base/fs_ops.h"
#include "engine/log_world.h"

#define MANY 3000u

static void
many_put(unsigned from, unsigned end)
{
	char key[16];

	for (unsigned i = from; i < end; i++) {
		snprintf(key, sizeof key, "key%06u", i);
		put(key, key);
	}
}

static void
many_expect(unsigned end)
{
	char key[16];

	for (unsigned i = 0; i < end; i++) {
		snprintf(key, sizeof key, "key%06u", i);
		expect(key, key);
	}
}

static void
snapshot(void)
{
	assert_int_equal(engine_snapshot(world.engine, NULL), OURO_OK);
}

static void
compacted(void)
{
	assert_int_equal(engine_compact(world.engine, 0, NULL, NULL), OURO_OK);
}

/* ---- compaction ---------------------------------------------------------------- */

/* Writes, then compacts until the power goes; false: it did not. */
static bool
compact_until(struct fs *fs, uint64_t stop)
{
	struct engine_options options = { .fs = fs, .segment_size = 300 };
	enum ouro_status status;

	assert_int_equal(executor_open_manual(1, fs, &options.executor, NULL),
	    OURO_OK);
	assert_int_equal(engine_log_open("/store", &options, &world.engine,
			     NULL),
	    OURO_OK);
	many_put(0, 20);
	many_put(0, 10);
	fs_crash_stop_at(fs, fs_crash_clock(fs) + stop);
	status = engine_compact(world.engine, 0, NULL, NULL);
	closed();
	executor_close(options.executor);
	return status != OURO_OK;
}

static void
M01_copies_are_durable_before_originals_go(void **state)
{
	bool stopped = true;

	(void)state;
	for (uint64_t stop = 0; stopped; stop++) {
		struct fs *fs = fs_crash_new(1), *after;
		struct engine_options options = world.options;

		assert_non_null(fs);
		stopped = compact_until(fs, stop);
		assert_true(stopped || stop > 8);
		after = fs_crash_state(fs, FS_CRASH_LOSE_ALL, stop);
		options.fs = after;
		assert_int_equal(engine_log_open("/store", &options,
				     &world.engine, NULL),
		    OURO_OK);
		many_expect(20);
		assert_int_equal(stats().keys, 20);
		closed();
		fs_crash_free(after);
		fs_crash_free(fs);
	}
}

static void
a_dropped_tombstone_is_not_missed(void **state)
{
	(void)state;
	opened();
	put("a", "1");
	put("b", "2");
	snapshot();
	removed("a");
	compacted();
	compacted();
	killed();
	opened();
	expect("a", NULL);
	expect("b", "2");
	assert_int_equal(stats().keys, 1);
}

static const struct fs_ops *real_ops;
static atomic_bool armed;
static unsigned written_meanwhile;

static void *
write_and_read(void *context)
{
	(void)context;
	put("meanwhile", "1");
	expect("meanwhile", "1");
	expect("key000001", "key000001");
	written_meanwhile++;
	return NULL;
}

/* Another thread writes and reads while compaction gives its copies a name. */
static enum ouro_status
rename_meanwhile(struct fs *fs, const char *from, const char *to,
    struct ouro_error *err)
{
	struct timespec limit;
	pthread_t thread;

	if (!atomic_exchange(&armed, false))
		return real_ops->rename_new(fs, from, to, err);
	assert_int_equal(pthread_create(&thread, NULL, write_and_read, NULL),
	    0);
	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += 30;
	assert_int_equal(pthread_timedjoin_np(thread, NULL, &limit), 0);
	return real_ops->rename_new(fs, from, to, err);
}

static void
M13_compaction_blocks_nobody(void **state)
{
	struct executor *manual = world.executor;
	struct fs_ops ops;

	(void)state;
	world.options.segment_size = 400;
	/* Else the first rename may be that of a segment to be written to. */
	world.options.compact_share = -1;
	real_ops = world.fs->ops;
	ops = *real_ops;
	ops.rename_new = rename_meanwhile;
	world.fs->ops = &ops; /* before there are threads */
	assert_int_equal(executor_open(1, world.fs, &world.options.executor,
			     NULL),
	    OURO_OK);
	opened();
	many_put(0, 20);
	many_put(0, 10);
	written_meanwhile = 0;
	atomic_store(&armed, true);
	compacted();
	atomic_store(&armed, false);
	assert_int_equal(written_meanwhile, 1);
	expect("meanwhile", "1");
	closed();
	executor_close(world.options.executor);
	world.fs->ops = real_ops;
	world.options.executor = manual;
}

/* ---- opening -------------------------------------------------------------------- */

static void
M02_a_torn_tail_or_a_bad_record_stops_no_opening(void **state)
{
	struct buffer content;

	(void)state;
	opened();
	put("a", "1");
	put("b", "to be damaged");
	put("c", "to be torn");
	killed();
	content = records_read(SEGMENT(1));
	file_write(SEGMENT(1), bytes_of(content.data, content.size - 3));
	opened();
	assert_true(stats().torn_bytes > 0);
	expect("a", "1");
	expect("c", NULL);
	put("d", "goes on");
	put("e", "and says that all before is durable");
	killed();
	flip(SEGMENT(1), file_find(SEGMENT(1), "to be damaged"));
	opened();
	assert_int_equal(get_status("b", NULL), OURO_DAMAGED);
	expect("a", "1");
	expect("d", "goes on");
	assert_string_equal(verified(OURO_DAMAGED).files, SEGMENT(1) " ");
	buffer_release(&content);
}

/* ---- snapshots ------------------------------------------------------------------ */

static void
M05_a_snapshot_is_used(void **state)
{
	(void)state;
	world.options.segment_size = 1 << 18;
	world.options.sync = ENGINE_SYNC_NEVER;
	opened();
	many_put(0, MANY);
	killed();
	opened();
	assert_int_equal(stats().replayed, MANY);
	snapshot();
	killed();
	opened();
	assert_int_equal(stats().replayed, 0);
	many_expect(MANY);
	many_put(MANY, MANY + 10);
	killed();
	opened();
	assert_int_equal(stats().replayed, 10);
	many_expect(MANY + 10);
}

static char index_paths[8][64];
static unsigned index_count_of;

static enum ouro_status
index_name(void *context, const char *name, struct ouro_error *err)
{
	(void)context;
	(void)err;
	if (strcmp(name, MANIFEST_NAME) == 0 || strncmp(name, "index-", 6) == 0)
		snprintf(index_paths[index_count_of++], 64, "/store/%s", name);
	return OURO_OK;
}

/* The files of the stored index; the store is closed. */
static void
index_list(void)
{
	index_count_of = 0;
	assert_int_equal(fs_list(world.fs, "/store", index_name, NULL, NULL),
	    OURO_OK);
	assert_in_range(index_count_of, 2, 8);
}

static void
M05_a_lost_snapshot_costs_a_replay(void **state)
{
	(void)state;
	world.options.segment_size = 1 << 18;
	world.options.sync = ENGINE_SYNC_NEVER;
	for (unsigned i = 0; i < 2; i++) {
		opened();
		many_put(0, MANY);
		snapshot();
		killed();
		index_list();
		assert_int_equal(fs_unlink(world.fs, index_paths[i], NULL),
		    OURO_OK);
		opened();
		assert_true(stats().replayed >= MANY);
		many_expect(MANY);
	}
}

static void
damage_or_value(unsigned end)
{
	char key[16];

	for (unsigned i = 0; i < end; i += 7) {
		snprintf(key, sizeof key, "key%06u", i);
		if (get_status(key, NULL) != OURO_DAMAGED)
			expect(key, key);
	}
}

/* Damage of a snapshot is seen: never another answer but the right one, or
 * that it is damaged. */
static void
M05_a_damaged_snapshot_is_not_believed(void **state)
{
	struct buffer whole[2];
	unsigned replays = 0;

	(void)state;
	world.options.segment_size = 1 << 18;
	world.options.sync = ENGINE_SYNC_NEVER;
	opened();
	many_put(0, 300);
	snapshot();
	killed();
	index_list();
	for (unsigned i = 0; i < 2; i++)
		whole[i] = file_read(index_paths[i]);
	for (unsigned file = 0; file < 2; file++)
		for (size_t at = 0; at < whole[file].size; at += 97) {
			for (unsigned i = 0; i < 2; i++)
				file_write(index_paths[i],
				    buffer_bytes(&whole[i]));
			flip(index_paths[file], at);
			opened();
			replays += stats().replayed >= 300;
			damage_or_value(300);
			killed();
		}
	assert_true(replays > 3);
	buffer_release(&whole[0]);
	buffer_release(&whole[1]);
}

static void
M12_a_snapshot_holds_what_was_written_before(void **state)
{
	(void)state;
	world.options.segment_size = 1 << 18;
	world.options.sync = ENGINE_SYNC_NEVER;
	opened();
	for (unsigned i = 0; i < 10; i++) {
		many_put(i * 50, (i + 1) * 50);
		removed("key000003");
		put("key000003", "key000003");
		snapshot();
		killed();
		opened();
		assert_int_equal(stats().replayed, 0);
		many_expect((i + 1) * 50);
	}
}

/* ---- reading and memory ------------------------------------------------------------- */

static void
absent_get(void)
{
	char key[24];

	for (unsigned i = 0; i < MANY; i++) {
		snprintf(key, sizeof key, "key%06uabsent", i);
		expect(key, NULL);
	}
}

static void
M06_the_filter_spares_reads(void **state)
{
	struct engine_stats before, after;

	(void)state;
	world.options.sync = ENGINE_SYNC_NEVER;
	opened();
	many_put(0, MANY);
	snapshot();
	before = stats();
	absent_get();
	after = stats();
	assert_true(after.filter_asked - before.filter_asked >= MANY);
	assert_true(
	    after.filter_spared - before.filter_spared >= MANY / 100 * 97);
	/* Every page that was needed is known by now. */
	fs_memory_fault(world.fs, (struct fs_fault){ 0 });
	absent_get();
	assert_int_equal(fs_memory_calls(world.fs, FS_CALL_READ), 0);
}

static void
M08_the_index_keeps_within_its_memory(void **state)
{
	uint64_t most = 0;
	char key[40];

	(void)state;
	world.options.sync = ENGINE_SYNC_NEVER;
	world.options.index_memory = 1 << 20;
	opened();
	for (unsigned i = 0; i < 60000; i++) {
		snprintf(key, sizeof key, "%08x of many keys", i * 2654435761u);
		put(key, "v");
		if (i % 500 == 0 && stats().memory_bytes > most)
			most = stats().memory_bytes;
		while (i % 100 == 0 && executor_turn(world.executor))
			;
	}
	assert_in_range(most, 1, 1 << 20);
	assert_int_equal(stats().keys, 60000);
	closed();
	opened();
	assert_in_range(stats().memory_bytes, 0, 1 << 20);
	assert_int_equal(stats().keys, 60000);
}

/* ---- modes and figures ------------------------------------------------------------------ */

static void
M11_closing_is_clean_whatever_the_intervals(void **state)
{
	static const double shares[] = { -1, 0, 1e-9, 1 };
	struct executor *manual = world.executor;
	uint64_t begin;

	(void)state;
	assert_int_equal(executor_open(2, fs_posix(), &world.options.executor,
			     NULL),
	    OURO_OK);
	world.options.segment_size = 2000;
	begin = fs_monotonic_ns(fs_posix());
	for (unsigned i = 0; i < 16; i++) {
		world.options.compact_share = shares[i % 4];
		world.options.compact_rate = i / 4 % 2;
		world.options.sync = i < 8 ? ENGINE_SYNC_INTERVAL
					   : ENGINE_SYNC_NEVER;
		world.options.sync_interval_ms = i % 2 == 0 ? 0 : UINT32_MAX;
		opened();
		many_put(0, 100);
	}
	many_expect(100);
	closed();
	/* Nothing waits for an interval to pass. */
	assert_in_range(fs_monotonic_ns(fs_posix()) - begin, 0, 20000000000);
	executor_close(world.options.executor);
	world.options.executor = manual;
}

static uint64_t
syncs_of_puts(enum engine_sync sync, unsigned count)
{
	fs_memory_fault(world.fs, (struct fs_fault){ 0 });
	for (unsigned i = 0; i < count; i++) {
		struct engine_op op = { .key = bytes_text("k") };

		assert_int_equal(engine_apply(world.engine, &op, 1, sync, NULL),
		    OURO_OK);
	}
	return fs_memory_calls(world.fs, FS_CALL_SYNC);
}

static void
M14_syncs_are_as_many_as_chosen(void **state)
{
	(void)state;
	opened();
	put("k", "the segment is there");
	assert_int_equal(syncs_of_puts(ENGINE_SYNC_ALWAYS, 10), 10);
	assert_int_equal(syncs_of_puts(ENGINE_SYNC_NEVER, 100), 0);
	assert_int_equal(engine_barrier(world.engine, NULL), OURO_OK);
	assert_int_equal(fs_memory_calls(world.fs, FS_CALL_SYNC), 1);
	assert_int_equal(syncs_of_puts(ENGINE_SYNC_INTERVAL, 100), 0);
	for (unsigned i = 0; i < 50; i++) {
		fs_memory_advance(world.fs, 100);
		(void)executor_turn(world.executor);
	}
	assert_int_equal(fs_memory_calls(world.fs, FS_CALL_SYNC), 1);
	assert_int_equal(stats().durable_through, stats().sequence);
}

static uint64_t file_bytes[2]; /* segments, runs */

static enum ouro_status
file_count(void *context, const char *name, struct ouro_error *err)
{
	char path[128];

	(void)context;
	(void)err;
	snprintf(path, sizeof path, "/store/%s", name);
	if (strncmp(name, "segment-", 8) == 0)
		file_bytes[0] += file_size(path);
	if (strncmp(name, "index-", 6) == 0)
		file_bytes[1] += file_size(path);
	return OURO_OK;
}

static void
M17_figures_are_bytes_on_disk(void **state)
{
	struct engine_stats before, after;

	(void)state;
	world.options.sync = ENGINE_SYNC_NEVER;
	world.options.segment_size = 20000;
	opened();
	many_put(0, MANY);
	snapshot();
	before = stats();
	assert_int_equal(before.live_bytes + before.dead_bytes,
	    before.disk_bytes);
	assert_true(before.live_bytes > MANY * 18u);
	for (unsigned i = 0; i < 100; i++) {
		char key[16];

		snprintf(key, sizeof key, "key%06u", i);
		removed(key);
	}
	after = stats();
	assert_true(after.live_bytes < before.live_bytes);
	assert_true(after.dead_bytes > before.dead_bytes + 100 * 18);
	opened();
	after = stats();
	file_bytes[0] = file_bytes[1] = 0;
	assert_int_equal(fs_list(world.fs, "/store", file_count, NULL, NULL),
	    OURO_OK);
	assert_int_equal(after.disk_bytes, file_bytes[0]);
	assert_int_equal(after.index_bytes, file_bytes[1]);
}

/* ---- the older format --------------------------------------------------------------------- */

/* F0 F1, op, sizes of key and value, these, CRC-32 of all behind F0 F1. */
static const char *const old_records[2][3] = {
	{ "f0f10103000000050000006b657976616c756593d5555c", NULL },
	{ "f0f10203000000000000006b65794a4cdd7b",
	    "f0f10103000000050000006b657976616c756593d5555c", NULL },
};
/* KVINDEX1, one key, its size, "key", segment 2, offset 0. */
static const char old_snapshot[] = "4b56494e4445583101000000000000000300000"
				   "06b657902000000000000000000000000000000";

static void
old_write(const char *path, const char *const *hex)
{
	struct buffer content = { 0 }, part = { 0 };

	for (; *hex != NULL; hex++) {
		hex_decode(*hex, strlen(*hex), &part, NULL);
		assert_int_equal(buffer_append(&content, buffer_bytes(&part),
				     NULL),
		    OURO_OK);
	}
	file_write(path, buffer_bytes(&content));
	buffer_release(&content);
	buffer_release(&part);
}

static void
old_alone(const char *path, const char *hex)
{
	struct buffer content = file_read(path), expected = { 0 };

	hex_decode(hex, strlen(hex), &expected, NULL);
	assert_true(
	    bytes_equal(buffer_bytes(&content), buffer_bytes(&expected)));
	buffer_release(&content);
	buffer_release(&expected);
}

static void
M19_a_directory_of_the_older_engine_goes_on(void **state)
{
	static const char *const names[] = { "/store/index.snapshot",
		"/store/snapshot", "/store/index-00000001.idx" };
	const char *const snapshots[] = { old_snapshot, NULL };

	(void)state;
	assert_int_equal(fs_mkdir(world.fs, "/store", NULL), OURO_OK);
	old_write(SEGMENT(1), old_records[0]);
	old_write(SEGMENT(2), old_records[1]);
	for (unsigned i = 0; i < 3; i++)
		old_write(names[i], snapshots);
	opened();
	expect("key", "value");
	assert_int_equal(stats().keys, 1);
	assert_int_equal(stats().damaged_records, 0);
	put("new", "1");
	snapshot();
	for (unsigned i = 0; i < 2; i++) {
		opened();
		expect("key", "value");
		expect("new", "1");
		compacted();
	}
	removed("key");
	killed();
	opened();
	compacted();
	opened();
	expect("key", NULL);
	expect("new", "1");
	assert_int_equal(engine_verify(world.engine, NULL, NULL, NULL),
	    OURO_OK);
	for (unsigned i = 0; i < 3; i++)
		old_alone(names[i], old_snapshot);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(M01_copies_are_durable_before_originals_go),
		TEST(M02_a_torn_tail_or_a_bad_record_stops_no_opening),
		TEST(M05_a_snapshot_is_used),
		TEST(M05_a_lost_snapshot_costs_a_replay),
		TEST(M05_a_damaged_snapshot_is_not_believed),
		TEST(M06_the_filter_spares_reads),
		TEST(M08_the_index_keeps_within_its_memory),
		TEST(M11_closing_is_clean_whatever_the_intervals),
		TEST(M12_a_snapshot_holds_what_was_written_before),
		TEST(M13_compaction_blocks_nobody),
		TEST(M14_syncs_are_as_many_as_chosen),
		TEST(M17_figures_are_bytes_on_disk),
		TEST(M19_a_directory_of_the_older_engine_goes_on),
		TEST(a_dropped_tombstone_is_not_missed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
