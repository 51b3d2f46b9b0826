/*
 * run_fixture - runs of made-up keys in a file system in memory, for the
 * tests of runs.
 */
#ifndef ENGINE_RUN_FIXTURE_H
#define ENGINE_RUN_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/fs_memory.h"
#include "crypt/crypt.h"
#include "engine/engine.h"
#include "engine/run.h"

#define FIXTURE_DIR "/runs"

static const uint8_t fixture_key[KEY_SIZE] = { 9, 8, 7 };

/* sealed: with fixture_key. */
static inline struct run_store
fixture_store(struct fs *fs, bool sealed)
{
	return (struct run_store){ .fs = fs,
		.dir = FIXTURE_DIR,
		.seed = 0x1234567890abcdef,
		.seal_key = sealed ? fixture_key : NULL,
		.name = "records",
		.cache_size = 8 * 8192 };
}

static inline struct fs *
fixture_fs(void)
{
	struct fs *fs = fs_memory_new(7);

	assert_non_null(fs);
	assert_int_equal(fs_mkdir(fs, FIXTURE_DIR, NULL), OURO_OK);
	return fs;
}

static inline uint64_t
fixture_mix(uint64_t n)
{
	n = (n + 1) * 0x9e3779b97f4a7c15u;
	n = (n ^ n >> 29) * 0xbf58476d1ce4e5b9u;
	return n ^ n >> 32;
}

/* The number big-endian, then bytes that follow from it: 1 to 4096 in all
 * when long_keys, else 16. */
static inline struct bytes
fixture_bytes(uint64_t n, bool long_keys, uint8_t out[ENGINE_KEY_MAX])
{
	size_t size = long_keys ? 8 + (size_t)(fixture_mix(n) % 4089) : 16;

	put_u64be(out, n);
	for (size_t i = 8; i < size; i++)
		out[i] = (uint8_t)(fixture_mix(n) >> i % 8 * 8);
	return bytes_of(out, size);
}

static inline struct place
fixture_place(uint64_t n)
{
	uint64_t mix = fixture_mix(n * 3);

	return (struct place){ .segment = 1 + mix % 3000,
		.offset = mix >> 20,
		.sequence = mix >> (1 + n % 50),
		.value_size = (uint32_t)(mix >> 32) >> n % 32,
		.batch_offset = n % 2 != 0 ? 0 : (uint32_t)mix,
		.state = (uint8_t)(n % 3),
		.packed = n % 5 == 0,
		.clear_size = n % 5 == 0 ? (uint32_t)mix >> n % 31 : 0 };
}

static inline void
fixture_same(const struct place *place, uint64_t n)
{
	struct place want = fixture_place(n);

	assert_true(place->segment == want.segment);
	assert_true(place->offset == want.offset);
	assert_true(place->sequence == want.sequence);
	assert_true(place->value_size == want.value_size);
	assert_true(place->batch_offset == want.batch_offset);
	assert_true(place->state == want.state);
	assert_true(place->packed == want.packed);
	assert_true(place->clear_size == want.clear_size);
}

/* Adds the keys 1, 3, 5 ... of so many. */
static inline enum ouro_status
fixture_add(struct run_build *build, uint64_t count, bool long_keys,
    struct ouro_error *err)
{
	uint8_t key[ENGINE_KEY_MAX];
	enum ouro_status status = OURO_OK;

	for (uint64_t i = 0; status == OURO_OK && i < count; i++) {
		struct place place = fixture_place(2 * i + 1);

		status = run_build_add(build,
		    fixture_bytes(2 * i + 1, long_keys, key), &place, err);
	}
	return status;
}

static inline enum ouro_status
fixture_build(const struct run_store *store, uint64_t id, uint64_t count,
    bool long_keys, struct run **out, struct ouro_error *err)
{
	struct run_build *build;
	enum ouro_status status = run_build_begin(store, id, count, &build,
	    err);

	if (status != OURO_OK)
		return status;
	status = fixture_add(build, count, long_keys, err);
	if (status == OURO_OK)
		return run_build_finish(build, out, err);
	run_build_abort(build);
	return status;
}

static inline struct run *
fixture_run(const struct run_store *store, uint64_t id, uint64_t count,
    bool long_keys)
{
	struct ouro_error err = { 0 };
	struct run *run = NULL;

	if (fixture_build(store, id, count, long_keys, &run, &err) != OURO_OK)
		fail_msg("%s", err.text);
	return run;
}

static inline enum ouro_status
fixture_find(struct run *run, struct bytes key, struct place *out,
    struct ouro_error *err)
{
	return run_find(run, key_hash(fixture_store(NULL, false).seed, key),
	    key, out, err);
}

#endif
