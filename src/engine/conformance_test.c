/*
 * What every storage driver must do. A later driver adds a row to `drivers`.
 */
#include "engine/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/executor.h"
#include "base/fs_memory.h"

#define RANDOM_OPS 100000

struct subject {
	const char *name;
	struct fs *fs;
	struct executor *executor;
	struct engine *engine;
	bool durable; /* keeps its content when closed and opened */
	bool sealed;
	bool log;
	int level;
};

static struct subject drivers[] = {
	{ .name = "memory" },
	{ .name = "log", .log = true, .durable = true },
	{ .name = "log, sealed", .log = true, .durable = true, .sealed = true },
	{ .name = "log, packed", .log = true, .durable = true, .level = 1 },
	{ .name = "log, packed and sealed",
	    .log = true,
	    .durable = true,
	    .sealed = true,
	    .level = 1 },
};
#define DRIVERS (sizeof drivers / sizeof drivers[0])

static void
subject_open(struct subject *subject)
{
	static const uint8_t seal_key[32] = "thirty-two bytes of a seal key.";
	struct engine_options options = {
		.fs = subject->fs,
		.executor = subject->executor,
		.sync = ENGINE_SYNC_NEVER,
		.segment_size = 64 * 1024,
		.level = subject->level,
		.seal_key = subject->sealed ? seal_key : NULL,
	};
	struct ouro_error err = { 0 };
	enum ouro_status status = subject->log
	    ? engine_log_open("/store", &options, &subject->engine, &err)
	    : engine_memory_open(&options, &subject->engine, &err);

	if (status != OURO_OK)
		print_error("%s: %s\n", subject->name, err.text);
	assert_int_equal(status, OURO_OK);
}

static void
subject_begin(struct subject *subject)
{
	subject->fs = fs_memory_new(7);
	assert_non_null(subject->fs);
	assert_int_equal(executor_open_manual(1, subject->fs,
			     &subject->executor, NULL),
	    OURO_OK);
	subject_open(subject);
}

static void
subject_end(struct subject *subject)
{
	engine_close(subject->engine);
	executor_close(subject->executor);
	fs_memory_free(subject->fs);
}

static struct engine_op
put_op(const char *key, const char *value)
{
	return (struct engine_op){ .kind = ENGINE_PUT,
		.key = bytes_text(key),
		.value = bytes_text(value) };
}

static struct engine_op
delete_op(const char *key)
{
	return (
	    struct engine_op){ .kind = ENGINE_DELETE, .key = bytes_text(key) };
}

static void
put(struct engine *engine, const char *key, const char *value)
{
	struct engine_op op = put_op(key, value);

	assert_int_equal(engine_apply(engine, &op, 1, ENGINE_SYNC_DEFAULT,
			     NULL),
	    OURO_OK);
}

static void
expect(struct engine *engine, const char *key, const char *value)
{
	enum ouro_status status;
	struct engine_value found;
	uint64_t size = 0;

	status = engine_get(engine, bytes_text(key), &found, NULL);
	assert_int_equal(status, value == NULL ? OURO_NOT_FOUND : OURO_OK);
	assert_int_equal(engine_exists(engine, bytes_text(key), &size, NULL),
	    status);
	if (value != NULL) {
		assert_true(bytes_equal(found.bytes, bytes_text(value)));
		assert_int_equal(size, strlen(value));
	}
	engine_value_release(&found);
}

/* Runs one test over every driver. */
static void
for_each_driver(void (*test)(struct subject *subject))
{
	for (size_t i = 0; i < DRIVERS; i++) {
		subject_begin(&drivers[i]);
		test(&drivers[i]);
		subject_end(&drivers[i]);
	}
}

/* ---- single rules ------------------------------------------------------------------ */

