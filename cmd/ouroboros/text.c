#include "text.h"

#include <inttypes.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

#include "base/utf8.h"

size_t
text_decode(const char *text, size_t size, uint32_t *point)
{
	static const unsigned char first_bits[] = { 0, 0x7f, 0x1f, 0x0f, 7 };
	size_t length = utf8_sequence(bytes_of(text, size));

	*point = 0;
	if (length > 0)
		*point = (unsigned char)text[0] & first_bits[length];
	for (size_t i = 1; i < length; i++)
		*point = *point << 6 | ((unsigned char)text[i] & 0x3fu);
	return length;
}

const char *
text_size(uint64_t bytes, char out[TEXT_SIZE_SIZE])
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB",
		"PiB", "EiB" };
	double value = (double)bytes;
	size_t unit = 0;

	if (bytes < 1024) {
		snprintf(out, TEXT_SIZE_SIZE, "%" PRIu64 " B", bytes);
		return out;
	}
	/* 1023.95 would be shown as 1024.0. */
	while (value >= 1023.95 && unit + 1 < sizeof units / sizeof *units) {
		value /= 1024;
		unit++;
	}
	snprintf(out, TEXT_SIZE_SIZE, "%.1f %s", value, units[unit]);
	return out;
}

const char *
text_ratio(uint64_t over, uint64_t under, char out[TEXT_RATIO_SIZE])
{
	if (under == 0)
		snprintf(out, TEXT_RATIO_SIZE, "-");
	else
		snprintf(out, TEXT_RATIO_SIZE, "%.2f : 1",
		    (double)over / (double)under);
	return out;
}

/* ISO 8601 and what is behind the seconds; milliseconds alone when the time
 * is beyond what a calendar holds. */
static const char *
time_text(uint64_t unix_ms, const char *rest, char out[TEXT_TIME_SIZE])
{
	time_t seconds = (time_t)(unix_ms / 1000);
	struct tm parts;
	size_t length = 0;

	if (gmtime_r(&seconds, &parts) != NULL)
		length = strftime(out, TEXT_TIME_SIZE, "%Y-%m-%dT%H:%M:%S",
		    &parts);
	if (length > 0)
		snprintf(out + length, TEXT_TIME_SIZE - length, "%sZ", rest);
	else
		snprintf(out, TEXT_TIME_SIZE, "%" PRIu64 " ms", unix_ms);
	return out;
}

const char *
text_time(uint64_t unix_ms, char out[TEXT_TIME_SIZE])
{
	return time_text(unix_ms, "", out);
}

const char *
text_time_ms(uint64_t unix_ms, char out[TEXT_TIME_SIZE])
{
	char rest[8];

	snprintf(rest, sizeof rest, ".%03u", (unsigned)(unix_ms % 1000));
	return time_text(unix_ms, rest, out);
}

#define ESCAPED_SIZE 12 /* of one character, with its terminator */

bool
text_is_harmful(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) ||
	    (point >= 0x200e && point <= 0x200f) ||
	    (point >= 0x2028 && point <= 0x202e) ||
	    (point >= 0x2066 && point <= 0x2069) || point == 0xfeff;
}

/* Writes one character of text, escaped; returns the bytes it was. */
static size_t
escape_one(const char *text, size_t size, char out[ESCAPED_SIZE])
{
	uint32_t point = 0;
	size_t length = text_decode(text, size, &point);

	if (length == 0)
		snprintf(out, ESCAPED_SIZE, "\\x%02x", (unsigned char)*text);
	else if (point == '\n')
		snprintf(out, ESCAPED_SIZE, "\\n");
	else if (point == '\t')
		snprintf(out, ESCAPED_SIZE, "\\t");
	else if (text_is_harmful(point))
		snprintf(out, ESCAPED_SIZE,
		    point < 0x80 ? "\\x%02x" : "\\u%04x", (unsigned)point);
	else
		snprintf(out, ESCAPED_SIZE, "%.*s", (int)length, text);
	return length == 0 ? 1 : length;
}

char *
text_escape(const char *text)
{
	size_t size = strlen(text), used = 0;
	char *out = malloc(size * 4 + ESCAPED_SIZE); /* \xNN for one byte */

	if (out == NULL)
		return NULL;
	out[0] = '\0';
	for (size_t i = 0; i < size; used += strlen(out + used))
		i += escape_one(text + i, size - i, out + used);
	return out;
}

void
text_write(FILE *file, const char *text)
{
	size_t size = strlen(text);
	char one[ESCAPED_SIZE];

	for (size_t i = 0; i < size;) {
		i += escape_one(text + i, size - i, one);
		fputs(one, file);
	}
}

size_t
text_width(const char *text)
{
	static bool prepared;
	size_t size = strlen(text), width = 0;

	if (!prepared) /* wcwidth knows nothing in the C locale */
		setlocale(LC_CTYPE, "C.UTF-8");
	prepared = true;
	for (size_t i = 0, length; i < size; i += length) {
		uint32_t point = 0;
		int columns;

		length = text_decode(text + i, size - i, &point);
		if (length == 0)
			length = 1;
		columns = wcwidth((wchar_t)point);
		width += columns < 0 ? 1 : (size_t)columns;
	}
	return width;
}
