/*
 * record - the bytes of one entry of a segment.
 *
 * Written by us, in a segment with a header (engine/header.h):
 *
 *   offset  length  data
 *   0       2       F0 F1
 *   2       1       op: 11 put, 12 delete, 13 batch, 14 dropped,
 *                       15 put, packed
 *   3       4       key_len    (batch: number of sub-records)
 *   7       4       val_len    (batch: bytes of all sub-records)
 *   11      8       sequence   (batch: of its first sub-record)
 *   19      8       durable-through
 *   27      16      session    only in a sealed segment
 *   ..      k       key
 *   ..      v       value      (dropped: the segments' ids, u64 each;
 *                               packed: engine/pack.h)
 *   ..      16      tag        only in a sealed segment, not in a batch
 *   ..      4       CRC-32 over salt and op ... the byte before
 *
 * Sub-record of a batch; the n-th has the batch's sequence + n:
 *
 *   0       1       op: 11 put, 12 delete, 15 put, packed
 *   1       4       key_len
 *   5       4       val_len
 *   9       k, v    key, value
 *   ..      16      tag        only in a sealed segment
 *   ..      4       CRC-32 over salt, sequence (u64) and op ... byte before
 *
 * Read only, in a segment without a header:
 *
 *   0       2       F0 F1
 *   2       1       op: 1 set, 2 delete
 *   3       4, 4    key_len, val_len
 *   11      k, v    key, value
 *   ..      4       CRC-32 over op ... value
 *
 * All integers are little-endian. Sealed: key and value together are
 * AES-256-GCM under the key of segment and session; nonce = sequence, 4 zero
 * bytes; additional data = op, key_len, val_len, sequence, durable-through,
 * and in a sub-record the batch's sequence and number of sub-records.
 *
 * A session is 16 random bytes, drawn at each opening of the store: copies of
 * one store that are written separately never seal under the same key.
 */
#ifndef ENGINE_RECORD_H
#define ENGINE_RECORD_H

#include "crypt/crypt.h"
#include "engine/engine.h"

enum record_op {
	RECORD_OLD_SET = 1,
	RECORD_OLD_DELETE = 2,
	RECORD_HEADER = 10,
	RECORD_PUT = 11,
	RECORD_DELETE = 12,
	RECORD_BATCH = 13,
	RECORD_DROPPED = 14,
	RECORD_PACKED = 15, /* a put whose value is packed */
};

#define RECORD_MAGIC_0	    0xf0
#define RECORD_MAGIC_1	    0xf1
#define RECORD_PREFIX	    11 /* up to and with val_len */
#define RECORD_HEAD	    27 /* up to the session or the key */
#define RECORD_SESSION	    16
#define RECORD_HEAD_MAX	    (RECORD_HEAD + RECORD_SESSION)
#define RECORD_SUB_HEAD	    9
#define RECORD_CRC	    4
#define RECORD_SALT	    16
#define RECORD_MIN	    (RECORD_PREFIX + RECORD_CRC)
#define RECORD_SEQUENCE_MAX (UINT64_MAX >> 1)
/* Bytes of a batch's sub-records together. */
#define RECORD_BATCH_MAX (2u * ENGINE_BATCH_MAX)
/* Bytes of the largest record of any kind. */
#define RECORD_MAX (RECORD_HEAD_MAX + RECORD_BATCH_MAX + TAG_SIZE + RECORD_CRC)
/* Segments that one `dropped` record can name. */
#define RECORD_DROPPED_MAX (128u * 1024)

struct record_keys;

/* What every record of one segment depends on. */
struct record_frame {
	bool old;    /* the format without header */
	bool sealed; /* never together with old */
	uint8_t salt[RECORD_SALT];
	uint32_t salt_crc;	  /* CRC-32 of the salt */
	struct record_keys *keys; /* when sealed */
};

/* Both are copied; seal_key is the store's, or NULL. record_frame_release
 * afterwards. */
