#include "vault/collect.h"

#include "base/error.h"
#include "seal/canonical.h"
#include "vault/collect_chunks.h"
#include "vault/drop.h"
#include "vault/name_scan.h"
#include "vault/reach.h"
#include "vault/row_each.h"
#include "vault/trash.h"
#include "vault/tree.h"

#define DEAD_SHARE 0.2 /* of a segment, from which on it is rewritten */

/*
 * Each stage frees what the next one looks at: names let contents go,
 * contents their pages, pages their chunks. Every single decision is made
 * under the locks that writers take (drop.h, pins.h), so a run may be broken
 * off anywhere, and writers go on meanwhile.
 */

enum ouro_status
collection_step(struct collection *collection, struct ouro_error *err)
{
	collection->done++;
	if (collection->progress != NULL &&
	    !collection->progress(collection->context, collection->done, 0))
		return error_set(err, OURO_CANCELLED,
		    "the collection was stopped");
	return OURO_OK;
}

/* A record that cannot be read stays, and is told; verify names it too. */
static enum ouro_status
pass_over(struct collection *collection, const char *what,
    enum ouro_status status, const struct ouro_error *error,
    struct ouro_error *err)
{
	if (status == OURO_DAMAGED) {
		log_write(&collection->vault->log, LOG_WARNING,
		    "%s was not collected: %s", what, error->text);
		return OURO_OK;
	}
	if (status != OURO_OK && err != NULL)
		*err = *error;
	return status;
}

/* ---- names ------------------------------------------------------------------ */

static enum ouro_status
name_collect(struct collection *collection, const struct name_entry *entry,
    struct ouro_error *err)
{
	struct ouro_vault *vault = collection->vault;
	struct ouro_error error = { 0 };
	uint64_t versions;
	enum ouro_status status = OURO_OK;

	if (entry->heads == 1 &&
	    !name_entry_is_current(entry, fs_wall_ms(vault->fs)))
		status = drop_name(vault, entry->namespace_, entry->path,
		    &versions, &error);
	if (status == OURO_OK &&
	    entry->versions - entry->heads >
		atomic_load(&vault->revision_limit))
		status = drop_excess(vault, entry->namespace_, entry->path,
		    &error);
	return pass_over(collection, "a name", status, &error, err);
}

static enum ouro_status
collect_names(struct collection *collection, struct ouro_error *err)
{
	static const struct name_range all = { .namespace_ = NULL };
	struct name_scan scan;
	struct name_entry entry;
	enum ouro_status status;

	status = name_scan_open(&scan, collection->vault, &all, err);
	if (status != OURO_OK)
		return status;
	while (status == OURO_OK) {
		status = name_scan_next(&scan, &entry, err);
		if (status == OURO_DAMAGED) {
			status = OURO_OK;
			continue;
		}
		if (status == OURO_OK)
			status = name_collect(collection, &entry, err);
		if (status == OURO_OK)
			status = collection_step(collection, err);
	}
	name_scan_release(&scan);
	return status == OURO_END ? OURO_OK : status;
}

/* ---- contents and pages -------------------------------------------------------- */

typedef enum ouro_status collect_each(struct collection *collection,
    const uint8_t id[HASH_SIZE], struct ouro_error *err);

struct collect_walk {
	struct collection *collection;
	collect_each *each;
};

static enum ouro_status
collect_visit(void *context, struct bytes key, const struct bytes *value,
    struct ouro_error *err)
{
	const struct collect_walk *walk = context;
	enum ouro_status status = OURO_OK;

	(void)value;
	if (key.size == 1 + HASH_SIZE)
		status = walk->each(walk->collection, key.data + 1, err);
	return status == OURO_OK ? collection_step(walk->collection, err)
				 : status;
}

static enum ouro_status
collect_table(struct collection *collection, enum row_table table,
    collect_each *each, struct ouro_error *err)
{
	struct collect_walk walk = { collection, each };
	struct row_key prefix = row_table(table);

	return row_each_key(collection->vault->records, &prefix, collect_visit,
	    &walk, err);
}

/* The content, and each ancestor that only it kept. */
static enum ouro_status
content_collect(struct collection *collection, const uint8_t id[HASH_SIZE],
    struct ouro_error *err)
{
	struct drop_content drop = { .has_parent = true };
	struct ouro_error error = { 0 };
	enum ouro_status status;

