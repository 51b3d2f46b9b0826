#include <errno.h>

#include "vault/rebuild.h"
#include "vault/test_unite.h"

/* Two copies of a vault in which a name "first" was written. */
static void
two(struct copies *copies)
{
	copies_open(copies, 5);
	copies_put(copies, 0, "first", "1");
	copies_fork(copies, 0, 1);
}

/* Each takes the other; then they are equal, and whole. */
static void
both_unite(struct copies *copies)
{
	copies_unite(copies, 0, 1);
	copies_unite(copies, 1, 0);
	copies_equal(copies, 0, 1);
	copies_verify(copies, 0);
	copies_verify(copies, 1);
}

static uint64_t
staged_rows(struct copies *copies, unsigned number)
{
	uint64_t rows;

	must(copies,
	    derived_count(copies->vaults[number], ROW_STAGED, &rows,
		&copies->err));
	return rows;
}

/* ---- what is taken ----------------------------------------------------------- */

static void
copies_that_diverged_become_equal(void **state)
{
	for (unsigned order = 0; order < 2; order++) {
		struct copies copies;
		struct unite_result result;

		(void)state;
		two(&copies);
		copies_put(&copies, 0, "a", "of 0");
		copies_put(&copies, 0, "same", "of 0");
		copies_put(&copies, 1, "b", "of 1");
		copies_put(&copies, 1, "same", "of 1, later");
		copies_put(&copies, 1, "first", "2");
		result = copies_unite(&copies, order, 1 - order);
		assert_int_equal(result.taken, order == 0 ? 3 : 2);
		assert_int_equal(result.there, 1);
		assert_int_equal(result.dropped + result.removed, 0);
		both_unite(&copies);
		for (unsigned i = 0; i < 2; i++) {
			copies_reads(&copies, i, "a", "of 0");
			copies_reads(&copies, i, "b", "of 1");
			copies_reads(&copies, i, "same", "of 1, later");
			copies_reads(&copies, i, "first", "2");
			assert_int_equal(copies_heads(&copies, i, "same"), 2);
			assert_int_equal(copies_heads(&copies, i, "first"), 1);
		}
		result = copies_unite(&copies, 0, 1);
		assert_int_equal(result.taken, 0);
		assert_int_equal(result.there, 6);
		copies_reopen(&copies, 0);
		copies_equal(&copies, 0, 1);
		copies_close_all(&copies);
	}
}

static void
many_versions_are_taken_in_any_order_of_ids(void **state)
{
	struct copies copies;
	struct unite_result result;
	char name[16];

	(void)state;
	two(&copies);
	for (unsigned i = 0; i < 2500; i++) {
		snprintf(name, sizeof(name), "n%u", i % 900);
		copies_put(&copies, 0, name, name);
	}
	result = copies_unite(&copies, 1, 0);
	assert_int_equal(result.taken, 2500);
	assert_int_equal(staged_rows(&copies, 1), 0);
	copies_equal(&copies, 0, 1);
	copies_verify(&copies, 1);
	/* One number without gaps: what lies between was never here. */
	for (size_t i = 0; i < copies.vaults[1]->context.count; i++)
		assert_int_equal(
		    copies.vaults[1]->context.entries[i].beyond_count, 0);
	copies_close_all(&copies);
}

static void
gaps_look(void *context, const uint8_t id[HASH_SIZE],
    const Ouro__RefRecord *ref)
{
	struct copies *copies = context;
	struct dot dot = dot_stored(ref->dot);
	const struct context_entry *entry = context_find(
	    &copies->vaults[1]->context, dot.incarnation);

	(void)id;
	assert_int_equal(entry->through, dot.number);
	assert_int_equal(entry->beyond_count, 0);
}

/* Half of what a writer made was removed: what is taken of him leaves no gap,
 * at no time. The last version stays removed, so that we are told then. */
