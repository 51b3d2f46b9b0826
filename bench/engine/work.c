#include "work.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "load.h"
#include "observe.h"

#define READERS_MAX	2
#define WRITERS_MAX	64
#define OPENINGS	7
#define OVERWRITES	3
#define QUIET_SECONDS	1.0 /* before something is measured */
#define SETTLED_SECONDS 5.0 /* before the disk is looked at */
#define IDLE_SECONDS	5.0

void
work_print(const char *row, double value)
{
	printf("%s %.6g\n", row, value);
	fflush(stdout);
}

static void *
store_open(const struct work *work, enum store_sync sync)
{
	return work->driver->open(work->dir, sync);
}

static bool
is_right(const char *what, uint64_t got, uint64_t expected)
{
	if (got != expected)
		fprintf(stderr, "bench-engine: %s: wrong\n", what);
	return got == expected;
}

/* ---- put ------------------------------------------------------------------- */

static void
put_all(const struct work *work, const char *row, size_t size)
{
	const struct store_driver *driver = work->driver;
	void *store = store_open(work, STORE_UNSYNCED);
	uint8_t key[LOAD_KEY_SIZE];
	double began = observe_seconds();

	for (uint64_t n = 0; n < work->keys; n++)
		driver->put(store, load_key(n, key), load_value(n, 0, size));
	work_print(row, (double)work->keys / (observe_seconds() - began));
	driver->close(store);
}

static bool
put_small(const struct work *work)
{
	put_all(work, "put", WORK_VALUE_SIZE);
	return true;
}

static bool
put_large(const struct work *work)
{
	put_all(work, "put-1k", WORK_LARGE_SIZE);
	return true;
}

void
work_put_batches(const struct work *work, void *store, uint64_t count,
    unsigned generation)
{
	static uint8_t keys[WORK_BATCH][LOAD_KEY_SIZE];
	static struct store_item items[WORK_BATCH];

	for (uint64_t first = 0; first < count; first += WORK_BATCH) {
		size_t size = count - first < WORK_BATCH
		    ? (size_t)(count - first)
		    : WORK_BATCH;

		for (size_t i = 0; i < size; i++) {
			items[i].key = load_key(first + i, keys[i]);
			items[i].value = load_value(first + i, generation,
			    WORK_VALUE_SIZE);
		}
		work->driver->put_batch(store, items, size);
	}
}

static bool
put_batches(const struct work *work)
{
	void *store = store_open(work, STORE_UNSYNCED);
	double began = observe_seconds();

	work_put_batches(work, store, work->keys, 0);
	work_print("batch", (double)work->keys / (observe_seconds() - began));
	work->driver->close(store);
	return true;
}

/* ---- get -------------------------------------------------------------------- */

struct getter {
	const struct work *work;
	void *store;
	struct load_order order;
	uint64_t first; /* added to each number: beyond all keys */
	uint64_t found, sum;
	pthread_t thread;
};

static void *
getter_run(void *argument)
{
	struct getter *getter = argument;
	const struct store_driver *driver = getter->work->driver;
	struct load_order order = getter->order;
	uint8_t key[LOAD_KEY_SIZE];
	void *reader = NULL;
	/* Not in *getter, which lies beside another thread's. */
	uint64_t found = 0, sum = 0;

	if (driver->reader_open != NULL)
		reader = driver->reader_open(getter->store);
	for (uint64_t i = 0; i < order.count; i++)
		found += driver->get(getter->store, reader,
		    load_key(getter->first + load_next(&order), key), &sum);
	if (driver->reader_close != NULL)
		driver->reader_close(reader);
	getter->found = found;
	getter->sum = sum;
	return NULL;
}

static bool
getter_is_right(const struct getter *getter, size_t size)
{
	struct load_order order = getter->order;
	uint64_t sum = 0;

	if (getter->first > 0)
		return is_right("get absent", getter->found, 0);
	for (uint64_t i = 0; i < order.count; i++)
		sum += load_value_sum(load_next(&order), 0, size);
	return is_right("get", getter->found, order.count) &&
	    is_right("get", getter->sum, sum);
}

/* As many gets as there are keys by each thread. */
static bool
get_all(const struct work *work, void *store, const char *row, size_t threads,
    uint64_t first, size_t size)
{
	struct getter getters[READERS_MAX] = { 0 };
	double began = observe_seconds();
	bool right = true;

	for (size_t i = 0; i < threads; i++) {
		getters[i] = (struct getter){ .work = work,
			.store = store,
			.order = { load_mix(threads * 8 + i), work->keys },
			.first = first };
		if (pthread_create(&getters[i].thread, NULL, getter_run,
			&getters[i]) != 0)
			store_die(row, "no thread");
	}
	for (size_t i = 0; i < threads; i++)
		pthread_join(getters[i].thread, NULL);
	work_print(row,
	    (double)(work->keys * threads) / (observe_seconds() - began));
	for (size_t i = 0; i < threads; i++)
		right &= getter_is_right(&getters[i], size);
	return right;
}

static bool
scan_all(const struct work *work, void *store, const char *row, bool reverse)
{
	double began = observe_seconds(), took;
	uint64_t sum = 0, expected = 0, count;

	if (work->driver->scan == NULL)
		return true;
	count = work->driver->scan(store, reverse, &sum);
	took = observe_seconds() - began;
	work_print(row, (double)count / took);
	for (uint64_t n = 0; n < work->keys; n++)
		expected += load_item_sum(n, 0, WORK_VALUE_SIZE);
	return is_right(row, count, work->keys) && is_right(row, sum, expected);
}

