/* Bundles: what the recipient can read, what nobody else can, and what comes
 * of bundles that were changed, mixed or made by somebody hostile. */
#include "exchange/test_share.h"

#include "seal/compress.h"
#include "seal/derive.h"

#define BIG 700000

static struct test_vault test;
static struct test_person bob, eve;
static uint8_t secret_file[OURO_ID_SIZE], other_file[OURO_ID_SIZE];
static struct buffer file;
static struct ouro_bundle *bundle;

static int
setup(void **state)
{
	struct ouro_put_result result;

	(void)state;
	test_vault_open(&test, NULL);
	test_person_make(&test, &bob);
	test_person_make(&test, &eve);
	result = test_put_random(&test, "secret", BIG, 1);
	memcpy(secret_file, result.content, OURO_ID_SIZE);
	result = test_put_random(&test, NULL, 5000, 2);
	memcpy(other_file, result.content, OURO_ID_SIZE);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	ouro_bundle_close(bundle);
	bundle = NULL;
	buffer_release(&file);
	test_vault_close(&test);
	return 0;
}

static void
bundle_reopen(void)
{
	ouro_bundle_close(bundle);
	bundle = NULL;
	test_ok(test_bundle_open(&test, &bob, &bundle), &test.err);
}

static void
reads_random(const uint8_t id[OURO_ID_SIZE], size_t size, uint64_t seed)
{
	uint8_t *data = test_bytes(size, seed);

	test_bundle_reads(&test, bundle, id, bytes_of(data, size));
	free(data);
}

/* ---- reading -------------------------------------------------------------------- */

static void
what_is_granted_can_be_read_with_the_key_alone(void **state)
{
	(void)state;
	test_share(&test, secret_file, &bob, false);
	test_bundle_write(&test, NULL, &bob, &file);
	/* Nothing of the vault is left but the file. */
	ouro_vault_close(test.vault);
	test.vault = NULL;
	test_files_unlink(test.fs, TEST_DIR);
	bundle_reopen();
	reads_random(secret_file, BIG, 1);
	reads_random(secret_file, BIG, 1);
}

static void
contents_of_every_form(void **state)
{
	uint8_t *zeros = calloc(1, 3000000), *meta = test_bytes(200000, 9);
	struct ouro_put_options options = { .meta = meta,
		.meta_size = 200000,
		.type = "text/plain",
		.parent = secret_file };
	uint8_t ids[4][OURO_ID_SIZE];
	struct ouro_put_result put;

	(void)state;
	put = test_put_text(&test, "empty", "");
	memcpy(ids[0], put.content, OURO_ID_SIZE);
	put = test_put_text(&test, "inline", "a few bytes");
	memcpy(ids[1], put.content, OURO_ID_SIZE);
	put = test_put_named(&test, "zeros", zeros, 3000000);
	memcpy(ids[2], put.content, OURO_ID_SIZE);
	put = test_put(&test, &options, bytes_text("has meta"));
	memcpy(ids[3], put.content, OURO_ID_SIZE);
	for (size_t i = 0; i < 4; i++)
		test_share(&test, ids[i], &bob, false);
	test_share(&test, other_file, &bob, false);
	test_bundle_write(&test, NULL, &bob, &file);
	bundle_reopen();
	test_bundle_reads(&test, bundle, ids[0], bytes_text(""));
	test_bundle_reads(&test, bundle, ids[1], bytes_text("a few bytes"));
	test_bundle_reads(&test, bundle, ids[2], bytes_of(zeros, 3000000));
	test_bundle_reads(&test, bundle, ids[3], bytes_text("has meta"));
	reads_random(other_file, 5000, 2);
	free(zeros);
	free(meta);
}

struct seen {
	size_t count, with_meta, with_parent, bytes;
	size_t most;
};

static bool
item_see(void *context, const struct ouro_bundle_item *item)
{
	struct seen *seen = context;

	seen->count++;
	seen->bytes += item->bytes;
	if (item->meta_size == 200000) {
		uint8_t *meta = test_bytes(200000, 9);

		assert_memory_equal(item->meta, meta, 200000);
		assert_string_equal(item->type, "text/plain");
		free(meta);
		seen->with_meta++;
	}
	if (item->has_parent) {
		assert_memory_equal(item->parent, secret_file, OURO_ID_SIZE);
		seen->with_parent++;
	}
	return seen->count < seen->most;
}

