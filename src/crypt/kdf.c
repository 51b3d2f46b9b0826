#include "crypt/kdf.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "base/error.h"
#include "crypt/library.h"

#define HKDF_OUT_MAX	 (255 * HASH_SIZE)
#define HKDF_INFO_MAX	 (32 * 1024) /* of what anybody may want */
#define ARGON2_OUT_MIN	 4
#define ARGON2_SALT_MIN	 8
#define ARGON2_LANES_MAX 0xffffff
#define ARGON2_KIB_MAX	 (4 * 1024 * 1024)

static OSSL_PARAM
param_bytes(const char *name, struct bytes bytes)
{
	static uint8_t nothing[1];
	void *data = bytes.size == 0 ? nothing : (void *)(uintptr_t)bytes.data;

	return OSSL_PARAM_construct_octet_string(name, data, bytes.size);
}

static enum ouro_status
derive(EVP_KDF *kdf, const OSSL_PARAM *params, uint8_t *out, size_t out_size,
    const char *what, struct ouro_error *err)
{
	EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
	enum ouro_status status = OURO_OK;

	if (context == NULL ||
	    EVP_KDF_derive(context, out, out_size, params) != 1) {
		bytes_wipe(out, out_size);
		status = library_failed(err, what);
	}
	EVP_KDF_CTX_free(context);
	return status;
}

/* ---- HKDF -------------------------------------------------------------------- */

/*
 * By hand out of digests: the library's HKDF and HMAC look up the digest by
 * its name each time, which takes longer than all the hashing of a record's
 * key.
 */

#define BLOCK_SIZE 64 /* of SHA-256 */

struct hmac {
	EVP_MD_CTX *digest;
	const EVP_MD *sha256;
	uint8_t pad[BLOCK_SIZE]; /* the key xor the inner, or outer, byte */
};

static bool
hmac_digest(const struct hmac *hmac, const struct bytes *parts, size_t count,
    uint8_t out[HASH_SIZE])
{
	if (!EVP_DigestInit_ex2(hmac->digest, hmac->sha256, NULL) ||
	    !EVP_DigestUpdate(hmac->digest, hmac->pad, BLOCK_SIZE))
		return false;
	for (size_t i = 0; i < count; i++)
		if (parts[i].size != 0 &&
		    !EVP_DigestUpdate(hmac->digest, parts[i].data,
			parts[i].size))
			return false;
	return EVP_DigestFinal_ex(hmac->digest, out, NULL);
}

/* RFC 2104. */
static bool
hmac_compute(struct hmac *hmac, struct bytes key, const struct bytes *parts,
    size_t count, uint8_t out[HASH_SIZE])
{
	struct bytes inner = bytes_of(out, HASH_SIZE);

	memset(hmac->pad, 0, BLOCK_SIZE);
	if (key.size <= BLOCK_SIZE && key.size > 0)
		memcpy(hmac->pad, key.data, key.size);
	else if (key.size > BLOCK_SIZE &&
	    (!EVP_DigestInit_ex2(hmac->digest, hmac->sha256, NULL) ||
		!EVP_DigestUpdate(hmac->digest, key.data, key.size) ||
		!EVP_DigestFinal_ex(hmac->digest, hmac->pad, NULL)))
		return false;
	for (size_t i = 0; i < BLOCK_SIZE; i++)
		hmac->pad[i] ^= 0x36;
	if (!hmac_digest(hmac, parts, count, out))
		return false;
	for (size_t i = 0; i < BLOCK_SIZE; i++)
		hmac->pad[i] ^= 0x36 ^ 0x5c;
	return hmac_digest(hmac, &inner, 1, out);
}

/* RFC 5869. */
static bool
hkdf(struct hmac *hmac, struct bytes secret, struct bytes salt,
    struct bytes info, uint8_t *out, size_t out_size)
{
	uint8_t extracted[HASH_SIZE], block[HASH_SIZE], number = 0;
	bool done = hmac_compute(hmac, salt, &secret, 1, extracted);

