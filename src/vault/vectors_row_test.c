#include "vault/test_vectors.h"

/* ---- rows and files --------------------------------------------------------------- */

static void
rows_of_the_records(void **state)
{
	struct name_version version = { .joined = 1000,
		.stamp = STAMP,
		.expires_ms = EXPIRES };
	uint8_t page[HASH_SIZE], content[HASH_SIZE], tree[HASH_SIZE];
	uint8_t incarnation[INCARNATION_SIZE];
	struct version_list heads = { &version, 1, 1 };
	struct buffer row = { 0 };
	struct row_key key;

	(void)state;
	vector_id("ref_id", version.id);
	vector_id("content_id", content);
	vector_id("page_id", page);
	vector_id("tree_id", tree);
	memcpy(version.target, content, HASH_SIZE);
	fill(0xb0, version.uuid, 16);
	fill(0xa0, incarnation, INCARNATION_SIZE);
	key = row_version("blobs", "snake/tail", STAMP, version.id);
	assert_vector("row_name", row_bytes(&key));
	key = row_name(ROW_HEADS, "blobs", "snake/tail");
	assert_vector("row_heads", row_bytes(&key));
	assert_int_equal(name_row_encode(&heads, 2, &row, NULL), OURO_OK);
	assert_vector("row_heads_value", buffer_bytes(&row));
	key = row_expiry(EXPIRES, version.id);
	assert_vector("row_expiry", row_bytes(&key));
	key = row_pair(ROW_USE, page, tree);
	assert_vector("row_use", row_bytes(&key));
	key = row_pair(ROW_CHILD, content, tree);
	assert_vector("row_child", row_bytes(&key));
	key = row_id(ROW_CONTEXT, incarnation, INCARNATION_SIZE);
	assert_vector("row_context", row_bytes(&key));
	buffer_release(&row);
}

static void
row_and_key_of_slices(void **state)
{
	static uint8_t lanes[3] = { 0, 1, 2 }, bad[1] = { 1 };
	static uint8_t stripe_id[STRIPE_ID_SIZE] = { 0x50, 0xd6, 0x9b, 0xaa,
		0xa0, 0xc4, 0xbe, 0x8a, 0x95, 0xb8, 0xf2, 0xd9, 0x33, 0x4b,
		0x2c, 0x15 };
	Ouro__StripeRow stripe = OURO__STRIPE_ROW__INIT, *list[1] = { &stripe };
	Ouro__ChunkRow row = OURO__CHUNK_ROW__INIT;
	struct buffer packed = { 0 };
	struct slice_key key;
	uint8_t id[HASH_SIZE];

	(void)state;
	fill(0x20, id, HASH_SIZE);
	key = slice_key(id, stripe_id, 2);
	assert_vector("slice_key", bytes_of(key.data, sizeof(key.data)));
	stripe.stripe_id.data = stripe_id;
	stripe.stripe_id.len = STRIPE_ID_SIZE;
	stripe.k = 2;
	stripe.epoch = 1;
	stripe.slice_size = 18;
	stripe.lanes.data = lanes;
	stripe.lanes.len = 3;
	stripe.bad.data = bad;
	stripe.bad.len = 1;
	row.touched = STAMP;
	row.stripes = list;
	row.n_stripes = 1;
	assert_int_equal(canonical_pack(&row.base, &packed, NULL), OURO_OK);
	assert_vector("chunk_row", buffer_bytes(&packed));
	buffer_release(&packed);
}

static void
store_file_and_its_frame(void **state)
{
	Ouro__StoreFile store = OURO__STORE_FILE__INIT;
	Ouro__Lane lane[2] = { OURO__LANE__INIT, OURO__LANE__INIT };
	Ouro__Lane *list[2] = { &lane[0], &lane[1] };
	struct buffer content = { 0 }, frame = { 0 };
	struct fs *fs = fs_memory_new(1);
	uint8_t vault_id[VAULT_ID_SIZE], mac_key[KEY_SIZE];

	(void)state;
	fill(0xa0, vault_id, sizeof(vault_id));
	store.version = 1;
	store.vault_id.data = vault_id;
	store.vault_id.len = VAULT_ID_SIZE;
	store.joined = STAMP;
	store.node = (char *)(uintptr_t) "node-a";
	store.segment_size = 64 << 20;
	store.k = 3;
	store.m = 2;
	store.level = 3;
	lane[0].path = (char *)(uintptr_t) "lanes/00";
	lane[1].path = (char *)(uintptr_t) "lanes/01";
	lane[1].number = 1;
	store.lanes = list;
	store.n_lanes = 2;
	assert_int_equal(derive_store_mac_key(keys[0].key, mac_key, NULL),
	    OURO_OK);
	assert_int_equal(mac_key_new(bytes_of(mac_key, KEY_SIZE),
			     &vault->store_mac, NULL),
	    OURO_OK);
	vault->fs = fs;
	vault->store = &store;
	strcpy(vault->dir, "/s");
	assert_int_equal(fs_mkdir(fs, "/s", NULL), OURO_OK);
	assert_int_equal(vault_store_write(vault, NULL), OURO_OK);
	assert_int_equal(store_file_read(fs, "/s", STORE_FILE_STORE, true, NULL,
			     &content, NULL),
	    OURO_OK);
	assert_vector("store_file", buffer_bytes(&content));
	assert_int_equal(fs_read_file(fs, "/s/OUROBOROS.copy", 4096, &frame,
			     NULL),
	    OURO_OK);
	assert_vector("store_frame", buffer_bytes(&frame));
	buffer_release(&frame);
	buffer_release(&content);
	mac_key_free(vault->store_mac);
	fs_memory_free(fs);
}

/* ---- the documentation ----------------------------------------------------------------- */

/* Every vector stands in FORMAT.md too, line by line. */
static void
documentation_shows_every_vector(void **state)
{
	const char *at = vectors_text;
	unsigned count = 0;

	(void)state;
	while ((at = strchr(at, '\n')) != NULL) {
		char name[64], *block;
		const char *found;
		size_t size;

		at++;
		if (*at < 'a' || *at > 'z')
			continue;
		assert_int_equal(sscanf(at, "%63[a-z_]", name), 1);
		found = vector_find(name, &size);
		assert_true(size > strlen(name) + 6);
		block = strndup(found, size);
		assert_non_null(block);
		if (strstr(format_text, block) == NULL)
			fail_msg("%s does not show %s", FORMAT, name);
		free(block);
		count++;
	}
	assert_true(count >= 30);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_of_the_records),
		cmocka_unit_test(row_and_key_of_slices),
		cmocka_unit_test(store_file_and_its_frame),
		cmocka_unit_test(documentation_shows_every_vector),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
