/*
 * What only the real file system can show: modes, locks between processes, full
 * disks.
 */
#include "base/fs_posix.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/test_posix.h"

static unsigned
mode_of(const char *name)
{
	struct stat st;

	assert_int_equal(stat(at(name), &st), 0);
	return st.st_mode & 07777;
}

/* ---- modes and descriptors -------------------------------------------- */

static void
M18_files_are_0600_and_directories_0700(void **state)
{
	static const mode_t masks[] = { 0, 022, 077, 0277 };
	struct buffer out = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(masks) / sizeof(*masks); i++) {
		mode_t old = umask(masks[i]);
		char name[32];

		snprintf(name, sizeof(name), "d%zu/e", i);
		assert_int_equal(fs_mkdir(fs_posix(), at(name), NULL), OURO_OK);
		assert_int_equal(mode_of(name), 0700);
		name[2] = '\0';
		assert_int_equal(mode_of(name), 0700);
		snprintf(name, sizeof(name), "f%zu", i);
		fs_close(opened(name, MAKE));
		assert_int_equal(mode_of(name), 0600);
		snprintf(name, sizeof(name), "x%zu", i);
		fs_close(opened(name, MAKE | FS_EXCLUSIVE));
		assert_int_equal(mode_of(name), 0600);
		snprintf(name, sizeof(name), "w%zu", i);
		assert_int_equal(fs_write_file(fs_posix(), at(name),
				     bytes_text("secret"), NULL),
		    OURO_OK);
		assert_int_equal(mode_of(name), 0600);
		assert_int_equal(fs_read_file(fs_posix(), at(name), 10, &out,
				     NULL),
		    OURO_OK);
		(void)umask(old);
	}
	buffer_release(&out);
}

static void
modes_of_what_exists_stay(void **state)
{
	(void)state;
	fs_close(opened("a", MAKE));
	assert_int_equal(chmod(at("a"), 0640), 0);
	fs_close(opened("a", MAKE));
	assert_int_equal(mode_of("a"), 0640);
	assert_int_equal(mkdir(at("d"), 0755), 0);
	assert_int_equal(chmod(at("d"), 0755), 0);
	assert_int_equal(fs_mkdir(fs_posix(), at("d"), NULL), OURO_OK);
	assert_int_equal(mode_of("d"), 0755);
}

static void
dangling_links_are_an_error(void **state)
{
	struct fs_file *file;

	(void)state;
	assert_int_equal(symlink("/nonexistent/x", at("link")), 0);
	assert_int_not_equal(fs_open(fs_posix(), at("link"), MAKE, &file, NULL),
	    OURO_OK);
}

static void
nothing_is_written_through_links(void **state)
{
	struct ouro_error err = { 0 };
	struct buffer out = { 0 };
	char target[FS_PATH_MAX];
	struct fs_file *file;
	struct fs_info info;

	(void)state;
	fs_close(opened("precious", MAKE));
	snprintf(target, sizeof(target), "%s", at("precious"));
	assert_int_equal(fs_write_file(fs_posix(), target, bytes_text("kept"),
			     NULL),
	    OURO_OK);
	assert_int_equal(symlink(target, at("link")), 0);
	assert_int_equal(fs_open(fs_posix(), at("link"), MAKE, &file, &err),
	    OURO_REFUSED);
	assert_non_null(strstr(err.text, at("link")));
	assert_non_null(strstr(err.text, "symbolic link"));
	assert_int_equal(fs_open(fs_posix(), at("link"), FS_WRITE, &file, NULL),
	    OURO_REFUSED);
	assert_int_equal(fs_read_file(fs_posix(), at("link"), 9, &out, NULL),
	    OURO_OK);
	assert_true(bytes_equal(buffer_bytes(&out), bytes_text("kept")));
	buffer_release(&out);
	assert_int_equal(fs_stat(fs_posix(), at("link"), &info, NULL), OURO_OK);
	assert_true(info.link);
	assert_true(info.regular);
	assert_int_equal(info.size, 4);
}

