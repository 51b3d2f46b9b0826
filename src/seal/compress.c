#include "seal/compress.h"

#include <assert.h>
#include <stdlib.h>

#include <zstd.h>
#include <zstd_errors.h>

#include "base/error.h"

struct compressor {
	ZSTD_CCtx *packer;
	ZSTD_DCtx *opener;
};

enum ouro_status
compressor_new(struct compressor **out, struct ouro_error *err)
{
	struct compressor *compressor = calloc(1, sizeof *compressor);
	if (!compressor)
		return error_memory(err);
	compressor->packer = ZSTD_createCCtx();
	compressor->opener = ZSTD_createDCtx();
	if (!compressor->packer || !compressor->opener) {
		compressor_free(compressor);
		return error_memory(err);
	}
	*out = compressor;
	return OURO_OK;
}

void
compressor_free(struct compressor *compressor)
{
	if (!compressor)
		return;
	ZSTD_freeCCtx(compressor->packer);
	ZSTD_freeDCtx(compressor->opener);
	free(compressor);
}

static enum ouro_status
compress_failed(size_t result, struct ouro_error *err)
{
	if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation)
		return error_memory(err);
	return error_set(err, OURO_INVALID, "zstd cannot compress: %s",
	    ZSTD_getErrorName(result));
}

static enum ouro_status
packer_setup(ZSTD_CCtx *packer, int level, struct ouro_error *err)
{
	static const struct {
		ZSTD_cParameter name;
		int value;
	} fixed[] = {
		{ ZSTD_c_contentSizeFlag, 0 },
		{ ZSTD_c_checksumFlag, 0 },
		{ ZSTD_c_dictIDFlag, 0 },
	};

	if (level < COMPRESS_LEVEL_MIN || level > COMPRESS_LEVEL_MAX)
		return error_set(err, OURO_INVALID,
		    "compression level %d is not between %d and %d", level,
		    COMPRESS_LEVEL_MIN, COMPRESS_LEVEL_MAX);
	size_t result = ZSTD_CCtx_reset(packer,
	    ZSTD_reset_session_and_parameters);
	if (!ZSTD_isError(result))
		result = ZSTD_CCtx_setParameter(packer, ZSTD_c_compressionLevel,
		    level);
	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
		if (!ZSTD_isError(result))
			result = ZSTD_CCtx_setParameter(packer, fixed[i].name,
			    fixed[i].value);
	return ZSTD_isError(result) ? compress_failed(result, err) : OURO_OK;
}

enum ouro_status
compress_chunk(struct compressor *compressor, int level, struct bytes clear,
    struct buffer *out, enum compress_codec *codec, struct ouro_error *err)
{
	enum ouro_status status = packer_setup(compressor->packer, level, err);
	if (status)
		return status;
	*codec = COMPRESS_RAW;
	if (clear.size == 0)
		return OURO_OK;
	status = buffer_reserve(out, clear.size, err);
	if (status)
		return status;
	/* No room for a frame that does not shrink: zstd gives up early. */
	size_t result = ZSTD_compress2(compressor->packer,
	    out->data + out->size, clear.size - 1, clear.data, clear.size);
	if (!ZSTD_isError(result)) {
		assert(result < clear.size);
		*codec = COMPRESS_ZSTD;
		out->size += result;
		return OURO_OK;
	}
	if (ZSTD_getErrorCode(result) != ZSTD_error_dstSize_tooSmall)
		return compress_failed(result, err);
	memcpy(out->data + out->size, clear.data, clear.size);
	out->size += clear.size;
	return OURO_OK;
}

/* Exactly one frame of today's format: no skippable or legacy ones. */
static bool
frame_alone(struct bytes data)
{
	return data.size >= 4 && get_u32le(data.data) == ZSTD_MAGICNUMBER &&
	    ZSTD_findFrameCompressedSize(data.data, data.size) == data.size;
}

static enum ouro_status
frame_open(ZSTD_DCtx *opener, const struct compressed *stored,
    struct buffer *out, struct ouro_error *err)
{
	if (stored->data.size >= stored->clear_size ||
	    !frame_alone(stored->data))
		return error_set(err, OURO_DAMAGED,
		    "compressed chunk is not one zstd frame");
	enum ouro_status status = buffer_reserve(out, stored->clear_size, err);
	if (status)
		return status;
	size_t result = ZSTD_decompressDCtx(opener, out->data + out->size,
	    stored->clear_size, stored->data.data, stored->data.size);
	if (ZSTD_isError(result)) {
		if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation)
			return error_memory(err);
		return error_set(err, OURO_DAMAGED,
		    "compressed chunk does not open: %s",
		    ZSTD_getErrorName(result));
	}
	if (result != stored->clear_size)
		return error_set(err, OURO_DAMAGED,
		    "compressed chunk holds %zu bytes instead of %zu", result,
		    stored->clear_size);
	out->size += result;
	return OURO_OK;
}

enum ouro_status
decompress_chunk(struct compressor *compressor, const struct compressed *stored,
    size_t size_max, struct buffer *out, struct ouro_error *err)
{
	if (stored->clear_size > size_max)
		return error_set(err, OURO_DAMAGED,
		    "chunk claims %zu bytes, more than %zu", stored->clear_size,
		    size_max);
	switch (stored->codec) {
	case COMPRESS_RAW:
		if (stored->data.size != stored->clear_size)
			return error_set(err, OURO_DAMAGED,
			    "chunk has %zu bytes instead of %zu",
			    stored->data.size, stored->clear_size);
		return buffer_append(out, stored->data, err);
	case COMPRESS_ZSTD:
		return frame_open(compressor->opener, stored, out, err);
	default:
		return error_set(err, OURO_UNSUPPORTED,
		    "chunk is compressed in an unknown way (%u)",
		    stored->codec);
	}
}
