/*
 * observe - what the system says of this process and its directory.
 */
#ifndef BENCH_ENGINE_OBSERVE_H
#define BENCH_ENGINE_OBSERVE_H

#include <stdint.h>

double observe_seconds(void); /* of a clock that only goes forward */
void observe_sleep(double seconds);

/* RssAnon: bytes of memory that no file stands behind. */
uint64_t observe_anonymous(void);

/* Blocks that the files of a directory occupy, in bytes. */
uint64_t observe_disk(const char *dir);

/* Calls of fsync, fdatasync, syncfs and msync(MS_SYNC) so far, whoever made
 * them: the program's own functions stand before the C library's. */
uint64_t observe_syncs(void);

/*
 * Waits until this process has used less than a fiftieth of a core and
 * written nothing for quiet_seconds: its background work is done. Seconds
 * waited; gives up, with a note, after three minutes.
 */
double observe_quiet(double quiet_seconds);

#endif
