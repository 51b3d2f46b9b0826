/*
 * test_fs - the places in which every implementation of fs.h has to pass the same
 * tests: the real file system, and those of fs_memory.h and fs_crash.h.
 */
#ifndef BASE_TEST_FS_H
#define BASE_TEST_FS_H

#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/fs_crash.h"
#include "base/fs_memory.h"
#include "base/test_dir.h"

#define MAKE (FS_READ | FS_WRITE | FS_CREATE)

struct place {
	struct fs *fs;
	char dir[64];
	char path[FS_PATH_MAX];
	void (*release)(struct fs *fs);
};

static inline int
posix_setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	strcpy(place->dir, "/tmp/fs_test.XXXXXX");
	assert_non_null(mkdtemp(place->dir));
	place->fs = fs_posix();
	*state = place;
	return 0;
}

static inline int
memory_setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	place->fs = fs_memory_new(1);
	place->release = fs_memory_free;
	strcpy(place->dir, "/place");
	*state = place;
	return (int)fs_mkdir(place->fs, place->dir, NULL);
}

static inline int
crash_setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	place->fs = fs_crash_new(1);
	place->release = fs_crash_free;
	strcpy(place->dir, "/place");
	*state = place;
	return (int)fs_mkdir(place->fs, place->dir, NULL);
}

static inline int
place_teardown(void **state)
{
	struct place *place = *state;

	if (place->release != NULL)
		place->release(place->fs);
	else
		(void)dir_remove(place->dir);
	free(place);
	return 0;
}

/* The path of name; valid until the next call. */
static inline const char *
at(struct place *place, const char *name)
{
	assert_int_equal(fs_join(place->path, place->dir, name, NULL), OURO_OK);
	return place->path;
}

static inline struct fs_file *
opened(struct place *place, const char *name, unsigned flags)
{
	struct ouro_error err = { 0 };
	struct fs_file *file;

	if (fs_open(place->fs, at(place, name), flags, &file, &err) != OURO_OK)
		fail_msg("%s", err.text);
	return file;
}

static inline void
write_text(struct fs_file *file, uint64_t offset, const char *text)
{
	struct bytes part = bytes_text(text);

	assert_int_equal(fs_write(file, offset, &part, 1, NULL), OURO_OK);
}

static inline void
assert_text(struct fs_file *file, uint64_t offset, const char *text)
{
	size_t size = strlen(text), got;
	char data[128];

	assert_true(size < sizeof(data));
	assert_int_equal(fs_read(file, offset, data, size, &got, NULL),
	    OURO_OK);
	assert_int_equal(got, size);
	assert_memory_equal(data, text, size);
}

static inline void
assert_size(struct fs_file *file, uint64_t expected)
{
	uint64_t size;

	assert_int_equal(fs_size(file, &size, NULL), OURO_OK);
	assert_int_equal(size, expected);
}

struct listing {
	char text[256];
	const char *stop;
};

static inline enum ouro_status
listing_add(void *context, const char *name, struct ouro_error *err)
{
	struct listing *listing = context;

	(void)err;
	strcat(listing->text, name);
	strcat(listing->text, " ");
	if (listing->stop != NULL && strcmp(name, listing->stop) == 0)
		return OURO_CANCELLED;
	return OURO_OK;
}

#define TEST(setup, name) \
	{ \
#setup ": " #name, name, setup##_setup, place_teardown, NULL \
	}

#endif
