/*
 * Damage of the stored index: what reading says, that verify tells it, that
 * repair makes it anew while the store is open, and that an opening does.
 */
#include "engine/log_world.h"

#include <pthread.h>
#include <sched.h>

#include "base/fs_crash.h"
#include "engine/index_renew.h"
#include "engine/run_format.h"

#define KEYS  900
#define SMALL 60000 /* of a delta: making the index anew takes some */

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

/* ---- repair ------------------------------------------------------------------------ */

static void
repaired(void)
{
	struct told told = { 0 };
	struct ouro_error err = { 0 };

	if (engine_repair(world.engine, tell, &told, &err) != OURO_OK)
		fail_msg("%s", err.text);
	assert_true(told.count > 0);
	assert_string_equal(told.keys, " "); /* no key was lost */
	assert_int_equal(verified(OURO_OK).count, 0);
	assert_int_equal(runs_find(), stats().runs);
}

/* What reading says while a page is damaged: what is right, or where. */
static unsigned
damage_seen(unsigned rounds)
{
	unsigned damaged = 0;

	for (unsigned n = 0; n < KEYS; n++) {
		const char *value = value_after(n, rounds);
		struct ouro_error err = { 0 };
		enum ouro_status status = get_status(key_name(n), &err);

		if (status == OURO_DAMAGED) {
			assert_non_null(strstr(err.text, found));
			assert_non_null(strstr(err.text, "repair"));
			damaged++;
		} else {
			assert_int_equal(status,
			    value != NULL ? OURO_OK : OURO_NOT_FOUND);
		}
	}
	return damaged;
}

static uint64_t
keys_counted(void)
{
	uint64_t count = 0;

	for (unsigned n = 0; n < KEYS; n++)
		count += value_after(n, 3) != NULL;
	return count;
}

static void
each_page_is_repaired(bool sealed)
{
	unsigned seen = 0;
	uint64_t pages;

	store_make(sealed);
	assert_int_equal(engine_snapshot(world.engine, NULL), OURO_OK);
	assert_true(runs_find() > 0);
	pages = file_size(found) / RUN_PAGE;
	for (uint64_t page = 0; page < pages; page++) {
		opened(); /* nothing is believed yet */
		assert_true(runs_find() > 0);
		assert_int_equal(stats().replayed, 0);
		if (page * RUN_PAGE >= file_size(found))
			break;
		flip(found, page * RUN_PAGE + 77);
		seen += damage_seen(3);
		repaired();
		all_expect(3);
		assert_int_equal(stats().keys, keys_counted());
	}
	assert_true(seen > 0);
	opened();
	all_expect(3);
	assert_int_equal(stats().replayed, 0);
}

static void
test_each_page_is_repaired(void **state)
{
	(void)state;
	each_page_is_repaired(false);
}

static void
test_each_page_is_repaired_in_a_sealed_store(void **state)
{
	(void)state;
	each_page_is_repaired(true);
}

/* With entries above the runs, moved records, and runs that memory is too
 * small for. */
static void
test_what_is_above_the_runs_stays(void **state)
{
	struct log_engine *log;
	uint64_t live;

	(void)state;
	store_make(false);
	assert_int_equal(engine_compact(world.engine, 0.2, NULL, NULL),
	    OURO_OK);
	live = stats().live_bytes;
	assert_true(runs_find() > 0);
	flip(found, RUN_PAGE + 9);
	log = log_engine_of(world.engine);
	log->index.delta_limit = SMALL;
	for (unsigned i = 0; i < 2; i++) {
		repaired();
		all_expect(3);
		assert_int_equal(stats().live_bytes, live);
		assert_int_equal(stats().keys, keys_counted());
		stored();
		assert_true(runs_find() > 0);
		flip(found, RUN_PAGE + 9);
	}
	repaired();
	assert_int_equal(engine_compact(world.engine, 0, NULL, NULL), OURO_OK);
	all_expect(3);
	opened();
	all_expect(3);
	assert_int_equal(stats().keys, keys_counted());
	assert_int_equal(verified(OURO_OK).count, 0);
}

/* The runs lead to copies that no manifest covers yet: it was written while
 * the records were moved. */
