/*
 * Making the index anew while calls fail, the power goes, and others write.
 */
#include "engine/test_index.h"

#include <pthread.h>
#include <sched.h>

#include "base/fs_crash.h"
#include "engine/index_renew.h"

#define SMALL 60000 /* of a delta: making the index anew takes some */

static void
run_damage(void)
{
	static const uint8_t wrong[16] = { 1, 2, 3 };
	struct bytes part = bytes_of(wrong, sizeof wrong);
	struct fs_file *file;

	assert_true(runs_find() > 0);
	assert_int_equal(fs_open(world.fs, found, FS_READ | FS_WRITE, &file,
			     NULL),
	    OURO_OK);
	assert_int_equal(fs_write(file, RUN_PAGE + 64, &part, 1, NULL),
	    OURO_OK);
	assert_int_equal(fs_sync(file, NULL), OURO_OK);
	fs_close(file);
}

/* Each of the first calls, or all; of the many that read and write alike only
 * some. */
static uint64_t
later(uint64_t n)
{
	return n + 1 + (getenv("OURO_LONG") != NULL ? 0 : n / 20);
}

/* The n-th call of a repair fails: the next repair does it. */
static void
any_call_of_a_repair_may_fail(void **state)
{
	enum ouro_status status = OURO_IO;
	uint64_t nth = 0;

	for (; status != OURO_OK || nth < 30; nth = later(nth)) {
		world_end(state);
		world_begin(state);
		store_make(nth % 2 != 0);
		assert_int_equal(engine_barrier(world.engine, NULL), OURO_OK);
		run_damage();
		log_engine_of(world.engine)->index.delta_limit = SMALL;
		fs_memory_fault(world.fs,
		    (struct fs_fault){ .call = FS_CALL_ANY,
			.nth = nth + 1,
			.errnum = nth % 3 != 0 ? EIO : ENOSPC,
			.short_write = true });
		status = engine_repair(world.engine, NULL, NULL, NULL);
		fs_memory_fault(world.fs, (struct fs_fault){ 0 });
		damage_seen(3);
		if (atomic_load(&log_engine_of(world.engine)->broken))
			opened();
		assert_int_equal(engine_repair(world.engine, NULL, NULL, NULL),
		    OURO_OK);
		assert_int_equal(verified(OURO_OK).count, 0);
		all_expect(3);
		opened();
		all_expect(3);
		assert_int_equal(runs_find(), stats().runs);
	}
	assert_true(nth > 40);
}

static bool
crash_at(uint64_t after, enum fs_crash_policy policy)
{
	struct fs *fs = fs_crash_new(policy + 1), *memory = world.fs, *disk;
	enum ouro_status status;

	world.fs = world.options.fs = fs;
	store_make(after % 2 != 0);
	assert_int_equal(engine_barrier(world.engine, NULL), OURO_OK);
	run_damage();
	log_engine_of(world.engine)->index.delta_limit = SMALL;
	fs_crash_stop_at(fs, fs_crash_clock(fs) + after);
	status = engine_repair(world.engine, NULL, NULL, NULL);
	fs_crash_stop_at(fs, 0);
	closed();
	disk = fs_crash_state(fs, policy, after);
	assert_non_null(disk);
	world.fs = world.options.fs = disk;
	opened();
	if (status != OURO_OK)
		assert_int_equal(engine_repair(world.engine, NULL, NULL, NULL),
		    OURO_OK);
	assert_int_equal(verified(OURO_OK).count, 0);
	all_expect(3);
	closed();
	fs_crash_free(disk);
	fs_crash_free(fs);
	world.fs = world.options.fs = memory;
	return status == OURO_OK;
}

static void
a_power_loss_in_a_repair_loses_nothing(void **state)
{
	(void)state;
	for (int policy = 0; policy < FS_CRASH_POLICIES; policy++)
		for (uint64_t after = 0;
		     !crash_at(after, (enum fs_crash_policy)policy);
		     after = later(after))
			assert_true(after < 5000);
}

/* ---- with others ---------------------------------------------------------------------- */

#define WRITERS 2
#define PAIRS	400
#define TIMES	12

static struct {
	atomic_uint rounds[WRITERS]; /* acknowledged */
	atomic_bool stop;
	atomic_uint faults;
} shared;

static struct bytes
pair_name(unsigned writer, unsigned pair, unsigned i, char out[32])
{
	snprintf(out, 32, "w%u-%05u-%u", writer, pair, i);
	return bytes_text(out);
}

