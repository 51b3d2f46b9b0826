#include "vault/batch.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "seal/canonical.h"
#include "vault/vault.h"

/* Bytes live until the batch is released; the blocks form a list. */
struct batch_block {
	struct batch_block *next;
	size_t used, size;
	uint8_t data[];
};

#define BLOCK_SIZE (64u * 1024 - sizeof(struct batch_block))

void
batch_init(struct batch *batch, struct ouro_vault *vault)
{
	*batch = (struct batch){ .vault = vault, .number = vault->number };
}

void
batch_release(struct batch *batch)
{
	while (batch->blocks != NULL) {
		struct batch_block *block = batch->blocks;

		batch->blocks = block->next;
		free(block);
	}
	for (size_t i = 0; i < batch->name_count; i++) {
		name_release(batch->names[i]);
		free(batch->names[i]);
	}
	free(batch->names);
	free(batch->ops);
	*batch = (struct batch){ 0 };
}

static enum ouro_status
batch_copy(struct batch *batch, struct bytes from, struct bytes *out,
    struct ouro_error *err)
{
	struct batch_block *block = batch->blocks;

	if (block == NULL || block->size - block->used < from.size) {
		size_t size = from.size > BLOCK_SIZE ? from.size : BLOCK_SIZE;

		block = malloc(sizeof(*block) + size);
		if (block == NULL)
			return error_memory(err);
		block->next = batch->blocks;
		block->used = 0;
		block->size = size;
		batch->blocks = block;
	}
	if (from.size > 0)
		memcpy(block->data + block->used, from.data, from.size);
	*out = bytes_of(block->data + block->used, from.size);
	block->used += from.size;
	return OURO_OK;
}

static enum ouro_status
batch_add(struct batch *batch, enum engine_op_kind kind,
    const struct row_key *key, struct bytes value, struct ouro_error *err)
{
	struct engine_op op = { .kind = kind };
	enum ouro_status status;

	if (batch->count == batch->capacity) {
		size_t more = batch->capacity == 0 ? 16 : batch->capacity * 2;
		struct engine_op *grown = realloc(batch->ops,
		    more * sizeof(*grown));

		if (grown == NULL)
			return error_memory(err);
		batch->ops = grown;
		batch->capacity = more;
	}
	status = batch_copy(batch, row_bytes(key), &op.key, err);
	if (status == OURO_OK)
		status = batch_copy(batch, value, &op.value, err);
	if (status == OURO_OK)
		batch->ops[batch->count++] = op;
	batch->bytes += op.key.size + op.value.size;
	return status;
}

enum ouro_status
batch_put(struct batch *batch, const struct row_key *key, struct bytes value,
    struct ouro_error *err)
{
	return batch_add(batch, ENGINE_PUT, key, value, err);
}

enum ouro_status
batch_delete(struct batch *batch, const struct row_key *key,
    struct ouro_error *err)
{
	return batch_add(batch, ENGINE_DELETE, key, bytes_of(NULL, 0), err);
}

enum ouro_status
batch_name(struct batch *batch, const char *namespace_, const char *path,
    struct name **out, struct ouro_error *err)
{
	struct name *name;
	enum ouro_status status;

	for (size_t i = 0; i < batch->name_count; i++) {
		name = batch->names[i];
		if (strcmp(name->path, path) == 0 &&
		    strcmp(name->namespace_, namespace_) == 0) {
			*out = name;
			return OURO_OK;
		}
	}
	if (batch->name_count == batch->name_capacity) {
		size_t more = batch->name_count == 0 ? 4
						     : batch->name_count * 2;
		struct name **grown = realloc(batch->names,
		    more * sizeof(*grown));

		if (grown == NULL)
			return error_memory(err);
		batch->names = grown;
		batch->name_capacity = more;
	}
	name = malloc(sizeof(*name));
	if (name == NULL)
		return error_memory(err);
	status = name_load(batch->vault, namespace_, path, name, err);
	if (status != OURO_OK) {
		free(name);
		return status;
	}
	batch->names[batch->name_count++] = name;
	*out = name;
	return OURO_OK;
}
