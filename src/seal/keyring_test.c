#include "seal/keyring.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/fs_memory.h"
#include "crypt/wrap.h"
#include "proto/seal.pb-c.h"
#include "seal/canonical.h"
#include "seal/member.h"

#define MEMBERS 3

/* A vault with three members, and their private keys. */
struct vault {
	struct fs *fs;
	struct keyring *keyring;
	struct member_key keys[MEMBERS];
	uint8_t prints[MEMBERS][FINGERPRINT_SIZE];
	struct buffer stored;
	struct ouro_error err;
};

static const char *const labels[MEMBERS] = { "node-a", "node-b", "paper" };

static void
vault_store(struct vault *vault)
{
	vault->stored.size = 0;
	assert_int_equal(keyring_encode(vault->keyring, &vault->stored,
			     &vault->err),
	    OURO_OK);
}

static void
vault_add(struct vault *vault, unsigned i)
{
	assert_int_equal(keyring_add(vault->keyring, vault->keys[i].public_key,
			     labels[i], i == 2 ? MEMBER_RECOVERY : MEMBER_NODE,
			     1000 + i, &vault->err),
	    OURO_OK);
}

static void
vault_init(struct vault *vault, unsigned members)
{
	memset(vault, 0, sizeof *vault);
	vault->fs = fs_memory_new(11);
	assert_non_null(vault->fs);
	assert_int_equal(keyring_new(vault->fs, &vault->keyring, &vault->err),
	    OURO_OK);
	for (unsigned i = 0; i < MEMBERS; i++) {
		assert_int_equal(member_key_new(vault->fs, &vault->keys[i],
				     &vault->err),
		    OURO_OK);
		assert_int_equal(member_fingerprint(vault->keys[i].public_key,
				     vault->prints[i], &vault->err),
		    OURO_OK);
		if (i < members)
			vault_add(vault, i);
	}
	vault_store(vault);
}

static void
vault_release(struct vault *vault)
{
	keyring_free(vault->keyring);
	buffer_release(&vault->stored);
	fs_memory_free(vault->fs);
}

static enum ouro_status
vault_open(struct vault *vault, unsigned i, struct keyring **out)
{
	*out = NULL;
	vault->err.text[0] = '\0';
	return keyring_open(buffer_bytes(&vault->stored), vault->keys[i].seed,
	    out, &vault->err);
}

static void
assert_same_keys(const struct keyring *a, const struct keyring *b,
    uint32_t epochs)
{
	assert_memory_equal(keyring_vault_id(a), keyring_vault_id(b),
	    VAULT_ID_SIZE);
	assert_memory_equal(keyring_id_key(a), keyring_id_key(b), KEY_SIZE);
	for (uint32_t e = 1; e <= epochs; e++) {
		const uint8_t *one = NULL, *other = NULL;
		assert_int_equal(keyring_epoch_key(a, e, &one, NULL), OURO_OK);
		assert_int_equal(keyring_epoch_key(b, e, &other, NULL),
		    OURO_OK);
		assert_memory_equal(one, other, KEY_SIZE);
		assert_int_equal(keyring_epoch_created_ms(a, e),
		    keyring_epoch_created_ms(b, e));
	}
}

static void
each_member_opens_it(void **state)
{
	struct vault v;
	struct buffer again = { 0 };

	(void)state;
	vault_init(&v, MEMBERS);
	for (unsigned i = 0; i < MEMBERS; i++) {
		struct keyring *opened;
		assert_int_equal(vault_open(&v, i, &opened), OURO_OK);
		assert_same_keys(v.keyring, opened, 1);
		assert_int_equal(keyring_epoch(opened), 1);
		assert_int_equal(keyring_member_count(opened), MEMBERS);
		for (size_t j = 0; j < MEMBERS; j++)
			assert_memory_equal(keyring_member(opened, j),
			    keyring_member(v.keyring, j),
			    sizeof(struct member));
		again.size = 0;
		assert_int_equal(keyring_encode(opened, &again, NULL), OURO_OK);
		assert_true(
		    bytes_equal(buffer_bytes(&again), buffer_bytes(&v.stored)));
		keyring_free(opened);
	}
	buffer_release(&again);
	vault_release(&v);
}

