/*
 * The n-th call of the file system fails, for every n, once and for ever.
 * Each call of the vault then answers with a status and a text; what was
 * acknowledged still reads, at once when the fault is gone and after the
 * next opening; what failed is absent or complete; verify is clean after gc,
 * and the vault goes on. Every n with OURO_LONG=1, else a part of them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/executor.h"
#include "base/fs_memory.h"
#include "seal/canonical.h"
#include "vault/chunk.h"
#include "vault/rebuild.h"
#include "vault/vault.h"

#define DIR	     "/store"
#define SIZE_MAX_OF  200000
#define META_SIZE    5000
#define RUNS_OF_KIND 2 /* in a short run, of each kind and variant */

/* One content of the workload and what the caller was told about it. */
struct thing {
	const char *name; /* NULL: by content */
	size_t size;
	unsigned seed; /* equal seeds: equal first bytes */
	unsigned k, m;
	size_t meta_size;
	bool put_done;
	bool remove_begun, remove_done;
	uint8_t content[OURO_ID_SIZE];
	uint8_t version[OURO_ID_SIZE];
};

enum {
	INLINED,
	CHUNKED,
	FIRST_VERSION,
	SECOND_VERSION,
	WIDE,
	REMOVED,
	WITH_META,
	EMPTY,
	ADDED,
	THINGS
};

static const struct thing things_new[THINGS] = {
	[INLINED] = { .size = 100, .seed = 1 },
	[CHUNKED] = { .size = 150000, .seed = 2 },
	[FIRST_VERSION] = { .size = 5000, .seed = 3, .name = "versions" },
	[SECOND_VERSION] = { .size = 140000, .seed = 4, .name = "versions" },
	[WIDE] = { .size = 9000, .seed = 5, .k = 3, .m = 1 },
	[REMOVED] = { .size = 150000, .seed = 2, .name = "shares chunks" },
	[WITH_META] = { .size = 10, .seed = 6, .meta_size = META_SIZE },
	[EMPTY] = { .size = 0, .seed = 7, .name = "empty" },
	[ADDED] = { .size = 6000, .seed = 8, .name = "added", .k = 2, .m = 3 },
};

struct world {
	struct fs *fs;
	struct executor *executor;
	struct ouro_vault *vault;
	struct thing things[THINGS];
	unsigned failed; /* calls that answered an error */
};

static struct fs_fault present; /* what is being tried */
static bool present_stops, present_is_over;
static uint64_t calls_counted; /* of the kind, in the last run */
static unsigned runs;
static uint8_t data_made[SIZE_MAX_OF], data_read[SIZE_MAX_OF + 1];

static void
data_make(const struct thing *thing)
{
	uint64_t x = thing->seed * 2654435761u + 1;

	for (size_t i = 0; i < thing->size; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		data_made[i] = (uint8_t)(x >> 56);
	}
}

/* ---- calls that may fail ------------------------------------------------------ */

/* An error is one of those a failing disk may cause, and says so. */
static bool
went_well(struct world *world, const char *what, enum ouro_status status,
    const struct ouro_error *err)
{
	if (status == OURO_OK)
		return true;
	world->failed++;
	if ((status != OURO_IO && status != OURO_NO_SPACE &&
		status != OURO_READ_ONLY) ||
	    err->status != status || err->text[0] == '\0')
		fail_msg("%s: %s, error %s: \"%s\"", what,
		    ouro_status_text(status), ouro_status_text(err->status),
		    err->text);
	return false;
}

static bool
world_open(struct world *world)
{
	struct ouro_vault_options options = { .size = sizeof(options),
		.k = 1,
		.m = 1,
		.level = -1,
		.segment_size = 300000,
		.node = "fault" };
	struct ouro_error err = { 0 };

	if (world->vault != NULL)
		return true;
	return went_well(world, "open",
	    vault_open(DIR, &options, world->fs, world->executor, &world->vault,
		&err),
	    &err);
}

