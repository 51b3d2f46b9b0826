/*
 * What they removed leaves.
 */
#include "base/error.h"
#include "seal/canonical.h"
#include "vault/drop.h"
#include "vault/row_each.h"
#include "vault/trash.h"
#include "vault/unite_stage.h"

#define DROP_OPS_MAX 4096 /* in one batch, but for a name's heads */

/* ---- one name --------------------------------------------------------------- */

/* The versions of a name that leave. */
struct leaving {
	struct unite *unite;
	struct name name;
	struct version_list all;   /* oldest first */
	struct version_list heads; /* of those that leave */
	uint64_t dropped, trashed; /* once the batch is applied */
};

static enum ouro_status
version_leaves(struct leaving *leaving, const struct name_version *version,
    bool *leaves, struct ouro_error *err)
{
	Ouro__RefRecord *ref;
	struct dot dot;
	enum ouro_status status = ref_get(leaving->unite->vault, version->id,
	    &ref, err);

	*leaves = false;
	/* What cannot be read cannot be judged; repair's turn comes. */
	if (status == OURO_DAMAGED || status == OURO_NOT_FOUND)
		return OURO_OK;
	if (status != OURO_OK)
		return status;
	dot = dot_stored(ref->dot);
	*leaves = unite_judge(leaving->unite, &dot, version->id,
		      stage_has(leaving->unite, &dot, version->id)) ==
	    UNION_DROP;
	canonical_free(&ref->base);
	return OURO_OK;
}

static enum ouro_status
batch_end(struct leaving *leaving, struct batch *batch, struct ouro_error *err)
{
	struct unite_result *result = leaving->unite->result;
	struct ouro_vault *vault = leaving->unite->vault;
	enum ouro_status status = drop_apply(batch, err);

	batch_release(batch);
	batch_init(batch, vault);
	if (status == OURO_OK) {
		result->dropped += leaving->dropped;
		result->trashed += leaving->trashed;
	}
	leaving->dropped = leaving->trashed = 0;
	return status;
}

/* Those beside the heads; the heads are put aside. */
static enum ouro_status
others_drop(struct leaving *leaving, struct batch *batch,
    struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	for (size_t i = 0; status == OURO_OK && i < leaving->all.count; i++) {
		const struct name_version *version = &leaving->all.items[i];
		bool leaves;

		status = version_leaves(leaving, version, &leaves, err);
		if (status != OURO_OK || !leaves)
			continue;
		if (name_head(&leaving->name, version->id) != NULL) {
			status = version_list_add(&leaving->heads, version,
			    err);
			continue;
		}
		status = batch_version_drop(batch, version->id, err);
		leaving->dropped++;
		if (status == OURO_OK && batch->count >= DROP_OPS_MAX)
			status = batch_end(leaving, batch, err);
	}
	return status;
}

static enum ouro_status
head_drop(struct leaving *leaving, struct batch *batch,
    const struct name_version *head, struct ouro_error *err)
{
	struct row_key key = row_id(ROW_REF, head->id, HASH_SIZE);
	struct engine_value value = { 0 };
	bool trashed = false;
	enum ouro_status status;

	status = set_get(leaving->unite->vault, row_bytes(&key), &value, err);
	if (status == OURO_OK)
		status = batch_version_drop(batch, head->id, err);
	if (status == OURO_OK)
		status = batch_trash(batch, head->id, value.bytes, &trashed,
		    err);
	engine_value_release(&value);
	leaving->dropped++;
	leaving->trashed += trashed;
	return status;
}

/* Heads last and in one batch: until then the name answers what it did, and
 * nothing that they covered is ever taken for a head. */
static enum ouro_status
name_drop(struct leaving *leaving, struct ouro_error *err)
{
	struct batch batch;
	enum ouro_status status;

	batch_init(&batch, leaving->unite->vault);
	status = others_drop(leaving, &batch, err);
	for (size_t i = 0; status == OURO_OK && i < leaving->heads.count; i++)
		status = head_drop(leaving, &batch, &leaving->heads.items[i],
		    err);
	if (status == OURO_OK)
		status = batch_end(leaving, &batch, err);
	batch_release(&batch);
	return status;
}

static enum ouro_status
name_settle(struct unite *unite, const Ouro__RefRecord *ref,
    struct ouro_error *err)
{
	struct ouro_vault *vault = unite->vault;
	struct leaving leaving = { .unite = unite };
	enum ouro_status status = drop_lock(vault, err);

	if (status != OURO_OK)
		return status;
	status = name_load(vault, ref->namespace_, ref->path, &leaving.name,
	    err);
	if (status == OURO_OK)
		status = name_history(vault, ref->namespace_, ref->path,
		    &leaving.all, err);
	if (status == OURO_OK)
		status = name_drop(&leaving, err);
	drop_unlock(vault);
	version_list_release(&leaving.heads);
	version_list_release(&leaving.all);
	name_release(&leaving.name);
	return status;
}

/* ---- all of them ----------------------------------------------------------------- */

/* Of a version that they removed, the whole name. */
static enum ouro_status
own_visit(void *context, struct bytes key, const struct bytes *value,
    struct ouro_error *err)
{
	struct unite *unite = context;
	Ouro__RefRecord *ref;
	struct dot dot;
	enum ouro_status status = OURO_OK;

	if (key.size != 1 + HASH_SIZE)
		return OURO_OK;
	status = value != NULL
	    ? ref_decode(unite->vault, key.data + 1, *value, &ref, err)
	    : ref_get(unite->vault, key.data + 1, &ref, err);
	if (status != OURO_OK)
		return status == OURO_DAMAGED || status == OURO_NOT_FOUND
		    ? OURO_OK
		    : status;
	dot = dot_stored(ref->dot);
	if (context_has(&unite->theirs, &dot) &&
	    !stage_has(unite, &dot, key.data + 1))
		status = name_settle(unite, ref, err);
	canonical_free(&ref->base);
	return status;
}

enum ouro_status
unite_drop(struct unite *unite, struct ouro_error *err)
{
	struct row_key prefix = row_table(ROW_REF);

	return row_each(unite->vault->records, &prefix, own_visit, unite, err);
}
