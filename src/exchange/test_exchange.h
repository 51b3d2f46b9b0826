/*
 * test_exchange - for the tests of export and import: streams in memory, and
 * copies of one vault beside each other.
 */
#ifndef EXCHANGE_TEST_EXCHANGE_H
#define EXCHANGE_TEST_EXCHANGE_H

#include <stdio.h>

#include "base/error.h"
#include "exchange/import.h"
#include "vault/test_vault.h"

#define TEST_KEY TEST_DIR "/member.key"

/* How far a test that tries each place of a small stream goes on: the keyring
 * in front is tried less often. OURO_LONG: every place. */
static inline size_t
test_step(size_t at, size_t step)
{
	if (getenv("OURO_LONG") != NULL)
		return 1;
	return at < 4900 ? 97 : step;
}

/* ---- streams --------------------------------------------------------------- */

static inline enum ouro_status
test_sink(void *context, const void *data, size_t size, struct ouro_error *err)
{
	return buffer_append(context, bytes_of(data, size), err);
}

/* Context: what is left of a stream. */
static inline enum ouro_status
test_source(void *context, void *data, size_t size, size_t *got,
    struct ouro_error *err)
{
	struct bytes *rest = context;

	(void)err;
	*got = size < rest->size ? size : rest->size;
	if (*got > 0)
		memcpy(data, rest->data, *got);
	*rest = bytes_of(rest->data + *got, rest->size - *got);
	return OURO_OK;
}

/* options may be NULL; their size need not be set. Replaces out. */
static inline enum ouro_status
test_try_export(struct test_vault *test,
    const struct ouro_export_options *options, struct buffer *out,
    struct ouro_export_result *result)
{
	struct ouro_export_options own = { 0 };

	if (options != NULL)
		own = *options;
	own.size = sizeof(own);
	out->size = 0;
	return ouro_export(test->vault, &own, test_sink, out, result,
	    &test->err);
}

static inline struct ouro_export_result
test_export(struct test_vault *test, const struct ouro_export_options *options,
    struct buffer *out)
{
	struct ouro_export_result result;

	test_ok(test_try_export(test, options, out, &result), &test->err);
	assert_int_equal(result.bytes, out->size);
	return result;
}

/* The whole stream for what a cut one has: kept bytes of it, and the rest. */
static inline void
test_export_resume(struct test_vault *test,
    const struct ouro_export_options *options, struct bytes begun,
    struct buffer *out, struct ouro_export_result *result)
{
	struct ouro_export_options own = { 0 };
	struct buffer more = { 0 };
	struct bytes rest = begun;
	uint64_t kept = 1;

	if (options != NULL)
		own = *options;
	own.begun = test_source;
	own.begun_context = &rest;
	own.kept = &kept;
	test_ok(test_try_export(test, &own, &more, result), &test->err);
	assert_true(kept <= begun.size);
	test_ok(buffer_set(out, bytes_of(begun.data, (size_t)kept), &test->err),
	    &test->err);
	test_ok(buffer_append(out, buffer_bytes(&more), &test->err),
	    &test->err);
	buffer_release(&more);
}

static inline enum ouro_status
test_try_import(struct test_vault *test, struct bytes stream,
    const struct ouro_import_options *options,
    struct ouro_import_result *result)
{
	struct ouro_import_options own = { 0 };

	if (options != NULL)
		own = *options;
	own.size = sizeof(own);
	test->err.text[0] = '\0';
	return ouro_import(test->vault, &own, test_source, &stream, result,
	    &test->err);
}

static inline struct ouro_import_result
test_import(struct test_vault *test, const struct buffer *stream)
{
	struct ouro_import_result result;

	test_ok(test_try_import(test, buffer_bytes(stream), NULL, &result),
	    &test->err);
	return result;
}

/* ---- copies ------------------------------------------------------------------ */

/* A disk and an executor without a vault, and the key file of another. */
static inline void
test_copy_disk(struct test_vault *copy, const struct test_vault *of,
    uint64_t seed)
{
	struct buffer key = { 0 };

	*copy = (struct test_vault){ .fs = fs_memory_new(seed) };
	assert_non_null(copy->fs);
	test_ok(executor_open_manual(seed, copy->fs, &copy->executor,
		    &copy->err),
	    &copy->err);
	test_ok(fs_read_file(of->fs, TEST_KEY, 65536, &key, &copy->err),
	    &copy->err);
	test_ok(fs_mkdir(copy->fs, TEST_DIR, &copy->err), &copy->err);
	test_ok(fs_write_file(copy->fs, TEST_KEY, buffer_bytes(&key),
		    &copy->err),
	    &copy->err);
	buffer_release(&key);
}