static void
no_gap_is_made_that_they_do_not_have(void **state)
{
	struct copies copies;
	struct unite_options options = { .removed = gaps_look,
		.context = &copies };
	struct ouro_remove_options removal = { .size = sizeof(removal) };
	struct ouro_target target;
	struct unite_result result;
	char name[16];

	(void)state;
	two(&copies);
	for (unsigned i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		copies_put(&copies, 0, name, name);
	}
	for (unsigned i = 0; i < 300; i += 2) {
		snprintf(name, sizeof(name), "n%u", i);
		copies_remove_name(&copies, 0, name);
	}
	copies_put(&copies, 0, "last", "1");
	copies_unite_with(&copies, 1, 0, "last", NULL);
	must(&copies,
	    ouro_resolve(copies.vaults[1], "last", &target, &copies.err));
	target.by_name = false;
	must(&copies,
	    ouro_remove(copies.vaults[1], &target, &removal, NULL, NULL, NULL,
		&copies.err));
	result = copies_unite_with(&copies, 1, 0, NULL, &options);
	assert_int_equal(result.taken, 150);
	assert_int_equal(result.removed, 1);
	both_unite(&copies);
	copies_close_all(&copies);
}

static void
a_part_brings_its_own_dots_and_no_others(void **state)
{
	struct copies copies;
	struct unite_result result;

	(void)state;
	two(&copies);
	copies_put(&copies, 0, "a", "1");
	copies_put(&copies, 0, "b", "1");
	copies_remove_name(&copies, 0, "first");
	copies_put(&copies, 0, "a", "2");
	result = copies_unite_with(&copies, 1, 0, "a", NULL);
	assert_int_equal(result.taken, 2);
	assert_int_equal(result.dropped, 0);
	copies_reads(&copies, 1, "a", "2");
	copies_reads(&copies, 1, "b", NULL);
	copies_reads(&copies, 1, "first", "1");
	copies_verify(&copies, 1);
	both_unite(&copies);
	copies_reads(&copies, 1, "b", "1");
	copies_reads(&copies, 1, "first", NULL);
	copies_close_all(&copies);
}

/*
 * What covers a version need not be covered by a head that has seen it too: the
 * name was deleted and written again in between, and the last version has seen
 * only that its writer went on. In whatever order they come, heads are the same.
 */
static void
heads_do_not_depend_on_the_order(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 8; seed++) {
		struct copies copies;

		copies_open(&copies, seed);
		for (unsigned i = 1; i < COPIES_MAX; i++)
			copies_fork(&copies, 0, i);
		copies_put(&copies, 1, "n", "covered");
		copies_unite(&copies, 0, 1);
		copies_put(&copies, 0, "n", "covers it");
		copies_unite(&copies, 2, 0);
		copies_remove_name(&copies, 0, "n");
		copies_put(&copies, 0, "n", "anew");
		copies_put(&copies, 0, "n", "last");
		copies_unite_with(&copies, 2, 0, "n", NULL);
		copies_unite_with(&copies, 3, 2, "n", NULL);
		for (unsigned i = 2; i < 4; i++) {
			copies_verify(&copies, i);
			assert_int_equal(copies_heads(&copies, i, "n"), 1);
			copies_reads(&copies, i, "n", "last");
		}
		copies_close_all(&copies);
	}
}

/* ---- what was removed ------------------------------------------------------------ */

static void
what_they_removed_leaves(void **state)
{
	struct copies copies;
	struct unite_result result;

	(void)state;
	two(&copies);
	copies_put(&copies, 0, "kept", "1");
	copies_unite(&copies, 1, 0);
	copies_remove_name(&copies, 0, "first");
	assert_int_equal(copies_heads(&copies, 0, "first"), 0);
	result = copies_unite(&copies, 1, 0);
	assert_int_equal(result.dropped, 1);
	assert_int_equal(result.trashed, 1);
	copies_reads(&copies, 1, "first", NULL);
	copies_reads(&copies, 1, "kept", "1");
	both_unite(&copies);
	copies_close_all(&copies);
}

