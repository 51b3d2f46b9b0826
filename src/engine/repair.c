#include "engine/repair.h"

#include <stdlib.h>

#include "base/error.h"
#include "engine/commit.h"
#include "engine/compact.h"
#include "engine/fetch.h"
#include "engine/layers.h"
#include "engine/index_renew.h"
#include "engine/verify.h"

static struct verify_subject *
subject_of(const struct verify_check *check, const struct segment *segment)
{
	for (size_t i = 0; i < check->count; i++)
		if (check->subjects[i].segment == segment)
			return &check->subjects[i];
	return NULL;
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

/* Looks at one key: in a segment that is whole its value is there. */
static enum ouro_status
key_see(struct verify_check *check, const struct view *view, struct bytes key,
    const struct place *place, struct buffer *block, struct ouro_error *err)
{
	struct segment *segment = view_segment(view, place->segment);
	struct location location = location_of(place, segment);
	const struct verify_subject *subject;
	enum ouro_status status;
	struct bytes value;
	bool mapped;

	if (place->state == PLACE_TOMBSTONE || segment == NULL)
		return OURO_OK;
	subject = subject_of(check, segment);
	if (place->state != PLACE_DAMAGED &&
	    (subject == NULL || !subject->damaged))
		return OURO_OK;
	status = fetch_value(&location, key, block, &value, &mapped, err);
	return status == OURO_DAMAGED ? key_forget(check, key, &location, err)
				      : status;
}

static enum ouro_status
lost_keys_forget(struct verify_check *check, struct ouro_error *err)
{
	struct moment moment = moment_take(check->log);
	struct buffer key = { 0 }, block = { 0 };
	struct layers layers;
	enum ouro_status status = layers_open(&layers, &moment, err);

	if (status == OURO_OK)
		status = layers_seek(&layers, bytes_of(NULL, 0), false, false,
		    err);
	while (status == OURO_OK && layers.valid) {
		status = buffer_set(&key, layers.key, err);
		if (status == OURO_OK)
			status = key_see(check, moment.view, buffer_bytes(&key),
			    &layers.place, &block, err);
		if (status == OURO_OK)
			status = layers_next(&layers, err);
	}
	layers_close(&layers);
	moment_release(&moment);
	buffer_release(&key);
	buffer_release(&block);
	return status;
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

static enum ouro_status
index_repair(const struct verify_check *check, struct ouro_error *err)
{
	if (check->index_damaged)
		return index_renew(check->log, err);
	return index_renew_manifest(check->log, check->manifest_damaged, err);
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
	if (status == OURO_OK)
		status = index_repair(&check, err);
	if (status == OURO_OK && check.faults > check.index_faults) {
		status = lost_keys_forget(&check, err);
		if (status == OURO_OK)
			status = damaged_rewrite(&check, err);
	}
	verify_end(&check);
	pthread_mutex_unlock(&log->care);
	return status;
}
