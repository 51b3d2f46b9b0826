/* Contents sealed anew: everything opens, but not with the old keys. */
#include "exchange/test_share.h"

#include "exchange/reseal.h"
#include "seal/compress.h"
#include "seal/derive.h"
#include "seal/stripe.h"

#define BIG 700000

static struct test_vault test;
static struct test_person bob, eve;
static struct test_findings *found;
static uint8_t secret_file[OURO_ID_SIZE];

static int
setup_with(const struct ouro_vault_options *options)
{
	struct ouro_put_result result;

	found = malloc(sizeof(*found));
	assert_non_null(found);
	test_vault_open(&test, options);
	test_person_make(&test, &bob);
	test_person_make(&test, &eve);
	result = test_put_random(&test, "secret", BIG, 1);
	memcpy(secret_file, result.content, OURO_ID_SIZE);
	return 0;
}

static int
setup(void **state)
{
	(void)state;
	return setup_with(NULL);
}

static int
teardown(void **state)
{
	(void)state;
	test_vault_close(&test);
	free(found);
	return 0;
}

static struct ouro_unshare_result
reseal_it(const uint8_t id[OURO_ID_SIZE], bool tree)
{
	struct ouro_unshare_options options = { .size = sizeof(options),
		.tree = tree,
		.reseal = true };
	struct ouro_unshare_result result;

	test_ok(test_unshare(&test, id, &bob, &options, &result), &test.err);
	return result;
}

/* ---- what lies in the vault -------------------------------------------------- */

static uint32_t
record_epoch(const uint8_t id[HASH_SIZE])
{
	uint32_t epoch = 0;

	test_ok(grant_epoch_now(test.vault, id, &epoch, &test.err), &test.err);
	return epoch;
}

/* The smallest and the largest epoch of the slices in all lanes. */
struct epochs {
	uint32_t least, most;
	uint64_t slices;
};

static struct epochs
lane_epochs(void)
{
	struct epochs epochs = { .least = UINT32_MAX };

	for (unsigned i = 0; i < lanes_count(test.vault); i++) {
		struct engine_range all = { .keys_only = false };
		struct engine_scan *scan;
		struct bytes key, value;
		enum ouro_status status;

		test_ok(engine_scan_open(lane(test.vault, i), &all, &scan,
			    &test.err),
		    &test.err);
		while ((status = engine_scan_next(scan, &key, &value,
			    &test.err)) == OURO_OK) {
			struct slice slice;

			test_ok(slice_decode(value, &slice, &test.err),
			    &test.err);
			if (slice.epoch < epochs.least)
				epochs.least = slice.epoch;
			if (slice.epoch > epochs.most)
				epochs.most = slice.epoch;
			epochs.slices++;
			slice_release(&slice);
		}
		assert_int_equal(status, OURO_END);
		engine_scan_close(scan);
	}
	return epochs;
}

/* How many files of the lanes hold these bytes. */
static unsigned
files_with(struct bytes wanted)
{
	struct test_files *files = malloc(sizeof(*files));
	unsigned count = 0;

	assert_non_null(files);
	test_files_list(test.fs, TEST_DIR "/lanes", files);
	for (size_t i = 0; i < files->count; i++) {
		struct buffer content = { 0 };

		test_ok(fs_read_file(test.fs, files->paths[i], SIZE_MAX,
			    &content, &test.err),
		    &test.err);
		count += memmem(content.data, content.size, wanted.data,
			     wanted.size) != NULL;
		buffer_release(&content);
	}
	free(files);
	return count;
}

static void
record_read(enum row_table table, const uint8_t id[HASH_SIZE],
    struct buffer *out)
{
	struct row_key key = row_id(table, id, HASH_SIZE);
	struct engine_value value = { 0 };

	test_ok(set_get(test.vault, row_bytes(&key), &value, &test.err),
	    &test.err);
	test_ok(buffer_set(out, value.bytes, &test.err), &test.err);
	engine_value_release(&value);
}

/* ---- tests ---------------------------------------------------------------------- */

