/*
 * test_copies - for the tests of both copies of the records: engines that can be
 * wounded, and a vault of nothing but two of them.
 */
#ifndef VAULT_TEST_COPIES_H
#define VAULT_TEST_COPIES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/error.h"
#include "engine/driver.h"
#include "vault/copies.h"
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

static inline struct wounded *
wounded_of(struct engine *engine)
{
	return (struct wounded *)(void *)engine;
}

static inline char *
wound_of(struct wounded *wounded, struct bytes key)
{
	for (int i = 0; i < WOUNDS; i++)
		if (wounded->keys[i][0] != '\0' &&
		    bytes_equal(key, bytes_text(wounded->keys[i])))
			return wounded->keys[i];
	return NULL;
}

static inline enum ouro_status
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

static inline enum ouro_status
wounded_barrier(struct engine *engine, struct ouro_error *err)
{
	wounded_of(engine)->barriers++;
	return engine_barrier(wounded_of(engine)->inner, err);
}

static inline enum ouro_status
wounded_get(struct engine *engine, struct bytes key, struct engine_value *out,
    struct ouro_error *err)
{
	if (wound_of(wounded_of(engine), key) != NULL)
		return error_set(err, OURO_DAMAGED, "wounded");
	return engine_get(wounded_of(engine)->inner, key, out, err);
}

static inline enum ouro_status
wounded_exists(struct engine *engine, struct bytes key, uint64_t *size,
    struct ouro_error *err)
{
	return engine_exists(wounded_of(engine)->inner, key, size, err);
}

static inline enum ouro_status
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

static inline enum ouro_status
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

static inline void
wounded_scan_close(struct engine_scan *base)
{
	engine_scan_close(((struct wounded_scan *)(void *)base)->inner);
	free(base);
}

/* Forgets what is wounded; the damage stays known until the next opening. */
static inline enum ouro_status
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

static inline enum ouro_status
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

static inline void
log_count(void *context, enum log_level level, const char *text)
{
	struct world *world = context;

	(void)text;
	world->warnings += level >= LOG_WARNING;
}

static inline void
wounded_init(struct wounded *wounded)
{
	static const struct engine_options options;

	wounded->engine.driver = &wounded_driver;
	assert_int_equal(engine_memory_open(&options, &wounded->inner, NULL),
	    OURO_OK);
}

static inline struct world *
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

static inline void
world_free(struct world *world)
{
	engine_close(world->records.inner);
	engine_close(world->copies.inner);
	free(world);
}

/* As a new process finds them: engines look again for damage. */
static inline void
world_reopen(struct world *world)
{
	atomic_store(&world->vault.copies_behind, false);
	world->records.extra = world->copies.extra = (struct engine_stats){ 0 };
	world->records.applies = world->copies.applies = 0;
	world->records.scans = world->copies.scans = 0;
	world->warnings = 0;
}

static inline void
put(struct wounded *wounded, const char *key, const char *value)
{
	struct engine_op op = { .kind = ENGINE_PUT,
		.key = bytes_text(key),
		.value = bytes_text(value) };

	assert_int_equal(engine_apply(wounded->inner, &op, 1, ENGINE_SYNC_NEVER,
			     NULL),
	    OURO_OK);
}

static inline void
put_both(struct world *world, const char *key, const char *value)
{
	put(&world->records, key, value);
	put(&world->copies, key, value);
}

static inline void
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
static inline void
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

static inline void
check_reconcile(struct world *world, bool expected)
{
	bool rebuild = !expected;

	assert_int_equal(copies_reconcile(&world->vault, &rebuild, NULL),
	    OURO_OK);
	assert_int_equal(rebuild, expected);
}

#endif
