#include "base/encoding.h"

#include <assert.h>

#include "base/error.h"

#define ID_BITS		      (ID_SIZE * 8)
#define ID_HEX_LENGTH	      HEX_LENGTH(ID_SIZE)
#define ID_BASE64_SIGNIFICANT 43 /* of BASE64_LENGTH, without padding */

_Static_assert(ID_BASE64_SIGNIFICANT == BASE64_LENGTH(ID_SIZE) - 1,
    "an id has one padding character");

/* A base64 alphabet is 62 common characters and these two. */
struct alphabet {
	const char *name;
	char char62;
	char char63;
	bool padded;
};

static const struct alphabet base64 = { "base64", '+', '/', true };
static const struct alphabet base64url = { "base64url", '-', '_', false };

/* ---- single characters --------------------------------------------------- */

/* 0..15, or -1. */
static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* 0..63, or -1. */
static int
base64_value(const struct alphabet *alphabet, char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == alphabet->char62)
		return 62;
	if (c == alphabet->char63)
		return 63;
	return -1;
}

static char
base64_char(const struct alphabet *alphabet, unsigned value)
{
	static const char common[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789";

	value &= 63;
	if (value < 62)
		return common[value];
	return value == 62 ? alphabet->char62 : alphabet->char63;
}

/* ---- bytes to text ------------------------------------------------------- */

void
hex_encode(struct bytes in, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < in.size; i++) {
		*out++ = digits[in.data[i] >> 4];
		*out++ = digits[in.data[i] & 15];
	}
	*out = '\0';
}

static void
alphabet_encode(const struct alphabet *alphabet, struct bytes in, char *out)
{
	for (size_t at = 0; at < in.size; at += 3) {
		size_t left = in.size - at;
		unsigned group = (unsigned)in.data[at] << 16;

		if (left > 1)
			group |= (unsigned)in.data[at + 1] << 8;
		if (left > 2)
			group |= in.data[at + 2];
		*out++ = base64_char(alphabet, group >> 18);
		*out++ = base64_char(alphabet, group >> 12);
		if (left > 1)
			*out++ = base64_char(alphabet, group >> 6);
		else if (alphabet->padded)
			*out++ = '=';
		if (left > 2)
			*out++ = base64_char(alphabet, group);
		else if (alphabet->padded)
			*out++ = '=';
	}
	*out = '\0';
}

void
base64_encode(struct bytes in, char *out)
{
	alphabet_encode(&base64, in, out);
}

void
base64url_encode(struct bytes in, char *out)
{
	alphabet_encode(&base64url, in, out);
}

/* ---- text to bytes ------------------------------------------------------- */

static enum ouro_status
wrong_at(struct ouro_error *err, const char *name, size_t offset, size_t length)
{
	if (offset == length)
		return error_set(err, OURO_INVALID,
		    "%s text ends too early, at offset %zu", name, offset);
	return error_set(err, OURO_INVALID,
	    "wrong character in %s text at offset %zu", name, offset);
}

enum ouro_status
hex_decode(const char *text, size_t length, struct buffer *out,
    struct ouro_error *err)
{
	enum ouro_status status;

	for (size_t i = 0; i < length; i++)
		if (hex_value(text[i]) < 0)
			return wrong_at(err, "hex", i, length);
	if (length % 2 != 0)
		return wrong_at(err, "hex", length, length);
	status = buffer_reserve(out, length / 2, err);
	if (status != OURO_OK)
		return status;
	for (size_t i = 0; i < length; i += 2)
		out->data[out->size++] = (uint8_t)(hex_value(text[i]) << 4 |
		    hex_value(text[i + 1]));
	return OURO_OK;
}

/* Trailing padding characters, at most two: a third is never right. */
static size_t
padding_count(const char *text, size_t length)
{
	size_t count = 0;

	while (count < 2 && count < length && text[length - count - 1] == '=')
		count++;
	return count;
}

/* The offset of the first wrong character of a text (length when characters
 * are missing at its end), or SIZE_MAX when it is canonical. */
static size_t
base64_wrong(const struct alphabet *alphabet, const char *text, size_t length)
{
	size_t padding = padding_count(text, length);
	size_t body = length - padding;
	size_t padding_due = (4 - body % 4) % 4;
	unsigned unused_mask = body % 4 == 2 ? 15 : body % 4 == 3 ? 3 : 0;

	for (size_t i = 0; i < body; i++)
		if (base64_value(alphabet, text[i]) < 0)
			return i;
	if (body % 4 == 1)
		return body;
	if (body > 0 &&
	    (unsigned)base64_value(alphabet, text[body - 1]) & unused_mask)
		return body - 1;
	if (padding > padding_due)
		return body + padding_due;
	if (padding < padding_due && (alphabet->padded || padding > 0))
		return length;
	return SIZE_MAX;
}

