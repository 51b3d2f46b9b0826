#include "engine/record.h"

#include <assert.h>

#include <isa-l/crc.h>

#include "base/error.h"
#include "crypt/aead.h"
#include "crypt/kdf.h"

_Static_assert(NONCE_SIZE == 12, "record_nonce fills a nonce");
_Static_assert(RECORD_MAX < UINT32_MAX, "sizes of records fit 32 bits");

static const char label_key[] = "ouroboros segment 1";

uint32_t
record_crc(uint32_t crc, struct bytes bytes)
{
	if (bytes.size == 0)
		return crc;
	return crc32_gzip_refl(crc, bytes.data, bytes.size);
}

enum ouro_status
record_frame_init(struct record_frame *frame, const uint8_t salt[RECORD_SALT],
    const uint8_t *seal_key, struct ouro_error *err)
{
	*frame = (struct record_frame){ .sealed = seal_key != NULL };
	memcpy(frame->salt, salt, RECORD_SALT);
	frame->salt_crc = record_crc(0, bytes_of(salt, RECORD_SALT));
	if (!frame->sealed)
		return OURO_OK;
	return kdf_hkdf(bytes_of(seal_key, KEY_SIZE),
	    bytes_of(salt, RECORD_SALT), bytes_text(label_key), frame->key,
	    sizeof frame->key, err);
}

void
record_frame_old(struct record_frame *frame)
{
	*frame = (struct record_frame){ .old = true };
}

void
record_frame_wipe(struct record_frame *frame)
{
	bytes_wipe(frame->key, sizeof frame->key);
}

void
record_additional(uint8_t out[RECORD_ADDITIONAL], uint8_t op, uint32_t key_size,
    uint32_t value_size, uint64_t sequence)
{
	out[0] = op;
	put_u32le(out + 1, key_size);
	put_u32le(out + 5, value_size);
	put_u64le(out + 9, sequence);
}

void
record_nonce(uint8_t out[12], uint64_t sequence)
{
	put_u64le(out, sequence);
	put_u32le(out + 8, 0);
}

/* ---- sizes -------------------------------------------------------------------- */

static uint64_t
tail_size(const struct record_frame *frame, uint8_t op)
{
	return (frame->sealed && op != RECORD_BATCH ? TAG_SIZE : 0) +
	    RECORD_CRC;
}

uint64_t
record_size(const struct record_frame *frame, uint64_t key_size,
    uint64_t value_size)
{
	return (frame->old ? RECORD_PREFIX : RECORD_HEAD) + key_size +
	    value_size + tail_size(frame, RECORD_PUT);
}

uint64_t
record_sub_size(const struct record_frame *frame, uint64_t key_size,
    uint64_t value_size)
{
	return RECORD_SUB_HEAD + key_size + value_size +
	    tail_size(frame, RECORD_PUT);
}

static bool
put_in_bounds(uint32_t key_size, uint32_t value_size)
{
	return key_size >= 1 && key_size <= ENGINE_KEY_MAX &&
	    value_size <= ENGINE_VALUE_MAX;
}

static bool
delete_in_bounds(uint32_t key_size, uint32_t value_size)
{
	return put_in_bounds(key_size, value_size) && value_size == 0;
}

static bool
lengths_in_bounds(uint8_t op, uint32_t key_size, uint32_t value_size)
{
	switch (op) {
	case RECORD_PUT:
		return put_in_bounds(key_size, value_size);
	case RECORD_DELETE:
		return delete_in_bounds(key_size, value_size);
	case RECORD_BATCH:
		return key_size >= 1 && value_size <= RECORD_BATCH_MAX &&
		    value_size / (RECORD_SUB_HEAD + RECORD_CRC) >= key_size;
	case RECORD_DROPPED:
		return key_size == 0 && value_size % 8 == 0 &&
		    value_size <= 8 * RECORD_DROPPED_MAX;
	case RECORD_OPENED:
	case RECORD_CLOSED:
		return key_size == 0 && value_size == 0;
	default:
		return false;
	}
}

/* The op of our format that means the same. */
static uint8_t
old_op(uint8_t op)
{
	return op == RECORD_OLD_SET   ? RECORD_PUT
	    : op == RECORD_OLD_DELETE ? RECORD_DELETE
				      : 0;
}

