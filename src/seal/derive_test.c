#include "seal/derive.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void
K14_no_label_begins_with_another(void **state)
{
	(void)state;
	for (int a = 0; a < DERIVE_PURPOSES; a++) {
		const char *one = derive_label((enum derive_purpose)a);
		assert_int_equal(strncmp(one, "ouroboros ", 10), 0);
		for (int b = 0; b < DERIVE_PURPOSES; b++) {
			const char *other = derive_label(
			    (enum derive_purpose)b);
			if (a != b)
				assert_int_not_equal(strncmp(one, other,
							 strlen(one)),
				    0);
		}
	}
}

/* All keys that can come of one secret. */
static void
derive_all(const uint8_t secret[KEY_SIZE], const uint8_t id[HASH_SIZE],
    uint8_t out[DERIVE_PURPOSES][KEY_SIZE])
{
	uint8_t seed[DERIVE_RECOVERY_SIZE];

	assert_int_equal(derive_chunk_key(secret, id, out[0], NULL), OURO_OK);
	assert_int_equal(derive_page_key(secret, id, out[1], NULL), OURO_OK);
	assert_int_equal(derive_content_key(secret, id, out[2], NULL), OURO_OK);
	assert_int_equal(derive_stripe_key(secret, id, out[3], NULL), OURO_OK);
	assert_int_equal(derive_engine_key(secret, out[4], NULL), OURO_OK);
	assert_int_equal(derive_chunker_secret(secret, out[5], NULL), OURO_OK);
	assert_int_equal(derive_keyring_mac_key(secret, out[6], NULL), OURO_OK);
	assert_int_equal(derive_store_mac_key(secret, out[7], NULL), OURO_OK);
	assert_int_equal(derive_recovery_seed(secret, seed, NULL), OURO_OK);
	memcpy(out[8], seed, KEY_SIZE);
	assert_int_equal(derive_archive_key(secret, out[9], NULL), OURO_OK);
	assert_int_equal(derive_stream_key(secret, id, id, out[10], NULL),
	    OURO_OK);
	assert_int_equal(derive_grant_mac_key(secret, id, out[11], NULL),
	    OURO_OK);
}

static void
K14_each_purpose_has_a_key_of_its_own(void **state)
{
	uint8_t secret[KEY_SIZE] = { 1 }, id[HASH_SIZE] = { 2 };
	uint8_t keys[DERIVE_PURPOSES][KEY_SIZE];

	(void)state;
	derive_all(secret, id, keys);
	for (unsigned a = 0; a < DERIVE_PURPOSES; a++) {
		assert_memory_not_equal(keys[a], secret, KEY_SIZE);
		for (unsigned b = 0; b < a; b++)
			assert_memory_not_equal(keys[a], keys[b], KEY_SIZE);
	}
}

static void
K14_every_bit_of_secret_and_id_counts(void **state)
{
	uint8_t secret[KEY_SIZE] = { 1 }, id[HASH_SIZE] = { 2 };
	uint8_t keys[DERIVE_PURPOSES][KEY_SIZE];
	uint8_t others[DERIVE_PURPOSES][KEY_SIZE];

	(void)state;
	derive_all(secret, id, keys);
	for (unsigned bit = 0; bit < 8 * KEY_SIZE; bit += 5) {
		secret[bit / 8] ^= (uint8_t)(1u << bit % 8);
		derive_all(secret, id, others);
		secret[bit / 8] ^= (uint8_t)(1u << bit % 8);
		for (unsigned i = 0; i < DERIVE_PURPOSES; i++)
			assert_memory_not_equal(keys[i], others[i], KEY_SIZE);

		id[bit / 8] ^= (uint8_t)(1u << bit % 8);
		derive_all(secret, id, others);
		id[bit / 8] ^= (uint8_t)(1u << bit % 8);
		for (unsigned i = 0; i < 3; i++)
			assert_memory_not_equal(keys[i], others[i], KEY_SIZE);
		if (bit / 8 < DERIVE_STRIPE_SALT_SIZE)
			assert_memory_not_equal(keys[3], others[3], KEY_SIZE);
		assert_memory_not_equal(keys[10], others[10], KEY_SIZE);
		assert_memory_not_equal(keys[11], others[11], KEY_SIZE);
		for (unsigned i = 4; i < 10; i++)
			assert_memory_equal(keys[i], others[i], KEY_SIZE);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(K14_no_label_begins_with_another),
		cmocka_unit_test(K14_each_purpose_has_a_key_of_its_own),
		cmocka_unit_test(K14_every_bit_of_secret_and_id_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
