#include "engine/repair.h"

#include <stdlib.h>

#include "base/error.h"
#include "engine/commit.h"
#include "engine/compact.h"
#include "engine/verify.h"

static struct verify_subject *
subject_of(const struct verify_check *check, const struct segment *segment)
{
	for (size_t i = 0; i < check->count; i++)
		if (check->subjects[i].segment == segment)
			return &check->subjects[i];
	return NULL;
}

/* The next key behind *key whose newest record lies in a damaged segment;
 * *key and *location (referenced) are set. */
static enum ouro_status
suspect_next(const struct verify_check *check, struct buffer *key,
    struct location *location, struct ouro_error *err)
{
	struct log_engine *log = check->log;
	enum ouro_status status = OURO_END;
	struct table_cursor cursor;
	bool more;

	pthread_rwlock_rdlock(&log->lock);
	more = table_seek(log->index.table, buffer_bytes(key), key->size > 0,
	    &cursor);
	for (; more; more = table_next(&cursor)) {
		const struct location *place = cursor.payload;
		const struct verify_subject *subject = subject_of(check,
		    place->segment);

		if (place->state == LOCATION_TOMBSTONE || subject == NULL ||
		    !subject->damaged)
			continue;
		status = buffer_set(key, cursor.key, err);
		if (status == OURO_OK) {
			*location = *place;
			segment_ref(location->segment);
		}
		break;
	}
	pthread_rwlock_unlock(&log->lock);
	return status;
}

/* Deletes a key whose newest value cannot be read: the tombstone keeps any
 * older value from coming back. */
static enum ouro_status
key_forget(struct verify_check *check, struct bytes key,
    const struct location *location, struct ouro_error *err)
{
	struct engine_op op = { .kind = ENGINE_DELETE, .key = key };

	verify_tell(check,
	    &(struct engine_damage){ .file = location->segment->path,
		.offset = location->offset,
		.size = location_size(location, key.size),
		.key = key,
		.text = "the value is lost; its key is now absent" });
	return commit_ops(check->log, &op, 1, ENGINE_SYNC_NEVER, err);
}

static enum ouro_status
lost_keys_forget(struct verify_check *check, struct ouro_error *err)
{
	struct buffer key = { 0 }, block = { 0 };
	enum ouro_status status = OURO_OK;

	while (status == OURO_OK) {
		struct location location;
		struct bytes value;

		status = suspect_next(check, &key, &location, err);
		if (status != OURO_OK)
			break;
		status = location_read(&location, buffer_bytes(&key), &block,
		    &value, err);
		if (status == OURO_DAMAGED)
			status = key_forget(check, buffer_bytes(&key),
			    &location, err);
		segment_unref(location.segment);
	}
	buffer_release(&key);
	buffer_release(&block);
	return status == OURO_END ? OURO_OK : status;
}

static enum ouro_status
damaged_rewrite(struct verify_check *check, struct ouro_error *err)
{
	struct log_engine *log = check->log;
	struct segment **victims = calloc(check->count + 1,
	    sizeof(struct segment *));
	enum ouro_status status;
	size_t count = 0;

	if (victims == NULL)
		return error_memory(err);
	for (size_t i = 0; i < check->count; i++)
		if (check->subjects[i].damaged)
			victims[count++] = check->subjects[i].segment;
	status = compact_segments(log, victims, &check->missing, true, err);
	free(victims);
	if (status != OURO_OK)
		return status;
	pthread_rwlock_wrlock(&log->lock);
	id_set_release(&log->missing);
	pthread_rwlock_unlock(&log->lock);
	return OURO_OK;
}

enum ouro_status
repair_all(struct engine *engine, engine_damage_report *report, void *context,
    struct ouro_error *err)
{
	struct log_engine *log = log_engine_of(engine);
	struct verify_check check = { .log = log, .report = report };
	enum ouro_status status;

	check.context = context;
	pthread_mutex_lock(&log->care);
	status = commit_rotate(log, err); /* nothing damaged grows on */
	if (status == OURO_OK)
		status = verify_run(&check, err);
	if (status == OURO_OK && check.faults > 0) {
		status = lost_keys_forget(&check, err);
		if (status == OURO_OK)
			status = damaged_rewrite(&check, err);
	}
	verify_end(&check);
	pthread_mutex_unlock(&log->care);
	return status;
}