enum ouro_status record_frame_init(struct record_frame *frame,
    const uint8_t salt[RECORD_SALT], const uint8_t *seal_key,
    struct ouro_error *err);
void record_frame_old(struct record_frame *frame);
void record_frame_release(struct record_frame *frame);

uint32_t record_crc(uint32_t crc, struct bytes bytes);
/* What the CRC of a sub-record with this sequence goes on from. */
uint32_t record_sub_crc(const struct record_frame *frame, uint64_t sequence);

/* A record, or a sub-record, as read. Bytes are borrowed. */
struct record {
	uint8_t op; /* RECORD_OLD_* are told as PUT and DELETE */
	bool sub;
	struct bytes key;   /* batch: empty */
	struct bytes value; /* batch: its sub-records */
	uint32_t count;	    /* batch: number of sub-records, else 1 */
	uint64_t sequence;  /* old: 0 */
	uint64_t durable;   /* durable-through; sub: the batch's; old: 0 */
	uint64_t size;	    /* of all its bytes */

	const uint8_t *session; /* sealed; sub: the batch's */
	uint64_t batch_first;	/* sub: sequence of the batch ... */
	uint32_t batch_count;	/* ... and its number of sub-records */
	uint32_t batch_offset;	/* ... and where in it this one begins */
};

/* Whether it is an operation on a key, and not what surrounds such. */
static inline bool
record_is_operation(const struct record *record)
{
	return record->op == RECORD_PUT || record->op == RECORD_PACKED ||
	    record->op == RECORD_DELETE;
}

/* Bytes of a record before the key, of a batch before the sub-records. */
static inline size_t
record_head(const struct record_frame *frame)
{
	return frame->old   ? RECORD_PREFIX
	    : frame->sealed ? RECORD_HEAD_MAX
			    : RECORD_HEAD;
}

/* Bytes a record that is no batch takes behind its value. */
static inline size_t
record_tail(const struct record_frame *frame)
{
	return (frame->sealed ? TAG_SIZE : 0) + RECORD_CRC;
}

/* Bytes a record takes. */
static inline uint64_t
record_size(const struct record_frame *frame, uint64_t key_size,
    uint64_t value_size)
{
	return record_head(frame) + key_size + value_size + record_tail(frame);
}

static inline uint64_t
record_sub_size(const struct record_frame *frame, uint64_t key_size,
    uint64_t value_size)
{
	return RECORD_SUB_HEAD + key_size + value_size + record_tail(frame);
}

/*
 * The size the record that begins at head claims, without looking further
 * than the first RECORD_PREFIX of size bytes. 0 when no record begins so:
 * no magic, an unknown op, a length out of bounds.
 */
uint64_t record_claim(const struct record_frame *frame, const uint8_t *head,
    size_t size);

/* Decodes the record at data if all of it is there and its CRC fits. key and
 * value point into data; in a sealed segment they are not yet readable. */
bool record_decode(const struct record_frame *frame, const uint8_t *data,
    size_t size, struct record *out);

/* The same for the batch's sub-record of this number, which begins at offset
 * `at` of its value. When the CRC does not fit but lengths are in bounds,
 * false with out->size set; else out->size = 0. */
bool record_sub_decode(const struct record_frame *frame,
    const struct record *batch, uint32_t number, size_t at, struct record *out);

/* What a batch's head, of which no checksum tells, says of its sub-records;
 * false when it is none. Its value stays empty. */
bool record_batch_head(const struct record_frame *frame, const uint8_t *head,
    size_t size, struct record *out);

/* Opens the seal in place; nothing to do in an open segment or for a batch.
 * Thread-safe. OURO_WRONG_KEY. */
enum ouro_status record_unseal(const struct record_frame *frame,
    struct record *record, struct ouro_error *err);

/* Seals size bytes (key and value) at `at` in place; the tag goes behind. */
enum ouro_status record_seal(const struct record_frame *frame,
    const struct record *record, uint8_t *at, struct ouro_error *err);

#endif
