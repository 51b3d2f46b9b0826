#include "vault/test_list.h"

/* The list has exactly these names, in order. */
static void
lists(struct test_vault *test, const char *namespace_, const char *prefix,
    const char *const *names, size_t count)
{
	struct ouro_list *list = list_open(test, namespace_, prefix, false);
	struct ouro_info info;

	for (size_t i = 0; i < count; i++) {
		test_ok(ouro_list_next(list, &info, &test->err), &test->err);
		assert_string_equal(info.name, names[i]);
		ouro_info_release(&info);
	}
	assert_int_equal(ouro_list_next(list, &info, &test->err), OURO_END);
	assert_int_equal(ouro_list_next(list, &info, &test->err), OURO_END);
	ouro_list_close(list);
}

static void
names_are_listed_once_with_their_winner(void **state)
{
	static const char *const all[] = { "a", "a/b", "a/c", "b" };
	struct test_vault test;
	struct ouro_put_result last;
	struct ouro_list *list;
	struct ouro_info info;

	(void)state;
	test_vault_open(&test, NULL);
	lists(&test, NULL, NULL, NULL, 0);
	test_put_text(&test, "b", "1");
	test_put_text(&test, "a/c", "2");
	test_put_text(&test, "a", "3");
	test_put_text(&test, "a/b", "4");
	test_put_text(&test, "gone", "5");
	last = test_put_text(&test, "a", "newer");
	test_ok(test_remove(&test, "gone", false, NULL, NULL), &test.err);
	lists(&test, "blobs", NULL, all, 4);
	lists(&test, "blobs", "a/", all + 1, 2);
	lists(&test, "blobs", "a", all, 3);
	lists(&test, "blobs", "c", NULL, 0);
	lists(&test, "kv", NULL, NULL, 0);
	list = list_open(&test, "blobs", "a", false);
	test_ok(ouro_list_next(list, &info, &test.err), &test.err);
	assert_memory_equal(info.version, last.version, OURO_ID_SIZE);
	assert_memory_equal(info.content, last.content, OURO_ID_SIZE);
	assert_int_equal(info.bytes, 5);
	assert_string_equal(info.owner, "local");
	ouro_info_release(&info);
	ouro_list_close(list);
	test_vault_close(&test);
}

static void
objects_come_first_and_are_found_by_hash(void **state)
{
	struct test_vault test;
	struct ouro_put_result put;
	struct ouro_list *list;
	struct ouro_info info;
	char id[OURO_ID_TEXT];

	(void)state;
	test_vault_open(&test, NULL);
	test_put_text(&test, "name", "named");
	put = test_put_text(&test, NULL, "unnamed");
	list = list_open(&test, NULL, NULL, false);
	test_ok(ouro_list_next(list, &info, &test.err), &test.err);
	assert_string_equal(info.namespace_, "objects");
	assert_memory_equal(info.content, put.content, OURO_ID_SIZE);
	ouro_info_release(&info);
	test_ok(ouro_list_next(list, &info, &test.err), &test.err);
	assert_string_equal(info.namespace_, "blobs");
	ouro_info_release(&info);
	assert_int_equal(ouro_list_next(list, &info, &test.err), OURO_END);
	ouro_list_close(list);
	ouro_id_text(put.content, id);
	id[6] = '\0';
	list = list_open(&test, "objects", id, false);
	test_ok(ouro_list_next(list, &info, &test.err), &test.err);
	assert_memory_equal(info.content, put.content, OURO_ID_SIZE);
	ouro_info_release(&info);
	ouro_list_close(list);
	id[0] = id[0] == 'A' ? 'B' : 'A';
	lists(&test, "objects", id, NULL, 0);
	test_vault_close(&test);
}

/* The names behind (reverse: before) the cursor; page 0 = all of them. */
static void
page_is(struct test_vault *test, struct ouro_list_options *options,
    const char *const *names, size_t count)
{
	struct ouro_list *list;
	struct ouro_info info;
	enum ouro_status status = OURO_OK;

	options->size = sizeof(*options);
	options->namespace_ = "kv";
	test_ok(ouro_list_open(test->vault, options, &list, &test->err),
	    &test->err);
	for (size_t i = 0; i < count; i++) {
		test_ok(ouro_list_next(list, &info, &test->err), &test->err);
		assert_string_equal(info.name, names[i]);
		ouro_info_release(&info);
	}
	status = ouro_list_next(list, &info, &test->err);
	assert_int_equal(status, OURO_END);
	ouro_list_close(list);
}

