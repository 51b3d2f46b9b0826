#include "exchange/test_exchange.h"

#include "vault/rebuild.h"

#define LARGE 1500000

/* What the tests export. */
struct filled {
	struct test_vault test;
	uint8_t parent[OURO_ID_SIZE], child[OURO_ID_SIZE], large[OURO_ID_SIZE];
	uint8_t below[OURO_ID_SIZE];
};

static void
put_child(struct filled *filled, const uint8_t *parent, const char *text,
    uint8_t id[OURO_ID_SIZE])
{
	struct ouro_put_options options = { .parent = parent };
	struct ouro_put_result result = test_put(&filled->test, &options,
	    bytes_text(text));

	memcpy(id, result.content, OURO_ID_SIZE);
}

/* Names with a history, a deletion, something that expires, a tree, large data
 * and meta, and something that was removed. */
static void
filled_open(struct filled *filled)
{
	struct test_vault *test = &filled->test;
	uint8_t *meta = test_bytes(9000, 77);
	struct ouro_put_options options = { .name = "with meta",
		.meta = meta,
		.meta_size = 9000,
		.type = "text/plain" };
	struct ouro_put_options expiring = { .name = "expires",
		.expires_ms = 4000000000000 };
	struct ouro_put_result result;

	test_vault_open(test, NULL);
	test_put_text(test, "name", "one");
	test_put_text(test, "name", "two");
	result = test_put_random(test, "large", LARGE, 3);
	memcpy(filled->large, result.content, OURO_ID_SIZE);
	test_put(test, &options, bytes_text("data of it"));
	test_put(test, &expiring, bytes_text("not for ever"));
	result = test_put_text(test, NULL, "parent");
	memcpy(filled->parent, result.content, OURO_ID_SIZE);
	put_child(filled, filled->parent, "child", filled->child);
	put_child(filled, filled->child, "below", filled->below);
	test_put_random(test, "removed", 300000, 4);
	test_ok(test_remove(test, "removed", false, NULL, NULL), &test->err);
	test_gc(test);
	free(meta);
}

static void
filled_close(struct filled *filled)
{
	test_vault_close(&filled->test);
}

/* ---- the whole ----------------------------------------------------------------- */

static void
a_copy_has_all_there_is(void **state)
{
	struct filled filled;
	struct test_vault copy;
	struct buffer stream = { 0 };
	struct ouro_export_result result;

	(void)state;
	filled_open(&filled);
	result = test_export(&filled.test, NULL, &stream);
	assert_int_equal(result.versions, test_row_count(&filled.test, 'r'));
	assert_int_equal(result.contents, test_row_count(&filled.test, 'c'));
	assert_int_equal(result.pages, test_row_count(&filled.test, 'p'));
	assert_int_equal(result.chunks, test_row_count(&filled.test, 'k'));
	assert_true(result.chunks > 5);
	test_copy_open(&copy, &filled.test, &stream, 8);
	test_copies_equal(&filled.test, &copy, true);
	test_reads_random(&copy, filled.large, LARGE, 3);
	test_reads(&copy, filled.below, bytes_text("below"));
	test_verifies(&copy);
	test_ok(rebuild_index(copy.vault, &copy.err), &copy.err);
	test_copies_equal(&filled.test, &copy, true);
	test_vault_reopen(&copy, NULL);
	test_copies_equal(&filled.test, &copy, true);
	test_reads_random(&copy, filled.large, LARGE, 3);
	test_vault_close(&copy);
	buffer_release(&stream);
	filled_close(&filled);
}

static void
an_empty_vault_makes_an_empty_copy(void **state)
{
	struct test_vault test, copy;
	struct buffer stream = { 0 };

	(void)state;
	test_vault_open(&test, NULL);
	test_export(&test, NULL, &stream);
	test_copy_open(&copy, &test, &stream, 8);
	test_copies_equal(&test, &copy, true);
	test_put_text(&copy, "name", "text");
	test_verifies(&copy);
	test_vault_close(&copy);
	buffer_release(&stream);
	test_vault_close(&test);
}

static void
the_stream_of_a_copy_is_as_good(void **state)
{
	struct filled filled;
	struct test_vault copy, third;
	struct buffer stream = { 0 };

	(void)state;
	filled_open(&filled);
	test_export(&filled.test, NULL, &stream);
	test_copy_open(&copy, &filled.test, &stream, 8);
	test_export(&copy, NULL, &stream);
	test_copy_open(&third, &copy, &stream, 9);
	test_copies_equal(&copy, &third, true);
	test_verifies(&third);
	test_vault_close(&third);
	test_vault_close(&copy);
	buffer_release(&stream);
	filled_close(&filled);
}

