/*
 * row_each - the rows below a prefix, one after the other.
 *
 * A row that cannot be read is passed by like any other, with its key and
 * without its value: who walks over a table judges what a fault means, and no
 * fault ends the walk. A damaged place whose key is lost too is no row.
 */
#ifndef VAULT_ROW_EACH_H
#define VAULT_ROW_EACH_H

#include "engine/engine.h"
#include "vault/row.h"

/* value: NULL when the row is damaged, or only keys were asked for. Both are
 * borrowed for the call. OURO_END ends the walk well, any other status but
 * OURO_OK ends it as a failure. */
typedef enum ouro_status row_visit(void *context, struct bytes key,
    const struct bytes *value, struct ouro_error *err);

/* In ascending order; others may write meanwhile (engine_scan_open). */
enum ouro_status row_each(struct engine *engine, const struct row_key *prefix,
    row_visit *visit, void *context, struct ouro_error *err);
/* The same without reading values. */
enum ouro_status row_each_key(struct engine *engine,
    const struct row_key *prefix, row_visit *visit, void *context,
    struct ouro_error *err);

#endif
