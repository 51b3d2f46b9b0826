/*
 * value - bytes shared by the memory driver and those who hold an answer.
 */
#ifndef ENGINE_VALUE_H
#define ENGINE_VALUE_H

#include <stdatomic.h>

#include "base/bytes.h"

struct value {
	atomic_uint references;
	size_t size;
	uint8_t data[];
};

/* A copy of bytes with one reference; NULL when out of memory. */
struct value *value_new(struct bytes bytes);
struct value *value_share(struct value *value);
void value_drop(struct value *value); /* NULL is fine */

#endif