static void
items_are_listed(void **state)
{
	uint8_t *meta = test_bytes(200000, 9);
	struct ouro_put_options options = { .meta = meta,
		.meta_size = 200000,
		.type = "text/plain",
		.parent = secret_file };
	struct seen seen = { .most = 100 };

	(void)state;
	test_put(&test, &options, bytes_text("has meta"));
	test_share(&test, secret_file, &bob, true);
	test_share(&test, other_file, &bob, true);
	test_bundle_write(&test, NULL, &bob, &file);
	bundle_reopen();
	test_ok(ouro_bundle_list(bundle, item_see, &seen, &test.err),
	    &test.err);
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.with_meta, 1);
	assert_int_equal(seen.with_parent, 1);
	assert_int_equal(seen.bytes, BIG + 5000 + 8);
	seen = (struct seen){ .most = 2 };
	test_ok(ouro_bundle_list(bundle, item_see, &seen, &test.err),
	    &test.err);
	assert_int_equal(seen.count, 2);
	free(meta);
}

/* More objects than an index frame has room for. */
static void
many_contents(void **state)
{
	uint8_t ids[600][OURO_ID_SIZE];
	char text[32];

	(void)state;
	for (int i = 0; i < 600; i++) {
		struct ouro_put_options options = { .parent = other_file };
		struct ouro_put_result put;

		snprintf(text, sizeof(text), "content %d", i);
		put = test_put(&test, &options, bytes_text(text));
		memcpy(ids[i], put.content, OURO_ID_SIZE);
	}
	test_share(&test, other_file, &bob, true);
	test_bundle_write(&test, NULL, &bob, &file);
	bundle_reopen();
	assert_true(bundle->block_count >= 3);
	for (int i = 0; i < 600; i++) {
		snprintf(text, sizeof(text), "content %d", i);
		test_bundle_reads(&test, bundle, ids[i], bytes_text(text));
	}
	reads_random(other_file, 5000, 2);
	assert_int_equal(ouro_bundle_read(bundle, secret_file, test_sink, NULL,
			     &test.err),
	    OURO_NOT_FOUND);
}

static void
each_object_comes_once(void **state)
{
	struct ouro_put_options options = { .type = "x/y" };
	uint8_t *data = test_bytes(BIG, 1);
	struct ouro_put_result copy;
	size_t alone;

	(void)state;
	copy = test_put(&test, &options, bytes_of(data, BIG));
	test_share(&test, secret_file, &bob, false);
	test_bundle_write(&test, NULL, &bob, &file);
	alone = file.size;
	test_share(&test, copy.content, &bob, false);
	test_bundle_write(&test, NULL, &bob, &file);
	assert_true(file.size < alone + 10000);
	bundle_reopen();
	test_bundle_reads(&test, bundle, copy.content, bytes_of(data, BIG));
	reads_random(secret_file, BIG, 1);
	test_bundle_write(&test, copy.content, &bob, &file);
	bundle_reopen();
	test_bundle_reads(&test, bundle, copy.content, bytes_of(data, BIG));
	assert_int_equal(ouro_bundle_read(bundle, secret_file, test_sink, NULL,
			     &test.err),
	    OURO_NOT_FOUND);
	free(data);
}

/* ---- what is granted now ------------------------------------------------------------ */