static void
everything_opens_under_the_new_epoch(void **state)
{
	struct ouro_unshare_result result;
	struct ouro_stats before, after;

	(void)state;
	test_share(&test, secret_file, &bob, false);
	before = test_stats(&test);
	result = reseal_it(secret_file, false);
	assert_int_equal(result.grants, 1);
	assert_true(result.chunks_resealed >= 2);
	assert_int_equal(result.chunks_shared, 0);
	assert_int_equal(ouro_keys_epoch(test.vault, NULL), 2);
	assert_int_equal(record_epoch(secret_file), 2);
	assert_int_equal(lane_epochs().least, 2);
	test_reads_random(&test, secret_file, BIG, 1);
	test_is_clean(&test, found);
	after = test_stats(&test);
	assert_int_equal(after.slices, before.slices);
	assert_int_equal(after.chunks, before.chunks);
	test_vault_reopen(&test, NULL);
	test_reads_random(&test, secret_file, BIG, 1);
	test_is_clean(&test, found);
}

/* The key that was given away, and every key that it led to. */
static void
the_old_keys_open_nothing_that_is_kept(void **state)
{
	uint8_t epoch_key[KEY_SIZE], key[KEY_SIZE], page_of[HASH_SIZE];
	uint8_t chunk[HASH_SIZE];
	struct buffer record = { 0 }, slice = { 0 }, kept = { 0 };
	struct row_key page_row = test_row_key(&test, ROW_PAGE, 0);
	struct content content;
	struct slice decoded;
	struct page page;

	(void)state;
	memcpy(page_of, page_row.data + 1, HASH_SIZE);
	test_chunk(&test, 0, chunk);
	test_ok(vault_epoch_key(test.vault, 1, epoch_key, NULL, &test.err),
	    &test.err);
	test_ok(derive_content_key(epoch_key, secret_file, key, &test.err),
	    &test.err);
	record_read(ROW_CONTENT, secret_file, &record);
	test_ok(content_decode_with(key, secret_file, buffer_bytes(&record),
		    &content, &test.err),
	    &test.err);
	content_release(&content);
	test_slice_read(&test, chunk, 0, &slice);
	test_ok(slice_decode(buffer_bytes(&slice), &decoded, &test.err),
	    &test.err);
	test_ok(buffer_set(&kept, decoded.data, &test.err), &test.err);
	slice_release(&decoded);
	assert_true(files_with(buffer_bytes(&kept)) > 0);

	test_share(&test, secret_file, &bob, false);
	reseal_it(secret_file, false);
	record_read(ROW_CONTENT, secret_file, &record);
	assert_int_not_equal(content_decode_with(key, secret_file,
				 buffer_bytes(&record), &content, &test.err),
	    OURO_OK);
	test_ok(derive_page_key(epoch_key, page_of, key, &test.err), &test.err);
	record_read(ROW_PAGE, page_of, &record);
	assert_int_not_equal(page_decode(test.vault, page_of,
				 buffer_bytes(&record), key, &page, &test.err),
	    OURO_OK);
	assert_int_equal(files_with(buffer_bytes(&kept)), 0);
	buffer_release(&record);
	buffer_release(&slice);
	buffer_release(&kept);
}

static void
a_chunk_that_others_have_keeps_its_old_stripe(void **state)
{
	struct ouro_put_options options = { .name = "copy", .type = "x/y" };
	struct ouro_unshare_result result;
	struct ouro_put_result copy;
	struct epochs epochs;
	uint8_t *data = test_bytes(BIG, 1);

	(void)state;
	copy = test_put(&test, &options, bytes_of(data, BIG));
	assert_int_equal(copy.chunks_new, 0);
	test_share(&test, secret_file, &bob, false);
	result = reseal_it(secret_file, false);
	assert_true(result.chunks_shared >= 2);
	assert_int_equal(result.chunks_resealed, result.chunks_shared);
	epochs = lane_epochs();
	assert_int_equal(epochs.least, 1);
	assert_int_equal(epochs.most, 2);
	test_reads(&test, secret_file, bytes_of(data, BIG));
	test_reads(&test, copy.content, bytes_of(data, BIG));
	test_is_clean(&test, found);
	test_gc(&test);
	test_is_clean(&test, found);
	/* When the other is gone, the next time takes them. */
	test_ok(test_remove(&test, "copy", false, NULL, NULL), &test.err);
	result = reseal_it(secret_file, false);
	assert_int_equal(result.chunks_shared, 0);
	assert_int_equal(lane_epochs().least, 3);
	test_reads(&test, secret_file, bytes_of(data, BIG));
	free(data);
}

