#include "vault_model_versions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define BATCH_PRUNED 16	     /* versions that leave with one write, at most */
#define JUMP_MS	     1000000 /* the clock goes from one multiple to the next */

/* A write on its way: of what name, on what, and what it shall come to. */
struct plan {
	struct ouro_version_options options;
	unsigned path;
	uint8_t base[GIVEN_MAX][OURO_ID_SIZE];
	uint8_t content[OURO_ID_SIZE];
	char text[32]; /* stored by a put; empty: options.content is there */
	bool foreign;  /* a base is no version of the name */
};

static uint64_t
draw(struct versions_model *model, uint64_t below)
{
	return model_draw(&model->vault, below);
}

/* ---- planning ------------------------------------------------------------------ */

static void
base_give(struct plan *plan, const uint8_t id[OURO_ID_SIZE])
{
	memcpy(plan->base[plan->options.base_count++], id, OURO_ID_SIZE);
}

/* Some versions of the name, heads or not, perhaps one twice. */
static void
bases_draw(struct versions_model *model, struct plan *plan)
{
	struct known *all[KNOWN_MAX];
	size_t count = versions_history(model, plan->path, all);
	size_t wanted = draw(model, GIVEN_MAX);

	for (size_t i = 0; count > 0 && i < wanted; i++)
		base_give(plan, all[draw(model, count)]->id);
}

static void
heads_give(struct versions_model *model, struct plan *plan)
{
	struct known *heads[KNOWN_MAX];
	size_t count = versions_heads(model, plan->path, heads);

	for (size_t i = 0; i < count && i < GIVEN_MAX; i++)
		base_give(plan, heads[i]->id);
}

static void
base_plan(struct versions_model *model, struct plan *plan)
{
	uint64_t kind = draw(model, 20);

	plan->options.base_versions = (const uint8_t(*)[OURO_ID_SIZE])
					  plan->base;
	if (kind < 9)
		return;
	plan->options.base = kind < 16 ? OURO_BASE_GIVEN : OURO_BASE_EXACT;
	if (kind < 16 || kind == 19)
		bases_draw(model, plan);
	else if (kind < 18)
		heads_give(model, plan);
	plan->foreign = plan->options.base_count < GIVEN_MAX &&
	    draw(model, 40) == 0;
	if (plan->foreign)
		base_give(plan, plan->content); /* an id of zeros */
}

/* Bytes of its own, the content of a version that is there, or none. */
static void
content_plan(struct versions_model *model, struct plan *plan)
{
	struct known *all[KNOWN_MAX];
	size_t count = versions_history(model, plan->path, all);
	uint64_t kind = draw(model, 10);
	const struct known *like = count > 0 ? all[draw(model, count)] : NULL;

	if (kind == 0)
		return;
	if (draw(model, 8) == 0)
		plan->options.expires_ms = fs_wall_ms(model->vault.fs) /
			JUMP_MS * JUMP_MS +
		    JUMP_MS / 2 + draw(model, 3) * JUMP_MS;
	if (kind < 4 && like != NULL && !known_ended(model, like)) {
		memcpy(plan->content, like->content, OURO_ID_SIZE);
		plan->options.content = plan->content;
		return;
	}
	snprintf(plan->text, sizeof(plan->text), "content %u",
	    (unsigned)draw(model, 30));
}

/* The plan stays where it is: options point into it. */
static void
plan_make(struct versions_model *model, struct plan *plan)
{
	*plan = (struct plan){ .options = { .size = sizeof(plan->options) } };
	plan->path = (unsigned)draw(model, PATHS);
	plan->options.namespace_ = versions_paths[plan->path].namespace_;
	plan->options.path = versions_paths[plan->path].path;
	base_plan(model, plan);
	content_plan(model, plan);
}

static bool
is_given(const struct plan *plan, const struct known *known)
{
	for (size_t i = 0; i < plan->options.base_count; i++)
		if (memcmp(plan->base[i], known->id, OURO_ID_SIZE) == 0)
			return true;
	return false;
}

static enum ouro_status
plan_outcome(struct versions_model *model, const struct plan *plan)
{
	struct known *all[KNOWN_MAX];
	size_t count = versions_history(model, plan->path, all);

	if (plan->foreign)
		return OURO_NOT_FOUND;
	if (plan->options.base != OURO_BASE_EXACT)
		return OURO_OK;
	for (size_t i = 0; i < count; i++) {
		bool head = known_is_head(model, all[i]);

		if (plan->options.base_count == 0
			? head && !known_ended(model, all[i])
			: head != is_given(plan, all[i]))
			return OURO_CONFLICT;
	}
	return OURO_OK;
}

