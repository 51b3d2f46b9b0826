/*
 * segment_map - a segment's bytes in memory, without copying them.
 *
 * The map is made when it is first asked for and lives as long as the
 * segment object; a file that has grown since may be mapped once more beside
 * it. A block is read with fs_read before it is first used, so that a disk
 * that fails is a status and not a signal; whether it still can be read later
 * nobody knows, which is why engines can do without (no_maps).
 *
 * Thread-safe. What is mapped is not believed: records are checked each time.
 */
#ifndef ENGINE_SEGMENT_MAP_H
#define ENGINE_SEGMENT_MAP_H

#include "engine/segment.h"

#define SEGMENT_MAP_BLOCK (64u * 1024)

/* *out is [offset, offset + size) of the file, while the segment is
 * referenced; or NULL when it is not mapped that far. scratch may be used.
 * OURO_IO. */
enum ouro_status segment_map_get(struct segment *segment, uint64_t offset,
    size_t size, struct buffer *scratch, const uint8_t **out,
    struct ouro_error *err);

/* The same for what was used before, without reading: NULL when it was not. */
const uint8_t *segment_map_known(struct segment *segment, uint64_t offset,
    size_t size);

/* Nobody uses the maps any more. */
void segment_map_release(struct segment *segment);

#endif