static void
members_are_ordered_by_public_key(void **state)
{
	struct vault v;

	(void)state;
	vault_init(&v, MEMBERS);
	for (size_t i = 1; i < MEMBERS; i++)
		assert_true(memcmp(keyring_member(v.keyring, i - 1)->public_key,
				keyring_member(v.keyring, i)->public_key,
				KEM_PUBLIC_SIZE) < 0);
	vault_release(&v);
}

static void
a_stranger_is_told_who_can(void **state)
{
	struct vault v;
	struct keyring *opened;
	char print[9];

	(void)state;
	vault_init(&v, 2);
	assert_int_equal(vault_open(&v, 2, &opened), OURO_WRONG_KEY);
	assert_null(opened);
	for (unsigned i = 0; i < 2; i++) {
		snprintf(print, sizeof print, "%02x%02x%02x%02x",
		    v.prints[i][0], v.prints[i][1], v.prints[i][2],
		    v.prints[i][3]);
		assert_non_null(strstr(v.err.text, labels[i]));
		assert_non_null(strstr(v.err.text, print));
	}
	vault_release(&v);
}

static void
many_long_labels_fit_the_error_text(void **state)
{
	struct vault v;
	struct keyring *opened;
	char label[MEMBER_LABEL_MAX + 1];

	(void)state;
	vault_init(&v, 1);
	memset(label, 'x', MEMBER_LABEL_MAX);
	label[MEMBER_LABEL_MAX] = '\0';
	for (unsigned i = 0; i < 6; i++) {
		struct member_key key;
		assert_int_equal(member_key_new(v.fs, &key, NULL), OURO_OK);
		assert_int_equal(keyring_add(v.keyring, key.public_key, label,
				     MEMBER_NODE, 1, NULL),
		    OURO_OK);
	}
	vault_store(&v);
	assert_int_equal(vault_open(&v, 2, &opened), OURO_WRONG_KEY);
	assert_non_null(strstr(v.err.text, " more"));
	vault_release(&v);
}

static void
rotation_keeps_what_was(void **state)
{
	struct vault v;
	struct keyring *before, *after;
	const uint8_t *one = NULL, *two = NULL;

	(void)state;
	vault_init(&v, 2);
	assert_int_equal(vault_open(&v, 0, &before), OURO_OK);
	for (uint32_t epoch = 2; epoch <= 5; epoch++) {
		assert_int_equal(keyring_rotate(v.keyring, v.fs, NULL),
		    OURO_OK);
		assert_int_equal(keyring_epoch(v.keyring), epoch);
	}
	assert_same_keys(before, v.keyring, 1);
	vault_store(&v);
	assert_int_equal(vault_open(&v, 1, &after), OURO_OK);
	assert_same_keys(v.keyring, after, 5);
	assert_int_equal(keyring_epoch_key(after, 4, &one, NULL), OURO_OK);
	assert_int_equal(keyring_epoch_key(after, 5, &two, NULL), OURO_OK);
	assert_memory_not_equal(one, two, KEY_SIZE);
	assert_int_equal(keyring_epoch_key(after, 6, &one, &v.err),
	    OURO_NOT_FOUND);
	assert_non_null(strstr(v.err.text, "epoch 6"));
	assert_int_equal(keyring_epoch_key(after, 0, &one, NULL),
	    OURO_NOT_FOUND);
	keyring_free(before);
	keyring_free(after);
	vault_release(&v);
}

