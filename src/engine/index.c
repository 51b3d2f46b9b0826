#include "engine/index.h"

#include <assert.h>
#include <inttypes.h>

#include "base/error.h"

enum ouro_status
index_init(struct index *index, struct ouro_error *err)
{
	*index = (struct index){ 0 };
	index->table = table_new(sizeof(struct location));
	return index->table == NULL ? error_memory(err) : OURO_OK;
}

void
index_release(struct index *index)
{
	table_free(index->table);
	index->table = NULL;
}

struct location *
index_find(const struct index *index, struct bytes key)
{
	return table_find(index->table, key);
}

uint64_t
location_size(const struct location *location, size_t key_size)
{
	const struct record_frame *frame = &location->segment->frame;

	if (location->sub)
		return record_sub_size(frame, key_size, location->value_size);
	return record_size(frame, key_size, location->value_size);
}

static void
count_in(struct index *index, const struct location *location, size_t key_size)
{
	uint64_t size = location_size(location, key_size);

	if (location->state != LOCATION_TOMBSTONE)
		index->keys++;
	if (location->state != LOCATION_VALUE)
		return;
	index->live_bytes += size;
	location->segment->live_bytes += size;
}

static void
count_out(struct index *index, const struct location *location, size_t key_size)
{
	uint64_t size = location_size(location, key_size);

	if (location->state != LOCATION_TOMBSTONE)
		index->keys--;
	if (location->state != LOCATION_VALUE)
		return;
	assert(location->segment->live_bytes >= size);
	index->live_bytes -= size;
	location->segment->live_bytes -= size;
}

/* Whether b is to replace a. A good copy of the same record heals damage. */
static bool
supersedes(const struct location *a, const struct location *b)
{
	return b->sequence > a->sequence ||
	    (b->sequence == a->sequence && a->state == LOCATION_DAMAGED &&
		b->state != LOCATION_DAMAGED);
}

enum ouro_status
index_note(struct index *index, struct bytes key,
    const struct location *location, struct ouro_error *err)
{
	struct location *place;
	bool made;

	if (location->sequence < location->segment->least)
		location->segment->least = location->sequence;
	place = table_insert(index->table, key, &made);
	if (place == NULL)
		return error_memory(err);
	if (!made) {
		if (!supersedes(place, location))
			return OURO_OK;
		count_out(index, place, key.size);
	}
	*place = *location;
	count_in(index, place, key.size);
	return OURO_OK;
}

void
index_move(struct index *index, struct bytes key, struct location *place,
    const struct location *to)
{
	assert(place->sequence == to->sequence && place->state == to->state);
	count_out(index, place, key.size);
	*place = *to;
	count_in(index, place, key.size);
	if (to->sequence < to->segment->least)
		to->segment->least = to->sequence;
}

void
index_forget(struct index *index, struct bytes key)
{
	assert(index_find(index, key)->state == LOCATION_TOMBSTONE);
	table_remove(index->table, key);
}

/* ---- reading -------------------------------------------------------------------- */

static enum ouro_status
location_damaged(const struct location *location, struct ouro_error *err)
{
	return error_set(err, OURO_DAMAGED,
	    "%s: the record at offset %" PRIu64 " is damaged",
	    location->segment->path, location->offset);
}

static bool
record_fits(const struct location *location, struct bytes key,
    const struct record *record)
{
	bool old = location->segment->frame.old;

	return record->op == RECORD_PUT && record->key.size == key.size &&
	    record->value.size == location->value_size &&
	    (old || record->sequence == location->sequence);
}

enum ouro_status
location_read(const struct location *location, struct bytes key,
    struct buffer *block, struct bytes *value, struct ouro_error *err)
{
	const struct record_frame *frame = &location->segment->frame;
	size_t size = (size_t)location_size(location, key.size), got;
	struct record record;
	enum ouro_status status;
	struct fs_file *file;
	bool good;

	if (location->state == LOCATION_DAMAGED)
		return location_damaged(location, err);
	status = buffer_resize(block, size, err);
	if (status != OURO_OK)
		return status;
	status = segment_pin(location->segment, &file, err);
	if (status != OURO_OK)
		return status;
	status = fs_read(file, location->offset, block->data, size, &got, err);
	segment_unpin(location->segment);
	if (status != OURO_OK)
		return status;
	good = got == size &&
	    (location->sub ? record_sub_decode(frame, block->data, size,
				 location->sequence, &record)
			   : record_decode(frame, block->data, size, &record));
	if (!good || !record_fits(location, key, &record) ||
	    record_unseal(frame, &record, NULL) != OURO_OK ||
	    !bytes_equal(record.key, key))
		return location_damaged(location, err);
	*value = record.value;
	return OURO_OK;
}
