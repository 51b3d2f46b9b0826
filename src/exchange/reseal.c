#include "exchange/reseal.h"

#include <stdlib.h>

#include "base/error.h"
#include "exchange/share.h"
#include "seal/derive.h"
#include "vault/drop.h"
#include "vault/vault.h"

/* ---- records in the place of others ------------------------------------------- */

/*
 * A record of the same id and the same clear half takes the place of the one
 * there is: no derived row changes. Not if it left the set meanwhile: the set
 * lock is held from the look to the write. Durable with the barrier before
 * the first slice goes (reseal_drop.c).
 */
static enum ouro_status
record_replace(struct ouro_vault *vault, const struct row_key *key,
    struct bytes record, struct ouro_error *err)
{
	struct engine_op op = { .kind = ENGINE_PUT,
		.key = row_bytes(key),
		.value = record };
	enum ouro_status status = drop_lock(vault, err);

	if (status != OURO_OK)
		return status;
	status = engine_exists(vault->records, op.key, NULL, err);
	if (status == OURO_OK || status == OURO_DAMAGED)
		status = engine_apply(vault->records, &op, 1, ENGINE_SYNC_NEVER,
		    err);
	if (status == OURO_OK)
		copies_apply(vault, &op, 1);
	drop_unlock(vault);
	return status;
}

/* ---- pages ---------------------------------------------------------------------- */

static enum ouro_status tree_reseal(struct resealing *resealing,
    struct tree_entry *entry, unsigned level, struct ouro_error *err);

/* What the page lists, then the page. */
static enum ouro_status
page_anew(struct resealing *resealing, const uint8_t id[HASH_SIZE],
    struct page *page, struct ouro_error *err)
{
	struct row_key key = row_id(ROW_PAGE, id, HASH_SIZE);
	struct buffer record = { 0 };
	enum ouro_status status = OURO_OK;

	for (size_t i = 0; status == OURO_OK && i < page->count; i++)
		status = tree_reseal(resealing, &page->entries[i],
		    page->level - 1, err);
	if (status == OURO_OK)
		status = reseal_flush(resealing, err);
	page->epoch = resealing->epoch;
	if (status == OURO_OK)
		status = page_encode(resealing->vault, page, id, &record, err);
	if (status == OURO_OK)
		status = record_replace(resealing->vault, &key,
		    buffer_bytes(&record), err);
	buffer_release(&record);
	return status;
}

static enum ouro_status
page_reseal(struct resealing *resealing, struct tree_entry *entry,
    unsigned level, struct ouro_error *err)
{
	struct page page = { 0 };
	bool added;
	enum ouro_status status = hash_set_add(&resealing->done, entry->id,
	    &added, err);

	if (status == OURO_OK && added)
		status = page_load(resealing->vault, entry, level, &page, err);
	if (status == OURO_OK && added)
		status = page_anew(resealing, entry->id, &page, err);
	page_release(&page);
	entry->epoch = resealing->epoch;
	if (status == OURO_OK)
		status = derive_page_key(resealing->epoch_key, entry->id,
		    entry->key, err);
	return status;
}

/* Recursion is bounded by TREE_LEVEL_MAX. */
static enum ouro_status
tree_reseal(struct resealing *resealing, struct tree_entry *entry,
    unsigned level, struct ouro_error *err)
{
	return level == 0 ? reseal_chunk(resealing, entry, err)
			  : page_reseal(resealing, entry, level, err);
}

/* ---- contents --------------------------------------------------------------------- */

static enum ouro_status
part_reseal(struct resealing *resealing, struct content_part *part,
    struct ouro_error *err)
{
	enum ouro_status status;

	if (part->size <= INLINE_MAX)
		return OURO_OK;
	status = tree_reseal(resealing, &part->root, part->level, err);
	return status == OURO_OK ? reseal_flush(resealing, err) : status;
}