static void
check_put_get_delete(struct subject *subject)
{
	struct engine *engine = subject->engine;
	struct engine_op op = delete_op("a");

	expect(engine, "a", NULL);
	put(engine, "a", "1");
	put(engine, "b", "");
	expect(engine, "a", "1");
	expect(engine, "b", "");
	put(engine, "a", "22");
	expect(engine, "a", "22");
	assert_int_equal(engine_apply(engine, &op, 1, 0, NULL), OURO_OK);
	expect(engine, "a", NULL);
	assert_int_equal(engine_apply(engine, &op, 1, 0, NULL), OURO_OK);
	expect(engine, "b", "");
	assert_int_equal(engine_barrier(engine, NULL), OURO_OK);
}

static void
put_get_delete(void **state)
{
	(void)state;
	for_each_driver(check_put_get_delete);
}

static void
check_values_outlive_changes(struct subject *subject)
{
	struct engine *engine = subject->engine;
	struct engine_value value;
	struct engine_op op = delete_op("k");

	put(engine, "k", "before");
	assert_int_equal(engine_get(engine, bytes_text("k"), &value, NULL),
	    OURO_OK);
	put(engine, "k", "after");
	assert_int_equal(engine_apply(engine, &op, 1, 0, NULL), OURO_OK);
	assert_int_equal(engine_compact(engine, 0, NULL, NULL), OURO_OK);
	assert_true(bytes_equal(value.bytes, bytes_text("before")));
	engine_value_release(&value);
	engine_value_release(&value);
}

static void
values_outlive_changes(void **state)
{
	(void)state;
	for_each_driver(check_values_outlive_changes);
}

static void
check_batch_in_order(struct subject *subject)
{
	struct engine *engine = subject->engine;
	struct engine_op ops[] = { put_op("x", "1"), delete_op("x"),
		put_op("x", "2"), put_op("y", "3"), delete_op("y"),
		delete_op("absent") };

	assert_int_equal(engine_apply(engine, ops, 6, 0, NULL), OURO_OK);
	expect(engine, "x", "2");
	expect(engine, "y", NULL);
	expect(engine, "absent", NULL);
}

static void
batches_apply_in_order(void **state)
{
	(void)state;
	for_each_driver(check_batch_in_order);
}

static void
check_conditions(struct subject *subject)
{
	struct engine *engine = subject->engine;
	struct engine_op ops[2] = { put_op("a", "1"), put_op("b", "2") };
	struct ouro_error err;

	ops[1].condition = ENGINE_IF_ABSENT;
	assert_int_equal(engine_apply(engine, ops, 2, 0, NULL), OURO_OK);
	ops[0].value = bytes_text("changed");
	assert_int_equal(engine_apply(engine, ops, 2, 0, &err), OURO_CONFLICT);
	assert_non_null(strstr(err.text, "62")); /* "b" in hex */
	expect(engine, "a", "1");
	ops[1].condition = ENGINE_IF_EQUAL;
	ops[1].expected = bytes_text("3");
	assert_int_equal(engine_apply(engine, ops, 2, 0, NULL), OURO_CONFLICT);
	ops[1].expected = bytes_text("22");
	assert_int_equal(engine_apply(engine, ops, 2, 0, NULL), OURO_CONFLICT);
	ops[1].expected = bytes_text("2");
	assert_int_equal(engine_apply(engine, ops, 2, 0, NULL), OURO_OK);
	expect(engine, "a", "changed");
	ops[0] = delete_op("b");
	ops[0].condition = ENGINE_IF_EQUAL;
	ops[0].expected = bytes_text("2");
	ops[1] = put_op("b", "new");
	ops[1].condition = ENGINE_IF_ABSENT; /* it is there before the batch */
	assert_int_equal(engine_apply(engine, ops, 2, 0, NULL), OURO_CONFLICT);
	assert_int_equal(engine_apply(engine, ops, 1, 0, NULL), OURO_OK);
	assert_int_equal(engine_apply(engine, ops, 1, 0, NULL), OURO_CONFLICT);
	assert_int_equal(engine_apply(engine, &ops[1], 1, 0, NULL), OURO_OK);
	expect(engine, "b", "new");
}