static void
test_records_just_moved_stay(void **state)
{
	struct log_engine *log;
	struct ouro_error err = { 0 };
	uint64_t live;

	(void)state;
	store_make(false);
	log = log_engine_of(world.engine);
	log->index.delta_limit = SMALL / 4;
	assert_int_equal(engine_compact(world.engine, 0, NULL, NULL), OURO_OK);
	live = stats().live_bytes;
	if (index_renew(log, &err) != OURO_OK)
		fail_msg("%s", err.text);
	all_expect(3);
	assert_int_equal(stats().live_bytes, live);
	assert_int_equal(stats().keys, keys_counted());
	assert_int_equal(verified(OURO_OK).count, 0);
	killed();
	opened();
	all_expect(3);
	assert_int_equal(stats().live_bytes, live);
	assert_int_equal(stats().keys, keys_counted());
	assert_int_equal(engine_compact(world.engine, 0, NULL, NULL), OURO_OK);
	all_expect(3);
	assert_int_equal(verified(OURO_OK).count, 0);
}

/* All runs that there may be are being made anew; none can be merged. */
static void
test_a_full_index_is_held(void **state)
{
	struct log_engine *log;
	char name[32];
	unsigned n = 0;

	(void)state;
	store_make(false);
	log = log_engine_of(world.engine);
	for (; log->index.run_count < INDEX_RUNS_MAX - 1; n++) {
		snprintf(name, sizeof name, "more%05u", n);
		put(name, "");
		stored();
	}
	log->index.held = log->index.run_count;
	for (unsigned i = 0; i < 3 * INDEX_RUNS_MAX; i++, n++) {
		snprintf(name, sizeof name, "more%05u", n);
		put(name, "");
		stored();
		assert_true(log->index.run_count <= VIEW_RUNS_MAX);
	}
	log->index.held = 0;
	put("last", "");
	stored();
	assert_true(log->index.run_count <= INDEX_RUNS_MAX);
	all_expect(3);
	for (unsigned i = 0; i < n; i++) {
		snprintf(name, sizeof name, "more%05u", i);
		expect(name, "");
	}
	assert_int_equal(verified(OURO_OK).count, 0);
}

static void
test_damaged_segments_are_repaired_too(void **state)
{
	struct told told = { 0 };
	struct ouro_error err = { 0 };
	uint64_t offset;

	(void)state;
	store_make(false);
	assert_true(runs_find() > 0);
	flip(found, RUN_PAGE + 9);
	offset = file_find(SEGMENT(1), "value 1 of round 1");
	flip(SEGMENT(1), offset);
	if (engine_repair(world.engine, tell, &told, &err) != OURO_OK)
		fail_msg("%s", err.text);
	assert_non_null(strstr(told.keys, "key00001 "));
	assert_int_equal(verified(OURO_OK).count, 0);
	expect("key00001", NULL);
	expect("key00003", value_after(3, 3));
}

static void
test_files_that_have_gone_are_repaired(void **state)
{
	(void)state;
	store_make(true);
	assert_int_equal(fs_unlink(world.fs, "/store/INDEX", NULL), OURO_OK);
	repaired();
	assert_true(runs_find() > 0);
	assert_int_equal(fs_unlink(world.fs, found, NULL), OURO_OK);
	repaired();
	all_expect(3);
	opened();
	all_expect(3);
}

static void
test_a_store_for_reading_is_not_repaired(void **state)
{
	(void)state;
	store_make(false);
	stored();
	closed();
	world.options.read_only = true;
	opened();
	assert_true(runs_find() > 0);
	flip(found, RUN_PAGE + 9);
	assert_true(verified(OURO_DAMAGED).count > 0);
	assert_int_equal(engine_repair(world.engine, NULL, NULL, NULL),
	    OURO_READ_ONLY);
}

/* ---- an opening --------------------------------------------------------------------- */

/* The store was damaged while it was closed; the log is read anew. */
static void
opened_anew(void)
{
	opened();
	assert_true(stats().replayed > 0);
	all_expect(3);
	assert_int_equal(verified(OURO_OK).count, 0);
}

static void
closed_whole(bool sealed)
{
	store_make(sealed);
	stored();
	closed();
	assert_true(runs_find() > 0);
}

static void
test_opening_does_without_a_run(void **state)
{
	(void)state;
	closed_whole(false);
	assert_int_equal(fs_unlink(world.fs, found, NULL), OURO_OK);
	opened_anew();
}

