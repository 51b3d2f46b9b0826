/*
 * Power loss at every point of scripted workloads of the log engine.
 *
 * A workload is run up to its n-th changing call, for every n; then the disk
 * is made as each policy of fs_crash leaves it, and the store is opened. It
 * must hold exactly what some prefix of the applied batches makes, no shorter
 * than what was acknowledged as durable, no longer than what was tried; it
 * must report no damage; a second opening must find the same; and it must go
 * on taking writes that survive another power loss.
 *
 * Scripts: p/P put, l/L put a large value, b/B batch (two puts, a deletion),
 * d/D delete (a capital: sync=always, else never); s barrier; c compact all,
 * h what is half dead; r close and open, k kill the process and open, x power
 * loss and recovery. A digit is the key; a batch takes the next two as well.
 */
#include "engine/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/executor.h"
#include "base/fs_crash.h"

#define KEYS	   10
#define BATCHES	   128
#define STATES_MIN 40000
/* Holds every workload, and a crash leaves few zeros to be looked through. */
#define SEGMENT_SIZE 32768

struct workload {
	const char *name;
	const char *script;
	uint64_t segment_size;
	bool sealed;
};

static const struct workload workloads[] = {
	{ "durable puts", "P0P1P2P0P1P2P3P0", 0, false },
	{ "puts without sync", "p0p1p2p0l1p2p3p0sp4p5", 0, false },
	{ "large values", "L0L1l2l0sL1l3", 0, false },
	{ "batches", "B0B3B0b3b5sb0b1B2", 0, false },
	{ "rotation", "P0P1B2P5L6P0B1L2P3P4B0", 300, false },
	{ "rotation without sync", "p0p1b2p5l6p0b1l2sp3p4b0p1", 300, false },
	{ "deletions", "P0P1P2D0D1P0D2D0P1D1", 250, false },
	{ "deletions and compaction", "P0P1P2D0D1cP0D0cD2cP1", 250, false },
	{ "compaction", "B0B3P0P1cB0cP9D0cP1", 400, false },
	{ "compaction over unsynced writes", "P0P1B2scp0d1p2cp3p0", 300,
	    false },
	{ "reopening", "P0rp1rB2rrP3p4rD0r", 0, false },
	{ "reopening with rotation", "P0rB1rl2rb3rP0P1r", 200, false },
	{ "reopening after compaction", "B0B3crP0D1crp2cr", 300, false },
	{ "recovery during recovery", "P0p1b2l3xp4b5P0xb1l2p3xP4", 0, false },
	{ "recovery with rotation", "P0p1b2l3p4xp0p1b2p5l6xP0cxd1p2", 260,
	    false },
	{ "a tombstone outlives the compaction of its segment",
	    "P0P1P2P3P7P7P7D0P8P8P8hrD1P8P8P8hr", 300, false },
	{ "what made a torn tail void goes", "P0l1p2p4xP5P5P5cP6r", 0, false },
	{ "killed, then power loss", "P0p1b2kP3p4kp5l6kb1P0", 0, false },
	{ "killed with rotation", "P0p1b2l3p4kP5cp6kD0", 260, false },
	{ "sealed, killed", "P0p1krp2kP3b4kP5", 0, true },
	{ "sealed", "P0B1p4l5sD0rP1b2rxP3", 0, true },
	{ "sealed with rotation and compaction", "P0B1P2L3cD0p1rb2cxP5", 420,
	    true },
	{ "sealed, recovery", "P0p1b2xp4b5xp1rp2xP3", 0, true },
};

/* values[k] = 0: the key is not there. */
struct content {
	unsigned values[KEYS];
};

struct run {
	const struct workload *workload;
	struct fs *fs;
	struct executor *executor;
	struct engine *engine;
	struct content after[BATCHES]; /* after[n]: n batches applied */
	unsigned tried, durable;
	unsigned value_next;
	unsigned losses;
	uint64_t stop, used; /* changing calls, over all disks of the run */
};

static unsigned states;

/* What is being checked, told when a check fails. */
static struct {
	const struct workload *workload;
	uint64_t stop;
	unsigned plan, seed;
} present;

static void
where(const struct workload *workload, uint64_t stop, unsigned plan,
    unsigned seed)
{
	present.workload = workload;
	present.stop = stop;
	present.plan = plan;
	present.seed = seed;
}

