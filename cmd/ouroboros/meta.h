/*
 * meta - the metadata that put gives a file: {"fileName", "fileSizeBytes"}.
 */
#ifndef OUROBOROS_META_H
#define OUROBOROS_META_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define META_FILE_MAX ((size_t)16 << 20) /* of --meta */

/* Appends the default metadata of a file to out; has_size is false for
 * pipes. False when there is no memory. */
bool meta_make(const char *path, bool has_size, uint64_t size,
    struct buffer *out);
/* The file name in metadata, or NULL when there is none, or meta is NULL: a
 * list has none that is large. The caller frees it. */
char *meta_file_name(const void *meta, size_t size);

#endif
