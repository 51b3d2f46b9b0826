/*
 * What a scan shows while others write.
 */
#include "engine/test_store.h"

#include <stdatomic.h>

#include <pthread.h>

static void
an_iteration_shows_the_state_of_its_opening(void **state)
{
	struct ouro_scan *scan;
	struct ouro_item item;

	(void)state;
	put("a", "1");
	put("b", "");
	assert_int_equal(ouro_scan_open(store, NULL, &scan, NULL), OURO_OK);
	put("a", "9");
	put("aa", "9");
	assert_int_equal(ouro_store_delete(store, "b", 1, 0, NULL), OURO_OK);
	assert_int_equal(ouro_store_compact(store, 0, NULL, NULL), OURO_OK);
	assert_int_equal(ouro_scan_next(scan, &item, NULL), OURO_OK);
	assert_memory_equal(item.key, "a", 1);
	assert_memory_equal(item.value, "1", 1);
	assert_int_equal(ouro_scan_next(scan, &item, NULL), OURO_OK);
	assert_memory_equal(item.key, "b", 1);
	assert_non_null(item.value); /* an empty value is one */
	assert_int_equal(item.value_size, 0);
	assert_int_equal(ouro_scan_next(scan, &item, NULL), OURO_END);
	assert_null(item.key);
	assert_int_equal(ouro_scan_next(scan, NULL, NULL), OURO_INVALID);
	ouro_scan_close(scan);
}

#define PAIRS 400

static atomic_bool stop;

/* Two keys always change together. */
static void *
write_pairs(void *context)
{
	struct ouro_store_batch *batch = ouro_store_batch_new();

	(void)context;
	for (unsigned i = 1; !stop; i++) {
		ouro_store_batch_clear(batch);
		ouro_store_batch_put(batch, "x", 1, &i, sizeof i, NULL);
		ouro_store_batch_put(batch, "y", 1, &i, sizeof i, NULL);
		if (ouro_store_write(store, batch, OURO_SYNC_NEVER, NULL) !=
		    OURO_OK)
			break;
	}
	ouro_store_batch_free(batch);
	return NULL;
}

static void
an_iteration_sees_batches_whole(void **state)
{
	pthread_t writer;

	(void)state;
	stop = false;
	assert_int_equal(pthread_create(&writer, NULL, write_pairs, NULL), 0);
	for (unsigned round = 0; round < PAIRS; round++) {
		unsigned found[2] = { 0 }, count = 0;
		struct ouro_scan *scan;
		struct ouro_item item;

		assert_int_equal(ouro_scan_open(store, NULL, &scan, &error),
		    OURO_OK);
		while (ouro_scan_next(scan, &item, &error) == OURO_OK)
			memcpy(&found[count++ % 2], item.value, sizeof *found);
		ouro_scan_close(scan);
		assert_true(count == 0 || count == 2);
		assert_int_equal(found[0], found[1]);
	}
	stop = true;
	pthread_join(writer, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_iteration_shows_the_state_of_its_opening),
		TEST(an_iteration_sees_batches_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