static int
where_tell(void **state)
{
	(void)state;
	if (states < STATES_MIN && present.workload != NULL)
		print_error("\"%s\", call %llu, plan %u, seed %u\n",
		    present.workload->name, (unsigned long long)present.stop,
		    present.plan, present.seed);
	return 0;
}

static struct engine_options
options_of(const struct workload *workload, struct fs *fs,
    struct executor *executor)
{
	static const uint8_t seal_key[32] = "thirty-two bytes of a seal key.";

	return (struct engine_options){
		.fs = fs,
		.executor = executor,
		.segment_size = workload->segment_size != 0
		    ? workload->segment_size
		    : SEGMENT_SIZE,
		.seal_key = workload->sealed ? seal_key : NULL,
	};
}

/* ---- values --------------------------------------------------------------------------- */

static size_t
value_size(unsigned value)
{
	return value % 2 == 1 ? 3000 + value % 7 * 1000 : 5 + value % 60;
}

static void
value_fill(unsigned value, uint8_t *out)
{
	size_t size = value_size(value);

	for (size_t i = 0; i < size; i++)
		out[i] = (uint8_t)(value + i * 31);
	put_u32le(out, value);
}

/* The value's number; fails the test when its bytes are not right. */
static unsigned
value_read(struct bytes bytes)
{
	uint8_t expected[16384];
	unsigned value;

	assert_true(bytes.size >= 5);
	value = get_u32le(bytes.data);
	assert_int_equal(bytes.size, value_size(value));
	value_fill(value, expected);
	assert_memory_equal(bytes.data, expected, bytes.size);
	return value;
}

/* ---- running a workload ---------------------------------------------------------------- */

static enum ouro_status
store_open(struct run *run)
{
	struct engine_options options = options_of(run->workload, run->fs,
	    run->executor);

	return engine_log_open("/store", &options, &run->engine, NULL);
}

static void
store_close(struct run *run)
{
	engine_close(run->engine);
	run->engine = NULL;
}

/* Applies a batch and notes what it makes. */
static enum ouro_status
batch_run(struct run *run, char command, unsigned key)
{
	bool sync = command >= 'A' && command <= 'Z';
	char kind = sync ? (char)(command - 'A' + 'a') : command;
	unsigned count = kind == 'b' ? 3 : 1;
	struct content *next = &run->after[run->tried + 1];
	static uint8_t values[3][16384];
	struct engine_op ops[3] = { 0 };
	uint8_t keys[3];
	enum ouro_status status;

	*next = run->after[run->tried];
	for (unsigned i = 0; i < count; i++) {
		unsigned at = (key + i) % KEYS, value;

		keys[i] = (uint8_t)('a' + at);
		ops[i].key = bytes_of(&keys[i], 1);
		if (kind == 'd' || i == 2) {
			ops[i].kind = ENGINE_DELETE;
			next->values[at] = 0;
			continue;
		}
		value = run->value_next += 2;
		value += kind == 'l';
		value_fill(value, values[i]);
		ops[i].value = bytes_of(values[i], value_size(value));
		next->values[at] = value;
	}
	run->tried++;
	status = engine_apply(run->engine, ops, count,
	    sync ? ENGINE_SYNC_ALWAYS : ENGINE_SYNC_NEVER, NULL);
	if (status == OURO_OK && sync)
		run->durable = run->tried;
	return status;
}

/* ---- looking at a store ---------------------------------------------------------------- */

/* OURO_IO when the power went while it was read. */
static enum ouro_status
content_read(struct engine *engine, struct content *content)
{
	struct engine_range range = { 0 };
	struct engine_scan *scan;
	struct bytes key, value;
	enum ouro_status status;

	memset(content, 0, sizeof *content);
	assert_int_equal(engine_scan_open(engine, &range, &scan, NULL),
	    OURO_OK);
	while (
	    (status = engine_scan_next(scan, &key, &value, NULL)) == OURO_OK) {
		assert_int_equal(key.size, 1);
		assert_in_range(key.data[0], 'a', 'a' + KEYS - 1);
		content->values[key.data[0] - 'a'] = value_read(value);
	}
	engine_scan_close(scan);
	return status == OURO_END ? OURO_OK : status;
}