static enum ouro_status
content_anew(struct resealing *resealing, struct content *content,
    struct ouro_error *err)
{
	struct row_key key = row_id(ROW_CONTENT, content->id, HASH_SIZE);
	struct buffer record = { 0 };
	enum ouro_status status;

	resealing->k = content->k;
	status = part_reseal(resealing, &content->data, err);
	if (status == OURO_OK)
		status = part_reseal(resealing, &content->meta, err);
	content->epoch = resealing->epoch;
	if (status == OURO_OK)
		status = content_encode(resealing->vault, content, &record,
		    err);
	if (status == OURO_OK)
		status = record_replace(resealing->vault, &key,
		    buffer_bytes(&record), err);
	buffer_release(&record);
	if (status == OURO_OK)
		status = share_renew(resealing->vault, content->id, err);
	return status;
}

static enum ouro_status
content_load(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    struct content *out, struct ouro_error *err)
{
	struct row_key key = row_id(ROW_CONTENT, id, HASH_SIZE);
	struct engine_value value = { 0 };
	enum ouro_status status;

	*out = (struct content){ 0 };
	status = set_get(vault, row_bytes(&key), &value, err);
	if (status == OURO_OK)
		status = content_decode(vault, id, value.bytes, out, err);
	engine_value_release(&value);
	return status;
}

/* Pinned, so that nothing of it is collected on the way. */
static enum ouro_status
content_reseal(struct resealing *resealing, const uint8_t id[HASH_SIZE],
    struct ouro_error *err)
{
	struct pins *pins = &resealing->vault->pins;
	struct content content;
	enum ouro_status status = pins_add(pins, id, err);

	if (status != OURO_OK)
		return status;
	status = content_load(resealing->vault, id, &content, err);
	if (status == OURO_OK)
		status = content_anew(resealing, &content, err);
	else if (status == OURO_NOT_FOUND)
		status = OURO_OK;
	content_release(&content);
	pins_drop(pins, id);
	return status;
}

/* ---- together ------------------------------------------------------------------------ */

static enum ouro_status
resealing_begin(struct resealing *resealing, const struct buffer *ids,
    struct ouro_error *err)
{
	struct ouro_vault *vault = resealing->vault;
	enum ouro_status status = ouro_keys_rotate(vault, err);

	if (status == OURO_OK)
		status = vault_epoch_key(vault, 0, resealing->epoch_key,
		    &resealing->epoch, err);
	if (status == OURO_OK)
		status = chunk_slot_take(vault, &resealing->slot, err);
	if (status != OURO_OK)
		return status;
	resealing->waiting = calloc(RESEAL_WAITING_MAX,
	    sizeof(*resealing->waiting));
	if (resealing->waiting == NULL)
		return error_memory(err);
	for (size_t at = 0; status == OURO_OK && at < ids->size;
	     at += HASH_SIZE)
		status = hash_set_add(&resealing->contents, ids->data + at,
		    NULL, err);
	return status;
}

static void
resealing_release(struct resealing *resealing)
{
	reseal_forget(resealing);
	free(resealing->waiting);
	chunk_slot_give(resealing->vault, resealing->slot);
	hash_set_release(&resealing->contents);
	hash_set_release(&resealing->done);
	bytes_wipe(resealing->epoch_key, sizeof(resealing->epoch_key));
}

enum ouro_status
reseal(struct ouro_vault *vault, const struct buffer *ids,
    struct ouro_unshare_result *result, struct ouro_error *err)
{
	struct resealing resealing = { .vault = vault, .result = result };
	enum ouro_status status = resealing_begin(&resealing, ids, err);

	for (size_t at = 0; status == OURO_OK && at < ids->size;
	     at += HASH_SIZE)
		status = content_reseal(&resealing, ids->data + at, err);
	if (status == OURO_OK)
		status = reseal_drop(&resealing, ids, err);
	resealing_release(&resealing);
	return status;
}
