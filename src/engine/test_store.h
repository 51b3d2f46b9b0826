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

static struct fs *memory;
static struct ouro_store *store;
static struct ouro_error error;

static inline int
begin(void **state)
{
	(void)state;
	memory = fs_memory_new(5);
	assert_non_null(memory);
	assert_int_equal(store_open("/store", NULL, memory, &store, &error),
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

#endif
