/*
 * unite - another copy's versions and context become part of this vault.
 *
 * Applies the rule of vault/union.h to a set of versions that comes from
 * elsewhere: a stream that is imported, later a peer. What is offered is only
 * put aside, in the table i of the records engine; apply makes it part of the
 * set, in batches under the set lock. So memory is bounded whatever comes.
 *
 * Order of apply, so that it may be broken off anywhere and be done again,
 * from a new unite_open, with the same end:
 *   1. what is new here is taken, each version with its own dot in one batch,
 *      by incarnation and number: what was taken is never more than what the
 *      context says;
 *   2. what they removed is dropped, a name's heads last; a head that had a
 *      content goes to the trash in the same batch;
 *   3. the contexts become one.
 *
 * While a unite is open nothing is collected but names: contents that were
 * stored wait for their versions.
 */
#ifndef VAULT_UNITE_H
#define VAULT_UNITE_H

#include "vault/context.h"
#include "vault/record.h"
#include "vault/row.h"

struct ouro_vault;
struct unite;

/* Each version offered that stays removed. No lock is held. The version is
 * borrowed until the return. */
typedef void unite_removed(void *context, const uint8_t id[HASH_SIZE],
    const Ouro__RefRecord *ref);

/* Zeroed = defaults. */
struct unite_options {
	/* Of each name whose heads, among what was offered, stay removed and
	 * that nothing here covers: they are written as new versions, the
	 * winner last, in place of the heads that the name has here. */
	bool as_new;
	unite_removed *removed; /* may be NULL */
	void *context;
};

struct unite_result {
	uint64_t taken;
	uint64_t there;	      /* were here */
	uint64_t removed;     /* stay removed */
	uint64_t written_new; /* as_new */
	uint64_t dropped;     /* of ours */
	uint64_t trashed;     /* of these, in the trash */
};

/* Clears what an interrupted one left. One at a time: OURO_REFUSED.
 * OURO_READ_ONLY. */
enum ouro_status unite_open(struct ouro_vault *vault, struct unite **out,
    struct ouro_error *err);
void unite_close(struct unite *unite); /* NULL ok */

/* A version of theirs, in any order, again and again. OURO_DAMAGED when it is
 * not what the id says. Nothing is durable. */
enum ouro_status unite_offer(struct unite *unite, const uint8_t id[HASH_SIZE],
    struct bytes record, struct ouro_error *err);
/*
 * An entry of their context, as it is stored. Entries are the claim that what
 * was offered is their whole set: only then versions that they lack are
 * dropped. A part of a set comes without any; so does the set of somebody who
 * may not claim it to be whole (unite_may_claim).
 */
enum ouro_status unite_context(struct unite *unite,
    const uint8_t incarnation[INCARNATION_SIZE], struct bytes entry,
    struct ouro_error *err);

/*
 * Once. The contents of what is new must be there: OURO_INVALID, before
 * anything is changed, names a version whose content is not. options may be
 * NULL. Durable when OURO_OK. result is filled as far as it went, in any case.
 */
enum ouro_status unite_apply(struct unite *unite,
    const struct unite_options *options, struct unite_result *result,
    struct ouro_error *err);

/* At an opening: clears what an interrupted one left. */
enum ouro_status unite_clear(struct ouro_vault *vault, struct ouro_error *err);

/*
 * May what this vault shows be told as its whole set? *whole is false while
 * versions, or rows that tell of them, are known to be lost or damaged, and
 * when the table r, read from one end to the other, is not the set of versions
 * that the table n has. Whoever sends the set asks after he has read it, sends
 * no context when the answer is no, and says so.
 */
enum ouro_status unite_may_claim(struct ouro_vault *vault, bool *whole,
    struct ouro_error *err);

#endif
