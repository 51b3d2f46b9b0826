#include "vault/union.h"

enum union_verdict
union_judge(const struct context *own, const struct context *theirs,
    const struct dot *dot, bool here, bool there)
{
	if (here && there)
		return UNION_KEEP;
	if (here)
		return theirs != NULL && context_has(theirs, dot) ? UNION_DROP
								  : UNION_KEEP;
	if (there)
		return context_has(own, dot) ? UNION_REMOVED : UNION_TAKE;
	return UNION_NOTHING;
}

bool
union_may_leave(const struct context *own, const struct dot *dot,
    const struct dot *seen, size_t seen_count)
{
	bool may = context_has_through(own, dot);

	for (size_t i = 0; may && i < seen_count; i++)
		may = context_has_through(own, &seen[i]);
	return may;
}
