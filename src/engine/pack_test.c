/*
 * Values that lie packed in the log.
 */
#include "base/encoding.h"
#include "engine/assembly.h"
#include "engine/log_world.h"
#include "engine/pack.h"

static uint8_t large[ENGINE_VALUE_MAX + 1];

static int
packed_begin(void **state)
{
	world_begin(state);
	world.options.level = 3;
	memset(large, 'x', sizeof large);
	return 0;
}

/* Bytes that no compressor makes smaller. */
static struct bytes
noise(size_t size)
{
	static uint8_t bytes[4096];
	uint64_t x = 1;

	assert_true(size <= sizeof bytes);
	for (size_t i = 0; i < size; i++) {
		x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
		bytes[i] = (uint8_t)(x >> 56);
	}
	return bytes_of(bytes, size);
}

static struct bytes
same(size_t size)
{
	assert_true(size <= sizeof large);
	return bytes_of(large, size);
}

static void
put_bytes(const char *key, struct bytes value)
{
	assert_int_equal(apply(ENGINE_PUT, key, value), OURO_OK);
}

/* In every way that a value can be read. */
static void
expect_bytes(const char *key, struct bytes expected)
{
	struct engine_range range = { .prefix = bytes_text(key) };
	struct engine_value value;
	struct engine_scan *scan;
	struct buffer copy = { 0 };
	struct bytes found_key, found;
	uint64_t size;

	assert_int_equal(engine_get(world.engine, bytes_text(key), &value,
			     NULL),
	    OURO_OK);
	assert_true(bytes_equal(value.bytes, expected));
	engine_value_release(&value);
	assert_int_equal(engine_copy(world.engine, bytes_text(key), &copy,
			     NULL),
	    OURO_OK);
	assert_true(bytes_equal(buffer_bytes(&copy), expected));
	buffer_release(&copy);
	assert_int_equal(engine_exists(world.engine, bytes_text(key), &size,
			     NULL),
	    OURO_OK);
	assert_int_equal(size, expected.size);
	assert_int_equal(engine_scan_open(world.engine, &range, &scan, NULL),
	    OURO_OK);
	assert_int_equal(engine_scan_next(scan, &found_key, &found, NULL),
	    OURO_OK);
	assert_true(bytes_equal(found, expected));
	engine_scan_close(scan);
}

/* The next opening has to read the log again. */
static void
index_lose(void)
{
	enum ouro_status status = fs_unlink(world.fs, "/store/INDEX", NULL);

	assert_true(status == OURO_OK || status == OURO_NOT_FOUND);
}

static void
begin_again(void)
{
	struct engine_options options = world.options;

	world_end(NULL);
	world_begin(NULL);
	options.fs = world.fs;
	options.executor = world.executor;
	world.options = options;
}

/* Moves all that counts; there was something dead. */
static void
compacted(void)
{
	uint64_t before = stats().bytes_moved;

	put("dead", "1");
	put("dead", "2");
	assert_int_equal(engine_compact(world.engine, 0, NULL, NULL), OURO_OK);
	assert_true(stats().bytes_moved > before);
}

static const uint8_t seal_key[KEY_SIZE] = "thirty-two bytes of a seal key.";

/* ---- round trips ------------------------------------------------------------------- */

static const size_t sizes[] = { 0, 1, 63, 64, 65, 1000, 4096, 100000 };
#define SIZES (sizeof sizes / sizeof *sizes)

static void
sizes_put(void)
{
	for (size_t i = 0; i < SIZES; i++) {
		char key[16];

		snprintf(key, sizeof key, "same%zu.", i);
		put_bytes(key, same(sizes[i]));
		snprintf(key, sizeof key, "noise%zu.", i);
		put_bytes(key, noise(sizes[i] % 4097));
	}
}

static void
sizes_expect(void)
{
	for (size_t i = 0; i < SIZES; i++) {
		char key[16];

		snprintf(key, sizeof key, "same%zu.", i);
		expect_bytes(key, same(sizes[i]));
		snprintf(key, sizeof key, "noise%zu.", i);
		expect_bytes(key, noise(sizes[i] % 4097));
	}
}

/* With the index that was stored and without it; another level, or none,
 * matters only to what is written. */
static void
sizes_reopen(void)
{
	static const int levels[] = { 0, 19, 3 };

	for (unsigned i = 0; i < 6; i++) {
		assert_int_equal(engine_snapshot(world.engine, NULL), OURO_OK);
		closed();
		if (i >= 3)
			index_lose();
		world.options.level = levels[i % 3];
		opened();
		assert_true((stats().replayed > 0) == (i >= 3));
		sizes_expect();
		verified(OURO_OK);
	}
}

