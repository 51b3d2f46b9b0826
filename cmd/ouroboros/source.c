#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signals.h"

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
		count = read(source->fd, data, size);
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

void
source_close(struct source *source)
{
	if (source->fd > STDIN_FILENO)
		close(source->fd);
	source->fd = -1;
}
