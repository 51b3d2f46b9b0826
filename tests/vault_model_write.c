#include "vault_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- putting ------------------------------------------------------------------------- */

void
model_store_gc(struct model *model)
{
	struct ouro_gc_result result;

	model_must(model,
	    ouro_gc(model->vault, NULL, NULL, &result, &model->err));
	model_contents_collect(model);
}

/* A put with all its bytes; not finished. What it relies on is not collected
 * meanwhile. */
static struct ouro_put *
put_begin(struct model *model, const struct ouro_put_options *options,
    const struct recipe *recipe)
{
	struct ouro_put *put;
	size_t at = 0;

	model_must(model,
	    ouro_put_begin(model->vault, options, &put, &model->err));
	model_recipe_make(recipe);
	while (at < recipe->size) {
		size_t part = 1 + model_draw(model, 400000);

		if (part > recipe->size - at)
			part = recipe->size - at;
		model_must(model,
		    ouro_put_write(put, model_bytes_made + at, part,
			&model->err));
		at += part;
	}
	if (model_draw(model, 300) == 0)
		model_store_gc(model);
	return put;
}

/* What is to be put, and how. */
static void
item_plan(struct model *model, struct item *item,
    struct ouro_put_options *options)
{
	static const unsigned codes[][2] = { { 0, 0 }, { 0, 0 }, { 1, 2 },
		{ 2, 2 }, { 3, 1 }, { 4, 4 } };
	const unsigned *code = codes[model_draw(model, 6)];
	const struct item *like = model_item_draw(model);

	*item = (struct item){ .order = ++model->order };
	*options = (struct ouro_put_options){ .size = sizeof(*options),
		.k = code[0],
		.m = code[1] };
	item->recipe = like != NULL && model_draw(model, 4) == 0
	    ? like->recipe
	    : model_recipe_draw(model);
	item->name = (unsigned)model_draw(model, NAMES + OWNERS);
	if (item->name < NAMES)
		options->name = model_name_text(item->name);
	else
		options->owner = model_owner_text(item->name - NAMES);
	like = model_item_draw(model);
	if (like == NULL || model_draw(model, 5) != 0)
		return;
	item->has_parent = true;
	memcpy(item->parent, like->content, OURO_ID_SIZE);
	options->parent = item->parent;
}

/* The put was acknowledged. */
static void
item_note(struct model *model, struct item *item,
    const struct ouro_put_result *result)
{
	struct content_known *content;
	const struct item *there = NULL;
	size_t index;

	assert_int_equal(result->bytes, item->recipe.size);
	memcpy(item->content, result->content, OURO_ID_SIZE);
	memcpy(item->version, result->version, OURO_ID_SIZE);
	if (item->name >= NAMES)
		there = model_item_by_content(model, item->name, item->content);
	if (there != NULL)
		assert_memory_equal(there->version, item->version,
		    OURO_ID_SIZE);
	else
		model->items[model->count++] = *item;
	index = model_content_index(model, item->content);
	assert_true(result->existed == (index < model->content_count));
	if (index < model->content_count)
		return;
	content = &model->contents[model->content_count++];
	memcpy(content->id, item->content, OURO_ID_SIZE);
	content->has_parent = item->has_parent;
	memcpy(content->parent, item->parent, OURO_ID_SIZE);
}

void
model_item_put(struct model *model)
{
	struct item item;
	struct ouro_put_options options;
	struct ouro_put_result result;
	struct ouro_put *put;

	item_plan(model, &item, &options);
	put = put_begin(model, &options, &item.recipe);
	if (model_draw(model, 40) == 0) {
		ouro_put_abort(put);
		return;
	}
	model_must(model, ouro_put_finish(put, &result, &model->err));
	item_note(model, &item, &result);
}