/* A write that did not know of the deletion survives it. */
static void
what_was_written_beside_a_deletion_stays(void **state)
{
	struct copies copies;

	(void)state;
	two(&copies);
	copies_remove_name(&copies, 0, "first");
	copies_put(&copies, 1, "first", "2");
	both_unite(&copies);
	copies_reads(&copies, 0, "first", "2");
	copies_reads(&copies, 1, "first", "2");
	copies_close_all(&copies);
}

static unsigned told;

static void
removed_tell(void *context, const uint8_t id[HASH_SIZE],
    const Ouro__RefRecord *ref)
{
	(void)id;
	told++;
	assert_string_equal(ref->path, context);
}

static void
what_we_removed_stays_removed_and_is_told(void **state)
{
	struct unite_options options = { .removed = removed_tell,
		.context = (void *)(uintptr_t) "first" };
	struct copies copies;
	struct unite_result result;

	(void)state;
	two(&copies);
	copies_put(&copies, 1, "first", "2");
	copies_unite(&copies, 0, 1);
	copies_remove_name(&copies, 0, "first");
	told = 0;
	result = copies_unite_with(&copies, 0, 1, NULL, &options);
	assert_int_equal(result.removed, 2);
	assert_int_equal(told, 2);
	assert_int_equal(result.taken, 0);
	copies_reads(&copies, 0, "first", NULL);
	both_unite(&copies);
	copies_close_all(&copies);
}

static void
what_stays_removed_may_be_written_as_new(void **state)
{
	struct unite_options options = { .as_new = true };
	struct copies copies;
	struct unite_result result;

	(void)state;
	two(&copies);
	copies_put(&copies, 0, "two", "of 0");
	copies_put(&copies, 1, "two", "of 1");
	copies_put(&copies, 0, "gone", "1");
	copies_unite(&copies, 0, 1);
	copies_unite(&copies, 1, 0);
	copies_fork(&copies, 1, 2);
	copies_remove_name(&copies, 0, "first");
	copies_remove_name(&copies, 0, "two");
	copies_put(&copies, 0, "two", "anew");
	copies_remove_name(&copies, 2, "gone");
	copies_unite(&copies, 0, 2);
	/* The stream still has "gone"; its history is written as it was. */
	for (unsigned again = 0; again < 2; again++) {
		result = copies_unite_with(&copies, 0, 1, NULL, &options);
		assert_int_equal(result.removed, 4);
		assert_int_equal(result.written_new, again == 0 ? 4 : 0);
		copies_reads(&copies, 0, "first", "1");
		copies_reads(&copies, 0, "two", "of 1");
		copies_reads(&copies, 0, "gone", "1");
		assert_int_equal(copies_heads(&copies, 0, "two"), 1);
	}
	both_unite(&copies);
	copies_reads(&copies, 1, "two", "of 1");
	copies_close_all(&copies);
}

static void
what_is_covered_is_not_written_as_new(void **state)
{
	struct unite_options options = { .as_new = true };
	struct copies copies;
	struct unite_result result;

	(void)state;
	two(&copies);
	must(&copies,
	    ouro_setting_set(copies.vaults[0], "revision_limit", 0,
		&copies.err));
	copies_put(&copies, 0, "first", "2");
	copies_gc(&copies, 0);
	result = copies_unite_with(&copies, 0, 1, NULL, &options);
	assert_int_equal(result.removed, 1); /* the pruned one */
	assert_int_equal(result.written_new, 0);
	copies_reads(&copies, 0, "first", "2");
	copies_close_all(&copies);
}

/* ---- late arrivals ----------------------------------------------------------------- */

