#include "vault/stripe_check.h"

#include "base/error.h"
#include "seal/derive.h"
#include "vault/vault.h"

static void
slice_reject(struct stripe_check *stripe, unsigned index)
{
	stripe->good.slices[index] = NULL;
	if (!stripe->bad[index])
		stripe->bad_count++;
	stripe->bad[index] = true;
}

static enum ouro_status
stripe_opens(struct ouro_vault *vault, struct chunk_slot *slot,
    const uint8_t id[HASH_SIZE], const Ouro__StripeRow *row,
    struct stripe_check *stripe, struct ouro_error *err)
{
	uint8_t epoch_key[KEY_SIZE], key[KEY_SIZE], found[HASH_SIZE];
	uint8_t bad[SLICES_MAX];
	unsigned bad_count = 0;
	struct chunk_tools *tools;
	enum ouro_status status = chunk_tools_take(vault, &tools, err);

	if (status != OURO_OK)
		return status;
	status = vault_epoch_key(vault, row->epoch, epoch_key, NULL, err);
	if (status == OURO_OK)
		status = derive_chunk_key(epoch_key, id, key, err);
	if (status == OURO_OK)
		status = stripe_open(key, stripe->good.slices,
		    tools->compressor, &slot->clear, bad, &bad_count, err);
	chunk_tools_give(vault, tools);
	for (unsigned i = 0; i < bad_count; i++)
		slice_reject(stripe, bad[i]);
	if (status == OURO_OK)
		status = record_chunk_id(vault, buffer_bytes(&slot->clear),
		    found, err);
	if (status == OURO_OK)
		stripe->opens = memcmp(found, id, HASH_SIZE) == 0;
	bytes_wipe(epoch_key, sizeof(epoch_key));
	bytes_wipe(key, sizeof(key));
	return status == OURO_NO_MEMORY || status == OURO_CRYPTO ? status
								 : OURO_OK;
}

/*
 * The data is known to be right. A slice rebuilt from it carries the hashes
 * of all slices, parity made anew; whatever disagrees is bad.
 */
static enum ouro_status
parity_agrees(struct stripe_check *stripe, struct ouro_error *err)
{
	struct buffer stored = { 0 };
	struct slice made = { 0 };
	enum ouro_status status;

	status = stripe_rebuild(stripe->good.slices, stripe->read.count - 1,
	    &stored, err);
	if (status == OURO_OK)
		status = slice_decode(buffer_bytes(&stored), &made, err);
	for (unsigned i = 0; status == OURO_OK && i < stripe->read.count; i++) {
		const struct slice *slice = stripe->good.slices[i];
		size_t size;

		if (slice == NULL)
			continue;
		size = slice->hashes.size < made.hashes.size
		    ? slice->hashes.size
		    : made.hashes.size;
		if (memcmp(slice->hashes.data, made.hashes.data, size) != 0)
			slice_reject(stripe, i);
	}
	slice_release(&made);
	buffer_release(&stored);
	return status == OURO_DAMAGED ? OURO_OK : status;
}

enum ouro_status
stripe_check_run(struct ouro_vault *vault, struct chunk_slot *slot,
    const uint8_t id[HASH_SIZE], const Ouro__StripeRow *row,
    struct stripe_check *stripe, struct ouro_error *err)
{
	enum ouro_status status;

	stripe_read_slices(vault, id, row, 0, SLICES_MAX, &stripe->read);
	stripe->good = stripe->read;
	for (unsigned i = 0; i < stripe->read.count; i++)
		if (stripe->read.slices[i] == NULL ||
		    slice_check(stripe->read.slices[i], NULL) != OURO_OK)
			slice_reject(stripe, i);
	status = stripe_opens(vault, slot, id, row, stripe, err);
	if (status == OURO_OK && stripe->opens)
		status = parity_agrees(stripe, err);
	return status;
}
