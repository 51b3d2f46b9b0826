/*
 * The public functions of a store, as a program uses them: on files in
 * memory, where a disk can be full or fail, and on real ones.
 */
#include "engine/test_store.h"

#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

#include <pthread.h>

#include "base/encoding.h"

#define DIR "/store"

static void
reopened(const struct ouro_store_options *options)
{
	ouro_store_close(store);
	if (store_open(DIR, options, memory, &store, &error) != OURO_OK)
		fail_msg("%s", error.text);
}

/* value NULL = the key is not there. */
static void
expect(const char *key, const char *value)
{
	struct ouro_value got;
	enum ouro_status status = ouro_store_get(store, key, strlen(key), &got,
	    &error);

	if (value == NULL) {
		assert_int_equal(status, OURO_NOT_FOUND);
		assert_null(got.data);
		return;
	}
	assert_int_equal(status, OURO_OK);
	assert_int_equal(got.size, strlen(value));
	assert_memory_equal(got.data, value, got.size);
	ouro_value_release(&got);
	assert_null(got.data);
}

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

/* ---- care --------------------------------------------------------------------------------------- */

static void
count_damage(void *context, const struct ouro_store_damage *damage)
{
	unsigned *count = context;

	assert_non_null(damage->file);
	assert_true(damage->text[0] != '\0');
	(*count)++;
}

/* The last byte of the value is another one. */
static void
damage_the_first_segment(void)
{
	char path[64];

	snprintf(path, sizeof path, DIR "/segment-%08u.dat", 1u);
	ouro_store_close(store);
	store = NULL;
	for (uint64_t i = 150; i < 160; i++)
		assert_int_equal(fs_memory_flip(memory, path, i, 0xff),
		    OURO_OK);
	reopened(NULL);
}

static void
damage_is_told_and_mended(void **state)
{
	static char value[200];
	struct ouro_store_stats stats;
	struct ouro_scan *scan;
	struct ouro_value got;
	struct ouro_item item;
	unsigned count = 0;

	(void)state;
	memset(value, 'v', sizeof value);
	assert_int_equal(ouro_store_put(store, "a", 1, value, sizeof value, 0,
			     NULL),
	    OURO_OK);
	put("b", "whole");
	assert_int_equal(ouro_store_verify(store, count_damage, &count, &error),
	    OURO_OK);
	damage_the_first_segment();
	assert_int_equal(ouro_store_get(store, "a", 1, &got, &error),
	    OURO_DAMAGED);
	assert_non_null(strstr(error.text, "segment-00000001.dat"));
	expect("b", "whole");
	assert_int_equal(ouro_scan_open(store, NULL, &scan, NULL), OURO_OK);
	assert_int_equal(ouro_scan_next(scan, &item, NULL), OURO_DAMAGED);
	assert_int_equal(item.key_size, 1);
	assert_int_equal(ouro_scan_next(scan, &item, NULL), OURO_OK);
	ouro_scan_close(scan);
	assert_int_equal(ouro_store_verify(store, count_damage, &count, &error),
	    OURO_DAMAGED);
	assert_int_equal(count, 1);
	assert_int_equal(ouro_store_verify(store, NULL, NULL, NULL),
	    OURO_DAMAGED);
	assert_int_equal(ouro_store_repair(store, NULL, NULL, &error), OURO_OK);
	assert_int_equal(ouro_store_verify(store, NULL, NULL, NULL), OURO_OK);
	expect("a", NULL);
	expect("b", "whole");
	assert_int_equal(ouro_store_stats(store, &stats, NULL), OURO_OK);
	assert_int_equal(stats.keys, 1);
}

static void
compaction_gives_space_back(void **state)
{
	struct ouro_store_stats before, after;
	uint64_t freed = 0;
	char key[8];

	(void)state;
	for (int i = 0; i < 200; i++) {
		snprintf(key, sizeof key, "%d", i % 10);
		put(key, "some value that is soon replaced by another one");
	}
	assert_int_equal(ouro_store_stats(store, &before, NULL), OURO_OK);
	assert_true(before.dead_bytes > before.live_bytes);
	assert_int_equal(ouro_store_compact(store, 0, &freed, &error), OURO_OK);
	assert_true(freed > 0);
	assert_int_equal(ouro_store_stats(store, &after, NULL), OURO_OK);
	assert_true(after.disk_bytes < before.disk_bytes);
	assert_int_equal(after.keys, 10);
	assert_int_equal(after.live_bytes + after.dead_bytes, after.disk_bytes);
}

static void
a_snapshot_changes_nothing_that_is_seen(void **state)
{
	(void)state;
	put("a", "1");
	assert_int_equal(ouro_store_snapshot(store, &error), OURO_OK);
	expect("a", "1");
	reopened(NULL);
	expect("a", "1");
}

