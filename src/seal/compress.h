/*
 * compress - one chunk through zstd (RFC 8878) and back.
 *
 * A chunk is stored as one ordinary zstd frame (no checksum, no content
 * size, no dictionary: the cipher around it authenticates) when that is
 * shorter than the chunk, else as it is. The zstd program can read a frame.
 *
 * A compressor holds the library's working memory (a few MiB at the usual
 * levels) and is used by one thread at a time; make one per worker and keep
 * it. Nothing is ever allocated by what a frame claims.
 */
#ifndef SEAL_COMPRESS_H
#define SEAL_COMPRESS_H

#include "base/bytes.h"

/* How a chunk is stored; a byte in the sealed header, never renumbered. */
enum compress_codec { COMPRESS_RAW = 0, COMPRESS_ZSTD = 1 };

#define COMPRESS_LEVEL_MIN     1
#define COMPRESS_LEVEL_MAX     19
#define COMPRESS_LEVEL_DEFAULT 3

/* A stored chunk as a reader finds it: every field is foreign. */
struct compressed {
	uint8_t codec;
	struct bytes data;
	size_t clear_size; /* what it must become, exactly */
};

struct compressor;

/* OURO_NO_MEMORY. */
enum ouro_status compressor_new(struct compressor **out,
    struct ouro_error *err);
void compressor_free(struct compressor *compressor);

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
