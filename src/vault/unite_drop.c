/*
 * What they removed leaves.
 */
#include <stdlib.h>

#include "base/error.h"
#include "seal/canonical.h"
#include "vault/drop.h"
#include "vault/row_each.h"
#include "vault/trash.h"
#include "vault/unite_stage.h"

#define DROP_MAX 1000 /* versions in one batch */

/* ---- one name --------------------------------------------------------------- */

/* A name and those of its versions that leave. */
struct leaving {
	struct unite *unite;
	struct name name;
	struct version_list list; /* oldest first */
	/* Of the batch at hand. */
	size_t dropped;
	uint64_t trashed;
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

/* Those of a list, from a place on, that are heads or are none, up to so many;
 * *next is where the rest begins. */
static size_t
ids_pick(const struct leaving *leaving, size_t *next, bool heads,
    uint8_t (*ids)[HASH_SIZE])
{
	const struct version_list *list = &leaving->list;
	size_t count = 0, i = *next;

	for (; i < list->count && count < DROP_MAX; i++)
		if ((name_head(&leaving->name, list->items[i].id) != NULL) ==
		    heads)
			memcpy(ids[count++], list->items[i].id, HASH_SIZE);
	*next = i;
	return count;
}

/* A head that leaves has its place in the trash in the same batch. */
static enum ouro_status
heads_trash(struct leaving *leaving, struct batch *batch,
    const uint8_t (*ids)[HASH_SIZE], struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	for (size_t i = 0; status == OURO_OK && i < leaving->dropped; i++) {
		struct row_key key = row_id(ROW_REF, ids[i], HASH_SIZE);
		struct engine_value value = { 0 };
		bool added = false;

		status = set_get(leaving->unite->vault, row_bytes(&key), &value,
		    err);
		if (status == OURO_OK)
			status = batch_trash(batch, ids[i], value.bytes, &added,
			    err);
		engine_value_release(&value);
		leaving->trashed += added;
	}
	return status;
}

static enum ouro_status
some_drop(struct leaving *leaving, bool heads, struct ouro_error *err)
{
	uint8_t(*ids)[HASH_SIZE] = calloc(DROP_MAX, sizeof(*ids));
	size_t next = 0;
	struct batch batch;
	enum ouro_status status = ids == NULL ? error_memory(err) : OURO_OK;

	batch_init(&batch, leaving->unite->vault);
	while (status == OURO_OK && next < leaving->list.count) {
		leaving->dropped = ids_pick(leaving, &next, heads, ids);
		status = batch_versions_drop(&batch,
		    (const uint8_t(*)[HASH_SIZE])ids, leaving->dropped, err);
		if (status == OURO_OK && heads)
			status = heads_trash(leaving, &batch,
			    (const uint8_t(*)[HASH_SIZE])ids, err);
		if (status == OURO_OK)
			status = batch_end(leaving, &batch, err);
	}
	batch_release(&batch);
	free(ids);
	return status;
}

/* Heads last: until then the name answers what it did, and what they covered
 * is not taken for one of them. */
static enum ouro_status
name_drop(struct leaving *leaving, const struct version_list *all,
    struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	for (size_t i = 0; status == OURO_OK && i < all->count; i++) {
		bool leaves;

		status = version_leaves(leaving, &all->items[i], &leaves, err);
		if (status == OURO_OK && leaves)
			status = version_list_add(&leaving->list,
			    &all->items[i], err);
	}
	if (status == OURO_OK)
		status = some_drop(leaving, false, err);
	return status == OURO_OK ? some_drop(leaving, true, err) : status;
}

static enum ouro_status
name_settle(struct unite *unite, const Ouro__RefRecord *ref,
    struct ouro_error *err)
{
	struct ouro_vault *vault = unite->vault;
	struct leaving leaving = { .unite = unite };
	struct version_list all = { 0 };
	enum ouro_status status = drop_lock(vault, err);

	if (status != OURO_OK)
		return status;
	status = name_load(vault, ref->namespace_, ref->path, &leaving.name,
	    err);
	if (status == OURO_OK)
		status = name_history(vault, ref->namespace_, ref->path, &all,
		    err);
	if (status == OURO_OK)
		status = name_drop(&leaving, &all, err);
	drop_unlock(vault);
	version_list_release(&leaving.list);
	version_list_release(&all);
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
