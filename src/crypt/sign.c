#include "crypt/sign.h"

#include "crypt/library.h"

enum ouro_status
sign_public(const uint8_t seed[SIGN_SEED_SIZE],
    uint8_t public_key[SIGN_PUBLIC_SIZE], struct ouro_error *err)
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL,
	    seed, SIGN_SEED_SIZE);
	size_t size = SIGN_PUBLIC_SIZE;
	enum ouro_status status = OURO_OK;

	if (key == NULL ||
	    !EVP_PKEY_get_raw_public_key(key, public_key, &size) ||
	    size != SIGN_PUBLIC_SIZE)
		status = library_failed(err, "Ed25519 public key");
	EVP_PKEY_free(key);
	return status;
}

enum ouro_status
sign_message(const uint8_t seed[SIGN_SEED_SIZE], struct bytes message,
    uint8_t signature[SIGNATURE_SIZE], struct ouro_error *err)
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL,
	    seed, SIGN_SEED_SIZE);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t size = SIGNATURE_SIZE;
	enum ouro_status status = OURO_OK;

	if (key == NULL || context == NULL ||
	    !EVP_DigestSignInit_ex(context, NULL, NULL, NULL, NULL, key,
		NULL) ||
	    !EVP_DigestSign(context, signature, &size, message.data,
		message.size) ||
	    size != SIGNATURE_SIZE)
		status = library_failed(err, "Ed25519 signature");
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	return status;
}

enum ouro_status
sign_verify(const uint8_t public_key[SIGN_PUBLIC_SIZE], struct bytes message,
    const uint8_t signature[SIGNATURE_SIZE], struct ouro_error *err)
{
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL,
	    public_key, SIGN_PUBLIC_SIZE);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	enum ouro_status status = OURO_OK;

	if (key == NULL || context == NULL ||
	    !EVP_DigestVerifyInit_ex(context, NULL, NULL, NULL, NULL, key,
		NULL))
		status = library_failed(err, "Ed25519 verification");
	else if (EVP_DigestVerify(context, signature, SIGNATURE_SIZE,
		     message.data, message.size) != 1)
		status = library_refused(err, OURO_WRONG_KEY,
		    "the signature does not fit the message and key");
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	return status;
}
