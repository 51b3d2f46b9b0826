#include "vault/batch.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "seal/canonical.h"
#include "vault/batch_children.h"
#include "vault/vault.h"

/* Bytes live until the batch is released; the blocks form a list. */
struct batch_block {
	struct batch_block *next;
	size_t used, size;
	uint8_t data[];
};

/* Under the key of its row h. */
struct batch_name {
	struct bytes key;
	struct name name;
};

#define BLOCK_SIZE (64u * 1024 - sizeof(struct batch_block))

void
batch_init(struct batch *batch, struct ouro_vault *vault)
{
	*batch = (struct batch){ .vault = vault };
}

void
batch_release(struct batch *batch)
{
	while (batch->blocks != NULL) {
		struct batch_block *block = batch->blocks;

		batch->blocks = block->next;
		free(block);
	}
	for (size_t i = 0; i < batch->name_count; i++)
		name_release(&batch->names[i].name);
	free(batch->names);
	free(batch->name_index.slots);
	free(batch->ops);
	free(batch->op_index.slots);
	batch_children_free(batch->children);
	free(batch->incarnations);
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

/* ---- keys ------------------------------------------------------------------- */

/* The key of operation, or name, number i. */
typedef struct bytes key_of(const struct batch *batch, size_t i);

static struct bytes
op_key(const struct batch *batch, size_t i)
{
	return batch->ops[i].key;
}

static struct bytes
name_key(const struct batch *batch, size_t i)
{
	return batch->names[i].key;
}

/* FNV-1a, a word at a time: most of a key is random. */
static size_t
key_mix(struct bytes key)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	size_t i = 0;

	for (; i + 8 <= key.size; i += 8) {
		hash = (hash ^ get_u64le(key.data + i)) *
		    UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	for (; i < key.size; i++)
		hash = (hash ^ key.data[i]) * UINT64_C(0x100000001b3);
	return (size_t)(hash ^ hash >> 32);
}

/* Where the key is, or would be. */
static uint32_t *
index_slot(const struct batch *batch, const struct batch_index *index,
    key_of *of, struct bytes key)
{
	size_t mask = index->size - 1, at = key_mix(key) & mask;

	while (index->slots[at] != 0 &&
	    !bytes_equal(of(batch, index->slots[at] - 1), key))
		at = (at + 1) & mask;
	return &index->slots[at];
}

/* Room for the key of number count. */
static enum ouro_status
index_grow(const struct batch *batch, struct batch_index *index, key_of *of,
    size_t count, struct ouro_error *err)
{
	struct batch_index grown = { .size = index->size };

	if ((count + 1) * 2 <= index->size)
		return OURO_OK;
	grown.size = index->size == 0 ? 64 : index->size * 2;
	grown.slots = calloc(grown.size, sizeof(*grown.slots));
	if (grown.slots == NULL || count >= UINT32_MAX) {
		free(grown.slots);
		return error_memory(err);
	}
	for (size_t i = 0; i < count; i++)
		*index_slot(batch, &grown, of, of(batch, i)) = (uint32_t)i + 1;
	free(index->slots);
	*index = grown;
	return OURO_OK;
}

/* ---- operations ---------------------------------------------------------------- */

static enum ouro_status
ops_grow(struct batch *batch, struct ouro_error *err)
{
	size_t more = batch->capacity == 0 ? 16 : batch->capacity * 2;
	struct engine_op *grown;

	if (batch->count < batch->capacity)
		return OURO_OK;
	grown = reallocarray(batch->ops, more, sizeof(*grown));
	if (grown == NULL)
		return error_memory(err);
	batch->ops = grown;
	batch->capacity = more;
	return OURO_OK;
}

static enum ouro_status
batch_add(struct batch *batch, enum engine_op_kind kind,
    const struct row_key *key, struct bytes value, struct ouro_error *err)
{
	struct engine_op op = { .kind = kind };
	uint32_t *slot;
	enum ouro_status status;

	status = ops_grow(batch, err);
	if (status == OURO_OK)
		status = index_grow(batch, &batch->op_index, op_key,
		    batch->count, err);
	if (status == OURO_OK)
		status = batch_copy(batch, value, &op.value, err);
	if (status != OURO_OK)
		return status;
	batch->bytes += value.size;
	slot = index_slot(batch, &batch->op_index, op_key, row_bytes(key));
	if (*slot != 0) {
		op.key = batch->ops[*slot - 1].key;
		batch->ops[*slot - 1] = op;
		return OURO_OK;
	}
	status = batch_copy(batch, row_bytes(key), &op.key, err);
	if (status != OURO_OK)
		return status;
	batch->bytes += op.key.size;
	batch->ops[batch->count++] = op;
	*slot = (uint32_t)batch->count;
	return OURO_OK;
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

const struct engine_op *
batch_find(const struct batch *batch, struct bytes key)
{
	uint32_t found = batch->count == 0
	    ? 0
	    : *index_slot(batch, &batch->op_index, op_key, key);

	return found == 0 ? NULL : &batch->ops[found - 1];
}

/* ---- names --------------------------------------------------------------------- */

static enum ouro_status
names_grow(struct batch *batch, struct ouro_error *err)
{
	size_t more = batch->name_capacity == 0 ? 4 : batch->name_capacity * 2;
	struct batch_name *grown;

	if (batch->name_count < batch->name_capacity)
		return OURO_OK;
	grown = reallocarray(batch->names, more, sizeof(*grown));
	if (grown == NULL)
		return error_memory(err);
	batch->names = grown;
	batch->name_capacity = more;
	return OURO_OK;
}

enum ouro_status
batch_name(struct batch *batch, const char *namespace_, const char *path,
    struct name **out, struct ouro_error *err)
{
	struct row_key key = row_name(ROW_HEADS, namespace_, path);
	struct batch_name *added;
	uint32_t found = 0;
	enum ouro_status status = OURO_OK;

	if (batch->name_count > 0)
		found = *index_slot(batch, &batch->name_index, name_key,
		    row_bytes(&key));
	if (found > 0) {
		*out = &batch->names[found - 1].name;
		return OURO_OK;
	}
	status = names_grow(batch, err);
	if (status == OURO_OK)
		status = index_grow(batch, &batch->name_index, name_key,
		    batch->name_count, err);
	if (status != OURO_OK)
		return status;
	added = &batch->names[batch->name_count];
	status = batch_copy(batch, row_bytes(&key), &added->key, err);
	if (status == OURO_OK)
		status = name_load(batch->vault, namespace_, path, &added->name,
		    err);
	if (status != OURO_OK)
		return status;
	*index_slot(batch, &batch->name_index, name_key,
	    added->key) = (uint32_t)++batch->name_count;
	*out = &added->name;
	return OURO_OK;
}
