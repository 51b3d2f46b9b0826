#include "vault/chunk_carry.h"

#include <stdlib.h>

#include "base/error.h"
#include "seal/canonical.h"
#include "seal/derive.h"
#include "vault/vault.h"

/* The slices open, under the vault's key, to bytes with the chunk's id. */
static enum ouro_status
slices_open(struct ouro_vault *vault, struct chunk_slot *slot,
    const uint8_t id[HASH_SIZE], uint32_t epoch,
    const struct slice *const slices[SLICES_MAX], struct ouro_error *err)
{
	uint8_t epoch_key[KEY_SIZE], key[KEY_SIZE], found[HASH_SIZE];
	struct chunk_tools *tools;
	char name[24];
	enum ouro_status status = chunk_tools_take(vault, &tools, err);

	if (status != OURO_OK)
		return status;
	status = vault_epoch_key(vault, epoch, epoch_key, NULL, err);
	if (status == OURO_OK)
		status = derive_chunk_key(epoch_key, id, key, err);
	if (status == OURO_OK)
		status = stripe_open(key, slices, tools->compressor,
		    &slot->clear, NULL, NULL, err);
	chunk_tools_give(vault, tools);
	if (status == OURO_OK)
		status = record_chunk_id(vault, buffer_bytes(&slot->clear),
		    found, err);
	if (status == OURO_OK && memcmp(found, id, HASH_SIZE) != 0)
		status = error_set(err, OURO_DAMAGED,
		    "chunk %s: its bytes have another id", id_short(id, name));
	bytes_wipe(epoch_key, sizeof(epoch_key));
	bytes_wipe(key, sizeof(key));
	return status;
}

/* ---- giving ------------------------------------------------------------------ */

/* The data slices when they are all there and right, else all. */
static enum ouro_status
stripe_give(struct ouro_vault *vault, struct chunk_slot *slot,
    const uint8_t id[HASH_SIZE], const Ouro__StripeRow *row, struct buffer *out,
    struct ouro_error *err)
{
	struct stripe_read *read = calloc(1, sizeof(*read));
	enum ouro_status status = OURO_DAMAGED;

	if (read == NULL)
		return error_memory(err);
	stripe_read_slices(vault, id, row, 0, row->k, read);
	if (read->found == row->k)
		status = slices_open(vault, slot, id, row->epoch, read->slices,
		    err);
	if (status == OURO_DAMAGED) {
		stripe_read_slices(vault, id, row, 0, SLICES_MAX, read);
		status = slices_open(vault, slot, id, row->epoch, read->slices,
		    err);
	}
	if (status == OURO_OK)
		status = carried_encode(read->slices, out, err);
	if (status == OURO_DAMAGED && read->failed != OURO_OK) {
		status = read->failed;
		if (err != NULL)
			*err = read->error;
	}
	stripe_read_release(read);
	free(read);
	return status;
}

static enum ouro_status
row_give(struct ouro_vault *vault, struct chunk_slot *slot,
    const uint8_t id[HASH_SIZE], const Ouro__ChunkRow *row, struct buffer *out,
    uint32_t *epoch, struct ouro_error *err)
{
	char name[24];
	enum ouro_status status = error_set(err, OURO_DAMAGED,
	    "chunk %s: no stripe of it is left", id_short(id, name));

	for (size_t i = 0; status != OURO_OK && i < row->n_stripes; i++) {
		status = stripe_give(vault, slot, id, row->stripes[i], out,
		    err);
		*epoch = row->stripes[i]->epoch;
	}
	return status;
}

/* The row may be lost, older than a heal, or replaced while we read: then the
 * lanes know. */
enum ouro_status
chunk_give(struct ouro_vault *vault, struct chunk_slot *slot,
    const uint8_t id[HASH_SIZE], struct buffer *out, uint32_t *epoch,
    struct ouro_error *err)
{
	Ouro__ChunkRow *row = NULL;
	char name[24];
	enum ouro_status status = chunk_row_get(vault, id, &row, err);

	if (status == OURO_OK)
		status = row_give(vault, slot, id, row, out, epoch, err);
	if (row != NULL)
		canonical_free(&row->base);
	if (status == OURO_OK || status == OURO_NO_MEMORY)
		return status;
	row = NULL;
	status = chunk_discover(vault, id, &row, err);
	if (status == OURO_NOT_FOUND)
		return error_set(err, OURO_DAMAGED,
		    "chunk %s: no slice of it is left", id_short(id, name));
	if (status == OURO_OK)
		status = row_give(vault, slot, id, row, out, epoch, err);
	if (row != NULL)
		canonical_free(&row->base);
	return status;
}