/* Neither waited for nor taken for files. */
static void
pipes_and_devices_are_refused(void **state)
{
	static const unsigned ways[] = { FS_READ, FS_WRITE, MAKE };
	struct ouro_error err = { 0 };
	struct fs_file *file;

	(void)state;
	assert_int_equal(mkfifo(at("pipe"), 0600), 0);
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		assert_int_equal(fs_open(fs_posix(), at("pipe"), ways[i], &file,
				     &err),
		    OURO_IO);
		assert_non_null(strstr(err.text, "neither a file nor"));
		assert_int_equal(fs_open(fs_posix(), "/dev/null", ways[i],
				     &file, NULL),
		    OURO_IO);
	}
}

/* Where the file system has no exclusive rename. */
static void
links_stand_in_for_exclusive_renames(void **state)
{
	char from[FS_PATH_MAX];

	(void)state;
	fs_close(opened("a", MAKE));
	fs_close(opened("b", MAKE));
	snprintf(from, sizeof(from), "%s", at("a"));
	assert_int_equal(fs_posix_link(from, at("b")), -1);
	assert_int_equal(errno, EEXIST);
	assert_int_equal(fs_posix_link(from, at("c")), 0);
	assert_int_equal(access(from, F_OK), -1);
	assert_int_equal(access(at("c"), F_OK), 0);
}

/* ---- locks between processes ------------------------------------------ */

static void
M10_second_process_is_refused_with_the_holders_pid(void **state)
{
	struct ouro_error err = { 0 };
	int ready[2], done[2], result;
	struct fs_file *file;
	char pid[32], byte = 0;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(done), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		(void)close(done[1]);
		if (fs_open(fs_posix(), at("lock"), MAKE, &file, NULL) !=
			OURO_OK ||
		    fs_lock(file, NULL) != OURO_OK ||
		    write(ready[1], &byte, 1) != 1)
			_exit(1);
		(void)!read(done[0], &byte, 1);
		_exit(0); /* without fs_close: the kernel lets go */
	}
	(void)close(ready[1]);
	(void)close(done[0]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	file = opened("lock", MAKE);
	assert_int_equal(fs_lock(file, &err), OURO_LOCKED);
	snprintf(pid, sizeof(pid), "process %ld", (long)child);
	assert_non_null(strstr(err.text, pid));
	assert_non_null(strstr(err.text, at("lock")));
	(void)close(done[1]);
	assert_int_equal(waitpid(child, &result, 0), child);
	assert_int_equal(result, 0);
	assert_int_equal(fs_lock(file, NULL), OURO_OK);
	fs_close(file);
	(void)close(ready[0]);
}

static void
closing_unlocks_though_a_child_has_the_file(void **state)
{
	struct fs_file *file = opened("lock", MAKE);
	int done[2], result;
	char byte;
	pid_t child;

	(void)state;
	assert_int_equal(fs_lock(file, NULL), OURO_OK);
	assert_int_equal(pipe(done), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		(void)close(done[1]);
		(void)!read(done[0], &byte, 1);
		_exit(0);
	}
	(void)close(done[0]);
	fs_close(file);
	file = opened("lock", MAKE);
	assert_int_equal(fs_lock(file, NULL), OURO_OK);
	fs_close(file);
	(void)close(done[1]);
	assert_int_equal(waitpid(child, &result, 0), child);
}

static void
lock_text_of_strangers_is_not_trusted(void **state)
{
	struct fs_file *holder = opened("lock", MAKE);
	struct fs_file *other = opened("lock", MAKE);
	struct bytes part = bytes_text("-7 is no process");
	struct ouro_error err = { 0 };

	(void)state;
	assert_int_equal(fs_lock(holder, NULL), OURO_OK);
	assert_int_equal(fs_write(other, 0, &part, 1, NULL), OURO_OK);
	assert_int_equal(fs_lock(other, &err), OURO_LOCKED);
	assert_non_null(strstr(err.text, "another process"));
	fs_close(other);
	fs_close(holder);
}

/* ---- full disks ------------------------------------------------------- */

