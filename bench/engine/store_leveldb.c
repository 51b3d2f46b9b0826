/*
 * LevelDB as it comes, and: a Bloom filter, a block cache, no compression
 * (the values are random).
 */
#include "store.h"

#if __has_include(<leveldb/c.h>)
#include <leveldb/c.h>
#include <stdlib.h>

struct level {
	leveldb_t *db;
	leveldb_options_t *options;
	leveldb_cache_t *cache;
	leveldb_filterpolicy_t *filter;
	leveldb_writeoptions_t *writing;
	leveldb_readoptions_t *reading;
};

static void
must(const char *text)
{
	if (text != NULL)
		store_die("LevelDB", text);
}

static void *
level_open(const char *dir, enum store_sync sync)
{
	struct level *level = store_new(sizeof *level);
	char *text = NULL;

	level->cache = leveldb_cache_create_lru(STORE_CACHE_SIZE);
	level->filter = leveldb_filterpolicy_create_bloom(STORE_BLOOM_BITS);
	level->options = leveldb_options_create();
	leveldb_options_set_cache(level->options, level->cache);
	leveldb_options_set_filter_policy(level->options, level->filter);
	leveldb_options_set_create_if_missing(level->options, 1);
	leveldb_options_set_compression(level->options, leveldb_no_compression);
	level->db = leveldb_open(level->options, dir, &text);
	must(text);
	level->writing = leveldb_writeoptions_create();
	leveldb_writeoptions_set_sync(level->writing, sync == STORE_DURABLE);
	level->reading = leveldb_readoptions_create();
	return level;
}

static void
level_close(void *store)
{
	struct level *level = store;

	leveldb_close(level->db);
	leveldb_readoptions_destroy(level->reading);
	leveldb_writeoptions_destroy(level->writing);
	leveldb_options_destroy(level->options);
	leveldb_filterpolicy_destroy(level->filter);
	leveldb_cache_destroy(level->cache);
	free(level);
}

static void
level_put(void *store, struct bytes key, struct bytes value)
{
	struct level *level = store;
	char *text = NULL;

	leveldb_put(level->db, level->writing, (const char *)key.data, key.size,
	    (const char *)value.data, value.size, &text);
	must(text);
}

static void
level_put_batch(void *store, const struct store_item *items, size_t count)
{
	leveldb_writebatch_t *batch = leveldb_writebatch_create();
	struct level *level = store;
	char *text = NULL;

	for (size_t i = 0; i < count; i++)
		leveldb_writebatch_put(batch, (const char *)items[i].key.data,
		    items[i].key.size, (const char *)items[i].value.data,
		    items[i].value.size);
	leveldb_write(level->db, level->writing, batch, &text);
	must(text);
	leveldb_writebatch_destroy(batch);
}

static bool
level_get(void *store, void *reader, struct bytes key, uint64_t *sum)
{
	struct level *level = store;
	char *text = NULL, *value;
	size_t size;

	(void)reader;
	value = leveldb_get(level->db, level->reading, (const char *)key.data,
	    key.size, &size, &text);
	must(text);
	if (value == NULL)
		return false;
	*sum += store_sum(value, size);
	leveldb_free(value);
	return true;
}

static uint64_t
level_scan(void *store, bool reverse, uint64_t *sum)
{
	struct level *level = store;
	leveldb_iterator_t *at = leveldb_create_iterator(level->db,
	    level->reading);
	char *text = NULL;
	uint64_t count = 0;
	size_t size;

	if (reverse)
		leveldb_iter_seek_to_last(at);
	else
		leveldb_iter_seek_to_first(at);
	for (; leveldb_iter_valid(at); count++) {
		const char *bytes = leveldb_iter_key(at, &size);

		*sum += store_sum(bytes, size);
		bytes = leveldb_iter_value(at, &size);
		*sum += store_sum(bytes, size);
		if (reverse)
			leveldb_iter_prev(at);
		else
			leveldb_iter_next(at);
	}
	leveldb_iter_get_error(at, &text);
	must(text);
	leveldb_iter_destroy(at);
	return count;
}

const struct store_driver store_leveldb = {
	.name = "leveldb",
	.open = level_open,
	.close = level_close,
	.put = level_put,
	.put_batch = level_put_batch,
	.get = level_get,
	.scan = level_scan,
};
#else
const struct store_driver store_leveldb;
#endif
