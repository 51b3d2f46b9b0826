/*
 * The log engine beside the memory engine, its model: random batches,
 * conditions, scans held open, values held, care, restarts, kills, power
 * losses and faults. What the model answers the log engine must answer.
 *
 * OURO_SEED=N OURO_VARIANT=NAME OURO_OPS=N replays what a failure tells;
 * OURO_TRACE=1 tells of rare events; OURO_LONG=1 makes ten times as many
 * operations.
 */
#include "engine/engine.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/executor.h"
#include "base/fs_crash.h"
#include "base/fs_memory.h"

#define KEYS	    700
#define VALUE_SIZE  400
#define BATCH	    8
#define HELD	    4
#define JOURNAL_MAX 300 /* batches without a sync, where the power may go */

struct variant {
	const char *name;
	unsigned operations;
	uint64_t segment_size, index_memory;
	bool sealed, no_maps, power, faults, packed;
};

static const struct variant variants[] = {
	{ .name = "plain", .operations = 20000, .segment_size = 64 * 1024 },
	{ .name = "sealed",
	    .operations = 15000,
	    .segment_size = 64 * 1024,
	    .index_memory = 1,
	    .sealed = true },
	{ .name = "no maps",
	    .operations = 15000,
	    .segment_size = 100 * 1024,
	    .index_memory = 1,
	    .no_maps = true },
	{ .name = "tiny segments",
	    .operations = 10000,
	    .segment_size = 4096,
	    .index_memory = 1 },
	{ .name = "power", .operations = 12000, .power = true },
	{ .name = "power, small segments",
	    .operations = 8000,
	    .segment_size = 16 * 1024,
	    .index_memory = 1,
	    .power = true },
	{ .name = "power, sealed",
	    .operations = 5000,
	    .segment_size = 30000,
	    .power = true,
	    .sealed = true },
	{ .name = "faults",
	    .operations = 15000,
	    .segment_size = 32 * 1024,
	    .index_memory = 1,
	    .faults = true },
	{ .name = "faults, sealed",
	    .operations = 5000,
	    .segment_size = 32 * 1024,
	    .faults = true,
	    .sealed = true },
	{ .name = "packed",
	    .operations = 10000,
	    .segment_size = 32 * 1024,
	    .index_memory = 1,
	    .packed = true },
	{ .name = "power, packed",
	    .operations = 5000,
	    .segment_size = 16 * 1024,
	    .power = true,
	    .packed = true },
	{ .name = "faults, packed",
	    .operations = 5000,
	    .segment_size = 32 * 1024,
	    .faults = true,
	    .packed = true },
};
#define VARIANTS (sizeof variants / sizeof variants[0])

/* One batch, with all that its operations point at. */
struct draft {
	struct engine_op ops[BATCH];
	size_t count;
	uint8_t keys[BATCH][24], values[BATCH][VALUE_SIZE], expected[BATCH][4];
};

struct held_value {
	struct engine_value value;
	struct buffer copy;
};

/* A scan under way, beside what it must still show. */
struct held_scan {
	struct engine_scan *scan;
	struct engine_range range;
	char prefix[16], begin[16], end[16];
	struct buffer expected; /* u32 sizes of key and value, and these */
	size_t at;
};

struct world {
	const struct variant *variant;
	uint64_t seed;
	uint64_t random;
	struct fs *fs;
	struct executor *executor;
	struct engine *engine, *model;
	/* Batches since what is durable for certain, which `base` holds. */
	struct engine *base;
	struct draft *journal;
	size_t journal_count;
	struct draft doubt; /* the last batch that failed */
	bool doubted;
	bool faulty; /* a fault is planned */
	bool trace;  /* tell what happens */
	unsigned number;
	struct held_value values[HELD];
	struct held_scan scans[HELD];
};

static struct world world;

static uint64_t
draw(uint64_t limit)
{
	world.random ^= world.random << 13;
	world.random ^= world.random >> 7;
	world.random ^= world.random << 17;
	return world.random % limit;
}

/* ---- the store ----------------------------------------------------------------- */

static enum ouro_status
store_try(const char *dir, struct engine **out, struct ouro_error *err)
{
	static const uint8_t seal_key[32] = "thirty-two bytes of a seal key.";
	const struct variant *variant = world.variant;
	struct engine_options options = {
		.fs = world.fs,
		.executor = world.executor,
		.sync = ENGINE_SYNC_NEVER,
		.segment_size = variant->segment_size,
		.index_memory = variant->index_memory,
		.no_maps = variant->no_maps,
		.seal_key = variant->sealed ? seal_key : NULL,
		.name = "store", /* of its backups too */
		.level = variant->packed ? 1 : 0,
	};

	return engine_log_open(dir, &options, out, err);
}

