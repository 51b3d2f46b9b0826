#include "vault/test_setup.h"

#define STORE TEST_DIR "/OUROBOROS"

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
		cmocka_unit_test(a_forged_store_file_is_not_obeyed),
		cmocka_unit_test(lanes_lie_where_lanes_lie),
		cmocka_unit_test(data_paths_stay_as_they_were_made),
		cmocka_unit_test(labels_have_no_control_characters),
		cmocka_unit_test(a_chunk_has_few_stripes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
