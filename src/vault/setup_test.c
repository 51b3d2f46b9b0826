/* Making and opening a store that others have their hands on. */
#include "vault/test_vault.h"

#include <errno.h>
#include <stdio.h>

#include "base/error.h"
#include "base/fs_ops.h"
#include "seal/canonical.h"
#include "seal/derive.h"
#include "vault/chunk.h"
#include "vault/rebuild.h"
#include "vault/store_file.h"

#define KEY	"/shared.key"
#define KEYRING TEST_DIR "/keyring"
#define STORE	TEST_DIR "/OUROBOROS"

/* ---- a file system with a stranger in it ----------------------------------- */

static struct fs_ops ops;
static const struct fs_ops *below;
static unsigned warnings;
static char warned[512];

static void
count_warnings(void *context, enum ouro_log_level level, const char *text)
{
	(void)context;
	if (level < OURO_LOG_WARNING)
		return;
	warnings++;
	snprintf(warned, sizeof(warned), "%s", text);
}

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

static void
world_new(struct test_vault *test)
{
	*test = (struct test_vault){ .fs = fs_memory_new(7) };
	test_ok(executor_open_manual(7, test->fs, &test->executor, &test->err),
	    &test->err);
}

static enum ouro_status
try_open(struct test_vault *test, const struct ouro_vault_options *options)
{
	ouro_vault_close(test->vault);
	test->vault = NULL;
	test->err = (struct ouro_error){ 0 };
	return vault_open(TEST_DIR, options, test->fs, test->executor,
	    &test->vault, &test->err);
}

static void
file_take(struct fs *fs, const char *path, struct buffer *out)
{
	struct ouro_error err;

	out->size = 0;
	test_ok(fs_read_file(fs, path, 1 << 20, out, &err), &err);
}

static void
file_put(struct fs *fs, const char *path, const struct buffer *content)
{
	struct ouro_error err;

	test_ok(fs_write_file(fs, path, buffer_bytes(content), &err), &err);
}

static void
assert_says(const struct test_vault *test, const char *text)
{
	if (strstr(test->err.text, text) == NULL)
		fail_msg("\"%s\" is not in: %s", text, test->err.text);
}

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

/* ---- store files of strangers --------------------------------------------------- */

typedef void store_change(Ouro__StoreFile *store);

static char elsewhere[] = "/home/user/00", above[] = "../lanes/00";
static char second[] = "lanes/01", escape[] = "n\x1b[2J", place[] = "/home";

static void
lane_elsewhere(Ouro__StoreFile *store)
{
	store->lanes[0]->path = elsewhere;
}

static void
lane_above(Ouro__StoreFile *store)
{
	store->lanes[0]->path = above;
}

static void
lane_of_another(Ouro__StoreFile *store)
{
	store->lanes[0]->path = second;
}

static void
node_with_control(Ouro__StoreFile *store)
{
	store->node = escape;
}

static void
less_parity(Ouro__StoreFile *store)
{
	store->m = 0;
}

static void
another_data_path(Ouro__StoreFile *store)
{
	static char *places[] = { place };

	store->data_paths = places;
	store->n_data_paths = 1;
}

static void
no_mac(Ouro__StoreFile *store)
{
	store->mac.len = 0;
}

/* The store file as somebody without a key would change it: the frame's hash
 * fits. by_member: with an authentication code that fits too. */
static void
store_forge(struct test_vault *test, store_change *change, bool by_member,
    struct buffer *out)
{
	Ouro__StoreFile store = *test->vault->store;
	Ouro__Lane lane = *store.lanes[0], *lanes[LANES_MAX];
	struct buffer packed = { 0 };
	uint8_t mac[HASH_SIZE];
	struct fs *fs = fs_memory_new(1);

	memcpy(lanes, store.lanes, store.n_lanes * sizeof(*lanes));
	lanes[0] = &lane;
	store.lanes = lanes;
	change(&store);
	if (by_member) {
		store.mac.len = 0;
		test_ok(canonical_pack(&store.base, &packed, &test->err),
		    &test->err);
		struct bytes part = buffer_bytes(&packed);
		test_ok(mac_compute(test->vault->store_mac, &part, 1, mac,
			    &test->err),
		    &test->err);
		store.mac = (ProtobufCBinaryData){ HASH_SIZE, mac };
		packed.size = 0;
	}
	test_ok(canonical_pack(&store.base, &packed, &test->err), &test->err);
	test_ok(store_file_write(fs, "/", STORE_FILE_STORE,
		    buffer_bytes(&packed), &test->err),
	    &test->err);
	file_take(fs, "/OUROBOROS", out);
	buffer_release(&packed);
	fs_memory_free(fs);
}

static store_change *const changes[] = { lane_elsewhere, lane_above,
	lane_of_another, node_with_control, less_parity, another_data_path,
	no_mac };

#define CHANGES (sizeof(changes) / sizeof(*changes))

static void
a_forged_store_file_is_not_obeyed(void **state)
{
	struct buffer good = { 0 }, bad = { 0 }, now = { 0 };
	struct test_vault test;

	(void)state;
	test_vault_open(&test, NULL);
	for (size_t i = 0; i < CHANGES; i++) {
		/* From the file as it was read, whose mac is in memory. */
		test_vault_reopen(&test, NULL);
		file_take(test.fs, STORE, &good);
		store_forge(&test, changes[i], false, &bad);
		ouro_vault_close(test.vault);
		test.vault = NULL;
		file_put(test.fs, STORE, &bad);
		test_vault_reopen(&test, NULL);
		file_take(test.fs, STORE, &now);
		assert_true(
		    bytes_equal(buffer_bytes(&now), buffer_bytes(&good)));
		ouro_vault_close(test.vault);
		test.vault = NULL;
		file_put(test.fs, STORE, &bad);
		file_put(test.fs, STORE ".copy", &bad);
		assert_int_equal(try_open(&test, NULL), OURO_DAMAGED);
		assert_says(&test, "OUROBOROS");
		file_put(test.fs, STORE, &good);
	}
	test_vault_reopen(&test, NULL);
	buffer_release(&good);
	buffer_release(&bad);
	buffer_release(&now);
	test_vault_close(&test);
}

