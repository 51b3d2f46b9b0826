/*
 * The public functions of a store, as a program uses them.
 */
#include "engine/test_store.h"

/* The keys of a range, each with a space behind it. */
static const char *
keys_of(const struct ouro_range *range)
{
	static char text[256];
	struct ouro_scan *scan;
	struct ouro_item item;
	size_t length = 0;

	text[0] = '\0';
	assert_int_equal(ouro_scan_open(store, range, &scan, &error), OURO_OK);
	while (ouro_scan_next(scan, &item, &error) == OURO_OK)
		length += (size_t)snprintf(text + length, sizeof text - length,
		    "%.*s ", (int)item.key_size, (const char *)item.key);
	assert_int_equal(ouro_scan_next(scan, &item, &error), OURO_END);
	ouro_scan_close(scan);
	return text;
}

/* ---- opening ------------------------------------------------------------------ */

static enum ouro_status
try_open(const struct ouro_store_options *options)
{
	struct ouro_store *other = (void *)&error;
	enum ouro_status status = store_open("/other", options, memory, &other,
	    &error);

	if (status != OURO_OK) {
		assert_null(other);
		assert_true(error.text[0] != '\0');
	}
	ouro_store_close(other);
	return status;
}

#define TRY(...) \
	try_open(&(struct ouro_store_options){ \
	    .size = sizeof(struct ouro_store_options), \
	    __VA_ARGS__ })

static void
options_are_checked_at_the_door(void **state)
{
	(void)state;
	assert_int_equal(TRY(.must_exist = true), OURO_NOT_FOUND);
	assert_int_equal(TRY(.read_only = true), OURO_NOT_FOUND);
	assert_int_equal(TRY(.sync = 4), OURO_INVALID);
	assert_int_equal(TRY(.segment_size = 4095), OURO_INVALID);
	assert_int_equal(TRY(.index_memory = 1048575), OURO_INVALID);
	assert_int_equal(TRY(.compact_share = 1.01), OURO_INVALID);
	assert_int_equal(TRY(.level = 20), OURO_INVALID);
	assert_int_equal(TRY(.level = -1), OURO_INVALID);
	assert_int_equal(TRY(.threads = 1025), OURO_INVALID);
	assert_int_equal(try_open(&(struct ouro_store_options){ 0 }),
	    OURO_INVALID);
	/* Shorter, as an older program has it: the rest counts as zero. */
	assert_int_equal(try_open(&(struct ouro_store_options){
			     .size = offsetof(struct ouro_store_options, level),
			     .level = 20 }),
	    OURO_OK);
	assert_int_equal(TRY(.sync = OURO_SYNC_NEVER, .segment_size = 4096,
			     .index_memory = 1 << 20, .compact_share = -1,
			     .level = 3, .no_maps = true, .threads = 3),
	    OURO_OK);
	assert_int_equal(TRY(.must_exist = true), OURO_OK);
}

