/*
 * derived - the rows that follow from the set: what a rebuild writes, and
 * what verify expects to find.
 *
 *   from a content   u per root, d per parent, o when no parent is there, then w too
 *                    if it has one
 *   from a page      u per entry
 *   from the trash   u for its target
 *   from a ref       u for its target, e when it expires, n
 *   from a name      h, which takes all refs of the name
 */
#ifndef VAULT_DERIVED_H
#define VAULT_DERIVED_H

#include "engine/engine.h"
#include "vault/row.h"

struct ouro_vault;

/* Which of the tables that follow from single records, as an index: u, d, o,
 * w, n, e. */
#define DERIVED_TABLES 6
extern const enum row_table derived_tables[DERIVED_TABLES];
unsigned derived_index(struct bytes key);

/* One row. value NULL = some value. */
typedef enum ouro_status derived_visit(void *context, const struct row_key *key,
    const struct bytes *value, struct ouro_error *err);

/* Visits each row of a record of table c, p, r or t once; nothing for other
 * tables. A record that cannot be decoded is OURO_DAMAGED. The rows o and w
 * depend on whether the parent is there now. */
enum ouro_status derived_record(struct ouro_vault *vault, struct bytes key,
    struct bytes record, derived_visit *visit, void *context,
    struct ouro_error *err);

/*
 * Goes through the names that have rows n or h: right is called with each row
 * h that is to be, wrong with the key of each that is not to be. Of a name with
 * a version that cannot be read the row stays as it is, if it is there. Takes
 * set_lock for each name unless locked says that the caller has it, but not
 * around the calls.
 */
enum ouro_status derived_names(struct ouro_vault *vault, bool locked,
    derived_visit *right, derived_visit *wrong, void *context,
    struct ouro_error *err);

/* A name's row h, looked at again under set_lock: it is as it is to be. */
bool derived_name_is(struct ouro_vault *vault, const struct row_key *key);

/* Goes through the rows of u, d, o, w, n and e: wrong is called with each that no
 * record gives. Slow: looks at a record for every row. */
enum ouro_status derived_extras(struct ouro_vault *vault, derived_visit *wrong,
    void *context, struct ouro_error *err);

/* Some record gives this row now, or one that cannot be read might. */
bool derived_gives(struct ouro_vault *vault, struct bytes row);

/* The row is there; unless value is NULL, readable and with this value. */
bool derived_is(struct ouro_vault *vault, const struct row_key *key,
    const struct bytes *value);

/* How many rows a table has. */
enum ouro_status derived_count(struct ouro_vault *vault, enum row_table table,
    uint64_t *count, struct ouro_error *err);

/* A record of the set, from whichever engine has a good one: OURO_OK,
 * OURO_NOT_FOUND, OURO_DAMAGED; any other status when it could not be looked
 * for just now. */
enum ouro_status record_good(struct ouro_vault *vault, struct bytes key,
    struct engine_value *out, struct ouro_error *err);
/* The bytes are the record that the key (c, p, r, x or t) names. */
bool record_fits(struct ouro_vault *vault, struct bytes key,
    struct bytes record);

#endif
