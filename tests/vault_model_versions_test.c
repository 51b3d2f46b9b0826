/*
 * Random writes of names, side by side and after one another, merges,
 * deletions, removals, expiry, pruning, collection, streams that come late or
 * become the vault, and ends of the process against a small model of what each
 * version has seen. One seed makes one sequence; a seed that fails
 * is printed, and MODEL_SEED repeats it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "vault_model_versions.h"

static uint64_t seed_now, step_now;

static void
step(struct versions_model *model)
{
	uint64_t kind = model_draw(&model->vault, 1000);

	if (kind < 700)
		version_write(model);
	else if (kind < 750)
		versions_batch(model);
	else if (kind < 830)
		version_remove(model);
	else if (kind < 850)
		version_name_remove(model);
	else if (kind < 900)
		versions_time_pass(model);
	else if (kind < 940)
		versions_gc(model);
	else if (kind < 970)
		versions_limit_draw(model);
	else if (kind < 980)
		versions_open(model);
	else if (kind < 985)
		model_store_repair(&model->vault);
	else if (kind < 988)
		versions_kill(model);
	else if (kind < 990)
		versions_stream_keep(model);
	else if (kind < 993)
		versions_stream_late(model);
	else if (kind < 995)
		versions_move(model);
	else
		versions_check(model);
}

/* The rows that follow from the records are compared with them, at every step
 * or now and then. */
static void
sequence(uint64_t seed, uint64_t steps, uint64_t verify_each)
{
	static struct versions_model model;

	model = (struct versions_model){ .vault = { .random = seed },
		.limit = 10 };
	seed_now = seed;
	model.vault.fs = fs_memory_new(seed);
	assert_non_null(model.vault.fs);
	model_must(&model.vault,
	    executor_open_manual(seed, model.vault.fs, &model.vault.executor,
		&model.vault.err));
	versions_time_pass(&model);
	versions_open(&model);
	for (step_now = 1; step_now <= steps &&
	     model.numbers + 3 < VERSIONS_MAX && model.count + 3 < KNOWN_MAX;
	     step_now++) {
		step(&model);
		version_name_check(&model,
		    (unsigned)model_draw(&model.vault, PATHS));
		if (step_now % verify_each == 0)
			model_store_verify(&model.vault);
	}
	assert_int_equal(step_now, steps + 1); /* there was room */
	versions_check(&model);
	model_store_repair(&model.vault);
	versions_gc(&model);
	versions_open(&model);
	versions_check(&model);
	model_store_verify(&model.vault);
	ouro_vault_close(model.vault.vault);
	executor_close(model.vault.executor);
	fs_memory_free(model.vault.fs);
	buffer_release(&model.early);
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

/* K03, K19 */
static void
names_do_what_the_model_does(void **state)
{
	const char *seed = getenv("MODEL_SEED");
	bool is_long = getenv("OURO_LONG") != NULL;
	uint64_t sequences = is_long ? 1000 : 100;

	(void)state;
	if (seed != NULL) {
		sequence(strtoull(seed, NULL, 10), 1000, 1);
		return;
	}
	for (uint64_t i = 1; i <= sequences; i++)
		sequence(i, 1000, i % 10 == 0 ? 1 : 50);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(names_do_what_the_model_does,
		    seed_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
