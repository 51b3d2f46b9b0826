/*
 * copies - the second copy of the replicated set (tables c, p, r, x) and of the
 * trash (t).
 *
 * The copies engine follows the records engine, written behind without
 * waiting for the disk. A clean close notes both engines' sequences in the
 * row s "closed"; where that does not fit at the next opening, or an engine
 * knows of damage, the two are compared row by row and made equal again.
 */
#ifndef VAULT_COPIES_H
#define VAULT_COPIES_H

#include "engine/engine.h"

struct ouro_vault;

/* Applies those of ops that concern the set. Failure is logged, not
 * returned: the next opening makes it good. */
void copies_apply(struct ouro_vault *vault, const struct engine_op *ops,
    size_t count);

/*
 * At opening: compares when needed. Where the records engine is whole the
 * copies are made like it; where it has lost something, it takes from the
 * copies what it lacks, and *rebuild is set: derived rows must be made anew.
 * With a read-only vault nothing is written.
 */
enum ouro_status copies_reconcile(struct ouro_vault *vault, bool *rebuild,
    struct ouro_error *err);

/*
 * To be called when, after *rebuild, the derived rows were made anew. Until
 * then every opening sets *rebuild and again takes what the records lack from
 * the copies: an interrupted healing is taken up where it was.
 */
enum ouro_status copies_restored(struct ouro_vault *vault,
    struct ouro_error *err);

/* Makes both durable and notes the clean close of a vault that was opened
 * successfully, rebuild included. Damage known by then is not noted as clean:
 * the next opening compares. */
void copies_close(struct ouro_vault *vault);

/*
 * A row of the set: from the records engine; from the copies when it is
 * damaged there or, in a vault opened for reading whose records are known to
 * have lost something, missing. What is merely missing is otherwise a
 * deletion that the copies may not have heard of yet.
 */
enum ouro_status set_get(struct ouro_vault *vault, struct bytes key,
    struct engine_value *out, struct ouro_error *err);

#endif
