#include "engine/assembly.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/fs.h"

#define REFERENCE_MIN 2048u /* smaller values are copied */

void
assembly_clear(struct assembly *assembly)
{
	assembly->bytes.size = 0;
	assembly->count = 0;
	assembly->size = 0;
}

void
assembly_release(struct assembly *assembly)
{
	buffer_release(&assembly->bytes);
	free(assembly->pieces);
	*assembly = (struct assembly){ 0 };
}

struct assembly_mark
assembly_mark(const struct assembly *assembly)
{
	return (struct assembly_mark){
		.count = assembly->count,
		.bytes_size = assembly->bytes.size,
		.last_size = assembly->count == 0
		    ? 0
		    : assembly->pieces[assembly->count - 1].size,
		.size = assembly->size,
	};
}

void
assembly_rewind(struct assembly *assembly, const struct assembly_mark *mark)
{
	assert(mark->count <= assembly->count);
	assembly->count = mark->count;
	assembly->bytes.size = mark->bytes_size;
	assembly->size = mark->size;
	if (mark->count > 0)
		assembly->pieces[mark->count - 1].size = mark->last_size;
}

static enum ouro_status
piece_add(struct assembly *assembly, struct assembly_piece piece,
    struct ouro_error *err)
{
	struct assembly_piece *last;

	if (piece.size == 0)
		return OURO_OK;
	last = assembly->count == 0 ? NULL
				    : &assembly->pieces[assembly->count - 1];
	if (last != NULL && last->data == NULL && piece.data == NULL) {
		last->size += piece.size;
		assembly->size += piece.size;
		return OURO_OK;
	}
	if (assembly->count == assembly->capacity) {
		size_t capacity = assembly->capacity * 2 + 16;
		struct assembly_piece *grown = realloc(assembly->pieces,
		    capacity * sizeof *grown);

		if (grown == NULL)
			return error_memory(err);
		assembly->pieces = grown;
		assembly->capacity = capacity;
	}
	assert(assembly->pieces != NULL);
	assembly->pieces[assembly->count++] = piece;
	assembly->size += piece.size;
	return OURO_OK;
}

/* Takes the next size bytes of the buffer, for which there is room. */
static enum ouro_status
stored_add(struct assembly *assembly, size_t size, struct ouro_error *err)
{
	struct assembly_piece piece = { NULL, assembly->bytes.size, size };

	assembly->bytes.size += size;
	return piece_add(assembly, piece, err);
}

static void
pair_put(uint8_t *at, const struct record *record, size_t value_size)
{
	if (record->key.size > 0)
		memcpy(at, record->key.data, record->key.size);
	if (value_size > 0)
		memcpy(at + record->key.size, record->value.data, value_size);
}

static enum ouro_status
sealed_put(const struct assembly *assembly, const struct record_frame *frame,
    const struct record *record, uint8_t *at, struct ouro_error *err)
{
	size_t size = record->key.size + record->value.size;
	struct record sealed = *record;
	enum ouro_status status;

	pair_put(at, record, record->value.size);
	sealed.session = assembly->session;
	status = record_seal(frame, &sealed, at, err);
	if (status != OURO_OK)
		bytes_wipe(at, size);
	return status;
}

/* Appends key, value, tag and CRC behind a head of that size, which lies at the
 * buffer's end and over which crc runs already; there is room for all that is
 * not pointed at. The CRC reads the caller's bytes where it can: those that
 * were only just stored would have to be waited for. */
static enum ouro_status
body_add(struct assembly *assembly, const struct record_frame *frame,
    const struct record *record, size_t head_size, uint32_t crc,
    struct ouro_error *err)
{
	bool pointed = !frame->sealed && record->value.size >= REFERENCE_MIN;
	size_t value_size = pointed ? 0 : record->value.size;
	size_t size = record->key.size + value_size;
	uint8_t *at = assembly->bytes.data + assembly->bytes.size + head_size;
	enum ouro_status status = OURO_OK;

