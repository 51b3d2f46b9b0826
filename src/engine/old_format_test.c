/*
 * M19: a directory of the older system, written here byte by byte, opens,
 * reads, and goes on in our format.
 */
#include "base/log.h"
#include "engine/log_world.h"

#define KEYS	   4000u
#define OLD_FILES  6u
#define BROKEN_KEY 555u

/* ---- the older system's bytes ------------------------------------------------------- */

static void
le32(struct buffer *out, uint32_t n)
{
	uint8_t bytes[4];

	put_u32le(bytes, n);
	assert_int_equal(buffer_append(out, bytes_of(bytes, 4), NULL), OURO_OK);
}

static void
le64(struct buffer *out, uint64_t n)
{
	uint8_t bytes[8];

	put_u64le(bytes, n);
	assert_int_equal(buffer_append(out, bytes_of(bytes, 8), NULL), OURO_OK);
}

static void
text(struct buffer *out, const char *string)
{
	assert_int_equal(buffer_append(out, bytes_text(string), NULL), OURO_OK);
}

static void
old_record(struct buffer *out, uint8_t op, const char *key, const char *value)
{
	const uint8_t head[3] = { 0xf0, 0xf1, op };
	size_t begin = out->size;

	assert_int_equal(buffer_append(out, bytes_of(head, 3), NULL), OURO_OK);
	le32(out, (uint32_t)strlen(key));
	le32(out, (uint32_t)strlen(value));
	text(out, key);
	text(out, value);
	le32(out,
	    record_crc(0,
		bytes_of(out->data + begin + 2, out->size - begin - 2)));
}

/* ---- what must be there ------------------------------------------------------------- */

enum { ABSENT, OLD_1, OLD_2, OURS, BROKEN };

static uint8_t model[KEYS];

static const char *
key_text(unsigned i, char out[16])
{
	snprintf(out, 16, "key%05u", i);
	return out;
}

static const char *
value_text(unsigned i, uint8_t state, char out[64])
{
	snprintf(out, 64, "value %u of key %u, and a little more", state, i);
	return out;
}

static void
old_set(struct buffer *out, unsigned i, uint8_t state)
{
	char key[16], value[64];

	old_record(out, 1, key_text(i, key), value_text(i, state, value));
	model[i] = state;
}

static void
old_delete(struct buffer *out, unsigned i)
{
	char key[16];

	old_record(out, 2, key_text(i, key), "");
	model[i] = ABSENT;
}

static void
old_file(unsigned number, struct buffer *content)
{
	char path[64];

	snprintf(path, sizeof path, "/store/segment-%08u.dat", number);
	file_write(path, buffer_bytes(content));
	content->size = 0;
}

static void
torn(struct buffer *out, unsigned i, size_t missing)
{
	uint8_t state = model[i];

	old_set(out, i, OLD_2);
	out->size -= missing;
	model[i] = state;
}

/* A snapshot with some keys, and no offset that means anything. */
static void
snapshot_write(const char *path)
{
	struct buffer out = { 0 };
	char key[16];

	text(&out, "KVINDEX1");
	le64(&out, 3);
	for (unsigned i = 0; i < 3; i++) {
		le32(&out, 8);
		text(&out, key_text(i * 1000, key));
		le64(&out, 1 + i);
		le64(&out, 0);
	}
	file_write(path, buffer_bytes(&out));
	buffer_release(&out);
}

/* Overwritten, deleted and set again, a record with a wrong checksum, tails
 * torn within a value, a head and the first record of a file, and the empty
 * file that the older system left at each opening. */
static void
directory_write(void)
{
	struct buffer out = { 0 };
	unsigned broken;

	memset(model, ABSENT, sizeof model);
	assert_int_equal(fs_mkdir(world.fs, "/store", NULL), OURO_OK);
	for (unsigned i = 0; i < 3000; i++)
		old_set(&out, i, OLD_1);
	old_file(1, &out);
	for (unsigned i = 1000; i < 2000; i++)
		old_set(&out, i, OLD_2);
	for (unsigned i = 1500; i < 1700; i++)
		old_delete(&out, i);
	torn(&out, 10, 7);
	old_file(2, &out);
	for (unsigned i = 1600; i < 1650; i++)
		old_set(&out, i, OLD_1);
	old_set(&out, BROKEN_KEY, OLD_2);
	broken = (unsigned)out.size - 10;
	for (unsigned i = 3000; i < 3100; i++)
		old_set(&out, i, OLD_1);
	out.data[broken] ^= 1;
	model[BROKEN_KEY] = BROKEN;
	torn(&out, 11, 50);
	old_file(3, &out);
	torn(&out, 12, 2);
	old_file(4, &out);
	for (unsigned i = 20; i < 30; i++)
		old_delete(&out, i);
	old_set(&out, 29, OLD_2);
	old_file(5, &out);
	old_file(6, &out);
	buffer_release(&out);
}

