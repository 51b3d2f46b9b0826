#include "engine/run.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "engine/run_node.h"
#include "engine/run_read.h"
#include "engine/run_table.h"

/* ---- open and close ------------------------------------------------------------- */

static enum ouro_status
header_read(struct run *run, const struct run_store *store, uint64_t id,
    struct ouro_error *err)
{
	const char *path = fs_path(run->file);
	uint8_t page[RUN_PAGE];
	enum ouro_status status;
	uint64_t size;
	size_t got = 0;

	status = fs_size(run->file, &size, err);
	if (status == OURO_OK)
		status = fs_read(run->file, 0, page, sizeof page, &got, err);
	if (status != OURO_OK)
		return status;
	if (got < sizeof page)
		return run_page_damaged(run->file, 0, err);
	status = run_header_clear(path, page, &run->at, err);
	if (status == OURO_OK)
		status = run_check_init(&run->check, store, page, err);
	if (status != OURO_OK)
		return status;
	if (run->at.sealed != run->check.sealed || run->at.id != id)
		return error_set(err, OURO_DAMAGED,
		    "%s is %s index file %" PRIu64, path,
		    run->at.sealed ? "the sealed" : "the unsealed", run->at.id);
	status = run_page_take(&run->check, 0, page, err);
	if (status == OURO_DAMAGED)
		return run_page_damaged(run->file, 0, err);
	if (status == OURO_OK)
		status = run_header_decode(path, page, size, &run->at, err);
	if (status == OURO_OK && run->at.seed != store->seed)
		status = error_set(err, OURO_DAMAGED,
		    "%s was made under another seed", path);
	return status;
}

/* The list of segments is in memory; it has a page for each thousand. */
static enum ouro_status
ids_read(struct run *run, struct ouro_error *err)
{
	uint64_t *ids = calloc(run->at.segments + 1u, sizeof *ids);
	uint8_t page[RUN_PAGE];

	if (ids == NULL)
		return error_memory(err);
	run->ids = ids;
	for (uint32_t i = 0; i < run->at.segments; i++) {
		uint64_t number = run->at.ids_first + i / RUN_IDS;
		enum ouro_status status = i % RUN_IDS != 0
		    ? OURO_OK
		    : run_page_read(&run->check, run->file, number, page, err);

		if (status != OURO_OK)
			return status;
		ids[i] = get_u64le(page + (size_t)(i % RUN_IDS) * 8);
	}
	return OURO_OK;
}

static enum ouro_status
access_make(struct run *run, size_t cache_size, struct ouro_error *err)
{
	enum ouro_status status;
	void *map;

	if (run->check.sealed)
		return run_cache_new(cache_size, &run->cache, err);
	run->believed = calloc((size_t)(run->at.pages / 64 + 1),
	    sizeof *run->believed);
	if (run->believed == NULL)
		return error_memory(err);
	status = fs_map(run->file, (size_t)run->at.pages * RUN_PAGE, FS_READ,
	    &map, err);
	if (status == OURO_OK)
		run->map = map;
	return status;
}

static enum ouro_status
run_load(struct run *run, const struct run_store *store, uint64_t id,
    struct ouro_error *err)
{
	char path[FS_PATH_MAX];
	enum ouro_status status = run_path(path, store->dir, id, "", err);

	if (status == OURO_OK)
		status = fs_open(store->fs, path, FS_READ, &run->file, err);
	if (status == OURO_OK)
		status = header_read(run, store, id, err);
	if (status == OURO_OK)
		status = ids_read(run, err);
	if (status == OURO_OK)
		status = access_make(run, store->cache_size, err);
	return status;
}

enum ouro_status
run_open(const struct run_store *store, uint64_t id, struct run **out,
    struct ouro_error *err)
{
	struct run *run = calloc(1, sizeof *run);
	enum ouro_status status;

	if (run == NULL)
		return error_memory(err);
	run->fs = store->fs;
	atomic_init(&run->refs, 1);
	status = run_load(run, store, id, err);
	if (status == OURO_OK)
		*out = run;
	else
		run_unref(run);
	return status;
}

struct run *
run_ref(struct run *run)
{
	atomic_fetch_add_explicit(&run->refs, 1, memory_order_relaxed);
	return run;
}

void
run_unref(struct run *run)
{
	if (run == NULL || atomic_fetch_sub(&run->refs, 1) != 1)
		return;
	if (run->map != NULL)
		fs_unmap(run->fs, (void *)(uintptr_t)run->map,
		    (size_t)run->at.pages * RUN_PAGE);
	run_cache_free(run->cache);
	run_check_release(&run->check);
	fs_close(run->file);
	free(run->believed);
	free((void *)(uintptr_t)run->ids);
	free(run);
}

uint64_t
run_id(const struct run *run)
{
	return run->at.id;
}