/* What put_batches left is read. Hot: it was all read once before. */
static bool
read_all(const struct work *work)
{
	void *store = store_open(work, STORE_UNSYNCED);
	uint64_t size = WORK_VALUE_SIZE;
	bool right;

	observe_quiet(QUIET_SECONDS);
	right = get_all(work, store, "warm", 1, 0, size);
	right &= get_all(work, store, "get", 1, 0, size);
	right &= get_all(work, store, "get-2", 2, 0, size);
	right &= get_all(work, store, "absent", 1, work->keys, size);
	right &= scan_all(work, store, "warm-scan", false);
	right &= scan_all(work, store, "scan", false);
	right &= scan_all(work, store, "reverse", true);
	work_print("memory-read", (double)observe_anonymous());
	work->driver->close(store);
	return right;
}

static bool
get_large(const struct work *work)
{
	void *store = store_open(work, STORE_UNSYNCED);
	bool right;

	observe_quiet(QUIET_SECONDS);
	right = get_all(work, store, "warm-1k", 1, 0, WORK_LARGE_SIZE);
	right &= get_all(work, store, "get-1k", 1, 0, WORK_LARGE_SIZE);
	work->driver->close(store);
	return right;
}

/* ---- durable ------------------------------------------------------------------ */

struct putter {
	const struct work *work;
	void *store;
	uint64_t first, count;
	pthread_t thread;
};

static void *
putter_run(void *argument)
{
	const struct putter *putter = argument;
	uint8_t key[LOAD_KEY_SIZE];

	for (uint64_t n = putter->first; n < putter->first + putter->count; n++)
		putter->work->driver->put(putter->store, load_key(n, key),
		    load_value(n, 0, WORK_VALUE_SIZE));
	return NULL;
}

static void
put_durable(const struct work *work, void *store, uint64_t first,
    uint64_t count, size_t threads)
{
	struct putter putters[WRITERS_MAX];
	uint64_t syncs = observe_syncs();
	double began = observe_seconds();
	char row[64];

	count /= threads;
	for (size_t i = 0; i < threads; i++) {
		putters[i] = (struct putter){ .work = work,
			.store = store,
			.first = first + i * count,
			.count = count };
		if (pthread_create(&putters[i].thread, NULL, putter_run,
			&putters[i]) != 0)
			store_die("durable", "no thread");
	}
	for (size_t i = 0; i < threads; i++)
		pthread_join(putters[i].thread, NULL);
	count *= threads;
	snprintf(row, sizeof row, "durable-%zu", threads);
	work_print(row, (double)count / (observe_seconds() - began));
	snprintf(row, sizeof row, "syncs-%zu", threads);
	work_print(row, (double)(observe_syncs() - syncs) / (double)count);
}

static bool
durable(const struct work *work)
{
	void *store = store_open(work, STORE_DURABLE);
	uint64_t count = work->durable;

	put_durable(work, store, 0, count, 1);
	put_durable(work, store, count, count * 2, 8);
	put_durable(work, store, count * 3, count * 4, 64);
	work->driver->close(store);
	return true;
}

/* ---- open, memory, disk -------------------------------------------------------- */

static int
seconds_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Of the store that read_all left. */
static bool
openings(const struct work *work)
{
	double took[OPENINGS];

	for (size_t i = 0; i < OPENINGS; i++) {
		double began = observe_seconds();
		void *store = store_open(work, STORE_UNSYNCED);

		took[i] = observe_seconds() - began;
		work->driver->close(store);
	}
	qsort(took, OPENINGS, sizeof took[0], seconds_compare);
	work_print("open", took[OPENINGS / 2]);
	return true;
}

static bool
memory(const struct work *work)
{
	void *store = store_open(work, STORE_UNSYNCED);

	work_print("memory-open", (double)observe_anonymous());
	observe_sleep(IDLE_SECONDS);
	work_print("memory-idle", (double)observe_anonymous());
	work->driver->close(store);
	return true;
}

static bool
overwrite(const struct work *work)
{
	void *store = store_open(work, STORE_UNSYNCED);
	uint64_t live = work->keys * (LOAD_KEY_SIZE + WORK_VALUE_SIZE);
	uint64_t disk;

	for (unsigned generation = 0; generation <= OVERWRITES; generation++)
		work_put_batches(work, store, work->keys, generation);
	work_print("settling", observe_quiet(SETTLED_SECONDS));
	disk = observe_disk(work->dir);
	work_print("disk-bytes", (double)disk);
	work_print("live-bytes", (double)live);
	work_print("disk", (double)disk / (double)live);
	work->driver->close(store);
	return true;
}

const struct work_job work_jobs[] = {
	{ "put", put_small },
	{ "batch", put_batches },
	{ "read", read_all },
	{ "open", openings },
	{ "memory", memory },
	{ "durable", durable },
	{ "put-1k", put_large },
	{ "get-1k", get_large },
	{ "overwrite", overwrite },
	{ "crash-single", crash_single },
	{ "crash-batch", crash_batch },
	{ "crash-durable", crash_durable },
	{ NULL, NULL },
};
