/*
 * run_cache - pages of a run as they are had: believed in the map, or opened
 * and kept.
 */
#include "engine/run_read.h"

#include <stdlib.h>

#include <pthread.h>

#include "base/error.h"

#define WAYS 4

struct cache_set {
	struct run_copy *way[WAYS];
	unsigned used; /* a bit a way: since the hand passed last */
	unsigned hand;
};

struct run_cache {
	pthread_mutex_t lock; /* guards the sets */
	size_t count;
	struct cache_set sets[];
};

/* ---- plain ---------------------------------------------------------------------- */

enum ouro_status
run_believe(struct run *run, uint64_t number, struct ouro_error *err)
{
	uint8_t page[RUN_PAGE];
	enum ouro_status status = run_page_read(&run->check, run->file, number,
	    page, err);

	if (status == OURO_OK)
		atomic_fetch_or_explicit(&run->believed[number / 64],
		    UINT64_C(1) << number % 64, memory_order_relaxed);
	return status;
}

/* ---- sealed --------------------------------------------------------------------- */

enum ouro_status
run_cache_new(size_t size, struct run_cache **out, struct ouro_error *err)
{
	size_t count = size / (WAYS * sizeof(struct run_copy));
	struct run_cache *cache;

	if (count == 0)
		count = 1;
	cache = calloc(1, sizeof *cache + count * sizeof cache->sets[0]);
	if (cache == NULL)
		return error_memory(err);
	pthread_mutex_init(&cache->lock, NULL);
	cache->count = count;
	*out = cache;
	return OURO_OK;
}

void
run_cache_free(struct run_cache *cache)
{
	if (cache == NULL)
		return;
	for (size_t i = 0; i < cache->count; i++)
		for (unsigned way = 0; way < WAYS; way++)
			run_copy_unref(cache->sets[i].way[way]);
	pthread_mutex_destroy(&cache->lock);
	free(cache);
}

uint64_t
run_cache_memory(struct run_cache *cache)
{
	uint64_t pages = 0;

	pthread_mutex_lock(&cache->lock);
	for (size_t i = 0; i < cache->count; i++)
		for (unsigned way = 0; way < WAYS; way++)
			pages += cache->sets[i].way[way] != NULL;
	pthread_mutex_unlock(&cache->lock);
	return sizeof *cache + cache->count * sizeof cache->sets[0] +
	    pages * sizeof(struct run_copy);
}

/* What keys a sealed store has does not stay in freed memory. */
void
run_copy_unref(struct run_copy *copy)
{
	if (copy == NULL || atomic_fetch_sub(&copy->refs, 1) != 1)
		return;
	bytes_wipe(copy->data, sizeof copy->data);
	free(copy);
}

/* With the lock held; the copy gets a reference. */
static struct run_copy *
set_find(struct cache_set *set, uint64_t number)
{
	for (unsigned way = 0; way < WAYS; way++) {
		struct run_copy *copy = set->way[way];

		if (copy == NULL || copy->number != number)
			continue;
		set->used |= 1u << way;
		atomic_fetch_add(&copy->refs, 1);
		return copy;
	}
	return NULL;
}

/* With the lock held. Takes a reference; returns what has to go. */
static struct run_copy *
set_put(struct cache_set *set, struct run_copy *copy)
{
	struct run_copy *gone;

	while ((set->used >> set->hand & 1) != 0) {
		set->used &= ~(1u << set->hand);
		set->hand = (set->hand + 1) % WAYS;
	}
	gone = set->way[set->hand];
	atomic_fetch_add(&copy->refs, 1);
	set->way[set->hand] = copy;
	set->hand = (set->hand + 1) % WAYS;
	return gone;
}

static enum ouro_status
copy_read(const struct run *run, uint64_t number, struct run_copy **out,
    struct ouro_error *err)
{
	struct run_copy *copy = malloc(sizeof *copy);
	enum ouro_status status;

	if (copy == NULL)
		return error_memory(err);
	atomic_init(&copy->refs, 1);
	copy->number = number;
	status = run_page_read(&run->check, run->file, number, copy->data, err);
	if (status == OURO_OK)
		*out = copy;
	else
		run_copy_unref(copy);
	return status;
}

enum ouro_status
run_cache_hold(struct run *run, uint64_t number, struct run_held *held,
    struct ouro_error *err)
{
	struct run_cache *cache = run->cache;
	struct cache_set *set = &cache->sets[number % cache->count];
	struct run_copy *copy, *gone = NULL, *other;
	enum ouro_status status;

	held->copy = NULL;
	pthread_mutex_lock(&cache->lock);
	copy = set_find(set, number);
	pthread_mutex_unlock(&cache->lock);
	if (copy == NULL) {
		status = copy_read(run, number, &copy, err);
		if (status != OURO_OK)
			return status;
		pthread_mutex_lock(&cache->lock);
		other = set_find(set, number);
		if (other != NULL) {
			gone = copy;
			copy = other;
		} else {
			gone = set_put(set, copy);
		}
		pthread_mutex_unlock(&cache->lock);
		run_copy_unref(gone);
	}
	held->copy = copy;
	held->data = copy->data;
	return OURO_OK;
}