/* ---- what it came to ------------------------------------------------------------- */

/* The version that a plan makes, and what leaves with it. Of the name's
 * versions it is the newest, whatever its stamp turns out to be. */
static uint32_t
known_add(struct versions_model *model, const struct plan *plan)
{
	struct known *all[KNOWN_MAX];
	size_t count = versions_history(model, plan->path, all);
	struct known *known = &model->list[model->count];
	uint32_t number = model->numbers++;

	*known = (struct known){ .path = plan->path,
		.number = number,
		.deletion = plan->options.content == NULL &&
		    plan->text[0] == '\0',
		.stamp = UINT64_C(1) << 63 | number,
		.expires_ms = plan->options.expires_ms };
	memcpy(known->content, plan->content, OURO_ID_SIZE);
	for (size_t i = 0; i < count; i++) {
		if (plan->options.base == OURO_BASE_GIVEN
			? !is_given(plan, all[i])
			: !known_is_head(model, all[i]))
			continue;
		assert_true(known->base_count < BASES_MAX);
		known->bases[known->base_count++] = all[i]->number;
		known->seen[all[i]->number / 64] |= UINT64_C(1)
		    << all[i]->number % 64;
		for (size_t j = 0; j < VERSIONS_MAX / 64; j++)
			known->seen[j] |= all[i]->seen[j];
	}
	model->count++;
	versions_prune(model, plan->path, BATCH_PRUNED);
	return number;
}

/* What only the vault can know; the rest is compared. */
static void
known_fill(struct versions_model *model, uint32_t number,
    const uint8_t id[OURO_ID_SIZE])
{
	struct known *known = known_by_number(model, number);
	struct ouro_version version;

	if (known == NULL) /* gone with a later one of the batch */
		return;
	memcpy(known->id, id, OURO_ID_SIZE);
	model_must(&model->vault,
	    ouro_version_get(model->vault.vault, id, &version,
		&model->vault.err));
	known->stamp = version.stamp;
	memcpy(known->uuid, version.uuid, sizeof(known->uuid));
	known->joined = model->vault.moves;
	assert_int_equal(version.deletion, known->deletion);
	assert_int_equal(version.previous_count, known->base_count);
	for (size_t i = 0; i < known->base_count; i++) {
		const struct known *base = known_by_number(model,
		    known->bases[i]);
		bool found = base == NULL;

		for (size_t j = 0; !found && j < known->base_count; j++)
			found = memcmp(version.previous[j], base->id,
				    OURO_ID_SIZE) == 0;
		assert_true(found);
		assert_true(base == NULL || known->stamp > base->stamp);
	}
	ouro_version_release(&version);
}

/* ---- writing ------------------------------------------------------------------------ */

static enum ouro_status
put_text(struct versions_model *model, struct plan *plan,
    uint8_t version[OURO_ID_SIZE])
{
	struct ouro_put_options options = { .size = sizeof(options),
		.name = plan->options.path,
		.namespace_ = plan->options.namespace_,
		.expires_ms = plan->options.expires_ms,
		.base = plan->options.base,
		.base_versions = plan->options.base_versions,
		.base_count = plan->options.base_count };
	struct ouro_put_result result;
	struct ouro_put *put;
	enum ouro_status status;

	model_must(&model->vault,
	    ouro_put_begin(model->vault.vault, &options, &put,
		&model->vault.err));
	model_must(&model->vault,
	    ouro_put_write(put, plan->text, strlen(plan->text),
		&model->vault.err));
	status = ouro_put_finish(put, &result, &model->vault.err);
	if (status != OURO_OK)
		return status;
	memcpy(plan->content, result.content, OURO_ID_SIZE);
	memcpy(version, result.version, OURO_ID_SIZE);
	return OURO_OK;
}

void
version_write(struct versions_model *model)
{
	struct plan plan;
	enum ouro_status expected, status;
	uint8_t id[OURO_ID_SIZE];

	plan_make(model, &plan);
	expected = plan_outcome(model, &plan);
	status = plan.text[0] != '\0'
	    ? put_text(model, &plan, id)
	    : ouro_version_put(model->vault.vault, &plan.options, id,
		  &model->vault.err);
	if (status != expected)
		fail_msg("a write: %s (%s), not %s", ouro_status_text(status),
		    model->vault.err.text, ouro_status_text(expected));
	if (status != OURO_OK)
		return;
	known_fill(model, known_add(model, &plan), id);
}

