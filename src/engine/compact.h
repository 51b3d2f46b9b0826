/*
 * compact - rewriting segments: what counts goes into new segments of
 * copies, then the old files go.
 */
#ifndef ENGINE_COMPACT_H
#define ENGINE_COMPACT_H

#include "engine/log_engine.h"

/* The driver's engine_compact. */
enum ouro_status compact_all(struct engine *engine, double dead_share,
    uint64_t *freed, struct ouro_error *err);

/* Step of the executor; context is the struct log_engine. Woken when a segment
 * was ended. */
uint64_t compact_step(void *context);

/* The segment cannot be copied before it is repaired. */
void compact_avoid(struct log_engine *log, struct segment *segment);

/*
 * Rewrites the given segments (ended by NULL; none of them active or dirty)
 * and removes them, and names `missing` as dropped too (may be NULL). What
 * cannot be read fails the call with OURO_DAMAGED and changes nothing, or,
 * with `salvage`, is left behind. With log->care held.
 */
enum ouro_status compact_segments(struct log_engine *log,
    struct segment *const *victims, const struct id_set *missing, bool salvage,
    struct ouro_error *err);

#endif
