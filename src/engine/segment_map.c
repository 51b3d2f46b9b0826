#include "engine/segment_map.h"

#include <stdlib.h>

#define WORD_BITS 64u

struct segment_map {
	const uint8_t *data;
	size_t size;
	struct segment_map *older;
	atomic_uint_fast64_t proven[]; /* a bit for each block */
};

static bool
block_proven(const struct segment_map *map, uint64_t block)
{
	uint64_t word = atomic_load_explicit(&map->proven[block / WORD_BITS],
	    memory_order_relaxed);

	return word >> block % WORD_BITS & 1;
}

static void
block_prove(struct segment_map *map, uint64_t block)
{
	atomic_fetch_or_explicit(&map->proven[block / WORD_BITS],
	    UINT64_C(1) << block % WORD_BITS, memory_order_relaxed);
}

static bool
covers(const struct segment_map *map, uint64_t offset, size_t size)
{
	return map != NULL && offset <= map->size && size <= map->size - offset;
}

/* ---- making it ---------------------------------------------------------------- */

/* A file is mapped anew when it has twice the size, and its first map anyway,
 * so there are few maps however it grows. */
static bool
worth_making(struct segment *segment, const struct segment_map *map)
{
	uint64_t size = atomic_load_explicit(&segment->size,
	    memory_order_relaxed);

	if (segment->unmappable)
		return false;
	return map == NULL || (map->older == NULL && size > map->size) ||
	    size / 2 >= map->size;
}

/* NULL when it cannot be made. With files->lock held. */
static struct segment_map *
map_make(struct segment *segment, struct segment_map *older)
{
	struct segment_map *map;
	uint64_t size, words;
	void *data;

	if (fs_size(segment->file, &size, NULL) != OURO_OK || size == 0 ||
	    size > SIZE_MAX / 2)
		return NULL;
	words = size / SEGMENT_MAP_BLOCK / WORD_BITS + 1;
	map = calloc(1, sizeof *map + words * sizeof map->proven[0]);
	if (map == NULL)
		return NULL;
	if (fs_map(segment->file, (size_t)size, FS_READ, &data, NULL) !=
	    OURO_OK) {
		free(map);
		return NULL;
	}
	map->data = data;
	map->size = (size_t)size;
	map->older = older;
	return map;
}

/* The map that covers the stretch, or NULL. */
static struct segment_map *
map_find(struct segment *segment, uint64_t offset, size_t size)
{
	struct segment_files *files = segment->files;
	struct segment_map *map = atomic_load_explicit(&segment->map,
	    memory_order_acquire);
	struct fs_file *file;

	if (covers(map, offset, size))
		return map;
	if (files->no_maps || segment->frame.sealed)
		return NULL;
	if (segment_pin(segment, &file, NULL) != OURO_OK)
		return NULL;
	pthread_mutex_lock(&files->lock);
	map = atomic_load_explicit(&segment->map, memory_order_relaxed);
	if (!covers(map, offset, size) && worth_making(segment, map)) {
		map = map_make(segment, map);
		segment->unmappable = map == NULL;
		if (map != NULL)
			atomic_store_explicit(&segment->map, map,
			    memory_order_release);
	}
	pthread_mutex_unlock(&files->lock);
	segment_unpin(segment);
	return covers(map, offset, size) ? map : NULL;
}

/* ---- using it ------------------------------------------------------------------- */

/* Reads the block once; *ok: its bytes before `end` are there. */
static enum ouro_status
block_read(struct segment *segment, struct segment_map *map, uint64_t block,
    uint64_t end, struct buffer *scratch, bool *ok, struct ouro_error *err)
{
	uint64_t begin = block * SEGMENT_MAP_BLOCK;
	struct fs_file *file;
	size_t got = 0;
	enum ouro_status status = buffer_resize(scratch, SEGMENT_MAP_BLOCK,
	    err);

	if (status == OURO_OK)
		status = segment_pin(segment, &file, err);
	if (status != OURO_OK)
		return status;
	status = fs_read(file, begin, scratch->data, SEGMENT_MAP_BLOCK, &got,
	    err);
	segment_unpin(segment);
	if (status != OURO_OK)
		return status;
	*ok = got == SEGMENT_MAP_BLOCK || end <= begin + got;
	if (*ok)
		block_prove(map, block);
	return OURO_OK;
}

enum ouro_status
segment_map_get(struct segment *segment, uint64_t offset, size_t size,
    struct buffer *scratch, const uint8_t **out, struct ouro_error *err)
{
	struct segment_map *map = map_find(segment, offset, size);
	uint64_t last = (offset + size - 1) / SEGMENT_MAP_BLOCK;

	*out = NULL;
	if (map == NULL)
		return OURO_OK;
	for (uint64_t block = offset / SEGMENT_MAP_BLOCK; block <= last;
	     block++) {
		bool ok = true;
		enum ouro_status status = OURO_OK;

		if (!block_proven(map, block))
			status = block_read(segment, map, block, offset + size,
			    scratch, &ok, err);
		if (status != OURO_OK || !ok)
			return status;
	}
	*out = map->data + offset;
	return OURO_OK;
}

const uint8_t *
segment_map_known(struct segment *segment, uint64_t offset, size_t size)
{
	const struct segment_map *map = atomic_load_explicit(&segment->map,
	    memory_order_acquire);
	uint64_t last = (offset + size - 1) / SEGMENT_MAP_BLOCK;

	if (!covers(map, offset, size))
		return NULL;
	for (uint64_t block = offset / SEGMENT_MAP_BLOCK; block <= last;
	     block++)
		if (!block_proven(map, block))
			return NULL;
	return map->data + offset;
}

void
segment_map_release(struct segment *segment)
{
	struct segment_map *map = atomic_load_explicit(&segment->map,
	    memory_order_relaxed);

	atomic_store_explicit(&segment->map, NULL, memory_order_relaxed);
	while (map != NULL) {
		struct segment_map *older = map->older;

		fs_unmap(segment->files->fs, (void *)(uintptr_t)map->data,
		    map->size);
		free(map);
		map = older;
	}
}
