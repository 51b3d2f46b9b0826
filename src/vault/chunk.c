#include "vault/chunk.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "seal/canonical.h"
#include "seal/derive.h"
#include "seal/erasure.h"
#include "vault/vault.h"

/* ---- locks ---------------------------------------------------------------- */

void
chunk_lock(struct ouro_vault *vault, const uint8_t id[HASH_SIZE])
{
	pthread_mutex_lock(&vault->chunk_locks[id[0] % CHUNK_LOCKS]);
}

void
chunk_unlock(struct ouro_vault *vault, const uint8_t id[HASH_SIZE])
{
	pthread_mutex_unlock(&vault->chunk_locks[id[0] % CHUNK_LOCKS]);
}

/* ---- rows ------------------------------------------------------------------ */

static bool
stripe_row_fits(const Ouro__StripeRow *row)
{
	return row->stripe_id.len == STRIPE_ID_SIZE && row->k >= 1 &&
	    row->epoch >= 1 && row->lanes.len >= row->k &&
	    row->lanes.len <= SLICES_MAX && row->bad.len <= row->lanes.len;
}

enum ouro_status
chunk_row_get(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    Ouro__ChunkRow **out, struct ouro_error *err)
{
	struct row_key key = row_id(ROW_CHUNK, id, HASH_SIZE);
	struct engine_value value = { 0 };
	ProtobufCMessage *message = NULL;
	Ouro__ChunkRow *row;
	enum ouro_status status;

	status = engine_get(vault->records, row_bytes(&key), &value, err);
	if (status != OURO_OK)
		return status;
	status = canonical_unpack(&ouro__chunk_row__descriptor, value.bytes,
	    &message, "chunk row", err);
	engine_value_release(&value);
	if (status != OURO_OK)
		return status;
	row = (Ouro__ChunkRow *)message;
	for (size_t i = 0; i < row->n_stripes; i++) {
		if (!stripe_row_fits(row->stripes[i])) {
			canonical_free(message);
			return error_set(err, OURO_DAMAGED,
			    "a chunk row is out of range");
		}
	}
	*out = row;
	return OURO_OK;
}

enum ouro_status
chunk_row_put(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    const Ouro__ChunkRow *row, struct ouro_error *err)
{
	struct row_key key = row_id(ROW_CHUNK, id, HASH_SIZE);
	struct buffer packed = { 0 };
	enum ouro_status status = canonical_pack(&row->base, &packed, err);

	if (status == OURO_OK) {
		struct engine_op op = { .kind = ENGINE_PUT,
			.key = row_bytes(&key),
			.value = buffer_bytes(&packed) };

		status = engine_apply(vault->records, &op, 1, ENGINE_SYNC_NEVER,
		    err);
	}
	buffer_release(&packed);
	return status;
}

/* ---- storing ----------------------------------------------------------------- */

bool
stripe_is_whole(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    const Ouro__StripeRow *row)
{
	if (row->bad.len != 0)
		return false;
	for (unsigned i = 0; i < row->lanes.len; i++) {
		struct slice_key key = slice_key(id, row->stripe_id.data, i);

		if (row->lanes.data[i] >= lanes_count(vault) ||
		    engine_exists(lane(vault, row->lanes.data[i]),
			bytes_of(key.data, sizeof(key.data)), NULL,
			NULL) != OURO_OK)
			return false;
	}
	return true;
}

const Ouro__StripeRow *
chunk_stripe_whole(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    const Ouro__ChunkRow *row, unsigned m)
{
	for (size_t i = 0; row != NULL && i < row->n_stripes; i++) {
		const Ouro__StripeRow *stripe = row->stripes[i];

		if (stripe->lanes.len - stripe->k >= m &&
		    stripe_is_whole(vault, id, stripe))
			return stripe;
	}
	return NULL;
}

enum ouro_status
chunk_slices_write(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    const struct stripe *stripe, uint8_t lanes[SLICES_MAX], uint64_t *stored,
    struct ouro_error *err)
{
	unsigned count = stripe->k + stripe->m, lane_count;
	enum ouro_status status;

	status = lanes_grow(vault, count, err);
	lane_count = lanes_count(vault);
	for (unsigned i = 0; status == OURO_OK && i < count; i++) {
		struct slice_key key = slice_key(id, stripe->id, i);
		struct engine_op op = { .kind = ENGINE_PUT,
			.key = bytes_of(key.data, sizeof(key.data)),
			.value = stripe_slice(stripe, i) };

		lanes[i] = (uint8_t)((stripe->id[0] + i) % lane_count);
		status = engine_apply(lane(vault, lanes[i]), &op, 1,
		    ENGINE_SYNC_NEVER, err);
		*stored += stripe->stored_size;
	}
	return status;
}

static int
stripe_row_compare(const void *a, const void *b)
{
	const Ouro__StripeRow *const *x = a, *const *y = b;

	return memcmp((*x)->stripe_id.data, (*y)->stripe_id.data,
	    STRIPE_ID_SIZE);
}

