#include "base/fs_posix.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/error.h"

#define FILE_MODE 0600
/* Another process may remove and make the name between our two opens. */
#define OPEN_TRIES 16
#define LIMIT_STEP (1024u * 1024)

struct posix_file {
	struct fs_file file; /* first */
	int fd;
	bool locked;
	atomic_uint_fast64_t allowed; /* up to there the limit was asked for */
};

static int
file_fd(const struct fs_file *file)
{
	return ((const struct posix_file *)file)->fd;
}

/* ---- open and close --------------------------------------------------- */

/* Makes the file with exactly FILE_MODE, whatever the umask. */
static int
fd_create(const char *path, int mode)
{
	int fd = open(path, mode | O_CREAT | O_EXCL, FILE_MODE);

	if (fd >= 0 && fchmod(fd, FILE_MODE) != 0) {
		int saved = errno;

		(void)close(fd);
		(void)unlink(path);
		errno = saved;
		return -1;
	}
	return fd;
}

static int
fd_open(const char *path, unsigned flags)
{
	int mode = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

	if ((flags & (FS_READ | FS_WRITE)) == (FS_READ | FS_WRITE))
		mode |= O_RDWR;
	else
		mode |= flags & FS_WRITE ? O_WRONLY : O_RDONLY;
	if (flags & FS_WRITE)
		mode |= O_NOFOLLOW;
	if (flags & FS_EXCLUSIVE)
		return fd_create(path, mode);
	for (int i = 0; i < OPEN_TRIES; i++) {
		int fd = open(path, mode);

		if (fd >= 0 || errno == EINTR) {
			if (fd >= 0)
				return fd;
			continue;
		}
		if (errno != ENOENT || !(flags & FS_CREATE))
			return -1;
		fd = fd_create(path, mode);
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	return -1;
}

/* Says what stands in the way, where the system's own words would not. */
static enum ouro_status
open_failed(const char *path, int errnum, struct ouro_error *err)
{
	struct stat st;

	if (errnum == ELOOP && lstat(path, &st) == 0 && S_ISLNK(st.st_mode))
		return error_set(err, OURO_REFUSED,
		    "%s is a symbolic link, through which nothing is written",
		    path);
	if (errnum == ENXIO)
		return error_set(err, OURO_IO,
		    "%s is neither a file nor a directory", path);
	return error_errno(err, errnum, "cannot open %s", path);
}

enum ouro_status
fs_posix_open(struct fs *fs, const char *path, unsigned flags,
    struct fs_file **out, struct ouro_error *err)
{
	struct posix_file *file;
	struct stat st;
	int errnum = 0;

	(void)fs;
	file = calloc(1, sizeof(*file));
	if (file == NULL)
		return error_memory(err);
	file->fd = fd_open(path, flags);
	if (file->fd < 0 || fstat(file->fd, &st) != 0)
		errnum = errno;
	else if (S_ISDIR(st.st_mode))
		errnum = EISDIR;
	else if (!S_ISREG(st.st_mode))
		errnum = ENXIO;
	if (errnum != 0) {
		if (file->fd >= 0)
			(void)close(file->fd);
		free(file);
		return open_failed(path, errnum, err);
	}
	*out = &file->file;
	return OURO_OK;
}

void
fs_posix_close(struct fs_file *file)
{
	struct posix_file *self = (struct posix_file *)file;
	struct flock lock = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

	/* A child that was forked meanwhile shares the open file and would
	 * keep the lock alive. */
	if (self->locked)
		(void)fcntl(self->fd, F_OFD_SETLK, &lock);
	(void)close(self->fd);
	free(self);
}

/* ---- content ---------------------------------------------------------- */

enum ouro_status
fs_posix_read(struct fs_file *file, uint64_t offset, void *data, size_t size,
    size_t *got, struct ouro_error *err)
{
	uint8_t *at = data;

	while (*got < size) {
		ssize_t n = pread(file_fd(file), at + *got, size - *got,
		    (off_t)(offset + *got));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, errno,
			    "cannot read %s at %" PRIu64, file->path,
			    offset + *got);
		if (n == 0)
			break;
		*got += (size_t)n;
	}
	return OURO_OK;
}

