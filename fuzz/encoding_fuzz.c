/*
 * What decodes encodes to itself; readings of ids keep their promises.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/encoding.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef enum ouro_status decode_function(const char *, size_t, struct buffer *,
    struct ouro_error *);
typedef void encode_function(struct bytes, char *);

static void
require(bool truth)
{
	if (!truth)
		abort();
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'F' ? (char)(c + 32) : c;
}

/* Compares hex without case, and base64url without its optional padding. */
static void
round_trip(decode_function *decode, encode_function *encode, struct bytes text,
    bool hex)
{
	struct buffer out = { 0 };
	struct ouro_error err;
	char *again;

	if (decode((const char *)text.data, text.size, &out, &err) != OURO_OK) {
		require(out.size == 0 && err.status == OURO_INVALID);
		buffer_release(&out);
		return;
	}
	again = malloc(HEX_LENGTH(out.size) + BASE64_LENGTH(out.size) + 1);
	require(again != NULL);
	encode(buffer_bytes(&out), again);
	require(strlen(again) <= text.size);
	for (size_t i = 0; i < text.size; i++) {
		char c = (char)text.data[i];

		if (i >= strlen(again))
			require(c == '=' && text.size % 4 == 0);
		else
			require((hex ? lower(c) : c) == again[i]);
	}
	free(again);
	buffer_release(&out);
}

static void
readings(struct bytes text)
{
	struct id_pattern patterns[ID_PATTERNS_MAX];
	char *copy = malloc(text.size + 1);
	size_t count;

	require(copy != NULL);
	if (text.size > 0)
		memcpy(copy, text.data, text.size);
	copy[text.size] = '\0';
	count = id_patterns(copy, patterns);
	require(count <= ID_PATTERNS_MAX);
	require(count == 0 || strlen(copy) >= ID_PREFIX_MIN);
	for (size_t i = 0; i < count; i++) {
		unsigned bits = patterns[i].bits;

		require(bits >= ID_PREFIX_MIN * 4 && bits <= ID_SIZE * 8);
		for (unsigned at = bits; at < ID_SIZE * 8; at++)
			require((patterns[i].prefix[at / 8] >> (7 - at % 8) &
				    1) == 0);
		require(id_matches(patterns[i].prefix, &patterns[i]));
		for (size_t j = 0; j < i; j++)
			require(patterns[j].bits != bits ||
			    memcmp(patterns[j].prefix, patterns[i].prefix,
				ID_SIZE) != 0);
	}
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = bytes_of(data, size);

	round_trip(hex_decode, hex_encode, text, true);
	round_trip(base64_decode, base64_encode, text, false);
	round_trip(base64url_decode, base64url_encode, text, false);
	readings(text);
	return 0;
}
