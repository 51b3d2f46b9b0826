#include "vault/setup.h"

#include "base/error.h"
#include "seal/chunker.h"
#include "seal/derive.h"
#include "seal/recovery.h"
#include "vault/store_file.h"

enum ouro_status
vault_keyring_write(struct ouro_vault *vault, struct ouro_error *err)
{
	struct buffer packed = { 0 };
	enum ouro_status status = keyring_encode(vault->keyring, &packed, err);

	if (status == OURO_OK)
		status = store_file_write(vault->fs, vault->dir,
		    STORE_FILE_KEYRING, buffer_bytes(&packed), err);
	buffer_release(&packed);
	return status;
}

enum ouro_status
vault_epoch_key(struct ouro_vault *vault, uint32_t epoch,
    uint8_t key[KEY_SIZE], uint32_t *number, struct ouro_error *err)
{
	const uint8_t *found;
	enum ouro_status status;

	pthread_rwlock_rdlock(&vault->keys_lock);
	if (epoch == 0)
		epoch = keyring_epoch(vault->keyring);
	status = keyring_epoch_key(vault->keyring, epoch, &found, err);
	if (status == OURO_OK)
		memcpy(key, found, KEY_SIZE);
	pthread_rwlock_unlock(&vault->keys_lock);
	if (status == OURO_OK && number != NULL)
		*number = epoch;
	return status;
}

static enum ouro_status
member_read(struct ouro_vault *vault,
    const struct ouro_vault_options *options, struct ouro_error *err)
{
	uint8_t recovery[RECOVERY_SIZE];
	enum ouro_status status;

	if (options->recovery_key == NULL) {
		status = member_key_read(vault->fs, vault->key_file,
		    options->passphrase, &vault->member, err);
		if (status == OURO_NOT_FOUND)
			return error_set(err, OURO_NOT_FOUND,
			    "the key file %s is missing; restore it from its "
			    "copy, or open the store with a recovery key",
			    vault->key_file);
		return status;
	}
	vault->by_recovery_key = true;
	status = recovery_decode(options->recovery_key, recovery, err);
	if (status == OURO_OK)
		status = recovery_member(recovery, &vault->member, err);
	bytes_wipe(recovery, sizeof(recovery));
	return status;
}

enum ouro_status
setup_keys_read(struct ouro_vault *vault, const struct ouro_vault_options *options,
    struct ouro_error *err)
{
	struct buffer stored = { 0 };
	enum ouro_status status;

	status = store_file_read(vault->fs, vault->dir, STORE_FILE_KEYRING,
	    vault->read_only, &vault->log, &stored, err);
	if (status == OURO_OK)
		status = member_read(vault, options, err);
	if (status == OURO_OK)
		status = keyring_open(buffer_bytes(&stored), vault->member.seed,
		    &vault->keyring, err);
	buffer_release(&stored);
	return status;
}

/* The key file first: no keyring may name a key that is lost. */
enum ouro_status
setup_keys_new(struct ouro_vault *vault, const struct ouro_vault_options *options,
    struct ouro_error *err)
{
	struct fs_info info;
	enum ouro_status status;

	if (options->recovery_key != NULL)
		return error_set(err, OURO_NOT_FOUND,
		    "there is no store in %s that a recovery key could open",
		    vault->dir);
	if (fs_stat(vault->fs, vault->key_file, &info, NULL) == OURO_OK)
		status = member_key_read(vault->fs, vault->key_file,
		    options->passphrase, &vault->member, err);
	else
		status = member_key_new(vault->fs, &vault->member, err);
	if (status == OURO_OK && fs_stat(vault->fs, vault->key_file, &info,
	    NULL) != OURO_OK)
		status = member_key_write(vault->fs, vault->key_file,
		    &vault->member, options->passphrase, err);
	if (status == OURO_OK)
		status = keyring_new(vault->fs, &vault->keyring, err);
	if (status == OURO_OK)
		status = keyring_add(vault->keyring, vault->member.public_key,
		    options->node != NULL ? options->node : "first member",
		    MEMBER_NODE, fs_wall_ms(vault->fs), err);
	if (status == OURO_OK)
		status = vault_keyring_write(vault, err);
	return status;
}

enum ouro_status
setup_keys_derive(struct ouro_vault *vault, struct ouro_error *err)
{
	const uint8_t *id_key = keyring_id_key(vault->keyring);
	uint8_t secret[KEY_SIZE];
	enum ouro_status status;

	status = mac_key_new(bytes_of(id_key, KEY_SIZE), &vault->mac, err);
	if (status == OURO_OK)
		status = derive_chunker_secret(id_key, secret, err);
	if (status == OURO_OK)
		status = chunker_table_new(secret, &vault->chunker_table, err);
	bytes_wipe(secret, sizeof(secret));
	return status;
}
