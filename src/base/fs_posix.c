#include "base/fs_posix.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"

#define DIRECTORY_MODE 0700

/* ---- names ------------------------------------------------------------ */

static enum ouro_status
posix_stat(struct fs *fs, const char *path, struct fs_info *info,
    struct ouro_error *err)
{
	struct stat st;

	(void)fs;
	if (lstat(path, &st) != 0)
		return error_errno(err, errno, "cannot stat %s", path);
	info->link = S_ISLNK(st.st_mode);
	if (info->link && stat(path, &st) != 0)
		return error_errno(err, errno, "cannot stat %s", path);
	info->size = (uint64_t)st.st_size;
	info->directory = S_ISDIR(st.st_mode);
	info->regular = S_ISREG(st.st_mode);
	info->mode = st.st_mode & 07777;
	if (st.st_mtim.tv_sec >= 0)
		info->modified_ms = (uint64_t)st.st_mtim.tv_sec * 1000 +
		    (uint64_t)st.st_mtim.tv_nsec / 1000000;
	return OURO_OK;
}

static enum ouro_status
posix_mkdir(struct fs *fs, const char *path, struct ouro_error *err)
{
	struct stat st;

	(void)fs;
	if (mkdir(path, DIRECTORY_MODE) != 0)
		return error_errno(err, errno, "cannot make directory %s",
		    path);
	/* The umask may have taken bits away from the owner. */
	if (lstat(path, &st) != 0 ||
	    ((st.st_mode & 0777) != DIRECTORY_MODE &&
		chmod(path, DIRECTORY_MODE) != 0))
		return error_errno(err, errno, "cannot set the mode of %s",
		    path);
	return OURO_OK;
}

static bool
name_is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int
name_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct names {
	char **list;
	size_t count;
	size_t capacity;
};

static void
names_release(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
}

static enum ouro_status
names_add(struct names *names, const char *name, struct ouro_error *err)
{
	if (names->count == names->capacity) {
		size_t capacity = names->capacity * 2 + 16;
		char **list = reallocarray(names->list, capacity,
		    sizeof(*list));

		if (list == NULL)
			return error_memory(err);
		names->list = list;
		names->capacity = capacity;
	}
	names->list[names->count] = strdup(name);
	if (names->list[names->count] == NULL)
		return error_memory(err);
	names->count++;
	return OURO_OK;
}

static enum ouro_status
names_read(struct names *names, const char *path, struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;
	struct dirent *entry;
	DIR *dir = opendir(path);

	if (dir == NULL)
		return error_errno(err, errno, "cannot list %s", path);
	while (status == OURO_OK) {
		errno = 0;
		entry = readdir(dir);
		if (entry == NULL) {
			if (errno != 0)
				status = error_errno(err, errno,
				    "cannot list %s", path);
			break;
		}
		if (!name_is_dots(entry->d_name))
			status = names_add(names, entry->d_name, err);
	}
	(void)closedir(dir);
	return status;
}

static enum ouro_status
posix_list(struct fs *fs, const char *path, fs_each *each, void *context,
    struct ouro_error *err)
{
	struct names names = { 0 };
	enum ouro_status status;

	(void)fs;
	status = names_read(&names, path, err);
	if (status == OURO_OK && names.count > 0)
		qsort(names.list, names.count, sizeof(*names.list), name_order);
	for (size_t i = 0; status == OURO_OK && i < names.count; i++)
		status = each(context, names.list[i], err);
	names_release(&names);
	return status;
}

static enum ouro_status
posix_rename(struct fs *fs, const char *from, const char *to,
    struct ouro_error *err)
{
	(void)fs;
	if (rename(from, to) != 0)
		return error_errno(err, errno, "cannot rename %s to %s", from,
		    to);
	return OURO_OK;
}

int
fs_posix_link(const char *from, const char *to)
{
	if (link(from, to) != 0)
		return -1;
	(void)unlink(from);
	return 0;
}

static enum ouro_status
posix_rename_new(struct fs *fs, const char *from, const char *to,
    struct ouro_error *err)
{
	int result = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);

	(void)fs;
	if (result != 0 && (errno == EINVAL || errno == ENOSYS))
		result = fs_posix_link(from, to);
	if (result != 0)
		return error_errno(err, errno, "cannot rename %s to %s", from,
		    to);
	return OURO_OK;
}

static enum ouro_status
posix_unlink(struct fs *fs, const char *path, struct ouro_error *err)
{
	(void)fs;
	if (unlink(path) != 0)
		return error_errno(err, errno, "cannot remove %s", path);
	return OURO_OK;
}

static enum ouro_status
posix_sync_dir(struct fs *fs, const char *path, struct ouro_error *err)
{
	int errnum = 0;
	int fd;

	(void)fs;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, errno, "cannot open %s", path);
	/* EINVAL: this file system has no notion of it. */
	if (fsync(fd) != 0 && errno != EINVAL)
		errnum = errno;
	(void)close(fd);
	if (errnum != 0)
		return error_errno(err, errnum, "cannot sync directory %s",
		    path);
	return OURO_OK;
}

static enum ouro_status
posix_space(struct fs *fs, const char *path, struct fs_space *space,
    struct ouro_error *err)
{
	struct statvfs st;

	(void)fs;
	if (statvfs(path, &st) != 0)
		return error_errno(err, errno, "cannot ask for the space of %s",
		    path);
	space->total = (uint64_t)st.f_blocks * st.f_frsize;
	space->available = (uint64_t)st.f_bavail * st.f_frsize;
	return OURO_OK;
}

/* ---- time and randomness ---------------------------------------------- */

static uint64_t
clock_ns(clockid_t clock)
{
	struct timespec now = { 0 };

	(void)clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static uint64_t
posix_wall_ms(struct fs *fs)
{
	(void)fs;
	return clock_ns(CLOCK_REALTIME) / 1000000;
}

static uint64_t
posix_monotonic_ns(struct fs *fs)
{
	(void)fs;
	return clock_ns(CLOCK_MONOTONIC);
}

static enum ouro_status
posix_random(struct fs *fs, void *data, size_t size, struct ouro_error *err)
{
	uint8_t *at = data;

	(void)fs;
	while (size > 0) {
		ssize_t n = getrandom(at, size, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_errno(err, n < 0 ? errno : EIO,
			    "the system's random generator failed");
		at += n;
		size -= (size_t)n;
	}
	return OURO_OK;
}

static const struct fs_ops posix_ops = {
	.open = fs_posix_open,
	.close = fs_posix_close,
	.read = fs_posix_read,
	.write = fs_posix_write,
	.size = fs_posix_size,
	.truncate = fs_posix_truncate,
	.allocate = fs_posix_allocate,
	.sync = fs_posix_sync,
	.flush_start = fs_posix_flush_start,
	.map = fs_posix_map,
	.unmap = fs_posix_unmap,
	.lock = fs_posix_lock,
	.stat = posix_stat,
	.mkdir = posix_mkdir,
	.list = posix_list,
	.rename = posix_rename,
	.rename_new = posix_rename_new,
	.unlink = posix_unlink,
	.sync_dir = posix_sync_dir,
	.space = posix_space,
	.wall_ms = posix_wall_ms,
	.monotonic_ns = posix_monotonic_ns,
	.random = posix_random,
};

static struct fs posix_fs = { &posix_ops };

struct fs *
fs_posix(void)
{
	return &posix_fs;
}
