#include "engine/fetch.h"

#include "engine/log_world.h"
#include "engine/walk.h"

static struct buffer block;

static int
fetch_end(void **state)
{
	buffer_release(&block);
	return world_end(state);
}

static struct log_engine *
log_of_world(void)
{
	return log_engine_of(world.engine);
}

static struct segment *
segment_at(size_t i)
{
	assert_true(i < log_of_world()->segment_count);
	return log_of_world()->segments[i];
}

/* Notes where the record is when it is a put of the key. */
static void
place_note(struct segment *segment, uint64_t offset,
    const struct record *record, const char *key, struct location *out)
{
	if (!bytes_equal(record->key, bytes_text(key)))
		return;
	*out = (struct location){
		.segment = segment,
		.offset = offset,
		.sequence = record->sequence,
		.value_size = (uint32_t)record->value.size,
		.batch_offset = record->batch_offset,
	};
}

/* The last record of the key in the segment; it must be there. */
static struct location
place_of(struct segment *segment, const char *key)
{
	const struct record_frame *frame = &segment->frame;
	struct location out = { 0 };
	struct walk_item item;
	struct walk walk;

	assert_int_equal(walk_open(&walk, segment, segment->end, NULL),
	    OURO_OK);
	while (walk_next(&walk, &item, NULL) == OURO_OK) {
		size_t at = 0;

		assert_true(item.good);
		for (uint32_t i = 0;
		     item.record.op == RECORD_BATCH && i < item.record.count;
		     i++) {
			struct record sub;

			assert_true(record_sub_decode(frame, &item.record, i,
			    at, &sub));
			(void)record_unseal(frame, &sub, NULL);
			place_note(segment,
			    item.offset + record_head(frame) + at, &sub, key,
			    &out);
			at += (size_t)sub.size;
		}
		if (item.record.op == RECORD_BATCH)
			continue;
		(void)record_unseal(frame, &item.record, NULL);
		place_note(segment, item.offset, &item.record, key, &out);
	}
	walk_close(&walk);
	assert_non_null(out.segment);
	return out;
}

static enum ouro_status
fetched(const struct location *place, const char *key, struct bytes *value,
    bool *mapped, struct ouro_error *err)
{
	return fetch_value(place, bytes_text(key), &block, value, mapped, err);
}

static void
fetch_expect(const struct location *place, const char *key, const char *value,
    bool mapped)
{
	struct bytes found;
	bool is_mapped;

	assert_int_equal(fetched(place, key, &found, &is_mapped, NULL),
	    OURO_OK);
	assert_true(bytes_equal(found, bytes_text(value)));
	assert_int_equal(is_mapped, mapped);
}

/* From now on the n-th read fails. */
static void
reads_count(uint64_t nth)
{
	fs_memory_fault(world.fs,
	    (struct fs_fault){ .call = FS_CALL_READ,
		.nth = nth,
		.errnum = EIO });
}

static void
hot_values_need_no_call(void **state)
{
	struct location a, b;

	(void)state;
	world.options.segment_size = 1000000;
	opened();
	put("a", "value of a");
	put("b", "value of b");
	a = place_of(segment_at(0), "a");
	b = place_of(segment_at(0), "b");
	fetch_prefetch(&a); /* not touched yet: does nothing */
	fetch_expect(&a, "a", "value of a", true);
	fs_memory_fault(world.fs,
	    (struct fs_fault){ .call = FS_CALL_ANY,
		.nth = 1,
		.errnum = EIO,
		.for_ever = true });
	fetch_prefetch(&b);
	fetch_expect(&a, "a", "value of a", true);
	fetch_expect(&b, "b", "value of b", true);
	assert_int_equal(fs_memory_calls(world.fs, FS_CALL_ANY), 0);
	fs_memory_fault(world.fs, (struct fs_fault){ 0 });
}

static void
what_does_not_fit_is_damage(void **state)
{
	struct location a, other;
	struct ouro_error err;
	struct bytes value;
	bool mapped;

	(void)state;
	opened();
	put("a", "value of a");
	a = place_of(segment_at(0), "a");
	fetch_expect(&a, "a", "value of a", true);
	for (unsigned i = 0; i < 27 + 1 + 10 + 4; i++) {
		flip(SEGMENT(1), a.offset + i);
		assert_int_equal(fetched(&a, "a", &value, &mapped, &err),
		    OURO_DAMAGED);
		assert_non_null(strstr(err.text, SEGMENT(1)));
		flip(SEGMENT(1), a.offset + i);
	}
	fetch_expect(&a, "a", "value of a", true);
	assert_int_equal(fetched(&a, "b", &value, &mapped, NULL), OURO_DAMAGED);
	other = a;
	other.sequence++;
	assert_int_equal(fetched(&other, "a", &value, &mapped, NULL),
	    OURO_DAMAGED);
	other = a;
	other.value_size--;
	assert_int_equal(fetched(&other, "a", &value, &mapped, NULL),
	    OURO_DAMAGED);
	other = a;
	other.state = PLACE_DAMAGED;
	assert_int_equal(fetched(&other, "a", &value, &mapped, NULL),
	    OURO_DAMAGED);
	other = a;
	other.offset = UINT64_MAX / 4; /* beyond every file */
	assert_int_equal(fetched(&other, "a", &value, &mapped, NULL),
	    OURO_DAMAGED);
}