static void
round_trips(void)
{
	opened();
	sizes_put();
	sizes_expect();
	verified(OURO_OK);
	sizes_reopen();
	assert_int_equal(engine_snapshot(world.engine, NULL), OURO_OK);
	compacted();
	sizes_expect();
	sizes_reopen();
}

static void
values_come_back(void **state)
{
	(void)state;
	round_trips();
}

static void
values_come_back_without_maps(void **state)
{
	(void)state;
	world.options.no_maps = true;
	round_trips();
}

static void
values_come_back_sealed(void **state)
{
	(void)state;
	world.options.seal_key = seal_key;
	round_trips();
}

static void
the_largest_value_comes_back(void **state)
{
	struct engine_op op = { .kind = ENGINE_PUT,
		.key = bytes_text("k"),
		.value = same(ENGINE_VALUE_MAX + 1) };

	(void)state;
	opened();
	assert_int_equal(engine_apply(world.engine, &op, 1, 0, NULL),
	    OURO_TOO_LARGE);
	op.value.size--;
	assert_int_equal(engine_apply(world.engine, &op, 1, 0, NULL), OURO_OK);
	expect_bytes("k", op.value);
	assert_true(stats().disk_bytes < 100000);
	opened();
	expect_bytes("k", op.value);
}

static void
a_value_is_packed_when_that_saves_an_eighth(void **state)
{
	uint64_t before;
	uint8_t some[1024];

	(void)state;
	opened();
	put_bytes("63", same(63));
	before = stats().disk_bytes;
	put_bytes("64", same(64)); /* key, head and CRC take 33 bytes */
	assert_true(stats().disk_bytes - before < 33 + 64 * 7 / 8);
	before = stats().disk_bytes;
	put_bytes("no", noise(1000));
	assert_int_equal(stats().disk_bytes - before, 33 + 1000);
	memcpy(some, noise(1024).data, 1024);
	memset(some, 0, 100); /* a few bytes saved are not enough */
	before = stats().disk_bytes;
	put_bytes("so", bytes_of(some, 1024));
	assert_int_equal(stats().disk_bytes - before, 33 + 1024);
	memset(some, 0, 200);
	before = stats().disk_bytes;
	put_bytes("so", bytes_of(some, 1024));
	assert_true(stats().disk_bytes - before <= 33 + 1024 * 7 / 8);
	before = stats().disk_bytes;
	put_bytes("63", same(63));
	assert_int_equal(stats().disk_bytes - before, 33 + 63);
	closed();
	world.options.level = 0;
	opened();
	before = stats().disk_bytes;
	put_bytes("64", same(64));
	assert_int_equal(stats().disk_bytes - before, 33 + 64);
	expect_bytes("64", same(64));
}

static void
levels_are_checked(void **state)
{
	static const int levels[] = { -1, 20, 1000 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		world.options.level = levels[i];
		assert_int_equal(engine_log_open("/store", &world.options,
				     &world.engine, NULL),
		    OURO_INVALID);
	}
}

/* ---- batches, conditions -------------------------------------------------------------- */

static void
batches_come_back(void **state)
{
	struct engine_op ops[] = {
		{ .key = bytes_text("a"), .value = same(500) },
		{ .key = bytes_text("b"), .value = noise(500) },
		{ .key = bytes_text("c"), .value = same(10) },
		{ .kind = ENGINE_DELETE, .key = bytes_text("gone") },
		{ .key = bytes_text("d"), .value = same(70000) },
	};

	(void)state;
	for (unsigned sealed = 0; sealed < 2; sealed++) {
		opened();
		put_bytes("gone", same(100));
		assert_int_equal(engine_apply(world.engine, ops, 5, 0, NULL),
		    OURO_OK);
		for (unsigned i = 0; i < 6; i++) {
			expect_bytes("a", ops[0].value);
			expect_bytes("b", ops[1].value);
			expect_bytes("c", ops[2].value);
			expect("gone", NULL);
			expect_bytes("d", ops[4].value);
			verified(OURO_OK);
			if (i == 2)
				compacted();
			if (i % 2 == 0)
				killed();
			opened();
		}
		begin_again();
		world.options.seal_key = seal_key;
	}
}

static enum ouro_status
replace(const char *key, struct bytes expected, struct bytes value)
{
	struct engine_op op = { .key = bytes_text(key),
		.value = value,
		.expected = expected,
		.condition = ENGINE_IF_EQUAL };

	return engine_apply(world.engine, &op, 1, 0, NULL);
}