static void
world_close(struct world *world)
{
	ouro_vault_close(world->vault);
	world->vault = NULL;
}

static enum ouro_status
put_try(struct ouro_vault *vault, const struct thing *thing,
    struct ouro_put_result *result, struct ouro_error *err)
{
	static const uint8_t meta[META_SIZE] = "meta that is kept apart";
	struct ouro_put_options options = { .size = sizeof(options),
		.name = thing->name,
		.k = thing->k,
		.m = thing->m,
		.meta = meta,
		.meta_size = thing->meta_size };
	struct ouro_put *put;
	enum ouro_status status = ouro_put_begin(vault, &options, &put, err);

	if (status != OURO_OK)
		return status;
	data_make(thing);
	status = ouro_put_write(put, data_made, thing->size, err);
	if (status != OURO_OK) {
		ouro_put_abort(put);
		return status;
	}
	return ouro_put_finish(put, result, err);
}

static void
thing_put(struct world *world, unsigned which)
{
	struct thing *thing = &world->things[which];
	struct ouro_put_result result = { 0 };
	struct ouro_error err = { 0 };

	if (!world_open(world))
		return;
	if (thing->remove_begun)
		thing->put_done = false;
	thing->remove_begun = thing->remove_done = false;
	if (!went_well(world, "put",
		put_try(world->vault, thing, &result, &err), &err))
		return;
	memcpy(thing->content, result.content, OURO_ID_SIZE);
	memcpy(thing->version, result.version, OURO_ID_SIZE);
	thing->put_done = true;
}

static void
thing_remove(struct world *world, unsigned which)
{
	struct thing *thing = &world->things[which];
	struct ouro_remove_options options = { .size = sizeof(options) };
	struct ouro_remove_result result;
	struct ouro_target target;
	struct ouro_error err = { 0 };

	if (!world_open(world) || !thing->put_done)
		return;
	if (!went_well(world, "resolve",
		ouro_resolve(world->vault, thing->name, &target, &err), &err))
		return;
	thing->remove_begun = true;
	thing->remove_done = went_well(world, "remove",
	    ouro_remove(world->vault, &target, &options, NULL, NULL, &result,
		&err),
	    &err);
}

/* The whole of it into data_read; what came before a fault is given first. */
static enum ouro_status
bytes_read(struct ouro_vault *vault, const uint8_t id[OURO_ID_SIZE],
    size_t *size, struct ouro_error *err)
{
	struct ouro_get *get;
	size_t got;
	enum ouro_status status = ouro_get_open(vault, id, &get, err);

	*size = 0;
	if (status != OURO_OK)
		return status;
	do {
		status = ouro_get_read(get, data_read + *size,
		    sizeof(data_read) - *size, &got, err);
		*size += got;
	} while (status == OURO_OK && got > 0);
	ouro_get_close(get);
	return status;
}

/* What is read is right, also while calls fail. */
static bool
thing_reads(struct world *world, const struct thing *thing,
    const uint8_t id[OURO_ID_SIZE])
{
	struct ouro_error err = { 0 };
	size_t got;

	if (!went_well(world, "get", bytes_read(world->vault, id, &got, &err),
		&err))
		return false;
	data_make(thing);
	assert_int_equal(got, thing->size);
	assert_memory_equal(data_read, data_made, got);
	return true;
}

static void
thing_get(struct world *world, unsigned which)
{
	const struct thing *thing = &world->things[which];

	if (world_open(world) && thing->put_done)
		thing_reads(world, thing, thing->content);
}

static void
world_gc(struct world *world)
{
	struct ouro_gc_result result;
	struct ouro_error err = { 0 };
	enum ouro_status status;

	if (!world_open(world))
		return;
	status = ouro_gc(world->vault, NULL, NULL, &result, &err);
	/* As long as a rebuild that failed was not made good. */
	if (status == OURO_REFUSED && !present_is_over)
		world->failed++;
	else
		went_well(world, "gc", status, &err);
}

