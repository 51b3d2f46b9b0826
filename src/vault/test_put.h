/*
 * test_put - a vault in memory for the tests of put and batches, opened anew for
 * each.
 */
#ifndef VAULT_TEST_PUT_H
#define VAULT_TEST_PUT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/executor.h"
#include "base/fs_memory.h"
#include "seal/canonical.h"
#include "vault/chunk.h"
#include "vault/vault.h"

#define MIB ((size_t)1024 * 1024)

struct fixture {
	struct fs *fs;
	struct executor *executor;
	struct ouro_vault *vault;
};

static inline int
open_with(struct fixture *fixture, const struct ouro_vault_options *options)
{
	struct ouro_error err = { 0 };

	if (vault_open("/v", options, fixture->fs, fixture->executor,
		&fixture->vault, &err) == OURO_OK)
		return 0;
	print_error("open: %s\n", err.text);
	return -1;
}

static inline int
setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct ouro_vault_options options = { .size = sizeof(options),
		.node = "test" };

	*state = fixture;
	fixture->fs = fs_memory_new(3);
	if (executor_open_manual(5, fixture->fs, &fixture->executor, NULL) !=
	    OURO_OK)
		return -1;
	return open_with(fixture, &options);
}

static inline int
teardown(void **state)
{
	struct fixture *fixture = *state;

	ouro_vault_close(fixture->vault);
	executor_close(fixture->executor);
	fs_memory_free(fixture->fs);
	free(fixture);
	return 0;
}

static inline uint8_t *
random_bytes(size_t size, unsigned seed)
{
	uint8_t *data = malloc(size + 1);
	uint64_t x = seed + 1;

	for (size_t i = 0; i < size; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		data[i] = (uint8_t)(x >> 56);
	}
	return data;
}

static inline enum ouro_status
put_status(struct ouro_vault *vault, const struct ouro_put_options *options,
    const uint8_t *data, size_t size, struct ouro_put_result *result,
    struct ouro_error *err)
{
	struct ouro_put *put;
	enum ouro_status status = ouro_put_begin(vault, options, &put, err);

	/* In pieces of many sizes: they must not matter. */
	for (size_t at = 0, part = 1; status == OURO_OK && at < size;
	     at += part, part = part * 7 % 300007 + 1) {
		if (part > size - at)
			part = size - at;
		status = ouro_put_write(put, data + at, part, err);
		if (status != OURO_OK) {
			ouro_put_abort(put);
			return status;
		}
	}
	if (status == OURO_OK)
		status = ouro_put_finish(put, result, err);
	return status;
}

static inline struct ouro_put_result
put_bytes(struct ouro_vault *vault, const struct ouro_put_options *options,
    const uint8_t *data, size_t size)
{
	struct ouro_put_result result = { 0 };
	struct ouro_error err = { 0 };

	if (put_status(vault, options, data, size, &result, &err) != OURO_OK)
		fail_msg("put: %s", err.text);
	return result;
}

static inline void
assert_reads(struct ouro_vault *vault, const uint8_t *id, const uint8_t *data,
    size_t size)
{
	uint8_t *back = malloc(size + 1);
	struct ouro_error err = { 0 };
	struct ouro_get *get;
	size_t got = 0;

	if (ouro_get_open(vault, id, &get, &err) != OURO_OK ||
	    ouro_get_read(get, back, size + 1, &got, &err) != OURO_OK)
		fail_msg("get: %s", err.text);
	assert_int_equal(ouro_get_size(get), size);
	assert_int_equal(got, size);
	assert_memory_equal(back, data, size);
	ouro_get_close(get);
	free(back);
}

static inline bool
same_id(const uint8_t *a, const uint8_t *b)
{
	return memcmp(a, b, OURO_ID_SIZE) == 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
