/*
 * Puts and versions that become visible together.
 */
#include <stdlib.h>

#include "base/error.h"
#include "vault/put.h"
#include "vault/vault.h"
#include "vault/version_write.h"

/* A put, or a version alone. */
struct batch_item {
	struct ouro_put *put;
	struct version_write *write;
	uint8_t *id; /* of the version alone; NULL: not wanted */
};

/*
 * Items in the order in which they came. The last put is open: its chunks are
 * on their way while the caller goes on, and it is sealed when the next one is
 * finished, or by the commit.
 */
struct ouro_batch {
	struct ouro_vault *vault;
	struct batch_item *items;
	size_t count, capacity;
	size_t put_count;
	struct ouro_put *open, *newest;
	enum ouro_status failed; /* of sealing: nothing can be committed */
	struct ouro_error error;
};

enum ouro_status
ouro_batch_begin(struct ouro_vault *vault, struct ouro_batch **out,
    struct ouro_error *err)
{
	struct ouro_batch *batch = calloc(1, sizeof(*batch));

	if (batch == NULL)
		return error_memory(err);
	batch->vault = vault;
	*out = batch;
	return OURO_OK;
}

static void
item_release(struct batch_item *item)
{
	if (item->put != NULL)
		ouro_put_abort(item->put);
	if (item->write != NULL)
		version_write_release(item->write);
	free(item->write);
}

void
ouro_batch_abort(struct ouro_batch *batch)
{
	if (batch == NULL)
		return;
	for (size_t i = 0; i < batch->count; i++)
		item_release(&batch->items[i]);
	free(batch->items);
	free(batch);
}

/* ---- filling ------------------------------------------------------------------- */

static enum ouro_status
batch_add(struct ouro_batch *batch, const struct batch_item *item,
    struct ouro_error *err)
{
	if (batch->count == batch->capacity) {
		size_t more = batch->capacity == 0 ? 2 : batch->capacity * 2;
		struct batch_item *grown = reallocarray(batch->items, more,
		    sizeof(*grown));

		if (grown == NULL)
			return error_memory(err);
		batch->items = grown;
		batch->capacity = more;
	}
	batch->items[batch->count++] = *item;
	return OURO_OK;
}

static enum ouro_status
batch_seal(struct ouro_batch *batch, struct ouro_error *err)
{
	if (batch->open != NULL)
		batch->failed = put_seal(batch->open, &batch->error);
	batch->open = NULL;
	if (batch->failed != OURO_OK && err != NULL)
		*err = batch->error;
	return batch->failed;
}

enum ouro_status
ouro_batch_finish_put(struct ouro_batch *batch, struct ouro_put *put,
    struct ouro_put_result *result, struct ouro_error *err)
{
	struct batch_item item = { .put = put };
	enum ouro_status status = stream_writer_end(&put->data, err);

	if (status == OURO_OK)
		status = batch_seal(batch, err);
	if (status == OURO_OK)
		status = batch_add(batch, &item, err);
	if (status != OURO_OK) {
		ouro_put_abort(put);
		return status;
	}
	batch->open = batch->newest = put;
	put->result = result;
	batch->put_count++;
	return OURO_OK;
}

enum ouro_status
ouro_batch_content(struct ouro_batch *batch, uint8_t id[OURO_ID_SIZE],
    struct ouro_error *err)
{
	enum ouro_status status;

	if (batch->newest == NULL)
		return error_set(err, OURO_NOT_FOUND,
		    "nothing was put into the batch yet");
	status = batch_seal(batch, err);
	if (status == OURO_OK)
		memcpy(id, batch->newest->content.id, OURO_ID_SIZE);
	return status;
}

enum ouro_status
ouro_batch_version(struct ouro_batch *batch,
    const struct ouro_version_options *options, uint8_t id[OURO_ID_SIZE],
    struct ouro_error *err)
{
	struct batch_item item = { .write = calloc(1, sizeof(*item.write)) };
	enum ouro_status status = OURO_OK;

	item.id = id; /* filled by the commit */
	if (item.write == NULL)
		status = error_memory(err);
	if (status == OURO_OK)
		status = version_write_init(item.write, batch->vault, options,
		    err);
	if (status == OURO_OK)
		status = batch_add(batch, &item, err);
	if (status != OURO_OK)
		item_release(&item);
	return status;
}

/* ---- committing ------------------------------------------------------------------ */

/* Hands over what the items are to become as one change, and takes back what
 * came of it. Records are moved, not copied. */
static enum ouro_status
batch_commit(struct ouro_batch *batch, struct commit_content *contents,
    struct commit_version *versions, struct ouro_error *err)
{
	struct commit_change change = { .contents = contents,
		.content_count = batch->put_count,
		.versions = versions,
		.version_count = batch->count };
	size_t puts = 0;
	enum ouro_status status;

	for (size_t i = 0; i < batch->count; i++) {
		const struct batch_item *item = &batch->items[i];

		versions[i] = item->put != NULL ? item->put->commit_version
						: item->write->version;
		if (item->put != NULL)
			contents[puts++] = item->put->commit_content;
	}
	status = commit(batch->vault, &change, err);
	puts = 0;
	for (size_t i = 0; i < batch->count; i++) {
		struct batch_item *item = &batch->items[i];

		if (item->put != NULL) {
			item->put->commit_content = contents[puts++];
			item->put->commit_version = versions[i];
			if (status == OURO_OK && item->put->result != NULL)
				put_tell(item->put, item->put->result);
		} else if (status == OURO_OK && item->id != NULL) {
			memcpy(item->id, versions[i].id, HASH_SIZE);
		}
	}
	return status;
}

enum ouro_status
ouro_batch_commit(struct ouro_batch *batch, struct ouro_error *err)
{
	struct commit_content *contents = calloc(batch->put_count + 1,
	    sizeof(*contents));
	struct commit_version *versions = calloc(batch->count + 1,
	    sizeof(*versions));
	enum ouro_status status = OURO_OK;

	if (contents == NULL || versions == NULL)
		status = error_memory(err);
	else
		status = batch_seal(batch, err);
	if (status == OURO_OK && batch->count > 0)
		status = batch_commit(batch, contents, versions, err);
	free(contents);
	free(versions);
	ouro_batch_abort(batch);
	return status;
}
