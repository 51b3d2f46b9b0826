/*
 * Crash enumeration over sharing, taking back and sealing anew: the workload
 * is stopped at every call that changes the disk; from there every policy
 * makes disks as a power loss could leave them; each is opened, and held
 * against what had been acknowledged. Whatever was begun is then repeated.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/encoding.h"
#include "base/executor.h"
#include "base/fs_crash.h"
#include "exchange/share_grant.h"
#include "seal/public_key.h"
#include "vault/vault.h"

#define DIR	    "/store"
#define THINGS	    4
#define STATES_MIN  2000
#define SIZE_MAX_OF 300000

/* One content of the workload and what the caller was told about it. */
struct thing {
	const char *name;
	const char *type;
	size_t size;
	unsigned seed; /* equal seeds: equal bytes */
	bool put_done;
	bool share_done, unshare_done;
	uint8_t content[OURO_ID_SIZE];
	uint8_t version[OURO_ID_SIZE];
};

struct world {
	uint64_t clock;
	unsigned policy;
	struct fs *fs;
	struct executor *executor;
	struct ouro_vault *vault;
	struct thing things[THINGS];
};

static uint8_t data_made[SIZE_MAX_OF], data_read[SIZE_MAX_OF + 1];
static char bob_text[PUBLIC_KEY_TEXT_SIZE];
static char bob_fingerprint[FINGERPRINT_TEXT + 1];
static const struct world *now; /* for a failure to be found again */

static int
person_make(void **state)
{
	uint8_t seed[KEM_SEED_SIZE], key[KEM_PUBLIC_SIZE];
	uint8_t fingerprint[FINGERPRINT_SIZE];

	(void)state;
	memset(seed, 0x33, sizeof(seed));
	return kem_public(seed, key, NULL) == OURO_OK &&
		public_key_encode(key, bob_text, NULL) == OURO_OK &&
		member_fingerprint(key, fingerprint, NULL) == OURO_OK &&
		(hex_encode(bytes_of(fingerprint, FINGERPRINT_SIZE),
		     bob_fingerprint),
		    true)
	    ? 0
	    : -1;
}

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
		.type = thing->type };
	struct ouro_put_result result;
	struct ouro_put *put;

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
thing_share(struct world *world, struct thing *thing)
{
	if (ouro_share(world->vault, thing->content, bob_text, NULL, NULL,
		NULL) != OURO_OK)
		return false;
	thing->share_done = true;
	return true;
}

static enum ouro_status
thing_reseal(struct world *world, const struct thing *thing,
    struct ouro_error *err)
{
	struct ouro_unshare_options options = { .size = sizeof(options),
		.reseal = true };

	return ouro_unshare(world->vault, thing->content, bob_fingerprint,
	    &options, NULL, err);
}

static bool
thing_unshare(struct world *world, struct thing *thing)
{
	if (thing_reseal(world, thing, NULL) != OURO_OK)
		return false;
	thing->unshare_done = true;
	return true;
}

static bool
world_gc(struct world *world)
{
	struct ouro_gc_result result;

	return ouro_gc(world->vault, NULL, NULL, &result, NULL) == OURO_OK;
}

typedef bool workload(struct world *world);

/* A content alone: its stripes go. */
static bool
work_alone(struct world *world)
{
	struct thing *things = world->things;
	bool going = world_open(world) && thing_put(world, &things[0]) &&
	    thing_put(world, &things[3]) && thing_share(world, &things[0]) &&
	    thing_unshare(world, &things[0]);

	world_close(world);
	going = going && world_open(world) && world_gc(world);
	world_close(world);
	return going;
}

/* One whose chunks another one has: they have two stripes, then one. */
static bool
work_together(struct world *world)
{
	struct thing *things = world->things;
	bool going = world_open(world) && thing_put(world, &things[1]) &&
	    thing_put(world, &things[2]) && thing_share(world, &things[1]) &&
	    thing_share(world, &things[2]) &&
	    thing_unshare(world, &things[1]) && world_gc(world) &&
	    thing_unshare(world, &things[2]) && thing_put(world, &things[0]);

	world_close(world);
	return going;
}

static const struct thing things_new[THINGS] = {
	{ .name = "alone", .size = 300000, .seed = 1 },
	{ .name = "first", .size = 150000, .seed = 2 },
	{ .name = "second", .size = 150000, .seed = 2, .type = "x/y" },
	{ .name = "inline", .size = 100, .seed = 4 },
};

/* ---- what must hold ---------------------------------------------------------------- */