static void
late_arrivals_change_no_answer(void **state)
{
	struct copies copies;
	struct unite_result result;

	(void)state;
	two(&copies);
	copies_put(&copies, 0, "pruned", "1");
	copies_put(&copies, 0, "deleted", "1");
	copies_put(&copies, 0, "expires", "before");
	copies_fork(&copies, 0, 2); /* the predecessors */
	copies_put(&copies, 0, "pruned", "2");
	copies_put_until(&copies, 0, "expires", "soon",
	    fs_wall_ms(copies.fs) + 1000);
	must(&copies,
	    ouro_setting_set(copies.vaults[0], "removal_grace_hours", 1,
		&copies.err));
	copies_remove_name(&copies, 0, "deleted");
	copies_fork(&copies, 0, 3); /* the deletion, and what is to expire */
	must(&copies,
	    ouro_setting_set(copies.vaults[0], "removal_grace_hours", 0,
		&copies.err));
	must(&copies,
	    ouro_setting_set(copies.vaults[0], "revision_limit", 0,
		&copies.err));
	fs_memory_advance(copies.fs, 7200 * 1000);
	copies_gc(&copies, 0);
	assert_int_equal(copies_heads(&copies, 0, "deleted"), 0);
	assert_int_equal(copies_heads(&copies, 0, "expires"), 0);
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned old = 2; old < 4; old++) {
			result = copies_unite(&copies, 0, old);
			assert_int_equal(result.taken, 0);
			assert_int_equal(result.dropped, 0);
			assert_int_equal(copies_heads(&copies, 0, "deleted"),
			    0);
			assert_int_equal(copies_heads(&copies, 0, "expires"),
			    0);
			assert_int_equal(copies_heads(&copies, 0, "pruned"), 1);
			copies_reads(&copies, 0, "deleted", NULL);
			copies_reads(&copies, 0, "expires", NULL);
			copies_reads(&copies, 0, "pruned", "2");
		}
		copies_unite_with(&copies, 0, 2, "deleted", NULL);
		copies_reads(&copies, 0, "deleted", NULL);
	}
	copies_verify(&copies, 0);
	copies_unite(&copies, 2, 0);
	copies_unite(&copies, 3, 0);
	copies_equal(&copies, 0, 2);
	copies_equal(&copies, 0, 3);
	copies_close_all(&copies);
}

/* ---- what is refused --------------------------------------------------------------- */

static void
a_version_without_its_content_is_refused_before_anything(void **state)
{
	struct copies copies;
	struct sending sending = { .copies = &copies };
	struct unite_result result;
	struct ouro_stats before, after;

	(void)state;
	two(&copies);
	copies_put(&copies, 0, "a", "of 0 alone");
	copies_remove_name(&copies, 0, "first");
	sending.to = copies.vaults[1];
	must(&copies, ouro_stats(copies.vaults[1], &before, &copies.err));
	must(&copies, unite_open(sending.to, &sending.unite, &copies.err));
	must(&copies,
	    table_send(&sending, copies.vaults[0], ROW_REF, ref_send));
	must(&copies,
	    table_send(&sending, copies.vaults[0], ROW_CONTEXT, context_send));
	assert_int_equal(unite_apply(sending.unite, NULL, &result, &copies.err),
	    OURO_INVALID);
	unite_close(sending.unite);
	must(&copies, ouro_stats(copies.vaults[1], &after, &copies.err));
	assert_int_equal(after.versions, before.versions);
	copies_reads(&copies, 1, "first", "1");
	copies_reads(&copies, 1, "a", NULL);
	copies_verify(&copies, 1);
	both_unite(&copies);
	copies_close_all(&copies);
}

static void
a_changed_version_is_refused(void **state)
{
	struct copies copies;
	struct unite *unite;
	uint8_t id[HASH_SIZE], record[] = { 8, 1, 18, 1, 'x' };

	(void)state;
	two(&copies);
	must(&copies,
	    ouro_name_read(copies.vaults[0], NULL, "first", NULL, id,
		&copies.err));
	must(&copies, unite_open(copies.vaults[1], &unite, &copies.err));
	assert_int_equal(unite_offer(unite, id,
			     bytes_of(record, sizeof(record)), &copies.err),
	    OURO_DAMAGED);
	assert_int_equal(unite_context(unite, id,
			     bytes_of(record, sizeof(record)), &copies.err),
	    OURO_DAMAGED);
	unite_close(unite);
	copies_close_all(&copies);
}

