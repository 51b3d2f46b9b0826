#include "vault/unite.h"

#include <stdlib.h>

#include "base/error.h"
#include "seal/canonical.h"
#include "vault/drop.h"
#include "vault/forget.h"
#include "vault/rebuild.h"
#include "vault/settings.h"
#include "vault/unite_stage.h"

#define WAITING_MAX 1000 /* operations before they are written */

/* ---- opening and closing ----------------------------------------------------- */

/* From here on, until unite_end, nothing is collected. */
static enum ouro_status
unite_begin(struct ouro_vault *vault, struct ouro_error *err)
{
	bool other;

	if (vault->read_only)
		return error_set(err, OURO_READ_ONLY,
		    "the vault was opened read-only");
	pthread_mutex_lock(&vault->set_lock);
	other = atomic_exchange(&vault->uniting, true);
	pthread_mutex_unlock(&vault->set_lock);
	if (other)
		return error_set(err, OURO_REFUSED,
		    "another copy is being taken in already");
	return OURO_OK;
}

static void
unite_end(struct ouro_vault *vault)
{
	atomic_store(&vault->uniting, false);
}

enum ouro_status
unite_open(struct ouro_vault *vault, struct unite **out, struct ouro_error *err)
{
	struct unite *unite;
	enum ouro_status status = unite_begin(vault, err);

	if (status != OURO_OK)
		return status;
	unite = calloc(1, sizeof(*unite));
	status = unite == NULL ? error_memory(err) : stage_clear(vault, err);
	if (status != OURO_OK) {
		free(unite);
		unite_end(vault);
		return status;
	}
	unite->vault = vault;
	batch_init(&unite->waiting, vault);
	*out = unite;
	return OURO_OK;
}

/* What stays of the table i goes at the next opening of a vault or unite. */
void
unite_close(struct unite *unite)
{
	struct ouro_error error;

	if (unite == NULL)
		return;
	batch_release(&unite->waiting);
	context_release(&unite->theirs);
	if (stage_clear(unite->vault, &error) != OURO_OK)
		log_write(&unite->vault->log, LOG_WARNING,
		    "what was put aside stays for now: %s", error.text);
	unite_end(unite->vault);
	free(unite);
}

enum ouro_status
unite_clear(struct ouro_vault *vault, struct ouro_error *err)
{
	return vault->read_only ? OURO_OK : stage_clear(vault, err);
}

/* ---- offering ------------------------------------------------------------------- */

enum ouro_status
unite_offer(struct unite *unite, const uint8_t id[HASH_SIZE],
    struct bytes record, struct ouro_error *err)
{
	struct row_key key;
	struct dot dot;
	Ouro__RefRecord *ref;
	enum ouro_status status = ref_decode(unite->vault, id, record, &ref,
	    err);

	if (status != OURO_OK)
		return status;
	dot = dot_stored(ref->dot);
	canonical_free(&ref->base);
	key = stage_ref(&dot, id);
	status = batch_put(&unite->waiting, &key, record, err);
	return status == OURO_OK ? stage_flush(unite, WAITING_MAX, err)
				 : status;
}

enum ouro_status
unite_context(struct unite *unite, const uint8_t incarnation[INCARNATION_SIZE],
    struct bytes entry, struct ouro_error *err)
{
	enum ouro_status status = context_decode(incarnation, entry,
	    &unite->theirs, err);

	unite->claims |= status == OURO_OK;
	return status;
}

/* ---- applying ----------------------------------------------------------------------- */

/* All that it claims is done: ours becomes one with it. */
static enum ouro_status
contexts_unite(struct unite *unite, struct ouro_error *err)
{
	struct ouro_vault *vault = unite->vault;
	struct context next = { 0 };
	struct batch batch;
	enum ouro_status status = drop_lock(vault, err);

	if (status != OURO_OK)
		return status;
	batch_init(&batch, vault);
	status = unite_context_rows(&batch, &unite->theirs, &next, err);
	if (status == OURO_OK)
		status = unite_context_apply(&batch, &next, err);
	else
		context_release(&next);
	batch_release(&batch);
	drop_unlock(vault);
	return status;
}

