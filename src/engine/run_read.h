/*
 * run_read - an opened run, and how its pages are had.
 *
 * Plain: a page is read and checked once; from then on it is used in the
 * map. Sealed: opened pages are kept in a cache of sets of four, each page
 * counted, so that one stays whole for whoever uses it.
 */
#ifndef ENGINE_RUN_READ_H
#define ENGINE_RUN_READ_H

#include <stdatomic.h>

#include "engine/run_page.h"

#define RUN_COUNTS 16

struct run_cache;

/* A page, opened; of the cache and of those who hold it. */
struct run_copy {
	atomic_uint refs;
	uint64_t number;
	uint8_t data[RUN_PAGE];
};

/* Of the threads that fall to it; a cache line each. */
struct run_count {
	atomic_uint_fast64_t asked, spared;
	uint8_t apart[64 - 2 * sizeof(atomic_uint_fast64_t)];
};

struct run {
	const uint8_t *map;		/* NULL when sealed or empty */
	atomic_uint_fast64_t *believed; /* a bit for each page; plain */
	const uint64_t *ids;		/* of the segments, by ordinal */
	struct run_layout at;
	struct run_check check;
	struct fs *fs;
	struct fs_file *file;
	struct run_cache *cache; /* sealed */
	atomic_uint refs;
	struct run_count counts[RUN_COUNTS];
};

struct run_held {
	const uint8_t *data;
	struct run_copy *copy; /* sealed */
};

/* The parts of run_hold that are seldom. */
enum ouro_status run_believe(struct run *run, uint64_t number,
    struct ouro_error *err);
enum ouro_status run_cache_hold(struct run *run, uint64_t number,
    struct run_held *held, struct ouro_error *err);
void run_copy_unref(struct run_copy *copy);

/* At least four pages. */
enum ouro_status run_cache_new(size_t size, struct run_cache **out,
    struct ouro_error *err);
void run_cache_free(struct run_cache *cache); /* NULL is fine */
uint64_t run_cache_memory(struct run_cache *cache);

static inline bool
run_believed(const struct run *run, uint64_t number)
{
	return (atomic_load_explicit(&run->believed[number / 64],
		    memory_order_relaxed) >>
		       number % 64 &
		   1) != 0;
}

/* The content of a page of the file. run_drop afterwards. */
static inline enum ouro_status
run_hold(struct run *run, uint64_t number, struct run_held *held,
    struct ouro_error *err)
{
	if (run->cache != NULL)
		return run_cache_hold(run, number, held, err);
	held->data = run->map + number * RUN_PAGE;
	held->copy = NULL;
	if (__builtin_expect(run_believed(run, number), 1))
		return OURO_OK;
	return run_believe(run, number, err);
}

static inline void
run_drop(struct run_held *held)
{
	if (held->copy != NULL)
		run_copy_unref(held->copy);
	held->copy = NULL;
}

#endif
