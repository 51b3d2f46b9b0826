#include "seal/slice.h"

#include <assert.h>

#include "base/encoding.h"
#include "base/error.h"
#include "crypt/hash.h"
#include "proto/seal.pb-c.h"
#include "seal/canonical.h"
#include "seal/erasure.h"
#include "seal/padding.h"

#define HEAD_SIZE 4
/* One slice hash in a packed descriptor: field tag, length, bytes. */
#define HASH_FIELD_SIZE (2 + HASH_SIZE)

_Static_assert(CHUNK_NAME_SIZE == BASE64_LENGTH(HASH_SIZE) + 1, "base64");
_Static_assert(SLICES_MAX == ERASURE_SLICES_MAX, "one limit");
_Static_assert(64 + HASH_SIZE + STRIPE_SALT_SIZE + TAG_SIZE +
	    SLICES_MAX * HASH_FIELD_SIZE <=
	UINT16_MAX,
    "descriptor size is a u16");

const char *
chunk_name(const uint8_t chunk_id[HASH_SIZE], char out[CHUNK_NAME_SIZE])
{
	base64_encode(bytes_of(chunk_id, HASH_SIZE), out);
	return out;
}

/* ---- encoding ---------------------------------------------------------- */

static ProtobufCBinaryData
binary(const uint8_t *data, size_t size)
{
	return (ProtobufCBinaryData){ size, (uint8_t *)data };
}

/* hashes has room for SLICES_MAX; the message borrows it and the slice. */
static Ouro__StripeDescriptor
descriptor_of(const struct slice *slice, ProtobufCBinaryData *hashes)
{
	Ouro__StripeDescriptor message = OURO__STRIPE_DESCRIPTOR__INIT;

	assert(slice->count >= slice->k && slice->count <= SLICES_MAX);
	for (unsigned i = 0; i < slice->count; i++)
		hashes[i] = binary(slice->hashes.data + (size_t)i * HASH_SIZE,
		    HASH_SIZE);
	message.version = SLICE_VERSION;
	message.chunk_id = binary(slice->chunk_id, HASH_SIZE);
	message.k = slice->k;
	message.epoch = slice->epoch;
	message.salt = binary(slice->salt, STRIPE_SALT_SIZE);
	message.sealed_size = slice->sealed_size;
	message.tag = binary(slice->tag, TAG_SIZE);
	message.n_slice_hash = slice->count;
	message.slice_hash = hashes;
	return message;
}

/* Slice hashes come last, so the descriptor with only its first k of them is
 * a prefix of the whole. */
static enum ouro_status
stripe_id_of(struct bytes descriptor, unsigned k, unsigned count,
    uint8_t stripe_id[STRIPE_ID_SIZE], struct ouro_error *err)
{
	uint8_t hash[HASH_SIZE];

	assert(descriptor.size > (size_t)count * HASH_FIELD_SIZE);
	descriptor.size -= (size_t)(count - k) * HASH_FIELD_SIZE;
	enum ouro_status status = hash_sha256(descriptor, hash, err);
	if (!status)
		memcpy(stripe_id, hash, STRIPE_ID_SIZE);
	return status;
}

size_t
slice_head_size(const struct slice *slice)
{
	ProtobufCBinaryData hashes[SLICES_MAX];
	Ouro__StripeDescriptor message = descriptor_of(slice, hashes);

	return HEAD_SIZE + ouro__stripe_descriptor__get_packed_size(&message);
}

enum ouro_status
slice_head_write(const struct slice *slice, uint8_t *out,
    uint8_t stripe_id[STRIPE_ID_SIZE], struct ouro_error *err)
{
	ProtobufCBinaryData hashes[SLICES_MAX];
	Ouro__StripeDescriptor message = descriptor_of(slice, hashes);
	size_t size = ouro__stripe_descriptor__pack(&message, out + HEAD_SIZE);

	assert(size <= UINT16_MAX);
	out[0] = SLICE_VERSION;
	out[1] = (uint8_t)slice->index;
	put_u16le(out + 2, (uint16_t)size);
	return stripe_id_of(bytes_of(out + HEAD_SIZE, size), slice->k,
	    slice->count, stripe_id, err);
}

/* ---- decoding ---------------------------------------------------------- */

static bool
sizes_fit(const Ouro__StripeDescriptor *message)
{
	if (message->chunk_id.len != HASH_SIZE ||
	    message->salt.len != STRIPE_SALT_SIZE ||
	    message->tag.len != TAG_SIZE)
		return false;
	for (size_t i = 0; i < message->n_slice_hash; i++)
		if (message->slice_hash[i].len != HASH_SIZE)
			return false;
	return true;
}

/* What is wrong with the descriptor, or NULL. */
static const char *
descriptor_fault(const Ouro__StripeDescriptor *message)
{
	if (message->version != SLICE_VERSION)
		return "unknown version";
	if (!sizes_fit(message))
		return "a field has a wrong length";
	if (message->k < 1 || message->k > message->n_slice_hash ||
	    message->n_slice_hash > SLICES_MAX)
		return "k and the number of slices do not fit";
	if (message->epoch < 1)
		return "epoch 0 seals nothing";
	if (message->sealed_size < SEALED_SIZE_MIN ||
	    message->sealed_size > SEALED_SIZE_MAX ||
	    padme(message->sealed_size) != message->sealed_size)
		return "the sealed size is no bucket";
	return NULL;
}

