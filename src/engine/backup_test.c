/*
 * Backups: equal to the store at the call, whole or gone, whatever happens.
 */
#include "engine/log_world.h"

#include <pthread.h>
#include <sched.h>

#include "base/fs_crash.h"

#define KEYS	120
#define WRITERS 3
#define BACKUPS 6

static const uint8_t seal_key[KEY_SIZE] = { 1, 2, 3 };

/* ---- stores -------------------------------------------------------------------- */

static void
round_write(unsigned round)
{
	char key[32], value[32];

	for (unsigned n = round % 3; n < KEYS; n += round) {
		snprintf(key, sizeof key, "key%03u", n);
		snprintf(value, sizeof value, "%u of round %u", n, round);
		if (n % 7 == round)
			removed(key);
		else
			put(key, value);
	}
}

/* In the index, behind it, rewritten, and deleted. */
static void
store_make(bool sealed)
{
	world.options.seal_key = sealed ? seal_key : NULL;
	world.options.name = "records";
	world.options.segment_size = 2500;
	world.options.sync = ENGINE_SYNC_NEVER;
	world.options.compact_share = -1;
	opened();
	round_write(1);
	assert_int_equal(engine_snapshot(world.engine, NULL), OURO_OK);
	round_write(2);
	assert_int_equal(engine_compact(world.engine, 0.3, NULL, NULL),
	    OURO_OK);
	assert_int_equal(engine_snapshot(world.engine, NULL), OURO_OK);
	round_write(3);
}

static enum ouro_status
backup_open(const char *dir, struct engine **out, struct ouro_error *err)
{
	struct engine_options options = world.options;

	options.must_exist = true;
	return engine_log_open(dir, &options, out, err);
}

static void
scans_equal(struct engine *a, struct engine *b)
{
	struct engine_range range = { 0 };
	struct engine_scan *scans[2];
	enum ouro_status status[2] = { OURO_OK, OURO_OK };

	assert_int_equal(engine_scan_open(a, &range, &scans[0], NULL), OURO_OK);
	assert_int_equal(engine_scan_open(b, &range, &scans[1], NULL), OURO_OK);
	while (status[0] == OURO_OK) {
		struct bytes keys[2], values[2];

		for (unsigned i = 0; i < 2; i++)
			status[i] = engine_scan_next(scans[i], &keys[i],
			    &values[i], NULL);
		assert_int_equal(status[0], status[1]);
		assert_true(bytes_equal(keys[0], keys[1]));
		assert_true(bytes_equal(values[0], values[1]));
	}
	assert_int_equal(status[0], OURO_END);
	engine_scan_close(scans[0]);
	engine_scan_close(scans[1]);
}

static void
backed_up(const char *dir)
{
	struct ouro_error err = { 0 };

	if (engine_backup(world.engine, dir, NULL, NULL, &err) != OURO_OK)
		fail_msg("%s", err.text);
}

static struct engine *
backup_opened(const char *dir)
{
	struct ouro_error err = { 0 };
	struct engine *engine;

	if (backup_open(dir, &engine, &err) != OURO_OK)
		fail_msg("%s", err.text);
	return engine;
}

/* ---- what it holds -------------------------------------------------------------- */

static void
backup_is_equal(bool sealed)
{
	struct engine_op op = { .kind = ENGINE_PUT, .key = bytes_text("new") };
	struct engine_stats there;
	struct engine *copy;

	store_make(sealed);
	backed_up("/backup");
	copy = backup_opened("/backup");
	scans_equal(world.engine, copy);
	assert_int_equal(engine_verify(copy, NULL, NULL, NULL), OURO_OK);
	assert_int_equal(engine_stats(copy, &there, NULL), OURO_OK);
	assert_true(there.runs > 0); /* the index was taken along */
	assert_true(there.replayed < stats().sequence);
	assert_int_equal(there.sequence, stats().sequence);

	/* Each goes its own way. */
	assert_int_equal(engine_apply(copy, &op, 1, ENGINE_SYNC_ALWAYS, NULL),
	    OURO_OK);
	expect("new", NULL);
	round_write(4);
	engine_close(copy);
	copy = backup_opened("/backup");
	assert_int_equal(engine_exists(copy, op.key, NULL, NULL), OURO_OK);
	engine_close(copy);
	opened();
	assert_int_equal(verified(OURO_OK).count, 0);
}

static void
test_a_backup_is_the_store(void **state)
{
	(void)state;
	backup_is_equal(false);
}