static void
what_was_taken_back_or_removed_is_refused(void **state)
{
	(void)state;
	assert_int_equal(ouro_bundle_write(test.vault, NULL, bob.fingerprint,
			     test_sink, &file, &test.err),
	    OURO_NOT_FOUND);
	test_share(&test, secret_file, &bob, false);
	test_share(&test, other_file, &bob, false);
	test_ok(test_unshare(&test, other_file, &bob, NULL, NULL), &test.err);
	test_bundle_write(&test, NULL, &bob, &file);
	bundle_reopen();
	reads_random(secret_file, BIG, 1);
	assert_int_equal(ouro_bundle_read(bundle, other_file, test_sink, NULL,
			     &test.err),
	    OURO_NOT_FOUND);
	test_ok(test_remove(&test, "secret", false, NULL, NULL), &test.err);
	file.size = 0;
	assert_int_equal(ouro_bundle_write(test.vault, NULL, bob.fingerprint,
			     test_sink, &file, &test.err),
	    OURO_NOT_FOUND);
	assert_int_equal(file.size, 0);
}

static enum ouro_status
sink_that_is_full(void *context, const void *data, size_t size,
    struct ouro_error *err)
{
	size_t *left = context;

	(void)data;
	(void)err;
	if (size > *left)
		return OURO_NO_SPACE;
	*left -= size;
	return OURO_OK;
}

static void
the_sink_may_end_it(void **state)
{
	size_t left;

	(void)state;
	test_share(&test, secret_file, &bob, false);
	test_bundle_write(&test, NULL, &bob, &file);
	bundle_reopen();
	for (size_t room = 0; room < file.size; room += 60000) {
		left = room;
		assert_int_equal(ouro_bundle_write(test.vault, NULL,
				     bob.fingerprint, sink_that_is_full, &left,
				     &test.err),
		    OURO_NO_SPACE);
	}
	left = 300000;
	assert_int_equal(ouro_bundle_read(bundle, secret_file,
			     sink_that_is_full, &left, &test.err),
	    OURO_NO_SPACE);
	reads_random(secret_file, BIG, 1);
}

/* Another content was sealed anew, with the pages and chunks of this one. */
static void
keys_fit_after_others_were_resealed(void **state)
{
	struct ouro_unshare_options options = { .size = sizeof(options),
		.reseal = true };
	struct ouro_put_options put_options = { .type = "x/y" };
	uint8_t *data = test_bytes(BIG, 1);
	struct ouro_put_result copy;

	(void)state;
	copy = test_put(&test, &put_options, bytes_of(data, BIG));
	test_share(&test, secret_file, &bob, false);
	test_share(&test, secret_file, &eve, false);
	test_share(&test, copy.content, &bob, false);
	test_ok(test_unshare(&test, secret_file, &eve, &options, NULL),
	    &test.err);
	test_bundle_write(&test, NULL, &bob, &file);
	bundle_reopen();
	test_bundle_reads(&test, bundle, copy.content, bytes_of(data, BIG));
	reads_random(secret_file, BIG, 1);
	free(data);
}

/* ---- what the keys open ---------------------------------------------------------------- */

/* Every key that bob gets with a content of one page of chunks. */
static size_t
keys_of(const uint8_t id[HASH_SIZE], uint8_t (*keys)[KEY_SIZE], size_t most)
{
	struct bundle_entry entry = { .type = BUNDLE_CONTENT, .epoch = 1 };
	struct bytes frame, record;
	struct content content;
	struct grant grant;
	struct page page;
	size_t count = 0;

	memcpy(entry.id, id, HASH_SIZE);
	test_ok(bundle_find(bundle, &entry, &entry, &test.err), &test.err);
	test_ok(bundle_frame(bundle, &entry, &frame, &test.err), &test.err);
	test_ok(bundle_head_read(frame, &grant, &record, &test.err), &test.err);
	test_ok(grant_open(&grant, bob.key.seed, keys[count++], &test.err),
	    &test.err);
	test_ok(content_decode_with(keys[0], id, record, &content, &test.err),
	    &test.err);
	assert_int_equal(content.data.level, 1);
	memcpy(keys[count++], content.data.root.key, KEY_SIZE);
	entry.type = BUNDLE_PAGE;
	memcpy(entry.id, content.data.root.id, HASH_SIZE);
	test_ok(bundle_find(bundle, &entry, &entry, &test.err), &test.err);
	test_ok(bundle_frame(bundle, &entry, &frame, &test.err), &test.err);
	test_ok(page_decode(NULL, entry.id,
		    bytes_of(frame.data + HASH_SIZE, frame.size - HASH_SIZE),
		    keys[1], &page, &test.err),
	    &test.err);
	for (size_t i = 0; i < page.count && count < most; i++)
		memcpy(keys[count++], page.entries[i].key, KEY_SIZE);
	page_release(&page);
	content_release(&content);
	return count;
}

