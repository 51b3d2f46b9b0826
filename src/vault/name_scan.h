/*
 * name_scan - the names of a namespace one after the other.
 *
 * Reads the rows of the table n in order and keeps no more than the winner
 * of the name at hand, so memory does not grow with names or versions.
 */
#ifndef VAULT_NAME_SCAN_H
#define VAULT_NAME_SCAN_H

#include "vault/name.h"

/* One name, summed up. */
struct name_entry {
	char namespace_[16];
	char path[OURO_NAME_MAX + 1];
	struct name_version winner; /* ref is NULL; has_head says if set */
	bool has_head;
	uint64_t heads, versions;
};

struct name_scan {
	struct ouro_vault *vault;
	struct engine_scan *rows;
	struct name_entry next; /* being gathered; versions = 0: none */
	struct buffer part;	/* row_name_part of next */
	bool ended;
};

/* Names that begin with prefix; namespace_ NULL = of all namespaces (prefix
 * is then not looked at). Release also after failure. */
enum ouro_status name_scan_open(struct name_scan *scan,
    struct ouro_vault *vault, const char *namespace_, const char *prefix,
    struct ouro_error *err);
void name_scan_release(struct name_scan *scan);
/* OURO_END. OURO_DAMAGED for a row that cannot be read: the scan goes on
 * behind it at the next call. */
enum ouro_status name_scan_next(struct name_scan *scan, struct name_entry *out,
    struct ouro_error *err);

/* The winner of a loaded name, NULL when there is none, it is a deletion or
 * has expired at now_ms. */
const struct name_version *name_current(const struct name *name,
    uint64_t now_ms);
/* The winner is there, is no deletion and has not expired at now_ms. */
bool name_entry_is_current(const struct name_entry *entry, uint64_t now_ms);

#endif
