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

static enum ouro_status
copy_add(struct assembly *assembly, struct bytes bytes, struct ouro_error *err)
{
	struct assembly_piece piece = { NULL, assembly->bytes.size,
		bytes.size };
	enum ouro_status status = buffer_append(&assembly->bytes, bytes, err);

	return status == OURO_OK ? piece_add(assembly, piece, err) : status;
}

static enum ouro_status
reference_add(struct assembly *assembly, struct bytes bytes,
    struct ouro_error *err)
{
	if (bytes.size < REFERENCE_MIN)
		return copy_add(assembly, bytes, err);
	return piece_add(assembly,
	    (struct assembly_piece){ bytes.data, 0, bytes.size }, err);
}

static enum ouro_status
crc_add(struct assembly *assembly, uint32_t crc, struct ouro_error *err)
{
	uint8_t bytes[RECORD_CRC];

	put_u32le(bytes, crc);
	return copy_add(assembly, bytes_of(bytes, sizeof bytes), err);
}

/* Appends key, value and tag, sealed; *crc runs over them. */
static enum ouro_status
sealed_add(struct assembly *assembly, const struct record_frame *frame,
    const struct record *record, uint32_t *crc, struct ouro_error *err)
{
	size_t size = record->key.size + record->value.size;
	struct record sealed = *record;
	struct buffer *bytes = &assembly->bytes;
	struct assembly_piece piece = { NULL, bytes->size, size + TAG_SIZE };
	enum ouro_status status;
	uint8_t *at;

	status = buffer_reserve(bytes, size + TAG_SIZE, err);
	if (status != OURO_OK)
		return status;
	at = bytes->data + bytes->size;
	if (record->key.size > 0)
		memcpy(at, record->key.data, record->key.size);
	if (record->value.size > 0)
		memcpy(at + record->key.size, record->value.data,
		    record->value.size);
	sealed.session = assembly->session;
	status = record_seal(frame, &sealed, at, err);
	if (status != OURO_OK) {
		bytes_wipe(at, size);
		return status;
	}
	bytes->size += size + TAG_SIZE;
	*crc = record_crc(*crc, bytes_of(at, size + TAG_SIZE));
	return piece_add(assembly, piece, err);
}

/* Appends key, value and, when sealed, the tag; *crc runs over them. */
static enum ouro_status
body_add(struct assembly *assembly, const struct record_frame *frame,
    const struct record *record, uint32_t *crc, struct ouro_error *err)
{
	enum ouro_status status;

	if (frame->sealed)
		return sealed_add(assembly, frame, record, crc, err);
	*crc = record_crc(*crc, record->key);
	*crc = record_crc(*crc, record->value);
	status = copy_add(assembly, record->key, err);
	if (status != OURO_OK)
		return status;
	return reference_add(assembly, record->value, err);
}

/* Appends a head, with the session where there is one; *crc begins. */
static enum ouro_status
head_add(struct assembly *assembly, const struct record_frame *frame,
    const struct record *record, uint32_t *crc, struct ouro_error *err)
{
	uint32_t key_size = record->op == RECORD_BATCH
	    ? record->count
	    : (uint32_t)record->key.size;
	uint8_t head[RECORD_HEAD_MAX];
	size_t size = record_head(frame);

	head[0] = RECORD_MAGIC_0;
	head[1] = RECORD_MAGIC_1;
	head[2] = record->op;
	put_u32le(head + 3, key_size);
	put_u32le(head + 7, (uint32_t)record->value.size);
	put_u64le(head + 11, record->sequence);
	put_u64le(head + 19, record->durable);
	if (frame->sealed)
		memcpy(head + RECORD_HEAD, assembly->session, RECORD_SESSION);
	*crc = record_crc(frame->salt_crc, bytes_of(head + 2, size - 2));
	return copy_add(assembly, bytes_of(head, size), err);
}

