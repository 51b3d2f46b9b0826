/*
 * The values of docs/FORMAT.md: tests/vectors/vault.txt has them as names and
 * hex, computed by a program that shares no code with ours. Both files are
 * found from the directory the tests are run in, the root of the tree.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/fs_memory.h"
#include "seal/canonical.h"
#include "seal/derive.h"
#include "seal/keyring_store.h"
#include "vault/name.h"
#include "vault/store_file.h"
#include "vault/vault.h"

#define VECTORS "tests/vectors/vault.txt"
#define FORMAT	"docs/FORMAT.md"

static const uint8_t snake[] = "the snake that eats its tail";
static const uint8_t meta[] = "{\"fileName\":\"snake\"}";
#define SNAKE_SIZE (sizeof(snake) - 1)
#define META_SIZE  (sizeof(meta) - 1)
#define STAMP	   (UINT64_C(1700000000000) << 16)
#define EXPIRES	   UINT64_C(1800000000000)

/* ---- the file of vectors -------------------------------------------------- */

static char *vectors_text, *format_text;

static char *
text_read(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text;
	size_t size;

	if (file == NULL)
		fail_msg("%s: run this from the root of the tree", path);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	size = (size_t)ftell(file);
	rewind(file);
	text = malloc(size + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, size, file), size);
	text[size] = '\0';
	fclose(file);
	return text;
}

/* The lines of a vector, "name\n" and after it "    hex\n"...; size is that
 * of all of them. */
static const char *
vector_find(const char *name, size_t *size)
{
	char head[64];
	const char *at, *end;

	snprintf(head, sizeof(head), "\n%s\n    ", name);
	at = strstr(vectors_text, head);
	if (at == NULL)
		fail_msg("%s has no %s", VECTORS, name);
	end = strchr(at + 1, '\n') + 1;
	while (strncmp(end, "    ", 4) == 0)
		end = strchr(end, '\n') + 1;
	*size = (size_t)(end - at - 1);
	return at + 1;
}

static void
vector_bytes(const char *name, struct buffer *out)
{
	size_t size;
	const char *at = vector_find(name, &size) + strlen(name);
	const char *end = at + size - strlen(name);
	unsigned byte;

	out->size = 0;
	while (at < end) {
		uint8_t one;

		if (*at == ' ' || *at == '\n') {
			at++;
			continue;
		}
		assert_int_equal(sscanf(at, "%2x", &byte), 1);
		one = (uint8_t)byte;
		assert_int_equal(buffer_append(out, bytes_of(&one, 1), NULL),
		    OURO_OK);
		at += 2;
	}
	assert_true(out->size > 0);
}

static void
assert_vector(const char *name, struct bytes bytes)
{
	struct buffer expected = { 0 };

	vector_bytes(name, &expected);
	if (expected.size != bytes.size ||
	    memcmp(expected.data, bytes.data, bytes.size) != 0)
		fail_msg("%s: not what %s says", name, VECTORS);
	buffer_release(&expected);
}

static void
vector_id(const char *name, uint8_t id[HASH_SIZE])
{
	struct buffer bytes = { 0 };

	vector_bytes(name, &bytes);
	assert_int_equal(bytes.size, HASH_SIZE);
	memcpy(id, bytes.data, HASH_SIZE);
	buffer_release(&bytes);
}

/* ---- a vault of keys alone ------------------------------------------------- */

static struct keyring_key keys[2] = { { .created_ms = 1000 },
	{ .created_ms = 2000 } };
static struct keyring keyring = { .keys = keys, .key_count = 2 };
static struct ouro_vault *vault;

/* n bytes that count from first. */
static void
fill(uint8_t first, uint8_t *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(first + i);
}

static int
setup(void **state)
{
	(void)state;
	vectors_text = text_read(VECTORS);
	format_text = text_read(FORMAT);
	fill(0x00, keys[0].key, KEY_SIZE);
	fill(0x20, keys[1].key, KEY_SIZE);
	vault = calloc(1, sizeof(*vault));
	assert_non_null(vault);
	vault->keyring = &keyring;
	pthread_rwlock_init(&vault->keys_lock, NULL);
	assert_int_equal(mac_key_new(bytes_of(keys[0].key, KEY_SIZE),
			     &vault->mac, NULL),
	    OURO_OK);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	mac_key_free(vault->mac);
	pthread_rwlock_destroy(&vault->keys_lock);
	free(vault);
	free(vectors_text);
	free(format_text);
	return 0;
}