static void
a_tree_that_shares_chunks_among_itself_is_resealed_whole(void **state)
{
	struct ouro_put_options options = { .parent = secret_file };
	struct ouro_unshare_result result;
	struct ouro_put_result child;
	uint8_t *data = test_bytes(BIG, 1);

	(void)state;
	child = test_put(&test, &options, bytes_of(data, BIG));
	test_share(&test, secret_file, &bob, true);
	result = reseal_it(secret_file, true);
	assert_int_equal(result.grants, 2);
	assert_int_equal(result.chunks_shared, 0);
	assert_int_equal(lane_epochs().least, 2);
	assert_int_equal(record_epoch(child.content), 2);
	test_reads(&test, child.content, bytes_of(data, BIG));
	test_is_clean(&test, found);
	free(data);
}

static void
inline_and_meta_are_resealed(void **state)
{
	uint8_t *meta = test_bytes(300000, 5);
	struct ouro_put_options options = { .meta = meta, .meta_size = 300000 };
	struct ouro_put_result put;
	struct ouro_info info;

	(void)state;
	put = test_put(&test, &options, bytes_text("inline"));
	test_share(&test, put.content, &bob, false);
	assert_true(reseal_it(put.content, false).chunks_resealed >= 1);
	assert_int_equal(record_epoch(put.content), 2);
	test_reads(&test, put.content, bytes_text("inline"));
	info = test_info(&test, put.content);
	assert_int_equal(info.meta_size, 300000);
	assert_memory_equal(info.meta, meta, 300000);
	ouro_info_release(&info);
	put = test_put_text(&test, "tiny", "only a record");
	test_share(&test, put.content, &bob, false);
	assert_int_equal(reseal_it(put.content, false).chunks_resealed, 0);
	assert_int_equal(record_epoch(put.content), 3);
	test_reads(&test, put.content, bytes_text("only a record"));
	test_is_clean(&test, found);
	free(meta);
}

static void
repeated_chunks_are_sealed_once(void **state)
{
	size_t size = 4u * 1024 * 1024;
	uint8_t *zeros = calloc(1, size);
	struct ouro_unshare_result result;
	struct ouro_put_result put;

	(void)state;
	put = test_put_named(&test, "zeros", zeros, size);
	test_share(&test, put.content, &bob, false);
	result = reseal_it(put.content, false);
	assert_in_range(result.chunks_resealed, 1, 2);
	test_reads(&test, put.content, bytes_of(zeros, size));
	test_is_clean(&test, found);
	free(zeros);
}

/* Bob is out, Eve stays: her grant is of the new epoch. */
static void
the_grants_of_others_are_made_again(void **state)
{
	struct test_grants all = { .count = 0 };
	struct grant_name name;
	struct grant grant;
	uint8_t key[KEY_SIZE];

	(void)state;
	test_share(&test, secret_file, &bob, false);
	test_share(&test, secret_file, &eve, false);
	reseal_it(secret_file, false);
	test_ok(ouro_grants(test.vault, NULL, NULL, test_grant_see, &all,
		    &test.err),
	    &test.err);
	assert_int_equal(all.count, 1);
	assert_string_equal(all.list[0].fingerprint, eve.fingerprint);
	memcpy(name.content, secret_file, HASH_SIZE);
	memcpy(name.fingerprint, eve.fingerprint, sizeof(name.fingerprint));
	test_ok(grant_find(test.vault, &name, &grant, &test.err), &test.err);
	assert_int_equal(grant.epoch, 2);
	test_ok(grant_open(&grant, eve.key.seed, key, &test.err), &test.err);
}

static void
it_may_be_repeated_when_the_grant_is_gone(void **state)
{
	struct ouro_unshare_options options = { .size = sizeof(options),
		.reseal = true };
	struct ouro_unshare_result result;
	char prefix[9];

	(void)state;
	test_share(&test, secret_file, &bob, false);
	reseal_it(secret_file, false);
	result = reseal_it(secret_file, false);
	assert_int_equal(result.grants, 0);
	assert_int_equal(record_epoch(secret_file), 3);
	assert_int_equal(lane_epochs().least, 3);
	test_reads_random(&test, secret_file, BIG, 1);
	test_is_clean(&test, found);
	/* A prefix that fits nobody is a mistake. */
	memcpy(prefix, bob.fingerprint, 8);
	prefix[8] = '\0';
	assert_int_equal(ouro_unshare(test.vault, secret_file, prefix, &options,
			     &result, &test.err),
	    OURO_NOT_FOUND);
	assert_int_equal(record_epoch(secret_file), 3);
}

