/*
 * Crash enumeration over put, remove and collection: the workload is stopped
 * at every call that changes the disk; from there every policy makes disks
 * as a power loss could leave them; each is opened and held against what had
 * been acknowledged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/executor.h"
#include "base/fs_crash.h"
#include "vault/vault.h"

#define DIR    "/store"
#define THINGS 8
/* One thread runs all of it: watching that one for races takes hours over
 * states that differ in their bytes alone. */
#ifdef __SANITIZE_THREAD__
#define SEEDS	   1
#define STATES_MIN 2000
#else
#define SEEDS	   15
#define STATES_MIN 20000
#endif
#define SIZE_MAX_OF 200000

/* One content of the workload and what the caller was told about it. */
struct thing {
	const char *name; /* NULL: by content */
	size_t size;
	unsigned seed; /* equal seeds: equal first bytes */
	size_t parent; /* the thing of that number less 1; 0: none */
	bool put_done;
	bool remove_begun, remove_done;
	uint8_t content[OURO_ID_SIZE];
	uint8_t version[OURO_ID_SIZE];
};

/* Which disk this is, for a failure to be found again. */
struct state_name {
	uint64_t clock;
	unsigned policy, seed;
};

struct world {
	struct state_name state;
	struct fs *fs;
	struct executor *executor;
	struct ouro_vault *vault;
	struct thing things[THINGS];
	size_t states;
};

static struct state_name state_now;
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

/* ---- the workload ------------------------------------------------------------- */

static bool
world_open(struct world *world)
{
	struct ouro_vault_options options = { .size = sizeof(options),
		.k = 1,
		.m = 1,
		.level = -1,
		.segment_size = 300000,
		.node = "crash" };

	return vault_open(DIR, &options, world->fs, world->executor,
		   &world->vault, NULL) == OURO_OK;
}

static void
world_close(struct world *world)
{
	ouro_vault_close(world->vault);
	world->vault = NULL;
}

static bool
thing_put(struct world *world, struct thing *thing)
{
	struct ouro_put_options options = { .size = sizeof(options),
		.name = thing->name,
		.parent = thing->parent > 0
		    ? world->things[thing->parent - 1].content
		    : NULL };
	struct ouro_put_result result;
	struct ouro_put *put;

	if (thing->remove_begun)
		thing->put_done = false;
	thing->remove_begun = thing->remove_done = false;
	data_make(thing);
	if (ouro_put_begin(world->vault, &options, &put, NULL) != OURO_OK)
		return false;
	if (ouro_put_write(put, data_made, thing->size, NULL) != OURO_OK) {
		ouro_put_abort(put);
		return false;
	}
	if (ouro_put_finish(put, &result, NULL) != OURO_OK)
		return false;
	memcpy(thing->content, result.content, OURO_ID_SIZE);
	memcpy(thing->version, result.version, OURO_ID_SIZE);
	thing->put_done = true;
	return true;
}

static bool
thing_remove(struct world *world, struct thing *thing)
{
	struct ouro_remove_options options = { .size = sizeof(options),
		.force = true };
	struct ouro_remove_result result;
	struct ouro_target target;

	thing->remove_begun = true;
	if (thing->name != NULL) {
		if (ouro_resolve(world->vault, thing->name, &target, NULL) !=
		    OURO_OK)
			return false;
	} else {
		target = (struct ouro_target){ .kind = OURO_CONTENT };
		memcpy(target.id, thing->content, OURO_ID_SIZE);
	}
	if (ouro_remove(world->vault, &target, &options, NULL, NULL, &result,
		NULL) != OURO_OK)
		return false;
	thing->remove_done = true;
	return true;
}

static bool
world_gc(struct world *world)
{
	struct ouro_gc_result result;

	return ouro_gc(world->vault, NULL, NULL, &result, NULL) == OURO_OK;
}

/* Ends early when a step fails: the power is gone. */
typedef bool workload(struct world *world);

