#include <stdlib.h>

#include "base/error.h"
#include "seal/canonical.h"
#include "seal/derive.h"
#include "vault/chunk.h"
#include "vault/vault.h"

/* ---- slices of one stripe --------------------------------------------------- */

static bool
slice_belongs(const struct slice *slice, const uint8_t chunk_id[HASH_SIZE],
    const Ouro__StripeRow *row, unsigned index)
{
	return slice->index == index && slice->k == row->k &&
	    memcmp(slice->chunk_id, chunk_id, HASH_SIZE) == 0 &&
	    memcmp(slice->stripe_id, row->stripe_id.data, STRIPE_ID_SIZE) == 0;
}

void
stripe_read_slices(struct ouro_vault *vault, const uint8_t chunk_id[HASH_SIZE],
    const Ouro__StripeRow *row, unsigned first, unsigned last,
    struct stripe_read *read)
{
	read->count = (unsigned)row->lanes.len;
	for (unsigned i = first; i < last && i < read->count; i++) {
		struct slice_key key = slice_key(chunk_id, row->stripe_id.data,
		    i);
		unsigned number = row->lanes.data[i];
		enum ouro_status status;
		struct ouro_error error;

		if (read->slices[i] != NULL || number >= lanes_count(vault))
			continue;
		status = engine_get(lane(vault, number),
		    bytes_of(key.data, sizeof(key.data)), &read->values[i],
		    &error);
		if (status != OURO_OK) {
			if (status != OURO_NOT_FOUND &&
			    status != OURO_DAMAGED) {
				read->failed = status;
				read->error = error;
			}
			continue;
		}
		if (slice_decode(read->values[i].bytes, &read->decoded[i],
			NULL) == OURO_OK &&
		    slice_belongs(&read->decoded[i], chunk_id, row, i)) {
			read->slices[i] = &read->decoded[i];
			read->found++;
		} else {
			slice_release(&read->decoded[i]);
			engine_value_release(&read->values[i]);
		}
	}
}

void
stripe_read_release(struct stripe_read *read)
{
	for (unsigned i = 0; i < read->count; i++) {
		if (read->slices[i] == NULL)
			continue;
		slice_release(&read->decoded[i]);
		engine_value_release(&read->values[i]);
		read->slices[i] = NULL;
	}
	read->found = 0;
}

/* Takes an index off the row's list of bad ones. */
static void
bad_clear(Ouro__StripeRow *row, unsigned index)
{
	size_t kept = 0;

	for (size_t i = 0; i < row->bad.len; i++)
		if (row->bad.data[i] != index)
			row->bad.data[kept++] = row->bad.data[i];
	row->bad.len = kept;
}

enum ouro_status
stripe_heal(struct ouro_vault *vault, const uint8_t chunk_id[HASH_SIZE],
    Ouro__StripeRow *row, const struct stripe_read *read,
    const bool wanted[SLICES_MAX], unsigned *written, struct ouro_error *err)
{
	struct buffer stored = { 0 };
	enum ouro_status status = OURO_OK;

	*written = 0;
	for (unsigned i = 0; status == OURO_OK && i < row->lanes.len; i++) {
		struct slice_key key = slice_key(chunk_id, row->stripe_id.data,
		    i);

		if (!wanted[i])
			continue;
		status = stripe_rebuild(read->slices, i, &stored, err);
		if (status == OURO_OK)
			status = lanes_grow(vault, row->lanes.data[i] + 1u,
			    err);
		if (status == OURO_OK) {
			struct engine_op op = { .kind = ENGINE_PUT,
				.key = bytes_of(key.data, sizeof(key.data)),
				.value = buffer_bytes(&stored) };

			status = engine_apply(lane(vault, row->lanes.data[i]),
			    &op, 1, ENGINE_SYNC_NEVER, err);
		}
		if (status == OURO_OK) {
			bad_clear(row, i);
			(*written)++;
		}
	}
	buffer_release(&stored);
	return status;
}

/* ---- loading ---------------------------------------------------------------------- */

static enum ouro_status
load_key(struct ouro_vault *vault, const struct tree_entry *entry,
    uint32_t epoch, uint8_t key[KEY_SIZE], struct ouro_error *err)
{
	uint8_t epoch_key[KEY_SIZE];
	enum ouro_status status;

	if (entry->epoch == epoch) {
		memcpy(key, entry->key, KEY_SIZE);
		return OURO_OK;
	}
	status = vault_epoch_key(vault, epoch, epoch_key, NULL, err);
	if (status == OURO_OK)
		status = derive_chunk_key(epoch_key, entry->id, key, err);
	bytes_wipe(epoch_key, sizeof(epoch_key));
	return status;
}

static Ouro__StripeRow *
stripe_of(const Ouro__ChunkRow *row, const Ouro__StripeRow *like)
{
	for (size_t i = 0; i < row->n_stripes; i++)
		if (memcmp(row->stripes[i]->stripe_id.data,
			like->stripe_id.data, STRIPE_ID_SIZE) == 0)
			return row->stripes[i];
	return NULL;
}

/* Heals with the row as it is now: it may have changed since it was read. A
 * stripe that is in no row any more is left to collection. */
static enum ouro_status
heal_locked(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    const Ouro__StripeRow *stripe, const struct stripe_read *good,
    const bool wanted[SLICES_MAX], unsigned *written, struct ouro_error *err)
{
	Ouro__ChunkRow *row = NULL;
	Ouro__StripeRow *now;
	size_t bad_before;
	enum ouro_status status = chunk_row_get(vault, id, &row, err);

	if (status != OURO_OK)
		return status;
	now = stripe_of(row, stripe);
	if (now != NULL) {
		bad_before = now->bad.len;
		status = stripe_heal(vault, id, now, good, wanted, written,
		    err);
		if (status == OURO_OK && now->bad.len != bad_before)
			status = chunk_row_put(vault, id, row, err);
	}
	canonical_free(&row->base);
	return status;
}

