/*
 * test_store - what the tests of the public functions of a store share.
 */
#ifndef ENGINE_TEST_STORE_H
#define ENGINE_TEST_STORE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/fs_memory.h"
#include "engine/store.h"

#define DIR "/store"

static struct fs *memory;
static struct ouro_store *store;
static struct ouro_error error;

static inline int
begin(void **state)
{
	(void)state;
	memory = fs_memory_new(5);
	assert_non_null(memory);
	assert_int_equal(store_open(DIR, NULL, memory, &store, &error),
	    OURO_OK);
	return 0;
}

static inline int
end(void **state)
{
	(void)state;
	ouro_store_close(store);
	store = NULL;
	fs_memory_free(memory);
	return 0;
}

static inline void
put(const char *key, const char *value)
{
	assert_int_equal(ouro_store_put(store, key, strlen(key), value,
			     strlen(value), OURO_SYNC_DEFAULT, &error),
	    OURO_OK);
}

static inline void
reopened(const struct ouro_store_options *options)
{
	ouro_store_close(store);
	if (store_open(DIR, options, memory, &store, &error) != OURO_OK)
		fail_msg("%s", error.text);
}

/* value NULL = the key is not there. */
static inline void
expect(const char *key, const char *value)
{
	struct ouro_value got;
	enum ouro_status status = ouro_store_get(store, key, strlen(key), &got,
	    &error);

	if (value == NULL) {
		assert_int_equal(status, OURO_NOT_FOUND);
		assert_null(got.data);
		return;
	}
	assert_int_equal(status, OURO_OK);
	assert_int_equal(got.size, strlen(value));
	assert_memory_equal(got.data, value, got.size);
	ouro_value_release(&got);
	assert_null(got.data);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

#endif
