/*
 * bundle_write - granted contents as one stream (ouro_bundle_write).
 *
 * Everything goes out as somebody opens it who has nothing but the content
 * key: each object under the epoch that stands beside its key in the object
 * above. That a page or chunk was sealed anew meanwhile, for another content
 * that has it too, therefore makes no difference. Chunks are read, checked
 * and healed as any read does, and sealed with a fresh salt; slices and what
 * they tell of the vault's disks stay here.
 *
 * Memory: 53 bytes, and 32 to 64, for each distinct chunk and page, so that
 * each goes out once, and a page of each level.
 */
#include <stdlib.h>

#include "base/error.h"
#include "exchange/bundle_format.h"
#include "exchange/share_grant.h"
#include "seal/canonical.h"
#include "seal/derive.h"
#include "vault/chunk.h"
#include "vault/hash_set.h"
#include "vault/reach.h"
#include "vault/vault.h"

struct bundling {
	struct ouro_vault *vault;
	struct archive_writer *out;
	uint64_t number;	     /* of the next frame */
	struct hash_set seen;	     /* what went out */
	struct buffer index;	     /* entries */
	const struct erasure *whole; /* 1 + 0 */
	struct chunk_slot *slot;
	struct buffer record; /* of a content or page, reused */
};

/* Type and epoch are part of what an object is known by here. */
static void
seen_key(const struct bundle_entry *entry, uint8_t key[HASH_SIZE])
{
	memcpy(key, entry->id, HASH_SIZE);
	put_u32le(key, get_u32le(key) ^ entry->epoch);
	key[4] ^= (uint8_t)entry->type;
}

/* *added is false for what went out before. */
static enum ouro_status
object_note(struct bundling *bundling, struct bundle_entry *entry, bool *added,
    struct ouro_error *err)
{
	uint8_t key[HASH_SIZE], packed[BUNDLE_ENTRY_SIZE];
	enum ouro_status status;

	seen_key(entry, key);
	status = hash_set_add(&bundling->seen, key, added, err);
	if (status != OURO_OK || !*added)
		return status;
	entry->number = bundling->number;
	entry->offset = archive_written(bundling->out);
	bundle_entry_write(entry, packed);
	return buffer_append(&bundling->index, bytes_of(packed, sizeof(packed)),
	    err);
}

static enum ouro_status
frame_write(struct bundling *bundling, enum bundle_frame type,
    const struct bytes *parts, size_t count, struct ouro_error *err)
{
	bundling->number++;
	return archive_write(bundling->out, (uint8_t)type, parts, count, err);
}

/* ---- chunks ------------------------------------------------------------------- */

static enum ouro_status
chunk_seal(struct bundling *bundling, const struct tree_entry *entry,
    struct ouro_error *err)
{
	struct stripe_options options = { .fs = bundling->vault->fs,
		.erasure = bundling->whole,
		.k = 1,
		.level = bundling->vault->level,
		.epoch = entry->epoch,
		.chunk_id = entry->id,
		.chunk_key = entry->key };
	struct chunk_tools *tools;
	enum ouro_status status = chunk_tools_take(bundling->vault, &tools,
	    err);

	if (status != OURO_OK)
		return status;
	options.compressor = tools->compressor;
	status = stripe_seal(&options, buffer_bytes(&bundling->slot->clear),
	    &tools->stripe, err);
	if (status == OURO_OK) {
		struct bytes slice = stripe_slice(&tools->stripe, 0);

		status = frame_write(bundling, BUNDLE_CHUNK, &slice, 1, err);
	}
	chunk_tools_give(bundling->vault, tools);
	return status;
}

static enum ouro_status
chunk_write(struct bundling *bundling, const struct tree_entry *entry,
    struct ouro_error *err)
{
	struct bundle_entry note = { .type = BUNDLE_CHUNK,
		.epoch = entry->epoch };
	char name[24];
	bool added;
	enum ouro_status status;

	memcpy(note.id, entry->id, HASH_SIZE);
	status = object_note(bundling, &note, &added, err);
	if (status != OURO_OK || !added)
		return status;
	status = chunk_load(bundling->vault, bundling->slot, entry, err);
	if (status == OURO_OK && bundling->slot->clear.size != entry->size)
		status = error_set(err, OURO_DAMAGED,
		    "chunk %s has another size than its page says",
		    id_short(entry->id, name));
	return status == OURO_OK ? chunk_seal(bundling, entry, err) : status;
}