static void
one_at_a_time_and_nothing_is_collected_meanwhile(void **state)
{
	struct copies copies;
	struct unite *unite, *other;
	struct unite_result result;

	(void)state;
	two(&copies);
	copies_put(&copies, 0, "a", "of nobody else");
	unite = copies_offer(&copies, 1, 0, NULL);
	assert_int_equal(unite_open(copies.vaults[1], &other, &copies.err),
	    OURO_REFUSED);
	/* The content of "a" is there, and nothing leads to it yet. */
	copies_gc(&copies, 1);
	must(&copies, unite_apply(unite, NULL, &result, &copies.err));
	unite_close(unite);
	copies_reads(&copies, 1, "a", "of nobody else");
	unite = copies_offer(&copies, 1, 0, NULL);
	unite_close(unite);
	copies_verify(&copies, 1);
	copies_close_all(&copies);
}

static enum ouro_status
try_unite(struct copies *copies, unsigned to, unsigned from)
{
	struct unite *unite;
	struct unite_result result;
	enum ouro_status status = copies_try_offer(copies, to, from, NULL,
	    &unite);

	if (status == OURO_OK)
		status = unite_apply(unite, NULL, &result, &copies->err);
	unite_close(unite);
	return status;
}

/* Then it is done again, and ends as if nothing had happened. */
static void
any_call_may_fail(void **state)
{
	static const enum fs_call calls[] = { FS_CALL_ANY, FS_CALL_WRITE,
		FS_CALL_SYNC };
	struct copies copies;
	unsigned failed = 0;

	(void)state;
	two(&copies);
	copies_put(&copies, 0, "gone", "in the trash");
	copies_unite(&copies, 1, 0);
	copies_put(&copies, 1, "own", "of 1");
	copies_remove_name(&copies, 0, "gone");
	for (unsigned i = 0; i < 20; i++)
		copies_put(&copies, 0, i % 2 == 0 ? "a" : "first", "new");
	copies_fork(&copies, 1, 2);
	copies_unite(&copies, 2, 0);
	for (unsigned i = 0; i < 3; i++) {
		bool reached = true;

		for (uint64_t nth = 1; reached; nth++) {
			copies_fork(&copies, 1, 3);
			fs_memory_fault(copies.fs,
			    (struct fs_fault){ .call = calls[i],
				.nth = nth,
				.errnum = nth % 2 == 0 ? EIO : ENOSPC,
				.short_write = true,
				.path = "/copy3" });
			failed += try_unite(&copies, 3, 0) != OURO_OK;
			reached = fs_memory_calls(copies.fs, calls[i]) >= nth;
			fs_memory_fault(copies.fs, (struct fs_fault){ 0 });
			copies_reopen(&copies, 3);
			copies_verify(&copies, 3);
			copies_unite(&copies, 3, 0);
			copies_equal(&copies, 2, 3);
			copies_verify(&copies, 3);
		}
	}
	assert_true(failed > 10);
	copies_close_all(&copies);
}

/* ---- leftovers, claims ---------------------------------------------------------------- */

static void
nothing_put_aside_outlives_an_opening(void **state)
{
	struct copies copies;
	struct row_key key = row_id(ROW_STAGED, "rest", 4);
	struct engine_op op = { .kind = ENGINE_PUT, .key = row_bytes(&key) };

	(void)state;
	two(&copies);
	copies_unite(&copies, 1, 0);
	assert_int_equal(staged_rows(&copies, 1), 0);
	must(&copies,
	    engine_apply(copies.vaults[1]->records, &op, 1, ENGINE_SYNC_ALWAYS,
		&copies.err));
	assert_int_equal(staged_rows(&copies, 1), 1);
	copies_reopen(&copies, 1);
	assert_int_equal(staged_rows(&copies, 1), 0);
	copies_close_all(&copies);
}

