/*
 * run_table - where in a run's hash table and Bloom filter a hash belongs.
 *
 * Table: a page of the table is chosen by the hash's high bits, the first of
 * its 1,022 slots by bits 16 to 31; probing goes on slot by slot, from the
 * last to the first, and never leaves the page. A slot is the hash's low 16
 * bits above a 48-bit position of the entry in the file; 0 is free.
 *
 * Filter: a block of 64 bytes is chosen by the hash's high bits; of each of
 * its eight words (u64) one bit is set, chosen by six bits of the hash mixed
 * anew.
 */
#ifndef ENGINE_RUN_TABLE_H
#define ENGINE_RUN_TABLE_H

#include "engine/run_format.h"

#define RUN_KEY_BITS 12 /* of the filter for each key */
/* Slots in use of a page, at most on average. */
#define RUN_SLOTS_USED (RUN_SLOTS * 7 / 10)

__extension__ typedef unsigned __int128 run_wide;

/* hash / 2^64 * count */
static inline uint64_t
run_share(uint64_t hash, uint64_t count)
{
	return (uint64_t)((run_wide)hash * count >> 64);
}

static inline unsigned
run_slot_first(uint64_t hash)
{
	return (unsigned)((hash >> 16 & 0xffff) * RUN_SLOTS >> 16);
}

static inline uint64_t
run_slot(uint64_t hash, uint64_t position)
{
	return hash << 48 | position;
}

static inline uint64_t
run_filter_mix(uint64_t hash)
{
	return (hash ^ hash >> 32) * 0x9e3779b97f4a7c15u;
}

static inline unsigned
run_filter_bit(uint64_t mix, unsigned word)
{
	return (unsigned)(mix >> (16 + 6 * word)) & 63;
}

/* Whether a key of this hash may be among those of the block. */
static inline bool
run_filter_has(const uint8_t *block, uint64_t hash)
{
	uint64_t mix = run_filter_mix(hash), has = 1;

	for (unsigned i = 0; i < 8; i++)
		has &= get_u64le(block + 8 * i) >> run_filter_bit(mix, i);
	return has != 0;
}

static inline void
run_filter_set(uint8_t *block, uint64_t hash)
{
	uint64_t mix = run_filter_mix(hash);

	for (unsigned i = 0; i < 8; i++) {
		unsigned bit = run_filter_bit(mix, i);

		block[8 * i + bit / 8] |= (uint8_t)(1u << bit % 8);
	}
}

#endif
