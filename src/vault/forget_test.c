#include "vault/forget.h"

#include "vault/context.h"
#include "vault/name.h"
#include "vault/rebuild.h"
#include "vault/row_each.h"
#include "vault/test_care.h"

static struct test_findings found;

/* ---- dots ---------------------------------------------------------------- */

#define DOTS_MAX 256

/* The dots of the versions that are there. */
struct present {
	struct ouro_vault *vault;
	struct dot dots[DOTS_MAX];
	size_t count;
};

static enum ouro_status
present_visit(void *context, struct bytes key, const struct bytes *value,
    struct ouro_error *err)
{
	struct present *present = context;
	struct dot *dot = &present->dots[present->count];
	Ouro__RefRecord *ref;

	(void)value;
	if (ref_get(present->vault, key.data + 1, &ref, err) != OURO_OK)
		return OURO_OK;
	assert_true(present->count++ < DOTS_MAX);
	memcpy(dot->incarnation, ref->dot->incarnation.data, INCARNATION_SIZE);
	dot->number = ref->dot->number;
	canonical_free(&ref->base);
	return OURO_OK;
}

static struct present
present_of(struct test_vault *test)
{
	struct row_key prefix = row_table(ROW_REF);
	struct present present = { .vault = test->vault };

	test_ok(row_each_key(test->vault->records, &prefix, present_visit,
		    &present, &test->err),
	    &test->err);
	return present;
}

static bool
dot_equal(const struct dot *a, const struct dot *b)
{
	return a->number == b->number &&
	    memcmp(a->incarnation, b->incarnation, INCARNATION_SIZE) == 0;
}

/* No dot twice, and each of them in the context. */
static void
check_dots(struct test_vault *test)
{
	struct present present = present_of(test);

	for (size_t i = 0; i < present.count; i++) {
		assert_true(
		    context_has(&test->vault->context, &present.dots[i]));
		for (size_t j = 0; j < i; j++)
			assert_false(
			    dot_equal(&present.dots[i], &present.dots[j]));
	}
}

/* How many numbers the context has. */
static uint64_t
claims(struct test_vault *test)
{
	const struct context *context = &test->vault->context;
	uint64_t count = 0;

	for (size_t i = 0; i < context->count; i++) {
		const struct context_entry *entry = &context->entries[i];

		count += entry->through;
		for (size_t j = 0; j < entry->beyond_count; j++)
			count += entry->beyond[j].last + 1 -
			    entry->beyond[j].first;
	}
	return count;
}

/* What the rows say is what is in memory, in both copies. */
static void
check_stored(struct test_vault *test)
{
	struct engine *engines[] = { test->vault->records,
		test->vault->copies };
	struct row_key prefix = row_table(ROW_CONTEXT);

	for (int i = 0; i < 2; i++) {
		struct context stored = { 0 };
		struct engine_range range = { .prefix = row_bytes(&prefix) };
		struct engine_scan *scan;
		struct bytes key, value;

		test_ok(engine_scan_open(engines[i], &range, &scan, NULL),
		    NULL);
		while (engine_scan_next(scan, &key, &value, NULL) == OURO_OK)
			test_ok(context_decode(key.data + 1, value, &stored,
				    NULL),
			    NULL);
		engine_scan_close(scan);
		assert_true(context_equal(&stored, &test->vault->context));
		context_release(&stored);
	}
}

static void
put_names(struct test_vault *test, unsigned from, unsigned count)
{
	char name[16];

	for (unsigned i = from; i < from + count; i++) {
		snprintf(name, sizeof(name), "name%u", i);
		test_put_text(test, name, name);
	}
}

static struct dot
dot_of_name(struct test_vault *test, const char *name, struct row_key *key)
{
	struct ouro_target target;
	Ouro__RefRecord *ref;
	struct dot dot;

	test_ok(ouro_resolve(test->vault, name, &target, &test->err),
	    &test->err);
	*key = row_id(ROW_REF, target.id, HASH_SIZE);
	test_ok(ref_get(test->vault, target.id, &ref, &test->err), &test->err);
	memcpy(dot.incarnation, ref->dot->incarnation.data, INCARNATION_SIZE);
	dot.number = ref->dot->number;
	canonical_free(&ref->base);
	return dot;
}

