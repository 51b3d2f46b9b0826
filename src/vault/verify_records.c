#include "base/error.h"
#include "vault/batch.h"
#include "vault/care.h"

/* ---- one record in both copies -------------------------------------------------- */

/* What one engine has for a key. */
struct side {
	struct engine *engine; /* NULL: this copy is lost as a whole */
	struct engine_value value;
	bool there; /* the key is, be it readable or not */
	bool good;  /* and its value is the record */
};

struct pair {
	struct side records, copies;
};

static void
side_read(struct ouro_vault *vault, struct bytes key, struct side *side)
{
	enum ouro_status status;

	if (side->engine == NULL)
		return;
	status = engine_get(side->engine, key, &side->value, NULL);
	side->there = status != OURO_NOT_FOUND;
	side->good = status == OURO_OK &&
	    record_fits(vault, key, side->value.bytes);
}

static void
pair_read(struct ouro_vault *vault, struct bytes key, struct pair *pair)
{
	*pair = (struct pair){ .records.engine = vault->records,
		.copies.engine = vault->copies };
	side_read(vault, key, &pair->records);
	side_read(vault, key, &pair->copies);
}

static void
pair_release(struct pair *pair)
{
	engine_value_release(&pair->records.value);
	engine_value_release(&pair->copies.value);
}

static bool
pair_is_whole(const struct pair *pair)
{
	return pair->records.good &&
	    (pair->copies.engine == NULL ||
		(pair->copies.good &&
		    bytes_equal(pair->records.value.bytes,
			pair->copies.value.bytes)));
}

/* A page that a put has just written may not be in the copies yet. */
static bool
record_is_pinned(struct ouro_vault *vault, struct bytes key)
{
	if (key.data[0] != ROW_PAGE || key.size != 1 + HASH_SIZE)
		return false;
	if (!pins_guard(&vault->pins, key.data + 1))
		return true;
	pins_unguard(&vault->pins);
	return false;
}

/* ---- mending -------------------------------------------------------------------------- */

static enum ouro_status
side_write(const struct side *side, enum engine_op_kind kind, struct bytes key,
    struct bytes value, struct ouro_error *err)
{
	struct engine_op op = { .kind = kind, .key = key, .value = value };

	return engine_apply(side->engine, &op, 1, ENGINE_SYNC_NEVER, err);
}

/* Makes both alike; set_lock is held. What only the copies have is lost from
 * records that had damage, else a deletion that they have not heard of. */
static enum ouro_status
pair_mend(struct care *care, struct bytes key, const struct pair *pair,
    struct ouro_error *err)
{
	const struct side *records = &pair->records, *copies = &pair->copies;

	if (records->good && copies->engine != NULL)
		return side_write(copies, ENGINE_PUT, key, records->value.bytes,
		    err);
	if (!records->there && !care->records_lost)
		return side_write(copies, ENGINE_DELETE, key, bytes_of(NULL, 0),
		    err);
	if (copies->good) {
		care->rows_bad = true;
		return side_write(records, ENGINE_PUT, key, copies->value.bytes,
		    err);
	}
	return OURO_OK;
}

static const char *
pair_text(const struct pair *pair)
{
	const struct side *records = &pair->records, *copies = &pair->copies;

	if (!records->good && !copies->good)
		return "cannot be read in either copy";
	if (!records->good)
		return records->there ? "is damaged; its second copy is good"
				      : "is in the second copy only";
	if (!copies->there)
		return "has no second copy";
	return copies->good ? "differs from its second copy"
			    : "is good; its second copy is damaged";
}

static const char *
table_text(struct bytes key)
{
	switch (key.data[0]) {
	case ROW_CONTENT:
		return "content";
	case ROW_PAGE:
		return "page";
	case ROW_REF:
		return "version";
	case ROW_TRASH:
		return "trash";
	default:
		return "context";
	}
}

static bool
is_of_history(struct bytes key)
{
	return key.data[0] == ROW_REF || key.data[0] == ROW_CONTEXT;
}

static enum ouro_status
fault_tell(struct care *care, struct bytes key, const struct pair *pair,
    enum ouro_state state, struct ouro_error *err)
{
	bool has_id = key.size == 1 + HASH_SIZE;
	const uint8_t *id = has_id ? key.data + 1 : NULL;
	struct engine_value value = { 0 };
	char name[24] = "";

	care->result->records_bad++;
	care->result->repaired += state == OURO_STATE_REPAIRED;
	care->unread |= state == OURO_STATE_LOST;
	if (has_id)
		id_short(id, name);
	care_tell(care, OURO_PART_RECORD, state, id, "%s record %s %s",
	    table_text(key), name, pair_text(pair));
	if (state == OURO_STATE_LOST && is_of_history(key) &&
	    record_good(care->vault, key, &value, NULL) == OURO_DAMAGED)
		return care_versions_lost(care, err);
	if (!has_id || key.data[0] == ROW_REF || key.data[0] == ROW_TRASH)
		return OURO_OK;
	return care_note(care, id, state, err);
}

/* Reads, judges and mends under the lock; pair stays for the caller. */
static enum ouro_status
pair_settle(struct care *care, struct bytes key, struct pair *pair,
    enum ouro_state *state, struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	*state = OURO_STATE_OK;
	pthread_mutex_lock(&care->vault->set_lock);
	pair_read(care->vault, key, pair);
	if (pair_is_whole(pair) ||
	    (!pair->records.there && !pair->copies.there) ||
	    record_is_pinned(care->vault, key))
		goto out;
	*state = pair->records.good || pair->copies.good ? OURO_STATE_DEGRADED
							 : OURO_STATE_LOST;
	if (care->repairing && *state == OURO_STATE_DEGRADED) {
		status = pair_mend(care, key, pair, err);
		*state = OURO_STATE_REPAIRED;
	}
out:
	pthread_mutex_unlock(&care->vault->set_lock);
	return status;
}

