#include "vault/copies_compare.h"

#include <stdlib.h>

#include "base/error.h"
#include "vault/row.h"

#define BATCH_OPS  256
#define BATCH_SIZE ((size_t)4 * 1024 * 1024)

static const enum row_table tables[] = { ROW_CONTENT, ROW_PAGE, ROW_REF,
	ROW_CONTEXT, ROW_TRASH };

#define TABLE_COUNT (sizeof(tables) / sizeof(tables[0]))

bool
copies_concern(struct bytes key)
{
	for (size_t i = 0; key.size > 0 && i < TABLE_COUNT; i++)
		if (key.data[0] == (uint8_t)tables[i])
			return true;
	return false;
}

/* ---- writing -------------------------------------------------------------- */

/* Operations that wait, with their own keys and values: those lie in data,
 * one after the other, and ops point to them only while they are applied. */
struct pending {
	struct engine *engine;
	struct engine_op ops[BATCH_OPS];
	size_t count;
	struct buffer data;
	bool written; /* something was applied */
};

static struct bytes
pending_take(const struct pending *pending, size_t *at, size_t size)
{
	struct bytes bytes = bytes_of(pending->data.data + *at, size);

	*at += size;
	return bytes;
}

static enum ouro_status
pending_flush(struct pending *pending, struct ouro_error *err)
{
	enum ouro_status status;
	size_t at = 0;

	if (pending->count == 0)
		return OURO_OK;
	for (size_t i = 0; i < pending->count; i++) {
		struct engine_op *op = &pending->ops[i];

		op->key = pending_take(pending, &at, op->key.size);
		op->value = pending_take(pending, &at, op->value.size);
	}
	status = engine_apply(pending->engine, pending->ops, pending->count,
	    ENGINE_SYNC_NEVER, err);
	pending->count = 0;
	pending->data.size = 0;
	pending->written = true;
	return status;
}

static enum ouro_status
pending_add(struct pending *pending, enum engine_op_kind kind, struct bytes key,
    struct bytes value, struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	if (pending->count == BATCH_OPS ||
	    (pending->count > 0 &&
		pending->data.size + key.size + value.size > BATCH_SIZE))
		status = pending_flush(pending, err);
	if (status == OURO_OK)
		status = buffer_append(&pending->data, key, err);
	if (status == OURO_OK)
		status = buffer_append(&pending->data, value, err);
	if (status == OURO_OK)
		pending->ops[pending->count++] = (struct engine_op){
			.kind = kind,
			.key.size = key.size,
			.value.size = value.size
		};
	return status;
}

static enum ouro_status
pending_finish(struct pending *pending, struct ouro_error *err)
{
	enum ouro_status status = pending_flush(pending, err);

	if (status == OURO_OK && pending->written)
		status = engine_barrier(pending->engine, err);
	return status;
}

/* ---- reading -------------------------------------------------------------- */

/* One engine's place in a table. */
struct side {
	struct engine_scan *scan;
	struct bytes key, value;
	enum ouro_status status; /* OK; DAMAGED: no value; END */
};

static enum ouro_status
side_next(struct side *side, struct ouro_error *err)
{
	struct ouro_error error;

	side->key = side->value = bytes_of(NULL, 0);
	side->status = engine_scan_next(side->scan, &side->key, &side->value,
	    &error);
	if (side->status == OURO_OK || side->status == OURO_END ||
	    (side->status == OURO_DAMAGED && side->key.size > 0))
		return OURO_OK;
	if (err != NULL)
		*err = error;
	return side->status;
}

static enum ouro_status
side_open(struct side *side, struct engine *engine, enum row_table table,
    struct ouro_error *err)
{
	struct row_key prefix = row_table(table);
	struct engine_range range = { .prefix = row_bytes(&prefix) };
	enum ouro_status status;

	status = engine_scan_open(engine, &range, &side->scan, err);
	if (status == OURO_OK)
		status = side_next(side, err);
	return status;
}

static void
side_close(struct side *side)
{
	if (side->scan != NULL)
		engine_scan_close(side->scan);
}

/* ---- comparing ------------------------------------------------------------ */

struct comparison {
	struct copies_compare *public;
	struct pending to_records, to_copies;
	struct side records, copies; /* in the table of the moment */
};

static enum ouro_status
row_restore(struct comparison *comparison, struct ouro_error *err)
{
	const struct side *from = &comparison->copies;

	comparison->public->restored++;
	if (comparison->public->dry)
		return OURO_OK;
	return pending_add(&comparison->to_records, ENGINE_PUT, from->key,
	    from->value, err);
}

