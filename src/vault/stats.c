#include "base/error.h"
#include "seal/canonical.h"
#include "vault/chunk.h"
#include "vault/hash_set.h"
#include "vault/name_scan.h"
#include "vault/row_each.h"
#include "vault/tree.h"
#include "vault/vault.h"

/*
 * Statistics read every name, content, page and chunk row once and keep the
 * ids of all chunks in memory (vault/hash_set.h): time and memory grow with
 * the number of chunks.
 */
struct tally {
	struct ouro_vault *vault;
	struct ouro_stats *stats;
	struct hash_set chunks;
};

typedef enum ouro_status tally_row(struct tally *tally,
    const uint8_t id[HASH_SIZE], struct bytes value, struct ouro_error *err);

struct table_tally {
	struct tally *tally;
	tally_row *each;
	uint64_t count;
};

static enum ouro_status
tally_visit(void *context, struct bytes key, const struct bytes *value,
    struct ouro_error *err)
{
	struct table_tally *table = context;
	enum ouro_status status;

	table->count++;
	if (value == NULL || key.size != 1 + HASH_SIZE)
		return OURO_OK;
	status = table->each(table->tally, key.data + 1, *value, err);
	return status == OURO_DAMAGED ? OURO_OK : status;
}

/* Calls each (NULL: nothing) for every row; what is damaged only counts. */
static enum ouro_status
table_tally(struct tally *tally, enum row_table table, tally_row *each,
    uint64_t *count, struct ouro_error *err)
{
	struct table_tally context = { .tally = tally, .each = each };
	struct row_key prefix = row_table(table);
	struct engine *records = tally->vault->records;
	enum ouro_status status = each == NULL
	    ? row_each_key(records, &prefix, tally_visit, &context, err)
	    : row_each(records, &prefix, tally_visit, &context, err);

	*count += context.count;
	return status;
}

static enum ouro_status
chunk_tally(struct tally *tally, const struct tree_entry *entry,
    struct ouro_error *err)
{
	bool added;
	enum ouro_status status = hash_set_add(&tally->chunks, entry->id,
	    &added, err);

	if (status == OURO_OK && added)
		tally->stats->bytes_unique += entry->size;
	return status;
}

static enum ouro_status
content_tally(struct tally *tally, const uint8_t id[HASH_SIZE],
    struct bytes value, struct ouro_error *err)
{
	const struct content_part *parts[2];
	struct content content;
	enum ouro_status status = content_decode(tally->vault, id, value,
	    &content, err);

	if (status != OURO_OK)
		return status;
	parts[0] = &content.data;
	parts[1] = &content.meta;
	for (size_t i = 0; status == OURO_OK && i < 2; i++) {
		tally->stats->bytes_unique += parts[i]->inlined.size;
		if (parts[i]->size > INLINE_MAX && parts[i]->level == 0)
			status = chunk_tally(tally, &parts[i]->root, err);
	}
	content_release(&content);
	return status;
}

static enum ouro_status
page_tally(struct tally *tally, const uint8_t id[HASH_SIZE], struct bytes value,
    struct ouro_error *err)
{
	struct page page;
	enum ouro_status status = page_decode(tally->vault, id, value, NULL,
	    &page, err);

	if (status != OURO_OK)
		return status;
	for (size_t i = 0;
	     status == OURO_OK && page.level == 1 && i < page.count; i++)
		status = chunk_tally(tally, &page.entries[i], err);
	page_release(&page);
	return status;
}

static enum ouro_status
row_tally(struct tally *tally, const uint8_t id[HASH_SIZE], struct bytes value,
    struct ouro_error *err)
{
	ProtobufCMessage *message;
	Ouro__ChunkRow *row;
	enum ouro_status status;

	(void)id;
	status = canonical_unpack(&ouro__chunk_row__descriptor, value, &message,
	    "chunk row", err);
	if (status != OURO_OK)
		return status;
	row = (Ouro__ChunkRow *)message;
	if (row->n_stripes > 0)
		tally->stats->bytes_sealed += (uint64_t)row->stripes[0]
						  ->slice_size *
		    row->stripes[0]->k;
	canonical_free(message);
	return OURO_OK;
}

/* ---- names ------------------------------------------------------------------- */