static void
conditions_hold_or_nothing_happens(void **state)
{
	(void)state;
	for_each_driver(check_conditions);
}

static void
check_limits(struct subject *subject)
{
	struct engine *engine = subject->engine;
	static uint8_t key[ENGINE_KEY_MAX + 1];
	uint8_t *value = calloc(1, ENGINE_VALUE_MAX + 1);
	struct engine_op op = { .kind = ENGINE_PUT };
	struct engine_value found;

	memset(key, 'k', sizeof key);
	assert_int_equal(engine_apply(engine, &op, 1, 0, NULL), OURO_INVALID);
	op.key = bytes_of(key, sizeof key);
	assert_int_equal(engine_apply(engine, &op, 1, 0, NULL), OURO_TOO_LARGE);
	assert_int_equal(engine_get(engine, op.key, &found, NULL),
	    OURO_TOO_LARGE);
	op.key.size--;
	op.value = bytes_of(value, ENGINE_VALUE_MAX + 1);
	assert_int_equal(engine_apply(engine, &op, 1, 0, NULL), OURO_TOO_LARGE);
	op.value.size--;
	assert_int_equal(engine_apply(engine, &op, 1, 0, NULL), OURO_OK);
	assert_int_equal(engine_get(engine, op.key, &found, NULL), OURO_OK);
	assert_int_equal(found.bytes.size, ENGINE_VALUE_MAX);
	engine_value_release(&found);
	assert_int_equal(engine_apply(engine, &op, 0, 0, NULL), OURO_INVALID);
	op.kind = ENGINE_DELETE;
	assert_int_equal(engine_apply(engine, &op, 1, 0, NULL), OURO_INVALID);
	assert_int_equal(engine_compact(engine, 1.5, NULL, NULL), OURO_INVALID);
	free(value);
}

static void
limits_are_checked(void **state)
{
	(void)state;
	for_each_driver(check_limits);
}

/* ---- scans -------------------------------------------------------------------------- */

/* The keys of a scan, each followed by a space. */
static void
scan_text(struct engine *engine, const struct engine_range *range, char *out)
{
	struct engine_scan *scan;
	struct bytes key, value;
	enum ouro_status status;

	*out = '\0';
	assert_int_equal(engine_scan_open(engine, range, &scan, NULL), OURO_OK);
	while (
	    (status = engine_scan_next(scan, &key, &value, NULL)) == OURO_OK) {
		strncat(out, (const char *)key.data, key.size);
		strcat(out, " ");
		if (range->keys_only)
			assert_int_equal(value.size, 0);
		else
			assert_true(bytes_equal(key, value));
	}
	assert_int_equal(status, OURO_END);
	engine_scan_close(scan);
}

static void
expect_scan(struct engine *engine, const char *prefix, const char *begin,
    const char *end, const char *forward, const char *backward)
{
	struct engine_range range = { .prefix = bytes_text(prefix),
		.begin = bytes_text(begin),
		.end = bytes_text(end) };
	char text[256];

	scan_text(engine, &range, text);
	assert_string_equal(text, forward);
	range.reverse = true;
	scan_text(engine, &range, text);
	assert_string_equal(text, backward);
	range.keys_only = true;
	scan_text(engine, &range, text);
	assert_string_equal(text, backward);
}

