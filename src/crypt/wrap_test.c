#include "crypt/wrap.h"

#include "crypt/vectors/hex.h"
#include "crypt/vectors/kem_vectors.h"

static void
vector_seed(uint8_t seed[KEM_SEED_SIZE])
{
	hex_exact(mlkem_seed, seed, 64);
	hex_exact(alice_private, seed + 64, KEM_X25519_SIZE);
}

static void
known_answer_opens(void **state)
{
	uint8_t seed[KEM_SEED_SIZE], wrapped[WRAP_SIZE], key[KEY_SIZE];
	struct ouro_error err;

	(void)state;
	vector_seed(seed);
	hex_exact(mlkem_ciphertext, wrapped, KEM_MLKEM_SIZE);
	hex_exact(bob_public, wrapped + KEM_MLKEM_SIZE, KEM_X25519_SIZE);
	hex_exact(hybrid_wrapped, wrapped + KEM_CIPHERTEXT_SIZE, 40);
	assert_int_equal(wrap_open(seed, wrapped, key, &err), OURO_OK);
	for (size_t i = 0; i < KEY_SIZE; i++)
		assert_int_equal(key[i], 0x40 + i);
}

static void
wrapped_for(const uint8_t seed[KEM_SEED_SIZE], const uint8_t key[KEY_SIZE],
    uint8_t wrapped[WRAP_SIZE])
{
	uint8_t public_key[KEM_PUBLIC_SIZE];

	assert_int_equal(kem_public(seed, public_key, NULL), OURO_OK);
	assert_int_equal(wrap_key(public_key, key, wrapped, NULL), OURO_OK);
}

static void
K14_a_wrapped_key_opens_for_its_member_only(void **state)
{
	uint8_t seed[KEM_SEED_SIZE], other[KEM_SEED_SIZE];
	uint8_t key[KEY_SIZE] = { 9, 8, 7 }, wrapped[WRAP_SIZE];
	uint8_t back[KEY_SIZE];
	struct ouro_error err;

	(void)state;
	vector_seed(seed);
	memcpy(other, seed, sizeof(other));
	other[0] ^= 1;
	wrapped_for(seed, key, wrapped);
	assert_int_equal(wrap_open(seed, wrapped, back, &err), OURO_OK);
	assert_memory_equal(back, key, KEY_SIZE);
	memset(back, 0xee, sizeof(back));
	assert_int_equal(wrap_open(other, wrapped, back, &err), OURO_WRONG_KEY);
	assert_true(all_zero(back, sizeof(back)));
}

static void
any_damage_is_refused_and_gives_nothing(void **state)
{
	uint8_t seed[KEM_SEED_SIZE], key[KEY_SIZE] = { 1 };
	uint8_t wrapped[WRAP_SIZE], back[KEY_SIZE];
	struct ouro_error err;

	(void)state;
	vector_seed(seed);
	wrapped_for(seed, key, wrapped);
	for (size_t i = 0; i < WRAP_SIZE;
	     i += i < KEM_MLKEM_SIZE - 30 ? 29 : 1) {
		wrapped[i] ^= 0x80;
		memset(back, 0xee, sizeof(back));
		assert_int_equal(wrap_open(seed, wrapped, back, &err),
		    OURO_WRONG_KEY);
		assert_true(all_zero(back, sizeof(back)));
		wrapped[i] ^= 0x80;
	}
	memset(wrapped + KEM_MLKEM_SIZE, 0, KEM_X25519_SIZE);
	memset(back, 0xee, sizeof(back));
	assert_int_equal(wrap_open(seed, wrapped, back, &err), OURO_WRONG_KEY);
	assert_true(all_zero(back, sizeof(back)));
}

static void
a_malformed_member_key_is_refused(void **state)
{
	uint8_t public_key[KEM_PUBLIC_SIZE], wrapped[WRAP_SIZE];
	uint8_t key[KEY_SIZE] = { 1 };
	struct ouro_error err;

	(void)state;
	memset(public_key, 0xff, sizeof(public_key));
	assert_int_equal(wrap_key(public_key, key, wrapped, &err),
	    OURO_INVALID);
	assert_int_equal(err.status, OURO_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answer_opens),
		cmocka_unit_test(K14_a_wrapped_key_opens_for_its_member_only),
		cmocka_unit_test(any_damage_is_refused_and_gives_nothing),
		cmocka_unit_test(a_malformed_member_key_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