typedef enum ouro_status care_call(struct ouro_vault *vault,
    const struct ouro_care_options *options, struct ouro_care_result *result,
    struct ouro_error *err);

static void
world_care(struct world *world, care_call *call, bool rebuild)
{
	struct ouro_care_options options = { .size = sizeof(options),
		.rebuild_index = rebuild };
	struct ouro_care_result result;
	struct ouro_error err = { 0 };
	enum ouro_status status;

	if (!world_open(world))
		return;
	status = call(world->vault, &options, &result, &err);
	/* While reading fails everything looks damaged, and is named. */
	if (status == OURO_DAMAGED && !present_is_over) {
		assert_true(err.text[0] != '\0');
		world->failed++;
		return;
	}
	went_well(world, "care", status, &err);
}

static void
world_keys(struct world *world)
{
	char recovery[OURO_RECOVERY_TEXT];
	struct ouro_error err = { 0 };

	if (!world_open(world))
		return;
	went_well(world, "rotate", ouro_keys_rotate(world->vault, &err), &err);
	err = (struct ouro_error){ 0 };
	went_well(world, "export",
	    ouro_keys_export(world->vault, recovery, &err), &err);
}

static void
world_look(struct world *world)
{
	struct ouro_stats stats;
	struct ouro_error err = { 0 };

	if (world_open(world))
		went_well(world, "stats",
		    ouro_stats(world->vault, &stats, &err), &err);
}

/* ---- what must hold ---------------------------------------------------------------- */

/* Is that what some thing was made of? Nothing is half visible. */
static bool
bytes_are_known(const struct world *world, size_t size)
{
	for (unsigned i = 0; i < THINGS; i++) {
		if (world->things[i].size != size)
			continue;
		data_make(&world->things[i]);
		if (memcmp(data_made, data_read, size) == 0)
			return true;
	}
	return false;
}

static void
version_check(struct world *world, const uint8_t id[OURO_ID_SIZE])
{
	struct ouro_error err = { 0 };
	size_t got;

	if (bytes_read(world->vault, id, &got, &err) != OURO_OK)
		fail_msg("a version that is there: %s", err.text);
	assert_true(bytes_are_known(world, got));
}

static bool
version_each(void *context, const uint8_t id[OURO_ID_SIZE])
{
	version_check(context, id);
	return true;
}

static void
list_check(struct world *world)
{
	struct ouro_list_options options = { .size = sizeof(options),
		.detail = true };
	struct ouro_list *list;
	struct ouro_info info;
	struct ouro_error err = { 0 };
	enum ouro_status status;

	assert_int_equal(ouro_list_open(world->vault, &options, &list, &err),
	    OURO_OK);
	while ((status = ouro_list_next(list, &info, &err)) == OURO_OK) {
		version_check(world, info.version);
		ouro_info_release(&info);
	}
	ouro_list_close(list);
	if (status != OURO_END)
		fail_msg("list: %s", err.text);
	status = ouro_versions(world->vault, "versions", version_each, world,
	    &err);
	assert_true(status == OURO_OK || status == OURO_NOT_FOUND);
}

static void
things_check(struct world *world)
{
	struct ouro_target target;

	for (unsigned i = 0; i < THINGS; i++) {
		const struct thing *thing = &world->things[i];

		if (thing->put_done && !thing->remove_begun &&
		    (!thing_reads(world, thing, thing->content) ||
			!thing_reads(world, thing, thing->version)))
			fail_msg("thing %u is lost", i);
		if (thing->remove_done)
			assert_int_equal(ouro_resolve(world->vault, thing->name,
					     &target, NULL),
			    OURO_NOT_FOUND);
	}
	list_check(world);
}

static bool
is_read_only(struct world *world)
{
	struct ouro_put_result result;
	struct ouro_error err = { 0 };

	return put_try(world->vault, &things_new[INLINED], &result, &err) ==
	    OURO_READ_ONLY;
}

/* ---- running ----------------------------------------------------------------------- */

