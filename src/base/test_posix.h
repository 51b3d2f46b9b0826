/*
 * test_posix - a directory of the real file system for one test.
 */
#ifndef BASE_TEST_POSIX_H
#define BASE_TEST_POSIX_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/test_dir.h"

#define MAKE (FS_READ | FS_WRITE | FS_CREATE)

static char dir[64];

static inline const char *
at(const char *name)
{
	static char path[FS_PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static inline struct fs_file *
opened(const char *name, unsigned flags)
{
	struct ouro_error err = { 0 };
	struct fs_file *file;

	if (fs_open(fs_posix(), at(name), flags, &file, &err) != OURO_OK)
		fail_msg("%s", err.text);
	return file;
}

static inline int
setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/fs_posix_test.XXXXXX");
	return mkdtemp(dir) == NULL;
}

static inline int
teardown(void **state)
{
	(void)state;
	return dir_remove(dir);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