static void
assert_mac(const char *label, const char *of, const char *name)
{
	struct buffer data = { 0 };
	uint8_t id[HASH_SIZE];

	vector_bytes(of, &data);
	struct bytes parts[] = { bytes_text(label), buffer_bytes(&data) };
	assert_int_equal(mac_compute(vault->mac, parts, 2, id, NULL), OURO_OK);
	assert_vector(name, bytes_of(id, sizeof(id)));
	buffer_release(&data);
}

/* ---- ids and sealed records -------------------------------------------------- */

static void
ids_of_chunks(void **state)
{
	uint8_t id[HASH_SIZE];

	(void)state;
	assert_int_equal(record_chunk_id(vault, bytes_of(snake, SNAKE_SIZE), id,
			     NULL),
	    OURO_OK);
	assert_vector("chunk_id", bytes_of(id, sizeof(id)));
}

static void
page_of_two_chunks(void **state)
{
	struct tree_entry entries[2] = { { .epoch = 1, .size = 262144 },
		{ .epoch = 1, .size = 131072 } };
	struct page page = { .level = 1,
		.epoch = 1,
		.count = 2,
		.entries = entries },
		    read;
	struct buffer record = { 0 };
	uint8_t id[HASH_SIZE];

	(void)state;
	for (uint8_t i = 0; i < 2; i++) {
		fill((uint8_t)(0x40 + 0x20 * i), entries[i].id, HASH_SIZE);
		fill((uint8_t)(0x80 + 0x20 * i), entries[i].key, KEY_SIZE);
	}
	assert_int_equal(page_id(vault, &page, id, NULL), OURO_OK);
	assert_vector("page_id", bytes_of(id, sizeof(id)));
	assert_int_equal(page_encode(vault, &page, id, &record, NULL), OURO_OK);
	assert_vector("page_record", buffer_bytes(&record));
	assert_int_equal(page_decode(vault, id, buffer_bytes(&record), NULL,
			     &read, NULL),
	    OURO_OK);
	assert_int_equal(read.count, 2);
	assert_int_equal(read.entries[1].size, 131072);
	page_release(&read);
	buffer_release(&record);
}

static void
assert_content(struct content *content, const char *id_name,
    const char *record_name)
{
	struct buffer record = { 0 };
	struct content read;

	assert_int_equal(content_id(vault, content, content->id, NULL),
	    OURO_OK);
	assert_vector(id_name, bytes_of(content->id, HASH_SIZE));
	assert_int_equal(content_encode(vault, content, &record, NULL),
	    OURO_OK);
	assert_vector(record_name, buffer_bytes(&record));
	assert_int_equal(content_decode(vault, content->id,
			     buffer_bytes(&record), &read, NULL),
	    OURO_OK);
	assert_int_equal(read.data.size, content->data.size);
	assert_int_equal(read.chunks, content->chunks);
	content_release(&read);
	buffer_release(&record);
}

static void
content_inline(void **state)
{
	struct content content = { .k = 3,
		.epoch = 1,
		.type = bytes_text("text/plain"),
		.data = { .size = SNAKE_SIZE,
		    .inlined = bytes_of(snake, SNAKE_SIZE) },
		.meta = { .size = META_SIZE,
		    .inlined = bytes_of(meta, META_SIZE) } };

	(void)state;
	assert_content(&content, "content_id", "content_record");
	assert_mac("ouroboros content 1", "content_identity", "content_id");
}

static void
content_of_a_tree(void **state)
{
	struct content content = { .k = 3,
		.epoch = 1,
		.chunks = 2,
		.has_parent = true,
		.data = { .size = 393216,
		    .level = 1,
		    .root = { .epoch = 1, .size = 393216 } } };

	(void)state;
	vector_id("content_id", content.parent);
	vector_id("page_id", content.data.root.id);
	vector_id("page_key", content.data.root.key);
	assert_content(&content, "tree_id", "tree_record");
	assert_mac("ouroboros content 1", "tree_identity", "tree_id");
}

/* ---- refs ---------------------------------------------------------------------- */

struct ref_parts {
	uint8_t previous[HASH_SIZE], target[HASH_SIZE];
	uint8_t incarnation[INCARNATION_SIZE], uuid[16];
	ProtobufCBinaryData previous_list[1];
	Ouro__Dot dot, seen, *seen_list[1];
};