static void
test_a_sealed_backup_is_the_store(void **state)
{
	struct engine_options options;
	struct engine *copy;

	(void)state;
	backup_is_equal(true);
	options = world.options;
	options.name = "copies";
	assert_int_equal(engine_log_open("/backup", &options, &copy, NULL),
	    OURO_WRONG_KEY);
}

static void
test_a_store_opened_for_reading_is_backed_up(void **state)
{
	struct engine *copy;

	(void)state;
	store_make(false);
	closed();
	world.options.read_only = true;
	opened();
	backed_up("/backup");
	copy = backup_opened("/backup");
	scans_equal(world.engine, copy);
	engine_close(copy);
}

static void
test_an_empty_store_is_backed_up(void **state)
{
	(void)state;
	opened();
	assert_int_equal(fs_mkdir(world.fs, "/backup", NULL), OURO_OK);
	backed_up("/backup");
	closed();
	world.engine = backup_opened("/backup");
	assert_int_equal(stats().keys, 0);
}

static enum ouro_status
run_flip(void *context, const char *name, struct ouro_error *err)
{
	uint64_t id;
	bool temporary;

	(void)err;
	if (run_id_of(name, &id, &temporary)) {
		char path[FS_PATH_MAX];

		assert_int_equal(fs_join(path, context, name, NULL), OURO_OK);
		flip(path, 8192 + 99);
	}
	return OURO_OK;
}

/* It is made anew by the opening. */
static void
test_a_damaged_index_is_left_behind(void **state)
{
	struct engine_stats there;
	struct engine *copy;
	char dir[] = "/store";

	(void)state;
	store_make(false);
	assert_int_equal(fs_list(world.fs, dir, run_flip, dir, NULL), OURO_OK);
	backed_up("/backup");
	assert_int_equal(fs_list(world.fs, dir, run_flip, dir, NULL), OURO_OK);
	copy = backup_opened("/backup");
	scans_equal(world.engine, copy);
	assert_int_equal(engine_stats(copy, &there, NULL), OURO_OK);
	assert_int_equal(there.runs, 0);
	engine_close(copy);
}

/* ---- where it may go -------------------------------------------------------------- */

static enum ouro_status
name_count(void *context, const char *name, struct ouro_error *err)
{
	(void)name;
	(void)err;
	++*(unsigned *)context;
	return OURO_OK;
}

static unsigned
names_in(struct fs *fs, const char *dir)
{
	unsigned count = 0;

	(void)fs_list(fs, dir, name_count, &count, NULL);
	return count;
}

static void
test_where_a_backup_may_go(void **state)
{
	struct ouro_error err = { 0 };

	(void)state;
	store_make(false);
	assert_int_equal(engine_backup(world.engine, "/store", NULL, NULL,
			     &err),
	    OURO_EXISTS);
	assert_non_null(strstr(err.text, "/store"));
	assert_int_equal(engine_backup(world.engine, "/no/such/dir", NULL, NULL,
			     &err),
	    OURO_NOT_FOUND);
	assert_non_null(strstr(err.text, "/no/such "));
	assert_int_equal(engine_backup(world.engine, "/store/INDEX", NULL, NULL,
			     &err),
	    OURO_EXISTS);
	assert_int_equal(engine_backup(world.engine, "", NULL, NULL, &err),
	    OURO_INVALID);
	backed_up("/backup/");
	assert_int_equal(engine_backup(world.engine, "/backup", NULL, NULL,
			     &err),
	    OURO_EXISTS);
	assert_int_equal(verified(OURO_OK).count, 0);
}

static void
test_a_store_in_memory_has_no_backup(void **state)
{
	struct engine *memory;
	struct ouro_error err = { 0 };

	(void)state;
	assert_int_equal(engine_memory_open(NULL, &memory, NULL), OURO_OK);
	assert_int_equal(engine_backup(memory, "/backup", NULL, NULL, &err),
	    OURO_UNSUPPORTED);
	assert_non_null(strstr(err.text, "/backup"));
	engine_close(memory);
}

struct watched {
	uint64_t done, total, stop;
	unsigned calls;
};

static bool
watch(void *context, uint64_t done, uint64_t total)
{
	struct watched *watched = context;

	assert_true(done >= watched->done && done <= total);
	assert_true(watched->calls == 0 || total == watched->total);
	watched->done = done;
	watched->total = total;
	return watched->calls++ < watched->stop;
}

