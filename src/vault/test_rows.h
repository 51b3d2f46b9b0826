/*
 * test_rows - for tests that compare all derived rows with those of a rebuild.
 */
#ifndef VAULT_TEST_ROWS_H
#define VAULT_TEST_ROWS_H

#include "seal/canonical.h"
#include "vault/test_vault.h"

#define ROWS_MAX   2048
#define ROW_TABLES 8 /* that are derived */

static const char row_tables[] = "kudowneh";

/* All derived rows, chunks' without touched. */
struct rows {
	struct buffer keys[ROWS_MAX], values[ROWS_MAX];
	size_t count;
};

static inline void
rows_add(struct rows *rows, struct bytes key, struct bytes value)
{
	assert_true(rows->count < ROWS_MAX);
	assert_int_equal(buffer_set(&rows->keys[rows->count], key, NULL),
	    OURO_OK);
	if (key.data[0] == ROW_CHUNK) {
		ProtobufCMessage *message;

		assert_int_equal(canonical_unpack(&ouro__chunk_row__descriptor,
				     value, &message, "row", NULL),
		    OURO_OK);
		((Ouro__ChunkRow *)message)->touched = 0;
		assert_int_equal(canonical_pack(message,
				     &rows->values[rows->count], NULL),
		    OURO_OK);
		canonical_free(message);
	} else {
		assert_int_equal(buffer_set(&rows->values[rows->count], value,
				     NULL),
		    OURO_OK);
	}
	rows->count++;
}

static inline struct rows *
rows_take(struct test_vault *test)
{
	struct rows *rows = calloc(1, sizeof(*rows));

	assert_non_null(rows);
	for (unsigned i = 0; i < ROW_TABLES; i++) {
		struct engine_range range = { .prefix = bytes_of(&row_tables[i],
						  1) };
		struct engine_scan *scan;
		struct bytes key, value;

		test_ok(engine_scan_open(test->vault->records, &range, &scan,
			    &test->err),
		    &test->err);
		while (
		    engine_scan_next(scan, &key, &value, &test->err) == OURO_OK)
			rows_add(rows, key, value);
		engine_scan_close(scan);
	}
	return rows;
}

static inline void
rows_free(struct rows *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		buffer_release(&rows->keys[i]);
		buffer_release(&rows->values[i]);
	}
	free(rows);
}

static inline void
rows_equal(struct test_vault *test, const struct rows *before)
{
	struct rows *now = rows_take(test);

	assert_int_equal(now->count, before->count);
	for (size_t i = 0; i < now->count; i++) {
		assert_true(bytes_equal(buffer_bytes(&now->keys[i]),
		    buffer_bytes(&before->keys[i])));
		assert_true(bytes_equal(buffer_bytes(&now->values[i]),
		    buffer_bytes(&before->values[i])));
	}
	rows_free(now);
}

static inline void
table_drop(struct test_vault *test, enum row_table table)
{
	struct row_key prefix = row_table(table);
	struct engine_range range = { .prefix = row_bytes(&prefix) };
	struct engine_scan *scan;
	struct bytes key, value;

	test_ok(engine_scan_open(test->vault->records, &range, &scan,
		    &test->err),
	    &test->err);
	while (engine_scan_next(scan, &key, &value, &test->err) == OURO_OK)
		test_ok(engine_apply(test->vault->records,
			    &(struct engine_op){ .kind = ENGINE_DELETE,
				.key = key },
			    1, ENGINE_SYNC_ALWAYS, &test->err),
		    &test->err);
	engine_scan_close(scan);
}

/* As if the index were lost. */
static inline void
rows_drop(struct test_vault *test)
{
	for (unsigned i = 0; i < ROW_TABLES; i++)
		table_drop(test, (enum row_table)row_tables[i]);
}

#endif
