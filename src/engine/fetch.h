/*
 * fetch - the value at a location, checked.
 *
 * Where the segment is mapped (engine/segment_map.h) nothing is copied and,
 * after the first touch of a block, no system call is made. Sealed records,
 * and what lies beyond a map, are read into the caller's buffer. Every fetch
 * checks the record's checksum, its key, its sizes and its sequence. A packed
 * value is unpacked into the caller's buffer.
 */
#ifndef ENGINE_FETCH_H
#define ENGINE_FETCH_H

#include "engine/location.h"
#include "engine/segment_map.h"

/*
 * The caller sees to it that the segment stays. *value points into the map, when
 * *mapped, and is valid for as long as the segment is; else into
 * block, which grows as needed. OURO_DAMAGED names file and offset; OURO_IO.
 */
enum ouro_status fetch_value(const struct location *location, struct bytes key,
    struct buffer *block, struct bytes *value, bool *mapped,
    struct ouro_error *err);

/* A fetch of the location follows soon. */
void fetch_prefetch(const struct location *location);

#endif