static void
test_opening_does_without_the_end_of_a_run(void **state)
{
	struct fs_file *file;

	(void)state;
	closed_whole(true);
	assert_int_equal(fs_open(world.fs, found, FS_READ | FS_WRITE, &file,
			     NULL),
	    OURO_OK);
	assert_int_equal(fs_truncate(file, RUN_PAGE + 1, NULL), OURO_OK);
	fs_close(file);
	opened_anew();
}

/* The replay of what lies behind it needs the page. */
static void
test_opening_does_without_a_page(void **state)
{
	(void)state;
	store_make(false);
	put("zero", "behind the last run");
	closed();
	assert_true(runs_find() > 0);
	for (uint64_t at = RUN_PAGE; at < file_size(found); at += RUN_PAGE)
		flip(found, at + 9);
	opened_anew();
	expect("zero", "behind the last run");
}

/* A repair after an opening that did without it puts it right for good. */
static void
test_opening_does_without_the_manifest(void **state)
{
	(void)state;
	closed_whole(false);
	flip("/store/INDEX", 40);
	opened();
	all_expect(3);
	assert_non_null(strstr(verified(OURO_DAMAGED).files, "INDEX"));
	repaired();
	opened();
	assert_int_equal(stats().replayed, 0);
	all_expect(3);
}

static void
test_runs_of_another_store_are_not_believed(void **state)
{
	struct buffer other;
	char path[FS_PATH_MAX];

	(void)state;
	closed_whole(true);
	other = file_read(found);
	memcpy(path, found, sizeof path);
	assert_int_equal(fs_mkdir(world.fs, "/other", NULL), OURO_OK);
	assert_int_equal(engine_log_open("/other", &world.options,
			     &world.engine, NULL),
	    OURO_OK);
	round_write(1);
	stored();
	round_write(2);
	stored();
	round_write(3);
	stored();
	closed();
	for (unsigned id = 1; id < 9; id++) {
		char from[64];
		struct fs_info info;

		snprintf(from, sizeof from, "/other/index-%08u.run", id);
		if (fs_stat(world.fs, from, &info, NULL) != OURO_OK)
			continue;
		buffer_release(&other);
		other = file_read(from);
	}
	file_write(path, buffer_bytes(&other));
	buffer_release(&other);
	opened_anew();
}

static void
test_an_older_manifest_is_not_believed(void **state)
{
	struct buffer kept;

	(void)state;
	store_make(false);
	kept = file_read("/store/INDEX");
	assert_int_equal(engine_compact(world.engine, 0, NULL, NULL), OURO_OK);
	stored();
	closed();
	file_write("/store/INDEX", buffer_bytes(&kept));
	buffer_release(&kept);
	opened_anew();
}

/* Segments as they were, under a manifest that knows more of them. */
static void
test_a_manifest_of_later_segments_is_not_believed(void **state)
{
	char path[FS_PATH_MAX];
	struct buffer kept;
	uint64_t active;

	(void)state;
	store_make(false);
	active = stats().segment_active;
	assert_int_equal(segment_path(path, "/store", active, "", NULL),
	    OURO_OK);
	kept = records_read(path);
	put("later", "one");
	put("later", "two");
	stored();
	closed();
	file_write(path, buffer_bytes(&kept));
	buffer_release(&kept);
	opened();
	assert_true(stats().replayed > 0);
	expect("later", NULL);
	all_expect(3);
}

/* ---- failing ------------------------------------------------------------------------- */

static void
run_damage(void)
{
	static const uint8_t wrong[16] = { 1, 2, 3 };
	struct bytes part = bytes_of(wrong, sizeof wrong);
	struct fs_file *file;

	assert_true(runs_find() > 0);
	assert_int_equal(fs_open(world.fs, found, FS_READ | FS_WRITE, &file,
			     NULL),
	    OURO_OK);
	assert_int_equal(fs_write(file, RUN_PAGE + 64, &part, 1, NULL),
	    OURO_OK);
	assert_int_equal(fs_sync(file, NULL), OURO_OK);
	fs_close(file);
}

/* Each of the first calls, or all; of the many that read and write alike only
 * some. */
static uint64_t
later(uint64_t n)
{
	return n + 1 + (getenv("OURO_LONG") != NULL ? 0 : n / 20);
}

