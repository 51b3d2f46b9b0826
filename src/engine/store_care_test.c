/*
 * A store that is damaged, full or failing, on real files, under threads.
 */
#include "engine/test_store.h"

#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

#include <pthread.h>

#include "base/encoding.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
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