/* Both keys of a pair always get the same round; each fifth is deleted. */
static void *
writer_run(void *context)
{
	unsigned writer = (unsigned)(uintptr_t)context;

	for (unsigned round = 1; !atomic_load(&shared.stop); round++) {
		struct engine_op ops[2] = { 0 };
		char names[2][32];
		uint8_t value[24] = { 0 };

		put_u32le(value, round);
		for (unsigned i = 0; i < 2; i++) {
			ops[i].kind = round % 5 == 0 ? ENGINE_DELETE
						     : ENGINE_PUT;
			ops[i].key = pair_name(writer, round % PAIRS, i,
			    names[i]);
			if (round % 5 != 0)
				ops[i].value = bytes_of(value, sizeof value);
		}
		if (engine_apply(world.engine, ops, 2, ENGINE_SYNC_NEVER,
			NULL) != OURO_OK)
			atomic_fetch_add(&shared.faults, 1);
		atomic_store(&shared.rounds[writer], round);
		sched_yield();
	}
	return NULL;
}

/* Of each writer the last PAIRS rounds before `before` are there, or later
 * ones. */
static void
pairs_check(unsigned writer, unsigned before)
{
	for (unsigned round = before > PAIRS ? before - PAIRS + 1 : 1;
	     round <= before; round++) {
		struct engine_value value;
		char name[32];
		enum ouro_status status = engine_get(world.engine,
		    pair_name(writer, round % PAIRS, 0, name), &value, NULL);

		if (status == OURO_OK ? get_u32le(value.bytes.data) < round
				      : status != OURO_NOT_FOUND ||
			    PAIRS % 5 != 0 || round % 5 != 0)
			atomic_fetch_add(&shared.faults, 1);
		engine_value_release(&value);
	}
}

static void *
reader_run(void *context)
{
	(void)context;
	while (!atomic_load(&shared.stop)) {
		struct engine_range range = { 0 };
		struct engine_scan *scan;
		struct bytes key, value;
		enum ouro_status status;

		for (unsigned i = 0; i < WRITERS; i++)
			pairs_check(i, atomic_load(&shared.rounds[i]));
		assert_int_equal(engine_scan_open(world.engine, &range, &scan,
				     NULL),
		    OURO_OK);
		do
			status = engine_scan_next(scan, &key, &value, NULL);
		while (status == OURO_OK);
		if (status != OURO_END)
			atomic_fetch_add(&shared.faults, 1);
		engine_scan_close(scan);
	}
	return NULL;
}

static void
renewed(void)
{
	struct log_engine *log = log_engine_of(world.engine);
	struct ouro_error err = { 0 };

	stored();
	pthread_mutex_lock(&log->care);
	if (index_renew(log, &err) != OURO_OK)
		fail_msg("%s", err.text);
	pthread_mutex_unlock(&log->care);
}

static void
others_go_on_meanwhile(void **state)
{
	pthread_t threads[WRITERS + 1];

	(void)state;
	memset(&shared, 0, sizeof shared);
	executor_close(world.executor);
	assert_int_equal(executor_open(3, world.fs, &world.executor, NULL),
	    OURO_OK);
	world.options.executor = world.executor;
	world.options.segment_size = 64 * 1024;
	opened();
	log_engine_of(world.engine)->index.delta_limit = 128 * 1024;
	for (uintptr_t i = 0; i <= WRITERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
				     i < WRITERS ? writer_run : reader_run,
				     (void *)i),
		    0);
	for (unsigned i = 0; i < TIMES; i++) {
		while (atomic_load(&shared.rounds[0]) < i * PAIRS)
			sched_yield();
		renewed();
	}
	atomic_store(&shared.stop, true);
	for (unsigned i = 0; i <= WRITERS; i++)
		pthread_join(threads[i], NULL);
	for (unsigned i = 0; i < WRITERS; i++)
		pairs_check(i, atomic_load(&shared.rounds[i]));
	assert_int_equal(atomic_load(&shared.faults), 0);
	assert_int_equal(verified(OURO_OK).count, 0);
	opened();
	for (unsigned i = 0; i < WRITERS; i++)
		pairs_check(i, atomic_load(&shared.rounds[i]));
	assert_int_equal(atomic_load(&shared.faults), 0);
	assert_int_equal(verified(OURO_OK).count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(any_call_of_a_repair_may_fail),
		TEST(a_power_loss_in_a_repair_loses_nothing),
		TEST(others_go_on_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
