/*
 * A process that writes, compacts and takes snapshots is killed at random
 * moments: what it was told is written is there, no batch is half there, and
 * the store opens. Also a disk that is full, and a store that another has.
 * KILL_SEED says which moments; OURO_LONG=1 kills ten times as often.
 */
#include "engine/engine.h"

#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <pthread.h>

#include <cmocka.h>

#include "base/executor.h"
#include "base/fs.h"

#define WRITERS 4
#define PAIRS	60 /* of keys written together, per writer */
#define KILLS	10 /* of each kind */

/* Written by the child, read by the parent when that is dead. */
struct ledger {
	atomic_uint tried[WRITERS][PAIRS], told[WRITERS][PAIRS];
	atomic_uint writes, faults;
	atomic_bool open;
};

static struct ledger *ledger;
static char dir[256], store[300];
static enum engine_sync sync_mode;
static struct engine *engine;
static struct executor *executor;
static uint64_t random_state;

static uint64_t
draw(uint64_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % limit;
}

static enum ouro_status
store_open(struct ouro_error *err)
{
	struct engine_options options = {
		.sync = sync_mode,
		.segment_size = 200 * 1024,
		.index_memory = 1, /* the least */
	};

	if (executor_open(2, fs_posix(), &executor, NULL) != OURO_OK)
		return OURO_NO_MEMORY;
	options.executor = executor;
	return engine_log_open(store, &options, &engine, err);
}

static void
store_close(void)
{
	engine_close(engine);
	executor_close(executor);
	engine = NULL;
	executor = NULL;
}

/* ---- the child -------------------------------------------------------------------- */

static struct bytes
key_of(unsigned writer, unsigned pair, char half, char out[32])
{
	snprintf(out, 32, "w%up%02u%c", writer, pair, half);
	return bytes_text(out);
}

/* Every seventh is a deletion. */
static bool
is_deletion(unsigned number)
{
	return number % 7 == 0;
}

static size_t
size_of(unsigned number)
{
	return 8 + number * 37 % 1500;
}

static void
pair_write(unsigned writer, unsigned pair, unsigned number)
{
	static const char halves[] = "ab";
	uint8_t value[1600] = { 0 };
	struct engine_op ops[2] = { 0 };
	char keys[2][32];

	put_u32le(value, number);
	for (unsigned i = 0; i < 2; i++) {
		ops[i].key = key_of(writer, pair, halves[i], keys[i]);
		ops[i].kind = is_deletion(number) ? ENGINE_DELETE : ENGINE_PUT;
		if (!is_deletion(number))
			ops[i].value = bytes_of(value, size_of(number));
	}
	atomic_store(&ledger->tried[writer][pair], number);
	if (engine_apply(engine, ops, 2, ENGINE_SYNC_DEFAULT, NULL) != OURO_OK)
		atomic_fetch_add(&ledger->faults, 1);
	else
		atomic_store(&ledger->told[writer][pair], number);
	atomic_fetch_add(&ledger->writes, 1);
}

static void *
writer_run(void *context)
{
	unsigned writer = *(const unsigned *)context;
	unsigned n = writer;

	for (;;) {
		unsigned pair;

		n = n * 1103515245 + 12345;
		pair = n >> 8 & 63;
		if (pair < PAIRS)
			pair_write(writer, pair,
			    atomic_load(&ledger->tried[writer][pair]) + 1);
	}
	return NULL;
}

_Noreturn static void
child_run(void)
{
	static unsigned numbers[WRITERS];
	pthread_t thread;

	if (store_open(NULL) != OURO_OK)
		_exit(2);
	atomic_store(&ledger->open, true);
	for (unsigned i = 0; i < WRITERS; i++) {
		numbers[i] = i;
		if (pthread_create(&thread, NULL, writer_run, &numbers[i]) != 0)
			_exit(3);
	}
	for (;;)
		if (engine_compact(engine, 0.3, NULL, NULL) != OURO_OK ||
		    engine_snapshot(engine, NULL) != OURO_OK)
			atomic_fetch_add(&ledger->faults, 1);
}

/* ---- the parent ------------------------------------------------------------------- */

static void
nap(uint64_t us)
{
	struct timespec pause = { .tv_nsec = (long)us * 1000 };

	nanosleep(&pause, NULL);
}

/* Kills soon after the store was opened, or while it is. */
static void
child_kill(bool whole)
{
	pid_t child;
	int result;

	atomic_store(&ledger->open, false);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		child_run();
	while (whole && !atomic_load(&ledger->open))
		nap(500);
	nap(draw(whole ? 90000 : 8000));
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &result, 0), child);
	assert_true(WIFSIGNALED(result)); /* it did not end by itself */
}

/* The number that a key holds; 0: it is absent. */
static unsigned
number_read(unsigned writer, unsigned pair, char half)
{
	struct engine_value value;
	struct ouro_error err = { 0 };
	char key[32];
	enum ouro_status status = engine_get(engine,
	    key_of(writer, pair, half, key), &value, &err);
	unsigned number = 0;

	if (status != OURO_NOT_FOUND && status != OURO_OK)
		fail_msg("%s: %s", key, err.text);
	if (status == OURO_OK) {
		number = get_u32le(value.bytes.data);
		assert_int_equal(value.bytes.size, size_of(number));
	}
	engine_value_release(&value);
	return number;
}

static void
pair_check(unsigned writer, unsigned pair)
{
	unsigned told = atomic_load(&ledger->told[writer][pair]);
	unsigned tried = atomic_load(&ledger->tried[writer][pair]);
	unsigned found = number_read(writer, pair, 'a');
	unsigned shown = is_deletion(told) ? 0 : told;

	assert_int_equal(number_read(writer, pair, 'b'), found);
	if (found != shown && found != (is_deletion(tried) ? 0 : tried))
		fail_msg("writer %u, pair %u: %u, told %u, tried %u", writer,
		    pair, found, told, tried);
	/* What was tried last has happened, or never will. */
	if (found != shown)
		atomic_store(&ledger->told[writer][pair], tried);
}

