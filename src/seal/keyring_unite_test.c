#include "seal/keyring_unite.h"

#include "seal/test_keyring.h"

/* A second copy of the vault, as member i sees it. */
static struct keyring *
copy_open(struct vault *vault, unsigned i)
{
	struct keyring *copy;

	vault_store(vault);
	assert_int_equal(vault_open(vault, i, &copy), OURO_OK);
	return copy;
}

static void
rotate(struct vault *vault, struct keyring *keyring)
{
	assert_int_equal(keyring_rotate(keyring, vault->fs, &vault->err),
	    OURO_OK);
}

static void
count_left(void *context, const struct member *member)
{
	unsigned *count = context;

	assert_string_equal(member->label, "node-b");
	++*count;
}

/* What unites opens for everybody who is a member of it. */
static void
assert_opens(struct vault *vault, const struct keyring *keyring, unsigned i,
    enum ouro_status expected)
{
	struct buffer stored = { 0 };
	struct keyring *opened = NULL;

	assert_int_equal(keyring_encode(keyring, &stored, &vault->err),
	    OURO_OK);
	assert_int_equal(keyring_open(buffer_bytes(&stored),
			     vault->keys[i].seed, &opened, &vault->err),
	    expected);
	if (expected == OURO_OK)
		assert_int_equal(keyring_epoch(opened), keyring_epoch(keyring));
	keyring_free(opened);
	buffer_release(&stored);
}

static void
the_newer_one_is_told(void **state)
{
	struct vault vault;
	struct keyring *other;
	bool newer = true;

	(void)state;
	vault_init(&vault, 2);
	other = copy_open(&vault, 0);
	assert_int_equal(keyring_compare(vault.keyring, other, &newer,
			     &vault.err),
	    OURO_OK);
	assert_false(newer);
	rotate(&vault, other);
	assert_int_equal(keyring_compare(vault.keyring, other, &newer,
			     &vault.err),
	    OURO_OK);
	assert_true(newer);
	assert_int_equal(keyring_compare(other, vault.keyring, &newer,
			     &vault.err),
	    OURO_OK);
	assert_false(newer);
	rotate(&vault, vault.keyring);
	assert_int_equal(keyring_compare(vault.keyring, other, &newer,
			     &vault.err),
	    OURO_CONFLICT);
	assert_non_null(strstr(vault.err.text, "epoch 2"));
	keyring_free(other);
	vault_release(&vault);
}

static void
another_vault_is_refused(void **state)
{
	struct vault vault;
	struct keyring *other;
	bool newer;

	(void)state;
	vault_init(&vault, 1);
	assert_int_equal(keyring_new(vault.fs, &other, &vault.err), OURO_OK);
	assert_int_equal(keyring_compare(vault.keyring, other, &newer,
			     &vault.err),
	    OURO_REFUSED);
	keyring_free(other);
	vault_release(&vault);
}

/* Removed there: no part in what they began after that. */
static void
who_was_removed_leaves(void **state)
{
	struct vault vault;
	struct keyring *other, *united;
	unsigned left = 0;

	(void)state;
	vault_init(&vault, 3);
	other = copy_open(&vault, 0);
	assert_int_equal(keyring_remove(other, vault.prints[1], &vault.err),
	    OURO_OK);
	rotate(&vault, other);
	assert_int_equal(keyring_unite(vault.keyring, other, count_left, &left,
			     &united, &vault.err),
	    OURO_OK);
	assert_int_equal(left, 1);
	assert_int_equal(keyring_epoch(united), 2);
	assert_int_equal(keyring_member_count(united), 2);
	assert_opens(&vault, united, 0, OURO_OK);
	assert_opens(&vault, united, 1, OURO_WRONG_KEY);
	assert_opens(&vault, united, 2, OURO_OK);
	keyring_free(united);
	keyring_free(other);
	vault_release(&vault);
}

/* Added here after their newest epoch: gets that too. */
static void
who_came_later_stays(void **state)
{
	struct vault vault;
	struct keyring *other, *united;
	uint64_t later_ms;

	(void)state;
	vault_init(&vault, 1);
	other = copy_open(&vault, 0);
	rotate(&vault, other);
	later_ms = keyring_epoch_created_ms(other, 2) + 1;
	assert_int_equal(keyring_add(vault.keyring, vault.keys[1].public_key,
			     "node-b", MEMBER_NODE, later_ms, &vault.err),
	    OURO_OK);
	assert_int_equal(keyring_unite(vault.keyring, other, NULL, NULL,
			     &united, &vault.err),
	    OURO_OK);
	assert_opens(&vault, united, 0, OURO_OK);
	assert_opens(&vault, united, 1, OURO_OK);
	keyring_free(united);
	keyring_free(other);
	vault_release(&vault);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newer_one_is_told),
		cmocka_unit_test(another_vault_is_refused),
		cmocka_unit_test(who_was_removed_leaves),
		cmocka_unit_test(who_came_later_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
