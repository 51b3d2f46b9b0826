#include "vault/drop.h"

#include <stdlib.h>

#include "base/error.h"
#include "seal/canonical.h"
#include "vault/batch.h"
#include "vault/reach.h"
#include "vault/rebuild.h"
#include "vault/union.h"
#include "vault/vault.h"

#define DROP_OPS_MAX 4096 /* in one batch */
#define EXCESS_MAX   512  /* versions in one batch */
#define MS_PER_HOUR  3600000

enum ouro_status
drop_lock(struct ouro_vault *vault, struct ouro_error *err)
{
	pthread_mutex_lock(&vault->set_lock);
	if (!rebuild_pending(vault))
		return OURO_OK;
	pthread_mutex_unlock(&vault->set_lock);
	return error_set(err, OURO_REFUSED,
	    "the index is being rebuilt; nothing is collected meanwhile");
}

void
drop_unlock(struct ouro_vault *vault)
{
	pthread_mutex_unlock(&vault->set_lock);
}

enum ouro_status
drop_apply(struct batch *batch, struct ouro_error *err)
{
	struct ouro_vault *vault = batch->vault;
	enum ouro_status status;

	if (batch->count == 0)
		return OURO_OK;
	status = engine_apply(vault->records, batch->ops, batch->count,
	    ENGINE_SYNC_NEVER, err);
	if (status == OURO_OK)
		copies_apply(vault, batch->ops, batch->count);
	return status;
}

/* ---- names ------------------------------------------------------------------ */

/* The context has all that the version replaces, and itself. */
static enum ouro_status
version_may_leave(const struct context *context, const Ouro__RefRecord *ref,
    bool *may, struct ouro_error *err)
{
	struct dot dot = dot_stored(ref->dot);
	struct dot *seen = calloc(ref->n_seen + 1, sizeof(*seen));

	if (seen == NULL)
		return error_memory(err);
	for (size_t i = 0; i < ref->n_seen; i++)
		seen[i] = dot_stored(ref->seen[i]);
	*may = union_may_leave(context, &dot, seen, ref->n_seen);
	free(seen);
	return OURO_OK;
}

/* When the name ended for readers; false: it has not, or not for all. */
static bool
name_end(const struct name *name, uint64_t now_ms, uint64_t *end_ms)
{
	const struct name_version *sole = name_winner(name);

	if (name->heads.count != 1 || !name_version_ended(sole, now_ms))
		return false;
	*end_ms = sole->deletion ? stamp_ms(sole->stamp) : sole->expires_ms;
	return true;
}

static bool
grace_is_over(struct ouro_vault *vault, uint64_t end_ms, uint64_t now_ms)
{
	uint64_t hours = atomic_load(&vault->removal_grace_hours);

	return hours == 0 ||
	    (now_ms > end_ms && (now_ms - end_ms) / MS_PER_HOUR >= hours);
}

/* The head goes last, so that what is left always ends with it. */
static enum ouro_status
drop_versions(struct ouro_vault *vault, const struct version_list *all,
    const uint8_t head[HASH_SIZE], struct ouro_error *err)
{
	struct batch batch;
	enum ouro_status status = OURO_OK;

	batch_init(&batch, vault);
	for (size_t i = 0; status == OURO_OK && i < all->count; i++) {
		if (memcmp(all->items[i].id, head, HASH_SIZE) == 0)
			continue;
		status = batch_version_leave(&batch, all->items[i].id, err);
		if (status != OURO_OK || batch.count < DROP_OPS_MAX)
			continue;
		status = drop_apply(&batch, err);
		batch_release(&batch);
		batch_init(&batch, vault);
	}
	if (status == OURO_OK)
		status = batch_version_leave(&batch, head, err);
	if (status == OURO_OK)
		status = drop_apply(&batch, err);
	batch_release(&batch);
	return status;
}

/* A name that has ended, with the set lock held. */
static enum ouro_status
ended_drop(struct ouro_vault *vault, struct name *name, uint64_t *versions,
    struct ouro_error *err)
{
	struct name_version *head = &name->heads.items[0];
	struct version_list all = { 0 };
	bool may = false;
	enum ouro_status status = name_version_load(vault, head, err);

	if (status == OURO_OK)
		status = version_may_leave(&vault->context, head->ref, &may,
		    err);
	if (status != OURO_OK || !may)
		return status;
	status = name_history(vault, name->namespace_, name->path, &all, err);
	if (status == OURO_OK)
		status = drop_versions(vault, &all, head->id, err);
	if (status == OURO_OK)
		*versions = all.count;
	version_list_release(&all);
	return status;
}

enum ouro_status
drop_name(struct ouro_vault *vault, const char *namespace_, const char *path,
    uint64_t *versions, struct ouro_error *err)
{
	uint64_t now_ms = fs_wall_ms(vault->fs), end_ms;
	struct name name = { 0 };
	enum ouro_status status = drop_lock(vault, err);

	*versions = 0;
	if (status != OURO_OK)
		return status;
	status = name_load(vault, namespace_, path, &name, err);
	if (status == OURO_OK && name_end(&name, now_ms, &end_ms) &&
	    grace_is_over(vault, end_ms, now_ms))
		status = ended_drop(vault, &name, versions, err);
	name_release(&name);
	drop_unlock(vault);
	return status;
}

