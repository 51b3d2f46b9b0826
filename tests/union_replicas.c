#include "union_replicas.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "vault/union.h"

uint64_t
world_draw(struct world *world, uint64_t below)
{
	uint64_t x = world->random += 0x9e3779b97f4a7c15;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return (x ^ (x >> 31)) % below;
}

void
world_init(struct world *world, uint64_t seed)
{
	*world = (struct world){ .random = seed * 0xda942042e4dd58b5 };
	for (unsigned i = 0; i < COPIES; i++)
		replica_open(world, &world->copies[i]);
}

void
world_release(struct world *world)
{
	for (unsigned i = 0; i < COPIES; i++)
		replica_release(&world->copies[i]);
	for (unsigned i = 0; i < MESSAGES; i++)
		replica_release(&world->messages[i]);
}

/* ---- copies ---------------------------------------------------------------- */

void
replica_release(struct replica *copy)
{
	context_release(&copy->context);
}

void
replica_set(struct replica *to, const struct replica *from)
{
	struct context context = { 0 };

	assert_int_equal(context_unite(&context, &from->context, NULL),
	    OURO_OK);
	context_release(&to->context);
	*to = *from;
	to->context = context;
}

bool
replica_equal(const struct replica *a, const struct replica *b)
{
	return memcmp(a->here, b->here, sizeof(a->here)) == 0 &&
	    context_equal(&a->context, &b->context);
}

static bool
version_covers(const struct version *a, const struct version *b)
{
	for (size_t i = 0; i < a->seen_count; i++)
		if (memcmp(a->seen[i].incarnation, b->dot.incarnation,
			INCARNATION_SIZE) == 0)
			return a->seen[i].number >= b->dot.number;
	return false;
}

static bool
of_name(const struct world *world, const struct replica *copy, unsigned version,
    unsigned name)
{
	return copy->here[version] &&
	    world->history.versions[version].name == name;
}

model_set
replica_heads(const struct world *world, const struct replica *copy,
    unsigned name)
{
	model_set heads = 0;

	for (unsigned i = 0; i < world->history.count; i++) {
		bool head = of_name(world, copy, i, name);

		for (unsigned j = 0; head && j < world->history.count; j++)
			head = !of_name(world, copy, j, name) ||
			    !version_covers(&world->versions[j],
				&world->versions[i]);
		if (head)
			heads |= MODEL_ONE(i);
	}
	return heads;
}

void
replica_check(const struct world *world, const struct replica *copy)
{
	for (unsigned i = 0; i < world->history.count; i++) {
		bool here = (copy->model.here & MODEL_ONE(i)) != 0;
		bool ever = (copy->model.ever & MODEL_ONE(i)) != 0;

		assert_int_equal(copy->here[i], here);
		assert_int_equal(context_has(&copy->context,
				     &world->versions[i].dot),
		    ever);
	}
	for (unsigned name = 0; name < NAMES; name++)
		assert_int_equal(replica_heads(world, copy, name),
		    model_heads(&world->history, copy->model.here, name));
}

/* ---- writing ----------------------------------------------------------------- */

void
replica_open(struct world *world, struct replica *copy)
{
	copy->writer = world->writers++;
	copy->number = 0;
}

static struct dot
dot_next(struct replica *copy)
{
	struct dot dot = { .number = ++copy->number };

	/* So that the order of incarnations is not that of their making. */
	dot.incarnation[0] = (uint8_t)(copy->writer * 89);
	dot.incarnation[1] = (uint8_t)copy->writer;
	return dot;
}

static void
version_see(struct version *version, const struct dot *dot)
{
	for (size_t i = 0; i < version->seen_count; i++) {
		struct dot *seen = &version->seen[i];

		if (memcmp(seen->incarnation, dot->incarnation,
			INCARNATION_SIZE) != 0)
			continue;
		if (seen->number < dot->number)
			seen->number = dot->number;
		return;
	}
	version->seen[version->seen_count++] = *dot;
}

/* Is any of these by the writer of now, or has seen one? Then what replaces
 * the next version of this writer would seem to cover it. */
static bool
writer_is_in(const struct world *world, const struct replica *copy,
    model_set versions)
{
	for (unsigned i = 0; i < world->history.count; i++) {
		const struct version *version = &world->versions[i];

		if ((versions & MODEL_ONE(i)) == 0)
			continue;
		if (version->dot.incarnation[1] == copy->writer)
			return true;
		for (size_t j = 0; j < version->seen_count; j++)
			if (version->seen[j].incarnation[1] == copy->writer)
				return true;
	}
	return false;
}

