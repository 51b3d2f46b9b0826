/*
 * reseal_chunk - new stripes of chunks that are there.
 */
#include <stdlib.h>

#include "base/error.h"
#include "exchange/reseal.h"
#include "seal/canonical.h"
#include "seal/derive.h"
#include "vault/vault.h"

/* ---- the stripe ---------------------------------------------------------------- */

/* As much parity as the chunk's best stripe has, whatever its k: a content of
 * another k may use that stripe too, and it goes. */
static unsigned
parity_now(struct resealing *resealing, const uint8_t id[HASH_SIZE])
{
	unsigned room = SLICES_MAX - resealing->k, most = 0;
	Ouro__ChunkRow *row = NULL;

	if (chunk_row_get(resealing->vault, id, &row, NULL) != OURO_OK ||
	    row->n_stripes == 0)
		most = resealing->vault->m;
	for (size_t i = 0; row != NULL && i < row->n_stripes; i++) {
		const Ouro__StripeRow *stripe = row->stripes[i];
		unsigned m = (unsigned)stripe->lanes.len - stripe->k;

		if (m > most)
			most = m;
	}
	if (row != NULL)
		canonical_free(&row->base);
	return most < room ? most : room;
}

static void
waiting_add(struct resealing *resealing, const uint8_t id[HASH_SIZE],
    const struct stripe *stripe, const uint8_t *lanes)
{
	struct reseal_stripe *one = &resealing
					 ->waiting[resealing->waiting_count++];

	memcpy(one->chunk, id, HASH_SIZE);
	memcpy(one->id, stripe->id, STRIPE_ID_SIZE);
	one->k = stripe->k;
	one->count = stripe->k + stripe->m;
	one->slice_size = stripe->slice_size;
	memcpy(one->lanes, lanes, one->count);
}

/* Seals slot->clear into the lanes. */
static enum ouro_status
stripe_write(struct resealing *resealing, const struct tree_entry *entry,
    struct chunk_tools *tools, struct ouro_error *err)
{
	struct ouro_vault *vault = resealing->vault;
	struct stripe_options options = { .fs = vault->fs,
		.k = resealing->k,
		.m = parity_now(resealing, entry->id),
		.compressor = tools->compressor,
		.level = vault->level,
		.epoch = entry->epoch,
		.chunk_id = entry->id,
		.chunk_key = entry->key };
	uint8_t lanes[SLICES_MAX];
	uint64_t stored = 0;
	enum ouro_status status = vault_code(vault, options.k, options.m,
	    &options.erasure, err);

	if (status == OURO_OK)
		status = stripe_seal(&options,
		    buffer_bytes(&resealing->slot->clear), &tools->stripe, err);
	if (status == OURO_OK)
		status = chunk_slices_write(vault, entry->id, &tools->stripe,
		    lanes, &stored, err);
	if (status == OURO_OK)
		waiting_add(resealing, entry->id, &tools->stripe, lanes);
	return status;
}

/* Pinned from before the first slice is written (collect_chunks.c). */
static enum ouro_status
chunk_seal(struct resealing *resealing, const struct tree_entry *entry,
    struct ouro_error *err)
{
	struct ouro_vault *vault = resealing->vault;
	struct chunk_tools *tools;
	enum ouro_status status = pins_add(&vault->pins, entry->id, err);

	if (status != OURO_OK)
		return status;
	status = chunk_tools_take(vault, &tools, err);
	if (status == OURO_OK) {
		status = stripe_write(resealing, entry, tools, err);
		chunk_tools_give(vault, tools);
	}
	if (status != OURO_OK)
		pins_drop(&vault->pins, entry->id);
	return status;
}

static enum ouro_status
chunk_anew(struct resealing *resealing, const struct tree_entry *before,
    const struct tree_entry *after, struct ouro_error *err)
{
	char name[24];
	enum ouro_status status = chunk_load(resealing->vault, resealing->slot,
	    before, err);

	if (status == OURO_OK && resealing->slot->clear.size != before->size)
		status = error_set(err, OURO_DAMAGED,
		    "chunk %s has another size than its page says",
		    id_short(before->id, name));
	if (status == OURO_OK)
		status = chunk_seal(resealing, after, err);
	if (status == OURO_OK)
		resealing->result->chunks_resealed++;
	if (status == OURO_OK && resealing->waiting_count == RESEAL_WAITING_MAX)
		status = reseal_flush(resealing, err);
	return status;
}

