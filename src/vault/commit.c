#include "vault/commit.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/executor.h"
#include "seal/canonical.h"
#include "vault/batch.h"
#include "vault/vault.h"

#define GROUP_BYTES (32u * 1024 * 1024) /* of keys and values */

static enum ouro_status
change_build(struct batch *batch, struct commit_change *change,
    struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	for (size_t i = 0; status == OURO_OK && i < change->content_count; i++)
		status = batch_content(batch, &change->contents[i], err);
	for (size_t i = 0; status == OURO_OK && i < change->version_count; i++)
		status = batch_version(batch, &change->versions[i], err);
	for (size_t i = 0; status == OURO_OK && i < change->drop_version_count;
	     i++)
		status = batch_version_drop(batch, change->drop_versions[i],
		    err);
	return status;
}

/*
 * Builds one batch of as many changes as fit well into one write; *end is the
 * first one left for the next. A change that cannot be built keeps its error,
 * and the batch is begun anew without it.
 */
static void
changes_build(struct ouro_vault *vault, struct commit_change *changes,
    struct batch *batch, struct commit_change **end)
{
	struct commit_change *change = changes;

	batch_init(batch, vault);
	while (change != NULL && batch->bytes < GROUP_BYTES) {
		if (change->status != OURO_OK) {
			change = change->next;
			continue;
		}
		change->status = change_build(batch, change, &change->error);
		if (change->status == OURO_OK) {
			change = change->next;
		} else {
			batch_release(batch);
			batch_init(batch, vault);
			change = changes;
		}
	}
	*end = change;
}

/* The dots that the batch gave are given: it is durable. */
static void
numbers_take(struct ouro_vault *vault, struct batch *batch)
{
	for (size_t i = 0; i < batch->incarnation_count; i++) {
		const struct incarnation *own = &batch->incarnations[i];
		struct dot dot = { .number = i < vault->incarnation_count
			    ? vault->incarnations[i].number
			    : 0 };

		memcpy(dot.incarnation, own->id, INCARNATION_SIZE);
		while (dot.number < own->number) {
			dot.number++;
			if (context_add(&vault->context, &dot, NULL) != OURO_OK)
				log_write(&vault->log, LOG_ERROR,
				    "out of memory while noting a version");
		}
	}
	if (batch->incarnations == NULL)
		return;
	free(vault->incarnations);
	vault->incarnations = batch->incarnations;
	vault->incarnation_count = batch->incarnation_count;
	batch->incarnations = NULL;
}

static enum ouro_status
batch_write(struct ouro_vault *vault, struct batch *batch,
    struct ouro_error *err)
{
	enum ouro_status status;

	status = lanes_barrier(vault, err);
	/* Chunks and pages that were stored again change no record. */
	if (status == OURO_OK && batch->count == 0)
		return engine_barrier(vault->records, err);
	if (status == OURO_OK)
		status = engine_apply(vault->records, batch->ops, batch->count,
		    ENGINE_SYNC_ALWAYS, err);
	if (status != OURO_OK)
		return status;
	copies_apply(vault, batch->ops, batch->count);
	numbers_take(vault, batch);
	return OURO_OK;
}

static struct commit_change *
queue_take(struct ouro_vault *vault)
{
	struct commit_change *changes;

	pthread_mutex_lock(&vault->commit_lock);
	changes = vault->commit_first;
	vault->commit_first = NULL;
	vault->commit_last = &vault->commit_first;
	pthread_mutex_unlock(&vault->commit_lock);
	return changes;
}

/* Writes one group; returns what is left. */
static struct commit_change *
group_commit(struct ouro_vault *vault, struct commit_change *changes)
{
	struct ouro_error error = { 0 };
	struct commit_change *end;
	struct batch batch;
	enum ouro_status status;

	changes_build(vault, changes, &batch, &end);
	status = batch_context(&batch, &error);
	if (status == OURO_OK)
		status = batch_write(vault, &batch, &error);
	batch_release(&batch);
	for (; status != OURO_OK && changes != end; changes = changes->next) {
		if (changes->status == OURO_OK) {
			changes->status = status;
			changes->error = error;
		}
	}
	return end;
}

static uint64_t
commit_step(void *context)
{
	struct ouro_vault *vault = context;
	struct commit_change *changes = queue_take(vault), *next;

	if (changes == NULL)
		return STEP_IDLE;
	pthread_mutex_lock(&vault->set_lock);
	for (next = changes; next != NULL;)
		next = group_commit(vault, next);
	pthread_mutex_unlock(&vault->set_lock);
	/* A change is its caller's again as soon as it is marked as done. */
	pthread_mutex_lock(&vault->commit_lock);
	for (; changes != NULL; changes = next) {
		next = changes->next;
		changes->done = true;
	}
	pthread_mutex_unlock(&vault->commit_lock);
	return STEP_IDLE;
}

static bool
change_is_done(struct ouro_vault *vault, const struct commit_change *change)
{
	bool done;

	pthread_mutex_lock(&vault->commit_lock);
	done = change->done;
	pthread_mutex_unlock(&vault->commit_lock);
	return done;
}

enum ouro_status
commit(struct ouro_vault *vault, struct commit_change *change,
    struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	/* Removing makes room, so it is not refused for want of it. */
	if (vault->read_only || change->content_count > 0)
		status = vault_writable(vault, err);
	if (status != OURO_OK)
		return status;
	change->next = NULL;
	change->status = OURO_OK;
	change->done = false;
	pthread_mutex_lock(&vault->commit_lock);
	*vault->commit_last = change;
	vault->commit_last = &change->next;
	pthread_mutex_unlock(&vault->commit_lock);
	while (!change_is_done(vault, change))
		executor_run(vault->commit_task);
	if (change->status != OURO_OK && err != NULL)
		*err = change->error;
	return change->status;
}

/* Reads the context rows of the set. */
static enum ouro_status
context_load(struct ouro_vault *vault, struct ouro_error *err)
{
	struct row_key prefix = row_table(ROW_CONTEXT);
	struct engine_range range = { .prefix = row_bytes(&prefix) };
	struct engine_scan *scan;
	struct bytes key, value;
	enum ouro_status status;

	status = engine_scan_open(vault->records, &range, &scan, err);
	if (status != OURO_OK)
		return status;
	for (;;) {
		status = engine_scan_next(scan, &key, &value, err);
		if (status != OURO_OK)
			break;
		if (key.size != 1 + INCARNATION_SIZE)
			status = error_set(err, OURO_DAMAGED,
			    "a context row's key has %zu bytes", key.size);
		else
			status = context_decode(key.data + 1, value,
			    &vault->context, err);
		if (status != OURO_OK)
			break;
	}
	engine_scan_close(scan);
	return status == OURO_END ? OURO_OK : status;
}

enum ouro_status
commit_open(struct ouro_vault *vault, struct ouro_error *err)
{
	enum ouro_status status;

	vault->commit_last = &vault->commit_first;
	atomic_store(&vault->revision_limit, REVISION_LIMIT_DEFAULT);
	status = context_load(vault, err);
	if (status == OURO_OK)
		status = executor_task_start(vault->executor, commit_step,
		    vault, &vault->commit_task, err);
	return status;
}

void
commit_close(struct ouro_vault *vault)
{
	assert(vault->commit_first == NULL);
	executor_task_stop(vault->commit_task);
	vault->commit_task = NULL;
	context_release(&vault->context);
	free(vault->incarnations);
	vault->incarnations = NULL;
	vault->incarnation_count = 0;
}
