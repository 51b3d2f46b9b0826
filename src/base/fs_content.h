/*
 * fs_content - the bytes of one file of the file systems in memory.
 *
 * Content is a size and a block that holds its first bytes; what lies
 * between the block's used part and the size reads as zeros and takes no
 * memory. Blocks are shared between contents and copied at the first change,
 * so that a snapshot of a file costs nothing. A content that was mapped has
 * a block of its own which never moves again.
 *
 * Not locked: the owner sees to that. Two contents that share a block may
 * be used from two threads. Calls answer false when out of memory and then
 * have changed nothing.
 */
#ifndef BASE_FS_CONTENT_H
#define BASE_FS_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct content_block;

/* Zeroed = empty; fs_content_release makes it so again. */
struct content {
	struct content_block *block; /* may be NULL while used is 0 */
	uint64_t size;
	size_t used; /* bytes in block; used <= size, at most its capacity */
};

void fs_content_release(struct content *content);

/* Makes the empty content `to` equal to `from`. */
bool fs_content_share(struct content *to, const struct content *from);

/* Returns how many bytes lie there, at most size. */
size_t fs_content_read(const struct content *content, uint64_t offset,
    void *data, size_t size);
/* Grows the content where needed; a gap reads as zeros. */
bool fs_content_write(struct content *content, uint64_t offset,
    const void *data, size_t size);
void fs_content_resize(struct content *content, uint64_t size);

/* Do both read the same there? */
bool fs_content_equal(const struct content *a, const struct content *b,
    uint64_t offset, size_t size);

/* Memory that is [0, size) of the content for as long as the content lives;
 * stores into it are seen by fs_content_read. size <= content->size. */
uint8_t *fs_content_map(struct content *content, size_t size);

/* The largest size that fs_content_map was called with. */
size_t fs_content_mapped(const struct content *content);

#endif