void
replica_write(struct world *world, struct replica *copy)
{
	unsigned name = (unsigned)world_draw(world, NAMES), number;
	model_set heads = replica_heads(world, copy, name), replaced = heads;
	bool ends = world_draw(world, 3) == 0;
	struct version *version;

	if (world->history.count == MODEL_VERSIONS)
		return;
	if (world_draw(world, 4) == 0) /* some of them, or none */
		replaced &= world_draw(world, UINT64_MAX);
	if (writer_is_in(world, copy, heads & ~replaced)) {
		if (world->writers == WRITERS)
			return;
		replica_open(world, copy);
	}
	number = model_write(&world->history, &copy->model, name, copy->writer,
	    ends, replaced);
	version = &world->versions[number];
	*version = (struct version){ .dot = dot_next(copy) };
	for (unsigned i = 0; i < number; i++) {
		if ((replaced & MODEL_ONE(i)) == 0)
			continue;
		version_see(version, &world->versions[i].dot);
		for (size_t j = 0; j < world->versions[i].seen_count; j++)
			version_see(version, &world->versions[i].seen[j]);
	}
	copy->here[number] = true;
	assert_int_equal(context_add(&copy->context, &version->dot, NULL),
	    OURO_OK);
}

void
replica_remove(struct world *world, struct replica *copy, unsigned version)
{
	world->history.versions[version].removed |= copy->here[version];
	copy->here[version] = false;
	copy->model.here &= ~MODEL_ONE(version);
}

void
replica_prune(struct world *world, struct replica *copy)
{
	unsigned name = (unsigned)world_draw(world, NAMES);
	model_set heads = replica_heads(world, copy, name);

	for (unsigned i = 0; i < world->history.count; i++) {
		if (!of_name(world, copy, i, name) || (heads & MODEL_ONE(i)))
			continue;
		copy->here[i] = false;
		copy->model.here &= ~MODEL_ONE(i);
		return;
	}
}

void
replica_leave(struct world *world, struct replica *copy)
{
	unsigned name = (unsigned)world_draw(world, NAMES), head;
	model_set heads = replica_heads(world, copy, name);
	bool may = false;

	if (heads != 0 && (heads & (heads - 1)) == 0) {
		head = (unsigned)__builtin_ctzll(heads);
		may = world->history.versions[head].ends &&
		    union_may_leave(&copy->context, &world->versions[head].dot,
			world->versions[head].seen,
			world->versions[head].seen_count);
	}
	assert_int_equal(may,
	    model_may_leave(&world->history, &copy->model, name));
	for (unsigned i = 0; may && i < world->history.count; i++)
		if (of_name(world, copy, i, name))
			copy->here[i] = false;
	if (may)
		copy->model.here &= ~model_name(&world->history, name);
}

/* ---- uniting -------------------------------------------------------------------- */

/* What is taken is in the context with its own dot at once. */
static void
version_judge(struct world *world, struct replica *copy,
    const struct replica *theirs, const struct context *context,
    unsigned version)
{
	const struct dot *dot = &world->versions[version].dot;

	switch (union_judge(&copy->context, context, dot, copy->here[version],
	    theirs->here[version])) {
	case UNION_TAKE:
		copy->here[version] = true;
		assert_int_equal(context_add(&copy->context, dot, NULL),
		    OURO_OK);
		break;
	case UNION_DROP:
		copy->here[version] = false;
		break;
	case UNION_KEEP:
	case UNION_REMOVED:
	case UNION_NOTHING:
		break;
	}
}

void
replica_unite(struct world *world, struct replica *copy,
    const struct replica *theirs, bool believed)
{
	for (unsigned i = 0; i < world->history.count; i++)
		version_judge(world, copy, theirs,
		    believed ? &theirs->context : NULL, i);
	if (believed) {
		assert_int_equal(context_unite(&copy->context, &theirs->context,
				     NULL),
		    OURO_OK);
		model_unite(&copy->model, &theirs->model);
	} else {
		model_take(&copy->model, &theirs->model, ~(model_set)0);
	}
}

void
replica_take(struct world *world, struct replica *copy,
    const struct replica *theirs, unsigned name)
{
	for (unsigned i = 0; i < world->history.count; i++)
		if (of_name(world, theirs, i, name))
			version_judge(world, copy, theirs, NULL, i);
	model_take(&copy->model, &theirs->model,
	    model_name(&world->history, name));
}
