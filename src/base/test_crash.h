/*
 * test_crash - for the tests of fs_crash: files with a line of text, and what the
 * states that a power loss may leave say of them.
 */
#ifndef BASE_TEST_CRASH_H
#define BASE_TEST_CRASH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/fs_crash.h"
#include "base/fs_ops.h"

#define MAKE  (FS_READ | FS_WRITE | FS_CREATE)
#define SEEDS 64

static inline int
setup(void **state)
{
	*state = fs_crash_new(3);
	return *state == NULL;
}

static inline int
teardown(void **state)
{
	fs_crash_free(*state);
	return 0;
}

static inline struct fs_file *
opened(struct fs *fs, const char *path)
{
	struct fs_file *file;

	assert_int_equal(fs_open(fs, path, MAKE, &file, NULL), OURO_OK);
	return file;
}

static inline void
write_text(struct fs_file *file, uint64_t offset, const char *text)
{
	struct bytes part = bytes_text(text);

	assert_int_equal(fs_write(file, offset, &part, 1, NULL), OURO_OK);
}

static inline void
write_fill(struct fs_file *file, uint64_t offset, size_t size, int byte)
{
	uint8_t *data = malloc(size);
	struct bytes part = bytes_of(data, size);

	memset(data, byte, size);
	assert_int_equal(fs_write(file, offset, &part, 1, NULL), OURO_OK);
	free(data);
}

static inline void
sync_all(struct fs_file *file, struct fs *fs, const char *dir)
{
	assert_int_equal(fs_sync(file, NULL), OURO_OK);
	assert_int_equal(fs_sync_dir(fs, dir, NULL), OURO_OK);
}

static inline struct fs *
state_of(struct fs *fs, enum fs_crash_policy policy, uint64_t seed)
{
	struct fs *state = fs_crash_state(fs, policy, seed);

	assert_non_null(state);
	return state;
}

/* The file's text in a state of fs: "-" when it is missing, '0' for NUL. */
static inline const char *
text_in(struct fs *fs, const char *path)
{
	static char text[64];
	struct buffer out = { 0 };
	enum ouro_status status = fs_read_file(fs, path, 63, &out, NULL);

	strcpy(text, "-");
	if (status == OURO_OK) {
		for (size_t i = 0; i < out.size; i++)
			text[i] = out.data[i] == 0 ? '0' : (char)out.data[i];
		text[out.size] = '\0';
	} else {
		assert_int_equal(status, OURO_NOT_FOUND);
	}
	buffer_release(&out);
	return text;
}

static inline void
assert_text(struct fs *fs, const char *path, const char *text)
{
	assert_string_equal(text_in(fs, path), text);
}

static inline void
assert_state(struct fs *fs, enum fs_crash_policy policy, const char *path,
    const char *text)
{
	struct fs *state = state_of(fs, policy, 0);

	assert_text(state, path, text);
	fs_crash_free(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