/* ---- a disk that fails ---------------------------------------------------------------------------- */

static void
read_only_changes_nothing(void **state)
{
	struct ouro_store_options options = { .size = sizeof options,
		.read_only = true };

	(void)state;
	put("a", "1");
	reopened(&options);
	expect("a", "1");
	assert_int_equal(ouro_store_put(store, "a", 1, "2", 1, 0, &error),
	    OURO_READ_ONLY);
	assert_int_equal(ouro_store_delete(store, "a", 1, 0, NULL),
	    OURO_READ_ONLY);
	assert_int_equal(ouro_store_compact(store, 0, NULL, NULL),
	    OURO_READ_ONLY);
	assert_int_equal(ouro_store_repair(store, NULL, NULL, NULL),
	    OURO_READ_ONLY);
	assert_int_equal(ouro_store_barrier(store, NULL), OURO_OK);
	assert_int_equal(ouro_store_verify(store, NULL, NULL, NULL), OURO_OK);
	expect("a", "1");
}

static void
a_full_disk_is_told_and_survived(void **state)
{
	static char value[60000];
	struct ouro_store_options options = { .size = sizeof options,
		.segment_size = 4096 }; /* nothing is made ahead */

	(void)state;
	reopened(&options);
	put("a", "1");
	fs_memory_limit(memory, 50000);
	assert_int_equal(ouro_store_put(store, "a", 1, value, sizeof value, 0,
			     &error),
	    OURO_NO_SPACE);
	expect("a", "1");
	fs_memory_limit(memory, UINT64_MAX);
	put("a", "2");
	expect("a", "2");
}

static void
a_failed_sync_ends_writing(void **state)
{
	struct fs_fault fault = { .call = FS_CALL_SYNC,
		.nth = 1,
		.errnum = EIO,
		.for_ever = true };

	(void)state;
	put("a", "1");
	fs_memory_fault(memory, fault);
	assert_int_equal(ouro_store_put(store, "a", 1, "2", 1, OURO_SYNC_ALWAYS,
			     &error),
	    OURO_IO);
	assert_int_equal(ouro_store_put(store, "a", 1, "2", 1, OURO_SYNC_NEVER,
			     NULL),
	    OURO_READ_ONLY);
	assert_int_equal(ouro_store_barrier(store, NULL), OURO_READ_ONLY);
	fs_memory_fault(memory, (struct fs_fault){ 0 });
	reopened(NULL);
	put("a", "3");
	expect("a", "3");
}

static void
modes_of_durability_are_told_apart(void **state)
{
	struct ouro_store_options options = { .size = sizeof options,
		.sync = OURO_SYNC_NEVER };
	struct ouro_store_stats stats;

	(void)state;
	reopened(&options);
	put("a", "1");
	assert_int_equal(ouro_store_stats(store, &stats, NULL), OURO_OK);
	assert_true(stats.durable_through < stats.sequence);
	assert_int_equal(ouro_store_put(store, "b", 1, "1", 1, OURO_SYNC_ALWAYS,
			     NULL),
	    OURO_OK);
	assert_int_equal(ouro_store_stats(store, &stats, NULL), OURO_OK);
	assert_true(stats.durable_through >= stats.sequence);
	put("c", "1");
	assert_int_equal(ouro_store_barrier(store, NULL), OURO_OK);
	assert_int_equal(ouro_store_stats(store, &stats, NULL), OURO_OK);
	assert_true(stats.durable_through >= stats.sequence);
}

/* ---- real files ------------------------------------------------------------------------------------- */

struct place {
	char dir[256];
	char path[300];
};

static void
place_make(struct place *place)
{
	const char *top = getenv("TMPDIR");

	snprintf(place->dir, sizeof place->dir, "%s/store-test-XXXXXX",
	    top != NULL ? top : "/tmp");
	assert_non_null(mkdtemp(place->dir));
	snprintf(place->path, sizeof place->path, "%s/store", place->dir);
}

static enum ouro_status
remove_file(void *context, const char *name, struct ouro_error *err)
{
	char path[FS_PATH_MAX];

	(void)err;
	assert_int_equal(fs_join(path, context, name, NULL), OURO_OK);
	return fs_unlink(fs_posix(), path, NULL);
}

static void
place_remove(struct place *place)
{
	assert_int_equal(fs_list(fs_posix(), place->path, remove_file,
			     place->path, NULL),
	    OURO_OK);
	assert_int_equal(rmdir(place->path), 0);
	assert_int_equal(rmdir(place->dir), 0);
}

