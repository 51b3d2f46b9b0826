/*
 * Is the class of durability kept? A child puts and tells, in memory shared
 * with its parent, how far it got; the parent kills it at a random moment,
 * opens the store and asks for all that was told. What a process that was
 * killed leaves is all that a test without a power switch can see: that
 * durable puts are synced is shown by their count of syncs.
 */
#include "work.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "load.h"
#include "observe.h"

#define KILLS	       5
#define SECONDS_LEAST  0.05
#define SECONDS_MORE   0.75
#define SECONDS_WAITED 30.0 /* for the first put */

/* Puts the keys below *told and further ones, for ever. */
typedef void crash_puts(const struct work *work, void *store,
    atomic_uint_fast64_t *told);

static void
puts_single(const struct work *work, void *store, atomic_uint_fast64_t *told)
{
	uint8_t key[LOAD_KEY_SIZE];

	for (uint64_t n = atomic_load(told);; n++) {
		work->driver->put(store, load_key(n, key),
		    load_value(n, 0, WORK_VALUE_SIZE));
		atomic_store(told, n + 1);
	}
}

static void
puts_batch(const struct work *work, void *store, atomic_uint_fast64_t *told)
{
	static uint8_t keys[WORK_BATCH][LOAD_KEY_SIZE];
	struct store_item items[WORK_BATCH];

	for (uint64_t first = atomic_load(told);; first += WORK_BATCH) {
		for (size_t i = 0; i < WORK_BATCH; i++) {
			items[i].key = load_key(first + i, keys[i]);
			items[i].value = load_value(first + i, 0,
			    WORK_VALUE_SIZE);
		}
		work->driver->put_batch(store, items, WORK_BATCH);
		atomic_store(told, first + WORK_BATCH);
	}
}

/* In a process of its own, which is killed. False: it ended by itself. */
static bool
run_and_kill(const struct work *work, enum store_sync sync, crash_puts *puts,
    atomic_uint_fast64_t *told)
{
	uint64_t before = atomic_load(told);
	double limit = observe_seconds() + SECONDS_WAITED;
	int status = 0;
	pid_t child = fork();

	if (child < 0)
		store_die("crash", "no process");
	if (child == 0)
		puts(work, work->driver->open(work->dir, sync), told);
	while (atomic_load(told) == before && observe_seconds() < limit)
		observe_sleep(0.001);
	observe_sleep(SECONDS_LEAST +
	    SECONDS_MORE * (double)(unsigned)(rand() & 1023) / 1024);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static uint64_t
lost_of(const struct work *work, enum store_sync sync, uint64_t told)
{
	const struct store_driver *driver = work->driver;
	void *store = driver->open(work->dir, sync), *reader = NULL;
	uint8_t key[LOAD_KEY_SIZE];
	uint64_t lost = 0;

	if (driver->reader_open != NULL)
		reader = driver->reader_open(store);
	for (uint64_t n = 0; n < told; n++) {
		uint64_t sum = 0;

		lost += !driver->get(store, reader, load_key(n, key), &sum) ||
		    sum != load_value_sum(n, 0, WORK_VALUE_SIZE);
	}
	if (driver->reader_close != NULL)
		driver->reader_close(reader);
	driver->close(store);
	return lost;
}

/*
 * What is checked is opened in a child as well: a library that was used must
 * not be forked from.
 */
static uint64_t
lost_in_child(const struct work *work, enum store_sync sync, uint64_t told)
{
	uint64_t *lost = mmap(NULL, sizeof *lost, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = 0;
	uint64_t result;
	pid_t child;

	if (lost == MAP_FAILED || (child = fork()) < 0)
		store_die("crash", "no process");
	if (child == 0) {
		*lost = lost_of(work, sync, told);
		_exit(0);
	}
	waitpid(child, &status, 0);
	result = status == 0 ? *lost : told;
	munmap(lost, sizeof *lost);
	return result;
}

static bool
crash_run(const struct work *work, const char *row, enum store_sync sync,
    crash_puts *puts)
{
	atomic_uint_fast64_t *told = mmap(NULL, sizeof *told,
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t lost = 0, count;
	bool right = true;
	char name[64];

	if (told == MAP_FAILED)
		store_die("crash", "no memory");
	srand((unsigned)getpid());
	for (int i = 0; i < KILLS && right; i++) {
		right = run_and_kill(work, sync, puts, told);
		lost += lost_in_child(work, sync, atomic_load(told));
		right &= lost == 0;
	}
	count = atomic_load(told);
	munmap(told, sizeof *told);
	snprintf(name, sizeof name, "crash-%s-told", row);
	work_print(name, (double)count);
	snprintf(name, sizeof name, "crash-%s-lost", row);
	work_print(name, (double)lost);
	return right && count > 0;
}

bool
crash_single(const struct work *work)
{
	return crash_run(work, "single", STORE_UNSYNCED, puts_single);
}

bool
crash_batch(const struct work *work)
{
	return crash_run(work, "batch", STORE_UNSYNCED, puts_batch);
}

bool
crash_durable(const struct work *work)
{
	return crash_run(work, "durable", STORE_DURABLE, puts_single);
}