uint64_t
run_entries(const struct run *run)
{
	return run->at.entries;
}

uint64_t
run_size(const struct run *run)
{
	return run->at.pages * RUN_PAGE;
}

uint64_t
run_memory(const struct run *run)
{
	uint64_t memory = sizeof *run + 8 * ((uint64_t)run->at.segments + 1);

	if (run->cache != NULL)
		return memory + run_cache_memory(run->cache);
	return memory + 8 * (run->at.pages / 64 + 1);
}

/* ---- look-ups ------------------------------------------------------------------- */

static struct run_count *
count_own(struct run *run)
{
	static atomic_uint threads;
	static _Thread_local unsigned own;

	if (__builtin_expect(own == 0, 0))
		own = 1 +
		    atomic_fetch_add_explicit(&threads, 1,
			memory_order_relaxed) %
			RUN_COUNTS;
	return &run->counts[own - 1];
}

/* Not one locked addition: of two threads that share it one may be lost. */
static inline void
count_add(atomic_uint_fast64_t *count)
{
	atomic_store_explicit(count,
	    atomic_load_explicit(count, memory_order_relaxed) + 1,
	    memory_order_relaxed);
}

void
run_filter_counts(const struct run *run, uint64_t *asked, uint64_t *spared)
{
	*asked = *spared = 0;
	for (unsigned i = 0; i < RUN_COUNTS; i++) {
		*asked += atomic_load_explicit(&run->counts[i].asked,
		    memory_order_relaxed);
		*spared += atomic_load_explicit(&run->counts[i].spared,
		    memory_order_relaxed);
	}
}

/* OURO_OK: the key may be there. */
static inline enum ouro_status
filter_ask(struct run *run, uint64_t hash, struct ouro_error *err)
{
	uint64_t block = run_share(hash, run->at.blocks);
	struct run_count *count = count_own(run);
	struct run_held held;
	enum ouro_status status;

	status = run_hold(run, run->at.filter_first + block / RUN_BLOCKS, &held,
	    err);
	if (__builtin_expect(status != OURO_OK, 0))
		return status;
	count_add(&count->asked);
	if (!run_filter_has(held.data + block % RUN_BLOCKS * RUN_BLOCK, hash)) {
		count_add(&count->spared);
		status = OURO_NOT_FOUND;
	}
	run_drop(&held);
	return status;
}

/* OURO_NOT_FOUND: the entry at this position has another key. */
static inline enum ouro_status
entry_match(struct run *run, uint64_t position, struct bytes key,
    struct place *out, struct ouro_error *err)
{
	uint64_t number = position / RUN_PAGE;
	enum ouro_status status;
	struct run_held held;
	const uint8_t *rest;
	struct bytes at;

	if (number == 0 || number > run->at.leaves)
		return error_set(err, OURO_DAMAGED,
		    "%s: its hash table points at %" PRIu64
		    ", where no entry is",
		    fs_path(run->file), position);
	status = run_hold(run, number, &held, err);
	if (__builtin_expect(status != OURO_OK, 0))
		return status;
	rest = run_entry_key(held.data, (unsigned)(position % RUN_PAGE), &at);
	if (rest == NULL)
		status = run_page_damaged(run->file, number, err);
	else if (at.size != key.size || memcmp(at.data, key.data, at.size) != 0)
		status = OURO_NOT_FOUND;
	else if (!run_entry_place(held.data, rest, run->ids, run->at.segments,
		     out))
		status = run_page_damaged(run->file, number, err);
	run_drop(&held);
	return status;
}

enum ouro_status
run_find(struct run *run, uint64_t hash, struct bytes key, struct place *out,
    struct ouro_error *err)
{
	unsigned slot = run_slot_first(hash);
	enum ouro_status status;
	struct run_held held;
	uint64_t number;

	if (run->at.entries == 0)
		return OURO_NOT_FOUND;
	number = run->at.hash_first + run_share(hash, run->at.hash);
	if (run->map != NULL)
		__builtin_prefetch(run->map + number * RUN_PAGE + 8 * slot);
	status = filter_ask(run, hash, err);
	if (status != OURO_OK)
		return status;
	status = run_hold(run, number, &held, err);
	if (__builtin_expect(status != OURO_OK, 0))
		return status;
	status = OURO_NOT_FOUND;
	for (unsigned i = 0; i < RUN_SLOTS && status == OURO_NOT_FOUND; i++) {
		uint64_t word = get_u64le(held.data + 8 * (size_t)slot);

		if (word == 0)
			break;
		if (word >> 48 == (hash & 0xffff))
			status = entry_match(run, word & RUN_POSITION_MAX, key,
			    out, err);
		slot = slot + 1 < RUN_SLOTS ? slot + 1 : 0;
	}
	run_drop(&held);
	return status;
}
