#include "vault/version_rows.h"

#include "base/error.h"
#include "seal/canonical.h"
#include "vault/vault.h"

static enum ouro_status
version_decode(struct batch *batch, struct bytes record,
    struct name_version *version, struct ouro_error *err)
{
	uint8_t id[HASH_SIZE];
	Ouro__RefRecord *ref;
	enum ouro_status status;

	memcpy(id, version->id, HASH_SIZE);
	status = ref_decode(batch->vault, id, record, &ref, err);
	if (status != OURO_OK)
		return status;
	name_version_from_ref(id, ref, version);
	version->ref = ref;
	return OURO_OK;
}

enum ouro_status
version_load(struct batch *batch, struct name_version *version,
    struct ouro_error *err)
{
	struct row_key key = row_id(ROW_REF, version->id, HASH_SIZE);
	const struct engine_op *op;
	char text[24];

	if (version->ref != NULL)
		return OURO_OK;
	op = batch_find(batch, row_bytes(&key));
	if (op == NULL)
		return name_version_load(batch->vault, version, err);
	if (op->kind == ENGINE_DELETE)
		return error_set(err, OURO_NOT_FOUND,
		    "version %s has just left", id_short(version->id, text));
	return version_decode(batch, op->value, version, err);
}

/* ---- rows ------------------------------------------------------------------- */

static enum ouro_status
row_change(struct batch *batch, const struct row_key *key, bool make,
    struct ouro_error *err)
{
	return make ? batch_put(batch, key, bytes_of(NULL, 0), err)
		    : batch_delete(batch, key, err);
}

/* Those besides the record. */
static enum ouro_status
version_rows(struct batch *batch, const struct name *name,
    const struct name_version *version, bool make, struct ouro_error *err)
{
	struct row_key key = row_version(name->namespace_, name->path,
	    version->stamp, version->id);
	enum ouro_status status = row_change(batch, &key, make, err);

	if (status == OURO_OK && !version->deletion) {
		key = row_pair(ROW_USE, version->target, version->id);
		status = row_change(batch, &key, make, err);
	}
	if (status == OURO_OK && version->expires_ms != 0) {
		key = row_expiry(version->expires_ms, version->id);
		status = row_change(batch, &key, make, err);
	}
	return status;
}

enum ouro_status
version_rows_put(struct batch *batch, const struct name *name,
    const struct name_version *version, struct bytes record,
    struct ouro_error *err)
{
	struct row_key key = row_id(ROW_REF, version->id, HASH_SIZE);
	enum ouro_status status = batch_put(batch, &key, record, err);

	if (status == OURO_OK)
		status = version_rows(batch, name, version, true, err);
	return status;
}

enum ouro_status
version_rows_delete(struct batch *batch, const struct name *name,
    const struct name_version *version, struct ouro_error *err)
{
	struct row_key key = row_id(ROW_REF, version->id, HASH_SIZE);
	enum ouro_status status = batch_delete(batch, &key, err);

	if (status == OURO_OK)
		status = version_rows(batch, name, version, false, err);
	return status;
}

enum ouro_status
heads_row_put(struct batch *batch, const struct name *name,
    struct ouro_error *err)
{
	struct row_key key = row_name(ROW_HEADS, name->namespace_, name->path);
	struct buffer row = { 0 };
	enum ouro_status status;

	if (name->heads.count == 0)
		return batch_delete(batch, &key, err);
	status = name_row_encode(&name->heads, name->versions, &row, err);
	if (status == OURO_OK)
		status = batch_put(batch, &key, buffer_bytes(&row), err);
	buffer_release(&row);
	return status;
}

/* ---- all versions ------------------------------------------------------------- */

struct versions_walk {
	struct batch *batch;
	bool damaged; /* those that cannot be read are passed over */
	version_visit *each;
	void *context;
	bool ended; /* each has had enough */
};

static enum ouro_status
walk_version(struct versions_walk *walk, struct bytes key,
    struct ouro_error *err)
{
	struct name_version version = { .stamp = row_stamp(key) };
	enum ouro_status status;

	memcpy(version.id, row_last_id(key), HASH_SIZE);
	status = version_load(walk->batch, &version, err);
	if (status == OURO_NOT_FOUND ||
	    (status == OURO_DAMAGED && walk->damaged))
		return OURO_OK;
	if (status == OURO_OK)
		status = walk->each(walk->context, &version, err);
	if (status != OURO_OK && version.ref != NULL)
		canonical_free(&version.ref->base);
	walk->ended |= status == OURO_END;
	return status;
}

static enum ouro_status
walk_stored(struct versions_walk *walk, const struct row_key *prefix,
    struct ouro_error *err)
{
	struct engine_range range = { .prefix = row_bytes(prefix),
		.keys_only = true };
	struct engine_scan *scan;
	struct bytes key, value;
	enum ouro_status status = engine_scan_open(walk->batch->vault->records,
	    &range, &scan, err);

	if (status != OURO_OK)
		return status;
	while (status == OURO_OK) {
		status = engine_scan_next(scan, &key, &value, err);
		if (status == OURO_OK && batch_find(walk->batch, key) == NULL &&
		    bytes_equal(row_name_part(key), row_bytes(prefix)))
			status = walk_version(walk, key, err);
	}
	engine_scan_close(scan);
	return status;
}

/* What the batch itself adds, in the order in which it does. */
static enum ouro_status
walk_added(struct versions_walk *walk, const struct row_key *prefix,
    struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	for (size_t i = 0; status == OURO_OK && i < walk->batch->count; i++) {
		const struct engine_op *op = &walk->batch->ops[i];

		if (op->kind == ENGINE_PUT && op->key.data[0] == ROW_NAME &&
		    bytes_equal(row_name_part(op->key), row_bytes(prefix)))
			status = walk_version(walk, op->key, err);
	}
	return status;
}

enum ouro_status
versions_each(struct batch *batch, const struct name *name, bool damaged,
    version_visit *each, void *context, struct ouro_error *err)
{
	struct versions_walk walk = { batch, damaged, each, context, false };
	struct row_key prefix = row_name(ROW_NAME, name->namespace_,
	    name->path);
	enum ouro_status status = walk_stored(&walk, &prefix, err);

	if (status != OURO_END)
		return status;
	if (walk.ended)
		return OURO_OK;
	status = walk_added(&walk, &prefix, err);
	return status == OURO_END ? OURO_OK : status;
}
