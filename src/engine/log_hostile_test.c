/*
 * What somebody may try who can write to the disk, and has no key.
 */
#include "engine/log_engine.h"

#include "base/encoding.h"
#include "engine/log_world.h"

static const uint8_t seal_key[KEY_SIZE] = { 1 }, other_key[KEY_SIZE] = { 2 };

#define TAIL   (TAG_SIZE + RECORD_CRC)
#define FILLER "filler ................................................."

static int
sealed_begin(void **state)
{
	int result = world_begin(state);

	world.options.seal_key = seal_key;
	world.options.name = "records";
	return result;
}

/* ---- nonces -------------------------------------------------------------------------- */

/* Puts the store's only segment back and writes one more record. */
static struct buffer
fork_write(struct bytes before, const char *value)
{
	file_write(SEGMENT(1), before);
	opened();
	put("b", value);
	expect("a", "1");
	expect("b", value);
	assert_int_equal(stats().segments, 1);
	closed();
	return file_read(SEGMENT(1));
}

static void
copies_of_a_store_share_no_key(void **state)
{
	static const char one[] = "the first text", two[] = "another text!!";
	size_t at, session, same = 0;
	struct buffer before, a, b;

	(void)state;
	opened();
	put("a", "1");
	closed();
	before = file_read(SEGMENT(1));
	a = fork_write(buffer_bytes(&before), one);
	b = fork_write(buffer_bytes(&before), two);
	session = before.size + RECORD_HEAD;
	at = before.size + RECORD_HEAD_MAX + 1;
	/* The same salt and the same sequence ... */
	assert_int_equal(a.size, b.size);
	assert_memory_equal(a.data, b.data, session);
	/* ... but not the same session, and no common key stream. */
	assert_memory_not_equal(a.data + session, b.data + session,
	    RECORD_SESSION);
	for (size_t i = 0; i < sizeof one - 1; i++)
		same += (a.data[at + i] ^ b.data[at + i]) == (one[i] ^ two[i]);
	assert_true(same < sizeof one - 1);
	buffer_release(&before);
	buffer_release(&a);
	buffer_release(&b);
}

static void
sessions_follow_one_another_in_a_segment(void **state)
{
	char key[2] = "a";

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		opened();
		key[0] = (char)('a' + i);
		put(key, key);
		if (i % 2 == 0)
			killed();
	}
	opened();
	assert_int_equal(stats().segments, 1);
	for (unsigned i = 12; i-- > 0;) {
		key[0] = (char)('a' + i % 6);
		expect(key, key);
	}
	verified(OURO_OK);
}

/* No two sealed records of one file have both sequence and session. */
static void
nonces_expect_unique(const char *path)
{
	struct buffer content = file_read(path);
	size_t begin = (size_t)header_claim(content.data, content.size);
	size_t i = begin, j;

	while (i < content.size) {
		for (j = begin; j < i;) {
			const uint8_t *p = content.data + i;
			const uint8_t *q = content.data + j;

			assert_false(memcmp(p + 11, q + 11, 8) == 0 &&
			    memcmp(p + 27, q + 27, RECORD_SESSION) == 0);
			j += RECORD_HEAD_MAX + get_u32le(q + 3) +
			    get_u32le(q + 7) + TAIL;
		}
		i += RECORD_HEAD_MAX + get_u32le(content.data + i + 3) +
		    get_u32le(content.data + i + 7) + TAIL;
	}
	assert_int_equal(i, content.size);
	buffer_release(&content);
}

/* Two copies of a store that went on separately hold different records of
 * one sequence. Brought together, they are compacted into one segment. */
static void
merged_copies_of_a_store_share_no_nonce(void **state)
{
	struct buffer before, copies;

	(void)state;
	opened();
	put("a", "1");
	closed();
	before = file_read(SEGMENT(1));
	opened();
	put("x", "the second");
	put("z", "1");
	put("z", "2");
	assert_int_equal(engine_compact(world.engine, 0, NULL, NULL), OURO_OK);
	closed();
	copies = file_read(SEGMENT(2));
	assert_int_equal(fs_unlink(world.fs, SEGMENT(2), NULL), OURO_OK);
	assert_int_equal(fs_unlink(world.fs, SEGMENT(3), NULL), OURO_OK);
	file_write(SEGMENT(1), buffer_bytes(&before));
	opened();
	put("y", "also the second");
	put("z", "3");
	put("z", "4");
	closed();
	file_write(SEGMENT(2), buffer_bytes(&copies));
	opened();
	expect("x", "the second");
	expect("y", "also the second");
	assert_int_equal(engine_compact(world.engine, 0, NULL, NULL), OURO_OK);
	expect("x", "the second");
	expect("y", "also the second");
	closed();
	nonces_expect_unique(SEGMENT(3));
	opened();
	verified(OURO_OK);
	buffer_release(&before);
	buffer_release(&copies);
}

