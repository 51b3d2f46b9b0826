#include "engine/fetch.h"

#include <inttypes.h>

#include "base/error.h"

#define LINE_SIZE      64u
#define PREFETCH_BYTES 256u

static enum ouro_status
damaged(const struct segment *segment, const struct location *location,
    struct ouro_error *err)
{
	return error_set(err, OURO_DAMAGED,
	    "%s: the record at offset %" PRIu64 " is damaged", segment->path,
	    location->offset);
}

/* ---- records that are not sealed ------------------------------------------------- */

static uint8_t
op_of(const struct location *location, bool old)
{
	if (location->state == PLACE_TOMBSTONE)
		return old ? RECORD_OLD_DELETE : RECORD_DELETE;
	if (old)
		return RECORD_OLD_SET;
	return location->packed ? RECORD_PACKED : RECORD_PUT;
}

/* Whether the record at data, of that size, is the one of key and location. */
static bool
record_is(const struct record_frame *frame, const uint8_t *data, size_t size,
    const struct location *location, struct bytes key)
{
	size_t head = record_head(frame);

	return data[0] == RECORD_MAGIC_0 && data[1] == RECORD_MAGIC_1 &&
	    data[2] == op_of(location, frame->old) &&
	    get_u32le(data + 3) == key.size &&
	    get_u32le(data + 7) == location->value_size &&
	    (frame->old || get_u64le(data + 11) == location->sequence) &&
	    memcmp(data + head, key.data, key.size) == 0 &&
	    record_crc(frame->salt_crc,
		bytes_of(data + 2, size - 2 - RECORD_CRC)) ==
	    get_u32le(data + size - RECORD_CRC);
}

static bool
sub_is(const struct record_frame *frame, const uint8_t *data, size_t size,
    const struct location *location, struct bytes key)
{
	return data[0] == op_of(location, false) &&
	    get_u32le(data + 1) == key.size &&
	    get_u32le(data + 5) == location->value_size &&
	    memcmp(data + RECORD_SUB_HEAD, key.data, key.size) == 0 &&
	    record_crc(record_sub_crc(frame, location->sequence),
		bytes_of(data, size - RECORD_CRC)) ==
	    get_u32le(data + size - RECORD_CRC);
}

static bool
plain_is(const struct record_frame *frame, const uint8_t *data, size_t size,
    const struct location *location, struct bytes key, struct bytes *value)
{
	size_t head;
	bool good;

	if (location->batch_offset != 0) {
		head = RECORD_SUB_HEAD;
		good = sub_is(frame, data, size, location, key);
	} else {
		head = record_head(frame);
		good = record_is(frame, data, size, location, key);
	}
	*value = bytes_of(data + head + key.size, location->value_size);
	return good;
}

/* ---- sealed ones ------------------------------------------------------------------- */

/* Where a sub-record is sealed, its batch's head is part of the seal; it is
 * read into the first bytes of block. */
static size_t
head_size(const struct record_frame *frame, const struct location *location)
{
	return location->batch_offset != 0 && frame->sealed ? record_head(frame)
							    : 0;
}

static bool
sealed_decode(const struct record_frame *frame, const struct location *location,
    const struct buffer *block, struct record *out)
{
	size_t head = head_size(frame, location);
	struct record batch;

	if (head == 0)
		return record_decode(frame, block->data, block->size, out);
	if (!record_batch_head(frame, block->data, head, &batch) ||
	    location->sequence < batch.sequence ||
	    location->sequence - batch.sequence >= batch.count)
		return false;
	batch.value = bytes_of(block->data + head, block->size - head);
	return record_sub_decode(frame, &batch,
	    (uint32_t)(location->sequence - batch.sequence), 0, out);
}

/* OURO_DAMAGED without a text; a cipher that cannot work is no damage. */
static enum ouro_status
sealed_take(const struct record_frame *frame, const struct location *location,
    const struct buffer *block, struct bytes key, struct bytes *value,
    struct ouro_error *err)
{
	struct record record;
	enum ouro_status status;

	if (!sealed_decode(frame, location, block, &record) ||
	    record.op != op_of(location, false) ||
	    record.key.size != key.size ||
	    record.value.size != location->value_size ||
	    record.sequence != location->sequence)
		return OURO_DAMAGED;
	status = record_unseal(frame, &record, err);
	if (status != OURO_OK)
		return status == OURO_WRONG_KEY ? OURO_DAMAGED : status;
	*value = record.value;
	return bytes_equal(record.key, key) ? OURO_OK : OURO_DAMAGED;
}

