#include "vault/copies.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/executor.h"
#include "base/fs_memory.h"
#include "engine/driver.h"
#include "vault/vault.h"

/* ---- an engine that can be wounded ---------------------------------------- */

#define WOUNDS 8

/* A memory engine that answers OURO_DAMAGED for chosen keys, tells of damage
 * in its stats and fails on demand. Writing a key heals it. */
struct wounded {
	struct engine engine;
	struct engine *inner;
	char keys[WOUNDS][16];
	struct engine_stats extra; /* added to the true ones */
	unsigned apply_nth;	   /* fails, 1 = the next; 0 = never */
	bool scan_fails;
	unsigned applies, scans, repairs, barriers;
	size_t ops_max, bytes_max; /* of one apply */
	enum engine_sync sync_last;
};

struct wounded_scan {
	struct engine_scan scan;
	struct engine_scan *inner;
};

static struct wounded *
wounded_of(struct engine *engine)
{
	return (struct wounded *)(void *)engine;
}

static char *
wound_of(struct wounded *wounded, struct bytes key)
{
	for (int i = 0; i < WOUNDS; i++)
		if (wounded->keys[i][0] != '\0' &&
		    bytes_equal(key, bytes_text(wounded->keys[i])))
			return wounded->keys[i];
	return NULL;
}

static enum ouro_status
wounded_apply(struct engine *engine, const struct engine_op *ops, size_t count,
    enum engine_sync sync, struct ouro_error *err)
{
	struct wounded *wounded = wounded_of(engine);
	size_t size = 0;

	wounded->applies++;
	if (wounded->apply_nth > 0 && --wounded->apply_nth == 0)
		return error_set(err, OURO_NO_SPACE, "no room");
	for (size_t i = 0; i < count; i++)
		size += ops[i].key.size + ops[i].value.size;
	if (count > wounded->ops_max)
		wounded->ops_max = count;
	if (size > wounded->bytes_max)
		wounded->bytes_max = size;
	wounded->sync_last = sync;
	for (size_t i = 0; i < count; i++) {
		char *wound = wound_of(wounded, ops[i].key);

		if (wound != NULL)
			wound[0] = '\0';
	}
	return engine_apply(wounded->inner, ops, count, sync, err);
}

static enum ouro_status
wounded_barrier(struct engine *engine, struct ouro_error *err)
{
	wounded_of(engine)->barriers++;
	return engine_barrier(wounded_of(engine)->inner, err);
}

static enum ouro_status
wounded_get(struct engine *engine, struct bytes key, struct engine_value *out,
    struct ouro_error *err)
{
	if (wound_of(wounded_of(engine), key) != NULL)
		return error_set(err, OURO_DAMAGED, "wounded");
	return engine_get(wounded_of(engine)->inner, key, out, err);
}

static enum ouro_status
wounded_exists(struct engine *engine, struct bytes key, uint64_t *size,
    struct ouro_error *err)
{
	return engine_exists(wounded_of(engine)->inner, key, size, err);
}

static enum ouro_status
wounded_scan_open(struct engine *engine, const struct engine_range *range,
    struct engine_scan **out, struct ouro_error *err)
{
	struct wounded *wounded = wounded_of(engine);
	struct wounded_scan *scan = calloc(1, sizeof(*scan));

	wounded->scans++;
	assert_non_null(scan);
	scan->scan.engine = engine;
	*out = &scan->scan;
	return engine_scan_open(wounded->inner, range, &scan->inner, err);
}

static enum ouro_status
wounded_scan_next(struct engine_scan *base, struct bytes *key,
    struct bytes *value, struct ouro_error *err)
{
	struct wounded_scan *scan = (struct wounded_scan *)(void *)base;
	struct wounded *wounded = wounded_of(base->engine);
	enum ouro_status status;

	if (wounded->scan_fails)
		return error_set(err, OURO_IO, "no reading");
	status = engine_scan_next(scan->inner, key, value, err);
	if (status == OURO_OK && wound_of(wounded, *key) != NULL)
		return error_set(err, OURO_DAMAGED, "wounded");
	return status;
}

static void
wounded_scan_close(struct engine_scan *base)
{
	engine_scan_close(((struct wounded_scan *)(void *)base)->inner);
	free(base);
}

