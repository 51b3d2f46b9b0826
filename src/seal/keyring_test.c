#include "seal/keyring.h"

#include "seal/test_keyring.h"

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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