	if (frame->sealed) {
		status = sealed_put(assembly, frame, record, at, err);
		size += TAG_SIZE;
		if (status == OURO_OK)
			crc = record_crc(crc, bytes_of(at, size));
	} else {
		crc = record_crc(crc, record->key);
		crc = record_crc(crc, record->value);
		pair_put(at, record, value_size);
	}
	if (status != OURO_OK)
		return status;
	put_u32le(at + size, crc);
	if (!pointed)
		return stored_add(assembly, head_size + size + RECORD_CRC, err);
	status = stored_add(assembly, head_size + size, err);
	if (status == OURO_OK)
		status = piece_add(assembly,
		    (struct assembly_piece){ record->value.data, 0,
			record->value.size },
		    err);
	return status == OURO_OK ? stored_add(assembly, RECORD_CRC, err)
				 : status;
}

/* Room for a record or a sub-record, as far as it is not pointed at. */
static enum ouro_status
room_make(struct assembly *assembly, const struct record_frame *frame,
    const struct record *record, struct ouro_error *err)
{
	size_t value = record->value.size;

	if (!frame->sealed && value >= REFERENCE_MIN)
		value = 0;
	return buffer_reserve(&assembly->bytes,
	    RECORD_HEAD_MAX + record->key.size + value + TAG_SIZE + RECORD_CRC,
	    err);
}

/* Writes a head, with the session where there is one; returns its size. */
static size_t
head_put(const struct assembly *assembly, const struct record_frame *frame,
    const struct record *record, uint8_t *head)
{
	uint32_t key_size = record->op == RECORD_BATCH
	    ? record->count
	    : (uint32_t)record->key.size;

	head[0] = RECORD_MAGIC_0;
	head[1] = RECORD_MAGIC_1;
	head[2] = record->op;
	put_u32le(head + 3, key_size);
	put_u32le(head + 7, (uint32_t)record->value.size);
	put_u64le(head + 11, record->sequence);
	put_u64le(head + 19, record->durable);
	if (frame->sealed)
		memcpy(head + RECORD_HEAD, assembly->session, RECORD_SESSION);
	return record_head(frame);
}

enum ouro_status
assembly_record(struct assembly *assembly, const struct record_frame *frame,
    const struct record *record, struct ouro_error *err)
{
	uint64_t end = assembly->size +
	    record_size(frame, record->key.size, record->value.size);
	struct record plain = *record;
	enum ouro_status status;
	uint8_t *head;
	size_t size;

	assert(!frame->old && record->op != RECORD_BATCH);
	plain.sub = false; /* also when it was copied out of a batch */
	status = room_make(assembly, frame, &plain, err);
	if (status != OURO_OK)
		return status;
	head = assembly->bytes.data + assembly->bytes.size;
	size = head_put(assembly, frame, &plain, head);
	status = body_add(assembly, frame, &plain, size,
	    record_crc(frame->salt_crc, bytes_of(head + 2, size - 2)), err);
	assert(status != OURO_OK || assembly->size == end);
	return status;
}

static uint64_t
subs_size(const struct record_frame *frame, const struct assembly_ops *ops)
{
	uint64_t size = 0;

	for (size_t i = 0; i < ops->count; i++) {
		struct record sub = assembly_op(ops, i);

		size += record_sub_size(frame, sub.key.size, sub.value.size);
	}
	return size;
}

uint64_t
assembly_batch_size(const struct record_frame *frame,
    const struct assembly_ops *ops)
{
	uint64_t size = subs_size(frame, ops);

	if (ops->count > UINT32_MAX || size > RECORD_BATCH_MAX)
		return UINT64_MAX;
	return record_head(frame) + size + RECORD_CRC;
}

/* Appends one sub-record behind others, or behind the batch's head. */
static enum ouro_status
sub_add(struct assembly *assembly, const struct record_frame *frame,
    const struct record *sub, struct ouro_error *err)
{
	enum ouro_status status = room_make(assembly, frame, sub, err);
	uint8_t head[8 + RECORD_SUB_HEAD];

	if (status != OURO_OK)
		return status;
	put_u64le(head, sub->sequence);
	head[8] = sub->op;
	put_u32le(head + 9, (uint32_t)sub->key.size);
	put_u32le(head + 13, (uint32_t)sub->value.size);
	memcpy(assembly->bytes.data + assembly->bytes.size, head + 8,
	    RECORD_SUB_HEAD);
	return body_add(assembly, frame, sub, RECORD_SUB_HEAD,
	    record_crc(frame->salt_crc, bytes_of(head, sizeof head)), err);
}