static void
null_is_refused_everywhere(void **state)
{
	struct ouro_store *none = store;
	struct ouro_value value;
	struct ouro_store_stats stats;
	struct ouro_scan *scan;
	struct ouro_item item;
	size_t size = 7;
	char byte;

	(void)state;
	assert_int_equal(ouro_store_open(NULL, NULL, &none, &error),
	    OURO_INVALID);
	assert_null(none);
	assert_int_equal(ouro_store_open("", NULL, &none, NULL), OURO_INVALID);
	assert_int_equal(ouro_store_open("x", NULL, NULL, NULL), OURO_INVALID);
	assert_int_equal(ouro_store_get(NULL, "k", 1, &value, &error),
	    OURO_INVALID);
	assert_non_null(strstr(error.text, "store"));
	assert_int_equal(ouro_store_get(store, NULL, 1, &value, &error),
	    OURO_INVALID);
	assert_int_equal(ouro_store_get(store, "k", 1, NULL, &error),
	    OURO_INVALID);
	assert_int_equal(ouro_store_get(store, NULL, 0, &value, NULL),
	    OURO_INVALID); /* an empty key */
	assert_int_equal(ouro_store_read(store, "k", 1, NULL, 1, NULL, NULL),
	    OURO_INVALID);
	assert_int_equal(ouro_store_read(NULL, "k", 1, &byte, 1, &size, NULL),
	    OURO_INVALID);
	assert_int_equal(size, 0);
	assert_int_equal(ouro_store_has(NULL, "k", 1, NULL, NULL),
	    OURO_INVALID);
	assert_int_equal(ouro_store_put(NULL, "k", 1, "v", 1, 0, NULL),
	    OURO_INVALID);
	assert_int_equal(ouro_store_put(store, "k", 1, NULL, 1, 0, NULL),
	    OURO_INVALID);
	assert_int_equal(ouro_store_put(store, "k", 1, "v", 1, 4, NULL),
	    OURO_INVALID);
	assert_int_equal(ouro_store_put(store, "k", 1, "v", 1,
			     (enum ouro_sync) - 1, NULL),
	    OURO_INVALID);
	assert_int_equal(ouro_store_delete(NULL, "k", 1, 0, NULL),
	    OURO_INVALID);
	assert_int_equal(ouro_store_delete(store, "", 0, 0, NULL),
	    OURO_INVALID);
	assert_int_equal(ouro_store_barrier(NULL, NULL), OURO_INVALID);
	assert_int_equal(ouro_scan_open(NULL, NULL, &scan, NULL), OURO_INVALID);
	assert_null(scan);
	assert_int_equal(ouro_scan_open(store, NULL, NULL, NULL), OURO_INVALID);
	assert_int_equal(ouro_scan_next(NULL, &item, NULL), OURO_INVALID);
	assert_int_equal(ouro_scan_next(NULL, NULL, NULL), OURO_INVALID);
	assert_int_equal(ouro_store_verify(NULL, NULL, NULL, NULL),
	    OURO_INVALID);
	assert_int_equal(ouro_store_repair(NULL, NULL, NULL, NULL),
	    OURO_INVALID);
	assert_int_equal(ouro_store_compact(NULL, 0, NULL, NULL), OURO_INVALID);
	assert_int_equal(ouro_store_compact(store, 2, NULL, NULL),
	    OURO_INVALID);
	assert_int_equal(ouro_store_snapshot(NULL, NULL), OURO_INVALID);
	assert_int_equal(ouro_store_backup(NULL, "b", NULL, NULL, NULL),
	    OURO_INVALID);
	assert_int_equal(ouro_store_backup(store, NULL, NULL, NULL, NULL),
	    OURO_INVALID);
	assert_int_equal(ouro_store_backup(store, "", NULL, NULL, NULL),
	    OURO_INVALID);
	assert_int_equal(ouro_store_stats(NULL, &stats, NULL), OURO_INVALID);
	assert_int_equal(ouro_store_stats(store, NULL, NULL), OURO_INVALID);
	ouro_store_close(NULL);
	ouro_value_release(NULL);
	ouro_scan_close(NULL);
	ouro_store_batch_free(NULL);
	ouro_store_batch_clear(NULL);
}

/* ---- keys and values --------------------------------------------------------------- */

static void
what_is_put_is_got(void **state)
{
	size_t size = 9;

	(void)state;
	expect("a", NULL);
	put("a", "one");
	put("empty", "");
	expect("a", "one");
	expect("empty", "");
	put("a", "two");
	for (int i = 0; i < 2; i++) {
		expect("a", "two");
		expect("empty", "");
		reopened(NULL);
	}
	assert_int_equal(ouro_store_has(store, "a", 1, &size, NULL), OURO_OK);
	assert_int_equal(size, 3);
	assert_int_equal(ouro_store_has(store, "b", 1, &size, NULL),
	    OURO_NOT_FOUND);
	assert_int_equal(size, 0);
	assert_int_equal(ouro_store_delete(store, "a", 1, 0, &error), OURO_OK);
	assert_int_equal(ouro_store_delete(store, "a", 1, 0, &error), OURO_OK);
	expect("a", NULL);
}

static void
a_value_outlives_its_key(void **state)
{
	struct ouro_value value;

	(void)state;
	put("a", "first");
	assert_int_equal(ouro_store_get(store, "a", 1, &value, NULL), OURO_OK);
	put("a", "second");
	assert_int_equal(ouro_store_delete(store, "a", 1, 0, NULL), OURO_OK);
	assert_int_equal(ouro_store_compact(store, 0, NULL, NULL), OURO_OK);
	assert_int_equal(value.size, 5);
	assert_memory_equal(value.data, "first", 5);
	ouro_value_release(&value);
	ouro_value_release(&value);
}

