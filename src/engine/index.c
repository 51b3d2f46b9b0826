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

	if (location->batch_offset != 0)
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

/* Where a sub-record is sealed, its batch's head is part of the seal; it is
 * read into the first bytes of block. */
static size_t
head_size(const struct location *location)
{
	const struct record_frame *frame = &location->segment->frame;

	return location->batch_offset != 0 && frame->sealed ? record_head(frame)
							    : 0;
}

static enum ouro_status
block_read(const struct location *location, size_t size, struct buffer *block,
    struct ouro_error *err)
{
	size_t head = head_size(location), got = 0, more = 0;
	enum ouro_status status = buffer_resize(block, head + size, err);
	struct fs_file *file;

	if (status == OURO_OK)
		status = segment_pin(location->segment, &file, err);
	if (status != OURO_OK)
		return status;
	if (head > 0)
		status = fs_read(file,
		    location->offset - location->batch_offset, block->data,
		    head, &got, err);
	if (status == OURO_OK)
		status = fs_read(file, location->offset, block->data + head,
		    size, &more, err);
	segment_unpin(location->segment);
	if (status == OURO_OK)
		block->size = got + more;
	return status;
}

static bool
block_decode(const struct location *location, const struct buffer *block,
    struct record *out)
{
	const struct record_frame *frame = &location->segment->frame;
	size_t head = head_size(location);
	struct record batch = { .sequence = location->sequence, .count = 1 };

	if (location->batch_offset == 0)
		return record_decode(frame, block->data, block->size, out);
	if (head > 0 &&
	    (!record_batch_head(frame, block->data, head, &batch) ||
		location->sequence < batch.sequence ||
		location->sequence - batch.sequence >= batch.count))
		return false;
	batch.value = bytes_of(block->data + head, block->size - head);
	return record_sub_decode(frame, &batch,
	    (uint32_t)(location->sequence - batch.sequence), 0, out);
}

enum ouro_status
location_read(const struct location *location, struct bytes key,
    struct buffer *block, struct bytes *value, struct ouro_error *err)
{
	const struct record_frame *frame = &location->segment->frame;
	size_t size = (size_t)location_size(location, key.size);
	struct record record;
	enum ouro_status status;

	if (location->state == LOCATION_DAMAGED)
		return location_damaged(location, err);
	status = block_read(location, size, block, err);
	if (status != OURO_OK)
		return status;
	if (block->size != head_size(location) + size ||
	    !block_decode(location, block, &record) ||
	    !record_fits(location, key, &record) ||
	    record_unseal(frame, &record, NULL) != OURO_OK ||
	    !bytes_equal(record.key, key))
		return location_damaged(location, err);
	*value = record.value;
	return OURO_OK;
}
