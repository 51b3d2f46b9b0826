/*
 * Counts syncs. These definitions are found before the C library's, also by
 * the shared libraries of the contestants.
 */
#include "observe.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SEEN __attribute__((visibility("default")))

static atomic_uint_fast64_t syncs;

static void
count(void)
{
	atomic_fetch_add_explicit(&syncs, 1, memory_order_relaxed);
}

uint64_t
observe_syncs(void)
{
	return atomic_load(&syncs);
}

SEEN int
fsync(int fd)
{
	count();
	return (int)syscall(SYS_fsync, fd);
}

SEEN int
fdatasync(int fd)
{
	count();
	return (int)syscall(SYS_fdatasync, fd);
}

SEEN int
syncfs(int fd)
{
	count();
	return (int)syscall(SYS_syncfs, fd);
}

SEEN int
msync(void *at, size_t size, int flags)
{
	if ((flags & MS_SYNC) != 0)
		count();
	return (int)syscall(SYS_msync, at, size, flags);
}