/* ---- forged files ---------------------------------------------------------------------- */

static void
forged_expect(const char *path, const char *key)
{
	struct told told;

	opened();
	expect("a", FILLER);
	assert_int_equal(get_status(key, NULL), OURO_NOT_FOUND);
	assert_true(stats().damaged_records > 0);
	told = verified(OURO_DAMAGED);
	assert_non_null(strstr(told.files, path));
	assert_int_equal(engine_compact(world.engine, 0, NULL, NULL), OURO_OK);
	opened();
	assert_int_equal(get_status(key, NULL), OURO_NOT_FOUND);
	told = verified(OURO_DAMAGED);
	assert_non_null(strstr(told.files, path));
	/* Repair lets it go, and takes nothing from it. */
	assert_int_equal(engine_repair(world.engine, NULL, NULL, NULL),
	    OURO_OK);
	opened();
	verified(OURO_OK);
	expect("a", FILLER);
	assert_int_equal(get_status(key, NULL), OURO_NOT_FOUND);
	closed();
}

static void
an_old_segment_in_a_sealed_store_is_not_believed(void **state)
{
	static const char
	    set[] = "f0f10103000000050000006b657976616c756593d5555c";
	static const char *const paths[] = { SEGMENT(0), SEGMENT(9) };
	struct buffer forged = { 0 };

	(void)state;
	hex_decode(set, strlen(set), &forged, NULL);
	for (unsigned i = 0; i < 2; i++) {
		opened();
		put("a", FILLER);
		closed();
		file_write(paths[i], buffer_bytes(&forged));
		forged_expect(paths[i], "key");
	}
	buffer_release(&forged);
}

/* What another store, sealed with key or not at all, has as segment 1. */
static struct buffer
segment_of_another(const uint8_t *key, const char *name)
{
	struct engine_options options = world.options;
	struct engine_op op = { .key = bytes_text("forged"),
		.value = bytes_text("by another") };
	struct engine *engine;
	struct buffer out = { 0 };

	options.seal_key = key;
	options.name = name;
	assert_int_equal(engine_log_open("/other", &options, &engine, NULL),
	    OURO_OK);
	assert_int_equal(engine_apply(engine, &op, 1, 0, NULL), OURO_OK);
	engine_close(engine);
	assert_int_equal(fs_read_file(world.fs, "/other/segment-00000001.dat",
			     1 << 20, &out, NULL),
	    OURO_OK);
	assert_int_equal(fs_unlink(world.fs, "/other/segment-00000001.dat",
			     NULL),
	    OURO_OK);
	return out;
}

/* A segment of ours moves to number 2, so that the other's is number 1. */
static void
segment_of_another_expect(const uint8_t *key, const char *name)
{
	struct buffer foreign = segment_of_another(key, name);
	struct buffer ours;

	world.options.segment_size = 100;
	opened();
	put("gone", "1");
	put("a", FILLER);
	closed();
	ours = file_read(SEGMENT(1));
	file_write(SEGMENT(1), buffer_bytes(&foreign));
	forged_expect(SEGMENT(1), "forged");
	/* Alone it is nothing that this key opens. */
	for (unsigned id = 1; id < 10; id++) {
		char path[FS_PATH_MAX];

		segment_path(path, "/store", id, "", NULL);
		(void)fs_unlink(world.fs, path, NULL);
	}
	file_write(SEGMENT(1), buffer_bytes(&foreign));
	assert_int_equal(engine_log_open("/store", &world.options,
			     &world.engine, NULL),
	    OURO_WRONG_KEY);
	fs_unlink(world.fs, SEGMENT(1), NULL);
	buffer_release(&foreign);
	buffer_release(&ours);
}

static void
an_unsealed_segment_in_a_sealed_store_is_not_believed(void **state)
{
	(void)state;
	segment_of_another_expect(NULL, NULL);
}

static void
one_foreign_segment_does_not_keep_a_store_shut(void **state)
{
	(void)state;
	segment_of_another_expect(other_key, "records");
}

static void
a_segment_of_another_engine_is_not_believed(void **state)
{
	(void)state;
	segment_of_another_expect(seal_key, "copies");
}

/* ---- forged bytes ------------------------------------------------------------------------ */

static void
header_change(size_t at)
{
	struct buffer content = file_read(SEGMENT(2));
	size_t size = (size_t)header_claim(content.data, content.size);

	content.data[at] ^= at == 55 ? HEADER_COPIES : 1;
	put_u32le(content.data + size - RECORD_CRC,
	    record_crc(0, bytes_of(content.data + 2, size - 2 - RECORD_CRC)));
	file_write(SEGMENT(2), buffer_bytes(&content));
	buffer_release(&content);
}