static void
store_open(void)
{
	struct ouro_error err = { 0 };

	if (store_try("/store", &world.engine, &err) != OURO_OK)
		fail_msg("opening: %s", err.text);
}

static void
held_release(void)
{
	for (unsigned i = 0; i < HELD; i++) {
		engine_value_release(&world.values[i].value);
		buffer_release(&world.values[i].copy);
		engine_scan_close(world.scans[i].scan);
		world.scans[i].scan = NULL;
		buffer_release(&world.scans[i].expected);
	}
}

static void
store_close(void)
{
	held_release();
	engine_close(world.engine);
	world.engine = NULL;
}

static void
model_open(struct engine **out)
{
	assert_int_equal(engine_memory_open(NULL, out, NULL), OURO_OK);
}

/* ---- comparing ------------------------------------------------------------------- */

/* Whether a call may have failed because of the planned fault. */
static bool
excused(enum ouro_status status)
{
	return world.faulty &&
	    (status == OURO_IO || status == OURO_NO_SPACE ||
		status == OURO_READ_ONLY);
}

static void
key_compare(struct bytes key)
{
	struct engine_value found, expected;
	struct ouro_error err = { 0 };
	enum ouro_status status = engine_get(world.engine, key, &found, &err);
	enum ouro_status right = engine_get(world.model, key, &expected, NULL);

	if (!excused(status)) {
		if (status != right)
			fail_msg("key %.*s: %d instead of %d: %s",
			    (int)key.size, (const char *)key.data, status,
			    right, err.text);
		assert_true(bytes_equal(found.bytes, expected.bytes));
	}
	engine_value_release(&found);
	engine_value_release(&expected);
}

/* Whether both hold the same; fails on any answer that is an error. */
static bool
same(struct engine *a, struct engine *b, bool reverse)
{
	struct engine_range range = { .reverse = reverse };
	struct engine_scan *scans[2];
	struct bytes keys[2], values[2];
	enum ouro_status status[2];
	bool equal;

	assert_int_equal(engine_scan_open(a, &range, &scans[0], NULL), OURO_OK);
	assert_int_equal(engine_scan_open(b, &range, &scans[1], NULL), OURO_OK);
	do {
		for (unsigned i = 0; i < 2; i++) {
			struct ouro_error err = { 0 };

			status[i] = engine_scan_next(scans[i], &keys[i],
			    &values[i], &err);
			if (status[i] != OURO_OK && status[i] != OURO_END)
				fail_msg("a scan: %s", err.text);
		}
		equal = status[0] == status[1] &&
		    (status[0] == OURO_END ||
			(bytes_equal(keys[0], keys[1]) &&
			    bytes_equal(values[0], values[1])));
	} while (equal && status[0] == OURO_OK);
	engine_scan_close(scans[0]);
	engine_scan_close(scans[1]);
	return equal;
}

static uint64_t
key_count(struct engine *engine)
{
	struct engine_stats stats;

	assert_int_equal(engine_stats(engine, &stats, NULL), OURO_OK);
	return stats.keys;
}

static void
everything_compare(void)
{
	struct engine_stats stats;

	assert_true(same(world.engine, world.model, world.number % 2 == 0));
	assert_int_equal(engine_stats(world.engine, &stats, NULL), OURO_OK);
	assert_int_equal(stats.keys, key_count(world.model));
	assert_int_equal(stats.damaged_records, 0);
	assert_int_equal(stats.missing_segments, 0);
}

/* ---- writing ---------------------------------------------------------------------- */

static void
op_make(struct draft *draft, size_t i)
{
	struct engine_op *op = &draft->ops[i];
	size_t size = draw(2) ? draw(16) : draw(VALUE_SIZE);
	uint64_t condition = draw(10);

	*op = (struct engine_op){ 0 };
	op->key = bytes_of(draft->keys[i],
	    (size_t)snprintf((char *)draft->keys[i], 24, "key%u",
		(unsigned)draw(KEYS)));
	op->kind = draw(3) == 0 ? ENGINE_DELETE : ENGINE_PUT;
	if (op->kind == ENGINE_PUT) {
		memset(draft->values[i], (int)draw(4), size);
		if (size > 8)
			put_u32le(draft->values[i] + 4, world.number);
		op->value = bytes_of(draft->values[i], size);
	}
	if (condition == 0)
		op->condition = ENGINE_IF_ABSENT;
	if (condition == 1) {
		op->condition = ENGINE_IF_EQUAL;
		memset(draft->expected[i], (int)draw(4), 4);
		op->expected = bytes_of(draft->expected[i], draw(4));
	}
}

