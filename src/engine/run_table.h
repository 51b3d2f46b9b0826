/*
 * run_table - where in a run's hash table and Bloom filter a hash belongs.
 *
 * Table: a page of the table is chosen by the hash's high bits, the first of
 * its 127 groups by bits 16 to 31. A group has 8 slots (u64) and fills from
 * the first on; when it is full, the next one follows, after the last the
 * first, and the page is never left. A slot is the hash's low 16 bits above a
 * 48-bit position of the entry in the file; 0 is free.
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
run_group_first(uint64_t hash)
{
	return (unsigned)((hash >> 16 & 0xffff) * RUN_GROUPS >> 16);
}

static inline unsigned
run_group_next(unsigned group)
{
	return group + 1 < RUN_GROUPS ? group + 1 : 0;
}

/* A bit for each slot that has the low bits of this hash. */
static inline unsigned
run_group_match(const uint8_t *group, uint64_t hash)
{
	unsigned match = 0;

	for (unsigned i = 0; i < RUN_GROUP; i++)
		match |= (unsigned)(get_u16le(group + 8 * i + 6) ==
			     (hash & 0xffff))
		    << i;
	return match;
}

static inline bool
run_group_full(const uint8_t *group)
{
	return get_u64le(group + 8 * (RUN_GROUP - 1)) != 0;
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