static void
file_size_limits_are_no_space_and_no_signal(void **state)
{
	struct fs_file *file = opened("a", MAKE);
	struct bytes part = bytes_text("0123456789");
	struct ouro_error err = { 0 };
	struct rlimit old, limit;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	limit = old;
	limit.rlim_cur = 4096;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	/* SIGXFSZ would end the test here. */
	assert_int_equal(fs_write(file, 4090, &part, 1, &err), OURO_NO_SPACE);
	assert_int_equal(err.sys_errno, EFBIG);
	assert_int_equal(fs_truncate(file, 4097, NULL), OURO_NO_SPACE);
	assert_int_equal(fs_allocate(file, 4097, NULL), OURO_NO_SPACE);
	assert_int_equal(fs_write(file, 4086, &part, 1, NULL), OURO_OK);
	assert_int_equal(fs_allocate(file, 4096, NULL), OURO_OK);
	assert_int_equal(fs_truncate(file, 1, NULL), OURO_OK);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	fs_close(file);
}

enum { CHILD_OK = 0, CHILD_SKIP = 77 };

/* On a tmpfs of 64 KiB of its own mount namespace. */
static int
small_disk_child(void)
{
	size_t size = 100000, got;
	struct fs_file *file, *lock;
	struct fs_space space;
	struct buffer out = { 0 };
	struct bytes part;
	char *data = calloc(1, size);
	int step = 1;

	if (data == NULL || unshare(CLONE_NEWNS) != 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("small", dir, "tmpfs", 0, "size=64k") != 0)
		return CHILD_SKIP;
	part = bytes_of(data, size);
	if (fs_write_file(fs_posix(), at("kept"), bytes_text("kept"), NULL) !=
	    OURO_OK)
		return step;
	step++;
	if (fs_write_file(fs_posix(), at("kept"), part, NULL) != OURO_NO_SPACE)
		return step;
	step++;
	if (fs_space(fs_posix(), dir, &space, NULL) != OURO_OK ||
	    space.total != 65536 || space.available != 65536 - 4096)
		return step;
	step++;
	if (fs_open(fs_posix(), at("a"), MAKE, &file, NULL) != OURO_OK ||
	    fs_allocate(file, size, NULL) != OURO_NO_SPACE ||
	    fs_write(file, 0, &part, 1, NULL) != OURO_NO_SPACE ||
	    fs_read(file, 0, data, 1, &got, NULL) != OURO_OK || got != 1)
		return step;
	step++;
	/* A full disk can still be locked, to be tidied up. */
	if (fs_open(fs_posix(), at("lock"), MAKE, &lock, NULL) != OURO_OK ||
	    fs_lock(lock, NULL) != OURO_OK)
		return step;
	step++;
	if (fs_read_file(fs_posix(), at("kept"), 9, &out, NULL) != OURO_OK ||
	    out.size != 4)
		return step;
	fs_close(lock);
	fs_close(file);
	buffer_release(&out);
	free(data);
	return CHILD_OK;
}

static void
small_disk_fails_cleanly(void **state)
{
	pid_t child = fork();
	int result;

	(void)state;
	assert_true(child >= 0);
	if (child == 0)
		_exit(small_disk_child());
	assert_int_equal(waitpid(child, &result, 0), child);
	assert_true(WIFEXITED(result));
	if (WEXITSTATUS(result) == CHILD_SKIP)
		skip();
	assert_int_equal(WEXITSTATUS(result), CHILD_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(M18_files_are_0600_and_directories_0700),
		TEST(modes_of_what_exists_stay),
		TEST(dangling_links_are_an_error),
		TEST(nothing_is_written_through_links),
		TEST(pipes_and_devices_are_refused),
		TEST(links_stand_in_for_exclusive_renames),
		TEST(M10_second_process_is_refused_with_the_holders_pid),
		TEST(closing_unlocks_though_a_child_has_the_file),
		TEST(lock_text_of_strangers_is_not_trusted),
		TEST(file_size_limits_are_no_space_and_no_signal),
		TEST(small_disk_fails_cleanly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