static void
pages_go_forward_and_backward_by_cursor(void **state)
{
	static const char *const names[] = { "a", "a/1", "a/2", "a/20", "aa",
		"b" };
	static const char *const back[] = { "b", "aa", "a/20", "a/2", "a/1",
		"a" };
	struct ouro_put_options put = { .namespace_ = "kv" };
	struct ouro_list_options options = { .names_only = true };
	char longest[OURO_NAME_MAX + 2];
	struct test_vault test;
	struct ouro_list *list;

	(void)state;
	test_vault_open(&test, NULL);
	for (size_t i = 0; i < 6; i++) {
		put.name = names[(i * 5) % 6];
		test_put(&test, &put, bytes_text(put.name));
		test_put_text(&test, put.name, "in another namespace");
	}
	page_is(&test, &options, names, 6);
	for (size_t i = 0; i < 6; i++) {
		options = (struct ouro_list_options){ .after = names[i] };
		page_is(&test, &options, names + i + 1, 5 - i);
		options.names_only = true;
		options.after = back[i];
		options.reverse = true;
		page_is(&test, &options, back + i + 1, 5 - i);
	}
	/* Cursors that are no names, below a prefix and beyond it. */
	options = (struct ouro_list_options){ .after = "a/15", .prefix = "a/" };
	page_is(&test, &options, names + 2, 2);
	options.reverse = true;
	page_is(&test, &options, back + 4, 1);
	options.after = "b";
	page_is(&test, &options, back + 2, 3);
	options.after = "0";
	page_is(&test, &options, NULL, 0);
	options.reverse = false;
	page_is(&test, &options, names + 1, 3);
	options.after = "";
	page_is(&test, &options, names + 1, 3);
	options.after = "b";
	page_is(&test, &options, NULL, 0);
	memset(longest, 'a', sizeof(longest));
	longest[OURO_NAME_MAX] = '\0';
	options = (struct ouro_list_options){ .after = longest };
	page_is(&test, &options, names + 5, 1);
	longest[OURO_NAME_MAX] = 'a';
	longest[OURO_NAME_MAX + 1] = '\0';
	assert_int_equal(ouro_list_open(test.vault, &options, &list, &test.err),
	    OURO_INVALID);
	options.after = "a";
	options.namespace_ = NULL;
	assert_int_equal(ouro_list_open(test.vault, &options, &list, &test.err),
	    OURO_INVALID);
	test_vault_close(&test);
}

/* Without reading a record. */
static void
names_only_have_hashes_name_and_times(void **state)
{
	struct ouro_put_options put = { .name = "n",
		.saved_ms = 1234567890123,
		.expires_ms = UINT64_C(4102444800000) };
	struct ouro_list_options options = { .size = sizeof(options),
		.namespace_ = "blobs",
		.names_only = true };
	struct test_vault test;
	struct ouro_put_result result;
	struct ouro_list *list;
	struct ouro_info info;

	(void)state;
	test_vault_open(&test, NULL);
	result = test_put(&test, &put, bytes_text("named"));
	test_ok(ouro_list_open(test.vault, &options, &list, &test.err),
	    &test.err);
	test_ok(ouro_list_next(list, &info, &test.err), &test.err);
	assert_memory_equal(info.content, result.content, OURO_ID_SIZE);
	assert_memory_equal(info.version, result.version, OURO_ID_SIZE);
	assert_true(info.has_version);
	assert_string_equal(info.namespace_, "blobs");
	assert_string_equal(info.name, "n");
	assert_int_equal(info.saved_ms, 1234567890123);
	assert_int_equal(info.expires_ms, UINT64_C(4102444800000));
	assert_null(info.owner);
	assert_null(info.type);
	assert_int_equal(info.bytes, 0);
	ouro_info_release(&info);
	ouro_list_close(list);
	test_vault_close(&test);
}

static void
a_list_is_no_longer_than_its_names(void **state)
{
	struct ouro_list_options options = { .size = sizeof(options),
		.namespace_ = "nothing" };
	struct test_vault test;
	struct ouro_list *list;
	char prefix[2000];

	(void)state;
	test_vault_open(&test, NULL);
	memset(prefix, 'a', sizeof(prefix));
	prefix[sizeof(prefix) - 1] = '\0';
	lists(&test, NULL, prefix, NULL, 0);
	assert_int_equal(ouro_list_open(test.vault, &options, &list, &test.err),
	    OURO_INVALID);
	ouro_list_close(NULL);
	test_vault_close(&test);
}