static void
store_check(void)
{
	struct ouro_error err = { 0 };
	struct engine_stats stats;

	if (store_open(&err) != OURO_OK)
		fail_msg("opening: %s", err.text);
	for (unsigned writer = 0; writer < WRITERS; writer++)
		for (unsigned pair = 0; pair < PAIRS; pair++)
			pair_check(writer, pair);
	assert_int_equal(engine_stats(engine, &stats, NULL), OURO_OK);
	assert_int_equal(stats.damaged_records, 0);
	assert_int_equal(stats.missing_segments, 0);
	if (engine_verify(engine, NULL, NULL, &err) != OURO_OK)
		fail_msg("%s", err.text);
	store_close();
}

static void
kills_run(enum engine_sync mode)
{
	unsigned kills = getenv("OURO_LONG") != NULL ? 10 * KILLS : KILLS;

	sync_mode = mode;
	for (unsigned i = 0; i < kills; i++) {
		child_kill(i % 4 != 3);
		store_check();
	}
	assert_int_equal(atomic_load(&ledger->faults), 0);
	print_message("%u writes\n", atomic_load(&ledger->writes));
	assert_true(atomic_load(&ledger->writes) > kills);
}

static void
a_kill_loses_nothing_that_was_synced(void **state)
{
	(void)state;
	kills_run(ENGINE_SYNC_ALWAYS);
}

static void
a_kill_loses_nothing_that_was_not(void **state)
{
	(void)state;
	kills_run(ENGINE_SYNC_NEVER);
}

static void
M10_the_holder_is_named(void **state)
{
	struct ouro_error err = { 0 };
	char pid[16];
	pid_t child;

	(void)state;
	sync_mode = ENGINE_SYNC_NEVER;
	child = fork();
	if (child == 0)
		child_run();
	while (!atomic_load(&ledger->open))
		nap(500);
	assert_int_equal(store_open(&err), OURO_LOCKED);
	store_close();
	snprintf(pid, sizeof pid, "%d", (int)child);
	assert_non_null(strstr(err.text, pid));
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	store_check();
}

/* ---- a full disk ---------------------------------------------------------------------- */

static enum ouro_status
blob_put(unsigned number)
{
	static const uint8_t value[50000];
	char key[16];
	struct engine_op op = { .value = bytes_of(value, sizeof value) };

	snprintf(key, sizeof key, "blob%u", number);
	op.key = bytes_text(key);
	return engine_apply(engine, &op, 1, ENGINE_SYNC_DEFAULT, NULL);
}

static unsigned
blobs_count(void)
{
	struct engine_range range = { .prefix = bytes_text("blob") };
	struct engine_scan *scan;
	struct bytes key, value;
	unsigned count = 0;

	assert_int_equal(engine_scan_open(engine, &range, &scan, NULL),
	    OURO_OK);
	while (engine_scan_next(scan, &key, &value, NULL) == OURO_OK) {
		assert_int_equal(value.size, 50000);
		count++;
	}
	engine_scan_close(scan);
	return count;
}

static void
a_full_disk_fails_cleanly(void **state)
{
	char filler[300];
	unsigned done = 0;
	FILE *file;

	(void)state;
	if (mount("none", dir, "tmpfs", 0, "size=4m") != 0)
		skip();
	snprintf(filler, sizeof filler, "%s/filler", dir);
	file = fopen(filler, "w");
	assert_non_null(file);
	for (unsigned i = 0; i < 1000000; i++)
		fputc('x', file);
	fclose(file);
	assert_int_equal(store_open(NULL), OURO_OK);
	while (blob_put(done) == OURO_OK)
		assert_true(++done < 100);
	assert_int_equal(blob_put(done), OURO_NO_SPACE);
	assert_int_equal(blobs_count(), done);
	(void)engine_snapshot(engine, NULL);
	(void)engine_compact(engine, 0, NULL, NULL);
	assert_int_equal(blobs_count(), done);
	store_close();
	assert_int_equal(store_open(NULL), OURO_OK);
	assert_int_equal(blobs_count(), done);
	assert_int_equal(unlink(filler), 0);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(blob_put(done++), OURO_OK);
	assert_int_equal(engine_snapshot(engine, NULL), OURO_OK);
	assert_int_equal(blobs_count(), done);
	assert_int_equal(engine_verify(engine, NULL, NULL, NULL), OURO_OK);
}

/* ---- around each ------------------------------------------------------------------------ */

static int
begin(void **state)
{
	const char *seed = getenv("KILL_SEED"), *tmp = getenv("TMPDIR");

	(void)state;
	random_state = seed != NULL ? strtoull(seed, NULL, 0) : 4711;
	snprintf(dir, sizeof dir, "%s/ouroboros-kill-XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(store, sizeof store, "%s/store", dir);
	sync_mode = ENGINE_SYNC_ALWAYS;
	ledger = mmap(NULL, sizeof *ledger, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return ledger == MAP_FAILED ? -1 : 0;
}

static int
remove_one(const char *path, const struct stat *info, int type,
    struct FTW *walk)
{
	(void)info;
	(void)type;
	(void)walk;
	return remove(path);
}

static int
end(void **state)
{
	(void)state;
	store_close();
	munmap(ledger, sizeof *ledger);
	(void)umount(dir);
	return nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_kill_loses_nothing_that_was_synced),
		TEST(a_kill_loses_nothing_that_was_not),
		TEST(M10_the_holder_is_named),
		TEST(a_full_disk_fails_cleanly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
