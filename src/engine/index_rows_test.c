#include "engine/log_engine.h"

#include "engine/log_world.h"

/* The stored index knows the value, the log neither that nor its deletion. */
static void
a_dropped_tombstone_is_not_missed(void **state)
{
	(void)state;
	opened();
	put("a", "1");
	put("b", "2");
	assert_int_equal(engine_snapshot(world.engine, NULL), OURO_OK);
	removed("a");
	assert_int_equal(engine_compact(world.engine, 0, NULL, NULL), OURO_OK);
	assert_int_equal(engine_compact(world.engine, 0, NULL, NULL), OURO_OK);
	killed();
	opened();
	expect("a", NULL);
	expect("b", "2");
	assert_int_equal(stats().keys, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_dropped_tombstone_is_not_missed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
