/*
 * store - what every contestant of bench-engine offers.
 *
 * A driver whose library was not there at build time is left out of
 * store_find. What cannot fail in a healthy run ends the program with a text
 * (store_die), so that no driver has to be measured with its error paths.
 */
#ifndef BENCH_ENGINE_STORE_H
#define BENCH_ENGINE_STORE_H

#include "base/bytes.h"

/* When a put returns, it survives ... */
enum store_sync {
	STORE_UNSYNCED, /* ... kill -9 of the process */
	STORE_DURABLE,	/* ... loss of power */
};

struct store_item {
	struct bytes key, value;
};

struct store_driver {
	const char *name;
	/* dir exists; it is empty or a store of this driver. */
	void *(*open)(const char *dir, enum store_sync sync);
	void (*close)(void *store);
	/* From any thread. */
	void (*put)(void *store, struct bytes key, struct bytes value);
	/* All or nothing. */
	void (*put_batch)(void *store, const struct store_item *items,
	    size_t count);
	/* One for each thread that gets. May be NULL. */
	void *(*reader_open)(void *store);
	void (*reader_close)(void *reader);
	/* Finds the key in the state of now and adds its value to *sum. */
	bool (*get)(void *store, void *reader, struct bytes key, uint64_t *sum);
	/* Adds all keys and values to *sum, in order: their number. NULL when
	 * the store has no order. */
	uint64_t (*scan)(void *store, bool reverse, uint64_t *sum);
};

extern const struct store_driver store_ours, store_floor;
extern const struct store_driver store_lmdb, store_lmdb_map;
extern const struct store_driver store_rocksdb, store_leveldb;

#define STORE_CACHE_SIZE ((size_t)256 << 20) /* block cache of those with one */
#define STORE_BLOOM_BITS 10
#define STORE_MAP_SIZE	 ((size_t)64 << 30) /* addresses, not memory */

/* Says "bench-engine: what: text" and ends the program. */
_Noreturn void store_die(const char *what, const char *text);

/* Zeroed memory for free; ends the program when there is none. */
void *store_new(size_t size);

/* Depends on every byte; as cheap as reading them. */
static inline uint64_t
store_sum(const void *data, size_t size)
{
	const uint8_t *p = data;
	uint64_t sum = size, word;

	for (; size >= sizeof word; p += sizeof word, size -= sizeof word) {
		memcpy(&word, p, sizeof word);
		sum += word;
	}
	for (; size > 0; p++, size--)
		sum += *p;
	return sum;
}

#endif
