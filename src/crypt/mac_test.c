#include "crypt/mac.h"

#include <pthread.h>

#include "crypt/vectors/hex.h"
#include "crypt/vectors/siphash_vectors.h"

#define THREADS	 4
#define COMPUTES 500

/* RFC 4231: keys and data of one repeated byte where text is NULL. */
static const struct {
	const char *key_hex;
	uint8_t key_byte;
	size_t key_size;
	const char *text;
	uint8_t data_byte;
	size_t data_size;
	const char *mac;
} rfc4231[] = {
	{ NULL, 0x0b, 20, "Hi There", 0, 0,
	    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
	{ "4a656665", 0, 0, "what do ya want for nothing?", 0, 0,
	    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
	{ NULL, 0xaa, 20, NULL, 0xdd, 50,
	    "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
	{ "0102030405060708090a0b0c0d0e0f10111213141516171819", 0, 0, NULL,
	    0xcd, 50,
	    "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b" },
	{ NULL, 0xaa, 131,
	    "Test Using Larger Than Block-Size Key - Hash Key First", 0, 0,
	    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
	{ NULL, 0xaa, 131,
	    "This is a test using a larger than block-size key "
	    "and a larger than block-size data. The key needs to be hashed "
	    "before being used by the HMAC algorithm.",
	    0, 0,
	    "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
};

static struct bytes
repeated(uint8_t byte, size_t size, uint8_t *out)
{
	memset(out, byte, size);
	return bytes_of(out, size);
}

static void
known_answers_of_rfc_4231(void **state)
{
	uint8_t key_bytes[160], data_bytes[160], out[HASH_SIZE];
	struct ouro_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(rfc4231) / sizeof(rfc4231[0]); i++) {
		struct bytes key = rfc4231[i].key_hex != NULL
		    ? hex_bytes(rfc4231[i].key_hex, key_bytes,
			  sizeof(key_bytes))
		    : repeated(rfc4231[i].key_byte, rfc4231[i].key_size,
			  key_bytes);
		struct bytes data = rfc4231[i].text != NULL
		    ? bytes_text(rfc4231[i].text)
		    : repeated(rfc4231[i].data_byte, rfc4231[i].data_size,
			  data_bytes);
		struct bytes parts[] = { bytes_of(data.data, 5),
			bytes_of(data.data + 5, data.size - 5) };
		struct mac_key *prepared;

		assert_int_equal(mac_key_new(key, &prepared, &err), OURO_OK);
		for (int again = 0; again < 2; again++) {
			assert_int_equal(mac_compute(prepared, &data, 1, out,
					     &err),
			    OURO_OK);
			assert_hex(out, sizeof(out), rfc4231[i].mac);
			assert_int_equal(mac_compute(prepared, parts, 2, out,
					     &err),
			    OURO_OK);
			assert_hex(out, sizeof(out), rfc4231[i].mac);
		}
		mac_key_free(prepared);
	}
}

static void
empty_key_and_no_parts(void **state)
{
	struct mac_key *key;
	struct bytes nothing = bytes_of(NULL, 0);
	uint8_t out[HASH_SIZE];

	(void)state;
	assert_int_equal(mac_key_new(nothing, &key, NULL), OURO_OK);
	assert_int_equal(mac_compute(key, NULL, 0, out, NULL), OURO_OK);
	assert_hex(out, sizeof(out),
	    "b613679a0814d9ec772f95d778c35fc5"
	    "ff1697c493715653c6c712144292c5ad");
	assert_int_equal(mac_compute(key, &nothing, 1, out, NULL), OURO_OK);
	assert_hex(out, sizeof(out),
	    "b613679a0814d9ec772f95d778c35fc5"
	    "ff1697c493715653c6c712144292c5ad");
	mac_key_free(key);
	mac_key_free(NULL);
}

struct worker {
	pthread_t thread;
	const struct mac_key *key;
	uint8_t first[COMPUTES][HASH_SIZE];
	int failures;
};

static void *
worker_run(void *data)
{
	struct worker *worker = data;

	for (uint8_t i = 0; i < 2; i++) {
		for (uint32_t n = 0; n < COMPUTES; n++) {
			uint8_t number[4], out[HASH_SIZE];
			struct bytes part = bytes_of(number, sizeof(number));

			put_u32le(number, n);
			if (mac_compute(worker->key, &part, 1, out, NULL) !=
			    OURO_OK)
				worker->failures++;
			if (i == 0)
				memcpy(worker->first[n], out, HASH_SIZE);
			else if (memcmp(worker->first[n], out, HASH_SIZE) != 0)
				worker->failures++;
		}
	}
	return NULL;
}

static void
one_key_in_many_threads(void **state)
{
	static struct worker workers[THREADS];
	struct mac_key *key;

	(void)state;
	assert_int_equal(mac_key_new(bytes_text("shared"), &key, NULL),
	    OURO_OK);
	for (size_t i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ .key = key };
		assert_int_equal(pthread_create(&workers[i].thread, NULL,
				     worker_run, &workers[i]),
		    0);
	}
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(workers[i].failures, 0);
		assert_memory_equal(workers[i].first, workers[0].first,
		    sizeof(workers[0].first));
	}
	mac_key_free(key);
}

static void
siphash_reference_vectors(void **state)
{
	uint8_t key[SIPHASH_KEY_SIZE], message[64], expected[8];
	struct siphash *siphash;

	(void)state;
	for (uint8_t i = 0; i < sizeof(message); i++)
		message[i] = i;
	memcpy(key, message, sizeof(key));
	assert_int_equal(siphash_new(key, &siphash, NULL), OURO_OK);
	memset(key, 0xff, sizeof(key));
	for (int again = 0; again < 2; again++) {
		for (size_t size = 0; size < 64; size++) {
			uint64_t out;

			assert_int_equal(
			    siphash_compute(siphash,
				bytes_of(size == 0 ? NULL : message, size),
				&out, NULL),
			    OURO_OK);
			hex_exact(siphash_results[size], expected, 8);
			assert_true(out == get_u64le(expected));
		}
	}
	siphash_free(siphash);
	siphash_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers_of_rfc_4231),
		cmocka_unit_test(empty_key_and_no_parts),
		cmocka_unit_test(one_key_in_many_threads),
		cmocka_unit_test(siphash_reference_vectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
