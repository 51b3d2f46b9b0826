#include "vault/copies_mark.h"

#include "vault/row.h"

/* Value of the row: sequence of records, sequence of copies, u64
 * little-endian; the row's own writing is counted in. */
#define MARK_SIZE 16

static struct row_key
mark_key(void)
{
	return row_id(ROW_STATE, "closed", 6);
}

static struct row_key
restore_key(void)
{
	return row_id(ROW_STATE, "restore", 7);
}

bool
restore_pending(struct engine *records)
{
	struct row_key key = restore_key();

	return engine_exists(records, row_bytes(&key), NULL, NULL) == OURO_OK;
}

enum mark
mark_read(struct engine *records, const struct engine_stats *stats,
    const struct engine_stats *copies)
{
	struct row_key key = mark_key();
	struct engine_value value = { 0 };
	enum mark mark = MARK_STALE;

	if (engine_get(records, row_bytes(&key), &value, NULL) != OURO_OK)
		return MARK_NONE;
	if (value.bytes.size == MARK_SIZE &&
	    stats->sequence == get_u64le(value.bytes.data) &&
	    copies->sequence == get_u64le(value.bytes.data + 8))
		mark = MARK_FITS;
	engine_value_release(&value);
	return mark;
}

enum ouro_status
mark_write(struct engine *records, struct engine_stats *stats,
    const struct engine_stats *copies, struct ouro_error *err)
{
	struct row_key key = mark_key();
	uint8_t value[MARK_SIZE];
	struct engine_op op = { .kind = ENGINE_PUT,
		.key = row_bytes(&key),
		.value = bytes_of(value, MARK_SIZE) };
	enum ouro_status status;

	put_u64le(value, stats->sequence + 1);
	put_u64le(value + 8, copies->sequence);
	status = engine_apply(records, &op, 1, ENGINE_SYNC_NEVER, err);
	return status == OURO_OK ? engine_stats(records, stats, err) : status;
}

enum ouro_status
mark_remove(struct engine *records, struct ouro_error *err)
{
	struct row_key key = mark_key();
	struct engine_op op = { .kind = ENGINE_DELETE, .key = row_bytes(&key) };

	return engine_apply(records, &op, 1, ENGINE_SYNC_NEVER, err);
}

enum ouro_status
mending_begin(struct engine *records, bool lost, struct ouro_error *err)
{
	struct row_key mark = mark_key(), restore = restore_key();
	struct engine_op ops[] = {
		{ .kind = ENGINE_DELETE, .key = row_bytes(&mark) },
		{ .kind = ENGINE_PUT, .key = row_bytes(&restore) },
	};

	return engine_apply(records, ops, lost ? 2 : 1, ENGINE_SYNC_ALWAYS,
	    err);
}

enum ouro_status
mending_end(struct engine *records, struct ouro_error *err)
{
	struct row_key key = restore_key();
	struct engine_op op = { .kind = ENGINE_DELETE, .key = row_bytes(&key) };

	if (!restore_pending(records))
		return OURO_OK;
	return engine_apply(records, &op, 1, ENGINE_SYNC_ALWAYS, err);
}
