#include "engine/conflict.h"

#include "base/encoding.h"
#include "base/error.h"

#define KEY_SHOWN_MAX 64 /* bytes of a key that an error text shows */

enum ouro_status
conflict_error(const struct engine_op *op, struct ouro_error *err)
{
	struct bytes shown = op->key;
	char hex[HEX_LENGTH(KEY_SHOWN_MAX) + 1];

	if (shown.size > KEY_SHOWN_MAX)
		shown.size = KEY_SHOWN_MAX;
	hex_encode(shown, hex);
	return error_set(err, OURO_CONFLICT, "key %s%s %s", hex,
	    shown.size < op->key.size ? "..." : "",
	    op->condition == ENGINE_IF_ABSENT
		? "is already there"
		: "does not have the expected value");
}