/* Forgets what is wounded; the damage stays known until the next opening. */
static enum ouro_status
wounded_repair(struct engine *engine, engine_damage_report *report,
    void *context, struct ouro_error *err)
{
	struct wounded *wounded = wounded_of(engine);

	(void)report;
	(void)context;
	wounded->repairs++;
	for (int i = 0; i < WOUNDS; i++) {
		struct engine_op op = { .kind = ENGINE_DELETE,
			.key = bytes_text(wounded->keys[i]) };

		if (op.key.size > 0)
			assert_int_equal(engine_apply(wounded->inner, &op, 1,
					     ENGINE_SYNC_NEVER, err),
			    OURO_OK);
		wounded->keys[i][0] = '\0';
	}
	return OURO_OK;
}

static enum ouro_status
wounded_stats(struct engine *engine, struct engine_stats *out,
    struct ouro_error *err)
{
	struct wounded *wounded = wounded_of(engine);
	enum ouro_status status = engine_stats(wounded->inner, out, err);

	out->damaged_records += wounded->extra.damaged_records;
	out->missing_segments += wounded->extra.missing_segments;
	return status;
}

static const struct engine_driver wounded_driver = {
	.apply = wounded_apply,
	.barrier = wounded_barrier,
	.get = wounded_get,
	.exists = wounded_exists,
	.scan_open = wounded_scan_open,
	.scan_next = wounded_scan_next,
	.scan_close = wounded_scan_close,
	.repair = wounded_repair,
	.stats = wounded_stats,
};

/* ---- a vault of nothing but two engines ----------------------------------- */

struct world {
	struct ouro_vault vault; /* only what copies.c looks at */
	struct wounded records, copies;
	unsigned warnings;
};

static void
log_count(void *context, enum log_level level, const char *text)
{
	struct world *world = context;

	(void)text;
	world->warnings += level >= LOG_WARNING;
}

static void
wounded_init(struct wounded *wounded)
{
	static const struct engine_options options;

	wounded->engine.driver = &wounded_driver;
	assert_int_equal(engine_memory_open(&options, &wounded->inner, NULL),
	    OURO_OK);
}

static struct world *
world_new(void)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	wounded_init(&world->records);
	wounded_init(&world->copies);
	world->vault.records = &world->records.engine;
	world->vault.copies = &world->copies.engine;
	world->vault.log = (struct log){ .write = log_count, .context = world };
	return world;
}

static void
world_free(struct world *world)
{
	engine_close(world->records.inner);
	engine_close(world->copies.inner);
	free(world);
}

/* As a new process finds them: engines look again for damage. */
static void
world_reopen(struct world *world)
{
	atomic_store(&world->vault.copies_behind, false);
	world->records.extra = world->copies.extra = (struct engine_stats){ 0 };
	world->records.applies = world->copies.applies = 0;
	world->records.scans = world->copies.scans = 0;
	world->warnings = 0;
}

static void
put(struct wounded *wounded, const char *key, const char *value)
{
	struct engine_op op = { .kind = ENGINE_PUT,
		.key = bytes_text(key),
		.value = bytes_text(value) };

	assert_int_equal(engine_apply(wounded->inner, &op, 1, ENGINE_SYNC_NEVER,
			     NULL),
	    OURO_OK);
}

static void
put_both(struct world *world, const char *key, const char *value)
{
	put(&world->records, key, value);
	put(&world->copies, key, value);
}

static void
wound(struct wounded *wounded, const char *key)
{
	for (int i = 0; i < WOUNDS; i++)
		if (wounded->keys[i][0] == '\0') {
			snprintf(wounded->keys[i], sizeof(wounded->keys[i]),
			    "%s", key);
			return;
		}
	fail();
}

/* value NULL: not there. */
static void
check_row(struct wounded *wounded, const char *key, const char *value)
{
	struct engine_value found = { 0 };
	enum ouro_status status = engine_get(wounded->inner, bytes_text(key),
	    &found, NULL);

	assert_int_equal(status, value == NULL ? OURO_NOT_FOUND : OURO_OK);
	if (value != NULL)
		assert_true(bytes_equal(found.bytes, bytes_text(value)));
	engine_value_release(&found);
}

static uint64_t
row_count(struct wounded *wounded)
{
	struct engine_stats stats = { 0 };

	assert_int_equal(engine_stats(wounded->inner, &stats, NULL), OURO_OK);
	return stats.keys;
}

