/*
 * engine_crash - power loss at every point of scripted workloads of the log
 * engine.
 *
 * A workload is run up to its n-th changing call, for every n; then the disk
 * is made as each policy of fs_crash leaves it, and the store is opened. It
 * must hold exactly what some prefix of the applied batches makes, no shorter
 * than what was acknowledged as durable, no longer than what was tried; it
 * must report no damage; a second opening must find the same; and it must go
 * on taking writes that survive another power loss. In one state of eight the
 * power goes again while the store is opened.
 *
 * Scripts: p/P put, l/L put a large value, b/B batch (two puts, a deletion),
 * d/D delete (a capital: sync=always, else never); s barrier; c compact all,
 * h what is half dead; n snapshot, t let the background work; r close and
 * open, k kill the process and open, x power loss and recovery; i makes the
 * index anew, w writes a backup (which must hold what the store does). A digit
 * is the key; a batch takes the next two as well, a backup is of that number.
 */
#ifndef TESTS_ENGINE_CRASH_H
#define TESTS_ENGINE_CRASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct crash_workload {
	const char *name;
	const char *script;
	uint64_t segment_size; /* 0: all fits into one */
	bool sealed;
	bool packed;	/* values that are worth it are compressed */
	bool long_keys; /* some 60 entries fill a delta of the index */
};

/* Fails the test at the first state that is wrong, and when there were fewer
 * states than that; OURO_LONG=1 makes many more, OURO_WORKLOAD=NAME runs one
 * alone. */
void crash_enumerate(const struct crash_workload *workloads, size_t count,
    unsigned states_min);

/* A teardown: tells what was looked at when the test failed. */
int crash_tell(void **state);

#endif
