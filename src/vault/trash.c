#include "vault/trash.h"

#include "base/error.h"
#include "seal/canonical.h"
#include "vault/drop.h"
#include "vault/reach.h"
#include "vault/row_each.h"
#include "vault/vault.h"

#define HOUR_MS ((uint64_t)3600 * 1000)

/* ---- the row --------------------------------------------------------------- */

enum ouro_status
trash_decode(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    struct bytes stored, struct trash_row *out, struct ouro_error *err)
{
	ProtobufCMessage *message;
	const Ouro__TrashRow *row;
	enum ouro_status status;

	*out = (struct trash_row){ 0 };
	status = canonical_unpack(&ouro__trash_row__descriptor, stored,
	    &message, "trash row", err);
	if (status != OURO_OK)
		return status;
	row = (const Ouro__TrashRow *)message;
	out->dropped_ms = row->dropped_ms;
	status = ref_decode(vault, id,
	    bytes_of(row->record.data, row->record.len), &out->ref, err);
	canonical_free(message);
	if (status != OURO_OK ||
	    (out->ref->target.len == HASH_SIZE && out->dropped_ms > 0))
		return status;
	trash_row_release(out);
	return error_set(err, OURO_DAMAGED,
	    "trash row: a deletion, or of no time");
}

void
trash_row_release(struct trash_row *row)
{
	if (row->ref != NULL)
		canonical_free(&row->ref->base);
	*row = (struct trash_row){ 0 };
}

static enum ouro_status
trash_encode(struct bytes record, uint64_t dropped_ms, struct buffer *out,
    struct ouro_error *err)
{
	Ouro__TrashRow row = OURO__TRASH_ROW__INIT;

	row.record.data = (uint8_t *)(uintptr_t)record.data;
	row.record.len = record.size;
	row.dropped_ms = dropped_ms;
	return canonical_pack(&row.base, out, err);
}

static enum ouro_status
trash_get(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    struct trash_row *out, struct ouro_error *err)
{
	struct row_key key = row_id(ROW_TRASH, id, HASH_SIZE);
	struct engine_value value = { 0 };
	char name[24];
	enum ouro_status status = set_get(vault, row_bytes(&key), &value, err);

	*out = (struct trash_row){ 0 };
	if (status == OURO_NOT_FOUND)
		return error_set(err, OURO_NOT_FOUND,
		    "version %s is not in the trash", id_short(id, name));
	if (status == OURO_OK)
		status = trash_decode(vault, id, value.bytes, out, err);
	engine_value_release(&value);
	return status;
}

/* ---- coming and going ------------------------------------------------------ */

static bool
is_worth_keeping(struct ouro_vault *vault, const Ouro__RefRecord *ref)
{
	return ref->target.len == HASH_SIZE &&
	    (ref->expires == 0 || ref->expires > fs_wall_ms(vault->fs));
}

enum ouro_status
batch_trash(struct batch *batch, const uint8_t id[HASH_SIZE],
    struct bytes record, bool *added, struct ouro_error *err)
{
	struct ouro_vault *vault = batch->vault;
	struct row_key key = row_id(ROW_TRASH, id, HASH_SIZE);
	struct buffer row = { 0 };
	Ouro__RefRecord *ref;
	enum ouro_status status = ref_decode(vault, id, record, &ref, err);

	*added = false;
	if (status != OURO_OK)
		return status;
	if (!is_worth_keeping(vault, ref))
		goto out;
	status = trash_encode(record, fs_wall_ms(vault->fs), &row, err);
	if (status == OURO_OK)
		status = batch_put(batch, &key, buffer_bytes(&row), err);
	key = row_pair(ROW_USE, ref->target.data, id);
	if (status == OURO_OK)
		status = batch_put(batch, &key, bytes_of(NULL, 0), err);
	*added = status == OURO_OK;
out:
	buffer_release(&row);
	canonical_free(&ref->base);
	return status;
}

/* A version that is in the set as well keeps its use row. */
static enum ouro_status
rows_drop(struct batch *batch, const uint8_t id[HASH_SIZE],
    const Ouro__RefRecord *ref, struct ouro_error *err)
{
	struct row_key key = row_id(ROW_TRASH, id, HASH_SIZE);
	enum ouro_status status = batch_delete(batch, &key, err);

	if (reach_may_have_record(batch->vault, ROW_REF, id))
		return status;
	key = row_pair(ROW_USE, ref->target.data, id);
	return status == OURO_OK ? batch_delete(batch, &key, err) : status;
}

enum ouro_status
batch_trash_drop(struct batch *batch, const uint8_t id[HASH_SIZE],
    struct ouro_error *err)
{
	struct trash_row row;
	struct ouro_error error;
	enum ouro_status status = trash_get(batch->vault, id, &row, &error);

	if (status == OURO_NOT_FOUND)
		return OURO_OK;
	if (status == OURO_OK)
		status = rows_drop(batch, id, row.ref, &error);
	trash_row_release(&row);
	if (status != OURO_OK && err != NULL)
		*err = error;
	return status;
}

/* ---- listing and restoring ------------------------------------------------- */

struct trash_walk {
	struct ouro_vault *vault;
	ouro_each_trashed *each;
	void *context;
};

