#include "seal/stripe.h"

#include <assert.h>
#include <stdlib.h>

#include <zstd.h>

#include "base/error.h"
#include "crypt/hash.h"
#include "seal/compress.h"
#include "seal/erasure.h"
#include "seal/padding.h"
#include "seal/salvage.h"
#include "seal/stripe_cipher.h"

/* ---- opening ----------------------------------------------------------- */

/* How much of the bucket is payload. A zstd frame tells its own length. */
static size_t
payload_size(uint8_t codec, size_t clear_size, struct bytes rest)
{
	if (codec != COMPRESS_ZSTD)
		return clear_size < rest.size ? clear_size : rest.size;
	size_t size = ZSTD_findFrameCompressedSize(rest.data, rest.size);
	return ZSTD_isError(size) ? rest.size : size;
}

/* The decrypted bucket becomes the chunk. Authenticated bytes, so whatever
 * is wrong here was written wrong; still nothing is believed. */
static enum ouro_status
bucket_open(struct bytes bucket, struct compressor *compressor,
    struct buffer *clear, struct ouro_error *err)
{
	uint8_t codec = bucket.data[0];
	size_t clear_size = get_u32le(bucket.data + 1);
	struct bytes rest = bytes_of(bucket.data + CLEAR_HEAD_SIZE,
	    bucket.size - CLEAR_HEAD_SIZE);
	size_t used = payload_size(codec, clear_size, rest);
	struct compressed stored = {
		.codec = codec,
		.data = bytes_of(rest.data, used),
		.clear_size = clear_size,
	};

	if (clear_size < 1)
		return error_set(err, OURO_DAMAGED, "an empty chunk");
	if (padme(CLEAR_HEAD_SIZE + used) != bucket.size)
		return error_set(err, OURO_DAMAGED,
		    "%zu bytes in a bucket of %zu", used, bucket.size);
	for (size_t i = used; i < rest.size; i++)
		if (rest.data[i] != 0)
			return error_set(err, OURO_DAMAGED,
			    "padding is not zero");
	return decompress_chunk(compressor, &stored, CHUNK_SIZE_MAX, clear,
	    err);
}

/* Tries without hashing first. data has k x size bytes, the result is there.
 * OURO_DAMAGED also when intact slices do not open. */
static enum ouro_status
data_decrypt(const uint8_t chunk_key[KEY_SIZE], struct salvage *salvage,
    uint8_t *data, struct ouro_error *err)
{
	char name[CHUNK_NAME_SIZE];
	enum ouro_status status;

	if (salvage_is_whole(salvage)) {
		salvage_copy(salvage, data);
		status = stripe_decrypt(chunk_key, salvage->of, data, err);
		if (status != OURO_WRONG_KEY)
			return status;
	}
	status = salvage_rebuild(salvage, data, err);
	if (status)
		return status;
	status = stripe_decrypt(chunk_key, salvage->of, data, err);
	if (status != OURO_WRONG_KEY)
		return status;
	return error_set(err, OURO_DAMAGED,
	    "chunk %s: its slices are good but do not open under this key of "
	    "epoch %u",
	    chunk_name(salvage->of->chunk_id, name), salvage->of->epoch);
}

enum ouro_status
stripe_open(const uint8_t chunk_key[KEY_SIZE],
    const struct slice *const slices[SLICES_MAX], struct compressor *compressor,
    struct buffer *clear, uint8_t *bad, unsigned *bad_count,
    struct ouro_error *err)
{
	struct salvage salvage;
	enum ouro_status status = salvage_begin(&salvage, slices, err);

	/* The sealed bytes are decrypted behind the room for the chunk. */
	clear->size = 0;
	if (!status)
		status = buffer_reserve(clear,
		    CHUNK_SIZE_MAX + salvage.of->k * salvage.size, err);
	if (!status) {
		uint8_t *data = clear->data + CHUNK_SIZE_MAX;
		status = data_decrypt(chunk_key, &salvage, data, err);
		if (!status)
			status = bucket_open(bytes_of(data,
						 salvage.of->sealed_size),
			    compressor, clear, err);
		assert(clear->size <= CHUNK_SIZE_MAX);
	}
	unsigned count = salvage_bad(&salvage, bad);
	if (bad_count)
		*bad_count = count;
	return status;
}

/* ---- rebuilding -------------------------------------------------------- */

/* As many hashes as the stripe was first written with, as far as the good
 * slices show, and enough to cover the wanted one. */
static unsigned
hashes_needed(const struct salvage *salvage, unsigned wanted)
{
	unsigned count = SLICES_MAX;

	for (unsigned i = 0; i < salvage->total; i++)
		if (salvage->slices[i] && salvage->slices[i]->count < count)
			count = salvage->slices[i]->count;
	return count > wanted ? count : wanted + 1;
}

/*
 * Writes head and bytes of slice->index into out, whose size fits. Parity
 * hashes are computed anew: those that the slices carry are bound to nothing.
 */
static enum ouro_status
slice_make(struct slice *slice, const uint8_t *data, uint8_t *hashes,
    struct buffer *out, struct ouro_error *err)
{
	const size_t size = slice->data.size;
	const uint8_t *places[SLICES_MAX];
	size_t head_size = out->size - size;
	uint8_t *made = out->data + head_size;
	struct erasure *erasure = NULL;
	uint8_t id[STRIPE_ID_SIZE] = { 0 };
	enum ouro_status status = erasure_new(slice->k, 0, &erasure, err);

	for (unsigned i = 0; i < slice->k; i++)
		places[i] = data + i * size;
	for (unsigned i = slice->k; !status && i < slice->count; i++) {
		erasure_encode_row(erasure, i - slice->k, places, made, size);
		status = hash_sha256(bytes_of(made, size),
		    hashes + (size_t)i * HASH_SIZE, err);
	}
	if (!status && slice->index < slice->k)
		memcpy(made, places[slice->index], size);
	else if (!status)
		erasure_encode_row(erasure, slice->index - slice->k, places,
		    made, size);
	erasure_free(erasure);
	if (!status)
		status = slice_head_write(slice, out->data, id, err);
	assert(status || memcmp(id, slice->stripe_id, sizeof id) == 0);
	return status;
}

enum ouro_status
stripe_rebuild(const struct slice *const slices[SLICES_MAX], unsigned wanted,
    struct buffer *out, struct ouro_error *err)
{
	uint8_t hashes[SLICES_MAX * HASH_SIZE];
	struct salvage salvage;
	enum ouro_status status = salvage_begin(&salvage, slices, err);

	if (status)
		return status;
	if (wanted >= SLICES_MAX)
		return error_set(err, OURO_INVALID,
		    "slice %u: a stripe has at most %d", wanted, SLICES_MAX);
	uint8_t *data = malloc(salvage.of->k * salvage.size);
	if (!data)
		return error_memory(err);
	status = salvage_rebuild(&salvage, data, err);
	if (!status) {
		struct slice slice = *salvage.of;
		slice.index = wanted;
		slice.count = hashes_needed(&salvage, wanted);
		memcpy(hashes, salvage.of->hashes.data,
		    (size_t)slice.k * HASH_SIZE);
		slice.hashes = bytes_of(hashes,
		    (size_t)slice.count * HASH_SIZE);
		out->size = 0;
		status = buffer_resize(out,
		    slice_head_size(&slice) + salvage.size, err);
		if (!status)
			status = slice_make(&slice, data, hashes, out, err);
	}
	free(data);
	return status;
}
