#include "vault/copies.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "vault/copies_compare.h"
#include "vault/copies_mark.h"
#include "vault/forget.h"
#include "vault/vault.h"

enum ouro_status
copies_restored(struct ouro_vault *vault, struct ouro_error *err)
{
	return mending_end(vault->records, err);
}

static bool
stats_damaged(const struct engine_stats *stats)
{
	return stats->damaged_records > 0 || stats->missing_segments > 0;
}

/* Have the records lost rows that the copies may still have? */
static bool
records_lost(struct ouro_vault *vault, const struct engine_stats *records,
    const struct engine_stats *copies)
{
	return stats_damaged(records) || restore_pending(vault->records) ||
	    (records->keys == 0 && copies->keys > 0);
}

static enum ouro_status
both_stats(struct ouro_vault *vault, struct engine_stats *records,
    struct engine_stats *copies, struct ouro_error *err)
{
	enum ouro_status status;

	*records = *copies = (struct engine_stats){ 0 };
	status = engine_stats(vault->records, records, err);
	if (status == OURO_OK && vault->copies != NULL)
		status = engine_stats(vault->copies, copies, err);
	return status;
}

/* ---- writing behind ------------------------------------------------------- */

static void
copies_fail(struct ouro_vault *vault, const struct ouro_error *error)
{
	atomic_store(&vault->copies_behind, true);
	log_write(&vault->log, LOG_WARNING,
	    "the second copy of the records "
	    "falls behind until the next opening: %s",
	    error->text);
}

void
copies_apply(struct ouro_vault *vault, const struct engine_op *ops,
    size_t count)
{
	struct engine_op *concerned;
	struct ouro_error error;
	size_t n = 0;

	if (vault->copies == NULL || vault->read_only || count == 0)
		return;
	concerned = calloc(count, sizeof(*concerned));
	if (concerned == NULL) {
		(void)error_memory(&error);
		copies_fail(vault, &error);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (!copies_concern(ops[i].key))
			continue;
		concerned[n] = ops[i];
		concerned[n++].condition = ENGINE_ALWAYS;
	}
	if (n > 0 &&
	    engine_apply(vault->copies, concerned, n, ENGINE_SYNC_NEVER,
		&error) != OURO_OK)
		copies_fail(vault, &error);
	free(concerned);
}

void
copies_close(struct ouro_vault *vault)
{
	struct engine_stats records, copies;
	struct ouro_error error;
	enum ouro_status status;

	if (vault->copies == NULL || vault->read_only)
		return;
	status = engine_barrier(vault->copies, &error);
	if (status == OURO_OK)
		status = copies_restored(vault, &error);
	if (status == OURO_OK)
		status = engine_barrier(vault->records, &error);
	if (status == OURO_OK)
		status = both_stats(vault, &records, &copies, &error);
	if (status != OURO_OK)
		goto out;
	if (atomic_load(&vault->copies_behind) || stats_damaged(&records) ||
	    stats_damaged(&copies))
		status = mark_remove(vault->records, &error);
	else if (mark_read(vault->records, &records, &copies) < MARK_FITS)
		status = mark_write(vault->records, &records, &copies, &error);
out:
	if (status != OURO_OK)
		log_write(&vault->log, LOG_WARNING,
		    "no clean close, the next "
		    "opening compares both copies of the records: %s",
		    error.text);
}

/* ---- opening -------------------------------------------------------------- */

static void
compare_tell(struct ouro_vault *vault, const struct copies_compare *compare)
{
	if (compare->restored > 0 || compare->unread > 0)
		log_write(&vault->log, LOG_WARNING,
		    "records: %" PRIu64
		    " rows were taken from their second copy, %" PRIu64
		    " can be read in neither",
		    compare->restored, compare->unread);
	if (compare->copied > 0 || compare->dropped > 0)
		log_write(&vault->log, LOG_INFO,
		    "second copy of the records: "
		    "%" PRIu64 " rows were written, %" PRIu64 " removed",
		    compare->copied, compare->dropped);
}

static enum ouro_status
engine_mend(struct ouro_vault *vault, struct engine *engine, const char *what,
    const struct engine_stats *stats, struct ouro_error *err)
{
	enum ouro_status status;

	if (!stats_damaged(stats))
		return OURO_OK;
	log_write(&vault->log, LOG_WARNING,
	    "%s: %" PRIu64 " damaged records, "
	    "%" PRIu64 " missing segments; rewriting what is readable",
	    what, stats->damaged_records, stats->missing_segments);
	status = engine_repair(engine, NULL, NULL, err);
	return status == OURO_DAMAGED ? OURO_OK : status;
}

static enum ouro_status
both_mend(struct ouro_vault *vault, const struct engine_stats *records,
    const struct engine_stats *copies, struct copies_compare *compare,
    struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	if (compare->lost || stats_damaged(copies)) {
		status = mending_begin(vault->records, compare->lost, err);
		compare->copies_failed = status != OURO_OK && !compare->lost;
	}
	if (status == OURO_OK)
		status = engine_mend(vault, vault->records, "records", records,
		    err);
	if (status == OURO_OK) {
		status = engine_mend(vault, vault->copies,
		    "second copy of the records", copies, err);
		compare->copies_failed = status != OURO_OK;
	}
	return status;
}

