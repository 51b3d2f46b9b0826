#include "vault/test_keys.h"

/* ---- a vault of nothing but its keys -------------------------------------- */

/* As if opened again with what was printed. */
static void
use_recovery(struct ouro_vault *vault, const char *text)
{
	uint8_t key[RECOVERY_SIZE];

	assert_int_equal(recovery_decode(text, key, NULL), OURO_OK);
	assert_int_equal(recovery_member(key, &vault->member, NULL), OURO_OK);
	vault->by_recovery_key = true;
	keyring_free(vault->keyring);
	assert_int_equal(keyring_load(vault, &vault->member, &vault->keyring),
	    OURO_OK);
}

struct listed {
	struct ouro_vault *vault;
	struct ouro_member members[8];
	size_t count, count_max;
};

static bool
list_one(void *context, const struct ouro_member *member)
{
	struct listed *listed = context;

	/* The caller may come back to us. */
	assert_true(ouro_keys_epoch(listed->vault, NULL) >= 1);
	listed->members[listed->count++] = *member;
	return listed->count < listed->count_max;
}

static struct listed
list(struct ouro_vault *vault)
{
	struct listed listed = { .vault = vault, .count_max = 8 };

	assert_int_equal(ouro_keys_list(vault, list_one, &listed, NULL),
	    OURO_OK);
	return listed;
}

/* ---- tests ---------------------------------------------------------------- */

static void
members_are_listed(void **unused)
{
	struct ouro_vault *vault = vault_new();
	struct listed listed = list(vault),
		      first = { .vault = vault, .count_max = 1 };
	char text[OURO_RECOVERY_TEXT];

	(void)unused;
	assert_int_equal(listed.count, 1);
	assert_string_equal(listed.members[0].label, "first");
	assert_int_equal(strlen(listed.members[0].fingerprint), 32);
	assert_true(listed.members[0].self);
	assert_int_equal(listed.members[0].kind, OURO_MEMBER_NODE);
	assert_int_equal(ouro_keys_export(vault, text, NULL), OURO_OK);
	listed = list(vault);
	assert_int_equal(listed.count, 2);
	assert_true(listed.members[0].self != listed.members[1].self);
	assert_int_equal(ouro_keys_list(vault, list_one, &first, NULL),
	    OURO_OK);
	assert_int_equal(first.count, 1);
	vault_free(vault);
}

static void
an_exported_key_opens_the_vault(void **unused)
{
	struct ouro_vault *vault = vault_new();
	char text[OURO_RECOVERY_TEXT];

	(void)unused;
	assert_int_equal(ouro_keys_rotate(vault, NULL), OURO_OK);
	assert_int_equal(ouro_keys_export(vault, text, NULL), OURO_OK);
	check_keys(vault, 2, 2);
	use_recovery(vault, text);
	check_keys(vault, 2, 2);
	vault_free(vault);
}

/* The data is told of each new epoch, after the keyring has it. */
static void
new_epochs_are_noted(void **unused)
{
	struct ouro_vault *vault = vault_new();
	struct listed listed;
	char text[OURO_RECOVERY_TEXT];

	(void)unused;
	noted = 0;
	assert_int_equal(ouro_keys_export(vault, text, NULL), OURO_OK);
	assert_int_equal(noted, 0);
	assert_int_equal(ouro_keys_rotate(vault, NULL), OURO_OK);
	assert_int_equal(noted, 2);
	listed = list(vault);
	assert_int_equal(
	    ouro_keys_remove(vault,
		listed.members[listed.members[0].self ? 1 : 0].fingerprint,
		NULL),
	    OURO_OK);
	assert_int_equal(noted, 3);
	note_fails = true;
	assert_int_equal(ouro_keys_rotate(vault, NULL), OURO_IO);
	note_fails = false;
	check_keys(vault, 1, 4);
	vault_free(vault);
}

static void
import_makes_a_member_after_recovery(void **unused)
{
	struct ouro_vault *vault = vault_new();
	struct member_key read;
	char text[OURO_RECOVERY_TEXT];

	(void)unused;
	assert_int_equal(ouro_keys_import(vault, DIR "/new.key", NULL, NULL),
	    OURO_REFUSED);
	assert_int_equal(ouro_keys_export(vault, text, NULL), OURO_OK);
	use_recovery(vault, text);
	assert_int_equal(ouro_keys_passphrase(vault, NULL, NULL), OURO_REFUSED);
	assert_int_equal(ouro_keys_import(vault, DIR "/member.key", NULL, NULL),
	    OURO_EXISTS);
	check_keys(vault, 2, 1);
	assert_int_equal(ouro_keys_import(vault, DIR "/new.key", NULL, NULL),
	    OURO_OK);
	check_keys(vault, 3, 1);
	assert_string_equal(vault->key_file, DIR "/new.key");
	assert_false(vault->by_recovery_key);
	assert_int_equal(member_key_read(vault->fs, DIR "/new.key", NULL, &read,
			     NULL),
	    OURO_OK);
	assert_memory_equal(read.seed, vault->member.seed, KEM_SEED_SIZE);
	vault_free(vault);
}

