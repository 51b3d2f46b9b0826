#include "seal/stripe.h"

#include <assert.h>

#include "base/error.h"
#include "base/fs.h"
#include "crypt/hash.h"
#include "seal/compress.h"
#include "seal/erasure.h"
#include "seal/padding.h"
#include "seal/stripe_cipher.h"

/* Fills scratch with what is to be encrypted. */
static enum ouro_status
scratch_fill(const struct stripe_options *options, struct bytes clear,
    struct buffer *scratch, struct ouro_error *err)
{
	enum compress_codec codec = COMPRESS_RAW;
	enum ouro_status status;

	/* The whole bucket at once: nothing below has to grow it. */
	scratch->size = 0;
	status = buffer_reserve(scratch, padme(CLEAR_HEAD_SIZE + clear.size),
	    err);
	if (status)
		return status;
	scratch->size = CLEAR_HEAD_SIZE;
	if (options->level == 0)
		status = buffer_append(scratch, clear, err);
	else
		status = compress_chunk(options->compressor, options->level,
		    clear, scratch, &codec, err);
	if (status)
		return status;
	assert(scratch->size <= CLEAR_HEAD_SIZE + clear.size);
	scratch->data[0] = (uint8_t)codec;
	put_u32le(scratch->data + 1, (uint32_t)clear.size);
	size_t padded = padme(scratch->size);
	assert(padded >= SEALED_SIZE_MIN && padded <= SEALED_SIZE_MAX);
	memset(scratch->data + scratch->size, 0, padded - scratch->size);
	scratch->size = padded;
	return OURO_OK;
}

/* Sizes everything and makes room for the slices; head_size is told. */
static enum ouro_status
block_layout(const struct slice *common, struct stripe *out, size_t *head_size,
    struct ouro_error *err)
{
	out->sealed_size = common->sealed_size;
	out->slice_size = (uint32_t)erasure_slice_size(common->sealed_size,
	    common->k);
	*head_size = slice_head_size(common);
	out->stored_size = *head_size + out->slice_size;
	out->block.size = 0;
	return buffer_resize(&out->block, out->stored_size * common->count,
	    err);
}

/* Puts the sealed bytes and their parity into their places in the block. */
static void
block_fill(const struct erasure *erasure, struct bytes sealed,
    struct stripe *out, size_t head_size)
{
	uint8_t *places[SLICES_MAX];
	size_t size = out->slice_size, done = 0;
	unsigned total = out->k + out->m;

	assert(out->k <= total && total <= SLICES_MAX);
	for (unsigned i = 0; i < total; i++)
		places[i] = out->block.data + i * out->stored_size + head_size;
	for (unsigned i = 0; i < out->k; i++) {
		size_t left = sealed.size - done;
		size_t take = left < size ? left : size;
		memcpy(places[i], sealed.data + done, take);
		memset(places[i] + take, 0, size - take);
		done += take;
	}
	assert(done == sealed.size);
	erasure_encode(erasure, (const uint8_t *const *)places, places + out->k,
	    size);
}

/* Hashes the slices and writes the same head, but for the index, before
 * each. hashes is what common points to. */
static enum ouro_status
block_finish(const struct slice *common, uint8_t *hashes, struct stripe *out,
    size_t head_size, struct ouro_error *err)
{
	uint8_t *first = out->block.data;
	enum ouro_status status;

	for (unsigned i = 0; i < common->count; i++) {
		const uint8_t *data = first + i * out->stored_size + head_size;
		status = hash_sha256(bytes_of(data, out->slice_size),
		    hashes + (size_t)i * HASH_SIZE, err);
		if (status)
			return status;
	}
	status = slice_head_write(common, first, out->id, err);
	if (status)
		return status;
	for (unsigned i = 1; i < common->count; i++) {
		uint8_t *head = first + i * out->stored_size;
		memcpy(head, first, head_size);
		head[1] = (uint8_t)i;
	}
	return OURO_OK;
}

static enum ouro_status
options_check(const struct stripe_options *options, struct bytes clear,
    struct ouro_error *err)
{
	char name[CHUNK_NAME_SIZE];

	if (clear.size < 1 || clear.size > CHUNK_SIZE_MAX)
		return error_set(err, OURO_INVALID,
		    "chunk %s has %zu bytes, not 1 to %u",
		    chunk_name(options->chunk_id, name), clear.size,
		    CHUNK_SIZE_MAX);
	if (options->epoch < 1)
		return error_set(err, OURO_INVALID, "epoch 0 seals nothing");
	return erasure_valid(options->k, options->m, err);
}

enum ouro_status
stripe_seal(const struct stripe_options *options, struct bytes clear,
    struct stripe *out, struct ouro_error *err)
{
	uint8_t hashes[SLICES_MAX * HASH_SIZE];
	size_t head_size = 0;
	enum ouro_status status = options_check(options, clear, err);

	if (status)
		return status;
	status = scratch_fill(options, clear, &out->scratch, err);
	if (status)
		return status;
	out->k = options->k;
	out->m = options->m;
	out->epoch = options->epoch;
	struct slice common = {
		.k = options->k,
		.count = options->k + options->m,
		.epoch = options->epoch,
		.sealed_size = (uint32_t)out->scratch.size,
	};
	common.hashes = bytes_of(hashes, common.count * (size_t)HASH_SIZE);
	memcpy(common.chunk_id, options->chunk_id, HASH_SIZE);
	status = fs_random(options->fs, common.salt, sizeof common.salt, err);
	if (!status)
		status = stripe_encrypt(options->chunk_key, &common,
		    out->scratch.data, err);
	if (!status)
		status = block_layout(&common, out, &head_size, err);
	if (status)
		return status;
	block_fill(options->erasure, buffer_bytes(&out->scratch), out,
	    head_size);
	return block_finish(&common, hashes, out, head_size, err);
}

enum ouro_status
stripe_restore(const struct slice *of, struct bytes sealed,
    const struct erasure *erasure, unsigned m, struct stripe *out,
    struct ouro_error *err)
{
	uint8_t hashes[SLICES_MAX * HASH_SIZE];
	char name[CHUNK_NAME_SIZE];
	struct slice common = *of;
	size_t head_size = 0;
	enum ouro_status status;

	assert(sealed.size == of->sealed_size && of->k + m <= SLICES_MAX);
	common.index = 0;
	common.count = of->k + m;
	common.hashes = bytes_of(hashes, common.count * (size_t)HASH_SIZE);
	out->k = of->k;
	out->m = m;
	out->epoch = of->epoch;
	status = block_layout(&common, out, &head_size, err);
	if (status)
		return status;
	block_fill(erasure, sealed, out, head_size);
	status = block_finish(&common, hashes, out, head_size, err);
	if (!status && memcmp(out->id, of->stripe_id, STRIPE_ID_SIZE) != 0)
		status = error_set(err, OURO_DAMAGED,
		    "chunk %s: its sealed bytes do not fit their hashes",
		    chunk_name(of->chunk_id, name));
	return status;
}

struct bytes
stripe_slice(const struct stripe *stripe, unsigned index)
{
	assert(index < stripe->k + stripe->m);
	return bytes_of(stripe->block.data + index * stripe->stored_size,
	    stripe->stored_size);
}

void
stripe_release(struct stripe *stripe)
{
	buffer_wipe(&stripe->scratch);
	buffer_release(&stripe->block);
	*stripe = (struct stripe){ 0 };
}
