/*
 * batch_children - finds the children that a content gets in a batch while it
 * is being built.
 *
 * It knows the rows d and w by their parent, and catches up with the batch at
 * each question, so a batch of n contents costs n look-ups and not n passes.
 */
#ifndef VAULT_BATCH_CHILDREN_H
#define VAULT_BATCH_CHILDREN_H

#include "vault/batch.h"

struct batch_children;

void batch_children_free(struct batch_children *children); /* NULL ok */

/* The place in the batch of the last operation on a row of that table (d, w)
 * with that parent; each has the one before it. BATCH_NONE: there is none. */
#define BATCH_NONE SIZE_MAX
enum ouro_status batch_child_last(struct batch *batch, enum row_table table,
    const uint8_t parent[HASH_SIZE], size_t *at, struct ouro_error *err);
/* at comes from one of the two; nothing was asked meanwhile of a batch with
 * more operations. */
size_t batch_child_before(const struct batch *batch, size_t at);

#endif