enum ouro_status
chunk_row_add(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    const Ouro__ChunkRow *old, const struct stripe *stripe,
    const uint8_t *lanes, struct ouro_error *err)
{
	Ouro__ChunkRow row = OURO__CHUNK_ROW__INIT;
	Ouro__StripeRow added = OURO__STRIPE_ROW__INIT;
	size_t old_count = old == NULL ? 0 : old->n_stripes;
	Ouro__StripeRow **list = calloc(old_count + 1, sizeof(*list));
	enum ouro_status status;

	if (list == NULL)
		return error_memory(err);
	added.stripe_id.data = (uint8_t *)(uintptr_t)stripe->id;
	added.stripe_id.len = STRIPE_ID_SIZE;
	added.k = stripe->k;
	added.epoch = stripe->epoch;
	added.slice_size = stripe->slice_size;
	added.lanes.data = (uint8_t *)(uintptr_t)lanes;
	added.lanes.len = stripe->k + stripe->m;
	row.touched = stamp_next(&vault->clock, 0);
	row.stripes = list;
	list[row.n_stripes++] = &added;
	for (size_t i = 0; i < old_count; i++)
		if (stripe_is_whole(vault, id, old->stripes[i]))
			list[row.n_stripes++] = old->stripes[i];
	qsort(list, row.n_stripes, sizeof(*list), stripe_row_compare);
	status = chunk_row_put(vault, id, &row, err);
	free(list);
	return status;
}

/* Seals under the epoch the chunk had, so that keys held by others for it
 * stay good; a new chunk gets the newest. */
static enum ouro_status
chunk_keys(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    const Ouro__ChunkRow *row, struct tree_entry *entry, struct ouro_error *err)
{
	uint8_t epoch_key[KEY_SIZE];
	uint32_t wanted = row != NULL && row->n_stripes > 0
	    ? row->stripes[0]->epoch
	    : 0;
	enum ouro_status status;

	status = vault_epoch_key(vault, wanted, epoch_key, &entry->epoch,
	    wanted == 0 ? err : NULL);
	if (status != OURO_OK && wanted != 0)
		status = vault_epoch_key(vault, 0, epoch_key, &entry->epoch,
		    err);
	if (status == OURO_OK)
		status = derive_chunk_key(epoch_key, id, entry->key, err);
	bytes_wipe(epoch_key, sizeof(epoch_key));
	return status;
}

/* The stripe of a chunk in tools->stripe, in the lanes and in the row. */
static enum ouro_status
chunk_seal_with(struct ouro_vault *vault, struct chunk_tools *tools,
    const struct stripe_options *options, struct bytes clear,
    const Ouro__ChunkRow *row, uint64_t *stored, struct ouro_error *err)
{
	const struct stripe *stripe = &tools->stripe;
	uint8_t lanes[SLICES_MAX];
	enum ouro_status status;

	status = stripe_seal(options, clear, &tools->stripe, err);
	if (status == OURO_OK)
		status = chunk_slices_write(vault, options->chunk_id, stripe,
		    lanes, stored, err);
	if (status == OURO_OK)
		status = chunk_row_add(vault, options->chunk_id, row, stripe,
		    lanes, err);
	return status;
}

static enum ouro_status
chunk_seal(struct ouro_vault *vault, struct chunk_slot *slot,
    const struct erasure *erasure, unsigned k, unsigned m,
    const Ouro__ChunkRow *row, struct chunk_stored *out, struct ouro_error *err)
{
	struct stripe_options options = {
		.fs = vault->fs,
		.erasure = erasure,
		.k = k,
		.m = m,
		.level = vault->level,
		.epoch = out->entry.epoch,
		.chunk_id = out->entry.id,
		.chunk_key = out->entry.key,
	};
	struct chunk_tools *tools;
	enum ouro_status status = chunk_tools_take(vault, &tools, err);

	if (status != OURO_OK)
		return status;
	options.compressor = tools->compressor;
	status = chunk_seal_with(vault, tools, &options,
	    buffer_bytes(&slot->clear), row, &out->stored, err);
	chunk_tools_give(vault, tools);
	out->is_new = true;
	return status;
}

enum ouro_status
chunk_store(struct ouro_vault *vault, struct chunk_slot *slot,
    const struct erasure *erasure, unsigned k, unsigned m,
    struct chunk_stored *out, struct ouro_error *err)
{
	uint8_t *id = out->entry.id;
	Ouro__ChunkRow *row = NULL;
	const Ouro__StripeRow *there;
	enum ouro_status status;

	*out = (struct chunk_stored){ .entry.size = slot->clear.size };
	status = record_chunk_id(vault, buffer_bytes(&slot->clear), id, err);
	if (status == OURO_OK)
		status = pins_add(&vault->pins, id, err);
	if (status != OURO_OK)
		return status;
	chunk_lock(vault, id);
	status = chunk_row_get(vault, id, &row, err);
	if (status == OURO_NOT_FOUND || status == OURO_DAMAGED)
		status = OURO_OK;
	there = chunk_stripe_whole(vault, id, row, m);
	if (status == OURO_OK)
		status = chunk_keys(vault, id, row, &out->entry, err);
	if (status == OURO_OK && there != NULL &&
	    there->epoch != out->entry.epoch) {
		uint8_t epoch_key[KEY_SIZE];

		status = vault_epoch_key(vault, there->epoch, epoch_key,
		    &out->entry.epoch, err);
		if (status == OURO_OK)
			status = derive_chunk_key(epoch_key, id, out->entry.key,
			    err);
		bytes_wipe(epoch_key, sizeof(epoch_key));
	}
	if (status == OURO_OK && there == NULL)
		status = chunk_seal(vault, slot, erasure, k, m, row, out, err);
	chunk_unlock(vault, id);
	if (row != NULL)
		canonical_free(&row->base);
	if (status != OURO_OK)
		pins_drop(&vault->pins, id);
	return status;
}