static void
test_progress_is_told_and_may_cancel(void **state)
{
	struct watched all = { .stop = UINT64_MAX };

	(void)state;
	store_make(false);
	assert_int_equal(engine_backup(world.engine, "/backup", watch, &all,
			     NULL),
	    OURO_OK);
	assert_true(all.done == all.total && all.total > 0 && all.calls > 3);
	for (unsigned stop = 0; stop < all.calls; stop++) {
		struct watched some = { .stop = stop };

		assert_int_equal(engine_backup(world.engine, "/other", watch,
				     &some, NULL),
		    OURO_CANCELLED);
		assert_int_equal(names_in(world.fs, "/other"), 0);
	}
}

/* ---- failing --------------------------------------------------------------------- */

static void
test_any_call_may_fail(void **state)
{
	uint64_t nth = 0;
	enum ouro_status status;

	(void)state;
	store_make(true);
	do {
		char dir[32];

		snprintf(dir, sizeof dir, "/backup%llu",
		    (unsigned long long)++nth);
		assert_int_equal(engine_barrier(world.engine, NULL), OURO_OK);
		fs_memory_fault(world.fs,
		    (struct fs_fault){ .call = FS_CALL_ANY,
			.nth = nth,
			.errnum = nth % 2 != 0 ? EIO : ENOSPC,
			.short_write = true });
		status = engine_backup(world.engine, dir, NULL, NULL, NULL);
		fs_memory_fault(world.fs, (struct fs_fault){ 0 });
		if (status != OURO_OK)
			assert_int_equal(names_in(world.fs, dir), 0);
	} while (status != OURO_OK || nth < 20);
	assert_true(nth > 60);
	assert_int_equal(verified(OURO_OK).count, 0);
}

static bool
report_any(struct engine *engine)
{
	struct told told = { 0 };

	(void)engine_verify(engine, tell, &told, NULL);
	return told.count > 0;
}

/* The disk after a power loss: no backup, one that tells what is missing, or
 * the backup. */
static void
crash_check(struct fs *disk, struct executor *executor, bool returned)
{
	struct engine_options options = world.options;
	struct engine *store, *copy;

	options.fs = disk;
	options.executor = executor;
	options.must_exist = true;
	assert_int_equal(engine_log_open("/store", &options, &store, NULL),
	    OURO_OK);
	if (engine_log_open("/backup", &options, &copy, NULL) == OURO_OK) {
		if (returned || !report_any(copy))
			scans_equal(store, copy);
		engine_close(copy);
	} else {
		assert_false(returned);
	}
	engine_close(store);
}

static bool
crash_at(uint64_t after, enum fs_crash_policy policy)
{
	struct fs *fs = fs_crash_new(policy + 1), *memory = world.fs, *disk;
	enum ouro_status status;
	uint64_t begun;

	world.fs = world.options.fs = fs;
	store_make(false);
	assert_int_equal(engine_barrier(world.engine, NULL), OURO_OK);
	begun = fs_crash_clock(fs);
	fs_crash_stop_at(fs, begun + after);
	status = engine_backup(world.engine, "/backup", NULL, NULL, NULL);
	fs_crash_stop_at(fs, 0);
	closed();
	disk = fs_crash_state(fs, policy, after);
	assert_non_null(disk);
	crash_check(disk, world.executor, status == OURO_OK);
	fs_crash_free(disk);
	fs_crash_free(fs);
	world.fs = world.options.fs = memory;
	return status == OURO_OK;
}

static void
test_a_power_loss_leaves_no_half_backup(void **state)
{
	(void)state;
	for (int policy = 0; policy < FS_CRASH_POLICIES; policy++)
		for (uint64_t after = 0;
		     !crash_at(after, (enum fs_crash_policy)policy); after++)
			assert_true(after < 1000);
}

/* ---- with others ------------------------------------------------------------------ */

static struct {
	struct engine *engine;
	atomic_uint rounds[WRITERS]; /* acknowledged */
	atomic_bool stop;
	atomic_uint faults;
} shared;

static void
names_make(unsigned writer, unsigned key, char names[2][32])
{
	snprintf(names[0], 32, "w%u-%03u-a", writer, key);
	snprintf(names[1], 32, "w%u-%03u-b", writer, key);
}

/* Both keys of a pair always get the same round. */
static void *
writer_run(void *context)
{
	unsigned writer = (unsigned)(uintptr_t)context;

	for (unsigned round = 1; !atomic_load(&shared.stop); round++) {
		struct engine_op ops[2] = { 0 };
		char names[2][32];
		uint8_t value[200] = { 0 };

		names_make(writer, round % KEYS, names);
		put_u32le(value, round);
		for (unsigned i = 0; i < 2; i++) {
			ops[i].key = bytes_text(names[i]);
			ops[i].value = bytes_of(value, sizeof value);
		}
		if (engine_apply(shared.engine, ops, 2, ENGINE_SYNC_NEVER,
			NULL) != OURO_OK)
			atomic_fetch_add(&shared.faults, 1);
		atomic_store(&shared.rounds[writer], round);
		if (round % 64 == 0)
			sched_yield();
	}
	return NULL;
}

