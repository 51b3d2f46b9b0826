#include "outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signals.h"

#define NAME_TRIES 100
#define HOLE_BLOCK ((size_t)64 * 1024) /* parts that are looked at */
#define ZERO_HEAD  16

/* A new name beside path. */
static char *
name_beside(const char *path)
{
	const char *slash = strrchr(path, '/');
	int folder = slash != NULL ? (int)(slash - path) + 1 : 0;
	unsigned long long random = 0;
	char *name = NULL;

	if (getrandom(&random, sizeof random, 0) != sizeof random)
		return NULL;
	if (asprintf(&name, "%.*s.ouroboros-%016llx", folder, path, random) < 0)
		return NULL;
	return name;
}

/* A file without a name, so that nothing stays even after kill -9. */
static int
open_unnamed(const char *path)
{
	char *slash = strrchr(path, '/'), *folder;
	int fd;

	folder = slash == NULL ? strdup(".")
	    : slash == path    ? strdup("/")
			       : strndup(path, (size_t)(slash - path));
	if (folder == NULL)
		return -1;
	fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
	free(folder);
	return fd;
}

static bool
open_beside(struct outfile *file)
{
	file->fd = open_unnamed(file->path);
	for (int i = 0; i < NAME_TRIES; i++) {
		free(file->temporary);
		file->temporary = name_beside(file->path);
		if (file->temporary == NULL)
			return false;
		if (file->fd >= 0)
			return true;
		file->fd = open(file->temporary,
		    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (file->fd >= 0) {
			file->linked = true;
			return true;
		}
		if (errno != EEXIST)
			return false;
	}
	return false;
}

bool
outfile_open(struct outfile *file, const char *path)
{
	struct stat status;

	*file = (struct outfile){ .fd = -1 };
	if (path == NULL) {
		file->fd = STDOUT_FILENO;
		return true;
	}
	if (stat(path, &status) == 0) {
		if (S_ISDIR(status.st_mode)) {
			errno = EISDIR;
			return false;
		}
		if (!S_ISREG(status.st_mode)) {
			file->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
			return file->fd >= 0;
		}
		file->replaces = true;
		file->path = realpath(path, NULL); /* not the symbolic link */
	} else {
		file->path = strdup(path);
	}
	if (file->path != NULL && open_beside(file))
		return true;
	outfile_abort(file);
	return false;
}

/* Writes where the file stands. */
static bool
write_all(struct outfile *file, const char *p, size_t size)
{
	while (size > 0) {
		ssize_t count = -1;

		errno = EINTR;
		if (signals_caught() == 0)
			count = file->path == NULL
			    ? write(file->fd, p, size)
			    : pwrite(file->fd, p, size, (off_t)file->at);
		if (count < 0 && (errno != EINTR || signals_caught() != 0))
			return false;
		if (count > 0) {
			p += count;
			size -= (size_t)count;
			file->at += (size_t)count;
			file->open_end = false;
		}
	}
	return true;
}

static bool
all_zero(const char *p, size_t size)
{
	static const char head[ZERO_HEAD];

	if (size < ZERO_HEAD)
		return memcmp(p, head, size) == 0;
	return memcmp(p, head, ZERO_HEAD) == 0 &&
	    memcmp(p, p + ZERO_HEAD, size - ZERO_HEAD) == 0;
}

/* The size of the run that p begins with: blocks of the file that are all
 * zeros, or that are not. */
static size_t
run_size(const struct outfile *file, const char *p, size_t size, bool *zero)
{
	size_t done = 0;

	while (done < size) {
		size_t part = HOLE_BLOCK - (file->at + done) % HOLE_BLOCK;
		bool is_zero;

		if (part > size - done)
			part = size - done;
		is_zero = all_zero(p + done, part);
		if (done > 0 && is_zero != *zero)
			break;
		*zero = is_zero;
		done += part;
	}
	return done;
}

bool
outfile_write(struct outfile *file, const void *data, size_t size)
{
	const char *p = data;

	if (file->path == NULL)
		return write_all(file, p, size);
	while (size > 0) {
		bool zero = false;
		size_t run = run_size(file, p, size, &zero);

		if (zero) {
			file->at += run;
			file->open_end = true;
		} else if (!write_all(file, p, run)) {
			return false;
		}
		p += run;
		size -= run;
	}
	return true;
}

static bool
link_unnamed(struct outfile *file)
{
	char self[64];

	snprintf(self, sizeof self, "/proc/self/fd/%d", file->fd);
	if (linkat(AT_FDCWD, self, AT_FDCWD, file->temporary,
		AT_SYMLINK_FOLLOW) != 0)
		return false;
	file->linked = true;
	return true;
}

bool
outfile_finish(struct outfile *file)
{
	struct stat status;
	int fd = file->fd;

	if (file->path == NULL)
		return true;
	if (file->replaces && stat(file->path, &status) == 0)
		fchmod(fd, status.st_mode & 07777);
	if (file->open_end && ftruncate(fd, (off_t)file->at) != 0)
		return false;
	/* A crash must not leave neither the old file nor the new one. */
	if (file->replaces && fdatasync(fd) != 0)
		return false;
	if (!file->linked && !link_unnamed(file))
		return false;
	file->fd = -1;
	if (close(fd) != 0 || rename(file->temporary, file->path) != 0)
		return false;
	file->linked = false;
	return true;
}

void
outfile_abort(struct outfile *file)
{
	int saved = errno;

	if (file->linked)
		unlink(file->temporary);
	if (file->fd > STDERR_FILENO)
		close(file->fd);
	free(file->path);
	free(file->temporary);
	*file = (struct outfile){ .fd = -1 };
	errno = saved;
}
