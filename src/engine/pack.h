/*
 * pack - values that lie compressed in the log.
 *
 *   offset  length  data
 *   0       4       clear size, at most ENGINE_VALUE_MAX
 *   4       ..      one zstd frame (base/compress.h), shorter than that
 *
 * Written only when it takes at most 7/8 of a value of PACK_MIN bytes or more.
 */
#ifndef ENGINE_PACK_H
#define ENGINE_PACK_H

#include <stdatomic.h>

#include "engine/engine.h"

#define PACK_MIN    64u
#define PACK_HEAD   4u
#define PACK_SPARES 16u

struct compressor;

/* Working memory that any threads take and give back. Zeroed = empty. */
struct pack_pool {
	_Atomic(struct compressor *) spare[PACK_SPARES];
};

void pack_pool_release(struct pack_pool *pool);

/* What is written of some operations' values. Zeroed = these as they are. */
struct pack {
	struct bytes *values; /* by number; data NULL: as it is. Or NULL */
	struct buffer bytes;
};

/* Packs those that shrink so far. pack_release in any case. */
enum ouro_status pack_ops(struct pack_pool *pool, int level,
    const struct engine_op *ops, size_t count, struct pack *out,
    struct ouro_error *err);
void pack_release(struct pack *pack);

/* What packed bytes, at least PACK_HEAD of them, say that they become. */
static inline uint32_t
pack_clear_size(struct bytes packed)
{
	return get_u32le(packed.data);
}

/* Appends the value to out. OURO_DAMAGED when it is none; a claim is checked
 * before memory is asked for. */
enum ouro_status pack_open(struct pack_pool *pool, struct bytes packed,
    struct buffer *out, struct ouro_error *err);

#endif
