/*
 * lookup - one key: get, copy, exists of log_engine.h.
 */
#include "engine/log_engine.h"

#include <stdlib.h>

#include "base/error.h"
#include "engine/fetch.h"

static enum ouro_status
not_found(struct ouro_error *err)
{
	return error_plain(err, OURO_NOT_FOUND, "no such key");
}

/* The value's or damaged record's location; from inside an epoch. */
static enum ouro_status
record_find(struct log_engine *log, struct bytes key, struct location *out,
    struct ouro_error *err)
{
	enum ouro_status status = index_peek(log, key, out, err);

	if (status == OURO_NOT_FOUND ||
	    (status == OURO_OK && out->state == PLACE_TOMBSTONE))
		return not_found(err);
	return status;
}

static void
value_free(struct engine_value *value)
{
	free(value->owner);
}

static void
value_leave(struct engine_value *value)
{
	epoch_leave(value->owner);
}

enum ouro_status
log_get(struct engine *engine, struct bytes key, struct engine_value *out,
    struct ouro_error *err)
{
	struct log_engine *log = log_engine_of(engine);
	struct epoch_slot *slot = epoch_enter(log->epoch);
	struct buffer block = { 0 };
	struct location location;
	bool mapped = false;
	enum ouro_status status = record_find(log, key, &location, err);

	if (status == OURO_OK)
		status = fetch_value(&location, key, &block, &out->bytes,
		    &mapped, err);
	if (status == OURO_OK && mapped) {
		buffer_release(&block);
		out->owner = slot;
		out->release = value_leave;
		return OURO_OK;
	}
	epoch_leave(slot);
	if (status != OURO_OK) {
		buffer_release(&block);
		out->bytes = bytes_of(NULL, 0);
		return status;
	}
	out->owner = block.data;
	out->release = value_free;
	return OURO_OK;
}

enum ouro_status
log_copy(struct engine *engine, struct bytes key, struct buffer *out,
    struct ouro_error *err)
{
	struct log_engine *log = log_engine_of(engine);
	struct epoch_slot *slot = epoch_enter(log->epoch);
	struct buffer block = { 0 };
	struct location location;
	struct bytes value;
	bool mapped;
	enum ouro_status status = record_find(log, key, &location, err);

	if (status == OURO_OK)
		status = fetch_value(&location, key, &block, &value, &mapped,
		    err);
	if (status == OURO_OK)
		status = buffer_set(out, value, err);
	epoch_leave(slot);
	buffer_release(&block);
	return status;
}

enum ouro_status
log_exists(struct engine *engine, struct bytes key, uint64_t *value_size,
    struct ouro_error *err)
{
	struct log_engine *log = log_engine_of(engine);
	struct epoch_slot *slot = epoch_enter(log->epoch);
	struct location location;
	enum ouro_status status = record_find(log, key, &location, err);

	epoch_leave(slot);
	if (status == OURO_OK && value_size != NULL)
		*value_size = location_clear_size(&location);
	return status;
}
