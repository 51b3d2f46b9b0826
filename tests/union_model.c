#include "union_model.h"

model_set
model_name(const struct model_history *history, unsigned name)
{
	model_set set = 0;

	for (unsigned i = 0; i < history->count; i++)
		if (history->versions[i].name == name)
			set |= MODEL_ONE(i);
	return set;
}

/* Everything that can be reached over what was replaced. */
static model_set
reached_from(const struct model_history *history, model_set from)
{
	model_set reached = 0, open = from;

	while (open != 0) {
		unsigned i = (unsigned)__builtin_ctzll(open);

		open &= ~MODEL_ONE(i);
		reached |= MODEL_ONE(i);
		open |= history->versions[i].replaced & ~reached;
	}
	return reached;
}

/* What it replaced, directly or through others, and what had left already
 * when the makers of these went on. */
static model_set
covered_by(const struct model_history *history, model_set replaced)
{
	model_set reached = reached_from(history, replaced);
	model_set covered = reached;

	for (unsigned i = 0; i < history->count; i++)
		if (reached & MODEL_ONE(i))
			covered |= history->versions[i].left;
	return covered;
}

/* Versions of the name that its maker had made before, and has no more. */
static model_set
left_of(const struct model_history *history, const struct model_copy *copy,
    unsigned name, unsigned writer)
{
	model_set made = 0;

	for (unsigned i = 0; i < history->count; i++)
		if (history->versions[i].name == name &&
		    history->versions[i].writer == writer)
			made |= MODEL_ONE(i);
	return made & ~copy->here;
}

unsigned
model_write(struct model_history *history, struct model_copy *copy,
    unsigned name, unsigned writer, bool ends, model_set replaced)
{
	unsigned number = history->count;

	history->versions[number] = (struct model_version){ .name = name,
		.writer = writer,
		.ends = ends,
		.replaced = replaced,
		.left = left_of(history, copy, name, writer),
		.covered = covered_by(history, replaced) };
	history->count++;
	copy->here |= MODEL_ONE(number);
	copy->ever |= MODEL_ONE(number);
	return number;
}

model_set
model_heads(const struct model_history *history, model_set set, unsigned name)
{
	model_set heads = set & model_name(history, name);

	for (unsigned i = 0; i < history->count; i++)
		if (set & MODEL_ONE(i))
			heads &= ~history->versions[i].covered;
	return heads;
}

void
model_unite(struct model_copy *copy, const struct model_copy *other)
{
	model_set gone = (copy->ever & ~copy->here) |
	    (other->ever & ~other->here);

	copy->here = (copy->here | other->here) & ~gone;
	copy->ever |= other->ever;
}

void
model_take(struct model_copy *copy, const struct model_copy *other,
    model_set these)
{
	model_set fresh = other->here & these & ~copy->ever;

	copy->here |= fresh;
	copy->ever |= fresh;
}

bool
model_may_leave(const struct model_history *history,
    const struct model_copy *copy, unsigned name)
{
	model_set heads = model_heads(history, copy->here, name), needed, seen;
	unsigned head;

	if (heads == 0 || (heads & (heads - 1)) != 0)
		return false;
	head = (unsigned)__builtin_ctzll(heads);
	if (!history->versions[head].ends)
		return false;
	needed = seen = MODEL_ONE(head) |
	    reached_from(history, history->versions[head].replaced);
	for (unsigned i = 0; i < history->count; i++)
		for (unsigned j = 0; (seen & MODEL_ONE(i)) && j < i; j++)
			if (history->versions[j].writer ==
			    history->versions[i].writer)
				needed |= MODEL_ONE(j);
	return (needed & ~copy->ever) == 0;
}
