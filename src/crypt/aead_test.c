#include "crypt/aead.h"

#include <pthread.h>
#include <stdlib.h>

#include "crypt/vectors/hex.h"

#define LARGE (3 * 1024 * 1024 + 17)

/* The AES-256 cases of McGrew and Viega, "The Galois/Counter Mode of
 * Operation", appendix B: test cases 13 to 16. */
static const struct {
	const char *key, *nonce, *additional, *clear, *sealed, *tag;
} cases[] = {
	{ "0000000000000000000000000000000000000000000000000000000000000000",
	    "000000000000000000000000", "", "", "",
	    "530f8afbc74536b9a963b4f1c4cb738b" },
	{ "0000000000000000000000000000000000000000000000000000000000000000",
	    "000000000000000000000000", "", "00000000000000000000000000000000",
	    "cea7403d4d606b6e074ec5d3baf39d18",
	    "d0d1c8a799996bf0265b98b5d48ab919" },
	{ "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
	    "cafebabefacedbaddecaf888", "",
	    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
	    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
	    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
	    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad",
	    "b094dac5d93471bdec1a502270e3cc6c" },
	{ "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
	    "cafebabefacedbaddecaf888",
	    "feedfacedeadbeeffeedfacedeadbeefabaddad2",
	    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
	    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
	    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
	    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
	    "76fc6ece0f4e1768cddf8853bb2d551b" },
};

static void
known_answers_of_the_gcm_specification(void **state)
{
	struct ouro_error err;
	uint8_t key[KEY_SIZE], nonce[NONCE_SIZE], tag[TAG_SIZE];
	uint8_t additional_bytes[32], clear_bytes[64], out[64], back[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes additional = hex_bytes(cases[i].additional,
		    additional_bytes, sizeof(additional_bytes));
		struct bytes clear = hex_bytes(cases[i].clear, clear_bytes,
		    sizeof(clear_bytes));

		hex_exact(cases[i].key, key, sizeof(key));
		hex_exact(cases[i].nonce, nonce, sizeof(nonce));
		assert_int_equal(aead_seal(key, nonce, additional, clear, out,
				     tag, &err),
		    OURO_OK);
		assert_hex(out, clear.size, cases[i].sealed);
		assert_hex(tag, sizeof(tag), cases[i].tag);
		assert_int_equal(aead_open(key, nonce, additional,
				     bytes_of(out, clear.size), tag, back,
				     &err),
		    OURO_OK);
		assert_memory_equal(back, clear.data, clear.size);
	}
}

struct sealed {
	uint8_t key[KEY_SIZE], nonce[NONCE_SIZE], additional[5];
	uint8_t data[37], tag[TAG_SIZE];
};

static enum ouro_status
sealed_make(struct sealed *sealed)
{
	memset(sealed, 0x5a, sizeof(*sealed));
	return aead_seal(sealed->key, sealed->nonce,
	    bytes_of(sealed->additional, sizeof(sealed->additional)),
	    bytes_of(sealed->data, sizeof(sealed->data)), sealed->data,
	    sealed->tag, NULL);
}

static enum ouro_status
sealed_open(const struct sealed *sealed, uint8_t *out, struct ouro_error *err)
{
	return aead_open(sealed->key, sealed->nonce,
	    bytes_of(sealed->additional, sizeof(sealed->additional)),
	    bytes_of(sealed->data, sizeof(sealed->data)), sealed->tag, out,
	    err);
}

/* Key, nonce, additional data, sealed data and tag lie in one struct. */
static void
any_changed_byte_is_refused_and_gives_nothing(void **state)
{
	struct sealed good, bad;
	struct ouro_error err;
	uint8_t out[sizeof(good.data)];

	(void)state;
	assert_int_equal(sealed_make(&good), OURO_OK);
	assert_int_equal(sealed_open(&good, out, &err), OURO_OK);
	assert_int_equal(out[0], 0x5a);
	for (size_t i = 0; i < sizeof(good); i++) {
		bad = good;
		((uint8_t *)&bad)[i] ^= 1;
		memset(out, 0xee, sizeof(out));
		assert_int_equal(sealed_open(&bad, out, &err), OURO_WRONG_KEY);
		assert_int_equal(err.status, OURO_WRONG_KEY);
		assert_true(strlen(err.text) > 0);
		assert_true(all_zero(out, sizeof(out)));
	}
	assert_int_equal(sealed_open(&good, out, NULL), OURO_OK);
}

