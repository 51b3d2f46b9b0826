/*
 * System calls that do less than asked: fs_posix_file.c is compiled into this test
 * with some of its system calls replaced, and with its descriptors in sight.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>

#include "base/test_posix.h"

/* What the replaced calls do; reset before each test. */
static struct {
	bool dribble; /* few bytes at a time, every other call EINTR */
	int sync_errno;
	int allocate_errno;
	unsigned calls;
} faults;

static bool
interrupted(void)
{
	if (!faults.dribble || faults.calls++ % 2 == 1)
		return false;
	errno = EINTR;
	return true;
}

static ssize_t
fault_pwritev(int fd, const struct iovec *parts, int count, off_t offset)
{
	if (!faults.dribble)
		return pwritev(fd, parts, count, offset);
	if (interrupted())
		return -1;
	/* 3 bytes, also over the end of a part. */
	{
		char some[3];
		size_t n = 0, at = 0;

		for (int i = 0; i < count && n < sizeof(some);) {
			if (at == parts[i].iov_len) {
				at = 0;
				i++;
				continue;
			}
			some[n++] = ((const char *)parts[i].iov_base)[at++];
		}
		return pwrite(fd, some, n, offset);
	}
}

static ssize_t
fault_pread(int fd, void *data, size_t size, off_t offset)
{
	if (interrupted())
		return -1;
	return pread(fd, data, faults.dribble && size > 5 ? 5 : size, offset);
}

static int
fault_ftruncate(int fd, off_t size)
{
	return interrupted() ? -1 : ftruncate(fd, size);
}

static int
fault_fallocate(int fd, int mode, off_t offset, off_t size)
{
	if (interrupted())
		return -1;
	if (faults.allocate_errno != 0) {
		errno = faults.allocate_errno;
		return -1;
	}
	return fallocate(fd, mode, offset, size);
}

static int
fault_fdatasync(int fd)
{
	faults.calls++;
	if (faults.sync_errno != 0) {
		errno = faults.sync_errno;
		return -1;
	}
	return fdatasync(fd);
}

#define pwritev	  fault_pwritev
#define pread	  fault_pread
#define ftruncate fault_ftruncate
#define fallocate fault_fallocate
#define fdatasync fault_fdatasync
#include "fs_posix_file.c" /* NOLINT */
#undef pwritev
#undef pread
#undef ftruncate
#undef fallocate
#undef fdatasync

static int
faults_setup(void **state)
{
	memset(&faults, 0, sizeof(faults));
	return setup(state);
}

/* ---- system calls that do less than asked ----------------------------- */

static void
short_and_interrupted_calls_are_continued(void **state)
{
	const char *text = "a text much longer than the three bytes at once";
	struct bytes parts[] = { bytes_of(text, 1), bytes_of(NULL, 0),
		bytes_of(text + 1, 7), bytes_of(text + 8, 1),
		bytes_of(text + 9, strlen(text) - 9), bytes_of(text, 0) };
	struct fs_file *file;
	char data[64];
	uint64_t size;
	size_t got;

	(void)state;
	file = opened("a", MAKE);
	faults.dribble = true;
	assert_int_equal(fs_write(file, 10, parts, 6, NULL), OURO_OK);
	assert_int_equal(fs_read(file, 10, data, sizeof(data), &got, NULL),
	    OURO_OK);
	assert_int_equal(got, strlen(text));
	assert_memory_equal(data, text, got);
	assert_int_equal(fs_truncate(file, 12, NULL), OURO_OK);
	assert_int_equal(fs_allocate(file, 4096, NULL), OURO_OK);
	assert_int_equal(fs_size(file, &size, NULL), OURO_OK);
	assert_int_equal(size, 4096);
	fs_close(file);
}

static void
failed_syncs_are_not_repeated(void **state)
{
	struct fs_file *file = opened("a", MAKE);
	struct ouro_error err = { 0 };

	(void)state;
	faults.sync_errno = EIO;
	assert_int_equal(fs_sync(file, &err), OURO_IO);
	assert_int_equal(err.sys_errno, EIO);
	assert_int_equal(faults.calls, 1);
	faults.sync_errno = EINTR;
	assert_int_equal(fs_sync(file, NULL), OURO_IO);
	assert_int_equal(faults.calls, 2);
	fs_close(file);
}

static void
failed_writes_leave_nothing_beside(void **state)
{
	struct buffer out = { 0 };

	(void)state;
	assert_int_equal(fs_write_file(fs_posix(), at("a"), bytes_text("old"),
			     NULL),
	    OURO_OK);
	faults.sync_errno = ENOSPC;
	assert_int_equal(fs_write_file(fs_posix(), at("a"), bytes_text("new"),
			     NULL),
	    OURO_NO_SPACE);
	assert_int_equal(fs_read_file(fs_posix(), at("a"), 9, &out, NULL),
	    OURO_OK);
	assert_true(bytes_equal(buffer_bytes(&out), bytes_text("old")));
	buffer_release(&out);
	assert_int_equal(unlink(at("a")), 0);
	assert_int_equal(rmdir(dir), 0); /* it is empty */
	assert_int_equal(mkdir(dir, 0700), 0);
}

static void
allocation_falls_back_to_growing(void **state)
{
	struct fs_file *file = opened("a", MAKE);
	uint64_t size;

	(void)state;
	faults.allocate_errno = EOPNOTSUPP;
	assert_int_equal(fs_allocate(file, 5000, NULL), OURO_OK);
	assert_int_equal(fs_allocate(file, 10, NULL), OURO_OK);
	assert_int_equal(fs_size(file, &size, NULL), OURO_OK);
	assert_int_equal(size, 5000);
	faults.allocate_errno = ENOSPC;
	assert_int_equal(fs_allocate(file, 9000, NULL), OURO_NO_SPACE);
	fs_close(file);
}

static void
descriptors_close_on_exec(void **state)
{
	struct fs_file *file = opened("a", MAKE);

	(void)state;
	assert_true(fcntl(file_fd(file), F_GETFD) & FD_CLOEXEC);
	fs_close(file);
}

static void
full_device_is_no_space(void **state)
{
	struct bytes part = bytes_text("x");
	struct ouro_error err = { 0 };
	struct fs_file *file = opened("a", MAKE);
	int full = open("/dev/full", O_WRONLY);

	(void)state;
	if (full < 0)
		skip();
	assert_int_equal(dup2(full, file_fd(file)), file_fd(file));
	close(full);
	assert_int_equal(fs_write(file, 0, &part, 1, &err), OURO_NO_SPACE);
	assert_int_equal(err.sys_errno, ENOSPC);
	assert_non_null(strstr(err.text, at("a")));
	fs_close(file);
}

#define FAULT_TEST(name) \
	cmocka_unit_test_setup_teardown(name, faults_setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FAULT_TEST(short_and_interrupted_calls_are_continued),
		FAULT_TEST(failed_syncs_are_not_repeated),
		FAULT_TEST(failed_writes_leave_nothing_beside),
		FAULT_TEST(allocation_falls_back_to_growing),
		FAULT_TEST(full_device_is_no_space),
		FAULT_TEST(descriptors_close_on_exec),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
