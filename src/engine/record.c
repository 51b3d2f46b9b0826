#include "engine/record.h"

#include <assert.h>
#include <stdlib.h>

#include <pthread.h>

#include <isa-l/crc.h>

#include "base/error.h"
#include "crypt/aead.h"
#include "crypt/kdf.h"
#include "engine/pack.h"

#define ADDITIONAL_MAX 37 /* of a sub-record; others have 25 */

static const char label_key[] = "ouroboros segment 1";

/* A segment's keys: one per session that wrote to it, the last one kept. */
struct record_keys {
	uint8_t seal_key[KEY_SIZE];
	pthread_mutex_t lock; /* guards what follows */
	bool known;
	uint8_t session[RECORD_SESSION];
	uint8_t key[KEY_SIZE];
};

/*
 * From this size on ISA-L uses the widest registers and leaves their upper
 * halves in use, which makes all that follows without them several times as
 * slow on many processors.
 */
#define CRC_WIDE_MIN 256

static void
registers_clear(void)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx"))
		__asm__ volatile("vzeroupper");
#endif
}

uint32_t
record_crc(uint32_t crc, struct bytes bytes)
{
	if (bytes.size == 0)
		return crc;
	crc = crc32_gzip_refl(crc, bytes.data, bytes.size);
	if (bytes.size >= CRC_WIDE_MIN)
		registers_clear();
	return crc;
}

uint32_t
record_sub_crc(const struct record_frame *frame, uint64_t sequence)
{
	uint8_t order[8];

	put_u64le(order, sequence);
	return record_crc(frame->salt_crc, bytes_of(order, sizeof order));
}

enum ouro_status
record_frame_init(struct record_frame *frame, const uint8_t salt[RECORD_SALT],
    const uint8_t *seal_key, struct ouro_error *err)
{
	*frame = (struct record_frame){ .sealed = seal_key != NULL };
	memcpy(frame->salt, salt, RECORD_SALT);
	frame->salt_crc = record_crc(0, bytes_of(salt, RECORD_SALT));
	if (seal_key == NULL)
		return OURO_OK;
	frame->keys = calloc(1, sizeof *frame->keys);
	if (frame->keys == NULL)
		return error_memory(err);
	memcpy(frame->keys->seal_key, seal_key, KEY_SIZE);
	pthread_mutex_init(&frame->keys->lock, NULL);
	return OURO_OK;
}

void
record_frame_old(struct record_frame *frame)
{
	*frame = (struct record_frame){ .old = true };
}

void
record_frame_release(struct record_frame *frame)
{
	if (frame->keys == NULL)
		return;
	pthread_mutex_destroy(&frame->keys->lock);
	bytes_wipe(frame->keys, sizeof *frame->keys);
	free(frame->keys);
	frame->keys = NULL;
}

/* ---- the seal ----------------------------------------------------------------- */

static enum ouro_status
session_derive(const struct record_frame *frame, const uint8_t *session,
    uint8_t key[KEY_SIZE], struct ouro_error *err)
{
	uint8_t info[sizeof label_key - 1 + RECORD_SESSION];

	memcpy(info, label_key, sizeof label_key - 1);
	memcpy(info + sizeof label_key - 1, session, RECORD_SESSION);
	return kdf_hkdf(bytes_of(frame->keys->seal_key, KEY_SIZE),
	    bytes_of(frame->salt, RECORD_SALT), bytes_of(info, sizeof info),
	    key, KEY_SIZE, err);
}

static enum ouro_status
session_key(const struct record_frame *frame, const uint8_t *session,
    uint8_t key[KEY_SIZE], struct ouro_error *err)
{
	struct record_keys *keys = frame->keys;
	enum ouro_status status;
	bool hit;

	pthread_mutex_lock(&keys->lock);
	hit = keys->known &&
	    memcmp(keys->session, session, RECORD_SESSION) == 0;
	if (hit)
		memcpy(key, keys->key, KEY_SIZE);
	pthread_mutex_unlock(&keys->lock);
	if (hit)
		return OURO_OK;
	status = session_derive(frame, session, key, err);
	if (status != OURO_OK)
		return status;
	pthread_mutex_lock(&keys->lock);
	memcpy(keys->session, session, RECORD_SESSION);
	memcpy(keys->key, key, KEY_SIZE);
	keys->known = true;
	pthread_mutex_unlock(&keys->lock);
	return OURO_OK;
}

/* Returns its size. */
static size_t
additional_make(uint8_t out[ADDITIONAL_MAX], const struct record *record)
{
	out[0] = record->op;
	put_u32le(out + 1, (uint32_t)record->key.size);
	put_u32le(out + 5, (uint32_t)record->value.size);
	put_u64le(out + 9, record->sequence);
	put_u64le(out + 17, record->durable);
	if (!record->sub)
		return 25;
	put_u64le(out + 25, record->batch_first);
	put_u32le(out + 33, record->batch_count);
	return 37;
}

static void
nonce_make(uint8_t out[NONCE_SIZE], uint64_t sequence)
{
	_Static_assert(NONCE_SIZE == 12, "as filled here");
	put_u64le(out, sequence);
	put_u32le(out + 8, 0);
}

