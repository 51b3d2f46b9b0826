/*
 * Backups through the public functions.
 */
#include "engine/test_store.h"

static void
check(struct ouro_store *from, const char *key, const char *value)
{
	char buffer[64];
	size_t size;

	assert_int_equal(ouro_store_read(from, key, strlen(key), buffer,
			     sizeof buffer, &size, &error),
	    value != NULL ? OURO_OK : OURO_NOT_FOUND);
	if (value == NULL)
		return;
	assert_int_equal(size, strlen(value));
	assert_memory_equal(buffer, value, size);
}

static void
a_backup_is_a_store_of_its_own(void **state)
{
	struct ouro_store *copy;
	struct ouro_store_options options = { .size = sizeof options,
		.must_exist = true };

	(void)state;
	put("a", "1");
	put("b", "2");
	assert_int_equal(ouro_store_delete(store, "b", 1, 0, NULL), OURO_OK);
	assert_int_equal(ouro_store_backup(store, "/copy", NULL, NULL, &error),
	    OURO_OK);
	put("a", "later");
	assert_int_equal(store_open("/copy", &options, memory, &copy, &error),
	    OURO_OK);
	check(copy, "a", "1");
	check(copy, "b", NULL);
	assert_int_equal(ouro_store_verify(copy, NULL, NULL, &error), OURO_OK);
	assert_int_equal(ouro_store_put(copy, "c", 1, "3", 1, 0, &error),
	    OURO_OK);
	ouro_store_close(copy);
	check(store, "a", "later");
	check(store, "c", NULL);
	assert_int_equal(ouro_store_backup(store, "/copy", NULL, NULL, &error),
	    OURO_EXISTS);
}

static bool
stop_at_once(void *context, uint64_t done, uint64_t total)
{
	(void)done;
	(void)total;
	(*(unsigned *)context)++;
	return false;
}

static void
a_cancelled_backup_leaves_nothing(void **state)
{
	static char value[1 << 20];
	unsigned calls = 0;

	(void)state;
	put("a", "1");
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(ouro_store_put(store, &i, sizeof i, value,
				     sizeof value, OURO_SYNC_DEFAULT, &error),
		    OURO_OK);
	assert_int_equal(ouro_store_backup(store, "/copy", stop_at_once, &calls,
			     &error),
	    OURO_CANCELLED);
	assert_true(calls > 0);
	check(store, "a", "1");
	assert_int_equal(ouro_store_backup(store, "/copy", NULL, NULL, &error),
	    OURO_OK); /* it would be refused beside other files */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_backup_is_a_store_of_its_own),
		TEST(a_cancelled_backup_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
