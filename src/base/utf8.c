#include "base/utf8.h"

#include <assert.h>

static bool
within(uint8_t byte, uint8_t low, uint8_t high)
{
	return byte >= low && byte <= high;
}

/* The second byte's range is narrower after some first bytes: this is what
 * keeps out overlong forms, surrogates and what lies above U+10FFFF. */
static bool
second_fits(uint8_t first, uint8_t second)
{
	switch (first) {
	case 0xe0:
		return within(second, 0xa0, 0xbf);
	case 0xed:
		return within(second, 0x80, 0x9f);
	case 0xf0:
		return within(second, 0x90, 0xbf);
	case 0xf4:
		return within(second, 0x80, 0x8f);
	default:
		return within(second, 0x80, 0xbf);
	}
}

size_t
utf8_sequence(struct bytes bytes)
{
	const uint8_t *p = bytes.data;
	size_t length;

	if (bytes.size == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (within(p[0], 0xc2, 0xdf))
		length = 2;
	else if (within(p[0], 0xe0, 0xef))
		length = 3;
	else if (within(p[0], 0xf0, 0xf4))
		length = 4;
	else
		return 0;
	if (bytes.size < length || !second_fits(p[0], p[1]))
		return 0;
	for (size_t i = 2; i < length; i++)
		if (!within(p[i], 0x80, 0xbf))
			return 0;
	return length;
}

bool
utf8_valid(struct bytes bytes)
{
	while (bytes.size > 0) {
		size_t length = utf8_sequence(bytes);

		if (length == 0)
			return false;
		bytes = bytes_of(bytes.data + length, bytes.size - length);
	}
	return true;
}

size_t
utf8_encode(uint32_t point, uint8_t out[UTF8_SEQUENCE_MAX])
{
	size_t length = point < 0x80 ? 1
	    : point < 0x800	     ? 2
	    : point < 0x10000	     ? 3
				     : 4;
	static const uint8_t first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	assert(point <= 0x10ffff && (point < 0xd800 || point > 0xdfff));
	for (size_t i = length - 1; i > 0; i--) {
		out[i] = (uint8_t)(0x80 | (point & 0x3f));
		point >>= 6;
	}
	out[0] = (uint8_t)(first[length] | point);
	return length;
}

bool
utf8_control(struct bytes bytes)
{
	if (bytes.size == 0)
		return false;
	if (bytes.data[0] < 0x20 || bytes.data[0] == 0x7f)
		return true;
	return bytes.size >= 2 && bytes.data[0] == 0xc2 &&
	    bytes.data[1] >= 0x80 && bytes.data[1] <= 0x9f;
}

bool
utf8_plain(struct bytes bytes)
{
	while (bytes.size > 0) {
		size_t length = utf8_sequence(bytes);

		if (length == 0 || utf8_control(bytes))
			return false;
		bytes = bytes_of(bytes.data + length, bytes.size - length);
	}
	return true;
}
