#include "seal/keyring_unite.h"

#include <stdlib.h>

#include "base/encoding.h"
#include "base/error.h"
#include "seal/keyring_store.h"

enum ouro_status
keyring_compare(const struct keyring *ours, const struct keyring *theirs,
    bool *newer, struct ouro_error *err)
{
	char one[HEX_LENGTH(VAULT_ID_SIZE) + 1], other[sizeof one];
	size_t common = ours->key_count < theirs->key_count ? ours->key_count
							    : theirs->key_count;

	if (memcmp(ours->vault_id, theirs->vault_id, VAULT_ID_SIZE) != 0 ||
	    !crypt_equal(ours->keys[0].key, theirs->keys[0].key, KEY_SIZE)) {
		hex_encode(bytes_of(theirs->vault_id, VAULT_ID_SIZE), one);
		hex_encode(bytes_of(ours->vault_id, VAULT_ID_SIZE), other);
		return error_set(err, OURO_REFUSED,
		    "the keyring is of the vault %s, not of %s", one, other);
	}
	for (size_t i = 1; i < common; i++)
		if (!crypt_equal(ours->keys[i].key, theirs->keys[i].key,
			KEY_SIZE))
			return error_set(err, OURO_CONFLICT,
			    "both copies of the vault began an epoch %zu of "
			    "their own (keys rotate, keys remove); import the "
			    "other one into a new directory and put what this "
			    "one lacks from there",
			    i);
	*newer = theirs->key_count > ours->key_count;
	return OURO_OK;
}

static bool
member_is_in(const struct keyring *keyring, const struct member *member)
{
	for (size_t i = 0; i < keyring->member_count; i++)
		if (memcmp(keyring->members[i].public.public_key,
			member->public_key, KEM_PUBLIC_SIZE) == 0)
			return true;
	return false;
}

static enum ouro_status
keyring_clone(const struct keyring *from, struct keyring **out,
    struct ouro_error *err)
{
	struct keyring *keyring = calloc(1, sizeof *keyring);
	enum ouro_status status;

	*out = keyring;
	if (!keyring)
		return error_memory(err);
	memcpy(keyring->vault_id, from->vault_id, VAULT_ID_SIZE);
	status = keyring_grow_keys(keyring, from->key_count, err);
	if (status)
		return status;
	memcpy(keyring->keys, from->keys, from->key_count * sizeof *from->keys);
	keyring->key_count = from->key_count;
	keyring->members = calloc(from->member_count, sizeof *keyring->members);
	if (!keyring->members)
		return error_memory(err);
	for (size_t i = 0; !status && i < from->member_count; i++) {
		struct keyring_member *member = &keyring->members[i];

		member->public = from->members[i].public;
		keyring->member_count++;
		status = buffer_set(&member->wrapped,
		    buffer_bytes(&from->members[i].wrapped), err);
	}
	return status;
}

enum ouro_status
keyring_unite(const struct keyring *ours, const struct keyring *theirs,
    keyring_left *left, void *context, struct keyring **out,
    struct ouro_error *err)
{
	uint64_t begun_ms = theirs->keys[theirs->key_count - 1].created_ms;
	struct keyring *keyring;
	enum ouro_status status = keyring_clone(theirs, &keyring, err);

	for (size_t i = 0; !status && i < ours->member_count; i++) {
		const struct member *member = &ours->members[i].public;

		if (member_is_in(theirs, member))
			continue;
		if (member->added_ms > begun_ms)
			status = keyring_add(keyring, member->public_key,
			    member->label, member->kind, member->added_ms, err);
		else if (left)
			left(context, member);
	}
	if (status) {
		keyring_free(keyring);
		return status;
	}
	*out = keyring;
	return OURO_OK;
}
