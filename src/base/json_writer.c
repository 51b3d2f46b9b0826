#include "base/json_writer.h"

#include <assert.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "base/utf8.h"

void
json_writer_init(struct json_writer *writer, struct buffer *out)
{
	*writer = (struct json_writer){ .out = out };
}

enum ouro_status
json_writer_finish(struct json_writer *writer, struct ouro_error *err)
{
	assert(writer->depth == 0 && writer->filled[0]);
	return writer->status == OURO_OK ? OURO_OK : error_memory(err);
}

static void
writer_put(struct json_writer *writer, struct bytes bytes)
{
	if (writer->status == OURO_OK)
		writer->status = buffer_append(writer->out, bytes, NULL);
}

static void
writer_put_text(struct json_writer *writer, const char *text)
{
	writer_put(writer, bytes_text(text));
}

/* What has to stand before the next value or key at this depth. */
static void
writer_separate(struct json_writer *writer)
{
	assert(writer->depth > 0 || !writer->filled[0]);
	if (writer->filled[writer->depth])
		writer_put_text(writer, ",");
	writer->filled[writer->depth] = true;
}

static void
writer_value(struct json_writer *writer)
{
	if (writer->in_object[writer->depth]) {
		assert(writer->after_key);
		writer->after_key = false;
	} else {
		writer_separate(writer);
	}
}

/* ---- strings ------------------------------------------------------------- */

static void
writer_put_escape(struct json_writer *writer, uint8_t c)
{
	static const char named[] = "\"\\\b\f\n\r\t";
	static const char names[] = "\"\\bfnrt";
	const char *found = c == 0 ? NULL : strchr(named, c);
	char text[8];

	if (found != NULL)
		snprintf(text, sizeof text, "\\%c", names[found - named]);
	else
		snprintf(text, sizeof text, "\\u%04x", (unsigned)c);
	writer_put_text(writer, text);
}

/* Length of what can be written as it is. */
static size_t
string_plain(struct bytes string)
{
	size_t at = 0;

	while (at < string.size && string.data[at] >= 0x20 &&
	    string.data[at] != '"' && string.data[at] != '\\') {
		size_t length = utf8_sequence(
		    bytes_of(string.data + at, string.size - at));

		if (length == 0)
			break;
		at += length;
	}
	return at;
}

static void
writer_put_string(struct json_writer *writer, struct bytes string)
{
	writer_put_text(writer, "\"");
	while (string.size > 0) {
		size_t plain = string_plain(string);

		writer_put(writer, bytes_of(string.data, plain));
		if (plain == string.size)
			break;
		if (string.data[plain] < 0x80)
			writer_put_escape(writer, string.data[plain]);
		else
			writer_put_text(writer, "\xef\xbf\xbd");
		string = bytes_of(string.data + plain + 1,
		    string.size - plain - 1);
	}
	writer_put_text(writer, "\"");
}

/* ---- structure ----------------------------------------------------------- */

static void
writer_begin(struct json_writer *writer, const char *bracket, bool object)
{
	writer_value(writer);
	writer_put_text(writer, bracket);
	assert(writer->depth < JSON_DEPTH_MAX);
	writer->depth++;
	writer->filled[writer->depth] = false;
	writer->in_object[writer->depth] = object;
}

static void
writer_end(struct json_writer *writer, const char *bracket, bool object)
{
	assert(writer->depth > 0 && !writer->after_key);
	assert(writer->in_object[writer->depth] == object);
	(void)object;
	writer->depth--;
	writer_put_text(writer, bracket);
}

void
json_write_object_begin(struct json_writer *writer)
{
	writer_begin(writer, "{", true);
}

void
json_write_object_end(struct json_writer *writer)
{
	writer_end(writer, "}", true);
}

void
json_write_array_begin(struct json_writer *writer)
{
	writer_begin(writer, "[", false);
}

void
json_write_array_end(struct json_writer *writer)
{
	writer_end(writer, "]", false);
}

void
json_write_key_bytes(struct json_writer *writer, struct bytes key)
{
	assert(writer->in_object[writer->depth] && !writer->after_key);
	writer_separate(writer);
	writer_put_string(writer, key);
	writer_put_text(writer, ":");
	writer->after_key = true;
}

void
json_write_key(struct json_writer *writer, const char *key)
{
	json_write_key_bytes(writer, bytes_text(key));
}

/* ---- values -------------------------------------------------------------- */

void
json_write_string(struct json_writer *writer, struct bytes string)
{
	writer_value(writer);
	writer_put_string(writer, string);
}

void
json_write_text(struct json_writer *writer, const char *text)
{
	json_write_string(writer, bytes_text(text));
}

void
json_write_raw(struct json_writer *writer, struct bytes json)
{
	assert(json.size > 0);
	writer_value(writer);
	writer_put(writer, json);
}

void
json_write_u64(struct json_writer *writer, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRIu64, number);
	json_write_raw(writer, bytes_text(text));
}

void
json_write_i64(struct json_writer *writer, int64_t number)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRId64, number);
	json_write_raw(writer, bytes_text(text));
}

/* In place: whatever the locale puts between the digits becomes a point. */
static void
point_restore(char *text)
{
	char *to = text;
	bool point = false;

	for (; *text != '\0'; text++) {
		if ((*text >= '0' && *text <= '9') || *text == '-') {
			*to++ = *text;
		} else if (!point) {
			*to++ = '.';
			point = true;
		}
	}
	*to = '\0';
}

void
json_write_double(struct json_writer *writer, double number, unsigned decimals)
{
	char text[DBL_MAX_10_EXP + JSON_DECIMALS_MAX + 16];

	assert(decimals <= JSON_DECIMALS_MAX);
	if (!isfinite(number)) {
		json_write_null(writer);
		return;
	}
	snprintf(text, sizeof text, "%.*f", (int)decimals, number);
	point_restore(text);
	json_write_raw(writer, bytes_text(text));
}

void
json_write_bool(struct json_writer *writer, bool truth)
{
	json_write_raw(writer, bytes_text(truth ? "true" : "false"));
}

void
json_write_null(struct json_writer *writer)
{
	json_write_raw(writer, bytes_text("null"));
}
