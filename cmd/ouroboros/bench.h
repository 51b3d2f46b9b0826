/*
 * bench - what the measuring commands share: a directory of their own that
 * goes away afterwards, and rows of results.
 */
#ifndef OUROBOROS_BENCH_H
#define OUROBOROS_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "options.h"

#define BENCH_ROWS_MAX 24

struct bench_row {
	const char *what;
	unsigned threads;
	uint64_t operations;
	double seconds;
};

struct bench {
	struct invocation *inv;
	char *dir; /* of its own, below --dir, $TMPDIR or /tmp */
	uint64_t keys;
	uint64_t value; /* bytes */
	unsigned cores;
	struct bench_row rows[BENCH_ROWS_MAX];
	size_t row_count;
	double open_seconds;
	uint64_t memory, disk; /* bytes */
};

/* Fills in all figures. Returns 0, or the exit code after having said what
 * went wrong; a signal ends it early with EXIT_FAILED. */
int bench_engine(struct bench *bench);

double bench_now(void);

#endif