static void
check_scans(struct subject *subject)
{
	static const char *const keys[] = { "b", "aa", "a", "ab", "ba", "c",
		"\xff", "\xff\xff", "abc" };
	struct engine *engine = subject->engine;
	struct engine_op op = delete_op("gone");

	put(engine, "gone", "x");
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		put(engine, keys[i], keys[i]);
	assert_int_equal(engine_apply(engine, &op, 1, 0, NULL), OURO_OK);
	expect_scan(engine, "", "", "", "a aa ab abc b ba c \xff \xff\xff ",
	    "\xff\xff \xff c ba b abc ab aa a ");
	expect_scan(engine, "a", "", "", "a aa ab abc ", "abc ab aa a ");
	expect_scan(engine, "\xff", "", "", "\xff \xff\xff ", "\xff\xff \xff ");
	expect_scan(engine, "", "ab", "b", "ab abc ", "abc ab ");
	expect_scan(engine, "a", "aa", "abc", "aa ab ", "ab aa ");
	expect_scan(engine, "b", "a", "z", "b ba ", "ba b ");
	expect_scan(engine, "", "b", "a", "", "");
	expect_scan(engine, "zz", "", "", "", "");
}

static void
scans_go_both_ways(void **state)
{
	(void)state;
	for_each_driver(check_scans);
}

/* While a scan runs, keys before and after its place come and go. */
static void
check_scan_survives(struct subject *subject)
{
	struct engine *engine = subject->engine;
	struct engine_range range = { 0 };
	struct engine_scan *scan;
	struct bytes key, value;
	char name[16], last[16] = "";
	unsigned kept = 0, n = 0;

	for (unsigned i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "k%03u", i);
		put(engine, name, name);
	}
	assert_int_equal(engine_scan_open(engine, &range, &scan, NULL),
	    OURO_OK);
	while (engine_scan_next(scan, &key, &value, NULL) == OURO_OK) {
		struct engine_op op;

		snprintf(name, sizeof name, "%.*s", (int)key.size,
		    (const char *)key.data);
		assert_true(strcmp(last, name) < 0);
		strcpy(last, name);
		kept += (name[3] - '0') % 2 == 0 && strlen(name) == 4;
		/* Odd keys go, here and there; new ones come. */
		snprintf(name, sizeof name, "k%03u", (n * 7 % 300) | 1);
		op = delete_op(name);
		assert_int_equal(engine_apply(engine, &op, 1, 0, NULL),
		    OURO_OK);
		snprintf(name, sizeof name, "k%03ux", n * 11 % 300);
		put(engine, name, "new");
		if (n++ % 50 == 0)
			assert_int_equal(engine_compact(engine, 0, NULL, NULL),
			    OURO_OK);
	}
	engine_scan_close(scan);
	assert_int_equal(kept, 150);
}

static void
scans_survive_changes(void **state)
{
	(void)state;
	for_each_driver(check_scan_survives);
}

/* ---- random operations beside the model ------------------------------------------------- */

static uint64_t seed;

static uint64_t
random_next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

#define LIKELY 100u /* a size that many values have, and is packed */

struct draft {
	struct engine_op ops[8];
	size_t count;
	uint8_t keys[8][24], values[8][400], expected[8][LIKELY];
};

static void
draft_make(struct draft *draft)
{
	draft->count = random_next() % 4 == 0 ? 1 + random_next() % 8 : 1;
	for (size_t i = 0; i < draft->count; i++) {
		struct engine_op *op = &draft->ops[i];
		uint64_t bits = random_next();
		size_t size = bits >> 40 & 1 ? bits >> 20 & 15
		    : bits >> 41 & 1	     ? LIKELY
					     : bits >> 20 & 255;

		*op = (struct engine_op){ 0 };
		op->key = bytes_of(draft->keys[i],
		    (size_t)snprintf((char *)draft->keys[i], 24, "key%u",
			(unsigned)(bits % 700)));
		op->kind = (bits >> 12) % 3 == 0 ? ENGINE_DELETE : ENGINE_PUT;
		if (op->kind == ENGINE_PUT) {
			memset(draft->values[i], (int)(bits >> 16 & 3), size);
			op->value = bytes_of(draft->values[i], size);
		}
		if ((bits >> 50) % 8 == 0)
			op->condition = ENGINE_IF_ABSENT;
		if ((bits >> 50) % 8 == 1) {
			op->condition = ENGINE_IF_EQUAL;
			memset(draft->expected[i], (int)(bits >> 56 & 3),
			    LIKELY);
			op->expected = bytes_of(draft->expected[i],
			    bits >> 62 & 1 ? LIKELY : bits >> 60 & 3);
		}
	}
}

