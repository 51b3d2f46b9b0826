/*
 * The floor: what an append-only log in one file and a hash table cost, and
 * nothing else. No checksums, no order, no threads, no space given back, no
 * atomic batches; an opening reads the whole log.
 *
 * A record is key size (4 bytes), value size (4), key, value. The table holds
 * for each key 16 bits of its hash and 48 of the offset of its last record.
 */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD_SIZE   8u
#define SLOTS_FIRST ((size_t)1 << 12)
#define OFFSET_BITS 48
#define OFFSET_MASK (((uint64_t)1 << OFFSET_BITS) - 1)

struct floor {
	pthread_mutex_t lock; /* for writers */
	bool is_durable;
	int fd;
	const uint8_t *map; /* of the file, beyond its end */
	uint64_t size;
	uint64_t *slots; /* 0 = free; else 1 + offset, and bits of the hash */
	size_t slots_count, keys;
};

static void
must(bool is_fine)
{
	if (!is_fine)
		store_die("floor", strerror(errno));
}

static uint64_t
hash_of(struct bytes key)
{
	uint64_t hash = store_sum(key.data, key.size) * 0x9e3779b97f4a7c15u;

	hash ^= hash >> 29;
	hash *= 0xbf58476d1ce4e5b9u;
	return hash ^ hash >> 32;
}

static struct bytes
key_at(const struct floor *floor, uint64_t slot)
{
	const uint8_t *record = floor->map + (slot & OFFSET_MASK) - 1;

	return bytes_of(record + HEAD_SIZE, get_u32le(record));
}

static struct bytes
value_at(const struct floor *floor, uint64_t slot)
{
	const uint8_t *record = floor->map + (slot & OFFSET_MASK) - 1;

	return bytes_of(record + HEAD_SIZE + get_u32le(record),
	    get_u32le(record + 4));
}

/* The key's slot, or the free one where it belongs. */
static uint64_t *
slot_find(const struct floor *floor, struct bytes key, uint64_t hash)
{
	size_t mask = floor->slots_count - 1;

	for (size_t i = hash & mask;; i = (i + 1) & mask) {
		uint64_t slot = floor->slots[i];

		if (slot == 0 ||
		    (slot >> OFFSET_BITS == hash >> OFFSET_BITS &&
			bytes_equal(key_at(floor, slot), key)))
			return &floor->slots[i];
	}
}

static void
table_grow(struct floor *floor)
{
	size_t count = floor->slots_count;
	uint64_t *old = floor->slots;

	floor->slots_count = count * 2;
	floor->slots = calloc(floor->slots_count, sizeof *old);
	must(floor->slots != NULL);
	for (size_t i = 0; i < count; i++) {
		struct bytes key;

		if (old[i] == 0)
			continue;
		key = key_at(floor, old[i]);
		*slot_find(floor, key, hash_of(key)) = old[i];
	}
	free(old);
}

static void
table_add(struct floor *floor, struct bytes key, uint64_t offset)
{
	uint64_t hash = hash_of(key), *slot = slot_find(floor, key, hash);

	floor->keys += *slot == 0;
	*slot = (hash & ~OFFSET_MASK) | (offset + 1);
	if (floor->keys * 2 > floor->slots_count)
		table_grow(floor);
}

/* A record that a kill cut short is overwritten by the next one. */
static void
log_load(struct floor *floor)
{
	struct stat about;
	uint64_t end;

	must(fstat(floor->fd, &about) == 0);
	end = (uint64_t)about.st_size;
	while (end - floor->size >= HEAD_SIZE) {
		const uint8_t *record = floor->map + floor->size;
		uint64_t key_size = get_u32le(record);
		uint64_t size = HEAD_SIZE + key_size + get_u32le(record + 4);

		if (size > end - floor->size)
			break;
		table_add(floor, bytes_of(record + HEAD_SIZE, key_size),
		    floor->size);
		floor->size += size;
	}
}

static void *
floor_open(const char *dir, enum store_sync sync)
{
	struct floor *floor = store_new(sizeof *floor);
	char path[4096];

	snprintf(path, sizeof path, "%s/log", dir);
	floor->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	must(floor->fd >= 0);
	floor->map = mmap(NULL, STORE_MAP_SIZE, PROT_READ, MAP_SHARED,
	    floor->fd, 0);
	must(floor->map != MAP_FAILED);
	floor->slots_count = SLOTS_FIRST;
	floor->slots = calloc(SLOTS_FIRST, sizeof *floor->slots);
	must(floor->slots != NULL);
	pthread_mutex_init(&floor->lock, NULL);
	floor->is_durable = sync == STORE_DURABLE;
	log_load(floor);
	return floor;
}

static void
floor_close(void *store)
{
	struct floor *floor = store;

	munmap((void *)(uintptr_t)floor->map, STORE_MAP_SIZE);
	close(floor->fd);
	pthread_mutex_destroy(&floor->lock);
	free(floor->slots);
	free(floor);
}

static size_t
item_encode(const struct store_item *item, uint8_t *out)
{
	put_u32le(out, (uint32_t)item->key.size);
	put_u32le(out + 4, (uint32_t)item->value.size);
	memcpy(out + HEAD_SIZE, item->key.data, item->key.size);
	memcpy(out + HEAD_SIZE + item->key.size, item->value.data,
	    item->value.size);
	return HEAD_SIZE + item->key.size + item->value.size;
}

static size_t
items_size(const struct store_item *items, size_t count)
{
	size_t size = 0;

	for (size_t i = 0; i < count; i++)
		size += HEAD_SIZE + items[i].key.size + items[i].value.size;
	return size;
}

static void
floor_put_batch(void *store, const struct store_item *items, size_t count)
{
	size_t size = items_size(items, count), at = 0;
	struct floor *floor = store;
	uint8_t *out = malloc(size);

	must(out != NULL);
	for (size_t i = 0; i < count; i++)
		at += item_encode(&items[i], out + at);
	pthread_mutex_lock(&floor->lock);
	must(pwrite(floor->fd, out, size, (off_t)floor->size) == (ssize_t)size);
	for (size_t i = 0; i < count; i++) {
		table_add(floor, items[i].key, floor->size);
		floor->size += items_size(&items[i], 1);
	}
	pthread_mutex_unlock(&floor->lock);
	free(out);
	must(!floor->is_durable || fdatasync(floor->fd) == 0);
}

static void
floor_put(void *store, struct bytes key, struct bytes value)
{
	struct store_item item = { key, value };

	floor_put_batch(store, &item, 1);
}

/* Not while another thread puts: the table may move. */
static bool
floor_get(void *store, void *reader, struct bytes key, uint64_t *sum)
{
	struct floor *floor = store;
	uint64_t slot = *slot_find(floor, key, hash_of(key));
	struct bytes value;

	(void)reader;
	if (slot == 0)
		return false;
	value = value_at(floor, slot);
	*sum += store_sum(value.data, value.size);
	return true;
}

const struct store_driver store_floor = {
	.name = "floor",
	.open = floor_open,
	.close = floor_close,
	.put = floor_put,
	.put_batch = floor_put_batch,
	.get = floor_get,
};