/* ---- pages ---------------------------------------------------------------------- */

static enum ouro_status tree_write(struct bundling *bundling,
    const struct tree_entry *entry, unsigned level, struct ouro_error *err);

/* The key that is given with a page is the one it is going to be sealed
 * under. */
static enum ouro_status
page_key_check(struct ouro_vault *vault, const struct tree_entry *entry,
    struct ouro_error *err)
{
	uint8_t epoch_key[KEY_SIZE], key[KEY_SIZE];
	char name[24];
	enum ouro_status status;

	status = vault_epoch_key(vault, entry->epoch, epoch_key, NULL, err);
	if (status == OURO_OK)
		status = derive_page_key(epoch_key, entry->id, key, err);
	if (status == OURO_OK && !crypt_equal(key, entry->key, KEY_SIZE))
		status = error_set(err, OURO_DAMAGED,
		    "page %s is listed with a key that is none of it",
		    id_short(entry->id, name));
	bytes_wipe(epoch_key, sizeof(epoch_key));
	bytes_wipe(key, sizeof(key));
	return status;
}

static enum ouro_status
page_frame(struct bundling *bundling, const struct tree_entry *entry,
    struct page *page, struct ouro_error *err)
{
	struct bytes parts[2] = { bytes_of(entry->id, HASH_SIZE) };
	enum ouro_status status = page_key_check(bundling->vault, entry, err);

	page->epoch = entry->epoch;
	bundling->record.size = 0;
	if (status == OURO_OK)
		status = page_encode(bundling->vault, page, entry->id,
		    &bundling->record, err);
	parts[1] = buffer_bytes(&bundling->record);
	return status == OURO_OK
	    ? frame_write(bundling, BUNDLE_PAGE, parts, 2, err)
	    : status;
}

static enum ouro_status
page_write(struct bundling *bundling, const struct tree_entry *entry,
    unsigned level, struct ouro_error *err)
{
	struct bundle_entry note = { .type = BUNDLE_PAGE,
		.epoch = entry->epoch };
	struct page page;
	bool added;
	enum ouro_status status;

	memcpy(note.id, entry->id, HASH_SIZE);
	status = object_note(bundling, &note, &added, err);
	if (status != OURO_OK || !added)
		return status;
	status = page_load(bundling->vault, entry, level, &page, err);
	if (status == OURO_OK)
		status = page_frame(bundling, entry, &page, err);
	for (size_t i = 0; status == OURO_OK && i < page.count; i++)
		status = tree_write(bundling, &page.entries[i], level - 1, err);
	page_release(&page);
	return status;
}

/* Recursion is bounded by TREE_LEVEL_MAX. */
static enum ouro_status
tree_write(struct bundling *bundling, const struct tree_entry *entry,
    unsigned level, struct ouro_error *err)
{
	return level == 0 ? chunk_write(bundling, entry, err)
			  : page_write(bundling, entry, level, err);
}

/* ---- contents ---------------------------------------------------------------------- */

static enum ouro_status
content_frame(struct bundling *bundling, const struct grant *grant,
    struct content *content, struct ouro_error *err)
{
	struct bundle_entry note = { .type = BUNDLE_CONTENT,
		.epoch = grant->epoch };
	uint8_t head[BUNDLE_HEAD_SIZE];
	struct bytes parts[2] = { bytes_of(head, sizeof(head)) };
	bool added;
	enum ouro_status status;

	memcpy(note.id, grant->content, HASH_SIZE);
	bundle_head_write(grant, head);
	content->epoch = grant->epoch;
	bundling->record.size = 0;
	status = content_encode(bundling->vault, content, &bundling->record,
	    err);
	if (status == OURO_OK)
		status = object_note(bundling, &note, &added, err);
	parts[1] = buffer_bytes(&bundling->record);
	return status == OURO_OK
	    ? frame_write(bundling, BUNDLE_CONTENT, parts, 2, err)
	    : status;
}

