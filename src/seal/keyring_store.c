#include "seal/keyring_store.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/encoding.h"
#include "base/error.h"
#include "crypt/mac.h"
#include "proto/seal.pb-c.h"
#include "seal/canonical.h"
#include "seal/derive.h"

#define KEYRING_VERSION 1
#define KEYRING_FACTOR	4 /* memory for its bytes: wrapped keys are long */

/* The MAC of the keyring as it would be encoded without one. */
static enum ouro_status
keyring_mac(const Ouro__Keyring *message, const uint8_t id_key[KEY_SIZE],
    uint8_t out[HASH_SIZE], struct ouro_error *err)
{
	Ouro__Keyring bare = *message;
	uint8_t key[KEY_SIZE];
	struct mac_key *mac = NULL;
	struct buffer packed = { 0 };
	enum ouro_status status;

	bare.mac = (ProtobufCBinaryData){ 0 };
	status = canonical_pack(&bare.base, &packed, err);
	if (!status)
		status = derive_keyring_mac_key(id_key, key, err);
	if (!status)
		status = mac_key_new(bytes_of(key, sizeof key), &mac, err);
	if (!status) {
		struct bytes part = buffer_bytes(&packed);
		status = mac_compute(mac, &part, 1, out, err);
	}
	mac_key_free(mac);
	bytes_wipe(key, sizeof key);
	buffer_release(&packed);
	return status;
}

/* ---- encoding ---------------------------------------------------------- */

/* A message over a keyring: everything in it is borrowed but the arrays. */
struct encoding {
	Ouro__Keyring message;
	Ouro__Epoch *epochs;
	Ouro__Member *members;
	Ouro__WrappedKey *keys; /* key_count for each member */
	void **pointers;	/* to all of these, as the library wants */
	uint8_t mac[HASH_SIZE];
};

static enum ouro_status
encoding_alloc(const struct keyring *keyring, struct encoding *encoding,
    struct ouro_error *err)
{
	size_t epochs = keyring->key_count, members = keyring->member_count;

	encoding->epochs = calloc(epochs, sizeof *encoding->epochs);
	encoding->members = calloc(members, sizeof *encoding->members);
	encoding->keys = calloc(members * epochs, sizeof *encoding->keys);
	encoding->pointers = calloc(epochs + members + members * epochs,
	    sizeof *encoding->pointers);
	if (!encoding->epochs || !encoding->members || !encoding->keys ||
	    !encoding->pointers)
		return error_memory(err);
	return OURO_OK;
}

static void
encoding_release(struct encoding *encoding)
{
	free(encoding->epochs);
	free(encoding->members);
	free(encoding->keys);
	free(encoding->pointers);
}

/* pointers has room for the member's keys. */
static void
encoding_member(const struct keyring_member *member, size_t count,
    Ouro__Member *out, Ouro__WrappedKey *keys, void **pointers)
{
	ouro__member__init(out);
	out->public_key = (ProtobufCBinaryData){ KEM_PUBLIC_SIZE,
		(uint8_t *)member->public.public_key };
	out->label = (char *)member->public.label;
	out->kind = (uint32_t)member->public.kind;
	out->added_ms = member->public.added_ms;
	for (size_t i = 0; i < count; i++) {
		ouro__wrapped_key__init(&keys[i]);
		keys[i].epoch = (uint32_t)i;
		keys[i].wrapped = (ProtobufCBinaryData){ WRAP_SIZE,
			member->wrapped.data + i * WRAP_SIZE };
		pointers[i] = &keys[i];
	}
	out->n_keys = count;
	out->keys = (Ouro__WrappedKey **)pointers;
}

static void
encoding_fill(const struct keyring *keyring, struct encoding *encoding)
{
	size_t epochs = keyring->key_count, members = keyring->member_count;
	void **epoch_pointers = encoding->pointers;
	void **member_pointers = epoch_pointers + epochs;
	void **key_pointers = member_pointers + members;
	Ouro__Keyring *message = &encoding->message;

	for (size_t i = 0; i < epochs; i++) {
		ouro__epoch__init(&encoding->epochs[i]);
		encoding->epochs[i].number = (uint32_t)i;
		encoding->epochs[i].created_ms = keyring->keys[i].created_ms;
		epoch_pointers[i] = &encoding->epochs[i];
	}
	for (size_t i = 0; i < members; i++) {
		encoding_member(&keyring->members[i], epochs,
		    &encoding->members[i], encoding->keys + i * epochs,
		    key_pointers + i * epochs);
		member_pointers[i] = &encoding->members[i];
	}
	ouro__keyring__init(message);
	message->version = KEYRING_VERSION;
	message->vault_id = (ProtobufCBinaryData){ VAULT_ID_SIZE,
		(uint8_t *)keyring->vault_id };
	message->n_epochs = epochs;
	message->epochs = (Ouro__Epoch **)epoch_pointers;
	message->n_members = members;
	message->members = (Ouro__Member **)member_pointers;
}

