/*
 * reply - the answer of --json: documents on stdout, one a line, written as
 * they come.
 *
 * Keys are NULL inside arrays. Bytes that are not UTF-8 become U+FFFD.
 */
#ifndef OUROBOROS_REPLY_H
#define OUROBOROS_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json_writer.h"

#define REPLY_DEPTH_MAX 8

/* Zeroed = nothing open. */
struct reply {
	struct json_writer writer;
	struct buffer text; /* not on stdout yet */
	unsigned depth;
	bool is_array[REPLY_DEPTH_MAX];
};

void reply_object(struct reply *reply, const char *key);
void reply_array(struct reply *reply, const char *key);
/* Ends the innermost object or array; at the outermost, also the line. */
void reply_end(struct reply *reply);
/* Ends everything but the outermost object, opening one if there is none. */
void reply_rewind(struct reply *reply);

/* NULL becomes null. */
void reply_text(struct reply *reply, const char *key, const char *value);
/* Bytes that are UTF-8 as text; others in base64, as "KEY_base64". */
void reply_bytes(struct reply *reply, const char *key, const void *data,
    size_t size);
void reply_uint(struct reply *reply, const char *key, uint64_t value);
void reply_bool(struct reply *reply, const char *key, bool value);
/* null when under is 0. */
void reply_ratio(struct reply *reply, const char *key, uint64_t over,
    uint64_t under);
/* base64 of a content or version id. */
void reply_id(struct reply *reply, const char *key, const uint8_t *id);
/* ISO 8601 in UTC; null for 0. */
void reply_time(struct reply *reply, const char *key, uint64_t unix_ms);

#endif
