/*
 * union - the rule by which two copies of a vault become one.
 *
 * A copy is the set of versions that are here, and its context: the dots of
 * all that ever were. Both copies ask the same of each version:
 *
 *   here   there   its dot is in              then
 *   yes    yes     -                          it is kept
 *   yes    no      not their context          it is kept: they never had it
 *   yes    no      their context              it is dropped: they removed it
 *   no     yes     not the own context        it is taken: it is new here
 *   no     yes     the own context            it stays removed: it was here
 *   no     no      -                          there is nothing to do
 *
 * and when all that is done, both contexts become one (context_unite). Order,
 * loss, lateness and repetition of unions do not matter: whoever has united
 * with the others, directly or through others, has what they have. No clock
 * and no list of members is asked.
 *
 * Whoever lost versions without knowing it looks as if he had removed them. So
 * the absence of a version counts only from somebody whose set was found to be
 * whole; of others theirs is NULL: they claim nothing, and nothing is dropped.
 * And who finds that he lost some forgets his context (vault/forget.h), so
 * that they are new to him when they come again.
 *
 * Pure: no vault, no disk.
 */
#ifndef VAULT_UNION_H
#define VAULT_UNION_H

#include "vault/context.h"

enum union_verdict {
	UNION_KEEP,    /* here, and it stays */
	UNION_DROP,    /* here, and it leaves */
	UNION_TAKE,    /* not here, and it comes */
	UNION_REMOVED, /* not here, and it stays away */
	UNION_NOTHING, /* neither has it */
};

/* Of the version with this dot: here and there say who has it. theirs may be
 * NULL. */
enum union_verdict union_judge(const struct context *own,
    const struct context *theirs, const struct dot *dot, bool here, bool there);

/*
 * May a version that ended its name, as the only head, leave with all that the
 * name has? Only when the context holds, without a gap, every number up to its
 * own dot's and up to each of its seen: then whatever older version arrives
 * later is known as removed.
 */
bool union_may_leave(const struct context *own, const struct dot *dot,
    const struct dot *seen, size_t seen_count);

#endif
