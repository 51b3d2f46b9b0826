/*
 * json - reading JSON texts (RFC 8259) strictly, keeping them as sent.
 *
 * json_parse checks a whole text once; after that its values are spans of
 * it, read without further failure but for a wrong kind. A span stays valid
 * as long as the text; its bytes are exactly what was sent.
 *
 * Stricter than the RFC's grammar in three points: the text is UTF-8
 * without a byte order mark, escapes name no lone surrogates, and objects
 * and arrays are at most JSON_DEPTH_MAX deep.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/bytes.h"

#define JSON_DEPTH_MAX 128

enum json_kind {
	JSON_OBJECT,
	JSON_ARRAY,
	JSON_STRING,
	JSON_NUMBER,
	JSON_BOOL,
	JSON_NULL,
};

/* A value of a checked text; made only by the calls below. */
struct json_value {
	struct bytes raw; /* without the space around it */
};

/* Checks text and finds its one value. OURO_INVALID: the error text names
 * the offset of the first wrong byte (the size of the text when it ends too
 * early), and *wrong, if not NULL, is set to it. */
enum ouro_status json_parse(struct bytes text, struct json_value *out,
    size_t *wrong, struct ouro_error *err);

enum json_kind json_kind(struct json_value value);

/* ---- objects and arrays -------------------------------------------------- */

/* A walk over the members or elements of one value. */
struct json_walk {
	const uint8_t *at, *end;
};

/* OURO_INVALID when value is of another kind. */
enum ouro_status json_enter_object(struct json_value value,
    struct json_walk *walk, struct ouro_error *err);
enum ouro_status json_enter_array(struct json_value value,
    struct json_walk *walk, struct ouro_error *err);

/* The next member; replaces the content of key by the decoded key. OURO_END
 * after the last one. */
enum ouro_status json_next_member(struct json_walk *walk, struct buffer *key,
    struct json_value *value, struct ouro_error *err);
/* The next element; false after the last one. */
bool json_next_element(struct json_walk *walk, struct json_value *value);

/* OURO_INVALID, naming the key, when two members of this object (not of
 * those in it) have the same decoded key. */
enum ouro_status json_keys_unique(struct json_value object,
    struct ouro_error *err);
/* The first member with that key; OURO_NOT_FOUND, without an error text. */
enum ouro_status json_find(struct json_value object, const char *key,
    struct json_value *out, struct ouro_error *err);

/* ---- other values: OURO_INVALID when of another kind --------------------- */

/* Replaces the content of out by the decoded string: UTF-8, which may
 * contain U+0000, without a terminator. */
enum ouro_status json_string(struct json_value value, struct buffer *out,
    struct ouro_error *err);
/* Digits only (no sign, point or exponent), at most UINT64_MAX. */
enum ouro_status json_u64(struct json_value value, uint64_t *out,
    struct ouro_error *err);
enum ouro_status json_bool(struct json_value value, bool *out,
    struct ouro_error *err);

#endif
