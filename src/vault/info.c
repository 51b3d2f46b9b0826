#include "vault/info.h"

#include <stdlib.h>

#include "base/error.h"
#include "seal/canonical.h"
#include "vault/chunk.h"
#include "vault/name.h"
#include "vault/reach.h"
#include "vault/tree.h"
#include "vault/vault.h"

void
ouro_info_release(struct ouro_info *info)
{
	if (info == NULL)
		return;
	free(info->namespace_);
	free(info->name);
	free(info->owner);
	free(info->group);
	free(info->type);
	free(info->meta);
	*info = (struct ouro_info){ 0 };
}

static enum ouro_status
info_copy(char **out, struct bytes text, struct ouro_error *err)
{
	char *copy = malloc(text.size + 1);

	if (copy == NULL)
		return error_memory(err);
	if (text.size > 0)
		memcpy(copy, text.data, text.size);
	copy[text.size] = '\0';
	free(*out);
	*out = copy;
	return OURO_OK;
}

enum ouro_status
info_version(const uint8_t id[HASH_SIZE], const Ouro__RefRecord *ref,
    struct ouro_info *out, struct ouro_error *err)
{
	enum ouro_status status;

	memcpy(out->version, id, HASH_SIZE);
	out->has_version = true;
	out->deletion = ref->target.len == 0;
	out->saved_ms = stamp_ms(ref->stamp);
	out->expires_ms = ref->expires;
	out->mode = ref->mode;
	status = info_copy(&out->namespace_, bytes_text(ref->namespace_), err);
	if (status == OURO_OK)
		status = info_copy(&out->name, bytes_text(ref->path), err);
	if (status == OURO_OK)
		status = info_copy(&out->owner, bytes_text(ref->owner), err);
	if (status == OURO_OK)
		status = info_copy(&out->group, bytes_text(ref->group), err);
	return status;
}

/* ---- content ------------------------------------------------------------------ */

static enum ouro_status
meta_read(struct tree_reader *reader, struct chunk_slot *slot,
    struct buffer *out, struct ouro_error *err)
{
	struct tree_entry entry;
	enum ouro_status status;

	while ((status = tree_next(reader, &entry, err)) == OURO_OK) {
		status = chunk_load(reader->vault, slot, &entry, err);
		if (status == OURO_OK)
			status = buffer_append(out, buffer_bytes(&slot->clear),
			    err);
		if (status != OURO_OK)
			break;
	}
	bytes_wipe(&entry, sizeof(entry));
	return status == OURO_END ? OURO_OK : status;
}

static enum ouro_status
info_meta(struct ouro_vault *vault, const struct content_part *meta,
    struct ouro_info *out, struct ouro_error *err)
{
	struct buffer read = { 0 };
	struct tree_reader reader;
	struct chunk_slot *slot;
	enum ouro_status status;

	status = chunk_slot_take(vault, &slot, err);
	if (status != OURO_OK)
		return status;
	tree_reader_init(&reader, vault, &meta->root, meta->level);
	status = meta_read(&reader, slot, &read, err);
	if (status == OURO_OK && read.size != meta->size)
		status = error_set(err, OURO_DAMAGED,
		    "meta has %zu bytes where its record says %llu", read.size,
		    (unsigned long long)meta->size);
	if (status == OURO_OK)
		status = info_copy((char **)&out->meta, buffer_bytes(&read),
		    err);
	tree_reader_release(&reader);
	chunk_slot_give(vault, slot);
	buffer_wipe(&read);
	return status;
}

static enum ouro_status
info_fill(struct ouro_vault *vault, const struct content *content,
    const struct info_wants *wants, struct ouro_info *out,
    struct ouro_error *err)
{
	enum ouro_status status;