static void
draft_make(struct draft *draft)
{
	draft->count = draw(4) == 0 ? 1 + draw(BATCH) : 1;
	for (size_t i = 0; i < draft->count; i++)
		op_make(draft, i);
}

static void
draft_copy(struct draft *to, const struct draft *from)
{
	*to = *from;
	for (size_t i = 0; i < from->count; i++) {
		to->ops[i].key.data = to->keys[i];
		to->ops[i].value.data = to->values[i];
		to->ops[i].expected.data = to->expected[i];
	}
}

/* What was written up to now cannot be lost any more. */
static void
durable_now(void)
{
	if (!world.variant->power)
		return;
	for (size_t i = 0; i < world.journal_count; i++)
		(void)engine_apply(world.base, world.journal[i].ops,
		    world.journal[i].count, 0, NULL);
	world.journal_count = 0;
}

static void
batch_apply(void)
{
	static struct draft draft;
	bool sync = draw(30) == 0;
	struct ouro_error err = { 0 };
	enum ouro_status status, right;

	draft_make(&draft);
	status = engine_apply(world.engine, draft.ops, draft.count,
	    sync ? ENGINE_SYNC_ALWAYS : ENGINE_SYNC_DEFAULT, &err);
	if (excused(status)) {
		if (status != OURO_READ_ONLY)
			draft_copy(&world.doubt, &draft);
		world.doubted = world.doubted || status != OURO_READ_ONLY;
	} else {
		right = engine_apply(world.model, draft.ops, draft.count, 0,
		    NULL);
		if (status != right)
			fail_msg("applying: %d instead of %d: %s", status,
			    right, err.text);
		if (status == OURO_OK && world.variant->power)
			draft_copy(&world.journal[world.journal_count++],
			    &draft);
		if (status == OURO_OK && sync)
			durable_now();
	}
	for (size_t i = 0; i < draft.count; i++)
		key_compare(draft.ops[i].key);
	if (world.journal_count == JOURNAL_MAX) {
		assert_int_equal(engine_barrier(world.engine, NULL), OURO_OK);
		durable_now();
	}
}

/* ---- what is held -------------------------------------------------------------------- */

static void
value_hold(void)
{
	struct held_value *held = &world.values[draw(HELD)];
	char key[24];

	if (held->value.bytes.size > 0)
		assert_true(
		    bytes_equal(held->value.bytes, buffer_bytes(&held->copy)));
	engine_value_release(&held->value);
	snprintf(key, sizeof key, "key%u", (unsigned)draw(KEYS));
	if (engine_get(world.engine, bytes_text(key), &held->value, NULL) ==
	    OURO_OK)
		assert_int_equal(buffer_set(&held->copy, held->value.bytes,
				     NULL),
		    OURO_OK);
}

/* A bound of a range: nothing, or a key more or less. */
static struct bytes
bound(char out[16])
{
	if (draw(2) == 0)
		return bytes_of(NULL, 0);
	snprintf(out, 16, "key%u", (unsigned)draw(KEYS));
	return bytes_text(out);
}

static void
expected_make(struct held_scan *held)
{
	struct engine_scan *scan;
	struct bytes key, value;

	held->at = 0;
	held->expected.size = 0;
	assert_int_equal(engine_scan_open(world.model, &held->range, &scan,
			     NULL),
	    OURO_OK);
	while (engine_scan_next(scan, &key, &value, NULL) == OURO_OK) {
		uint8_t sizes[8];

		put_u32le(sizes, (uint32_t)key.size);
		put_u32le(sizes + 4, (uint32_t)value.size);
		assert_int_equal(buffer_append(&held->expected,
				     bytes_of(sizes, 8), NULL),
		    OURO_OK);
		assert_int_equal(buffer_append(&held->expected, key, NULL),
		    OURO_OK);
		assert_int_equal(buffer_append(&held->expected, value, NULL),
		    OURO_OK);
	}
	engine_scan_close(scan);
}

static void
scan_begin(struct held_scan *held)
{
	enum ouro_status status;

	held->range = (struct engine_range){ .reverse = draw(2) == 0,
		.keys_only = draw(4) == 0 };
	held->range.begin = bound(held->begin);
	held->range.end = bound(held->end);
	if (draw(3) == 0) {
		snprintf(held->prefix, sizeof held->prefix, "key%u",
		    (unsigned)draw(10));
		held->range.prefix = bytes_text(held->prefix);
	}
	status = engine_scan_open(world.engine, &held->range, &held->scan,
	    NULL);
	assert_true(status == OURO_OK || excused(status));
	if (status == OURO_OK)
		expected_make(held);
	else
		held->scan = NULL;
}