static void
a_small_buffer_is_told_what_is_needed(void **state)
{
	char buffer[8] = "-------";
	size_t size = 0;

	(void)state;
	put("a", "four");
	put("empty", "");
	assert_int_equal(ouro_store_read(store, "a", 1, buffer, 3, &size,
			     &error),
	    OURO_TOO_LARGE);
	assert_int_equal(size, 4);
	assert_string_equal(buffer, "-------");
	assert_int_equal(ouro_store_read(store, "a", 1, NULL, 0, &size, NULL),
	    OURO_TOO_LARGE);
	assert_int_equal(size, 4);
	assert_int_equal(ouro_store_read(store, "a", 1, buffer, 4, &size, NULL),
	    OURO_OK);
	assert_int_equal(size, 4);
	assert_string_equal(buffer, "four---");
	assert_int_equal(ouro_store_read(store, "a", 1, buffer, 8, NULL, NULL),
	    OURO_OK);
	assert_int_equal(ouro_store_read(store, "empty", 5, NULL, 0, &size,
			     NULL),
	    OURO_OK);
	assert_int_equal(ouro_store_read(store, "b", 1, buffer, 8, &size, NULL),
	    OURO_NOT_FOUND);
	assert_int_equal(size, 0);
}

static void
limits_are_exact(void **state)
{
	static char key[OURO_KEY_MAX + 1];
	char *large = calloc(1, (size_t)OURO_VALUE_MAX + 1);
	struct ouro_store_batch *batch = ouro_store_batch_new();

	(void)state;
	assert_non_null(large);
	assert_int_equal(ouro_store_put(store, key, OURO_KEY_MAX, "v", 1, 0,
			     NULL),
	    OURO_OK);
	assert_int_equal(ouro_store_put(store, key, OURO_KEY_MAX + 1, "v", 1, 0,
			     &error),
	    OURO_TOO_LARGE);
	assert_int_equal(ouro_store_put(store, "k", 1, large,
			     (size_t)OURO_VALUE_MAX + 1, 0, NULL),
	    OURO_TOO_LARGE);
	assert_int_equal(ouro_store_batch_put(batch, key, OURO_KEY_MAX + 1, "v",
			     1, NULL),
	    OURO_TOO_LARGE);
	assert_int_equal(ouro_store_batch_put(batch, "k", 1, large,
			     (size_t)OURO_VALUE_MAX + 1, NULL),
	    OURO_TOO_LARGE);
	assert_int_equal(ouro_store_batch_put(batch, "k", 1, large,
			     OURO_VALUE_MAX, NULL),
	    OURO_OK);
	assert_int_equal(ouro_store_batch_put(batch, "l", 1, large,
			     OURO_VALUE_MAX - 2, NULL),
	    OURO_OK);
	assert_int_equal(ouro_store_batch_delete(batch, "m", 1, &error),
	    OURO_TOO_LARGE);
	assert_int_equal(ouro_store_batch_count(batch), 2);
	ouro_store_batch_clear(batch);
	assert_int_equal(ouro_store_batch_delete(batch, "m", 1, NULL), OURO_OK);
	ouro_store_batch_free(batch);
	free(large);
}

/* ---- batches --------------------------------------------------------------------------- */

static void
a_batch_happens_whole_or_not_at_all(void **state)
{
	struct ouro_store_batch *batch = ouro_store_batch_new();

	(void)state;
	assert_int_equal(ouro_store_batch_count(NULL), 0);
	assert_int_equal(ouro_store_write(store, batch, 0, &error), OURO_OK);
	assert_int_equal(ouro_store_write(store, NULL, 0, NULL), OURO_INVALID);
	assert_int_equal(ouro_store_write(NULL, batch, 0, NULL), OURO_INVALID);
	assert_int_equal(ouro_store_write(store, batch, 4, NULL), OURO_INVALID);
	put("old", "1");
	ouro_store_batch_put(batch, "a", 1, "1", 1, NULL);
	ouro_store_batch_put(batch, "b", 1, "", 0, NULL);
	ouro_store_batch_delete(batch, "old", 3, NULL);
	assert_int_equal(ouro_store_batch_put_if_absent(batch, "c", 1, "3", 1,
			     NULL),
	    OURO_OK);
	assert_int_equal(ouro_store_batch_count(batch), 4);
	assert_int_equal(ouro_store_write(store, batch, 0, NULL), OURO_OK);
	expect("a", "1");
	expect("b", "");
	expect("old", NULL);
	expect("c", "3");
	put("a", "changed");
	assert_int_equal(ouro_store_write(store, batch, 0, &error),
	    OURO_CONFLICT);
	assert_non_null(strstr(error.text, "63")); /* "c" in hex */
	expect("a", "changed");
	ouro_store_batch_free(batch);
}

