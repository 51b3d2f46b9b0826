#include "seal/compress.h"

#include "base/error.h"

enum ouro_status
compress_chunk(struct compressor *compressor, int level, struct bytes clear,
    struct buffer *out, enum compress_codec *codec, struct ouro_error *err)
{
	size_t shorter = clear.size > 0 ? clear.size - 1 : 0;
	enum ouro_status status = compress_frame(compressor, level, clear,
	    shorter, out, err);

	*codec = status == OURO_OK ? COMPRESS_ZSTD : COMPRESS_RAW;
	return status == OURO_TOO_LARGE ? buffer_append(out, clear, err)
					: status;
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
		return decompress_frame(compressor, stored->data,
		    stored->clear_size, out, err);
	default:
		return error_set(err, OURO_UNSUPPORTED,
		    "chunk is compressed in an unknown way (%u)",
		    stored->codec);
	}
}
