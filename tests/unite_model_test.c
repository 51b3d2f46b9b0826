/*
 * Copies of a real vault against the model of union_model.h: they write beside
 * heads, delete, remove, prune, collect, are forked, put back and opened again,
 * and take from each other wholly or in part. After every step the versions, the
 * heads and the context of the copy are those of the model; at the end all
 * agree.
 *
 * OURO_SEED=N runs that history alone, OURO_HISTORIES=N so many.
 */
#include "union_model.h"
#include "vault/test_unite.h"

#define HISTORIES 150
#define STEPS	  70
#define LIVING	  3 /* copies; the last of COPIES_MAX is kept aside */
#define NAMES	  3
#define WRITERS	  512

struct world {
	uint64_t random;
	struct copies copies;
	struct model_history history;
	uint8_t ids[MODEL_VERSIONS][HASH_SIZE]; /* zero: never seen */
	struct dot dots[MODEL_VERSIONS];
	struct model_copy models[COPIES_MAX];
	uint8_t writers[WRITERS][INCARNATION_SIZE];
	unsigned writer_count;
	uint64_t steps;
};

static const char *const names[NAMES] = { "a", "b", "c" };
static uint64_t seed_now, steps_all;

static uint64_t
draw(struct world *world, uint64_t below)
{
	uint64_t x = world->random += 0x9e3779b97f4a7c15;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return (x ^ (x >> 31)) % below;
}

static struct ouro_vault *
vault_of(struct world *world, unsigned copy)
{
	return world->copies.vaults[copy];
}

/* ---- what a copy has ------------------------------------------------------------ */

static int
version_number(const struct world *world, const uint8_t id[HASH_SIZE])
{
	for (unsigned i = 0; i < world->history.count; i++)
		if (memcmp(world->ids[i], id, HASH_SIZE) == 0)
			return (int)i;
	return -1;
}

struct look {
	struct world *world;
	model_set seen;
	bool unknown;
	uint8_t id[HASH_SIZE]; /* of the unknown one */
};

static enum ouro_status
look_visit(void *context, struct bytes key, const struct bytes *value,
    struct ouro_error *err)
{
	struct look *look = context;
	int number = version_number(look->world, key.data + 1);

	(void)value;
	(void)err;
	if (number >= 0) {
		look->seen |= MODEL_ONE((unsigned)number);
		return OURO_OK;
	}
	assert_false(look->unknown);
	look->unknown = true;
	memcpy(look->id, key.data + 1, HASH_SIZE);
	return OURO_OK;
}

static struct look
look_at(struct world *world, unsigned copy)
{
	struct row_key prefix = row_table(ROW_REF);
	struct look look = { .world = world };

	must(&world->copies,
	    row_each_key(vault_of(world, copy)->records, &prefix, look_visit,
		&look, &world->copies.err));
	return look;
}

static void
heads_check(struct world *world, unsigned copy, unsigned name)
{
	model_set heads = 0;
	struct name found;

	must(&world->copies,
	    name_load(vault_of(world, copy), "blobs", names[name], &found,
		&world->copies.err));
	for (size_t i = 0; i < found.heads.count; i++) {
		int number = version_number(world, found.heads.items[i].id);

		assert_true(number >= 0);
		heads |= MODEL_ONE((unsigned)number);
	}
	name_release(&found);
	assert_int_equal(heads,
	    model_heads(&world->history, world->models[copy].here, name));
}

static void
copy_check(struct world *world, unsigned copy)
{
	struct look look = look_at(world, copy);
	const struct model_copy *model = &world->models[copy];

	assert_false(look.unknown);
	assert_int_equal(look.seen, model->here);
	for (unsigned i = 0; i < world->history.count; i++)
		assert_int_equal(context_has(&vault_of(world, copy)->context,
				     &world->dots[i]),
		    (model->ever & MODEL_ONE(i)) != 0);
	for (unsigned name = 0; name < NAMES; name++)
		heads_check(world, copy, name);
}

/* ---- writing ---------------------------------------------------------------------- */

static unsigned
writer_of(struct world *world, const uint8_t incarnation[INCARNATION_SIZE])
{
	for (unsigned i = 0; i < world->writer_count; i++)
		if (memcmp(world->writers[i], incarnation, INCARNATION_SIZE) ==
		    0)
			return i;
	assert_true(world->writer_count < WRITERS);
	memcpy(world->writers[world->writer_count], incarnation,
	    INCARNATION_SIZE);
	return world->writer_count++;
}

/* How many dots the incarnations of this opening have given. */
static uint64_t
dots_given(const struct ouro_vault *vault)
{
	uint64_t given = 0;

	for (size_t i = 0; i < vault->incarnation_count; i++)
		given += vault->incarnations[i].number;
	return given;
}

