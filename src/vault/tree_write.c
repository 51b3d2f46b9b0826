#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "seal/canonical.h"
#include "seal/derive.h"
#include "vault/tree.h"
#include "vault/vault.h"

/* Levels are numbered from 0 here: levels[i] is written as pages of level
 * i + 1. */

void
tree_writer_init(struct tree_writer *writer, struct ouro_vault *vault)
{
	*writer = (struct tree_writer){ .vault = vault };
	for (unsigned i = 0; i < TREE_LEVEL_MAX; i++) {
		writer->levels[i].level = i + 1;
		writer->pins[i].pins = &vault->pins;
	}
}

void
tree_writer_release(struct tree_writer *writer)
{
	for (unsigned i = 0; i < TREE_LEVEL_MAX; i++) {
		page_release(&writer->levels[i]);
		pin_list_drop(&writer->pins[i]);
	}
}

/* The page and the rows that say what it uses, in one batch. */
static enum ouro_status
page_apply(struct ouro_vault *vault, const struct page *page,
    const uint8_t id[HASH_SIZE], struct bytes record, struct ouro_error *err)
{
	size_t count = page->count;
	struct row_key *keys = calloc(count + 1, sizeof(*keys));
	struct engine_op *ops = calloc(count + 1, sizeof(*ops));
	enum ouro_status status;

	if (keys == NULL || ops == NULL) {
		status = error_memory(err);
		goto out;
	}
	keys[0] = row_id(ROW_PAGE, id, HASH_SIZE);
	ops[0] = (struct engine_op){ .kind = ENGINE_PUT,
		.key = row_bytes(&keys[0]),
		.value = record };
	for (size_t i = 0; i < count; i++) {
		keys[i + 1] = row_pair(ROW_USE, page->entries[i].id, id);
		ops[i + 1] = (struct engine_op){ .kind = ENGINE_PUT,
			.key = row_bytes(&keys[i + 1]) };
	}
	status = engine_apply(vault->records, ops, count + 1, ENGINE_SYNC_NEVER,
	    err);
	if (status == OURO_OK)
		copies_apply(vault, ops, 1);
out:
	free(keys);
	free(ops);
	return status;
}

/* The page is there and can be read: only its epoch is needed. */
static enum ouro_status
page_find(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    uint32_t *epoch, struct ouro_error *err)
{
	struct row_key key = row_id(ROW_PAGE, id, HASH_SIZE);
	struct engine_value value = { 0 };
	struct page page = { 0 };
	enum ouro_status status;

	status = engine_get(vault->records, row_bytes(&key), &value, err);
	if (status == OURO_OK)
		status = page_decode(vault, id, value.bytes, NULL, &page, err);
	if (status == OURO_OK)
		*epoch = page.epoch;
	page_release(&page);
	engine_value_release(&value);
	return status;
}

static enum ouro_status
page_entry(struct ouro_vault *vault, const struct page *page,
    struct tree_entry *out, struct ouro_error *err)
{
	uint8_t epoch_key[KEY_SIZE];
	enum ouro_status status;

	out->epoch = page->epoch;
	out->size = 0;
	for (size_t i = 0; i < page->count; i++)
		out->size += page->entries[i].size;
	status = vault_epoch_key(vault, page->epoch, epoch_key, NULL, err);
	if (status == OURO_OK)
		status = derive_page_key(epoch_key, out->id, out->key, err);
	bytes_wipe(epoch_key, sizeof(epoch_key));
	return status;
}

/* Writes an open page unless it is there; out is pinned. */
static enum ouro_status
page_store(struct ouro_vault *vault, struct page *page, struct tree_entry *out,
    struct ouro_error *err)
{
	uint8_t epoch_key[KEY_SIZE];
	struct buffer record = { 0 };
	enum ouro_status status;

