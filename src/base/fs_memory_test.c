#include "base/fs_memory.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define MAKE (FS_READ | FS_WRITE | FS_CREATE)

static int
setup(void **state)
{
	*state = fs_memory_new(7);
	return *state == NULL;
}

static int
teardown(void **state)
{
	fs_memory_free(*state);
	return 0;
}

static struct fs_file *
opened(struct fs *fs, const char *path)
{
	struct fs_file *file;

	assert_int_equal(fs_open(fs, path, MAKE, &file, NULL), OURO_OK);
	return file;
}

static enum ouro_status
write_text(struct fs_file *file, uint64_t offset, const char *text)
{
	struct bytes part = bytes_text(text);

	return fs_write(file, offset, &part, 1, NULL);
}

static uint64_t
size_of(struct fs_file *file)
{
	uint64_t size;

	assert_int_equal(fs_size(file, &size, NULL), OURO_OK);
	return size;
}

/* ---- faults ----------------------------------------------------------- */

static enum ouro_status
each_ignore(void *context, const char *name, struct ouro_error *err)
{
	(void)context;
	(void)name;
	(void)err;
	return OURO_OK;
}

/* Makes one call of the kind, which would succeed. */
static enum ouro_status
call_make(struct fs *fs, struct fs_file *file, enum fs_call call)
{
	enum ouro_status status = OURO_OK;
	struct fs_file *other;
	uint8_t byte;
	size_t got;
	void *map;

	switch (call) {
	case FS_CALL_OPEN:
		status = fs_open(fs, "/other", MAKE, &other, NULL);
		fs_close(other);
		return status;
	case FS_CALL_READ:
		return fs_read(file, 0, &byte, 1, &got, NULL);
	case FS_CALL_WRITE:
		return write_text(file, 0, "x");
	case FS_CALL_SYNC:
		return fs_sync(file, NULL);
	case FS_CALL_TRUNCATE:
		return fs_truncate(file, 5, NULL);
	case FS_CALL_ALLOCATE:
		return fs_allocate(file, 5, NULL);
	case FS_CALL_MAP:
		status = fs_map(file, 1, FS_READ, &map, NULL);
		fs_unmap(fs, map, 1);
		return status;
	case FS_CALL_RENAME:
		return fs_rename(fs, "/file", "/file", NULL);
	case FS_CALL_UNLINK:
		fs_close(opened(fs, "/gone"));
		return fs_unlink(fs, "/gone", NULL);
	case FS_CALL_SYNC_DIR:
		return fs_sync_dir(fs, "/", NULL);
	case FS_CALL_MKDIR:
		return fs_mkdir(fs, "/dir", NULL);
	case FS_CALL_LIST:
		return fs_list(fs, "/", each_ignore, NULL, NULL);
	case FS_CALL_RANDOM:
		return fs_random(fs, &byte, 1, NULL);
	case FS_CALL_ANY:
		break;
	}
	return OURO_OK;
}

static void
nth_call_of_each_kind_fails(void **state)
{
	struct fs *fs = *state;
	struct fs_file *file = opened(fs, "/file");

	assert_int_equal(write_text(file, 0, "hello"), OURO_OK);
	for (int kind = 0; kind < FS_CALL_ANY; kind++) {
		enum fs_call call = (enum fs_call)kind;

		fs_memory_fault(fs,
		    (struct fs_fault){ call, 2, EIO, false, false, NULL });
		assert_int_equal(call_make(fs, file, call), OURO_OK);
		assert_int_equal(call_make(fs, file, call), OURO_IO);
		assert_int_equal(call_make(fs, file, call), OURO_OK);
		assert_int_equal(fs_memory_calls(fs, call), 3);
	}
	fs_close(file);
}

static void
faults_last_for_ever_when_told(void **state)
{
	struct fs *fs = *state;
	struct fs_file *file = opened(fs, "/file");
	struct ouro_error err = { 0 };

	fs_memory_fault(fs,
	    (struct fs_fault){ FS_CALL_SYNC, 2, EROFS, true, false, NULL });
	assert_int_equal(fs_sync(file, NULL), OURO_OK);
	assert_int_equal(fs_sync(file, &err), OURO_READ_ONLY);
	assert_int_equal(err.sys_errno, EROFS);
	assert_non_null(strstr(err.text, "/file"));
	assert_int_equal(fs_sync(file, NULL), OURO_READ_ONLY);
	assert_int_equal(write_text(file, 0, "x"), OURO_OK);
	fs_memory_fault(fs, (struct fs_fault){ 0 });
	assert_int_equal(fs_sync(file, NULL), OURO_OK);
	assert_int_equal(fs_memory_calls(fs, FS_CALL_ANY), 1);
	fs_close(file);
}