/* The version of a name is no version any more, in either copy. */
static struct dot
version_lose(struct test_vault *test, const char *name)
{
	struct row_key key;
	struct dot dot = dot_of_name(test, name, &key);

	test_row(test->vault->records, ENGINE_PUT, row_bytes(&key),
	    bytes_text("no version"));
	test_row(test->vault->copies, ENGINE_PUT, row_bytes(&key),
	    bytes_text("no version"));
	return dot;
}

/* ---- found by each kind of care ------------------------------------------- */

/* Six versions, of which one was removed and one is lost. */
static void
check_forgotten(struct test_vault *test, const struct dot *lost,
    const struct dot *removed)
{
	struct present present = present_of(test);

	assert_int_equal(present.count, 4);
	assert_int_equal(claims(test), 4);
	assert_false(context_has(&test->vault->context, lost));
	assert_false(context_has(&test->vault->context, removed));
	assert_false(forget_pending(test->vault->records));
	check_dots(test);
	check_stored(test);
	put_names(test, 10, 3);
	assert_int_equal(claims(test), 7);
	assert_int_not_equal(memcmp(test->vault->incarnations[0].id,
				 lost->incarnation, INCARNATION_SIZE),
	    0);
	check_dots(test);
	check_stored(test);
	test_vault_reopen(test, NULL);
	assert_int_equal(claims(test), 7);
	assert_false(context_has(&test->vault->context, lost));
	put_names(test, 20, 3);
	check_dots(test);
}

static enum ouro_status
care_rebuild(struct ouro_vault *vault, const struct ouro_care_options *options,
    struct ouro_care_result *result, struct ouro_error *err)
{
	struct ouro_care_options rebuild = *options;

	rebuild.rebuild_index = true;
	return ouro_repair(vault, &rebuild, result, err);
}

static void
a_version_lost_in_both_copies_is_no_removal(void **state)
{
	test_care_call *const calls[] = { ouro_verify, ouro_repair,
		care_rebuild };

	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		struct test_vault test;
		struct row_key key;
		struct dot lost, removed;

		test_vault_open(&test, NULL);
		put_names(&test, 0, 5);
		removed = dot_of_name(&test, "name2", &key);
		test_ok(test_remove(&test, "name2", true, NULL, NULL),
		    &test.err);
		assert_int_equal(claims(&test), 6);
		lost = version_lose(&test, "name3");
		assert_true(context_has(&test.vault->context, &lost));
		assert_int_equal(test_care(&test, calls[i], &found),
		    OURO_DAMAGED);
		/* The deletion went with what it covered. */
		put_names(&test, 5, 1);
		check_forgotten(&test, &lost, &removed);
		test_vault_close(&test);
	}
}

/* A read-only vault is looked at and left as it is. */
static void
a_reader_forgets_nothing(void **state)
{
	static const struct ouro_vault_options reader = { .size = sizeof(
							      reader),
		.read_only = true };
	struct test_vault test;
	struct dot lost;

	(void)state;
	test_vault_open(&test, NULL);
	put_names(&test, 0, 3);
	lost = version_lose(&test, "name1");
	test_vault_reopen(&test, &reader);
	assert_int_equal(test_care(&test, ouro_verify, &found), OURO_DAMAGED);
	assert_true(context_has(&test.vault->context, &lost));
	test_vault_reopen(&test, NULL);
	assert_true(context_has(&test.vault->context, &lost));
	test_vault_close(&test);
}

