#include "seal/canonical.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"

/* In front of each allocation, so that its whole length can be wiped. */
union block {
	size_t size;
	max_align_t align;
};

/* What one unpacking may take, and why it got no more. */
struct allowance {
	size_t left;
	bool exceeded;
	bool failed;
};

static void *
block_alloc(void *context, size_t size)
{
	struct allowance *allowance = context;
	union block *block;

	if (allowance->left < sizeof *block ||
	    size > allowance->left - sizeof *block) {
		allowance->exceeded = true;
		return NULL;
	}
	block = malloc(sizeof *block + size);
	if (!block) {
		allowance->failed = true;
		return NULL;
	}
	allowance->left -= sizeof *block + size;
	block->size = size;
	return block + 1;
}

static void
block_free(void *context, void *data)
{
	struct allowance *allowance = context;

	if (!data)
		return;
	union block *block = (union block *)data - 1;
	allowance->left += sizeof *block + block->size;
	bytes_wipe(data, block->size);
	free(block);
}

static struct allowance
allowance_for(size_t size, size_t factor)
{
	struct allowance allowance = { .left = SIZE_MAX };

	if (size <= (SIZE_MAX - CANONICAL_EXTRA) / factor)
		allowance.left = factor * size + CANONICAL_EXTRA;
	return allowance;
}

static ProtobufCAllocator
wiping_allocator(struct allowance *allowance)
{
	return (ProtobufCAllocator){ block_alloc, block_free, allowance };
}

static bool has_unknown(const ProtobufCMessage *message);

static bool
field_has_unknown(const ProtobufCMessage *message,
    const ProtobufCFieldDescriptor *field)
{
	const char *base = (const char *)message;

	if (field->type != PROTOBUF_C_TYPE_MESSAGE)
		return false;
	if (field->label != PROTOBUF_C_LABEL_REPEATED)
		return has_unknown(
		    *(ProtobufCMessage *const *)(base + field->offset));
	size_t count = *(const size_t *)(base + field->quantifier_offset);
	ProtobufCMessage *const *each = *(
	    ProtobufCMessage *const *const *)(base + field->offset);
	for (size_t i = 0; i < count; i++)
		if (has_unknown(each[i]))
			return true;
	return false;
}

/* As deep as the schema nests; none of ours is recursive. */
static bool
has_unknown(const ProtobufCMessage *message)
{
	if (!message)
		return false;
	if (message->n_unknown_fields)
		return true;
	for (unsigned i = 0; i < message->descriptor->n_fields; i++)
		if (field_has_unknown(message, &message->descriptor->fields[i]))
			return true;
	return false;
}

/* A sink that compares instead of keeping. */
struct comparison {
	ProtobufCBuffer base; /* first: the library hands this back */
	struct bytes rest;
	bool differs;
};

static void
comparison_append(ProtobufCBuffer *base, size_t size, const uint8_t *data)
{
	struct comparison *comparison = (struct comparison *)base;
	struct bytes *rest = &comparison->rest;

	if (comparison->differs || size == 0)
		return;
	if (size > rest->size || memcmp(rest->data, data, size) != 0) {
		comparison->differs = true;
		return;
	}
	rest->data += size;
	rest->size -= size;
}

static bool
encodes_to(const ProtobufCMessage *message, struct bytes bytes)
{
	struct comparison comparison = {
		.base = { comparison_append },
		.rest = bytes,
	};

	if (protobuf_c_message_get_packed_size(message) != bytes.size)
		return false;
	protobuf_c_message_pack_to_buffer(message, &comparison.base);
	return !comparison.differs && comparison.rest.size == 0;
}

enum ouro_status
canonical_unpack_within(const ProtobufCMessageDescriptor *descriptor,
    struct bytes bytes, size_t factor, ProtobufCMessage **out, const char *what,
    struct ouro_error *err)
{
	struct allowance allowance = allowance_for(bytes.size, factor);
	ProtobufCAllocator allocator = wiping_allocator(&allowance);
	ProtobufCMessage *message = protobuf_c_message_unpack(descriptor,
	    &allocator, bytes.size, bytes.data);

	if (!message && allowance.failed)
		return error_memory(err);
	if (!message && allowance.exceeded)
		return error_set(err, OURO_DAMAGED,
		    "%s: %zu bytes that would take too much memory", what,
		    bytes.size);
	if (!message)
		return error_set(err, OURO_DAMAGED,
		    "%s: %zu bytes that are no such message", what, bytes.size);
	if (has_unknown(message) || !encodes_to(message, bytes)) {
		canonical_free(message);
		return error_set(err, OURO_DAMAGED,
		    "%s: not in its one canonical encoding", what);
	}
	*out = message;
	return OURO_OK;
}

enum ouro_status
canonical_unpack(const ProtobufCMessageDescriptor *descriptor,
    struct bytes bytes, ProtobufCMessage **out, const char *what,
    struct ouro_error *err)
{
	return canonical_unpack_within(descriptor, bytes, CANONICAL_FACTOR, out,
	    what, err);
}

void
canonical_free(ProtobufCMessage *message)
{
	struct allowance allowance = { 0 };
	ProtobufCAllocator allocator = wiping_allocator(&allowance);

	protobuf_c_message_free_unpacked(message, &allocator);
}

enum ouro_status
canonical_pack(const ProtobufCMessage *message, struct buffer *out,
    struct ouro_error *err)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	enum ouro_status status = buffer_reserve(out, size, err);

	if (status)
		return status;
	size_t packed = protobuf_c_message_pack(message, out->data + out->size);
	assert(packed == size);
	out->size += packed;
	return OURO_OK;
}

enum ouro_status
canonical_copy(const ProtobufCMessage *message, ProtobufCMessage **out,
    struct ouro_error *err)
{
	struct buffer packed = { 0 };
	enum ouro_status status = canonical_pack(message, &packed, err);

	if (status == OURO_OK)
		status = canonical_unpack(message->descriptor,
		    buffer_bytes(&packed), out, message->descriptor->name, err);
	buffer_wipe(&packed);
	return status;
}
