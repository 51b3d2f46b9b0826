#include "exchange/test_exchange.h"

#include "seal/carried.h"
#include "seal/compress.h"
#include "seal/derive.h"
#include "vault/rebuild.h"

#define LARGE  600000
#define MONTHS (UINT64_C(100) * 24 * 3600 * 1000)

/* Two copies of one vault: b was made of a. */
struct pair {
	struct test_vault a, b;
	uint8_t parent[OURO_ID_SIZE];
};

static void
pair_open(struct pair *pair)
{
	struct buffer stream = { 0 };
	struct ouro_put_result result;

	test_vault_open(&pair->a, NULL);
	test_put_text(&pair->a, "shared", "of both");
	test_put_random(&pair->a, "large", LARGE, 1);
	result = test_put_text(&pair->a, NULL, "parent");
	memcpy(pair->parent, result.content, OURO_ID_SIZE);
	test_export(&pair->a, NULL, &stream);
	test_copy_open(&pair->b, &pair->a, &stream, 8);
	buffer_release(&stream);
}

static void
pair_close(struct pair *pair)
{
	test_vault_close(&pair->a);
	test_vault_close(&pair->b);
}

/* Each writes what the other does not know. */
static void
pair_diverge(struct pair *pair)
{
	struct ouro_put_options below = { .parent = pair->parent };

	test_put_text(&pair->a, "shared", "changed in a");
	test_put_text(&pair->b, "shared", "changed in b");
	test_put_random(&pair->a, "only a", LARGE, 2);
	test_put_random(&pair->b, "only b", LARGE, 3);
	test_put(&pair->a, &below, bytes_text("child in a"));
	test_put(&pair->b, &below, bytes_text("child in b"));
	test_ok(test_remove(&pair->b, "large", false, NULL, NULL),
	    &pair->b.err);
	test_gc(&pair->a);
	test_gc(&pair->b);
}

static struct ouro_import_result
carry(struct test_vault *from, struct test_vault *to)
{
	struct buffer stream = { 0 };
	struct ouro_import_result result;

	test_export(from, NULL, &stream);
	result = test_import(to, &stream);
	buffer_release(&stream);
	return result;
}

/* Everything that an import may not change unless it succeeds. */
struct seen {
	size_t versions, contexts, names;
};

static struct seen
look(struct test_vault *test)
{
	return (struct seen){ test_row_count(test, 'r'),
		test_row_count(test, 'x'), test_row_count(test, 'n') };
}

static void
assert_unchanged(struct test_vault *test, const struct seen *before)
{
	struct seen now = look(test);

	assert_int_equal(now.versions, before->versions);
	assert_int_equal(now.contexts, before->contexts);
	assert_int_equal(now.names, before->names);
}

/* ---- uniting ---------------------------------------------------------------------- */

static void
exchange_both_ways(struct test_vault *first, struct test_vault *second)
{
	carry(first, second);
	carry(second, first);
	/* The trash is of each copy alone. */
	fs_memory_advance(first->fs, MONTHS);
	fs_memory_advance(second->fs, MONTHS);
	test_gc(first);
	test_gc(second);
	test_copies_equal(first, second, true);
	test_verifies(first);
	test_verifies(second);
}

static void
diverged_copies_become_equal(void **state)
{
	(void)state;
	for (unsigned which = 0; which < 2; which++) {
		struct pair pair;

		pair_open(&pair);
		pair_diverge(&pair);
		if (which == 0)
			exchange_both_ways(&pair.a, &pair.b);
		else
			exchange_both_ways(&pair.b, &pair.a);
		/* two heads of "shared", and "large" left both */
		assert_false(test_has_name(&pair.a, "large"));
		assert_true(test_has_name(&pair.b, "only a"));
		assert_true(test_has_name(&pair.a, "only b"));
		test_ok(rebuild_index(pair.a.vault, &pair.a.err), &pair.a.err);
		test_copies_equal(&pair.a, &pair.b, true);
		pair_close(&pair);
	}
}

