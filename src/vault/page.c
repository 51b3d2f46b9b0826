#include "vault/record.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "seal/canonical.h"
#include "seal/derive.h"
#include "vault/body.h"
#include "vault/vault.h"

#define PAGE_VERSION 1

/* One damaged-page answer, naming the page. */
static enum ouro_status
page_damaged(const uint8_t id[HASH_SIZE], const char *why,
    struct ouro_error *err)
{
	char name[24];

	return error_set(err, OURO_DAMAGED, "page %s: %s", id_short(id, name),
	    why);
}

enum ouro_status
page_id(struct ouro_vault *vault, const struct page *page,
    uint8_t id[HASH_SIZE], struct ouro_error *err)
{
	struct buffer list = { 0 };
	uint8_t number[8];
	enum ouro_status status;

	put_u32le(number, page->level);
	status = buffer_append(&list, bytes_of(number, 4), err);
	for (size_t i = 0; status == OURO_OK && i < page->count; i++) {
		const struct tree_entry *entry = &page->entries[i];

		put_u64le(number, entry->size);
		status = buffer_append(&list, bytes_of(entry->id, HASH_SIZE),
		    err);
		if (status == OURO_OK)
			status = buffer_append(&list, bytes_of(number, 8), err);
	}
	if (status == OURO_OK) {
		struct bytes parts[] = { bytes_text("ouroboros page 1"),
			buffer_bytes(&list) };

		status = mac_compute(vault->mac, parts, 2, id, err);
	}
	buffer_release(&list);
	return status;
}

/* Packs what only key holders may know. */
static enum ouro_status
page_body_pack(const struct page *page, struct buffer *out,
    struct ouro_error *err)
{
	Ouro__PageBody body = OURO__PAGE_BODY__INIT;
	Ouro__PageEntry *entries = calloc(page->count, sizeof(*entries));
	Ouro__PageEntry **list = calloc(page->count, sizeof(Ouro__PageEntry *));
	enum ouro_status status = OURO_NO_MEMORY;

	if (entries == NULL || list == NULL) {
		status = error_memory(err);
		goto out;
	}
	for (size_t i = 0; i < page->count; i++) {
		ouro__page_entry__init(&entries[i]);
		entries[i].size = page->entries[i].size;
		entries[i].key.data = page->entries[i].key;
		entries[i].key.len = KEY_SIZE;
		entries[i].epoch = page->entries[i].epoch;
		list[i] = &entries[i];
	}
	body.n_entries = page->count;
	body.entries = list;
	status = canonical_pack(&body.base, out, err);
out:
	free(list);
	free(entries);
	return status;
}

/* The record without sealed and tag: what the seal authenticates. */
static enum ouro_status
page_additional(const Ouro__Page *record, struct buffer *out,
    struct ouro_error *err)
{
	Ouro__Page clear = *record;

	clear.sealed = (ProtobufCBinaryData){ 0 };
	clear.tag = (ProtobufCBinaryData){ 0 };
	return canonical_pack(&clear.base, out, err);
}

static enum ouro_status
page_key(struct ouro_vault *vault, uint32_t epoch, const uint8_t id[HASH_SIZE],
    uint8_t key[KEY_SIZE], struct ouro_error *err)
{
	uint8_t epoch_key[KEY_SIZE];
	enum ouro_status status;

	status = vault_epoch_key(vault, epoch, epoch_key, NULL, err);
	if (status == OURO_OK)
		status = derive_page_key(epoch_key, id, key, err);
	bytes_wipe(epoch_key, sizeof(epoch_key));
	return status;
}

enum ouro_status
page_encode(struct ouro_vault *vault, const struct page *page,
    const uint8_t id[HASH_SIZE], struct buffer *record, struct ouro_error *err)
{
	Ouro__Page out = OURO__PAGE__INIT;
	struct buffer ids = { 0 }, body = { 0 }, additional = { 0 };
	uint8_t key[KEY_SIZE], salt[BODY_SALT_SIZE], tag[TAG_SIZE];
	enum ouro_status status = OURO_OK;

	assert(page->count >= 1 && page->count <= PAGE_ENTRIES_MAX);
	for (size_t i = 0; status == OURO_OK && i < page->count; i++)
		status = buffer_append(&ids,
		    bytes_of(page->entries[i].id, HASH_SIZE), err);
	if (status == OURO_OK)
		status = page_body_pack(page, &body, err);
	if (status != OURO_OK)
		goto out;
	out.version = PAGE_VERSION;
	out.level = page->level;
	out.epoch = page->epoch;
	out.entries = (ProtobufCBinaryData){ ids.size, ids.data };
	status = page_additional(&out, &additional, err);
	if (status == OURO_OK)
		status = body_salt(vault->mac, id, buffer_bytes(&additional),
		    buffer_bytes(&body), salt, err);
	out.salt = (ProtobufCBinaryData){ sizeof(salt), salt };
	additional.size = 0;
	if (status == OURO_OK)
		status = page_additional(&out, &additional, err);
	if (status == OURO_OK)
		status = page_key(vault, page->epoch, id, key, err);
	if (status == OURO_OK)
		status = body_seal(key, salt, buffer_bytes(&additional), &body,
		    tag, err);
	if (status != OURO_OK)
		goto out;
	out.sealed = (ProtobufCBinaryData){ body.size, body.data };
	out.tag = (ProtobufCBinaryData){ sizeof(tag), tag };
	status = canonical_pack(&out.base, record, err);
out:
	bytes_wipe(key, sizeof(key));
	buffer_release(&ids);
	buffer_wipe(&body);
	buffer_release(&additional);
	return status;
}

