#include "vault/trash.h"

#include "vault/rebuild.h"
#include "vault/test_unite.h"

/* What ouro_trash_list shows. */
struct shown {
	struct ouro_trashed list[8];
	char paths[8][32];
	size_t count;
};

static bool
show(void *context, const struct ouro_trashed *trashed)
{
	struct shown *shown = context;

	assert_true(shown->count < 8);
	shown->list[shown->count] = *trashed;
	snprintf(shown->paths[shown->count++], 32, "%s", trashed->version.path);
	return true;
}

static struct shown
trash_of(struct copies *copies, unsigned number)
{
	struct shown shown = { .count = 0 };

	must(copies,
	    ouro_trash_list(copies->vaults[number], show, &shown,
		&copies->err));
	return shown;
}

static bool
is_there(struct copies *copies, unsigned number, enum row_table table,
    const uint8_t id[HASH_SIZE])
{
	struct row_key key = row_id(table, id, HASH_SIZE);

	return engine_exists(copies->vaults[number]->records, row_bytes(&key),
		   NULL, NULL) == OURO_OK;
}

/* "a" of copy 1 went to the trash, because copy 0 had removed it. */
static void
one_trashed(struct copies *copies)
{
	copies_open(copies, 9);
	copies_put(copies, 0, "a", "wanted back");
	copies_put(copies, 0, "b", "stays");
	copies_fork(copies, 0, 1);
	copies_remove_name(copies, 0, "a");
	assert_int_equal(copies_unite(copies, 1, 0).trashed, 1);
	copies_reads(copies, 1, "a", NULL);
}

static void
a_head_that_leaves_is_listed_and_keeps_its_content(void **state)
{
	struct copies copies;
	struct shown shown;

	(void)state;
	one_trashed(&copies);
	assert_int_equal(trash_of(&copies, 0).count, 0);
	for (unsigned i = 0; i < 4; i++) {
		shown = trash_of(&copies, 1);
		assert_int_equal(shown.count, 1);
		assert_string_equal(shown.paths[0], "a");
		assert_true(shown.list[0].dropped_ms > 0);
		assert_false(shown.list[0].version.head);
		/* It is kept, and found by nobody. */
		assert_true(is_there(&copies, 1, ROW_CONTENT,
		    shown.list[0].version.content));
		assert_int_equal(ouro_exists(copies.vaults[1],
				     shown.list[0].version.content,
				     &copies.err),
		    OURO_NOT_FOUND);
		copies_verify(&copies, 1);
		if (i == 0)
			copies_gc(&copies, 1);
		else if (i == 1)
			copies_reopen(&copies, 1);
		else
			must(&copies,
			    rebuild_index(copies.vaults[1], &copies.err));
	}
	copies_equal(&copies, 0, 1);
	copies_close_all(&copies);
}

static void
what_was_trashed_comes_back_as_a_new_version(void **state)
{
	struct copies copies;
	struct shown shown;
	uint8_t version[OURO_ID_SIZE], current[OURO_ID_SIZE];

	(void)state;
	one_trashed(&copies);
	shown = trash_of(&copies, 1);
	assert_int_equal(ouro_trash_restore(copies.vaults[1],
			     shown.list[0].version.content, version,
			     &copies.err),
	    OURO_NOT_FOUND);
	must(&copies,
	    ouro_trash_restore(copies.vaults[1], shown.list[0].version.id,
		version, &copies.err));
	must(&copies,
	    ouro_name_read(copies.vaults[1], NULL, "a", NULL, current,
		&copies.err));
	assert_memory_equal(version, current, OURO_ID_SIZE);
	assert_memory_not_equal(version, shown.list[0].version.id,
	    OURO_ID_SIZE);
	assert_int_equal(trash_of(&copies, 1).count, 0);
	assert_int_equal(ouro_trash_restore(copies.vaults[1],
			     shown.list[0].version.id, version, &copies.err),
	    OURO_NOT_FOUND);
	copies_gc(&copies, 1);
	copies_reads(&copies, 1, "a", "wanted back");
	copies_verify(&copies, 1);
	copies_unite(&copies, 0, 1);
	copies_reads(&copies, 0, "a", "wanted back");
	copies_close_all(&copies);
}

static void
the_trash_is_emptied_when_its_time_is_over(void **state)
{
	struct copies copies;
	struct shown shown;

	(void)state;
	one_trashed(&copies);
	must(&copies,
	    ouro_setting_set(copies.vaults[1], "bootstrap_max_age_hours", 2,
		&copies.err));
	shown = trash_of(&copies, 1);
	fs_memory_advance(copies.fs, (uint64_t)119 * 60 * 1000);
	copies_gc(&copies, 1);
	assert_int_equal(trash_of(&copies, 1).count, 1);
	fs_memory_advance(copies.fs, (uint64_t)1 * 60 * 1000);
	copies_gc(&copies, 1);
	assert_int_equal(trash_of(&copies, 1).count, 0);
	assert_false(
	    is_there(&copies, 1, ROW_CONTENT, shown.list[0].version.content));
	copies_verify(&copies, 1);
	copies_close_all(&copies);
}

