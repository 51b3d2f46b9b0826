#include "crypt/wrap.h"

#include "base/error.h"
#include "crypt/keywrap.h"

_Static_assert(KEM_CIPHERTEXT_SIZE + KEYWRAP_SIZE == WRAP_SIZE,
    "the ciphertext, then the wrapped key");

enum ouro_status
wrap_key(const uint8_t public_key[KEM_PUBLIC_SIZE], const uint8_t key[KEY_SIZE],
    uint8_t out[WRAP_SIZE], struct ouro_error *err)
{
	uint8_t shared[KEY_SIZE];
	enum ouro_status status = kem_encapsulate(public_key, out, shared, err);

	if (status == OURO_OK)
		status = keywrap_seal(shared, key, out + KEM_CIPHERTEXT_SIZE,
		    err);
	bytes_wipe(shared, sizeof(shared));
	return status;
}

enum ouro_status
wrap_open(const uint8_t seed[KEM_SEED_SIZE], const uint8_t wrapped[WRAP_SIZE],
    uint8_t key[KEY_SIZE], struct ouro_error *err)
{
	uint8_t shared[KEY_SIZE];
	enum ouro_status status = kem_decapsulate(seed, wrapped, shared, err);

	if (status == OURO_OK)
		status = keywrap_open(shared, wrapped + KEM_CIPHERTEXT_SIZE,
		    key, err);
	else if (status == OURO_INVALID)
		status = error_set(err, OURO_WRONG_KEY,
		    "the wrapped key was changed");
	if (status != OURO_OK)
		memset(key, 0, KEY_SIZE);
	bytes_wipe(shared, sizeof(shared));
	return status;
}