static void
check_reconcile(struct world *world, bool expected)
{
	bool rebuild = !expected;

	assert_int_equal(copies_reconcile(&world->vault, &rebuild, NULL),
	    OURO_OK);
	assert_int_equal(rebuild, expected);
}

/* ---- comparing ------------------------------------------------------------ */

static void
copies_are_made_like_whole_records(void **unused)
{
	struct world *world = world_new();

	(void)unused;
	put_both(world, "c1", "same");
	put_both(world, "p1", "same");
	put(&world->records, "p2", "new");
	put(&world->records, "r2", "newer");
	put(&world->copies, "r2", "older");
	put(&world->copies, "r3", "deleted since");
	put(&world->copies, "x9", "deleted since");
	put(&world->records, "k1", "derived");
	check_reconcile(world, false);
	check_row(&world->copies, "c1", "same");
	check_row(&world->copies, "p2", "new");
	check_row(&world->copies, "r2", "newer");
	check_row(&world->copies, "r3", NULL);
	check_row(&world->copies, "x9", NULL);
	check_row(&world->copies, "k1", NULL);
	check_row(&world->records, "r2", "newer");
	check_row(&world->records, "r3", NULL);
	assert_int_equal(row_count(&world->records), 5);
	assert_int_equal(row_count(&world->copies), 4);
	assert_int_equal(world->records.applies, 0);
	assert_true(world->copies.barriers > 0);
	assert_int_equal(world->warnings, 0);
	world_free(world);
}

static void
lost_rows_come_back(void **unused)
{
	struct world *world = world_new();

	(void)unused;
	for (int missing = 0; missing < 2; missing++) {
		world_reopen(world);
		put(&world->records, "c1", "one");
		put(&world->copies, "c1", "one");
		put(&world->copies, "c2", "two");
		put(&world->copies, "r5", "ref");
		put(&world->records, "x1", "newer");
		put(&world->copies, "x1", "older");
		if (missing)
			world->records.extra.missing_segments = 1;
		else
			world->records.extra.damaged_records = 3;
		world->records.repairs = 0;
		check_reconcile(world, true);
		assert_int_equal(world->records.repairs, 1);
		assert_int_equal(world->copies.repairs, 0);
		check_row(&world->records, "c2", "two");
		check_row(&world->records, "r5", "ref");
		check_row(&world->records, "x1", "newer");
		check_row(&world->copies, "x1", "newer");
		assert_true(world->warnings > 0);
		assert_int_equal(copies_restored(&world->vault, NULL), OURO_OK);
	}
	world_free(world);
}

static void
empty_records_are_filled_from_the_copies(void **unused)
{
	struct world *world = world_new();

	(void)unused;
	check_reconcile(world, false); /* both empty: a new vault */
	put(&world->copies, "c1", "one");
	put(&world->copies, "x1", "context");
	check_reconcile(world, true);
	check_row(&world->records, "c1", "one");
	check_row(&world->records, "x1", "context");
	check_row(&world->copies, "c1", "one");
	world_free(world);
}

static void
damaged_rows_are_taken_from_the_other(void **unused)
{
	struct world *world = world_new();

	(void)unused;
	put_both(world, "c1", "one");
	put_both(world, "c2", "two");
	put_both(world, "c3", "three");
	put(&world->records, "c4", "four");
	put(&world->records, "c5", "five");
	put(&world->copies, "c6", "six");
	wound(&world->records, "c1");
	wound(&world->copies, "c2");
	wound(&world->records, "c3");
	wound(&world->copies, "c3");
	wound(&world->records, "c4"); /* nowhere else */
	wound(&world->copies, "c6");  /* deleted since */
	check_reconcile(world, true);
	assert_null(wound_of(&world->records, bytes_text("c1")));
	assert_null(wound_of(&world->copies, bytes_text("c2")));
	assert_non_null(wound_of(&world->records, bytes_text("c3")));
	assert_non_null(wound_of(&world->records, bytes_text("c4")));
	check_row(&world->records, "c1", "one");
	check_row(&world->copies, "c2", "two");
	check_row(&world->copies, "c5", "five");
	check_row(&world->copies, "c6", NULL);
	assert_true(world->warnings > 0);
	world_free(world);
}

