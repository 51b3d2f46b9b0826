/* Grants: made, listed, taken back, and what somebody without the vault's
 * keys can do to them. */
#include "exchange/test_share.h"

static struct test_vault test;
static struct test_person bob, eve;
static uint8_t secret_file[OURO_ID_SIZE], other_file[OURO_ID_SIZE];

static int
setup(void **state)
{
	struct ouro_put_result result;

	(void)state;
	test_vault_open(&test, NULL);
	test_person_make(&test, &bob);
	test_person_make(&test, &eve);
	result = test_put_random(&test, "secret", 700000, 1);
	memcpy(secret_file, result.content, OURO_ID_SIZE);
	result = test_put_random(&test, NULL, 5000, 2);
	memcpy(other_file, result.content, OURO_ID_SIZE);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	test_vault_close(&test);
	return 0;
}

static void
a_content_is_shared_once(void **state)
{
	struct ouro_share_result result;

	(void)state;
	result = test_share(&test, secret_file, &bob, false);
	assert_int_equal(result.grants, 1);
	assert_int_equal(result.there, 0);
	assert_in_range(result.bytes, 3000, 4500);
	result = test_share(&test, secret_file, &bob, false);
	assert_int_equal(result.grants, 0);
	assert_int_equal(result.there, 1);
	assert_int_equal(result.bytes, 0);
	result = test_share(&test, secret_file, &eve, false);
	assert_int_equal(result.grants, 1);
	assert_int_equal(test_grant_count(&test, NULL, NULL), 2);
	assert_int_equal(test_grant_count(&test, secret_file, NULL), 2);
	assert_int_equal(test_grant_count(&test, other_file, NULL), 0);
	assert_int_equal(test_grant_count(&test, NULL, bob.fingerprint), 1);
	test_vault_reopen(&test, NULL);
	assert_int_equal(test_grant_count(&test, NULL, NULL), 2);
}

static void
a_version_stands_for_its_content(void **state)
{
	struct ouro_target target;
	struct test_grants all = { .count = 0 };

	(void)state;
	test_ok(ouro_resolve(test.vault, "secret", &target, &test.err),
	    &test.err);
	assert_int_equal(target.kind, OURO_VERSION);
	test_share(&test, target.id, &bob, false);
	test_ok(ouro_grants(test.vault, target.id, NULL, test_grant_see, &all,
		    &test.err),
	    &test.err);
	assert_int_equal(all.count, 1);
	assert_memory_equal(all.list[0].content, secret_file, OURO_ID_SIZE);
}

static void
what_is_not_there_or_no_key_is_refused(void **state)
{
	uint8_t unknown[OURO_ID_SIZE] = { 9 };

	(void)state;
	assert_int_equal(ouro_share(test.vault, unknown, bob.text, NULL, NULL,
			     &test.err),
	    OURO_NOT_FOUND);
	bob.text[100] = bob.text[100] == 'A' ? 'B' : 'A';
	assert_int_equal(ouro_share(test.vault, secret_file, bob.text, NULL,
			     NULL, &test.err),
	    OURO_INVALID);
	assert_int_equal(test_grant_count(&test, NULL, NULL), 0);
	assert_int_equal(test_unshare(&test, secret_file, &eve, NULL, NULL),
	    OURO_NOT_FOUND);
	assert_int_equal(ouro_grants(test.vault, NULL, "12", test_grant_see,
			     NULL, &test.err),
	    OURO_INVALID);
	assert_int_equal(ouro_grants(test.vault, NULL, eve.fingerprint,
			     test_grant_see, NULL, &test.err),
	    OURO_NOT_FOUND);
}

/* A public key of the right size that no scheme takes. */
static void
a_key_that_nothing_can_be_wrapped_for_is_refused(void **state)
{
	uint8_t key[KEM_PUBLIC_SIZE];
	char text[PUBLIC_KEY_TEXT_SIZE];

	(void)state;
	memset(key, 0xff, sizeof(key));
	assert_int_equal(public_key_encode(key, text, NULL), OURO_OK);
	assert_int_equal(ouro_share(test.vault, secret_file, text, NULL, NULL,
			     &test.err),
	    OURO_INVALID);
	assert_int_equal(test_grant_count(&test, NULL, NULL), 0);
}