static enum ouro_status
trash_visit(void *context, struct bytes key, const struct bytes *value,
    struct ouro_error *err)
{
	const struct trash_walk *walk = context;
	struct ouro_trashed trashed = { .dropped_ms = 0 };
	const struct name none = { .versions = 0 };
	struct trash_row row;
	bool more = true;
	enum ouro_status status;

	(void)value;
	if (key.size != 1 + HASH_SIZE)
		return OURO_OK;
	status = trash_get(walk->vault, key.data + 1, &row, err);
	if (status == OURO_OK)
		status = version_fill(walk->vault, key.data + 1, row.ref, &none,
		    &trashed.version, err);
	trashed.dropped_ms = row.dropped_ms;
	trash_row_release(&row);
	if (status == OURO_OK)
		more = walk->each(walk->context, &trashed);
	ouro_version_release(&trashed.version);
	/* What cannot be read is told by verify; the rest is listed. */
	if (status == OURO_NOT_FOUND || status == OURO_DAMAGED)
		return OURO_OK;
	return status == OURO_OK && !more ? OURO_END : status;
}

enum ouro_status
ouro_trash_list(struct ouro_vault *vault, ouro_each_trashed *each,
    void *context, struct ouro_error *err)
{
	struct row_key prefix = row_table(ROW_TRASH);
	struct trash_walk walk = { vault, each, context };

	return row_each_key(vault->records, &prefix, trash_visit, &walk, err);
}

static enum ouro_status
restored_commit(struct ouro_vault *vault, const Ouro__RefRecord *ref,
    uint8_t version[HASH_SIZE], struct ouro_error *err)
{
	bool expired = ref->expires <= fs_wall_ms(vault->fs);
	struct commit_version made = { .namespace_ = ref->namespace_,
		.path = ref->path,
		.idempotent = true,
		.expires_ms = expired ? 0 : ref->expires,
		.owner = ref->owner,
		.group = ref->group,
		.mode = ref->mode };
	struct commit_change change = { .versions = &made, .version_count = 1 };
	enum ouro_status status;

	memcpy(made.target, ref->target.data, HASH_SIZE);
	status = commit(vault, &change, err);
	if (status == OURO_OK && version != NULL)
		memcpy(version, made.id, HASH_SIZE);
	return status;
}

/* It is restored: that it stays in the trash is no failure. */
static void
trash_drop(struct ouro_vault *vault, const uint8_t id[HASH_SIZE])
{
	struct batch batch;

	if (drop_lock(vault, NULL) != OURO_OK)
		return;
	batch_init(&batch, vault);
	if (batch_trash_drop(&batch, id, NULL) == OURO_OK)
		(void)drop_apply(&batch, NULL);
	batch_release(&batch);
	drop_unlock(vault);
}

/* The pin keeps the content when the trash is emptied meanwhile. */
enum ouro_status
ouro_trash_restore(struct ouro_vault *vault, const uint8_t id[OURO_ID_SIZE],
    uint8_t version[OURO_ID_SIZE], struct ouro_error *err)
{
	struct pin_list pins = { .pins = &vault->pins };
	struct trash_row row;
	char name[24];
	enum ouro_status status;

	if (vault->read_only)
		return error_set(err, OURO_READ_ONLY,
		    "the vault was opened read-only");
	status = trash_get(vault, id, &row, err);
	if (status != OURO_OK)
		return status;
	status = pin_list_add(&pins, row.ref->target.data, err);
	if (status == OURO_OK &&
	    !reach_has_record(vault, ROW_CONTENT, row.ref->target.data))
		status = error_set(err, OURO_NOT_FOUND,
		    "the content of version %s is gone", id_short(id, name));
	if (status == OURO_OK)
		status = restored_commit(vault, row.ref, version, err);
	if (status == OURO_OK)
		trash_drop(vault, id);
	pin_list_drop(&pins);
	trash_row_release(&row);
	return status;
}

/* ---- emptying --------------------------------------------------------------- */

struct emptying {
	struct ouro_vault *vault;
	uint64_t now_ms, keep_ms;
};

/* A clock that was put back makes nothing old. */
static enum ouro_status
empty_visit(void *context, struct bytes key, const struct bytes *value,
    struct ouro_error *err)
{
	const struct emptying *emptying = context;
	struct ouro_vault *vault = emptying->vault;
	struct trash_row row;
	bool old;

	(void)value;
	(void)err;
	if (key.size != 1 + HASH_SIZE)
		return OURO_OK;
	if (trash_get(vault, key.data + 1, &row, NULL) != OURO_OK)
		return OURO_OK;
	old = emptying->now_ms > row.dropped_ms &&
	    emptying->now_ms - row.dropped_ms >= emptying->keep_ms;
	trash_row_release(&row);
	if (old)
		trash_drop(vault, key.data + 1);
	return OURO_OK;
}

enum ouro_status
trash_empty(struct ouro_vault *vault, struct ouro_error *err)
{
	struct row_key prefix = row_table(ROW_TRASH);
	struct emptying emptying = { .vault = vault,
		.now_ms = fs_wall_ms(vault->fs),
		.keep_ms = atomic_load(&vault->trash_hours) * HOUR_MS };

	return row_each_key(vault->records, &prefix, empty_visit, &emptying,
	    err);
}
