/*
 * keys - the members of a vault and its epochs (ouro_keys_*, ouroboros.h).
 *
 * A change is made on a copy of the keyring, which takes the place of the
 * vault's own only when it was written: a call that fails before that leaves
 * both, the keyring in memory and the one on disk, as they were. keys_lock is held from
 * the copying to the end, so changes do not overtake each other.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/encoding.h"
#include "base/error.h"
#include "seal/recovery.h"
#include "vault/epoch.h"
#include "vault/vault.h"

#define FINGERPRINT_TEXT HEX_LENGTH(FINGERPRINT_SIZE)

_Static_assert(RECOVERY_TEXT_SIZE <= OURO_RECOVERY_TEXT,
    "the public buffer holds a recovery key");
_Static_assert(MEMBER_LABEL_MAX == OURO_LABEL_MAX, "labels are passed on");
_Static_assert((int)MEMBER_NODE == OURO_MEMBER_NODE &&
	(int)MEMBER_RECOVERY == OURO_MEMBER_RECOVERY,
    "kinds are passed on");
_Static_assert(sizeof(((struct ouro_member *)0)->fingerprint) ==
	FINGERPRINT_TEXT + 1,
    "the public field holds a fingerprint");

/* ---- changing the keyring ------------------------------------------------- */

/* The vault's keyring again, with the same member's eyes. */
static enum ouro_status
keyring_copy(struct ouro_vault *vault, struct keyring **out,
    struct ouro_error *err)
{
	struct buffer packed = { 0 };
	enum ouro_status status = keyring_encode(vault->keyring, &packed, err);

	*out = NULL;
	if (status == OURO_OK)
		status = keyring_open(buffer_bytes(&packed), vault->member.seed,
		    out, err);
	buffer_release(&packed);
	return status;
}

/*
 * Writes next and puts it in place; next is freed on failure. A new epoch is
 * noted beside the data before anyone can use it. When only that fails it is
 * there all the same: taking it back could leave a note of what nobody has.
 */
enum ouro_status
vault_keyring_replace(struct ouro_vault *vault, struct keyring *next,
    struct ouro_error *err)
{
	struct keyring *previous = vault->keyring;
	bool rotated = keyring_epoch(next) > keyring_epoch(previous);
	enum ouro_status status;

	vault->keyring = next;
	status = vault_keyring_write(vault, err);
	if (status != OURO_OK) {
		vault->keyring = previous;
		keyring_free(next);
		return status;
	}
	keyring_free(previous);
	return rotated ? epoch_note(vault, keyring_epoch(next), err) : OURO_OK;
}

/* What is done to the copy. */
typedef enum ouro_status keys_edit(struct ouro_vault *vault,
    struct keyring *keyring, void *context, struct ouro_error *err);

/* keys_lock held for writing. */
static enum ouro_status
keyring_edit(struct ouro_vault *vault, keys_edit *edit, void *context,
    struct ouro_error *err)
{
	struct keyring *next;
	enum ouro_status status = keyring_copy(vault, &next, err);

	if (status == OURO_OK)
		status = edit(vault, next, context, err);
	if (status != OURO_OK) {
		keyring_free(next);
		return status;
	}
	return vault_keyring_replace(vault, next, err);
}

static enum ouro_status
keys_change(struct ouro_vault *vault, keys_edit *edit, void *context,
    struct ouro_error *err)
{
	enum ouro_status status = vault_writable(vault, err);

	if (status != OURO_OK)
		return status;
	pthread_rwlock_wrlock(&vault->keys_lock);
	status = keyring_edit(vault, edit, context, err);
	pthread_rwlock_unlock(&vault->keys_lock);
	return status;
}

/* ---- looking -------------------------------------------------------------- */

static bool
member_is_self(const struct ouro_vault *vault, const struct member *member)
{
	return memcmp(member->public_key, vault->member.public_key,
		   KEM_PUBLIC_SIZE) == 0;
}

static void
member_show(const struct ouro_vault *vault, const struct member *member,
    struct ouro_member *out)
{
	hex_encode(bytes_of(member->fingerprint, FINGERPRINT_SIZE),
	    out->fingerprint);
	memcpy(out->label, member->label, sizeof(out->label));
	out->kind = (enum ouro_member_kind)member->kind;
	out->added_ms = member->added_ms;
	out->self = member_is_self(vault, member);
}

