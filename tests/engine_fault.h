/*
 * engine_fault - a session with a log engine in which something fails.
 *
 * Writes, batches, deletions, barriers, snapshots, compaction, background
 * work, verify and reopenings, whatever the calls before answered. Each call
 * answers with a status and a text, what failed did not happen, and when the
 * fault is gone the store opens with exactly what was acknowledged. Only a
 * failed sync leaves one batch in doubt, and then the store takes no more
 * writes.
 */
#ifndef TESTS_ENGINE_FAULT_H
#define TESTS_ENGINE_FAULT_H

#include <stdbool.h>

struct fs;

struct fault_plan {
	void (
	    *begin)(struct fs *fs, void *context); /* from now on it may fail */
	void (*end)(struct fs *fs, void *context); /* all is well again */
	void *context;
	bool sealed;
	bool syncs_fail; /* a sync may be what fails */
};

/* Runs the session in a file system of its own (fs_memory). */
void fault_run(const struct fault_plan *plan);

#endif
