/*
 * The winner of three heads is the same in whatever order they come, and is the
 * one that the rule names: larger stamp, then of the node that joined earlier,
 * then smaller uuid. 10^6 random triples, in which ties are common.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "vault/name.h"

#define TRIPLES 1000000

static uint64_t x = 88172645463325252u;

static uint64_t
draw(uint64_t below)
{
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x % below;
}

static struct name_version
version_draw(unsigned number)
{
	struct name_version version = { .stamp = draw(3) << 40 | draw(2),
		.joined = draw(2) << 33 };

	version.uuid[draw(16)] = (uint8_t)draw(3);
	version.uuid[15] = (uint8_t)draw(200);
	version.id[draw(HASH_SIZE)] = (uint8_t)draw(3);
	version.id[7] = (uint8_t)number; /* no two are one */
	return version;
}

/* Field by field: who is not beaten by anybody stays. */
static unsigned
winner_of(const struct name_version versions[3])
{
	bool in[3] = { true, true, true };

	for (unsigned rule = 0; rule < 4; rule++) {
		bool beaten[3] = { false, false, false };

		for (unsigned i = 0; i < 3; i++)
			for (unsigned j = 0; j < 3; j++) {
				const struct name_version *a = &versions[i];
				const struct name_version *b = &versions[j];

				if (!in[i] || !in[j])
					continue;
				beaten[i] |= rule == 0 && a->stamp < b->stamp;
				beaten[i] |= rule == 1 && a->joined > b->joined;
				beaten[i] |= rule == 2 &&
				    memcmp(a->uuid, b->uuid, 16) > 0;
				beaten[i] |= rule == 3 &&
				    memcmp(a->id, b->id, HASH_SIZE) > 0;
			}
		for (unsigned i = 0; i < 3; i++)
			in[i] &= !beaten[i];
	}
	assert_int_equal(in[0] + in[1] + in[2], 1);
	return in[0] ? 0 : in[1] ? 1 : 2;
}

static void
the_winner_does_not_depend_on_the_order(void **state)
{
	static const unsigned orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 },
		{ 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };

	(void)state;
	for (unsigned t = 0; t < TRIPLES; t++) {
		struct name_version versions[3];
		unsigned winner;

		for (unsigned i = 0; i < 3; i++)
			versions[i] = version_draw(i);
		winner = winner_of(versions);
		for (unsigned o = 0; o < 6; o++) {
			struct name name = { .versions = 3 };

			for (unsigned i = 0; i < 3; i++)
				assert_int_equal(
				    version_list_insert(&name.heads,
					&versions[orders[o][i]], NULL),
				    OURO_OK);
			assert_memory_equal(name_winner(&name)->id,
			    versions[winner].id, HASH_SIZE);
			version_list_release(&name.heads);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_winner_does_not_depend_on_the_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