/* One that they replaced and then pruned, a deletion, and what has expired. */
static void
only_what_somebody_may_want_goes_there(void **state)
{
	struct copies copies;
	struct unite_result result;

	(void)state;
	copies_open(&copies, 9);
	copies_put(&copies, 0, "replaced", "1");
	copies_put(&copies, 0, "deleted", "1");
	copies_put_until(&copies, 0, "expired", "1",
	    fs_wall_ms(copies.fs) + 1000);
	must(&copies,
	    ouro_setting_set(copies.vaults[0], "removal_grace_hours", 1,
		&copies.err));
	copies_remove_name(&copies, 0, "deleted");
	copies_fork(&copies, 0, 1);
	must(&copies,
	    ouro_setting_set(copies.vaults[0], "revision_limit", 0,
		&copies.err));
	copies_put(&copies, 0, "replaced", "2");
	fs_memory_advance(copies.fs, (uint64_t)3 * 3600 * 1000);
	copies_gc(&copies, 0);
	result = copies_unite(&copies, 1, 0);
	assert_int_equal(result.dropped, 4);
	assert_int_equal(result.trashed, 0);
	assert_int_equal(trash_of(&copies, 1).count, 0);
	copies_reads(&copies, 1, "replaced", "2");
	copies_equal(&copies, 0, 1);
	copies_verify(&copies, 1);
	copies_close_all(&copies);
}

/* Of a name with a history the head alone is kept. */
static void
what_a_head_had_replaced_goes_for_good(void **state)
{
	struct copies copies;
	struct unite_result result;

	(void)state;
	copies_open(&copies, 9);
	copies_put(&copies, 0, "a", "1");
	copies_put(&copies, 0, "a", "2");
	copies_put(&copies, 0, "a", "3");
	copies_fork(&copies, 0, 1);
	copies_put(&copies, 1, "a", "4");
	copies_unite(&copies, 0, 1);
	copies_remove_name(&copies, 0, "a");
	result = copies_unite(&copies, 1, 0);
	assert_int_equal(result.dropped, 4);
	assert_int_equal(result.trashed, 1);
	copies_verify(&copies, 1);
	copies_close_all(&copies);
}

/* A copy that forgot what was removed takes it again, out of the trash. */
static void
a_version_that_comes_back_is_in_the_trash_no_more(void **state)
{
	struct copies copies;

	(void)state;
	copies_open(&copies, 9);
	copies_put(&copies, 0, "a", "wanted back");
	copies_fork(&copies, 0, 1);
	copies_fork(&copies, 0, 2);
	copies_remove_name(&copies, 0, "a");
	assert_int_equal(copies_unite(&copies, 1, 0).trashed, 1);
	must(&copies, forget_begin(copies.vaults[1]->records, &copies.err));
	must(&copies, forget_claims(copies.vaults[1], &copies.err));
	assert_int_equal(copies_unite(&copies, 1, 2).taken, 1);
	assert_int_equal(trash_of(&copies, 1).count, 0);
	copies_reads(&copies, 1, "a", "wanted back");
	copies_gc(&copies, 1);
	copies_verify(&copies, 1);
	copies_reads(&copies, 1, "a", "wanted back");
	copies_close_all(&copies);
}

/* ---- the row ---------------------------------------------------------------- */

static void
a_row_is_one_sequence_of_bytes(void **state)
{
	struct copies copies;
	struct shown shown;
	struct row_key key;
	struct engine_value value;
	struct trash_row row;
	struct buffer changed = { 0 };

	(void)state;
	one_trashed(&copies);
	shown = trash_of(&copies, 1);
	key = row_id(ROW_TRASH, shown.list[0].version.id, HASH_SIZE);
	must(&copies,
	    engine_get(copies.vaults[1]->records, row_bytes(&key), &value,
		&copies.err));
	must(&copies,
	    trash_decode(copies.vaults[1], shown.list[0].version.id,
		value.bytes, &row, &copies.err));
	assert_string_equal(row.ref->path, "a");
	assert_int_equal(row.dropped_ms, shown.list[0].dropped_ms);
	trash_row_release(&row);
	for (size_t i = 0; i < value.bytes.size; i++) {
		must(&copies, buffer_set(&changed, value.bytes, &copies.err));
		changed.data[i] ^= 1;
		if (trash_decode(copies.vaults[1], shown.list[0].version.id,
			buffer_bytes(&changed), &row, NULL) == OURO_OK)
			assert_int_not_equal(row.dropped_ms,
			    shown.list[0].dropped_ms);
		trash_row_release(&row);
		assert_int_not_equal(trash_decode(copies.vaults[1],
					 shown.list[0].version.id,
					 bytes_of(value.bytes.data, i), &row,
					 NULL),
		    OURO_OK);
	}
	buffer_release(&changed);
	engine_value_release(&value);
	copies_close_all(&copies);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_head_that_leaves_is_listed_and_keeps_its_content),
		cmocka_unit_test(what_was_trashed_comes_back_as_a_new_version),
		cmocka_unit_test(the_trash_is_emptied_when_its_time_is_over),
		cmocka_unit_test(only_what_somebody_may_want_goes_there),
		cmocka_unit_test(what_a_head_had_replaced_goes_for_good),
		cmocka_unit_test(
		    a_version_that_comes_back_is_in_the_trash_no_more),
		cmocka_unit_test(a_row_is_one_sequence_of_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
