#include "base/error.h"
#include "seal/canonical.h"
#include "vault/roots.h"
#include "vault/vault.h"

/* The rows that follow from a content record: what it uses, whose child it
 * is. change makes or deletes one. */
typedef enum ouro_status row_change(struct batch *batch,
    const struct row_key *key, struct ouro_error *err);

static enum ouro_status
row_make(struct batch *batch, const struct row_key *key, struct ouro_error *err)
{
	return batch_put(batch, key, bytes_of(NULL, 0), err);
}

static enum ouro_status
content_rows(struct batch *batch, const uint8_t id[HASH_SIZE],
    const Ouro__ContentRecord *record, row_change *change,
    struct ouro_error *err)
{
	const Ouro__Tree *trees[] = { record->data, record->meta };
	struct row_key key;
	enum ouro_status status = OURO_OK;

	for (size_t i = 0; i < 2 && status == OURO_OK; i++) {
		if (trees[i] == NULL)
			continue;
		key = row_pair(ROW_USE, trees[i]->id.data, id);
		status = change(batch, &key, err);
	}
	if (status == OURO_OK && record->parent.len == HASH_SIZE) {
		key = row_pair(ROW_CHILD, record->parent.data, id);
		status = change(batch, &key, err);
	}
	return status;
}

static const uint8_t *
parent_of(const Ouro__ContentRecord *record)
{
	return record->parent.len == HASH_SIZE ? record->parent.data : NULL;
}

/* Put by this batch, or in the engine and whole: one that is damaged is
 * written again. */
static bool
content_is_there(struct batch *batch, const struct row_key *key)
{
	const struct engine_op *op = batch_find(batch, row_bytes(key));
	struct engine_value value = { 0 };
	bool there;

	if (op != NULL)
		return op->kind == ENGINE_PUT;
	there = engine_get(batch->vault->records, row_bytes(key), &value,
		    NULL) == OURO_OK;
	engine_value_release(&value);
	return there;
}

enum ouro_status
batch_content(struct batch *batch, struct commit_content *content,
    struct ouro_error *err)
{
	struct row_key key = row_id(ROW_CONTENT, content->id, HASH_SIZE);
	Ouro__ContentRecord *record;
	enum ouro_status status;

	content->existed = content_is_there(batch, &key);
	if (content->existed)
		return OURO_OK;
	status = content_peek(content->id, buffer_bytes(&content->record),
	    &record, err);
	if (status != OURO_OK)
		return status;
	status = batch_put(batch, &key, buffer_bytes(&content->record), err);
	if (status == OURO_OK)
		status = content_rows(batch, content->id, record, row_make,
		    err);
	if (status == OURO_OK)
		status = roots_added(batch, content->id, parent_of(record),
		    err);
	canonical_free(&record->base);
	return status;
}

enum ouro_status
batch_content_drop(struct batch *batch, const uint8_t id[HASH_SIZE],
    struct ouro_error *err)
{
	struct row_key key = row_id(ROW_CONTENT, id, HASH_SIZE);
	struct engine_value value = { 0 };
	Ouro__ContentRecord *record = NULL;
	enum ouro_status status;

	status = set_get(batch->vault, row_bytes(&key), &value, err);
	if (status == OURO_NOT_FOUND)
		return OURO_OK;
	if (status == OURO_OK)
		status = content_peek(id, value.bytes, &record, err);
	engine_value_release(&value);
	if (status == OURO_OK)
		status = batch_delete(batch, &key, err);
	if (status == OURO_OK)
		status = content_rows(batch, id, record, batch_delete, err);
	if (status == OURO_OK)
		status = roots_dropped(batch, id, parent_of(record), err);
	if (record != NULL)
		canonical_free(&record->base);
	return status;
}
