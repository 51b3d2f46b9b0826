#include "vault/test_list.h"

/* ---- K06, K25 ------------------------------------------------------------------- */

static void
meta_comes_back(struct test_vault *test, const char *type, const uint8_t *meta,
    size_t size)
{
	struct ouro_put_options options = { .type = type,
		.meta = meta,
		.meta_size = size };
	struct ouro_put_result put = test_put(test, &options,
	    bytes_text("with meta"));
	struct ouro_info info = test_info(test, put.content);

	assert_int_equal(info.asked, OURO_CONTENT);
	assert_int_equal(info.meta_size, size);
	assert_non_null(info.meta);
	if (size > 0)
		assert_memory_equal(info.meta, meta, size);
	assert_int_equal(((char *)info.meta)[size], '\0');
	assert_string_equal(info.type, type == NULL ? "" : type);
	assert_int_equal(info.bytes, 9);
	ouro_info_release(&info);
	test_reads(test, put.content, bytes_text("with meta"));
}

static void
K06_meta_and_type_are_byte_exact(void **state)
{
	static const size_t sizes[] = { 0, 1, 3, 4096, 4097, 300000, 1500000 };
	uint8_t zeros[3] = { 0 };
	struct test_vault test;

	(void)state;
	test_vault_open(&test, NULL);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		uint8_t *meta = test_bytes(sizes[i], i + 1);

		meta_comes_back(&test, "text/plain; charset=utf-8", meta,
		    sizes[i]);
		free(meta);
	}
	meta_comes_back(&test, NULL, zeros, 3);
	meta_comes_back(&test, "\xff\x01 any bytes", NULL, 0);
	test_vault_close(&test);
}

static void
K06_empty_content_is_content(void **state)
{
	struct test_vault test;
	struct ouro_put_result put;
	struct ouro_info info;

	(void)state;
	test_vault_open(&test, NULL);
	put = test_put_text(&test, "empty", "");
	test_reads(&test, put.content, bytes_text(""));
	info = test_info(&test, put.content);
	assert_int_equal(info.bytes, 0);
	assert_true(info.inlined);
	assert_int_equal(info.chunks, 0);
	assert_int_equal(info.slices, 0);
	ouro_info_release(&info);
	test_vault_close(&test);
}

static void
K25_info_tells_the_true_sizes(void **state)
{
	struct ouro_put_options options = { .k = 4, .m = 3 };
	uint8_t *data = test_bytes(2000000, 5);
	struct test_vault test;
	struct ouro_put_result put;
	struct ouro_info info;
	uint64_t slices, stored;

	(void)state;
	test_vault_open(&test, NULL);
	put = test_put(&test, &options, bytes_of(data, 2000000));
	stored = lanes_bytes(&test, &slices);
	info = test_info(&test, put.content);
	assert_int_equal(info.bytes, 2000000);
	assert_int_equal(info.k, 4);
	assert_int_equal(info.m, 3);
	assert_int_equal(info.chunks, put.chunks);
	assert_int_equal(info.slices, slices);
	assert_int_equal(info.slices, put.chunks * 7);
	assert_int_equal(info.slices_missing, 0);
	assert_int_equal(info.stored, stored);
	assert_int_equal(info.stored, put.bytes_stored);
	assert_in_range(info.compressed, 2000000, 2300000);
	assert_true(info.slice_min <= info.slice_mean);
	assert_true(info.slice_mean <= info.slice_max);
	assert_int_equal(info.slice_mean, stored / slices);
	assert_false(info.inlined);
	assert_int_equal(info.epoch, 1);
	ouro_info_release(&info);
	memset(data, 'z', 2000000);
	put = test_put_named(&test, "compressible", data, 2000000);
	info = test_info(&test, put.version);
	assert_int_equal(info.asked, OURO_VERSION);
	assert_true(info.compressed < 20000);
	ouro_info_release(&info);
	free(data);
	test_vault_close(&test);
}

static void
K25_missing_slices_are_counted(void **state)
{
	struct test_vault test;
	struct ouro_put_result put;
	struct ouro_list *list;
	struct ouro_info info;
	struct engine_range range = { .keys_only = true };
	struct engine_scan *scan;
	struct bytes key, value;

	(void)state;
	test_vault_open(&test, NULL);
	put = test_put_random(&test, NULL, 100000, 3);
	assert_int_equal(put.chunks, 1);
	test_ok(engine_scan_open(lane(test.vault, 0), &range, &scan, &test.err),
	    &test.err);
	while (engine_scan_next(scan, &key, &value, &test.err) == OURO_OK) {
		struct engine_op op = { .kind = ENGINE_DELETE, .key = key };

		test_ok(engine_apply(lane(test.vault, 0), &op, 1,
			    ENGINE_SYNC_NEVER, &test.err),
		    &test.err);
	}
	engine_scan_close(scan);
	list = list_open(&test, NULL, NULL, true);
	test_ok(ouro_list_next(list, &info, &test.err), &test.err);
	assert_int_equal(info.slices, 4);
	assert_int_equal(info.slices_missing, 1);
	assert_int_equal(info.k, 3);
	assert_int_equal(info.m, 2);
	ouro_info_release(&info);
	ouro_list_close(list);
	test_vault_close(&test);
}

static void
brief_reads_the_record_alone(void **state)
{
	struct ouro_put_options options = { .name = "brief", .type = "a/b" };
	uint8_t *data = test_bytes(1000000, 3), unknown[OURO_ID_SIZE] = { 1 };
	struct ouro_put_result put;
	struct ouro_info info, brief;
	struct test_vault test;

	(void)state;
	test_vault_open(&test, NULL);
	put = test_put(&test, &options, bytes_of(data, 1000000));
	free(data);
	info = test_info(&test, put.content);
	test_ok(ouro_info_brief(test.vault, put.content, &brief, &test.err),
	    &test.err);
	assert_true(info.slices > 0);
	assert_int_equal(brief.slices, 0);
	assert_int_equal(brief.slice_max, 0);
	assert_int_equal(brief.bytes, 1000000);
	assert_int_equal(brief.chunks, info.chunks);
	assert_string_equal(brief.name, "brief");
	assert_string_equal(brief.type, "a/b");
	assert_memory_equal(brief.version, put.version, OURO_ID_SIZE);
	ouro_info_release(&info);
	ouro_info_release(&brief);
	assert_int_equal(ouro_info_brief(test.vault, unknown, &brief,
			     &test.err),
	    OURO_NOT_FOUND);
	ouro_info_release(&brief);
	test_vault_close(&test);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(K06_meta_and_type_are_byte_exact),
		cmocka_unit_test(K06_empty_content_is_content),
		cmocka_unit_test(K25_info_tells_the_true_sizes),
		cmocka_unit_test(K25_missing_slices_are_counted),
		cmocka_unit_test(brief_reads_the_record_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