	for (size_t at = 0, size; done && at < out_size; at += size) {
		struct bytes parts[] = { bytes_of(block,
					     at == 0 ? 0 : HASH_SIZE),
			info, bytes_of(&number, 1) };
		uint8_t next[HASH_SIZE];

		number++;
		size = out_size - at < HASH_SIZE ? out_size - at : HASH_SIZE;
		done = hmac_compute(hmac, bytes_of(extracted, HASH_SIZE), parts,
		    3, next);
		memcpy(block, next, HASH_SIZE);
		memcpy(out + at, next, size);
		bytes_wipe(next, sizeof(next));
	}
	bytes_wipe(extracted, sizeof(extracted));
	bytes_wipe(block, sizeof(block));
	return done;
}

enum ouro_status
kdf_hkdf(struct bytes secret, struct bytes salt, struct bytes info,
    uint8_t *out, size_t out_size, struct ouro_error *err)
{
	const struct library *library;
	struct library_thread *thread;
	struct hmac hmac;
	enum ouro_status status;

	if (out_size == 0 || out_size > HKDF_OUT_MAX)
		return error_set(err, OURO_INVALID,
		    "HKDF gives 1 to %d bytes, not %zu", HKDF_OUT_MAX,
		    out_size);
	if (info.size > HKDF_INFO_MAX)
		return error_set(err, OURO_TOO_LARGE,
		    "HKDF info of %zu bytes, at most %d", info.size,
		    HKDF_INFO_MAX);
	status = library_get(&library, err);
	if (status == OURO_OK)
		status = library_thread(&thread, err);
	if (status != OURO_OK)
		return status;
	hmac.digest = thread->digest;
	hmac.sha256 = library->sha256;
	if (!hkdf(&hmac, secret, salt, info, out, out_size)) {
		bytes_wipe(out, out_size);
		status = library_failed(err, "HKDF");
	}
	bytes_wipe(hmac.pad, sizeof(hmac.pad));
	EVP_MD_CTX_reset(thread->digest);
	return status;
}

static enum ouro_status
argon2_check(struct bytes passphrase, struct bytes salt,
    const struct argon2_cost *cost, size_t out_size, struct ouro_error *err)
{
	if (passphrase.size > UINT32_MAX)
		return error_set(err, OURO_INVALID,
		    "Argon2id passphrase of %zu bytes", passphrase.size);
	if (salt.size < ARGON2_SALT_MIN || salt.size > UINT32_MAX)
		return error_set(err, OURO_INVALID,
		    "Argon2id salt of %zu bytes, at least %d", salt.size,
		    ARGON2_SALT_MIN);
	if (out_size < ARGON2_OUT_MIN || out_size > UINT32_MAX)
		return error_set(err, OURO_INVALID,
		    "Argon2id gives at least %d bytes, not %zu", ARGON2_OUT_MIN,
		    out_size);
	if (cost->passes < 1 || cost->lanes < 1 ||
	    cost->lanes > ARGON2_LANES_MAX ||
	    cost->memory_kib < 8 * cost->lanes ||
	    cost->memory_kib > ARGON2_KIB_MAX)
		return error_set(err, OURO_INVALID,
		    "Argon2id cost out of range: %u KiB, %u passes, %u lanes",
		    cost->memory_kib, cost->passes, cost->lanes);
	return OURO_OK;
}

enum ouro_status
kdf_argon2id(struct bytes passphrase, struct bytes salt,
    const struct argon2_cost *cost, uint8_t *out, size_t out_size,
    struct ouro_error *err)
{
	struct argon2_cost own = *cost;
	uint32_t threads = 1; /* more would need the library's own threads */
	OSSL_PARAM params[] = {
		param_bytes(OSSL_KDF_PARAM_PASSWORD, passphrase),
		param_bytes(OSSL_KDF_PARAM_SALT, salt),
		OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_ITER, &own.passes),
		OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_ARGON2_MEMCOST,
		    &own.memory_kib),
		OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_ARGON2_LANES,
		    &own.lanes),
		OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_THREADS, &threads),
		OSSL_PARAM_construct_end(),
	};
	const struct library *library;
	enum ouro_status status;

	status = argon2_check(passphrase, salt, cost, out_size, err);
	if (status == OURO_OK)
		status = library_get(&library, err);
	if (status != OURO_OK)
		return status;
	return derive(library->argon2id, params, out, out_size, "Argon2id",
	    err);
}
