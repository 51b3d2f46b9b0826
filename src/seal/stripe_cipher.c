#include "seal/stripe_cipher.h"

#include "crypt/aead.h"
#include "seal/derive.h"

#define ADDITIONAL_SIZE 61

_Static_assert(STRIPE_SALT_SIZE == DERIVE_STRIPE_SALT_SIZE, "one salt");

/* The key is used for one message only. */
static const uint8_t nonce[NONCE_SIZE];

static void
additional_write(const struct slice *slice, uint8_t out[ADDITIONAL_SIZE])
{
	out[0] = SLICE_VERSION;
	memcpy(out + 1, slice->chunk_id, HASH_SIZE);
	put_u32le(out + 33, slice->k);
	put_u32le(out + 37, slice->epoch);
	memcpy(out + 41, slice->salt, STRIPE_SALT_SIZE);
	put_u32le(out + 57, slice->sealed_size);
}

enum ouro_status
stripe_encrypt(const uint8_t chunk_key[KEY_SIZE], struct slice *slice,
    uint8_t *data, struct ouro_error *err)
{
	uint8_t key[KEY_SIZE], additional[ADDITIONAL_SIZE];
	enum ouro_status status;

	additional_write(slice, additional);
	status = derive_stripe_key(chunk_key, slice->salt, key, err);
	if (!status)
		status = aead_seal(key, nonce,
		    bytes_of(additional, sizeof additional),
		    bytes_of(data, slice->sealed_size), data, slice->tag, err);
	bytes_wipe(key, sizeof key);
	return status;
}

enum ouro_status
stripe_decrypt(const uint8_t chunk_key[KEY_SIZE], const struct slice *slice,
    uint8_t *data, struct ouro_error *err)
{
	uint8_t key[KEY_SIZE], additional[ADDITIONAL_SIZE];
	enum ouro_status status;

	additional_write(slice, additional);
	status = derive_stripe_key(chunk_key, slice->salt, key, err);
	if (!status)
		status = aead_open(key, nonce,
		    bytes_of(additional, sizeof additional),
		    bytes_of(data, slice->sealed_size), slice->tag, data, err);
	bytes_wipe(key, sizeof key);
	return status;
}
