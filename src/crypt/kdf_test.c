#include "crypt/kdf.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "crypt/vectors/hex.h"

/* RFC 5869, appendix A.1 to A.3. */
static const struct {
	const char *secret, *salt, *info, *out;
} rfc5869[] = {
	{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
	    "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
	    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
	    "34007208d5b887185865" },
	{ "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	  "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
	  "404142434445464748494a4b4c4d4e4f",
	    "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f"
	    "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
	    "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
	    "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecf"
	    "d0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeef"
	    "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
	    "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
	    "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
	    "cc30c58179ec3e87c14c01d5c1f3434f1d87" },
	{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
	    "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
	    "9d201395faa4b61a96c8" },
};

static void
known_answers_of_rfc_5869(void **state)
{
	uint8_t secret[80], salt[80], info[80], out[82];
	struct ouro_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(rfc5869) / sizeof(rfc5869[0]); i++) {
		size_t size = strlen(rfc5869[i].out) / 2;

		assert_int_equal(
		    kdf_hkdf(hex_bytes(rfc5869[i].secret, secret,
				 sizeof(secret)),
			hex_bytes(rfc5869[i].salt, salt, sizeof(salt)),
			hex_bytes(rfc5869[i].info, info, sizeof(info)), out,
			size, &err),
		    OURO_OK);
		assert_hex(out, size, rfc5869[i].out);
	}
}

static void
K14_the_domain_separates_keys(void **state)
{
	struct bytes secret = bytes_text("one secret"), salt = bytes_text("s");
	uint8_t a[32], b[32], c[32];

	(void)state;
	assert_int_equal(kdf_hkdf(secret, salt, bytes_text("a"), a, 32, NULL),
	    OURO_OK);
	assert_int_equal(kdf_hkdf(secret, salt, bytes_text("b"), b, 32, NULL),
	    OURO_OK);
	assert_int_equal(kdf_hkdf(secret, bytes_text("t"), bytes_text("a"), c,
			     32, NULL),
	    OURO_OK);
	assert_memory_not_equal(a, b, 32);
	assert_memory_not_equal(a, c, 32);
	assert_memory_not_equal(b, c, 32);
}

static void
hkdf_limits(void **state)
{
	static uint8_t out[8161], info[32 * 1024 + 1];
	struct bytes secret = bytes_text("secret"), none = bytes_of(NULL, 0);
	struct ouro_error err;

	(void)state;
	assert_int_equal(kdf_hkdf(secret, none, none, out, 0, &err),
	    OURO_INVALID);
	assert_int_equal(kdf_hkdf(secret, none, none, out, 8161, &err),
	    OURO_INVALID);
	assert_int_equal(kdf_hkdf(secret, none, none, out, 8160, &err),
	    OURO_OK);
	assert_false(all_zero(out + 8128, 32));
	assert_int_equal(kdf_hkdf(secret, none, bytes_of(info, 32 * 1024), out,
			     1, &err),
	    OURO_OK);
	assert_int_equal(kdf_hkdf(secret, none, bytes_of(info, sizeof(info)),
			     out, 1, &err),
	    OURO_TOO_LARGE);
	assert_int_equal(kdf_hkdf(none, none, none, out, 32, &err), OURO_OK);
	assert_hex(out, 32,
	    "eb70f01dede9afafa449eee1b1286504"
	    "e1f62388b3f7dd4f956697b0e828fe18");
}

/* The password "password" and salt "somesalt" of src/test.c in the reference
 * implementation (P-H-C/phc-winner-argon2), version 0x13. */
static void
argon2id_reference_vectors(void **state)
{
	static const struct {
		struct argon2_cost cost;
		const char *out;
	} vectors[] = {
		{ { 256, 2, 1 },
		    "9dfeb910e80bad0311fee20f9c0e2b12"
		    "c17987b4cac90c2ef54d5b3021c68bfe" },
		{ { 256, 2, 2 },
		    "6d093c501fd5999645e0ea3bf620d7b8"
		    "be7fd2db59c20d9fff9539da2bf57037" },
		{ { 65536, 1, 1 },
		    "f6a5adc1ba723dddef9b5ac1d464e180"
		    "fcd9dffc9d1cbf76cca2fed795d9ca98" },
	};
	struct ouro_error err;
	uint8_t out[32];

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		assert_int_equal(kdf_argon2id(bytes_text("password"),
				     bytes_text("somesalt"), &vectors[i].cost,
				     out, sizeof(out), &err),
		    OURO_OK);
		assert_hex(out, sizeof(out), vectors[i].out);
	}
}

static void
argon2id_refuses_costs_out_of_range(void **state)
{
	static const struct argon2_cost bad[] = {
		{ 0, 1, 1 },
		{ 7, 1, 1 },
		{ 31, 1, 4 },
		{ 64, 0, 1 },
		{ 64, 1, 0 },
		{ 4 * 1024 * 1024 + 1, 1, 1 },
		{ UINT32_MAX, 1, 0x20000000 },
	};
	static const struct argon2_cost least = { 32, 1, 4 };
	struct bytes word = bytes_text("word"), salt = bytes_text("somesalt");
	struct ouro_error err;
	uint8_t out[32];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(kdf_argon2id(word, salt, &bad[i], out, 32,
				     &err),
		    OURO_INVALID);
	assert_int_equal(kdf_argon2id(word, bytes_text("7 bytes"), &least, out,
			     32, &err),
	    OURO_INVALID);
	assert_int_equal(kdf_argon2id(word, salt, &least, out, 3, &err),
	    OURO_INVALID);
	assert_int_equal(kdf_argon2id(word, salt, &least, out, 32, &err),
	    OURO_OK);
	assert_int_equal(kdf_argon2id(bytes_of(NULL, 0), salt, &least, out, 32,
			     &err),
	    OURO_OK);
}

/* RFC 9106 section 5.3 needs a secret and associated data, which our call
 * does not take: this checks the algorithm that it uses. */
static void
argon2id_of_rfc_9106(void **state)
{
	uint8_t password[32], salt[16], secret[8], additional[12], out[32];
	uint32_t memory = 32, passes = 3, lanes = 4, threads = 1;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string("pass", password, 32),
		OSSL_PARAM_construct_octet_string("salt", salt, 16),
		OSSL_PARAM_construct_octet_string("secret", secret, 8),
		OSSL_PARAM_construct_octet_string("ad", additional, 12),
		OSSL_PARAM_construct_uint32("memcost", &memory),
		OSSL_PARAM_construct_uint32("iter", &passes),
		OSSL_PARAM_construct_uint32("lanes", &lanes),
		OSSL_PARAM_construct_uint32("threads", &threads),
		OSSL_PARAM_construct_end(),
	};
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "ARGON2ID", NULL);
	EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);

	(void)state;
	memset(password, 1, sizeof(password));
	memset(salt, 2, sizeof(salt));
	memset(secret, 3, sizeof(secret));
	memset(additional, 4, sizeof(additional));
	assert_int_equal(EVP_KDF_derive(context, out, sizeof(out), params), 1);
	assert_hex(out, sizeof(out),
	    "0d640df58d78766c08c037a34a8b53c9"
	    "d01ef0452d75b65eb52520e96b01e659");
	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers_of_rfc_5869),
		cmocka_unit_test(K14_the_domain_separates_keys),
		cmocka_unit_test(hkdf_limits),
		cmocka_unit_test(argon2id_reference_vectors),
		cmocka_unit_test(argon2id_refuses_costs_out_of_range),
		cmocka_unit_test(argon2id_of_rfc_9106),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
