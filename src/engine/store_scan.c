#include <stdlib.h>

#include "base/error.h"
#include "engine/store.h"

struct ouro_scan {
	struct engine_scan *inner;
	bool keys_only;
};

/* Zeros stand for what a caller built against a shorter struct did not set. */
static enum ouro_status
range_take(const struct ouro_range *given, struct ouro_range *own,
    struct engine_range *out, struct ouro_error *err)
{
	enum ouro_status status;

	*own = (struct ouro_range){ .size = sizeof *own };
	if (given != NULL && given->size < sizeof given->size)
		return error_set(err, OURO_INVALID,
		    "size of struct ouro_range is %zu; set it to "
		    "sizeof(struct ouro_range)",
		    given->size);
	if (given != NULL)
		memcpy(own, given,
		    given->size < sizeof *own ? given->size : sizeof *own);
	*out = (struct engine_range){ .reverse = own->reverse,
		.keys_only = own->keys_only };
	status = store_bytes(own->prefix, own->prefix_size, "the prefix",
	    &out->prefix, err);
	if (status == OURO_OK)
		status = store_bytes(own->begin, own->begin_size, "the begin",
		    &out->begin, err);
	if (status == OURO_OK)
		status = store_bytes(own->end, own->end_size, "the end",
		    &out->end, err);
	return status;
}

enum ouro_status
ouro_scan_open(struct ouro_store *store, const struct ouro_range *range,
    struct ouro_scan **out, struct ouro_error *err)
{
	struct engine_range inner;
	struct ouro_range own;
	struct ouro_scan *scan;
	enum ouro_status status = store_given(out, "out", err);

	if (status != OURO_OK)
		return status;
	*out = NULL;
	status = store_given(store, "the store", err);
	if (status == OURO_OK)
		status = range_take(range, &own, &inner, err);
	if (status != OURO_OK)
		return status;
	scan = calloc(1, sizeof *scan);
	if (scan == NULL)
		return error_memory(err);
	scan->keys_only = inner.keys_only;
	status = engine_scan_open(store->engine, &inner, &scan->inner, err);
	if (status != OURO_OK) {
		free(scan);
		return status;
	}
	*out = scan;
	return OURO_OK;
}

enum ouro_status
ouro_scan_next(struct ouro_scan *scan, struct ouro_item *item,
    struct ouro_error *err)
{
	struct bytes key, value;
	enum ouro_status status = store_given(item, "item", err);

	if (status != OURO_OK)
		return status;
	*item = (struct ouro_item){ 0 };
	status = store_given(scan, "the scan", err);
	if (status != OURO_OK)
		return status;
	status = engine_scan_next(scan->inner, &key, &value, err);
	if (status != OURO_OK && status != OURO_DAMAGED)
		return status;
	item->key = key.data;
	item->key_size = key.size;
	if (status != OURO_OK || scan->keys_only)
		return status;
	item->value = value.data != NULL ? (const void *)value.data : "";
	item->value_size = value.size;
	return OURO_OK;
}

void
ouro_scan_close(struct ouro_scan *scan)
{
	if (scan == NULL)
		return;
	engine_scan_close(scan->inner);
	free(scan);
}