/* ---- parts ------------------------------------------------------------------------ */

static void
a_name_goes_with_its_history(void **state)
{
	struct filled filled;
	struct test_vault copy;
	struct buffer stream = { 0 };
	struct ouro_export_options options = { .path = "name" };
	struct ouro_export_result result;
	struct ouro_import_result imported;

	(void)state;
	filled_open(&filled);
	result = test_export(&filled.test, &options, &stream);
	assert_int_equal(result.versions, 2);
	assert_int_equal(result.contents, 2);
	assert_int_equal(result.chunks, 0);
	test_copy_disk(&copy, &filled.test, 8);
	assert_int_equal(test_try_copy(&copy, buffer_bytes(&stream), &imported),
	    OURO_REFUSED);
	assert_null(copy.vault);
	options.path = "none";
	assert_int_equal(test_try_export(&filled.test, &options, &stream,
			     &result),
	    OURO_NOT_FOUND);
	options.path = "large";
	options.namespace_ = "objects";
	assert_int_equal(test_try_export(&filled.test, &options, &stream,
			     &result),
	    OURO_NOT_FOUND);
	test_vault_close(&copy);
	buffer_release(&stream);
	filled_close(&filled);
}

static void
a_subtree_goes_with_its_versions(void **state)
{
	struct filled filled;
	struct buffer stream = { 0 };
	struct ouro_export_options options = { .root = filled.child };
	struct ouro_export_result result;

	(void)state;
	filled_open(&filled);
	result = test_export(&filled.test, &options, &stream);
	assert_int_equal(result.contents, 2);
	assert_int_equal(result.versions, 2);
	options.root = filled.parent;
	result = test_export(&filled.test, &options, &stream);
	assert_int_equal(result.contents, 3);
	assert_int_equal(result.versions, 3);
	options.root = stream.data;
	assert_int_equal(test_try_export(&filled.test, &options, &stream,
			     &result),
	    OURO_NOT_FOUND);
	options.root = filled.parent;
	options.path = "name";
	assert_int_equal(test_try_export(&filled.test, &options, &stream,
			     &result),
	    OURO_INVALID);
	buffer_release(&stream);
	filled_close(&filled);
}

/* ---- going on ------------------------------------------------------------------------ */

static void
a_cut_export_is_gone_on_with(void **state)
{
	struct filled filled;
	struct buffer stream = { 0 }, again = { 0 };
	struct ouro_export_result result, rest;
	size_t step;
	unsigned spared = 0;

	(void)state;
	filled_open(&filled);
	result = test_export(&filled.test, NULL, &stream);
	step = stream.size / 150;
	for (size_t size = 0; size <= stream.size; size += step) {
		struct test_vault copy;

		test_export_resume(&filled.test, NULL,
		    bytes_of(stream.data, size), &again, &rest);
		spared += rest.chunks < result.chunks;
		test_copy_open(&copy, &filled.test, &again, 8);
		test_copies_equal(&filled.test, &copy, true);
		test_vault_close(&copy);
	}
	assert_true(spared > 50);
	/* A whole one needs nothing. */
	test_export_resume(&filled.test, NULL, buffer_bytes(&stream), &again,
	    &rest);
	assert_int_equal(rest.bytes, 0);
	assert_int_equal(again.size, stream.size);
	buffer_release(&stream);
	buffer_release(&again);
	filled_close(&filled);
}

/* Every cut of a small stream, and cut once more. */
static void
every_cut_can_be_gone_on_with(void **state)
{
	struct test_vault test;
	struct buffer stream = { 0 }, again = { 0 }, third = { 0 };
	struct ouro_export_result rest;

	(void)state;
	test_vault_open(&test, NULL);
	test_put_text(&test, "a", "one");
	test_put_random(&test, "b", 6000, 1);
	test_export(&test, NULL, &stream);
	for (size_t size = 0; size < stream.size; size += test_step(size, 7)) {
		struct test_vault copy;

		test_export_resume(&test, NULL, bytes_of(stream.data, size),
		    &again, &rest);
		test_export_resume(&test, NULL,
		    bytes_of(again.data, again.size - 1), &third, &rest);
		test_copy_open(&copy, &test, &third, 8);
		test_copies_equal(&test, &copy, true);
		test_vault_close(&copy);
	}
	buffer_release(&stream);
	buffer_release(&again);
	buffer_release(&third);
	test_vault_close(&test);
}

