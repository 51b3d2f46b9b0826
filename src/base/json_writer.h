/*
 * json_writer - writing JSON texts into a buffer, without line breaks.
 *
 * Commas and colons are put by it. A failure (only of memory) sticks: later
 * calls do nothing and json_writer_finish tells. Calls in an order that
 * would not give JSON (two values at the top, a value in an object without
 * a key) are a mistake of the program and are asserted.
 */
#ifndef BASE_JSON_WRITER_H
#define BASE_JSON_WRITER_H

#include "base/bytes.h"
#include "base/json.h"

#define JSON_DECIMALS_MAX 17

struct json_writer {
	struct buffer *out;
	enum ouro_status status;
	unsigned depth;
	bool after_key;
	bool filled[JSON_DEPTH_MAX + 1];    /* something is there already */
	bool in_object[JSON_DEPTH_MAX + 1]; /* [depth] */
};

/* Appends to out, which is borrowed until finish. */
void json_writer_init(struct json_writer *writer, struct buffer *out);
/* The end of the one value. OURO_NO_MEMORY if anything failed; out then
 * holds the beginning. */
enum ouro_status json_writer_finish(struct json_writer *writer,
    struct ouro_error *err);

void json_write_object_begin(struct json_writer *writer);
void json_write_object_end(struct json_writer *writer);
void json_write_array_begin(struct json_writer *writer);
void json_write_array_end(struct json_writer *writer);

/* The key of the next value. */
void json_write_key(struct json_writer *writer, const char *key);
void json_write_key_bytes(struct json_writer *writer, struct bytes key);

/* Each byte that is not part of well-formed UTF-8 becomes U+FFFD. */
void json_write_text(struct json_writer *writer, const char *text);
void json_write_string(struct json_writer *writer, struct bytes string);
void json_write_u64(struct json_writer *writer, uint64_t number);
void json_write_i64(struct json_writer *writer, int64_t number);
/* With that many digits behind the point, in any locale; what is not finite
 * becomes null. */
void json_write_double(struct json_writer *writer, double number,
    unsigned decimals);
void json_write_bool(struct json_writer *writer, bool truth);
void json_write_null(struct json_writer *writer);
/* A value that is JSON already. */
void json_write_raw(struct json_writer *writer, struct bytes json);

#endif
