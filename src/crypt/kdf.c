#include "crypt/kdf.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "base/error.h"
#include "crypt/library.h"

#define HKDF_OUT_MAX	 (255 * HASH_SIZE)
#define HKDF_INFO_MAX	 (32 * 1024) /* the library's own limit */
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

enum ouro_status
kdf_hkdf(struct bytes secret, struct bytes salt, struct bytes info,
    uint8_t *out, size_t out_size, struct ouro_error *err)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest,
		    0),
		param_bytes(OSSL_KDF_PARAM_KEY, secret),
		param_bytes(OSSL_KDF_PARAM_SALT, salt),
		param_bytes(OSSL_KDF_PARAM_INFO, info),
		OSSL_PARAM_construct_end(),
	};
	const struct library *library;
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
	if (status != OURO_OK)
		return status;
	return derive(library->hkdf, params, out, out_size, "HKDF", err);
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
