/*
 * The ML-KEM-1024 that kem.c rests on, against the accumulated values that
 * C2SP CCTV publishes (ML-KEM/README.md, 10,000 tests, FIPS 203): all inputs
 * are drawn from one SHAKE-128, all outputs go into another. Encapsulation is
 * made deterministic by the library's own input for tests.
 */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "crypt/kem.h"
#include "crypt/vectors/hex.h"

#define TESTS	    10000
#define DK_SIZE	    3168
#define SECRET_SIZE 32

struct inputs {
	uint8_t seed[64], message[32], ciphertext[KEM_MLKEM_SIZE];
};

static EVP_PKEY *
key_from_seed(uint8_t seed[64])
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "ML-KEM-1024",
	    NULL);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string("seed", seed, 64),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY *key = NULL;

	assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
	assert_int_equal(EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR,
			     params),
	    1);
	EVP_PKEY_CTX_free(context);
	return key;
}

static void
encapsulate(EVP_PKEY *key, uint8_t message[32],
    uint8_t ciphertext[KEM_MLKEM_SIZE], uint8_t secret[SECRET_SIZE])
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	size_t ciphertext_size = KEM_MLKEM_SIZE, secret_size = SECRET_SIZE;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_KEM_PARAM_IKME, message,
		    32),
		OSSL_PARAM_construct_end(),
	};

	assert_int_equal(EVP_PKEY_encapsulate_init(context, params), 1);
	assert_int_equal(EVP_PKEY_encapsulate(context, ciphertext,
			     &ciphertext_size, secret, &secret_size),
	    1);
	EVP_PKEY_CTX_free(context);
}

static void
decapsulate(EVP_PKEY *key, const uint8_t ciphertext[KEM_MLKEM_SIZE],
    uint8_t secret[SECRET_SIZE])
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	size_t size = SECRET_SIZE;

	assert_int_equal(EVP_PKEY_decapsulate_init(context, NULL), 1);
	assert_int_equal(EVP_PKEY_decapsulate(context, secret, &size,
			     ciphertext, KEM_MLKEM_SIZE),
	    1);
	EVP_PKEY_CTX_free(context);
}

static void
accumulate(struct inputs *inputs, EVP_MD_CTX *sum)
{
	uint8_t public_key[KEM_MLKEM_SIZE], private_key[DK_SIZE];
	uint8_t ciphertext[KEM_MLKEM_SIZE], secret[SECRET_SIZE];
	uint8_t back[SECRET_SIZE], rejected[SECRET_SIZE];
	size_t public_size = sizeof(public_key), private_size = DK_SIZE;
	EVP_PKEY *key = key_from_seed(inputs->seed);

	assert_int_equal(EVP_PKEY_get_raw_public_key(key, public_key,
			     &public_size),
	    1);
	assert_int_equal(EVP_PKEY_get_raw_private_key(key, private_key,
			     &private_size),
	    1);
	encapsulate(key, inputs->message, ciphertext, secret);
	decapsulate(key, ciphertext, back);
	assert_memory_equal(secret, back, SECRET_SIZE);
	decapsulate(key, inputs->ciphertext, rejected);
	EVP_DigestUpdate(sum, public_key, sizeof(public_key));
	EVP_DigestUpdate(sum, private_key, sizeof(private_key));
	EVP_DigestUpdate(sum, ciphertext, sizeof(ciphertext));
	EVP_DigestUpdate(sum, secret, sizeof(secret));
	EVP_DigestUpdate(sum, rejected, sizeof(rejected));
	EVP_PKEY_free(key);
}

static void
accumulated_vectors_of_cctv(void **state)
{
	EVP_MD *shake = EVP_MD_fetch(NULL, "SHAKE128", NULL);
	EVP_MD_CTX *source = EVP_MD_CTX_new(), *sum = EVP_MD_CTX_new();
	uint8_t out[32];

	(void)state;
	assert_int_equal(EVP_DigestInit_ex2(source, shake, NULL), 1);
	assert_int_equal(EVP_DigestInit_ex2(sum, shake, NULL), 1);
	for (int i = 0; i < TESTS; i++) {
		struct inputs inputs;

		EVP_DigestSqueeze(source, inputs.seed, sizeof(inputs.seed));
		EVP_DigestSqueeze(source, inputs.message,
		    sizeof(inputs.message));
		EVP_DigestSqueeze(source, inputs.ciphertext,
		    sizeof(inputs.ciphertext));
		accumulate(&inputs, sum);
	}
	assert_int_equal(EVP_DigestFinalXOF(sum, out, sizeof(out)), 1);
	assert_hex(out, sizeof(out),
	    "e3bf82b013307b2e9d47dde791ff6dfc"
	    "82e694e6382404abdb948b908b75bad5");
	EVP_MD_CTX_free(source);
	EVP_MD_CTX_free(sum);
	EVP_MD_free(shake);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accumulated_vectors_of_cctv),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
