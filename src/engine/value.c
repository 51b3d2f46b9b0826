#include "engine/value.h"

#include <stdlib.h>

struct value *
value_new(struct bytes bytes)
{
	struct value *value = malloc(sizeof *value + bytes.size);

	if (value == NULL)
		return NULL;
	atomic_init(&value->references, 1);
	value->size = bytes.size;
	if (bytes.size > 0)
		memcpy(value->data, bytes.data, bytes.size);
	return value;
}

struct value *
value_share(struct value *value)
{
	atomic_fetch_add(&value->references, 1);
	return value;
}

void
value_drop(struct value *value)
{
	if (value != NULL && atomic_fetch_sub(&value->references, 1) == 1)
		free(value);
}
