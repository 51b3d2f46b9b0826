#include "vault/copies.h"

#include "vault/forget.h"
#include "vault/test_copies.h"

/* ---- a vault of nothing but two engines ----------------------------------- */

static uint64_t
row_count(struct wounded *wounded)
{
	struct engine_stats stats = { 0 };

	assert_int_equal(engine_stats(wounded->inner, &stats, NULL), OURO_OK);
	return stats.keys;
}

/* ---- comparing ------------------------------------------------------------ */

static void
copies_are_made_like_whole_records(void **unused)
{
	struct world *world = world_new();

	(void)unused;
	put_both(world, "c1", "same");
	put_both(world, "p1", "same");
	put(&world->records, "p2", "new");
	put(&world->records, "r2", "newer");
	put(&world->copies, "r2", "older");
	put(&world->copies, "r3", "deleted since");
	put(&world->copies, "x9", "deleted since");
	put(&world->records, "k1", "derived");
	check_reconcile(world, false);
	check_row(&world->copies, "c1", "same");
	check_row(&world->copies, "p2", "new");
	check_row(&world->copies, "r2", "newer");
	check_row(&world->copies, "r3", NULL);
	check_row(&world->copies, "x9", NULL);
	check_row(&world->copies, "k1", NULL);
	check_row(&world->records, "r2", "newer");
	check_row(&world->records, "r3", NULL);
	assert_int_equal(row_count(&world->records), 5);
	assert_int_equal(row_count(&world->copies), 4);
	assert_int_equal(world->records.applies, 0);
	assert_true(world->copies.barriers > 0);
	assert_int_equal(world->warnings, 0);
	world_free(world);
}

static void
lost_rows_come_back(void **unused)
{
	struct world *world = world_new();

	(void)unused;
	for (int missing = 0; missing < 2; missing++) {
		world_reopen(world);
		put(&world->records, "c1", "one");
		put(&world->copies, "c1", "one");
		put(&world->copies, "c2", "two");
		put(&world->copies, "r5", "ref");
		put(&world->records, "x1", "newer");
		put(&world->copies, "x1", "older");
		if (missing)
			world->records.extra.missing_segments = 1;
		else
			world->records.extra.damaged_records = 3;
		world->records.repairs = 0;
		check_reconcile(world, true);
		assert_int_equal(world->records.repairs, 1);
		assert_int_equal(world->copies.repairs, 0);
		check_row(&world->records, "c2", "two");
		check_row(&world->records, "r5", "ref");
		check_row(&world->records, "x1", "newer");
		check_row(&world->copies, "x1", "newer");
		assert_true(world->warnings > 0);
		assert_int_equal(copies_restored(&world->vault, NULL), OURO_OK);
	}
	world_free(world);
}

static void
empty_records_are_filled_from_the_copies(void **unused)
{
	struct world *world = world_new();

	(void)unused;
	check_reconcile(world, false); /* both empty: a new vault */
	put(&world->copies, "c1", "one");
	put(&world->copies, "x1", "context");
	check_reconcile(world, true);
	check_row(&world->records, "c1", "one");
	check_row(&world->records, "x1", "context");
	check_row(&world->copies, "c1", "one");
	world_free(world);
}

static void
damaged_rows_are_taken_from_the_other(void **unused)
{
	struct world *world = world_new();

	(void)unused;
	put_both(world, "c1", "one");
	put_both(world, "c2", "two");
	put_both(world, "c3", "three");
	put(&world->records, "c4", "four");
	put(&world->records, "c5", "five");
	put(&world->copies, "c6", "six");
	wound(&world->records, "c1");
	wound(&world->copies, "c2");
	wound(&world->records, "c3");
	wound(&world->copies, "c3");
	wound(&world->records, "c4"); /* nowhere else */
	wound(&world->copies, "c6");  /* deleted since */
	check_reconcile(world, true);
	assert_null(wound_of(&world->records, bytes_text("c1")));
	assert_null(wound_of(&world->copies, bytes_text("c2")));
	assert_non_null(wound_of(&world->records, bytes_text("c3")));
	assert_non_null(wound_of(&world->records, bytes_text("c4")));
	check_row(&world->records, "c1", "one");
	check_row(&world->copies, "c2", "two");
	check_row(&world->copies, "c5", "five");
	check_row(&world->copies, "c6", NULL);
	assert_true(world->warnings > 0);
	world_free(world);
}

