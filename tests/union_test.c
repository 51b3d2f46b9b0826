/*
 * The rule of src/vault/union.h against an independent model, over random
 * histories: copies of a vault that write, remove, prune, let ended names go,
 * are put back to older states and forked, and take from each other wholly or
 * in part, soon, late, twice or never.
 *
 * OURO_SEED=N begins with that history, OURO_HISTORIES=N runs so many; one that
 * fails is named.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "union_replicas.h"

#define HISTORIES	100000
#define GUARD_HISTORIES 3000
#define STEPS		60

static uint64_t seed_now;

static uint64_t
number_of(const char *variable, uint64_t otherwise)
{
	const char *text = getenv(variable);

	return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

/* ---- a history ---------------------------------------------------------------- */

static struct replica *
any_copy(struct world *world)
{
	return &world->copies[world_draw(world, COPIES)];
}

static struct replica *
any_message(struct world *world)
{
	return &world->messages[world_draw(world, MESSAGES)];
}

/* An older state, its own or another's, takes the copy's place. */
static void
roll_back(struct world *world, struct replica *copy)
{
	if (world->writers == WRITERS)
		return;
	replica_set(copy, any_message(world));
	replica_open(world, copy);
}

static void
remove_some(struct world *world, struct replica *copy)
{
	unsigned version = (unsigned)world_draw(world, MODEL_VERSIONS);

	if (version < world->history.count)
		replica_remove(world, copy, version);
}

static void
step(struct world *world, struct replica *copy)
{
	switch (world_draw(world, 20)) {
	case 0:
		remove_some(world, copy);
		break;
	case 1:
	case 2:
		replica_prune(world, copy);
		break;
	case 3:
	case 4:
		replica_leave(world, copy);
		break;
	case 5:
		roll_back(world, copy);
		break;
	case 6:
	case 7:
	case 8:
		replica_set(any_message(world), copy);
		break;
	case 9:
	case 10:
		replica_unite(world, copy, any_message(world), true);
		break;
	case 11:
		replica_unite(world, copy, any_message(world), false);
		break;
	case 12:
		replica_take(world, copy, any_message(world),
		    (unsigned)world_draw(world, NAMES));
		break;
	case 13:
		replica_unite(world, copy, any_copy(world), true);
		break;
	default:
		replica_write(world, copy);
		break;
	}
}

static void
history_run(struct world *world, uint64_t seed)
{
	world_init(world, seed);
	for (unsigned i = 0; i < STEPS; i++) {
		struct replica *copy = any_copy(world);
		model_set gone = copy->model.ever & ~copy->model.here;
		unsigned writer = copy->writer;

		step(world, copy);
		replica_check(world, copy);
		/* Nothing comes back, unless the whole state is put back. */
		for (unsigned v = 0; v < world->history.count; v++)
			assert_false((gone & MODEL_ONE(v)) && copy->here[v] &&
			    copy->writer == writer);
	}
}

/* ---- algebra -------------------------------------------------------------------- */

static void
united(struct world *world, const struct replica *a, const struct replica *b,
    struct replica *out)
{
	replica_set(out, a);
	replica_unite(world, out, b, true);
	replica_check(world, out);
}

static void
algebra_check(struct world *world, const struct replica *a,
    const struct replica *b, const struct replica *c)
{
	struct replica ab = { 0 }, ba = { 0 }, bc = { 0 }, x = { 0 }, y = { 0 };

	united(world, a, b, &ab);
	united(world, b, a, &ba);
	united(world, b, c, &bc);
	assert_true(replica_equal(&ab, &ba));
	united(world, &ab, c, &x);
	united(world, a, &bc, &y);
	assert_true(replica_equal(&x, &y));
	united(world, a, a, &y);
	assert_true(replica_equal(a, &y));
	united(world, &ab, b, &y);
	assert_true(replica_equal(&ab, &y));
	replica_release(&ab);
	replica_release(&ba);
	replica_release(&bc);
	replica_release(&x);
	replica_release(&y);
}

/* ---- the end ---------------------------------------------------------------------- */

/* Everybody takes from everybody, in any order. */
static void
world_settle(struct world *world)
{
	for (unsigned i = 0; i < 3 * COPIES; i++)
		replica_unite(world, any_copy(world), any_copy(world), true);
	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < COPIES; i++)
			for (unsigned j = 0; j < COPIES; j++)
				replica_unite(world, &world->copies[i],
				    &world->copies[j], true);
	for (unsigned i = 1; i < COPIES; i++)
		assert_true(
		    replica_equal(&world->copies[0], &world->copies[i]));
}

static bool
name_was_cut(const struct world *world, unsigned name)
{
	for (unsigned i = 0; i < world->history.count; i++)
		if (world->history.versions[i].name == name &&
		    world->history.versions[i].removed)
			return true;
	return false;
}

/* ever: what some copy that is left had. Where no version was taken out by
 * itself, an answer is what nobody ever replaced, and all of that. */
static void
answers_check(const struct world *world, unsigned name, model_set ever)
{
	const struct model_history *history = &world->history;
	model_set newest = model_heads(history, ever, name);
	model_set heads = replica_heads(world, &world->copies[0], name);

	assert_int_equal(heads & ~newest, 0);
	for (unsigned i = 0; i < history->count; i++)
		if ((newest & MODEL_ONE(i)) && !history->versions[i].ends)
			assert_true(world->copies[0].here[i]);
}

