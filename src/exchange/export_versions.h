/*
 * export_versions - which versions an export has, and of which moment.
 *
 * Of the whole vault: two scans of the table r and one of x, opened while
 * nothing is committed, so they show one moment. Of a name: its versions at a
 * moment. Of a subtree: the versions whose content is in it; what is written
 * to it while it is being walked may be among them or not.
 */
#ifndef EXCHANGE_EXPORT_VERSIONS_H
#define EXCHANGE_EXPORT_VERSIONS_H

#include "exchange/export.h"

#define EXPORT_PASSES 2

struct export_versions {
	struct ouro_vault *vault;
	struct engine_scan *scans[EXPORT_PASSES]; /* whole */
	struct engine_scan *contexts;
	struct buffer ids; /* else: of versions, ascending */
	/* Of a subtree: its live contents, parents first. */
	struct buffer contents;
};

/* OURO_NOT_FOUND: there is no such name or content. Release also after
 * failure. */
enum ouro_status export_versions_open(struct export_versions *versions,
    struct ouro_vault *vault, const struct ouro_export_options *options,
    struct ouro_error *err);
void export_versions_release(struct export_versions *versions);

/* ref is the record, decoded; both are borrowed for the call. */
typedef enum ouro_status export_version(void *context,
    const uint8_t id[HASH_SIZE], struct bytes record,
    const Ouro__RefRecord *ref, struct ouro_error *err);

/* In the order of the ids, the same in each pass. A version that left since
 * may be missing where no scan keeps it. */
enum ouro_status export_versions_each(struct export_versions *versions,
    unsigned pass, export_version *each, void *context, struct ouro_error *err);

#endif