/* One good copy is enough to go on as before. */
static void
a_version_healed_from_its_copy_is_not_lost(void **state)
{
	struct test_vault test;
	struct row_key key;
	uint64_t before;

	(void)state;
	test_vault_open(&test, NULL);
	put_names(&test, 0, 5);
	test_ok(test_remove(&test, "name2", true, NULL, NULL), &test.err);
	before = claims(&test);
	dot_of_name(&test, "name1", &key);
	test_row(test.vault->records, ENGINE_PUT, row_bytes(&key),
	    bytes_text("no version"));
	test_ok(test_care(&test, ouro_repair, &found), &test.err);
	assert_int_equal(claims(&test), before);
	put_names(&test, 5, 1);
	assert_int_equal(claims(&test), before + 1);
	check_stored(&test);
	test_vault_close(&test);
}

/* ---- found at opening ------------------------------------------------------- */

/* Every so many bytes of the second half of each segment one is wrong. */
static void
files_spoil(struct test_vault *test, const char *dir, uint64_t step)
{
	struct test_files files;

	test_files_list(test->fs, dir, &files);
	for (size_t i = 0; i < files.count; i++) {
		struct buffer data = { 0 };

		test_ok(fs_read_file(test->fs, files.paths[i], SIZE_MAX, &data,
			    &test->err),
		    &test->err);
		for (size_t at = data.size / 2; at < data.size * 3 / 4;
		     at += step)
			data.data[at] ^= 0x40;
		test_ok(fs_write_file(test->fs, files.paths[i],
			    buffer_bytes(&data), &test->err),
		    &test->err);
		buffer_release(&data);
	}
}

static void
damage_in_both_copies_is_met_at_opening(void **state)
{
	struct test_vault test;
	struct present present;
	size_t before;

	(void)state;
	test_vault_open(&test, NULL);
	put_names(&test, 0, 60);
	before = present_of(&test).count;
	test_vault_shut(&test);
	files_spoil(&test, TEST_DIR "/records", 97);
	files_spoil(&test, TEST_DIR "/copies", 89);
	test_vault_reopen(&test, NULL);
	present = present_of(&test);
	assert_true(present.count > 0 && present.count < before);
	assert_int_equal(claims(&test), present.count);
	check_dots(&test);
	check_stored(&test);
	put_names(&test, 100, 5);
	check_dots(&test);
	assert_int_equal(claims(&test), present.count + 5);
	test_vault_close(&test);
}

static void
a_rebuild_meets_a_lost_version(void **state)
{
	struct test_vault test;
	struct dot lost;

	(void)state;
	test_vault_open(&test, NULL);
	put_names(&test, 0, 5);
	lost = version_lose(&test, "name3");
	test_ok(rebuild_begin(test.vault, &test.err), &test.err);
	test_vault_reopen(&test, NULL);
	assert_int_equal(claims(&test), 4);
	assert_false(context_has(&test.vault->context, &lost));
	check_dots(&test);
	check_stored(&test);
	test_vault_close(&test);
}

/* What was begun is done at the next opening, whenever it is cut off. */
static void
an_interrupted_forgetting_is_taken_up_again(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 2; round++) {
		struct test_vault test;

		test_vault_open(&test, NULL);
		put_names(&test, 0, 5);
		test_ok(test_remove(&test, "name2", true, NULL, NULL),
		    &test.err);
		assert_int_equal(claims(&test), 6);
		test_ok(forget_begin(test.vault->records, &test.err),
		    &test.err);
		if (round == 1) /* some rows are gone already */
			test_row(test.vault->records, ENGINE_DELETE,
			    bytes_of(test_row_key(&test, ROW_CONTEXT, 0).data,
				17),
			    bytes_text(""));
		test_vault_reopen(&test, NULL);
		assert_false(forget_pending(test.vault->records));
		assert_int_equal(claims(&test), 4);
		check_dots(&test);
		check_stored(&test);
		test_vault_close(&test);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_version_lost_in_both_copies_is_no_removal),
		cmocka_unit_test(a_reader_forgets_nothing),
		cmocka_unit_test(a_version_healed_from_its_copy_is_not_lost),
		cmocka_unit_test(damage_in_both_copies_is_met_at_opening),
		cmocka_unit_test(a_rebuild_meets_a_lost_version),
		cmocka_unit_test(an_interrupted_forgetting_is_taken_up_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