enum ouro_status
reseal_chunk(struct resealing *resealing, struct tree_entry *entry,
    struct ouro_error *err)
{
	struct tree_entry before = *entry;
	bool added;
	enum ouro_status status = hash_set_add(&resealing->done, entry->id,
	    &added, err);

	entry->epoch = resealing->epoch;
	if (status == OURO_OK)
		status = derive_chunk_key(resealing->epoch_key, entry->id,
		    entry->key, err);
	if (status == OURO_OK && added)
		status = chunk_anew(resealing, &before, entry, err);
	bytes_wipe(&before, sizeof(before));
	return status;
}

/* ---- the row --------------------------------------------------------------------- */

/* The row as it is, or as the lanes tell. */
static enum ouro_status
row_find(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    Ouro__ChunkRow **out, struct ouro_error *err)
{
	enum ouro_status status = chunk_row_get(vault, id, out, err);

	if (status == OURO_NOT_FOUND || status == OURO_DAMAGED)
		status = chunk_discover(vault, id, out, err);
	return status;
}

static int
stripe_row_compare(const void *a, const void *b)
{
	const Ouro__StripeRow *const *x = a, *const *y = b;

	return memcmp((*x)->stripe_id.data, (*y)->stripe_id.data,
	    STRIPE_ID_SIZE);
}

/* The row with one stripe more; a row found in the lanes may have it. */
static enum ouro_status
row_put_with(struct ouro_vault *vault, const struct reseal_stripe *stripe,
    const Ouro__ChunkRow *old, uint32_t epoch, struct ouro_error *err)
{
	Ouro__ChunkRow row = OURO__CHUNK_ROW__INIT;
	Ouro__StripeRow added = OURO__STRIPE_ROW__INIT;
	Ouro__StripeRow **list = calloc(old->n_stripes + 1, sizeof(*list));
	enum ouro_status status;

	if (list == NULL)
		return error_memory(err);
	added.stripe_id.data = (uint8_t *)(uintptr_t)stripe->id;
	added.stripe_id.len = STRIPE_ID_SIZE;
	added.k = stripe->k;
	added.epoch = epoch;
	added.slice_size = stripe->slice_size;
	added.lanes.data = (uint8_t *)(uintptr_t)stripe->lanes;
	added.lanes.len = stripe->count;
	row.touched = stamp_next(&vault->clock, 0);
	row.stripes = list;
	list[row.n_stripes++] = &added;
	for (size_t i = 0; i < old->n_stripes; i++)
		if (memcmp(old->stripes[i]->stripe_id.data, stripe->id,
			STRIPE_ID_SIZE) != 0)
			list[row.n_stripes++] = old->stripes[i];
	qsort(list, row.n_stripes, sizeof(*list), stripe_row_compare);
	status = chunk_row_put(vault, stripe->chunk, &row, err);
	free(list);
	return status;
}

static enum ouro_status
stripe_list(struct resealing *resealing, const struct reseal_stripe *stripe,
    struct ouro_error *err)
{
	struct ouro_vault *vault = resealing->vault;
	Ouro__ChunkRow *row = NULL;
	enum ouro_status status;

	chunk_lock(vault, stripe->chunk);
	status = row_find(vault, stripe->chunk, &row, err);
	if (status == OURO_OK)
		status = row_put_with(vault, stripe, row, resealing->epoch,
		    err);
	chunk_unlock(vault, stripe->chunk);
	if (row != NULL)
		canonical_free(&row->base);
	return status;
}

void
reseal_forget(struct resealing *resealing)
{
	for (size_t i = 0; i < resealing->waiting_count; i++)
		pins_drop(&resealing->vault->pins, resealing->waiting[i].chunk);
	resealing->waiting_count = 0;
}

enum ouro_status
reseal_flush(struct resealing *resealing, struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	if (resealing->waiting_count > 0)
		status = lanes_barrier(resealing->vault, err);
	for (size_t i = 0; status == OURO_OK && i < resealing->waiting_count;
	     i++)
		status = stripe_list(resealing, &resealing->waiting[i], err);
	reseal_forget(resealing);
	return status;
}
