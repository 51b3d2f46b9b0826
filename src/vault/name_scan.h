/*
 * name_scan - the names of a namespace one after the other.
 *
 * Reads the rows of the table h in order, one for each name, so memory does
 * not grow with names or versions.
 */
#ifndef VAULT_NAME_SCAN_H
#define VAULT_NAME_SCAN_H

#include "engine/engine.h"
#include "vault/name.h"

/* One name, summed up. */
struct name_entry {
	char namespace_[16];
	char path[OURO_NAME_MAX + 1];
	struct name_version winner; /* ref is NULL */
	uint64_t heads, versions;
};

/* Which names, and which way. Zeroed = all, of all namespaces. */
struct name_range {
	const char *namespace_; /* NULL = of all; nothing else counts then */
	const char *prefix;	/* NULL = "" */
	const char *after; /* NULL, or only names behind it; reverse: before */
	bool reverse;
};

struct name_scan {
	struct engine_scan *rows;
};

/* Release also after failure. */
enum ouro_status name_scan_open(struct name_scan *scan,
    struct ouro_vault *vault, const struct name_range *range,
    struct ouro_error *err);
void name_scan_release(struct name_scan *scan);
/* OURO_END. OURO_DAMAGED for a row that cannot be read: the scan goes on
 * behind it at the next call. */
enum ouro_status name_scan_next(struct name_scan *scan, struct name_entry *out,
    struct ouro_error *err);

/* The winner is no deletion and has not expired at now_ms. */
bool name_entry_is_current(const struct name_entry *entry, uint64_t now_ms);

#endif
