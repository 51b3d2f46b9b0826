#include "vault/rebuild.h"

#include "base/error.h"
#include "seal/canonical.h"
#include "vault/batch.h"
#include "vault/chunk.h"
#include "vault/derived.h"
#include "vault/forget.h"
#include "vault/lane_merge.h"
#include "vault/row_each.h"

#define BATCH_OPS 1000

/* Rows on their way to the engine. */
struct rebuild {
	struct ouro_vault *vault;
	struct batch batch;
	uint64_t expected;
	bool unread; /* some record cannot be read: nothing is deleted */
	bool version_unread;
};

/* ---- the marker ---------------------------------------------------------------- */

static struct row_key
rebuild_key(void)
{
	return row_id(ROW_STATE, "rebuild", 7);
}

bool
rebuild_pending(struct ouro_vault *vault)
{
	struct row_key key = rebuild_key();

	return engine_exists(vault->records, row_bytes(&key), NULL, NULL) ==
	    OURO_OK;
}

enum ouro_status
rebuild_begin(struct ouro_vault *vault, struct ouro_error *err)
{
	struct row_key key = rebuild_key();
	struct engine_op op = { .kind = ENGINE_PUT, .key = row_bytes(&key) };

	return engine_apply(vault->records, &op, 1, ENGINE_SYNC_ALWAYS, err);
}

static enum ouro_status
rebuild_end(struct ouro_vault *vault, struct ouro_error *err)
{
	struct row_key key = rebuild_key();
	struct engine_op op = { .kind = ENGINE_DELETE, .key = row_bytes(&key) };

	return engine_apply(vault->records, &op, 1, ENGINE_SYNC_ALWAYS, err);
}

/* ---- writing ----------------------------------------------------------------------- */

static enum ouro_status
rebuild_flush(struct rebuild *rebuild, size_t ops_max, struct ouro_error *err)
{
	struct batch *batch = &rebuild->batch;
	enum ouro_status status;

	if (batch->count <= ops_max)
		return OURO_OK;
	status = engine_apply(rebuild->vault->records, batch->ops, batch->count,
	    ENGINE_SYNC_NEVER, err);
	batch_release(batch);
	batch_init(batch, rebuild->vault);
	return status;
}

/* Writes a row unless it is there as it should be. */
static enum ouro_status
row_make(void *context, const struct row_key *key, const struct bytes *value,
    struct ouro_error *err)
{
	struct rebuild *rebuild = context;
	enum ouro_status status;

	rebuild->expected += key->data[0] != ROW_HEADS;
	if (derived_is(rebuild->vault, key, value))
		return OURO_OK;
	status = batch_put(&rebuild->batch, key,
	    value != NULL ? *value : bytes_of(NULL, 0), err);
	if (status == OURO_OK)
		status = rebuild_flush(rebuild, BATCH_OPS, err);
	return status;
}

static enum ouro_status
row_drop(void *context, const struct row_key *key, const struct bytes *value,
    struct ouro_error *err)
{
	struct rebuild *rebuild = context;
	enum ouro_status status;

	(void)value;
	if (rebuild->unread)
		return OURO_OK;
	status = batch_delete(&rebuild->batch, key, err);
	if (status == OURO_OK)
		status = rebuild_flush(rebuild, BATCH_OPS, err);
	return status;
}

/* ---- rows of records ---------------------------------------------------------------- */

static enum ouro_status
rebuild_record(void *context, struct bytes key, const struct bytes *unread,
    struct ouro_error *err)
{
	struct rebuild *rebuild = context;
	struct engine_value value;
	enum ouro_status status;

	(void)unread;
	if (key.size != 1 + HASH_SIZE)
		return OURO_OK;
	status = record_good(rebuild->vault, key, &value, err);
	if (status == OURO_OK)
		status = derived_record(rebuild->vault, key, value.bytes,
		    row_make, rebuild, err);
	engine_value_release(&value);
	if (status != OURO_DAMAGED)
		return status == OURO_NOT_FOUND ? OURO_OK : status;
	rebuild->unread = true;
	rebuild->version_unread |= key.data[0] == ROW_REF;
	return OURO_OK;
}

/* How many rows follow from single records. */
static enum ouro_status
rows_count(struct ouro_vault *vault, uint64_t *count, struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	*count = 0;
	for (unsigned i = 0; status == OURO_OK && i < DERIVED_TABLES; i++) {
		uint64_t rows;

		status = derived_count(vault, derived_tables[i], &rows, err);
		*count += rows;
	}
	return status;
}

static enum ouro_status
rebuild_records(struct rebuild *rebuild, struct ouro_error *err)
{
	static const enum row_table tables[] = { ROW_CONTENT, ROW_PAGE, ROW_REF,
		ROW_TRASH };
	uint64_t count = 0;
	enum ouro_status status = OURO_OK;

	for (unsigned i = 0; status == OURO_OK && i < 4; i++) {
		struct row_key prefix = row_table(tables[i]);

		status = row_each_key(rebuild->vault->records, &prefix,
		    rebuild_record, rebuild, err);
	}
	if (status == OURO_OK)
		status = rebuild_flush(rebuild, 0, err);
	if (status == OURO_OK)
		status = derived_names(rebuild->vault, true, row_make, row_drop,
		    rebuild, err);
	if (status == OURO_OK)
		status = rebuild_flush(rebuild, 0, err);
	if (status == OURO_OK)
		status = rows_count(rebuild->vault, &count, err);
	if (status == OURO_OK && count != rebuild->expected)
		status = derived_extras(rebuild->vault, row_drop, rebuild, err);
	if (status == OURO_OK)
		status = rebuild_flush(rebuild, 0, err);
	return status;
}

