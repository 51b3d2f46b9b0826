#include "vault_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

uint8_t model_bytes_made[SIZE_LARGEST + 1], model_bytes_read[SIZE_LARGEST + 1];

#define BASES 6 /* large contents are cut from so many streams */

static uint8_t streams[BASES][2 * SIZE_LARGEST];

/* ---- drawing ------------------------------------------------------------------- */

uint64_t
model_draw(struct model *model, uint64_t below)
{
	uint64_t x = model->random += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (x ^ (x >> 31)) % below;
}

void
model_streams_make(void)
{
	uint64_t x = 88172645463325252u;

	for (unsigned i = 0; i < BASES; i++)
		for (size_t j = 0; j < sizeof(streams[i]); j++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			streams[i][j] = (uint8_t)(x >> 32);
			if (i % 2 == 0 && j % 5 != 0)
				streams[i][j] &= 3;
		}
}

struct recipe
model_recipe_draw(struct model *model)
{
	static const size_t sizes[] = { 0, 1, 100, 4096, 4097, 20000 };
	struct recipe recipe = { .stream = (unsigned)model_draw(model, BASES) };
	uint64_t kind = model_draw(model, 100);

	if (kind < 60)
		recipe.size = sizes[model_draw(model, 6)] +
		    model_draw(model, 40);
	else if (kind < 97)
		recipe.size = model_draw(model, 300000);
	else
		recipe.size = model_draw(model, SIZE_LARGEST);
	if (kind == 0)
		recipe.size = 0;
	recipe.offset = model_draw(model, 3) * model_draw(model, 5) * 1000;
	recipe.changed_at = model_draw(model, 2) == 0
	    ? SIZE_MAX
	    : model_draw(model, SIZE_LARGEST);
	return recipe;
}

void
model_recipe_make(const struct recipe *recipe)
{
	memcpy(model_bytes_made, streams[recipe->stream] + recipe->offset,
	    recipe->size);
	if (recipe->changed_at < recipe->size)
		model_bytes_made[recipe->changed_at] ^= 0x55;
}

const char *
model_name_text(unsigned name)
{
	static const char *const names[NAMES] = { "a", "b", "dir/a", "dir/b",
		"with space", "\xc3\xa9t\xc3\xa9", "long name of many words",
		"x.txt", "a/b/c/d", "1234", "zz", "z" };

	return names[name];
}

const char *
model_owner_text(unsigned owner)
{
	static const char *const owners[OWNERS] = { "local", "alice", "bob" };

	return owners[owner];
}

/* ---- the model ------------------------------------------------------------------- */

void
model_must(struct model *model, enum ouro_status status)
{
	if (status != OURO_OK)
		fail_msg("%s: %s", ouro_status_text(status), model->err.text);
}

struct item *
model_item_draw(struct model *model)
{
	return model->count == 0
	    ? NULL
	    : &model->items[model_draw(model, model->count)];
}

struct item *
model_item_newest(struct model *model, unsigned name)
{
	struct item *newest = NULL;

	for (size_t i = 0; i < model->count; i++)
		if (model->items[i].name == name &&
		    (newest == NULL || model->items[i].order > newest->order))
			newest = &model->items[i];
	return newest;
}

struct item *
model_item_by_content(struct model *model, unsigned name,
    const uint8_t content[OURO_ID_SIZE])
{
	for (size_t i = 0; i < model->count; i++)
		if (model->items[i].name == name &&
		    memcmp(model->items[i].content, content, OURO_ID_SIZE) == 0)
			return &model->items[i];
	return NULL;
}

size_t
model_version_count(const struct model *model,
    const uint8_t content[OURO_ID_SIZE], bool named)
{
	size_t count = 0;

	for (size_t i = 0; i < model->count; i++)
		count += (model->items[i].name < NAMES) == named &&
		    memcmp(model->items[i].content, content, OURO_ID_SIZE) == 0;
	return count;
}

size_t
model_children_live(const struct model *model,
    const uint8_t content[OURO_ID_SIZE])
{
	size_t count = 0;

	for (size_t i = 0; i < model->content_count; i++)
		count += model->contents[i].has_parent &&
		    memcmp(model->contents[i].parent, content, OURO_ID_SIZE) ==
			0 &&
		    model_content_live(model, i);
	return count;
}

bool
model_content_live(const struct model *model, size_t index)
{
	const uint8_t *id = model->contents[index].id;

	return model_version_count(model, id, true) +
		model_version_count(model, id, false) >
	    0 ||
	    model_children_live(model, id) > 0;
}

size_t
model_content_index(const struct model *model, const uint8_t id[OURO_ID_SIZE])
{
	size_t i = 0;

	while (i < model->content_count &&
	    memcmp(model->contents[i].id, id, OURO_ID_SIZE) != 0)
		i++;
	return i;
}

void
model_content_forget(struct model *model, size_t index)
{
	model->contents[index] = model->contents[--model->content_count];
}

void
model_contents_collect(struct model *model)
{
	static bool live[CONTENTS_MAX];

	for (size_t i = 0; i < model->content_count; i++)
		live[i] = model_content_live(model, i);
	for (size_t i = model->content_count; i-- > 0;)
		if (!live[i])
			model_content_forget(model, i);
}

void
model_item_remove(struct model *model, struct item *item)
{
	*item = model->items[--model->count];
}
