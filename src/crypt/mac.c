#include "crypt/mac.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "base/error.h"
#include "crypt/library.h"

#define IDLE_MAX     8
#define SIPHASH_SIZE 8

/*
 * origin holds the key and is never computed with. A computation takes an
 * idle context, or copies origin when there is none, and puts it back; only
 * idle[] and idle_count change after mac_key_new, under lock.
 */
struct mac_key {
	EVP_MAC_CTX *origin;
	pthread_mutex_t lock;
	EVP_MAC_CTX *idle[IDLE_MAX];
	size_t idle_count;
};

struct siphash {
	EVP_MAC_CTX *context;
};

enum ouro_status
mac_key_new(struct bytes key, struct mac_key **out, struct ouro_error *err)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest,
		    0),
		OSSL_PARAM_construct_end(),
	};
	const uint8_t *data = key.size == 0 ? (const uint8_t *)"" : key.data;
	const struct library *library;
	struct mac_key *made;
	enum ouro_status status = library_get(&library, err);

	if (status != OURO_OK)
		return status;
	made = calloc(1, sizeof(*made));
	if (made == NULL)
		return error_memory(err);
	if (pthread_mutex_init(&made->lock, NULL) != 0) {
		free(made);
		return error_memory(err);
	}
	made->origin = EVP_MAC_CTX_new(library->hmac);
	if (made->origin == NULL ||
	    !EVP_MAC_init(made->origin, data, key.size, params)) {
		mac_key_free(made);
		return library_failed(err, "HMAC key");
	}
	*out = made;
	return OURO_OK;
}

void
mac_key_free(struct mac_key *key)
{
	if (key == NULL)
		return;
	for (size_t i = 0; i < key->idle_count; i++)
		EVP_MAC_CTX_free(key->idle[i]);
	EVP_MAC_CTX_free(key->origin);
	pthread_mutex_destroy(&key->lock);
	free(key);
}

static EVP_MAC_CTX *
idle_take(struct mac_key *key)
{
	EVP_MAC_CTX *context = NULL;

	pthread_mutex_lock(&key->lock);
	if (key->idle_count > 0)
		context = key->idle[--key->idle_count];
	pthread_mutex_unlock(&key->lock);
	return context != NULL ? context : EVP_MAC_CTX_dup(key->origin);
}

static void
idle_put(struct mac_key *key, EVP_MAC_CTX *context)
{
	pthread_mutex_lock(&key->lock);
	if (key->idle_count < IDLE_MAX) {
		key->idle[key->idle_count++] = context;
		context = NULL;
	}
	pthread_mutex_unlock(&key->lock);
	EVP_MAC_CTX_free(context);
}

static bool
mac_run(EVP_MAC_CTX *context, const struct bytes *parts, size_t count,
    uint8_t out[HASH_SIZE])
{
	size_t size;

	if (!EVP_MAC_init(context, NULL, 0, NULL))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (parts[i].size != 0 &&
		    !EVP_MAC_update(context, parts[i].data, parts[i].size))
			return false;
	}
	return EVP_MAC_final(context, out, &size, HASH_SIZE) &&
	    size == HASH_SIZE;
}

enum ouro_status
mac_compute(const struct mac_key *key, const struct bytes *parts, size_t count,
    uint8_t out[HASH_SIZE], struct ouro_error *err)
{
	/* Made by mac_key_new, so not const itself: the idle contexts are a
	 * cache, the key stays as it is. */
	struct mac_key *cache = (struct mac_key *)key;
	EVP_MAC_CTX *context = idle_take(cache);

	if (context == NULL)
		return library_failed(err, "HMAC-SHA-256");
	if (!mac_run(context, parts, count, out)) {
		EVP_MAC_CTX_free(context);
		return library_failed(err, "HMAC-SHA-256");
	}
	idle_put(cache, context);
	return OURO_OK;
}

enum ouro_status
siphash_new(const uint8_t key[SIPHASH_KEY_SIZE], struct siphash **out,
    struct ouro_error *err)
{
	size_t size = SIPHASH_SIZE;
	unsigned int c_rounds = 2, d_rounds = 4;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
		OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_C_ROUNDS, &c_rounds),
		OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_D_ROUNDS, &d_rounds),
		OSSL_PARAM_construct_end(),
	};
	const struct library *library;
	struct siphash *made;
	enum ouro_status status = library_get(&library, err);

	if (status != OURO_OK)
		return status;
	made = calloc(1, sizeof(*made));
	if (made == NULL)
		return error_memory(err);
	made->context = EVP_MAC_CTX_new(library->siphash);
	if (made->context == NULL ||
	    !EVP_MAC_init(made->context, key, SIPHASH_KEY_SIZE, params)) {
		siphash_free(made);
		return library_failed(err, "SipHash key");
	}
	*out = made;
	return OURO_OK;
}

void
siphash_free(struct siphash *siphash)
{
	if (siphash == NULL)
		return;
	EVP_MAC_CTX_free(siphash->context);
	free(siphash);
}

enum ouro_status
siphash_compute(struct siphash *siphash, struct bytes data, uint64_t *out,
    struct ouro_error *err)
{
	uint8_t result[SIPHASH_SIZE];
	size_t size;

	if (!EVP_MAC_init(siphash->context, NULL, 0, NULL) ||
	    (data.size != 0 &&
		!EVP_MAC_update(siphash->context, data.data, data.size)) ||
	    !EVP_MAC_final(siphash->context, result, &size, sizeof(result)))
		return library_failed(err, "SipHash");
	assert(size == sizeof(result));
	*out = get_u64le(result);
	return OURO_OK;
}
