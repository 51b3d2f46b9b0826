/*
 * Versions that come from elsewhere, and versions that leave.
 */
#include "base/error.h"
#include "seal/canonical.h"
#include "vault/batch.h"
#include "vault/vault.h"
#include "vault/version_rows.h"

/* ---- taking ----------------------------------------------------------------- */

static bool
version_is_there(struct batch *batch, const uint8_t id[HASH_SIZE])
{
	struct row_key key = row_id(ROW_REF, id, HASH_SIZE);
	const struct engine_op *op = batch_find(batch, row_bytes(&key));

	if (op != NULL)
		return op->kind == ENGINE_PUT;
	return engine_exists(batch->vault->records, row_bytes(&key), NULL,
		   NULL) == OURO_OK;
}

struct cover_search {
	const struct name_version *version;
	bool covered;
};

static enum ouro_status
cover_see(void *context, const struct name_version *other,
    struct ouro_error *err)
{
	struct cover_search *search = context;

	(void)err;
	search->covered |= name_version_covers(other, search->version);
	if (search->covered)
		return OURO_END;
	canonical_free(&other->ref->base);
	return OURO_OK;
}

/*
 * The new version among the heads. What a version beside the heads covers, a
 * head covers in nearly all cases, but need not: of a name that was deleted and
 * written again, the last version has seen that its writer had gone on, and not
 * what the versions had seen that were deleted. So where the new one is beside
 * other heads, all versions are looked at. When it covers every head nothing
 * can cover it: that would have been made after it, and the heads after that.
 */
static enum ouro_status
heads_take(struct batch *batch, struct name *name,
    const struct name_version *version, struct ouro_error *err)
{
	struct name_version head = *version;
	struct cover_search others = { .version = version };
	bool covered = false;
	enum ouro_status status = OURO_OK;

	head.ref = NULL;
	for (size_t i = name->heads.count; status == OURO_OK && i > 0; i--) {
		struct name_version *other = &name->heads.items[i - 1];

		status = version_load(batch, other, err);
		if (status != OURO_OK)
			return status;
		covered |= name_version_covers(other, version);
		if (name_version_covers(version, other))
			version_list_remove(&name->heads, i - 1);
	}
	if (!covered && name->heads.count > 0 &&
	    name->versions > name->heads.count)
		status = versions_each(batch, name, true, cover_see, &others,
		    err);
	if (status != OURO_OK)
		return status;
	covered |= others.covered;
	name->versions++;
	return covered ? OURO_OK
		       : version_list_insert(&name->heads, &head, err);
}

enum ouro_status
batch_version_take(struct batch *batch, const uint8_t id[HASH_SIZE],
    struct bytes record, struct ouro_error *err)
{
	struct name_version version;
	Ouro__RefRecord *ref;
	struct name *name;
	enum ouro_status status = ref_decode(batch->vault, id, record, &ref,
	    err);

	if (status != OURO_OK)
		return status;
	name_version_from_ref(id, ref, &version);
	version.ref = ref;
	if (version_is_there(batch, id))
		goto out;
	status = batch_name(batch, ref->namespace_, ref->path, &name, err);
	if (status == OURO_OK)
		status = version_rows_put(batch, name, &version, record, err);
	if (status == OURO_OK)
		status = heads_take(batch, name, &version, err);
	if (status == OURO_OK)
		status = heads_row_put(batch, name, err);
out:
	canonical_free(&ref->base);
	return status;
}

/* ---- dropping ---------------------------------------------------------------- */

static enum ouro_status
remaining_add(void *context, const struct name_version *version,
    struct ouro_error *err)
{
	return version_list_add(context, version, err);
}

/* After versions have left: those that only they covered are heads again. */
static enum ouro_status
heads_recompute(struct batch *batch, struct name *name, struct ouro_error *err)
{
	struct version_list all = { 0 }, heads = { 0 };
	enum ouro_status status = versions_each(batch, name, false,
	    remaining_add, &all, err);

	if (status == OURO_OK)
		status = version_list_heads(&all, &heads, err);
	if (status == OURO_OK) {
		version_list_release(&name->heads);
		name->heads = heads;
		name->versions = all.count;
	} else {
		version_list_release(&heads);
	}
	version_list_release(&all);
	return status;
}

