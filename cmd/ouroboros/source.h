/*
 * source - a file that is being stored.
 *
 * A regular file must have the same size and time of change when it was
 * read as when it was opened, and as many bytes; otherwise what was read is
 * no state that the file ever had.
 *
 * The holes of a sparse file are not read but given as zeros, all from the
 * same few pages.
 */
#ifndef OUROBOROS_SOURCE_H
#define OUROBOROS_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct source {
	const char *path; /* borrowed; "-" = standard input */
	int fd;
	bool regular;
	uint64_t size; /* regular files */
	struct timespec changed;
	uint64_t taken;		     /* bytes read so far */
	bool sparse;		     /* has fewer blocks than bytes */
	uint64_t data_end, hole_end; /* where what lies at taken ends */
	char reason[128];	     /* why the last call failed */
	int sys_errno;		     /* of it, or 0 */
};

/* False: reason tells why. */
bool source_open(struct source *source, const char *path);
/* Up to size bytes; *got = 0 at the end, and only if the file stayed the
 * same. False also when a signal asks to stop. */
bool source_read(struct source *source, void *data, size_t size, size_t *got);
/* The same; *data tells where they are: in buffer, or, when they are a hole's,
 * elsewhere. */
bool source_next(struct source *source, void *buffer, size_t size,
    const void **data, size_t *got);
void source_close(struct source *source);

#endif
