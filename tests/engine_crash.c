/*
 * engine_crash - runs workloads, makes the disks that a crash leaves, and
 * looks at what the engine makes of them.
 */
#include "engine_crash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/executor.h"
#include "base/fs_crash.h"
#include "engine/engine.h"

#define KEYS	   10
#define KEY_LONG   4000
#define BATCHES	   160
#define SEEDS_LONG 12 /* times as many, with OURO_LONG=1 */
/* Holds every workload, and a crash leaves few zeros to be looked through. */
#define SEGMENT_SIZE 32768

/* values[k] = 0: the key is not there. */
struct content {
	unsigned values[KEYS];
};

struct run {
	const struct crash_workload *workload;
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
	const struct crash_workload *workload;
	uint64_t stop;
	unsigned plan, seed;
} present;

static void
where(const struct crash_workload *workload, uint64_t stop, unsigned plan,
    unsigned seed)
{
	present.workload = workload;
	present.stop = stop;
	present.plan = plan;
	present.seed = seed;
}

int
crash_tell(void **state)
{
	(void)state;
	if (present.workload != NULL)
		print_error("\"%s\", call %llu, plan %u, seed %u\n",
		    present.workload->name, (unsigned long long)present.stop,
		    present.plan, present.seed);
	return 0;
}

static struct engine_options
options_of(const struct crash_workload *workload, struct fs *fs,
    struct executor *executor)
{
	static const uint8_t seal_key[32] = "thirty-two bytes of a seal key.";