/*
 * Can rows be gone from both? Not when the copies are whole and had all that
 * the records had at a clean close; nor when the records are empty: what whole
 * copies have is then how everything was at some moment, the context included.
 */
static bool
versions_lost(struct ouro_vault *vault, const struct engine_stats *records,
    const struct engine_stats *copies)
{
	if (!records_lost(vault, records, copies))
		return false;
	if (stats_damaged(copies))
		return true;
	return stats_damaged(records) && records->keys > 0 &&
	    mark_read(vault->records, records, copies) != MARK_FITS;
}

/* Mends both and makes them equal. A failure of the copies alone does not
 * keep a vault closed whose records are whole. */
static enum ouro_status
copies_heal(struct ouro_vault *vault, const struct engine_stats *records,
    const struct engine_stats *copies, bool *rebuild, struct ouro_error *err)
{
	struct copies_compare compare = { .records = vault->records,
		.copies = vault->copies,
		.lost = records_lost(vault, records, copies) };
	struct ouro_error error;
	enum ouro_status status = OURO_OK;

	if (versions_lost(vault, records, copies))
		status = forget_begin(vault->records, &error);
	if (status == OURO_OK)
		status = both_mend(vault, records, copies, &compare, &error);
	if (status == OURO_OK) {
		status = copies_compare(&compare, &error);
		compare_tell(vault, &compare);
	}
	if (status == OURO_OK && compare.versions_unread)
		status = forget_begin(vault->records, &error);
	*rebuild = compare.lost || compare.restored > 0;
	if (status == OURO_OK && *rebuild && !compare.lost)
		status = mending_begin(vault->records, true, &error);
	if (status == OURO_OK)
		return OURO_OK;
	if (compare.copies_failed && !*rebuild) {
		copies_fail(vault, &error);
		return OURO_OK;
	}
	if (err != NULL)
		*err = error;
	return status;
}

/* What would be done, without doing it. */
static bool
rebuild_needed(struct ouro_vault *vault, const struct engine_stats *records,
    const struct engine_stats *copies)
{
	struct copies_compare compare = { .records = vault->records,
		.copies = vault->copies,
		.dry = true };
	struct ouro_error error;

	if (records_lost(vault, records, copies))
		return true;
	if (vault->copies == NULL ||
	    mark_read(vault->records, records, copies) == MARK_FITS)
		return false;
	if (copies_compare(&compare, &error) != OURO_OK)
		log_write(&vault->log, LOG_WARNING,
		    "records and their second copy could not be compared: %s",
		    error.text);
	return compare.restored > 0;
}

enum ouro_status
copies_reconcile(struct ouro_vault *vault, bool *rebuild,
    struct ouro_error *err)
{
	struct engine_stats records, copies;
	struct ouro_error error;
	enum ouro_status status;
	enum mark mark;
	bool lost;

	*rebuild = false;
	status = both_stats(vault, &records, &copies, err);
	if (status != OURO_OK)
		return status;
	if (vault->read_only || vault->copies == NULL) {
		*rebuild = rebuild_needed(vault, &records, &copies);
		return OURO_OK;
	}
	mark = mark_read(vault->records, &records, &copies);
	lost = records_lost(vault, &records, &copies);
	if (mark == MARK_STALE) {
		status = mark_remove(vault->records, &error);
		if (status != OURO_OK)
			log_write(&vault->log, LOG_WARNING,
			    "an old mark of a clean close stays: %s",
			    error.text);
	}
	if (!lost && !stats_damaged(&copies) && mark == MARK_FITS)
		return OURO_OK;
	return copies_heal(vault, &records, &copies, rebuild, err);
}

/* ---- reading -------------------------------------------------------------- */

/*
 * May a row that the records do not have be one that they lost? Only in a
 * vault that is opened for reading: otherwise the opening put all lost rows
 * back, and what only the copies have is a deletion on its way to them.
 */
static bool
may_be_lost(struct ouro_vault *vault)
{
	struct engine_stats records, copies;

	return vault->read_only &&
	    both_stats(vault, &records, &copies, NULL) == OURO_OK &&
	    records_lost(vault, &records, &copies);
}

enum ouro_status
set_get(struct ouro_vault *vault, struct bytes key, struct engine_value *out,
    struct ouro_error *err)
{
	enum ouro_status status = engine_get(vault->records, key, out, err);

	if (vault->copies == NULL)
		return status;
	if (status == OURO_DAMAGED ||
	    (status == OURO_NOT_FOUND && may_be_lost(vault))) {
		if (engine_get(vault->copies, key, out, NULL) == OURO_OK)
			return OURO_OK;
	}
	return status;
}