/* The n-th call of a repair fails: the next repair does it. */
static void
test_any_call_of_a_repair_may_fail(void **state)
{
	enum ouro_status status = OURO_IO;
	uint64_t nth = 0;

	for (; status != OURO_OK || nth < 30; nth = later(nth)) {
		world_end(state);
		world_begin(state);
		store_make(nth % 2 != 0);
		assert_int_equal(engine_barrier(world.engine, NULL), OURO_OK);
		run_damage();
		log_engine_of(world.engine)->index.delta_limit = SMALL;
		fs_memory_fault(world.fs,
		    (struct fs_fault){ .call = FS_CALL_ANY,
			.nth = nth + 1,
			.errnum = nth % 3 != 0 ? EIO : ENOSPC,
			.short_write = true });
		status = engine_repair(world.engine, NULL, NULL, NULL);
		fs_memory_fault(world.fs, (struct fs_fault){ 0 });
		damage_seen(3);
		if (atomic_load(&log_engine_of(world.engine)->broken))
			opened();
		assert_int_equal(engine_repair(world.engine, NULL, NULL, NULL),
		    OURO_OK);
		assert_int_equal(verified(OURO_OK).count, 0);
		all_expect(3);
		opened();
		all_expect(3);
		assert_int_equal(runs_find(), stats().runs);
	}
	assert_true(nth > 40);
}

static bool
crash_at(uint64_t after, enum fs_crash_policy policy)
{
	struct fs *fs = fs_crash_new(policy + 1), *memory = world.fs, *disk;
	enum ouro_status status;

	world.fs = world.options.fs = fs;
	store_make(after % 2 != 0);
	assert_int_equal(engine_barrier(world.engine, NULL), OURO_OK);
	run_damage();
	log_engine_of(world.engine)->index.delta_limit = SMALL;
	fs_crash_stop_at(fs, fs_crash_clock(fs) + after);
	status = engine_repair(world.engine, NULL, NULL, NULL);
	fs_crash_stop_at(fs, 0);
	closed();
	disk = fs_crash_state(fs, policy, after);
	assert_non_null(disk);
	world.fs = world.options.fs = disk;
	opened();
	if (status != OURO_OK)
		assert_int_equal(engine_repair(world.engine, NULL, NULL, NULL),
		    OURO_OK);
	assert_int_equal(verified(OURO_OK).count, 0);
	all_expect(3);
	closed();
	fs_crash_free(disk);
	fs_crash_free(fs);
	world.fs = world.options.fs = memory;
	return status == OURO_OK;
}

static void
test_a_power_loss_in_a_repair_loses_nothing(void **state)
{
	(void)state;
	for (int policy = 0; policy < FS_CRASH_POLICIES; policy++)
		for (uint64_t after = 0;
		     !crash_at(after, (enum fs_crash_policy)policy);
		     after = later(after))
			assert_true(after < 5000);
}

/* ---- with others ---------------------------------------------------------------------- */

#define WRITERS 2
#define PAIRS	400
#define TIMES	12

static struct {
	atomic_uint rounds[WRITERS]; /* acknowledged */
	atomic_bool stop;
	atomic_uint faults;
} shared;

static struct bytes
pair_name(unsigned writer, unsigned pair, unsigned i, char out[32])
{
	snprintf(out, 32, "w%u-%05u-%u", writer, pair, i);
	return bytes_text(out);
}

/* Both keys of a pair always get the same round; each fifth is deleted. */
static void *
writer_run(void *context)
{
	unsigned writer = (unsigned)(uintptr_t)context;

	for (unsigned round = 1; !atomic_load(&shared.stop); round++) {
		struct engine_op ops[2] = { 0 };
		char names[2][32];
		uint8_t value[24] = { 0 };

		put_u32le(value, round);
		for (unsigned i = 0; i < 2; i++) {
			ops[i].kind = round % 5 == 0 ? ENGINE_DELETE
						     : ENGINE_PUT;
			ops[i].key = pair_name(writer, round % PAIRS, i,
			    names[i]);
			if (round % 5 != 0)
				ops[i].value = bytes_of(value, sizeof value);
		}
		if (engine_apply(world.engine, ops, 2, ENGINE_SYNC_NEVER,
			NULL) != OURO_OK)
			atomic_fetch_add(&shared.faults, 1);
		atomic_store(&shared.rounds[writer], round);
		sched_yield();
	}
	return NULL;
}

