#include "load.h"

#include "store.h"

#define POOL_SIZE (1u << 20)

static uint8_t pool[POOL_SIZE + LOAD_VALUE_MAX];

void
load_prepare(void)
{
	for (size_t i = 0; i < sizeof pool; i += 8)
		put_u64le(pool + i, load_mix(i + 1));
}

struct bytes
load_value(uint64_t n, unsigned generation, size_t size)
{
	uint64_t at = load_mix(n * 0xd6e8feb86659fd93u + generation);

	return bytes_of(pool + (at & (POOL_SIZE - 1)), size);
}

uint64_t
load_value_sum(uint64_t n, unsigned generation, size_t size)
{
	return store_sum(load_value(n, generation, size).data, size);
}

uint64_t
load_item_sum(uint64_t n, unsigned generation, size_t size)
{
	uint8_t key[LOAD_KEY_SIZE];

	load_key(n, key);
	return store_sum(key, sizeof key) + load_value_sum(n, generation, size);
}
