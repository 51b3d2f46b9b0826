/*
 * test_dir - takes a directory of the real file system away after a test.
 */
#ifndef BASE_TEST_DIR_H
#define BASE_TEST_DIR_H

#include <ftw.h>
#include <stdio.h>

static inline int
entry_remove(const char *path, const struct stat *st, int kind,
    struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

/* With all below it; links are not followed. 0, or -1. */
static inline int
dir_remove(const char *path)
{
	return nftw(path, entry_remove, 8, FTW_DEPTH | FTW_PHYS);
}

#endif