uint64_t
record_claim(const struct record_frame *frame, const uint8_t *head, size_t size)
{
	uint32_t key_size, value_size;
	uint64_t keys;
	uint8_t op;

	if (size < RECORD_PREFIX || head[0] != RECORD_MAGIC_0 ||
	    head[1] != RECORD_MAGIC_1)
		return 0;
	op = frame->old ? old_op(head[2]) : head[2];
	key_size = get_u32le(head + 3);
	value_size = get_u32le(head + 7);
	if (!lengths_in_bounds(op, key_size, value_size))
		return 0;
	keys = op == RECORD_BATCH ? 0 : key_size;
	return (frame->old ? RECORD_PREFIX : RECORD_HEAD) + keys + value_size +
	    tail_size(frame, op);
}

/* ---- decoding ------------------------------------------------------------------- */

bool
record_decode(const struct record_frame *frame, const uint8_t *data,
    size_t size, struct record *out)
{
	uint64_t claim = record_claim(frame, data, size);
	size_t head = frame->old ? RECORD_PREFIX : RECORD_HEAD;
	uint32_t key_size;

	if (claim == 0 || claim > size)
		return false;
	if (record_crc(frame->old ? 0 : frame->salt_crc,
		bytes_of(data + 2, (size_t)claim - 2 - RECORD_CRC)) !=
	    get_u32le(data + claim - RECORD_CRC))
		return false;
	*out = (struct record){ .op = data[2], .count = 1, .size = claim };
	key_size = get_u32le(data + 3);
	if (frame->old) {
		out->op = old_op(data[2]);
	} else {
		out->sequence = get_u64le(data + 11);
		out->durable = get_u64le(data + 19);
		if (out->sequence > RECORD_SEQUENCE_MAX ||
		    out->durable > RECORD_SEQUENCE_MAX)
			return false;
	}
	if (out->op == RECORD_BATCH) {
		out->count = key_size;
		key_size = 0;
	}
	out->key = bytes_of(data + head, key_size);
	out->value = bytes_of(data + head + key_size, get_u32le(data + 7));
	return true;
}

bool
record_sub_decode(const struct record_frame *frame, const uint8_t *data,
    size_t size, uint64_t sequence, struct record *out)
{
	uint32_t key_size, value_size, crc;
	uint8_t order[8];
	uint64_t claim;

	*out = (struct record){ .sub = true, .count = 1, .sequence = sequence };
	if (size < RECORD_SUB_HEAD)
		return false;
	out->op = data[0];
	key_size = get_u32le(data + 1);
	value_size = get_u32le(data + 5);
	if ((out->op != RECORD_PUT && out->op != RECORD_DELETE) ||
	    !lengths_in_bounds(out->op, key_size, value_size))
		return false;
	claim = record_sub_size(frame, key_size, value_size);
	if (claim > size)
		return false;
	out->size = claim;
	out->key = bytes_of(data + RECORD_SUB_HEAD, key_size);
	out->value = bytes_of(data + RECORD_SUB_HEAD + key_size, value_size);
	put_u64le(order, sequence);
	crc = record_crc(frame->salt_crc, bytes_of(order, sizeof order));
	crc = record_crc(crc, bytes_of(data, (size_t)claim - RECORD_CRC));
	return crc == get_u32le(data + claim - RECORD_CRC);
}

enum ouro_status
record_unseal(const struct record_frame *frame, struct record *record,
    struct ouro_error *err)
{
	uint8_t additional[RECORD_ADDITIONAL], nonce[NONCE_SIZE];
	size_t size = record->key.size + record->value.size;
	uint8_t *clear = (uint8_t *)(uintptr_t)record->key.data;

	if (!frame->sealed || record->op == RECORD_BATCH)
		return OURO_OK;
	assert(record->key.data + record->key.size == record->value.data);
	record_additional(additional, record->op, (uint32_t)record->key.size,
	    (uint32_t)record->value.size, record->sequence);
	record_nonce(nonce, record->sequence);
	return aead_open(frame->key, nonce,
	    bytes_of(additional, sizeof additional), bytes_of(clear, size),
	    clear + size, clear, err);
}