static void
end_check(struct world *world)
{
	model_set here = 0, gone = 0, ever = 0;

	for (unsigned i = 0; i < COPIES; i++) {
		const struct model_copy *model = &world->copies[i].model;

		here |= model->here;
		gone |= model->ever & ~model->here;
		ever |= model->ever;
	}
	world_settle(world);
	replica_check(world, &world->copies[0]);
	/* Nothing is lost, and nothing that somebody removed is back. */
	for (unsigned i = 0; i < world->history.count; i++)
		assert_int_equal(world->copies[0].here[i],
		    (here & ~gone & MODEL_ONE(i)) != 0);
	for (unsigned name = 0; name < NAMES; name++)
		if (!name_was_cut(world, name))
			answers_check(world, name, ever);
}

static void
histories_are_as_the_model(void **state)
{
	uint64_t first = number_of("OURO_SEED", 1);
	uint64_t count = number_of("OURO_HISTORIES",
	    getenv("OURO_SEED") != NULL	      ? 1
		: getenv("OURO_LONG") != NULL ? 20 * HISTORIES
					      : HISTORIES);
	uint64_t versions = 0;

	(void)state;
	for (seed_now = first; seed_now < first + count; seed_now++) {
		struct world world;

		history_run(&world, seed_now);
		algebra_check(&world, any_copy(&world), any_message(&world),
		    any_copy(&world));
		algebra_check(&world, any_message(&world), any_message(&world),
		    any_copy(&world));
		end_check(&world);
		versions += world.history.count;
		world_release(&world);
	}
	print_message("%llu histories, %llu versions, %.1f s\n",
	    (unsigned long long)count, (unsigned long long)versions,
	    (double)clock() / CLOCKS_PER_SEC);
}

/* ---- the guards ------------------------------------------------------------------- */

/* Versions vanish that the context goes on claiming. Answers which. */
static model_set
lose_some(struct world *world, struct replica *copy)
{
	model_set lost = 0;

	for (unsigned i = 0; i < world->history.count; i++) {
		if (!copy->here[i] || (lost != 0 && world_draw(world, 2) == 0))
			continue;
		copy->here[i] = false;
		lost |= MODEL_ONE(i);
	}
	return lost;
}

/* The context anew, with what is here and nothing else (vault/forget.h). */
static void
forget(struct world *world, struct replica *copy)
{
	context_release(&copy->context);
	for (unsigned i = 0; i < world->history.count; i++)
		if (copy->here[i])
			assert_int_equal(context_add(&copy->context,
					     &world->versions[i].dot, NULL),
			    OURO_OK);
	replica_open(world, copy);
}

/* How many copies have what one of them had lost, when all is settled: first
 * the others hear from it, then it finds out. */
static unsigned
copies_with(struct world *world, bool guard_absence, bool guard_claims)
{
	struct replica *loser = &world->copies[0];
	unsigned with = 0;
	model_set lost;

	world_settle(world);
	lost = lose_some(world, loser);
	for (unsigned i = 1; i < COPIES; i++)
		replica_unite(world, &world->copies[i], loser, !guard_absence);
	if (guard_claims)
		forget(world, loser);
	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < COPIES; i++)
			for (unsigned j = 0; j < COPIES; j++)
				replica_unite(world, &world->copies[i],
				    &world->copies[j],
				    !guard_absence || guard_claims || j != 0);
	for (unsigned i = 0; i < COPIES; i++) {
		bool all = true;

		for (unsigned v = 0; v < world->history.count; v++)
			if ((lost & MODEL_ONE(v)) && !world->copies[i].here[v])
				all = false;
		with += all;
	}
	return lost == 0 ? UINT32_MAX : with;
}

/* Runs the histories with these guards; all that lost something ended with as
 * many copies that have it. */
static void
guards_run(bool guard_absence, bool guard_claims, unsigned with_expected)
{
	unsigned lost = 0;

	for (seed_now = 1; seed_now <= GUARD_HISTORIES; seed_now++) {
		struct world world;
		unsigned with;

		history_run(&world, seed_now);
		with = world.writers < WRITERS
		    ? copies_with(&world, guard_absence, guard_claims)
		    : UINT32_MAX;
		if (with != UINT32_MAX) {
			assert_int_equal(with, with_expected);
			lost++;
		}
		world_release(&world);
	}
	assert_true(lost > GUARD_HISTORIES / 2);
}

static void
what_was_lost_heals(void **state)
{
	(void)state;
	guards_run(true, true, COPIES);
}

/* Absence is believed from a copy that does not know what it lost. */
static void
without_the_first_guard_a_loss_spreads(void **state)
{
	(void)state;
	guards_run(false, true, 0);
	guards_run(false, false, 0);
}

/* The copy that lost them goes on claiming to have had them: to it they are
 * removed for ever. */
static void
without_the_second_guard_a_loss_stays(void **state)
{
	(void)state;
	guards_run(true, false, COPIES - 1);
}

static int
failure_name(void **state)
{
	(void)state;
	print_message("last history: OURO_SEED=%llu\n",
	    (unsigned long long)seed_now);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(histories_are_as_the_model,
		    failure_name),
		cmocka_unit_test_teardown(what_was_lost_heals, failure_name),
		cmocka_unit_test_teardown(
		    without_the_first_guard_a_loss_spreads, failure_name),
		cmocka_unit_test_teardown(without_the_second_guard_a_loss_stays,
		    failure_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
