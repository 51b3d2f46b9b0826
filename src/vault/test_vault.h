/*
 * test_vault - a vault in memory for the tests of this layer.
 *
 * One thread, one seed: file system and executor are the test's. Every
 * helper asserts that what it does succeeds, and prints the error if not;
 * those that return a status are for calls that may fail.
 */
#ifndef VAULT_TEST_VAULT_H
#define VAULT_TEST_VAULT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/executor.h"
#include "base/fs_memory.h"
#include "vault/vault.h"

#define TEST_DIR "/vault"

struct test_vault {
	struct fs *fs;
	struct executor *executor;
	struct ouro_vault *vault;
	struct ouro_error err; /* of the last call that may fail */
};

static inline void
test_ok(enum ouro_status status, const struct ouro_error *err)
{
	if (status != OURO_OK)
		print_error("%s: %s\n", ouro_status_text(status),
		    err != NULL ? err->text : "");
	assert_int_equal(status, OURO_OK);
}

/* ---- opening ------------------------------------------------------------- */

static inline void
test_vault_reopen(struct test_vault *test,
    const struct ouro_vault_options *options)
{
	ouro_vault_close(test->vault);
	test->vault = NULL;
	test_ok(vault_open(TEST_DIR, options, test->fs, test->executor,
		    &test->vault, &test->err),
	    &test->err);
}

/* A new vault, 3 + 2 unless options say otherwise (NULL = defaults). */
static inline void
test_vault_open(struct test_vault *test,
    const struct ouro_vault_options *options)
{
	*test = (struct test_vault){ .fs = fs_memory_new(7) };
	assert_non_null(test->fs);
	test_ok(executor_open_manual(7, test->fs, &test->executor, &test->err),
	    &test->err);
	test_vault_reopen(test, options);
}

static inline void
test_vault_close(struct test_vault *test)
{
	ouro_vault_close(test->vault);
	executor_close(test->executor);
	fs_memory_free(test->fs);
}

/* ---- bytes ------------------------------------------------------------------ */

/* size bytes that do not compress, the same for the same seed; free. */
static inline uint8_t *
test_bytes(size_t size, uint64_t seed)
{
	uint8_t *data = malloc(size + 1);
	uint64_t x = seed * 2654435769u + 1;

	assert_non_null(data);
	for (size_t i = 0; i < size; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		data[i] = (uint8_t)(x >> 32);
	}
	return data;
}

static inline enum ouro_status
test_try_put(struct test_vault *test, const struct ouro_put_options *options,
    struct bytes data, struct ouro_put_result *result)
{
	struct ouro_put *put;
	enum ouro_status status = ouro_put_begin(test->vault, options, &put,
	    &test->err);

	*result = (struct ouro_put_result){ 0 };
	if (status != OURO_OK)
		return status;
	status = ouro_put_write(put, data.data, data.size, &test->err);
	if (status != OURO_OK) {
		ouro_put_abort(put);
		return status;
	}
	return ouro_put_finish(put, result, &test->err);
}

/* options NULL = defaults; their size need not be set. */
static inline struct ouro_put_result
test_put(struct test_vault *test, const struct ouro_put_options *options,
    struct bytes data)
{
	struct ouro_put_options own = { 0 };
	struct ouro_put_result result;

	if (options != NULL)
		own = *options;
	own.size = sizeof(own);
	test_ok(test_try_put(test, &own, data, &result), &test->err);
	return result;
}

/* Under a name, or by content only when name is NULL. */
static inline struct ouro_put_result
test_put_named(struct test_vault *test, const char *name, const void *data,
    size_t size)
{
	struct ouro_put_options options = { .name = name };

	return test_put(test, &options, bytes_of(data, size));
}

static inline struct ouro_put_result
test_put_text(struct test_vault *test, const char *name, const char *text)
{
	return test_put_named(test, name, text, strlen(text));
}

/* size bytes drawn from seed. */
static inline struct ouro_put_result
test_put_random(struct test_vault *test, const char *name, size_t size,
    uint64_t seed)
{
	uint8_t *data = test_bytes(size, seed);
	struct ouro_put_result result = test_put_named(test, name, data, size);

	free(data);
	return result;
}