/* ---- rows of chunks ------------------------------------------------------------------- */

static enum ouro_status
chunk_row_rebuild(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    struct ouro_error *err)
{
	Ouro__ChunkRow *row = NULL;
	enum ouro_status status;

	chunk_lock(vault, id);
	status = chunk_discover(vault, id, &row, err);
	if (status == OURO_OK) {
		status = chunk_row_put(vault, id, row, err);
		canonical_free(&row->base);
	} else if (status == OURO_NOT_FOUND) {
		status = OURO_OK;
	}
	chunk_unlock(vault, id);
	return status;
}

/* A row of a chunk that the lanes have nothing of stands for nothing. */
static enum ouro_status
chunk_row_drop(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    struct ouro_error *err)
{
	struct row_key key = row_id(ROW_CHUNK, id, HASH_SIZE);
	struct engine_op op = { .kind = ENGINE_DELETE, .key = row_bytes(&key) };
	Ouro__ChunkRow *row = NULL;
	enum ouro_status status;

	chunk_lock(vault, id);
	status = chunk_discover(vault, id, &row, err);
	if (status == OURO_NOT_FOUND)
		status = engine_apply(vault->records, &op, 1, ENGINE_SYNC_NEVER,
		    err);
	else if (status == OURO_OK)
		canonical_free(&row->base);
	chunk_unlock(vault, id);
	return status;
}

/* Drops the rows of chunks before id (NULL: all that are left), which the
 * merge has passed; key is the scan's next row. */
static enum ouro_status
chunk_rows_pass(struct ouro_vault *vault, struct engine_scan *scan,
    struct bytes *key, const uint8_t *id, struct ouro_error *err)
{
	struct bytes value;
	enum ouro_status status = OURO_OK;

	while (key->size != 0) {
		bool fits = key->size == 1 + HASH_SIZE;
		int order = id == NULL ? -1
		    : !fits	       ? 0
				       : memcmp(key->data + 1, id, HASH_SIZE);

		if (order > 0)
			return OURO_OK;
		if (order < 0 && fits)
			status = chunk_row_drop(vault, key->data + 1, err);
		if (status != OURO_OK)
			return status;
		*key = bytes_of(NULL, 0);
		status = engine_scan_next(scan, key, &value, err);
		if (status == OURO_END)
			*key = bytes_of(NULL, 0);
		else if (status != OURO_OK && status != OURO_DAMAGED)
			return status;
		status = OURO_OK;
	}
	return OURO_OK;
}

/* Both sides ascend by chunk id, so one pass over each is enough. */
static enum ouro_status
chunks_merge(struct ouro_vault *vault, struct lane_merge *merge,
    struct engine_scan *scan, struct ouro_error *err)
{
	struct bytes key = { 0 }, value;
	uint8_t id[HASH_SIZE];
	enum ouro_status status = engine_scan_next(scan, &key, &value, err);

	if (status == OURO_END)
		key = bytes_of(NULL, 0);
	else if (status != OURO_OK && status != OURO_DAMAGED)
		return status;
	for (;;) {
		status = lane_merge_next(merge, id, err);
		if (status == OURO_END)
			break;
		if (status == OURO_OK)
			status = chunk_row_rebuild(vault, id, err);
		if (status == OURO_OK)
			status = chunk_rows_pass(vault, scan, &key, id, err);
		if (status != OURO_OK)
			return status;
	}
	return chunk_rows_pass(vault, scan, &key, NULL, err);
}

static enum ouro_status
rebuild_chunks(struct ouro_vault *vault, struct ouro_error *err)
{
	struct row_key prefix = row_table(ROW_CHUNK);
	struct engine_range range = { .prefix = row_bytes(&prefix),
		.keys_only = true };
	struct lane_merge merge;
	struct engine_scan *scan = NULL;
	enum ouro_status status = lane_merge_init(&merge, vault, err);

	if (status == OURO_OK)
		status = engine_scan_open(vault->records, &range, &scan, err);
	if (status == OURO_OK)
		status = chunks_merge(vault, &merge, scan, err);
	engine_scan_close(scan);
	lane_merge_release(&merge);
	return status;
}

/* ---- all of it -------------------------------------------------------------------------- */

enum ouro_status
rebuild_index(struct ouro_vault *vault, struct ouro_error *err)
{
	struct rebuild rebuild = { .vault = vault };
	enum ouro_status status;

	pthread_mutex_lock(&vault->set_lock);
	batch_init(&rebuild.batch, vault);
	log_write(&vault->log, LOG_INFO, "rebuilding the index of %s",
	    vault->dir);
	status = rebuild_begin(vault, err);
	if (status == OURO_OK)
		status = rebuild_chunks(vault, err);
	if (status == OURO_OK)
		status = rebuild_records(&rebuild, err);
	if (status == OURO_OK && rebuild.version_unread)
		status = forget_begin(vault->records, err);
	if (status == OURO_OK)
		status = engine_barrier(vault->records, err);
	if (status == OURO_OK)
		status = copies_restored(vault, err);
	if (status == OURO_OK)
		status = rebuild_end(vault, err);
	batch_release(&rebuild.batch);
	pthread_mutex_unlock(&vault->set_lock);
	return status;
}
