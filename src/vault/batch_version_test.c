/*
 * Versions that are made elsewhere are taken, and versions leave: what is a
 * head follows from the records alone.
 */
#include "vault/test_vault.h"

#include "seal/canonical.h"
#include "vault/batch.h"

#define VERSIONS 7

/* A version as another copy of the vault would have made it. */
struct foreign {
	uint8_t id[HASH_SIZE];
	struct buffer record;
};

struct dots {
	Ouro__Dot list[4], *pointers[4];
	uint8_t incarnations[4][INCARNATION_SIZE];
	size_t count;
};

static void
dots_add(struct dots *dots, uint8_t incarnation, uint64_t number)
{
	Ouro__Dot *dot = &dots->list[dots->count];

	ouro__dot__init(dot);
	memset(dots->incarnations[dots->count], incarnation, INCARNATION_SIZE);
	dot->incarnation.data = dots->incarnations[dots->count];
	dot->incarnation.len = INCARNATION_SIZE;
	dot->number = number;
	dots->pointers[dots->count++] = dot;
}

/* Writer 1, 2 ...; seen: up to which number of writer 1, 2, 3. */
static void
foreign_make(struct test_vault *test, struct foreign *out, uint8_t writer,
    uint64_t number, const uint64_t seen[3], uint64_t stamp)
{
	Ouro__RefRecord ref = OURO__REF_RECORD__INIT;
	struct dots own = { .count = 0 }, all = { .count = 0 };
	uint8_t uuid[UUID_SIZE], target[HASH_SIZE] = { 9 };
	char namespace_[] = "blobs", path[] = "foreign", node[] = "there";

	dots_add(&own, writer, number);
	for (uint8_t i = 0; i < 3; i++)
		if (seen[i] > 0)
			dots_add(&all, i + 1, seen[i]);
	memset(uuid, writer * 16 + (int)number, sizeof(uuid));
	ref.version = 1;
	ref.namespace_ = namespace_;
	ref.path = path;
	ref.dot = own.pointers[0];
	ref.seen = all.pointers;
	ref.n_seen = all.count;
	ref.target.data = target;
	ref.target.len = sizeof(target);
	ref.stamp = stamp;
	ref.uuid.data = uuid;
	ref.uuid.len = sizeof(uuid);
	ref.writer = node;
	ref.joined = 77;
	*out = (struct foreign){ .record.size = 0 };
	test_ok(ref_encode(test->vault, &ref, &out->record, out->id,
		    &test->err),
	    &test->err);
}

/*
 * 1.1 - 1.2 -------- 1.3       (3.2 has seen all but 1.3 and 2.2)
 *     \ 2.1 - 2.2  /
 *           \ 3.1 - 3.2
 */
static void
family_make(struct test_vault *test, struct foreign all[VERSIONS])
{
	static const struct {
		uint8_t writer;
		uint64_t number, seen[3], stamp;
	} plan[VERSIONS] = {
		{ 1, 1, { 0, 0, 0 }, 100 },
		{ 1, 2, { 1, 0, 0 }, 200 },
		{ 2, 1, { 1, 0, 0 }, 150 },
		{ 2, 2, { 1, 1, 0 }, 400 },
		{ 3, 1, { 1, 1, 0 }, 300 },
		{ 1, 3, { 2, 0, 0 }, 350 },
		{ 3, 2, { 2, 1, 1 }, 400 },
	};

	for (size_t i = 0; i < VERSIONS; i++)
		foreign_make(test, &all[i], plan[i].writer, plan[i].number,
		    plan[i].seen, plan[i].stamp);
}

static void
family_release(struct foreign all[VERSIONS])
{
	for (size_t i = 0; i < VERSIONS; i++)
		buffer_release(&all[i].record);
}

static void
batch_write(struct test_vault *test, struct batch *batch)
{
	if (batch->count > 0)
		test_ok(engine_apply(test->vault->records, batch->ops,
			    batch->count, ENGINE_SYNC_ALWAYS, &test->err),
		    &test->err);
	copies_apply(test->vault, batch->ops, batch->count);
	batch_release(batch);
	batch_init(batch, test->vault);
}

/* In the order given, each in a batch of its own, or all in one. */
static void
family_take(struct test_vault *test, const struct foreign all[VERSIONS],
    const size_t order[VERSIONS], bool apart)
{
	struct batch batch;

	batch_init(&batch, test->vault);
	for (size_t i = 0; i < VERSIONS; i++) {
		test_ok(batch_version_take(&batch, all[order[i]].id,
			    buffer_bytes(&all[order[i]].record), &test->err),
		    &test->err);
		if (apart)
			batch_write(test, &batch);
	}
	batch_write(test, &batch);
	batch_release(&batch);
}

static void
family_drop(struct test_vault *test, const struct foreign *one)
{
	struct batch batch;

	batch_init(&batch, test->vault);
	test_ok(batch_version_drop(&batch, one->id, &test->err), &test->err);
	batch_write(test, &batch);
	batch_release(&batch);
}

/* The heads are these, the winner first. */
static void
heads_are(struct test_vault *test, uint64_t versions,
    const struct foreign *const *heads, size_t count)
{
	struct name name;

	test_ok(name_load(test->vault, "blobs", "foreign", &name, &test->err),
	    &test->err);
	assert_int_equal(name.versions, versions);
	assert_int_equal(name.heads.count, count);
	for (size_t i = 0; i < count; i++)
		assert_memory_equal(name.heads.items[i].id, heads[i]->id,
		    HASH_SIZE);
	name_release(&name);
}