/* The versions are those of one moment, also in two goes. */
static void
what_was_removed_meanwhile_is_not_in_the_rest(void **state)
{
	struct filled filled;
	struct test_vault copy;
	struct buffer stream = { 0 }, again = { 0 };
	struct ouro_export_result rest;

	(void)state;
	filled_open(&filled);
	test_export(&filled.test, NULL, &stream);
	test_ok(test_remove(&filled.test, "with meta", false, NULL, NULL),
	    &filled.test.err);
	test_put_text(&filled.test, "name", "three");
	test_export_resume(&filled.test, NULL,
	    bytes_of(stream.data, stream.size - 1), &again, &rest);
	assert_int_equal(rest.chunks, 0);
	assert_int_equal(rest.contents, 1);
	test_copy_open(&copy, &filled.test, &again, 8);
	test_gc(&copy);
	test_gc(&filled.test);
	test_copies_equal(&filled.test, &copy, true);
	test_vault_close(&copy);
	buffer_release(&stream);
	buffer_release(&again);
	filled_close(&filled);
}

static void
only_its_own_stream_is_gone_on_with(void **state)
{
	struct filled filled;
	struct test_vault other;
	struct buffer stream = { 0 }, more = { 0 };
	struct bytes rest;
	uint64_t kept;
	struct ouro_export_options options = { .begun = test_source,
		.begun_context = &rest };
	struct ouro_export_result result;

	(void)state;
	filled_open(&filled);
	test_export(&filled.test, NULL, &stream);
	rest = buffer_bytes(&stream);
	assert_int_equal(test_try_export(&filled.test, &options, &more,
			     &result),
	    OURO_INVALID);
	options.kept = &kept;
	options.path = "name";
	assert_int_equal(test_try_export(&filled.test, &options, &more,
			     &result),
	    OURO_REFUSED);
	/* another keyring: begun anew */
	options.path = NULL;
	rest = bytes_of(stream.data, stream.size - 1);
	test_ok(ouro_keys_rotate(filled.test.vault, &filled.test.err),
	    &filled.test.err);
	test_ok(test_try_export(&filled.test, &options, &more, &result),
	    &filled.test.err);
	assert_int_equal(kept, 0);
	assert_true(result.chunks > 5);
	/* another vault */
	test_other_vault(&other);
	rest = buffer_bytes(&stream);
	assert_int_equal(test_try_export(&other, &options, &more, &result),
	    OURO_REFUSED);
	test_vault_close(&other);
	buffer_release(&stream);
	buffer_release(&more);
	filled_close(&filled);
}

/* ---- meanwhile --------------------------------------------------------------------------- */

/* A sink during which others write, remove and collect. */
struct meddling {
	struct filled *filled;
	struct buffer *out;
	unsigned calls;
};

static enum ouro_status
sink_meddle(void *context, const void *data, size_t size,
    struct ouro_error *err)
{
	struct meddling *meddling = context;
	struct test_vault *test = &meddling->filled->test;

	if (meddling->calls++ == 1) {
		test_ok(test_remove(test, "large", false, NULL, NULL),
		    &test->err);
		test_ok(test_remove(test, "name", false, NULL, NULL),
		    &test->err);
		test_put_text(test, "new", "written meanwhile");
		test_gc(test);
	}
	return buffer_append(meddling->out, bytes_of(data, size), err);
}

static void
others_go_on_meanwhile(void **state)
{
	struct filled filled;
	struct test_vault copy;
	struct buffer stream = { 0 };
	struct ouro_export_options options = { .size = sizeof(options) };
	struct meddling meddling = { &filled, &stream, 0 };
	struct ouro_export_result result;

	(void)state;
	filled_open(&filled);
	test_ok(ouro_export(filled.test.vault, &options, sink_meddle, &meddling,
		    &result, &filled.test.err),
	    &filled.test.err);
	assert_false(test_has_name(&filled.test, "large"));
	test_copy_open(&copy, &filled.test, &stream, 8);
	test_reads_random(&copy, filled.large, LARGE, 3);
	assert_true(test_has_name(&copy, "name"));
	assert_false(test_has_name(&copy, "new"));
	test_verifies(&copy);
	/* What was held back goes now. */
	assert_true(test_gc(&filled.test).chunks > 5);
	test_vault_close(&copy);
	buffer_release(&stream);
	filled_close(&filled);
}