/* Paths are checked also where the code fits. */
static void
lanes_lie_where_lanes_lie(void **state)
{
	struct buffer bad = { 0 };
	struct test_vault test;

	(void)state;
	test_vault_open(&test, NULL);
	test_vault_reopen(&test, NULL);
	for (size_t i = 0; i < 4; i++) {
		test_vault_reopen(&test, NULL);
		store_forge(&test, changes[i], true, &bad);
		ouro_vault_close(test.vault);
		test.vault = NULL;
		file_put(test.fs, STORE, &bad);
		test_vault_reopen(&test, NULL);
		assert_string_equal(test.vault->store->lanes[0]->path,
		    "lanes/00");
		assert_false(strcmp(test.vault->node, escape) == 0);
	}
	store_forge(&test, less_parity, true, &bad);
	ouro_vault_close(test.vault);
	test.vault = NULL;
	file_put(test.fs, STORE, &bad);
	test_vault_reopen(&test, NULL);
	assert_int_equal(test.vault->m, 0);
	buffer_release(&bad);
	test_vault_close(&test);
}

/* They are what they were when the store was made, whatever is asked later. */
static void
data_paths_stay_as_they_were_made(void **state)
{
	static const char *const paths[] = { "/one", "/two" };
	static const char *const others[] = { "/three" };
	struct ouro_vault_options options = { .size = sizeof(options),
		.data_paths = paths,
		.data_path_count = 2 };
	struct test_vault test;

	(void)state;
	test_vault_open(&test, NULL);
	assert_null(ouro_vault_data_path(test.vault, 0));
	test_vault_close(&test);
	test_vault_open(&test, &options);
	options.data_paths = others;
	options.data_path_count = 1;
	for (int i = 0; i < 3; i++) {
		assert_string_equal(ouro_vault_data_path(test.vault, 0),
		    "/one");
		assert_string_equal(ouro_vault_data_path(test.vault, 1),
		    "/two");
		assert_null(ouro_vault_data_path(test.vault, 2));
		assert_null(ouro_vault_data_path(test.vault, 7));
		assert_memory_equal(lane_path(test.vault, 1), "/one/", 5);
		assert_memory_equal(lane_path(test.vault, 2), "/two/", 5);
		test_vault_reopen(&test, i == 0 ? NULL : &options);
	}
	test_vault_close(&test);
}

static void
labels_have_no_control_characters(void **state)
{
	static const char *const unfit[] = { "a\nb", "a\xc2\x9b[2J", "\xff" };
	struct ouro_vault_options options = { .size = sizeof(options) };
	struct test_vault test;

	(void)state;
	world_new(&test);
	for (size_t i = 0; i < sizeof(unfit) / sizeof(*unfit); i++) {
		options.node = unfit[i];
		assert_int_equal(try_open(&test, &options), OURO_INVALID);
	}
	options.node = "k\xc3\xbc"
		       "che";
	test_ok(try_open(&test, &options), &test.err);
	ouro_vault_close(test.vault);
	test.vault = NULL;
	/* Nor does a store file that is made anew for an old keyring. */
	test_ok(fs_unlink(test.fs, STORE, &test.err), &test.err);
	test_ok(fs_unlink(test.fs, STORE ".copy", &test.err), &test.err);
	options.node = unfit[0];
	assert_int_equal(try_open(&test, &options), OURO_INVALID);
	test_vault_close(&test);
}

/* ---- lanes of strangers --------------------------------------------------------- */

/* Any number of stripes can be written into lanes, which nothing vouches
 * for; as many as a chunk may have are looked at. */
static void
a_chunk_has_few_stripes(void **state)
{
	struct ouro_vault_options options = { .size = sizeof(options),
		.k = 1,
		.no_parity = true,
		.log = count_warnings };
	struct test_vault test;
	uint8_t id[HASH_SIZE], *data = test_bytes(10000, 3);
	Ouro__ChunkRow *row = NULL;
	struct row_key key;

	(void)state;
	test_vault_open(&test, &options);
	test_ok(record_chunk_id(test.vault, bytes_of(data, 10000), id,
		    &test.err),
	    &test.err);
	key = row_id(ROW_CHUNK, id, HASH_SIZE);
	for (int i = 0; i < 70; i++) {
		struct engine_op op = { .kind = ENGINE_DELETE,
			.key = row_bytes(&key) };

		test_put_random(&test, NULL, 10000, 3);
		test_ok(engine_apply(test.vault->records, &op, 1,
			    ENGINE_SYNC_NEVER, &test.err),
		    &test.err);
	}
	warnings = 0;
	test_ok(chunk_discover(test.vault, id, &row, &test.err), &test.err);
	assert_int_equal(row->n_stripes, 64);
	assert_int_equal(warnings, 1);
	assert_non_null(strstr(warned, "64 stripes"));
	canonical_free(&row->base);
	free(data);
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
		cmocka_unit_test(a_forged_store_file_is_not_obeyed),
		cmocka_unit_test(lanes_lie_where_lanes_lie),
		cmocka_unit_test(data_paths_stay_as_they_were_made),
		cmocka_unit_test(labels_have_no_control_characters),
		cmocka_unit_test(a_chunk_has_few_stripes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
