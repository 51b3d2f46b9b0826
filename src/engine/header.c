#include "engine/header.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "crypt/hash.h"
#include "crypt/kdf.h"

#define HEADER_CHECK_AT 59

static const char label_check[] = "ouroboros segment check 1";

#define CHECK_INFO (sizeof label_check - 1 + HASH_SIZE)

_Static_assert(HEADER_FIXED == RECORD_PREFIX + 68, "as in the table");

static void
fixed_encode(const struct header *header, uint8_t fixed[HEADER_FIXED])
{
	fixed[0] = RECORD_MAGIC_0;
	fixed[1] = RECORD_MAGIC_1;
	fixed[2] = RECORD_HEADER;
	put_u32le(fixed + 3, 0);
	put_u32le(fixed + 7, HEADER_FIXED - RECORD_PREFIX + 8 * header->count);
	put_u32le(fixed + 11, HEADER_FORMAT);
	put_u64le(fixed + 15, header->id);
	memcpy(fixed + 23, header->salt, RECORD_SALT);
	put_u64le(fixed + 39, header->made_ms);
	put_u64le(fixed + 47, header->first);
	put_u32le(fixed + 55, header->flags);
	memcpy(fixed + HEADER_CHECK_AT, header->check, HEADER_CHECK);
	put_u32le(fixed + 75, header->count);
}

static void
ids_encode(const struct header *header, uint8_t *out)
{
	for (uint32_t i = 0; i < header->count; i++)
		put_u64le(out + 8 * (size_t)i, header->ids[i]);
}

/* What the check tells of: label, and SHA-256 over all that stands before
 * the check, the ids, and the engine's name. */
static enum ouro_status
check_info(const struct header *header, const char *name,
    uint8_t info[CHECK_INFO], struct ouro_error *err)
{
	size_t ids_size = 8 * (size_t)header->count;
	uint8_t fixed[HEADER_FIXED];
	uint8_t *ids = malloc(ids_size + 1);
	struct bytes parts[3];
	enum ouro_status status;

	if (ids == NULL)
		return error_memory(err);
	fixed_encode(header, fixed);
	ids_encode(header, ids);
	parts[0] = bytes_of(fixed, HEADER_CHECK_AT);
	parts[1] = bytes_of(ids, ids_size);
	parts[2] = bytes_text(name);
	memcpy(info, label_check, sizeof label_check - 1);
	status = hash_sha256_parts(parts, 3, info + sizeof label_check - 1,
	    err);
	free(ids);
	return status;
}

enum ouro_status
header_check(const struct header *header, const uint8_t *seal_key,
    const char *name, uint8_t out[HEADER_CHECK], struct ouro_error *err)
{
	uint8_t info[CHECK_INFO];
	enum ouro_status status = check_info(header, name, info, err);

	if (status != OURO_OK)
		return status;
	return kdf_hkdf(bytes_of(seal_key, KEY_SIZE),
	    bytes_of(header->salt, RECORD_SALT), bytes_of(info, sizeof info),
	    out, HEADER_CHECK, err);
}

enum ouro_status
header_encode(const struct header *header, struct buffer *out,
    struct ouro_error *err)
{
	size_t begin = out->size, size = (size_t)HEADER_SIZE(header->count);
	enum ouro_status status;
	uint8_t *at;

	if (header->count > HEADER_IDS_MAX)
		return error_set(err, OURO_TOO_LARGE,
		    "%" PRIu32 " segments; at most %u", header->count,
		    HEADER_IDS_MAX);
	status = buffer_resize(out, begin + size, err);
	if (status != OURO_OK)
		return status;
	at = out->data + begin;
	fixed_encode(header, at);
	ids_encode(header, at + HEADER_FIXED);
	at += HEADER_FIXED + 8 * (size_t)header->count;
	put_u32le(at,
	    record_crc(0,
		bytes_of(out->data + begin + 2, size - 2 - RECORD_CRC)));
	assert(at + RECORD_CRC == out->data + out->size);
	return OURO_OK;
}

uint64_t
header_claim(const uint8_t *data, size_t size)
{
	uint32_t value_size;

	if (size < RECORD_PREFIX || data[0] != RECORD_MAGIC_0 ||
	    data[1] != RECORD_MAGIC_1 || data[2] != RECORD_HEADER)
		return 0;
	value_size = get_u32le(data + 7);
	if (get_u32le(data + 3) != 0 ||
	    value_size < HEADER_FIXED - RECORD_PREFIX ||
	    value_size > HEADER_SIZE(HEADER_IDS_MAX))
		return 0;
	return (uint64_t)RECORD_PREFIX + value_size + RECORD_CRC;
}

static enum ouro_status
ids_decode(const char *name, struct bytes data, struct header *out,
    struct ouro_error *err)
{
	if (out->count > HEADER_IDS_MAX || HEADER_SIZE(out->count) != data.size)
		return error_set(err, OURO_DAMAGED,
		    "%s: the header lists %" PRIu32 " segments in %zu bytes",
		    name, out->count, data.size);
	out->ids = calloc(out->count + 1u, sizeof *out->ids);
	if (out->ids == NULL)
		return error_memory(err);
	for (uint32_t i = 0; i < out->count; i++) {
		uint64_t id = get_u64le(
		    data.data + HEADER_FIXED + 8 * (size_t)i);

		if (id > HEADER_ID_MAX || (i > 0 && id <= out->ids[i - 1]))
			return error_set(err, OURO_DAMAGED,
			    "%s: the header's list of segments is out of order",
			    name);
		out->ids[i] = id;
	}
	return OURO_OK;
}

enum ouro_status
header_decode(const char *name, struct bytes data, struct header *out,
    struct ouro_error *err)
{
	uint64_t claim = header_claim(data.data, data.size);
	const uint8_t *p = data.data;
	uint32_t format;

	*out = (struct header){ 0 };
	if (claim == 0 || claim > data.size ||
	    record_crc(0, bytes_of(p + 2, (size_t)claim - 2 - RECORD_CRC)) !=
		get_u32le(p + claim - RECORD_CRC))
		return error_set(err, OURO_DAMAGED,
		    "%s: the segment's header is damaged", name);
	format = get_u32le(p + 11);
	if (format != HEADER_FORMAT)
		return error_set(err, OURO_UNSUPPORTED,
		    "%s has format %" PRIu32 "; this version knows %d", name,
		    format, HEADER_FORMAT);
	out->id = get_u64le(p + 15);
	memcpy(out->salt, p + 23, RECORD_SALT);
	out->made_ms = get_u64le(p + 39);
	out->first = get_u64le(p + 47);
	out->flags = get_u32le(p + 55);
	memcpy(out->check, p + HEADER_CHECK_AT, HEADER_CHECK);
	out->count = get_u32le(p + 75);
	if ((out->flags & ~(HEADER_SEALED | HEADER_COPIES)) != 0)
		return error_set(err, OURO_UNSUPPORTED,
		    "%s has flags %#" PRIx32 " that this version does not know",
		    name, out->flags);
	if (out->first > RECORD_SEQUENCE_MAX)
		return error_set(err, OURO_DAMAGED,
		    "%s: the header begins at an impossible sequence", name);
	return ids_decode(name, bytes_of(p, (size_t)claim), out, err);
}

void
header_release(struct header *header)
{
	free(header->ids);
	header->ids = NULL;
	header->count = 0;
}
