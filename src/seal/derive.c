#include "seal/derive.h"

#include <assert.h>

#include "crypt/kdf.h"

#define LABEL_MAX 32

static const char *const labels[DERIVE_PURPOSES] = {
	[DERIVE_CHUNK] = "ouroboros chunk 1",
	[DERIVE_PAGE] = "ouroboros page 1",
	[DERIVE_CONTENT] = "ouroboros content 1",
	[DERIVE_STRIPE] = "ouroboros stripe 1",
	[DERIVE_ENGINE] = "ouroboros engine 1",
	[DERIVE_CHUNKER] = "ouroboros chunker 1",
	[DERIVE_KEYRING_MAC] = "ouroboros keyring 1",
	[DERIVE_STORE_MAC] = "ouroboros store file 1",
	[DERIVE_RECOVERY] = "ouroboros recovery key 1",
	[DERIVE_ARCHIVE] = "ouroboros archive 1",
	[DERIVE_STREAM] = "ouroboros stream 1",
	[DERIVE_GRANT_MAC] = "ouroboros grant mac 1",
};

static const struct bytes no_salt;

const char *
derive_label(enum derive_purpose purpose)
{
	assert(purpose < DERIVE_PURPOSES);
	return labels[purpose];
}

static enum ouro_status
derive_plain(enum derive_purpose purpose, const uint8_t secret[KEY_SIZE],
    struct bytes salt, uint8_t out[KEY_SIZE], struct ouro_error *err)
{
	return kdf_hkdf(bytes_of(secret, KEY_SIZE), salt,
	    bytes_text(labels[purpose]), out, KEY_SIZE, err);
}

static enum ouro_status
derive_salted(enum derive_purpose purpose, const uint8_t secret[KEY_SIZE],
    struct bytes salt, const uint8_t id[HASH_SIZE], uint8_t out[KEY_SIZE],
    struct ouro_error *err)
{
	uint8_t info[LABEL_MAX + HASH_SIZE];
	size_t length = strlen(labels[purpose]);

	assert(length <= LABEL_MAX);
	memcpy(info, labels[purpose], length);
	memcpy(info + length, id, HASH_SIZE);
	return kdf_hkdf(bytes_of(secret, KEY_SIZE), salt,
	    bytes_of(info, length + HASH_SIZE), out, KEY_SIZE, err);
}

static enum ouro_status
derive_bound(enum derive_purpose purpose, const uint8_t secret[KEY_SIZE],
    const uint8_t id[HASH_SIZE], uint8_t out[KEY_SIZE], struct ouro_error *err)
{
	return derive_salted(purpose, secret, no_salt, id, out, err);
}

enum ouro_status
derive_chunk_key(const uint8_t epoch_key[KEY_SIZE],
    const uint8_t chunk_id[HASH_SIZE], uint8_t out[KEY_SIZE],
    struct ouro_error *err)
{
	return derive_bound(DERIVE_CHUNK, epoch_key, chunk_id, out, err);
}

enum ouro_status
derive_page_key(const uint8_t epoch_key[KEY_SIZE],
    const uint8_t page_id[HASH_SIZE], uint8_t out[KEY_SIZE],
    struct ouro_error *err)
{
	return derive_bound(DERIVE_PAGE, epoch_key, page_id, out, err);
}

enum ouro_status
derive_content_key(const uint8_t epoch_key[KEY_SIZE],
    const uint8_t content_id[HASH_SIZE], uint8_t out[KEY_SIZE],
    struct ouro_error *err)
{
	return derive_bound(DERIVE_CONTENT, epoch_key, content_id, out, err);
}

enum ouro_status
derive_stripe_key(const uint8_t chunk_key[KEY_SIZE],
    const uint8_t salt[DERIVE_STRIPE_SALT_SIZE], uint8_t out[KEY_SIZE],
    struct ouro_error *err)
{
	return derive_plain(DERIVE_STRIPE, chunk_key,
	    bytes_of(salt, DERIVE_STRIPE_SALT_SIZE), out, err);
}

enum ouro_status
derive_engine_key(const uint8_t id_key[KEY_SIZE], uint8_t out[KEY_SIZE],
    struct ouro_error *err)
{
	return derive_plain(DERIVE_ENGINE, id_key, no_salt, out, err);
}

enum ouro_status
derive_chunker_secret(const uint8_t id_key[KEY_SIZE], uint8_t out[KEY_SIZE],
    struct ouro_error *err)
{
	return derive_plain(DERIVE_CHUNKER, id_key, no_salt, out, err);
}

enum ouro_status
derive_keyring_mac_key(const uint8_t id_key[KEY_SIZE], uint8_t out[KEY_SIZE],
    struct ouro_error *err)
{
	return derive_plain(DERIVE_KEYRING_MAC, id_key, no_salt, out, err);
}

enum ouro_status
derive_store_mac_key(const uint8_t id_key[KEY_SIZE], uint8_t out[KEY_SIZE],
    struct ouro_error *err)
{
	return derive_plain(DERIVE_STORE_MAC, id_key, no_salt, out, err);
}

enum ouro_status
derive_archive_key(const uint8_t id_key[KEY_SIZE], uint8_t out[KEY_SIZE],
    struct ouro_error *err)
{
	return derive_plain(DERIVE_ARCHIVE, id_key, no_salt, out, err);
}

enum ouro_status
derive_stream_key(const uint8_t secret[KEY_SIZE],
    const uint8_t salt[DERIVE_STREAM_SALT_SIZE],
    const uint8_t header_hash[HASH_SIZE], uint8_t out[KEY_SIZE],
    struct ouro_error *err)
{
	return derive_salted(DERIVE_STREAM, secret,
	    bytes_of(salt, DERIVE_STREAM_SALT_SIZE), header_hash, out, err);
}

enum ouro_status
derive_grant_mac_key(const uint8_t epoch_key[KEY_SIZE],
    const uint8_t content_id[HASH_SIZE], uint8_t out[KEY_SIZE],
    struct ouro_error *err)
{
	return derive_bound(DERIVE_GRANT_MAC, epoch_key, content_id, out, err);
}

enum ouro_status
derive_recovery_seed(const uint8_t recovery_key[KEY_SIZE],
    uint8_t out[DERIVE_RECOVERY_SIZE], struct ouro_error *err)
{
	return kdf_hkdf(bytes_of(recovery_key, KEY_SIZE), no_salt,
	    bytes_text(labels[DERIVE_RECOVERY]), out, DERIVE_RECOVERY_SIZE,
	    err);
}