/* The longest prefix of the batches that makes this content. */
static unsigned
prefix_find(const struct run *run, const struct content *content)
{
	for (unsigned n = run->tried + 1; n-- > run->durable;)
		if (memcmp(content, &run->after[n], sizeof *content) == 0)
			return n;
	for (unsigned k = 0; k < KEYS; k++)
		print_error("key %u: found %u, durable %u, tried %u\n", k,
		    content->values[k], run->after[run->durable].values[k],
		    run->after[run->tried].values[k]);
	fail_msg("no prefix from %u to %u makes this content", run->durable,
	    run->tried);
	return 0;
}

static void
no_damage(struct engine *engine)
{
	struct engine_stats stats;

	assert_int_equal(engine_stats(engine, &stats, NULL), OURO_OK);
	assert_int_equal(stats.damaged_records, 0);
	assert_int_equal(stats.missing_segments, 0);
}

/* ---- running, continued ----------------------------------------------------------------- */

/* Loses power and recovers, within the run. */
static enum ouro_status
power_loss(struct run *run)
{
	static const enum fs_crash_policy policies[] = { FS_CRASH_TORN_512,
		FS_CRASH_SUBSET, FS_CRASH_KEEP_ALL, FS_CRASH_TORN_4K };
	struct fs *state = fs_crash_state(run->fs, policies[run->losses % 4],
	    run->losses);
	struct content content;
	enum ouro_status status;

	assert_non_null(state);
	run->losses++;
	run->used += fs_crash_clock(run->fs);
	store_close(run);
	executor_close(run->executor);
	fs_crash_free(run->fs);
	run->fs = state;
	assert_int_equal(executor_open_manual(1, run->fs, &run->executor, NULL),
	    OURO_OK);
	if (run->stop != UINT64_MAX)
		fs_crash_stop_at(run->fs, run->stop - run->used);
	status = store_open(run);
	if (status == OURO_OK)
		status = content_read(run->engine, &content);
	if (status == OURO_OK)
		run->tried = run->durable = prefix_find(run, &content);
	return status;
}

/* Kills the process: what it wrote is in the system's cache, unsynced. */
static enum ouro_status
process_kill(struct run *run)
{
	struct content content;
	enum ouro_status status;

	fs_crash_stop_at(run->fs, 0); /* closing cannot change anything */
	store_close(run);
	fs_crash_stop_at(run->fs,
	    run->stop == UINT64_MAX ? UINT64_MAX : run->stop - run->used);
	status = store_open(run);
	if (status == OURO_OK)
		status = content_read(run->engine, &content);
	if (status == OURO_OK)
		assert_memory_equal(&content, &run->after[run->tried],
		    sizeof content);
	return status;
}

static enum ouro_status
command_run(struct run *run, char command, unsigned key)
{
	enum ouro_status status = OURO_OK;

	switch (command) {
	case 's':
		status = engine_barrier(run->engine, NULL);
		break;
	case 'c':
		return engine_compact(run->engine, 0, NULL, NULL);
	case 'h':
		return engine_compact(run->engine, 0.5, NULL, NULL);
	case 'k':
		return process_kill(run);
	case 'r':
		store_close(run);
		status = store_open(run);
		break;
	case 'x':
		return power_loss(run);
	default:
		return batch_run(run, command, key);
	}
	if (status == OURO_OK)
		run->durable = run->tried;
	return status;
}

/* Runs the workload until it ends or its power does; the store is closed. */
static void
run_do(struct run *run, const struct workload *workload, uint64_t stop)
{
	const char *p = workload->script;
	enum ouro_status status;

	memset(run, 0, sizeof *run);
	run->workload = workload;
	run->stop = stop;
	run->fs = fs_crash_new(11);
	assert_non_null(run->fs);
	assert_int_equal(executor_open_manual(1, run->fs, &run->executor, NULL),
	    OURO_OK);
	fs_crash_stop_at(run->fs, stop);
	status = store_open(run);
	while (status == OURO_OK && *p != '\0') {
		char command = *p++;
		unsigned key = 0;

		if (*p >= '0' && *p <= '9')
			key = (unsigned)(*p++ - '0');
		status = command_run(run, command, key);
	}
	if (stop == UINT64_MAX)
		assert_int_equal(status, OURO_OK);
	store_close(run);
	if (status == OURO_OK && stop == UINT64_MAX)
		run->durable = run->tried;
	run->used += fs_crash_clock(run->fs);
}