static void
importing_again_changes_nothing(void **state)
{
	struct pair pair;
	struct buffer stream = { 0 };
	struct ouro_import_result result;
	struct seen before;

	(void)state;
	pair_open(&pair);
	pair_diverge(&pair);
	test_export(&pair.a, NULL, &stream);
	result = test_import(&pair.b, &stream);
	assert_int_equal(result.versions, 3);
	assert_true(result.chunks > 1);
	assert_true(result.bytes > LARGE);
	before = look(&pair.b);
	result = test_import(&pair.b, &stream);
	assert_int_equal(result.versions, 0);
	assert_int_equal(result.contents, 0);
	assert_int_equal(result.pages, 0);
	assert_int_equal(result.bytes, 0);
	assert_int_equal(result.versions_dropped, 0);
	assert_unchanged(&pair.b, &before);
	buffer_release(&stream);
	pair_close(&pair);
}

static bool
count_removed(void *context, const struct ouro_version *version)
{
	unsigned *count = context;

	assert_string_equal(version->path, "large");
	assert_string_equal(version->namespace_, "blobs");
	assert_false(version->deletion);
	++*count;
	return true;
}

static void
what_was_removed_stays_so_unless_asked(void **state)
{
	struct pair pair;
	struct buffer stream = { 0 };
	unsigned count = 0;
	struct ouro_import_options options = { .removed = count_removed,
		.context = &count };
	struct ouro_import_result result;

	(void)state;
	pair_open(&pair);
	test_ok(test_remove(&pair.b, "large", false, NULL, NULL), &pair.b.err);
	test_gc(&pair.b);
	test_export(&pair.a, NULL, &stream);
	test_ok(test_try_import(&pair.b, buffer_bytes(&stream), &options,
		    &result),
	    &pair.b.err);
	assert_int_equal(result.versions_removed, 1);
	assert_int_equal(count, 1);
	assert_false(test_has_name(&pair.b, "large"));
	options.as_new = true;
	test_ok(test_try_import(&pair.b, buffer_bytes(&stream), &options,
		    &result),
	    &pair.b.err);
	assert_int_equal(result.versions_new, 1);
	assert_true(test_has_name(&pair.b, "large"));
	test_verifies(&pair.b);
	buffer_release(&stream);
	pair_close(&pair);
}

static void
a_name_and_a_subtree_come_alone(void **state)
{
	struct pair pair;
	struct buffer stream = { 0 };
	struct ouro_export_options options = { .path = "only a" };
	struct ouro_import_result result;

	(void)state;
	pair_open(&pair);
	pair_diverge(&pair);
	test_export(&pair.a, &options, &stream);
	result = test_import(&pair.b, &stream);
	assert_int_equal(result.versions, 1);
	assert_int_equal(result.versions_dropped, 0);
	assert_true(test_has_name(&pair.b, "only a"));
	assert_true(test_has_name(&pair.b, "only b"));
	options = (struct ouro_export_options){ .root = pair.parent };
	test_export(&pair.a, &options, &stream);
	result = test_import(&pair.b, &stream);
	assert_int_equal(result.versions, 1);
	assert_int_equal(result.contents, 1);
	test_verifies(&pair.b);
	test_ok(rebuild_index(pair.b.vault, &pair.b.err), &pair.b.err);
	buffer_release(&stream);
	pair_close(&pair);
}

static void
chunks_that_are_bad_are_healed(void **state)
{
	struct pair pair;
	struct engine_range range = { .keys_only = true };
	struct engine_scan *scan;
	struct bytes key, value;
	struct ouro_import_result result;

	(void)state;
	pair_open(&pair);
	for (unsigned i = 0; i < 4; i++) {
		struct engine *lost = lane(pair.b.vault, i);

		test_ok(engine_scan_open(lost, &range, &scan, &pair.b.err),
		    &pair.b.err);
		while (engine_scan_next(scan, &key, &value, NULL) == OURO_OK) {
			struct engine_op op = { .kind = ENGINE_DELETE,
				.key = key };

			test_ok(engine_apply(lost, &op, 1, ENGINE_SYNC_NEVER,
				    &pair.b.err),
			    &pair.b.err);
		}
		engine_scan_close(scan);
	}
	result = carry(&pair.a, &pair.b);
	assert_true(result.chunks >= 2);
	assert_int_equal(result.versions, 0);
	test_verifies(&pair.b);
	pair_close(&pair);
}

/* ---- damage -------------------------------------------------------------------------- */

