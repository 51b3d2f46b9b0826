/*
 * log_segments - the log's list of segments, and their numbers.
 */
#include "engine/log_engine.h"

#include <stdlib.h>

#include "base/error.h"

enum ouro_status
log_engine_segment_add(struct log_engine *log, struct segment *segment,
    struct ouro_error *err)
{
	size_t i = log->segment_count;

	if (i == log->segment_capacity) {
		size_t capacity = i * 2 + 16;
		struct segment **grown = realloc(log->segments,
		    capacity * sizeof(struct segment *));

		if (grown == NULL)
			return error_memory(err);
		log->segments = grown;
		log->segment_capacity = capacity;
	}
	for (; i > 0 && log->segments[i - 1]->id > segment->id; i--)
		log->segments[i] = log->segments[i - 1];
	log->segments[i] = segment;
	log->segment_count++;
	return OURO_OK;
}

enum ouro_status
log_engine_segment_publish(struct log_engine *log, struct segment *segment,
    struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;
	struct view *view;

	pthread_rwlock_wrlock(&log->lock);
	view = view_new(log->segment_count + 1, err);
	if (view == NULL)
		status = OURO_NO_MEMORY;
	if (status == OURO_OK)
		status = log_engine_segment_add(log, segment, err);
	if (status == OURO_OK)
		view_publish(log, view);
	else
		free(view);
	pthread_rwlock_unlock(&log->lock);
	return status;
}

void
log_engine_segment_remove(struct log_engine *log, const struct segment *segment)
{
	size_t i = 0;

	while (log->segments[i] != segment)
		i++;
	log->segment_count--;
	for (; i < log->segment_count; i++)
		log->segments[i] = log->segments[i + 1];
}

enum ouro_status
log_engine_id_take(struct log_engine *log, uint64_t *id, struct ouro_error *err)
{
	uint_fast64_t next = atomic_load(&log->id_next);

	do {
		if (next > HEADER_ID_MAX)
			return error_set(err, OURO_UNSUPPORTED,
			    "%s: no number is left for a new segment; the last "
			    "file has the highest there can be",
			    log->dir);
	} while (!atomic_compare_exchange_weak(&log->id_next, &next, next + 1));
	*id = next;
	return OURO_OK;
}

enum ouro_status
log_engine_ids(const struct log_engine *log, uint64_t **ids, uint32_t *count,
    struct ouro_error *err)
{
	*count = (uint32_t)log->segment_count;
	*ids = calloc(log->segment_count + 1, sizeof **ids);
	if (*ids == NULL)
		return error_memory(err);
	for (size_t i = 0; i < log->segment_count; i++)
		(*ids)[i] = log->segments[i]->id;
	return OURO_OK;
}
