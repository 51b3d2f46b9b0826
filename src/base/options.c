#include "base/options.h"

#include <string.h>

#include "base/error.h"

enum ouro_status
options_take(void *own, size_t own_size, const char *name, const void *given,
    struct ouro_error *err)
{
	size_t size = own_size;

	memset(own, 0, own_size);
	if (given != NULL)
		memcpy(&size, given, sizeof(size));
	if (size < sizeof(size))
		return error_set(err, OURO_INVALID,
		    "size of %s is %zu; set it to sizeof(%s)", name, size,
		    name);
	if (given != NULL)
		memcpy(own, given, size < own_size ? size : own_size);
	memcpy(own, &own_size, sizeof(own_size));
	return OURO_OK;
}