enum ouro_status
page_peek(const uint8_t id[HASH_SIZE], struct bytes record,
    Ouro__Page **unpacked, struct ouro_error *err)
{
	ProtobufCMessage *message;
	Ouro__Page *page;
	enum ouro_status status;

	status = canonical_unpack(&ouro__page__descriptor, record, &message,
	    "page", err);
	if (status != OURO_OK)
		return status;
	page = (Ouro__Page *)message;
	if (page->version != PAGE_VERSION)
		status = error_set(err, OURO_UNSUPPORTED,
		    "a page has version %u; this build knows %d", page->version,
		    PAGE_VERSION);
	else if (page->level < 1 || page->level > TREE_LEVEL_MAX ||
	    page->epoch < 1 || page->entries.len == 0 ||
	    page->entries.len % HASH_SIZE != 0 ||
	    page->entries.len / HASH_SIZE > PAGE_ENTRIES_MAX ||
	    page->salt.len != BODY_SALT_SIZE || page->tag.len != TAG_SIZE)
		status = page_damaged(id, "a field is out of range", err);
	if (status != OURO_OK)
		canonical_free(message);
	else
		*unpacked = page;
	return status;
}

/* Fills entries from the clear list and the opened body. */
static enum ouro_status
page_fill(const uint8_t id[HASH_SIZE], const Ouro__Page *record,
    const Ouro__PageBody *body, struct page *out, struct ouro_error *err)
{
	size_t count = record->entries.len / HASH_SIZE;

	if (body->n_entries != count)
		return page_damaged(id, "its two lists differ in length", err);
	out->entries = calloc(count, sizeof(*out->entries));
	if (out->entries == NULL)
		return error_memory(err);
	out->level = record->level;
	out->epoch = record->epoch;
	out->count = count;
	for (size_t i = 0; i < count; i++) {
		const Ouro__PageEntry *from = body->entries[i];
		struct tree_entry *entry = &out->entries[i];

		if (from->key.len != KEY_SIZE || from->size == 0 ||
		    from->epoch < 1)
			return page_damaged(id, "an entry is out of range",
			    err);
		memcpy(entry->id, record->entries.data + i * HASH_SIZE,
		    HASH_SIZE);
		memcpy(entry->key, from->key.data, KEY_SIZE);
		entry->epoch = from->epoch;
		entry->size = from->size;
	}
	return OURO_OK;
}

enum ouro_status
page_decode(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    struct bytes record, const uint8_t *key, struct page *out,
    struct ouro_error *err)
{
	Ouro__Page *page = NULL;
	ProtobufCMessage *body = NULL;
	struct buffer additional = { 0 }, clear = { 0 };
	uint8_t own_key[KEY_SIZE], found[HASH_SIZE] = { 0 };
	enum ouro_status status;

	*out = (struct page){ 0 };
	status = page_peek(id, record, &page, err);
	if (status == OURO_OK && key == NULL) {
		status = page_key(vault, page->epoch, id, own_key, err);
		key = own_key;
	}
	if (status == OURO_OK)
		status = page_additional(page, &additional, err);
	if (status == OURO_OK)
		status = body_open(key, page->salt.data,
		    buffer_bytes(&additional),
		    bytes_of(page->sealed.data, page->sealed.len),
		    page->tag.data, &clear, err);
	if (status == OURO_WRONG_KEY)
		status = page_damaged(id, "its seal does not fit", err);
	if (status == OURO_OK)
		status = canonical_unpack(&ouro__page_body__descriptor,
		    buffer_bytes(&clear), &body, "page body", err);
	if (status == OURO_OK)
		status = page_fill(id, page, (Ouro__PageBody *)body, out, err);
	if (status == OURO_OK && vault != NULL)
		status = page_id(vault, out, found, err);
	if (status == OURO_OK && vault != NULL &&
	    memcmp(found, id, HASH_SIZE) != 0)
		status = page_damaged(id, "its content has another id", err);
	if (status != OURO_OK)
		page_release(out);
	bytes_wipe(own_key, sizeof(own_key));
	buffer_release(&additional);
	buffer_wipe(&clear);
	canonical_free(body);
	if (page != NULL)
		canonical_free(&page->base);
	return status;
}

void
page_release(struct page *page)
{
	if (page->entries != NULL)
		bytes_wipe(page->entries, page->count * sizeof(*page->entries));
	free(page->entries);
	*page = (struct page){ 0 };
}