/* The slices of a chunk as somebody finds them on the vault's disk. */
static enum ouro_status
open_with(const uint8_t key[KEY_SIZE], const uint8_t chunk[HASH_SIZE])
{
	struct slice decoded[3] = { { 0 } };
	const struct slice *slices[SLICES_MAX] = { NULL };
	struct buffer stored[3] = { { 0 } }, clear = { 0 };
	struct compressor *compressor;
	enum ouro_status status;

	test_ok(compressor_new(&compressor, &test.err), &test.err);
	for (unsigned i = 0; i < 3; i++) {
		test_slice_read(&test, chunk, i, &stored[i]);
		test_ok(slice_decode(buffer_bytes(&stored[i]), &decoded[i],
			    &test.err),
		    &test.err);
		slices[i] = &decoded[i];
	}
	status = stripe_open(key, slices, compressor, &clear, NULL, NULL, NULL);
	for (unsigned i = 0; i < 3; i++) {
		slice_release(&decoded[i]);
		buffer_release(&stored[i]);
	}
	buffer_release(&clear);
	compressor_free(compressor);
	return status;
}

static void
no_key_of_a_grant_opens_anything_else(void **state)
{
	uint8_t keys[16][KEY_SIZE], chunk[HASH_SIZE];
	size_t count, opened = 0, chunks = 0;
	struct ouro_stats stats;

	(void)state;
	test_share(&test, secret_file, &bob, false);
	test_bundle_write(&test, NULL, &bob, &file);
	bundle_reopen();
	count = keys_of(secret_file, keys, 16);
	assert_true(count >= 4);
	stats = test_stats(&test);
	/* Of all chunks on the disk, as many open as the content has. */
	for (; chunks < stats.chunks; chunks++) {
		test_chunk(&test, chunks, chunk);
		for (size_t i = 0; i < count; i++)
			opened += open_with(keys[i], chunk) == OURO_OK;
	}
	assert_int_equal(opened, count - 2);
	assert_true(chunks > opened);
	assert_int_equal(ouro_bundle_read(bundle, other_file, test_sink, NULL,
			     &test.err),
	    OURO_NOT_FOUND);
}

static void
somebody_else_cannot_open_it(void **state)
{
	struct ouro_bundle *none;

	(void)state;
	test_share(&test, secret_file, &bob, false);
	test_bundle_write(&test, NULL, &bob, &file);
	assert_int_equal(test_bundle_open(&test, &eve, &none), OURO_WRONG_KEY);
	assert_null(none);
	assert_non_null(strstr(test.err.text, bob.fingerprint));
	memcpy(eve.key.seed, test.vault->member.seed, KEM_SEED_SIZE);
	assert_int_equal(test_bundle_open(&test, &eve, &none), OURO_WRONG_KEY);
}

/* Of two recipients each gets what is his. */
static void
everybody_gets_what_is_theirs(void **state)
{
	struct ouro_bundle *hers;

	(void)state;
	test_share(&test, secret_file, &bob, false);
	test_share(&test, other_file, &eve, false);
	for (int i = 0; i < 2; i++) {
		test_bundle_write(&test, NULL, &bob, &file);
		bundle_reopen();
		reads_random(secret_file, BIG, 1);
		assert_int_equal(ouro_bundle_read(bundle, other_file, test_sink,
				     NULL, &test.err),
		    OURO_NOT_FOUND);
		test_bundle_write(&test, NULL, &eve, &file);
		test_ok(test_bundle_open(&test, &eve, &hers), &test.err);
		assert_int_equal(ouro_bundle_read(hers, secret_file, test_sink,
				     NULL, &test.err),
		    OURO_NOT_FOUND);
		ouro_bundle_close(hers);
		/* Whatever the order of their names. */
		test_person_make(&test, &eve);
		test_share(&test, other_file, &eve, false);
	}
}

