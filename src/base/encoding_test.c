#include "base/encoding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/error.h"

static const char plain_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char hex_alphabet[] = "0123456789abcdef";

typedef enum ouro_status decode_function(const char *, size_t, struct buffer *,
    struct ouro_error *);

/* The reference, slow and by itself: a text is a string of bits. Returns
 * their number; bits[i] is 0 or 1. */
static size_t
slow_bits(const char *text, const char *alphabet, unsigned width, char *bits)
{
	size_t count = 0;

	for (; *text != '\0' && *text != '='; text++) {
		const char *found = strchr(alphabet, *text);

		assert_non_null(found);
		for (unsigned i = 0; i < width; i++)
			bits[count++] = (char)(((found - alphabet) >>
						   (width - 1 - i)) &
			    1);
	}
	return count;
}

static int
bit_of(const uint8_t *data, size_t at)
{
	return data[at / 8] >> (7 - at % 8) & 1;
}

static void
check_bits(struct bytes in, const char *text, const char *alphabet,
    unsigned width)
{
	char bits[4096];
	size_t count = slow_bits(text, alphabet, width, bits);

	assert_true(count >= in.size * 8 && count < in.size * 8 + width);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(bits[i],
		    i < in.size * 8 ? bit_of(in.data, i) : 0);
}

static void
check_decoded(decode_function *decode, const char *text, struct bytes want)
{
	struct buffer out = { 0 };
	size_t before;

	buffer_append(&out, bytes_text("head"), NULL);
	before = out.size;
	assert_int_equal(decode(text, strlen(text), &out, NULL), OURO_OK);
	assert_true(
	    bytes_equal(bytes_of(out.data + before, out.size - before), want));
	assert_memory_equal(out.data, "head", before);
	buffer_release(&out);
}

static void
round_trips_agree_with_a_slow_reading(void **state)
{
	uint8_t data[100];
	char text[256];

	(void)state;
	srand(1);
	for (size_t size = 0; size <= sizeof data; size++) {
		struct bytes in = bytes_of(data, size);

		for (size_t i = 0; i < size; i++)
			data[i] = (uint8_t)(rand() >> 7);
		memset(text, 'Z', sizeof text);
		hex_encode(in, text);
		assert_int_equal(strlen(text), HEX_LENGTH(size));
		check_bits(in, text, hex_alphabet, 4);
		check_decoded(hex_decode, text, in);
		memset(text, 'Z', sizeof text);
		base64_encode(in, text);
		assert_int_equal(strlen(text), BASE64_LENGTH(size));
		check_bits(in, text, plain_alphabet, 6);
		check_decoded(base64_decode, text, in);
		base64url_encode(in, text);
		assert_int_equal(strlen(text), (size * 4 + 2) / 3);
		check_bits(in, text, url_alphabet, 6);
		check_decoded(base64url_decode, text, in);
	}
}

static void
known_texts(void **state)
{
	static const char *const table[][3] = {
		/* RFC 4648 section 10 */
		{ "", "", "" },
		{ "f", "Zg==", "Zg" },
		{ "fo", "Zm8=", "Zm8" },
		{ "foo", "Zm9v", "Zm9v" },
		{ "foob", "Zm9vYg==", "Zm9vYg" },
		{ "fooba", "Zm9vYmE=", "Zm9vYmE" },
		{ "foobar", "Zm9vYmFy", "Zm9vYmFy" },
		{ "\xfb\xff\xbf", "+/+/", "-_-_" },
	};
	char text[32];

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		base64_encode(bytes_text(table[i][0]), text);
		assert_string_equal(text, table[i][1]);
		base64url_encode(bytes_text(table[i][0]), text);
		assert_string_equal(text, table[i][2]);
		check_decoded(base64url_decode, table[i][2],
		    bytes_text(table[i][0]));
	}
	hex_encode(bytes_text("\x01\xab\xff"), text);
	assert_string_equal(text, "01abff");
	check_decoded(hex_decode, "01aBFf", bytes_text("\x01\xab\xff"));
	/* Exactly padded base64url is taken too. */
	check_decoded(base64url_decode, "-w==", bytes_text("\xfb"));
	check_decoded(base64url_decode, "Zm8=", bytes_text("fo"));
}

