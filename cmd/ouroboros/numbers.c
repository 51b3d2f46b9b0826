#include "numbers.h"

#include <stddef.h>
#include <string.h>

/* Takes the digits at *text; false when there is none or too many. */
static bool
number_take(const char **text, uint64_t *out)
{
	const char *p = *text;
	uint64_t value = 0;

	while (*p >= '0' && *p <= '9') {
		unsigned digit = (unsigned)(*p++ - '0');

		if (value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	if (p == *text)
		return false;
	*text = p;
	*out = value;
	return true;
}

bool
range_parse(const char *text, struct range *out)
{
	*out = (struct range){ .last = UINT64_MAX };
	if (*text == '-') {
		out->suffix = true;
		text++;
		return number_take(&text, &out->first) && *text == '\0' &&
		    out->first > 0;
	}
	if (!number_take(&text, &out->first) || *text++ != '-')
		return false;
	if (*text == '\0')
		return true;
	return number_take(&text, &out->last) && *text == '\0' &&
	    out->last >= out->first;
}

bool
range_apply(const struct range *range, uint64_t size, uint64_t *offset,
    uint64_t *length)
{
	uint64_t rest;

	if (size == 0 || (!range->suffix && range->first >= size))
		return false;
	if (range->suffix) {
		*length = range->first < size ? range->first : size;
		*offset = size - *length;
		return true;
	}
	*offset = range->first;
	rest = size - range->first;
	*length = range->last - range->first < rest - 1
	    ? range->last - range->first + 1
	    : rest;
	return true;
}

const char *
rs_parse(const char *text, unsigned *k, unsigned *m)
{
	uint64_t data, parity;

	if (!number_take(&text, &data) || *text++ != '+' ||
	    !number_take(&text, &parity) || *text != '\0')
		return "it has to look like 3+2";
	if (data == 0)
		return "there must be at least one data slice (K >= 1)";
	if (data > 255 || parity > 255 || data + parity > 255)
		return "K + M can be 255 at most";
	*k = (unsigned)data;
	*m = (unsigned)parity;
	return NULL;
}

bool
size_parse(const char *text, uint64_t *bytes)
{
	static const struct {
		const char *name;
		unsigned shift;
	} units[] = { { "", 30 }, { "B", 0 }, { "KiB", 10 }, { "MiB", 20 },
		{ "GiB", 30 }, { "TiB", 40 } };
	uint64_t value;

	if (!number_take(&text, &value))
		return false;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (strcmp(text, units[i].name) != 0)
			continue;
		*bytes = value << units[i].shift;
		return *bytes >> units[i].shift == value;
	}
	return false;
}

bool
duration_parse(const char *text, uint64_t *seconds)
{
	static const struct {
		char name;
		uint64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	uint64_t value;

	if (!number_take(&text, &value))
		return false;
	*seconds = 0;
	if (value == 0 && text[0] == '\0')
		return true;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (text[0] != units[i].name || text[1] != '\0')
			continue;
		if (value > UINT64_MAX / 1000 / units[i].seconds)
			return false;
		*seconds = value * units[i].seconds;
		return true;
	}
	return false;
}

bool
count_parse(const char *text, uint64_t *count)
{
	return number_take(&text, count) && *text == '\0';
}