	out->has_parent = content->has_parent;
	memcpy(out->parent, content->parent, HASH_SIZE);
	out->bytes = content->data.size;
	out->chunks = content->chunks;
	out->k = content->k;
	out->m = vault->m;
	out->epoch = content->epoch;
	out->inlined = content->data.size <= INLINE_MAX;
	out->compressed = content->data.inlined.size +
	    content->meta.inlined.size;
	out->stored = out->compressed;
	out->meta_size = content->meta.size;
	status = info_copy(&out->type, content->type, err);
	if (status == OURO_OK && content->meta.size <= INLINE_MAX)
		status = info_copy((char **)&out->meta, content->meta.inlined,
		    err);
	else if (status == OURO_OK && wants->meta &&
	    content->meta.size <= INFO_META_MAX)
		status = info_meta(vault, &content->meta, out, err);
	if (status == OURO_OK && wants->slices)
		status = info_slices(vault, content, out, err);
	return status;
}

enum ouro_status
info_content(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    const struct info_wants *wants, struct ouro_info *out,
    struct ouro_error *err)
{
	struct row_key key = row_id(ROW_CONTENT, id, HASH_SIZE);
	struct engine_value value = { 0 };
	struct content content = { 0 };
	char name[24];
	enum ouro_status status;

	memcpy(out->content, id, HASH_SIZE);
	status = set_get(vault, row_bytes(&key), &value, err);
	if (status == OURO_NOT_FOUND)
		return error_set(err, OURO_DAMAGED, "content %s is missing",
		    id_short(id, name));
	if (status == OURO_OK)
		status = content_decode(vault, id, value.bytes, &content, err);
	engine_value_release(&value);
	if (status == OURO_OK)
		status = info_fill(vault, &content, wants, out, err);
	content_release(&content);
	return status;
}

/* ---- the newest version of a content -------------------------------------------- */

struct newest {
	struct ouro_vault *vault;
	uint8_t id[HASH_SIZE];
	Ouro__RefRecord *ref;
};

static bool
newest_see(void *context, const uint8_t id[HASH_SIZE])
{
	struct newest *newest = context;
	Ouro__RefRecord *ref;

	if (reach_version(newest->vault, id, &ref, NULL) != OURO_OK)
		return true;
	if (newest->ref == NULL || newest->ref->stamp < ref->stamp) {
		Ouro__RefRecord *older = newest->ref;

		newest->ref = ref;
		memcpy(newest->id, id, HASH_SIZE);
		ref = older;
	}
	if (ref != NULL)
		canonical_free(&ref->base);
	return true;
}

static enum ouro_status
info_newest(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    struct ouro_info *out, struct ouro_error *err)
{
	struct newest newest = { .vault = vault };
	enum ouro_status status = reach_pairs(vault, ROW_USE, id, newest_see,
	    &newest, err);

	if (status == OURO_OK && newest.ref != NULL)
		status = info_version(newest.id, newest.ref, out, err);
	if (newest.ref != NULL)
		canonical_free(&newest.ref->base);
	return status;
}

static enum ouro_status
info_of(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    const struct info_wants *wants, struct ouro_info *out,
    struct ouro_error *err)
{
	uint8_t content[HASH_SIZE] = { 0 };
	Ouro__RefRecord *ref;
	enum ouro_status status = reach_target(vault, id, content, &ref, err);

	*out = (struct ouro_info){ 0 };
	if (status != OURO_OK)
		return status;
	out->asked = ref == NULL ? OURO_CONTENT : OURO_VERSION;
	if (ref != NULL)
		status = info_version(id, ref, out, err);
	else
		status = info_newest(vault, id, out, err);
	if (status == OURO_OK && !out->deletion)
		status = info_content(vault, content, wants, out, err);
	if (ref != NULL)
		canonical_free(&ref->base);
	if (status != OURO_OK)
		ouro_info_release(out);
	return status;
}

enum ouro_status
ouro_info(struct ouro_vault *vault, const uint8_t id[OURO_ID_SIZE],
    struct ouro_info *out, struct ouro_error *err)
{
	static const struct info_wants all = { .meta = true, .slices = true };

	return info_of(vault, id, &all, out, err);
}

enum ouro_status
ouro_info_brief(struct ouro_vault *vault, const uint8_t id[OURO_ID_SIZE],
    struct ouro_info *out, struct ouro_error *err)
{
	static const struct info_wants none = { .meta = false };

	return info_of(vault, id, &none, out, err);
}
