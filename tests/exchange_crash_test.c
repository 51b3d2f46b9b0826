/*
 * Crash enumeration over imports: a new copy of a vault is made of a stream,
 * then takes in a second one; it is stopped at every call that changes the
 * disk, and from there every policy makes disks as a power loss could leave
 * them. On each, nothing is half visible, what was acknowledged is there, and
 * importing again ends with the copy equal to the vault the streams are of.
 */
#include "exchange/test_exchange.h"

#include "base/fs_crash.h"

#define STATES_MIN 600
#define SIZE	   200000

/* The vault the streams are of, and the streams. */
struct origin {
	struct test_vault test;
	struct buffer key, first, second;
};

/* How far a copy got. */
struct run {
	struct fs *fs;
	bool first_done, second_done;
};

static size_t states_seen;

static void
origin_open(struct origin *origin)
{
	struct test_vault *test = &origin->test;

	memset(origin, 0, sizeof(*origin));
	test_vault_open(test, NULL);
	test_put_text(test, "name", "one");
	test_put_random(test, "large", SIZE, 1);
	test_put_text(test, "leaves", "for a while");
	test_export(test, NULL, &origin->first);
	test_put_text(test, "name", "two");
	test_put_random(test, "other", SIZE, 2);
	test_ok(test_remove(test, "leaves", false, NULL, NULL), &test->err);
	test_ok(ouro_keys_rotate(test->vault, &test->err), &test->err);
	test_put_random(test, "of epoch 2", SIZE, 3);
	test_gc(test);
	test_export(test, NULL, &origin->second);
	test_ok(fs_read_file(test->fs, TEST_KEY, 65536, &origin->key,
		    &test->err),
	    &test->err);
}

static void
origin_close(struct origin *origin)
{
	buffer_release(&origin->key);
	buffer_release(&origin->first);
	buffer_release(&origin->second);
	test_vault_close(&origin->test);
}

/* ---- the workload -------------------------------------------------------------- */

static const struct ouro_vault_options vault_options = {
	.size = sizeof(vault_options),
	.k = 1,
	.m = 1,
	.level = -1,
	.segment_size = 300000,
	.node = "crash",
};

static void
copy_begin(struct test_vault *copy, struct fs *fs)
{
	*copy = (struct test_vault){ .fs = fs };
	test_ok(executor_open_manual(1, fs, &copy->executor, &copy->err),
	    &copy->err);
}

static void
copy_end(struct test_vault *copy)
{
	ouro_vault_close(copy->vault);
	executor_close(copy->executor);
}

static enum ouro_status
copy_make(struct test_vault *copy, const struct buffer *stream)
{
	static const struct ouro_import_options options = { .size = sizeof(
								options) };
	struct import_new made = { .dir = TEST_DIR,
		.vault_options = &vault_options,
		.fs = copy->fs,
		.executor = copy->executor };
	struct ouro_import_result result = { 0 };
	struct bytes rest = buffer_bytes(stream);

	return import_new(&made, &options, test_source, &rest, &result,
	    &copy->vault, &copy->err);
}

/* Ends early when a step fails: the power is gone. */
static void
run_to(struct run *run, const struct origin *origin, uint64_t clock)
{
	struct ouro_import_result result;
	struct test_vault copy;

	*run = (struct run){ .fs = fs_crash_new(11) };
	assert_non_null(run->fs);
	test_ok(fs_mkdir(run->fs, TEST_DIR, NULL), NULL);
	test_ok(fs_write_file(run->fs, TEST_KEY, buffer_bytes(&origin->key),
		    NULL),
	    NULL);
	copy_begin(&copy, run->fs);
	fs_crash_stop_at(run->fs, fs_crash_clock(run->fs) + clock);
	run->first_done = copy_make(&copy, &origin->first) == OURO_OK;
	if (run->first_done)
		run->second_done = test_try_import(&copy,
				       buffer_bytes(&origin->second), NULL,
				       &result) == OURO_OK;
	copy_end(&copy);
}

/* ---- what must hold --------------------------------------------------------------- */

static void
reads_whole(struct test_vault *copy, const uint8_t id[OURO_ID_SIZE])
{
	struct buffer read = { 0 };

	test_ok(test_get(copy, id, &read), &copy->err);
	buffer_release(&read);
}

static void
all_that_shows_can_be_read(struct test_vault *copy)
{
	struct ouro_list_options options = { .size = sizeof(options) };
	struct ouro_list *list;
	struct ouro_info info;

	test_ok(ouro_list_open(copy->vault, &options, &list, &copy->err),
	    &copy->err);
	while (ouro_list_next(list, &info, &copy->err) == OURO_OK) {
		reads_whole(copy, info.version);
		ouro_info_release(&info);
	}
	ouro_list_close(list);
}

static bool
has_store(struct fs *fs)
{
	struct fs_info info;

	return fs_stat(fs, TEST_DIR "/OUROBOROS", &info, NULL) == OURO_OK ||
	    fs_stat(fs, TEST_DIR "/OUROBOROS.copy", &info, NULL) == OURO_OK;
}

/* What the stream's vault removed is in the trash, which it has not. The
 * clock goes on with each look at it. */
static void
trash_empty_now(struct test_vault *copy)
{
	uint64_t now_ms = fs_wall_ms(copy->fs);

	while (fs_wall_ms(copy->fs) < now_ms + 2)
		continue;
	atomic_store(&copy->vault->trash_hours, 0);
}

static void
state_check(const struct origin *origin, const struct run *run, struct fs *fs)
{
	struct test_vault copy;

	copy_begin(&copy, fs);
	if (!has_store(fs)) {
		assert_false(run->first_done);
		test_ok(copy_make(&copy, &origin->first), &copy.err);
	} else {
		test_ok(vault_open(TEST_DIR, &vault_options, fs, copy.executor,
			    &copy.vault, &copy.err),
		    &copy.err);
		all_that_shows_can_be_read(&copy);
		if (run->first_done)
			assert_true(test_has_name(&copy, "large"));
		if (run->second_done)
			assert_true(test_has_name(&copy, "of epoch 2"));
		test_import(&copy, &origin->first);
	}
	test_import(&copy, &origin->second);
	trash_empty_now(&copy);
	test_gc(&copy);
	test_copies_equal((struct test_vault *)(uintptr_t)&origin->test, &copy,
	    true);
	test_verifies(&copy);
	copy_end(&copy);
	states_seen++;
}

static void
states_check(const struct origin *origin, const struct run *run, uint64_t clock,
    unsigned seeds)
{
	for (unsigned policy = 0; policy < FS_CRASH_POLICIES; policy++) {
		bool drawn = policy != FS_CRASH_KEEP_ALL &&
		    policy != FS_CRASH_LOSE_ALL;

		for (unsigned seed = 0; seed < (drawn ? seeds : 1); seed++) {
			struct fs *fs = fs_crash_state(run->fs, policy,
			    clock * 1000 + seed);

			assert_non_null(fs);
			state_check(origin, run, fs);
			fs_crash_free(fs);
		}
	}
}

static void
an_import_survives_every_crash(void **state)
{
	bool long_run = getenv("OURO_LONG") != NULL;
	struct origin origin;
	bool ended = false;

	(void)state;
	origin_open(&origin);
	for (uint64_t clock = 1; !ended; clock++) {
		struct run run;

		run_to(&run, &origin, clock);
		ended = run.second_done;
		states_check(&origin, &run, clock, long_run ? 5 : 1);
		fs_crash_free(run.fs);
	}
	printf("%zu states\n", states_seen);
	assert_true(states_seen >= STATES_MIN);
	origin_close(&origin);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_import_survives_every_crash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