enum ouro_status
keyring_encode(const struct keyring *keyring, struct buffer *out,
    struct ouro_error *err)
{
	struct encoding encoding = { 0 };
	enum ouro_status status;

	if (keyring->member_count == 0)
		return error_set(err, OURO_INVALID,
		    "a keyring without members could never be opened");
	status = encoding_alloc(keyring, &encoding, err);
	if (status)
		goto out;
	encoding_fill(keyring, &encoding);
	status = keyring_mac(&encoding.message, keyring->keys[0].key,
	    encoding.mac, err);
	if (status)
		goto out;
	encoding.message.mac = (ProtobufCBinaryData){ HASH_SIZE, encoding.mac };
	if (ouro__keyring__get_packed_size(&encoding.message) >
	    KEYRING_SIZE_MAX) {
		status = error_set(err, OURO_TOO_LARGE,
		    "the keyring would be over its limit of %u bytes",
		    KEYRING_SIZE_MAX);
		goto out;
	}
	status = canonical_pack(&encoding.message.base, out, err);
out:
	encoding_release(&encoding);
	return status;
}

/* ---- checking ---------------------------------------------------------- */

static const char *
member_fault(const Ouro__Keyring *message, size_t i)
{
	const Ouro__Member *member = message->members[i];

	if (member->public_key.len != KEM_PUBLIC_SIZE ||
	    !member_label_valid(member->label) ||
	    (member->kind != MEMBER_NODE && member->kind != MEMBER_RECOVERY))
		return "a member's public key, label or kind";
	if (i > 0 &&
	    memcmp(message->members[i - 1]->public_key.data,
		member->public_key.data, KEM_PUBLIC_SIZE) >= 0)
		return "the order of its members";
	if (member->n_keys != message->n_epochs)
		return "the number of a member's wrapped keys";
	for (size_t e = 0; e < member->n_keys; e++)
		if (member->keys[e]->epoch != e ||
		    member->keys[e]->wrapped.len != WRAP_SIZE)
			return "a member's wrapped keys";
	return NULL;
}

/* What is wrong with a keyring's form, or NULL. */
static const char *
keyring_fault(const Ouro__Keyring *message)
{
	const char *fault = NULL;

	if (message->version != KEYRING_VERSION)
		return "its version";
	if (message->vault_id.len != VAULT_ID_SIZE ||
	    message->mac.len != HASH_SIZE)
		return "its vault id or MAC";
	if (message->n_epochs < 2 || message->n_epochs > EPOCHS_MAX + 1)
		return "the number of its epochs";
	for (size_t e = 0; e < message->n_epochs; e++)
		if (message->epochs[e]->number != e)
			return "the order of its epochs";
	if (message->n_members < 1 || message->n_members > MEMBERS_MAX)
		return "the number of its members";
	for (size_t i = 0; !fault && i < message->n_members; i++)
		fault = member_fault(message, i);
	return fault;
}

/* ---- opening ----------------------------------------------------------- */

/* Who could open it: as many members as the text has room for. */
static enum ouro_status
wrong_key(const Ouro__Keyring *message, struct ouro_error *err)
{
	char list[360] = "";
	size_t length = 0, i = 0;

	for (; i < message->n_members; i++) {
		const Ouro__Member *member = message->members[i];
		uint8_t fingerprint[FINGERPRINT_SIZE];
		char hex[HEX_LENGTH(4) + 1];
		enum ouro_status status = member_fingerprint(
		    member->public_key.data, fingerprint, err);
		if (status)
			return status;
		hex_encode(bytes_of(fingerprint, 4), hex);
		if (length + strlen(member->label) + 32 > sizeof list)
			break;
		length += (size_t)snprintf(list + length, sizeof list - length,
		    "%s\"%s\" (%s)", i ? ", " : "", member->label, hex);
	}
	if (i < message->n_members)
		snprintf(list + length, sizeof list - length, " and %zu more",
		    message->n_members - i);
	return error_set(err, OURO_WRONG_KEY,
	    "this key belongs to no member of the vault; those are: %s", list);
}