static Ouro__RefRecord
ref_make(struct ref_parts *parts, uint64_t number)
{
	Ouro__RefRecord ref = OURO__REF_RECORD__INIT;
	Ouro__Dot none = OURO__DOT__INIT;

	fill(0xa0, parts->incarnation, INCARNATION_SIZE);
	parts->dot = parts->seen = none;
	parts->dot.incarnation.data = parts->incarnation;
	parts->dot.incarnation.len = INCARNATION_SIZE;
	parts->dot.number = number;
	parts->seen = parts->dot;
	parts->seen.number = number - 1;
	parts->seen_list[0] = &parts->seen;
	parts->previous_list[0].data = parts->previous;
	parts->previous_list[0].len = HASH_SIZE;
	ref.version = 1;
	ref.namespace_ = (char *)(uintptr_t) "blobs";
	ref.path = (char *)(uintptr_t) "snake/tail";
	ref.previous = parts->previous_list;
	ref.n_previous = 1;
	ref.dot = &parts->dot;
	ref.seen = parts->seen_list;
	ref.n_seen = 1;
	ref.uuid.data = parts->uuid;
	ref.uuid.len = 16;
	ref.writer = (char *)(uintptr_t) "node-a";
	ref.joined = 1000;
	ref.owner = (char *)(uintptr_t) "local";
	ref.mode = 0xf00;
	return ref;
}

static void
assert_ref(const Ouro__RefRecord *ref, const char *record_name,
    const char *id_name)
{
	struct buffer record = { 0 };
	uint8_t id[HASH_SIZE];
	Ouro__RefRecord *read;

	assert_int_equal(ref_encode(vault, ref, &record, id, NULL), OURO_OK);
	assert_vector(record_name, buffer_bytes(&record));
	assert_vector(id_name, bytes_of(id, sizeof(id)));
	assert_int_equal(ref_decode(vault, id, buffer_bytes(&record), &read,
			     NULL),
	    OURO_OK);
	canonical_free(&read->base);
	buffer_release(&record);
}

static void
version_and_deletion(void **state)
{
	struct ref_parts parts;
	Ouro__RefRecord ref = ref_make(&parts, 2);

	(void)state;
	fill(0x40, parts.previous, HASH_SIZE);
	fill(0xb0, parts.uuid, 16);
	vector_id("content_id", parts.target);
	ref.target.data = parts.target;
	ref.target.len = HASH_SIZE;
	ref.stamp = STAMP;
	ref.expires = EXPIRES;
	assert_ref(&ref, "ref_record", "ref_id");

	ref = ref_make(&parts, 3);
	vector_id("ref_id", parts.previous);
	fill(0xc0, parts.uuid, 16);
	ref.stamp = STAMP + 1;
	assert_ref(&ref, "deletion_record", "deletion_id");
}

static void
context_of_one_incarnation(void **state)
{
	struct dot_span spans[2] = { { 5, 5 }, { 9, 12 } };
	struct context_entry entry = { .through = 3,
		.beyond = spans,
		.beyond_count = 2 };
	struct context read = { 0 };
	struct buffer packed = { 0 };

	(void)state;
	fill(0xa0, entry.incarnation, INCARNATION_SIZE);
	assert_int_equal(context_encode(&entry, &packed, NULL), OURO_OK);
	assert_vector("context_entry", buffer_bytes(&packed));
	assert_int_equal(context_decode(entry.incarnation,
			     buffer_bytes(&packed), &read, NULL),
	    OURO_OK);
	assert_int_equal(read.entries[0].beyond_count, 2);
	context_release(&read);
	buffer_release(&packed);
}

/* ---- rows and files --------------------------------------------------------------- */

static void
rows_of_the_records(void **state)
{
	struct name_version version = { .head = true,
		.joined = 1000,
		.stamp = STAMP,
		.expires_ms = EXPIRES };
	uint8_t page[HASH_SIZE], content[HASH_SIZE], tree[HASH_SIZE];
	uint8_t incarnation[INCARNATION_SIZE];
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
	assert_int_equal(name_row_encode(&version, &row, NULL), OURO_OK);
	assert_vector("row_name_value", buffer_bytes(&row));
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
		cmocka_unit_test(ids_of_chunks),
		cmocka_unit_test(page_of_two_chunks),
		cmocka_unit_test(content_inline),
		cmocka_unit_test(content_of_a_tree),
		cmocka_unit_test(version_and_deletion),
		cmocka_unit_test(context_of_one_incarnation),
		cmocka_unit_test(rows_of_the_records),
		cmocka_unit_test(row_and_key_of_slices),
		cmocka_unit_test(store_file_and_its_frame),
		cmocka_unit_test(documentation_shows_every_vector),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
