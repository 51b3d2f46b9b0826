/*
 * Versions side by side: what a new one takes the place of, which one wins,
 * and how they are merged.
 */
#include "vault/test_versions.h"

#include <stdio.h>

#include "vault/name.h"

struct ids {
	uint8_t list[16][OURO_ID_SIZE];
	size_t count;
};

static const uint8_t (*given(const struct ids *ids))[OURO_ID_SIZE]
{
	return (const uint8_t(*)[OURO_ID_SIZE])ids->list;
}

static void
ids_add(struct ids *ids, const uint8_t id[OURO_ID_SIZE])
{
	memcpy(ids->list[ids->count++], id, OURO_ID_SIZE);
}

/* A put of a name's next version with a base. */
static enum ouro_status
try_put_on(struct test_vault *test, const char *name, const char *text,
    enum ouro_base base, const struct ids *ids, struct ouro_put_result *result)
{
	struct ouro_put_options options = { .size = sizeof(options),
		.name = name,
		.base = base,
		.base_versions = ids == NULL ? NULL : given(ids),
		.base_count = ids == NULL ? 0 : ids->count };

	return test_try_put(test, &options, bytes_text(text), result);
}

static struct ouro_put_result
put_on(struct test_vault *test, const char *name, const char *text,
    const uint8_t *base)
{
	struct ouro_put_result result;
	struct ids ids = { .count = 0 };

	if (base != NULL)
		ids_add(&ids, base);
	test_ok(try_put_on(test, name, text, OURO_BASE_GIVEN, &ids, &result),
	    &test->err);
	return result;
}

/* The heads are those of these puts, in any order. */
static void
heads_are(struct test_vault *test, const char *name,
    const struct ouro_put_result *const *puts, size_t count)
{
	struct seen seen;

	test_heads(test, NULL, name, &seen);
	assert_int_equal(seen.count, count);
	for (size_t i = 0; i < count; i++) {
		bool found = false;

		for (size_t j = 0; j < count; j++)
			found |= memcmp(seen.list[j].id, puts[i]->version,
				     OURO_ID_SIZE) == 0;
		assert_true(found);
		assert_true(seen.list[i].head);
		assert_int_equal(seen.list[i].winner, i == 0);
	}
}

/* ---- two writers ------------------------------------------------------------- */

static void
writers_that_do_not_see_each_other_leave_heads_of_both(void **state)
{
	struct test_vault test;
	struct ouro_put_result first, a, b, merged;
	const struct ouro_put_result *both[] = { &a, &b };
	struct seen seen;

	(void)state;
	test_vault_open(&test, NULL);
	first = test_put_text(&test, "n", "first");
	a = put_on(&test, "n", "of a", first.version);
	b = put_on(&test, "n", "of b", first.version);
	heads_are(&test, "n", both, 2);
	test_name_is(&test, NULL, "n", &b);
	/* The loser can be read. */
	test_reads(&test, a.version, bytes_text("of a"));
	/* A merge: all heads are replaced. */
	merged = test_put_text(&test, "n", "merged");
	heads_are(&test, "n", (const struct ouro_put_result *[]){ &merged }, 1);
	test_history(&test, NULL, "n", &seen);
	assert_int_equal(seen.count, 4);
	assert_int_equal(seen.list[0].previous, 2);
	test_rows_are_right(&test);
	test_vault_close(&test);
}

/* The later of two writers goes on from what it wrote itself: it has still
 * not seen the other's, although both are of one incarnation of the vault. */
static void
a_writer_covers_only_what_it_says_it_saw(void **state)
{
	struct test_vault test;
	struct ouro_put_result first, a, b, other;
	const struct ouro_put_result *both[] = { &a, &b };

	(void)state;
	test_vault_open(&test, NULL);
	first = test_put_text(&test, "n", "first");
	a = put_on(&test, "n", "a 0", first.version);
	b = put_on(&test, "n", "b 0", first.version);
	for (unsigned i = 0; i < 8; i++) {
		char text[16];
		bool of_b = i % 3 != 0;

		snprintf(text, sizeof(text), "%c %u", of_b ? 'b' : 'a', i + 1);
		other = put_on(&test, "n", text, of_b ? b.version : a.version);
		if (of_b)
			b = other;
		else
			a = other;
		heads_are(&test, "n", both, 2);
		/* Other names are written meanwhile. */
		test_put_text(&test, "m", text);
		if (i == 4)
			test_vault_reopen(&test, NULL);
	}
	test_rows_are_right(&test);
	/* As many incarnations as heads were written side by side. */
	assert_int_equal(test.vault->incarnation_count, 2);
	test_vault_close(&test);
}