/* A slice of the first chunk there is goes missing. */
static void
slice_lose(struct world *world)
{
	struct row_key prefix = row_table(ROW_CHUNK);
	struct engine_range range = { .prefix = row_bytes(&prefix) };
	struct engine_op op = { .kind = ENGINE_DELETE };
	struct engine_scan *scan;
	struct bytes key, value;
	struct slice_key slice;
	Ouro__ChunkRow *row;

	if (world->vault == NULL ||
	    engine_scan_open(world->vault->records, &range, &scan, NULL) !=
		OURO_OK)
		return;
	if (engine_scan_next(scan, &key, &value, NULL) == OURO_OK &&
	    chunk_row_get(world->vault, key.data + 1, &row, NULL) == OURO_OK) {
		if (row->n_stripes > 0) {
			slice = slice_key(key.data + 1,
			    row->stripes[0]->stripe_id.data, 0);
			op.key = bytes_of(slice.data, sizeof(slice.data));
			engine_apply(lane(world->vault,
					 row->stripes[0]->lanes.data[0]),
			    &op, 1, ENGINE_SYNC_ALWAYS, NULL);
		}
		canonical_free(&row->base);
	}
	engine_scan_close(scan);
}

enum step_kind {
	CLOSE,
	PUT,
	GET,
	REMOVE,
	KEYS,
	GC,
	VERIFY,
	REPAIR,
	REBUILD,
	LOSE,
	LOOK
};

struct step {
	enum step_kind kind;
	unsigned thing;
};

static const struct step workload[] = {
	{ PUT, INLINED },
	{ PUT, CHUNKED },
	{ PUT, FIRST_VERSION },
	{ PUT, SECOND_VERSION },
	{ CLOSE, 0 },
	{ PUT, REMOVED },
	{ REMOVE, REMOVED },
	{ KEYS, 0 },
	{ PUT, WIDE },
	{ GC, 0 },
	{ VERIFY, 0 },
	{ PUT, WITH_META },
	{ LOSE, 0 },
	{ GET, CHUNKED },
	{ LOSE, 0 },
	{ REPAIR, 0 },
	{ GET, SECOND_VERSION },
	{ REBUILD, 0 },
	{ PUT, REMOVED },
	{ REMOVE, REMOVED },
	{ GC, 0 },
	{ LOOK, 0 },
	{ CLOSE, 0 },
	{ GET, CHUNKED },
	{ PUT, EMPTY },
	{ CLOSE, 0 },
};

static void
step_run(struct world *world, const struct step *step)
{
	switch (step->kind) {
	case CLOSE:
		world_close(world);
		break;
	case PUT:
		thing_put(world, step->thing);
		break;
	case GET:
		thing_get(world, step->thing);
		break;
	case REMOVE:
		thing_remove(world, step->thing);
		break;
	case KEYS:
		world_keys(world);
		break;
	case GC:
		world_gc(world);
		break;
	case VERIFY:
		world_care(world, ouro_verify, false);
		break;
	case REPAIR:
	case REBUILD:
		world_care(world, ouro_repair, step->kind == REBUILD);
		break;
	case LOSE:
		slice_lose(world);
		break;
	case LOOK:
		world_look(world);
		break;
	}
}

/* The fault is gone. First within the same opening, if it lasted. */
static void
aftermath(struct world *world)
{
	fs_memory_fault(world->fs, (struct fs_fault){ 0 });
	present_is_over = true;
	if (world->vault != NULL) {
		things_check(world);
		if (!is_read_only(world)) {
			world->failed = 0;
			thing_put(world, ADDED);
			/* A lane alone may have failed to sync. */
			if (world->failed == 0)
				things_check(world);
		}
		world_close(world);
	}
	world->failed = 0;
	assert_true(world_open(world));
	things_check(world);
	world_gc(world);
	if (world->failed == 0)
		world_care(world, ouro_repair, false);
	world_care(world, ouro_verify, false);
	for (unsigned i = 0; i < THINGS; i++)
		thing_put(world, i);
	things_check(world);
	world_close(world);
	assert_true(world_open(world));
	things_check(world);
	assert_int_equal(world->failed, 0);
	world_close(world);
}

