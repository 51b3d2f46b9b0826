/*
 * fs_memory - a file system in memory, for tests: deterministic clock and
 * randomness from a seed, and a fault at the n-th call of a kind.
 */
#ifndef BASE_FS_MEMORY_H
#define BASE_FS_MEMORY_H

#include "base/fs.h"

enum fs_call {
	FS_CALL_OPEN,
	FS_CALL_READ,
	FS_CALL_WRITE,
	FS_CALL_SYNC,
	FS_CALL_TRUNCATE,
	FS_CALL_ALLOCATE,
	FS_CALL_MAP,
	FS_CALL_RENAME,
	FS_CALL_UNLINK,
	FS_CALL_SYNC_DIR,
	FS_CALL_MKDIR,
	FS_CALL_LIST,
	FS_CALL_RANDOM,
	FS_CALL_ANY, /* any of the above */
};

/* Fail the n-th call (1 = the next) of a kind with an errno. */
struct fs_fault {
	enum fs_call call;
	uint64_t nth; /* 0 = no fault */
	int errnum;
	bool for_ever;	  /* that call and all later ones of its kind */
	bool short_write; /* FS_CALL_WRITE: half of it is written first */
	/* Only calls on this path, or below it, count; NULL = all. Borrowed. */
	const char *path;
};

struct fs *fs_memory_new(uint64_t seed); /* NULL when out of memory */
void fs_memory_free(struct fs *fs);

/* Replaces the fault plan and starts counting anew. */
void fs_memory_fault(struct fs *fs, struct fs_fault fault);
/* Calls counted of that kind since the last fs_memory_fault. */
uint64_t fs_memory_calls(const struct fs *fs, enum fs_call call);
/* Disk size in bytes for file content; writes beyond fail with ENOSPC. */
void fs_memory_limit(struct fs *fs, uint64_t size);
/* Moves the clock (it otherwise advances 1 us at each reading). */
void fs_memory_advance(struct fs *fs, uint64_t ms);
/* Damages a file: XORs one byte. OURO_NOT_FOUND, OURO_INVALID. */
enum ouro_status fs_memory_flip(struct fs *fs, const char *path,
    uint64_t offset, uint8_t mask);

#endif
