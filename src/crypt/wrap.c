#include "crypt/wrap.h"

#include "base/error.h"
#include "crypt/kdf.h"
#include "crypt/keywrap.h"

_Static_assert(KEM_CIPHERTEXT_SIZE + KEYWRAP_SIZE == WRAP_SIZE,
    "the ciphertext, then the wrapped key");

/* The key that wraps; no context leaves the shared key as it is. */
static enum ouro_status
wrapping_key(uint8_t shared[KEY_SIZE], struct bytes context,
    struct ouro_error *err)
{
	uint8_t secret[KEY_SIZE];
	enum ouro_status status;

	if (context.size == 0)
		return OURO_OK;
	memcpy(secret, shared, KEY_SIZE);
	status = kdf_hkdf(bytes_of(secret, KEY_SIZE), bytes_of(NULL, 0),
	    context, shared, KEY_SIZE, err);
	bytes_wipe(secret, sizeof(secret));
	return status;
}

enum ouro_status
wrap_key_for(const uint8_t public_key[KEM_PUBLIC_SIZE], struct bytes context,
    const uint8_t key[KEY_SIZE], uint8_t out[WRAP_SIZE], struct ouro_error *err)
{
	uint8_t shared[KEY_SIZE];
	enum ouro_status status = kem_encapsulate(public_key, out, shared, err);

	if (status == OURO_OK)
		status = wrapping_key(shared, context, err);
	if (status == OURO_OK)
		status = keywrap_seal(shared, key, out + KEM_CIPHERTEXT_SIZE,
		    err);
	bytes_wipe(shared, sizeof(shared));
	return status;
}

enum ouro_status
wrap_key(const uint8_t public_key[KEM_PUBLIC_SIZE], const uint8_t key[KEY_SIZE],
    uint8_t out[WRAP_SIZE], struct ouro_error *err)
{
	return wrap_key_for(public_key, bytes_of(NULL, 0), key, out, err);
}

enum ouro_status
wrap_open_for(const uint8_t seed[KEM_SEED_SIZE], struct bytes context,
    const uint8_t wrapped[WRAP_SIZE], uint8_t key[KEY_SIZE],
    struct ouro_error *err)
{
	uint8_t shared[KEY_SIZE];
	enum ouro_status status = kem_decapsulate(seed, wrapped, shared, err);

	if (status == OURO_INVALID)
		status = error_set(err, OURO_WRONG_KEY,
		    "the wrapped key was changed");
	if (status == OURO_OK)
		status = wrapping_key(shared, context, err);
	if (status == OURO_OK)
		status = keywrap_open(shared, wrapped + KEM_CIPHERTEXT_SIZE,
		    key, err);
	if (status != OURO_OK)
		memset(key, 0, KEY_SIZE);
	bytes_wipe(shared, sizeof(shared));
	return status;
}

enum ouro_status
wrap_open(const uint8_t seed[KEM_SEED_SIZE], const uint8_t wrapped[WRAP_SIZE],
    uint8_t key[KEY_SIZE], struct ouro_error *err)
{
	return wrap_open_for(seed, bytes_of(NULL, 0), wrapped, key, err);
}
