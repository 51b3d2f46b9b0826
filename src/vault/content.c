#include "vault/record.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "seal/canonical.h"
#include "seal/derive.h"
#include "seal/slice.h"
#include "vault/body.h"
#include "vault/vault.h"

#define CONTENT_VERSION 1

static ProtobufCBinaryData
binary(const void *data, size_t size)
{
	return (ProtobufCBinaryData){ size, (uint8_t *)(uintptr_t)data };
}

static struct bytes
plain(ProtobufCBinaryData data)
{
	return bytes_of(data.data, data.len);
}

static enum ouro_status
content_damaged(const uint8_t id[HASH_SIZE], const char *why,
    struct ouro_error *err)
{
	char name[24];

	return error_set(err, OURO_DAMAGED, "content %s: %s",
	    id_short(id, name), why);
}

enum ouro_status
record_chunk_id(struct ouro_vault *vault, struct bytes clear,
    uint8_t id[HASH_SIZE], struct ouro_error *err)
{
	struct bytes parts[] = { bytes_text("ouroboros chunk 1"), clear };

	return mac_compute(vault->mac, parts, 2, id, err);
}

/* What stands for a part in the content id. */
static enum ouro_status
part_id(struct ouro_vault *vault, const struct content_part *part,
    uint8_t id[HASH_SIZE], struct ouro_error *err)
{
	struct bytes parts[] = { bytes_text("ouroboros inline 1"),
		part->inlined };

	if (part->size > INLINE_MAX) {
		memcpy(id, part->root.id, HASH_SIZE);
		return OURO_OK;
	}
	return mac_compute(vault->mac, parts, 2, id, err);
}

enum ouro_status
content_id(struct ouro_vault *vault, const struct content *content,
    uint8_t id[HASH_SIZE], struct ouro_error *err)
{
	Ouro__ContentIdentity identity = OURO__CONTENT_IDENTITY__INIT;
	uint8_t data_id[HASH_SIZE], meta_id[HASH_SIZE];
	struct buffer packed = { 0 };
	enum ouro_status status;

	status = part_id(vault, &content->data, data_id, err);
	if (status == OURO_OK)
		status = part_id(vault, &content->meta, meta_id, err);
	if (status != OURO_OK)
		return status;
	identity.size = content->data.size;
	identity.data_id = binary(data_id, HASH_SIZE);
	identity.data_level = content->data.level;
	identity.meta_size = content->meta.size;
	identity.meta_id = binary(meta_id, HASH_SIZE);
	identity.meta_level = content->meta.level;
	identity.type = binary(content->type.data, content->type.size);
	if (content->has_parent)
		identity.parent = binary(content->parent, HASH_SIZE);
	identity.k = content->k;
	status = canonical_pack(&identity.base, &packed, err);
	if (status == OURO_OK) {
		struct bytes parts[] = { bytes_text("ouroboros content 1"),
			buffer_bytes(&packed) };

		status = mac_compute(vault->mac, parts, 2, id, err);
	}
	buffer_release(&packed);
	return status;
}

/* ---- encoding --------------------------------------------------------- */

static enum ouro_status
content_body_pack(const struct content *content, struct buffer *out,
    struct ouro_error *err)
{
	Ouro__ContentBody body = OURO__CONTENT_BODY__INIT;
	Ouro__TreeKey data_key = OURO__TREE_KEY__INIT;
	Ouro__TreeKey meta_key = OURO__TREE_KEY__INIT;
	const struct content_part *data = &content->data,
				  *meta = &content->meta;

	body.size = data->size;
	body.chunks = content->chunks;
	body.type = binary(content->type.data, content->type.size);
	if (data->size > INLINE_MAX) {
		data_key.key = binary(data->root.key, KEY_SIZE);
		data_key.epoch = data->root.epoch;
		body.data_key = &data_key;
	} else {
		body.data = binary(data->inlined.data, data->inlined.size);
	}
	body.meta_size = meta->size;
	if (meta->size > INLINE_MAX) {
		meta_key.key = binary(meta->root.key, KEY_SIZE);
		meta_key.epoch = meta->root.epoch;
		body.meta_key = &meta_key;
	} else {
		body.meta = binary(meta->inlined.data, meta->inlined.size);
	}
	return canonical_pack(&body.base, out, err);
}

static enum ouro_status
content_additional(const Ouro__ContentRecord *record, struct buffer *out,
    struct ouro_error *err)
{
	Ouro__ContentRecord clear = *record;

