#include "base/compress.h"

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

size_t
compressor_memory(const struct compressor *compressor)
{
	return sizeof *compressor + ZSTD_sizeof_CCtx(compressor->packer) +
	    ZSTD_sizeof_DCtx(compressor->opener);
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

static enum ouro_status
not_so_small(struct ouro_error *err)
{
	return error_plain(err, OURO_TOO_LARGE,
	    "the bytes do not shrink so far");
}

/* No room for a frame that is too large: zstd gives up early. */
enum ouro_status
compress_frame(struct compressor *compressor, int level, struct bytes clear,
    size_t size_max, struct buffer *out, struct ouro_error *err)
{
	enum ouro_status status = packer_setup(compressor->packer, level, err);

	if (status == OURO_OK && size_max == 0)
		status = not_so_small(err);
	if (status == OURO_OK)
		status = buffer_reserve(out, size_max, err);
	if (status != OURO_OK)
		return status;
	size_t result = ZSTD_compress2(compressor->packer,
	    out->data + out->size, size_max, clear.data, clear.size);
	if (!ZSTD_isError(result)) {
		assert(result <= size_max);
		out->size += result;
		return OURO_OK;
	}
	if (ZSTD_getErrorCode(result) == ZSTD_error_dstSize_tooSmall)
		return not_so_small(err);
	return compress_failed(result, err);
}

/* Exactly one frame of today's format: no skippable or legacy ones. */
static bool
frame_alone(struct bytes data)
{
	return data.size >= 4 && get_u32le(data.data) == ZSTD_MAGICNUMBER &&
	    ZSTD_findFrameCompressedSize(data.data, data.size) == data.size;
}

enum ouro_status
decompress_frame(struct compressor *compressor, struct bytes frame,
    size_t clear_size, struct buffer *out, struct ouro_error *err)
{
	if (frame.size >= clear_size || !frame_alone(frame))
		return error_set(err, OURO_DAMAGED,
		    "compressed bytes are not one zstd frame");
	enum ouro_status status = buffer_reserve(out, clear_size, err);
	if (status)
		return status;
	size_t result = ZSTD_decompressDCtx(compressor->opener,
	    out->data + out->size, clear_size, frame.data, frame.size);
	if (ZSTD_isError(result)) {
		if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation)
			return error_memory(err);
		return error_set(err, OURO_DAMAGED,
		    "compressed bytes do not open: %s",
		    ZSTD_getErrorName(result));
	}
	if (result != clear_size)
		return error_set(err, OURO_DAMAGED,
		    "compressed bytes hold %zu bytes instead of %zu", result,
		    clear_size);
	out->size += result;
	return OURO_OK;
}
