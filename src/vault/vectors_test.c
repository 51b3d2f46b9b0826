#include "vault/test_vectors.h"

static const uint8_t meta[] = "{\"fileName\":\"snake\"}";

#define SNAKE_SIZE (sizeof(snake) - 1)
#define META_SIZE  (sizeof(meta) - 1)

/* ---- a vault of keys alone ------------------------------------------------- */

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
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
