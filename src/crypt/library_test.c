#include "crypt/library.h"

#include <openssl/err.h>

#include "crypt/sign.h"
#include "crypt/wrap.h"
#include "crypt/vectors/hex.h"

static void
a_failure_tells_its_reason_and_empties_the_queue(void **state)
{
	struct ouro_error err;

	(void)state;
	ERR_raise(ERR_LIB_EVP, EVP_R_UNSUPPORTED_ALGORITHM);
	ERR_raise(ERR_LIB_EVP, EVP_R_BAD_DECRYPT);
	assert_int_equal(library_failed(&err, "some call"), OURO_CRYPTO);
	assert_int_equal(err.status, OURO_CRYPTO);
	assert_non_null(strstr(err.text, "some call"));
	assert_non_null(strstr(err.text, "bad decrypt"));
	assert_int_equal(ERR_peek_error(), 0);
	assert_int_equal(library_failed(&err, "no reason"), OURO_CRYPTO);
	ERR_raise(ERR_LIB_EVP, EVP_R_BAD_DECRYPT);
	assert_int_equal(library_failed(NULL, "nobody asks"), OURO_CRYPTO);
	assert_int_equal(ERR_peek_error(), 0);
}

static void
refused_input_leaves_no_error_behind(void **state)
{
	uint8_t public_key[KEM_PUBLIC_SIZE], seed[KEM_SEED_SIZE] = { 1 };
	uint8_t wrapped[WRAP_SIZE] = { 0 }, key[KEY_SIZE] = { 0 };
	uint8_t signature[SIGNATURE_SIZE];

	(void)state;
	memset(public_key, 0xff, sizeof(public_key));
	memset(signature, 0xff, sizeof(signature));
	assert_int_equal(wrap_key(public_key, key, wrapped, NULL),
	    OURO_INVALID);
	assert_int_equal(ERR_peek_error(), 0);
	assert_int_equal(wrap_open(seed, wrapped, key, NULL), OURO_WRONG_KEY);
	assert_int_equal(ERR_peek_error(), 0);
	wrapped[KEM_MLKEM_SIZE] = 9;
	assert_int_equal(wrap_open(seed, wrapped, key, NULL), OURO_WRONG_KEY);
	assert_int_equal(ERR_peek_error(), 0);
	assert_int_equal(sign_verify(public_key, bytes_text("text"), signature,
			     NULL),
	    OURO_WRONG_KEY);
	assert_int_equal(ERR_peek_error(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_failure_tells_its_reason_and_empties_the_queue),
		cmocka_unit_test(refused_input_leaves_no_error_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