/* ---- changed on the way --------------------------------------------------------------- */

static enum ouro_status
open_bytes(struct bytes data)
{
	struct ouro_bundle *opened = NULL;
	enum ouro_status status;

	test_ok(fs_write_file(test.fs, TEST_BUNDLE, data, &test.err),
	    &test.err);
	status = test_bundle_open(&test, &bob, &opened);
	ouro_bundle_close(opened);
	return status;
}

static void
a_cut_bundle_is_noticed_wherever_it_was_cut(void **state)
{
	(void)state;
	test_share(&test, other_file, &bob, false);
	test_bundle_write(&test, NULL, &bob, &file);
	for (size_t size = 0; size < file.size; size += 97)
		assert_int_equal(open_bytes(bytes_of(file.data, size)),
		    OURO_DAMAGED);
	assert_int_equal(open_bytes(bytes_of(file.data, file.size - 1)),
	    OURO_DAMAGED);
	assert_int_equal(open_bytes(buffer_bytes(&file)), OURO_OK);
	test_ok(buffer_append(&file, bytes_of("x", 1), &test.err), &test.err);
	assert_int_equal(open_bytes(buffer_bytes(&file)), OURO_DAMAGED);
}

static void
a_changed_byte_is_noticed_wherever_it_is(void **state)
{
	(void)state;
	test_share(&test, other_file, &bob, false);
	test_bundle_write(&test, NULL, &bob, &file);
	for (size_t at = 0; at < file.size; at += 61) {
		file.data[at] ^= 0x10;
		assert_int_not_equal(open_bytes(buffer_bytes(&file)), OURO_OK);
		file.data[at] ^= 0x10;
	}
	assert_int_equal(open_bytes(buffer_bytes(&file)), OURO_OK);
}

/* Where frame number n begins, behind the header. */
static size_t
frame_start(const struct buffer *of, unsigned n)
{
	size_t at = 68 + ARCHIVE_BUNDLE_SIZE;

	while (n-- > 0)
		at += 4 + get_u32le(of->data + at) + TAG_SIZE;
	return at;
}

static void
bundles_cannot_be_mixed(void **state)
{
	struct buffer first = { 0 }, mixed = { 0 };
	size_t a, b;

	(void)state;
	test_share(&test, other_file, &bob, false);
	test_bundle_write(&test, NULL, &bob, &first);
	test_bundle_write(&test, NULL, &bob, &file);
	/* The header of one, the frames of another for the same key. */
	a = frame_start(&first, 0);
	test_ok(buffer_set(&mixed, bytes_of(first.data, a), &test.err),
	    &test.err);
	test_ok(buffer_append(&mixed, bytes_of(file.data + a, file.size - a),
		    &test.err),
	    &test.err);
	assert_int_equal(open_bytes(buffer_bytes(&mixed)), OURO_DAMAGED);
	/* One frame out of the other. */
	a = frame_start(&first, 1);
	b = frame_start(&file, 1);
	test_ok(buffer_set(&mixed, bytes_of(first.data, a), &test.err),
	    &test.err);
	test_ok(buffer_append(&mixed, bytes_of(file.data + b, file.size - b),
		    &test.err),
	    &test.err);
	assert_int_equal(open_bytes(buffer_bytes(&mixed)), OURO_DAMAGED);
	/* A frame left out. */
	b = frame_start(&first, 2);
	test_ok(buffer_set(&mixed, bytes_of(first.data, a), &test.err),
	    &test.err);
	test_ok(buffer_append(&mixed, bytes_of(first.data + b, first.size - b),
		    &test.err),
	    &test.err);
	assert_int_equal(open_bytes(buffer_bytes(&mixed)), OURO_DAMAGED);
	buffer_release(&first);
	buffer_release(&mixed);
}

/* ---- made by somebody hostile -------------------------------------------------------- */

/* A bundle of frames of our own, well sealed. */
struct forging {
	struct archive_writer *out;
	uint64_t number;
	struct buffer index;
};