/* The caller's function runs without the lock: it may call us. */
enum ouro_status
ouro_keys_list(struct ouro_vault *vault, ouro_each_member *each, void *context,
    struct ouro_error *err)
{
	struct ouro_member *members;
	size_t count;

	pthread_rwlock_rdlock(&vault->keys_lock);
	count = keyring_member_count(vault->keyring);
	members = calloc(count, sizeof(*members));
	for (size_t i = 0; members != NULL && i < count; i++)
		member_show(vault, keyring_member(vault->keyring, i),
		    &members[i]);
	pthread_rwlock_unlock(&vault->keys_lock);
	if (members == NULL)
		return error_memory(err);
	for (size_t i = 0; i < count; i++)
		if (!each(context, &members[i]))
			break;
	free(members);
	return OURO_OK;
}

uint32_t
ouro_keys_epoch(struct ouro_vault *vault, uint64_t *created_ms)
{
	uint32_t epoch;

	pthread_rwlock_rdlock(&vault->keys_lock);
	epoch = keyring_epoch(vault->keyring);
	if (created_ms != NULL)
		*created_ms = keyring_epoch_created_ms(vault->keyring, epoch);
	pthread_rwlock_unlock(&vault->keys_lock);
	return epoch;
}

/* ---- recovery key --------------------------------------------------------- */

static enum ouro_status
recovery_add(struct ouro_vault *vault, struct keyring *keyring, void *context,
    struct ouro_error *err)
{
	const struct member_key *member = context;

	return keyring_add(keyring, member->public_key, "recovery key",
	    MEMBER_RECOVERY, fs_wall_ms(vault->fs), err);
}

enum ouro_status
ouro_keys_export(struct ouro_vault *vault, char out[OURO_RECOVERY_TEXT],
    struct ouro_error *err)
{
	uint8_t key[RECOVERY_SIZE];
	char text[RECOVERY_TEXT_SIZE];
	struct member_key member;
	enum ouro_status status;

	status = recovery_new(vault->fs, key, err);
	if (status == OURO_OK)
		status = recovery_encode(key, text, err);
	if (status == OURO_OK)
		status = recovery_member(key, &member, err);
	if (status == OURO_OK)
		status = keys_change(vault, recovery_add, &member, err);
	if (status == OURO_OK)
		memcpy(out, text, sizeof(text));
	bytes_wipe(key, sizeof(key));
	bytes_wipe(text, sizeof(text));
	member_key_wipe(&member);
	return status;
}

/* ---- member key file ------------------------------------------------------ */

static enum ouro_status
import_check(struct ouro_vault *vault, const char *path, struct ouro_error *err)
{
	struct fs_info info;

	if (!vault->by_recovery_key)
		return error_set(err, OURO_REFUSED,
		    "the store was opened with "
		    "the key file %s; a new one is made only after opening "
		    "with a recovery key",
		    vault->key_file);
	if (strlen(path) >= sizeof(vault->key_file))
		return error_set(err, OURO_TOO_LARGE,
		    "the key file's path is too long");
	if (fs_stat(vault->fs, path, &info, NULL) == OURO_OK)
		return error_set(err, OURO_EXISTS,
		    "%s is there already and is not overwritten", path);
	return OURO_OK;
}

static enum ouro_status
import_add(struct ouro_vault *vault, struct keyring *keyring, void *context,
    struct ouro_error *err)
{
	const struct member_key *member = context;
	char label[MEMBER_LABEL_MAX + 1];

	pthread_rwlock_rdlock(&vault->lanes_lock);
	snprintf(label, sizeof(label), "%s", vault->store->node);
	pthread_rwlock_unlock(&vault->lanes_lock);
	return keyring_add(keyring, member->public_key, label, MEMBER_NODE,
	    fs_wall_ms(vault->fs), err);
}

/* The key file first: no keyring may name a key that is lost. */
static enum ouro_status
import(struct ouro_vault *vault, const char *path, const char *passphrase,
    struct member_key *member, struct ouro_error *err)
{
	enum ouro_status status = import_check(vault, path, err);

	if (status == OURO_OK)
		status = member_key_new(vault->fs, member, err);
	if (status == OURO_OK)
		status = member_key_create(vault->fs, path, member, passphrase,
		    err);
	if (status != OURO_OK)
		return status;
	status = keyring_edit(vault, import_add, member, err);
	if (status != OURO_OK) {
		(void)fs_unlink(vault->fs, path, NULL);
		return status;
	}
	vault->member = *member;
	memcpy(vault->key_file, path, strlen(path) + 1);
	vault->by_recovery_key = false;
	return OURO_OK;
}