static void
a_removed_member_sees_no_new_epoch(void **state)
{
	struct vault v;
	struct keyring *opened;
	struct buffer old = { 0 };
	const uint8_t *former = NULL, *newest = NULL;

	(void)state;
	vault_init(&v, MEMBERS);
	assert_int_equal(buffer_set(&old, buffer_bytes(&v.stored), NULL),
	    OURO_OK);
	assert_int_equal(keyring_remove(v.keyring, v.prints[1], NULL), OURO_OK);
	assert_int_equal(keyring_rotate(v.keyring, v.fs, NULL), OURO_OK);
	vault_store(&v);
	assert_int_equal(vault_open(&v, 1, &opened), OURO_WRONG_KEY);
	assert_null(strstr(v.err.text, labels[1]));
	assert_int_equal(vault_open(&v, 0, &opened), OURO_OK);
	keyring_free(opened);

	/* What it had it still has, and nothing newer. */
	assert_int_equal(keyring_open(buffer_bytes(&old), v.keys[1].seed,
			     &opened, NULL),
	    OURO_OK);
	assert_int_equal(keyring_epoch(opened), 1);
	assert_int_equal(keyring_epoch_key(opened, 1, &former, NULL), OURO_OK);
	assert_int_equal(keyring_epoch_key(v.keyring, 2, &newest, NULL),
	    OURO_OK);
	assert_memory_not_equal(former, newest, KEY_SIZE);
	keyring_free(opened);

	/* Back again, it gets all. */
	vault_add(&v, 1);
	vault_store(&v);
	assert_int_equal(vault_open(&v, 1, &opened), OURO_OK);
	assert_same_keys(v.keyring, opened, 2);
	keyring_free(opened);
	buffer_release(&old);
	vault_release(&v);
}

static void
adding_and_removing_have_limits(void **state)
{
	struct vault v;
	uint8_t key[KEM_PUBLIC_SIZE];
	static const char *const unfit[] = { "a\nb", "\x1b[2J", "a\x7f",
		"a\xc2\x9b", "a\xff", "a\xc3" };
	char label[MEMBER_LABEL_MAX + 2];
	struct keyring *empty = NULL;

	(void)state;
	vault_init(&v, 1);
	memcpy(key, v.keys[1].public_key, sizeof key);
	assert_int_equal(keyring_add(v.keyring, v.keys[0].public_key, "again",
			     MEMBER_NODE, 1, &v.err),
	    OURO_EXISTS);
	assert_non_null(strstr(v.err.text, labels[0]));
	memset(label, 'x', sizeof label);
	label[sizeof label - 1] = '\0';
	assert_int_equal(keyring_add(v.keyring, key, label, MEMBER_NODE, 1,
			     NULL),
	    OURO_INVALID);
	for (size_t i = 0; i < sizeof unfit / sizeof *unfit; i++)
		assert_int_equal(keyring_add(v.keyring, key, unfit[i],
				     MEMBER_NODE, 1, NULL),
		    OURO_INVALID);
	assert_int_equal(keyring_add(v.keyring, key, "a", (enum member_kind)3,
			     1, NULL),
	    OURO_INVALID);
	memset(key, 0xff, sizeof key);
	assert_int_equal(keyring_add(v.keyring, key, "a", MEMBER_NODE, 1, NULL),
	    OURO_INVALID);
	assert_int_equal(keyring_member_count(v.keyring), 1);
	assert_int_equal(keyring_remove(v.keyring, v.prints[1], NULL),
	    OURO_NOT_FOUND);
	assert_int_equal(keyring_remove(v.keyring, v.prints[0], NULL),
	    OURO_REFUSED);
	assert_int_equal(keyring_new(v.fs, &empty, NULL), OURO_OK);
	v.stored.size = 0;
	assert_int_equal(keyring_encode(empty, &v.stored, NULL), OURO_INVALID);
	assert_int_equal(v.stored.size, 0);
	keyring_free(empty);
	vault_release(&v);
}

