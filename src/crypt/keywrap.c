#include "crypt/keywrap.h"

#include "crypt/library.h"

static enum ouro_status
wrap_init(const uint8_t *wrapping, bool sealing, EVP_CIPHER_CTX **out,
    struct ouro_error *err)
{
	const struct library *library;
	EVP_CIPHER_CTX *context;
	enum ouro_status status = library_get(&library, err);

	if (status != OURO_OK)
		return status;
	context = EVP_CIPHER_CTX_new();
	if (context == NULL)
		return library_failed(err, "AES key wrap");
	EVP_CIPHER_CTX_set_flags(context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	if (!EVP_CipherInit_ex2(context, library->aes256_wrap, wrapping, NULL,
		sealing, NULL)) {
		EVP_CIPHER_CTX_free(context);
		return library_failed(err, "AES key wrap");
	}
	*out = context;
	return OURO_OK;
}

enum ouro_status
keywrap_seal(const uint8_t wrapping[KEY_SIZE], const uint8_t key[KEY_SIZE],
    uint8_t out[KEYWRAP_SIZE], struct ouro_error *err)
{
	EVP_CIPHER_CTX *context;
	int size;
	enum ouro_status status = wrap_init(wrapping, true, &context, err);

	if (status != OURO_OK)
		return status;
	if (!EVP_CipherUpdate(context, out, &size, key, KEY_SIZE) ||
	    size != KEYWRAP_SIZE)
		status = library_failed(err, "AES key wrap");
	EVP_CIPHER_CTX_free(context);
	return status;
}

enum ouro_status
keywrap_open(const uint8_t wrapping[KEY_SIZE],
    const uint8_t wrapped[KEYWRAP_SIZE], uint8_t key[KEY_SIZE],
    struct ouro_error *err)
{
	uint8_t clear[KEYWRAP_SIZE]; /* the library may use all of it */
	EVP_CIPHER_CTX *context;
	int size;
	enum ouro_status status = wrap_init(wrapping, false, &context, err);

	if (status != OURO_OK)
		return status;
	if (EVP_CipherUpdate(context, clear, &size, wrapped, KEYWRAP_SIZE) >
		0 &&
	    size == KEY_SIZE) {
		memcpy(key, clear, KEY_SIZE);
	} else {
		memset(key, 0, KEY_SIZE);
		status = library_refused(err, OURO_WRONG_KEY,
		    "wrong key, or the wrapped key was changed");
	}
	bytes_wipe(clear, sizeof(clear));
	EVP_CIPHER_CTX_free(context);
	return status;
}