/* A small stream that a copy lacks something of. */
static void
small_stream(struct pair *pair, struct buffer *stream)
{
	struct ouro_export_options options = { .path = "new" };

	pair_open(pair);
	test_put_random(&pair->a, "new", 6000, 9);
	test_export(&pair->a, &options, stream);
	assert_true(stream->size < 20000);
}

static void
every_flipped_byte_of_a_stream_is_told(void **state)
{
	struct pair pair;
	struct buffer stream = { 0 };
	struct ouro_import_result result;
	struct seen before;

	(void)state;
	small_stream(&pair, &stream);
	before = look(&pair.b);
	for (size_t at = 0; at < stream.size; at += test_step(at, 5)) {
		enum ouro_status status;

		stream.data[at] ^= 1;
		status = test_try_import(&pair.b, buffer_bytes(&stream), NULL,
		    &result);
		stream.data[at] ^= 1;
		if (status == OURO_DAMAGED)
			assert_non_null(strstr(pair.b.err.text, " byte "));
		else if (status != OURO_REFUSED && status != OURO_WRONG_KEY &&
		    status != OURO_UNSUPPORTED)
			fail_msg("byte %zu: %s", at, ouro_status_text(status));
		assert_true(pair.b.err.text[0] != '\0');
		assert_unchanged(&pair.b, &before);
		assert_false(test_has_name(&pair.b, "new"));
	}
	result = test_import(&pair.b, &stream);
	assert_int_equal(result.versions, 1);
	test_verifies(&pair.b);
	buffer_release(&stream);
	pair_close(&pair);
}

static void
every_cut_of_a_stream_is_told(void **state)
{
	struct pair pair;
	struct buffer stream = { 0 };
	struct ouro_import_result result;
	struct seen before;

	(void)state;
	small_stream(&pair, &stream);
	before = look(&pair.b);
	for (size_t size = 0; size < stream.size; size += test_step(size, 3)) {
		assert_int_equal(test_try_import(&pair.b,
				     bytes_of(stream.data, size), NULL,
				     &result),
		    OURO_DAMAGED);
		assert_non_null(strstr(pair.b.err.text, " byte "));
		assert_unchanged(&pair.b, &before);
	}
	test_gc(&pair.b);
	test_verifies(&pair.b);
	buffer_release(&stream);
	pair_close(&pair);
}

/* ---- streams that a member made wrongly ------------------------------------------------ */

struct forged {
	struct buffer stream;
	struct archive_writer *writer;
};

static void
forged_begin(struct forged *forged, struct test_vault *test)
{
	struct ouro_vault *vault = test->vault;
	struct archive_head head = { .kind = ARCHIVE_VAULT };
	struct buffer keyring = { 0 };
	uint8_t secret[KEY_SIZE], scope = EXCHANGE_WHOLE;
	struct bytes part = bytes_of(&scope, 1);

	*forged = (struct forged){ 0 };
	test_ok(keyring_encode(vault->keyring, &keyring, &test->err),
	    &test->err);
	head.opener = buffer_bytes(&keyring);
	memcpy(head.vault_id, keyring_vault_id(vault->keyring), VAULT_ID_SIZE);
	test_ok(derive_archive_key(keyring_id_key(vault->keyring), secret,
		    &test->err),
	    &test->err);
	test_ok(archive_writer_new(test->fs, &head, secret, test_sink,
		    &forged->stream, &forged->writer, &test->err),
	    &test->err);
	test_ok(archive_write(forged->writer, EXCHANGE_SCOPE, &part, 1,
		    &test->err),
	    &test->err);
	buffer_release(&keyring);
}

/* The first record of a table of a, as a frame. */
static void
forged_record(struct forged *forged, struct test_vault *test, char table,
    uint8_t type)
{
	struct engine_scan *scan = test_rows(test, table, false);
	struct bytes key, value;

	test_ok(engine_scan_next(scan, &key, &value, &test->err), &test->err);
	struct bytes parts[] = { bytes_of(key.data + 1, key.size - 1), value };
	test_ok(archive_write(forged->writer, type, parts, 2, &test->err),
	    &test->err);
	engine_scan_close(scan);
}