static enum ouro_status
unite_run(struct unite *unite, struct ouro_error *err)
{
	struct ouro_vault *vault = unite->vault;
	enum ouro_status status = stage_flush(unite, 0, err);

	if (status == OURO_OK)
		status = unite_contents_check(unite, err);
	/* Slices are durable before a version that leads to them. */
	if (status == OURO_OK)
		status = lanes_barrier(vault, err);
	if (status == OURO_OK)
		status = unite_take(unite, err);
	if (status == OURO_OK && unite->claims)
		status = unite_drop(unite, err);
	if (status == OURO_OK && unite->claims)
		status = contexts_unite(unite, err);
	if (status == OURO_OK && unite->options->as_new)
		status = unite_write_new(unite, err);
	if (status == OURO_OK)
		status = engine_barrier(vault->records, err);
	return status == OURO_OK ? settings_load(vault, err) : status;
}

enum ouro_status
unite_apply(struct unite *unite, const struct unite_options *options,
    struct unite_result *result, struct ouro_error *err)
{
	static const struct unite_options defaults = { .as_new = false };

	unite->options = options != NULL ? options : &defaults;
	unite->result = result;
	*result = (struct unite_result){ 0 };
	return unite_run(unite, err);
}

/* ---- claims ---------------------------------------------------------------------------- */

/* The ids of a table's versions, as a set: their number and the sum of all,
 * bit by bit. They are keyed hashes: two sets that differ have equal sums with
 * a chance of 2^-256. */
struct id_sum {
	uint64_t count;
	uint8_t sum[HASH_SIZE];
};

static enum ouro_status
ids_sum(struct engine_scan *scan, struct id_sum *out, struct ouro_error *err)
{
	struct bytes key, value;
	enum ouro_status status;

	*out = (struct id_sum){ 0 };
	for (;;) {
		status = engine_scan_next(scan, &key, &value, err);
		if (status != OURO_OK)
			break;
		if (key.size < 1 + HASH_SIZE)
			continue;
		for (size_t i = 0; i < HASH_SIZE; i++)
			out->sum[i] ^= row_last_id(key)[i];
		out->count++;
	}
	return status == OURO_END ? OURO_OK : status;
}

static enum ouro_status
keys_scan(struct ouro_vault *vault, enum row_table table,
    struct engine_scan **scan, struct ouro_error *err)
{
	struct row_key prefix = row_table(table);
	struct engine_range range = { .prefix = row_bytes(&prefix),
		.keys_only = true };

	*scan = NULL;
	return engine_scan_open(vault->records, &range, scan, err);
}

/* Both tables at one moment. */
static enum ouro_status
tables_agree(struct ouro_vault *vault, bool *agree, struct ouro_error *err)
{
	struct engine_scan *refs = NULL, *names = NULL;
	struct id_sum of_refs, of_names;
	enum ouro_status status;

	pthread_mutex_lock(&vault->set_lock);
	status = keys_scan(vault, ROW_REF, &refs, err);
	if (status == OURO_OK)
		status = keys_scan(vault, ROW_NAME, &names, err);
	pthread_mutex_unlock(&vault->set_lock);
	if (status == OURO_OK)
		status = ids_sum(refs, &of_refs, err);
	if (status == OURO_OK)
		status = ids_sum(names, &of_names, err);
	if (status == OURO_OK)
		*agree = memcmp(&of_refs, &of_names, sizeof(of_refs)) == 0;
	engine_scan_close(refs);
	engine_scan_close(names);
	return status;
}

enum ouro_status
unite_may_claim(struct ouro_vault *vault, bool *whole, struct ouro_error *err)
{
	struct engine_stats stats = { 0 };
	enum ouro_status status = engine_stats(vault->records, &stats, err);

	*whole = false;
	if (status != OURO_OK || vault->index_incomplete ||
	    stats.damaged_records > 0 || stats.missing_segments > 0 ||
	    forget_pending(vault->records) || rebuild_pending(vault))
		return status;
	status = tables_agree(vault, whole, err);
	/* A damaged page of the index hides rows. */
	return status == OURO_DAMAGED ? OURO_OK : status;
}
