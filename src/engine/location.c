#include "engine/location.h"

#include <inttypes.h>

#include "base/error.h"

uint64_t
location_size(const struct location *location, size_t key_size)
{
	const struct record_frame *frame = &location->segment->frame;

	if (location->batch_offset != 0)
		return record_sub_size(frame, key_size, location->value_size);
	return record_size(frame, key_size, location->value_size);
}

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

	if (location->state == PLACE_DAMAGED)
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
