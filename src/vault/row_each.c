#include "vault/row_each.h"

static enum ouro_status
range_each(struct engine *engine, const struct engine_range *range,
    row_visit *visit, void *context, struct ouro_error *err)
{
	struct engine_scan *scan;
	struct bytes key, value;
	enum ouro_status status = engine_scan_open(engine, range, &scan, err);

	if (status != OURO_OK)
		return status;
	do {
		bool readable;

		key = bytes_of(NULL, 0);
		status = engine_scan_next(scan, &key, &value, err);
		if (status != OURO_OK && status != OURO_DAMAGED)
			break;
		readable = status == OURO_OK && !range->keys_only;
		status = OURO_OK;
		if (key.size > 0)
			status = visit(context, key, readable ? &value : NULL,
			    err);
	} while (status == OURO_OK);
	engine_scan_close(scan);
	return status == OURO_END ? OURO_OK : status;
}

enum ouro_status
row_each(struct engine *engine, const struct row_key *prefix, row_visit *visit,
    void *context, struct ouro_error *err)
{
	const struct engine_range range = { .prefix = row_bytes(prefix) };

	return range_each(engine, &range, visit, context, err);
}

enum ouro_status
row_each_key(struct engine *engine, const struct row_key *prefix,
    row_visit *visit, void *context, struct ouro_error *err)
{
	const struct engine_range range = { .prefix = row_bytes(prefix),
		.keys_only = true };

	return range_each(engine, &range, visit, context, err);
}