enum ouro_status
assembly_record(struct assembly *assembly, const struct record_frame *frame,
    const struct record *record, struct ouro_error *err)
{
	uint64_t end = assembly->size +
	    record_size(frame, record->key.size, record->value.size);
	struct record plain = *record;
	enum ouro_status status;
	uint32_t crc;

	assert(!frame->old && record->op != RECORD_BATCH);
	plain.sub = false; /* also when it was copied out of a batch */
	status = head_add(assembly, frame, &plain, &crc, err);
	if (status == OURO_OK)
		status = body_add(assembly, frame, &plain, &crc, err);
	if (status == OURO_OK)
		status = crc_add(assembly, crc, err);
	assert(status != OURO_OK || assembly->size == end);
	return status;
}

static uint64_t
subs_size(const struct record_frame *frame, const struct engine_op *ops,
    size_t count)
{
	uint64_t size = 0;

	for (size_t i = 0; i < count; i++)
		size += record_sub_size(frame, ops[i].key.size,
		    ops[i].value.size);
	return size;
}

uint64_t
assembly_batch_size(const struct record_frame *frame,
    const struct engine_op *ops, size_t count)
{
	uint64_t size = subs_size(frame, ops, count);

	if (count > UINT32_MAX || size > RECORD_BATCH_MAX)
		return UINT64_MAX;
	return record_head(frame) + size + RECORD_CRC;
}

/* Appends one sub-record; *outer, the batch's CRC, runs over all of it. */
static enum ouro_status
sub_add(struct assembly *assembly, const struct record_frame *frame,
    const struct record *sub, uint32_t *outer, struct ouro_error *err)
{
	uint8_t head[8 + RECORD_SUB_HEAD];
	struct bytes shown = bytes_of(head + 8, RECORD_SUB_HEAD);
	size_t body = assembly->bytes.size + RECORD_SUB_HEAD;
	enum ouro_status status;
	uint8_t tail[RECORD_CRC];
	uint32_t crc;

	put_u64le(head, sub->sequence);
	head[8] = sub->op;
	put_u32le(head + 9, (uint32_t)sub->key.size);
	put_u32le(head + 13, (uint32_t)sub->value.size);
	crc = record_crc(frame->salt_crc, bytes_of(head, sizeof head));
	*outer = record_crc(*outer, shown);
	status = copy_add(assembly, shown, err);
	if (status == OURO_OK)
		status = body_add(assembly, frame, sub, &crc, err);
	if (status != OURO_OK)
		return status;
	if (frame->sealed) {
		*outer = record_crc(*outer,
		    bytes_of(assembly->bytes.data + body,
			assembly->bytes.size - body));
	} else {
		*outer = record_crc(*outer, sub->key);
		*outer = record_crc(*outer, sub->value);
	}
	put_u32le(tail, crc);
	*outer = record_crc(*outer, bytes_of(tail, sizeof tail));
	return crc_add(assembly, crc, err);
}

enum ouro_status
assembly_batch(struct assembly *assembly, const struct record_frame *frame,
    const struct engine_op *ops, size_t count, uint64_t sequence,
    uint64_t durable, struct ouro_error *err)
{
	uint64_t size = subs_size(frame, ops, count);
	uint64_t end = assembly->size + record_head(frame) + size + RECORD_CRC;
	struct record batch = {
		.op = RECORD_BATCH,
		.count = (uint32_t)count,
		.value.size = (size_t)size,
		.sequence = sequence,
		.durable = durable,
	};
	enum ouro_status status;
	uint32_t crc;

	assert(!frame->old && count <= UINT32_MAX && size <= RECORD_BATCH_MAX);
	status = head_add(assembly, frame, &batch, &crc, err);
	for (size_t i = 0; status == OURO_OK && i < count; i++) {
		struct record sub = {
			.op = ops[i].kind == ENGINE_PUT ? RECORD_PUT
							: RECORD_DELETE,
			.key = ops[i].key,
			.value = ops[i].value,
			.sequence = sequence + i,
			.durable = durable,
			.sub = true,
			.batch_first = sequence,
			.batch_count = (uint32_t)count,
		};

		status = sub_add(assembly, frame, &sub, &crc, err);
	}
	if (status == OURO_OK)
		status = crc_add(assembly, crc, err);
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
