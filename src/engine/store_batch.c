/*
 * The bytes of a batch lie one behind the other in one buffer; entries tell
 * their sizes. Pointers are made when it is written, since the buffer moves
 * while it grows.
 */
#include <stdlib.h>

#include "base/error.h"
#include "engine/store.h"

struct batch_entry {
	enum engine_op_kind kind;
	enum engine_condition condition;
	uint32_t key_size, value_size, expected_size;
};

/* Invariant: what the entries tell is the size of `bytes`. */
struct ouro_store_batch {
	struct batch_entry *entries;
	struct engine_op *ops; /* as many as entries */
	size_t count, capacity;
	struct buffer bytes;
	size_t limited; /* keys and values, without what is expected */
};

struct ouro_store_batch *
ouro_store_batch_new(void)
{
	return calloc(1, sizeof(struct ouro_store_batch));
}

void
ouro_store_batch_free(struct ouro_store_batch *batch)
{
	if (batch == NULL)
		return;
	buffer_release(&batch->bytes);
	free(batch->entries);
	free(batch->ops);
	free(batch);
}

void
ouro_store_batch_clear(struct ouro_store_batch *batch)
{
	if (batch == NULL)
		return;
	batch->count = 0;
	batch->bytes.size = 0;
	batch->limited = 0;
}

size_t
ouro_store_batch_count(const struct ouro_store_batch *batch)
{
	return batch != NULL ? batch->count : 0;
}

/* ---- filling it ------------------------------------------------------------------- */

static enum ouro_status
limits_check(const struct ouro_store_batch *batch, const struct engine_op *op,
    struct ouro_error *err)
{
	if (op->key.size == 0)
		return error_set(err, OURO_INVALID, "an empty key");
	if (op->key.size > ENGINE_KEY_MAX)
		return error_set(err, OURO_TOO_LARGE,
		    "a key of %zu bytes; at most %u", op->key.size,
		    ENGINE_KEY_MAX);
	if (op->value.size > ENGINE_VALUE_MAX ||
	    op->expected.size > ENGINE_VALUE_MAX)
		return error_set(err, OURO_TOO_LARGE,
		    "a value of %zu bytes; at most %u",
		    op->value.size > ENGINE_VALUE_MAX ? op->value.size
						      : op->expected.size,
		    ENGINE_VALUE_MAX);
	if (op->key.size + op->value.size > ENGINE_BATCH_MAX - batch->limited)
		return error_set(err, OURO_TOO_LARGE,
		    "a batch of more than %u bytes", ENGINE_BATCH_MAX);
	return OURO_OK;
}

static enum ouro_status
entries_reserve(struct ouro_store_batch *batch, struct ouro_error *err)
{
	size_t capacity = batch->capacity == 0 ? 16 : batch->capacity * 2;
	struct batch_entry *entries;
	struct engine_op *ops;

	if (batch->count < batch->capacity)
		return OURO_OK;
	entries = realloc(batch->entries, capacity * sizeof *entries);
	if (entries == NULL)
		return error_memory(err);
	batch->entries = entries;
	ops = realloc(batch->ops, capacity * sizeof *ops);
	if (ops == NULL)
		return error_memory(err);
	batch->ops = ops;
	batch->capacity = capacity;
	return OURO_OK;
}

/* The caller's pointers are checked already. */
static enum ouro_status
batch_add(struct ouro_store_batch *batch, const struct engine_op *op,
    struct ouro_error *err)
{
	enum ouro_status status = limits_check(batch, op, err);

	if (status == OURO_OK)
		status = entries_reserve(batch, err);
	if (status == OURO_OK)
		status = buffer_reserve(&batch->bytes,
		    op->key.size + op->value.size + op->expected.size, err);
	if (status != OURO_OK)
		return status;
	(void)buffer_append(&batch->bytes, op->key, NULL); /* has room */
	(void)buffer_append(&batch->bytes, op->value, NULL);
	(void)buffer_append(&batch->bytes, op->expected, NULL);
	batch->entries[batch->count++] = (struct batch_entry){
		.kind = op->kind,
		.condition = op->condition,
		.key_size = (uint32_t)op->key.size,
		.value_size = (uint32_t)op->value.size,
		.expected_size = (uint32_t)op->expected.size,
	};
	batch->limited += op->key.size + op->value.size;
	return OURO_OK;
}

