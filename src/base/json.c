#include "base/json.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/json_scan.h"
#include "base/utf8.h"

enum ouro_status
json_parse(struct bytes text, struct json_value *out, size_t *wrong,
    struct ouro_error *err)
{
	struct json_fault fault;

	if (!json_scan(text, &out->raw, &fault)) {
		if (wrong != NULL)
			*wrong = fault.offset;
		return error_set(err, OURO_INVALID, "JSON: %s at offset %zu",
		    fault.what, fault.offset);
	}
	return OURO_OK;
}

enum json_kind
json_kind(struct json_value value)
{
	assert(value.raw.size > 0);
	switch (value.raw.data[0]) {
	case '{':
		return JSON_OBJECT;
	case '[':
		return JSON_ARRAY;
	case '"':
		return JSON_STRING;
	case 't':
	case 'f':
		return JSON_BOOL;
	case 'n':
		return JSON_NULL;
	default:
		return JSON_NUMBER;
	}
}

static enum ouro_status
kind_expect(struct json_value value, enum json_kind kind,
    struct ouro_error *err)
{
	static const char *const names[] = { "an object", "an array",
		"a string", "a number", "true or false", "null" };

	if (json_kind(value) == kind)
		return OURO_OK;
	return error_set(err, OURO_INVALID, "JSON: %s where %s belongs",
	    names[json_kind(value)], names[kind]);
}

/* ---- spans in a checked text --------------------------------------------- */

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Past space and the one separator (',' or ':') that may be there. */
static void
walk_skip(struct json_walk *walk)
{
	while (walk->at < walk->end &&
	    (is_space(*walk->at) || *walk->at == ',' || *walk->at == ':'))
		walk->at++;
}

static const uint8_t *
string_end(const uint8_t *at, const uint8_t *end)
{
	for (at++; at < end && *at != '"'; at++)
		at += *at == '\\';
	assert(at < end);
	return at + 1;
}

static const uint8_t *
nested_end(const uint8_t *at, const uint8_t *end)
{
	size_t depth = 0;

	do {
		assert(at < end);
		if (*at == '"') {
			at = string_end(at, end);
			continue;
		}
		if (*at == '{' || *at == '[')
			depth++;
		else if (*at == '}' || *at == ']')
			depth--;
		at++;
	} while (depth > 0);
	return at;
}

static const uint8_t *
plain_end(const uint8_t *at, const uint8_t *end)
{
	while (at < end && !is_space(*at) && *at != ',')
		at++;
	return at;
}

/* The value that begins at the walk's place, which moves behind it. */
static struct json_value
walk_take(struct json_walk *walk)
{
	const uint8_t *from = walk->at;

	assert(from < walk->end);
	if (*from == '"')
		walk->at = string_end(from, walk->end);
	else if (*from == '{' || *from == '[')
		walk->at = nested_end(from, walk->end);
	else
		walk->at = plain_end(from, walk->end);
	assert(walk->at > from && walk->at <= walk->end);
	return (struct json_value){ bytes_of(from, (size_t)(walk->at - from)) };
}

/* ---- objects and arrays -------------------------------------------------- */

static enum ouro_status
walk_enter(struct json_value value, enum json_kind kind, struct json_walk *walk,
    struct ouro_error *err)
{
	enum ouro_status status = kind_expect(value, kind, err);

	if (status != OURO_OK)
		return status;
	walk->at = value.raw.data + 1;
	walk->end = value.raw.data + value.raw.size - 1;
	return OURO_OK;
}

enum ouro_status
json_enter_object(struct json_value value, struct json_walk *walk,
    struct ouro_error *err)
{
	return walk_enter(value, JSON_OBJECT, walk, err);
}

enum ouro_status
json_enter_array(struct json_value value, struct json_walk *walk,
    struct ouro_error *err)
{
	return walk_enter(value, JSON_ARRAY, walk, err);
}

enum ouro_status
json_next_member(struct json_walk *walk, struct buffer *key,
    struct json_value *value, struct ouro_error *err)
{
	enum ouro_status status;
	struct json_walk next = *walk;

	walk_skip(&next);
	if (next.at == next.end)
		return OURO_END;
	status = json_string(walk_take(&next), key, err);
	if (status != OURO_OK)
		return status;
	walk_skip(&next);
	*value = walk_take(&next);
	*walk = next;
	return OURO_OK;
}

bool
json_next_element(struct json_walk *walk, struct json_value *value)
{
	walk_skip(walk);
	if (walk->at == walk->end)
		return false;
	*value = walk_take(walk);
	return true;
}

/* ---- keys ---------------------------------------------------------------- */

/* Keys get their place in `all` when it has stopped moving; until then only
 * their sizes are known. */
struct keys {
	struct buffer all;   /* one behind the other */
	struct buffer spans; /* of struct bytes */
};

static int
key_order(const void *a, const void *b)
{
	return bytes_compare(*(const struct bytes *)a,
	    *(const struct bytes *)b);
}

static enum ouro_status
keys_collect(struct json_value object, struct keys *keys,
    struct ouro_error *err)
{
	enum ouro_status status;
	struct json_walk walk;
	struct json_value value;
	struct buffer key = { 0 };