/* ---- taking ------------------------------------------------------------------- */

/* As they are to be stored: what opens here can be read again. */
static enum ouro_status
stripe_opens(struct ouro_vault *vault, struct chunk_slot *slot,
    const struct stripe *stripe, const uint8_t id[HASH_SIZE],
    struct ouro_error *err)
{
	struct slice *decoded = calloc(stripe->k, sizeof(*decoded));
	const struct slice *slices[SLICES_MAX] = { NULL };
	enum ouro_status status = OURO_OK;

	if (decoded == NULL)
		return error_memory(err);
	for (unsigned i = 0; status == OURO_OK && i < stripe->k; i++) {
		status = slice_decode(stripe_slice(stripe, i), &decoded[i],
		    err);
		slices[i] = &decoded[i];
	}
	if (status == OURO_OK)
		status = slices_open(vault, slot, id, stripe->epoch, slices,
		    err);
	for (unsigned i = 0; i < stripe->k; i++)
		slice_release(&decoded[i]);
	free(decoded);
	return status;
}

static enum ouro_status
stripe_take(struct ouro_vault *vault, struct chunk_slot *slot,
    struct stripe *stripe, const struct carried *carried, unsigned m,
    const Ouro__ChunkRow *row, uint64_t *stored, struct ouro_error *err)
{
	const uint8_t *id = carried->of.chunk_id;
	const struct erasure *erasure;
	uint8_t lanes[SLICES_MAX];
	enum ouro_status status;

	status = vault_code(vault, carried->of.k, m, &erasure, err);
	if (status == OURO_OK)
		status = stripe_restore(&carried->of, carried->sealed, erasure,
		    m, stripe, err);
	if (status == OURO_OK)
		status = stripe_opens(vault, slot, stripe, id, err);
	if (status == OURO_OK)
		status = chunk_slices_write(vault, id, stripe, lanes, stored,
		    err);
	if (status == OURO_OK)
		status = chunk_row_add(vault, id, row, stripe, lanes, err);
	return status;
}

/* A stripe that is listed and not whole is replaced by itself. */
static void
row_forget(Ouro__ChunkRow *row, const uint8_t stripe_id[STRIPE_ID_SIZE])
{
	size_t kept = 0;

	for (size_t i = 0; i < row->n_stripes; i++) {
		Ouro__StripeRow *stripe = row->stripes[i];

		if (memcmp(stripe->stripe_id.data, stripe_id, STRIPE_ID_SIZE) !=
		    0) {
			row->stripes[i] = row->stripes[kept];
			row->stripes[kept++] = stripe;
		}
	}
	row->n_stripes = kept;
}

enum ouro_status
chunk_take(struct ouro_vault *vault, struct chunk_slot *slot,
    const struct carried *carried, struct chunk_taken *out,
    struct ouro_error *err)
{
	const uint8_t *id = carried->of.chunk_id;
	unsigned m = vault->m, most = SLICES_MAX - carried->of.k;
	Ouro__ChunkRow *row = NULL;
	struct chunk_tools *tools = NULL;
	size_t listed = 0;
	enum ouro_status status;

	*out = (struct chunk_taken){ 0 };
	if (m > most)
		m = most;
	chunk_lock(vault, id);
	status = chunk_row_get(vault, id, &row, err);
	if (status == OURO_NOT_FOUND || status == OURO_DAMAGED)
		status = OURO_OK;
	out->is_new = chunk_stripe_whole(vault, id, row, m) == NULL;
	if (status == OURO_OK && out->is_new)
		status = chunk_tools_take(vault, &tools, err);
	if (status == OURO_OK && out->is_new) {
		if (row != NULL) {
			listed = row->n_stripes;
			row_forget(row, carried->of.stripe_id);
		}
		status = stripe_take(vault, slot, &tools->stripe, carried, m,
		    row, &out->stored, err);
		if (row != NULL)
			row->n_stripes = listed;
	}
	chunk_unlock(vault, id);
	if (tools != NULL)
		chunk_tools_give(vault, tools);
	if (row != NULL)
		canonical_free(&row->base);
	return status;
}