static void
without_a_base_a_version_stands_beside_all(void **state)
{
	struct test_vault test;
	struct ouro_put_result puts[5];
	const struct ouro_put_result *heads[5];
	uint8_t id[OURO_ID_SIZE];
	struct seen seen;

	(void)state;
	test_vault_open(&test, NULL);
	for (unsigned i = 0; i < 5; i++) {
		char text[16];

		snprintf(text, sizeof(text), "%u", i);
		puts[i] = put_on(&test, "n", text, NULL);
		heads[i] = &puts[i];
		heads_are(&test, "n", heads, i + 1);
	}
	test_rows_are_right(&test);
	/* One of them goes, by a deletion of it alone. */
	test_version(&test, "n", NULL, OURO_BASE_GIVEN,
	    (const uint8_t(*)[OURO_ID_SIZE])puts[1].version, 1, id);
	test_heads(&test, NULL, "n", &seen);
	assert_int_equal(seen.count, 5);
	assert_true(seen.list[0].deletion && seen.list[0].winner);
	/* The name reads as deleted, but the others are heads and live. */
	assert_int_equal(ouro_name_read(test.vault, NULL, "n", NULL, NULL,
			     &test.err),
	    OURO_NOT_FOUND);
	test_reads(&test, puts[4].version, bytes_text("4"));
	test_gc(&test);
	test_reads(&test, puts[4].version, bytes_text("4"));
	test_vault_close(&test);
}

/* What an older version covers is covered, the heads stay. */
static void
an_older_version_may_be_a_base(void **state)
{
	struct test_vault test;
	struct ouro_put_result one, two, three, beside;
	const struct ouro_put_result *both[] = { &three, &beside };
	struct ouro_version version;

	(void)state;
	test_vault_open(&test, NULL);
	one = test_put_text(&test, "n", "one");
	two = test_put_text(&test, "n", "two");
	three = test_put_text(&test, "n", "three");
	beside = put_on(&test, "n", "beside", two.version);
	heads_are(&test, "n", both, 2);
	test_ok(ouro_version_get(test.vault, beside.version, &version,
		    &test.err),
	    &test.err);
	assert_int_equal(version.previous_count, 1);
	assert_memory_equal(version.previous[0], two.version, OURO_ID_SIZE);
	ouro_version_release(&version);
	(void)one;
	test_rows_are_right(&test);
	test_vault_close(&test);
}

static void
a_base_must_be_a_version_of_the_name(void **state)
{
	struct test_vault test;
	struct ouro_put_result other, result;
	struct ids ids = { .count = 1, .list = { { 7 } } };

	(void)state;
	test_vault_open(&test, NULL);
	test_put_text(&test, "n", "one");
	other = test_put_text(&test, "m", "other");
	assert_int_equal(try_put_on(&test, "n", "x", OURO_BASE_GIVEN, &ids,
			     &result),
	    OURO_NOT_FOUND);
	assert_int_equal(try_put_on(&test, "n", "x", OURO_BASE_EXACT, &ids,
			     &result),
	    OURO_NOT_FOUND);
	memcpy(ids.list[0], other.version, OURO_ID_SIZE);
	assert_int_equal(try_put_on(&test, "n", "x", OURO_BASE_GIVEN, &ids,
			     &result),
	    OURO_NOT_FOUND);
	memcpy(ids.list[0], other.content, OURO_ID_SIZE);
	assert_int_equal(try_put_on(&test, "m", "x", OURO_BASE_GIVEN, &ids,
			     &result),
	    OURO_NOT_FOUND);
	assert_int_equal(try_put_on(&test, "n", "x", OURO_BASE_HEADS, &ids,
			     &result),
	    OURO_INVALID);
	assert_int_equal(try_put_on(&test, NULL, "x", OURO_BASE_GIVEN, NULL,
			     &result),
	    OURO_INVALID);
	test_rows_are_right(&test);
	test_vault_close(&test);
}

/* ---- conditions ---------------------------------------------------------------- */

