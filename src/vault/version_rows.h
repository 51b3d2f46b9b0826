/*
 * version_rows - the rows of a version, and of its name, in a batch.
 */
#ifndef VAULT_VERSION_ROWS_H
#define VAULT_VERSION_ROWS_H

#include "vault/batch.h"

/* As name_version_load, also of a version that the batch itself adds.
 * OURO_NOT_FOUND for one that it drops. */
enum ouro_status version_load(struct batch *batch, struct name_version *version,
    struct ouro_error *err);

/* The record and all rows that follow from it; not the name's row h. */
enum ouro_status version_rows_put(struct batch *batch, const struct name *name,
    const struct name_version *version, struct bytes record,
    struct ouro_error *err);
enum ouro_status version_rows_delete(struct batch *batch,
    const struct name *name, const struct name_version *version,
    struct ouro_error *err);

/* The row h of a name as it is now. */
enum ouro_status heads_row_put(struct batch *batch, const struct name *name,
    struct ouro_error *err);

/* The versions of a name, loaded, as they will be after the batch so far: each
 * is called with one of them, the stored ones first and by time, until it
 * answers OURO_END. It takes over the version's ref when it answers OURO_OK.
 * Those that cannot be read are passed over when damaged says so. */
typedef enum ouro_status version_visit(void *context,
    const struct name_version *version, struct ouro_error *err);
enum ouro_status versions_each(struct batch *batch, const struct name *name,
    bool damaged, version_visit *each, void *context, struct ouro_error *err);

#endif
