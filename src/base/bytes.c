#include "base/bytes.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"

#define CAPACITY_MIN 64
/* Growing up to here leaves no copy behind: secrets are small. */
#define CAPACITY_WIPED_MAX ((size_t)64 << 10)

int
bytes_compare(struct bytes a, struct bytes b)
{
	size_t common = a.size < b.size ? a.size : b.size;
	int order = common == 0 ? 0 : memcmp(a.data, b.data, common);

	if (order != 0)
		return order;
	return (a.size > b.size) - (a.size < b.size);
}

bool
bytes_equal(struct bytes a, struct bytes b)
{
	return a.size == b.size && bytes_compare(a, b) == 0;
}

bool
bytes_has_prefix(struct bytes whole, struct bytes prefix)
{
	return whole.size >= prefix.size &&
	    bytes_equal(bytes_of(whole.data, prefix.size), prefix);
}

/* Twice as much, or more when that is too little; never less than needed. */
static size_t
capacity_for(size_t capacity, size_t needed)
{
	size_t doubled = capacity > SIZE_MAX / 2 ? SIZE_MAX : capacity * 2;

	if (doubled < CAPACITY_MIN)
		doubled = CAPACITY_MIN;
	return doubled > needed ? doubled : needed;
}

/* realloc, but a small old block is wiped before it is given back. */
static uint8_t *
data_grow(struct buffer *buffer, size_t capacity)
{
	uint8_t *data;

	if (buffer->capacity > CAPACITY_WIPED_MAX)
		return (uint8_t *)realloc(buffer->data, capacity);
	data = (uint8_t *)malloc(capacity);
	if (data == NULL || buffer->data == NULL)
		return data;
	if (buffer->size > 0)
		memcpy(data, buffer->data, buffer->size);
	bytes_wipe(buffer->data, buffer->capacity);
	free(buffer->data);
	return data;
}

enum ouro_status
buffer_reserve(struct buffer *buffer, size_t more, struct ouro_error *err)
{
	size_t needed, capacity;
	uint8_t *data;

	assert(buffer->size <= buffer->capacity);
	if (more <= buffer->capacity - buffer->size)
		return OURO_OK;
	if (more > (size_t)PTRDIFF_MAX - buffer->size)
		return error_memory(err);
	needed = buffer->size + more;
	capacity = capacity_for(buffer->capacity, needed);
	data = data_grow(buffer, capacity);
	if (data == NULL)
		return error_memory(err);
	buffer->data = data;
	buffer->capacity = capacity;
	return OURO_OK;
}

enum ouro_status
buffer_append(struct buffer *buffer, struct bytes bytes, struct ouro_error *err)
{
	enum ouro_status status = buffer_reserve(buffer, bytes.size, err);

	if (status != OURO_OK || bytes.size == 0)
		return status;
	memcpy(buffer->data + buffer->size, bytes.data, bytes.size);
	buffer->size += bytes.size;
	return OURO_OK;
}

enum ouro_status
buffer_resize(struct buffer *buffer, size_t size, struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	if (size > buffer->size)
		status = buffer_reserve(buffer, size - buffer->size, err);
	if (status == OURO_OK)
		buffer->size = size;
	return status;
}

enum ouro_status
buffer_set(struct buffer *buffer, struct bytes bytes, struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	if (bytes.size > buffer->size)
		status = buffer_reserve(buffer, bytes.size - buffer->size, err);
	if (status != OURO_OK)
		return status;
	if (bytes.size > 0)
		memmove(buffer->data, bytes.data, bytes.size);
	buffer->size = bytes.size;
	return OURO_OK;
}

void
buffer_release(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){ 0 };
}

void
buffer_wipe(struct buffer *buffer)
{
	bytes_wipe(buffer->data, buffer->capacity);
	buffer_release(buffer);
}

void
bytes_wipe(void *data, size_t size)
{
	if (size > 0)
		explicit_bzero(data, size);
}