/* Writes what is missing or bad of a stripe that could be read. Not being
 * able to is no failure of the read. */
static void
load_heal(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    const Ouro__StripeRow *stripe, const struct stripe_read *read,
    const uint8_t *bad, unsigned bad_count)
{
	struct stripe_read good = *read;
	bool wanted[SLICES_MAX] = { false };
	struct ouro_error error;
	unsigned written = 0;
	char name[24];
	enum ouro_status status;

	for (unsigned i = 0; i < read->count; i++)
		wanted[i] = read->slices[i] == NULL;
	for (unsigned i = 0; i < bad_count; i++) {
		wanted[bad[i]] = true;
		good.slices[bad[i]] = NULL;
	}
	chunk_lock(vault, id);
	status = heal_locked(vault, id, stripe, &good, wanted, &written,
	    &error);
	chunk_unlock(vault, id);
	if (status != OURO_OK)
		log_write(&vault->log, LOG_WARNING,
		    "chunk %s was read but could not be healed: %s",
		    id_short(id, name), error.text);
	else
		log_write(&vault->log, LOG_INFO,
		    "chunk %s: %u slices were written again",
		    id_short(id, name), written);
}

static enum ouro_status
load_open(struct ouro_vault *vault, struct chunk_slot *slot,
    const uint8_t key[KEY_SIZE], const struct stripe_read *read,
    uint8_t bad[SLICES_MAX], unsigned *bad_count, struct ouro_error *err)
{
	struct chunk_tools *tools;
	enum ouro_status status = chunk_tools_take(vault, &tools, err);

	if (status != OURO_OK)
		return status;
	status = stripe_open(key, read->slices, tools->compressor, &slot->clear,
	    bad, bad_count, err);
	chunk_tools_give(vault, tools);
	return status;
}

/* One stripe: its k data slices when they are all there, else all. */
static enum ouro_status
load_stripe(struct ouro_vault *vault, struct chunk_slot *slot,
    const struct tree_entry *entry, Ouro__StripeRow *row,
    struct ouro_error *err)
{
	struct stripe_read *read = calloc(1, sizeof(*read));
	uint8_t key[KEY_SIZE], bad[SLICES_MAX], found[HASH_SIZE];
	unsigned bad_count = 0;
	enum ouro_status status;

	if (read == NULL)
		return error_memory(err);
	status = load_key(vault, entry, row->epoch, key, err);
	if (status != OURO_OK)
		goto out;
	stripe_read_slices(vault, entry->id, row, 0, row->k, read);
	if (read->found == row->k)
		status = load_open(vault, slot, key, read, bad, &bad_count,
		    err);
	if (read->found < row->k || status == OURO_DAMAGED) {
		stripe_read_slices(vault, entry->id, row, 0, SLICES_MAX, read);
		status = load_open(vault, slot, key, read, bad, &bad_count,
		    err);
		if (status == OURO_OK && !vault->read_only &&
		    (bad_count > 0 || read->found < read->count))
			load_heal(vault, entry->id, row, read, bad, bad_count);
	}
	if (status == OURO_DAMAGED && read->failed != OURO_OK) {
		status = read->failed;
		if (err != NULL)
			*err = read->error;
	}
	if (status == OURO_OK)
		status = record_chunk_id(vault, buffer_bytes(&slot->clear),
		    found, err);
	if (status == OURO_OK && memcmp(found, entry->id, HASH_SIZE) != 0) {
		char name[24];

		status = error_set(err, OURO_DAMAGED,
		    "chunk %s: its bytes have another id",
		    id_short(entry->id, name));
	}
out:
	bytes_wipe(key, sizeof(key));
	stripe_read_release(read);
	free(read);
	return status;
}

static enum ouro_status
load_row(struct ouro_vault *vault, struct chunk_slot *slot,
    const struct tree_entry *entry, const Ouro__ChunkRow *row,
    struct ouro_error *err)
{
	char name[24];
	enum ouro_status status;

	status = error_set(err, OURO_DAMAGED,
	    "chunk %s: no stripe of it is left", id_short(entry->id, name));
	for (size_t i = 0; status != OURO_OK && i < row->n_stripes; i++)
		status = load_stripe(vault, slot, entry, row->stripes[i], err);
	return status;
}

enum ouro_status
chunk_load(struct ouro_vault *vault, struct chunk_slot *slot,
    const struct tree_entry *entry, struct ouro_error *err)
{
	Ouro__ChunkRow *row = NULL;
	struct ouro_error error;
	char name[24];
	enum ouro_status status, discovered;

	status = chunk_row_get(vault, entry->id, &row, err);
	if (status == OURO_OK)
		status = load_row(vault, slot, entry, row, err);
	if (row != NULL)
		canonical_free(&row->base);
	if (status == OURO_OK || status == OURO_NO_MEMORY)
		return status;
	/* The row may be lost, or older than a heal: the lanes know. */
	row = NULL;
	discovered = chunk_discover(vault, entry->id, &row, &error);
	if (discovered == OURO_OK) {
		status = load_row(vault, slot, entry, row, err);
		canonical_free(&row->base);
		return status;
	}
	if (status == OURO_NOT_FOUND || status == OURO_DAMAGED) {
		status = discovered;
		if (err != NULL)
			*err = error;
	}
	if (status != OURO_NOT_FOUND && status != OURO_DAMAGED)
		return status;
	return error_set(err, OURO_DAMAGED, "chunk %s: no slice of it is left",
	    id_short(entry->id, name));
}