static void
damaged_copies_are_mended_and_filled(void **unused)
{
	struct world *world = world_new();

	(void)unused;
	put_both(world, "c1", "one");
	put_both(world, "c2", "two");
	copies_close(&world->vault);
	wound(&world->copies, "c1");
	world->copies.extra.damaged_records = 1;
	check_reconcile(world, false);
	assert_int_equal(world->copies.repairs, 1);
	assert_int_equal(world->records.repairs, 0);
	check_row(&world->copies, "c1", "one");
	check_row(&world->copies, "c2", "two");
	world_free(world);
}

static void
random_differences_are_made_good(void **unused)
{
	uint64_t state = 7;

	(void)unused;
	for (int round = 0; round < 60; round++) {
		struct world *world = world_new();
		bool lost = round % 2 == 1;
		uint64_t expected = 0;
		int present[400];

		put(&world->records, "s-there", "");
		for (int i = 0; i < 400; i++) {
			char key[16];

			state = state * UINT64_C(6364136223846793005) + 1;
			present[i] = (int)(state >> 40) % 5;
			snprintf(key, sizeof(key), "%c%03d", "cprx"[i % 4], i);
			if (present[i] & 1)
				put(&world->records, key, "value");
			if (present[i] & 2)
				put(&world->copies, key,
				    round % 3 ? "value" : "other");
			expected += present[i] & 1 || (lost && present[i] & 2);
		}
		world->records.extra.damaged_records = lost;
		check_reconcile(world, lost);
		assert_int_equal(copies_restored(&world->vault, NULL), OURO_OK);
		assert_int_equal(row_count(&world->records),
		    expected + 1 + lost);
		assert_int_equal(forget_pending(&world->records.engine), lost);
		assert_int_equal(row_count(&world->copies), expected);
		world_reopen(world);
		check_reconcile(world, false);
		assert_int_equal(world->records.applies, 0);
		assert_int_equal(world->copies.applies, 0);
		world_free(world);
	}
}

static void
batches_are_bounded(void **unused)
{
	struct world *world = world_new();
	char *large = malloc(1024 * 1024 + 1);
	char key[16];

	(void)unused;
	assert_non_null(large);
	memset(large, 'v', 1024 * 1024);
	large[1024 * 1024] = '\0';
	for (int i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "c%d", i);
		put(&world->records, key, "value");
	}
	for (int i = 0; i < 9; i++) {
		snprintf(key, sizeof(key), "p%d", i);
		put(&world->records, key, large);
	}
	check_reconcile(world, false);
	assert_int_equal(row_count(&world->copies), 1009);
	assert_true(world->copies.ops_max <= 256);
	assert_true(world->copies.bytes_max <= 4 * 1024 * 1024);
	assert_true(world->copies.bytes_max > 3 * 1024 * 1024);
	assert_int_equal(world->copies.sync_last, ENGINE_SYNC_NEVER);
	free(large);
	world_free(world);
}

/* ---- versions lost in both ------------------------------------------------- */

/* A vault that was closed cleanly is opened, and a version forgotten? */
struct loss {
	const char *wounds[2]; /* of records, of copies */
	bool damaged[2];       /* the engine knows of damage */
	bool behind;	       /* records were written since the clean close */
	bool pending;	       /* expected */
};

static void
lost_versions_make_the_context_forgotten(void **unused)
{
	static const struct loss losses[] = {
		{ .pending = false },
		{ .damaged = { true, false }, .pending = false },
		{ .damaged = { false, true }, .pending = false },
		{ .damaged = { true, true }, .pending = true },
		{ .damaged = { true, false }, .behind = true, .pending = true },
		{ .behind = true, .pending = false },
		{ .wounds = { "r1", NULL }, .behind = true, .pending = false },
		{ .wounds = { "r1", "r1" }, .behind = true, .pending = true },
		{ .wounds = { "x1", "x1" }, .behind = true, .pending = true },
		{ .wounds = { "c1", "c1" }, .behind = true, .pending = false },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(losses) / sizeof(*losses); i++) {
		const struct loss *loss = &losses[i];
		struct world *world = world_new();
		struct wounded *engines[] = { &world->records, &world->copies };
		bool rebuild;

		put_both(world, "c1", "content");
		put_both(world, "r1", "version");
		put_both(world, "x1", "context");
		copies_close(&world->vault);
		world_reopen(world);
		if (loss->behind)
			put(&world->records, "r2", "newer");
		for (int j = 0; j < 2; j++) {
			engines[j]->extra.damaged_records = loss->damaged[j];
			if (loss->wounds[j] != NULL)
				wound(engines[j], loss->wounds[j]);
		}
		assert_int_equal(copies_reconcile(&world->vault, &rebuild,
				     NULL),
		    OURO_OK);
		if (forget_pending(&world->records.engine) != loss->pending)
			fail_msg("case %zu", i);
		world_free(world);
	}
}

