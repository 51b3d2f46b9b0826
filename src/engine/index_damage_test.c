/*
 * Damage of the stored index: what reading says, that verify tells it, that
 * repair makes it anew while the store is open, and that an opening does.
 */
#include "engine/log_world.h"

#include "engine/run_format.h"

#define KEYS 900

static const uint8_t seal_key[KEY_SIZE] = { 5, 6, 7 };

/* ---- stores ----------------------------------------------------------------------- */

static const char *
key_name(unsigned n)
{
	static char name[32];

	snprintf(name, sizeof name, "key%05u", n);
	return name;
}

static const char *
value_name(unsigned n, unsigned round)
{
	static char name[64];

	snprintf(name, sizeof name, "value %u of round %u", n, round);
	return name;
}

/* What a key has after so many rounds: NULL when deleted. */
static const char *
value_after(unsigned n, unsigned rounds)
{
	for (unsigned round = rounds; round > 0; round--) {
		if (n % 5 == 2 && round == 2)
			return NULL;
		if (n % round == 0)
			return value_name(n, round);
	}
	return NULL;
}

static void
round_write(unsigned round)
{
	char name[32];

	for (unsigned n = 0; n < KEYS; n++) {
		snprintf(name, sizeof name, "%s", key_name(n));
		if (n % round == 0)
			put(name, value_name(n, round));
		if (n % 5 == 2 && round == 2)
			removed(name);
	}
}

static void
all_expect(unsigned rounds)
{
	char name[32];

	for (unsigned n = 0; n < KEYS; n++) {
		snprintf(name, sizeof name, "%s", key_name(n));
		expect(name, value_after(n, rounds));
	}
}

static void
stored(void)
{
	struct ouro_error err = { 0 };

	if (engine_snapshot(world.engine, &err) != OURO_OK)
		fail_msg("%s", err.text);
}

/* Two rounds in the stored index, one behind it. */
static void
store_make(bool sealed)
{
	world.options.seal_key = sealed ? seal_key : NULL;
	world.options.segment_size = 24 * 1024;
	world.options.sync = ENGINE_SYNC_NEVER;
	world.options.compact_share = -1;
	opened();
	round_write(1);
	stored();
	round_write(2);
	stored();
	round_write(3);
}

/* ---- files ------------------------------------------------------------------------- */

static char found[FS_PATH_MAX];

static enum ouro_status
run_see(void *context, const char *name, struct ouro_error *err)
{
	uint64_t id;
	bool temporary;

	(void)err;
	if (run_id_of(name, &id, &temporary)) {
		assert_false(temporary);
		snprintf(found, sizeof found, "/store/%s", name);
		++*(unsigned *)context;
	}
	return OURO_OK;
}

/* How many there are; `found` is the last. */
static unsigned
runs_find(void)
{
	unsigned count = 0;

	assert_int_equal(fs_list(world.fs, "/store", run_see, &count, NULL),
	    OURO_OK);
	return count;
}

/* ---- verify ------------------------------------------------------------------------ */

static void
each_page_is_told(bool sealed)
{
	store_make(sealed);
	assert_int_equal(verified(OURO_OK).count, 0);
	assert_true(runs_find() > 0);
	for (uint64_t at = 100; at < file_size(found); at += RUN_PAGE) {
		struct told told;

		flip(found, at);
		told = verified(OURO_DAMAGED);
		assert_int_equal(told.count, 1);
		assert_non_null(strstr(told.files, found));
		flip(found, at);
	}
	assert_int_equal(verified(OURO_OK).count, 0);
}

static void
test_each_page_of_a_run_is_checked(void **state)
{
	(void)state;
	each_page_is_told(false);
}

static void
test_each_page_of_a_sealed_run_is_checked(void **state)
{
	(void)state;
	each_page_is_told(true);
}

static void
test_each_byte_of_the_manifest_is_checked(void **state)
{
	(void)state;
	store_make(false);
	for (uint64_t at = 0; at < file_size("/store/INDEX"); at += 7) {
		struct told told;

		flip("/store/INDEX", at);
		told = verified(OURO_DAMAGED);
		assert_int_equal(told.count, 1);
		assert_non_null(strstr(told.files, "/store/INDEX"));
		flip("/store/INDEX", at);
	}
}

static void
test_files_that_have_gone_are_told(void **state)
{
	struct buffer kept;

	(void)state;
	store_make(false);
	kept = file_read("/store/INDEX");
	assert_int_equal(fs_unlink(world.fs, "/store/INDEX", NULL), OURO_OK);
	assert_non_null(strstr(verified(OURO_DAMAGED).files, "/store/INDEX"));
	file_write("/store/INDEX", buffer_bytes(&kept));
	buffer_release(&kept);
	assert_int_equal(verified(OURO_OK).count, 0);
	assert_true(runs_find() > 0);
	assert_int_equal(fs_unlink(world.fs, found, NULL), OURO_OK);
	assert_non_null(strstr(verified(OURO_DAMAGED).files, found));
	all_expect(3); /* the open file is as good as ever */
}

static void
test_an_older_manifest_is_told(void **state)
{
	struct buffer kept;

	(void)state;
	store_make(true);
	kept = file_read("/store/INDEX");
	stored();
	file_write("/store/INDEX", buffer_bytes(&kept));
	buffer_release(&kept);
	assert_int_equal(verified(OURO_DAMAGED).count, 1);
}

/* An entry of the index that every checksum agrees with, and that is wrong. */
static void
test_the_index_is_compared_with_the_records(void **state)
{
	struct log_engine *log;
	struct told told;
	struct place place;

	(void)state;
	store_make(false);
	log = log_engine_of(world.engine);
	assert_int_equal(view_find(view_current(log), SIZE_MAX,
			     key_hash(log->index.store.seed,
				 bytes_text("key00003")),
			     bytes_text("key00003"), &place, NULL),
	    OURO_OK);
	place.offset++;
	assert_int_equal(delta_reserve(log->index.active, 2, 64, NULL),
	    OURO_OK);
	index_add(log, bytes_text("key00003"), &place);
	index_publish(log);
	told = verified(OURO_DAMAGED);
	assert_int_equal(told.count, 1);
	assert_string_equal(told.keys, "key00003 ");
	place.offset--;
	place.sequence--; /* older than the record that is there */
	index_add(log, bytes_text("key00003"), &place);
	index_publish(log);
	told = verified(OURO_DAMAGED);
	assert_string_equal(told.keys, "key00003 ");
	assert_non_null(strstr(told.files, "segment-"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_each_page_of_a_run_is_checked),
		TEST(test_each_page_of_a_sealed_run_is_checked),
		TEST(test_each_byte_of_the_manifest_is_checked),
		TEST(test_files_that_have_gone_are_told),
		TEST(test_an_older_manifest_is_told),
		TEST(test_the_index_is_compared_with_the_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