/* One run; false when the fault was never reached. It goes on after the first
 * failure, or stops there, so that the vault is still open when the fault
 * goes. */
static bool
fault_run(struct fs_fault fault, bool stop)
{
	struct world world = { .failed = 0 };

	memcpy(world.things, things_new, sizeof(world.things));
	present = fault;
	present_stops = stop;
	present_is_over = false;
	world.fs = fs_memory_new(5);
	assert_non_null(world.fs);
	assert_int_equal(executor_open_manual(1, world.fs, &world.executor,
			     NULL),
	    OURO_OK);
	fs_memory_fault(world.fs, fault);
	for (size_t i = 0; i < sizeof(workload) / sizeof(*workload) &&
	     !(stop && world.failed > 0);
	     i++)
		step_run(&world, &workload[i]);
	calls_counted = fs_memory_calls(world.fs, fault.call);
	aftermath(&world);
	executor_close(world.executor);
	fs_memory_free(world.fs);
	return calls_counted >= fault.nth;
}

static int
fault_tell(void **state)
{
	(void)state;
	if (present.nth != 0)
		print_error("call kind %d, number %llu, errno %d%s%s%s\n",
		    (int)present.call, (unsigned long long)present.nth,
		    present.errnum, present.for_ever ? ", for ever" : "",
		    present.short_write ? ", short" : "",
		    present_stops ? ", stopping" : "");
	return 0;
}

/* FAULT="kind number errno for_ever short stop" repeats one run. */
static void
one_run(const char *text)
{
	int call, errnum, for_ever, is_short, stop;
	unsigned long long nth;

	assert_int_equal(sscanf(text, "%d %llu %d %d %d %d", &call, &nth,
			     &errnum, &for_ever, &is_short, &stop),
	    6);
	fault_run((struct fs_fault){ .call = (enum fs_call)call,
		      .nth = nth,
		      .errnum = errnum,
		      .for_ever = for_ever != 0,
		      .short_write = is_short != 0 },
	    stop != 0);
}

/* All calls of a kind, or as many as a short run has time for. */
static void
every_call_of(enum fs_call call, unsigned variant)
{
	struct fs_fault fault = { .call = call,
		.errnum = variant & 1 ? ENOSPC : EIO,
		.for_ever = (variant & 2) != 0,
		.short_write = (variant & 4) != 0 };
	bool stop = (variant & 8) != 0;
	uint64_t step = 1, calls;

	if (fault.short_write && call != FS_CALL_WRITE)
		return;
	fault.nth = UINT64_MAX;
	fault_run(fault, false);
	calls = calls_counted;
	if (getenv("OURO_LONG") == NULL && calls > RUNS_OF_KIND)
		step = calls / RUNS_OF_KIND;
	for (fault.nth = 1 + variant % step; fault_run(fault, stop);
	     fault.nth += step)
		runs++;
}

static void
every_file_system_call_may_fail(void **state)
{
	const char *one = getenv("FAULT");

	(void)state;
	if (one != NULL) {
		one_run(one);
		return;
	}
	for (int call = FS_CALL_OPEN; call <= FS_CALL_ANY; call++)
		for (unsigned variant = 0; variant < 16; variant++)
			every_call_of((enum fs_call)call, variant);
	present.nth = 0;
	printf("%u runs\n", runs);
	assert_true(runs > 150);
}

/* ---- single ones --------------------------------------------------------------------- */

static void
world_begin(struct world *world)
{
	*world = (struct world){ .failed = 0 };
	memcpy(world->things, things_new, sizeof(world->things));
	present_is_over = false;
	world->fs = fs_memory_new(5);
	assert_non_null(world->fs);
	assert_int_equal(executor_open_manual(1, world->fs, &world->executor,
			     NULL),
	    OURO_OK);
}

static void
world_end(struct world *world)
{
	world_close(world);
	executor_close(world->executor);
	fs_memory_free(world->fs);
}