static void
a_disk_that_fails_is_a_status(void **state)
{
	struct location a, big;
	struct ouro_error err;
	struct bytes value;
	bool mapped;

	(void)state;
	opened();
	put("a", "value of a");
	put_size("big", 200000); /* over four blocks */
	a = place_of(segment_at(0), "a");
	big = place_of(segment_at(0), "big");
	for (unsigned i = 1; i <= 4; i++) {
		reads_count(1);
		assert_int_equal(fetched(i == 1 ? &a : &big,
				     i == 1 ? "a" : "big", &value, &mapped,
				     &err),
		    OURO_IO);
		assert_non_null(strstr(err.text, SEGMENT(1)));
		fs_memory_fault(world.fs, (struct fs_fault){ 0 });
	}
	fetch_expect(&a, "a", "value of a", true);
	reads_count(0);
	assert_int_equal(fetched(&big, "big", &value, &mapped, NULL), OURO_OK);
	assert_int_equal(fs_memory_calls(world.fs, FS_CALL_READ), 3);
	assert_true(mapped);
	assert_int_equal(value.size, 200000);
	reads_count(1);
	assert_int_equal(fetched(&big, "big", &value, &mapped, NULL), OURO_OK);
	fs_memory_fault(world.fs, (struct fs_fault){ 0 });
	flip(SEGMENT(1), big.offset + 150000);
	assert_int_equal(fetched(&big, "big", &value, &mapped, NULL),
	    OURO_DAMAGED);
}

static void
the_active_segment_grows_under_its_map(void **state)
{
	char key[16];

	(void)state;
	world.options.segment_size = 700000;
	opened();
	put("a", "value of a");
	put_size("filler", 300000);
	closed();
	opened(); /* the file ends with its records now */
	for (unsigned i = 0; i < 200; i++) {
		struct location place = place_of(segment_at(0), "a");
		struct bytes value;
		bool mapped;

		fetch_expect(&place, "a", "value of a", true);
		snprintf(key, sizeof key, "%u", i);
		put_size(key, 1500);
		place = place_of(segment_at(0), key);
		assert_int_equal(fetched(&place, key, &value, &mapped, NULL),
		    OURO_OK);
		assert_true(mapped);
	}
	assert_int_equal(stats().segments, 1);
}

static void
batches_and_old_records_likewise(void **state)
{
	static const uint8_t old[] = "\xf0\xf1\x01\x03\0\0\0\x05\0\0\0keyvalue"
				     "\x93\xd5\x55\x5c";
	struct engine_op ops[2] = {
		{ .key = bytes_text("x"), .value = bytes_text("value of x") },
		{ .key = bytes_text("y"), .value = bytes_text("value of y") },
	};
	struct location place;
	struct bytes value;
	bool mapped;

	(void)state;
	assert_int_equal(fs_mkdir(world.fs, "/store", NULL), OURO_OK);
	file_write(SEGMENT(1), bytes_of(old, sizeof old - 1));
	opened();
	assert_int_equal(engine_apply(world.engine, ops, 2, 0, NULL), OURO_OK);
	place = place_of(segment_at(0), "key");
	fetch_expect(&place, "key", "value", true);
	place = place_of(segment_at(1), "x");
	fetch_expect(&place, "x", "value of x", true);
	place = place_of(segment_at(1), "y");
	fetch_expect(&place, "y", "value of y", true);
	flip(SEGMENT(2), place.offset + 12);
	assert_int_equal(fetched(&place, "y", &value, &mapped, NULL),
	    OURO_DAMAGED);
	flip(SEGMENT(2), place.offset + 12);
	place.sequence++;
	assert_int_equal(fetched(&place, "y", &value, &mapped, NULL),
	    OURO_DAMAGED);
}

static void
without_maps_values_are_read(void **state)
{
	static const uint8_t seal_key[32] = "thirty-two bytes of a seal key.";
	struct engine_op ops[2] = {
		{ .key = bytes_text("x"), .value = bytes_text("value of x") },
		{ .key = bytes_text("y"), .value = bytes_text("value of y") },
	};
	struct location place;

	(void)state;
	for (unsigned sealed = 0; sealed < 2; sealed++) {
		world.options.seal_key = sealed ? seal_key : NULL;
		assert_int_equal(engine_log_open(sealed ? "/sealed" : "/plain",
				     &world.options, &world.engine, NULL),
		    OURO_OK);
		log_of_world()->files.no_maps = !sealed;
		put("a", "value of a");
		assert_int_equal(engine_apply(world.engine, ops, 2, 0, NULL),
		    OURO_OK);
		reads_count(0);
		place = place_of(segment_at(0), "a");
		fetch_expect(&place, "a", "value of a", false);
		place = place_of(segment_at(0), "y");
		fetch_expect(&place, "y", "value of y", false);
		assert_int_equal(fs_memory_calls(world.fs, FS_CALL_MAP), 0);
		closed();
	}
}

#define FETCH_TEST(name) \
	cmocka_unit_test_setup_teardown(name, world_begin, fetch_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FETCH_TEST(hot_values_need_no_call),
		FETCH_TEST(what_does_not_fit_is_damage),
		FETCH_TEST(a_disk_that_fails_is_a_status),
		FETCH_TEST(the_active_segment_grows_under_its_map),
		FETCH_TEST(batches_and_old_records_likewise),
		FETCH_TEST(without_maps_values_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
