#include "engine/header.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "crypt/kdf.h"

static const char label_check[] = "ouroboros segment check 1";

_Static_assert(HEADER_FIXED == RECORD_PREFIX + 68, "as in the table");

enum ouro_status
header_check(const uint8_t salt[RECORD_SALT], const uint8_t *seal_key,
    uint8_t out[HEADER_CHECK], struct ouro_error *err)
{
	return kdf_hkdf(bytes_of(seal_key, KEY_SIZE),
	    bytes_of(salt, RECORD_SALT), bytes_text(label_check), out,
	    HEADER_CHECK, err);
}

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
	memcpy(fixed + 59, header->check, HEADER_CHECK);
	put_u32le(fixed + 75, header->count);
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
	at += HEADER_FIXED;
	for (uint32_t i = 0; i < header->count; i++, at += 8)
		put_u64le(at, header->ids[i]);
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
	for (uint32_t i = 0; i < out->count; i++)
		out->ids[i] = get_u64le(data.data + HEADER_FIXED + 8 * i);
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
	memcpy(out->check, p + 59, HEADER_CHECK);
	out->count = get_u32le(p + 75);
	if ((out->flags & ~(HEADER_SEALED | HEADER_COPIES)) != 0)
		return error_set(err, OURO_UNSUPPORTED,
		    "%s has flags %#" PRIx32 " that this version does not know",
		    name, out->flags);
	return ids_decode(name, bytes_of(p, (size_t)claim), out, err);
}

void
header_release(struct header *header)
{
	free(header->ids);
	header->ids = NULL;
	header->count = 0;
}
