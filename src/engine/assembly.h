/*
 * assembly - records on their way into a segment.
 *
 * Heads, keys, small values and everything sealed are gathered in one buffer;
 * large values are only pointed at, so the caller keeps them until
 * assembly_write or assembly_clear.
 */
#ifndef ENGINE_ASSEMBLY_H
#define ENGINE_ASSEMBLY_H

#include "engine/record.h"

struct fs_file;

/* A stretch of the buffer (data NULL) or of a caller's value. */
struct assembly_piece {
	const uint8_t *data;
	size_t offset;
	size_t size;
};

/* Zeroed = empty. */
struct assembly {
	struct buffer bytes;
	struct assembly_piece *pieces;
	size_t count;
	size_t capacity;
	uint64_t size;			 /* of all pieces */
	uint8_t session[RECORD_SESSION]; /* of sealed records */
};

/* Forgets what was gathered and keeps the memory. */
void assembly_clear(struct assembly *assembly);
void assembly_release(struct assembly *assembly);

/* A point to go back to, when a later record could not be appended. */
struct assembly_mark {
	size_t count, bytes_size, last_size;
	uint64_t size;
};

struct assembly_mark assembly_mark(const struct assembly *assembly);
void assembly_rewind(struct assembly *assembly,
    const struct assembly_mark *mark);

/* Appends one record that is no batch. After a failure the assembly is only
 * good for assembly_rewind or assembly_clear. */
enum ouro_status assembly_record(struct assembly *assembly,
    const struct record_frame *frame, const struct record *record,
    struct ouro_error *err);

/* Operations, and what is written of their values. */
struct assembly_ops {
	const struct engine_op *ops;
	size_t count;
	const struct bytes *packed; /* as pack.values (engine/pack.h) */
};

/* The i-th as a record; sequences and batch are still to be filled in. */
static inline struct record
assembly_op(const struct assembly_ops *ops, size_t i)
{
	const struct engine_op *op = &ops->ops[i];
	bool packed = ops->packed != NULL && ops->packed[i].data != NULL;

	return (struct record){
		.op = op->kind != ENGINE_PUT ? RECORD_DELETE
		    : packed		     ? RECORD_PACKED
					     : RECORD_PUT,
		.key = op->key,
		.value = packed ? ops->packed[i] : op->value,
		.count = 1,
	};
}

/* Appends a batch with sequences from `sequence` on. */
enum ouro_status assembly_batch(struct assembly *assembly,
    const struct record_frame *frame, const struct assembly_ops *ops,
    uint64_t sequence, uint64_t durable, struct ouro_error *err);

/* The size assembly_batch will add; UINT64_MAX when it is over a limit. */
uint64_t assembly_batch_size(const struct record_frame *frame,
    const struct assembly_ops *ops);

/* Writes everything at offset, with as few calls as possible. */
enum ouro_status assembly_write(const struct assembly *assembly,
    struct fs_file *file, uint64_t offset, struct ouro_error *err);

#endif