	clear.sealed = (ProtobufCBinaryData){ 0 };
	clear.tag = (ProtobufCBinaryData){ 0 };
	return canonical_pack(&clear.base, out, err);
}

static enum ouro_status
content_key(struct ouro_vault *vault, uint32_t epoch,
    const uint8_t id[HASH_SIZE], uint8_t key[KEY_SIZE], struct ouro_error *err)
{
	uint8_t epoch_key[KEY_SIZE];
	enum ouro_status status;

	status = vault_epoch_key(vault, epoch, epoch_key, NULL, err);
	if (status == OURO_OK)
		status = derive_content_key(epoch_key, id, key, err);
	bytes_wipe(epoch_key, sizeof(epoch_key));
	return status;
}

enum ouro_status
content_encode(struct ouro_vault *vault, const struct content *content,
    struct buffer *record, struct ouro_error *err)
{
	Ouro__ContentRecord out = OURO__CONTENT_RECORD__INIT;
	Ouro__Tree data = OURO__TREE__INIT, meta = OURO__TREE__INIT;
	struct buffer body = { 0 }, additional = { 0 };
	uint8_t key[KEY_SIZE], salt[BODY_SALT_SIZE], tag[TAG_SIZE];
	enum ouro_status status;

	status = content_body_pack(content, &body, err);
	if (status != OURO_OK)
		goto out;
	out.version = CONTENT_VERSION;
	if (content->has_parent)
		out.parent = binary(content->parent, HASH_SIZE);
	out.k = content->k;
	out.epoch = content->epoch;
	if (content->data.size > INLINE_MAX) {
		data.id = binary(content->data.root.id, HASH_SIZE);
		data.level = content->data.level;
		out.data = &data;
	}
	if (content->meta.size > INLINE_MAX) {
		meta.id = binary(content->meta.root.id, HASH_SIZE);
		meta.level = content->meta.level;
		out.meta = &meta;
	}
	status = content_additional(&out, &additional, err);
	if (status == OURO_OK)
		status = body_salt(vault->mac, content->id,
		    buffer_bytes(&additional), buffer_bytes(&body), salt, err);
	out.salt = binary(salt, sizeof(salt));
	additional.size = 0;
	if (status == OURO_OK)
		status = content_additional(&out, &additional, err);
	if (status == OURO_OK)
		status = content_key(vault, content->epoch, content->id, key,
		    err);
	if (status == OURO_OK)
		status = body_seal(key, salt, buffer_bytes(&additional), &body,
		    tag, err);
	if (status != OURO_OK)
		goto out;
	out.sealed = binary(body.data, body.size);
	out.tag = binary(tag, sizeof(tag));
	status = canonical_pack(&out.base, record, err);
out:
	bytes_wipe(key, sizeof(key));
	buffer_wipe(&body);
	buffer_release(&additional);
	return status;
}

/* ---- decoding ----------------------------------------------------------- */

static bool
tree_fits(const Ouro__Tree *tree)
{
	return tree == NULL ||
	    (tree->id.len == HASH_SIZE && tree->level <= TREE_LEVEL_MAX);
}

enum ouro_status
content_peek(const uint8_t id[HASH_SIZE], struct bytes record,
    Ouro__ContentRecord **unpacked, struct ouro_error *err)
{
	ProtobufCMessage *message;
	Ouro__ContentRecord *content;
	enum ouro_status status;

	status = canonical_unpack(&ouro__content_record__descriptor, record,
	    &message, "content record", err);
	if (status != OURO_OK)
		return status;
	content = (Ouro__ContentRecord *)message;
	if (content->version != CONTENT_VERSION)
		status = error_set(err, OURO_UNSUPPORTED,
		    "a content record has version %u; this build knows %d",
		    content->version, CONTENT_VERSION);
	else if ((content->parent.len != 0 &&
		     content->parent.len != HASH_SIZE) ||
	    content->k < 1 || content->epoch < 1 || content->k > SLICES_MAX ||
	    !tree_fits(content->data) || !tree_fits(content->meta) ||
	    content->salt.len != BODY_SALT_SIZE || content->tag.len != TAG_SIZE)
		status = content_damaged(id, "a field is out of range", err);
	if (status != OURO_OK)
		canonical_free(message);
	else
		*unpacked = content;
	return status;
}