static void
a_shorter_or_longer_text_is_refused(void **state)
{
	struct sealed good;
	uint8_t out[sizeof(good.data)];
	struct bytes additional;

	(void)state;
	assert_int_equal(sealed_make(&good), OURO_OK);
	additional = bytes_of(good.additional, sizeof(good.additional));
	for (size_t size = 0; size < sizeof(good.data); size++)
		assert_int_equal(aead_open(good.key, good.nonce, additional,
				     bytes_of(good.data, size), good.tag, out,
				     NULL),
		    OURO_WRONG_KEY);
	additional.size--;
	assert_int_equal(aead_open(good.key, good.nonce, additional,
			     bytes_of(good.data, sizeof(good.data)), good.tag,
			     out, NULL),
	    OURO_WRONG_KEY);
}

static void
large_and_in_place(void **state)
{
	uint8_t *clear = malloc(LARGE), *out = malloc(LARGE);
	uint8_t key[KEY_SIZE] = { 1 }, nonce[NONCE_SIZE] = { 2 };
	uint8_t tag[TAG_SIZE], tag_in_place[TAG_SIZE];
	struct bytes none = bytes_of(NULL, 0);

	(void)state;
	assert_true(clear != NULL && out != NULL);
	for (size_t i = 0; i < LARGE; i++)
		clear[i] = (uint8_t)(i ^ i >> 8 ^ i >> 16);
	assert_int_equal(aead_seal(key, nonce, none, bytes_of(clear, LARGE),
			     out, tag, NULL),
	    OURO_OK);
	assert_int_equal(aead_seal(key, nonce, none, bytes_of(clear, LARGE),
			     clear, tag_in_place, NULL),
	    OURO_OK);
	assert_memory_equal(clear, out, LARGE);
	assert_memory_equal(tag, tag_in_place, TAG_SIZE);
	assert_int_equal(aead_open(key, nonce, none, bytes_of(out, LARGE), tag,
			     out, NULL),
	    OURO_OK);
	for (size_t i = 0; i < LARGE; i++)
		assert_true(out[i] == (uint8_t)(i ^ i >> 8 ^ i >> 16));
	clear[LARGE - 1] ^= 0x10;
	assert_int_equal(aead_open(key, nonce, none, bytes_of(clear, LARGE),
			     tag, clear, NULL),
	    OURO_WRONG_KEY);
	assert_true(all_zero(clear, LARGE));
	free(clear);
	free(out);
}

static void
sizes_beyond_the_library_are_refused(void **state)
{
	uint8_t key[KEY_SIZE] = { 1 }, nonce[NONCE_SIZE] = { 2 }, tag[TAG_SIZE];
	uint8_t byte = 7;
	struct bytes huge = bytes_of(&byte, (size_t)1 << 31);

	(void)state;
	assert_int_equal(aead_seal(key, nonce, bytes_of(NULL, 0), huge, &byte,
			     tag, NULL),
	    OURO_TOO_LARGE);
	assert_int_equal(aead_open(key, nonce, huge, bytes_of(NULL, 0), tag,
			     &byte, NULL),
	    OURO_TOO_LARGE);
	assert_int_equal(byte, 7);
}

static void *
seal_and_open_often(void *data)
{
	struct sealed *sealed = data;
	uint8_t out[sizeof(sealed->data)];

	for (int i = 0; i < 200; i++) {
		if (sealed_make(sealed) != OURO_OK ||
		    sealed_open(sealed, out, NULL) != OURO_OK)
			return data;
		sealed->tag[0] ^= 1;
		if (sealed_open(sealed, out, NULL) != OURO_WRONG_KEY)
			return data;
	}
	return NULL;
}

static void
threads_do_not_meet(void **state)
{
	struct sealed sealed[4];
	pthread_t threads[4];
	void *result;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
				     seal_and_open_often, &sealed[i]),
		    0);
	for (size_t i = 0; i < 4; i++) {
		pthread_join(threads[i], &result);
		assert_null(result);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers_of_the_gcm_specification),
		cmocka_unit_test(any_changed_byte_is_refused_and_gives_nothing),
		cmocka_unit_test(a_shorter_or_longer_text_is_refused),
		cmocka_unit_test(large_and_in_place),
		cmocka_unit_test(sizes_beyond_the_library_are_refused),
		cmocka_unit_test(threads_do_not_meet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
