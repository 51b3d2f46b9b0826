#include "crypt/hash.h"

#include <stdlib.h>

#include "crypt/vectors/hex.h"

static const struct {
	const char *text;
	const char *digest;
} fips180[] = {
	{ "",
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "abc",
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	{ "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
	  "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
	    "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" },
};

static void
known_answers_of_fips_180(void **state)
{
	struct ouro_error err;
	uint8_t out[HASH_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(fips180) / sizeof(fips180[0]); i++) {
		assert_int_equal(hash_sha256(bytes_text(fips180[i].text), out,
				     &err),
		    OURO_OK);
		assert_hex(out, sizeof(out), fips180[i].digest);
	}
}

static void
a_million_letters(void **state)
{
	uint8_t *letters = malloc(1000000), out[HASH_SIZE];

	(void)state;
	assert_non_null(letters);
	memset(letters, 'a', 1000000);
	assert_int_equal(hash_sha256(bytes_of(letters, 1000000), out, NULL),
	    OURO_OK);
	assert_hex(out, sizeof(out),
	    "cdc76e5c9914fb9281a1c7e284d73e67"
	    "f1809a48a497200e046d39ccc7112cd0");
	free(letters);
}

static void
parts_are_their_concatenation(void **state)
{
	uint8_t data[300], whole[HASH_SIZE], parted[HASH_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	assert_int_equal(hash_sha256(bytes_of(data, sizeof(data)), whole, NULL),
	    OURO_OK);
	for (size_t cut = 0; cut <= sizeof(data); cut += 20) {
		struct bytes parts[] = { bytes_of(data, cut), bytes_of(NULL, 0),
			bytes_of(data + cut, sizeof(data) - cut) };

		assert_int_equal(hash_sha256_parts(parts, 3, parted, NULL),
		    OURO_OK);
		assert_memory_equal(whole, parted, HASH_SIZE);
	}
	assert_int_equal(hash_sha256_parts(NULL, 0, parted, NULL), OURO_OK);
	assert_hex(parted, HASH_SIZE, fips180[0].digest);
}

static void
equal_compares_every_byte(void **state)
{
	uint8_t a[40] = { 0 }, b[40] = { 0 };

	(void)state;
	assert_true(crypt_equal(a, b, sizeof(a)));
	assert_true(crypt_equal(NULL, NULL, 0));
	for (size_t i = 0; i < sizeof(a); i++) {
		b[i] = 0x80;
		assert_false(crypt_equal(a, b, sizeof(a)));
		assert_true(crypt_equal(a, b, i));
		b[i] = 0;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers_of_fips_180),
		cmocka_unit_test(a_million_letters),
		cmocka_unit_test(parts_are_their_concatenation),
		cmocka_unit_test(equal_compares_every_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