/* The dot that a write has just given, of which there is one that the history
 * does not have yet. */
static struct dot
dot_given(struct world *world, unsigned copy)
{
	const struct ouro_vault *vault = vault_of(world, copy);

	for (size_t i = 0; i < vault->incarnation_count; i++) {
		struct dot dot = { .number = vault->incarnations[i].number };
		bool known = dot.number == 0;

		memcpy(dot.incarnation, vault->incarnations[i].id,
		    INCARNATION_SIZE);
		for (unsigned j = 0; !known && j < world->history.count; j++)
			known = memcmp(&world->dots[j], &dot, sizeof(dot)) == 0;
		if (!known)
			return dot;
	}
	fail_msg("no new dot");
	return (struct dot){ .number = 0 };
}

/* Something was written: the model writes it too. */
static unsigned
written(struct world *world, unsigned copy, unsigned name, bool ends,
    model_set replaced)
{
	struct dot dot = dot_given(world, copy);
	struct look look = look_at(world, copy);
	unsigned number = model_write(&world->history, &world->models[copy],
	    name, writer_of(world, dot.incarnation), ends, replaced);

	world->dots[number] = dot;
	if (look.unknown)
		memcpy(world->ids[number], look.id, HASH_SIZE);
	return number;
}

static void
name_put(struct world *world, unsigned copy)
{
	unsigned name = (unsigned)draw(world, NAMES);
	model_set heads = model_heads(&world->history, world->models[copy].here,
	    name);
	uint8_t bases[MODEL_VERSIONS][HASH_SIZE];
	struct ouro_put_options options = { .size = sizeof(options),
		.name = names[name],
		.base_versions = (const uint8_t(*)[HASH_SIZE])bases };
	struct ouro_put *put;
	char text[16];

	if (world->history.count == MODEL_VERSIONS)
		return;
	if (draw(world, 3) == 0) {
		options.base = OURO_BASE_GIVEN;
		heads &= draw(world, UINT64_MAX);
		for (unsigned i = 0; i < world->history.count; i++)
			if (heads & MODEL_ONE(i))
				memcpy(bases[options.base_count++],
				    world->ids[i], HASH_SIZE);
	}
	snprintf(text, sizeof(text), "%u", world->history.count % 7);
	must(&world->copies,
	    ouro_put_begin(vault_of(world, copy), &options, &put,
		&world->copies.err));
	must(&world->copies,
	    ouro_put_write(put, text, strlen(text), &world->copies.err));
	must(&world->copies, ouro_put_finish(put, NULL, &world->copies.err));
	written(world, copy, name, false, heads);
}

static void
names_leave(struct world *world, unsigned copy)
{
	for (unsigned name = 0; name < NAMES; name++)
		if (model_may_leave(&world->history, &world->models[copy],
			name))
			world->models[copy].here &= ~model_name(&world->history,
			    name);
}

static void
name_remove(struct world *world, unsigned copy)
{
	unsigned name = (unsigned)draw(world, NAMES);
	struct ouro_vault *vault = vault_of(world, copy);
	model_set heads = model_heads(&world->history, world->models[copy].here,
	    name);
	struct model_copy *model = &world->models[copy];
	struct ouro_target target = { .kind = OURO_VERSION, .by_name = true };
	uint64_t given = dots_given(vault);

	if (world->history.count == MODEL_VERSIONS ||
	    ouro_name_read(vault, NULL, names[name], NULL, target.id, NULL) !=
		OURO_OK)
		return;
	must(&world->copies,
	    ouro_remove(vault, &target, NULL, NULL, NULL, NULL,
		&world->copies.err));
	assert_int_equal(dots_given(vault), given + 1);
	written(world, copy, name, true, heads);
	if (model_may_leave(&world->history, model, name))
		model->here &= ~model_name(&world->history, name);
}

/* One that somebody can still name: not of a name that is deleted. */
static void
version_remove(struct world *world, unsigned copy)
{
	unsigned number = (unsigned)draw(world, MODEL_VERSIONS);
	struct ouro_remove_options options = { .size = sizeof(options),
		.force = true };
	struct ouro_target target = { .kind = OURO_VERSION };
	enum ouro_status status;

	if (number >= world->history.count ||
	    (world->models[copy].here & MODEL_ONE(number)) == 0)
		return;
	memcpy(target.id, world->ids[number], HASH_SIZE);
	status = ouro_remove(vault_of(world, copy), &target, &options, NULL,
	    NULL, NULL, &world->copies.err);
	if (status == OURO_NOT_FOUND)
		return;
	must(&world->copies, status);
	world->history.versions[number].removed = true;
	world->models[copy].here &= ~MODEL_ONE(number);
}