/* ---- reading ---------------------------------------------------------------- */

/* The whole content; the status of the first call that fails. */
static inline enum ouro_status
test_get(struct test_vault *test, const uint8_t id[OURO_ID_SIZE],
    struct buffer *out)
{
	uint8_t piece[65536];
	struct ouro_get *get;
	size_t got;
	enum ouro_status status = ouro_get_open(test->vault, id, &get,
	    &test->err);

	out->size = 0;
	if (status != OURO_OK)
		return status;
	do {
		status = ouro_get_read(get, piece, sizeof(piece), &got,
		    &test->err);
		if (status == OURO_OK)
			test_ok(buffer_append(out, bytes_of(piece, got),
				    &test->err),
			    &test->err);
	} while (status == OURO_OK && got > 0);
	ouro_get_close(get);
	return status;
}

/* What id stands for reads as data. */
static inline void
test_reads(struct test_vault *test, const uint8_t id[OURO_ID_SIZE],
    struct bytes data)
{
	struct buffer read = { 0 };

	test_ok(test_get(test, id, &read), &test->err);
	assert_int_equal(read.size, data.size);
	if (data.size > 0)
		assert_memory_equal(read.data, data.data, data.size);
	buffer_release(&read);
}

static inline void
test_reads_random(struct test_vault *test, const uint8_t id[OURO_ID_SIZE],
    size_t size, uint64_t seed)
{
	uint8_t *data = test_bytes(size, seed);

	test_reads(test, id, bytes_of(data, size));
	free(data);
}

/* Release with ouro_info_release. */
static inline struct ouro_info
test_info(struct test_vault *test, const uint8_t id[OURO_ID_SIZE])
{
	struct ouro_info info;

	test_ok(ouro_info(test->vault, id, &info, &test->err), &test->err);
	return info;
}

static inline enum ouro_status
test_exists(struct test_vault *test, const uint8_t id[OURO_ID_SIZE])
{
	return ouro_exists(test->vault, id, &test->err);
}

/* ---- removing ---------------------------------------------------------------- */

/* What ouro_remove reported. */
struct test_kept {
	struct ouro_kept list[32];
	size_t count;
};

static inline void
test_kept_report(void *context, const struct ouro_kept *kept)
{
	struct test_kept *all = context;

	assert_true(all->count < sizeof(all->list) / sizeof(*all->list));
	all->list[all->count++] = *kept;
}

/* The first report of that reason, or NULL. */
static inline const struct ouro_kept *
test_kept_find(const struct test_kept *kept, enum ouro_reason reason)
{
	for (size_t i = 0; i < kept->count; i++)
		if (kept->list[i].reason == reason)
			return &kept->list[i];
	return NULL;
}

/* text is resolved first; kept and result may be NULL. */
static inline enum ouro_status
test_remove(struct test_vault *test, const char *text, bool force,
    struct test_kept *kept, struct ouro_remove_result *result)
{
	struct ouro_remove_options options = { .size = sizeof(options),
		.force = force };
	struct ouro_target target;
	enum ouro_status status;

	if (kept != NULL)
		kept->count = 0;
	status = ouro_resolve(test->vault, text, &target, &test->err);
	if (status != OURO_OK)
		return status;
	return ouro_remove(test->vault, &target, &options,
	    kept != NULL ? test_kept_report : NULL, kept, result, &test->err);
}

static inline enum ouro_status
test_remove_id(struct test_vault *test, const uint8_t id[OURO_ID_SIZE],
    bool force, struct test_kept *kept, struct ouro_remove_result *result)
{
	char text[OURO_ID_TEXT];

	ouro_id_text(id, text);
	return test_remove(test, text, force, kept, result);
}

static inline struct ouro_gc_result
test_gc(struct test_vault *test)
{
	struct ouro_gc_result result;

	test_ok(ouro_gc(test->vault, NULL, NULL, &result, &test->err),
	    &test->err);
	return result;
}

static inline struct ouro_stats
test_stats(struct test_vault *test)
{
	struct ouro_stats stats;

	test_ok(ouro_stats(test->vault, &stats, &test->err), &test->err);
	return stats;
}

#endif