static void
one_process_at_a_time_holds_a_store(void **state)
{
	struct ouro_store *first, *second;
	struct place place = { 0 };
	char pid[24];

	(void)state;
	place_make(&place);
	assert_int_equal(ouro_store_open(place.path, NULL, &first, &error),
	    OURO_OK);
	assert_int_equal(ouro_store_open(place.path, NULL, &second, &error),
	    OURO_LOCKED);
	snprintf(pid, sizeof pid, "%d", (int)getpid());
	assert_non_null(strstr(error.text, pid));
	ouro_store_close(first);
	assert_int_equal(ouro_store_open(place.path, NULL, &second, &error),
	    OURO_OK);
	ouro_store_close(second);
	place_remove(&place);
}

static void
file_make(const struct place *place, const char *name, const char *hex)
{
	struct buffer content = { 0 };
	char path[FS_PATH_MAX];

	assert_int_equal(hex_decode(hex, strlen(hex), &content, NULL), OURO_OK);
	assert_int_equal(fs_join(path, place->path, name, NULL), OURO_OK);
	assert_int_equal(fs_create_file(fs_posix(), path,
			     buffer_bytes(&content), NULL),
	    OURO_OK);
	buffer_release(&content);
}

/* What the engine before this one wrote: records without a header, and a
 * snapshot whose offsets mean nothing. */
static void
older_directories_open_unchanged(void **state)
{
	struct place place = { 0 };

	(void)state;
	place_make(&place);
	assert_int_equal(fs_mkdir(fs_posix(), place.path, NULL), OURO_OK);
	file_make(&place, "segment-00000001.dat",
	    "f0f10103000000050000006b657976616c756593d5555c");
	file_make(&place, "index.snapshot",
	    "4b56494e444558310100000000000000"
	    "030000006b657901000000000000000000000000000000");
	ouro_store_close(store);
	assert_int_equal(ouro_store_open(place.path, NULL, &store, &error),
	    OURO_OK);
	expect("key", "value");
	put("new", "1");
	ouro_store_close(store);
	assert_int_equal(ouro_store_open(place.path, NULL, &store, &error),
	    OURO_OK);
	expect("key", "value");
	expect("new", "1");
	ouro_store_close(store);
	store = NULL;
	place_remove(&place);
}

/* ---- threads -------------------------------------------------------------------------------------------- */

static void *
count_up(void *context)
{
	struct ouro_store_batch *batch = ouro_store_batch_new();
	unsigned *retries = context;

	for (unsigned done = 0; done < 200;) {
		struct ouro_value value;
		unsigned old = 0, new;
		enum ouro_status status = ouro_store_get(store, "n", 1, &value,
		    NULL);

		ouro_store_batch_clear(batch);
		if (status == OURO_OK)
			memcpy(&old, value.data, sizeof old);
		new = old + 1;
		if (status == OURO_OK)
			ouro_store_batch_put_if_equal(batch, "n", 1, value.data,
			    value.size, &new, sizeof new, NULL);
		else
			ouro_store_batch_put_if_absent(batch, "n", 1, &new,
			    sizeof new, NULL);
		ouro_value_release(status == OURO_OK ? &value : NULL);
		status = ouro_store_write(store, batch, 0, NULL);
		if (status == OURO_OK)
			done++;
		else
			(*retries)++;
	}
	ouro_store_batch_free(batch);
	return NULL;
}

static void
threads_lose_no_update(void **state)
{
	pthread_t threads[2];
	unsigned retries[2] = { 0 }, sum;
	size_t size;

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count_up,
				     &retries[i]),
		    0);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(ouro_store_read(store, "n", 1, &sum, sizeof sum, &size,
			     NULL),
	    OURO_OK);
	assert_int_equal(size, sizeof sum);
	assert_int_equal(sum, 400);
}

static void
count_line(void *context, enum ouro_log_level level, const char *text)
{
	atomic_uint *lines = context;

	assert_true(level <= OURO_LOG_ERROR);
	assert_true(text[0] != '\0');
	(*lines)++;
}

static void
damage_is_logged_at_the_opening(void **state)
{
	atomic_uint lines = 0;
	struct ouro_store_options options = { .size = sizeof options,
		.log = count_line,
		.log_context = &lines };

	(void)state;
	put("a", "1");
	ouro_store_close(store);
	store = NULL;
	assert_int_equal(fs_memory_flip(memory, DIR "/segment-00000001.dat", 9,
			     0xff),
	    OURO_OK);
	reopened(&options);
	assert_true(lines > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

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
		TEST(damage_is_told_and_mended),
		TEST(compaction_gives_space_back),
		TEST(a_snapshot_changes_nothing_that_is_seen),
		TEST(read_only_changes_nothing),
		TEST(a_full_disk_is_told_and_survived),
		TEST(a_failed_sync_ends_writing),
		TEST(modes_of_durability_are_told_apart),
		TEST(one_process_at_a_time_holds_a_store),
		TEST(older_directories_open_unchanged),
		TEST(threads_lose_no_update),
		TEST(damage_is_logged_at_the_opening),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