static enum ouro_status
fields_copy(const Ouro__StripeDescriptor *message, struct slice *out,
    struct ouro_error *err)
{
	out->k = message->k;
	out->count = (unsigned)message->n_slice_hash;
	out->epoch = message->epoch;
	out->sealed_size = message->sealed_size;
	memcpy(out->chunk_id, message->chunk_id.data, HASH_SIZE);
	memcpy(out->salt, message->salt.data, STRIPE_SALT_SIZE);
	memcpy(out->tag, message->tag.data, TAG_SIZE);
	enum ouro_status status = buffer_resize(&out->owned,
	    (size_t)out->count * HASH_SIZE, err);
	if (status)
		return status;
	for (unsigned i = 0; i < out->count; i++)
		memcpy(out->owned.data + (size_t)i * HASH_SIZE,
		    message->slice_hash[i].data, HASH_SIZE);
	out->hashes = buffer_bytes(&out->owned);
	return OURO_OK;
}

static enum ouro_status
descriptor_decode(struct bytes packed, struct slice *out,
    struct ouro_error *err)
{
	ProtobufCMessage *base = NULL;
	enum ouro_status status = canonical_unpack(
	    &ouro__stripe_descriptor__descriptor, packed, &base,
	    "slice descriptor", err);

	if (status)
		return status;
	const Ouro__StripeDescriptor *message = (const Ouro__StripeDescriptor *)
	    base;
	const char *fault = descriptor_fault(message);
	status = fault
	    ? error_set(err, OURO_DAMAGED, "slice descriptor: %s", fault)
	    : fields_copy(message, out, err);
	canonical_free(base);
	if (status)
		return status;
	return stripe_id_of(packed, out->k, out->count, out->stripe_id, err);
}

enum ouro_status
slice_head_decode(struct bytes stored, struct slice *out, size_t *size,
    struct ouro_error *err)
{
	enum ouro_status status;
	size_t packed;

	*out = (struct slice){ 0 };
	if (stored.size < HEAD_SIZE)
		return error_set(err, OURO_DAMAGED,
		    "a slice of %zu bytes is too short", stored.size);
	if (stored.data[0] != SLICE_VERSION)
		return error_set(err, OURO_DAMAGED,
		    "slice has unknown version %u", stored.data[0]);
	packed = get_u16le(stored.data + 2);
	if (packed > stored.size - HEAD_SIZE)
		return error_set(err, OURO_DAMAGED,
		    "slice descriptor of %zu bytes in a slice of %zu", packed,
		    stored.size);
	status = descriptor_decode(bytes_of(stored.data + HEAD_SIZE, packed),
	    out, err);
	if (status)
		return status;
	*size = HEAD_SIZE + packed;
	out->index = stored.data[1];
	if (out->index >= out->count)
		return error_set(err, OURO_DAMAGED,
		    "slice %u of a stripe of %u", out->index, out->count);
	return OURO_OK;
}

enum ouro_status
slice_decode(struct bytes stored, struct slice *out, struct ouro_error *err)
{
	size_t head = 0, expected;
	enum ouro_status status = slice_head_decode(stored, out, &head, err);

	if (status)
		return status;
	out->data = bytes_of(stored.data + head, stored.size - head);
	expected = erasure_slice_size(out->sealed_size, out->k);
	if (out->data.size != expected)
		return error_set(err, OURO_DAMAGED,
		    "slice holds %zu bytes instead of %zu", out->data.size,
		    expected);
	return OURO_OK;
}

void
slice_release(struct slice *slice)
{
	buffer_release(&slice->owned);
	*slice = (struct slice){ 0 };
}

enum ouro_status
slice_check(const struct slice *slice, struct ouro_error *err)
{
	uint8_t hash[HASH_SIZE];
	char name[CHUNK_NAME_SIZE];
	enum ouro_status status = hash_sha256(slice->data, hash, err);

	if (status)
		return status;
	const uint8_t *expected = slice->hashes.data +
	    (size_t)slice->index * HASH_SIZE;
	if (memcmp(hash, expected, HASH_SIZE) != 0)
		return error_set(err, OURO_DAMAGED,
		    "slice %u of chunk %s does not fit its hash", slice->index,
		    chunk_name(slice->chunk_id, name));
	return OURO_OK;
}

bool
slice_is_sibling(const struct slice *a, const struct slice *b)
{
	return a->k == b->k && a->epoch == b->epoch &&
	    a->sealed_size == b->sealed_size &&
	    memcmp(a->stripe_id, b->stripe_id, STRIPE_ID_SIZE) == 0 &&
	    memcmp(a->chunk_id, b->chunk_id, HASH_SIZE) == 0 &&
	    memcmp(a->salt, b->salt, STRIPE_SALT_SIZE) == 0 &&
	    crypt_equal(a->tag, b->tag, TAG_SIZE) &&
	    memcmp(a->hashes.data, b->hashes.data, (size_t)a->k * HASH_SIZE) ==
	    0;
}
