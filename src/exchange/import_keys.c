#include <inttypes.h>

#include "base/encoding.h"
#include "base/error.h"
#include "exchange/import.h"
#include "seal/keyring_unite.h"

/* A stream of another vault is told by the header, before any key is tried. */
static enum ouro_status
vault_check(struct ouro_vault *vault, const struct archive_head *head,
    struct ouro_error *err)
{
	const uint8_t *id = keyring_vault_id(vault->keyring);
	char theirs[HEX_LENGTH(VAULT_ID_SIZE) + 1], ours[sizeof(theirs)];

	if (memcmp(head->vault_id, id, VAULT_ID_SIZE) == 0)
		return OURO_OK;
	hex_encode(bytes_of(head->vault_id, VAULT_ID_SIZE), theirs);
	hex_encode(bytes_of(id, VAULT_ID_SIZE), ours);
	return error_set(err, OURO_REFUSED,
	    "the stream is of the vault %s; %s has the vault %s", theirs,
	    vault->dir, ours);
}

enum ouro_status
import_keyring_open(const struct archive_head *head,
    const uint8_t seed[KEM_SEED_SIZE], struct keyring **out,
    struct ouro_error *err)
{
	struct ouro_error error;
	enum ouro_status status = keyring_open(head->opener, seed, out, &error);

	if (status == OURO_DAMAGED)
		return error_set(err, OURO_DAMAGED,
		    "the stream is damaged at byte %d: %.400s",
		    ARCHIVE_HEAD_SIZE, error.text);
	if (status != OURO_OK && err != NULL)
		*err = error;
	return status;
}

enum ouro_status
import_keys_compare(struct ouro_vault *vault, const struct archive_head *head,
    struct keyring **newer, struct ouro_error *err)
{
	struct keyring *theirs = NULL;
	bool has_more = false;
	enum ouro_status status = vault_check(vault, head, err);

	*newer = NULL;
	if (status != OURO_OK)
		return status;
	status = import_keyring_open(head, vault->member.seed, &theirs, err);
	if (status != OURO_OK)
		return status;
	pthread_rwlock_rdlock(&vault->keys_lock);
	status = keyring_compare(vault->keyring, theirs, &has_more, err);
	pthread_rwlock_unlock(&vault->keys_lock);
	if (status == OURO_OK && has_more)
		*newer = theirs;
	else
		keyring_free(theirs);
	return status;
}

static void
member_leaves(void *context, const struct member *member)
{
	struct ouro_vault *vault = context;
	char name[HEX_LENGTH(FINGERPRINT_SIZE) + 1];

	hex_encode(bytes_of(member->fingerprint, FINGERPRINT_SIZE), name);
	log_write(&vault->log, LOG_WARNING,
	    "\"%s\" (%s) is no member of the newer keyring that came, and no "
	    "longer one of this copy",
	    member->label, name);
}

/* Somebody may have rotated here since they were compared. */
enum ouro_status
import_keys_adopt(struct ouro_vault *vault, const struct keyring *newer,
    struct ouro_error *err)
{
	struct keyring *next = NULL;
	bool has_more = false;
	enum ouro_status status;

	pthread_rwlock_wrlock(&vault->keys_lock);
	status = keyring_compare(vault->keyring, newer, &has_more, err);
	if (status == OURO_OK && has_more)
		status = keyring_unite(vault->keyring, newer, member_leaves,
		    vault, &next, err);
	if (status == OURO_OK && has_more)
		status = vault_keyring_replace(vault, next, err);
	if (status == OURO_OK && has_more)
		log_write(&vault->log, LOG_INFO,
		    "epochs up to %" PRIu32 " came with the stream's keyring",
		    keyring_epoch(vault->keyring));
	pthread_rwlock_unlock(&vault->keys_lock);
	return status;
}
