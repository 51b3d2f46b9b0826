#include "crypt/keywrap.h"

#include "crypt/vectors/hex.h"

/* RFC 3394 section 4.6. */
static const char rfc3394_wrapping[] =
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
static const char rfc3394_key[] =
    "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f";
static const char rfc3394_wrapped[] =
    "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43b"
    "fb988b9b7a02dd21";

static void
known_answer_of_rfc_3394(void **state)
{
	uint8_t wrapping[KEY_SIZE], key[KEY_SIZE], wrapped[KEYWRAP_SIZE];
	uint8_t back[KEY_SIZE];
	struct ouro_error err;

	(void)state;
	hex_exact(rfc3394_wrapping, wrapping, sizeof(wrapping));
	hex_exact(rfc3394_key, key, sizeof(key));
	assert_int_equal(keywrap_seal(wrapping, key, wrapped, &err), OURO_OK);
	assert_hex(wrapped, sizeof(wrapped), rfc3394_wrapped);
	assert_int_equal(keywrap_open(wrapping, wrapped, back, &err), OURO_OK);
	assert_memory_equal(back, key, KEY_SIZE);
}

static void
anything_changed_is_refused_and_gives_nothing(void **state)
{
	uint8_t wrapping[KEY_SIZE], wrapped[KEYWRAP_SIZE], back[KEY_SIZE];
	struct ouro_error err;

	(void)state;
	hex_exact(rfc3394_wrapping, wrapping, sizeof(wrapping));
	hex_exact(rfc3394_wrapped, wrapped, sizeof(wrapped));
	for (size_t i = 0; i < KEYWRAP_SIZE + KEY_SIZE; i++) {
		uint8_t *byte = i < KEYWRAP_SIZE ? &wrapped[i]
						 : &wrapping[i - KEYWRAP_SIZE];

		*byte ^= 1;
		memset(back, 0xee, sizeof(back));
		assert_int_equal(keywrap_open(wrapping, wrapped, back, &err),
		    OURO_WRONG_KEY);
		assert_true(all_zero(back, sizeof(back)));
		*byte ^= 1;
	}
	assert_int_equal(keywrap_open(wrapping, wrapped, back, &err), OURO_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answer_of_rfc_3394),
		cmocka_unit_test(anything_changed_is_refused_and_gives_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
