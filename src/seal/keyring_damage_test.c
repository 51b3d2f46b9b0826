/* Keyrings that were damaged, or made by somebody without the keys. */
#include "seal/keyring.h"

#include "seal/test_keyring.h"

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