/* Of each writer the last PAIRS rounds before `before` are there, or later
 * ones. */
static void
pairs_check(unsigned writer, unsigned before)
{
	for (unsigned round = before > PAIRS ? before - PAIRS + 1 : 1;
	     round <= before; round++) {
		struct engine_value value;
		char name[32];
		enum ouro_status status = engine_get(world.engine,
		    pair_name(writer, round % PAIRS, 0, name), &value, NULL);

		if (status == OURO_OK ? get_u32le(value.bytes.data) < round
				      : status != OURO_NOT_FOUND ||
			    PAIRS % 5 != 0 || round % 5 != 0)
			atomic_fetch_add(&shared.faults, 1);
		engine_value_release(&value);
	}
}

static void *
reader_run(void *context)
{
	(void)context;
	while (!atomic_load(&shared.stop)) {
		struct engine_range range = { 0 };
		struct engine_scan *scan;
		struct bytes key, value;
		enum ouro_status status;

		for (unsigned i = 0; i < WRITERS; i++)
			pairs_check(i, atomic_load(&shared.rounds[i]));
		assert_int_equal(engine_scan_open(world.engine, &range, &scan,
				     NULL),
		    OURO_OK);
		do
			status = engine_scan_next(scan, &key, &value, NULL);
		while (status == OURO_OK);
		if (status != OURO_END)
			atomic_fetch_add(&shared.faults, 1);
		engine_scan_close(scan);
	}
	return NULL;
}

static void
renewed(void)
{
	struct log_engine *log = log_engine_of(world.engine);
	struct ouro_error err = { 0 };

	stored();
	pthread_mutex_lock(&log->care);
	if (index_renew(log, &err) != OURO_OK)
		fail_msg("%s", err.text);
	pthread_mutex_unlock(&log->care);
}

static void
test_others_go_on_meanwhile(void **state)
{
	pthread_t threads[WRITERS + 1];

	(void)state;
	memset(&shared, 0, sizeof shared);
	executor_close(world.executor);
	assert_int_equal(executor_open(3, world.fs, &world.executor, NULL),
	    OURO_OK);
	world.options.executor = world.executor;
	world.options.segment_size = 64 * 1024;
	opened();
	log_engine_of(world.engine)->index.delta_limit = 128 * 1024;
	for (uintptr_t i = 0; i <= WRITERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
				     i < WRITERS ? writer_run : reader_run,
				     (void *)i),
		    0);
	for (unsigned i = 0; i < TIMES; i++) {
		while (atomic_load(&shared.rounds[0]) < i * PAIRS)
			sched_yield();
		renewed();
	}
	atomic_store(&shared.stop, true);
	for (unsigned i = 0; i <= WRITERS; i++)
		pthread_join(threads[i], NULL);
	for (unsigned i = 0; i < WRITERS; i++)
		pairs_check(i, atomic_load(&shared.rounds[i]));
	assert_int_equal(atomic_load(&shared.faults), 0);
	assert_int_equal(verified(OURO_OK).count, 0);
	opened();
	for (unsigned i = 0; i < WRITERS; i++)
		pairs_check(i, atomic_load(&shared.rounds[i]));
	assert_int_equal(atomic_load(&shared.faults), 0);
	assert_int_equal(verified(OURO_OK).count, 0);
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
		TEST(test_each_page_is_repaired),
		TEST(test_each_page_is_repaired_in_a_sealed_store),
		TEST(test_what_is_above_the_runs_stays),
		TEST(test_records_just_moved_stay),
		TEST(test_a_full_index_is_held),
		TEST(test_damaged_segments_are_repaired_too),
		TEST(test_files_that_have_gone_are_repaired),
		TEST(test_a_store_for_reading_is_not_repaired),
		TEST(test_opening_does_without_a_run),
		TEST(test_opening_does_without_the_end_of_a_run),
		TEST(test_opening_does_without_a_page),
		TEST(test_opening_does_without_the_manifest),
		TEST(test_runs_of_another_store_are_not_believed),
		TEST(test_an_older_manifest_is_not_believed),
		TEST(test_a_manifest_of_later_segments_is_not_believed),
		TEST(test_any_call_of_a_repair_may_fail),
		TEST(test_a_power_loss_in_a_repair_loses_nothing),
		TEST(test_others_go_on_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