	status = json_enter_object(object, &walk, err);
	while (status == OURO_OK) {
		struct bytes span;

		status = json_next_member(&walk, &key, &value, err);
		if (status != OURO_OK)
			break;
		span = bytes_of(NULL, key.size);
		status = buffer_append(&keys->spans,
		    bytes_of(&span, sizeof span), err);
		if (status == OURO_OK)
			status = buffer_append(&keys->all, buffer_bytes(&key),
			    err);
	}
	buffer_wipe(&key);
	return status == OURO_END ? OURO_OK : status;
}

enum ouro_status
json_keys_unique(struct json_value object, struct ouro_error *err)
{
	struct keys keys = { 0 };
	struct bytes *spans;
	size_t count, offset = 0;
	enum ouro_status status = keys_collect(object, &keys, err);

	if (status != OURO_OK || keys.spans.size == 0)
		goto out;
	spans = (struct bytes *)(void *)keys.spans.data;
	count = keys.spans.size / sizeof *spans;
	for (size_t i = 0; i < count; i++) {
		if (spans[i].size > 0)
			spans[i].data = keys.all.data + offset;
		offset += spans[i].size;
	}
	qsort(spans, count, sizeof *spans, key_order);
	for (size_t i = 1; i < count && status == OURO_OK; i++)
		if (bytes_equal(spans[i - 1], spans[i]))
			status = error_set(err, OURO_INVALID,
			    "JSON: the key \"%.*s\" is there twice",
			    (int)(spans[i].size < 200 ? spans[i].size : 200),
			    spans[i].size > 0 ? (const char *)spans[i].data
					      : "");
out:
	buffer_wipe(&keys.all);
	buffer_release(&keys.spans);
	return status;
}

enum ouro_status
json_find(struct json_value object, const char *key, struct json_value *out,
    struct ouro_error *err)
{
	struct json_walk walk;
	struct json_value value;
	struct buffer at = { 0 };
	enum ouro_status status = json_enter_object(object, &walk, err);

	while (status == OURO_OK) {
		status = json_next_member(&walk, &at, &value, err);
		if (status == OURO_OK &&
		    bytes_equal(buffer_bytes(&at), bytes_text(key))) {
			*out = value;
			break;
		}
	}
	buffer_release(&at);
	return status == OURO_END ? OURO_NOT_FOUND : status;
}

/* ---- other values -------------------------------------------------------- */

static uint32_t
escape_unit(const uint8_t *at)
{
	uint32_t unit = 0;

	for (int i = 0; i < 4; i++) {
		uint8_t c = at[i];
		uint32_t digit = c <= '9' ? (uint32_t)(c - '0')
					  : (uint32_t)((c | 0x20) - 'a' + 10);
		unit = unit << 4 | digit;
	}
	return unit;
}

/* Decodes the escape at (behind its backslash); returns what is behind it. */
static const uint8_t *
escape_decode(const uint8_t *at, uint8_t **to)
{
	static const char names[] = "\"\\/bfnrt";
	static const char values[] = "\"\\/\b\f\n\r\t";
	uint32_t point;

	if (*at != 'u') {
		*(*to)++ = (uint8_t)values[strchr(names, *at) - names];
		return at + 1;
	}
	point = escape_unit(at + 1);
	at += 5;
	if (point >= 0xd800 && point <= 0xdbff) {
		point = 0x10000 + ((point & 0x3ff) << 10) +
		    (escape_unit(at + 2) & 0x3ff);
		at += 6;
	}
	*to += utf8_encode(point, *to);
	return at;
}

enum ouro_status
json_string(struct json_value value, struct buffer *out, struct ouro_error *err)
{
	enum ouro_status status = kind_expect(value, JSON_STRING, err);
	const uint8_t *at, *end;
	uint8_t *to;

	if (status != OURO_OK)
		return status;
	at = value.raw.data + 1;
	end = value.raw.data + value.raw.size - 1;
	/* No escape is shorter than what it stands for. */
	out->size = 0;
	status = buffer_reserve(out, value.raw.size, err);
	if (status != OURO_OK)
		return status;
	to = out->data;
	while (at < end) {
		if (*at == '\\')
			at = escape_decode(at + 1, &to);
		else
			*to++ = *at++;
	}
	out->size = (size_t)(to - out->data);
	assert(at == end && out->size <= out->capacity);
	return OURO_OK;
}

enum ouro_status
json_u64(struct json_value value, uint64_t *out, struct ouro_error *err)
{
	uint64_t number = 0;
	enum ouro_status status = kind_expect(value, JSON_NUMBER, err);

	for (size_t i = 0; status == OURO_OK && i < value.raw.size; i++) {
		uint8_t c = value.raw.data[i];
		uint64_t digit = (uint64_t)c - '0';

		if (c < '0' || c > '9' || number > (UINT64_MAX - digit) / 10)
			status = error_set(err, OURO_INVALID,
			    "JSON: %.*s is not a whole number from 0 to "
			    "18446744073709551615",
			    value.raw.size < 60 ? (int)value.raw.size : 60,
			    (const char *)value.raw.data);
		else
			number = number * 10 + digit;
	}
	if (status == OURO_OK)
		*out = number;
	return status;
}

enum ouro_status
json_bool(struct json_value value, bool *out, struct ouro_error *err)
{
	enum ouro_status status = kind_expect(value, JSON_BOOL, err);

	if (status == OURO_OK)
		*out = value.raw.data[0] == 't';
	return status;
}