static void
a_failed_rotation_changes_nothing(void **state)
{
	struct vault v;
	struct buffer again = { 0 };
	struct keyring *none = NULL;

	(void)state;
	vault_init(&v, 2);
	fs_memory_fault(v.fs,
	    (struct fs_fault){ .call = FS_CALL_RANDOM,
		.nth = 1,
		.errnum = EIO });
	assert_int_equal(keyring_rotate(v.keyring, v.fs, NULL), OURO_IO);
	assert_int_equal(keyring_encode(v.keyring, &again, NULL), OURO_OK);
	assert_true(bytes_equal(buffer_bytes(&again), buffer_bytes(&v.stored)));
	for (uint64_t nth = 1; nth <= 3; nth++) {
		fs_memory_fault(v.fs,
		    (struct fs_fault){ .call = FS_CALL_RANDOM,
			.nth = nth,
			.errnum = EIO });
		assert_int_equal(keyring_new(v.fs, &none, NULL), OURO_IO);
		assert_null(none);
	}
	buffer_release(&again);
	vault_release(&v);
}

/* ---- damage and forgery ------------------------------------------------ */

static void
every_flipped_byte_is_found(void **state)
{
	struct vault v;

	(void)state;
	vault_init(&v, 1);
	for (size_t i = 0; i < v.stored.size; i += i < 64 ? 1 : 7) {
		struct keyring *opened;
		v.stored.data[i] ^= 0x04;
		enum ouro_status status = vault_open(&v, 0, &opened);
		if (status != OURO_DAMAGED && status != OURO_WRONG_KEY)
			fail_msg("byte %zu: status %d", i, (int)status);
		v.stored.data[i] ^= 0x04;
	}
	vault_release(&v);
}

static void
every_truncation_is_found(void **state)
{
	struct vault v;
	size_t whole;

	(void)state;
	vault_init(&v, 1);
	whole = v.stored.size;
	for (size_t size = 0; size < whole; size++) {
		struct keyring *opened;
		v.stored.size = size;
		assert_int_equal(vault_open(&v, 0, &opened), OURO_DAMAGED);
	}
	vault_release(&v);
}

/* Changes the message and stores it again, with the old MAC. */
static void
vault_forge(struct vault *vault, void (*change)(Ouro__Keyring *message))
{
	ProtobufCMessage *base = NULL;

	vault_store(vault);
	assert_int_equal(canonical_unpack(&ouro__keyring__descriptor,
			     buffer_bytes(&vault->stored), &base, "", NULL),
	    OURO_OK);
	change((Ouro__Keyring *)base);
	vault->stored.size = 0;
	assert_int_equal(canonical_pack(base, &vault->stored, NULL), OURO_OK);
	canonical_free(base);
}

static void
relabel(Ouro__Keyring *message)
{
	message->members[0]->label[0] ^= 1;
}

static void
backdate(Ouro__Keyring *message)
{
	message->epochs[1]->created_ms++;
}

static void
promote(Ouro__Keyring *message)
{
	message->members[0]->kind = 3 - message->members[0]->kind;
}

static void
rename_vault(Ouro__Keyring *message)
{
	message->vault_id.data[0] ^= 1;
}

static void
swap_members(Ouro__Keyring *message)
{
	Ouro__Member *first = message->members[0];

	message->members[0] = message->members[1];
	message->members[1] = first;
}

static void
swap_epoch_keys(Ouro__Keyring *message)
{
	Ouro__Member *member = message->members[0];
	ProtobufCBinaryData first = member->keys[1]->wrapped;

	member->keys[1]->wrapped = member->keys[2]->wrapped;
	member->keys[2]->wrapped = first;
}

static void
double_member(Ouro__Keyring *message)
{
	memcpy(message->members[1]->public_key.data,
	    message->members[0]->public_key.data, KEM_PUBLIC_SIZE);
}

static void
wrong_epoch(Ouro__Keyring *message)
{
	message->members[0]->keys[1]->epoch = 7;
}

/* Eight-bit control sequences, and bytes that are no text at all. */
static void
label_with_csi(Ouro__Keyring *message)
{
	memcpy(message->members[0]->label, "\xc2\x9b", 2);
}

