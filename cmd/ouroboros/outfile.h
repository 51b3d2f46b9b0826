/*
 * outfile - the file of get -o: it appears under its name when it is whole,
 * or not at all. Standard output and what is no regular file (/dev/null, a
 * FIFO) are written to directly. In a new file, zeros become holes.
 */
#ifndef OUROBOROS_OUTFILE_H
#define OUROBOROS_OUTFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct outfile {
	int fd;
	char *path;	 /* NULL = written to directly */
	char *temporary; /* its name until it is whole */
	bool linked;	 /* the temporary name is in the directory */
	bool replaces;	 /* there is an older file of that name */
	uint64_t at;	 /* of the next byte, if path is not NULL */
	bool open_end;	 /* it ends in a hole */
};

/* path NULL = standard output. False: errno tells why. */
bool outfile_open(struct outfile *file, const char *path);
/* False: errno tells why; EINTR when a signal asks to stop. */
bool outfile_write(struct outfile *file, const void *data, size_t size);
/* Gives it its name. False: errno tells why; outfile_abort is still due. */
bool outfile_finish(struct outfile *file);
/* Leaves nothing behind; fine after outfile_finish too. */
void outfile_abort(struct outfile *file);

#endif
