/*
 * measure - runs a command and says what it took.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

struct measured {
	double seconds;	    /* wall */
	double cpu_seconds; /* user and system, all threads */
	uint64_t anonymous; /* most bytes of memory that no file stands
			       behind, looked at every few ms */
	uint64_t written;   /* bytes sent to a disk, as the kernel counts */
	int code;	    /* exit code, 128 + signal */
};

/* argv ends with NULL. False when the command cannot be started. */
bool measure(char *const argv[], struct measured *out);

#endif
