/*
 * test_index - what the tests of a damaged index share: stores that are partly
 * in the stored index, its files, and what reading says.
 */
#ifndef ENGINE_TEST_INDEX_H
#define ENGINE_TEST_INDEX_H

#include "engine/log_world.h"
#include "engine/run_format.h"

#define KEYS 900

static const uint8_t seal_key[KEY_SIZE] = { 5, 6, 7 };

/* ---- stores ----------------------------------------------------------------------- */

static inline const char *
key_name(unsigned n)
{
	static char name[32];

	snprintf(name, sizeof name, "key%05u", n);
	return name;
}

static inline const char *
value_name(unsigned n, unsigned round)
{
	static char name[64];

	snprintf(name, sizeof name, "value %u of round %u", n, round);
	return name;
}

/* What a key has after so many rounds: NULL when deleted. */
static inline const char *
value_after(unsigned n, unsigned rounds)
{
	for (unsigned round = rounds; round > 0; round--) {
		if (n % 5 == 2 && round == 2)
			return NULL;
		if (n % round == 0)
			return value_name(n, round);
	}
	return NULL;
}

static inline void
round_write(unsigned round)
{
	char name[32];

	for (unsigned n = 0; n < KEYS; n++) {
		snprintf(name, sizeof name, "%s", key_name(n));
		if (n % round == 0)
			put(name, value_name(n, round));
		if (n % 5 == 2 && round == 2)
			removed(name);
	}
}

static inline void
all_expect(unsigned rounds)
{
	char name[32];

	for (unsigned n = 0; n < KEYS; n++) {
		snprintf(name, sizeof name, "%s", key_name(n));
		expect(name, value_after(n, rounds));
	}
}

static inline void
stored(void)
{
	struct ouro_error err = { 0 };

	if (engine_snapshot(world.engine, &err) != OURO_OK)
		fail_msg("%s", err.text);
}

/* Two rounds in the stored index, one behind it. */
static inline void
store_make(bool sealed)
{
	world.options.seal_key = sealed ? seal_key : NULL;
	world.options.segment_size = 24 * 1024;
	world.options.sync = ENGINE_SYNC_NEVER;
	world.options.compact_share = -1;
	opened();
	round_write(1);
	stored();
	round_write(2);
	stored();
	round_write(3);
}

/* ---- files ------------------------------------------------------------------------- */

static char found[FS_PATH_MAX];

static inline enum ouro_status
run_see(void *context, const char *name, struct ouro_error *err)
{
	uint64_t id;
	bool temporary;

	(void)err;
	if (run_id_of(name, &id, &temporary)) {
		assert_false(temporary);
		snprintf(found, sizeof found, "/store/%s", name);
		++*(unsigned *)context;
	}
	return OURO_OK;
}

/* How many there are; `found` is the last. */
static inline unsigned
runs_find(void)
{
	unsigned count = 0;

	assert_int_equal(fs_list(world.fs, "/store", run_see, &count, NULL),
	    OURO_OK);
	return count;
}

static inline void
repaired(void)
{
	struct told told = { 0 };
	struct ouro_error err = { 0 };

	if (engine_repair(world.engine, tell, &told, &err) != OURO_OK)
		fail_msg("%s", err.text);
	assert_true(told.count > 0);
	assert_string_equal(told.keys, " "); /* no key was lost */
	assert_int_equal(verified(OURO_OK).count, 0);
	assert_int_equal(runs_find(), stats().runs);
}

/* What reading says while a page is damaged: what is right, or where. */

static inline unsigned
damage_seen(unsigned rounds)
{
	unsigned damaged = 0;

	for (unsigned n = 0; n < KEYS; n++) {
		const char *value = value_after(n, rounds);
		struct ouro_error err = { 0 };
		enum ouro_status status = get_status(key_name(n), &err);

		if (status == OURO_DAMAGED) {
			assert_non_null(strstr(err.text, found));
			assert_non_null(strstr(err.text, "repair"));
			damaged++;
		} else {
			assert_int_equal(status,
			    value != NULL ? OURO_OK : OURO_NOT_FOUND);
		}
	}
	return damaged;
}

#endif
