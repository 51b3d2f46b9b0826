/* kem.c is compiled into this test with a call that can be made to fail. */
#include <openssl/evp.h>

static _Bool derive_fails;

static int
derive_or_fail(EVP_PKEY_CTX *context, unsigned char *key, size_t *size)
{
	return derive_fails ? 0 : EVP_PKEY_derive(context, key, size);
}

#define EVP_PKEY_derive derive_or_fail
#include "kem.c" /* NOLINT */
#undef EVP_PKEY_derive

#include "crypt/vectors/hex.h"
#include "crypt/vectors/kem_vectors.h"

static void
vector_seed(uint8_t seed[KEM_SEED_SIZE])
{
	hex_exact(mlkem_seed, seed, 64);
	hex_exact(alice_private, seed + 64, KEM_X25519_SIZE);
}

static void
vector_ciphertext(uint8_t ciphertext[KEM_CIPHERTEXT_SIZE])
{
	hex_exact(mlkem_ciphertext, ciphertext, KEM_MLKEM_SIZE);
	hex_exact(bob_public, ciphertext + KEM_MLKEM_SIZE, KEM_X25519_SIZE);
}

static void
published_public_keys_come_from_their_seeds(void **state)
{
	uint8_t seed[KEM_SEED_SIZE], public_key[KEM_PUBLIC_SIZE];
	struct ouro_error err;

	(void)state;
	vector_seed(seed);
	assert_int_equal(kem_public(seed, public_key, &err), OURO_OK);
	assert_hex(public_key, KEM_MLKEM_SIZE, mlkem_public);
	assert_hex(public_key + KEM_MLKEM_SIZE, KEM_X25519_SIZE, alice_public);
	hex_exact(bob_private, seed + 64, KEM_X25519_SIZE);
	assert_int_equal(kem_public(seed, public_key, &err), OURO_OK);
	assert_hex(public_key + KEM_MLKEM_SIZE, KEM_X25519_SIZE, bob_public);
}

/* Both secrets inside are published ones; ML-KEM's is that of an implicit
 * rejection. */
static void
known_answer_of_the_combination(void **state)
{
	uint8_t seed[KEM_SEED_SIZE], ciphertext[KEM_CIPHERTEXT_SIZE];
	uint8_t shared[KEY_SIZE];
	struct ouro_error err;

	(void)state;
	vector_seed(seed);
	vector_ciphertext(ciphertext);
	assert_int_equal(kem_decapsulate(seed, ciphertext, shared, &err),
	    OURO_OK);
	assert_hex(shared, sizeof(shared), hybrid_shared);
}

static void
both_sides_agree_and_no_two_times_alike(void **state)
{
	uint8_t seed[KEM_SEED_SIZE], public_key[KEM_PUBLIC_SIZE];
	uint8_t ciphertext[2][KEM_CIPHERTEXT_SIZE];
	uint8_t shared[2][KEY_SIZE], back[KEY_SIZE];

	(void)state;
	vector_seed(seed);
	assert_int_equal(kem_public(seed, public_key, NULL), OURO_OK);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(kem_encapsulate(public_key, ciphertext[i],
				     shared[i], NULL),
		    OURO_OK);
		assert_int_equal(kem_decapsulate(seed, ciphertext[i], back,
				     NULL),
		    OURO_OK);
		assert_memory_equal(back, shared[i], KEY_SIZE);
	}
	assert_memory_not_equal(shared[0], shared[1], KEY_SIZE);
	assert_memory_not_equal(ciphertext[0], ciphertext[1], KEM_MLKEM_SIZE);
	assert_memory_not_equal(ciphertext[0] + KEM_MLKEM_SIZE,
	    ciphertext[1] + KEM_MLKEM_SIZE, KEM_X25519_SIZE);
}

/* d, z and the X25519 key; z matters only to rejection, so it may change. */
static void
another_seed_gives_another_key(void **state)
{
	static const size_t changed[] = { 0, 31, 65, 90 };
	uint8_t seed[KEM_SEED_SIZE], public_key[KEM_PUBLIC_SIZE];
	uint8_t ciphertext[KEM_CIPHERTEXT_SIZE];
	uint8_t shared[KEY_SIZE], other[KEY_SIZE];

	(void)state;
	vector_seed(seed);
	assert_int_equal(kem_public(seed, public_key, NULL), OURO_OK);
	assert_int_equal(kem_encapsulate(public_key, ciphertext, shared, NULL),
	    OURO_OK);
	for (size_t i = 0; i < sizeof(changed) / sizeof(changed[0]); i++) {
		seed[changed[i]] ^= 1;
		assert_int_equal(kem_decapsulate(seed, ciphertext, other, NULL),
		    OURO_OK);
		assert_memory_not_equal(shared, other, KEY_SIZE);
		seed[changed[i]] ^= 1;
	}
}

/* The last byte's top bit is masked by X25519: only the binding of the whole
 * exchange makes it matter. */
