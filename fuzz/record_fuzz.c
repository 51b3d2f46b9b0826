/*
 * Every record and row of the vault that is read from disk: what decodes
 * must be in range, and encode to the same bytes.
 */
#include <stdlib.h>

#include "crypt/mac.h"
#include "seal/canonical.h"
#include "vault/name.h"
#include "vault/record.h"
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

static void
must_repack(const ProtobufCMessage *message, struct bytes input)
{
	struct buffer packed = { 0 };

	if (canonical_pack(message, &packed, NULL) != OURO_OK ||
	    !bytes_equal(buffer_bytes(&packed), input))
		abort();
	buffer_release(&packed);
}

static void
records(struct bytes input)
{
	static const uint8_t id[HASH_SIZE];
	Ouro__ContentRecord *content;
	Ouro__Page *page;

	if (content_peek(id, input, &content, NULL) == OURO_OK) {
		must_repack(&content->base, input);
		canonical_free(&content->base);
	}
	if (page_peek(id, input, &page, NULL) == OURO_OK) {
		must_repack(&page->base, input);
		canonical_free(&page->base);
	}
}

/* With the id that fits, so that more than the id is looked at. */
static void
refs(struct bytes input)
{
	struct bytes parts[] = { bytes_text("ouroboros ref 1"), input };
	uint8_t id[HASH_SIZE];
	Ouro__RefRecord *ref;

	if (mac_compute(vault->mac, parts, 2, id, NULL) != OURO_OK)
		abort();
	if (ref_decode(vault, id, input, &ref, NULL) == OURO_OK) {
		must_repack(&ref->base, input);
		canonical_free(&ref->base);
	}
}

static void
name_rows(struct bytes input)
{
	char namespace_[16], path[OURO_NAME_MAX + 1];
	struct version_list heads;
	struct buffer packed = { 0 };
	uint64_t versions;

	if (name_row_decode(input, &heads, &versions, NULL) == OURO_OK) {
		if (heads.count == 0 || versions < heads.count ||
		    name_row_encode(&heads, versions, &packed, NULL) !=
			OURO_OK ||
		    !bytes_equal(buffer_bytes(&packed), input))
			abort();
		buffer_release(&packed);
		version_list_release(&heads);
	}
	if (name_key_decode(input, namespace_, path, NULL) == OURO_OK &&
	    (strlen(namespace_) >= 16 || strlen(path) > OURO_NAME_MAX))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes input = bytes_of(data, size);

	if (vault == NULL)
		vault_make();
	records(input);
	refs(input);
	name_rows(input);
	return 0;
}
