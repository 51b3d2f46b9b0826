#include <stdlib.h>

#include "base/error.h"
#include "exchange/import.h"
#include "seal/canonical.h"
#include "vault/batch.h"
#include "vault/chunk_carry.h"
#include "vault/derived.h"

#define PENDING_BYTES (4u * 1024 * 1024)

/* Whether the engine has what a record leads to: it came before. */
static bool
part_is_there(struct ouro_vault *vault, unsigned level,
    const uint8_t id[HASH_SIZE])
{
	struct row_key key = row_id(level == 0 ? ROW_CHUNK : ROW_PAGE, id,
	    HASH_SIZE);

	return engine_exists(vault->records, row_bytes(&key), NULL, NULL) ==
	    OURO_OK;
}

static enum ouro_status
part_missing(unsigned level, const uint8_t id[HASH_SIZE],
    struct ouro_error *err)
{
	char name[24];

	return error_set(err, OURO_DAMAGED, "%s %s has not come before",
	    level == 0 ? "chunk" : "page", id_short(id, name));
}

/* The record is there and can be read. */
static bool
record_is_there(struct ouro_vault *vault, const struct row_key *key)
{
	struct engine_value value = { 0 };
	bool there = engine_get(vault->records, row_bytes(key), &value, NULL) ==
	    OURO_OK;

	engine_value_release(&value);
	return there;
}

/* ---- chunks ---------------------------------------------------------------------- */

enum ouro_status
import_chunk(struct import *import, struct bytes content,
    struct ouro_error *err)
{
	struct carried carried = { 0 };
	struct chunk_taken taken;
	struct ouro_error error;
	enum ouro_status status = carried_decode(content, &carried, &error);

	if (status == OURO_OK)
		status = chunk_take(import->vault, import->slot, &carried,
		    &taken, &error);
	carried_release(&carried);
	if (status != OURO_OK)
		return import_judge(import, status, &error, err);
	import->result->chunks += taken.is_new;
	import->result->bytes += taken.stored;
	return OURO_OK;
}

/* ---- pages ------------------------------------------------------------------------ */

static enum ouro_status
page_check(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    struct bytes record, struct ouro_error *err)
{
	struct page page = { 0 };
	enum ouro_status status = page_decode(vault, id, record, NULL, &page,
	    err);

	for (size_t i = 0; status == OURO_OK && i < page.count; i++)
		if (!part_is_there(vault, page.level - 1, page.entries[i].id))
			status = part_missing(page.level - 1,
			    page.entries[i].id, err);
	page_release(&page);
	return status;
}

static enum ouro_status
row_add(void *context, const struct row_key *key, const struct bytes *value,
    struct ouro_error *err)
{
	return batch_put(context, key, *value, err);
}

/* The page and the rows that follow from it. What leads to it makes it
 * durable. */
static enum ouro_status
page_store(struct ouro_vault *vault, const struct row_key *key,
    struct bytes record, struct ouro_error *err)
{
	struct batch batch;
	enum ouro_status status;

	batch_init(&batch, vault);
	status = batch_put(&batch, key, record, err);
	if (status == OURO_OK)
		status = derived_record(vault, row_bytes(key), record, row_add,
		    &batch, err);
	if (status == OURO_OK)
		status = engine_apply(vault->records, batch.ops, batch.count,
		    ENGINE_SYNC_NEVER, err);
	if (status == OURO_OK)
		copies_apply(vault, batch.ops, batch.count);
	batch_release(&batch);
	return status;
}

enum ouro_status
import_page(struct import *import, const uint8_t id[HASH_SIZE],
    struct bytes record, struct ouro_error *err)
{
	struct row_key key = row_id(ROW_PAGE, id, HASH_SIZE);
	struct ouro_error error;
	enum ouro_status status = page_check(import->vault, id, record, &error);

	if (status != OURO_OK)
		return import_judge(import, status, &error, err);
	if (record_is_there(import->vault, &key))
		return OURO_OK;
	status = page_store(import->vault, &key, record, err);
	import->result->pages += status == OURO_OK;
	return status;
}

/* ---- contents ---------------------------------------------------------------------- */

static enum ouro_status
content_check(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    struct bytes record, struct ouro_error *err)
{
	struct content content = { 0 };
	enum ouro_status status = content_decode(vault, id, record, &content,
	    err);

	if (status == OURO_OK) {
		const struct content_part *parts[] = { &content.data,
			&content.meta };

		for (size_t i = 0; status == OURO_OK && i < 2; i++)
			if (parts[i]->size > INLINE_MAX &&
			    !part_is_there(vault, parts[i]->level,
				parts[i]->root.id))
				status = part_missing(parts[i]->level,
				    parts[i]->root.id, err);
		content_release(&content);
	}
	return status;
}

enum ouro_status
import_content(struct import *import, const uint8_t id[HASH_SIZE],
    struct bytes record, struct ouro_error *err)
{
	struct commit_content *pending;
	struct ouro_error error;
	enum ouro_status status = content_check(import->vault, id, record,
	    &error);

	if (status != OURO_OK)
		return import_judge(import, status, &error, err);
	if (import->content_count == IMPORT_PENDING_MAX ||
	    import->content_bytes >= PENDING_BYTES)
		status = import_contents_flush(import, err);
	if (status == OURO_OK && import->contents == NULL) {
		import->contents = calloc(IMPORT_PENDING_MAX,
		    sizeof(*import->contents));
		if (import->contents == NULL)
			status = error_memory(err);
	}
	if (status != OURO_OK)
		return status;
	pending = &import->contents[import->content_count];
	status = buffer_set(&pending->record, record, err);
	if (status != OURO_OK)
		return status;
	memcpy(pending->id, id, HASH_SIZE);
	import->content_count++;
	import->content_bytes += record.size;
	return OURO_OK;
}

/* The commit makes the slices durable before the records. */
enum ouro_status
import_contents_flush(struct import *import, struct ouro_error *err)
{
	struct commit_change change = { .contents = import->contents,
		.content_count = import->content_count };
	enum ouro_status status;

	if (import->content_count == 0)
		return OURO_OK;
	status = commit(import->vault, &change, err);
	for (size_t i = 0; status == OURO_OK && i < import->content_count; i++)
		import->result->contents += !import->contents[i].existed;
	import->content_count = import->content_bytes = 0;
	return status;
}

void
import_parts_release(struct import *import)
{
	for (size_t i = 0; import->contents != NULL && i < IMPORT_PENDING_MAX;
	     i++)
		buffer_release(&import->contents[i].record);
	free(import->contents);
	import->contents = NULL;
}
