/*
 * forget - what a copy that lost versions no longer claims.
 *
 * A version whose dot is in the context and which is not here was removed:
 * so reads the context whoever compares copies of a vault. Of a version that
 * was lost, damaged in both copies, that would be untrue, and the loss would
 * spread as a removal. A context does not tell which of its dots those are,
 * so it is made anew as a whole: with the dots of the versions that are here
 * and no others. The incarnation of the moment, which claims every number up
 * to its last, ends; the next version written begins another one.
 *
 * The row s "forget" (empty) is there, durably, from before what tells of the
 * loss is mended until the new context is durable.
 */
#ifndef VAULT_FORGET_H
#define VAULT_FORGET_H

#include "engine/engine.h"

struct ouro_vault;

/* Versions, or rows of the context, were lost, or may have been. */
enum ouro_status forget_begin(struct engine *records, struct ouro_error *err);
bool forget_pending(struct engine *records);

/* Makes the context anew if that is pending. Takes set_lock. An opening calls
 * it when both copies are mended and before the context is loaded. */
enum ouro_status forget_claims(struct ouro_vault *vault,
    struct ouro_error *err);

#endif
