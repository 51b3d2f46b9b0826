/* Protocols that write durably: right ones survive every crash, and the mistakes
that are made with them are caught. */
#include "base/fs_crash.h"

#include "base/test_crash.h"

/* ---- protocols: right ones pass, wrong ones are caught ---------------- */

enum mistake {
	NO_MISTAKE,
	ACK_BEFORE_SYNC,
	NO_SYNC_DIR_AFTER_CREATE,
	NO_SYNC_DIR_AFTER_RENAME,
	RENAME_BEFORE_SYNC,
	MISTAKES
};

/*
 * A counter that only grows. Each step appends a record to /log; every few
 * steps the number goes into /snapshot and the log is emptied.
 */
#define RECORD_SIZE 700 /* more than a sector */
#define STEPS	    12
#define STEPS_SNAP  5

struct counter {
	struct fs *fs;
	enum mistake mistake;
	unsigned begun;
	unsigned acknowledged;
};

static void
record_make(uint8_t record[RECORD_SIZE], unsigned number)
{
	uint32_t sum = 0;

	for (unsigned i = 4; i < RECORD_SIZE; i++) {
		record[i] = (uint8_t)(number + i % 251);
		sum = sum * 31 + record[i];
	}
	put_u32le(record, sum);
}

/* The number in a record, 0 when it is not a whole one. */
static unsigned
record_number(const uint8_t *data, size_t size)
{
	uint8_t expected[RECORD_SIZE];
	unsigned number;

	if (size < RECORD_SIZE)
		return 0;
	number = (uint8_t)(data[4] - 4);
	record_make(expected, number);
	return memcmp(expected, data, RECORD_SIZE) == 0 ? number : 0;
}

static bool
snapshot_write(struct counter *counter, unsigned number)
{
	struct fs *fs = counter->fs;
	uint8_t record[RECORD_SIZE];
	struct bytes part = bytes_of(record, RECORD_SIZE);
	struct fs_file *file;
	bool ok;

	record_make(record, number);
	if (fs_open(fs, "/new", MAKE, &file, NULL) != OURO_OK)
		return false;
	ok = fs_write(file, 0, &part, 1, NULL) == OURO_OK &&
	    (counter->mistake == RENAME_BEFORE_SYNC ||
		fs_sync(file, NULL) == OURO_OK);
	fs_close(file);
	return ok && fs_rename(fs, "/new", "/snapshot", NULL) == OURO_OK &&
	    (counter->mistake == NO_SYNC_DIR_AFTER_RENAME ||
		fs_sync_dir(fs, "/", NULL) == OURO_OK);
}

static bool
counter_step(struct counter *counter, struct fs_file *log, unsigned number,
    uint64_t *end)
{
	uint8_t record[RECORD_SIZE];
	struct bytes part = bytes_of(record, RECORD_SIZE);

	record_make(record, number);
	counter->begun = number;
	if (fs_write(log, *end, &part, 1, NULL) != OURO_OK)
		return false;
	*end += RECORD_SIZE;
	if (counter->mistake == ACK_BEFORE_SYNC)
		counter->acknowledged = number;
	if (fs_sync(log, NULL) != OURO_OK)
		return false;
	counter->acknowledged = number;
	if (number % STEPS_SNAP != 0)
		return true;
	*end = 0;
	return snapshot_write(counter, number) &&
	    fs_truncate(log, 0, NULL) == OURO_OK &&
	    fs_sync(log, NULL) == OURO_OK;
}

static void
counter_run(struct counter *counter, unsigned from)
{
	struct fs_file *log;
	uint64_t end = 0;
	bool ok;

	if (fs_open(counter->fs, "/log", MAKE, &log, NULL) != OURO_OK)
		return;
	ok = counter->mistake == NO_SYNC_DIR_AFTER_CREATE ||
	    fs_sync_dir(counter->fs, "/", NULL) == OURO_OK;
	for (unsigned i = from + 1; ok && i <= from + STEPS; i++)
		ok = counter_step(counter, log, i, &end);
	fs_close(log);
}

/* The number after recovery; UINT_MAX when the snapshot is damaged. */
static unsigned
counter_recover(struct fs *fs)
{
	struct buffer out = { 0 };
	unsigned number = 0, next;

	if (fs_read_file(fs, "/snapshot", 4096, &out, NULL) == OURO_OK) {
		number = record_number(out.data, out.size);
		if (number == 0)
			number = UINT32_MAX;
	}
	out.size = 0;
	if (fs_read_file(fs, "/log", 65536, &out, NULL) == OURO_OK)
		for (size_t at = 0; at < out.size; at += RECORD_SIZE) {
			next = record_number(out.data + at, out.size - at);
			if (next == 0)
				break;
			if (next == number + 1)
				number = next;
		}
	buffer_release(&out);
	return number;
}

/* Crashes the protocol at every call; returns the number of bad states. */
static unsigned
protocol_failures(enum mistake mistake)
{
	unsigned failures = 0;
	bool ended = false;

	for (uint64_t stop = 0; !ended; stop++) {
		struct fs *fs = fs_crash_new(stop);
		struct counter counter = { .fs = fs, .mistake = mistake };

		fs_crash_stop_at(fs, stop);
		counter_run(&counter, 0);
		ended = fs_crash_clock(fs) < stop;
		for (unsigned i = 0; i < FS_CRASH_POLICIES * 24; i++) {
			struct fs *after = state_of(fs,
			    (enum fs_crash_policy)(i % FS_CRASH_POLICIES), i);
			unsigned number = counter_recover(after);

			failures += number < counter.acknowledged ||
			    number > counter.begun;
			fs_crash_free(after);
		}
		fs_crash_free(fs);
	}
	return failures;
}

static void
right_protocol_survives_every_crash(void **state)
{
	(void)state;
	assert_int_equal(protocol_failures(NO_MISTAKE), 0);
}

static void
wrong_protocols_are_caught(void **state)
{
	(void)state;
	for (int mistake = NO_MISTAKE + 1; mistake < MISTAKES; mistake++)
		if (protocol_failures((enum mistake)mistake) == 0)
			fail_msg("mistake %d was not caught", mistake);
}

static void
crashes_after_crashes(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct fs *fs = fs_crash_new(seed);
		unsigned number = 0;

		for (unsigned round = 0; round < 6; round++) {
			struct counter counter = { .fs = fs,
				.begun = number,
				.acknowledged = number };
			struct fs *after;

			/* As a recovery would: the log starts anew. */
			if (number > 0)
				assert_true(snapshot_write(&counter, number));
			fs_crash_stop_at(fs,
			    fs_crash_clock(fs) + (seed + round) % 17);
			counter_run(&counter, number);
			after = state_of(fs,
			    (enum fs_crash_policy)(
				(seed + round) % FS_CRASH_POLICIES),
			    seed);
			fs_crash_free(fs);
			fs = after;
			number = counter_recover(fs);
			assert_true(number >= counter.acknowledged);
			assert_true(number <= counter.begun);
		}
		fs_crash_free(fs);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(right_protocol_survives_every_crash),
		cmocka_unit_test(wrong_protocols_are_caught),
		cmocka_unit_test(crashes_after_crashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
