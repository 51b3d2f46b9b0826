/*
 * bundle_read - the contents of a bundle (ouro_bundle_list, ouro_bundle_read).
 *
 * Whoever made the bundle knew its keys and may have written anything: sizes
 * are compared level by level, and depth and fan-out are bounded by them.
 */
#include <stdlib.h>

#include "base/error.h"
#include "exchange/bundle.h"
#include "seal/canonical.h"
#include "seal/compress.h"
#include "seal/stripe.h"

#define META_MAX ((uint64_t)16 * 1024 * 1024) /* that a list gives */

static const char *
name_of(const uint8_t id[HASH_SIZE], char out[CHUNK_NAME_SIZE])
{
	return chunk_name(id, out);
}

/* ---- objects ------------------------------------------------------------------- */

static enum ouro_status
object_frame(struct ouro_bundle *bundle, enum bundle_frame type,
    const struct tree_entry *wanted, struct bytes *content,
    struct ouro_error *err)
{
	struct bundle_entry key = { .type = type, .epoch = wanted->epoch };
	struct bundle_entry entry = { .epoch = 0 };
	char name[CHUNK_NAME_SIZE];
	enum ouro_status status;

	memcpy(key.id, wanted->id, HASH_SIZE);
	status = bundle_find(bundle, &key, &entry, err);
	if (status != OURO_OK && status != OURO_NOT_FOUND)
		return status;
	if (status == OURO_NOT_FOUND || entry.type != type ||
	    entry.epoch != wanted->epoch ||
	    memcmp(entry.id, wanted->id, HASH_SIZE) != 0)
		return error_set(err, OURO_DAMAGED,
		    "the bundle lacks %s %s of epoch %u",
		    type == BUNDLE_PAGE ? "page" : "chunk",
		    name_of(wanted->id, name), wanted->epoch);
	return bundle_frame(bundle, &entry, content, err);
}

/* ---- chunks --------------------------------------------------------------------- */

static enum ouro_status
slice_open(struct ouro_bundle *bundle, const struct tree_entry *entry,
    const struct slice *slice, struct ouro_error *err)
{
	const struct slice *slices[SLICES_MAX] = { slice };
	char name[CHUNK_NAME_SIZE];
	enum ouro_status status;

	if (slice->index != 0 || slice->k != 1 ||
	    slice->epoch != entry->epoch ||
	    memcmp(slice->chunk_id, entry->id, HASH_SIZE) != 0)
		return archive_refuse(bundle->reader,
		    "it holds another chunk than the index says", err);
	status = stripe_open(entry->key, slices, bundle->compressor,
	    &bundle->clear, NULL, NULL, err);
	if (status == OURO_OK && bundle->clear.size != entry->size)
		status = error_set(err, OURO_DAMAGED,
		    "chunk %s has %zu bytes; its page says %llu",
		    name_of(entry->id, name), bundle->clear.size,
		    (unsigned long long)entry->size);
	return status;
}

/* Into bundle->clear, where a chunk that is repeated lies already. */
static enum ouro_status
chunk_open(struct ouro_bundle *bundle, const struct tree_entry *entry,
    struct ouro_error *err)
{
	struct slice slice = { 0 };
	struct bytes frame;
	enum ouro_status status;

	if (bundle->clear_valid && bundle->clear_of.epoch == entry->epoch &&
	    bundle->clear_of.size == entry->size &&
	    memcmp(bundle->clear_of.id, entry->id, HASH_SIZE) == 0 &&
	    crypt_equal(bundle->clear_of.key, entry->key, KEY_SIZE))
		return OURO_OK;
	bundle->clear_valid = false;
	status = object_frame(bundle, BUNDLE_CHUNK, entry, &frame, err);
	if (status == OURO_OK)
		status = slice_decode(frame, &slice, err);
	if (status == OURO_OK)
		status = slice_open(bundle, entry, &slice, err);
	slice_release(&slice);
	bundle->clear_of = *entry;
	bundle->clear_valid = status == OURO_OK;
	return status;
}