static void
world_fault(struct world *world, enum fs_call call, uint64_t nth)
{
	present = (struct fs_fault){ .call = call,
		.nth = nth,
		.errnum = EIO,
		.for_ever = true };
	fs_memory_fault(world->fs, present);
	present_is_over = nth == 0;
}

/* What would lie in them would be gone with the next opening. */
static void
lanes_that_were_not_declared_are_not_used(void **state)
{
	struct world world;

	(void)state;
	world_begin(&world);
	thing_put(&world, INLINED);
	world_fault(&world, FS_CALL_RENAME, 1);
	thing_put(&world, WIDE);
	assert_int_equal(world.failed, 1);
	world_fault(&world, FS_CALL_RENAME, 0);
	thing_put(&world, WIDE);
	assert_int_equal(world.failed, 1);
	world_close(&world);
	assert_true(world_open(&world));
	things_check(&world);
	world_end(&world);
}

/* All rows that a rebuild makes go missing. */
static void
rows_lose(struct world *world)
{
	static const enum row_table tables[] = { ROW_NAME, ROW_USE, ROW_CHUNK };

	for (unsigned i = 0; i < 3; i++) {
		struct row_key prefix = row_table(tables[i]);
		struct engine_range range = { .prefix = row_bytes(&prefix),
			.keys_only = true };
		struct engine_op op = { .kind = ENGINE_DELETE };
		struct engine_scan *scan;
		struct bytes value;

		assert_int_equal(engine_scan_open(world->vault->records, &range,
				     &scan, NULL),
		    OURO_OK);
		while (engine_scan_next(scan, &op.key, &value, NULL) == OURO_OK)
			assert_int_equal(engine_apply(world->vault->records,
					     &op, 1, ENGINE_SYNC_ALWAYS, NULL),
			    OURO_OK);
		engine_scan_close(scan);
	}
}

/* Rows that could not be made are not taken for made. */
static void
a_rebuild_that_cannot_read_is_done_again(void **state)
{
	uint64_t reads, nth = 1;
	struct ouro_error err;

	(void)state;
	do {
		struct world world;

		err = (struct ouro_error){ 0 };
		world_begin(&world);
		thing_put(&world, FIRST_VERSION);
		thing_put(&world, SECOND_VERSION);
		thing_put(&world, INLINED);
		rows_lose(&world);
		world_fault(&world, FS_CALL_READ, nth);
		went_well(&world, "rebuild", rebuild_index(world.vault, &err),
		    &err);
		reads = fs_memory_calls(world.fs, FS_CALL_READ);
		world_fault(&world, FS_CALL_READ, 0);
		assert_int_equal(rebuild_pending(world.vault),
		    world.failed > 0);
		world_close(&world);
		assert_true(world_open(&world));
		things_check(&world);
		world_end(&world);
	} while (reads >= nth++);
}

/* With the cause, not as a store or a key that is missing. */
static void
a_making_that_cannot_open_a_file_says_so(void **state)
{
	uint64_t opens, nth = 1;

	(void)state;
	do {
		struct world world;

		world_begin(&world);
		present = (struct fs_fault){ .call = FS_CALL_OPEN,
			.nth = nth,
			.errnum = EIO };
		fs_memory_fault(world.fs, present);
		world_open(&world);
		opens = fs_memory_calls(world.fs, FS_CALL_OPEN);
		world_close(&world);
		fs_memory_fault(world.fs, (struct fs_fault){ .nth = 0 });
		assert_true(world_open(&world));
		world_end(&world);
	} while (opens >= nth++);
	present.nth = 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lanes_that_were_not_declared_are_not_used),
		cmocka_unit_test_teardown(
		    a_rebuild_that_cannot_read_is_done_again, fault_tell),
		cmocka_unit_test_teardown(
		    a_making_that_cannot_open_a_file_says_so, fault_tell),
		cmocka_unit_test_teardown(every_file_system_call_may_fail,
		    fault_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