static void
a_grant_taken_back_is_gone(void **state)
{
	struct ouro_unshare_result result;
	char prefix[9];

	(void)state;
	test_share(&test, secret_file, &bob, false);
	test_share(&test, secret_file, &eve, false);
	memcpy(prefix, bob.fingerprint, 8);
	prefix[8] = '\0';
	test_ok(ouro_unshare(test.vault, secret_file, prefix, NULL, &result,
		    &test.err),
	    &test.err);
	assert_int_equal(result.grants, 1);
	assert_int_equal(result.chunks_resealed, 0);
	assert_int_equal(test_grant_count(&test, secret_file, NULL), 1);
	assert_int_equal(test_grant_count(&test, NULL, eve.fingerprint), 1);
	assert_int_equal(test_unshare(&test, secret_file, &bob, NULL, &result),
	    OURO_NOT_FOUND);
	test_vault_reopen(&test, NULL);
	assert_int_equal(test_grant_count(&test, NULL, NULL), 1);
	test_gc(&test);
	assert_int_equal(test_grant_count(&test, NULL, NULL), 1);
}

/* ---- trees ------------------------------------------------------------------- */

static void
put_child(const uint8_t parent[OURO_ID_SIZE], const char *text,
    uint8_t id[OURO_ID_SIZE])
{
	struct ouro_put_options options = { .parent = parent };
	struct ouro_put_result result;

	result = test_put(&test, &options, bytes_text(text));
	memcpy(id, result.content, OURO_ID_SIZE);
}

static void
a_tree_is_shared_with_what_is_below(void **state)
{
	struct ouro_unshare_options options = { .size = sizeof(options),
		.tree = true };
	struct ouro_unshare_result taken;
	struct ouro_share_result result;
	uint8_t child[OURO_ID_SIZE], below[OURO_ID_SIZE];

	(void)state;
	put_child(other_file, "child", child);
	put_child(child, "grandchild", below);
	put_child(other_file, "second child", below);
	result = test_share(&test, other_file, &bob, false);
	assert_int_equal(result.grants, 1);
	result = test_share(&test, other_file, &bob, true);
	assert_int_equal(result.grants, 3);
	assert_int_equal(result.there, 1);
	result = test_share(&test, child, &eve, true);
	assert_int_equal(result.grants, 2);
	test_ok(test_unshare(&test, other_file, &bob, NULL, &taken), &test.err);
	assert_int_equal(taken.grants, 1);
	test_ok(test_unshare(&test, other_file, &bob, &options, &taken),
	    &test.err);
	assert_int_equal(taken.grants, 3);
	assert_int_equal(test_grant_count(&test, NULL, NULL), 2);
	test_ok(test_unshare(&test, other_file, &eve, &options, &taken),
	    &test.err);
	assert_int_equal(taken.grants, 2);
}

static void
many_children_are_many_grants(void **state)
{
	struct ouro_unshare_options options = { .size = sizeof(options),
		.tree = true };
	struct ouro_unshare_result taken;
	uint8_t id[OURO_ID_SIZE];
	char text[16];

	(void)state;
	for (int i = 0; i < 3 * GRANT_COMMIT_MAX; i++) {
		snprintf(text, sizeof(text), "child %d", i);
		put_child(other_file, text, id);
	}
	assert_int_equal(test_share(&test, other_file, &bob, true).grants,
	    3 * GRANT_COMMIT_MAX + 1);
	assert_int_equal(test_share(&test, other_file, &bob, true).there,
	    3 * GRANT_COMMIT_MAX + 1);
	test_ok(test_unshare(&test, other_file, &bob, &options, &taken),
	    &test.err);
	assert_int_equal(taken.grants, 3 * GRANT_COMMIT_MAX + 1);
}

/* ---- what a grant is not --------------------------------------------------------- */

static bool
count_listed(void)
{
	struct ouro_list_options options = { .size = sizeof(options) };
	struct ouro_list *list;
	struct ouro_info info;
	bool found = false;

	test_ok(ouro_list_open(test.vault, &options, &list, &test.err),
	    &test.err);
	while (ouro_list_next(list, &info, NULL) == OURO_OK) {
		found = found || strcmp(info.namespace_, "sys") == 0;
		ouro_info_release(&info);
	}
	ouro_list_close(list);
	return found;
}

static void
a_grant_keeps_nothing_and_is_not_listed(void **state)
{
	struct test_findings *found = malloc(sizeof(*found));
	struct ouro_gc_result collected;

	(void)state;
	assert_non_null(found);
	test_share(&test, secret_file, &bob, false);
	assert_false(count_listed());
	test_is_clean(&test, found);
	test_ok(test_remove(&test, "secret", false, NULL, NULL), &test.err);
	assert_int_equal(test_exists(&test, secret_file), OURO_NOT_FOUND);
	collected = test_gc(&test);
	assert_true(collected.chunks >= 1);
	test_is_clean(&test, found);
	/* It is still listed, so that somebody can take it back. */
	assert_int_equal(test_grant_count(&test, secret_file, NULL), 1);
	test_ok(test_unshare(&test, secret_file, &bob, NULL, NULL), &test.err);
	assert_int_equal(test_grant_count(&test, NULL, NULL), 0);
	free(found);
}