static void
any_call_can_be_the_nth(void **state)
{
	struct fs *fs = *state;
	struct fs_file *file = opened(fs, "/file");
	uint64_t size;

	fs_memory_fault(fs,
	    (struct fs_fault){ FS_CALL_ANY, 3, 0, false, false, NULL });
	assert_int_equal(write_text(file, 0, "x"), OURO_OK);
	assert_int_equal(fs_size(file, &size, NULL), OURO_OK);
	assert_int_equal(fs_sync(file, NULL), OURO_OK);
	assert_int_equal(fs_sync_dir(fs, "/", NULL), OURO_IO);
	fs_close(file);
}

static void
short_writes_do_half(void **state)
{
	struct fs *fs = *state;
	struct fs_file *file = opened(fs, "/file");
	struct bytes parts[] = { bytes_text("abc"), bytes_text("defgh") };
	char data[8];
	size_t got;

	fs_memory_fault(fs,
	    (struct fs_fault){ FS_CALL_WRITE, 1, ENOSPC, false, true, NULL });
	assert_int_equal(fs_write(file, 0, parts, 2, NULL), OURO_NO_SPACE);
	assert_int_equal(fs_read(file, 0, data, 8, &got, NULL), OURO_OK);
	assert_int_equal(got, 4);
	assert_memory_equal(data, "abcd", 4);
	fs_memory_fault(fs,
	    (struct fs_fault){ FS_CALL_WRITE, 1, ENOSPC, false, false, NULL });
	assert_int_equal(fs_write(file, 4, parts, 2, NULL), OURO_NO_SPACE);
	assert_int_equal(size_of(file), 4);
	fs_close(file);
}

static enum ouro_status
each_count(void *context, const char *name, struct ouro_error *err)
{
	(void)name;
	(void)err;
	++*(int *)context;
	return OURO_OK;
}

static void
write_file_is_clean_after_any_fault(void **state)
{
	struct fs *fs = *state;

	for (uint64_t nth = 1;; nth++) {
		struct buffer out = { 0 };
		enum ouro_status status;
		uint64_t calls;
		int names = 0;

		fs_memory_fault(fs, (struct fs_fault){ 0 });
		assert_int_equal(fs_write_file(fs, "/a", bytes_text("old"),
				     NULL),
		    OURO_OK);
		calls = fs_memory_calls(fs, FS_CALL_ANY);
		assert_int_equal(calls, 6);
		fs_memory_fault(fs,
		    (struct fs_fault){ FS_CALL_ANY, nth, EIO, false, true,
			NULL });
		status = fs_write_file(fs, "/a", bytes_text("newer"), NULL);
		fs_memory_fault(fs, (struct fs_fault){ 0 });
		assert_int_equal(fs_list(fs, "/", each_count, &names, NULL),
		    OURO_OK);
		assert_int_equal(names, 1);
		assert_int_equal(fs_read_file(fs, "/a", 9, &out, NULL),
		    OURO_OK);
		/* Only the sync of the directory comes after the change. */
		assert_int_equal(out.size, nth < calls ? 3 : 5);
		buffer_release(&out);
		if (nth > calls) {
			assert_int_equal(status, OURO_OK);
			break;
		}
		assert_int_equal(status, OURO_IO);
	}
}

/* ---- space ------------------------------------------------------------ */

static void
full_disks_take_what_fits(void **state)
{
	struct fs *fs = *state;
	struct fs_file *a = opened(fs, "/a"), *b = opened(fs, "/b");
	struct fs_space space;

	fs_memory_limit(fs, 10);
	assert_int_equal(write_text(a, 0, "123456"), OURO_OK);
	assert_int_equal(write_text(b, 0, "123456"), OURO_NO_SPACE);
	assert_int_equal(size_of(b), 4);
	assert_int_equal(write_text(a, 0, "abcdef"), OURO_OK);
	assert_int_equal(write_text(a, 3, "abcdef"), OURO_NO_SPACE);
	assert_int_equal(fs_allocate(a, 7, NULL), OURO_NO_SPACE);
	assert_int_equal(fs_truncate(a, 7, NULL), OURO_NO_SPACE);
	assert_int_equal(fs_space(fs, "/", &space, NULL), OURO_OK);
	assert_int_equal(space.total, 10);
	assert_int_equal(space.available, 0);
	/* A removed file counts until it is closed. */
	assert_int_equal(fs_unlink(fs, "/b", NULL), OURO_OK);
	assert_int_equal(fs_allocate(a, 7, NULL), OURO_NO_SPACE);
	fs_close(b);
	assert_int_equal(fs_allocate(a, 7, NULL), OURO_OK);
	assert_int_equal(fs_truncate(a, 2, NULL), OURO_OK);
	assert_int_equal(fs_space(fs, "/", &space, NULL), OURO_OK);
	assert_int_equal(space.available, 8);
	fs_memory_limit(fs, 1);
	assert_int_equal(write_text(a, 0, "xy"), OURO_OK);
	assert_int_equal(write_text(a, 2, "z"), OURO_NO_SPACE);
	fs_close(a);
}