/* ---- damage -------------------------------------------------------------------------------- */

/* Deletes slices of every chunk: those in the first so many lanes. */
static void
lanes_empty(struct test_vault *test, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct engine_range range = { .keys_only = true };
		struct engine_scan *scan;
		struct bytes key, value;

		test_ok(engine_scan_open(lane(test->vault, i), &range, &scan,
			    &test->err),
		    &test->err);
		while (engine_scan_next(scan, &key, &value, &test->err) ==
		    OURO_OK) {
			struct engine_op op = { .kind = ENGINE_DELETE,
				.key = key };

			test_ok(engine_apply(lane(test->vault, i), &op, 1,
				    ENGINE_SYNC_NEVER, &test->err),
			    &test->err);
		}
		engine_scan_close(scan);
	}
}

static void
missing_slices_are_rebuilt_and_lost_chunks_named(void **state)
{
	struct filled filled;
	struct test_vault copy;
	struct buffer stream = { 0 };
	struct ouro_export_result result;

	(void)state;
	filled_open(&filled);
	lanes_empty(&filled.test, 2);
	test_export(&filled.test, NULL, &stream);
	test_copy_open(&copy, &filled.test, &stream, 8);
	test_verifies(&copy);
	test_reads_random(&copy, filled.large, LARGE, 3);
	lanes_empty(&filled.test, 3);
	assert_int_equal(test_try_export(&filled.test, NULL, &stream, &result),
	    OURO_DAMAGED);
	assert_non_null(strstr(filled.test.err.text, "chunk "));
	test_vault_close(&copy);
	buffer_release(&stream);
	filled_close(&filled);
}

static bool
stop_at_third(void *context, uint64_t done, uint64_t total)
{
	unsigned *left = context;

	assert_int_equal(total, 0);
	assert_true(done > 0);
	return --*left > 0;
}

static void
an_export_can_be_stopped(void **state)
{
	struct filled filled;
	struct buffer stream = { 0 };
	unsigned left = 3;
	struct ouro_export_options options = { .progress = stop_at_third,
		.context = &left };
	struct ouro_export_result result;

	(void)state;
	filled_open(&filled);
	assert_int_equal(test_try_export(&filled.test, &options, &stream,
			     &result),
	    OURO_CANCELLED);
	assert_int_equal(result.chunks, 3);
	test_gc(&filled.test);
	buffer_release(&stream);
	filled_close(&filled);
}

static void
any_call_of_an_export_may_fail(void **state)
{
	struct filled filled;
	struct buffer stream = { 0 };
	struct ouro_export_result result;
	enum ouro_status status = OURO_IO;
	unsigned failed = 0;

	(void)state;
	filled_open(&filled);
	for (uint64_t nth = 1; status != OURO_OK; nth++) {
		fs_memory_fault(filled.test.fs,
		    (struct fs_fault){ FS_CALL_ANY, nth, 5, false, false,
			NULL });
		status = test_try_export(&filled.test, NULL, &stream, &result);
		failed += status != OURO_OK;
		/* Missing slices are made good: no failure shows. */
		if (status == OURO_OK &&
		    fs_memory_calls(filled.test.fs, FS_CALL_ANY) >= nth)
			status = OURO_IO;
	}
	assert_true(failed > 0);
	fs_memory_fault(filled.test.fs, (struct fs_fault){ 0 });
	buffer_release(&stream);
	filled_close(&filled);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_has_all_there_is),
		cmocka_unit_test(an_empty_vault_makes_an_empty_copy),
		cmocka_unit_test(the_stream_of_a_copy_is_as_good),
		cmocka_unit_test(a_name_goes_with_its_history),
		cmocka_unit_test(a_subtree_goes_with_its_versions),
		cmocka_unit_test(a_cut_export_is_gone_on_with),
		cmocka_unit_test(every_cut_can_be_gone_on_with),
		cmocka_unit_test(what_was_removed_meanwhile_is_not_in_the_rest),
		cmocka_unit_test(only_its_own_stream_is_gone_on_with),
		cmocka_unit_test(others_go_on_meanwhile),
		cmocka_unit_test(
		    missing_slices_are_rebuilt_and_lost_chunks_named),
		cmocka_unit_test(an_export_can_be_stopped),
		cmocka_unit_test(any_call_of_an_export_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