/* ---- K02, K03 ------------------------------------------------------------------ */

static void
K02_times_and_owners_do_not_change_the_hash(void **state)
{
	struct ouro_put_options options = { .saved_ms = 1234567890123,
		.owner = "ann",
		.group = "staff",
		.mode = 0xf80 };
	struct test_vault test;
	struct ouro_put_result plain, other, child;
	struct ouro_info info;

	(void)state;
	test_vault_open(&test, NULL);
	plain = test_put_text(&test, NULL, "same");
	other = test_put(&test, &options, bytes_text("same"));
	assert_memory_equal(plain.content, other.content, OURO_ID_SIZE);
	assert_true(other.existed);
	info = test_info(&test, other.version);
	assert_int_equal(info.saved_ms, 1234567890123);
	assert_string_equal(info.owner, "ann");
	assert_string_equal(info.group, "staff");
	assert_int_equal(info.mode, 0xf80);
	ouro_info_release(&info);
	info = test_info(&test, plain.version);
	assert_in_range(info.saved_ms, fs_wall_ms(test.fs) - 60000,
	    fs_wall_ms(test.fs));
	assert_string_equal(info.owner, "local");
	ouro_info_release(&info);
	options = (struct ouro_put_options){ .parent = plain.content };
	child = test_put(&test, &options, bytes_text("child"));
	(void)child;
	other = test_put_text(&test, NULL, "same");
	assert_memory_equal(plain.content, other.content, OURO_ID_SIZE);
	test_vault_close(&test);
}

struct ids {
	uint8_t list[32][OURO_ID_SIZE];
	size_t count, max;
};

static bool
versions_add(void *context, const struct ouro_version *version)
{
	struct ids *ids = context;

	memcpy(ids->list[ids->count++], version->id, OURO_ID_SIZE);
	return ids->count < ids->max;
}

static bool
ids_add(void *context, const uint8_t id[OURO_ID_SIZE])
{
	struct ids *ids = context;

	memcpy(ids->list[ids->count++], id, OURO_ID_SIZE);
	return ids->count < ids->max;
}

static void
K03_each_version_is_readable_by_its_hash(void **state)
{
	struct ouro_put_result puts[20];
	struct test_vault test;
	struct ids ids = { .max = 32 };
	char text[20][16];

	(void)state;
	test_vault_open(&test, NULL);
	for (unsigned i = 0; i < 20; i++) {
		snprintf(text[i], sizeof(text[i]), "version %u", i);
		puts[i] = test_put_text(&test, "log", text[i]);
	}
	test_ok(ouro_history(test.vault, NULL, "log", versions_add, &ids,
		    &test.err),
	    &test.err);
	assert_int_equal(ids.count, 20);
	for (unsigned i = 0; i < 20; i++) {
		assert_memory_equal(ids.list[i], puts[19 - i].version,
		    OURO_ID_SIZE);
		test_reads(&test, puts[i].version, bytes_text(text[i]));
		test_reads(&test, puts[i].content, bytes_text(text[i]));
	}
	ids = (struct ids){ .max = 3 };
	test_ok(ouro_history(test.vault, NULL, "log", versions_add, &ids,
		    &test.err),
	    &test.err);
	assert_int_equal(ids.count, 3);
	assert_int_equal(ouro_history(test.vault, NULL, "lo", versions_add,
			     &ids, &test.err),
	    OURO_NOT_FOUND);
	test_vault_close(&test);
}

/* ---- K30, K20 -------------------------------------------------------------------- */