static bool
work_put(struct world *world)
{
	struct thing *things = world->things;
	bool going = world_open(world) && thing_put(world, &things[0]) &&
	    thing_put(world, &things[1]) && thing_put(world, &things[2]) &&
	    thing_put(world, &things[1]) && thing_put(world, &things[3]);

	world_close(world);
	going = going && world_open(world) && thing_put(world, &things[4]);
	world_close(world);
	return going;
}

static bool
work_remove(struct world *world)
{
	struct thing *things = world->things;
	bool going = world_open(world) && thing_put(world, &things[1]) &&
	    thing_put(world, &things[5]) && thing_put(world, &things[3]) &&
	    thing_remove(world, &things[5]) && thing_put(world, &things[0]) &&
	    world_gc(world) && thing_remove(world, &things[3]) &&
	    thing_put(world, &things[5]) && thing_remove(world, &things[1]) &&
	    world_gc(world) && thing_put(world, &things[1]);

	world_close(world);
	return going;
}

/* Parents go before their children, and come back behind them. */
static bool
work_tree(struct world *world)
{
	struct thing *things = world->things;
	bool going = world_open(world) && thing_put(world, &things[0]) &&
	    thing_put(world, &things[6]) && thing_put(world, &things[7]) &&
	    thing_remove(world, &things[0]) && world_gc(world) &&
	    thing_put(world, &things[0]) && thing_remove(world, &things[6]) &&
	    thing_remove(world, &things[7]) && world_gc(world) &&
	    thing_put(world, &things[6]);

	world_close(world);
	return going;
}

static const struct thing things_new[THINGS] = {
	{ .size = 100, .seed = 1 },
	{ .size = 150000, .seed = 2 },
	{ .size = 5000, .seed = 3, .name = "named" },
	{ .size = 140000, .seed = 4, .name = "other" },
	{ .size = 9000, .seed = 5 },
	{ .size = 150000, .seed = 2, .name = "shares all chunks of 1" },
	{ .size = 1, .seed = 7, .parent = 1 },
	{ .size = 0, .seed = 8, .parent = 7 },
};

/* ---- what must hold ---------------------------------------------------------------- */

static bool
thing_reads(struct world *world, const struct thing *thing, const uint8_t *id)
{
	struct ouro_error err = { 0 };
	struct ouro_get *get;
	size_t got = 0;
	bool same;

	if (ouro_get_open(world->vault, id, &get, &err) != OURO_OK) {
		print_error("thing of seed %u: %s\n", thing->seed, err.text);
		return false;
	}
	data_make(thing);
	same = ouro_get_read(get, data_read, sizeof(data_read), &got, &err) ==
		OURO_OK &&
	    got == thing->size && memcmp(data_read, data_made, got) == 0;
	if (!same)
		print_error("thing of seed %u: %s\n", thing->seed, err.text);
	ouro_get_close(get);
	return same;
}

static bool
name_is_there(struct world *world, const char *name)
{
	struct ouro_target target;

	return ouro_resolve(world->vault, name, &target, NULL) == OURO_OK;
}

static void
thing_check(struct world *world, const struct thing *thing)
{
	if (thing->put_done && !thing->remove_begun &&
	    !thing_reads(world, thing, thing->version))
		fail_msg("seed %u is lost: clock %llu, policy %u, state %u",
		    thing->seed, (unsigned long long)state_now.clock,
		    state_now.policy, state_now.seed);
	if (thing->put_done && thing->remove_done && thing->name != NULL)
		assert_false(name_is_there(world, thing->name));
}

