#include <stdio.h>

#include "base/error.h"
#include "exchange/export.h"
#include "seal/canonical.h"
#include "vault/chunk_carry.h"
#include "vault/derived.h"
#include "vault/record.h"

/* The reader of the stream has the keys that its header has. */
static enum ouro_status
epoch_fits(const struct export *export, uint32_t epoch, struct ouro_error *err)
{
	if (epoch <= export->epoch)
		return OURO_OK;
	return error_set(err, OURO_REFUSED,
	    "a new epoch was begun while the vault was exported: begin again");
}

static enum ouro_status
progress(struct export *export, uint64_t bytes, struct ouro_error *err)
{
	const struct ouro_export_options *options = export->options;

	export->done += bytes;
	if (options->progress != NULL &&
	    !options->progress(options->context, export->done, 0))
		return error_set(err, OURO_CANCELLED, "the export was stopped");
	return OURO_OK;
}

/* Whichever copy of a record is good, as bytes of our own: the sending may
 * take long. OURO_NOT_FOUND */
static enum ouro_status
record_load(struct export *export, enum row_table table, const char *what,
    const uint8_t id[HASH_SIZE], struct buffer *out, struct ouro_error *err)
{
	struct row_key key = row_id(table, id, HASH_SIZE);
	struct engine_value value = { 0 };
	char name[24];
	enum ouro_status status = record_good(export->vault, row_bytes(&key),
	    &value, err);

	if (status == OURO_OK)
		status = buffer_set(out, value.bytes, err);
	engine_value_release(&value);
	if (status == OURO_DAMAGED)
		return error_set(err, OURO_DAMAGED,
		    "%s %s cannot be read in either copy", what,
		    id_short(id, name));
	return status;
}

static enum ouro_status
record_send(struct export *export, enum exchange_part part,
    const uint8_t id[HASH_SIZE], const struct buffer *record,
    struct ouro_error *err)
{
	struct bytes parts[] = { bytes_of(id, HASH_SIZE),
		buffer_bytes(record) };
	enum ouro_status status = archive_write(export->writer, (uint8_t)part,
	    parts, 2, err);

	return status == OURO_OK ? hash_set_add(&export->sent, id, NULL, err)
				 : status;
}

/* ---- chunks and pages ---------------------------------------------------------- */

static enum ouro_status
chunk_send(struct export *export, const uint8_t id[HASH_SIZE],
    struct ouro_error *err)
{
	uint32_t epoch = 0;
	struct bytes part;
	enum ouro_status status = chunk_give(export->vault, export->slot, id,
	    &export->carried, &epoch, err);

	if (status == OURO_OK)
		status = epoch_fits(export, epoch, err);
	part = buffer_bytes(&export->carried);
	if (status == OURO_OK)
		status = archive_write(export->writer, EXCHANGE_CHUNK, &part, 1,
		    err);
	if (status == OURO_OK)
		status = hash_set_add(&export->sent, id, NULL, err);
	if (status != OURO_OK)
		return status;
	export->counts.chunks++;
	export->result->chunks++;
	return progress(export, part.size, err);
}

static enum ouro_status tree_send(struct export *export,
    const uint8_t id[HASH_SIZE], unsigned level, struct ouro_error *err);

static enum ouro_status
page_check(const struct export *export, const uint8_t id[HASH_SIZE],
    const Ouro__Page *page, unsigned level, struct ouro_error *err)
{
	char name[24];

	if (page->level != level)
		return error_set(err, OURO_DAMAGED,
		    "page %s has level %u where %u is listed",
		    id_short(id, name), page->level, level);
	return epoch_fits(export, page->epoch, err);
}

static enum ouro_status
page_send(struct export *export, const uint8_t id[HASH_SIZE], unsigned level,
    struct ouro_error *err)
{
	struct buffer record = { 0 };
	Ouro__Page *page = NULL;
	char name[24];
	enum ouro_status status = record_load(export, ROW_PAGE, "page", id,
	    &record, err);

