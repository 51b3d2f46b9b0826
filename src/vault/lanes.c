#include "vault/lanes.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/encoding.h"
#include "base/error.h"
#include "base/executor.h"
#include "seal/canonical.h"
#include "vault/vault.h"

#define LANE_INDEX_MEMORY (4u * 1024 * 1024)

struct slice_key
slice_key(const uint8_t chunk_id[HASH_SIZE],
    const uint8_t stripe_id[STRIPE_ID_SIZE], unsigned index)
{
	struct slice_key key;

	assert(index < SLICES_MAX);
	memcpy(key.data, chunk_id, HASH_SIZE);
	memcpy(key.data + HASH_SIZE, stripe_id, STRIPE_ID_SIZE);
	key.data[SLICE_KEY_SIZE - 1] = (uint8_t)index;
	return key;
}

/* ---- where a lane lies --------------------------------------------------- */

/* The path of a lane in the store file; place 0 is in the store itself, n in
 * the n-th data path. */
static enum ouro_status
lane_path_in(const Ouro__StoreFile *store, size_t place, unsigned number,
    char out[FS_PATH_MAX], struct ouro_error *err)
{
	char vault_hex[HEX_LENGTH(VAULT_ID_SIZE) + 1];
	int size;

	hex_encode(bytes_of(store->vault_id.data, store->vault_id.len),
	    vault_hex);
	if (place == 0)
		size = snprintf(out, FS_PATH_MAX, "lanes/%02u", number);
	else
		size = snprintf(out, FS_PATH_MAX, "%s/%s/%02u",
		    store->data_paths[place - 1], vault_hex, number);
	if (size < 0 || size >= FS_PATH_MAX)
		return error_set(err, OURO_TOO_LARGE,
		    "the path of lane %u is too long", number);
	return OURO_OK;
}

bool
lane_path_fits(const Ouro__StoreFile *store, unsigned number)
{
	char path[FS_PATH_MAX];

	for (size_t place = 0; place <= store->n_data_paths; place++)
		if (lane_path_in(store, place, number, path, NULL) == OURO_OK &&
		    strcmp(store->lanes[number]->path, path) == 0)
			return true;
	return false;
}

/* The store file with one lane more, in place of the one there is. */
static enum ouro_status
lane_declare(struct ouro_vault *vault, unsigned number, struct ouro_error *err)
{
	Ouro__StoreFile store = *vault->store;
	Ouro__Lane added = OURO__LANE__INIT;
	Ouro__Lane **lanes = calloc(number + 1, sizeof(Ouro__Lane *));
	char path[FS_PATH_MAX];
	ProtobufCMessage *copy;
	enum ouro_status status;

	if (lanes == NULL)
		return error_memory(err);
	status = lane_path_in(&store, number % (store.n_data_paths + 1), number,
	    path, err);
	if (status == OURO_OK) {
		for (unsigned i = 0; i < number; i++)
			lanes[i] = store.lanes[i];
		added.number = number;
		added.path = path;
		lanes[number] = &added;
		store.lanes = lanes;
		store.n_lanes = number + 1;
		status = canonical_copy(&store.base, &copy, err);
	}
	if (status == OURO_OK) {
		canonical_free(&vault->store->base);
		vault->store = (Ouro__StoreFile *)copy;
	}
	free(lanes);
	return status;
}

/* ---- opening -------------------------------------------------------------- */

static enum ouro_status
lane_open(struct ouro_vault *vault, unsigned number, struct ouro_error *err)
{
	const char *path = vault->store->lanes[number]->path;
	char full[FS_PATH_MAX];
	struct engine_options options = {
		.fs = vault->fs,
		.executor = vault->executor,
		.log = &vault->log,
		.sync = ENGINE_SYNC_NEVER,
		.segment_size = vault->store->segment_size,
		.read_only = vault->read_only,
		.must_exist = vault->read_only,
		.index_memory = LANE_INDEX_MEMORY,
		.compact_share = -1, /* gc and compact do */
		.no_maps = true,     /* a disk that fails is a lost slice */
	};
	enum ouro_status status = fs_join(full,
	    path[0] == '/' ? "" : vault->dir, path, err);

	if (status != OURO_OK)
		return status;
	free(vault->lane_paths[number]);
	vault->lane_paths[number] = strdup(full);
	if (vault->lane_paths[number] == NULL)
		return error_memory(err);
	status = engine_log_open(full, &options, &vault->lanes[number], err);
	if (status == OURO_NOT_FOUND && vault->read_only) {
		log_write(&vault->log, LOG_WARNING, "lane %s is missing", full);
		status = engine_memory_open(&options, &vault->lanes[number],
		    err);
	}
	return status;
}

struct open_job {
	struct executor_job job;
	struct ouro_vault *vault;
	unsigned number;
	enum ouro_status status;
	struct ouro_error error;
};

static void
open_run(void *context)
{
	struct open_job *job = context;

	job->status = lane_open(job->vault, job->number, &job->error);
}