static enum ouro_status
row_copy(struct comparison *comparison, struct ouro_error *err)
{
	const struct side *from = &comparison->records;
	enum ouro_status status = OURO_OK;

	comparison->public->copied++;
	if (!comparison->public->dry)
		status = pending_add(&comparison->to_copies, ENGINE_PUT,
		    from->key, from->value, err);
	comparison->public->copies_failed = status != OURO_OK;
	return status;
}

static enum ouro_status
row_drop(struct comparison *comparison, struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	comparison->public->dropped++;
	if (!comparison->public->dry)
		status = pending_add(&comparison->to_copies, ENGINE_DELETE,
		    comparison->copies.key, bytes_of(NULL, 0), err);
	comparison->public->copies_failed = status != OURO_OK;
	return status;
}

/* One key, in one of the two (order < 0: records) or in both (0). */
static enum ouro_status
row_compare(struct comparison *comparison, int order, struct ouro_error *err)
{
	const struct side *records = &comparison->records;
	const struct side *copies = &comparison->copies;
	bool read = order <= 0 && records->status == OURO_OK;
	bool copy_read = order >= 0 && copies->status == OURO_OK;
	uint8_t table;

	if (read && copy_read && bytes_equal(records->value, copies->value))
		return OURO_OK;
	if (read)
		return row_copy(comparison, err);
	if (order > 0 && !comparison->public->lost)
		return row_drop(comparison, err);
	if (copy_read)
		return row_restore(comparison, err);
	comparison->public->unread++;
	table = order <= 0 ? records->key.data[0] : copies->key.data[0];
	comparison->public->versions_unread |= table == ROW_REF ||
	    table == ROW_CONTEXT;
	return OURO_OK;
}

static int
side_order(const struct side *records, const struct side *copies)
{
	if (records->status == OURO_END)
		return 1;
	if (copies->status == OURO_END)
		return -1;
	return bytes_compare(records->key, copies->key);
}

static enum ouro_status
copies_next(struct comparison *comparison, struct ouro_error *err)
{
	enum ouro_status status = side_next(&comparison->copies, err);

	comparison->public->copies_failed = status != OURO_OK;
	return status;
}

static enum ouro_status
table_walk(struct comparison *comparison, struct ouro_error *err)
{
	struct side *records = &comparison->records;
	struct side *copies = &comparison->copies;
	enum ouro_status status = OURO_OK;

	while (status == OURO_OK &&
	    (records->status != OURO_END || copies->status != OURO_END)) {
		int order = side_order(records, copies);

		status = row_compare(comparison, order, err);
		if (status == OURO_OK && order <= 0)
			status = side_next(records, err);
		if (status == OURO_OK && order >= 0)
			status = copies_next(comparison, err);
	}
	return status;
}

static enum ouro_status
table_compare(struct comparison *comparison, enum row_table table,
    struct ouro_error *err)
{
	struct copies_compare *public = comparison->public;
	enum ouro_status status;

	comparison->records = (struct side){ 0 };
	comparison->copies = (struct side){ 0 };
	status = side_open(&comparison->records, public->records, table, err);
	if (status == OURO_OK) {
		status = side_open(&comparison->copies, public->copies, table,
		    err);
		public->copies_failed = status != OURO_OK;
	}
	if (status == OURO_OK)
		status = table_walk(comparison, err);
	side_close(&comparison->records);
	side_close(&comparison->copies);
	return status;
}

enum ouro_status
copies_compare(struct copies_compare *compare, struct ouro_error *err)
{
	struct comparison *comparison = calloc(1, sizeof(*comparison));
	enum ouro_status status = OURO_OK;

	if (comparison == NULL)
		return error_memory(err);
	comparison->public = compare;
	comparison->to_records.engine = compare->records;
	comparison->to_copies.engine = compare->copies;
	for (size_t i = 0; status == OURO_OK && i < TABLE_COUNT; i++)
		status = table_compare(comparison, tables[i], err);
	if (status == OURO_OK)
		status = pending_finish(&comparison->to_records, err);
	if (status == OURO_OK) {
		status = pending_finish(&comparison->to_copies, err);
		compare->copies_failed = status != OURO_OK;
	}
	buffer_release(&comparison->to_records.data);
	buffer_release(&comparison->to_copies.data);
	free(comparison);
	return status;
}
