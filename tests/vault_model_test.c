/*
 * Random operations on a vault against a small model of what it must hold. One
 * seed makes one sequence; a seed that fails is printed, and MODEL_SEED repeats
 * it. Slices are damaged on the way, never more than m of a stripe.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "vault_model.h"

static uint64_t seed_now, step_now;

/* Until there is room again, nothing is added. */
static void
put_some(struct model *model)
{
	if (model->count + BATCH_MAX > ITEMS_MAX)
		model_name_remove(model);
	else if (model->content_count + BATCH_MAX > CONTENTS_MAX)
		model_store_gc(model);
	else if (model_draw(model, 12) == 0)
		model_batch_put(model);
	else
		model_item_put(model);
}

static void
remove_some(struct model *model)
{
	switch (model_draw(model, 4)) {
	case 0:
		model_name_remove(model);
		break;
	case 1:
		model_content_remove(model);
		break;
	default:
		model_version_remove(model);
		break;
	}
}

static void
care_some(struct model *model)
{
	switch (model_draw(model, 12)) {
	case 0:
		model_store_verify(model);
		break;
	case 1:
		model_store_repair(model);
		break;
	case 2:
		model_must(model, ouro_keys_rotate(model->vault, &model->err));
		break;
	case 3:
		model_chunks_damage(model);
		break;
	case 4:
	case 5:
		model_reopen(model);
		break;
	case 6:
		model_list_check(model);
		break;
	case 7:
		model_all_check(model);
		break;
	default:
		model_store_gc(model);
		break;
	}
}

static void
step(struct model *model)
{
	uint64_t kind = model_draw(model, 1000);

	if (kind < 300)
		put_some(model);
	else if (kind < 700)
		model_some_get(model);
	else if (kind < 880)
		remove_some(model);
	else if (kind < 940)
		model_name_check(model, (unsigned)model_draw(model, NAMES));
	else if (kind < 970)
		model_content_check(model);
	else if (kind < 990)
		model_hierarchy_check(model);
	else
		care_some(model);
}

static void
sequence(uint64_t seed, uint64_t steps)
{
	static struct model model;

	model = (struct model){ .random = seed };
	seed_now = seed;
	model.fs = fs_memory_new(seed);
	assert_non_null(model.fs);
	model_must(&model,
	    executor_open_manual(seed, model.fs, &model.executor, &model.err));
	model_reopen(&model);
	for (step_now = 1; step_now <= steps; step_now++)
		step(&model);
	model_all_check(&model);
	model_store_repair(&model);
	model_store_gc(&model);
	model_reopen(&model);
	model_all_check(&model);
	model_store_verify(&model);
	ouro_vault_close(model.vault);
	executor_close(model.executor);
	fs_memory_free(model.fs);
	seed_now = 0;
}

static int
seed_tell(void **state)
{
	(void)state;
	if (seed_now != 0)
		print_error("MODEL_SEED=%llu, step %llu\n",
		    (unsigned long long)seed_now, (unsigned long long)step_now);
	return 0;
}

static void
a_vault_does_what_the_model_does(void **state)
{
	const char *seed = getenv("MODEL_SEED");
	bool is_long = getenv("OURO_LONG") != NULL;
	uint64_t sequences = is_long ? 200 : 10;

	(void)state;
	model_streams_make();
	if (seed != NULL) {
		sequence(strtoull(seed, NULL, 10), 2000);
		return;
	}
	for (uint64_t i = 1; i <= sequences; i++)
		sequence(i, 2000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_vault_does_what_the_model_does,
		    seed_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