static void
locks_are_taken_on_full_disks(void **state)
{
	struct fs *fs = *state;
	struct fs_file *file = opened(fs, "/lock"), *other;

	fs_memory_limit(fs, 0);
	assert_int_equal(fs_lock(file, NULL), OURO_OK);
	other = opened(fs, "/lock");
	assert_int_equal(fs_lock(other, NULL), OURO_LOCKED);
	fs_close(other);
	fs_close(file);
}

static void
holes_take_no_memory(void **state)
{
	struct fs *fs = *state;
	struct fs_file *file = opened(fs, "/a");
	uint64_t huge = UINT64_C(1) << 45;
	char data[4] = "abc";
	size_t got;

	assert_int_equal(fs_allocate(file, huge, NULL), OURO_OK);
	assert_int_equal(fs_read(file, huge - 2, data, 4, &got, NULL), OURO_OK);
	assert_int_equal(got, 2);
	assert_memory_equal(data, "\0\0c", 3);
	fs_close(file);
}

/* ---- clock, randomness, damage ---------------------------------------- */

static void
time_and_randomness_come_from_the_seed(void **state)
{
	struct fs *same = fs_memory_new(7), *other = fs_memory_new(8);
	struct fs *fs = *state;
	uint8_t a[20], b[20], c[20];
	uint64_t before;

	assert_int_equal(fs_random(fs, a, 20, NULL), OURO_OK);
	assert_int_equal(fs_random(same, b, 20, NULL), OURO_OK);
	assert_int_equal(fs_random(other, c, 20, NULL), OURO_OK);
	assert_memory_equal(a, b, 20);
	assert_memory_not_equal(a, c, 20);
	before = fs_monotonic_ns(fs);
	assert_int_equal(fs_monotonic_ns(fs), before + 1000);
	assert_int_equal(fs_monotonic_ns(same), before);
	before = fs_wall_ms(fs);
	assert_int_equal(fs_wall_ms(fs), before);
	fs_memory_advance(fs, 1234);
	assert_int_equal(fs_wall_ms(fs), before + 1234);
	fs_memory_free(same);
	fs_memory_free(other);
}

static void
flip_damages_one_byte(void **state)
{
	struct fs *fs = *state;
	struct buffer out = { 0 };

	assert_int_equal(fs_write_file(fs, "/d", bytes_text("abc"), NULL),
	    OURO_OK);
	assert_int_equal(fs_memory_flip(fs, "/d", 1, 0x20), OURO_OK);
	assert_int_equal(fs_memory_flip(fs, "/d", 3, 0x20), OURO_INVALID);
	assert_int_equal(fs_memory_flip(fs, "/", 0, 0x20), OURO_INVALID);
	assert_int_equal(fs_memory_flip(fs, "/e", 1, 0x20), OURO_NOT_FOUND);
	assert_int_equal(fs_read_file(fs, "/d", 3, &out, NULL), OURO_OK);
	assert_memory_equal(out.data, "aBc", 3);
	buffer_release(&out);
}

static void
paths_are_walked_from_one_root(void **state)
{
	struct fs *fs = *state;
	struct fs_info info;
	char name[300];

	fs_close(opened(fs, "file"));
	assert_int_equal(fs_stat(fs, "//./file", &info, NULL), OURO_OK);
	assert_int_equal(fs_stat(fs, "/../file", &info, NULL), OURO_IO);
	memset(name, 'n', sizeof(name));
	name[256] = '\0';
	assert_int_equal(fs_mkdir(fs, name, NULL), OURO_IO);
	name[255] = '\0';
	assert_int_equal(fs_mkdir(fs, name, NULL), OURO_OK);
	fs_memory_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void
a_fault_may_be_of_one_path(void **state)
{
	const char *const names[] = { "/d", "/d/a", "/d/a.copy", "/d/a/b" };
	const bool failing[] = { false, true, false, true };
	struct fs *fs = fs_memory_new(1);

	(void)state;
	for (int for_ever = 0; for_ever < 2; for_ever++)
		for (int i = 0; i < 4; i++) {
			struct fs_file *file = NULL;
			enum ouro_status status;

			fs_memory_fault(fs,
			    (struct fs_fault){ .call = FS_CALL_OPEN,
				.nth = 1,
				.errnum = EIO,
				.for_ever = for_ever == 1,
				.path = "/d/a" });
			for (int j = 0; j < 2; j++) {
				status = fs_open(fs, names[i], FS_READ, &file,
				    NULL);
				assert_int_equal(status == OURO_IO,
				    failing[i] && (j == 0 || for_ever == 1));
			}
		}
	fs_memory_free(fs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nth_call_of_each_kind_fails),
		TEST(faults_last_for_ever_when_told),
		TEST(any_call_can_be_the_nth),
		TEST(short_writes_do_half),
		TEST(write_file_is_clean_after_any_fault),
		TEST(full_disks_take_what_fits),
		TEST(locks_are_taken_on_full_disks),
		TEST(holes_take_no_memory),
		TEST(time_and_randomness_come_from_the_seed),
		TEST(flip_damages_one_byte),
		TEST(paths_are_walked_from_one_root),
		cmocka_unit_test(a_fault_may_be_of_one_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