/* The rows are those that a verification expects. */
static void
rows_are_right(struct test_vault *test)
{
	struct ouro_care_options options = { .size = sizeof(options) };
	struct ouro_care_result result;

	ouro_verify(test->vault, &options, &result, &test->err);
	assert_int_equal(result.records_bad, 0);
}

static void
versions_taken_in_any_order_give_the_same_heads(void **state)
{
	struct test_vault test;
	struct foreign all[VERSIONS];
	const struct foreign *const heads[] = { &all[3], &all[6], &all[5] };
	uint64_t seed = 5;

	(void)state;
	test_vault_open(&test, NULL);
	family_make(&test, all);
	for (unsigned round = 0; round < 200; round++) {
		size_t order[VERSIONS];

		for (size_t i = 0; i < VERSIONS; i++)
			order[i] = i;
		for (size_t i = VERSIONS - 1; i > 0; i--) {
			size_t j, swap = order[i];

			seed = seed * 6364136223846793005u + 1;
			j = (size_t)(seed >> 33) % (i + 1);
			order[i] = order[j];
			order[j] = swap;
		}
		family_take(&test, all, order, round % 2 == 0);
		heads_are(&test, VERSIONS, heads, 3);
		if (round % 50 == 0)
			rows_are_right(&test);
		/* Once more changes nothing. */
		family_take(&test, all, order, round % 2 == 0);
		heads_are(&test, VERSIONS, heads, 3);
		for (size_t i = 0; i < VERSIONS; i++)
			family_drop(&test, &all[order[i]]);
		heads_are(&test, 0, NULL, 0);
	}
	rows_are_right(&test);
	family_release(all);
	test_vault_close(&test);
}

static void
what_only_a_dropped_version_covered_is_a_head_again(void **state)
{
	static const size_t order[VERSIONS] = { 0, 1, 2, 3, 4, 5, 6 };
	struct test_vault test;
	struct foreign all[VERSIONS];
	const struct foreign *const first[] = { &all[6], &all[5] };
	const struct foreign *const second[] = { &all[5], &all[4] };
	const struct foreign *const third[] = { &all[5], &all[2] };

	(void)state;
	test_vault_open(&test, NULL);
	family_make(&test, all);
	family_take(&test, all, order, false);
	family_drop(&test, &all[3]);
	heads_are(&test, 6, first, 2);
	family_drop(&test, &all[6]);
	heads_are(&test, 5, second, 2);
	family_drop(&test,
	    &all[1]); /* no head: nothing changes but the count */
	heads_are(&test, 4, second, 2);
	family_drop(&test, &all[4]);
	heads_are(&test, 3, third, 2);
	rows_are_right(&test);
	family_release(all);
	test_vault_close(&test);
}

static void
a_record_that_is_not_that_of_its_id_is_not_taken(void **state)
{
	struct test_vault test;
	struct foreign all[VERSIONS];
	struct batch batch;

	(void)state;
	test_vault_open(&test, NULL);
	family_make(&test, all);
	batch_init(&batch, test.vault);
	assert_int_equal(batch_version_take(&batch, all[0].id,
			     buffer_bytes(&all[1].record), &test.err),
	    OURO_DAMAGED);
	all[0].record.data[all[0].record.size / 2] ^= 1;
	assert_int_equal(batch_version_take(&batch, all[0].id,
			     buffer_bytes(&all[0].record), &test.err),
	    OURO_DAMAGED);
	assert_int_equal(batch_version_drop(&batch, all[0].id, &test.err),
	    OURO_NOT_FOUND);
	assert_int_equal(batch.count, 0);
	batch_release(&batch);
	heads_are(&test, 0, NULL, 0);
	family_release(all);
	test_vault_close(&test);
}

/* A write replaces what was taken, and is replaced by what has seen it. */
static void
taken_versions_are_replaced_by_the_next_write(void **state)
{
	static const size_t order[VERSIONS] = { 6, 5, 4, 3, 2, 1, 0 };
	struct test_vault test;
	struct foreign all[VERSIONS];
	struct ouro_put_result put;
	struct name name;

	(void)state;
	test_vault_open(&test, NULL);
	family_make(&test, all);
	family_take(&test, all, order, true);
	put = test_put_text(&test, "foreign", "ours");
	test_ok(name_load(test.vault, "blobs", "foreign", &name, &test.err),
	    &test.err);
	assert_int_equal(name.versions, VERSIONS + 1);
	assert_int_equal(name.heads.count, 1);
	assert_memory_equal(name.heads.items[0].id, put.version, HASH_SIZE);
	test_ok(name_version_load(test.vault, &name.heads.items[0], &test.err),
	    &test.err);
	assert_int_equal(name.heads.items[0].ref->n_previous, 3);
	assert_int_equal(name.heads.items[0].ref->n_seen, 3);
	assert_int_equal(name.heads.items[0].ref->seen[0]->number, 3);
	assert_int_equal(name.heads.items[0].ref->seen[1]->number, 2);
	assert_int_equal(name.heads.items[0].ref->seen[2]->number, 2);
	assert_true(name.heads.items[0].stamp > 400);
	name_release(&name);
	rows_are_right(&test);
	family_release(all);
	test_vault_close(&test);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    versions_taken_in_any_order_give_the_same_heads),
		cmocka_unit_test(
		    what_only_a_dropped_version_covered_is_a_head_again),
		cmocka_unit_test(
		    a_record_that_is_not_that_of_its_id_is_not_taken),
		cmocka_unit_test(taken_versions_are_replaced_by_the_next_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