static void
forge_begin(struct forging *forging)
{
	uint8_t secret[KEY_SIZE], opener[ARCHIVE_BUNDLE_SIZE];
	struct archive_head head = { .kind = ARCHIVE_BUNDLE,
		.opener = bytes_of(opener, sizeof(opener)) };

	*forging = (struct forging){ .number = 0 };
	file.size = 0;
	test_ok(archive_bundle_lock(test.fs, bob.key.public_key, secret, opener,
		    &test.err),
	    &test.err);
	test_ok(archive_writer_new(test.fs, &head, secret, test_sink, &file,
		    &forging->out, &test.err),
	    &test.err);
}

static void
forge_frame(struct forging *forging, uint8_t type, struct bytes content)
{
	test_ok(archive_write(forging->out, type, &content, 1, &test.err),
	    &test.err);
	forging->number++;
}

static void
forge_note(struct forging *forging, const struct bundle_entry *entry)
{
	uint8_t packed[BUNDLE_ENTRY_SIZE];

	bundle_entry_write(entry, packed);
	test_ok(buffer_append(&forging->index, bytes_of(packed, sizeof(packed)),
		    &test.err),
	    &test.err);
}

static enum ouro_status
forge_end(struct forging *forging, uint64_t entries)
{
	uint8_t end[BUNDLE_END_SIZE];

	put_u64le(end, 1);
	put_u64le(end + 8, entries);
	forge_frame(forging, BUNDLE_INDEX, buffer_bytes(&forging->index));
	forge_frame(forging, ARCHIVE_END, bytes_of(end, sizeof(end)));
	archive_writer_free(forging->out);
	buffer_release(&forging->index);
	test_ok(fs_write_file(test.fs, TEST_BUNDLE, buffer_bytes(&file),
		    &test.err),
	    &test.err);
	ouro_bundle_close(bundle);
	bundle = NULL;
	return test_bundle_open(&test, &bob, &bundle);
}

/* The frame of a content out of a good bundle. */
static void
frame_take(const uint8_t id[HASH_SIZE], struct buffer *out)
{
	struct bundle_entry entry = { .type = BUNDLE_CONTENT, .epoch = 1 };
	struct bytes frame;

	memcpy(entry.id, id, HASH_SIZE);
	test_ok(bundle_find(bundle, &entry, &entry, &test.err), &test.err);
	test_ok(bundle_frame(bundle, &entry, &frame, &test.err), &test.err);
	test_ok(buffer_set(out, frame, &test.err), &test.err);
}

static void
a_grant_for_one_content_opens_no_other(void **state)
{
	struct bundle_entry note = { .type = BUNDLE_CONTENT, .epoch = 1 };
	struct buffer secret = { 0 }, other = { 0 };
	struct forging forging;

	(void)state;
	test_share(&test, secret_file, &bob, false);
	test_share(&test, other_file, &bob, false);
	test_bundle_write(&test, NULL, &bob, &file);
	bundle_reopen();
	frame_take(secret_file, &secret);
	frame_take(other_file, &other);
	/* The wrap of one under the name of the other, with its record. */
	memcpy(other.data + HASH_SIZE, secret.data + HASH_SIZE, 4 + WRAP_SIZE);
	forge_begin(&forging);
	memcpy(note.id, other_file, HASH_SIZE);
	forge_note(&forging, &note);
	forge_frame(&forging, BUNDLE_CONTENT, buffer_bytes(&other));
	test_ok(forge_end(&forging, 1), &test.err);
	assert_int_equal(ouro_bundle_read(bundle, other_file, test_sink, NULL,
			     &test.err),
	    OURO_DAMAGED);
	buffer_release(&secret);
	buffer_release(&other);
}