static void
label_not_utf8(Ouro__Keyring *message)
{
	message->members[0]->label[0] = (char)0xff;
}

static void
wrong_version(Ouro__Keyring *message)
{
	message->version = 2;
}

static void
short_wrapped(Ouro__Keyring *message)
{
	message->members[1]->keys[0]->wrapped.len--;
}

static void
empty_mac(Ouro__Keyring *message)
{
	message->mac.len = 0;
}

static void
nobody_adds_or_changes_a_member_without_the_id_key(void **state)
{
	static void (*const changes[])(Ouro__Keyring *) = { relabel, backdate,
		promote, rename_vault, swap_members, swap_epoch_keys,
		double_member, wrong_epoch, wrong_version, short_wrapped,
		label_with_csi, label_not_utf8, empty_mac };
	struct vault v;

	(void)state;
	vault_init(&v, 2);
	assert_int_equal(keyring_rotate(v.keyring, v.fs, NULL), OURO_OK);
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		for (unsigned m = 0; m < 2; m++) {
			struct keyring *opened;
			vault_forge(&v, changes[i]);
			enum ouro_status status = vault_open(&v, m, &opened);
			if (status != OURO_DAMAGED)
				fail_msg("change %zu: status %d", i,
				    (int)status);
		}
	}
	vault_release(&v);
}

static void
K14_the_wrapped_keys_are_not_the_keys(void **state)
{
	struct vault v;

	(void)state;
	vault_init(&v, 1);
	const uint8_t *id_key = keyring_id_key(v.keyring);
	for (size_t i = 0; i + 8 <= v.stored.size; i++)
		assert_memory_not_equal(v.stored.data + i, id_key, 8);
	vault_release(&v);
}

/* Nobody has authenticated it when it is unpacked. */
static void
a_hostile_keyring_takes_little_memory(void **state)
{
	size_t size = (size_t)4 * 1024 * 1024;
	uint8_t *hostile = malloc(size), seed[KEM_SEED_SIZE] = { 1 };
	struct keyring *keyring = NULL;
	struct ouro_error err = { 0 };

	(void)state;
	assert_non_null(hostile);
	for (size_t i = 0; i < size; i += 8)
		memcpy(hostile + i, "\x1a\x06\x08\x01\x10\x80\x80\x01", 8);
	assert_int_equal(keyring_open(bytes_of(hostile, size), seed, &keyring,
			     &err),
	    OURO_DAMAGED);
	assert_non_null(strstr(err.text, "too much memory"));
	free(hostile);
}

/* The most that an attacker may choose labels for: those who may not open it
 * see none of them. */
static void
hostile_labels_are_not_printed(void **state)
{
	struct vault v;
	struct keyring *opened;

	(void)state;
	vault_init(&v, 2);
	vault_forge(&v, label_with_csi);
	assert_int_equal(vault_open(&v, 2, &opened), OURO_DAMAGED);
	assert_null(strstr(v.err.text, "\xc2\x9b"));
	vault_release(&v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_member_opens_it),
		cmocka_unit_test(members_are_ordered_by_public_key),
		cmocka_unit_test(a_stranger_is_told_who_can),
		cmocka_unit_test(many_long_labels_fit_the_error_text),
		cmocka_unit_test(rotation_keeps_what_was),
		cmocka_unit_test(a_removed_member_sees_no_new_epoch),
		cmocka_unit_test(adding_and_removing_have_limits),
		cmocka_unit_test(a_failed_rotation_changes_nothing),
		cmocka_unit_test(every_flipped_byte_is_found),
		cmocka_unit_test(every_truncation_is_found),
		cmocka_unit_test(
		    nobody_adds_or_changes_a_member_without_the_id_key),
		cmocka_unit_test(K14_the_wrapped_keys_are_not_the_keys),
		cmocka_unit_test(a_hostile_keyring_takes_little_memory),
		cmocka_unit_test(hostile_labels_are_not_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