/* One part from the record's clear and the body's sealed half. */
static bool
part_fill(uint64_t size, ProtobufCBinaryData inlined, const Ouro__Tree *tree,
    const Ouro__TreeKey *key, struct content_part *out)
{
	out->size = size;
	if (size <= INLINE_MAX) {
		out->inlined = plain(inlined);
		return inlined.len == size && tree == NULL && key == NULL;
	}
	if (tree == NULL || key == NULL || key->key.len != KEY_SIZE ||
	    key->epoch < 1 || inlined.len != 0)
		return false;
	memcpy(out->root.id, tree->id.data, HASH_SIZE);
	memcpy(out->root.key, key->key.data, KEY_SIZE);
	out->root.epoch = key->epoch;
	out->root.size = size;
	out->level = tree->level;
	return true;
}

/* Opens the sealed body of an unpacked record. */
static enum ouro_status
content_open(const uint8_t key[KEY_SIZE], const uint8_t id[HASH_SIZE],
    const Ouro__ContentRecord *record, Ouro__ContentBody **out,
    struct ouro_error *err)
{
	struct buffer additional = { 0 }, clear = { 0 };
	ProtobufCMessage *message = NULL;
	enum ouro_status status;

	status = content_additional(record, &additional, err);
	if (status == OURO_OK)
		status = body_open(key, record->salt.data,
		    buffer_bytes(&additional), plain(record->sealed),
		    record->tag.data, &clear, err);
	if (status == OURO_WRONG_KEY)
		status = content_damaged(id, "its seal does not fit", err);
	if (status == OURO_OK)
		status = canonical_unpack(&ouro__content_body__descriptor,
		    buffer_bytes(&clear), &message, "content body", err);
	if (status == OURO_OK)
		*out = (Ouro__ContentBody *)message;
	buffer_release(&additional);
	buffer_wipe(&clear);
	return status;
}

/* Both halves of a record; the id is not compared. */
static enum ouro_status
content_fill(const uint8_t key[KEY_SIZE], const uint8_t id[HASH_SIZE],
    const Ouro__ContentRecord *record, struct content *out,
    struct ouro_error *err)
{
	Ouro__ContentBody *body;
	enum ouro_status status = content_open(key, id, record, &out->body,
	    err);

	if (status != OURO_OK)
		return status;
	body = out->body;
	memcpy(out->id, id, HASH_SIZE);
	out->has_parent = record->parent.len != 0;
	if (out->has_parent)
		memcpy(out->parent, record->parent.data, HASH_SIZE);
	out->k = record->k;
	out->epoch = record->epoch;
	out->chunks = body->chunks;
	out->type = plain(body->type);
	if (!part_fill(body->size, body->data, record->data, body->data_key,
		&out->data) ||
	    !part_fill(body->meta_size, body->meta, record->meta,
		body->meta_key, &out->meta) ||
	    out->type.size > CONTENT_TYPE_MAX)
		return content_damaged(id, "its halves do not fit", err);
	return OURO_OK;
}

enum ouro_status
content_decode_with(const uint8_t key[KEY_SIZE], const uint8_t id[HASH_SIZE],
    struct bytes record, struct content *out, struct ouro_error *err)
{
	Ouro__ContentRecord *unpacked = NULL;
	enum ouro_status status;

	*out = (struct content){ 0 };
	status = content_peek(id, record, &unpacked, err);
	if (status == OURO_OK)
		status = content_fill(key, id, unpacked, out, err);
	if (unpacked != NULL)
		canonical_free(&unpacked->base);
	if (status != OURO_OK)
		content_release(out);
	return status;
}

enum ouro_status
content_decode(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    struct bytes record, struct content *out, struct ouro_error *err)
{
	Ouro__ContentRecord *unpacked = NULL;
	uint8_t key[KEY_SIZE], found[HASH_SIZE];
	enum ouro_status status;

	*out = (struct content){ 0 };
	status = content_peek(id, record, &unpacked, err);
	if (status == OURO_OK)
		status = content_key(vault, unpacked->epoch, id, key, err);
	if (status == OURO_OK)
		status = content_fill(key, id, unpacked, out, err);
	bytes_wipe(key, sizeof(key));
	if (status == OURO_OK)
		status = content_id(vault, out, found, err);
	if (status == OURO_OK && memcmp(found, id, HASH_SIZE) != 0)
		status = content_damaged(id, "its fields give another id", err);
	if (unpacked != NULL)
		canonical_free(&unpacked->base);
	if (status != OURO_OK)
		content_release(out);
	return status;
}

void
content_release(struct content *content)
{
	if (content->body != NULL)
		canonical_free(&content->body->base);
	bytes_wipe(content, sizeof(*content));
}