static void
an_index_that_lies_gives_nothing(void **state)
{
	struct bundle_entry note = { .type = BUNDLE_CONTENT, .epoch = 1 };
	struct seen seen = { .most = 100 };
	struct buffer frame = { 0 };
	struct forging forging;

	(void)state;
	test_share(&test, secret_file, &bob, false);
	test_bundle_write(&test, NULL, &bob, &file);
	bundle_reopen();
	frame_take(secret_file, &frame);
	/* Another id than the frame's. */
	forge_begin(&forging);
	note.offset = archive_written(forging.out);
	forge_note(&forging, &note);
	forge_frame(&forging, BUNDLE_CONTENT, buffer_bytes(&frame));
	test_ok(forge_end(&forging, 1), &test.err);
	assert_int_equal(ouro_bundle_read(bundle, note.id, test_sink, NULL,
			     &test.err),
	    OURO_DAMAGED);
	assert_int_equal(ouro_bundle_list(bundle, item_see, &seen, &test.err),
	    OURO_DAMAGED);
	/* A page and its chunks are missing. */
	forge_begin(&forging);
	note.offset = archive_written(forging.out);
	memcpy(note.id, secret_file, HASH_SIZE);
	forge_note(&forging, &note);
	forge_frame(&forging, BUNDLE_CONTENT, buffer_bytes(&frame));
	test_ok(forge_end(&forging, 1), &test.err);
	assert_int_equal(ouro_bundle_read(bundle, secret_file, test_sink, NULL,
			     &test.err),
	    OURO_DAMAGED);
	/* An offset beyond the file. */
	forge_begin(&forging);
	note.offset = UINT64_MAX - 5;
	forge_note(&forging, &note);
	forge_frame(&forging, BUNDLE_CONTENT, buffer_bytes(&frame));
	test_ok(forge_end(&forging, 1), &test.err);
	assert_int_not_equal(ouro_bundle_read(bundle, secret_file, test_sink,
				 NULL, &test.err),
	    OURO_OK);
	/* Twice the same, and one too many. */
	forge_begin(&forging);
	forge_note(&forging, &note);
	forge_note(&forging, &note);
	forge_frame(&forging, BUNDLE_CONTENT, buffer_bytes(&frame));
	assert_int_equal(forge_end(&forging, 2), OURO_DAMAGED);
	forge_begin(&forging);
	forge_note(&forging, &note);
	forge_frame(&forging, BUNDLE_CONTENT, buffer_bytes(&frame));
	forge_frame(&forging, BUNDLE_CONTENT, buffer_bytes(&frame));
	assert_int_equal(forge_end(&forging, 1), OURO_DAMAGED);
	/* Entries that descend. */
	forge_begin(&forging);
	forge_note(&forging, &note);
	note.id[0]--;
	forge_note(&forging, &note);
	forge_frame(&forging, BUNDLE_CONTENT, buffer_bytes(&frame));
	forge_frame(&forging, BUNDLE_CONTENT, buffer_bytes(&frame));
	assert_int_equal(forge_end(&forging, 2), OURO_DAMAGED);
	/* A frame of another type than the index says. */
	forge_begin(&forging);
	note.offset = archive_written(forging.out);
	memcpy(note.id, secret_file, HASH_SIZE);
	forge_note(&forging, &note);
	forge_frame(&forging, BUNDLE_PAGE, buffer_bytes(&frame));
	test_ok(forge_end(&forging, 1), &test.err);
	assert_int_equal(ouro_bundle_read(bundle, secret_file, test_sink, NULL,
			     &test.err),
	    OURO_DAMAGED);
	assert_non_null(strstr(test.err.text, "names another frame"));
	buffer_release(&frame);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_is_granted_can_be_read_with_the_key_alone),
		CASE(contents_of_every_form),
		CASE(items_are_listed),
		CASE(many_contents),
		CASE(each_object_comes_once),
		CASE(what_was_taken_back_or_removed_is_refused),
		CASE(the_sink_may_end_it),
		CASE(keys_fit_after_others_were_resealed),
		CASE(no_key_of_a_grant_opens_anything_else),
		CASE(somebody_else_cannot_open_it),
		CASE(everybody_gets_what_is_theirs),
		CASE(a_cut_bundle_is_noticed_wherever_it_was_cut),
		CASE(a_changed_byte_is_noticed_wherever_it_is),
		CASE(bundles_cannot_be_mixed),
		CASE(a_grant_for_one_content_opens_no_other),
		CASE(an_index_that_lies_gives_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
