#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signals.h"

#define ZEROS_SIZE ((size_t)1 << 20)
#define STAT_BLOCK 512 /* what st_blocks counts */

/* Never written: all its pages are the system's one page of zeros. */
static unsigned char zeros[ZEROS_SIZE];

static bool
fail_errno(struct source *source)
{
	source->sys_errno = errno;
	snprintf(source->reason, sizeof source->reason, "%s", strerror(errno));
	return false;
}

static bool
fail(struct source *source, const char *reason)
{
	source->sys_errno = 0;
	snprintf(source->reason, sizeof source->reason, "%s", reason);
	return false;
}

bool
source_open(struct source *source, const char *path)
{
	struct stat status;
	bool input = strcmp(path, "-") == 0;

	*source = (struct source){ .path = path, .fd = -1 };
	/* Opening a FIFO must not block where a signal cannot end it. */
	source->fd = input
	    ? STDIN_FILENO
	    : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (source->fd < 0 || fstat(source->fd, &status) != 0) {
		fail_errno(source);
		goto out;
	}
	if (S_ISDIR(status.st_mode)) {
		fail(source, "is a directory; give the files in it");
		goto out;
	}
	source->regular = S_ISREG(status.st_mode) && !input;
	if (source->regular) {
		source->size = (uint64_t)status.st_size;
		source->changed = status.st_mtim;
		source->sparse = status.st_blocks < status.st_size / STAT_BLOCK;
		posix_fadvise(source->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	}
	return true;
out:
	source_close(source);
	return false;
}

static bool
fail_changed(struct source *source, uint64_t size)
{
	snprintf(source->reason, sizeof source->reason,
	    "changed while it was read (%" PRIu64
	    " bytes at first, then %" PRIu64 "); not stored",
	    source->size, size);
	source->sys_errno = 0;
	return false;
}

/* At the end: is it still the file that was opened? */
static bool
check_unchanged(struct source *source)
{
	struct stat status;

	if (!source->regular)
		return true;
	if (fstat(source->fd, &status) != 0)
		return fail_errno(source);
	if (source->taken != source->size)
		return fail_changed(source, source->taken);
	if ((uint64_t)status.st_size != source->size)
		return fail_changed(source, (uint64_t)status.st_size);
	if (status.st_mtim.tv_sec != source->changed.tv_sec ||
	    status.st_mtim.tv_nsec != source->changed.tv_nsec)
		return fail(source,
		    "was written to while it was read; not stored");
	return true;
}

bool
source_read(struct source *source, void *data, size_t size, size_t *got)
{
	ssize_t count = -1;

	*got = 0;
	while (signals_caught() == 0) {
		if (!source->regular && !signals_wait_readable(source->fd))
			break;
		count = source->sparse
		    ? pread(source->fd, data, size, (off_t)source->taken)
		    : read(source->fd, data, size);
		if (count >= 0 || (errno != EINTR && errno != EAGAIN))
			break;
	}
	if (signals_caught() != 0)
		return fail(source, "interrupted");
	if (count < 0)
		return fail_errno(source);
	if (count == 0)
		return check_unchanged(source);
	source->taken += (uint64_t)count;
	if (source->regular && source->taken > source->size)
		return fail_changed(source, source->taken);
	*got = (size_t)count;
	return true;
}

/* Finds out what lies at source->taken, and how far. */
static void
source_look(struct source *source)
{
	off_t at = (off_t)source->taken, next;

	next = lseek(source->fd, at, SEEK_DATA);
	if (next > at || (next < 0 && errno == ENXIO)) {
		source->hole_end = next < 0 || (uint64_t)next > source->size
		    ? source->size
		    : (uint64_t)next;
		return;
	}
	if (next == at)
		next = lseek(source->fd, at, SEEK_HOLE);
	source->data_end = next > at ? (uint64_t)next : UINT64_MAX;
}

bool
source_next(struct source *source, void *buffer, size_t size, const void **data,
    size_t *got)
{
	uint64_t left;

	if (source->sparse && source->taken < source->size &&
	    source->taken >= source->data_end &&
	    source->taken >= source->hole_end)
		source_look(source);
	*data = buffer;
	if (source->sparse && source->taken < source->hole_end) {
		if (signals_caught() != 0)
			return fail(source, "interrupted");
		left = source->hole_end - source->taken;
		*got = left < ZEROS_SIZE ? (size_t)left : ZEROS_SIZE;
		*got = *got < size ? *got : size;
		*data = zeros;
		source->taken += *got;
		return true;
	}
	left = source->data_end - source->taken;
	if (source->sparse && source->taken < source->data_end && left < size)
		size = (size_t)left;
	return source_read(source, buffer, size, got);
}

void
source_close(struct source *source)
{
	if (source->fd > STDIN_FILENO)
		close(source->fd);
	source->fd = -1;
}