	status = page_id(vault, page, out->id, err);
	if (status == OURO_OK)
		status = pins_add(&vault->pins, out->id, err);
	if (status != OURO_OK)
		return status;
	status = page_find(vault, out->id, &page->epoch, NULL);
	if (status != OURO_OK) {
		status = vault_epoch_key(vault, 0, epoch_key, &page->epoch,
		    err);
		bytes_wipe(epoch_key, sizeof(epoch_key));
		if (status == OURO_OK)
			status = page_encode(vault, page, out->id, &record,
			    err);
		if (status == OURO_OK)
			status = page_apply(vault, page, out->id,
			    buffer_bytes(&record), err);
	}
	if (status == OURO_OK)
		status = page_entry(vault, page, out, err);
	if (status != OURO_OK)
		pins_drop(&vault->pins, out->id);
	buffer_release(&record);
	return status;
}

static enum ouro_status level_add(struct tree_writer *writer, unsigned level,
    const struct tree_entry *entry, struct ouro_error *err);

/* Writes the page of a level and lists it one level up. */
static enum ouro_status
level_flush(struct tree_writer *writer, unsigned level, struct ouro_error *err)
{
	struct page *page = &writer->levels[level];
	struct tree_entry entry = { 0 };
	enum ouro_status status;

	status = page_store(writer->vault, page, &entry, err);
	if (status == OURO_OK)
		status = level_add(writer, level + 1, &entry, err);
	if (status == OURO_OK) {
		bytes_wipe(page->entries, page->count * sizeof(*page->entries));
		page->count = 0;
		pin_list_drop(&writer->pins[level]);
	}
	bytes_wipe(&entry, sizeof(entry));
	return status;
}

/* Notes an entry's pin; a run of one chunk needs one. */
static enum ouro_status
level_pin(struct tree_writer *writer, unsigned level,
    const uint8_t id[HASH_SIZE], struct ouro_error *err)
{
	struct pin_list *list = &writer->pins[level];
	enum ouro_status status;

	if (list->ids.size >= HASH_SIZE &&
	    memcmp(list->ids.data + list->ids.size - HASH_SIZE, id,
		HASH_SIZE) == 0)
		status = OURO_OK;
	else
		status = pin_list_add(list, id, err);
	pins_drop(list->pins, id);
	return status;
}

static enum ouro_status
level_add(struct tree_writer *writer, unsigned level,
    const struct tree_entry *entry, struct ouro_error *err)
{
	struct page *page;
	enum ouro_status status = OURO_OK;

	if (level >= TREE_LEVEL_MAX) {
		pins_drop(&writer->vault->pins, entry->id);
		return error_set(err, OURO_TOO_LARGE,
		    "content with more than 1024^%d chunks", TREE_LEVEL_MAX);
	}
	page = &writer->levels[level];
	if (page->count == PAGE_ENTRIES_MAX)
		status = level_flush(writer, level, err);
	if (status == OURO_OK)
		status = level_pin(writer, level, entry->id, err);
	else
		pins_drop(&writer->vault->pins, entry->id);
	if (status == OURO_OK && page->entries == NULL) {
		page->entries = calloc(PAGE_ENTRIES_MAX,
		    sizeof(*page->entries));
		if (page->entries == NULL)
			status = error_memory(err);
	}
	if (status != OURO_OK)
		return status;
	page->entries[page->count++] = *entry;
	if (writer->height < level + 1)
		writer->height = level + 1;
	return OURO_OK;
}

enum ouro_status
tree_add(struct tree_writer *writer, const struct tree_entry *entry,
    struct ouro_error *err)
{
	writer->chunks++;
	return level_add(writer, 0, entry, err);
}

/* The top is the first level that holds a single entry with nothing above;
 * until then every open page is written, also one with a single entry, so
 * that the tree is a function of the chunk list alone. */
enum ouro_status
tree_finish(struct tree_writer *writer, struct tree_entry *root,
    unsigned *level, struct ouro_error *err)
{
	enum ouro_status status;
	unsigned at = 0;

	assert(writer->chunks > 0);
	while (at + 1 < writer->height || writer->levels[at].count > 1) {
		status = level_flush(writer, at, err);
		if (status != OURO_OK)
			return status;
		at++;
	}
	*root = writer->levels[at].entries[0];
	*level = at;
	for (at = 0; at < TREE_LEVEL_MAX; at++)
		page_release(&writer->levels[at]);
	return OURO_OK;
}
