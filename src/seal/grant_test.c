#include "seal/grant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "crypt/hash.h"
#include "crypt/vectors/hex.h"
#include "seal/derive.h"

static const uint8_t epoch_key[KEY_SIZE] = { 1, 2, 3 };
static uint8_t seed[KEM_SEED_SIZE];
static struct grant made;
static struct ouro_error err;

static int
setup(void **state)
{
	(void)state;
	memset(seed, 0x11, sizeof(seed));
	memset(&made, 0, sizeof(made));
	memset(made.content, 0x22, HASH_SIZE);
	made.epoch = 5;
	assert_int_equal(kem_public(seed, made.public_key, NULL), OURO_OK);
	assert_int_equal(grant_seal(epoch_key, &made, &err), OURO_OK);
	return 0;
}

static void
a_grant_gives_the_content_key(void **state)
{
	uint8_t key[KEY_SIZE], wanted[KEY_SIZE];

	(void)state;
	assert_int_equal(grant_open(&made, seed, key, &err), OURO_OK);
	assert_int_equal(derive_content_key(epoch_key, made.content, wanted,
			     NULL),
	    OURO_OK);
	assert_memory_equal(key, wanted, KEY_SIZE);
	seed[5] ^= 1;
	assert_int_equal(grant_open(&made, seed, key, &err), OURO_WRONG_KEY);
}

static void
a_grant_opens_for_no_other_content_or_epoch(void **state)
{
	uint8_t key[KEY_SIZE];

	(void)state;
	made.content[31] ^= 1;
	assert_int_equal(grant_open(&made, seed, key, &err), OURO_WRONG_KEY);
	made.content[31] ^= 1;
	made.epoch = 6;
	assert_int_equal(grant_open(&made, seed, key, &err), OURO_WRONG_KEY);
	made.epoch = 5;
	assert_int_equal(grant_open(&made, seed, key, &err), OURO_OK);
}

/* A key wrapped for a member is no grant, and the other way round. */
static void
a_wrap_for_one_purpose_opens_for_no_other(void **state)
{
	uint8_t key[KEY_SIZE] = { 7 }, back[KEY_SIZE];
	struct grant grant = made;

	(void)state;
	assert_int_equal(wrap_open(seed, made.wrapped, back, &err),
	    OURO_WRONG_KEY);
	assert_int_equal(wrap_key(made.public_key, key, grant.wrapped, &err),
	    OURO_OK);
	assert_int_equal(grant_open(&grant, seed, back, &err), OURO_WRONG_KEY);
}

static void
every_field_is_authenticated(void **state)
{
	uint8_t *bytes = (uint8_t *)&made;
	uint8_t other[KEY_SIZE];

	(void)state;
	assert_int_equal(grant_check(epoch_key, &made, &err), OURO_OK);
	for (size_t i = 0; i < sizeof(made); i += 13) {
		bytes[i] ^= 0x40;
		assert_int_equal(grant_check(epoch_key, &made, &err),
		    OURO_DAMAGED);
		bytes[i] ^= 0x40;
	}
	memcpy(other, epoch_key, KEY_SIZE);
	other[0] ^= 1;
	assert_int_equal(grant_check(other, &made, &err), OURO_DAMAGED);
}

/* The recipient knows the content key, and cannot make a grant with it. */
static void
the_content_key_makes_no_grant(void **state)
{
	uint8_t key[KEY_SIZE];
	struct grant grant = made;

	(void)state;
	assert_int_equal(grant_open(&made, seed, key, &err), OURO_OK);
	assert_int_equal(grant_seal(key, &grant, &err), OURO_OK);
	assert_int_equal(grant_check(epoch_key, &grant, &err), OURO_DAMAGED);
}

static void
the_encoding_is_canonical_and_small(void **state)
{
	struct buffer encoded = { 0 };
	struct grant back;

	(void)state;
	assert_int_equal(grant_encode(&made, &encoded, &err), OURO_OK);
	assert_true(encoded.size <= GRANT_SIZE_MAX);
	assert_int_equal(grant_decode(buffer_bytes(&encoded), &back, &err),
	    OURO_OK);
	assert_memory_equal(&back, &made, sizeof(made));
	for (size_t size = 0; size < encoded.size; size += 17)
		assert_int_not_equal(grant_decode(bytes_of(encoded.data, size),
					 &back, &err),
		    OURO_OK);
	assert_int_equal(buffer_append(&encoded, bytes_of("\x38\x01", 2), &err),
	    OURO_OK);
	assert_int_equal(grant_decode(buffer_bytes(&encoded), &back, &err),
	    OURO_DAMAGED);
	encoded.data[1] = 2; /* the version */
	encoded.size -= 2;
	assert_int_equal(grant_decode(buffer_bytes(&encoded), &back, &err),
	    OURO_UNSUPPORTED);
	buffer_release(&encoded);
}

/* docs/FORMAT.md, section 13. */
static void
known_answers(void **state)
{
	static const char key_hex[] =
	    "c5d660e16c87a49c51f4b72e516aa6644acadfd0f1aff3e19bc2718d394839d3";
	static const char mac_hex[] =
	    "9740ab76a2a27e31bcd6c85dc53acae4534fca9326ed320f4f27a67a2c7f1c14";
	static const char encoded_hex[] =
	    "67dc8b67b16d3e8813f9aefccb755b1cb0435210862bedb5c90781347ecfe89b";
	uint8_t secret[KEY_SIZE], out[HASH_SIZE];
	struct buffer encoded = { 0 };
	struct grant grant = { .epoch = 5 };

	(void)state;
	for (unsigned i = 0; i < KEY_SIZE; i++) {
		secret[i] = (uint8_t)i;
		grant.content[i] = (uint8_t)(0x20 + i);
	}
	for (unsigned i = 0; i < KEM_PUBLIC_SIZE; i++)
		grant.public_key[i] = (uint8_t)(i * 7 + 3);
	memset(grant.wrapped, 7, sizeof(grant.wrapped));
	hex_exact(mac_hex, grant.mac, HASH_SIZE);
	assert_int_equal(derive_grant_mac_key(secret, grant.content, out, NULL),
	    OURO_OK);
	assert_hex(out, KEY_SIZE, key_hex);
	assert_int_equal(grant_check(secret, &grant, &err), OURO_OK);
	assert_int_equal(grant_encode(&grant, &encoded, &err), OURO_OK);
	assert_int_equal(encoded.size, 3318);
	assert_int_equal(hash_sha256(buffer_bytes(&encoded), out, NULL),
	    OURO_OK);
	assert_hex(out, HASH_SIZE, encoded_hex);
	buffer_release(&encoded);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_grant_gives_the_content_key, setup),
		cmocka_unit_test_setup(
		    a_grant_opens_for_no_other_content_or_epoch, setup),
		cmocka_unit_test_setup(
		    a_wrap_for_one_purpose_opens_for_no_other, setup),
		cmocka_unit_test_setup(every_field_is_authenticated, setup),
		cmocka_unit_test_setup(the_content_key_makes_no_grant, setup),
		cmocka_unit_test_setup(the_encoding_is_canonical_and_small,
		    setup),
		cmocka_unit_test(known_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