static void
name_prune(struct world *world, unsigned copy)
{
	unsigned name = (unsigned)draw(world, NAMES);
	struct ouro_vault *vault = vault_of(world, copy);
	struct model_copy *model = &world->models[copy];
	uint64_t limit = atomic_exchange(&vault->revision_limit, 0);

	must(&world->copies,
	    drop_excess(vault, "blobs", names[name], &world->copies.err));
	atomic_store(&vault->revision_limit, limit);
	/* One after the other: what only those covered is kept by nobody. */
	model->here &= ~model_name(&world->history, name) |
	    model_heads(&world->history, model->here, name);
}

/* ---- together -------------------------------------------------------------------------- */

static void
unite_some(struct world *world, unsigned to)
{
	unsigned from = (unsigned)draw(world, COPIES_MAX);
	unsigned name = (unsigned)draw(world, 2 * NAMES);

	if (from == to || vault_of(world, from) == NULL)
		return;
	if (name < NAMES) {
		copies_unite_with(&world->copies, to, from, names[name], NULL);
		model_take(&world->models[to], &world->models[from],
		    model_name(&world->history, name));
	} else {
		copies_unite(&world->copies, to, from);
		model_unite(&world->models[to], &world->models[from]);
	}
}

static void
fork_some(struct world *world, unsigned from, unsigned to)
{
	if (vault_of(world, from) == NULL || from == to)
		return;
	copies_fork(&world->copies, from, to);
	world->models[to] = world->models[from];
}

static void
step(struct world *world, unsigned copy)
{
	switch (draw(world, 24)) {
	case 0:
		version_remove(world, copy);
		break;
	case 1:
	case 2:
		name_prune(world, copy);
		break;
	case 3:
	case 4:
		copies_gc(&world->copies, copy);
		names_leave(world, copy);
		break;
	case 5:
		fork_some(world, copy, COPIES_MAX - 1);
		break;
	case 6:
		fork_some(world, COPIES_MAX - 1, copy);
		break;
	case 7:
		copies_reopen(&world->copies, copy);
		break;
	case 8:
		copies_verify(&world->copies, copy);
		break;
	case 9:
	case 10:
	case 11:
	case 12:
		name_remove(world, copy);
		break;
	case 13:
	case 14:
	case 15:
	case 16:
	case 17:
		unite_some(world, copy);
		break;
	default:
		name_put(world, copy);
		break;
	}
}

static void
end_check(struct world *world)
{
	model_set here = 0, gone = 0;

	for (unsigned i = 0; i < LIVING; i++) {
		here |= world->models[i].here;
		gone |= world->models[i].ever & ~world->models[i].here;
	}
	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < LIVING; i++)
			for (unsigned j = 0; j < LIVING; j++)
				if (i != j)
					copies_unite(&world->copies, i, j);
	for (unsigned i = 0; i < LIVING; i++) {
		assert_int_equal(look_at(world, i).seen, here & ~gone);
		copies_equal(&world->copies, 0, i);
		copies_verify(&world->copies, i);
	}
}

static void
history_run(uint64_t seed)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	world->random = seed * 0xda942042e4dd58b5;
	copies_open(&world->copies, seed);
	for (unsigned i = 1; i < LIVING; i++)
		copies_fork(&world->copies, 0, i);
	for (; world->steps < STEPS; world->steps++) {
		unsigned copy = (unsigned)draw(world, LIVING);

		step(world, copy);
		copy_check(world, copy);
	}
	end_check(world);
	steps_all += world->steps;
	copies_close_all(&world->copies);
	free(world);
}

static void
copies_are_as_the_model(void **state)
{
	const char *seed = getenv("OURO_SEED");
	const char *histories = getenv("OURO_HISTORIES");
	uint64_t first = seed != NULL ? strtoull(seed, NULL, 10) : 1;
	uint64_t count = seed != NULL	  ? 1
	    : getenv("OURO_LONG") != NULL ? (uint64_t)30 * HISTORIES
					  : HISTORIES;

	(void)state;
	if (histories != NULL)
		count = strtoull(histories, NULL, 10);
	for (seed_now = first; seed_now < first + count; seed_now++)
		history_run(seed_now);
	print_message("%llu operations\n", (unsigned long long)steps_all);
}

static int
failure_name(void **state)
{
	(void)state;
	print_message("last history: OURO_SEED=%llu\n",
	    (unsigned long long)seed_now);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(copies_are_as_the_model,
		    failure_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
