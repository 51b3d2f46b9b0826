#include "base/fs_content.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Address space (not memory) set aside for a mapped file to grow in. */
#define MAP_RESERVE_MIN ((size_t)64 << 20)
#define BLOCK_MIN	256

struct content_block {
	atomic_uint refs;
	size_t capacity;
	size_t mapped; /* 0: data follows this struct; else it is an mmap */
	uint8_t *data;
};

static struct content_block *
block_new(size_t capacity)
{
	struct content_block *block;

	if (capacity > SIZE_MAX - sizeof(*block))
		return NULL;
	block = malloc(sizeof(*block) + capacity);
	if (block == NULL)
		return NULL;
	atomic_init(&block->refs, 1);
	block->capacity = capacity;
	block->mapped = 0;
	block->data = (uint8_t *)(block + 1);
	return block;
}

static struct content_block *
block_new_mapped(size_t size)
{
	struct content_block *block = block_new(0);
	size_t capacity;

	if (block == NULL)
		return NULL;
	capacity = size > SIZE_MAX / 4 ? size : 4 * size;
	if (capacity < MAP_RESERVE_MIN)
		capacity = MAP_RESERVE_MIN;
	block->data = mmap(NULL, capacity, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (block->data == MAP_FAILED) {
		free(block);
		return NULL;
	}
	block->capacity = capacity;
	block->mapped = size;
	return block;
}

static void
block_drop(struct content_block *block)
{
	if (block == NULL || atomic_fetch_sub(&block->refs, 1) != 1)
		return;
	if (block->mapped > 0)
		(void)munmap(block->data, block->capacity);
	free(block);
}

static void
block_replace(struct content *content, struct content_block *block)
{
	if (content->block != NULL)
		memcpy(block->data, content->block->data, content->used);
	block_drop(content->block);
	content->block = block;
}

/* Makes the block this content's own, with room for size bytes. */
static bool
block_own(struct content *content, size_t size)
{
	struct content_block *block = content->block;
	size_t capacity = size > content->used ? size : content->used;

	if (block != NULL && block->capacity >= size &&
	    atomic_load(&block->refs) == 1)
		return true;
	if (block != NULL && block->mapped > 0)
		return false;
	if (block != NULL && size > block->capacity &&
	    size < 2 * block->capacity)
		capacity = 2 * block->capacity;
	block = block_new(capacity < BLOCK_MIN ? BLOCK_MIN : capacity);
	if (block == NULL)
		return false;
	block_replace(content, block);
	return true;
}

/* Brings the zeros up to end, which the block has room for, into it. */
static void
used_extend(struct content *content, size_t end)
{
	if (end <= content->used)
		return;
	memset(content->block->data + content->used, 0, end - content->used);
	content->used = end;
}

void
fs_content_release(struct content *content)
{
	block_drop(content->block);
	memset(content, 0, sizeof(*content));
}

bool
fs_content_share(struct content *to, const struct content *from)
{
	struct content_block *block = from->block;

	assert(to->block == NULL && to->size == 0);
	if (block != NULL && block->mapped > 0) {
		block = block_new(from->used);
		if (block == NULL)
			return false;
		memcpy(block->data, from->block->data, from->used);
	} else if (block != NULL) {
		(void)atomic_fetch_add(&block->refs, 1);
	}
	*to = *from;
	to->block = block;
	return true;
}

size_t
fs_content_read(const struct content *content, uint64_t offset, void *data,
    size_t size)
{
	size_t stored = 0;

	if (offset >= content->size)
		return 0;
	if (size > content->size - offset)
		size = (size_t)(content->size - offset);
	if (offset < content->used) {
		stored = content->used - (size_t)offset;
		if (stored > size)
			stored = size;
		memcpy(data, content->block->data + offset, stored);
	}
	memset((uint8_t *)data + stored, 0, size - stored);
	return size;
}

bool
fs_content_equal(const struct content *a, const struct content *b,
    uint64_t offset, size_t size)
{
	uint8_t of_a[512], of_b[sizeof(of_a)];
	uint64_t end = offset + size;

	if (end <= a->used && end <= b->used)
		return memcmp(a->block->data + offset, b->block->data + offset,
			   size) == 0;
	while (offset < end) {
		size_t n = end - offset < sizeof(of_a) ? (size_t)(end - offset)
						       : sizeof(of_a);
		size_t got = fs_content_read(a, offset, of_a, n);

		if (fs_content_read(b, offset, of_b, n) != got ||
		    memcmp(of_a, of_b, got) != 0)
			return false;
		offset += n;
	}
	return true;
}

bool
fs_content_write(struct content *content, uint64_t offset, const void *data,
    size_t size)
{
	size_t end;

	if (size == 0)
		return true;
	if (__builtin_add_overflow(offset, size, &end) ||
	    !block_own(content, end))
		return false;
	used_extend(content, (size_t)offset);
	memcpy(content->block->data + offset, data, size);
	if (content->used < end)
		content->used = end;
	if (content->size < end)
		content->size = end;
	return true;
}

void
fs_content_resize(struct content *content, uint64_t size)
{
	size_t mapped = fs_content_mapped(content);

	if (size < content->used)
		content->used = (size_t)size;
	/* A map that reached over the old end shows what becomes of it. */
	if (mapped > 0)
		used_extend(content, size < mapped ? (size_t)size : mapped);
	content->size = size;
}

uint8_t *
fs_content_map(struct content *content, size_t size)
{
	struct content_block *block;

	assert(size > 0 && size <= content->size);
	if (fs_content_mapped(content) == 0) {
		block = block_new_mapped(
		    size > content->used ? size : content->used);
		if (block == NULL)
			return NULL;
		block_replace(content, block);
	} else if (!block_own(content, size)) {
		return NULL;
	}
	block = content->block;
	if (block->mapped < size)
		block->mapped = size;
	used_extend(content, size);
	return block->data;
}

size_t
fs_content_mapped(const struct content *content)
{
	return content->block == NULL ? 0 : content->block->mapped;
}