/* ---- trees ------------------------------------------------------------------------ */

static enum ouro_status
page_open(struct ouro_bundle *bundle, const struct tree_entry *entry,
    unsigned level, struct page *out, struct ouro_error *err)
{
	struct bytes frame = bytes_of(NULL, 0);
	uint64_t size = 0;
	bool fits = true;
	enum ouro_status status;

	*out = (struct page){ 0 };
	status = object_frame(bundle, BUNDLE_PAGE, entry, &frame, err);
	if (status == OURO_OK &&
	    (frame.size < HASH_SIZE ||
		memcmp(frame.data, entry->id, HASH_SIZE) != 0))
		status = archive_refuse(bundle->reader,
		    "it holds another page than the index says", err);
	if (status == OURO_OK)
		status = page_decode(NULL, entry->id,
		    bytes_of(frame.data + HASH_SIZE, frame.size - HASH_SIZE),
		    entry->key, out, err);
	if (status != OURO_OK)
		return status;
	for (size_t i = 0; i < out->count; i++)
		fits = fits && out->entries[i].size > 0 &&
		    !__builtin_add_overflow(size, out->entries[i].size, &size);
	if (!fits || size != entry->size || out->level != level)
		status = archive_refuse(bundle->reader,
		    "a page does not fit what lists it", err);
	return status;
}

/* Recursion is bounded by TREE_LEVEL_MAX, and what it does by the sizes: every
 * entry has at least a byte. */
static enum ouro_status
tree_give(struct ouro_bundle *bundle, const struct tree_entry *entry,
    unsigned level, ouro_sink *sink, void *context, struct ouro_error *err)
{
	struct page page;
	enum ouro_status status;

	if (level == 0) {
		status = chunk_open(bundle, entry, err);
		return status == OURO_OK
		    ? sink(context, bundle->clear.data, bundle->clear.size, err)
		    : status;
	}
	status = page_open(bundle, entry, level, &page, err);
	for (size_t i = 0; status == OURO_OK && i < page.count; i++)
		status = tree_give(bundle, &page.entries[i], level - 1, sink,
		    context, err);
	page_release(&page);
	return status;
}

static enum ouro_status
part_give(struct ouro_bundle *bundle, const struct content_part *part,
    ouro_sink *sink, void *context, struct ouro_error *err)
{
	if (part->size > INLINE_MAX)
		return tree_give(bundle, &part->root, part->level, sink,
		    context, err);
	if (part->size == 0)
		return OURO_OK;
	return sink(context, part->inlined.data, part->inlined.size, err);
}

/* ---- contents ------------------------------------------------------------------------ */

/* The wrapped key opens the record; content_release also after failure. */
static enum ouro_status
content_open(struct ouro_bundle *bundle, const struct bundle_entry *entry,
    struct content *out, struct ouro_error *err)
{
	uint8_t key[KEY_SIZE];
	struct bytes frame = bytes_of(NULL, 0), record = frame;
	struct grant grant;
	enum ouro_status status;

	*out = (struct content){ 0 };
	status = bundle_frame(bundle, entry, &frame, err);
	if (status == OURO_OK)
		status = bundle_head_read(frame, &grant, &record, err);
	if (status == OURO_OK &&
	    (grant.epoch != entry->epoch ||
		memcmp(grant.content, entry->id, HASH_SIZE) != 0))
		status = archive_refuse(bundle->reader,
		    "it holds another content than the index says", err);
	if (status == OURO_OK)
		status = grant_open(&grant, bundle->seed, key, err);
	if (status == OURO_WRONG_KEY)
		status = archive_refuse(bundle->reader,
		    "the key of a content was not wrapped for this one", err);
	if (status == OURO_OK)
		status = content_decode_with(key, grant.content, record, out,
		    err);
	bytes_wipe(key, sizeof(key));
	if (status == OURO_OK && out->epoch != entry->epoch)
		status = archive_refuse(bundle->reader,
		    "a content is of another epoch than its key", err);
	return status;
}

