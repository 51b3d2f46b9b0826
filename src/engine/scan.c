#include "engine/log_engine.h"

#include <stdlib.h>

#include "base/error.h"
#include "engine/fetch.h"
#include "engine/layers.h"
#include "engine/range.h"

/*
 * A scan holds the moment at which it was opened, and looks a page of keys
 * ahead, so that the values of a page are fetched from memory together.
 */
#define PAGE_KEYS 64

struct page_item {
	size_t key_offset, key_size; /* in keys */
	struct location location;
};

struct log_scan {
	struct engine_scan scan;
	struct moment moment;
	struct layers layers;
	struct range_walk range;
	bool keys_only;
	bool begun;
	bool ended;		 /* no key is left behind the page */
	enum ouro_status broken; /* what ended it, to be told behind the page */
	struct ouro_error why;
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
	scan->scan.engine = engine;
	scan->keys_only = range->keys_only;
	scan->moment = moment_take(log_engine_of(engine));
	status = range_walk_init(&scan->range, range, err);
	if (status == OURO_OK)
		status = layers_open(&scan->layers, &scan->moment, err);
	if (status != OURO_OK) {
		log_scan_close(&scan->scan);
		return status;
	}
	*out = &scan->scan;
	return OURO_OK;
}

/* ---- pages ------------------------------------------------------------------------ */

static enum ouro_status
scan_seek(struct log_scan *scan, struct ouro_error *err)
{
	const struct range_walk *range = &scan->range;
	struct bytes from = buffer_bytes(&range->lower);

	scan->begun = true;
	if (range->reverse)
		from = range->bounded ? buffer_bytes(&range->upper)
				      : bytes_of(NULL, 0);
	if (range->reverse && range->bounded && from.size == 0) {
		scan->layers.valid = false; /* nothing is below "" */
		return OURO_OK;
	}
	return layers_seek(&scan->layers, from, false, range->reverse, err);
}

static enum ouro_status
page_add(struct log_scan *scan, struct ouro_error *err)
{
	const struct layers *layers = &scan->layers;
	struct page_item *item = &scan->page[scan->count];
	struct location location = location_of(&layers->place,
	    view_segment(scan->moment.view, layers->place.segment));
	enum ouro_status status;

	if (location.state == PLACE_TOMBSTONE || location.segment == NULL)
		return OURO_OK;
	item->key_offset = scan->keys.size;
	item->key_size = layers->key.size;
	status = buffer_append(&scan->keys, layers->key, err);
	if (status != OURO_OK)
		return status;
	item->location = location;
	scan->count++;
	if (!scan->keys_only)
		fetch_prefetch(&location);
	return OURO_OK;
}

/* Where the index itself cannot be read, the scan ends, once it has shown
 * what comes before and told of it. */
static void
page_fill(struct log_scan *scan)
{
	enum ouro_status status = OURO_OK;

	scan->next = scan->count = 0;
	scan->keys.size = 0;
	if (!scan->begun)
		status = scan_seek(scan, &scan->why);
	while (status == OURO_OK && scan->count < PAGE_KEYS) {
		if (!scan->layers.valid ||
		    !range_holds(&scan->range, scan->layers.key)) {
			scan->ended = true;
			return;
		}
		status = page_add(scan, &scan->why);
		if (status == OURO_OK)
			status = layers_next(&scan->layers, &scan->why);
	}
	scan->broken = status;
	scan->ended = status != OURO_OK;
}

/* Behind the last page: what ended the scan is told once. */
static enum ouro_status
scan_end(struct log_scan *scan, struct ouro_error *err)
{
	enum ouro_status status = scan->broken;

	scan->broken = OURO_OK;
	if (status == OURO_OK)
		return OURO_END;
	if (err != NULL)
		*err = scan->why;
	return status;
}

enum ouro_status
log_scan_next(struct engine_scan *base, struct bytes *key, struct bytes *value,
    struct ouro_error *err)
{
	struct log_scan *scan = (struct log_scan *)(void *)base;
	const struct page_item *item;
	bool mapped;

	if (scan->next == scan->count && !scan->ended)
		page_fill(scan);
	if (scan->next == scan->count)
		return scan_end(scan, err);
	item = &scan->page[scan->next++];
	*key = bytes_of(scan->keys.data + item->key_offset, item->key_size);
	return scan->keys_only ? OURO_OK
			       : fetch_value(&item->location, *key,
				     &scan->block, value, &mapped, err);
}

void
log_scan_close(struct engine_scan *base)
{
	struct log_scan *scan = (struct log_scan *)(void *)base;

	layers_close(&scan->layers);
	moment_release(&scan->moment);
	range_walk_release(&scan->range);
	buffer_release(&scan->keys);
	buffer_release(&scan->block);
	free(scan);
}