/* A reader with pages of before, while stripes go and are collected. */
static void
an_open_reader_goes_on(void **state)
{
	uint8_t *data = test_bytes(BIG, 1), *read = malloc(BIG);
	struct ouro_get *get;
	size_t got = 0, more = 0;

	(void)state;
	assert_non_null(read);
	test_share(&test, secret_file, &bob, false);
	test_ok(ouro_get_open(test.vault, secret_file, &get, &test.err),
	    &test.err);
	test_ok(ouro_get_read(get, read, 1000, &got, &test.err), &test.err);
	reseal_it(secret_file, false);
	test_gc(&test);
	while (got < BIG) {
		test_ok(ouro_get_read(get, read + got, BIG - got, &more,
			    &test.err),
		    &test.err);
		assert_true(more > 0);
		got += more;
	}
	assert_memory_equal(read, data, BIG);
	ouro_get_close(get);
	free(data);
	free(read);
}

static void
damage_is_healed_on_the_way(void **state)
{
	uint8_t chunk[HASH_SIZE];

	(void)state;
	test_chunk(&test, 0, chunk);
	test_slice_spoil(&test, chunk, 0);
	test_slice_write(&test, chunk, 3, NULL);
	test_share(&test, secret_file, &bob, false);
	reseal_it(secret_file, false);
	test_reads_random(&test, secret_file, BIG, 1);
	test_is_clean(&test, found);
	assert_int_equal(lane_epochs().least, 2);
}

/* What cannot be read is told, and nothing else is lost by it. */
static void
a_lost_chunk_is_told(void **state)
{
	struct ouro_unshare_options options = { .size = sizeof(options),
		.reseal = true };
	struct ouro_unshare_result result;
	uint8_t chunk[HASH_SIZE];

	(void)state;
	test_chunk(&test, 0, chunk);
	for (unsigned i = 0; i < 3; i++)
		test_slice_write(&test, chunk, i, NULL);
	test_share(&test, secret_file, &bob, false);
	assert_int_equal(test_unshare(&test, secret_file, &bob, &options,
			     &result),
	    OURO_DAMAGED);
	assert_int_equal(result.grants, 1);
	assert_int_equal(test_grant_count(&test, NULL, NULL), 0);
	assert_int_equal(lane_epochs().least, 1);
	test_put_random(&test, "secret", BIG, 1);
	test_reads_random(&test, secret_file, BIG, 1);
	test_gc(&test);
	test_is_clean(&test, found);
}

static void
the_k_of_a_content_stays(void **state)
{
	struct ouro_put_options options = { .k = 2, .m = 3 };
	uint8_t *data = test_bytes(200000, 8);
	struct ouro_put_result put;
	struct ouro_info info;

	(void)state;
	put = test_put(&test, &options, bytes_of(data, 200000));
	test_share(&test, put.content, &bob, false);
	reseal_it(put.content, false);
	info = test_info(&test, put.content);
	assert_int_equal(info.k, 2);
	assert_int_equal(info.m, 3);
	ouro_info_release(&info);
	test_is_clean(&test, found);
	free(data);
}

/* One of another k uses the stripe there is; its parity is not lost with it. */
static void
a_borrowed_stripe_keeps_its_parity(void **state)
{
	struct ouro_put_options wide = { .k = 5, .m = 2 };
	uint8_t *data = test_bytes(200000, 9);
	struct ouro_put_result first, second;
	struct ouro_info info;
	char text[OURO_ID_TEXT];

	(void)state;
	first = test_put(&test, NULL, bytes_of(data, 200000));
	second = test_put(&test, &wide, bytes_of(data, 200000));
	assert_int_equal(second.chunks_new, 0);
	ouro_id_text(first.content, text);
	test_ok(test_remove(&test, text, false, NULL, NULL), &test.err);
	test_share(&test, second.content, &bob, false);
	reseal_it(second.content, false);
	info = test_info(&test, second.content);
	assert_int_equal(info.k, 5);
	assert_int_equal(info.m, 2);
	ouro_info_release(&info);
	test_is_clean(&test, found);
	free(data);
}