/* All at once: an engine reads its whole log when it is opened. */
enum ouro_status
lanes_open(struct ouro_vault *vault, struct ouro_error *err)
{
	unsigned count = (unsigned)vault->store->n_lanes;
	unsigned first = vault->lane_count;
	struct open_job *jobs = calloc(count + 1, sizeof(*jobs));
	enum ouro_status status = OURO_OK;

	assert(count <= LANES_MAX);
	if (jobs == NULL)
		return error_memory(err);
	for (unsigned i = first; i < count; i++) {
		jobs[i].vault = vault;
		jobs[i].number = i;
		jobs[i].job = (struct executor_job){ .run = open_run,
			.context = &jobs[i] };
		executor_submit(vault->executor, &jobs[i].job);
	}
	for (unsigned i = first; i < count; i++) {
		executor_join(vault->executor, &jobs[i].job);
		if (status == OURO_OK && jobs[i].status != OURO_OK) {
			status = jobs[i].status;
			if (err != NULL)
				*err = jobs[i].error;
		}
	}
	if (status == OURO_OK)
		vault->lane_count = count;
	free(jobs);
	return status;
}

void
lanes_close(struct ouro_vault *vault)
{
	for (unsigned i = 0; i < LANES_MAX; i++) {
		engine_close(vault->lanes[i]);
		vault->lanes[i] = NULL;
		free(vault->lane_paths[i]);
		vault->lane_paths[i] = NULL;
	}
	vault->lane_count = 0;
}

/* More lanes in the store file; without them as before when that fails, for
 * what lies in a lane that the file does not name is lost. */
static enum ouro_status
lanes_declare(struct ouro_vault *vault, unsigned count, struct ouro_error *err)
{
	ProtobufCMessage *before;
	enum ouro_status status;

	if (vault->store->n_lanes >= count)
		return OURO_OK;
	status = canonical_copy(&vault->store->base, &before, err);
	if (status != OURO_OK)
		return status;
	while (status == OURO_OK && vault->store->n_lanes < count)
		status = lane_declare(vault, (unsigned)vault->store->n_lanes,
		    err);
	if (status == OURO_OK)
		status = vault_store_write(vault, err);
	if (status == OURO_OK) {
		canonical_free(before);
	} else {
		canonical_free(&vault->store->base);
		vault->store = (Ouro__StoreFile *)before;
	}
	return status;
}

enum ouro_status
lanes_grow(struct ouro_vault *vault, unsigned count, struct ouro_error *err)
{
	enum ouro_status status;

	assert(count <= LANES_MAX);
	if (lanes_count(vault) >= count)
		return OURO_OK;
	pthread_rwlock_wrlock(&vault->lanes_lock);
	status = lanes_declare(vault, count, err);
	while (status == OURO_OK && vault->lane_count < count) {
		status = lane_open(vault, vault->lane_count, err);
		if (status == OURO_OK)
			vault->lane_count++;
	}
	pthread_rwlock_unlock(&vault->lanes_lock);
	return status;
}

unsigned
lanes_count(struct ouro_vault *vault)
{
	unsigned count;

	pthread_rwlock_rdlock(&vault->lanes_lock);
	count = vault->lane_count;
	pthread_rwlock_unlock(&vault->lanes_lock);
	return count;
}

/* Lanes are only ever added, so a pointer stays good without the lock. */
struct engine *
lane(struct ouro_vault *vault, unsigned number)
{
	struct engine *engine;

	pthread_rwlock_rdlock(&vault->lanes_lock);
	assert(number < vault->lane_count);
	engine = vault->lanes[number];
	pthread_rwlock_unlock(&vault->lanes_lock);
	return engine;
}

const char *
lane_path(struct ouro_vault *vault, unsigned number)
{
	const char *path;

	pthread_rwlock_rdlock(&vault->lanes_lock);
	path = vault->lane_paths[number];
	pthread_rwlock_unlock(&vault->lanes_lock);
	return path;
}

/* ---- barrier ------------------------------------------------------------------ */

struct barrier_job {
	struct executor_job job;
	struct engine *engine;
	enum ouro_status status;
	struct ouro_error error;
};

static void
barrier_run(void *context)
{
	struct barrier_job *job = context;

	job->status = engine_barrier(job->engine, &job->error);
}

enum ouro_status
lanes_barrier(struct ouro_vault *vault, struct ouro_error *err)
{
	unsigned count = lanes_count(vault);
	struct barrier_job *jobs = calloc(count, sizeof(*jobs));
	enum ouro_status status = OURO_OK;

	if (jobs == NULL)
		return error_memory(err);
	for (unsigned i = 0; i < count; i++) {
		jobs[i].engine = lane(vault, i);
		jobs[i].job.run = barrier_run;
		jobs[i].job.context = &jobs[i];
		executor_submit(vault->executor, &jobs[i].job);
	}
	/* The workers take the first ones, so this thread takes the last. */
	for (unsigned i = count; i-- > 0;) {
		executor_join(vault->executor, &jobs[i].job);
		if (jobs[i].status != OURO_OK) {
			status = jobs[i].status;
			if (err != NULL)
				*err = jobs[i].error;
		}
	}
	free(jobs);
	return status;
}
