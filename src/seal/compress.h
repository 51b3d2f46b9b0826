/*
 * compress - how one chunk is stored: as a zstd frame (base/compress.h) when
 * that is shorter than the chunk, else as it is. The cipher around it
 * authenticates.
 */
#ifndef SEAL_COMPRESS_H
#define SEAL_COMPRESS_H

#include "base/compress.h"

/* How a chunk is stored; a byte in the sealed header, never renumbered. */
enum compress_codec { COMPRESS_RAW = 0, COMPRESS_ZSTD = 1 };

/* A stored chunk as a reader finds it: every field is foreign. */
struct compressed {
	uint8_t codec;
	struct bytes data;
	size_t clear_size; /* what it must become, exactly */
};

/*
 * Appends the stored form of clear to out, at most clear.size bytes, and
 * tells its codec; out is unchanged on failure. OURO_INVALID for a level out
 * of range, OURO_NO_MEMORY.
 */
enum ouro_status compress_chunk(struct compressor *compressor, int level,
    struct bytes clear, struct buffer *out, enum compress_codec *codec,
    struct ouro_error *err);

/*
 * Appends the clear_size clear bytes to out. OURO_DAMAGED unless data is
 * exactly one frame (or, raw, exactly the bytes) of exactly clear_size
 * bytes, and when clear_size is over size_max; OURO_UNSUPPORTED for an
 * unknown codec; out is unchanged on failure.
 */
enum ouro_status decompress_chunk(struct compressor *compressor,
    const struct compressed *stored, size_t size_max, struct buffer *out,
    struct ouro_error *err);

#endif