static void
same_get(struct engine *a, struct engine *b, struct bytes key)
{
	struct engine_value x, y;
	enum ouro_status status = engine_get(a, key, &x, NULL);
	uint64_t size;

	assert_int_equal(engine_get(b, key, &y, NULL), status);
	assert_true(bytes_equal(x.bytes, y.bytes));
	if (status == OURO_OK) {
		assert_int_equal(engine_exists(b, key, &size, NULL), OURO_OK);
		assert_int_equal(size, x.bytes.size);
		assert_int_equal(engine_exists(a, key, &size, NULL), OURO_OK);
		assert_int_equal(size, x.bytes.size);
	}
	engine_value_release(&x);
	engine_value_release(&y);
}

static void
same_scan(struct engine *a, struct engine *b, bool reverse)
{
	struct engine_range range = { .reverse = reverse };
	struct engine_scan *scan_a, *scan_b;
	struct bytes key_a, key_b, value_a, value_b;
	enum ouro_status status;
	uint64_t keys = 0;
	struct engine_stats stats;

	assert_int_equal(engine_scan_open(a, &range, &scan_a, NULL), OURO_OK);
	assert_int_equal(engine_scan_open(b, &range, &scan_b, NULL), OURO_OK);
	do {
		status = engine_scan_next(scan_a, &key_a, &value_a, NULL);
		assert_int_equal(engine_scan_next(scan_b, &key_b, &value_b,
				     NULL),
		    status);
		assert_true(bytes_equal(key_a, key_b));
		assert_true(bytes_equal(value_a, value_b));
		keys += status == OURO_OK;
	} while (status == OURO_OK);
	engine_scan_close(scan_a);
	engine_scan_close(scan_b);
	assert_int_equal(engine_stats(a, &stats, NULL), OURO_OK);
	assert_int_equal(stats.keys, keys);
}

static void
check_random(struct subject *subject)
{
	struct engine *model;
	struct draft draft;

	seed = 0x9e3779b97f4a7c15u;
	assert_int_equal(engine_memory_open(NULL, &model, NULL), OURO_OK);
	for (unsigned i = 0; i < RANDOM_OPS; i++) {
		enum ouro_status status;

		draft_make(&draft);
		status = engine_apply(model, draft.ops, draft.count, 0, NULL);
		assert_int_equal(engine_apply(subject->engine, draft.ops,
				     draft.count, 0, NULL),
		    status);
		same_get(subject->engine, model, draft.ops[0].key);
		if (i % 9973 == 0 && subject->durable) {
			engine_close(subject->engine);
			subject_open(subject);
		}
		if (i % 7001 == 0)
			assert_int_equal(engine_compact(subject->engine,
					     (double)(i % 5) / 4, NULL, NULL),
			    OURO_OK);
		if (i % 9000 == 0)
			same_scan(subject->engine, model, i % 2 == 0);
	}
	same_scan(subject->engine, model, false);
	assert_int_equal(engine_verify(subject->engine, NULL, NULL, NULL),
	    OURO_OK);
	engine_close(model);
}

static void
random_operations_match_the_model(void **state)
{
	(void)state;
	for_each_driver(check_random);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(put_get_delete),
		cmocka_unit_test(values_outlive_changes),
		cmocka_unit_test(batches_apply_in_order),
		cmocka_unit_test(conditions_hold_or_nothing_happens),
		cmocka_unit_test(limits_are_checked),
		cmocka_unit_test(scans_go_both_ways),
		cmocka_unit_test(scans_survive_changes),
		cmocka_unit_test(random_operations_match_the_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