	return (struct engine_options){
		.fs = fs,
		.executor = executor,
		.segment_size = workload->segment_size != 0
		    ? workload->segment_size
		    : SEGMENT_SIZE,
		.index_memory = 1, /* the least */
		.seal_key = workload->sealed ? seal_key : NULL,
		.name = "store", /* of its backups too */
		.level = workload->packed ? 1 : 0,
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

/* ---- keys ------------------------------------------------------------------------------ */

/* A letter; or one and so many more bytes that few entries fill a delta. */
static struct bytes
key_make(const struct crash_workload *workload, unsigned key,
    uint8_t out[KEY_LONG])
{
	if (!workload->long_keys) {
		out[0] = (uint8_t)('a' + key);
		return bytes_of(out, 1);
	}
	memset(out, 'k', KEY_LONG);
	out[0] = (uint8_t)('a' + key);
	return bytes_of(out, KEY_LONG);
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
	static uint8_t keys[3][KEY_LONG];
	enum ouro_status status;

	assert_true(run->tried + 1 < BATCHES);
	*next = run->after[run->tried];
	for (unsigned i = 0; i < count; i++) {
		unsigned at = (key + i) % KEYS, value;

		ops[i].key = key_make(run->workload, at, keys[i]);
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
		assert_true(key.size == 1 || key.size == KEY_LONG);
		assert_in_range(key.data[0], 'a', 'a' + KEYS - 1);
		content->values[key.data[0] - 'a'] = value_read(value);
	}
	engine_scan_close(scan);
	return status == OURO_END ? OURO_OK : status;
}

/* Keys looked up one by one are what a scan tells. */
static void
keys_check(const struct run *run, struct engine *engine,
    const struct content *content)
{
	static uint8_t key[KEY_LONG];

	for (unsigned k = 0; k < KEYS; k++) {
		struct engine_value value;
		enum ouro_status status = engine_get(engine,
		    key_make(run->workload, k, key), &value, NULL);

		assert_int_equal(status,
		    content->values[k] != 0 ? OURO_OK : OURO_NOT_FOUND);
		if (status == OURO_OK)
			assert_int_equal(value_read(value.bytes),
			    content->values[k]);
		engine_value_release(&value);
	}
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
no_damage(struct engine *engine, const struct content *content)
{
	struct engine_stats stats;
	unsigned keys = 0;

	for (unsigned k = 0; k < KEYS; k++)
		keys += content->values[k] != 0;
	assert_int_equal(engine_stats(engine, &stats, NULL), OURO_OK);
	assert_int_equal(stats.damaged_records, 0);
	assert_int_equal(stats.missing_segments, 0);
	assert_int_equal(stats.keys, keys);
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

static void
background_run(struct run *run)
{
	for (unsigned i = 0; i < 64 && executor_turn(run->executor);)
		i++;
}

/* A whole backup is the store of that moment. */
static enum ouro_status
backup_run(struct run *run, unsigned number)
{
	struct engine_options options = options_of(run->workload, run->fs,
	    run->executor);
	struct content content;
	struct engine *backup;
	char dir[] = "/backup0";
	enum ouro_status status;

	dir[sizeof dir - 2] = (char)('0' + number);
	status = engine_backup(run->engine, dir, NULL, NULL, NULL);
	if (status != OURO_OK)
		return status;
	options.read_only = true;
	status = engine_log_open(dir, &options, &backup, NULL);
	if (status == OURO_OK)
		status = content_read(backup, &content);
	if (status == OURO_OK)
		assert_memory_equal(&content, &run->after[run->tried],
		    sizeof content);
	engine_close(backup);
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
	case 'n':
		status = engine_snapshot(run->engine, NULL);
		break;
	case 'i':
		return engine_repair(run->engine, NULL, NULL, NULL);
	case 'w':
		return backup_run(run, key);
	case 't':
		background_run(run);
		return OURO_OK;
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
run_do(struct run *run, const struct crash_workload *workload, uint64_t stop)
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
	static uint8_t key[KEY_LONG];
	struct engine_op op = { .key = key_make(run->workload, 0, key) };
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
	assert_int_equal(content_read(engine, &found), OURO_OK);
	no_damage(engine, &found);
	assert_memory_equal(&found, &content, sizeof found);
	engine_close(engine);
	fs_crash_free(state);
}

/* Opens, looks, closes; what is there is in *content. */
static void
look(const struct run *run, struct fs *fs, struct executor *executor,
    struct content *content)
{
	struct engine *engine = state_open(run, fs, executor);

	assert_int_equal(content_read(engine, content), OURO_OK);
	keys_check(run, engine, content);
	no_damage(engine, content);
	assert_int_equal(engine_verify(engine, NULL, NULL, NULL), OURO_OK);
	engine_close(engine);
}

/* The power goes again while the store is opened, and is looked at. */
static struct fs *
recovery_crash(const struct run *run, struct fs *fs)
{
	struct engine_options options;
	struct executor *executor;
	struct engine *engine;
	struct fs *state;

	assert_int_equal(executor_open_manual(1, fs, &executor, NULL), OURO_OK);
	options = options_of(run->workload, fs, executor);
	fs_crash_stop_at(fs, fs_crash_clock(fs) + states % 29);
	if (engine_log_open("/store", &options, &engine, NULL) == OURO_OK) {
		(void)engine_snapshot(engine, NULL);
		engine_close(engine);
	}
	executor_close(executor);
	state = fs_crash_state(fs,
	    (enum fs_crash_policy)(states / 8 % FS_CRASH_POLICIES), states);
	assert_non_null(state);
	return state;
}

static void
state_check(const struct run *run, struct fs *fs)
{
	struct executor *executor;
	struct content first, second;

	assert_int_equal(executor_open_manual(1, fs, &executor, NULL), OURO_OK);
	look(run, fs, executor, &first);
	(void)prefix_find(run, &first);
	look(run, fs, executor, &second);
	assert_memory_equal(&first, &second, sizeof first);
	if (states % 4 == 0)
		goes_on(run, fs, executor, first);
	executor_close(executor);
	states++;
}

/* As it is, or after another crash. */
static void
state_take(const struct run *run, struct fs *fs)
{
	struct fs *later = states % 8 == 1 ? recovery_crash(run, fs) : NULL;

	state_check(run, later != NULL ? later : fs);
	fs_crash_free(later);
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
	unsigned factor = getenv("OURO_LONG") != NULL ? SEEDS_LONG : 1;

	for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
		unsigned seeds = plans[i].seeds > 1 ? plans[i].seeds * factor
						    : 1;

		for (unsigned seed = 0; seed * share < seeds; seed++) {
			struct fs *fs = fs_crash_state(run->fs, plans[i].policy,
			    seed * 1000 + stop);

			where(run->workload, stop, (unsigned)i, seed);
			assert_non_null(fs);
			state_take(run, fs);
			fs_crash_free(fs);
		}
	}
}

static void
workload_enumerate(const struct crash_workload *workload)
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

void
crash_enumerate(const struct crash_workload *workloads, size_t count,
    unsigned states_min)
{
	const char *only = getenv("OURO_WORKLOAD");

	for (size_t i = 0; i < count; i++) {
		unsigned before = states;

		if (only != NULL && strcmp(only, workloads[i].name) != 0)
			continue;
		workload_enumerate(&workloads[i]);
		print_message("%7u  %s\n", states - before, workloads[i].name);
	}
	present.workload = NULL;
	if (getenv("OURO_LONG") != NULL)
		states_min *= SEEDS_LONG - 1;
	assert_true(only != NULL || states >= states_min);
}