static void
conditions_compare_clear_values(void **state)
{
	struct engine_op ops[2] = {
		{ .key = bytes_text("a"), .value = same(200) },
		{ .key = bytes_text("a"),
		    .value = same(300),
		    .condition = ENGINE_IF_EQUAL,
		    .expected = same(100) },
	};

	(void)state;
	opened();
	put_bytes("a", same(100));
	assert_int_equal(replace("a", same(99), same(1)), OURO_CONFLICT);
	assert_int_equal(replace("a", noise(100), same(1)), OURO_CONFLICT);
	assert_int_equal(engine_apply(world.engine, ops, 2, 0, NULL), OURO_OK);
	expect_bytes("a", same(300));
	opened();
	assert_int_equal(replace("a", same(300), noise(300)), OURO_OK);
	assert_int_equal(replace("a", same(300), same(1)), OURO_CONFLICT);
	assert_int_equal(replace("a", noise(300), same(64)), OURO_OK);
	expect_bytes("a", same(64));
}

/* ---- damage --------------------------------------------------------------------------- */

/* The record of key `b`, or its sub-record, with its checksums made to fit:
 * `change` is given its value. */
static void
forge(const char *path, void (*change)(uint8_t *value, size_t size))
{
	struct log_engine *log = log_engine_of(world.engine);
	struct record_frame frame = log->segments[0]->frame;
	uint64_t begin = log->segments[0]->begin;
	struct buffer content;
	struct record record, sub;
	uint8_t *at, *value;

	closed();
	content = file_read(path);
	at = content.data + begin;
	assert_true(
	    record_decode(&frame, at, content.size - (size_t)begin, &record));
	while (record.op != RECORD_BATCH &&
	    !bytes_equal(record.key, bytes_text("b"))) {
		at += record.size;
		assert_true(record_decode(&frame, at,
		    content.size - (size_t)(at - content.data), &record));
	}
	sub = record;
	if (record.op == RECORD_BATCH) {
		assert_true(record_sub_decode(&frame, &record, 0, 0, &sub));
		assert_true(bytes_equal(sub.key, bytes_text("b")));
	}
	assert_int_equal(sub.op, RECORD_PACKED);
	value = (uint8_t *)(uintptr_t)sub.value.data;
	change(value, sub.value.size);
	if (record.op == RECORD_BATCH) {
		const uint8_t *body = record.value.data;
		size_t size = (size_t)sub.size - RECORD_CRC;

		put_u32le((uint8_t *)(uintptr_t)body + size,
		    record_crc(record_sub_crc(&frame, sub.sequence),
			bytes_of(body, size)));
	}
	put_u32le(at + record.size - RECORD_CRC,
	    record_crc(frame.salt_crc,
		bytes_of(at + 2, (size_t)record.size - 2 - RECORD_CRC)));
	file_write(path, buffer_bytes(&content));
	buffer_release(&content);
}

static void
frame_break(uint8_t *value, size_t size)
{
	value[size - 1] ^= 0x55;
	value[PACK_HEAD + 5] ^= 0x55;
}

static void
magic_break(uint8_t *value, size_t size)
{
	(void)size;
	value[PACK_HEAD] ^= 1;
}

static void
size_one_less(uint8_t *value, size_t size)
{
	(void)size;
	put_u32le(value, get_u32le(value) - 1);
}

static void
size_one_more(uint8_t *value, size_t size)
{
	(void)size;
	put_u32le(value, get_u32le(value) + 1);
}

static void
size_over_the_limit(uint8_t *value, size_t size)
{
	(void)size;
	put_u32le(value, ENGINE_VALUE_MAX + 1);
}

static void
size_huge(uint8_t *value, size_t size)
{
	(void)size;
	put_u32le(value, UINT32_MAX);
}

static void
damage_expect(void)
{
	struct ouro_error err = { 0 };
	struct told told;

	assert_int_equal(get_status("b", &err), OURO_DAMAGED);
	assert_non_null(strstr(err.text, SEGMENT(1)));
	assert_non_null(strstr(err.text, "does not unpack"));
	assert_int_equal(replace("b", same(2000), same(1)), OURO_DAMAGED);
	expect_bytes("a", same(3000));
	told = verified(OURO_DAMAGED);
	assert_int_equal(told.count, 1);
	assert_string_equal(told.keys, "b ");
	assert_string_equal(told.files, SEGMENT(1) " ");
}

