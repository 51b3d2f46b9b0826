/*
 * stripe_fixture - for tests: a sealed stripe, and its slices in hand, good
 * and damaged. Included once by each test program that needs it.
 */
#ifndef SEAL_STRIPE_FIXTURE_H
#define SEAL_STRIPE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/fs_memory.h"
#include "crypt/hash.h"
#include "seal/compress.h"
#include "seal/derive.h"
#include "seal/erasure.h"
#include "seal/stripe.h"

struct fixture {
	struct fs *fs;
	struct erasure *erasure;
	struct compressor *compressor;
	uint8_t chunk_id[HASH_SIZE];
	uint8_t chunk_key[KEY_SIZE];
	struct stripe_options options;
	struct stripe stripe;
	struct buffer clear; /* what was sealed */
	struct slice good[SLICES_MAX];
	struct slice damaged[SLICES_MAX]; /* one data byte differs */
	struct buffer spoiled;		  /* their bytes */
	const struct slice *given[SLICES_MAX];
	struct buffer opened;
	uint8_t bad[SLICES_MAX];
	unsigned bad_count;
	struct ouro_error err;
};

static inline void
fixture_fill(struct buffer *out, size_t size, uint32_t seed)
{
	assert_int_equal(buffer_resize(out, size, NULL), OURO_OK);
	for (size_t i = 0; i < size; i++) {
		seed = seed * 1664525u + 1013904223u;
		out->data[i] = (uint8_t)(seed >> 24);
	}
}

static inline void
fixture_init(struct fixture *fixture, unsigned k, unsigned m)
{
	memset(fixture, 0, sizeof *fixture);
	fixture->fs = fs_memory_new(7);
	assert_non_null(fixture->fs);
	assert_int_equal(erasure_new(k, m, &fixture->erasure, NULL), OURO_OK);
	assert_int_equal(compressor_new(&fixture->compressor, NULL), OURO_OK);
	memset(fixture->chunk_id, 0xc1, HASH_SIZE);
	memset(fixture->chunk_key, 0x5e, KEY_SIZE);
	fixture->options = (struct stripe_options){
		.fs = fixture->fs,
		.erasure = fixture->erasure,
		.k = k,
		.m = m,
		.compressor = fixture->compressor,
		.level = 3,
		.epoch = 1,
		.chunk_id = fixture->chunk_id,
		.chunk_key = fixture->chunk_key,
	};
}

static inline void
fixture_drop_slices(struct fixture *fixture)
{
	for (unsigned i = 0; i < SLICES_MAX; i++) {
		slice_release(&fixture->good[i]);
		slice_release(&fixture->damaged[i]);
		fixture->given[i] = NULL;
	}
}

static inline void
fixture_release(struct fixture *fixture)
{
	fixture_drop_slices(fixture);
	stripe_release(&fixture->stripe);
	buffer_release(&fixture->clear);
	buffer_release(&fixture->spoiled);
	buffer_release(&fixture->opened);
	compressor_free(fixture->compressor);
	erasure_free(fixture->erasure);
	fs_memory_free(fixture->fs);
}

/* Seals what lies in clear, and gives all slices. */
static inline void
fixture_seal_clear(struct fixture *fixture)
{
	struct stripe *stripe = &fixture->stripe;

	assert_int_equal(stripe_seal(&fixture->options,
			     buffer_bytes(&fixture->clear), stripe,
			     &fixture->err),
	    OURO_OK);
	fixture_drop_slices(fixture);
	assert_int_equal(buffer_set(&fixture->spoiled,
			     buffer_bytes(&stripe->block), NULL),
	    OURO_OK);
	for (unsigned i = 0; i < stripe->k + stripe->m; i++) {
		uint8_t *end = fixture->spoiled.data +
		    (i + 1) * stripe->stored_size;
		end[-1 - (int)(i % stripe->slice_size)] ^= 0x10;
		assert_int_equal(slice_decode(stripe_slice(stripe, i),
				     &fixture->good[i], &fixture->err),
		    OURO_OK);
		assert_int_equal(slice_decode(bytes_of(end -
						      stripe->stored_size,
						  stripe->stored_size),
				     &fixture->damaged[i], &fixture->err),
		    OURO_OK);
		fixture->given[i] = &fixture->good[i];
	}
}

static inline void
fixture_seal(struct fixture *fixture, size_t size)
{
	fixture_fill(&fixture->clear, size, (uint32_t)size);
	fixture_seal_clear(fixture);
}

static inline enum ouro_status
fixture_open(struct fixture *fixture)
{
	fixture->err.text[0] = '\0';
	return stripe_open(fixture->chunk_key, fixture->given,
	    fixture->compressor, &fixture->opened, fixture->bad,
	    &fixture->bad_count, &fixture->err);
}

static inline void
fixture_assert_opens(struct fixture *fixture)
{
	if (fixture_open(fixture))
		fail_msg("%s", fixture->err.text);
	assert_int_equal(fixture->opened.size, fixture->clear.size);
	assert_memory_equal(fixture->opened.data, fixture->clear.data,
	    fixture->clear.size);
}

static inline bool
fixture_is_bad(const struct fixture *fixture, unsigned index)
{
	for (unsigned i = 0; i < fixture->bad_count; i++)
		if (fixture->bad[i] == index)
			return true;
	return false;
}

static inline void
fixture_assert_damaged(struct fixture *fixture)
{
	char name[CHUNK_NAME_SIZE];

	assert_int_equal(fixture_open(fixture), OURO_DAMAGED);
	assert_int_equal(fixture->err.status, OURO_DAMAGED);
	assert_non_null(
	    strstr(fixture->err.text, chunk_name(fixture->chunk_id, name)));
	assert_int_equal(fixture->opened.size, 0);
}

#endif
