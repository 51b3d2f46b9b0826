/*
 * compress - bytes into one ordinary zstd frame (RFC 8878) and back.
 *
 * A frame has no checksum, no content size and no dictionary: what it lies in
 * has a check of its own and tells the size. The zstd program can read it.
 *
 * A compressor holds the library's working memory (a few MiB at the usual
 * levels) and is used by one thread at a time; keep it. Nothing is ever
 * allocated by what a frame claims.
 */
#ifndef BASE_COMPRESS_H
#define BASE_COMPRESS_H

#include "base/bytes.h"

#define COMPRESS_LEVEL_MIN     1
#define COMPRESS_LEVEL_MAX     19
#define COMPRESS_LEVEL_DEFAULT 3

struct compressor;

/* OURO_NO_MEMORY. */
enum ouro_status compressor_new(struct compressor **out,
    struct ouro_error *err);
void compressor_free(struct compressor *compressor);
/* Bytes that it holds; more after the compression of much. */
size_t compressor_memory(const struct compressor *compressor);

/*
 * Appends clear as a frame of at most size_max bytes to
 * out, which is unchanged on failure. OURO_TOO_LARGE when it does not become
 * that small, or only just; OURO_INVALID for a level out of range;
 * OURO_NO_MEMORY.
 */
enum ouro_status compress_frame(struct compressor *compressor, int level,
    struct bytes clear, size_t size_max, struct buffer *out,
    struct ouro_error *err);

/*
 * Appends the clear_size clear bytes to out, which is unchanged on failure.
 * OURO_DAMAGED unless frame is exactly one frame, of exactly clear_size
 * bytes, and shorter than these. The caller bounds clear_size.
 */
enum ouro_status decompress_frame(struct compressor *compressor,
    struct bytes frame, size_t clear_size, struct buffer *out,
    struct ouro_error *err);

#endif
