/*
 * pipeline - the parts of the product without the product: what the stages
 * cost when there are no records, no rows, no locks on disk and no recovery.
 *
 * Store: read, cut, chunk id, zstd, AES-256-GCM, Reed-Solomon, SHA-256 of
 * every slice, and k + m plain files, with fdatasync at the end. A chunk
 * whose id is known is only cut and named. Restore: read k slices, open,
 * decompress, compare the id, write. Each thread takes the next chunk (one at
 * a time cuts) and sees it through to its end.
 */
#ifndef BENCH_PIPELINE_H
#define BENCH_PIPELINE_H

#include "folder.h"

enum stage {
	STAGE_READ,
	STAGE_CUT,
	STAGE_ID,
	STAGE_COMPRESS,
	STAGE_SEAL,
	STAGE_ENCODE,
	STAGE_HASH,
	STAGE_WRITE,
	STAGE_FETCH,
	STAGE_OPEN,
	STAGE_DECOMPRESS,
	STAGE_OUT,
	STAGES
};

extern const char *const stage_names[STAGES];

struct pipeline;

/* Slices go to new files in directory. Ends the program when it cannot. */
struct pipeline *pipeline_new(const char *directory, unsigned k, unsigned m,
    unsigned threads);
void pipeline_free(struct pipeline *pipeline);

struct pipeline_times {
	double seconds;	       /* wall */
	double stages[STAGES]; /* CPU, of all threads */
};

/* False, told on standard error, when something failed. */

bool pipeline_store(struct pipeline *pipeline, const struct folder *folder,
    struct pipeline_times *times);
/* What was stored last, into the new directory. */
bool pipeline_restore(struct pipeline *pipeline, const struct folder *folder,
    const char *directory, struct pipeline_times *times);
/* Bytes of slices written so far. */
uint64_t pipeline_written(const struct pipeline *pipeline);

#endif