static void
run_end(struct run *run)
{
	executor_close(run->executor);
	fs_crash_free(run->fs);
}

/* ---- states -------------------------------------------------------------------------------- */

static struct engine *
state_open(const struct run *run, struct fs *fs, struct executor *executor)
{
	struct engine_options options = options_of(run->workload, fs, executor);
	struct ouro_error err = { 0 };
	struct engine *engine;

	if (engine_log_open("/store", &options, &engine, &err) != OURO_OK)
		fail_msg("opening: %s", err.text);
	return engine;
}

/* Writes one more key; it must survive the next power loss. */
static void
goes_on(const struct run *run, struct fs *fs, struct executor *executor,
    struct content content)
{
	struct engine *engine = state_open(run, fs, executor);
	uint8_t value[16384];
	struct engine_op op = { .key = bytes_text("a") };
	struct content found;
	struct fs *state;

	value_fill(9998, value);
	op.value = bytes_of(value, value_size(9998));
	content.values[0] = 9998;
	assert_int_equal(engine_apply(engine, &op, 1, ENGINE_SYNC_ALWAYS, NULL),
	    OURO_OK);
	state = fs_crash_state(fs, FS_CRASH_LOSE_ALL, 0);
	engine_close(engine);
	engine = state_open(run, state, executor);
	no_damage(engine);
	assert_int_equal(content_read(engine, &found), OURO_OK);
	assert_memory_equal(&found, &content, sizeof found);
	engine_close(engine);
	fs_crash_free(state);
}

static void
state_check(const struct run *run, struct fs *fs)
{
	struct executor *executor;
	struct content first, second;
	struct engine *engine;

	assert_int_equal(executor_open_manual(1, fs, &executor, NULL), OURO_OK);
	engine = state_open(run, fs, executor);
	assert_int_equal(content_read(engine, &first), OURO_OK);
	(void)prefix_find(run, &first);
	no_damage(engine);
	assert_int_equal(engine_verify(engine, NULL, NULL, NULL), OURO_OK);
	engine_close(engine);
	engine = state_open(run, fs, executor);
	assert_int_equal(content_read(engine, &second), OURO_OK);
	assert_memory_equal(&first, &second, sizeof first);
	no_damage(engine);
	engine_close(engine);
	if (states % 4 == 0)
		goes_on(run, fs, executor, first);
	executor_close(executor);
	states++;
}

static const struct {
	enum fs_crash_policy policy;
	unsigned seeds;
} plans[] = {
	{ FS_CRASH_KEEP_ALL, 1 },
	{ FS_CRASH_LOSE_ALL, 1 },
	{ FS_CRASH_SUBSET, 12 },
	{ FS_CRASH_TORN_512, 12 },
	{ FS_CRASH_TORN_4K, 8 },
	{ FS_CRASH_REORDER, 12 },
};

static void
run_states_check(const struct run *run, uint64_t stop, unsigned share)
{
	for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
		for (unsigned seed = 0; seed * share < plans[i].seeds; seed++) {
			struct fs *fs = fs_crash_state(run->fs, plans[i].policy,
			    seed * 1000 + stop);

			where(run->workload, stop, (unsigned)i, seed);
			assert_non_null(fs);
			state_check(run, fs);
			fs_crash_free(fs);
		}
	}
}

static void
workload_enumerate(const struct workload *workload)
{
	static struct run run;
	uint64_t total;

	run_do(&run, workload, UINT64_MAX);
	total = run.used;
	run_end(&run);
	for (uint64_t stop = 0; stop <= total; stop++) {
		run_do(&run, workload, stop);
		run_states_check(&run, stop, 1);
		/* Only the process died: it is started again, then the
		 * power goes. */
		fs_crash_stop_at(run.fs, UINT64_MAX);
		assert_int_equal(store_open(&run), OURO_OK);
		fs_crash_stop_at(run.fs, 0);
		store_close(&run);
		run_states_check(&run, stop, 2);
		run_end(&run);
	}
}

static void
every_crash_leaves_a_prefix(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof workloads / sizeof workloads[0]; i++)
		workload_enumerate(&workloads[i]);
	print_message("%u states\n", states);
	assert_true(states >= STATES_MIN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(every_crash_leaves_a_prefix,
		    where_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