static void
damaged_copies_are_mended_and_filled(void **unused)
{
	struct world *world = world_new();

	(void)unused;
	put_both(world, "c1", "one");
	put_both(world, "c2", "two");
	copies_close(&world->vault);
	wound(&world->copies, "c1");
	world->copies.extra.damaged_records = 1;
	check_reconcile(world, false);
	assert_int_equal(world->copies.repairs, 1);
	assert_int_equal(world->records.repairs, 0);
	check_row(&world->copies, "c1", "one");
	check_row(&world->copies, "c2", "two");
	world_free(world);
}

static void
random_differences_are_made_good(void **unused)
{
	uint64_t state = 7;

	(void)unused;
	for (int round = 0; round < 60; round++) {
		struct world *world = world_new();
		bool lost = round % 2 == 1;
		uint64_t expected = 0;
		int present[400];

		put(&world->records, "s-there", "");
		for (int i = 0; i < 400; i++) {
			char key[16];

			state = state * UINT64_C(6364136223846793005) + 1;
			present[i] = (int)(state >> 40) % 5;
			snprintf(key, sizeof(key), "%c%03d", "cprx"[i % 4], i);
			if (present[i] & 1)
				put(&world->records, key, "value");
			if (present[i] & 2)
				put(&world->copies, key,
				    round % 3 ? "value" : "other");
			expected += present[i] & 1 || (lost && present[i] & 2);
		}
		world->records.extra.damaged_records = lost;
		check_reconcile(world, lost);
		assert_int_equal(copies_restored(&world->vault, NULL), OURO_OK);
		assert_int_equal(row_count(&world->records), expected + 1);
		assert_int_equal(row_count(&world->copies), expected);
		world_reopen(world);
		check_reconcile(world, false);
		assert_int_equal(world->records.applies, 0);
		assert_int_equal(world->copies.applies, 0);
		world_free(world);
	}
}

static void
batches_are_bounded(void **unused)
{
	struct world *world = world_new();
	char *large = malloc(1024 * 1024 + 1);
	char key[16];

	(void)unused;
	assert_non_null(large);
	memset(large, 'v', 1024 * 1024);
	large[1024 * 1024] = '\0';
	for (int i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "c%d", i);
		put(&world->records, key, "value");
	}
	for (int i = 0; i < 9; i++) {
		snprintf(key, sizeof(key), "p%d", i);
		put(&world->records, key, large);
	}
	check_reconcile(world, false);
	assert_int_equal(row_count(&world->copies), 1009);
	assert_true(world->copies.ops_max <= 256);
	assert_true(world->copies.bytes_max <= 4 * 1024 * 1024);
	assert_true(world->copies.bytes_max > 3 * 1024 * 1024);
	assert_int_equal(world->copies.sync_last, ENGINE_SYNC_NEVER);
	free(large);
	world_free(world);
}

/* ---- failures ------------------------------------------------------------- */

/* However often it is interrupted, nothing that the copies have is dropped. */
static void
an_interrupted_healing_is_taken_up_again(void **unused)
{
	bool rebuild;

	(void)unused;
	for (unsigned n = 1;; n++) {
		struct world *world = world_new();
		enum ouro_status status;
		char key[16];

		put_both(world, "c", "both");
		for (int i = 0; i < 600; i++) {
			snprintf(key, sizeof(key), "r%03d", i);
			put(&world->copies, key, "ref");
		}
		world->records.extra.missing_segments = 1;
		world->records.apply_nth = n;
		status = copies_reconcile(&world->vault, &rebuild, NULL);
		if (status != OURO_OK)
			assert_int_equal(status, OURO_NO_SPACE);
		/* A first failing write leaves the damage as it was. */
		if (n > 1)
			world_reopen(world);
		world->records.apply_nth = 0;
		check_reconcile(world, true);
		assert_int_equal(row_count(&world->records), 602);
		assert_int_equal(row_count(&world->copies), 601);
		assert_int_equal(copies_restored(&world->vault, NULL), OURO_OK);
		world_reopen(world);
		check_reconcile(world, false);
		world_free(world);
		if (status == OURO_OK)
			break;
		assert_true(n < 20);
	}
}