enum ouro_status
drop_excess(struct ouro_vault *vault, const char *namespace_, const char *path,
    struct ouro_error *err)
{
	struct batch batch;
	size_t dropped = 1;
	enum ouro_status status = OURO_OK;

	while (status == OURO_OK && dropped > 0) {
		status = drop_lock(vault, err);
		if (status != OURO_OK)
			return status;
		batch_init(&batch, vault);
		status = batch_prune(&batch, namespace_, path, EXCESS_MAX,
		    &dropped, err);
		if (status == OURO_OK)
			status = drop_apply(&batch, err);
		batch_release(&batch);
		drop_unlock(vault);
	}
	return status;
}

/* ---- contents ------------------------------------------------------------------ */

struct child_search {
	struct ouro_vault *vault;
	bool found;
};

static bool
child_see(void *context, const uint8_t id[HASH_SIZE])
{
	struct child_search *search = context;

	search->found = reach_may_have_record(search->vault, ROW_CONTENT, id);
	return !search->found;
}

/* A failed look counts as a child: what is not known stays. */
static bool
has_child(struct ouro_vault *vault, const uint8_t id[HASH_SIZE])
{
	struct child_search search = { .vault = vault };

	return reach_pairs(vault, ROW_CHILD, id, child_see, &search, NULL) !=
	    OURO_OK ||
	    search.found;
}

static enum ouro_status
parent_peek(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    struct drop_content *drop, struct ouro_error *err)
{
	struct row_key key = row_id(ROW_CONTENT, id, HASH_SIZE);
	struct engine_value value = { 0 };
	Ouro__ContentRecord *record;
	enum ouro_status status;

	status = set_get(vault, row_bytes(&key), &value, err);
	if (status == OURO_OK)
		status = content_peek(id, value.bytes, &record, err);
	engine_value_release(&value);
	if (status != OURO_OK)
		return status;
	drop->has_parent = record->parent.len == HASH_SIZE;
	if (drop->has_parent)
		memcpy(drop->parent, record->parent.data, HASH_SIZE);
	canonical_free(&record->base);
	return OURO_OK;
}

static enum ouro_status
content_apply(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    struct drop_content *drop, struct ouro_error *err)
{
	struct batch batch;
	enum ouro_status status;

	status = parent_peek(vault, id, drop, err);
	if (status != OURO_OK)
		return status == OURO_NOT_FOUND ? OURO_OK : status;
	batch_init(&batch, vault);
	status = batch_content_drop(&batch, id, err);
	if (status == OURO_OK)
		status = drop_apply(&batch, err);
	batch_release(&batch);
	drop->done = status == OURO_OK;
	return status;
}

enum ouro_status
drop_content(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    struct drop_content *drop, struct ouro_error *err)
{
	enum ouro_status status = drop_lock(vault, err);

	drop->done = false;
	if (status != OURO_OK)
		return status;
	if (drop->orphan
		? reach_claim_removed(vault, id)
		: !has_child(vault, id) && reach_claim_unused(vault, id)) {
		status = content_apply(vault, id, drop, err);
		pins_unguard(&vault->pins);
	}
	drop_unlock(vault);
	return status;
}

/* ---- pages ------------------------------------------------------------------------ */

static enum ouro_status
page_apply(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    const Ouro__Page *page, struct ouro_error *err)
{
	struct row_key key = row_id(ROW_PAGE, id, HASH_SIZE);
	struct batch batch;
	enum ouro_status status;

	batch_init(&batch, vault);
	status = batch_delete(&batch, &key, err);
	for (size_t i = 0; status == OURO_OK && i < page->entries.len;
	     i += HASH_SIZE) {
		key = row_pair(ROW_USE, page->entries.data + i, id);
		status = batch_delete(&batch, &key, err);
	}
	if (status == OURO_OK)
		status = drop_apply(&batch, err);
	batch_release(&batch);
	return status;
}

static enum ouro_status
page_take(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    Ouro__Page **page, struct ouro_error *err)
{
	struct row_key key = row_id(ROW_PAGE, id, HASH_SIZE);
	struct engine_value value = { 0 };
	enum ouro_status status;

	status = set_get(vault, row_bytes(&key), &value, err);
	if (status == OURO_OK)
		status = page_peek(id, value.bytes, page, err);
	engine_value_release(&value);
	if (status != OURO_OK)
		return status == OURO_NOT_FOUND ? OURO_OK : status;
	status = page_apply(vault, id, *page, err);
	if (status != OURO_OK) {
		canonical_free(&(*page)->base);
		*page = NULL;
	}
	return status;
}

enum ouro_status
drop_page(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    Ouro__Page **page, struct ouro_error *err)
{
	enum ouro_status status = drop_lock(vault, err);

	*page = NULL;
	if (status != OURO_OK)
		return status;
	if (reach_claim_unused(vault, id)) {
		status = page_take(vault, id, page, err);
		pins_unguard(&vault->pins);
	}
	drop_unlock(vault);
	return status;
}