static void
one_expect(unsigned i)
{
	char key[16], value[64];

	if (model[i] == BROKEN)
		assert_int_equal(get_status(key_text(i, key), NULL),
		    OURO_DAMAGED);
	else
		expect(key_text(i, key),
		    model[i] == ABSENT ? NULL : value_text(i, model[i], value));
}

/* The next key from i on that is there, or KEYS. */
static unsigned
present_from(unsigned i)
{
	while (i < KEYS && model[i] == ABSENT)
		i++;
	return i;
}

static void
model_expect(void)
{
	struct engine_range range = { 0 };
	struct engine_scan *scan;
	struct bytes found_key, found;
	enum ouro_status status;
	char key[16], value[64];
	unsigned i = 0, keys = 0;

	for (unsigned n = 0; n < KEYS; n++) {
		one_expect(n);
		keys += model[n] != ABSENT;
	}
	assert_int_equal(stats().keys, keys);
	assert_int_equal(engine_scan_open(world.engine, &range, &scan, NULL),
	    OURO_OK);
	while ((status = engine_scan_next(scan, &found_key, &found, NULL)) !=
	    OURO_END) {
		i = present_from(i);
		assert_true(i < KEYS);
		assert_true(
		    bytes_equal(found_key, bytes_text(key_text(i, key))));
		assert_int_equal(status,
		    model[i] == BROKEN ? OURO_DAMAGED : OURO_OK);
		if (status == OURO_OK)
			assert_true(bytes_equal(found,
			    bytes_text(value_text(i, model[i], value))));
		i++;
	}
	assert_int_equal(present_from(i), KEYS);
	engine_scan_close(scan);
}

/* ---- going on ------------------------------------------------------------------------ */

static void
ours_put(unsigned i)
{
	char key[16], value[64];

	put(key_text(i, key), value_text(i, OURS, value));
	model[i] = OURS;
}

static void
ours_write(unsigned from)
{
	char key[16];

	for (unsigned i = from; i < KEYS; i += 100) {
		ours_put(i);
		if (i % 3 == 0) {
			removed(key_text(i, key));
			model[i] = ABSENT;
		}
	}
}

static void
damage_expect(void)
{
	struct told told = verified(OURO_DAMAGED);

	assert_int_equal(told.count, 1);
	assert_string_equal(told.keys, "key00555 ");
	assert_string_equal(told.files, SEGMENT(3) " ");
}

/* After a kill, with what was stored of the index and without. */
static void
reopen_in_all_ways(bool whole)
{
	for (unsigned i = 0; i < 4; i++) {
		if (i % 2 == 0)
			closed();
		else
			killed();
		if (i >= 2)
			(void)fs_unlink(world.fs, "/store/INDEX", NULL);
		opened();
		model_expect();
		if (whole)
			verified(OURO_OK);
		else
			damage_expect();
	}
}

static unsigned
old_files(void)
{
	unsigned count = 0;

	for (unsigned i = 1; i <= OLD_FILES; i++) {
		struct fs_info info;
		char path[64];

		snprintf(path, sizeof path, "/store/segment-%08u.dat", i);
		count += fs_stat(world.fs, path, &info, NULL) == OURO_OK;
	}
	return count;
}

static void
index_store_and_reopen(void)
{
	assert_int_equal(engine_snapshot(world.engine, NULL), OURO_OK);
	closed();
	assert_int_equal(file_find("/store/INDEX", "OUROINDX"), 0);
	opened();
	assert_int_equal(stats().replayed, 0);
	assert_true(stats().runs > 0);
	model_expect();
}