static inline enum ouro_status
test_try_copy(struct test_vault *copy, struct bytes stream,
    struct ouro_import_result *result)
{
	static const struct ouro_vault_options vault_options = {
		.size = sizeof(vault_options)
	};
	static const struct ouro_import_options options = { .size = sizeof(
								options) };
	struct import_new made = { .dir = TEST_DIR,
		.vault_options = &vault_options,
		.fs = copy->fs,
		.executor = copy->executor };

	*result = (struct ouro_import_result){ 0 };
	copy->err.text[0] = '\0';
	return import_new(&made, &options, test_source, &stream, result,
	    &copy->vault, &copy->err);
}

/* A new copy out of a stream. */
static inline void
test_copy_open(struct test_vault *copy, const struct test_vault *of,
    const struct buffer *stream, uint64_t seed)
{
	struct ouro_import_result result;

	test_copy_disk(copy, of, seed);
	test_ok(test_try_copy(copy, buffer_bytes(stream), &result), &copy->err);
}

/* A vault that has nothing to do with that of test_vault_open. */
static inline void
test_other_vault(struct test_vault *test)
{
	*test = (struct test_vault){ .fs = fs_memory_new(99) };
	assert_non_null(test->fs);
	test_ok(executor_open_manual(99, test->fs, &test->executor, &test->err),
	    &test->err);
	test_vault_reopen(test, NULL);
}

/* ---- comparing ------------------------------------------------------------------- */

static inline bool
test_has_name(struct test_vault *test, const char *name)
{
	struct ouro_target target;
	char text[64];

	assert_true(
	    snprintf(text, sizeof(text), "name:%s", name) < (int)sizeof(text));
	return ouro_resolve(test->vault, text, &target, &test->err) == OURO_OK;
}

static inline struct engine_scan *
test_rows(struct test_vault *test, char table, bool keys_only)
{
	struct engine_range range = { .prefix = bytes_of(&table, 1),
		.keys_only = keys_only };
	struct engine_scan *scan;

	test_ok(engine_scan_open(test->vault->records, &range, &scan,
		    &test->err),
	    &test->err);
	return scan;
}

/* How many rows a table has. */
static inline size_t
test_row_count(struct test_vault *test, char table)
{
	struct engine_scan *scan = test_rows(test, table, true);
	struct bytes key, value;
	size_t count = 0;

	while (engine_scan_next(scan, &key, &value, &test->err) == OURO_OK)
		count++;
	engine_scan_close(scan);
	return count;
}

static inline void
test_table_equal(struct test_vault *a, struct test_vault *b, char table)
{
	bool keys_only = table == 'k'; /* lanes and times differ */
	struct engine_scan *one = test_rows(a, table, keys_only);
	struct engine_scan *other = test_rows(b, table, keys_only);
	struct bytes key, value, key_b, value_b;
	enum ouro_status status;
	size_t row = 0;

	do {
		status = engine_scan_next(one, &key, &value, &a->err);
		if (engine_scan_next(other, &key_b, &value_b, &b->err) !=
		    status)
			fail_msg("table %c: one ends at row %zu", table, row);
		if (status == OURO_OK &&
		    (!bytes_equal(key, key_b) || !bytes_equal(value, value_b)))
			fail_msg("table %c: row %zu differs", table, row);
		row++;
	} while (status == OURO_OK);
	assert_int_equal(status, OURO_END);
	engine_scan_close(one);
	engine_scan_close(other);
}

/* The same versions, heads, contents, hierarchy; with contexts when said so. */
static inline void
test_copies_equal(struct test_vault *a, struct test_vault *b, bool contexts)
{
	static const char tables[] = "cprkudneh";

	for (const char *table = tables; *table != '\0'; table++)
		test_table_equal(a, b, *table);
	if (contexts) {
		test_table_equal(a, b, 'x');
		assert_true(
		    context_equal(&a->vault->context, &b->vault->context));
	}
}

static inline void
test_verifies(struct test_vault *test)
{
	struct ouro_care_options options = { .size = sizeof(options) };
	struct ouro_care_result result;

	test_ok(ouro_verify(test->vault, &options, &result, &test->err),
	    &test->err);
}

#endif
