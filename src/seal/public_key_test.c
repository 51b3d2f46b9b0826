#include "seal/public_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "crypt/hash.h"
#include "crypt/vectors/hex.h"

static char text[PUBLIC_KEY_TEXT_SIZE];
static uint8_t key[KEM_PUBLIC_SIZE], back[KEM_PUBLIC_SIZE];
static struct ouro_error err;

static int
setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i * 7 + 3);
	memset(back, 0, sizeof(back));
	assert_int_equal(public_key_encode(key, text, NULL), OURO_OK);
	return 0;
}

static void
a_key_comes_back_from_its_text(void **state)
{
	char spaced[PUBLIC_KEY_TEXT_SIZE + 8];

	(void)state;
	assert_int_equal(strlen(text), 2160);
	assert_memory_equal(text, "ouroboros-key-1:", 16);
	assert_null(strchr(text, '\n'));
	assert_int_equal(public_key_decode(text, back, &err), OURO_OK);
	assert_memory_equal(back, key, sizeof(key));
	snprintf(spaced, sizeof(spaced), " \t%s\r\n\n", text);
	memset(back, 0, sizeof(back));
	assert_int_equal(public_key_decode(spaced, back, &err), OURO_OK);
	assert_memory_equal(back, key, sizeof(key));
}

/* docs/FORMAT.md, section 5: the key of this test. */
static void
known_answer(void **state)
{
	static const char text_hex[] =
	    "74e585865938320f16af21588701918561849bd2e60f751219882ba213f2493c";
	uint8_t hash[HASH_SIZE];

	(void)state;
	assert_int_equal(hash_sha256(bytes_text(text), hash, NULL), OURO_OK);
	assert_hex(hash, HASH_SIZE, text_hex);
	assert_string_equal(text + 2160 - 12, "vETmu9seBdsb");
}

static void
a_cut_copy_is_noticed(void **state)
{
	size_t length = strlen(text);

	(void)state;
	for (size_t size = 0; size < length; size++) {
		char cut[PUBLIC_KEY_TEXT_SIZE];

		memcpy(cut, text, size);
		cut[size] = '\0';
		assert_int_equal(public_key_decode(cut, back, &err),
		    OURO_INVALID);
		if (size > 16)
			assert_non_null(strstr(err.text, "cut"));
	}
}

static void
every_mistyped_character_is_noticed(void **state)
{
	size_t length = strlen(text);

	(void)state;
	for (size_t i = 0; i < length; i++) {
		char before = text[i];

		text[i] = before == 'A' ? 'B' : 'A';
		assert_int_equal(public_key_decode(text, back, &err),
		    OURO_INVALID);
		text[i] = '!';
		assert_int_equal(public_key_decode(text, back, &err),
		    OURO_INVALID);
		text[i] = before;
	}
}

static void
two_copies_in_a_row_are_no_key(void **state)
{
	char twice[2 * PUBLIC_KEY_TEXT_SIZE];

	(void)state;
	snprintf(twice, sizeof(twice), "%s%s", text, text);
	assert_int_equal(public_key_decode(twice, back, &err), OURO_INVALID);
	assert_int_equal(public_key_decode("", back, &err), OURO_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_key_comes_back_from_its_text, setup),
		cmocka_unit_test_setup(known_answer, setup),
		cmocka_unit_test_setup(a_cut_copy_is_noticed, setup),
		cmocka_unit_test_setup(every_mistyped_character_is_noticed,
		    setup),
		cmocka_unit_test_setup(two_copies_in_a_row_are_no_key, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
