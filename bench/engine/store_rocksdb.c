/*
 * RocksDB as it comes, with its log on, and: 2 background threads, a Bloom
 * filter, a block cache, no compression (the values are random).
 */
#include "store.h"

#if __has_include(<rocksdb/c.h>)
#include <rocksdb/c.h>
#include <stdlib.h>

#define BACKGROUND_JOBS 2

struct rocks {
	rocksdb_t *db;
	rocksdb_options_t *options;
	rocksdb_writeoptions_t *writing;
	rocksdb_readoptions_t *reading;
};

static void
must(const char *text)
{
	if (text != NULL)
		store_die("RocksDB", text);
}

static rocksdb_options_t *
options_make(void)
{
	rocksdb_options_t *options = rocksdb_options_create();
	rocksdb_block_based_table_options_t
	    *table = rocksdb_block_based_options_create();
	rocksdb_cache_t *cache = rocksdb_cache_create_lru(STORE_CACHE_SIZE);

	rocksdb_block_based_options_set_block_cache(table, cache);
	rocksdb_block_based_options_set_filter_policy(table,
	    rocksdb_filterpolicy_create_bloom_full(STORE_BLOOM_BITS));
	rocksdb_options_set_block_based_table_factory(options, table);
	rocksdb_options_set_create_if_missing(options, 1);
	rocksdb_options_set_max_background_jobs(options, BACKGROUND_JOBS);
	rocksdb_options_set_compression(options, rocksdb_no_compression);
	rocksdb_block_based_options_destroy(table);
	rocksdb_cache_destroy(cache);
	return options;
}

static void *
rocks_open(const char *dir, enum store_sync sync)
{
	struct rocks *rocks = store_new(sizeof *rocks);
	char *text = NULL;

	rocks->options = options_make();
	rocks->db = rocksdb_open(rocks->options, dir, &text);
	must(text);
	rocks->writing = rocksdb_writeoptions_create();
	rocksdb_writeoptions_set_sync(rocks->writing, sync == STORE_DURABLE);
	rocks->reading = rocksdb_readoptions_create();
	return rocks;
}

static void
rocks_close(void *store)
{
	struct rocks *rocks = store;

	rocksdb_close(rocks->db);
	rocksdb_readoptions_destroy(rocks->reading);
	rocksdb_writeoptions_destroy(rocks->writing);
	rocksdb_options_destroy(rocks->options);
	free(rocks);
}

static void
rocks_put(void *store, struct bytes key, struct bytes value)
{
	struct rocks *rocks = store;
	char *text = NULL;

	rocksdb_put(rocks->db, rocks->writing, (const char *)key.data, key.size,
	    (const char *)value.data, value.size, &text);
	must(text);
}

static void
rocks_put_batch(void *store, const struct store_item *items, size_t count)
{
	rocksdb_writebatch_t *batch = rocksdb_writebatch_create();
	struct rocks *rocks = store;
	char *text = NULL;

	for (size_t i = 0; i < count; i++)
		rocksdb_writebatch_put(batch, (const char *)items[i].key.data,
		    items[i].key.size, (const char *)items[i].value.data,
		    items[i].value.size);
	rocksdb_write(rocks->db, rocks->writing, batch, &text);
	must(text);
	rocksdb_writebatch_destroy(batch);
}

static bool
rocks_get(void *store, void *reader, struct bytes key, uint64_t *sum)
{
	struct rocks *rocks = store;
	rocksdb_pinnableslice_t *slice;
	char *text = NULL;
	const char *value;
	size_t size;

	(void)reader;
	slice = rocksdb_get_pinned(rocks->db, rocks->reading,
	    (const char *)key.data, key.size, &text);
	must(text);
	if (slice == NULL)
		return false;
	value = rocksdb_pinnableslice_value(slice, &size);
	*sum += store_sum(value, size);
	rocksdb_pinnableslice_destroy(slice);
	return true;
}

static uint64_t
rocks_scan(void *store, bool reverse, uint64_t *sum)
{
	struct rocks *rocks = store;
	rocksdb_iterator_t *at = rocksdb_create_iterator(rocks->db,
	    rocks->reading);
	char *text = NULL;
	uint64_t count = 0;
	size_t size;

	if (reverse)
		rocksdb_iter_seek_to_last(at);
	else
		rocksdb_iter_seek_to_first(at);
	for (; rocksdb_iter_valid(at); count++) {
		const char *bytes = rocksdb_iter_key(at, &size);

		*sum += store_sum(bytes, size);
		bytes = rocksdb_iter_value(at, &size);
		*sum += store_sum(bytes, size);
		if (reverse)
			rocksdb_iter_prev(at);
		else
			rocksdb_iter_next(at);
	}
	rocksdb_iter_get_error(at, &text);
	must(text);
	rocksdb_iter_destroy(at);
	return count;
}

const struct store_driver store_rocksdb = {
	.name = "rocksdb",
	.open = rocks_open,
	.close = rocks_close,
	.put = rocks_put,
	.put_batch = rocks_put_batch,
	.get = rocks_get,
	.scan = rocks_scan,
};
#else
const struct store_driver store_rocksdb;
#endif
