/*
 * roots - which contents have no parent that is there: the rows o and w.
 *
 * A content has the row o exactly when its record is in the set and it has no
 * parent, or one whose record is not; in the second case it has a row w under
 * that parent too. So the coming and going of a content changes the rows of
 * its children, in the same batch; parent and child may come in one batch, in
 * either order.
 *
 * The rows w say the same as d and c together, but there are few of them: who
 * adds a content finds there, without a look at the disk, that nobody awaited
 * it.
 */
#ifndef VAULT_ROOTS_H
#define VAULT_ROOTS_H

#include "vault/batch.h"

/* The record is in the set; an error counts as being there. */
bool roots_has(struct ouro_vault *vault, const uint8_t id[HASH_SIZE]);

/* The batch has the content's record and its d row; parent NULL = none. Call
 * with the set lock, as all that adds to a batch. */
enum ouro_status roots_added(struct batch *batch, const uint8_t id[HASH_SIZE],
    const uint8_t *parent, struct ouro_error *err);
/* The batch deletes the content's record. */
enum ouro_status roots_dropped(struct batch *batch, const uint8_t id[HASH_SIZE],
    const uint8_t *parent, struct ouro_error *err);

#endif