void
model_batch_put(struct model *model)
{
	struct item items[BATCH_MAX];
	struct ouro_put_options options;
	struct ouro_put_result results[BATCH_MAX];
	struct ouro_batch *batch;
	size_t count = 1 + model_draw(model, BATCH_MAX);

	model_must(model, ouro_batch_begin(model->vault, &batch, &model->err));
	for (size_t i = 0; i < count; i++) {
		item_plan(model, &items[i], &options);
		model_must(model,
		    ouro_batch_finish_put(batch,
			put_begin(model, &options, &items[i].recipe),
			&results[i], &model->err));
	}
	if (model_draw(model, 3) == 0)
		model_store_gc(model);
	if (model_draw(model, 4) == 0) {
		ouro_batch_abort(batch);
		return;
	}
	model_must(model, ouro_batch_commit(batch, &model->err));
	for (size_t i = 0; i < count; i++)
		item_note(model, &items[i], &results[i]);
}

/* ---- removing --------------------------------------------------------------------------- */

static enum ouro_status
text_remove(struct model *model, const char *text, bool force)
{
	struct ouro_remove_options options = { .size = sizeof(options),
		.force = force };
	struct ouro_remove_result result;
	struct ouro_target target;
	enum ouro_status status;

	status = ouro_resolve(model->vault, text, &target, &model->err);
	if (status != OURO_OK)
		return status;
	return ouro_remove(model->vault, &target, &options, NULL, NULL, &result,
	    &model->err);
}

static enum ouro_status
id_remove(struct model *model, const uint8_t id[OURO_ID_SIZE], bool force)
{
	char text[OURO_ID_TEXT + 5] = "hash:";

	ouro_id_text(id, text + 5);
	return text_remove(model, text, force);
}

void
model_name_remove(struct model *model)
{
	unsigned name = (unsigned)model_draw(model, NAMES);
	char text[OURO_NAME_MAX];
	bool there = model_item_newest(model, name) != NULL;

	snprintf(text, sizeof(text), "name:%s", model_name_text(name));
	assert_int_equal(text_remove(model, text, model_draw(model, 2) == 0),
	    there ? OURO_OK : OURO_NOT_FOUND);
	for (size_t i = model->count; i-- > 0;)
		if (model->items[i].name == name)
			model_item_remove(model, &model->items[i]);
}

void
model_version_remove(struct model *model)
{
	struct item *item = model_item_draw(model);
	uint8_t id[OURO_ID_SIZE];
	bool force = model_draw(model, 2) == 0, refused;

	if (item == NULL)
		return;
	memcpy(id, item->version, OURO_ID_SIZE);
	refused = !force && model_item_newest(model, item->name) != item &&
	    item->name < NAMES;
	assert_int_equal(id_remove(model, id, force),
	    refused ? OURO_REFUSED : OURO_OK);
	if (refused)
		return;
	model_item_remove(model, item);
	assert_int_equal(ouro_exists(model->vault, id, &model->err),
	    OURO_NOT_FOUND);
}

void
model_content_remove(struct model *model)
{
	bool force = model_draw(model, 2) == 0;
	size_t index, children, named, plain;
	uint8_t id[OURO_ID_SIZE];
	enum ouro_status expected = OURO_OK;

	if (model->content_count == 0)
		return;
	index = model_draw(model, model->content_count);
	memcpy(id, model->contents[index].id, OURO_ID_SIZE);
	children = model_children_live(model, id);
	named = model_version_count(model, id, true);
	plain = model_version_count(model, id, false);
	if (!model_content_live(model, index))
		expected = OURO_NOT_FOUND;
	else if (named > 0)
		expected = plain > 0 ? OURO_OK : OURO_REFUSED;
	else if (children > 0 && !force)
		expected = OURO_REFUSED;
	assert_int_equal(id_remove(model, id, force), expected);
	if (expected != OURO_OK)
		return;
	for (size_t i = model->count; i-- > 0;)
		if (model->items[i].name >= NAMES &&
		    memcmp(model->items[i].content, id, OURO_ID_SIZE) == 0)
			model_item_remove(model, &model->items[i]);
	if (named == 0 && children > 0)
		model_content_forget(model, index);
}