/* Its rows; not those of its name, which *name gets. */
static enum ouro_status
version_delete(struct batch *batch, const uint8_t id[HASH_SIZE],
    struct name **name, struct ouro_error *err)
{
	struct name_version version = { .ref = NULL };
	enum ouro_status status;

	memcpy(version.id, id, HASH_SIZE);
	status = version_load(batch, &version, err);
	if (status != OURO_OK)
		return status;
	status = batch_name(batch, version.ref->namespace_, version.ref->path,
	    name, err);
	if (status == OURO_OK)
		status = version_rows_delete(batch, *name, &version, err);
	canonical_free(&version.ref->base);
	return status;
}

enum ouro_status
batch_versions_drop(struct batch *batch, const uint8_t (*ids)[HASH_SIZE],
    size_t count, struct ouro_error *err)
{
	struct name *name = NULL;
	enum ouro_status status = OURO_OK;

	for (size_t i = 0; status == OURO_OK && i < count; i++)
		status = version_delete(batch, ids[i], &name, err);
	if (status != OURO_OK || name == NULL)
		return status;
	status = heads_recompute(batch, name, err);
	return status == OURO_OK ? heads_row_put(batch, name, err) : status;
}

enum ouro_status
batch_version_drop(struct batch *batch, const uint8_t id[HASH_SIZE],
    struct ouro_error *err)
{
	uint8_t ids[1][HASH_SIZE];

	memcpy(ids[0], id, HASH_SIZE);
	return batch_versions_drop(batch, (const uint8_t(*)[HASH_SIZE])ids, 1,
	    err);
}

enum ouro_status
batch_version_leave(struct batch *batch, const uint8_t id[HASH_SIZE],
    struct ouro_error *err)
{
	struct name *name = NULL;
	enum ouro_status status = version_delete(batch, id, &name, err);

	if (status != OURO_OK)
		return status;
	if (name_head(name, id) == NULL && name->versions > 0)
		name->versions--;
	else
		status = heads_recompute(batch, name, err);
	return status == OURO_OK ? heads_row_put(batch, name, err) : status;
}

/* ---- pruning ------------------------------------------------------------------ */

/* The oldest versions beside the heads. */
struct victims {
	const struct name *name;
	struct version_list list;
	size_t wanted;
};

static enum ouro_status
victim_see(void *context, const struct name_version *version,
    struct ouro_error *err)
{
	struct victims *victims = context;
	struct name_version victim = *version;
	enum ouro_status status;

	if (victims->list.count == victims->wanted)
		return OURO_END;
	if (name_head(victims->name, version->id) == NULL) {
		victim.ref = NULL;
		status = version_list_add(&victims->list, &victim, err);
		if (status != OURO_OK)
			return status;
	}
	canonical_free(&version->ref->base);
	return OURO_OK;
}

enum ouro_status
batch_prune(struct batch *batch, const char *namespace_, const char *path,
    size_t most, size_t *dropped, struct ouro_error *err)
{
	struct victims victims = { .wanted = most };
	uint64_t limit = atomic_load(&batch->vault->revision_limit), excess;
	struct name *name;
	size_t i = 0;
	enum ouro_status status = batch_name(batch, namespace_, path, &name,
	    err);

	if (dropped != NULL)
		*dropped = 0;
	if (status != OURO_OK || name->versions - name->heads.count <= limit)
		return status;
	excess = name->versions - name->heads.count - limit;
	if (excess < most)
		victims.wanted = (size_t)excess;
	victims.name = name;
	status = versions_each(batch, name, true, victim_see, &victims, err);
	for (; status == OURO_OK && i < victims.list.count; i++) {
		status = version_rows_delete(batch, name,
		    &victims.list.items[i], err);
		name->versions--;
	}
	if (status == OURO_OK && i > 0)
		status = heads_row_put(batch, name, err);
	if (status == OURO_OK && dropped != NULL)
		*dropped = i;
	version_list_release(&victims.list);
	return status;
}