static void
conditions_compare_and_swap(void **state)
{
	struct ouro_store_batch *batch = ouro_store_batch_new();

	(void)state;
	put("n", "1");
	ouro_store_batch_put_if_equal(batch, "n", 1, "1", 1, "2", 1, NULL);
	assert_int_equal(ouro_store_write(store, batch, OURO_SYNC_NEVER, NULL),
	    OURO_OK);
	expect("n", "2");
	assert_int_equal(ouro_store_write(store, batch, 0, NULL),
	    OURO_CONFLICT);
	ouro_store_batch_clear(batch);
	ouro_store_batch_delete_if_equal(batch, "n", 1, "3", 1, NULL);
	assert_int_equal(ouro_store_write(store, batch, 0, NULL),
	    OURO_CONFLICT);
	ouro_store_batch_clear(batch);
	ouro_store_batch_delete_if_equal(batch, "n", 1, "2", 1, NULL);
	assert_int_equal(ouro_store_write(store, batch, 0, NULL), OURO_OK);
	expect("n", NULL);
	assert_int_equal(ouro_store_batch_put_if_equal(batch, "n", 1, NULL, 1,
			     "2", 1, NULL),
	    OURO_INVALID);
	assert_int_equal(ouro_store_batch_delete_if_equal(batch, "n", 1, NULL,
			     1, NULL),
	    OURO_INVALID);
	assert_int_equal(ouro_store_batch_put(batch, "", 0, "", 0, NULL),
	    OURO_INVALID);
	assert_int_equal(ouro_store_batch_put(NULL, "k", 1, "", 0, NULL),
	    OURO_INVALID);
	assert_int_equal(ouro_store_batch_delete(batch, NULL, 1, NULL),
	    OURO_INVALID);
	assert_int_equal(ouro_store_batch_count(batch), 1);
	ouro_store_batch_free(batch);
}

static void
a_large_batch_grows(void **state)
{
	struct ouro_store_batch *batch = ouro_store_batch_new();
	struct ouro_store_stats stats;
	char key[16];

	(void)state;
	for (int i = 0; i < 5000; i++) {
		snprintf(key, sizeof key, "key%05d", i);
		assert_int_equal(ouro_store_batch_put(batch, key, 8, key, 8,
				     NULL),
		    OURO_OK);
		memset(key, 0, sizeof key); /* it was copied */
	}
	assert_int_equal(ouro_store_write(store, batch, 0, NULL), OURO_OK);
	ouro_store_batch_free(batch);
	expect("key00000", "key00000");
	expect("key04999", "key04999");
	assert_int_equal(ouro_store_stats(store, &stats, NULL), OURO_OK);
	assert_int_equal(stats.keys, 5000);
}

/* ---- iteration ------------------------------------------------------------------------------ */

#define RANGE(...) \
	keys_of(&(struct ouro_range){ .size = sizeof(struct ouro_range), \
	    __VA_ARGS__ })

static void
ranges_are_what_they_say(void **state)
{
	struct ouro_scan *scan;

	(void)state;
	put("a", "1");
	put("ab", "2");
	put("b", "3");
	put("c", "4");
	assert_string_equal(keys_of(NULL), "a ab b c ");
	assert_string_equal(RANGE(.reverse = true), "c b ab a ");
	assert_string_equal(RANGE(.prefix = "a", .prefix_size = 1), "a ab ");
	assert_string_equal(RANGE(.begin = "ab", .begin_size = 2, .end = "c",
				.end_size = 1, .keys_only = true),
	    "ab b ");
	assert_string_equal(RANGE(.prefix = "a", .prefix_size = 1, .begin = "b",
				.begin_size = 1),
	    "");
	assert_int_equal(ouro_scan_open(store, &(struct ouro_range){ 0 }, &scan,
			     &error),
	    OURO_INVALID);
	assert_int_equal(ouro_scan_open(store,
			     &(struct ouro_range){ .size = sizeof(size_t),
				 .prefix_size = 1 },
			     &scan, NULL),
	    OURO_OK); /* shorter: no prefix */
	ouro_scan_close(scan);
	assert_int_equal(ouro_scan_open(store,
			     &(struct ouro_range){
				 .size = sizeof(struct ouro_range),
				 .end_size = 1 },
			     &scan, NULL),
	    OURO_INVALID);
	assert_null(scan);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(options_are_checked_at_the_door),
		TEST(null_is_refused_everywhere),
		TEST(what_is_put_is_got),
		TEST(a_value_outlives_its_key),
		TEST(a_small_buffer_is_told_what_is_needed),
		TEST(limits_are_exact),
		TEST(a_batch_happens_whole_or_not_at_all),
		TEST(conditions_compare_and_swap),
		TEST(a_large_batch_grows),
		TEST(ranges_are_what_they_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