static void
life(void)
{
	struct buffer before, after;

	before = file_read(SEGMENT(3));
	opened();
	model_expect();
	damage_expect();
	assert_int_equal(stats().damaged_records, 1);
	assert_int_equal(stats().missing_segments, 0);
	ours_write(0);
	model_expect();
	reopen_in_all_ways(false);
	ours_write(1);
	index_store_and_reopen();
	damage_expect();
	ours_write(2);
	reopen_in_all_ways(false);
	index_store_and_reopen();
	assert_int_equal(old_files(), OLD_FILES);
	after = file_read(SEGMENT(3)); /* only read */
	assert_true(bytes_equal(buffer_bytes(&before), buffer_bytes(&after)));
	assert_int_equal(engine_repair(world.engine, NULL, NULL, NULL),
	    OURO_OK);
	model[BROKEN_KEY] = ABSENT;
	verified(OURO_OK);
	model_expect();
	assert_int_equal(engine_compact(world.engine, 0, NULL, NULL), OURO_OK);
	assert_int_equal(old_files(), 0);
	model_expect();
	verified(OURO_OK);
	reopen_in_all_ways(true);
	ours_write(3);
	index_store_and_reopen();
	reopen_in_all_ways(true);
	buffer_release(&before);
	buffer_release(&after);
}

static void
M19_an_old_directory_goes_on_in_our_format(void **state)
{
	(void)state;
	directory_write();
	life();
}

static void
M19_without_maps(void **state)
{
	(void)state;
	world.options.no_maps = true;
	directory_write();
	life();
}

static void
M19_with_little_memory(void **state)
{
	(void)state;
	world.options.index_memory = 1;
	world.options.segment_size = 16 * 1024;
	directory_write();
	life();
	assert_true(stats().memory_bytes < 2u << 20);
}

static void
M19_in_packed_values(void **state)
{
	(void)state;
	world.options.level = 1;
	directory_write();
	life();
}

/* ---- snapshots ------------------------------------------------------------------------- */

struct heard {
	unsigned debug, above;
	char last[256];
};

static void
hear(void *context, enum log_level level, const char *said)
{
	struct heard *heard = context;

	if (level > LOG_DEBUG) {
		heard->above += strstr(said, "index") != NULL;
		return;
	}
	heard->debug++;
	snprintf(heard->last, sizeof heard->last, "%s", said);
}

static void
M19_a_snapshot_is_left_alone(void **state)
{
	static const char path[] = "/store/snapshot.idx";
	struct buffer before, after;
	struct heard heard = { 0 };
	const struct log log = { .write = hear, .context = &heard };

	(void)state;
	world.options.log = &log;
	directory_write();
	snapshot_write(path);
	before = file_read(path);
	life();
	assert_true(heard.debug > 0);
	assert_non_null(strstr(heard.last, path));
	after = file_read(path);
	assert_true(bytes_equal(buffer_bytes(&before), buffer_bytes(&after)));
	buffer_release(&before);
	buffer_release(&after);
}

/* It is no stored index of ours, damaged: nobody is warned of it, and ours
 * takes its place. */
static void
M19_a_snapshot_called_INDEX_is_no_index(void **state)
{
	struct heard heard = { 0 };
	const struct log log = { .write = hear, .context = &heard };

	(void)state;
	world.options.log = &log;
	directory_write();
	snapshot_write("/store/INDEX");
	opened();
	model_expect();
	assert_int_equal(heard.above, 0);
	assert_int_equal(heard.debug, 1);
	assert_non_null(strstr(heard.last, "/store/INDEX"));
	killed();
	assert_int_equal(file_find("/store/INDEX", "KVINDEX1"), 0);
	life();
}

/* One of ours that lost its header is damage, however short; what the older
 * system left of a first record is not. */
static void
only_old_records_are_cut_off(void **state)
{
	struct buffer out = { 0 };

	(void)state;
	assert_int_equal(fs_mkdir(world.fs, "/store", NULL), OURO_OK);
	old_record(&out, 1, "key", "value");
	for (size_t size = 1; size < out.size; size++) {
		file_write(SEGMENT(1), bytes_of(out.data, size));
		opened();
		expect("key", NULL);
		verified(size >= 3 ? OURO_OK : OURO_DAMAGED);
		closed();
		out.data[2] = 10;
		file_write(SEGMENT(1), bytes_of(out.data, size));
		opened();
		verified(OURO_DAMAGED);
		closed();
		out.data[2] = 1;
	}
	file_write(SEGMENT(1), buffer_bytes(&out));
	opened();
	expect("key", "value");
	verified(OURO_OK);
	buffer_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(M19_an_old_directory_goes_on_in_our_format),
		TEST(M19_without_maps),
		TEST(M19_with_little_memory),
		TEST(M19_in_packed_values),
		TEST(M19_a_snapshot_is_left_alone),
		TEST(M19_a_snapshot_called_INDEX_is_no_index),
		TEST(only_old_records_are_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