static enum ouro_status
alphabet_decode(const struct alphabet *alphabet, const char *text,
    size_t length, struct buffer *out, struct ouro_error *err)
{
	size_t wrong = base64_wrong(alphabet, text, length);
	size_t body = length - padding_count(text, length);
	enum ouro_status status;
	unsigned held = 0;	/* bits not yet written, right-aligned */
	unsigned held_bits = 0; /* their number, < 8 between characters */

	if (wrong != SIZE_MAX)
		return wrong_at(err, alphabet->name, wrong, length);
	status = buffer_reserve(out, body / 4 * 3 + body % 4, err);
	if (status != OURO_OK)
		return status;
	for (size_t i = 0; i < body; i++) {
		held = held << 6 | (unsigned)base64_value(alphabet, text[i]);
		held_bits += 6;
		if (held_bits < 8)
			continue;
		held_bits -= 8;
		out->data[out->size++] = (uint8_t)(held >> held_bits);
		held &= (1u << held_bits) - 1;
	}
	assert(held == 0 && out->size <= out->capacity);
	return OURO_OK;
}

enum ouro_status
base64_decode(const char *text, size_t length, struct buffer *out,
    struct ouro_error *err)
{
	return alphabet_decode(&base64, text, length, out, err);
}

enum ouro_status
base64url_decode(const char *text, size_t length, struct buffer *out,
    struct ouro_error *err)
{
	return alphabet_decode(&base64url, text, length, out, err);
}

/* ---- shortened ids ------------------------------------------------------- */

/* Appends the lowest `width` bits of value. Bits beyond an id's end are not
 * kept; false when one of those is set. */
static bool
pattern_push(struct id_pattern *pattern, unsigned value, unsigned width)
{
	while (width-- > 0) {
		unsigned bit = value >> width & 1;
		unsigned at = pattern->bits;

		if (at < ID_BITS) {
			pattern->prefix[at / 8] |= (uint8_t)(bit
			    << (7 - at % 8));
			pattern->bits++;
		} else if (bit != 0) {
			return false;
		}
	}
	return true;
}

static bool
pattern_hex(const char *text, size_t length, struct id_pattern *pattern)
{
	if (length > ID_HEX_LENGTH)
		return false;
	for (size_t i = 0; i < length; i++) {
		int value = hex_value(text[i]);
		if (value < 0 || !pattern_push(pattern, (unsigned)value, 4))
			return false;
	}
	return true;
}

/*
 * Unpadded, n characters are 6n bits (a full id's last two must be 0).
 * Padded, the text encodes whole bytes; what its last character has beyond
 * them says nothing about the id and must be 0.
 */
static bool
pattern_base64(const struct alphabet *alphabet, const char *text, size_t length,
    struct id_pattern *pattern)
{
	size_t padding = padding_count(text, length);
	size_t body = length - padding;
	unsigned excess;

	if (body < ID_PREFIX_MIN || body > ID_BASE64_SIGNIFICANT ||
	    (padding > 0 && length % 4 != 0))
		return false;
	for (size_t i = 0; i < body; i++) {
		int value = base64_value(alphabet, text[i]);
		if (value < 0 || !pattern_push(pattern, (unsigned)value, 6))
			return false;
	}
	excess = padding > 0 ? pattern->bits % 8 : 0;
	if (excess > 0 && pattern->prefix[pattern->bits / 8] != 0)
		return false;
	pattern->bits -= excess;
	return true;
}

static bool
pattern_equal(const struct id_pattern *a, const struct id_pattern *b)
{
	return a->bits == b->bits && memcmp(a->prefix, b->prefix, ID_SIZE) == 0;
}

/* Adds one reading unless it is there. */
static size_t
patterns_add(struct id_pattern *out, size_t count,
    const struct id_pattern *pattern)
{
	for (size_t i = 0; i < count; i++)
		if (pattern_equal(&out[i], pattern))
			return count;
	assert(count < ID_PATTERNS_MAX);
	out[count] = *pattern;
	return count + 1;
}

size_t
id_patterns(const char *text, struct id_pattern out[ID_PATTERNS_MAX])
{
	size_t length = strnlen(text, ID_HEX_LENGTH + 1);
	struct id_pattern hex = { 0 }, plain = { 0 }, url = { 0 };
	size_t count = 0;

	if (length < ID_PREFIX_MIN)
		return 0;
	if (pattern_hex(text, length, &hex))
		count = patterns_add(out, count, &hex);
	if (pattern_base64(&base64, text, length, &plain))
		count = patterns_add(out, count, &plain);
	if (pattern_base64(&base64url, text, length, &url))
		count = patterns_add(out, count, &url);
	return count;
}

bool
id_matches(const uint8_t id[ID_SIZE], const struct id_pattern *pattern)
{
	unsigned whole = pattern->bits / 8;
	unsigned rest = pattern->bits % 8;

	assert(pattern->bits <= ID_BITS);
	if (memcmp(id, pattern->prefix, whole) != 0)
		return false;
	return rest == 0 ||
	    (id[whole] ^ pattern->prefix[whole]) >> (8 - rest) == 0;
}