enum ouro_status
record_seal(const struct record_frame *frame, const struct record *record,
    uint8_t *at, struct ouro_error *err)
{
	uint8_t additional[ADDITIONAL_MAX], nonce[NONCE_SIZE], key[KEY_SIZE];
	size_t size = record->key.size + record->value.size;
	size_t additional_size = additional_make(additional, record);
	enum ouro_status status;

	nonce_make(nonce, record->sequence);
	status = session_key(frame, record->session, key, err);
	if (status == OURO_OK)
		status = aead_seal(key, nonce,
		    bytes_of(additional, additional_size), bytes_of(at, size),
		    at, at + size, err);
	bytes_wipe(key, sizeof key);
	return status;
}

enum ouro_status
record_unseal(const struct record_frame *frame, struct record *record,
    struct ouro_error *err)
{
	uint8_t additional[ADDITIONAL_MAX], nonce[NONCE_SIZE], key[KEY_SIZE];
	size_t size = record->key.size + record->value.size;
	uint8_t *clear = (uint8_t *)(uintptr_t)record->key.data;
	size_t additional_size = additional_make(additional, record);
	enum ouro_status status;

	if (!frame->sealed || record->op == RECORD_BATCH)
		return OURO_OK;
	assert(record->key.data + record->key.size == record->value.data);
	nonce_make(nonce, record->sequence);
	status = session_key(frame, record->session, key, err);
	if (status == OURO_OK)
		status = aead_open(key, nonce,
		    bytes_of(additional, additional_size),
		    bytes_of(clear, size), clear + size, clear, err);
	bytes_wipe(key, sizeof key);
	return status;
}

/* ---- sizes -------------------------------------------------------------------- */

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
	case RECORD_PACKED:
		return put_in_bounds(key_size, value_size) &&
		    value_size > PACK_HEAD;
	case RECORD_DELETE:
		return delete_in_bounds(key_size, value_size);
	case RECORD_BATCH:
		return key_size >= 1 && value_size <= RECORD_BATCH_MAX &&
		    value_size / (RECORD_SUB_HEAD + RECORD_CRC) >= key_size;
	case RECORD_DROPPED:
		return key_size == 0 && value_size % 8 == 0 &&
		    value_size <= 8 * RECORD_DROPPED_MAX;
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
	return record_head(frame) + keys + value_size +
	    (op == RECORD_BATCH ? RECORD_CRC : record_tail(frame));
}

/* ---- decoding ------------------------------------------------------------------- */

bool
record_decode(const struct record_frame *frame, const uint8_t *data,
    size_t size, struct record *out)
{
	uint64_t claim = record_claim(frame, data, size);
	size_t head = record_head(frame);
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
	if (frame->sealed)
		out->session = data + RECORD_HEAD;
	if (out->op == RECORD_BATCH) {
		out->count = key_size;
		key_size = 0;
	}
	if (out->count > RECORD_SEQUENCE_MAX - out->sequence)
		return false;
	out->key = bytes_of(data + head, key_size);
	out->value = bytes_of(data + head + key_size, get_u32le(data + 7));
	return true;
}

bool
record_batch_head(const struct record_frame *frame, const uint8_t *head,
    size_t size, struct record *out)
{
	*out = (struct record){ .op = RECORD_BATCH };
	if (size < record_head(frame) || record_claim(frame, head, size) == 0 ||
	    head[2] != RECORD_BATCH)
		return false;
	out->count = get_u32le(head + 3);
	out->sequence = get_u64le(head + 11);
	out->durable = get_u64le(head + 19);
	if (frame->sealed)
		out->session = head + RECORD_HEAD;
	return true;
}

/* A sub-record before its own bytes are looked at. */
static struct record
sub_begin(const struct record_frame *frame, const struct record *batch,
    uint32_t number, size_t at)
{
	return (struct record){
		.sub = true,
		.count = 1,
		.sequence = batch->sequence + number,
		.durable = batch->durable,
		.session = batch->session,
		.batch_first = batch->sequence,
		.batch_count = batch->count,
		.batch_offset = (uint32_t)(record_head(frame) + at),
	};
}

bool
record_sub_decode(const struct record_frame *frame, const struct record *batch,
    uint32_t number, size_t at, struct record *out)
{
	const uint8_t *data = batch->value.data + at;
	size_t size = batch->value.size - at;
	uint32_t key_size, value_size, crc;
	uint64_t claim;

	*out = sub_begin(frame, batch, number, at);
	if (size < RECORD_SUB_HEAD)
		return false;
	out->op = data[0];
	key_size = get_u32le(data + 1);
	value_size = get_u32le(data + 5);
	if (!record_is_operation(out) ||
	    !lengths_in_bounds(out->op, key_size, value_size))
		return false;
	claim = record_sub_size(frame, key_size, value_size);
	if (claim > size)
		return false;
	out->size = claim;
	out->key = bytes_of(data + RECORD_SUB_HEAD, key_size);
	out->value = bytes_of(data + RECORD_SUB_HEAD + key_size, value_size);
	crc = record_crc(record_sub_crc(frame, out->sequence),
	    bytes_of(data, (size_t)claim - RECORD_CRC));
	return crc == get_u32le(data + claim - RECORD_CRC);
}