static void *
compactor_run(void *context)
{
	(void)context;
	while (!atomic_load(&shared.stop)) {
		if (engine_compact(shared.engine, 0.4, NULL, NULL) != OURO_OK ||
		    engine_snapshot(shared.engine, NULL) != OURO_OK)
			atomic_fetch_add(&shared.faults, 1);
		sched_yield();
	}
	return NULL;
}

static unsigned
round_of(struct engine *engine, const char *name)
{
	struct engine_value value;
	unsigned round = 0;
	enum ouro_status status = engine_get(engine, bytes_text(name), &value,
	    NULL);

	if (status == OURO_OK)
		round = get_u32le(value.bytes.data);
	else
		assert_int_equal(status, OURO_NOT_FOUND);
	engine_value_release(&value);
	return round;
}

/* The pairs are whole, and no writer's last acknowledged rounds are missing:
 * what is there are the last KEYS rounds up to some later one. */
static void
copy_check(struct engine *copy, const unsigned *before)
{
	for (unsigned writer = 0; writer < WRITERS; writer++) {
		unsigned newest = 0, oldest = UINT32_MAX;

		for (unsigned key = 0; key < KEYS; key++) {
			char names[2][32];
			unsigned round;

			names_make(writer, key, names);
			round = round_of(copy, names[0]);
			assert_int_equal(round, round_of(copy, names[1]));
			newest = round > newest ? round : newest;
			oldest = round < oldest ? round : oldest;
		}
		assert_true(newest >= before[writer]);
		assert_true(newest < KEYS || newest - oldest == KEYS - 1);
	}
}

static void
backup_beside(unsigned number)
{
	unsigned before[WRITERS];
	struct ouro_error err = { 0 };
	struct engine *copy;
	char dir[32];

	snprintf(dir, sizeof dir, "/backup%u", number);
	for (unsigned i = 0; i < WRITERS; i++)
		do {
			before[i] = atomic_load(&shared.rounds[i]);
			sched_yield();
		} while (before[i] < (number + 1) * KEYS);
	if (engine_backup(shared.engine, dir, NULL, NULL, &err) != OURO_OK)
		fail_msg("%s", err.text);
	copy = backup_opened(dir);
	copy_check(copy, before);
	assert_int_equal(engine_verify(copy, NULL, NULL, NULL), OURO_OK);
	engine_close(copy);
}

static void
beside_others(bool sealed)
{
	pthread_t threads[WRITERS + 1];

	memset(&shared, 0, sizeof shared);
	executor_close(world.executor);
	assert_int_equal(executor_open(3, world.fs, &world.executor, NULL),
	    OURO_OK);
	world.options.executor = world.executor;
	world.options.seal_key = sealed ? seal_key : NULL;
	world.options.segment_size = 64 * 1024;
	opened();
	shared.engine = world.engine;
	for (uintptr_t i = 0; i < WRITERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, writer_run,
				     (void *)i),
		    0);
	assert_int_equal(pthread_create(&threads[WRITERS], NULL, compactor_run,
			     NULL),
	    0);
	for (unsigned i = 0; i < BACKUPS; i++)
		backup_beside(i);
	atomic_store(&shared.stop, true);
	for (unsigned i = 0; i <= WRITERS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&shared.faults), 0);
	assert_int_equal(verified(OURO_OK).count, 0);
}

static void
test_others_write_and_compact_meanwhile(void **state)
{
	(void)state;
	beside_others(false);
}

static void
test_others_write_and_compact_a_sealed_store(void **state)
{
	(void)state;
	beside_others(true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_backup_is_the_store),
		TEST(test_a_sealed_backup_is_the_store),
		TEST(test_a_store_opened_for_reading_is_backed_up),
		TEST(test_an_empty_store_is_backed_up),
		TEST(test_a_damaged_index_is_left_behind),
		TEST(test_where_a_backup_may_go),
		TEST(test_a_store_in_memory_has_no_backup),
		TEST(test_progress_is_told_and_may_cancel),
		TEST(test_any_call_may_fail),
		TEST(test_a_power_loss_leaves_no_half_backup),
		TEST(test_others_write_and_compact_meanwhile),
		TEST(test_others_write_and_compact_a_sealed_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