/* Everything listed can be read in full: nothing is half visible. */
static void
list_check(struct world *world)
{
	struct ouro_list_options options = { .size = sizeof(options) };
	struct ouro_list *list;
	struct ouro_info info;

	assert_int_equal(ouro_list_open(world->vault, &options, &list, NULL),
	    OURO_OK);
	while (ouro_list_next(list, &info, NULL) == OURO_OK) {
		struct ouro_get *get;
		size_t got;

		assert_int_equal(ouro_get_open(world->vault, info.version, &get,
				     NULL),
		    OURO_OK);
		assert_int_equal(ouro_get_read(get, data_read,
				     sizeof(data_read), &got, NULL),
		    OURO_OK);
		assert_int_equal(got, info.bytes);
		ouro_get_close(get);
		ouro_info_release(&info);
	}
	ouro_list_close(list);
}

static void
verify_check(struct world *world)
{
	struct ouro_care_options options = { .size = sizeof(options) };
	struct ouro_care_result result;
	struct ouro_error err = { 0 };

	assert_true(world_gc(world));
	if (ouro_verify(world->vault, &options, &result, &err) != OURO_OK)
		fail_msg("verify after gc: %s", err.text);
}

/* One disk: opens, holds what was promised, and goes on working. */
static void
state_check(const struct world *before, struct fs *fs, bool verify)
{
	struct world world = { .fs = fs };
	struct thing added = { .size = 6000, .seed = 99 };

	state_now = before->state;
	memcpy(world.things, before->things, sizeof(world.things));
	assert_int_equal(executor_open_manual(1, fs, &world.executor, NULL),
	    OURO_OK);
	assert_true(world_open(&world));
	for (size_t i = 0; i < THINGS; i++)
		thing_check(&world, &world.things[i]);
	list_check(&world);
	if (verify) {
		assert_true(thing_put(&world, &added));
		verify_check(&world);
		assert_true(thing_reads(&world, &added, added.content));
		for (size_t i = 0; i < THINGS; i++)
			thing_check(&world, &world.things[i]);
	}
	world_close(&world);
	executor_close(world.executor);
}

/* Runs the workload until its clock-th change of the disk. */
static bool
world_run(struct world *world, workload *work, uint64_t clock)
{
	bool ended;

	*world = (struct world){ .fs = fs_crash_new(11) };
	memcpy(world->things, things_new, sizeof(world->things));
	assert_int_equal(executor_open_manual(1, world->fs, &world->executor,
			     NULL),
	    OURO_OK);
	fs_crash_stop_at(world->fs, clock);
	ended = work(world);
	executor_close(world->executor);
	return ended;
}

static size_t
enumerate(workload *work, unsigned seeds, uint64_t step)
{
	size_t states = 0;
	bool ended = false;

	for (uint64_t clock = 1; !ended; clock += step) {
		struct world world;

		ended = world_run(&world, work, clock);
		for (unsigned policy = 0; policy < FS_CRASH_POLICIES;
		     policy++) {
			bool drawn = policy != FS_CRASH_KEEP_ALL &&
			    policy != FS_CRASH_LOSE_ALL;

			for (unsigned seed = 0; seed < (drawn ? seeds : 1);
			     seed++) {
				struct fs *fs = fs_crash_state(world.fs, policy,
				    clock * 1000 + seed);

				world.state = (struct state_name){ clock,
					policy, seed };
				state_check(&world, fs, seed == 0);
				fs_crash_free(fs);
				states++;
			}
		}
		fs_crash_free(world.fs);
	}
	return states;
}

static size_t states_seen;

static void
puts_survive_every_crash(void **state)
{
	(void)state;
	states_seen += enumerate(work_put, SEEDS, 1);
}

static void
removals_survive_every_crash(void **state)
{
	(void)state;
	states_seen += enumerate(work_remove, SEEDS, 1);
}

static void
hierarchies_survive_every_crash(void **state)
{
	(void)state;
	states_seen += enumerate(work_tree, 3, 1);
}

static void
enough_states_were_seen(void **state)
{
	(void)state;
	printf("%zu states\n", states_seen);
	assert_true(states_seen >= STATES_MIN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(puts_survive_every_crash),
		cmocka_unit_test(removals_survive_every_crash),
		cmocka_unit_test(hierarchies_survive_every_crash),
		cmocka_unit_test(enough_states_were_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
