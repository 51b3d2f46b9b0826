/*
 * load - the keys and values of bench-engine.
 *
 * Key n of 16 bytes: 8 that are spread evenly over all values, so that keys
 * in the order of n are in random order; then n. Values are random bytes, cut
 * from a pool at a place that depends on n and on the generation: 0 at first,
 * one more at each overwriting.
 */
#ifndef BENCH_ENGINE_LOAD_H
#define BENCH_ENGINE_LOAD_H

#include "base/bytes.h"

#define LOAD_KEY_SIZE  16u
#define LOAD_VALUE_MAX 4096u

/* Before the first load_value. */
void load_prepare(void);

static inline uint64_t
load_mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static inline struct bytes
load_key(uint64_t n, uint8_t out[LOAD_KEY_SIZE])
{
	put_u64be(out, load_mix((n + 1) * 0x9e3779b97f4a7c15u));
	put_u64be(out + 8, n);
	return bytes_of(out, LOAD_KEY_SIZE);
}

/* At most LOAD_VALUE_MAX bytes, valid for ever. */
struct bytes load_value(uint64_t n, unsigned generation, size_t size);

/* Numbers below count (at most 2^32), in random order, with repetitions. */
struct load_order {
	uint64_t state, count;
};

static inline uint64_t
load_next(struct load_order *order)
{
	order->state += 0x9e3779b97f4a7c15u;
	return (load_mix(order->state) >> 32) * order->count >> 32;
}

/* What a get (store_sum) adds for key n, and what a scan adds. */
uint64_t load_value_sum(uint64_t n, unsigned generation, size_t size);
uint64_t load_item_sum(uint64_t n, unsigned generation, size_t size);

#endif