static enum ouro_status
batch_head_add(struct assembly *assembly, const struct record_frame *frame,
    const struct record *batch, struct ouro_error *err)
{
	enum ouro_status status = buffer_reserve(&assembly->bytes,
	    RECORD_HEAD_MAX, err);

	if (status != OURO_OK)
		return status;
	return stored_add(assembly,
	    head_put(assembly, frame, batch,
		assembly->bytes.data + assembly->bytes.size),
	    err);
}

/* Appends the CRC of all that was added since the mark, in one pass. */
static enum ouro_status
batch_crc_add(struct assembly *assembly, const struct record_frame *frame,
    const struct assembly_mark *mark, struct ouro_error *err)
{
	uint32_t crc = frame->salt_crc;
	/* The head may have joined the piece before it. */
	bool joined = mark->count > 0 &&
	    assembly->pieces[mark->count - 1].size > mark->last_size;
	size_t skip = (joined ? mark->last_size : 0) + 2;
	enum ouro_status status;

	for (size_t i = mark->count - joined; i < assembly->count; i++) {
		const struct assembly_piece *piece = &assembly->pieces[i];
		const uint8_t *data = piece->data != NULL
		    ? piece->data
		    : assembly->bytes.data + piece->offset;

		crc = record_crc(crc,
		    bytes_of(data + skip, piece->size - skip));
		skip = 0;
	}
	status = buffer_reserve(&assembly->bytes, RECORD_CRC, err);
	if (status != OURO_OK)
		return status;
	put_u32le(assembly->bytes.data + assembly->bytes.size, crc);
	return stored_add(assembly, RECORD_CRC, err);
}

enum ouro_status
assembly_batch(struct assembly *assembly, const struct record_frame *frame,
    const struct assembly_ops *ops, uint64_t sequence, uint64_t durable,
    struct ouro_error *err)
{
	uint64_t size = subs_size(frame, ops);
	uint64_t end = assembly->size + record_head(frame) + size + RECORD_CRC;
	struct assembly_mark mark = assembly_mark(assembly);
	struct record batch = {
		.op = RECORD_BATCH,
		.count = (uint32_t)ops->count,
		.value.size = (size_t)size,
		.sequence = sequence,
		.durable = durable,
	};
	enum ouro_status status;

	assert(!frame->old && ops->count <= UINT32_MAX &&
	    size <= RECORD_BATCH_MAX);
	status = batch_head_add(assembly, frame, &batch, err);
	for (size_t i = 0; status == OURO_OK && i < ops->count; i++) {
		struct record sub = assembly_op(ops, i);

		sub.sequence = sequence + i;
		sub.durable = durable;
		sub.sub = true;
		sub.batch_first = sequence;
		sub.batch_count = batch.count;
		status = sub_add(assembly, frame, &sub, err);
	}
	if (status == OURO_OK)
		status = batch_crc_add(assembly, frame, &mark, err);
	assert(status != OURO_OK || assembly->size == end);
	return status;
}

enum ouro_status
assembly_write(const struct assembly *assembly, struct fs_file *file,
    uint64_t offset, struct ouro_error *err)
{
	struct bytes parts[FS_PARTS_MAX];
	size_t done = 0;

	while (done < assembly->count) {
		uint64_t size = 0;
		enum ouro_status status;
		size_t n = 0;

		for (; n < FS_PARTS_MAX && done < assembly->count; n++) {
			const struct assembly_piece
			    *piece = &assembly->pieces[done++];

			parts[n] = bytes_of(piece->data != NULL
				? piece->data
				: assembly->bytes.data + piece->offset,
			    piece->size);
			size += piece->size;
		}
		status = fs_write(file, offset, parts, n, err);
		if (status != OURO_OK)
			return status;
		offset += size;
	}
	return OURO_OK;
}
