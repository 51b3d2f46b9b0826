#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "seal/canonical.h"
#include "vault/tree.h"
#include "vault/vault.h"

void
tree_reader_init(struct tree_reader *reader, struct ouro_vault *vault,
    const struct tree_entry *root, unsigned level)
{
	*reader = (struct tree_reader){ .vault = vault,
		.root = *root,
		.level = level,
		.at_root = true };
}

void
tree_reader_release(struct tree_reader *reader)
{
	for (unsigned i = 0; i < TREE_LEVEL_MAX; i++)
		page_release(&reader->pages[i]);
	bytes_wipe(&reader->root, sizeof(reader->root));
}

/* Clear bytes below a page; 0 when they do not fit a number. */
static uint64_t
page_size(const struct page *page)
{
	uint64_t size = 0;

	for (size_t i = 0; i < page->count; i++)
		if (__builtin_add_overflow(size, page->entries[i].size, &size))
			return 0;
	return size;
}

enum ouro_status
page_load(struct ouro_vault *vault, const struct tree_entry *entry,
    unsigned level, struct page *out, struct ouro_error *err)
{
	struct row_key key = row_id(ROW_PAGE, entry->id, HASH_SIZE);
	struct engine_value value = { 0 };
	char name[24];
	enum ouro_status status;

	*out = (struct page){ 0 };
	status = set_get(vault, row_bytes(&key), &value, err);
	if (status == OURO_NOT_FOUND)
		return error_set(err, OURO_DAMAGED, "page %s is missing",
		    id_short(entry->id, name));
	if (status == OURO_OK)
		status = page_decode(vault, entry->id, value.bytes, NULL, out,
		    err);
	engine_value_release(&value);
	if (status == OURO_OK && out->level != level)
		status = error_set(err, OURO_DAMAGED,
		    "page %s has level %u, not %u", id_short(entry->id, name),
		    out->level, level);
	return status;
}

/* Loads the page an entry stands for as the open one of its level. */
static enum ouro_status
reader_enter(struct tree_reader *reader, const struct tree_entry *entry,
    unsigned level, struct ouro_error *err)
{
	struct page *page = &reader->pages[level - 1];
	char name[24];
	enum ouro_status status;

	page_release(page);
	status = page_load(reader->vault, entry, level, page, err);
	reader->next[level - 1] = 0;
	if (status == OURO_OK && page_size(page) != entry->size)
		status = error_set(err, OURO_DAMAGED,
		    "page %s lists another number of bytes than its parent",
		    id_short(entry->id, name));
	return status;
}

/* The entry in a page that holds position, which becomes relative to it. */
static size_t
page_position(const struct page *page, uint64_t *position)
{
	size_t i = 0;

	while (i + 1 < page->count && *position >= page->entries[i].size) {
		*position -= page->entries[i].size;
		i++;
	}
	return i;
}

enum ouro_status
tree_seek(struct tree_reader *reader, uint64_t position, uint64_t *skip,
    struct ouro_error *err)
{
	const struct tree_entry *entry = &reader->root;
	enum ouro_status status;

	assert(position < reader->root.size);
	reader->at_root = reader->level == 0;
	for (unsigned level = reader->level; level > 0; level--) {
		struct page *page = &reader->pages[level - 1];
		size_t found;

		status = reader_enter(reader, entry, level, err);
		if (status != OURO_OK)
			return status;
		found = page_position(page, &position);
		reader->next[level - 1] = level == 1 ? found : found + 1;
		entry = &page->entries[found];
	}
	*skip = position;
	return OURO_OK;
}

/* Opens the next page of every level up to one that has a next entry. */
static enum ouro_status
reader_advance(struct tree_reader *reader, struct ouro_error *err)
{
	unsigned level = 1;
	enum ouro_status status;

	while (level <= reader->level &&
	    reader->next[level - 1] >= reader->pages[level - 1].count)
		level++;
	if (level > reader->level)
		return OURO_END;
	while (level > 1) {
		struct page *page = &reader->pages[level - 1];

		status = reader_enter(reader,
		    &page->entries[reader->next[level - 1]++], level - 1, err);
		if (status != OURO_OK)
			return status;
		level--;
	}
	return OURO_OK;
}

enum ouro_status
tree_next(struct tree_reader *reader, struct tree_entry *out,
    struct ouro_error *err)
{
	enum ouro_status status;

	if (reader->level == 0) {
		if (!reader->at_root)
			return OURO_END;
		reader->at_root = false;
		*out = reader->root;
		return OURO_OK;
	}
	if (reader->at_root) {
		status = reader_enter(reader, &reader->root, reader->level,
		    err);
		if (status != OURO_OK)
			return status;
		reader->at_root = false;
	}
	status = reader_advance(reader, err);
	if (status == OURO_OK)
		*out = reader->pages[0].entries[reader->next[0]++];
	return status;
}

/* ---- walking ----------------------------------------------------------------- */

/* A page's clear part; the caller frees *out. */
static enum ouro_status
walk_load(struct ouro_vault *vault, const uint8_t id[HASH_SIZE], unsigned level,
    Ouro__Page **out, struct ouro_error *err)
{
	struct row_key key = row_id(ROW_PAGE, id, HASH_SIZE);
	struct engine_value value = { 0 };
	enum ouro_status status;

	status = set_get(vault, row_bytes(&key), &value, err);
	if (status == OURO_OK)
		status = page_peek(id, value.bytes, out, err);
	engine_value_release(&value);
	if (status == OURO_OK && (*out)->level != level) {
		canonical_free(&(*out)->base);
		status = error_set(err, OURO_DAMAGED,
		    "a page has another level than its parent says");
	}
	return status;
}

/* Recursion is bounded by TREE_LEVEL_MAX. */
enum ouro_status
tree_walk(struct ouro_vault *vault, const uint8_t root[HASH_SIZE],
    unsigned level, tree_visit *visit, void *context, struct ouro_error *err)
{
	Ouro__Page *page = NULL;
	enum ouro_status status, loaded;

	if (level == 0)
		return visit(context, root, 0, OURO_OK, err);
	loaded = level <= TREE_LEVEL_MAX
	    ? walk_load(vault, root, level, &page, err)
	    : OURO_DAMAGED;
	status = visit(context, root, level, loaded, err);
	if (loaded != OURO_OK)
		return status;
	for (size_t i = 0; status == OURO_OK && i < page->entries.len;
	     i += HASH_SIZE)
		status = tree_walk(vault, page->entries.data + i, level - 1,
		    visit, context, err);
	canonical_free(&page->base);
	return status;
}