static enum ouro_status
name_tally(struct tally *tally, const struct name_entry *entry,
    struct ouro_error *err)
{
	struct row_key key = row_id(ROW_CONTENT, entry->winner.target,
	    HASH_SIZE);
	struct engine_value value = { 0 };
	struct content content = { 0 };
	enum ouro_status status;

	tally->stats->names++;
	status = set_get(tally->vault, row_bytes(&key), &value, err);
	if (status == OURO_OK)
		status = content_decode(tally->vault, entry->winner.target,
		    value.bytes, &content, err);
	if (status == OURO_OK)
		tally->stats->bytes += content.data.size;
	content_release(&content);
	engine_value_release(&value);
	return status;
}

static enum ouro_status
names_tally(struct tally *tally, struct ouro_error *err)
{
	uint64_t now_ms = fs_wall_ms(tally->vault->fs);
	static const struct name_range all = { .namespace_ = NULL };
	struct name_scan scan;
	struct name_entry entry;
	enum ouro_status status;

	status = name_scan_open(&scan, tally->vault, &all, err);
	if (status != OURO_OK)
		return status;
	while (status == OURO_OK || status == OURO_DAMAGED ||
	    status == OURO_NOT_FOUND) {
		status = name_scan_next(&scan, &entry, err);
		if (status == OURO_OK && name_entry_is_current(&entry, now_ms))
			status = name_tally(tally, &entry, err);
	}
	name_scan_release(&scan);
	return status == OURO_END ? OURO_OK : status;
}

/* ---- engines ---------------------------------------------------------------------- */

static enum ouro_status
engine_tally(struct engine *engine, struct ouro_stats *stats, uint64_t *keys,
    struct ouro_error *err)
{
	struct engine_stats own = { 0 };
	enum ouro_status status = engine_stats(engine, &own, err);

	if (status != OURO_OK)
		return status;
	stats->bytes_disk += own.disk_bytes;
	stats->bytes_dead += own.dead_bytes;
	stats->segments += own.segments;
	stats->memory += own.memory_bytes;
	stats->damaged += own.damaged_records;
	if (keys != NULL)
		*keys += own.keys;
	return OURO_OK;
}

static enum ouro_status
engines_tally(struct ouro_vault *vault, struct ouro_stats *stats,
    struct ouro_error *err)
{
	unsigned count = lanes_count(vault);
	enum ouro_status status = engine_tally(vault->records, stats, NULL,
	    err);

	if (status == OURO_OK && vault->copies != NULL)
		status = engine_tally(vault->copies, stats, NULL, err);
	for (unsigned i = 0; status == OURO_OK && i < count; i++)
		status = engine_tally(lane(vault, i), stats, &stats->slices,
		    err);
	stats->lanes = count;
	return status;
}

static enum ouro_status
rows_tally(struct tally *tally, struct ouro_error *err)
{
	struct ouro_stats *stats = tally->stats;
	enum ouro_status status;

	status = table_tally(tally, ROW_CONTENT, content_tally,
	    &stats->contents, err);
	if (status == OURO_OK)
		status = table_tally(tally, ROW_REF, NULL, &stats->versions,
		    err);
	if (status == OURO_OK)
		status = table_tally(tally, ROW_PAGE, page_tally, &stats->pages,
		    err);
	if (status == OURO_OK)
		status = table_tally(tally, ROW_CHUNK, row_tally,
		    &stats->chunks, err);
	return status;
}

enum ouro_status
ouro_stats(struct ouro_vault *vault, struct ouro_stats *out,
    struct ouro_error *err)
{
	struct tally tally = { .vault = vault, .stats = out };
	struct fs_space space = { 0 };
	enum ouro_status status;

	*out = (struct ouro_stats){ .k = vault->k, .m = vault->m };
	pthread_rwlock_rdlock(&vault->keys_lock);
	out->epoch = keyring_epoch(vault->keyring);
	out->members = keyring_member_count(vault->keyring);
	pthread_rwlock_unlock(&vault->keys_lock);
	status = fs_space(vault->fs, vault->dir, &space, err);
	out->free_space = space.available;
	if (status == OURO_OK)
		status = engines_tally(vault, out, err);
	if (status == OURO_OK)
		status = rows_tally(&tally, err);
	if (status == OURO_OK)
		status = names_tally(&tally, err);
	hash_set_release(&tally.chunks);
	return status;
}