static void
scan_step(struct held_scan *held)
{
	const uint8_t *at = held->expected.data + held->at;
	struct ouro_error err = { 0 };
	struct bytes key, value;
	enum ouro_status status = engine_scan_next(held->scan, &key, &value,
	    &err);
	size_t key_size, value_size;

	if (status != OURO_OK) {
		if (!excused(status) &&
		    (status != OURO_END || held->at != held->expected.size))
			fail_msg("a scan ends with %d at %zu of %zu: %s",
			    status, held->at, held->expected.size, err.text);
		engine_scan_close(held->scan);
		held->scan = NULL;
		return;
	}
	assert_true(held->at < held->expected.size);
	key_size = get_u32le(at);
	value_size = get_u32le(at + 4);
	assert_true(bytes_equal(key, bytes_of(at + 8, key_size)));
	assert_true(
	    bytes_equal(value, bytes_of(at + 8 + key_size, value_size)));
	held->at += 8 + key_size + value_size;
}

static void
scans_go_on(void)
{
	struct held_scan *held = &world.scans[draw(HELD)];

	if (held->scan == NULL)
		scan_begin(held);
	for (uint64_t i = draw(120); held->scan != NULL && i > 0; i--)
		scan_step(held);
}

/* ---- ends of a session ----------------------------------------------------------------- */

static void
fault_plan(struct fs_fault fault)
{
	if (!world.variant->power)
		fs_memory_fault(world.fs, fault);
}

/* After an opening: a batch that failed is there or not. */
static void
doubt_settle(void)
{
	if (world.doubted && !same(world.engine, world.model, false))
		(void)engine_apply(world.model, world.doubt.ops,
		    world.doubt.count, 0, NULL);
	world.doubted = false;
	everything_compare();
}

static void
restart(void)
{
	store_close();
	fault_plan((struct fs_fault){ 0 });
	world.faulty = false;
	store_open();
	doubt_settle();
	if (!world.doubted)
		durable_now();
}

/* The process ends without what closing does. */
static void
killed(void)
{
	if (world.variant->power)
		fs_crash_stop_at(world.fs, 0);
	fault_plan((struct fs_fault){ .call = FS_CALL_ANY,
	    .nth = 1,
	    .errnum = EIO,
	    .for_ever = true });
	store_close();
	fault_plan((struct fs_fault){ 0 });
	world.faulty = false;
	if (world.variant->power)
		fs_crash_stop_at(world.fs, UINT64_MAX);
	store_open();
	doubt_settle();
}

/* The model becomes what some batches of the journal make of the base. */
static void
prefix_find(void)
{
	size_t n = 0;

	while (!same(world.engine, world.base, false)) {
		if (n == world.journal_count)
			fail_msg("no prefix of %zu batches makes this content",
			    world.journal_count);
		(void)engine_apply(world.base, world.journal[n].ops,
		    world.journal[n].count, 0, NULL);
		n++;
	}
	world.journal_count = 0;
	engine_close(world.model);
	model_open(&world.model);
}

static void
model_from_base(void)
{
	struct engine_range range = { 0 };
	struct engine_scan *scan;
	struct engine_op op = { .kind = ENGINE_PUT };

	assert_int_equal(engine_scan_open(world.base, &range, &scan, NULL),
	    OURO_OK);
	while (engine_scan_next(scan, &op.key, &op.value, NULL) == OURO_OK)
		assert_int_equal(engine_apply(world.model, &op, 1, 0, NULL),
		    OURO_OK);
	engine_scan_close(scan);
}

static void
power_loss(void)
{
	struct fs *state = fs_crash_state(world.fs,
	    (enum fs_crash_policy)draw(FS_CRASH_POLICIES), draw(1u << 30));

	assert_non_null(state);
	store_close();
	executor_close(world.executor);
	fs_crash_free(world.fs);
	world.fs = state;
	assert_int_equal(executor_open_manual(world.seed, world.fs,
			     &world.executor, NULL),
	    OURO_OK);
	store_open();
	prefix_find();
	model_from_base();
	everything_compare();
}

/* ---- events --------------------------------------------------------------------------- */

static struct ouro_error care_error;

static void
care(enum ouro_status status)
{
	/* Files of the index that cannot be read are told as damage. */
	if (status == OURO_OK || excused(status) ||
	    (world.faulty && status == OURO_DAMAGED))
		return;
	fail_msg("%s", care_error.text);
}