static void
failing_copies_do_not_keep_whole_records_closed(void **unused)
{
	struct world *world = world_new();
	bool rebuild;

	(void)unused;
	put(&world->records, "c1", "one");
	for (int way = 0; way < 2; way++) {
		world_reopen(world);
		world->copies.apply_nth = way == 0;
		world->copies.scan_fails = way == 1;
		check_reconcile(world, false);
		assert_true(atomic_load(&world->vault.copies_behind));
		assert_int_equal(world->warnings, 1);
	}
	world->records.extra.damaged_records = 1;
	assert_int_equal(copies_reconcile(&world->vault, &rebuild, NULL),
	    OURO_IO);
	world->copies.scan_fails = false;
	world->records.scan_fails = true;
	world_reopen(world);
	assert_int_equal(copies_reconcile(&world->vault, &rebuild, NULL),
	    OURO_IO);
	world_free(world);
}

static void
a_reader_writes_nothing(void **unused)
{
	struct world *world = world_new();

	(void)unused;
	world->vault.read_only = true;
	put_both(world, "c1", "one");
	put(&world->records, "c2", "two");
	put(&world->copies, "c3", "three");
	check_reconcile(world, false);
	wound(&world->records, "c1");
	check_reconcile(world, true);
	world->records.keys[0][0] = '\0';
	world->records.extra.missing_segments = 1;
	check_reconcile(world, true);
	copies_apply(&world->vault,
	    &(struct engine_op){ .key = bytes_text("c7") }, 1);
	copies_close(&world->vault);
	assert_int_equal(world->records.applies, 0);
	assert_int_equal(world->copies.applies, 0);
	assert_int_equal(world->records.repairs, 0);
	world->vault.copies = NULL;
	check_reconcile(world, true);
	world->records.extra.missing_segments = 0;
	check_reconcile(world, false);
	world_free(world);
}

/* ---- the clean close ------------------------------------------------------ */

static void
after_a_clean_close_nothing_is_compared(void **unused)
{
	struct world *world = world_new();

	(void)unused;
	put_both(world, "c1", "one");
	copies_close(&world->vault);
	assert_int_equal(world->records.applies, 1);
	assert_int_equal(world->records.sync_last, ENGINE_SYNC_NEVER);
	world_reopen(world);
	check_reconcile(world, false);
	assert_int_equal(world->records.scans + world->copies.scans, 0);
	/* Either side changed after an opening. */
	put(&world->records, "c2", "two");
	world_reopen(world);
	check_reconcile(world, false);
	assert_true(world->records.scans > 0);
	check_row(&world->copies, "c2", "two");
	copies_close(&world->vault);
	world_reopen(world);
	check_reconcile(world, false);
	assert_int_equal(world->records.scans, 0);
	put(&world->copies, "c3", "three");
	world_reopen(world);
	check_reconcile(world, false);
	check_row(&world->copies, "c3", NULL);
	world_free(world);
}

/* The same over engines that are closed and opened again. */
static void
the_log_driver_keeps_the_mark(void **unused)
{
	struct fs *fs = fs_memory_new(5);
	struct world *world = world_new();
	struct engine_options options = { .fs = fs };

	(void)unused;
	assert_int_equal(executor_open_manual(1, fs, &options.executor, NULL),
	    OURO_OK);
	for (int round = 0; round < 4; round++) {
		engine_close(world->records.inner);
		engine_close(world->copies.inner);
		assert_int_equal(engine_log_open("/records", &options,
				     &world->records.inner, NULL),
		    OURO_OK);
		assert_int_equal(engine_log_open("/copies", &options,
				     &world->copies.inner, NULL),
		    OURO_OK);
		world_reopen(world);
		check_reconcile(world, false);
		/* The first opening has no mark, the last one none that fits. */
		assert_int_equal(world->records.scans > 0,
		    round == 0 || round == 3);
		if (round == 0)
			put_both(world, "c1", "one");
		if (round < 2)
			copies_close(&world->vault);
		else if (round == 2)
			put(&world->records, "c2", "two");
		/* Nothing changed: nothing is written. */
		if (round == 1 || round == 2)
			assert_int_equal(world->records.applies, 0);
	}
	check_row(&world->copies, "c2", "two");
	world_free(world);
	executor_close(options.executor);
	fs_memory_free(fs);
}

static void
known_damage_makes_the_next_opening_compare(void **unused)
{
	struct world *world = world_new();

	(void)unused;
	put_both(world, "c1", "one");
	copies_close(&world->vault);
	world->records.extra.damaged_records = 1; /* met while reading */
	wound(&world->records, "c1");
	copies_close(&world->vault);
	world_reopen(world);
	check_reconcile(world, true);
	assert_null(wound_of(&world->records, bytes_text("c1")));
	world_free(world);
}

