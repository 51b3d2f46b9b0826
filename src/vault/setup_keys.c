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
vault_epoch_key(struct ouro_vault *vault, uint32_t epoch, uint8_t key[KEY_SIZE],
    uint32_t *number, struct ouro_error *err)
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
	/* Not found would mean that the object is not there. */
	if (status == OURO_NOT_FOUND)
		return error_set(err, OURO_WRONG_KEY,
		    "epoch %u is not in the keyring", epoch);
	if (status == OURO_OK && number != NULL)
		*number = epoch;
	return status;
}

/* ---- the member's key ---------------------------------------------------- */

static enum ouro_status
member_file_read(struct ouro_vault *vault,
    const struct ouro_vault_options *options, struct ouro_error *err)
{
	struct fs_info info;
	enum ouro_status status = member_key_read(vault->fs, vault->key_file,
	    options->passphrase, &vault->member, err);

	if (status == OURO_OK &&
	    fs_stat(vault->fs, vault->key_file, &info, NULL) == OURO_OK &&
	    (info.mode & 077) != 0)
		log_write(&vault->log, LOG_WARNING,
		    "the key file %s is open to others (mode %03o); only its "
		    "owner should read it",
		    vault->key_file, info.mode);
	return status;
}

static enum ouro_status
member_read(struct ouro_vault *vault, const struct ouro_vault_options *options,
    struct ouro_error *err)
{
	uint8_t recovery[RECOVERY_SIZE];
	enum ouro_status status;

	if (options->recovery_key == NULL) {
		status = member_file_read(vault, options, err);
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

/* A key file that another process makes at the same time is used like one
 * that was there before. */
static enum ouro_status
member_make(struct ouro_vault *vault, const struct ouro_vault_options *options,
    struct ouro_error *err)
{
	enum ouro_status status = member_file_read(vault, options, err);

	if (status != OURO_NOT_FOUND)
		return status;
	status = member_key_new(vault->fs, &vault->member, err);
	if (status == OURO_OK)
		status = member_key_create(vault->fs, vault->key_file,
		    &vault->member, options->passphrase, err);
	if (status != OURO_EXISTS)
		return status;
	member_key_wipe(&vault->member);
	return member_file_read(vault, options, err);
}

/* ---- the keyring ----------------------------------------------------------- */

/* What vouches for the store file follows from the id key. */
static enum ouro_status
store_mac_make(struct ouro_vault *vault, struct ouro_error *err)
{
	uint8_t key[KEY_SIZE];
	enum ouro_status status;

	status = derive_store_mac_key(keyring_id_key(vault->keyring), key, err);
	if (status == OURO_OK)
		status = mac_key_new(bytes_of(key, KEY_SIZE), &vault->store_mac,
		    err);
	bytes_wipe(key, sizeof(key));
	return status;
}

/* Opens it; vault->keyring gets the newest of those judged. */
static enum ouro_status
keyring_judge(void *context, struct bytes content, uint64_t *rank,
    struct ouro_error *err)
{
	struct ouro_vault *vault = context;
	struct keyring *keyring;
	enum ouro_status status = keyring_open(content, vault->member.seed,
	    &keyring, err);

	if (status != OURO_OK)
		return status;
	*rank = keyring_epoch(keyring);
	if (vault->keyring == NULL || *rank > keyring_epoch(vault->keyring)) {
		keyring_free(vault->keyring);
		vault->keyring = keyring;
	} else {
		keyring_free(keyring);
	}
	return OURO_OK;
}

/* Whether there is one to open comes before whether the key is at hand. */
enum ouro_status
setup_keys_read(struct ouro_vault *vault,
    const struct ouro_vault_options *options, struct ouro_error *err)
{
	struct store_file_choice choice = { vault->fs, vault->dir,
		STORE_FILE_KEYRING, true, NULL, NULL, vault };
	struct buffer stored = { 0 };
	enum ouro_status status = store_file_choose(&choice, &stored, err);

	if (status == OURO_OK)
		status = member_read(vault, options, err);
	choice.judge = keyring_judge;
	choice.read_only = vault->read_only;
	choice.log = &vault->log;
	if (status == OURO_OK)
		status = store_file_choose(&choice, &stored, err);
	buffer_release(&stored);
	return status == OURO_OK ? store_mac_make(vault, err) : status;
}

/* The key file first: no keyring may name a key that is lost. */
enum ouro_status
setup_keys_new(struct ouro_vault *vault,
    const struct ouro_vault_options *options, struct ouro_error *err)
{
	enum ouro_status status;

	if (options->recovery_key != NULL)
		return error_set(err, OURO_NOT_FOUND,
		    "there is no store in %s that a recovery key could open",
		    vault->dir);
	status = member_make(vault, options, err);
	if (status == OURO_OK)
		status = keyring_new(vault->fs, &vault->keyring, err);
	if (status == OURO_OK)
		status = keyring_add(vault->keyring, vault->member.public_key,
		    options->node != NULL ? options->node : "first member",
		    MEMBER_NODE, fs_wall_ms(vault->fs), err);
	if (status == OURO_OK)
		status = vault_keyring_write(vault, err);
	return status == OURO_OK ? store_mac_make(vault, err) : status;
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
