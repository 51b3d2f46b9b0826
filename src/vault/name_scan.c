#include "vault/name_scan.h"

#include "vault/vault.h"

enum ouro_status
name_scan_open(struct name_scan *scan, struct ouro_vault *vault,
    const struct name_range *range, struct ouro_error *err)
{
	struct row_key prefix = row_table(ROW_HEADS), after;
	struct engine_range rows = { .reverse = range->reverse };

	*scan = (struct name_scan){ 0 };
	if (range->namespace_ != NULL)
		prefix = row_name_prefix(ROW_HEADS, range->namespace_,
		    range->prefix == NULL ? "" : range->prefix);
	rows.prefix = row_bytes(&prefix);
	if (range->namespace_ != NULL && range->after != NULL) {
		/* Nothing lies between a key and the same with a zero byte
		 * behind it. */
		after = row_name(ROW_HEADS, range->namespace_, range->after);
		if (!range->reverse)
			after.data[after.size++] = 0;
		if (range->reverse)
			rows.end = row_bytes(&after);
		else
			rows.begin = row_bytes(&after);
	}
	return engine_scan_open(vault->records, &rows, &scan->rows, err);
}

void
name_scan_release(struct name_scan *scan)
{
	if (scan->rows != NULL)
		engine_scan_close(scan->rows);
	scan->rows = NULL;
}

bool
name_entry_is_current(const struct name_entry *entry, uint64_t now_ms)
{
	return !name_version_ended(&entry->winner, now_ms);
}

enum ouro_status
name_scan_next(struct name_scan *scan, struct name_entry *out,
    struct ouro_error *err)
{
	struct version_list heads = { 0 };
	struct bytes key, value;
	enum ouro_status status = engine_scan_next(scan->rows, &key, &value,
	    err);

	if (status == OURO_OK)
		status = name_key_decode(key, out->namespace_, out->path, err);
	if (status == OURO_OK)
		status = name_row_decode(value, &heads, &out->versions, err);
	if (status != OURO_OK)
		return status;
	out->winner = heads.items[0];
	out->heads = heads.count;
	version_list_release(&heads);
	return OURO_OK;
}