static void
an_exact_base_is_a_condition(void **state)
{
	struct test_vault test;
	struct ouro_put_result one, two, three, result;
	struct ids ids = { .count = 0 };
	uint8_t id[OURO_ID_SIZE];
	struct seen seen;

	(void)state;
	test_vault_open(&test, NULL);
	/* None given: only when the name is not there. */
	test_ok(try_put_on(&test, "n", "one", OURO_BASE_EXACT, NULL, &one),
	    &test.err);
	assert_int_equal(try_put_on(&test, "n", "again", OURO_BASE_EXACT, NULL,
			     &result),
	    OURO_CONFLICT);
	assert_non_null(strstr(test.err.text, "\"n\""));
	ids_add(&ids, one.version);
	test_ok(try_put_on(&test, "n", "two", OURO_BASE_EXACT, &ids, &two),
	    &test.err);
	/* It is a head no more. */
	assert_int_equal(try_put_on(&test, "n", "x", OURO_BASE_EXACT, &ids,
			     &result),
	    OURO_CONFLICT);
	three = put_on(&test, "n", "three", one.version);
	/* One of two heads, then one too many, then exactly these. */
	ids.count = 0;
	ids_add(&ids, two.version);
	assert_int_equal(try_put_on(&test, "n", "x", OURO_BASE_EXACT, &ids,
			     &result),
	    OURO_CONFLICT);
	ids_add(&ids, three.version);
	ids_add(&ids, one.version);
	assert_int_equal(try_put_on(&test, "n", "x", OURO_BASE_EXACT, &ids,
			     &result),
	    OURO_CONFLICT);
	ids.count = 2;
	ids_add(&ids, two.version); /* twice is no more than once */
	test_ok(try_put_on(&test, "n", "merged", OURO_BASE_EXACT, &ids,
		    &result),
	    &test.err);
	test_heads(&test, NULL, "n", &seen);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.list[0].previous, 2);
	/* A deleted name is not there. */
	test_version(&test, "n", NULL, OURO_BASE_HEADS, NULL, 0, id);
	test_ok(try_put_on(&test, "n", "new", OURO_BASE_EXACT, NULL, &result),
	    &test.err);
	test_heads(&test, NULL, "n", &seen);
	assert_int_equal(seen.count, 1);
	test_rows_are_right(&test);
	test_vault_close(&test);
}

/* ---- the winner ---------------------------------------------------------------- */

static struct name_version
head_of(uint64_t stamp, uint64_t joined, uint8_t uuid, uint8_t id)
{
	struct name_version head = { .stamp = stamp, .joined = joined };

	memset(head.uuid, uuid, sizeof(head.uuid));
	memset(head.id, id, sizeof(head.id));
	return head;
}

static void
the_winner_is_the_later_then_the_older_node_then_the_smaller_uuid(void **state)
{
	const struct name_version order[] = { head_of(9, 5, 5, 5),
		head_of(8, 1, 9, 9), head_of(8, 2, 1, 7), head_of(8, 2, 2, 1),
		head_of(8, 2, 2, 2), head_of(1, 0, 0, 0) };

	(void)state;
	for (unsigned round = 0; round < 720; round++) {
		struct version_list heads = { 0 };
		size_t rest[6] = { 0, 1, 2, 3, 4, 5 }, left = 6, number = round;

		for (; left > 0; left--) {
			size_t at = number % left;

			number /= left;
			assert_int_equal(version_list_insert(&heads,
					     &order[rest[at]], NULL),
			    OURO_OK);
			rest[at] = rest[left - 1];
		}
		for (size_t i = 0; i < 6; i++)
			assert_memory_equal(&heads.items[i], &order[i],
			    sizeof(order[i]));
		version_list_release(&heads);
	}
}

/* Times that callers give decide, and are larger than what is replaced. */
static void
the_larger_stamp_wins_whoever_wrote_first(void **state)
{
	struct ouro_put_options options = { .name = "n",
		.saved_ms = 2000,
		.base = OURO_BASE_GIVEN };
	struct test_vault test;
	struct ouro_put_result late, early, refused, next;
	struct ids ids = { .count = 0 };
	struct seen seen;

	(void)state;
	test_vault_open(&test, NULL);
	late = test_put(&test, &options, bytes_text("late"));
	options.saved_ms = 1000;
	early = test_put(&test, &options, bytes_text("early"));
	test_name_is(&test, NULL, "n", &late);
	ids_add(&ids, early.version);
	options.size = sizeof(options);
	options.base_versions = given(&ids);
	options.base_count = 1;
	options.saved_ms = 1000;
	assert_int_equal(test_try_put(&test, &options, bytes_text("x"),
			     &refused),
	    OURO_INVALID);
	options.saved_ms = 1001;
	next = test_put(&test, &options, bytes_text("next"));
	test_name_is(&test, NULL, "n", &late);
	test_heads(&test, NULL, "n", &seen);
	assert_int_equal(seen.count, 2);
	assert_memory_equal(seen.list[1].id, next.version, OURO_ID_SIZE);
	assert_int_equal(seen.list[1].stamp, UINT64_C(1001) << 16);
	test_vault_close(&test);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    writers_that_do_not_see_each_other_leave_heads_of_both),
		cmocka_unit_test(a_writer_covers_only_what_it_says_it_saw),
		cmocka_unit_test(without_a_base_a_version_stands_beside_all),
		cmocka_unit_test(an_older_version_may_be_a_base),
		cmocka_unit_test(a_base_must_be_a_version_of_the_name),
		cmocka_unit_test(an_exact_base_is_a_condition),
		cmocka_unit_test(
		    the_winner_is_the_later_then_the_older_node_then_the_smaller_uuid),
		cmocka_unit_test(the_larger_stamp_wins_whoever_wrote_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