static void
copies_apply_follows_and_forgives(void **unused)
{
	struct world *world = world_new();
	const struct engine_op ops[] = {
		{ .kind = ENGINE_PUT,
		    .condition = ENGINE_IF_ABSENT,
		    .key = bytes_text("c1"),
		    .value = bytes_text("one") },
		{ .kind = ENGINE_PUT,
		    .key = bytes_text("k1"),
		    .value = bytes_text("derived") },
		{ .kind = ENGINE_DELETE, .key = bytes_text("r1") },
	};

	(void)unused;
	put(&world->copies, "c1", "left from a crash");
	put(&world->copies, "r1", "ref");
	copies_apply(&world->vault, ops, 3);
	check_row(&world->copies, "c1", "one");
	check_row(&world->copies, "k1", NULL);
	check_row(&world->copies, "r1", NULL);
	assert_int_equal(world->copies.sync_last, ENGINE_SYNC_NEVER);
	copies_apply(&world->vault, ops + 1, 1);
	assert_int_equal(world->copies.applies, 1);
	/* A failure is made good at the next opening, though no sequence
	 * tells of it. */
	put(&world->records, "c1", "two");
	world->copies.apply_nth = 1;
	copies_apply(&world->vault,
	    &(struct engine_op){ .key = bytes_text("c1"),
		.value = bytes_text("two") },
	    1);
	assert_int_equal(world->warnings, 1);
	copies_close(&world->vault);
	world_reopen(world);
	check_reconcile(world, false);
	check_row(&world->copies, "c1", "two");
	world_free(world);
}

/* ---- reading -------------------------------------------------------------- */

static enum ouro_status
got(struct world *world, const char *key, const char *expected)
{
	struct engine_value value = { 0 };
	enum ouro_status status = set_get(&world->vault, bytes_text(key),
	    &value, NULL);

	if (status == OURO_OK)
		assert_true(bytes_equal(value.bytes, bytes_text(expected)));
	engine_value_release(&value);
	return status;
}

static void
set_get_falls_back_on_the_copies(void **unused)
{
	struct world *world = world_new();

	(void)unused;
	put(&world->records, "c1", "one");
	put(&world->copies, "c1", "old");
	put(&world->copies, "c2", "two");
	assert_int_equal(got(world, "c1", "one"), OURO_OK);
	wound(&world->records, "c1");
	assert_int_equal(got(world, "c1", "old"), OURO_OK);
	/* A deletion on its way, not a loss. */
	assert_int_equal(got(world, "c2", NULL), OURO_NOT_FOUND);
	world->records.extra.damaged_records = 1;
	assert_int_equal(got(world, "c2", NULL), OURO_NOT_FOUND);
	world->vault.read_only = true;
	assert_int_equal(got(world, "c2", "two"), OURO_OK);
	world->records.extra.damaged_records = 0;
	assert_int_equal(got(world, "c2", NULL), OURO_NOT_FOUND);
	world->records.extra.damaged_records = 1;
	assert_int_equal(got(world, "c3", NULL), OURO_NOT_FOUND);
	wound(&world->copies, "c1");
	assert_int_equal(got(world, "c1", NULL), OURO_DAMAGED);
	world->vault.copies = NULL;
	assert_int_equal(got(world, "c2", NULL), OURO_NOT_FOUND);
	world_free(world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_are_made_like_whole_records),
		cmocka_unit_test(lost_rows_come_back),
		cmocka_unit_test(empty_records_are_filled_from_the_copies),
		cmocka_unit_test(damaged_rows_are_taken_from_the_other),
		cmocka_unit_test(damaged_copies_are_mended_and_filled),
		cmocka_unit_test(random_differences_are_made_good),
		cmocka_unit_test(batches_are_bounded),
		cmocka_unit_test(an_interrupted_healing_is_taken_up_again),
		cmocka_unit_test(
		    failing_copies_do_not_keep_whole_records_closed),
		cmocka_unit_test(a_reader_writes_nothing),
		cmocka_unit_test(after_a_clean_close_nothing_is_compared),
		cmocka_unit_test(the_log_driver_keeps_the_mark),
		cmocka_unit_test(known_damage_makes_the_next_opening_compare),
		cmocka_unit_test(copies_apply_follows_and_forgives),
		cmocka_unit_test(set_get_falls_back_on_the_copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
