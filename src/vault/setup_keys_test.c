#include "vault/test_setup.h"

#define KEY	"/shared.key"
#define KEYRING TEST_DIR "/keyring"

/* ---- a file system with a stranger in it ----------------------------------- */

static struct fs_ops ops;
static const struct fs_ops *below;

static struct fs_ops *
ops_of(struct fs *fs)
{
	below = fs->ops;
	ops = *below;
	fs->ops = &ops;
	return &ops;
}

static struct member_key others_key;

/* Another process makes the same key file just before us. */
static enum ouro_status
rename_second(struct fs *fs, const char *from, const char *to,
    struct ouro_error *err)
{
	if (strcmp(to, KEY) == 0) {
		fs->ops = below;
		test_ok(member_key_new(fs, &others_key, err), err);
		test_ok(member_key_create(fs, KEY, &others_key, NULL, err),
		    err);
	}
	return below->rename_new(fs, from, to, err);
}

static enum ouro_status
open_denied(struct fs *fs, const char *path, unsigned flags,
    struct fs_file **out, struct ouro_error *err)
{
	if (strcmp(path, KEY) == 0)
		return error_errno(err, EACCES, "cannot open %s", path);
	return below->open(fs, path, flags, out, err);
}

static enum ouro_status
stat_denied(struct fs *fs, const char *path, struct fs_info *info,
    struct ouro_error *err)
{
	if (strcmp(path, KEY) == 0)
		return error_errno(err, EACCES, "cannot stat %s", path);
	return below->stat(fs, path, info, err);
}

static enum ouro_status
stat_open_to_others(struct fs *fs, const char *path, struct fs_info *info,
    struct ouro_error *err)
{
	enum ouro_status status = below->stat(fs, path, info, err);

	info->mode = 0644;
	return status;
}

/* ---- helpers ----------------------------------------------------------------- */

static const struct ouro_vault_options shared = { .size = sizeof(shared),
	.key_file = KEY };

/* ---- the first use of a key file ---------------------------------------------- */

/* Two stores made at once with one key: both use the one that was first. */
static void
first_use_never_replaces_a_key_file(void **state)
{
	struct test_vault test;
	struct member_key read;

	(void)state;
	world_new(&test);
	ops_of(test.fs)->rename_new = rename_second;
	test_ok(try_open(&test, &shared), &test.err);
	test_ok(member_key_read(test.fs, KEY, NULL, &read, &test.err),
	    &test.err);
	assert_memory_equal(&read, &others_key, sizeof(read));
	assert_memory_equal(&test.vault->member, &others_key, sizeof(read));
	test_ok(try_open(&test, &shared), &test.err);
	test_vault_close(&test);
}

static void
a_key_file_that_cannot_be_read_is_there(void **state)
{
	struct test_vault test;
	struct member_key key, read;

	(void)state;
	world_new(&test);
	test_ok(member_key_new(test.fs, &key, &test.err), &test.err);
	test_ok(member_key_create(test.fs, KEY, &key, NULL, &test.err),
	    &test.err);
	ops_of(test.fs)->open = open_denied;
	ops.stat = stat_denied;
	assert_int_equal(try_open(&test, &shared), OURO_IO);
	test.fs->ops = below;
	test_ok(member_key_read(test.fs, KEY, NULL, &read, &test.err),
	    &test.err);
	assert_memory_equal(&read, &key, sizeof(read));
	test_vault_close(&test);
}

static void
a_key_file_open_to_others_is_told(void **state)
{
	struct ouro_vault_options options = { .size = sizeof(options),
		.log = count_warnings };
	struct test_vault test;

	(void)state;
	test_vault_open(&test, NULL);
	warnings = 0;
	test_vault_reopen(&test, &options);
	assert_int_equal(warnings, 0);
	ops_of(test.fs)->stat = stat_open_to_others;
	test_vault_reopen(&test, &options);
	assert_int_equal(warnings, 1);
	assert_non_null(strstr(warned, "member.key"));
	assert_non_null(strstr(warned, "644"));
	test.fs->ops = below;
	test_vault_close(&test);
}

static void
leftovers_of_small_files_are_removed(void **state)
{
	static const char *const left[] = {
		TEST_DIR "/keyring.0123456789abcdef.tmp",
		TEST_DIR "/member.key.fedcba9876543210.tmp",
	};
	static const char *const kept[] = { TEST_DIR "/notes.tmp",
		TEST_DIR "/keyring.0123456789abcdef.tmp.mine" };
	struct ouro_vault_options reading = { .size = sizeof(reading),
		.read_only = true };
	struct test_vault test;
	struct fs_info info;

	(void)state;
	test_vault_open(&test, NULL);
	for (int i = 0; i < 2; i++) {
		test_ok(fs_write_file(test.fs, left[i], bytes_text("x"), NULL),
		    &test.err);
		test_ok(fs_write_file(test.fs, kept[i], bytes_text("x"), NULL),
		    &test.err);
	}
	test_vault_reopen(&test, &reading);
	for (int i = 0; i < 2; i++)
		assert_int_equal(fs_stat(test.fs, left[i], &info, NULL),
		    OURO_OK);
	test_vault_reopen(&test, NULL);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(fs_stat(test.fs, left[i], &info, NULL),
		    OURO_NOT_FOUND);
		assert_int_equal(fs_stat(test.fs, kept[i], &info, NULL),
		    OURO_OK);
	}
	test_vault_close(&test);
}

