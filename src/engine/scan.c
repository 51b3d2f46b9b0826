#include "engine/log_engine.h"

#include <stdlib.h>

#include "base/error.h"
#include "engine/range.h"

/*
 * A scan looks a page of keys ahead: their locations are taken together
 * under the lock, with a reference to each segment, and read without it.
 */
#define PAGE_KEYS 32

struct page_item {
	size_t key_offset, key_size; /* in keys */
	struct location location;
};

struct log_scan {
	struct engine_scan scan;
	struct range_walk walk;
	bool keys_only;
	struct page_item page[PAGE_KEYS];
	size_t count, next;
	struct buffer keys;
	struct buffer block; /* of the last value */
};

enum ouro_status
log_scan_open(struct engine *engine, const struct engine_range *range,
    struct engine_scan **out, struct ouro_error *err)
{
	struct log_scan *scan = calloc(1, sizeof *scan);
	enum ouro_status status;

	if (scan == NULL)
		return error_memory(err);
	status = range_walk_init(&scan->walk, range, err);
	if (status != OURO_OK) {
		free(scan);
		return status;
	}
	scan->keys_only = range->keys_only;
	scan->scan.engine = engine;
	*out = &scan->scan;
	return OURO_OK;
}

static void
page_drop(struct log_scan *scan)
{
	for (; scan->next < scan->count; scan->next++)
		segment_unref(scan->page[scan->next].location.segment);
	scan->next = scan->count = 0;
	scan->keys.size = 0;
}

static enum ouro_status
page_add(struct log_scan *scan, const struct table_cursor *cursor,
    struct ouro_error *err)
{
	const struct location *location = cursor->payload;
	struct page_item *item = &scan->page[scan->count];
	enum ouro_status status;

	if (location->state == LOCATION_TOMBSTONE)
		return OURO_OK;
	item->key_offset = scan->keys.size;
	item->key_size = cursor->key.size;
	status = buffer_append(&scan->keys, cursor->key, err);
	if (status != OURO_OK)
		return status;
	item->location = *location;
	segment_ref(location->segment);
	scan->count++;
	return OURO_OK;
}

/* Stands the walk at the last key of the page: the next page begins there. */
static enum ouro_status
page_fill(struct log_engine *log, struct log_scan *scan, struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;
	struct table_cursor cursor;
	bool more;

	page_drop(scan);
	pthread_rwlock_rdlock(&log->lock);
	more = range_walk_find(&scan->walk, log->index.table, &cursor);
	while (more && status == OURO_OK && scan->count < PAGE_KEYS) {
		status = page_add(scan, &cursor, err);
		more = range_walk_step(&scan->walk, &cursor);
	}
	pthread_rwlock_unlock(&log->lock);
	if (status == OURO_OK && scan->count > 0) {
		const struct page_item *last = &scan->page[scan->count - 1];

		status = range_walk_pass(&scan->walk,
		    bytes_of(scan->keys.data + last->key_offset,
			last->key_size),
		    err);
	}
	if (status != OURO_OK)
		page_drop(scan);
	return status;
}

enum ouro_status
log_scan_next(struct engine_scan *base, struct bytes *key, struct bytes *value,
    struct ouro_error *err)
{
	struct log_scan *scan = (struct log_scan *)(void *)base;
	enum ouro_status status = OURO_OK;
	struct page_item *item;

	if (scan->next == scan->count) {
		status = page_fill(log_engine_of(base->engine), scan, err);
		if (status != OURO_OK)
			return status;
		if (scan->count == 0)
			return OURO_END;
	}
	item = &scan->page[scan->next++];
	*key = bytes_of(scan->keys.data + item->key_offset, item->key_size);
	if (!scan->keys_only)
		status = location_read(&item->location, *key, &scan->block,
		    value, err);
	segment_unref(item->location.segment);
	return status;
}

void
log_scan_close(struct engine_scan *base)
{
	struct log_scan *scan = (struct log_scan *)(void *)base;

	page_drop(scan);
	range_walk_release(&scan->walk);
	buffer_release(&scan->keys);
	buffer_release(&scan->block);
	free(scan);
}