static void
wrong_texts_are_refused_with_the_offset(void **state)
{
	static const struct {
		decode_function *decode;
		const char *text;
		unsigned offset;
	} table[] = {
		{ hex_decode, "a", 1 },
		{ hex_decode, "abc", 3 },
		{ hex_decode, "0g", 1 },
		{ hex_decode, " 0", 0 },
		{ hex_decode, "00\n", 2 },
		{ hex_decode, "0x00", 1 },
		{ hex_decode, "00\xc3\xa4", 2 },
		{ base64_decode, "Z", 1 },
		{ base64_decode, "Zg", 2 },
		{ base64_decode, "Zg=", 3 },
		{ base64_decode, "Zg===", 2 },
		{ base64_decode, "Zh==", 1 },
		{ base64_decode, "Zm9=", 2 },
		{ base64_decode, "Zm8", 3 },
		{ base64_decode, "Zm8==", 4 },
		{ base64_decode, "Zm9v=", 4 },
		{ base64_decode, "Zm9v====", 4 },
		{ base64_decode, "=", 0 },
		{ base64_decode, "====", 0 },
		{ base64_decode, "Z===", 1 },
		{ base64_decode, "Zg==Zg==", 2 },
		{ base64_decode, "Zm9vY=", 5 },
		{ base64_decode, "Z-9v", 1 },
		{ base64_decode, "Zm_v", 2 },
		{ base64_decode, "Zm9v\n", 4 },
		{ base64_decode, "Zm 9v", 2 },
		{ base64url_decode, "Z", 1 },
		{ base64url_decode, "Zh", 1 },
		{ base64url_decode, "Zg=", 3 },
		{ base64url_decode, "Zm9", 2 },
		{ base64url_decode, "Zm8==", 4 },
		{ base64url_decode, "Zm9v=", 4 },
		{ base64url_decode, "Z+9v", 1 },
		{ base64url_decode, "Zm/v", 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct buffer out = { 0 };
		struct ouro_error err = { 0 };
		char wanted[32];
		size_t length;

		buffer_set(&out, bytes_text("keep"), NULL);
		assert_int_equal(table[i].decode(table[i].text,
				     strlen(table[i].text), &out, &err),
		    OURO_INVALID);
		snprintf(wanted, sizeof wanted, "offset %u", table[i].offset);
		length = strlen(err.text) - strlen(wanted);
		assert_string_equal(err.text + length, wanted);
		assert_true(
		    bytes_equal(buffer_bytes(&out), bytes_text("keep")));
		buffer_release(&out);
	}
}

static void
nothing_decodes_to_nothing(void **state)
{
	static decode_function *const decoders[] = { hex_decode, base64_decode,
		base64url_decode };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct buffer out = { 0 };

		assert_int_equal(decoders[i]("", 0, &out, NULL), OURO_OK);
		assert_int_equal(out.size, 0);
		buffer_release(&out);
	}
}

static void
only_alphabet_characters_are_taken(void **state)
{
	static const struct {
		decode_function *decode;
		const char *alphabet;
	} table[] = {
		{ hex_decode, "0123456789abcdefABCDEF" },
		{ base64_decode, plain_alphabet },
		{ base64url_decode, url_alphabet },
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		for (int c = 0; c < 256; c++) {
			char text[4] = { 'A', 'A', (char)c, 'A' };
			struct buffer out = { 0 };
			enum ouro_status status = table[i].decode(text, 4, &out,
			    NULL);
			int known = c != 0 &&
			    strchr(table[i].alphabet, c) != NULL;

			assert_int_equal(status == OURO_OK, known);
			buffer_release(&out);
		}
	}
}

/* ---- ids ----------------------------------------------------------------- */

static void
id_fill(uint8_t id[ID_SIZE], unsigned seed)
{
	srand(seed);
	for (int i = 0; i < ID_SIZE; i++)
		id[i] = (uint8_t)(rand() >> 7);
}