/* ---- both ------------------------------------------------------------------------- */

static enum ouro_status
block_load(struct segment *segment, const struct location *location,
    size_t size, struct buffer *block, struct ouro_error *err)
{
	size_t head = head_size(&segment->frame, location), got = 0, more = 0;
	enum ouro_status status = buffer_resize(block, head + size, err);
	struct fs_file *file;

	if (status == OURO_OK)
		status = segment_pin(segment, &file, err);
	if (status != OURO_OK)
		return status;
	if (head > 0)
		status = fs_read(file,
		    location->offset - location->batch_offset, block->data,
		    head, &got, err);
	if (status == OURO_OK)
		status = fs_read(file, location->offset, block->data + head,
		    size, &more, err);
	segment_unpin(segment);
	if (status == OURO_OK && got + more != head + size)
		return damaged(segment, location, err);
	return status;
}

static enum ouro_status
value_load(struct segment *segment, const struct location *location,
    struct bytes key, struct buffer *block, struct bytes *value,
    struct ouro_error *err)
{
	const struct record_frame *frame = &segment->frame;
	size_t size = (size_t)location_size(location, key.size);
	enum ouro_status status = block_load(segment, location, size, block,
	    err);

	if (status != OURO_OK)
		return status;
	if (frame->sealed)
		status = sealed_take(frame, location, block, key, value, err);
	else if (!plain_is(frame, block->data, size, location, key, value))
		status = OURO_DAMAGED;
	return status == OURO_DAMAGED ? damaged(segment, location, err)
				      : status;
}

static void
lines_prefetch(const uint8_t *data, size_t size)
{
	size_t end = size < PREFETCH_BYTES ? size : PREFETCH_BYTES;

	for (size_t at = 0; at < end; at += LINE_SIZE)
		__builtin_prefetch(data + at);
}

/* The bytes in the record. */
static enum ouro_status
value_find(const struct location *location, struct bytes key,
    struct buffer *block, struct bytes *value, bool *mapped,
    struct ouro_error *err)
{
	struct segment *segment = location->segment;
	size_t size = (size_t)location_size(location, key.size);
	const uint8_t *data;
	enum ouro_status status;

	*mapped = false;
	if (location->state == PLACE_DAMAGED)
		return damaged(segment, location, err);
	data = segment_map_known(segment, location->offset, size);
	if (data == NULL) {
		status = segment_map_get(segment, location->offset, size, block,
		    &data, err);
		if (status != OURO_OK)
			return status;
	}
	if (data == NULL)
		return value_load(segment, location, key, block, value, err);
	lines_prefetch(data, size); /* all at once, and not line by line */
	if (!plain_is(&segment->frame, data, size, location, key, value))
		return damaged(segment, location, err);
	*mapped = true;
	return OURO_OK;
}

/* The value that packed bytes become, which may lie in block. */
static enum ouro_status
value_unpack(const struct location *location, struct buffer *block,
    struct bytes *value, struct ouro_error *err)
{
	struct buffer clear = { 0 };
	enum ouro_status status = OURO_DAMAGED;

	if (value->size >= PACK_HEAD &&
	    pack_clear_size(*value) == location->clear_size)
		status = pack_open(&location->segment->files->packs, *value,
		    &clear, err);
	if (status == OURO_DAMAGED)
		status = error_set(err, OURO_DAMAGED,
		    "%s: the packed value at offset %" PRIu64
		    " does not unpack",
		    location->segment->path, location->offset);
	if (status != OURO_OK) {
		buffer_release(&clear);
		return status;
	}
	buffer_release(block);
	*block = clear;
	*value = buffer_bytes(block);
	return OURO_OK;
}

enum ouro_status
fetch_value(const struct location *location, struct bytes key,
    struct buffer *block, struct bytes *value, bool *mapped,
    struct ouro_error *err)
{
	enum ouro_status status = value_find(location, key, block, value,
	    mapped, err);

	if (status != OURO_OK || !location->packed)
		return status;
	*mapped = false;
	return value_unpack(location, block, value, err);
}

void
fetch_prefetch(const struct location *location)
{
	size_t size = RECORD_HEAD + location->value_size;
	const uint8_t *data;

	if (size > PREFETCH_BYTES)
		size = PREFETCH_BYTES;
	data = segment_map_known(location->segment, location->offset, size);
	if (data == NULL)
		return;
	for (size_t at = 0; at < size + LINE_SIZE; at += LINE_SIZE)
		__builtin_prefetch(data + at);
}