/* What whole copies have is how everything was at some moment. */
static void
records_lost_as_a_whole_are_no_lost_versions(void **unused)
{
	struct world *world = world_new();

	(void)unused;
	put(&world->copies, "r1", "version");
	put(&world->copies, "x1", "context");
	check_reconcile(world, true);
	assert_false(forget_pending(&world->records.engine));
	/* Taken up again after an interruption. */
	world_reopen(world);
	check_reconcile(world, true);
	assert_false(forget_pending(&world->records.engine));
	world_free(world);
}

/* ---- failures ------------------------------------------------------------- */

/* However often it is interrupted, nothing that the copies have is dropped. */
static void
an_interrupted_healing_is_taken_up_again(void **unused)
{
	bool rebuild;

	(void)unused;
	for (unsigned n = 1;; n++) {
		struct world *world = world_new();
		enum ouro_status status;
		char key[16];

		put_both(world, "c", "both");
		for (int i = 0; i < 600; i++) {
			snprintf(key, sizeof(key), "r%03d", i);
			put(&world->copies, key, "ref");
		}
		world->records.extra.missing_segments = 1;
		world->records.apply_nth = n;
		status = copies_reconcile(&world->vault, &rebuild, NULL);
		if (status != OURO_OK)
			assert_int_equal(status, OURO_NO_SPACE);
		/* What fails before the mending leaves the damage as it was. */
		if (n > 2)
			world_reopen(world);
		world->records.apply_nth = 0;
		check_reconcile(world, true);
		assert_int_equal(row_count(&world->records), 603);
		assert_true(forget_pending(&world->records.engine));
		assert_int_equal(row_count(&world->copies), 601);
		assert_int_equal(copies_restored(&world->vault, NULL), OURO_OK);
		world_reopen(world);
		check_reconcile(world, false);
		world_free(world);
		if (status == OURO_OK)
			break;
		assert_true(n < 20);
	}
}

static void
failing_copies_do_not_keep_whole_records_closed(void **unused)
{
	struct world *world = world_new();
	bool rebuild;

	(void)unused;
	put(&world->records, "c1", "one");
	for (int way = 0; way < 2; way++) {
		world_reopen(world);
		world->copies.apply_nth = way == 0;
		world->copies.scan_fails = way == 1;
		check_reconcile(world, false);
		assert_true(atomic_load(&world->vault.copies_behind));
		assert_int_equal(world->warnings, 1);
	}
	world->records.extra.damaged_records = 1;
	assert_int_equal(copies_reconcile(&world->vault, &rebuild, NULL),
	    OURO_IO);
	world->copies.scan_fails = false;
	world->records.scan_fails = true;
	world_reopen(world);
	assert_int_equal(copies_reconcile(&world->vault, &rebuild, NULL),
	    OURO_IO);
	world_free(world);
}

static void
a_reader_writes_nothing(void **unused)
{
	struct world *world = world_new();

	(void)unused;
	world->vault.read_only = true;
	put_both(world, "c1", "one");
	put(&world->records, "c2", "two");
	put(&world->copies, "c3", "three");
	check_reconcile(world, false);
	wound(&world->records, "c1");
	check_reconcile(world, true);
	world->records.keys[0][0] = '\0';
	world->records.extra.missing_segments = 1;
	check_reconcile(world, true);
	copies_apply(&world->vault,
	    &(struct engine_op){ .key = bytes_text("c7") }, 1);
	copies_close(&world->vault);
	assert_int_equal(world->records.applies, 0);
	assert_int_equal(world->copies.applies, 0);
	assert_int_equal(world->records.repairs, 0);
	world->vault.copies = NULL;
	check_reconcile(world, true);
	world->records.extra.missing_segments = 0;
	check_reconcile(world, false);
	world_free(world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_are_made_like_whole_records),
		cmocka_unit_test(lost_rows_come_back),
		cmocka_unit_test(empty_records_are_filled_from_the_copies),
		cmocka_unit_test(damaged_rows_are_taken_from_the_other),
		cmocka_unit_test(damaged_copies_are_mended_and_filled),
		cmocka_unit_test(random_differences_are_made_good),
		cmocka_unit_test(batches_are_bounded),
		cmocka_unit_test(lost_versions_make_the_context_forgotten),
		cmocka_unit_test(records_lost_as_a_whole_are_no_lost_versions),
		cmocka_unit_test(an_interrupted_healing_is_taken_up_again),
		cmocka_unit_test(
		    failing_copies_do_not_keep_whole_records_closed),
		cmocka_unit_test(a_reader_writes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