enum ouro_status
care_record(struct care *care, struct bytes key, struct engine_value *best,
    enum ouro_state *state, struct ouro_error *err)
{
	struct side *good = NULL;
	struct pair pair = { .records.there = false };
	enum ouro_status status;

	status = pair_settle(care, key, &pair, state, err);
	if (pair.records.there || pair.copies.there)
		care->result->records++;
	if (status == OURO_OK && *state != OURO_STATE_OK)
		status = fault_tell(care, key, &pair, *state, err);
	if (pair.records.good)
		good = &pair.records;
	else if (pair.copies.good && (pair.records.there || care->records_lost))
		good = &pair.copies;
	if (status == OURO_OK && good == NULL)
		status = error_set(err,
		    pair.records.there ? OURO_DAMAGED : OURO_NOT_FOUND,
		    "a record cannot be read");
	if (best != NULL)
		*best = (struct engine_value){ 0 };
	if (status == OURO_OK && best != NULL) {
		*best = good->value;
		good->value = (struct engine_value){ 0 };
	}
	pair_release(&pair);
	return status;
}

/* ---- both engines side by side --------------------------------------------------------- */

struct cursor {
	struct engine_scan *scan;
	struct bytes key, value; /* key.size 0: at the end */
	bool readable;
};

static enum ouro_status
cursor_next(struct cursor *cursor, struct ouro_error *err)
{
	enum ouro_status status;

	do {
		cursor->key = bytes_of(NULL, 0);
		if (cursor->scan == NULL)
			return OURO_OK;
		status = engine_scan_next(cursor->scan, &cursor->key,
		    &cursor->value, err);
	} while (status == OURO_DAMAGED && cursor->key.size == 0);
	cursor->readable = status == OURO_OK;
	if (status == OURO_END)
		cursor->key = bytes_of(NULL, 0);
	return status == OURO_END || status == OURO_DAMAGED ? OURO_OK : status;
}

static enum ouro_status
cursor_open(struct cursor *cursor, struct engine *engine,
    const struct engine_range *range, struct ouro_error *err)
{
	enum ouro_status status;

	*cursor = (struct cursor){ 0 };
	if (engine == NULL)
		return OURO_OK;
	status = engine_scan_open(engine, range, &cursor->scan, err);
	return status == OURO_OK ? cursor_next(cursor, err) : status;
}

/* <0: only the records have the lesser key; >0: only the copies. */
static int
cursors_compare(const struct cursor *records, const struct cursor *copies)
{
	if (records->key.size == 0)
		return 1;
	if (copies->key.size == 0)
		return -1;
	return bytes_compare(records->key, copies->key);
}

/* A record that needs a second look, under the lock. */
static enum ouro_status
record_suspect(struct care *care, struct bytes key, struct ouro_error *err)
{
	struct engine_value value;
	enum ouro_state state;
	enum ouro_status status;

	status = care_record(care, key, &value, &state, err);
	if (status == OURO_OK)
		status = care_record_rows(care, key, value.bytes, err);
	engine_value_release(&value);
	return status == OURO_DAMAGED || status == OURO_NOT_FOUND ? OURO_OK
								  : status;
}

/* One key, the least of both; whole or suspect. */
static enum ouro_status
cursors_visit(struct care *care, struct cursor *records, struct cursor *copies,
    struct ouro_error *err)
{
	int order = cursors_compare(records, copies);
	struct cursor *least = order <= 0 ? records : copies;
	enum ouro_status status;

	if (least->readable &&
	    (order == 0 ? copies->readable &&
			bytes_equal(records->value, copies->value)
			: care->vault->copies == NULL) &&
	    record_fits(care->vault, least->key, least->value)) {
		care->result->records++;
		status = care_record_rows(care, least->key, least->value, err);
	} else {
		status = record_suspect(care, least->key, err);
	}
	if (status == OURO_OK && order <= 0)
		status = cursor_next(records, err);
	if (status == OURO_OK && order >= 0)
		status = cursor_next(copies, err);
	return status;
}

static enum ouro_status
table_care(struct care *care, enum row_table table, struct ouro_error *err)
{
	struct row_key prefix = row_table(table);
	struct engine_range range = { .prefix = row_bytes(&prefix) };
	struct cursor records, copies = { 0 };
	enum ouro_status status;

	status = cursor_open(&records, care->vault->records, &range, err);
	if (status == OURO_OK)
		status = cursor_open(&copies, care->vault->copies, &range, err);
	while (status == OURO_OK &&
	    (records.key.size != 0 || copies.key.size != 0)) {
		status = cursors_visit(care, &records, &copies, err);
		if (status == OURO_OK)
			status = care_progress(care, 0, err);
	}
	engine_scan_close(records.scan);
	engine_scan_close(copies.scan);
	return status;
}

enum ouro_status
care_records(struct care *care, struct ouro_error *err)
{
	static const enum row_table tables[] = { ROW_CONTENT, ROW_PAGE, ROW_REF,
		ROW_CONTEXT, ROW_TRASH };
	enum ouro_status status = OURO_OK;

	for (unsigned i = 0; status == OURO_OK && i < 5; i++)
		status = table_care(care, tables[i], err);
	return status;
}
