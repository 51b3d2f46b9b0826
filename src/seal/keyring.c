#include "seal/keyring.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/encoding.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/utf8.h"
#include "crypt/hash.h"
#include "crypt/wrap.h"
#include "seal/keyring_store.h"

/* ---- life -------------------------------------------------------------- */

void
keyring_free(struct keyring *keyring)
{
	if (!keyring)
		return;
	for (size_t i = 0; i < keyring->member_count; i++)
		buffer_release(&keyring->members[i].wrapped);
	free(keyring->members);
	if (keyring->keys)
		bytes_wipe(keyring->keys,
		    keyring->key_count * sizeof *keyring->keys);
	free(keyring->keys);
	free(keyring);
}

/* Moves the keys into a larger place and wipes the old one. */
enum ouro_status
keyring_grow_keys(struct keyring *keyring, size_t count, struct ouro_error *err)
{
	struct keyring_key *keys = calloc(count, sizeof *keys);

	assert(count > keyring->key_count);
	if (!keys)
		return error_memory(err);
	if (keyring->keys) {
		size_t size = keyring->key_count * sizeof *keys;
		memcpy(keys, keyring->keys, size);
		bytes_wipe(keyring->keys, size);
		free(keyring->keys);
	}
	keyring->keys = keys;
	return OURO_OK;
}

static enum ouro_status
key_append_random(struct keyring *keyring, struct fs *fs,
    struct ouro_error *err)
{
	enum ouro_status status = keyring_grow_keys(keyring,
	    keyring->key_count + 1, err);

	if (status)
		return status;
	struct keyring_key *key = &keyring->keys[keyring->key_count];
	status = fs_random(fs, key->key, KEY_SIZE, err);
	if (status)
		return status;
	key->created_ms = fs_wall_ms(fs);
	keyring->key_count++;
	return OURO_OK;
}

enum ouro_status
keyring_new(struct fs *fs, struct keyring **out, struct ouro_error *err)
{
	struct keyring *keyring = calloc(1, sizeof *keyring);
	enum ouro_status status;

	if (!keyring)
		return error_memory(err);
	status = fs_random(fs, keyring->vault_id, VAULT_ID_SIZE, err);
	if (!status)
		status = key_append_random(keyring, fs, err); /* the id key */
	if (!status)
		status = key_append_random(keyring, fs, err); /* epoch 1 */
	if (status) {
		keyring_free(keyring);
		return status;
	}
	*out = keyring;
	return OURO_OK;
}

/* ---- looking ----------------------------------------------------------- */

const uint8_t *
keyring_vault_id(const struct keyring *keyring)
{
	return keyring->vault_id;
}

const uint8_t *
keyring_id_key(const struct keyring *keyring)
{
	return keyring->keys[0].key;
}

uint32_t
keyring_epoch(const struct keyring *keyring)
{
	return (uint32_t)keyring->key_count - 1;
}

enum ouro_status
keyring_epoch_key(const struct keyring *keyring, uint32_t epoch,
    const uint8_t **out, struct ouro_error *err)
{
	if (epoch < 1 || epoch >= keyring->key_count)
		return error_set(err, OURO_NOT_FOUND,
		    "the keyring has no key of epoch %" PRIu32
		    ", only 1 to %" PRIu32,
		    epoch, keyring_epoch(keyring));
	*out = keyring->keys[epoch].key;
	return OURO_OK;
}

uint64_t
keyring_epoch_created_ms(const struct keyring *keyring, uint32_t epoch)
{
	return epoch < keyring->key_count ? keyring->keys[epoch].created_ms : 0;
}

size_t
keyring_member_count(const struct keyring *keyring)
{
	return keyring->member_count;
}

const struct member *
keyring_member(const struct keyring *keyring, size_t i)
{
	assert(i < keyring->member_count);
	return &keyring->members[i].public;
}

/* ---- changing ---------------------------------------------------------- */

enum ouro_status
member_fingerprint(const uint8_t public_key[KEM_PUBLIC_SIZE],
    uint8_t out[FINGERPRINT_SIZE], struct ouro_error *err)
{
	uint8_t hash[HASH_SIZE];
	enum ouro_status status = hash_sha256(bytes_of(public_key,
						  KEM_PUBLIC_SIZE),
	    hash, err);

	if (!status)
		memcpy(out, hash, FINGERPRINT_SIZE);
	return status;
}

/* What a person may be shown on one line. */
bool
member_label_valid(const char *label)
{
	return strlen(label) <= MEMBER_LABEL_MAX &&
	    utf8_plain(bytes_text(label));
}

/* The place of public_key in the order, and whether it is there. */
static bool
member_find(const struct keyring *keyring, const uint8_t *public_key,
    size_t *place)
{
	size_t i = 0;
	int order = 1;

	while (i < keyring->member_count && order > 0) {
		order = memcmp(public_key,
		    keyring->members[i].public.public_key, KEM_PUBLIC_SIZE);
		i += order > 0;
	}
	*place = i;
	return order == 0;
}