static size_t
matching(const struct id_pattern *patterns, size_t count, const uint8_t *id)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		found += id_matches(id, &patterns[i]);
	return found;
}

static void
K05_every_full_form_of_an_id_is_one_reading(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed < 200; seed++) {
		struct id_pattern patterns[ID_PATTERNS_MAX];
		uint8_t id[ID_SIZE];
		char forms[6][80];

		id_fill(id, seed);
		hex_encode(bytes_of(id, ID_SIZE), forms[0]);
		for (int i = 0; i <= 64; i++)
			forms[1][i] = forms[0][i] >= 'a'
			    ? (char)(forms[0][i] - 32)
			    : forms[0][i];
		base64_encode(bytes_of(id, ID_SIZE), forms[2]);
		snprintf(forms[3], 80, "%.43s", forms[2]);
		base64url_encode(bytes_of(id, ID_SIZE), forms[4]);
		snprintf(forms[5], 80, "%.43s=", forms[4]);
		for (int i = 0; i < 6; i++) {
			assert_int_equal(id_patterns(forms[i], patterns), 1);
			assert_int_equal(patterns[0].bits, 256);
			assert_memory_equal(patterns[0].prefix, id, ID_SIZE);
			assert_true(id_matches(id, &patterns[0]));
		}
	}
}

/* Every prefix of text is among its own readings, with the right bits. */
static void
check_prefixes(const char *text, const char *alphabet, unsigned width,
    const uint8_t *id)
{
	size_t full = strlen(text);

	for (size_t n = 0; n < full; n++) {
		struct id_pattern patterns[ID_PATTERNS_MAX];
		char part[80], bits[400];
		size_t count, found = 0;

		snprintf(part, sizeof part, "%.*s", (int)n, text);
		count = id_patterns(part, patterns);
		if (n < ID_PREFIX_MIN) {
			assert_int_equal(count, 0);
			continue;
		}
		assert_true(matching(patterns, count, id) >= 1);
		for (size_t i = 0; i < count; i++) {
			size_t same = 0;

			if (patterns[i].bits != n * width)
				continue;
			assert_int_equal(slow_bits(part, alphabet, width, bits),
			    n * width);
			while (same < 256 &&
			    bit_of(patterns[i].prefix, same) ==
				(same < n * width ? bits[same] : 0))
				same++;
			found += same == 256;
		}
		assert_int_equal(found, 1);
	}
}

static void
K05_every_prefix_is_read_in_its_alphabet(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed < 60; seed++) {
		uint8_t id[ID_SIZE];
		char text[80];

		id_fill(id, seed);
		hex_encode(bytes_of(id, ID_SIZE), text);
		check_prefixes(text, hex_alphabet, 4, id);
		base64_encode(bytes_of(id, ID_SIZE), text);
		text[43] = '\0';
		check_prefixes(text, plain_alphabet, 6, id);
		base64url_encode(bytes_of(id, ID_SIZE), text);
		check_prefixes(text, url_alphabet, 6, id);
	}
}