void
versions_batch(struct versions_model *model)
{
	struct plan plans[3];
	uint8_t ids[3][OURO_ID_SIZE];
	struct ouro_batch *batch;
	uint32_t numbers[3];
	size_t count = 0;

	model_must(&model->vault,
	    ouro_batch_begin(model->vault.vault, &batch, &model->vault.err));
	while (count < 3) {
		struct plan *plan = &plans[count];

		/* What is given might leave with an earlier one. */
		do
			plan_make(model, plan);
		while (plan->text[0] != '\0' || plan->options.base_count > 0 ||
		    plan->options.base == OURO_BASE_EXACT);
		model_must(&model->vault,
		    ouro_batch_version(batch, &plan->options, ids[count],
			&model->vault.err));
		count++;
	}
	if (draw(model, 4) == 0) {
		ouro_batch_abort(batch);
		return;
	}
	model_must(&model->vault, ouro_batch_commit(batch, &model->vault.err));
	for (size_t i = 0; i < count; i++)
		numbers[i] = known_add(model, &plans[i]);
	for (size_t i = 0; i < count; i++)
		known_fill(model, numbers[i], ids[i]);
}

/* ---- removing ------------------------------------------------------------------------- */

static enum ouro_status
target_remove(struct versions_model *model, const uint8_t id[OURO_ID_SIZE],
    bool by_name, bool force)
{
	struct ouro_remove_options options = { .size = sizeof(options),
		.force = force };
	struct ouro_target target = { .kind = OURO_VERSION,
		.by_name = by_name };
	struct ouro_remove_result result;

	memcpy(target.id, id, OURO_ID_SIZE);
	return ouro_remove(model->vault.vault, &target, &options, NULL, NULL,
	    &result, &model->vault.err);
}

static void
name_forget(struct versions_model *model, unsigned path)
{
	for (size_t i = model->count; i-- > 0;)
		if (model->list[i].path == path)
			known_forget(model, &model->list[i]);
}

void
version_name_remove(struct versions_model *model)
{
	unsigned path = (unsigned)draw(model, PATHS);
	struct known *heads[KNOWN_MAX];

	if (versions_heads(model, path, heads) == 0)
		return;
	if (known_ended(model, heads[0])) {
		assert_int_equal(target_remove(model, heads[0]->id, true,
				     false),
		    OURO_NOT_FOUND);
		return;
	}
	model_must(&model->vault,
	    target_remove(model, heads[0]->id, true, draw(model, 2) == 0));
	/* The deletion covers all heads, and all of it is known here. */
	name_forget(model, path);
}

/* It has not expired, nor has its name ended above it. */
static bool
is_reached(struct versions_model *model, const struct known *known)
{
	struct known *heads[KNOWN_MAX];
	size_t count = versions_heads(model, known->path, heads);

	if (known_ended(model, known))
		return false;
	if (known_is_head(model, known))
		return true;
	for (size_t i = 0; i < count; i++)
		if (!known_ended(model, heads[i]))
			return true;
	return false;
}

void
version_remove(struct versions_model *model)
{
	struct known *known;
	bool force = draw(model, 2) == 0;
	enum ouro_status expected = OURO_OK;

	if (model->count == 0)
		return;
	known = &model->list[draw(model, model->count)];
	if (!is_reached(model, known))
		expected = OURO_NOT_FOUND;
	else if (!force && !known_is_head(model, known))
		expected = OURO_REFUSED;
	assert_int_equal(target_remove(model, known->id, false, force),
	    expected);
	if (expected == OURO_OK)
		known_forget(model, known);
}

/* ---- time, care ------------------------------------------------------------------------ */

void
versions_gc(struct versions_model *model)
{
	struct known *heads[KNOWN_MAX];
	struct ouro_gc_result result;

	model_must(&model->vault,
	    ouro_gc(model->vault.vault, NULL, NULL, &result,
		&model->vault.err));
	for (unsigned path = 0; path < PATHS; path++) {
		if (versions_heads(model, path, heads) == 1 &&
		    known_ended(model, heads[0]))
			name_forget(model, path);
		versions_prune(model, path, SIZE_MAX);
	}
}

/* The clock always stands just behind a multiple, and expiries lie between two
 * of them, so that no call can be on both sides of one. */
void
versions_time_pass(struct versions_model *model)
{
	uint64_t now_ms = fs_wall_ms(model->vault.fs);

	fs_memory_advance(model->vault.fs, JUMP_MS - now_ms % JUMP_MS);
}

void
versions_limit_set(struct versions_model *model)
{
	atomic_store(&model->vault.vault->revision_limit, model->limit);
}

void
versions_limit_draw(struct versions_model *model)
{
	static const uint64_t limits[] = { 1, 3, 10, 40 };

	model->limit = limits[draw(model, 4)];
	versions_limit_set(model);
}

void
versions_open(struct versions_model *model)
{
	model_reopen(&model->vault);
	versions_limit_set(model);
}
