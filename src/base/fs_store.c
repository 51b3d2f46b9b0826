#include "base/fs_store.h"

#include <stdlib.h>

#include "base/error.h"

#define WALL_START_NS UINT64_C(1767225600000000000) /* 2026-01-01 */
#define READING_NS    1000 /* the clock's step at each reading */

uint64_t
fs_random_next(uint64_t *state)
{
	/* SplitMix64. */
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

struct store *
fs_store_enter(struct fs *fs)
{
	struct store *store = (struct store *)fs;

	(void)pthread_mutex_lock(&store->lock);
	return store;
}

void
fs_store_leave(struct store *store)
{
	(void)pthread_mutex_unlock(&store->lock);
}

enum ouro_status
fs_store_begin(struct fs *fs, enum fs_call call, const char *path,
    struct ouro_error *err)
{
	struct store *store = fs_store_enter(fs);
	enum ouro_status status;

	status = store->hooks->admit(store, call, path, err);
	if (status != OURO_OK)
		fs_store_leave(store);
	return status;
}

enum ouro_status
fs_store_end(struct fs *fs, enum ouro_status status)
{
	fs_store_leave((struct store *)fs);
	return status;
}

/* ---- time and randomness ---------------------------------------------- */

static uint64_t
fs_store_clock_read(struct fs *fs)
{
	struct store *store = fs_store_enter(fs);
	uint64_t now = store->clock_ns += READING_NS;

	fs_store_leave(store);
	return now;
}

static uint64_t
fs_store_wall_ms(struct fs *fs)
{
	return fs_store_clock_read(fs) / 1000000;
}

static uint64_t
fs_store_monotonic_ns(struct fs *fs)
{
	return fs_store_clock_read(fs) - WALL_START_NS;
}

static enum ouro_status
fs_store_random(struct fs *fs, void *data, size_t size, struct ouro_error *err)
{
	struct store *store = (struct store *)fs;
	uint8_t *at = data;
	enum ouro_status status;
	uint64_t value = 0;

	status = fs_store_begin(fs, FS_CALL_RANDOM, "random", err);
	if (status != OURO_OK)
		return status;
	for (size_t i = 0; i < size; i++, value >>= 8) {
		if (i % 8 == 0)
			value = fs_random_next(&store->random);
		at[i] = (uint8_t)value;
	}
	return fs_store_end(fs, OURO_OK);
}

/* ---- life ------------------------------------------------------------- */

static const struct fs_ops store_ops = {
	.open = fs_store_open,
	.close = fs_store_close,
	.read = fs_store_read,
	.write = fs_store_write,
	.size = fs_store_size,
	.truncate = fs_store_truncate,
	.allocate = fs_store_allocate,
	.sync = fs_store_sync,
	.flush_start = fs_store_flush_start,
	.map = fs_store_map,
	.unmap = fs_store_unmap,
	.lock = fs_store_lock,
	.stat = fs_store_stat,
	.mkdir = fs_store_mkdir,
	.list = fs_store_list,
	.rename = fs_store_rename,
	.rename_new = fs_store_rename_new,
	.unlink = fs_store_unlink,
	.sync_dir = fs_store_sync_dir,
	.space = fs_store_space,
	.wall_ms = fs_store_wall_ms,
	.monotonic_ns = fs_store_monotonic_ns,
	.random = fs_store_random,
};

bool
fs_store_init(struct store *store, const struct store_hooks *hooks,
    uint64_t seed)
{
	store->fs.ops = &store_ops;
	store->hooks = hooks;
	store->space_max = UINT64_MAX;
	store->clock_ns = WALL_START_NS;
	store->random = seed;
	if (pthread_mutex_init(&store->lock, NULL) != 0)
		return false;
	store->root = fs_node_new(store, true);
	if (store->root == NULL)
		(void)pthread_mutex_destroy(&store->lock);
	return store->root != NULL;
}

/* Nodes refer to each other; so first all are kept, then their references
 * are undone, and then what is left belongs to nobody. */
void
fs_store_release(struct store *store)
{
	struct store_map *map;

	while ((map = store->maps) != NULL) {
		store->maps = map->next;
		free(map);
	}
	for (struct store_node *n = store->nodes; n != NULL; n = n->next)
		fs_node_keep(n);
	for (struct store_node *n = store->nodes; n != NULL; n = n->next) {
		if (store->hooks->freed != NULL)
			store->hooks->freed(n);
		fs_names_release(&n->names);
	}
	while (store->nodes != NULL) {
		store->nodes->refs = 1;
		fs_node_drop(store->nodes);
	}
	(void)pthread_mutex_destroy(&store->lock);
}