static void
forged_refused(struct forged *forged, struct test_vault *test, const char *why)
{
	struct ouro_import_result result;
	struct seen before = look(test);

	assert_int_equal(test_try_import(test, buffer_bytes(&forged->stream),
			     NULL, &result),
	    OURO_DAMAGED);
	if (strstr(test->err.text, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", test->err.text, why);
	assert_non_null(strstr(test->err.text, " byte "));
	assert_unchanged(test, &before);
	archive_writer_free(forged->writer);
	buffer_release(&forged->stream);
}

static void
forged_end(struct forged *forged, struct test_vault *test, uint64_t contents)
{
	struct exchange_counts counts = { .contents = contents };
	uint8_t end[EXCHANGE_END_SIZE];
	struct bytes part = bytes_of(end, sizeof(end));

	exchange_end_encode(&counts, end);
	test_ok(archive_write(forged->writer, ARCHIVE_END, &part, 1,
		    &test->err),
	    &test->err);
}

static void
what_is_not_as_it_should_be_is_refused(void **state)
{
	struct test_vault a, b;
	struct buffer stream = { 0 };
	struct forged forged;

	(void)state;
	test_vault_open(&a, NULL);
	test_export(&a, NULL, &stream);
	test_copy_open(&b, &a, &stream, 8);
	test_put_random(&a, "large", LARGE, 1);

	forged_begin(&forged, &a);
	forged_record(&forged, &a, 'p', EXCHANGE_PAGE);
	forged_refused(&forged, &b, "has not come before");
	forged_begin(&forged, &a);
	forged_record(&forged, &a, 'c', EXCHANGE_CONTENT);
	forged_refused(&forged, &b, "has not come before");
	forged_begin(&forged, &a);
	forged_record(&forged, &a, 'c', EXCHANGE_PAGE);
	forged_refused(&forged, &b, "");
	forged_begin(&forged, &a);
	forged_record(&forged, &a, 'p', EXCHANGE_CHUNK);
	forged_refused(&forged, &b, "");
	forged_begin(&forged, &a);
	forged_record(&forged, &a, 'r', 99);
	forged_refused(&forged, &b, "unknown type");
	forged_begin(&forged, &a);
	forged_record(&forged, &a, 'x', EXCHANGE_CONTEXT);
	forged_record(&forged, &a, 'r', EXCHANGE_VERSION);
	forged_refused(&forged, &b, "out of order");
	forged_begin(&forged, &a);
	forged_record(&forged, &a, 'c', EXCHANGE_VERSION);
	forged_refused(&forged, &b, "");
	forged_begin(&forged, &a);
	forged_end(&forged, &a, 1);
	forged_refused(&forged, &b, "what its end counts");
	test_vault_close(&a);
	test_vault_close(&b);
	buffer_release(&stream);
}

static void
a_stripe_that_does_not_open_is_not_stored(void **state)
{
	struct test_vault a, b;
	struct buffer stream = { 0 };
	struct forged forged;
	struct ouro_put_result put;
	uint8_t *data = test_bytes(20000, 5);
	struct stripe stripe = { 0 };
	struct slice slices[3];
	const struct slice *given[SLICES_MAX] = { NULL };
	struct compressor *compressor;
	struct buffer carried = { 0 };
	uint8_t key[KEY_SIZE] = { 1 }, id[HASH_SIZE] = { 2 };
	struct stripe_options options = { .k = 3,
		.m = 2,
		.level = 0,
		.epoch = 1,
		.chunk_id = id,
		.chunk_key = key };
	struct bytes part;

	(void)state;
	test_vault_open(&a, NULL);
	put = test_put_text(&a, "name", "text");
	(void)put;
	test_export(&a, NULL, &stream);
	test_copy_open(&b, &a, &stream, 8);
	options.fs = a.fs;
	test_ok(vault_code(a.vault, 3, 2, &options.erasure, &a.err), &a.err);
	test_ok(compressor_new(&compressor, &a.err), &a.err);
	options.compressor = compressor;
	test_ok(stripe_seal(&options, bytes_of(data, 20000), &stripe, &a.err),
	    &a.err);
	for (unsigned i = 0; i < 3; i++) {
		test_ok(slice_decode(stripe_slice(&stripe, i), &slices[i],
			    &a.err),
		    &a.err);
		given[i] = &slices[i];
	}
	test_ok(carried_encode(given, &carried, &a.err), &a.err);
	forged_begin(&forged, &a);
	part = buffer_bytes(&carried);
	test_ok(archive_write(forged.writer, EXCHANGE_CHUNK, &part, 1, &a.err),
	    &a.err);
	forged_refused(&forged, &b, "do not open");
	assert_int_equal(test_row_count(&b, 'k'), 0);
	for (unsigned i = 0; i < 3; i++)
		slice_release(&slices[i]);
	compressor_free(compressor);
	stripe_release(&stripe);
	buffer_release(&carried);
	buffer_release(&stream);
	free(data);
	test_vault_close(&a);
	test_vault_close(&b);
}

/* ---- keys ------------------------------------------------------------------------------- */

static void
a_stream_of_another_vault_is_refused(void **state)
{
	struct pair pair;
	struct test_vault other;
	struct buffer stream = { 0 };
	struct ouro_import_result result;

	(void)state;
	pair_open(&pair);
	test_other_vault(&other);
	test_export(&other, NULL, &stream);
	assert_int_equal(test_try_import(&pair.a, buffer_bytes(&stream), NULL,
			     &result),
	    OURO_REFUSED);
	assert_non_null(strstr(pair.a.err.text, "the stream is of the vault"));
	test_vault_close(&other);
	buffer_release(&stream);
	pair_close(&pair);
}

static void
newer_epochs_are_taken_over(void **state)
{
	struct pair pair;
	struct ouro_put_result put;
	uint8_t *data = test_bytes(20000, 4);

	(void)state;
	pair_open(&pair);
	test_ok(ouro_keys_rotate(pair.a.vault, &pair.a.err), &pair.a.err);
	put = test_put_named(&pair.a, "of epoch 2", data, 20000);
	carry(&pair.a, &pair.b);
	assert_int_equal(ouro_keys_epoch(pair.b.vault, NULL), 2);
	test_reads(&pair.b, put.content, bytes_of(data, 20000));
	test_vault_reopen(&pair.b, NULL);
	assert_int_equal(ouro_keys_epoch(pair.b.vault, NULL), 2);
	test_reads(&pair.b, put.content, bytes_of(data, 20000));
	/* An older keyring takes nothing away. */
	carry(&pair.b, &pair.a);
	assert_int_equal(ouro_keys_epoch(pair.a.vault, NULL), 2);
	free(data);
	pair_close(&pair);
}

static void
two_epochs_of_one_number_are_a_conflict(void **state)
{
	struct pair pair;
	struct buffer stream = { 0 };
	struct ouro_import_result result;
	struct seen before;

	(void)state;
	pair_open(&pair);
	test_ok(ouro_keys_rotate(pair.a.vault, &pair.a.err), &pair.a.err);
	test_ok(ouro_keys_rotate(pair.b.vault, &pair.b.err), &pair.b.err);
	test_put_text(&pair.a, "new", "text");
	before = look(&pair.b);
	test_export(&pair.a, NULL, &stream);
	assert_int_equal(test_try_import(&pair.b, buffer_bytes(&stream), NULL,
			     &result),
	    OURO_CONFLICT);
	assert_non_null(strstr(pair.b.err.text, "epoch 2"));
	assert_unchanged(&pair.b, &before);
	buffer_release(&stream);
	pair_close(&pair);
}

/* ---- meanwhile --------------------------------------------------------------------------- */

/* A source that collects in the midst of it. */
struct collecting {
	struct bytes rest;
	struct test_vault *test;
};

static enum ouro_status
source_collect(void *context, void *data, size_t size, size_t *got,
    struct ouro_error *err)
{
	struct collecting *collecting = context;

	if (collecting->rest.size > 0)
		test_gc(collecting->test);
	return test_source(&collecting->rest, data, size, got, err);
}

static void
what_came_waits_for_its_versions(void **state)
{
	struct pair pair;
	struct buffer stream = { 0 };
	struct collecting collecting;
	struct ouro_import_options options = { .size = sizeof(options) };
	struct ouro_import_result result;

	(void)state;
	pair_open(&pair);
	test_put_random(&pair.a, "new", LARGE, 5);
	test_export(&pair.a, NULL, &stream);
	collecting = (struct collecting){ buffer_bytes(&stream), &pair.b };
	test_ok(ouro_import(pair.b.vault, &options, source_collect, &collecting,
		    &result, &pair.b.err),
	    &pair.b.err);
	test_verifies(&pair.b);
	test_copies_equal(&pair.a, &pair.b, true);
	buffer_release(&stream);
	pair_close(&pair);
}

static bool
never(void *context, uint64_t done, uint64_t total)
{
	(void)context;
	assert_int_equal(total, 0);
	return done == 0;
}

static void
an_import_can_be_stopped(void **state)
{
	struct pair pair;
	struct buffer stream = { 0 };
	struct ouro_import_options options = { .progress = never };
	struct ouro_import_result result;
	struct seen before;

	(void)state;
	pair_open(&pair);
	test_put_random(&pair.a, "new", LARGE, 5);
	test_export(&pair.a, NULL, &stream);
	before = look(&pair.b);
	assert_int_equal(test_try_import(&pair.b, buffer_bytes(&stream),
			     &options, &result),
	    OURO_CANCELLED);
	assert_unchanged(&pair.b, &before);
	assert_true(test_gc(&pair.b).chunks > 0);
	test_import(&pair.b, &stream);
	test_verifies(&pair.b);
	buffer_release(&stream);
	pair_close(&pair);
}

static void
any_call_of_an_import_may_fail(void **state)
{
	struct pair pair;
	struct buffer stream = { 0 };
	struct ouro_import_result result;
	struct seen before;
	unsigned failed = 0;
	bool faulted = true;

	(void)state;
	pair_open(&pair);
	test_put_random(&pair.a, "new", 200000, 5);
	test_put_text(&pair.a, "shared", "again");
	test_export(&pair.a, NULL, &stream);
	for (uint64_t nth = 1; faulted; nth++) {
		struct test_vault copy;
		struct buffer base = { 0 };
		enum ouro_status status;

		test_export(&pair.b, NULL, &base);
		test_copy_open(&copy, &pair.b, &base, 9);
		buffer_release(&base);
		before = look(&copy);
		fs_memory_fault(copy.fs,
		    (struct fs_fault){ FS_CALL_ANY, nth, 28, false,
			nth % 2 == 0, NULL });
		status = test_try_import(&copy, buffer_bytes(&stream), NULL,
		    &result);
		faulted = fs_memory_calls(copy.fs, FS_CALL_ANY) >= nth;
		fs_memory_fault(copy.fs, (struct fs_fault){ 0 });
		if (status != OURO_OK) {
			failed++;
			assert_true(copy.err.text[0] != '\0');
			if (!test_has_name(&copy, "new"))
				assert_int_equal(before.names,
				    look(&copy).names);
		}
		test_vault_reopen(&copy, NULL);
		test_import(&copy, &stream);
		test_gc(&copy);
		test_verifies(&copy);
		test_copies_equal(&pair.a, &copy, false);
		test_vault_close(&copy);
	}
	assert_true(failed > 5);
	buffer_release(&stream);
	pair_close(&pair);
}

/* ---- new copies ------------------------------------------------------------------------------ */

static void
a_new_copy_needs_an_empty_place(void **state)
{
	struct pair pair;
	struct test_vault copy;
	struct buffer stream = { 0 }, keyring = { 0 };
	struct ouro_import_result result;
	struct fs_info info;

	(void)state;
	pair_open(&pair);
	test_export(&pair.a, NULL, &stream);
	test_copy_disk(&copy, &pair.a, 12);

	/* A cut stream leaves a store that has nothing, to be gone on with. */
	assert_int_equal(test_try_copy(&copy,
			     bytes_of(stream.data, stream.size - 1), &result),
	    OURO_DAMAGED);
	assert_null(copy.vault);
	assert_int_equal(test_try_copy(&copy, buffer_bytes(&stream), &result),
	    OURO_EXISTS);
	assert_null(copy.vault);
	test_vault_reopen(&copy, NULL);
	assert_int_equal(test_row_count(&copy, 'r'), 0);
	test_import(&copy, &stream);
	test_copies_equal(&pair.a, &copy, true);
	test_vault_close(&copy);

	/* What shows no right to be made makes nothing. */
	test_copy_disk(&copy, &pair.a, 13);
	stream.data[stream.size / 2] ^= 1;
	stream.data[70] ^= 1;
	assert_int_equal(test_try_copy(&copy, buffer_bytes(&stream), &result),
	    OURO_DAMAGED);
	assert_int_equal(fs_stat(copy.fs, TEST_DIR "/keyring", &info, NULL),
	    OURO_NOT_FOUND);
	stream.data[70] ^= 1;
	stream.data[stream.size / 2] ^= 1;

	/* Interrupted behind the keyring. */
	test_ok(fs_read_file(pair.a.fs, TEST_DIR "/keyring", 1 << 20, &keyring,
		    &copy.err),
	    &copy.err);
	test_ok(fs_write_file(copy.fs, TEST_DIR "/keyring",
		    buffer_bytes(&keyring), &copy.err),
	    &copy.err);
	test_ok(test_try_copy(&copy, buffer_bytes(&stream), &result),
	    &copy.err);
	test_copies_equal(&pair.a, &copy, true);
	test_vault_close(&copy);
	buffer_release(&stream);
	buffer_release(&keyring);
	pair_close(&pair);
}

/* A failure leaves no store, or one that can be gone on with. */
static void
any_call_of_making_a_copy_may_fail(void **state)
{
	struct pair pair;
	struct buffer stream = { 0 };
	struct ouro_import_result result;
	enum ouro_status status = OURO_IO;
	unsigned made = 0, there = 0;

	(void)state;
	pair_open(&pair);
	test_export(&pair.a, NULL, &stream);
	for (uint64_t nth = 1; status != OURO_OK; nth++) {
		struct test_vault copy;

		test_copy_disk(&copy, &pair.a, 12);
		fs_memory_fault(copy.fs,
		    (struct fs_fault){ FS_CALL_ANY, nth, 5, false, nth % 2 == 0,
			NULL });
		status = test_try_copy(&copy, buffer_bytes(&stream), &result);
		if (status == OURO_OK &&
		    fs_memory_calls(copy.fs, FS_CALL_ANY) >= nth)
			status = OURO_IO; /* survived */
		fs_memory_fault(copy.fs, (struct fs_fault){ 0 });
		if (copy.vault == NULL &&
		    test_try_copy(&copy, buffer_bytes(&stream), &result) ==
			OURO_OK)
			made++;
		if (copy.vault == NULL) {
			test_vault_reopen(&copy, NULL);
			test_import(&copy, &stream);
			there++;
		}
		/* The second copy of the records may have fallen behind. */
		test_vault_reopen(&copy, NULL);
		test_copies_equal(&pair.a, &copy, true);
		test_verifies(&copy);
		test_vault_close(&copy);
	}
	assert_true(made > 5);
	assert_true(there > 5);
	buffer_release(&stream);
	pair_close(&pair);
}

static void
a_new_copy_is_made_for_a_member_only(void **state)
{
	struct pair pair;
	struct test_vault other, copy;
	struct buffer stream = { 0 };
	struct ouro_import_result result;

	(void)state;
	pair_open(&pair);
	test_other_vault(&other);
	test_export(&pair.a, NULL, &stream);
	test_copy_disk(&copy, &other, 14);
	assert_int_equal(test_try_copy(&copy, buffer_bytes(&stream), &result),
	    OURO_WRONG_KEY);
	assert_null(copy.vault);
	test_vault_close(&copy);
	test_vault_close(&other);
	buffer_release(&stream);
	pair_close(&pair);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(diverged_copies_become_equal),
		cmocka_unit_test(importing_again_changes_nothing),
		cmocka_unit_test(what_was_removed_stays_so_unless_asked),
		cmocka_unit_test(a_name_and_a_subtree_come_alone),
		cmocka_unit_test(chunks_that_are_bad_are_healed),
		cmocka_unit_test(every_flipped_byte_of_a_stream_is_told),
		cmocka_unit_test(every_cut_of_a_stream_is_told),
		cmocka_unit_test(what_is_not_as_it_should_be_is_refused),
		cmocka_unit_test(a_stripe_that_does_not_open_is_not_stored),
		cmocka_unit_test(a_stream_of_another_vault_is_refused),
		cmocka_unit_test(newer_epochs_are_taken_over),
		cmocka_unit_test(two_epochs_of_one_number_are_a_conflict),
		cmocka_unit_test(what_came_waits_for_its_versions),
		cmocka_unit_test(an_import_can_be_stopped),
		cmocka_unit_test(any_call_of_an_import_may_fail),
		cmocka_unit_test(a_new_copy_needs_an_empty_place),
		cmocka_unit_test(any_call_of_making_a_copy_may_fail),
		cmocka_unit_test(a_new_copy_is_made_for_a_member_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