static enum ouro_status
part_write(struct bundling *bundling, const struct content_part *part,
    struct ouro_error *err)
{
	return part->size > INLINE_MAX
	    ? tree_write(bundling, &part->root, part->level, err)
	    : OURO_OK;
}

static enum ouro_status
content_write(struct bundling *bundling, const struct grant *grant,
    struct ouro_error *err)
{
	struct row_key key = row_id(ROW_CONTENT, grant->content, HASH_SIZE);
	struct engine_value value = { 0 };
	struct content content = { 0 };
	enum ouro_status status;

	status = set_get(bundling->vault, row_bytes(&key), &value, err);
	if (status == OURO_OK)
		status = content_decode(bundling->vault, grant->content,
		    value.bytes, &content, err);
	engine_value_release(&value);
	if (status == OURO_OK)
		status = content_frame(bundling, grant, &content, err);
	if (status == OURO_OK)
		status = part_write(bundling, &content.data, err);
	if (status == OURO_OK)
		status = part_write(bundling, &content.meta, err);
	content_release(&content);
	return status;
}

/* ---- the end -------------------------------------------------------------------------- */

static int
entry_compare(const void *a, const void *b)
{
	return memcmp(a, b, BUNDLE_KEY_SIZE);
}

static enum ouro_status
end_write(struct bundling *bundling, struct ouro_error *err)
{
	size_t count = bundling->index.size / BUNDLE_ENTRY_SIZE;
	size_t most = (size_t)BUNDLE_INDEX_MAX * BUNDLE_ENTRY_SIZE;
	uint8_t end[BUNDLE_END_SIZE];
	struct bytes part = bytes_of(end, sizeof(end));
	enum ouro_status status = OURO_OK;

	if (count > 0)
		qsort(bundling->index.data, count, BUNDLE_ENTRY_SIZE,
		    entry_compare);
	put_u64le(end, (count + BUNDLE_INDEX_MAX - 1) / BUNDLE_INDEX_MAX);
	put_u64le(end + 8, count);
	for (size_t at = 0; status == OURO_OK && at < bundling->index.size;
	     at += most) {
		struct bytes entries = bytes_of(bundling->index.data + at,
		    bundling->index.size - at);

		if (entries.size > most)
			entries.size = most;
		status = frame_write(bundling, BUNDLE_INDEX, &entries, 1, err);
	}
	return status == OURO_OK
	    ? archive_write(bundling->out, ARCHIVE_END, &part, 1, err)
	    : status;
}

/* ---- what is granted -------------------------------------------------------------------- */

/* The names of what goes out, and whose it is. */
struct granted {
	struct ouro_vault *vault;
	char fingerprint[FINGERPRINT_TEXT + 1];
	uint8_t public_key[KEM_PUBLIC_SIZE];
	struct buffer ids;
};

/* A grant that does not count, and one of a content that is gone, give
 * nothing. */
static bool
grant_counts(struct ouro_vault *vault, const struct grant_name *name,
    struct grant *grant)
{
	struct ouro_error error;
	enum ouro_status status = grant_find(vault, name, grant, &error);

	if (status != OURO_OK && status != OURO_NOT_FOUND)
		log_write(&vault->log, LOG_WARNING,
		    "a grant to %s does not count: %s", name->fingerprint,
		    error.text);
	return status == OURO_OK &&
	    reach_content(vault, grant->content, NULL) == OURO_OK;
}

static enum ouro_status
granted_see(void *context, const struct grant_name *name,
    const uint8_t target[HASH_SIZE], uint64_t made_ms, struct ouro_error *err)
{
	struct granted *granted = context;
	struct grant grant;

	(void)target;
	(void)made_ms;
	if (strcmp(name->fingerprint, granted->fingerprint) != 0 ||
	    !grant_counts(granted->vault, name, &grant))
		return OURO_OK;
	memcpy(granted->public_key, grant.public_key, KEM_PUBLIC_SIZE);
	return buffer_append(&granted->ids, bytes_of(name->content, HASH_SIZE),
	    err);
}