static void
thing_reads(struct world *world, const struct thing *thing)
{
	struct ouro_error err = { 0 };
	struct ouro_get *get = NULL;
	size_t got = 0;

	data_make(thing);
	if (ouro_get_open(world->vault, thing->version, &get, &err) !=
		OURO_OK ||
	    ouro_get_read(get, data_read, sizeof(data_read), &got, &err) !=
		OURO_OK ||
	    got != thing->size || memcmp(data_read, data_made, got) != 0)
		fail_msg("%s is lost: %s (clock %llu, policy %u)", thing->name,
		    err.text, (unsigned long long)now->clock, now->policy);
	ouro_get_close(get);
}

static bool
grant_is(struct world *world, const struct thing *thing)
{
	struct grant_name name;
	struct grant grant;

	memcpy(name.content, thing->content, HASH_SIZE);
	memcpy(name.fingerprint, bob_fingerprint, sizeof(name.fingerprint));
	return grant_find(world->vault, &name, &grant, NULL) == OURO_OK;
}

static void
things_check(struct world *world)
{
	for (size_t i = 0; i < THINGS; i++) {
		const struct thing *thing = &world->things[i];

		if (!thing->put_done)
			continue;
		thing_reads(world, thing);
		if (thing->unshare_done)
			assert_false(grant_is(world, thing));
	}
}

static void
verify_check(struct world *world)
{
	struct ouro_care_options options = { .size = sizeof(options) };
	struct ouro_care_result result;
	struct ouro_error err = { 0 };

	assert_true(world_gc(world));
	if (ouro_verify(world->vault, &options, &result, &err) != OURO_OK)
		fail_msg("verify after gc: %s (clock %llu, policy %u)",
		    err.text, (unsigned long long)now->clock, now->policy);
}

/* No slice of the content at hand is of an older epoch than its record, but
 * for chunks that others have. */
static void
nothing_old_is_left(struct world *world)
{
	uint32_t epoch = ouro_keys_epoch(world->vault, NULL);

	for (unsigned i = 0; i < lanes_count(world->vault); i++) {
		struct engine_range all = { .keys_only = false };
		struct engine_scan *scan;
		struct bytes key, value;

		assert_int_equal(engine_scan_open(lane(world->vault, i), &all,
				     &scan, NULL),
		    OURO_OK);
		while (engine_scan_next(scan, &key, &value, NULL) == OURO_OK) {
			struct slice slice;

			assert_int_equal(slice_decode(value, &slice, NULL),
			    OURO_OK);
			assert_int_equal(slice.epoch, epoch);
			slice_release(&slice);
		}
		engine_scan_close(scan);
	}
}

/* One disk: opens, holds what was promised; what was begun can be repeated,
 * and has then all that it promises. */
static void
state_check(const struct world *before, struct fs *fs, bool repeat)
{
	struct world world = { .fs = fs };
	struct thing *alone = &world.things[0];
	struct ouro_error err = { 0 };

	now = before;
	memcpy(world.things, before->things, sizeof(world.things));
	assert_int_equal(executor_open_manual(1, fs, &world.executor, NULL),
	    OURO_OK);
	assert_true(world_open(&world));
	things_check(&world);
	if (repeat)
		verify_check(&world);
	if (repeat && alone->share_done) {
		if (thing_reseal(&world, alone, &err) != OURO_OK)
			fail_msg("repeated: %s (clock %llu, policy %u)",
			    err.text, (unsigned long long)now->clock,
			    now->policy);
		things_check(&world);
		nothing_old_is_left(&world);
		verify_check(&world);
	}
	world_close(&world);
	executor_close(world.executor);
}

static bool
world_run(struct world *world, workload *work, uint64_t clock)
{
	bool ended;

	*world = (struct world){ .fs = fs_crash_new(11), .clock = clock };
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
enumerate(workload *work, unsigned seeds)
{
	size_t states = 0;
	bool ended = false;

	for (uint64_t clock = 1; !ended; clock++) {
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

				world.policy = policy;
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
sealing_anew_survives_every_crash(void **state)
{
	(void)state;
	states_seen += enumerate(work_alone, 2);
}

static void
chunks_of_two_contents_survive_every_crash(void **state)
{
	(void)state;
	states_seen += enumerate(work_together, 2);
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
		cmocka_unit_test(sealing_anew_survives_every_crash),
		cmocka_unit_test(chunks_of_two_contents_survive_every_crash),
		cmocka_unit_test(enough_states_were_seen),
	};

	return cmocka_run_group_tests(tests, person_make, NULL);
}
