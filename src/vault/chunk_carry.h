/*
 * chunk_carry - a chunk out of one vault's lanes and into those of another
 * copy, as the stripe it was sealed into (seal/carried.h).
 */
#ifndef VAULT_CHUNK_CARRY_H
#define VAULT_CHUNK_CARRY_H

#include "seal/carried.h"
#include "vault/chunk.h"

/*
 * A stripe of the chunk that opens to the right bytes, rebuilt where slices
 * are missing or bad. Replaces out; *epoch is the one it is sealed under. The
 * slot is working memory. OURO_DAMAGED names the chunk; OURO_IO when slices
 * could not be read just now.
 */
enum ouro_status chunk_give(struct ouro_vault *vault, struct chunk_slot *slot,
    const uint8_t id[HASH_SIZE], struct buffer *out, uint32_t *epoch,
    struct ouro_error *err);

/* What taking one did. */
struct chunk_taken {
	bool is_new;	 /* it was not there, or not whole */
	uint64_t stored; /* bytes of slices written */
};

/*
 * Stores a stripe with the vault's parity, unless the chunk is there, whole.
 * Nobody believes it before it opened to bytes of the chunk's id: OURO_DAMAGED.
 * Durable as after chunk_store. Collection is held off by the caller.
 */
enum ouro_status chunk_take(struct ouro_vault *vault, struct chunk_slot *slot,
    const struct carried *carried, struct chunk_taken *out,
    struct ouro_error *err);

#endif