static void
K30_children_know_their_parent(void **state)
{
	struct ouro_put_options options = { .size = 0 };
	uint8_t unborn[OURO_ID_SIZE] = { 9, 9, 9 };
	struct test_vault test;
	struct ouro_put_result parent, one, two, stray;
	struct ids ids = { .max = 32 };
	struct ouro_info info;

	(void)state;
	test_vault_open(&test, NULL);
	parent = test_put_text(&test, NULL, "parent");
	options.parent = parent.content;
	one = test_put(&test, &options, bytes_text("one"));
	options.name = "two";
	two = test_put(&test, &options, bytes_text("two"));
	test_ok(ouro_children(test.vault, parent.content, NULL, ids_add, &ids,
		    &test.err),
	    &test.err);
	assert_int_equal(ids.count, 2);
	assert_true(memcmp(ids.list[0], one.content, OURO_ID_SIZE) == 0 ||
	    memcmp(ids.list[1], one.content, OURO_ID_SIZE) == 0);
	assert_true(memcmp(ids.list[0], two.content, OURO_ID_SIZE) == 0 ||
	    memcmp(ids.list[1], two.content, OURO_ID_SIZE) == 0);
	info = test_info(&test, one.content);
	assert_true(info.has_parent);
	assert_memory_equal(info.parent, parent.content, OURO_ID_SIZE);
	ouro_info_release(&info);
	ids.count = 0;
	test_ok(ouro_children(test.vault, one.content, NULL, ids_add, &ids,
		    &test.err),
	    &test.err);
	assert_int_equal(ids.count, 0);
	assert_int_equal(ouro_children(test.vault, unborn, NULL, ids_add, &ids,
			     &test.err),
	    OURO_NOT_FOUND);
	options = (struct ouro_put_options){ .parent = unborn };
	stray = test_put(&test, &options, bytes_text("stray"));
	test_ok(ouro_children(test.vault, unborn, NULL, ids_add, &ids,
		    &test.err),
	    &test.err);
	assert_int_equal(ids.count, 1);
	assert_memory_equal(ids.list[0], stray.content, OURO_ID_SIZE);
	test_reads(&test, stray.content, bytes_text("stray"));
	test_vault_close(&test);
}

static void
K30_a_chosen_key_is_a_name(void **state)
{
	struct test_vault test;
	struct ouro_put_result first, second;
	struct ouro_target target;

	(void)state;
	test_vault_open(&test, NULL);
	first = test_put_text(&test, "my-key", "my value");
	second = test_put_text(&test, "my-key", "my new value");
	test_ok(ouro_resolve(test.vault, "my-key", &target, &test.err),
	    &test.err);
	test_reads(&test, target.id, bytes_text("my new value"));
	test_reads(&test, first.version, bytes_text("my value"));
	assert_memory_equal(target.id, second.version, OURO_ID_SIZE);
	test_vault_close(&test);
}

static void
stats_add_up(void **state)
{
	struct test_vault test;
	struct ouro_put_result put;
	struct ouro_stats stats;
	uint64_t slices;

	(void)state;
	test_vault_open(&test, NULL);
	put = test_put_random(&test, NULL, 1000000, 1);
	test_put_random(&test, "again", 1000000, 1);
	test_put_text(&test, "small", "12345");
	stats = test_stats(&test);
	lanes_bytes(&test, &slices);
	assert_int_equal(stats.contents, 2);
	assert_int_equal(stats.versions, 3);
	assert_int_equal(stats.names, 3);
	assert_int_equal(stats.chunks, put.chunks_new);
	assert_int_equal(stats.slices, slices);
	assert_int_equal(stats.bytes, 2000005);
	assert_int_equal(stats.bytes_unique, 1000005);
	assert_in_range(stats.bytes_sealed, 1000000, 1200000);
	assert_in_range(stats.bytes_disk, 1666666, 100000000);
	assert_int_equal(stats.lanes, lanes_count(test.vault));
	assert_int_equal(stats.epoch, 1);
	assert_int_equal(stats.members, 1);
	assert_int_equal(stats.k, 3);
	assert_int_equal(stats.m, 2);
	assert_true(stats.pages >= 1);
	assert_true(stats.free_space > 0);
	test_vault_close(&test);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_listed_once_with_their_winner),
		cmocka_unit_test(objects_come_first_and_are_found_by_hash),
		cmocka_unit_test(pages_go_forward_and_backward_by_cursor),
		cmocka_unit_test(names_only_have_hashes_name_and_times),
		cmocka_unit_test(a_list_is_no_longer_than_its_names),
		cmocka_unit_test(K02_times_and_owners_do_not_change_the_hash),
		cmocka_unit_test(K03_each_version_is_readable_by_its_hash),
		cmocka_unit_test(K30_children_know_their_parent),
		cmocka_unit_test(K30_a_chosen_key_is_a_name),
		cmocka_unit_test(stats_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