static bool
may_claim(struct copies *copies, unsigned number)
{
	bool whole;

	must(copies,
	    unite_may_claim(copies->vaults[number], &whole, &copies->err));
	return whole;
}

/* A version vanishes, of both engines, and nobody has noticed. */
static void
who_lost_a_version_claims_nothing(void **state)
{
	struct copies copies;
	struct unite_result result;
	uint8_t id[HASH_SIZE];
	struct row_key key;
	struct engine_op op = { .kind = ENGINE_DELETE };

	(void)state;
	two(&copies);
	assert_true(may_claim(&copies, 1));
	must(&copies,
	    ouro_name_read(copies.vaults[1], NULL, "first", NULL, id,
		&copies.err));
	key = row_id(ROW_REF, id, HASH_SIZE);
	op.key = row_bytes(&key);
	must(&copies,
	    engine_apply(copies.vaults[1]->records, &op, 1, ENGINE_SYNC_ALWAYS,
		&copies.err));
	must(&copies,
	    engine_apply(copies.vaults[1]->copies, &op, 1, ENGINE_SYNC_ALWAYS,
		&copies.err));
	assert_false(may_claim(&copies, 1));
	copies_put(&copies, 1, "b", "1");
	result = copies_unite(&copies, 0, 1);
	assert_int_equal(result.dropped, 0);
	assert_int_equal(result.taken, 1);
	copies_reads(&copies, 0, "first", "1");
	/* It finds out and forgets what it claimed: then it heals. */
	must(&copies, forget_begin(copies.vaults[1]->records, &copies.err));
	assert_false(may_claim(&copies, 1));
	must(&copies, forget_claims(copies.vaults[1], &copies.err));
	assert_false(may_claim(&copies, 1)); /* a row leads nowhere */
	must(&copies, rebuild_index(copies.vaults[1], &copies.err));
	result = copies_unite(&copies, 1, 0);
	assert_int_equal(result.taken, 1);
	copies_reads(&copies, 1, "first", "1");
	assert_true(may_claim(&copies, 1));
	both_unite(&copies);
	copies_close_all(&copies);
}

static void
settings_are_united(void **state)
{
	struct copies copies;

	(void)state;
	two(&copies);
	must(&copies,
	    ouro_setting_set(copies.vaults[0], "revision_limit", 5,
		&copies.err));
	must(&copies,
	    ouro_setting_set(copies.vaults[1], "revision_limit", 6,
		&copies.err));
	both_unite(&copies);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(copies.vaults[i]->revision_limit, 6);
	must(&copies,
	    ouro_setting_set(copies.vaults[0], "revision_limit", 7,
		&copies.err));
	both_unite(&copies);
	assert_int_equal(copies.vaults[1]->revision_limit, 7);
	copies_close_all(&copies);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_that_diverged_become_equal),
		cmocka_unit_test(many_versions_are_taken_in_any_order_of_ids),
		cmocka_unit_test(no_gap_is_made_that_they_do_not_have),
		cmocka_unit_test(a_part_brings_its_own_dots_and_no_others),
		cmocka_unit_test(heads_do_not_depend_on_the_order),
		cmocka_unit_test(what_they_removed_leaves),
		cmocka_unit_test(what_was_written_beside_a_deletion_stays),
		cmocka_unit_test(what_we_removed_stays_removed_and_is_told),
		cmocka_unit_test(what_stays_removed_may_be_written_as_new),
		cmocka_unit_test(what_is_covered_is_not_written_as_new),
		cmocka_unit_test(late_arrivals_change_no_answer),
		cmocka_unit_test(
		    a_version_without_its_content_is_refused_before_anything),
		cmocka_unit_test(a_changed_version_is_refused),
		cmocka_unit_test(
		    one_at_a_time_and_nothing_is_collected_meanwhile),
		cmocka_unit_test(any_call_may_fail),
		cmocka_unit_test(nothing_put_aside_outlives_an_opening),
		cmocka_unit_test(who_lost_a_version_claims_nothing),
		cmocka_unit_test(settings_are_united),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