static void
a_text_may_have_several_readings(void **state)
{
	static const struct {
		const char *text;
		size_t count;
		unsigned bits[2];
	} table[] = {
		{ "abcd", 2, { 16, 24 } }, /* hex; base64 = base64url */
		{ "ABCDEF", 2, { 24, 36 } },
		{ "abcg", 1, { 24, 0 } },
		{ "ab+d", 1, { 24, 0 } },
		{ "ab-d", 1, { 24, 0 } },
		{ "+ab-", 0, { 0, 0 } },
		{ "abc", 0, { 0, 0 } },
		{ "", 0, { 0, 0 } },
		{ "abc ", 0, { 0, 0 } },
		{ "abc\n", 0, { 0, 0 } },
		{ "abc=", 0, { 0, 0 } },     /* 3 characters */
		{ "abcd=", 0, { 0, 0 } },    /* padding where none belongs */
		{ "abcdef==", 0, { 0, 0 } }, /* unused bits not 0 */
		{ "abcdeg==", 1, { 32, 0 } },
		{ "abcdeQ==", 1, { 32, 0 } },
		{ "abcdef0=", 1, { 40, 0 } },
		{ "abcdef1=", 0, { 0, 0 } },
		{ "abcdef==a", 0, { 0, 0 } },
		{ "abcd====", 0, { 0, 0 } },
		{ "\xc3\xa4\xc3\xa4", 0, { 0, 0 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct id_pattern patterns[ID_PATTERNS_MAX];
		size_t count = id_patterns(table[i].text, patterns);

		assert_int_equal(count, table[i].count);
		for (size_t j = 0; j < count; j++)
			assert_int_equal(patterns[j].bits, table[i].bits[j]);
	}
}

static void
forty_three_hex_digits_are_two_readings(void **state)
{
	struct id_pattern patterns[ID_PATTERNS_MAX];
	char text[80];

	(void)state;
	/* The last two bits of the base64 reading are 0: a full id. */
	memset(text, 'A', 43);
	text[43] = '\0';
	assert_int_equal(id_patterns(text, patterns), 2);
	assert_int_equal(patterns[0].bits, 172);
	assert_int_equal(patterns[1].bits, 256);
	/* They are not: only a prefix in hex. */
	text[42] = 'B';
	assert_int_equal(id_patterns(text, patterns), 1);
	assert_int_equal(patterns[0].bits, 172);
	text[42] = '\0';
	assert_int_equal(id_patterns(text, patterns), 2);
	assert_int_equal(patterns[0].bits, 168);
	assert_int_equal(patterns[1].bits, 252);
	/* Padding makes it base64 for sure. */
	memcpy(text + 42, "A=", 3);
	assert_int_equal(id_patterns(text, patterns), 1);
	assert_int_equal(patterns[0].bits, 256);
}

static void
texts_longer_than_an_id_are_none(void **state)
{
	struct id_pattern patterns[ID_PATTERNS_MAX];
	char text[200];

	(void)state;
	for (size_t n = 65; n < sizeof text; n++) {
		memset(text, 'a', n);
		text[n] = '\0';
		assert_int_equal(id_patterns(text, patterns), 0);
	}
	memset(text, 'g', 44);
	text[44] = '\0';
	assert_int_equal(id_patterns(text, patterns), 0);
	text[43] = '=';
	assert_int_equal(id_patterns(text, patterns), 1);
	text[44] = '=';
	text[45] = '\0';
	assert_int_equal(id_patterns(text, patterns), 0);
}

static void
matching_looks_at_exactly_its_bits(void **state)
{
	uint8_t id[ID_SIZE];

	(void)state;
	id_fill(id, 5);
	for (unsigned bits = 0; bits <= 256; bits++) {
		struct id_pattern pattern = { .bits = bits };

		for (unsigned i = 0; i < bits; i++)
			pattern.prefix[i / 8] |= (uint8_t)(bit_of(id, i)
			    << (7 - i % 8));
		assert_true(id_matches(id, &pattern));
		for (unsigned i = 0; i < 256; i++) {
			id[i / 8] ^= (uint8_t)(0x80 >> i % 8);
			assert_int_equal(id_matches(id, &pattern), i >= bits);
			id[i / 8] ^= (uint8_t)(0x80 >> i % 8);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trips_agree_with_a_slow_reading),
		cmocka_unit_test(known_texts),
		cmocka_unit_test(wrong_texts_are_refused_with_the_offset),
		cmocka_unit_test(nothing_decodes_to_nothing),
		cmocka_unit_test(only_alphabet_characters_are_taken),
		cmocka_unit_test(K05_every_full_form_of_an_id_is_one_reading),
		cmocka_unit_test(K05_every_prefix_is_read_in_its_alphabet),
		cmocka_unit_test(a_text_may_have_several_readings),
		cmocka_unit_test(forty_three_hex_digits_are_two_readings),
		cmocka_unit_test(texts_longer_than_an_id_are_none),
		cmocka_unit_test(matching_looks_at_exactly_its_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
