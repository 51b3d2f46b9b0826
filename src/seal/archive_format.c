#include "seal/archive_format.h"

#include "base/encoding.h"
#include "base/error.h"
#include "base/fs.h"

enum ouro_status
archive_key_next(struct archive_seal *seal, const uint8_t from[KEY_SIZE],
    const uint8_t salt[ARCHIVE_SALT_SIZE], struct ouro_error *err)
{
	uint8_t next[KEY_SIZE];
	enum ouro_status status = derive_stream_key(from, salt,
	    seal->header_hash, next, err);

	if (status == OURO_OK)
		memcpy(seal->key, next, KEY_SIZE);
	bytes_wipe(next, sizeof next);
	return status;
}

void
archive_bind(const struct archive_seal *seal, uint32_t n,
    uint8_t nonce[NONCE_SIZE], uint8_t additional[ARCHIVE_BOUND_SIZE])
{
	memset(nonce, 0, NONCE_SIZE);
	put_u64le(nonce, seal->number);
	memcpy(additional, seal->header_hash, HASH_SIZE);
	put_u32le(additional + HASH_SIZE, n);
}

/* ---- openers of bundles -------------------------------------------------- */

enum ouro_status
archive_bundle_lock(struct fs *fs, const uint8_t public_key[KEM_PUBLIC_SIZE],
    uint8_t secret[KEY_SIZE], uint8_t opener[ARCHIVE_BUNDLE_SIZE],
    struct ouro_error *err)
{
	enum ouro_status status = fs_random(fs, secret, KEY_SIZE, err);

	if (status == OURO_OK)
		status = member_fingerprint(public_key, opener, err);
	if (status == OURO_OK)
		status = wrap_key(public_key, secret, opener + FINGERPRINT_SIZE,
		    err);
	if (status != OURO_OK)
		bytes_wipe(secret, KEY_SIZE);
	return status;
}

enum ouro_status
archive_bundle_unlock(struct bytes opener, const uint8_t seed[KEM_SEED_SIZE],
    uint8_t secret[KEY_SIZE], struct ouro_error *err)
{
	uint8_t public_key[KEM_PUBLIC_SIZE], own[FINGERPRINT_SIZE];
	char name[HEX_LENGTH(FINGERPRINT_SIZE) + 1];
	enum ouro_status status;

	if (opener.size != ARCHIVE_BUNDLE_SIZE)
		return error_set(err, OURO_DAMAGED,
		    "the bundle's wrapped key has %zu bytes, not %d",
		    opener.size, ARCHIVE_BUNDLE_SIZE);
	status = kem_public(seed, public_key, err);
	if (status == OURO_OK)
		status = member_fingerprint(public_key, own, err);
	if (status != OURO_OK)
		return status;
	if (memcmp(own, opener.data, FINGERPRINT_SIZE) != 0) {
		hex_encode(bytes_of(opener.data, FINGERPRINT_SIZE), name);
		return error_set(err, OURO_WRONG_KEY,
		    "the bundle is for the key with the fingerprint %s", name);
	}
	status = wrap_open(seed, opener.data + FINGERPRINT_SIZE, secret, err);
	if (status == OURO_WRONG_KEY)
		status = error_set(err, OURO_DAMAGED,
		    "the bundle's wrapped key is damaged");
	return status;
}