	if (status == OURO_NOT_FOUND)
		status = error_set(err, OURO_DAMAGED, "page %s is missing",
		    id_short(id, name));
	if (status == OURO_OK)
		status = page_peek(id, buffer_bytes(&record), &page, err);
	if (status == OURO_OK)
		status = page_check(export, id, page, level, err);
	for (size_t i = 0; status == OURO_OK && i < page->entries.len;
	     i += HASH_SIZE)
		status = tree_send(export, page->entries.data + i, level - 1,
		    err);
	if (status == OURO_OK)
		status = record_send(export, EXCHANGE_PAGE, id, &record, err);
	if (status == OURO_OK) {
		export->counts.pages++;
		export->result->pages++;
	}
	if (page != NULL)
		canonical_free(&page->base);
	buffer_release(&record);
	return status;
}

/* As deep as levels go. What is in the stream has all that is below it. */
static enum ouro_status
tree_send(struct export *export, const uint8_t id[HASH_SIZE], unsigned level,
    struct ouro_error *err)
{
	if (hash_set_has(&export->sent, id))
		return OURO_OK;
	return level == 0 ? chunk_send(export, id, err)
			  : page_send(export, id, level, err);
}

/* ---- contents ---------------------------------------------------------------------- */

static enum ouro_status
content_send(struct export *export, const uint8_t id[HASH_SIZE],
    const struct buffer *record, const Ouro__ContentRecord *content,
    struct ouro_error *err)
{
	const Ouro__Tree *trees[] = { content->data, content->meta };
	enum ouro_status status = epoch_fits(export, content->epoch, err);

	for (size_t i = 0; status == OURO_OK && i < 2; i++)
		if (trees[i] != NULL)
			status = tree_send(export, trees[i]->id.data,
			    trees[i]->level, err);
	if (status == OURO_OK)
		status = record_send(export, EXCHANGE_CONTENT, id, record, err);
	if (status == OURO_OK) {
		export->counts.contents++;
		export->result->contents++;
	}
	return status;
}

/* The parent that is to be in the stream first, or NULL. */
static const uint8_t *
parent_first(const struct export *export, const Ouro__ContentRecord *content)
{
	const uint8_t *parent = content->parent.data;

	if (export->scope != EXCHANGE_WHOLE ||
	    content->parent.len != HASH_SIZE ||
	    hash_set_has(&export->sent, parent) ||
	    hash_set_has(&export->gone, parent))
		return NULL;
	return parent;
}

/* Sends the last of open, or adds its parent. */
static enum ouro_status
content_step(struct export *export, struct buffer *open, struct ouro_error *err)
{
	struct buffer record = { 0 };
	Ouro__ContentRecord *content = NULL;
	const uint8_t *parent = NULL;
	uint8_t id[HASH_SIZE];
	enum ouro_status status;

	memcpy(id, open->data + open->size - HASH_SIZE, HASH_SIZE);
	status = record_load(export, ROW_CONTENT, "content", id, &record, err);
	if (status == OURO_NOT_FOUND) {
		open->size -= HASH_SIZE;
		status = hash_set_add(&export->gone, id, NULL, err);
		goto out;
	}
	if (status == OURO_OK)
		status = content_peek(id, buffer_bytes(&record), &content, err);
	if (status != OURO_OK)
		goto out;
	parent = parent_first(export, content);
	if (parent != NULL) {
		status = buffer_append(open, bytes_of(parent, HASH_SIZE), err);
	} else {
		open->size -= HASH_SIZE;
		status = content_send(export, id, &record, content, err);
	}
out:
	if (content != NULL)
		canonical_free(&content->base);
	buffer_release(&record);
	return status;
}

enum ouro_status
export_content(struct export *export, const uint8_t id[HASH_SIZE], bool *there,
    struct ouro_error *err)
{
	struct buffer open = { 0 };
	enum ouro_status status = OURO_OK;

	if (!hash_set_has(&export->sent, id) &&
	    !hash_set_has(&export->gone, id))
		status = buffer_append(&open, bytes_of(id, HASH_SIZE), err);
	while (status == OURO_OK && open.size > 0)
		status = content_step(export, &open, err);
	*there = hash_set_has(&export->sent, id);
	buffer_release(&open);
	return status;
}