static void
no_byte_of_a_sealed_header_can_be_changed(void **state)
{
	/* salt, made at, first sequence, flags, check, a listed id */
	static const size_t places[] = { 23, 39, 47, 55, 59, 80 };
	struct told told;

	(void)state;
	world.options.segment_size = 150;
	opened();
	put("a", FILLER);
	put("b", FILLER);
	put("c", FILLER);
	closed();
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		header_change(places[i]);
		opened();
		expect("a", FILLER);
		assert_int_equal(get_status("b", NULL), OURO_NOT_FOUND);
		assert_true(stats().damaged_records > 0);
		told = verified(OURO_DAMAGED);
		assert_string_equal(told.files, SEGMENT(2) " ");
		closed();
		header_change(places[i]);
		opened();
		verified(OURO_OK);
		closed();
	}
}

/* A durable-through that nobody wrote is not believed: not to make damage of
 * what a crash tore off, nor to say less than is durable. */
static void
a_forged_mark_is_not_believed(void **state)
{
	struct buffer content;
	size_t begin, size;

	(void)state;
	world.options.sync = ENGINE_SYNC_NEVER;
	opened();
	put("a", "1");
	put("b", "2");
	put("c", "3");
	killed(); /* closing would state a mark of its own */
	content = file_read(SEGMENT(1));
	begin = (size_t)header_claim(content.data, content.size);
	size = (content.size - begin) / 3;
	/* The second record seems to say that the first was durable. */
	put_u64le(content.data + begin + size + 19, 1);
	put_u32le(content.data + begin + 2 * size - RECORD_CRC,
	    record_crc(record_crc(0, bytes_of(content.data + 23, RECORD_SALT)),
		bytes_of(content.data + begin + size + 2,
		    size - 2 - RECORD_CRC)));
	file_write(SEGMENT(1), buffer_bytes(&content));
	world.options.read_only = true;
	opened();
	assert_int_equal(stats().durable_through, 0);
	assert_true(stats().damaged_records > 0);
	expect("a", "1");
	assert_int_equal(get_status("b", NULL), OURO_NOT_FOUND);
	expect("c", "3");
	buffer_release(&content);
}

/* ---- numbers -------------------------------------------------------------------------------- */

static void
segment_numbers_do_not_run_over(void **state)
{
	static const char last[] = "/store/segment-999999999999999999.dat";
	struct engine_op op = { .key = bytes_text("k") };
	struct ouro_error err;

	(void)state;
	opened();
	put("a", "1");
	closed();
	file_write(last, bytes_text("rubbish"));
	for (unsigned i = 0; i < 2; i++) {
		opened();
		expect("a", "1");
		assert_int_equal(engine_apply(world.engine, &op, 1, 0, &err),
		    OURO_UNSUPPORTED);
		assert_non_null(strstr(err.text, "/store"));
		assert_int_equal(stats().segments, 2);
	}
	assert_int_equal(file_size(last), 7);
	closed();
	assert_int_equal(fs_unlink(world.fs, last, NULL), OURO_OK);
	opened();
	put("k", "goes on");
}

static void
a_new_segment_replaces_no_file(void **state)
{
	(void)state;
	world.options.segment_size = 250;
	opened();
	put("a", FILLER);
	put("k", "1");
	put("a", FILLER);
	file_write(SEGMENT(3), bytes_text("not ours"));
	assert_int_equal(apply(ENGINE_PUT, "b", bytes_text(FILLER)),
	    OURO_EXISTS);
	put("b", FILLER); /* in a segment with another number */
	file_write(SEGMENT(5), bytes_text("not ours"));
	assert_int_equal(engine_compact(world.engine, 0, NULL, NULL),
	    OURO_EXISTS);
	assert_int_equal(engine_compact(world.engine, 0, NULL, NULL), OURO_OK);
	expect("a", FILLER);
	expect("b", FILLER);
	expect("k", "1");
	assert_int_equal(file_size(SEGMENT(3)), 8);
	assert_int_equal(file_size(SEGMENT(5)), 8);
}

#define SEALED(name) \
	cmocka_unit_test_setup_teardown(name, sealed_begin, world_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SEALED(copies_of_a_store_share_no_key),
		SEALED(sessions_follow_one_another_in_a_segment),
		SEALED(merged_copies_of_a_store_share_no_nonce),
		SEALED(an_old_segment_in_a_sealed_store_is_not_believed),
		SEALED(an_unsealed_segment_in_a_sealed_store_is_not_believed),
		SEALED(one_foreign_segment_does_not_keep_a_store_shut),
		SEALED(a_segment_of_another_engine_is_not_believed),
		SEALED(no_byte_of_a_sealed_header_can_be_changed),
		SEALED(a_forged_mark_is_not_believed),
		TEST(segment_numbers_do_not_run_over),
		TEST(a_new_segment_replaces_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