static void
damage_try(bool batch, void (*change)(uint8_t *value, size_t size))
{
	struct engine_op ops[2] = {
		{ .key = bytes_text("b"), .value = same(2000) },
		{ .key = bytes_text("c"), .value = same(2000) },
	};

	opened();
	if (!batch)
		put_bytes("a", same(3000));
	assert_int_equal(engine_apply(world.engine, ops, batch ? 2 : 1, 0,
			     NULL),
	    OURO_OK);
	if (batch)
		put_bytes("a", same(3000));
	forge(SEGMENT(1), change);
	index_lose();
	opened();
	if (change == frame_break || change == magic_break)
		damage_expect();
	assert_int_equal(get_status("b", NULL), OURO_DAMAGED);
	/* Moving it makes it no better. */
	compacted();
	assert_int_equal(get_status("b", NULL), OURO_DAMAGED);
	verified(OURO_DAMAGED);
	assert_int_equal(engine_repair(world.engine, NULL, NULL, NULL),
	    OURO_OK);
	verified(OURO_OK);
	expect("b", NULL);
	expect_bytes("a", same(3000));
	if (batch)
		expect_bytes("c", same(2000));
	closed();
}

static void
what_does_not_unpack_is_damage(void **state)
{
	static void (*const changes[])(uint8_t *, size_t) = { frame_break,
		magic_break, size_one_less, size_one_more, size_over_the_limit,
		size_huge };

	(void)state;
	for (size_t i = 0; i < 2 * sizeof changes / sizeof *changes; i++) {
		damage_try(i % 2 != 0, changes[i / 2]);
		begin_again();
	}
}

/* Another value that takes as many bytes. */
static void
value_exchange(uint8_t *value, size_t size)
{
	struct pack_pool pool = { 0 };
	struct engine_op op = { .key = bytes_text("b"), .value = same(1999) };
	struct pack pack = { 0 };

	assert_int_equal(pack_ops(&pool, 3, &op, 1, &pack, NULL), OURO_OK);
	assert_int_equal(pack.bytes.size, size);
	memcpy(value, pack.bytes.data, size);
	pack_release(&pack);
	pack_pool_release(&pool);
}

/* The index says how large a value is; a record that says otherwise is not
 * the one it means. */
static void
the_size_in_the_index_counts(void **state)
{
	(void)state;
	opened();
	put_bytes("b", same(2000));
	assert_int_equal(engine_snapshot(world.engine, NULL), OURO_OK);
	forge(SEGMENT(1), value_exchange);
	opened();
	assert_int_equal(stats().replayed, 0);
	assert_int_equal(get_status("b", NULL), OURO_DAMAGED);
}

static void
a_flipped_bit_hides_no_older_value(void **state)
{
	(void)state;
	opened();
	put("b", "older");
	put_bytes("b", same(2000));
	put("z", "last");
	closed();
	/* Before the value: one byte of key, a head, the packed one's CRC. */
	flip(SEGMENT(1),
	    file_find(SEGMENT(1), "last") - 1 - RECORD_HEAD - RECORD_CRC - 1);
	index_lose();
	opened();
	assert_int_equal(get_status("b", NULL), OURO_DAMAGED);
	expect("z", "last");
}

/* ---- the pool ------------------------------------------------------------------------- */

static void
large_working_memory_is_not_kept(void **state)
{
	struct pack_pool pool = { 0 };
	struct engine_op op = { .key = bytes_text("k"), .value = same(1000) };
	struct pack pack = { 0 };
	struct buffer out = { 0 };

	(void)state;
	assert_int_equal(pack_ops(&pool, 3, &op, 1, &pack, NULL), OURO_OK);
	assert_non_null(pool.spare[0]);
	assert_int_equal(pack_open(&pool, pack.values[0], &out, NULL), OURO_OK);
	assert_true(bytes_equal(buffer_bytes(&out), op.value));
	assert_non_null(pool.spare[0]);
	assert_null(pool.spare[1]);
	pack_release(&pack);
	op.value = same(ENGINE_VALUE_MAX);
	assert_int_equal(pack_ops(&pool, 19, &op, 1, &pack, NULL), OURO_OK);
	assert_null(pool.spare[0]);
	pack_release(&pack);
	buffer_release(&out);
	pack_pool_release(&pool);
}

#undef TEST
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, packed_begin, world_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(values_come_back),
		TEST(values_come_back_without_maps),
		TEST(values_come_back_sealed),
		TEST(the_largest_value_comes_back),
		TEST(a_value_is_packed_when_that_saves_an_eighth),
		TEST(levels_are_checked),
		TEST(batches_come_back),
		TEST(conditions_compare_clear_values),
		TEST(what_does_not_unpack_is_damage),
		TEST(the_size_in_the_index_counts),
		TEST(a_flipped_bit_hides_no_older_value),
		TEST(large_working_memory_is_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
