/*
 * trash_decode on foreign bytes: what is taken has a content and a time, and
 * encodes to the same bytes.
 */
#include <stdlib.h>

#include "crypt/mac.h"
#include "seal/canonical.h"
#include "vault/trash.h"
#include "vault/vault.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ouro_vault *vault;

/* A vault with a fixed key is all that ids need. */
static void
vault_make(void)
{
	static const uint8_t key[KEY_SIZE] = { 1 };

	vault = calloc(1, sizeof(*vault));
	if (vault == NULL ||
	    mac_key_new(bytes_of(key, KEY_SIZE), &vault->mac, NULL) != OURO_OK)
		abort();
}

/* The id that fits the record inside, so that more than the id is looked at;
 * false when there is none. */
static bool
id_of(struct bytes input, uint8_t id[HASH_SIZE])
{
	ProtobufCMessage *message;
	const Ouro__TrashRow *row;
	struct bytes parts[2] = { bytes_text("ouroboros ref 1") };

	if (canonical_unpack(&ouro__trash_row__descriptor, input, &message,
		"trash row", NULL) != OURO_OK)
		return false;
	row = (const Ouro__TrashRow *)message;
	parts[1] = bytes_of(row->record.data, row->record.len);
	if (mac_compute(vault->mac, parts, 2, id, NULL) != OURO_OK)
		abort();
	canonical_free(message);
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes input = bytes_of(data, size);
	uint8_t id[HASH_SIZE] = { 0 };
	struct trash_row row;
	bool whole;

	if (vault == NULL)
		vault_make();
	whole = id_of(input, id);
	if (trash_decode(vault, id, input, &row, NULL) == OURO_OK &&
	    (!whole || row.dropped_ms == 0 || row.ref->target.len != HASH_SIZE))
		abort();
	trash_row_release(&row);
	return 0;
}