/* The first content that is not before id. OURO_NOT_FOUND. */
static enum ouro_status
content_find(struct ouro_bundle *bundle, const uint8_t id[HASH_SIZE],
    uint32_t epoch, struct bundle_entry *out, struct ouro_error *err)
{
	struct bundle_entry key = { .type = BUNDLE_CONTENT, .epoch = epoch };
	enum ouro_status status;

	memcpy(key.id, id, HASH_SIZE);
	status = bundle_find(bundle, &key, out, err);
	if (status == OURO_OK && out->type != BUNDLE_CONTENT)
		status = error_plain(err, OURO_NOT_FOUND,
		    "the bundle has no more contents");
	return status;
}

enum ouro_status
ouro_bundle_read(struct ouro_bundle *bundle,
    const uint8_t content[OURO_ID_SIZE], ouro_sink *sink, void *context,
    struct ouro_error *err)
{
	struct content opened = { 0 };
	struct bundle_entry entry = { .epoch = 0 };
	char name[CHUNK_NAME_SIZE];
	enum ouro_status status;

	status = content_find(bundle, content, 1, &entry, err);
	if (status == OURO_NOT_FOUND ||
	    (status == OURO_OK && memcmp(entry.id, content, HASH_SIZE) != 0))
		return error_set(err, OURO_NOT_FOUND,
		    "the bundle has no content %s", name_of(content, name));
	if (status == OURO_OK)
		status = content_open(bundle, &entry, &opened, err);
	if (status == OURO_OK)
		status = part_give(bundle, &opened.data, sink, context, err);
	content_release(&opened);
	return status;
}

/* ---- listing ---------------------------------------------------------------------------- */

static enum ouro_status
meta_sink(void *context, const void *data, size_t size, struct ouro_error *err)
{
	return buffer_append(context, bytes_of(data, size), err);
}

/* What of a content is shown; meta and type lie in the buffers, each with a
 * NUL behind it. */
static enum ouro_status
item_fill(struct ouro_bundle *bundle, const struct content *content,
    struct buffer *type, struct buffer *meta, struct ouro_bundle_item *out,
    struct ouro_error *err)
{
	bool given = content->meta.size <= META_MAX;
	enum ouro_status status;

	type->size = 0;
	meta->size = 0;
	status = buffer_append(type, content->type, err);
	if (status == OURO_OK)
		status = buffer_append(type, bytes_of("", 1), err);
	if (status == OURO_OK && given)
		status = part_give(bundle, &content->meta, meta_sink, meta,
		    err);
	if (status == OURO_OK)
		status = buffer_append(meta, bytes_of("", 1), err);
	if (status != OURO_OK)
		return status;
	memcpy(out->content, content->id, HASH_SIZE);
	out->has_parent = content->has_parent;
	memcpy(out->parent, content->parent, HASH_SIZE);
	out->bytes = content->data.size;
	out->type = (const char *)type->data;
	out->meta = given ? meta->data : NULL;
	out->meta_size = (size_t)content->meta.size;
	return OURO_OK;
}

enum ouro_status
ouro_bundle_list(struct ouro_bundle *bundle, ouro_each_bundle_item *each,
    void *context, struct ouro_error *err)
{
	static const uint8_t first[HASH_SIZE];
	struct buffer type = { 0 }, meta = { 0 };
	struct bundle_entry entry = { .epoch = 0 };
	enum ouro_status status = content_find(bundle, first, 1, &entry, err);
	bool going = true;

	while (status == OURO_OK && going) {
		struct ouro_bundle_item item = { .bytes = 0 };
		struct content content;

		status = content_open(bundle, &entry, &content, err);
		if (status == OURO_OK)
			status = item_fill(bundle, &content, &type, &meta,
			    &item, err);
		if (status == OURO_OK)
			going = each(context, &item);
		content_release(&content);
		if (status == OURO_OK && going)
			status = content_find(bundle, entry.id, entry.epoch + 1,
			    &entry, err);
	}
	buffer_release(&type);
	buffer_release(&meta);
	return status == OURO_NOT_FOUND ? OURO_OK : status;
}
