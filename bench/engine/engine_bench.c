/*
 * One job of bench-engine, for one contestant, in one process:
 *
 *	engine_bench names
 *	engine_bench NAME JOB DIRECTORY KEYS DURABLE
 *
 * bench/engine.sh has them take turns and makes the table. Exit code 1: it
 * failed, or what was read is not what was put.
 */
#include <stdio.h>
#include <stdlib.h>

#include "load.h"
#include "store.h"
#include "work.h"

static const struct store_driver *const drivers[] = { &store_ours, &store_lmdb,
	&store_lmdb_map, &store_rocksdb, &store_leveldb, &store_floor };

#define DRIVERS (sizeof drivers / sizeof drivers[0])

_Noreturn void
store_die(const char *what, const char *text)
{
	fprintf(stderr, "bench-engine: %s: %s\n", what, text);
	/* Not exit: the store's own threads are still there. */
	_Exit(1);
}

void *
store_new(size_t size)
{
	void *made = calloc(1, size);

	if (made == NULL)
		store_die("no memory", "of the harness");
	return made;
}

static int
names_print(void)
{
	for (size_t i = 0; i < DRIVERS; i++)
		if (drivers[i]->name != NULL)
			puts(drivers[i]->name);
	return 0;
}

static const struct store_driver *
driver_find(const char *name)
{
	for (size_t i = 0; i < DRIVERS; i++)
		if (drivers[i]->name != NULL &&
		    strcmp(drivers[i]->name, name) == 0)
			return drivers[i];
	store_die(name, "no such contestant");
}

static const struct work_job *
job_find(const char *name)
{
	for (const struct work_job *job = work_jobs; job->name != NULL; job++)
		if (strcmp(job->name, name) == 0)
			return job;
	store_die(name, "no such job");
}

int
main(int argc, char **argv)
{
	struct work work;

	if (argc == 2 && strcmp(argv[1], "names") == 0)
		return names_print();
	if (argc != 6) {
		fputs("usage: engine_bench NAME JOB DIRECTORY KEYS DURABLE\n",
		    stderr);
		return 2;
	}
	work = (struct work){ .driver = driver_find(argv[1]),
		.dir = argv[3],
		.keys = strtoull(argv[4], NULL, 10),
		.durable = strtoull(argv[5], NULL, 10) };
	load_prepare();
	return job_find(argv[2])->run(&work) ? 0 : 1;
}
