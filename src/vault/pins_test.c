#include "vault/pins.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#include <cmocka.h>

static void
id_of(uint32_t n, uint8_t id[HASH_SIZE])
{
	memset(id, 0, HASH_SIZE);
	put_u32le(id, n % 100 * 7); /* some share a slot */
	put_u32le(id + 16, n);
}

static bool
is_pinned(struct pins *pins, uint32_t n)
{
	uint8_t id[HASH_SIZE];

	id_of(n, id);
	if (!pins_guard(pins, id))
		return true;
	pins_unguard(pins);
	return false;
}

static void
pin(struct pins *pins, uint32_t n)
{
	uint8_t id[HASH_SIZE];

	id_of(n, id);
	assert_int_equal(pins_add(pins, id, NULL), OURO_OK);
}

static void
unpin(struct pins *pins, uint32_t n)
{
	uint8_t id[HASH_SIZE];

	id_of(n, id);
	pins_drop(pins, id);
}

static void
a_pinned_id_cannot_be_guarded(void **unused)
{
	struct pins pins;

	(void)unused;
	assert_int_equal(pins_init(&pins, NULL), OURO_OK);
	assert_false(is_pinned(&pins, 1));
	pin(&pins, 1);
	pin(&pins, 1);
	assert_true(is_pinned(&pins, 1));
	assert_false(is_pinned(&pins, 101)); /* the same slot */
	unpin(&pins, 1);
	assert_true(is_pinned(&pins, 1));
	unpin(&pins, 1);
	assert_false(is_pinned(&pins, 1));
	pins_release(&pins);
	pins_release(&pins);
}

static void
many_pins_are_all_found(void **unused)
{
	struct pins pins;

	(void)unused;
	assert_int_equal(pins_init(&pins, NULL), OURO_OK);
	for (uint32_t n = 0; n < 2000; n++)
		pin(&pins, n);
	assert_int_equal(pins.count, 2000);
	assert_true(pins.slot_count >= 2000);
	for (uint32_t n = 0; n < 2000; n += 2)
		unpin(&pins, n);
	for (uint32_t n = 0; n < 2000; n++)
		assert_int_equal(is_pinned(&pins, n), n % 2);
	for (uint32_t n = 1; n < 2000; n += 2)
		unpin(&pins, n);
	assert_int_equal(pins.count, 0);
	pins_release(&pins);
}

static void
a_list_drops_what_it_holds(void **unused)
{
	struct pins pins;
	struct pin_list list = { .pins = &pins }, more = { .pins = &pins };
	uint8_t id[HASH_SIZE];

	(void)unused;
	assert_int_equal(pins_init(&pins, NULL), OURO_OK);
	for (uint32_t n = 0; n < 10; n++) {
		id_of(n / 2, id);
		assert_int_equal(pin_list_add(n % 2 ? &list : &more, id, NULL),
		    OURO_OK);
	}
	assert_int_equal(pin_list_move(&list, &more, NULL), OURO_OK);
	pin_list_drop(&more);
	for (uint32_t n = 0; n < 5; n++)
		assert_true(is_pinned(&pins, n));
	pin_list_drop(&list);
	pin_list_drop(&list);
	assert_int_equal(pins.count, 0);
	pins_release(&pins);
}

/* ---- what pins are for ---------------------------------------------------- */

#define ROUNDS 20000

struct race {
	struct pins pins;
	atomic_bool row; /* the thing is there */
	atomic_bool ended;
	atomic_uint collected;
	unsigned stored, lost;
};

/* Collection: removes the row again and again, but never under a pin. */
static void *
collect(void *context)
{
	struct race *race = context;
	uint8_t id[HASH_SIZE];

	id_of(3, id);
	while (!atomic_load(&race->ended)) {
		if (!pins_guard(&race->pins, id))
			continue;
		if (atomic_exchange(&race->row, false))
			atomic_fetch_add(&race->collected, 1);
		pins_unguard(&race->pins);
	}
	return NULL;
}

static void
a_write_never_loses_what_it_relies_on(void **unused)
{
	struct race race = { .stored = 0 };
	pthread_t collector;

	(void)unused;
	assert_int_equal(pins_init(&race.pins, NULL), OURO_OK);
	assert_int_equal(pthread_create(&collector, NULL, collect, &race), 0);
	for (int i = 0; i < ROUNDS; i++) {
		pin(&race.pins, 3);
		if (!atomic_load(&race.row)) {
			atomic_store(&race.row, true);
			race.stored++;
		}
		race.lost += !atomic_load(&race.row);
		unpin(&race.pins, 3);
	}
	atomic_store(&race.ended, true);
	pthread_join(collector, NULL);
	assert_int_equal(race.lost, 0);
	assert_int_equal(race.stored,
	    atomic_load(&race.collected) + atomic_load(&race.row));
	pins_release(&race.pins);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pinned_id_cannot_be_guarded),
		cmocka_unit_test(many_pins_are_all_found),
		cmocka_unit_test(a_list_drops_what_it_holds),
		cmocka_unit_test(a_write_never_loses_what_it_relies_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
