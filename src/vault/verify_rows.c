#include <inttypes.h>

#include "base/error.h"
#include "vault/care.h"

/* The rows of one record while they are checked. */
struct row_check {
	struct care *care;
	struct bytes record; /* key of the record they follow from */
};

static const char *
row_text(const struct row_key *key)
{
	switch (key->data[0]) {
	case ROW_USE:
		return "use";
	case ROW_CHILD:
		return "child";
	case ROW_ROOT:
		return "root";
	case ROW_AWAITED:
		return "awaited parent";
	case ROW_NAME:
		return "name";
	case ROW_HEADS:
		return "heads";
	case ROW_EXPIRY:
		return "expiry";
	default:
		return "unknown";
	}
}

static void
row_fault(struct care *care, const struct row_key *key, const char *what)
{
	const uint8_t *id = row_last_id(row_bytes(key));
	enum ouro_state state = care->repairing ? OURO_STATE_REPAIRED
						: OURO_STATE_DEGRADED;

	care->rows_bad = true;
	care->result->records_bad++;
	care->result->repaired += care->repairing;
	care_tell(care, OURO_PART_RECORD, state, id, "%s row %s", row_text(key),
	    what);
}

/* Follows not from one record alone: from whether the parent is there too. */
static bool
row_may_change(const struct row_key *key)
{
	return key->data[0] == ROW_ROOT || key->data[0] == ROW_AWAITED;
}

/* Is still wrong when nobody commits, the record is still there and still
 * gives it: a content is no root any more once its parent came. */
static bool
row_is_wrong(struct care *care, struct bytes record, const struct row_key *key,
    const struct bytes *value)
{
	struct ouro_vault *vault = care->vault;
	bool wrong;

	pthread_mutex_lock(&vault->set_lock);
	wrong = engine_exists(vault->records, record, NULL, NULL) == OURO_OK &&
	    !derived_is(vault, key, value) &&
	    (!row_may_change(key) || derived_gives(vault, row_bytes(key)));
	pthread_mutex_unlock(&vault->set_lock);
	return wrong;
}

static enum ouro_status
row_expected(void *context, const struct row_key *key,
    const struct bytes *value, struct ouro_error *err)
{
	struct row_check *check = context;
	struct care *care = check->care;

	(void)err;
	care->result->records++;
	care->expected[derived_index(row_bytes(key))]++;
	if (!derived_is(care->vault, key, value) &&
	    row_is_wrong(care, check->record, key, value))
		row_fault(care, key, "is missing or wrong");
	return OURO_OK;
}

enum ouro_status
care_record_rows(struct care *care, struct bytes key, struct bytes record,
    struct ouro_error *err)
{
	struct row_check check = { .care = care, .record = key };

	return derived_record(care->vault, key, record, row_expected, &check,
	    err);
}

/* ---- names ------------------------------------------------------------------------- */

static enum ouro_status
name_expected(void *context, const struct row_key *key,
    const struct bytes *value, struct ouro_error *err)
{
	struct care *care = context;

	(void)err;
	if (!derived_is(care->vault, key, value) &&
	    !derived_name_is(care->vault, key))
		row_fault(care, key, "is missing or wrong");
	return OURO_OK;
}

/* ---- extras ---------------------------------------------------------------------------- */

static enum ouro_status
row_extra(void *context, const struct row_key *key, const struct bytes *value,
    struct ouro_error *err)
{
	struct care *care = context;
	struct ouro_vault *vault = care->vault;
	bool there;

	(void)value;
	(void)err;
	pthread_mutex_lock(&vault->set_lock);
	there = engine_exists(vault->records, row_bytes(key), NULL, NULL) ==
		OURO_OK &&
	    !(row_may_change(key) && derived_gives(vault, row_bytes(key)));
	pthread_mutex_unlock(&vault->set_lock);
	if (there && !care->unread)
		row_fault(care, key, "belongs to no record");
	return OURO_OK;
}

enum ouro_status
care_rows(struct care *care, struct ouro_error *err)
{
	bool extras = false;
	enum ouro_status status = OURO_OK;

	for (unsigned i = 0; status == OURO_OK && i < DERIVED_TABLES; i++) {
		uint64_t count = 0;

		status = derived_count(care->vault, derived_tables[i], &count,
		    err);
		extras |= count != care->expected[i];
	}
	if (status == OURO_OK)
		status = derived_names(care->vault, false, name_expected,
		    row_extra, care, err);
	if (status == OURO_OK && extras)
		status = derived_extras(care->vault, row_extra, care, err);
	return status;
}
