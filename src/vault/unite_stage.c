#include "vault/unite_stage.h"

#include <assert.h>

#include "base/error.h"
#include "seal/canonical.h"
#include "vault/row_each.h"

#define STAGE_REF_SIZE (2 + STAGE_DOT_SIZE + HASH_SIZE)
#define GROUP_BYTES    ((size_t)4 * 1024 * 1024)
#define CLEAR_OPS      1000

/* ---- keys ------------------------------------------------------------------ */

static void
key_add(struct row_key *key, const void *data, size_t size)
{
	assert(key->size + size <= sizeof(key->data));
	memcpy(key->data + key->size, data, size);
	key->size += size;
}

static struct row_key
stage_kind(char kind)
{
	return row_id(ROW_STAGED, &kind, 1);
}

struct row_key
stage_table(void)
{
	return row_table(ROW_STAGED);
}

struct row_key
stage_refs(void)
{
	return stage_kind('r');
}

static void
dot_bytes(const struct dot *dot, uint8_t out[STAGE_DOT_SIZE])
{
	memcpy(out, dot->incarnation, INCARNATION_SIZE);
	put_u64be(out + INCARNATION_SIZE, dot->number);
}

struct row_key
stage_ref(const struct dot *dot, const uint8_t id[HASH_SIZE])
{
	struct row_key key = stage_refs();
	uint8_t place[STAGE_DOT_SIZE];

	dot_bytes(dot, place);
	key_add(&key, place, sizeof(place));
	key_add(&key, id, HASH_SIZE);
	return key;
}

struct row_key
stage_removed_all(void)
{
	return stage_kind('n');
}

struct row_key
stage_removed(const Ouro__RefRecord *ref, const uint8_t id[HASH_SIZE])
{
	struct row_key key = stage_removed_all();

	key_add(&key, ref->namespace_, strlen(ref->namespace_) + 1);
	key_add(&key, ref->path, strlen(ref->path) + 1);
	key_add(&key, id, HASH_SIZE);
	return key;
}

struct bytes
stage_removed_name(struct bytes key)
{
	if (key.size < 2 + 4 + HASH_SIZE)
		return bytes_of(NULL, 0);
	return bytes_of(key.data + 2, key.size - 2 - HASH_SIZE);
}

bool
stage_has(struct unite *unite, const struct dot *dot,
    const uint8_t id[HASH_SIZE])
{
	struct row_key key = stage_ref(dot, id);

	/* What cannot be looked up may be there: absence removes. */
	return engine_exists(unite->vault->records, row_bytes(&key), NULL,
		   NULL) != OURO_NOT_FOUND;
}

/* ---- writing ----------------------------------------------------------------- */

enum ouro_status
stage_flush(struct unite *unite, size_t ops_max, struct ouro_error *err)
{
	struct batch *batch = &unite->waiting;
	enum ouro_status status;

	if (batch->count == 0 ||
	    (batch->count <= ops_max && batch->bytes < GROUP_BYTES))
		return OURO_OK;
	status = engine_apply(unite->vault->records, batch->ops, batch->count,
	    ENGINE_SYNC_NEVER, err);
	batch_release(batch);
	batch_init(batch, unite->vault);
	return status;
}

static enum ouro_status
clear_visit(void *context, struct bytes key, const struct bytes *value,
    struct ouro_error *err)
{
	struct batch *batch = context;
	struct ouro_vault *vault = batch->vault;
	struct row_key copy = { .size = key.size };
	enum ouro_status status;

	(void)value;
	if (key.size > sizeof(copy.data))
		return OURO_OK;
	memcpy(copy.data, key.data, key.size);
	status = batch_delete(batch, &copy, err);
	if (status != OURO_OK || batch->count < CLEAR_OPS)
		return status;
	status = engine_apply(vault->records, batch->ops, batch->count,
	    ENGINE_SYNC_NEVER, err);
	batch_release(batch);
	batch_init(batch, vault);
	return status;
}

enum ouro_status
stage_clear(struct ouro_vault *vault, struct ouro_error *err)
{
	struct row_key prefix = stage_table();
	struct batch batch;
	enum ouro_status status;

	batch_init(&batch, vault);
	status = row_each_key(vault->records, &prefix, clear_visit, &batch,
	    err);
	if (status == OURO_OK && batch.count > 0)
		status = engine_apply(vault->records, batch.ops, batch.count,
		    ENGINE_SYNC_NEVER, err);
	batch_release(&batch);
	return status;
}

/* ---- reading ----------------------------------------------------------------- */

void
offered_release(struct offered *offered)
{
	if (offered->ref != NULL)
		canonical_free(&offered->ref->base);
	buffer_release(&offered->record);
	*offered = (struct offered){ 0 };
}

void
offered_group_release(struct offered_group *group)
{
	for (size_t i = 0; i < group->count; i++)
		offered_release(&group->items[i]);
	group->count = group->bytes = 0;
}

static enum ouro_status
offered_read(struct unite *unite, struct bytes key, struct bytes value,
    struct offered *out, struct ouro_error *err)
{
	enum ouro_status status;

	*out = (struct offered){ 0 };
	if (key.size != STAGE_REF_SIZE)
		return error_set(err, OURO_DAMAGED,
		    "a row put aside has a key of %zu bytes", key.size);
	memcpy(out->id, row_last_id(key), HASH_SIZE);
	status = ref_decode(unite->vault, out->id, value, &out->ref, err);
	if (status == OURO_OK)
		status = buffer_set(&out->record, value, err);
	if (status == OURO_OK)
		out->dot = dot_stored(out->ref->dot);
	return status;
}

enum ouro_status
stage_scan(struct unite *unite, struct engine_scan **scan,
    struct ouro_error *err)
{
	struct row_key prefix = stage_refs();
	struct engine_range range = { .prefix = row_bytes(&prefix) };

	*scan = NULL;
	return engine_scan_open(unite->vault->records, &range, scan, err);
}

enum ouro_status
offered_next(struct unite *unite, struct engine_scan *scan,
    struct offered_group *group, struct ouro_error *err)
{
	struct bytes key, value;
	enum ouro_status status = OURO_OK;

	offered_group_release(group);
	while (status == OURO_OK && group->count < OFFERED_MAX &&
	    group->bytes < GROUP_BYTES) {
		status = engine_scan_next(scan, &key, &value, err);
		if (status != OURO_OK)
			break;
		status = offered_read(unite, key, value,
		    &group->items[group->count], err);
		group->count++;
		group->bytes += value.size;
	}
	return status == OURO_END && group->count > 0 ? OURO_OK : status;
}