static void
fault_make(void)
{
	if (world.faulty) {
		restart();
		return;
	}
	world.faulty = true;
	fs_memory_fault(world.fs,
	    (struct fs_fault){ .call = draw(2) ? FS_CALL_ANY
					       : (enum fs_call)draw(13),
		.nth = 1 + draw(60),
		.errnum = draw(2) ? EIO : ENOSPC,
		.for_ever = draw(2) == 0,
		.short_write = draw(2) == 0 });
}

static enum ouro_status
file_remove(void *context, const char *name, struct ouro_error *err)
{
	char path[64];

	(void)context;
	snprintf(path, sizeof path, "/backup/%s", name);
	return fs_unlink(world.fs, path, err);
}

/* A backup is the store of the moment. */
static void
backup_compare(void)
{
	struct engine *backup;
	enum ouro_status status = fs_list(world.fs, "/backup", file_remove,
	    NULL, NULL);

	if (status == OURO_OK || status == OURO_NOT_FOUND)
		status = engine_backup(world.engine, "/backup", NULL, NULL,
		    &care_error);
	care(status);
	if (status != OURO_OK || world.faulty)
		return;
	assert_int_equal(store_try("/backup", &backup, &care_error), OURO_OK);
	assert_true(same(backup, world.model, false));
	engine_close(backup);
}

static void
event(void)
{
	struct engine *engine = world.engine;
	uint64_t n = draw(2400);

	if (world.trace && (n < 66 || n >= 2397))
		print_message("%u: event %u\n", world.number, (unsigned)n);
	if (n < 6)
		care(engine_compact(engine, (double)draw(5) / 4, NULL,
		    &care_error));
	else if (n < 16)
		care(engine_snapshot(engine, &care_error));
	else if (n < 17)
		care(engine_repair(engine, NULL, NULL, &care_error));
	else if (n < 19)
		care(engine_verify(engine, NULL, NULL, &care_error));
	else if (n < 23)
		restart();
	else if (n < 28)
		killed();
	else if (n < 34 && world.variant->power)
		power_loss();
	else if (n < 60 && world.variant->faults)
		fault_make();
	else if (n < 66 && !world.faulty)
		everything_compare();
	else if (n < 500)
		scans_go_on();
	else if (n < 700)
		value_hold();
	else if (n < 1300)
		(void)executor_turn(world.executor);
	else if (n >= 2397)
		backup_compare();
}

/* ---- the test --------------------------------------------------------------------------- */

static uint64_t
number_of(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? strtoull(text, NULL, 0) : otherwise;
}

static void
world_begin(const struct variant *variant)
{
	world = (struct world){ .variant = variant };
	world.seed = number_of("OURO_SEED", 20);
	world.random = world.seed * 0x9e3779b97f4a7c15u + 1 +
	    (uint64_t)(variant - variants);
	world.trace = getenv("OURO_TRACE") != NULL;
	world.fs = variant->power ? fs_crash_new(world.seed)
				  : fs_memory_new(world.seed);
	assert_non_null(world.fs);
	assert_int_equal(executor_open_manual(world.seed, world.fs,
			     &world.executor, NULL),
	    OURO_OK);
	world.journal = calloc(JOURNAL_MAX, sizeof *world.journal);
	assert_non_null(world.journal);
	model_open(&world.model);
	model_open(&world.base);
	store_open();
}

static void
world_end(void)
{
	store_close();
	engine_close(world.model);
	engine_close(world.base);
	executor_close(world.executor);
	if (world.variant->power)
		fs_crash_free(world.fs);
	else
		fs_memory_free(world.fs);
	free(world.journal);
	world.variant = NULL;
}

static void
variant_run(const struct variant *variant)
{
	uint64_t operations = number_of("OURO_OPS", variant->operations);

	if (number_of("OURO_LONG", 0) != 0)
		operations *= 10;
	world_begin(variant);
	for (; world.number < operations; world.number++) {
		batch_apply();
		event();
	}
	restart();
	assert_int_equal(engine_verify(world.engine, NULL, NULL, NULL),
	    OURO_OK);
	world_end();
}

static void
random_operations_match_the_model(void **state)
{
	const char *only = getenv("OURO_VARIANT");

	(void)state;
	for (size_t i = 0; i < VARIANTS; i++)
		if (only == NULL || strcmp(only, variants[i].name) == 0)
			variant_run(&variants[i]);
}

static int
where_tell(void **state)
{
	(void)state;
	if (world.variant != NULL)
		print_error("OURO_SEED=%llu OURO_VARIANT=\"%s\", operation %u"
			    "\n",
		    (unsigned long long)world.seed, world.variant->name,
		    world.number);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(random_operations_match_the_model,
		    where_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
