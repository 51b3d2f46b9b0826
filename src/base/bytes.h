/*
 * bytes - borrowed spans, growable buffers, little- and big-endian integers.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <ouroboros.h>

/* Borrowed bytes; data may be NULL when size is 0. */
struct bytes {
	const uint8_t *data;
	size_t size;
};

/* Owned, growable bytes. Zeroed = empty; buffer_release makes it so again. */
struct buffer {
	uint8_t *data;
	size_t size;
	size_t capacity;
};

static inline struct bytes
bytes_of(const void *data, size_t size)
{
	return (struct bytes){ (const uint8_t *)data, size };
}

/* The bytes of a C string without its terminator. */
static inline struct bytes
bytes_text(const char *text)
{
	return bytes_of(text, strlen(text));
}

static inline struct bytes
buffer_bytes(const struct buffer *buffer)
{
	return bytes_of(buffer->data, buffer->size);
}

/* memcmp order, then the shorter first: <0, 0, >0. Not for secrets. */
int bytes_compare(struct bytes a, struct bytes b);
bool bytes_equal(struct bytes a, struct bytes b);
bool bytes_has_prefix(struct bytes whole, struct bytes prefix);

/* Makes room for at least `more` further bytes; OURO_NO_MEMORY. */
enum ouro_status buffer_reserve(struct buffer *buffer, size_t more,
    struct ouro_error *err);
enum ouro_status buffer_append(struct buffer *buffer, struct bytes bytes,
    struct ouro_error *err);
/* Sets size (grows with undefined content). */
enum ouro_status buffer_resize(struct buffer *buffer, size_t size,
    struct ouro_error *err);
/* Replaces the content. */
enum ouro_status buffer_set(struct buffer *buffer, struct bytes bytes,
    struct ouro_error *err);
void buffer_release(struct buffer *buffer);
/* buffer_release after wiping, for secrets. */
void buffer_wipe(struct buffer *buffer);

/* Overwrites memory in a way the compiler may not remove. */
void bytes_wipe(void *data, size_t size);

static inline void
put_u16le(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static inline void
put_u32le(uint8_t *p, uint32_t v)
{
	put_u16le(p, (uint16_t)v);
	put_u16le(p + 2, (uint16_t)(v >> 16));
}

static inline void
put_u64le(uint8_t *p, uint64_t v)
{
	put_u32le(p, (uint32_t)v);
	put_u32le(p + 4, (uint32_t)(v >> 32));
}

static inline uint16_t
get_u16le(const uint8_t *p)
{
	return (uint16_t)(p[0] | (uint16_t)(p[1] << 8));
}

static inline uint32_t
get_u32le(const uint8_t *p)
{
	return (uint32_t)get_u16le(p) | (uint32_t)get_u16le(p + 2) << 16;
}

static inline uint64_t
get_u64le(const uint8_t *p)
{
	return (uint64_t)get_u32le(p) | (uint64_t)get_u32le(p + 4) << 32;
}

/* Big-endian, for keys whose byte order must be numeric order. */
static inline void
put_u64be(uint8_t *p, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> (56 - 8 * i));
}

static inline uint64_t
get_u64be(const uint8_t *p)
{
	uint64_t v = 0;
	for (int i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

#endif
