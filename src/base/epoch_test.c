#include "base/epoch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <pthread.h>

#include <cmocka.h>

#define ALIVE	0x616c697665u
#define READERS 4
#define SWAPS	20000

static atomic_uint released;

struct thing {
	struct epoch_item item; /* first */
	uint64_t content[4];
};

static struct thing *
thing_new(void)
{
	struct thing *thing = calloc(1, sizeof *thing);

	assert_non_null(thing);
	for (unsigned i = 0; i < 4; i++)
		thing->content[i] = ALIVE;
	return thing;
}

static void
thing_release(struct epoch_item *item)
{
	struct thing *thing = (struct thing *)item;

	/* Who still reads it shall see it, also without a sanitizer. */
	for (unsigned i = 0; i < 4; i++)
		thing->content[i] = 0;
	atomic_fetch_add(&released, 1);
	free(thing);
}

static void
retire(struct epoch *epoch)
{
	epoch_retire(epoch, &thing_new()->item, thing_release);
}

static int
setup(void **state)
{
	atomic_store(&released, 0);
	*state = epoch_new();
	return *state == NULL;
}

static int
teardown(void **state)
{
	epoch_free(*state);
	return 0;
}

static void
without_readers_it_goes_at_once(void **state)
{
	for (unsigned i = 1; i <= 10; i++) {
		retire(*state);
		assert_int_equal(atomic_load(&released), i);
	}
}

static void
a_reader_inside_keeps_it(void **state)
{
	struct epoch_slot *slot = epoch_enter(*state);

	retire(*state);
	for (unsigned i = 0; i < 10; i++)
		epoch_collect(*state);
	assert_int_equal(atomic_load(&released), 0);
	epoch_leave(slot);
	epoch_collect(*state);
	assert_int_equal(atomic_load(&released), 1);
}

/* Readers who overlap, so that somebody is always inside. */
static void
later_readers_do_not_keep_it(void **state)
{
	struct epoch_slot *slot = epoch_enter(*state), *next;

	for (unsigned i = 0; i < 20; i++) {
		unsigned before = atomic_load(&released);

		retire(*state);
		for (unsigned round = 0; round < 3; round++) {
			next = epoch_enter(*state);
			epoch_leave(slot);
			slot = next;
			epoch_collect(*state);
		}
		assert_true(atomic_load(&released) > before);
	}
	epoch_leave(slot);
	epoch_collect(*state);
	assert_int_equal(atomic_load(&released), 20);
}

/* What is retired while an earlier item waits is as safe as that one. */
static void
each_item_waits_for_its_own_readers(void **state)
{
	struct epoch_slot *first = epoch_enter(*state), *second;

	retire(*state);
	second = epoch_enter(*state);
	retire(*state);
	epoch_leave(first);
	for (unsigned i = 0; i < 10; i++)
		epoch_collect(*state);
	assert_true(atomic_load(&released) <= 1);
	epoch_leave(second);
	epoch_collect(*state);
	assert_int_equal(atomic_load(&released), 2);
}

static void
readers_nest(void **state)
{
	struct epoch_slot *slots[100];

	for (unsigned i = 0; i < 100; i++) {
		slots[i] = epoch_enter(*state);
		if (i % 10 == 0)
			retire(*state);
	}
	/* The outermost last. */
	for (unsigned i = 100; i-- > 0;) {
		epoch_collect(*state);
		assert_int_equal(atomic_load(&released), 0);
		epoch_leave(slots[i]);
	}
	epoch_collect(*state);
	assert_int_equal(atomic_load(&released), 10);
}

struct chain {
	struct epoch_item item; /* first */
	struct epoch *epoch;
	unsigned left;
};

static void
chain_release(struct epoch_item *item)
{
	struct chain *chain = (struct chain *)item;

	atomic_fetch_add(&released, 1);
	if (chain->left-- > 0)
		epoch_retire(chain->epoch, item, chain_release);
	else
		free(chain);
}

static void
what_is_released_may_retire(void **state)
{
	struct epoch_slot *slot = epoch_enter(*state);
	struct chain *chain = calloc(1, sizeof *chain);

	assert_non_null(chain);
	chain->epoch = *state;
	chain->left = 5;
	epoch_retire(*state, &chain->item, chain_release);
	assert_int_equal(atomic_load(&released), 0);
	epoch_leave(slot);
	epoch_collect(*state);
	assert_int_equal(atomic_load(&released), 6);
}

static void
freeing_releases_what_waits(void **state)
{
	struct epoch *epoch = epoch_new();
	struct epoch_slot *slot = epoch_enter(epoch);

	(void)state;
	assert_non_null(epoch);
	retire(epoch);
	retire(epoch);
	epoch_leave(slot);
	assert_int_equal(atomic_load(&released), 0);
	epoch_free(epoch);
	assert_int_equal(atomic_load(&released), 2);
	epoch_free(NULL);
}

/* ---- threads --------------------------------------------------------------- */

struct shared {
	struct epoch *epoch;
	_Atomic(struct thing *) thing[2];
	atomic_uint writing, dead;
};

static void
thing_check(struct shared *shared, const struct thing *thing)
{
	for (unsigned i = 0; i < 4; i++)
		if (thing->content[i] != ALIVE)
			atomic_fetch_add(&shared->dead, 1);
}

static void *
reader_run(void *context)
{
	struct shared *shared = context;

	while (atomic_load(&shared->writing) > 0) {
		struct epoch_slot *outer = epoch_enter(shared->epoch), *inner;
		struct thing *first = atomic_load_explicit(&shared->thing[0],
		    memory_order_acquire);
		struct thing *second;

		inner = epoch_enter(shared->epoch);
		second = atomic_load_explicit(&shared->thing[1],
		    memory_order_acquire);
		thing_check(shared, second);
		epoch_leave(inner);
		thing_check(shared, first);
		epoch_leave(outer);
	}
	return NULL;
}

static void *
writer_run(void *context)
{
	struct shared *shared = context;

	for (unsigned i = 0; i < SWAPS; i++) {
		struct thing *old = atomic_exchange_explicit(
		    &shared->thing[i % 2], thing_new(), memory_order_acq_rel);

		epoch_retire(shared->epoch, &old->item, thing_release);
	}
	atomic_fetch_sub(&shared->writing, 1);
	return NULL;
}

static void
threads_never_read_what_is_gone(void **state)
{
	struct shared shared = { .epoch = *state };
	pthread_t readers[READERS], writers[2];

	for (unsigned i = 0; i < 2; i++)
		atomic_init(&shared.thing[i], thing_new());
	atomic_init(&shared.writing, 2);
	for (unsigned i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&readers[i], NULL, reader_run,
				     &shared),
		    0);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&writers[i], NULL, writer_run,
				     &shared),
		    0);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(writers[i], NULL);
	for (unsigned i = 0; i < READERS; i++)
		pthread_join(readers[i], NULL);
	assert_int_equal(atomic_load(&shared.dead), 0);
	epoch_collect(*state);
	assert_int_equal(atomic_load(&released), 2 * SWAPS);
	for (unsigned i = 0; i < 2; i++)
		free(atomic_load(&shared.thing[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(without_readers_it_goes_at_once,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(a_reader_inside_keeps_it, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(later_readers_do_not_keep_it,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    each_item_waits_for_its_own_readers, setup, teardown),
		cmocka_unit_test_setup_teardown(readers_nest, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_released_may_retire,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(freeing_releases_what_waits,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(threads_never_read_what_is_gone,
		    setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