static void
K19_a_rebuild_gives_the_rows_there_were(void **state)
{
	struct ouro_care_options options = { .size = sizeof(options),
		.rebuild_index = true };
	struct ouro_care_result result;

	(void)state;
	test_share(&test, secret_file, &bob, false);
	reseal_it(secret_file, false);
	test_ok(ouro_repair(test.vault, &options, &result, &test.err),
	    &test.err);
	assert_int_equal(result.repaired, 0);
	test_is_clean(&test, found);
	test_reads_random(&test, secret_file, BIG, 1);
}

/* Another call, of a later epoch, looks at chunks whose new stripes are of an
 * earlier one, or are not there yet: it takes nothing. */
static void
a_stripe_goes_only_when_a_newer_one_is_there(void **state)
{
	struct ouro_unshare_result result = { .grants = 0 };
	struct resealing later = { .vault = test.vault,
		.result = &result,
		.epoch = 7 };
	struct buffer ids = { 0 };
	uint64_t slices = lane_epochs().slices;

	(void)state;
	test_ok(buffer_append(&ids, bytes_of(secret_file, HASH_SIZE),
		    &test.err),
	    &test.err);
	test_ok(hash_set_add(&later.contents, secret_file, NULL, &test.err),
	    &test.err);
	test_ok(reseal_drop(&later, &ids, &test.err), &test.err);
	assert_int_equal(lane_epochs().slices, slices);
	test_reads_random(&test, secret_file, BIG, 1);
	test_is_clean(&test, found);
	hash_set_release(&later.contents);
	buffer_release(&ids);
}

/* ---- a tree of several levels ------------------------------------------------------ */

#define ENTRIES (PAGE_ENTRIES_MAX + 50)

/* More than a page of chunks: random, so that no two pages are the same. */
static void
pages_above_pages_are_resealed(void **state)
{
	size_t size = (size_t)ENTRIES * 300000;
	struct ouro_put_options options = { .size = sizeof(options),
		.k = 1,
		.no_parity = true };
	uint8_t *piece = test_bytes(1 << 20, 77);
	struct ouro_put_result put;
	struct ouro_unshare_result result;
	struct ouro_put *open;
	struct ouro_get *get;
	uint64_t number = 0;
	size_t got;

	(void)state;
	test_ok(ouro_put_begin(test.vault, &options, &open, &test.err),
	    &test.err);
	for (size_t at = 0; at < size; at += 1 << 20) {
		put_u64le(piece + 1000, ++number);
		put_u64le(piece + 500000, number);
		test_ok(ouro_put_write(open, piece, 1 << 20, &test.err),
		    &test.err);
	}
	test_ok(ouro_put_finish(open, &put, &test.err), &test.err);
	test_share(&test, put.content, &bob, false);
	result = reseal_it(put.content, false);
	assert_true(result.chunks_resealed > 100);
	test_ok(ouro_get_open(test.vault, put.content, &get, &test.err),
	    &test.err);
	number = 0;
	for (size_t at = 0; at < size; at += 1 << 20) {
		test_ok(ouro_get_seek(get, at + 1000, &test.err), &test.err);
		test_ok(ouro_get_read(get, piece, 8, &got, &test.err),
		    &test.err);
		assert_int_equal(get_u64le(piece), ++number);
	}
	ouro_get_close(get);
	free(piece);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(everything_opens_under_the_new_epoch),
		CASE(the_old_keys_open_nothing_that_is_kept),
		CASE(a_chunk_that_others_have_keeps_its_old_stripe),
		CASE(a_tree_that_shares_chunks_among_itself_is_resealed_whole),
		CASE(inline_and_meta_are_resealed),
		CASE(repeated_chunks_are_sealed_once),
		CASE(the_grants_of_others_are_made_again),
		CASE(it_may_be_repeated_when_the_grant_is_gone),
		CASE(an_open_reader_goes_on),
		CASE(damage_is_healed_on_the_way),
		CASE(a_lost_chunk_is_told),
		CASE(the_k_of_a_content_stays),
		CASE(a_borrowed_stripe_keeps_its_parity),
		CASE(K19_a_rebuild_gives_the_rows_there_were),
		CASE(a_stripe_goes_only_when_a_newer_one_is_there),
		CASE(pages_above_pages_are_resealed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
