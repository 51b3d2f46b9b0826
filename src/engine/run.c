#include "engine/run.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "engine/run_read.h"

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
	bytes_wipe(page, sizeof page);
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

/* The salt is random. */
bool
run_is_same(const struct run *a, const struct run *b)
{
	return a->check.salt_crc == b->check.salt_crc &&
	    memcmp(a->check.bound, b->check.bound, RUN_BOUND) == 0 &&
	    memcmp(a->check.key, b->check.key, KEY_SIZE) == 0 &&
	    a->at.pages == b->at.pages && a->at.entries == b->at.entries;
}

struct fs_file *
run_file(const struct run *run)
{
	return run->file;
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
