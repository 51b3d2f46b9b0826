/*
 * test_setup - making and opening a store that others have their hands on.
 */
#ifndef VAULT_TEST_SETUP_H
#define VAULT_TEST_SETUP_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/fs_ops.h"
#include "seal/canonical.h"
#include "seal/derive.h"
#include "vault/chunk.h"
#include "vault/rebuild.h"
#include "vault/store_file.h"
#include "vault/test_vault.h"

/* ---- a file system with a stranger in it ----------------------------------- */

static unsigned warnings;
static char warned[512];

static inline void
count_warnings(void *context, enum ouro_log_level level, const char *text)
{
	(void)context;
	if (level < OURO_LOG_WARNING)
		return;
	warnings++;
	snprintf(warned, sizeof(warned), "%s", text);
}

/* ---- helpers ----------------------------------------------------------------- */

static inline void
world_new(struct test_vault *test)
{
	*test = (struct test_vault){ .fs = fs_memory_new(7) };
	test_ok(executor_open_manual(7, test->fs, &test->executor, &test->err),
	    &test->err);
}

static inline enum ouro_status
try_open(struct test_vault *test, const struct ouro_vault_options *options)
{
	ouro_vault_close(test->vault);
	test->vault = NULL;
	test->err = (struct ouro_error){ 0 };
	return vault_open(TEST_DIR, options, test->fs, test->executor,
	    &test->vault, &test->err);
}

static inline void
file_take(struct fs *fs, const char *path, struct buffer *out)
{
	struct ouro_error err;

	out->size = 0;
	test_ok(fs_read_file(fs, path, 1 << 20, out, &err), &err);
}

static inline void
file_put(struct fs *fs, const char *path, const struct buffer *content)
{
	struct ouro_error err;

	test_ok(fs_write_file(fs, path, buffer_bytes(content), &err), &err);
}

static inline void
assert_says(const struct test_vault *test, const char *text)
{
	if (strstr(test->err.text, text) == NULL)
		fail_msg("\"%s\" is not in: %s", text, test->err.text);
}

#endif