/* ---- keyrings put back -------------------------------------------------------- */

static void
keyring_put_back(struct test_vault *test, const struct buffer *old, bool first,
    bool copy)
{
	ouro_vault_close(test->vault);
	test->vault = NULL;
	if (first)
		file_put(test->fs, KEYRING, old);
	if (copy)
		file_put(test->fs, KEYRING ".copy", old);
}

static void
an_older_keyring_alone_is_refused(void **state)
{
	struct ouro_vault_options reading = { .size = sizeof(reading),
		.read_only = true };
	struct buffer old = { 0 }, new = { 0 };
	struct ouro_put_result result;
	struct test_vault test;

	(void)state;
	test_vault_open(&test, NULL);
	file_take(test.fs, KEYRING, &old);
	test_ok(ouro_keys_rotate(test.vault, &test.err), &test.err);
	file_take(test.fs, KEYRING, &new);
	result = test_put_text(&test, "a", "sealed under epoch 2");
	keyring_put_back(&test, &old, true, true);
	assert_int_equal(try_open(&test, NULL), OURO_DAMAGED);
	assert_says(&test, "older than its data (epoch 1, data knows 2)");
	assert_int_equal(try_open(&test, &reading), OURO_DAMAGED);
	keyring_put_back(&test, &new, true, true);
	test_vault_reopen(&test, NULL);
	test_reads(&test, result.content, bytes_text("sealed under epoch 2"));
	buffer_release(&old);
	buffer_release(&new);
	test_vault_close(&test);
}

/* The newer of the two is used, and the older not copied over it. */
static void
one_older_keyring_is_healed(void **state)
{
	struct buffer old = { 0 }, new = { 0 }, now = { 0 };
	struct test_vault test;

	(void)state;
	test_vault_open(&test, NULL);
	file_take(test.fs, KEYRING, &old);
	test_ok(ouro_keys_rotate(test.vault, &test.err), &test.err);
	file_take(test.fs, KEYRING, &new);
	for (int i = 0; i < 2; i++) {
		keyring_put_back(&test, &old, i == 0, i == 1);
		test_vault_reopen(&test, NULL);
		assert_int_equal(ouro_keys_epoch(test.vault, NULL), 2);
		file_take(test.fs, i == 0 ? KEYRING : KEYRING ".copy", &now);
		assert_true(
		    bytes_equal(buffer_bytes(&now), buffer_bytes(&new)));
	}
	buffer_release(&old);
	buffer_release(&new);
	buffer_release(&now);
	test_vault_close(&test);
}

static enum ouro_status
path_remove(void *context, const char *name, struct ouro_error *err)
{
	struct test_vault *test = context;
	char path[FS_PATH_MAX];

	test_ok(fs_join(path, TEST_DIR "/records", name, err), err);
	return fs_unlink(test->fs, path, err);
}

/* A rebuilt index knows it still, and records that were lost and came back
 * from their copies. */
static void
the_noted_epoch_outlives_the_index(void **state)
{
	struct buffer old = { 0 };
	struct test_vault test;

	(void)state;
	test_vault_open(&test, NULL);
	file_take(test.fs, KEYRING, &old);
	test_put_text(&test, "a", "text");
	test_ok(ouro_keys_rotate(test.vault, &test.err), &test.err);
	test_put_text(&test, "b", "more");
	test_ok(rebuild_index(test.vault, &test.err), &test.err);
	keyring_put_back(&test, &old, true, true);
	assert_int_equal(try_open(&test, NULL), OURO_DAMAGED);
	test_ok(fs_list(test.fs, TEST_DIR "/records", path_remove, &test,
		    &test.err),
	    &test.err);
	assert_int_equal(try_open(&test, NULL), OURO_DAMAGED);
	assert_says(&test, "older than its data");
	buffer_release(&old);
	test_vault_close(&test);
}

static void
an_unknown_epoch_is_a_wrong_key(void **state)
{
	uint8_t key[KEY_SIZE];
	struct test_vault test;

	(void)state;
	test_vault_open(&test, NULL);
	assert_int_equal(vault_epoch_key(test.vault, 7, key, NULL, &test.err),
	    OURO_WRONG_KEY);
	assert_says(&test, "epoch 7 is not in the keyring");
	test_vault_close(&test);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_use_never_replaces_a_key_file),
		cmocka_unit_test(a_key_file_that_cannot_be_read_is_there),
		cmocka_unit_test(a_key_file_open_to_others_is_told),
		cmocka_unit_test(leftovers_of_small_files_are_removed),
		cmocka_unit_test(an_older_keyring_alone_is_refused),
		cmocka_unit_test(one_older_keyring_is_healed),
		cmocka_unit_test(the_noted_epoch_outlives_the_index),
		cmocka_unit_test(an_unknown_epoch_is_a_wrong_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
