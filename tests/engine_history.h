/*
 * engine_history - what clients of an engine did and saw, and whether one
 * register per key explains it.
 *
 * Times are drawn from one counter, before and after each call. A read may
 * show what a write made that had begun before the read ended, unless another
 * write that began after that one had ended, ended before the read began.
 */
#ifndef TESTS_ENGINE_HISTORY_H
#define TESTS_ENGINE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HISTORY_ABSENT 0 /* the value of a key that is not there */

struct history_event {
	uint64_t begin, end;
	uint64_t value; /* unique among the key's writes but for ABSENT */
	uint32_t key;
	bool write;
};

/* One client's. */
struct history {
	struct history_event *events;
	size_t count, capacity;
};

/* False when it is full. */
bool history_add(struct history *history, const struct history_event *event);

/* Number of reads that nothing explains; tells of the first few. Every key is
 * absent at first. UINT64_MAX when out of memory. */
uint64_t history_check(const struct history *histories, size_t count);

#endif
