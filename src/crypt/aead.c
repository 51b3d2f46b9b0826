#include "crypt/aead.h"

#include <assert.h>
#include <limits.h>

#include "base/error.h"
#include "crypt/library.h"

static enum ouro_status
size_check(struct bytes additional, struct bytes data, struct ouro_error *err)
{
	if (additional.size > INT_MAX || data.size > INT_MAX)
		return error_set(err, OURO_TOO_LARGE,
		    "AES-256-GCM message of %zu bytes", data.size);
	return OURO_OK;
}

static bool
cipher_init(EVP_CIPHER_CTX *context, const struct library *library,
    const uint8_t *key, const uint8_t *nonce, struct bytes additional,
    bool sealing)
{
	int size;

	if (!EVP_CipherInit_ex2(context, library->aes256_gcm, key, nonce,
		sealing, NULL))
		return false;
	return additional.size == 0 ||
	    EVP_CipherUpdate(context, NULL, &size, additional.data,
		(int)additional.size);
}

static bool
cipher_update(EVP_CIPHER_CTX *context, struct bytes data, uint8_t *out)
{
	int size;

	return data.size == 0 ||
	    (EVP_CipherUpdate(context, out, &size, data.data, (int)data.size) &&
		(size_t)size == data.size);
}

enum ouro_status
aead_seal(const uint8_t key[KEY_SIZE], const uint8_t nonce[NONCE_SIZE],
    struct bytes additional, struct bytes clear, uint8_t *out,
    uint8_t tag[TAG_SIZE], struct ouro_error *err)
{
	const struct library *library;
	struct library_thread *thread;
	uint8_t rest[TAG_SIZE];
	int size = 0;
	enum ouro_status status = size_check(additional, clear, err);

	if (status == OURO_OK)
		status = library_get(&library, err);
	if (status == OURO_OK)
		status = library_thread(&thread, err);
	if (status != OURO_OK)
		return status;
	if (!cipher_init(thread->cipher, library, key, nonce, additional,
		true) ||
	    !cipher_update(thread->cipher, clear, out) ||
	    !EVP_EncryptFinal_ex(thread->cipher, rest, &size) ||
	    !EVP_CIPHER_CTX_ctrl(thread->cipher, EVP_CTRL_AEAD_GET_TAG,
		TAG_SIZE, tag)) {
		if (clear.size != 0)
			bytes_wipe(out, clear.size);
		status = library_failed(err, "AES-256-GCM");
	}
	assert(size == 0);
	EVP_CIPHER_CTX_reset(thread->cipher);
	return status;
}

/* The tag is expected before the data; whether it fits is known at the end. */
static enum ouro_status
open_run(EVP_CIPHER_CTX *context, struct bytes sealed, const uint8_t *tag,
    uint8_t *out, struct ouro_error *err)
{
	uint8_t expected[TAG_SIZE], rest[TAG_SIZE];
	int size;

	memcpy(expected, tag, TAG_SIZE);
	if (!EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE,
		expected) ||
	    !cipher_update(context, sealed, out))
		return library_failed(err, "AES-256-GCM");
	if (!EVP_DecryptFinal_ex(context, rest, &size))
		return library_refused(err, OURO_WRONG_KEY,
		    "wrong key, or the sealed data was changed");
	return OURO_OK;
}

enum ouro_status
aead_open(const uint8_t key[KEY_SIZE], const uint8_t nonce[NONCE_SIZE],
    struct bytes additional, struct bytes sealed, const uint8_t tag[TAG_SIZE],
    uint8_t *out, struct ouro_error *err)
{
	const struct library *library;
	struct library_thread *thread;
	enum ouro_status status = size_check(additional, sealed, err);

	if (status == OURO_OK)
		status = library_get(&library, err);
	if (status == OURO_OK)
		status = library_thread(&thread, err);
	if (status != OURO_OK)
		return status;
	if (cipher_init(thread->cipher, library, key, nonce, additional, false))
		status = open_run(thread->cipher, sealed, tag, out, err);
	else
		status = library_failed(err, "AES-256-GCM");
	if (status != OURO_OK && sealed.size != 0)
		bytes_wipe(out, sealed.size);
	EVP_CIPHER_CTX_reset(thread->cipher);
	return status;
}