static void
a_passphrase_can_be_set_and_taken_away(void **unused)
{
	struct ouro_vault *vault = vault_new();
	struct member_key read;

	(void)unused;
	assert_int_equal(ouro_keys_passphrase(vault, "", NULL), OURO_INVALID);
	assert_int_equal(ouro_keys_passphrase(vault, "open", NULL), OURO_OK);
	assert_int_equal(member_key_read(vault->fs, vault->key_file, NULL,
			     &read, NULL),
	    OURO_WRONG_KEY);
	assert_int_equal(member_key_read(vault->fs, vault->key_file, "open",
			     &read, NULL),
	    OURO_OK);
	assert_int_equal(ouro_keys_passphrase(vault, NULL, NULL), OURO_OK);
	assert_int_equal(member_key_read(vault->fs, vault->key_file, NULL,
			     &read, NULL),
	    OURO_OK);
	assert_memory_equal(read.seed, vault->member.seed, KEM_SEED_SIZE);
	vault_free(vault);
}

static void
removing_a_member_rotates(void **unused)
{
	struct ouro_vault *vault = vault_new();
	char text[OURO_RECOVERY_TEXT], prefix[9];
	struct member_key removed;
	struct keyring *keyring;
	uint8_t key[RECOVERY_SIZE];
	struct listed listed;
	int self;

	(void)unused;
	assert_int_equal(ouro_keys_export(vault, text, NULL), OURO_OK);
	listed = list(vault);
	self = listed.members[0].self ? 0 : 1;
	assert_int_equal(ouro_keys_remove(vault,
			     listed.members[self].fingerprint, NULL),
	    OURO_REFUSED);
	check_keys(vault, 2, 1);
	snprintf(prefix, sizeof(prefix), "%.8s",
	    listed.members[1 - self].fingerprint);
	for (int i = 0; i < 8; i++)
		if (prefix[i] >= 'a')
			prefix[i] = (char)(prefix[i] - 32);
	assert_int_equal(ouro_keys_remove(vault, prefix, NULL), OURO_OK);
	check_keys(vault, 1, 2);
	assert_int_equal(recovery_decode(text, key, NULL), OURO_OK);
	assert_int_equal(recovery_member(key, &removed, NULL), OURO_OK);
	assert_int_equal(keyring_load(vault, &removed, &keyring),
	    OURO_WRONG_KEY);
	vault_free(vault);
}

static void
a_prefix_must_be_hex_and_fit_one_member(void **unused)
{
	static const char *const malformed[] = { "", "abc", "abcg", "ab cd",
		"0123456789abcdef0123456789abcdef0" };
	struct ouro_vault *vault = vault_new();
	struct listed listed = list(vault);
	char other[33];

	(void)unused;
	for (size_t i = 0; i < sizeof(malformed) / sizeof(*malformed); i++)
		assert_int_equal(ouro_keys_remove(vault, malformed[i], NULL),
		    OURO_INVALID);
	memcpy(other, listed.members[0].fingerprint, sizeof(other));
	other[31] = other[31] == '0' ? '1' : '0';
	assert_int_equal(ouro_keys_remove(vault, other, NULL), OURO_NOT_FOUND);
	check_keys(vault, 1, 1);
	vault_free(vault);
}

/* Adds members until two fingerprints begin with the same four digits. */
static void
make_ambiguous(struct ouro_vault *vault, char prefix[5])
{
	static bool seen[65536];
	struct member_key key;
	uint8_t fingerprint[FINGERPRINT_SIZE];
	unsigned first;

	do {
		assert_int_equal(member_key_new(vault->fs, &key, NULL),
		    OURO_OK);
		assert_int_equal(keyring_add(vault->keyring, key.public_key, "",
				     MEMBER_NODE, 1, NULL),
		    OURO_OK);
		assert_int_equal(member_fingerprint(key.public_key, fingerprint,
				     NULL),
		    OURO_OK);
		first = fingerprint[0] * 256u + fingerprint[1];
		seen[first] = !seen[first];
	} while (seen[first]);
	snprintf(prefix, 5, "%04x", first);
}

static void
an_ambiguous_prefix_removes_nobody(void **unused)
{
	struct ouro_vault *vault = vault_new();
	size_t count;
	char prefix[5];

	(void)unused;
	make_ambiguous(vault, prefix);
	count = keyring_member_count(vault->keyring);
	assert_int_equal(ouro_keys_remove(vault, prefix, NULL), OURO_AMBIGUOUS);
	assert_int_equal(keyring_member_count(vault->keyring), count);
	assert_int_equal(ouro_keys_epoch(vault, NULL), 1);
	vault_free(vault);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_listed),
		cmocka_unit_test(an_exported_key_opens_the_vault),
		cmocka_unit_test(import_makes_a_member_after_recovery),
		cmocka_unit_test(a_passphrase_can_be_set_and_taken_away),
		cmocka_unit_test(new_epochs_are_noted),
		cmocka_unit_test(removing_a_member_rotates),
		cmocka_unit_test(a_prefix_must_be_hex_and_fit_one_member),
		cmocka_unit_test(an_ambiguous_prefix_removes_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