static enum ouro_status
key_take(const struct ouro_store_batch *batch, const void *key, size_t key_size,
    struct engine_op *op, struct ouro_error *err)
{
	enum ouro_status status = store_given(batch, "the batch", err);

	return status != OURO_OK
	    ? status
	    : store_bytes(key, key_size, "the key", &op->key, err);
}

static enum ouro_status
put_add(struct ouro_store_batch *batch, struct engine_op *op, const void *key,
    size_t key_size, const void *value, size_t value_size,
    struct ouro_error *err)
{
	enum ouro_status status = key_take(batch, key, key_size, op, err);

	if (status == OURO_OK)
		status = store_bytes(value, value_size, "the value", &op->value,
		    err);
	return status != OURO_OK ? status : batch_add(batch, op, err);
}

enum ouro_status
ouro_store_batch_put(struct ouro_store_batch *batch, const void *key,
    size_t key_size, const void *value, size_t value_size,
    struct ouro_error *err)
{
	struct engine_op op = { .kind = ENGINE_PUT };

	return put_add(batch, &op, key, key_size, value, value_size, err);
}

enum ouro_status
ouro_store_batch_put_if_absent(struct ouro_store_batch *batch, const void *key,
    size_t key_size, const void *value, size_t value_size,
    struct ouro_error *err)
{
	struct engine_op op = { .kind = ENGINE_PUT,
		.condition = ENGINE_IF_ABSENT };

	return put_add(batch, &op, key, key_size, value, value_size, err);
}

enum ouro_status
ouro_store_batch_put_if_equal(struct ouro_store_batch *batch, const void *key,
    size_t key_size, const void *expected, size_t expected_size,
    const void *value, size_t value_size, struct ouro_error *err)
{
	struct engine_op op = { .kind = ENGINE_PUT,
		.condition = ENGINE_IF_EQUAL };
	enum ouro_status status = store_bytes(expected, expected_size,
	    "the expected value", &op.expected, err);

	return status != OURO_OK
	    ? status
	    : put_add(batch, &op, key, key_size, value, value_size, err);
}

enum ouro_status
ouro_store_batch_delete(struct ouro_store_batch *batch, const void *key,
    size_t key_size, struct ouro_error *err)
{
	struct engine_op op = { .kind = ENGINE_DELETE };
	enum ouro_status status = key_take(batch, key, key_size, &op, err);

	return status != OURO_OK ? status : batch_add(batch, &op, err);
}

enum ouro_status
ouro_store_batch_delete_if_equal(struct ouro_store_batch *batch,
    const void *key, size_t key_size, const void *expected,
    size_t expected_size, struct ouro_error *err)
{
	struct engine_op op = { .kind = ENGINE_DELETE,
		.condition = ENGINE_IF_EQUAL };
	enum ouro_status status = key_take(batch, key, key_size, &op, err);

	if (status == OURO_OK)
		status = store_bytes(expected, expected_size,
		    "the expected value", &op.expected, err);
	return status != OURO_OK ? status : batch_add(batch, &op, err);
}

/* ---- writing it ---------------------------------------------------------------------- */

static struct bytes
take(const uint8_t **at, size_t size)
{
	struct bytes bytes = bytes_of(*at, size);

	if (size > 0)
		*at += size;
	return bytes;
}

static void
ops_make(struct ouro_store_batch *batch)
{
	const uint8_t *at = batch->bytes.data;

	for (size_t i = 0; i < batch->count; i++) {
		const struct batch_entry *entry = &batch->entries[i];
		struct engine_op *op = &batch->ops[i];

		op->kind = entry->kind;
		op->condition = entry->condition;
		op->key = take(&at, entry->key_size);
		op->value = take(&at, entry->value_size);
		op->expected = take(&at, entry->expected_size);
	}
}

enum ouro_status
ouro_store_write(struct ouro_store *store, struct ouro_store_batch *batch,
    enum ouro_sync sync, struct ouro_error *err)
{
	enum engine_sync mode = ENGINE_SYNC_DEFAULT;
	enum ouro_status status = store_given(store, "the store", err);

	if (status == OURO_OK)
		status = store_given(batch, "the batch", err);
	if (status == OURO_OK)
		status = store_sync(sync, &mode, err);
	if (status != OURO_OK || batch->count == 0)
		return status;
	ops_make(batch);
	return engine_apply(store->engine, batch->ops, batch->count, mode, err);
}
