#include "vault/row_each.h"

#include "vault/test_copies.h"

/* What a walk met: "key=value", "key!" without a value; it ends when told. */
struct met {
	char text[128];
	const char *end_at;
	enum ouro_status end_with;
};

static enum ouro_status
meet(void *context, struct bytes key, const struct bytes *value,
    struct ouro_error *err)
{
	struct met *met = context;
	size_t at = strlen(met->text);

	(void)err;
	snprintf(met->text + at, sizeof(met->text) - at, "%.*s%s%.*s ",
	    (int)key.size, (const char *)key.data, value != NULL ? "=" : "!",
	    value != NULL ? (int)value->size : 0,
	    value != NULL ? (const char *)value->data : "");
	if (met->end_at != NULL && bytes_equal(key, bytes_text(met->end_at)))
		return met->end_with;
	return OURO_OK;
}

static struct world *
rows_new(void)
{
	struct world *world = world_new();

	put(&world->records, "b9", "before");
	put(&world->records, "c1", "one");
	put(&world->records, "c2", "two");
	put(&world->records, "c3", "");
	put(&world->records, "d1", "behind");
	return world;
}

static void
a_walk_meets_the_rows_of_a_table(void **unused)
{
	struct world *world = rows_new();
	struct row_key prefix = row_table(ROW_CONTENT);
	struct met met = { .end_at = NULL };

	(void)unused;
	assert_int_equal(row_each(&world->records.engine, &prefix, meet, &met,
			     NULL),
	    OURO_OK);
	assert_string_equal(met.text, "c1=one c2=two c3= ");
	met.text[0] = '\0';
	assert_int_equal(row_each_key(&world->records.engine, &prefix, meet,
			     &met, NULL),
	    OURO_OK);
	assert_string_equal(met.text, "c1! c2! c3! ");
	world_free(world);
}

static void
damage_does_not_end_a_walk(void **unused)
{
	struct world *world = rows_new();
	struct row_key prefix = row_table(ROW_CONTENT);
	struct met met = { .end_at = NULL };

	(void)unused;
	wound(&world->records, "c1");
	wound(&world->records, "c3");
	assert_int_equal(row_each(&world->records.engine, &prefix, meet, &met,
			     NULL),
	    OURO_OK);
	assert_string_equal(met.text, "c1! c2=two c3! ");
	world->records.scan_fails = true;
	assert_int_equal(row_each(&world->records.engine, &prefix, meet, &met,
			     NULL),
	    OURO_IO);
	world_free(world);
}

static void
who_walks_may_end_it(void **unused)
{
	struct world *world = rows_new();
	struct row_key prefix = row_table(ROW_CONTENT);
	struct met met = { .end_at = "c2", .end_with = OURO_END };

	(void)unused;
	assert_int_equal(row_each(&world->records.engine, &prefix, meet, &met,
			     NULL),
	    OURO_OK);
	assert_string_equal(met.text, "c1=one c2=two ");
	met.text[0] = '\0';
	met.end_with = OURO_DAMAGED;
	assert_int_equal(row_each(&world->records.engine, &prefix, meet, &met,
			     NULL),
	    OURO_DAMAGED);
	assert_string_equal(met.text, "c1=one c2=two ");
	world_free(world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_walk_meets_the_rows_of_a_table),
		cmocka_unit_test(damage_does_not_end_a_walk),
		cmocka_unit_test(who_walks_may_end_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
