#include "vault/body.h"

#include <assert.h>

#include "crypt/aead.h"
#include "crypt/kdf.h"

/* Each key is used for one message, so the nonce may be constant. */
static const uint8_t nonce_zero[NONCE_SIZE];

enum ouro_status
body_salt(const struct mac_key *mac, const uint8_t id[HASH_SIZE],
    struct bytes additional, struct bytes clear, uint8_t salt[BODY_SALT_SIZE],
    struct ouro_error *err)
{
	uint8_t digest[HASH_SIZE], size[4];
	struct bytes parts[] = { bytes_text("ouroboros salt 1"),
		bytes_of(id, HASH_SIZE), bytes_of(size, sizeof(size)),
		additional, clear };
	enum ouro_status status;

	assert(additional.size <= UINT32_MAX);
	put_u32le(size, (uint32_t)additional.size);
	status = mac_compute(mac, parts, sizeof(parts) / sizeof(*parts), digest,
	    err);
	if (status == OURO_OK)
		memcpy(salt, digest, BODY_SALT_SIZE);
	return status;
}

static enum ouro_status
body_key(const uint8_t object_key[KEY_SIZE], const uint8_t salt[BODY_SALT_SIZE],
    uint8_t out[KEY_SIZE], struct ouro_error *err)
{
	return kdf_hkdf(bytes_of(object_key, KEY_SIZE),
	    bytes_of(salt, BODY_SALT_SIZE), bytes_text("ouroboros body 1"), out,
	    KEY_SIZE, err);
}

enum ouro_status
body_seal(const uint8_t object_key[KEY_SIZE],
    const uint8_t salt[BODY_SALT_SIZE], struct bytes additional,
    struct buffer *data, uint8_t tag[TAG_SIZE], struct ouro_error *err)
{
	uint8_t key[KEY_SIZE];
	enum ouro_status status = body_key(object_key, salt, key, err);

	if (status == OURO_OK)
		status = aead_seal(key, nonce_zero, additional,
		    buffer_bytes(data), data->data, tag, err);
	bytes_wipe(key, sizeof(key));
	return status;
}

enum ouro_status
body_open(const uint8_t object_key[KEY_SIZE],
    const uint8_t salt[BODY_SALT_SIZE], struct bytes additional,
    struct bytes sealed, const uint8_t tag[TAG_SIZE], struct buffer *out,
    struct ouro_error *err)
{
	size_t before = out->size;
	uint8_t key[KEY_SIZE];
	enum ouro_status status = body_key(object_key, salt, key, err);

	if (status == OURO_OK)
		status = buffer_resize(out, before + sealed.size, err);
	if (status == OURO_OK)
		status = aead_open(key, nonce_zero, additional, sealed, tag,
		    out->data + before, err);
	if (status != OURO_OK && out->size > before)
		out->size = before;
	bytes_wipe(key, sizeof(key));
	return status;
}
