#include "vault/name_scan.h"

#include "vault/vault.h"

enum ouro_status
name_scan_open(struct name_scan *scan, struct ouro_vault *vault,
    const char *namespace_, const char *prefix, struct ouro_error *err)
{
	struct row_key key = namespace_ == NULL
	    ? row_table(ROW_NAME)
	    : row_name_prefix(namespace_, prefix == NULL ? "" : prefix);
	struct engine_range range = { .prefix = row_bytes(&key) };

	*scan = (struct name_scan){ .vault = vault };
	return engine_scan_open(vault->records, &range, &scan->rows, err);
}

void
name_scan_release(struct name_scan *scan)
{
	if (scan->rows != NULL)
		engine_scan_close(scan->rows);
	scan->rows = NULL;
	buffer_release(&scan->part);
}

static bool
version_is_current(const struct name_version *version, uint64_t now_ms)
{
	return !version->deletion &&
	    (version->expires_ms == 0 || version->expires_ms > now_ms);
}

const struct name_version *
name_current(const struct name *name, uint64_t now_ms)
{
	const struct name_version *winner = name_winner(name);

	return winner != NULL && version_is_current(winner, now_ms) ? winner
								    : NULL;
}

bool
name_entry_is_current(const struct name_entry *entry, uint64_t now_ms)
{
	return entry->has_head && version_is_current(&entry->winner, now_ms);
}

static void
entry_add(struct name_entry *entry, const struct name_version *version)
{
	struct name_version both[] = { entry->winner, *version };
	struct name pair = { .versions = both, .count = 2 };

	entry->versions++;
	if (!version->head)
		return;
	entry->heads++;
	entry->winner = entry->has_head ? *name_winner(&pair) : *version;
	entry->has_head = true;
}

/* Begins to gather the name of a row; a name gathered before goes to out,
 * and *full tells. */
static enum ouro_status
scan_row(struct name_scan *scan, struct bytes key, struct bytes value,
    struct name_entry *out, bool *full, struct ouro_error *err)
{
	struct name_version version;
	enum ouro_status status = name_row_decode(key, value, &version, err);

	*full = false;
	if (status != OURO_OK)
		return status;
	if (scan->next.versions == 0 ||
	    !bytes_equal(buffer_bytes(&scan->part), row_name_part(key))) {
		*full = scan->next.versions > 0;
		if (*full)
			*out = scan->next;
		scan->next = (struct name_entry){ 0 };
		status = name_key_decode(key, scan->next.namespace_,
		    scan->next.path, err);
		if (status == OURO_OK)
			status = buffer_set(&scan->part, row_name_part(key),
			    err);
		if (status != OURO_OK)
			return status;
	}
	entry_add(&scan->next, &version);
	return OURO_OK;
}

enum ouro_status
name_scan_next(struct name_scan *scan, struct name_entry *out,
    struct ouro_error *err)
{
	struct bytes key, value;
	bool full = false;
	enum ouro_status status = OURO_OK;

	while (status == OURO_OK && !full && !scan->ended) {
		status = engine_scan_next(scan->rows, &key, &value, err);
		if (status == OURO_OK)
			status = scan_row(scan, key, value, out, &full, err);
		scan->ended = status == OURO_END;
	}
	if (full || (status != OURO_OK && status != OURO_END))
		return status;
	if (scan->next.versions == 0)
		return OURO_END;
	*out = scan->next;
	scan->next.versions = 0;
	return OURO_OK;
}
