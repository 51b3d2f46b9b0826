#include "engine/pack.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/compress.h"
#include "base/error.h"

/* What large values leave behind is not kept. */
#define SPARE_MEMORY_MAX (8u * 1024 * 1024)

/* ---- working memory ---------------------------------------------------------------- */

static enum ouro_status
pool_take(struct pack_pool *pool, struct compressor **out,
    struct ouro_error *err)
{
	for (unsigned i = 0; i < PACK_SPARES; i++) {
		*out = atomic_exchange(&pool->spare[i], NULL);
		if (*out != NULL)
			return OURO_OK;
	}
	return compressor_new(out, err);
}

static void
pool_give(struct pack_pool *pool, struct compressor *compressor)
{
	bool keep = compressor_memory(compressor) <= SPARE_MEMORY_MAX;

	for (unsigned i = 0; keep && i < PACK_SPARES; i++) {
		struct compressor *none = NULL;

		if (atomic_compare_exchange_strong(&pool->spare[i], &none,
			compressor))
			return;
	}
	compressor_free(compressor);
}

void
pack_pool_release(struct pack_pool *pool)
{
	for (unsigned i = 0; i < PACK_SPARES; i++)
		compressor_free(atomic_exchange(&pool->spare[i], NULL));
}

/* ---- packing ------------------------------------------------------------------------- */

/* Appends the packed value to out, when it is worth it. */
static enum ouro_status
value_pack(struct compressor *compressor, int level, struct bytes value,
    struct buffer *out, struct ouro_error *err)
{
	size_t begin = out->size, room = value.size * 7 / 8 - PACK_HEAD;
	enum ouro_status status = buffer_resize(out, begin + PACK_HEAD, err);

	if (status != OURO_OK)
		return status;
	put_u32le(out->data + begin, (uint32_t)value.size);
	status = compress_frame(compressor, level, value, room, out, NULL);
	if (status != OURO_OK)
		out->size = begin;
	if (status == OURO_NO_MEMORY)
		return error_memory(err);
	assert(status == OURO_OK || status == OURO_TOO_LARGE);
	return OURO_OK;
}

static bool
is_worth_trying(const struct engine_op *op)
{
	return op->kind == ENGINE_PUT && op->value.size >= PACK_MIN;
}

/* Their sizes are known; now the bytes stay where they are. */
static void
values_place(struct pack *pack, size_t count)
{
	const uint8_t *at = pack->bytes.data;

	for (size_t i = 0; i < count; i++) {
		if (pack->values[i].size == 0)
			continue;
		pack->values[i].data = at;
		at += pack->values[i].size;
	}
	assert(at == pack->bytes.data + pack->bytes.size);
}

static enum ouro_status
values_pack(struct compressor *compressor, int level,
    const struct engine_op *ops, size_t count, struct pack *out,
    struct ouro_error *err)
{
	for (size_t i = 0; i < count; i++) {
		size_t before = out->bytes.size;
		enum ouro_status status;

		if (!is_worth_trying(&ops[i]))
			continue;
		status = value_pack(compressor, level, ops[i].value,
		    &out->bytes, err);
		if (status != OURO_OK)
			return status;
		out->values[i].size = out->bytes.size - before;
	}
	return OURO_OK;
}

enum ouro_status
pack_ops(struct pack_pool *pool, int level, const struct engine_op *ops,
    size_t count, struct pack *out, struct ouro_error *err)
{
	struct compressor *compressor;
	enum ouro_status status;
	size_t i = 0;

	while (i < count && !is_worth_trying(&ops[i]))
		i++;
	if (i == count)
		return OURO_OK;
	out->values = calloc(count, sizeof *out->values);
	if (out->values == NULL)
		return error_memory(err);
	status = pool_take(pool, &compressor, err);
	if (status != OURO_OK)
		return status;
	status = values_pack(compressor, level, ops, count, out, err);
	pool_give(pool, compressor);
	if (status == OURO_OK)
		values_place(out, count);
	return status;
}

void
pack_release(struct pack *pack)
{
	free(pack->values);
	buffer_release(&pack->bytes);
	*pack = (struct pack){ 0 };
}

/* ---- opening ------------------------------------------------------------------------- */

enum ouro_status
pack_open(struct pack_pool *pool, struct bytes packed, struct buffer *out,
    struct ouro_error *err)
{
	struct compressor *compressor;
	enum ouro_status status;
	uint32_t size;

	if (packed.size < PACK_HEAD)
		return error_set(err, OURO_DAMAGED,
		    "a packed value of %zu bytes", packed.size);
	size = pack_clear_size(packed);
	if (size > ENGINE_VALUE_MAX)
		return error_set(err, OURO_DAMAGED,
		    "a packed value claims %" PRIu32 " bytes", size);
	status = pool_take(pool, &compressor, err);
	if (status != OURO_OK)
		return status;
	status = decompress_frame(compressor,
	    bytes_of(packed.data + PACK_HEAD, packed.size - PACK_HEAD), size,
	    out, err);
	pool_give(pool, compressor);
	return status;
}