	memcpy(drop.parent, id, HASH_SIZE);
	do {
		uint8_t at[HASH_SIZE];

		memcpy(at, drop.parent, HASH_SIZE);
		if (!reach_is_unused(collection->vault, at))
			return OURO_OK;
		status = drop_content(collection->vault, at, &drop, &error);
		if (status != OURO_OK)
			return pass_over(collection, "a content", status,
			    &error, err);
		collection->result->contents += drop.done;
	} while (drop.done && drop.has_parent);
	return OURO_OK;
}

static enum ouro_status
page_tree_collect(struct collection *collection, const uint8_t id[HASH_SIZE],
    unsigned depth, struct ouro_error *err)
{
	struct ouro_error error = { 0 };
	Ouro__Page *page;
	enum ouro_status status;

	if (depth > TREE_LEVEL_MAX || !reach_is_unused(collection->vault, id))
		return OURO_OK;
	status = drop_page(collection->vault, id, &page, &error);
	if (status != OURO_OK)
		return pass_over(collection, "a page", status, &error, err);
	if (page == NULL)
		return OURO_OK;
	collection->result->pages++;
	for (size_t i = 0;
	     status == OURO_OK && page->level > 1 && i < page->entries.len;
	     i += HASH_SIZE)
		status = page_tree_collect(collection, page->entries.data + i,
		    depth + 1, err);
	canonical_free(&page->base);
	return status;
}

/* The page, and those below that only it listed. */
static enum ouro_status
page_collect(struct collection *collection, const uint8_t id[HASH_SIZE],
    struct ouro_error *err)
{
	return page_tree_collect(collection, id, 0, err);
}

/* ---- disk ------------------------------------------------------------------------ */

static enum ouro_status
compact(struct collection *collection, struct ouro_error *err)
{
	struct ouro_vault *vault = collection->vault;
	unsigned count = lanes_count(vault);
	uint64_t freed = 0;
	enum ouro_status status = collection_step(collection, err);

	if (status == OURO_OK)
		status = engine_compact(vault->records, DEAD_SHARE, &freed,
		    err);
	collection->result->bytes += freed;
	freed = 0;
	if (status == OURO_OK && vault->copies != NULL)
		status = engine_compact(vault->copies, DEAD_SHARE, &freed, err);
	collection->result->bytes += freed;
	for (unsigned i = 0; status == OURO_OK && i < count; i++) {
		freed = 0;
		status = collection_step(collection, err);
		if (status == OURO_OK)
			status = engine_compact(lane(vault, i), DEAD_SHARE,
			    &freed, err);
		collection->result->bytes += freed;
	}
	return status;
}

/* Rows that are lost would make what they say is used look unused. */
static enum ouro_status
records_whole(struct ouro_vault *vault, struct ouro_error *err)
{
	struct engine_stats stats = { 0 };
	enum ouro_status status = engine_stats(vault->records, &stats, err);

	if (status == OURO_OK &&
	    (stats.damaged_records > 0 || stats.missing_segments > 0))
		status = error_set(err, OURO_DAMAGED,
		    "records are damaged; repair before anything is collected");
	return status;
}

enum ouro_status
collect(struct ouro_vault *vault, ouro_progress *progress, void *context,
    struct ouro_gc_result *result, struct ouro_error *err)
{
	struct collection collection = { .vault = vault,
		.progress = progress,
		.context = context,
		.result = result };
	enum ouro_status status = records_whole(vault, err);

	if (status == OURO_OK)
		status = collect_names(&collection, err);
	if (status == OURO_OK)
		status = trash_empty(vault, err);
	if (status == OURO_OK)
		status = collect_table(&collection, ROW_CONTENT,
		    content_collect, err);
	if (status == OURO_OK)
		status = collect_table(&collection, ROW_PAGE, page_collect,
		    err);
	if (status == OURO_OK)
		status = collect_chunks(&collection, err);
	if (status == OURO_OK)
		status = collect_slices(&collection, err);
	if (status == OURO_OK)
		status = compact(&collection, err);
	return status;
}

enum ouro_status
ouro_gc(struct ouro_vault *vault, ouro_progress *progress, void *context,
    struct ouro_gc_result *result, struct ouro_error *err)
{
	struct ouro_gc_result own;

	if (result == NULL)
		result = &own;
	*result = (struct ouro_gc_result){ 0 };
	if (vault->read_only)
		return error_set(err, OURO_READ_ONLY,
		    "the vault was opened read-only");
	return collect(vault, progress, context, result, err);
}