static void
every_part_of_the_ciphertext_is_bound(void **state)
{
	static const size_t changed[] = { 0, 700, KEM_MLKEM_SIZE - 1,
		KEM_MLKEM_SIZE, KEM_CIPHERTEXT_SIZE - 1 };
	uint8_t seed[KEM_SEED_SIZE], public_key[KEM_PUBLIC_SIZE];
	uint8_t ciphertext[KEM_CIPHERTEXT_SIZE];
	uint8_t shared[KEY_SIZE], other[KEY_SIZE];

	(void)state;
	vector_seed(seed);
	assert_int_equal(kem_public(seed, public_key, NULL), OURO_OK);
	assert_int_equal(kem_encapsulate(public_key, ciphertext, shared, NULL),
	    OURO_OK);
	for (size_t i = 0; i < sizeof(changed) / sizeof(changed[0]); i++) {
		ciphertext[changed[i]] ^= 0x80;
		assert_int_equal(kem_decapsulate(seed, ciphertext, other, NULL),
		    OURO_OK);
		assert_memory_not_equal(shared, other, KEY_SIZE);
		ciphertext[changed[i]] ^= 0x80;
	}
}

/* Points of order 1, 2, 4 and 8: RFC 7748 section 6.1 has the result of all
 * of them as zeros. */
static const char *const small_orders[] = {
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
	"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
	"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f11d7",
	"0100000000000000000000000000000000000000000000000000000000000080",
};

#define SMALL_ORDER (sizeof(small_orders) / sizeof(*small_orders))

/* The library says no for a reason of its own: that is not the key's fault. */
static void
other_failures_do_not_blame_the_key(void **state)
{
	uint8_t seed[KEM_SEED_SIZE], public_key[KEM_PUBLIC_SIZE];
	uint8_t ciphertext[KEM_CIPHERTEXT_SIZE], shared[KEY_SIZE];
	struct ouro_error err;

	(void)state;
	vector_seed(seed);
	assert_int_equal(kem_public(seed, public_key, NULL), OURO_OK);
	derive_fails = true;
	assert_int_equal(kem_encapsulate(public_key, ciphertext, shared, &err),
	    OURO_CRYPTO);
	vector_ciphertext(ciphertext);
	assert_int_equal(kem_decapsulate(seed, ciphertext, shared, &err),
	    OURO_CRYPTO);
	derive_fails = false;
}

static void
degenerate_x25519_keys_are_refused(void **state)
{
	uint8_t seed[KEM_SEED_SIZE], public_key[KEM_PUBLIC_SIZE];
	uint8_t ciphertext[KEM_CIPHERTEXT_SIZE], shared[KEY_SIZE];
	struct ouro_error err;

	(void)state;
	vector_seed(seed);
	assert_int_equal(kem_public(seed, public_key, NULL), OURO_OK);
	for (size_t i = 0; i < SMALL_ORDER; i++) {
		hex_exact(small_orders[i], public_key + KEM_MLKEM_SIZE,
		    KEM_X25519_SIZE);
		assert_int_equal(kem_encapsulate(public_key, ciphertext, shared,
				     &err),
		    OURO_INVALID);
		vector_ciphertext(ciphertext);
		hex_exact(small_orders[i], ciphertext + KEM_MLKEM_SIZE,
		    KEM_X25519_SIZE);
		assert_int_equal(kem_decapsulate(seed, ciphertext, shared,
				     &err),
		    OURO_INVALID);
	}
}

/* FIPS 203 section 7.2: the modulus check of the encapsulation key. */
static void
mlkem_keys_out_of_range_are_refused(void **state)
{
	uint8_t seed[KEM_SEED_SIZE], public_key[KEM_PUBLIC_SIZE];
	uint8_t ciphertext[KEM_CIPHERTEXT_SIZE], shared[KEY_SIZE];
	struct ouro_error err;

	(void)state;
	vector_seed(seed);
	for (size_t at = 0; at < 1536; at += 3 * 73) {
		assert_int_equal(kem_public(seed, public_key, NULL), OURO_OK);
		put_u16le(public_key + at, 3329);
		assert_int_equal(kem_encapsulate(public_key, ciphertext, shared,
				     &err),
		    OURO_INVALID);
		put_u16le(public_key + at, 3328);
		assert_int_equal(kem_encapsulate(public_key, ciphertext, shared,
				     &err),
		    OURO_OK);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_public_keys_come_from_their_seeds),
		cmocka_unit_test(known_answer_of_the_combination),
		cmocka_unit_test(both_sides_agree_and_no_two_times_alike),
		cmocka_unit_test(another_seed_gives_another_key),
		cmocka_unit_test(every_part_of_the_ciphertext_is_bound),
		cmocka_unit_test(degenerate_x25519_keys_are_refused),
		cmocka_unit_test(other_failures_do_not_blame_the_key),
		cmocka_unit_test(mlkem_keys_out_of_range_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
