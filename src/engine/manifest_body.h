/*
 * manifest_body - the content of the file INDEX, of u64:
 *
 *   offset  length  data
 *   0       32      seed, sequence, durable, lost
 *   32      32      numbers of runs, segments, missing, dropped
 *   64      8 each  ids of the runs, newest first
 *   ..      72 each segments, ascending: id, end, next, least, live bytes,
 *                   live records, tombstone bytes, frame bytes, damaged
 *   ..      8 each  ids of missing segments, ascending
 *   ..      8 each  ids of dropped segments, ascending
 */
#ifndef ENGINE_MANIFEST_BODY_H
#define ENGINE_MANIFEST_BODY_H

#include "engine/manifest.h"

uint64_t manifest_body_size(const struct manifest *manifest);
/* Returns the byte behind it. */
uint8_t *manifest_body_put(uint8_t *at, const struct manifest *manifest);
/* path for error texts. OURO_DAMAGED, and *out is empty. */
enum ouro_status manifest_body_get(const char *path, struct bytes body,
    struct manifest *out, struct ouro_error *err);

#endif