/*
 * Growing a file over RLIMIT_FSIZE would raise SIGXFSZ, which kills by
 * default and which a library may not mask for its host. So it is not tried.
 */
static bool
over_file_limit(uint64_t end)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_FSIZE, &limit) == 0 &&
	    limit.rlim_cur != RLIM_INFINITY && end > limit.rlim_cur;
}

/* The same for a write, without asking each time: an answer holds for the next
 * LIMIT_STEP bytes too, if they fit. */
static bool
write_over_limit(struct fs_file *file, uint64_t end)
{
	struct posix_file *self = (struct posix_file *)file;
	uint64_t ahead = end + LIMIT_STEP;

	if (end <= atomic_load_explicit(&self->allowed, memory_order_relaxed))
		return false;
	if (over_file_limit(ahead))
		return over_file_limit(end);
	atomic_store_explicit(&self->allowed, ahead, memory_order_relaxed);
	return false;
}

/* Steps over n written bytes; returns the index of the first part left. */
static size_t
parts_advance(struct iovec *parts, size_t first, size_t count, size_t n)
{
	while (first < count && n >= parts[first].iov_len)
		n -= parts[first++].iov_len;
	if (n > 0) {
		assert(first < count);
		parts[first].iov_base = (uint8_t *)parts[first].iov_base + n;
		parts[first].iov_len -= n;
	}
	return first;
}

static ssize_t
vector_write(int fd, const struct iovec *parts, size_t count, off_t offset)
{
	if (count == 1)
		return pwrite(fd, parts->iov_base, parts->iov_len, offset);
	return pwritev(fd, parts, (int)count, offset);
}