static enum ouro_status
own_member(const Ouro__Keyring *message, const uint8_t seed[KEM_SEED_SIZE],
    const Ouro__Member **out, struct ouro_error *err)
{
	uint8_t public_key[KEM_PUBLIC_SIZE];
	enum ouro_status status = kem_public(seed, public_key, err);

	if (status)
		return status;
	for (size_t i = 0; i < message->n_members; i++) {
		if (memcmp(message->members[i]->public_key.data, public_key,
			KEM_PUBLIC_SIZE) != 0)
			continue;
		*out = message->members[i];
		return OURO_OK;
	}
	return wrong_key(message, err);
}

static enum ouro_status
key_unwrap(const Ouro__Member *member, size_t i,
    const uint8_t seed[KEM_SEED_SIZE], uint8_t out[KEY_SIZE],
    struct ouro_error *err)
{
	enum ouro_status status = wrap_open(seed, member->keys[i]->wrapped.data,
	    out, err);

	if (status == OURO_WRONG_KEY)
		return error_set(err, OURO_DAMAGED,
		    "keyring: key %zu of member \"%s\" is damaged", i,
		    member->label);
	return status;
}

/* The id key first: it says whether the rest can be trusted. */
static enum ouro_status
keys_open(const Ouro__Keyring *message, const uint8_t seed[KEM_SEED_SIZE],
    struct keyring *keyring, struct ouro_error *err)
{
	const Ouro__Member *member = NULL;
	uint8_t mac[HASH_SIZE];
	enum ouro_status status = own_member(message, seed, &member, err);

	if (status)
		return status;
	status = keyring_grow_keys(keyring, message->n_epochs, err);
	if (status)
		return status;
	keyring->key_count = message->n_epochs;
	for (size_t i = 0; i < keyring->key_count; i++) {
		status = key_unwrap(member, i, seed, keyring->keys[i].key, err);
		if (!status && i == 0)
			status = keyring_mac(message, keyring->keys[0].key, mac,
			    err);
		if (status)
			return status;
		if (!crypt_equal(mac, message->mac.data, HASH_SIZE))
			return error_set(err, OURO_DAMAGED,
			    "keyring: its authentication code does not fit");
		keyring->keys[i].created_ms = message->epochs[i]->created_ms;
	}
	return OURO_OK;
}

static enum ouro_status
member_load(const Ouro__Member *message, struct keyring_member *out,
    struct ouro_error *err)
{
	struct member *public = &out->public;
	enum ouro_status status;

	memcpy(public->public_key, message->public_key.data, KEM_PUBLIC_SIZE);
	memcpy(public->label, message->label, strlen(message->label) + 1);
	public->kind = (enum member_kind)message->kind;
	public->added_ms = message->added_ms;
	status = member_fingerprint(public->public_key, public->fingerprint,
	    err);
	for (size_t i = 0; !status && i < message->n_keys; i++)
		status = buffer_append(&out->wrapped,
		    bytes_of(message->keys[i]->wrapped.data, WRAP_SIZE), err);
	return status;
}

static enum ouro_status
keyring_load(const Ouro__Keyring *message, const uint8_t seed[KEM_SEED_SIZE],
    struct keyring *keyring, struct ouro_error *err)
{
	enum ouro_status status = keys_open(message, seed, keyring, err);

	if (status)
		return status;
	memcpy(keyring->vault_id, message->vault_id.data, VAULT_ID_SIZE);
	keyring->members = calloc(message->n_members, sizeof *keyring->members);
	if (!keyring->members)
		return error_memory(err);
	keyring->member_count = message->n_members;
	for (size_t i = 0; !status && i < keyring->member_count; i++)
		status = member_load(message->members[i], &keyring->members[i],
		    err);
	return status;
}

enum ouro_status
keyring_open(struct bytes stored, const uint8_t seed[KEM_SEED_SIZE],
    struct keyring **out, struct ouro_error *err)
{
	ProtobufCMessage *base = NULL;
	struct keyring *keyring = NULL;
	enum ouro_status status;

	if (stored.size > KEYRING_SIZE_MAX)
		return error_set(err, OURO_DAMAGED,
		    "keyring: %zu bytes are over the limit of %u", stored.size,
		    KEYRING_SIZE_MAX);
	status = canonical_unpack_within(&ouro__keyring__descriptor, stored,
	    KEYRING_FACTOR, &base, "keyring", err);
	if (status)
		return status;
	const Ouro__Keyring *message = (const Ouro__Keyring *)base;
	const char *fault = keyring_fault(message);
	if (fault)
		status = error_set(err, OURO_DAMAGED,
		    "keyring: %s cannot be right", fault);
	else if (!(keyring = calloc(1, sizeof *keyring)))
		status = error_memory(err);
	else
		status = keyring_load(message, seed, keyring, err);
	canonical_free(base);
	if (status) {
		keyring_free(keyring);
		return status;
	}
	*out = keyring;
	return OURO_OK;
}
