#include "seal/passphrase.h"

#include "base/error.h"
#include "base/fs.h"
#include "crypt/kdf.h"

static enum ouro_status
passphrase_key(const struct sealed_seed *sealed, const char *passphrase,
    uint8_t out[KEY_SIZE], struct ouro_error *err)
{
	return kdf_argon2id(bytes_text(passphrase),
	    bytes_of(sealed->salt, PASSPHRASE_SALT_SIZE), &sealed->cost, out,
	    KEY_SIZE, err);
}

enum ouro_status
passphrase_seal(struct fs *fs, const struct member_key *key,
    const char *passphrase, struct sealed_seed *out, struct ouro_error *err)
{
	uint8_t secret[KEY_SIZE];
	enum ouro_status status = fs_random(fs, out->salt, PASSPHRASE_SALT_SIZE,
	    err);

	if (!status)
		status = fs_random(fs, out->nonce, NONCE_SIZE, err);
	if (!status)
		status = passphrase_key(out, passphrase, secret, err);
	if (!status)
		status = aead_seal(secret, out->nonce,
		    bytes_of(key->public_key, KEM_PUBLIC_SIZE),
		    bytes_of(key->seed, KEM_SEED_SIZE), out->seed, out->tag,
		    err);
	bytes_wipe(secret, sizeof secret);
	return status;
}

enum ouro_status
passphrase_open(const struct sealed_seed *sealed, const char *path,
    const char *passphrase, struct member_key *key, struct ouro_error *err)
{
	uint8_t secret[KEY_SIZE];
	enum ouro_status status;

	if (!passphrase)
		return error_set(err, OURO_WRONG_KEY,
		    "%s: protected by a passphrase, and none was given", path);
	if (!*passphrase)
		return error_set(err, OURO_WRONG_KEY,
		    "%s: an empty passphrase opens nothing", path);
	status = passphrase_key(sealed, passphrase, secret, err);
	if (!status)
		status = aead_open(secret, sealed->nonce,
		    bytes_of(key->public_key, KEM_PUBLIC_SIZE),
		    bytes_of(sealed->seed, KEM_SEED_SIZE), sealed->tag,
		    key->seed, err);
	bytes_wipe(secret, sizeof secret);
	if (status == OURO_WRONG_KEY)
		return error_set(err, status,
		    "%s: the passphrase does not open it", path);
	return status;
}