enum ouro_status
fs_posix_write(struct fs_file *file, uint64_t offset, const struct bytes *parts,
    size_t count, struct ouro_error *err)
{
	struct iovec vector[FS_PARTS_MAX];
	size_t first;

	if (write_over_limit(file, offset + fs_parts_size(parts, count)))
		return error_errno(err, EFBIG, "cannot write %s at %" PRIu64,
		    file->path, offset);
	for (size_t i = 0; i < count; i++) {
		vector[i].iov_base = (void *)(uintptr_t)parts[i].data;
		vector[i].iov_len = parts[i].size;
	}
	first = parts_advance(vector, 0, count, 0);
	while (first < count) {
		ssize_t n = vector_write(file_fd(file), vector + first,
		    count - first, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_errno(err, n < 0 ? errno : EIO,
			    "cannot write %s at %" PRIu64, file->path, offset);
		offset += (uint64_t)n;
		first = parts_advance(vector, first, count, (size_t)n);
	}
	return OURO_OK;
}

enum ouro_status
fs_posix_size(struct fs_file *file, uint64_t *size, struct ouro_error *err)
{
	struct stat st;

	if (fstat(file_fd(file), &st) != 0)
		return error_errno(err, errno, "cannot stat %s", file->path);
	*size = (uint64_t)st.st_size;
	return OURO_OK;
}

enum ouro_status
fs_posix_truncate(struct fs_file *file, uint64_t size, struct ouro_error *err)
{
	uint64_t now;
	enum ouro_status status;
	int failed;

	status = fs_posix_size(file, &now, err);
	if (status != OURO_OK)
		return status;
	if (size > now && over_file_limit(size))
		return error_errno(err, EFBIG, "cannot extend %s to %" PRIu64,
		    file->path, size);
	do
		failed = ftruncate(file_fd(file), (off_t)size);
	while (failed && errno == EINTR);
	if (failed)
		return error_errno(err, errno, "cannot truncate %s to %" PRIu64,
		    file->path, size);
	return OURO_OK;
}

enum ouro_status
fs_posix_allocate(struct fs_file *file, uint64_t size, struct ouro_error *err)
{
	uint64_t now;
	enum ouro_status status;
	int failed;

	status = fs_posix_size(file, &now, err);
	if (status != OURO_OK)
		return status;
	if (size > now && over_file_limit(size))
		return error_errno(err, EFBIG,
		    "cannot reserve %" PRIu64 " bytes for %s", size,
		    file->path);
	do
		failed = fallocate(file_fd(file), 0, 0, (off_t)size);
	while (failed && errno == EINTR);
	if (!failed)
		return OURO_OK;
	/* Where blocks cannot be reserved, the size alone must do. */
	if (errno == EOPNOTSUPP || errno == ENOSYS)
		return size <= now ? OURO_OK
				   : fs_posix_truncate(file, size, err);
	return error_errno(err, errno,
	    "cannot reserve %" PRIu64 " bytes for %s", size, file->path);
}

enum ouro_status
fs_posix_sync(struct fs_file *file, struct ouro_error *err)
{
	/* No retry, not even on EINTR: what a failed sync left is unknown. */
	if (fdatasync(file_fd(file)) != 0)
		return error_errno(err, errno, "cannot sync %s", file->path);
	return OURO_OK;
}

void
fs_posix_flush_start(struct fs_file *file, uint64_t offset, uint64_t size)
{
	(void)sync_file_range(file_fd(file), (off_t)offset, (off_t)size,
	    SYNC_FILE_RANGE_WRITE);
}

/* ---- maps and locks --------------------------------------------------- */

enum ouro_status
fs_posix_map(struct fs_file *file, size_t size, unsigned flags, void **out,
    struct ouro_error *err)
{
	int protection = PROT_READ | (flags & FS_WRITE ? PROT_WRITE : 0);
	uint64_t end;
	enum ouro_status status;
	void *map;

	status = fs_posix_size(file, &end, err);
	if (status != OURO_OK)
		return status;
	if (size > end)
		return error_set(err, OURO_INVALID,
		    "%s: a map of %zu bytes of "
		    "a file of %" PRIu64,
		    file->path, size, end);
	map = mmap(NULL, size, protection, MAP_SHARED, file_fd(file), 0);
	if (map == MAP_FAILED)
		return error_errno(err, errno, "cannot map %zu bytes of %s",
		    size, file->path);
	*out = map;
	return OURO_OK;
}

void
fs_posix_unmap(struct fs *fs, void *map, size_t size)
{
	int failed = munmap(map, size);

	(void)fs;
	(void)failed;
	assert(!failed);
}

/* The process id in the lock file; 0 when there is none (yet). */
static long
holder_read(const struct fs_file *file)
{
	char text[24] = "";
	long pid;

	if (pread(file_fd(file), text, sizeof(text) - 1, 0) <= 0)
		return 0;
	pid = strtol(text, NULL, 10);
	return pid > 0 ? pid : 0;
}

static enum ouro_status
holder_write(struct fs_file *file, struct ouro_error *err)
{
	struct bytes part;
	char text[24];
	enum ouro_status status;
	int length;

	length = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	part = bytes_of(text, (size_t)length);
	status = fs_posix_write(file, 0, &part, 1, err);
	/* A full disk must not keep its store from being opened; the file
	 * then names nobody rather than an earlier holder. */
	if (status == OURO_NO_SPACE)
		part.size = 0;
	else if (status != OURO_OK)
		return status;
	return fs_posix_truncate(file, part.size, err);
}

enum ouro_status
fs_posix_lock(struct fs_file *file, struct ouro_error *err)
{
	/* A lock of the open file, not of the process: a second open in this
	 * process is refused too, and closing that one does not unlock. */
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct posix_file *self = (struct posix_file *)file;
	enum ouro_status status;
	long pid;

	if (fcntl(self->fd, F_OFD_SETLK, &lock) != 0) {
		if (errno != EAGAIN && errno != EACCES)
			return error_errno(err, errno, "cannot lock %s",
			    file->path);
		pid = holder_read(file);
		if (pid == 0)
			return error_set(err, OURO_LOCKED,
			    "%s is held by another process", file->path);
		return error_set(err, OURO_LOCKED, "%s is held by process %ld",
		    file->path, pid);
	}
	self->locked = true;
	status = holder_write(file, err);
	if (status != OURO_OK) {
		lock.l_type = F_UNLCK;
		(void)fcntl(self->fd, F_OFD_SETLK, &lock);
		self->locked = false;
	}
	return status;
}