enum ouro_status
ouro_keys_import(struct ouro_vault *vault, const char *path,
    const char *passphrase, struct ouro_error *err)
{
	struct member_key member;
	enum ouro_status status = vault_writable(vault, err);

	if (status != OURO_OK)
		return status;
	pthread_rwlock_wrlock(&vault->keys_lock);
	status = import(vault, path, passphrase, &member, err);
	pthread_rwlock_unlock(&vault->keys_lock);
	member_key_wipe(&member);
	return status;
}

enum ouro_status
ouro_keys_passphrase(struct ouro_vault *vault, const char *passphrase,
    struct ouro_error *err)
{
	enum ouro_status status = vault_writable(vault, err);

	if (status != OURO_OK)
		return status;
	pthread_rwlock_wrlock(&vault->keys_lock);
	if (vault->by_recovery_key)
		status = error_set(err, OURO_REFUSED,
		    "the store was opened "
		    "with a recovery key, which has no passphrase; import a "
		    "new member key first");
	else
		status = member_key_write(vault->fs, vault->key_file,
		    &vault->member, passphrase, err);
	pthread_rwlock_unlock(&vault->keys_lock);
	return status;
}

/* ---- epochs and removal --------------------------------------------------- */

static enum ouro_status
rotate(struct ouro_vault *vault, struct keyring *keyring, void *context,
    struct ouro_error *err)
{
	(void)context;
	return keyring_rotate(keyring, vault->fs, err);
}

enum ouro_status
ouro_keys_rotate(struct ouro_vault *vault, struct ouro_error *err)
{
	return keys_change(vault, rotate, NULL, err);
}

static bool
fingerprint_begins(const struct member *member, const char *prefix)
{
	char text[FINGERPRINT_TEXT + 1];
	size_t i = 0;

	hex_encode(bytes_of(member->fingerprint, FINGERPRINT_SIZE), text);
	while (
	    prefix[i] != '\0' && text[i] == tolower((unsigned char)prefix[i]))
		i++;
	return prefix[i] == '\0';
}

static enum ouro_status
prefix_check(const char *prefix, struct ouro_error *err)
{
	size_t length = strlen(prefix);

	if (length < ID_PREFIX_MIN || length > FINGERPRINT_TEXT ||
	    strspn(prefix, "0123456789abcdefABCDEF") != length)
		return error_set(err, OURO_INVALID,
		    "a fingerprint is given "
		    "by %d to %d hex digits, not by \"%.64s\"",
		    ID_PREFIX_MIN, FINGERPRINT_TEXT, prefix);
	return OURO_OK;
}

static enum ouro_status
member_by_prefix(const struct keyring *keyring, const char *prefix,
    const struct member **out, struct ouro_error *err)
{
	size_t found = 0;

	for (size_t i = 0; i < keyring_member_count(keyring); i++) {
		const struct member *member = keyring_member(keyring, i);

		if (!fingerprint_begins(member, prefix))
			continue;
		*out = member;
		found++;
	}
	if (found == 0)
		return error_set(err, OURO_NOT_FOUND,
		    "no member's fingerprint begins with %s", prefix);
	if (found > 1)
		return error_set(err, OURO_AMBIGUOUS,
		    "the fingerprints of %zu members begin with %s", found,
		    prefix);
	return OURO_OK;
}

static enum ouro_status
remove_member(struct ouro_vault *vault, struct keyring *keyring, void *context,
    struct ouro_error *err)
{
	const struct member *member = NULL;
	uint8_t fingerprint[FINGERPRINT_SIZE];
	enum ouro_status status = member_by_prefix(keyring, context, &member,
	    err);

	if (status != OURO_OK)
		return status;
	if (member_is_self(vault, member))
		return error_set(err, OURO_REFUSED,
		    "\"%s\" is the key this "
		    "store was opened with; open it with another to remove "
		    "this one",
		    member->label);
	memcpy(fingerprint, member->fingerprint, sizeof(fingerprint));
	status = keyring_remove(keyring, fingerprint, err);
	if (status == OURO_OK)
		status = keyring_rotate(keyring, vault->fs, err);
	return status;
}

enum ouro_status
ouro_keys_remove(struct ouro_vault *vault, const char *fingerprint,
    struct ouro_error *err)
{
	enum ouro_status status = prefix_check(fingerprint, err);

	if (status != OURO_OK)
		return status;
	return keys_change(vault, remove_member, (void *)fingerprint, err);
}
