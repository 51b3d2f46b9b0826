#include "crypt/sign.h"

#include "crypt/vectors/hex.h"

/* RFC 8032 section 7.1, tests 1 to 3. */
static const struct {
	const char *seed, *public_key, *message, *signature;
} rfc8032[] = {
	{ "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
	    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
	    "",
	    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
	    "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b" },
	{ "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
	    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
	    "72",
	    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
	    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00" },
	{ "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
	    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
	    "af82",
	    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
	    "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a" },
};

static void
known_answers_of_rfc_8032(void **state)
{
	uint8_t seed[SIGN_SEED_SIZE], public_key[SIGN_PUBLIC_SIZE];
	uint8_t message_bytes[8], signature[SIGNATURE_SIZE];
	struct ouro_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(rfc8032) / sizeof(rfc8032[0]); i++) {
		struct bytes message = hex_bytes(rfc8032[i].message,
		    message_bytes, sizeof(message_bytes));

		hex_exact(rfc8032[i].seed, seed, sizeof(seed));
		assert_int_equal(sign_public(seed, public_key, &err), OURO_OK);
		assert_hex(public_key, sizeof(public_key),
		    rfc8032[i].public_key);
		assert_int_equal(sign_message(seed, message, signature, &err),
		    OURO_OK);
		assert_hex(signature, sizeof(signature), rfc8032[i].signature);
		assert_int_equal(sign_verify(public_key, message, signature,
				     &err),
		    OURO_OK);
	}
}

static void
anything_changed_is_refused(void **state)
{
	uint8_t seed[SIGN_SEED_SIZE] = { 3 }, public_key[SIGN_PUBLIC_SIZE];
	uint8_t text[] = "signed text", signature[SIGNATURE_SIZE];
	struct bytes message = bytes_of(text, sizeof(text));
	struct ouro_error err;

	(void)state;
	assert_int_equal(sign_public(seed, public_key, NULL), OURO_OK);
	assert_int_equal(sign_message(seed, message, signature, NULL), OURO_OK);
	for (size_t i = 0; i < sizeof(signature); i++) {
		signature[i] ^= 1;
		assert_int_equal(sign_verify(public_key, message, signature,
				     &err),
		    OURO_WRONG_KEY);
		signature[i] ^= 1;
	}
	for (size_t i = 0; i < sizeof(public_key); i++) {
		public_key[i] ^= 1;
		assert_int_equal(sign_verify(public_key, message, signature,
				     &err),
		    OURO_WRONG_KEY);
		public_key[i] ^= 1;
	}
	text[0] ^= 1;
	assert_int_equal(sign_verify(public_key, message, signature, &err),
	    OURO_WRONG_KEY);
	text[0] ^= 1;
	message.size--;
	assert_int_equal(sign_verify(public_key, message, signature, &err),
	    OURO_WRONG_KEY);
	message.size++;
	assert_int_equal(sign_verify(public_key, message, signature, &err),
	    OURO_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers_of_rfc_8032),
		cmocka_unit_test(anything_changed_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