static void
K19_a_rebuild_gives_the_grants_again(void **state)
{
	struct ouro_care_options options = { .size = sizeof(options),
		.rebuild_index = true };
	struct ouro_care_result result;

	(void)state;
	test_share(&test, secret_file, &bob, false);
	test_share(&test, other_file, &eve, false);
	test_ok(test_unshare(&test, other_file, &eve, NULL, NULL), &test.err);
	test_ok(ouro_repair(test.vault, &options, &result, &test.err),
	    &test.err);
	assert_int_equal(test_grant_count(&test, NULL, NULL), 1);
	assert_int_equal(test_grant_count(&test, secret_file, NULL), 1);
}

/* ---- forged ---------------------------------------------------------------------- */

/* Somebody who may write names, but has no key, puts a content there. */
static void
forge(const struct grant_name *name, struct bytes data)
{
	struct ouro_put_result put;
	char path[GRANT_PATH_SIZE];
	struct commit_version version = { .namespace_ = GRANT_NAMESPACE,
		.path = path,
		.owner = "eve",
		.group = "",
		.mode = 0xf00 };
	struct commit_change change = { .versions = &version,
		.version_count = 1 };

	put = test_put(&test, NULL, data);
	memcpy(version.target, put.content, HASH_SIZE);
	grant_path(name, path);
	test_ok(commit(test.vault, &change, &test.err), &test.err);
}

static void
name_of(const uint8_t content[HASH_SIZE], const struct test_person *person,
    struct grant_name *out)
{
	memcpy(out->content, content, HASH_SIZE);
	memcpy(out->fingerprint, person->fingerprint, sizeof(out->fingerprint));
}

static void
a_forged_grant_does_not_count(void **state)
{
	static const uint8_t guessed[KEY_SIZE];
	struct grant grant = { .epoch = 1 };
	struct buffer encoded = { 0 };
	struct grant_name name;

	(void)state;
	memcpy(grant.content, secret_file, HASH_SIZE);
	memcpy(grant.public_key, eve.key.public_key, KEM_PUBLIC_SIZE);
	test_ok(grant_seal(guessed, &grant, &test.err), &test.err);
	test_ok(grant_encode(&grant, &encoded, &test.err), &test.err);
	name_of(secret_file, &eve, &name);
	forge(&name, buffer_bytes(&encoded));
	assert_int_equal(grant_find(test.vault, &name, &grant, &test.err),
	    OURO_DAMAGED);
	assert_int_equal(test_grant_count(&test, NULL, NULL), 0);
	forge(&name, bytes_text("no grant at all"));
	assert_int_equal(test_grant_count(&test, NULL, NULL), 0);
	/* It can be taken away all the same, and replaced by a good one. */
	test_share(&test, secret_file, &eve, false);
	assert_int_equal(test_grant_count(&test, NULL, NULL), 1);
	forge(&name, bytes_text("over the good one"));
	test_ok(test_unshare(&test, secret_file, &eve, NULL, NULL), &test.err);
	assert_int_equal(test_grant_count(&test, NULL, NULL), 0);
	buffer_release(&encoded);
}

static void
a_grant_counts_under_its_own_name_only(void **state)
{
	struct buffer encoded = { 0 };
	struct grant_name name;
	struct grant grant;

	(void)state;
	test_share(&test, other_file, &eve, false);
	name_of(other_file, &eve, &name);
	test_ok(grant_find(test.vault, &name, &grant, &test.err), &test.err);
	test_ok(grant_encode(&grant, &encoded, &test.err), &test.err);
	name_of(secret_file, &eve, &name);
	forge(&name, buffer_bytes(&encoded));
	assert_int_equal(grant_find(test.vault, &name, &grant, &test.err),
	    OURO_DAMAGED);
	name_of(other_file, &bob, &name);
	forge(&name, buffer_bytes(&encoded));
	assert_int_equal(grant_find(test.vault, &name, &grant, &test.err),
	    OURO_DAMAGED);
	assert_int_equal(test_grant_count(&test, NULL, NULL), 1);
	buffer_release(&encoded);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_content_is_shared_once),
		CASE(a_version_stands_for_its_content),
		CASE(what_is_not_there_or_no_key_is_refused),
		CASE(a_key_that_nothing_can_be_wrapped_for_is_refused),
		CASE(a_grant_taken_back_is_gone),
		CASE(a_tree_is_shared_with_what_is_below),
		CASE(many_children_are_many_grants),
		CASE(a_grant_keeps_nothing_and_is_not_listed),
		CASE(K19_a_rebuild_gives_the_grants_again),
		CASE(a_forged_grant_does_not_count),
		CASE(a_grant_counts_under_its_own_name_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