static enum ouro_status
granted_find(struct granted *granted, const uint8_t *id,
    const char *fingerprint, struct ouro_error *err)
{
	uint8_t content[HASH_SIZE];
	Ouro__RefRecord *ref = NULL;
	enum ouro_status status = OURO_OK;

	if (id != NULL) {
		memcpy(content, id, HASH_SIZE);
		status = reach_target(granted->vault, id, content, &ref, err);
		id = content;
	}
	if (ref != NULL)
		canonical_free(&ref->base);
	if (status == OURO_OK)
		status = grant_fingerprint(granted->vault, id, fingerprint,
		    granted->fingerprint, err);
	if (status == OURO_OK)
		status = grant_names(granted->vault, id, granted_see, granted,
		    err);
	if (status == OURO_OK && granted->ids.size == 0)
		status = error_set(err, OURO_NOT_FOUND,
		    "nothing that is there is shared with %s",
		    granted->fingerprint);
	return status;
}

/* ---- together ------------------------------------------------------------------------------ */

static enum ouro_status
bundling_begin(struct bundling *bundling, const struct granted *granted,
    ouro_sink *sink, void *context, struct ouro_error *err)
{
	struct ouro_vault *vault = bundling->vault;
	uint8_t secret[KEY_SIZE], opener[ARCHIVE_BUNDLE_SIZE];
	struct archive_head head = { .kind = ARCHIVE_BUNDLE,
		.opener = bytes_of(opener, sizeof(opener)) };
	enum ouro_status status;

	pthread_rwlock_rdlock(&vault->keys_lock);
	memcpy(head.vault_id, keyring_vault_id(vault->keyring), VAULT_ID_SIZE);
	pthread_rwlock_unlock(&vault->keys_lock);
	status = archive_bundle_lock(vault->fs, granted->public_key, secret,
	    opener, err);
	if (status == OURO_OK)
		status = archive_writer_new(vault->fs, &head, secret, sink,
		    context, &bundling->out, err);
	bytes_wipe(secret, sizeof(secret));
	if (status == OURO_OK)
		status = vault_code(vault, 1, 0, &bundling->whole, err);
	return status == OURO_OK ? chunk_slot_take(vault, &bundling->slot, err)
				 : status;
}

/* Pinned, as a content that is being read. What was taken back or removed
 * since it was looked for is left out. */
static enum ouro_status
granted_write(struct bundling *bundling, const struct grant_name *name,
    struct ouro_error *err)
{
	struct pins *pins = &bundling->vault->pins;
	struct grant grant;
	enum ouro_status status = pins_add(pins, name->content, err);

	if (status != OURO_OK)
		return status;
	if (grant_counts(bundling->vault, name, &grant))
		status = content_write(bundling, &grant, err);
	pins_drop(pins, name->content);
	return status;
}

static enum ouro_status
bundling_run(struct bundling *bundling, const struct granted *granted,
    struct ouro_error *err)
{
	struct grant_name name;
	enum ouro_status status = OURO_OK;

	memcpy(name.fingerprint, granted->fingerprint,
	    sizeof(name.fingerprint));
	for (size_t at = 0; status == OURO_OK && at < granted->ids.size;
	     at += HASH_SIZE) {
		memcpy(name.content, granted->ids.data + at, HASH_SIZE);
		status = granted_write(bundling, &name, err);
	}
	return status == OURO_OK ? end_write(bundling, err) : status;
}

static void
bundling_release(struct bundling *bundling)
{
	archive_writer_free(bundling->out);
	chunk_slot_give(bundling->vault, bundling->slot);
	hash_set_release(&bundling->seen);
	buffer_release(&bundling->index);
	buffer_wipe(&bundling->record);
}

enum ouro_status
ouro_bundle_write(struct ouro_vault *vault, const uint8_t *id,
    const char *fingerprint, ouro_sink *sink, void *context,
    struct ouro_error *err)
{
	struct bundling bundling = { .vault = vault };
	struct granted granted = { .vault = vault };
	enum ouro_status status = granted_find(&granted, id, fingerprint, err);

	if (status == OURO_OK)
		status = bundling_begin(&bundling, &granted, sink, context,
		    err);
	if (status == OURO_OK)
		status = bundling_run(&bundling, &granted, err);
	bundling_release(&bundling);
	buffer_release(&granted.ids);
	return status;
}