static enum ouro_status
member_wrap(struct keyring_member *member, const struct keyring_key *key,
    struct ouro_error *err)
{
	uint8_t wrapped[WRAP_SIZE];
	enum ouro_status status = wrap_key(member->public.public_key, key->key,
	    wrapped, err);

	if (status)
		return status;
	return buffer_append(&member->wrapped,
	    bytes_of(wrapped, sizeof wrapped), err);
}

static enum ouro_status
member_make(const struct keyring *keyring, const struct member *public,
    struct keyring_member *out, struct ouro_error *err)
{
	enum ouro_status status;

	*out = (struct keyring_member){ .public = *public };
	status = member_fingerprint(public->public_key, out->public.fingerprint,
	    err);
	for (size_t i = 0; !status && i < keyring->key_count; i++)
		status = member_wrap(out, &keyring->keys[i], err);
	if (status)
		buffer_release(&out->wrapped);
	return status;
}

static enum ouro_status
member_insert(struct keyring *keyring, const struct keyring_member *member,
    size_t place, struct ouro_error *err)
{
	struct keyring_member *members = realloc(keyring->members,
	    (keyring->member_count + 1) * sizeof *members);

	if (!members)
		return error_memory(err);
	memmove(members + place + 1, members + place,
	    (keyring->member_count - place) * sizeof *members);
	members[place] = *member;
	keyring->members = members;
	keyring->member_count++;
	return OURO_OK;
}

enum ouro_status
keyring_add(struct keyring *keyring, const uint8_t public_key[KEM_PUBLIC_SIZE],
    const char *label, enum member_kind kind, uint64_t now_ms,
    struct ouro_error *err)
{
	struct member public = { .kind = kind, .added_ms = now_ms };
	struct keyring_member member;
	size_t place;

	if (kind != MEMBER_NODE && kind != MEMBER_RECOVERY)
		return error_set(err, OURO_INVALID,
		    "a member cannot be of kind %d", (int)kind);
	if (!member_label_valid(label))
		return error_set(err, OURO_INVALID,
		    "a member's label is UTF-8 of at "
		    "most %d bytes, without control characters",
		    MEMBER_LABEL_MAX);
	if (member_find(keyring, public_key, &place))
		return error_set(err, OURO_EXISTS,
		    "this key is already a member, labelled \"%s\"",
		    keyring->members[place].public.label);
	if (keyring->member_count >= MEMBERS_MAX)
		return error_set(err, OURO_TOO_LARGE,
		    "a keyring has at most %d members", MEMBERS_MAX);
	memcpy(public.public_key, public_key, KEM_PUBLIC_SIZE);
	memcpy(public.label, label, strlen(label) + 1);
	enum ouro_status status = member_make(keyring, &public, &member, err);
	if (status)
		return status;
	status = member_insert(keyring, &member, place, err);
	if (status)
		buffer_release(&member.wrapped);
	return status;
}

enum ouro_status
keyring_remove(struct keyring *keyring,
    const uint8_t fingerprint[FINGERPRINT_SIZE], struct ouro_error *err)
{
	char name[HEX_LENGTH(FINGERPRINT_SIZE) + 1];
	size_t i = 0;

	while (i < keyring->member_count &&
	    memcmp(keyring->members[i].public.fingerprint, fingerprint,
		FINGERPRINT_SIZE) != 0)
		i++;
	hex_encode(bytes_of(fingerprint, FINGERPRINT_SIZE), name);
	if (i == keyring->member_count)
		return error_set(err, OURO_NOT_FOUND,
		    "no member has the fingerprint %s", name);
	if (keyring->member_count == 1)
		return error_set(err, OURO_REFUSED,
		    "%s is the last member; "
		    "without it nothing could be read any more",
		    name);
	buffer_release(&keyring->members[i].wrapped);
	memmove(keyring->members + i, keyring->members + i + 1,
	    (keyring->member_count - i - 1) * sizeof *keyring->members);
	keyring->member_count--;
	return OURO_OK;
}

/* Takes the newest key away again, and what was wrapped of it. */
static void
rotation_undo(struct keyring *keyring)
{
	size_t count = keyring->key_count - 1;

	for (size_t i = 0; i < keyring->member_count; i++)
		if (keyring->members[i].wrapped.size > count * WRAP_SIZE)
			keyring->members[i].wrapped.size = count * WRAP_SIZE;
	bytes_wipe(&keyring->keys[count], sizeof *keyring->keys);
	keyring->key_count = count;
}

enum ouro_status
keyring_rotate(struct keyring *keyring, struct fs *fs, struct ouro_error *err)
{
	enum ouro_status status;

	if (keyring_epoch(keyring) >= EPOCHS_MAX)
		return error_set(err, OURO_TOO_LARGE,
		    "a keyring has at most %d epochs", EPOCHS_MAX);
	status = key_append_random(keyring, fs, err);
	if (status)
		return status;
	const struct keyring_key *key = &keyring->keys[keyring->key_count - 1];
	for (size_t i = 0; !status && i < keyring->member_count; i++)
		status = member_wrap(&keyring->members[i], key, err);
	if (status)
		rotation_undo(keyring);
	return status;
}
