/*
 * Random operations on a vault against a small model of what it must hold:
 * names with their versions, contents by owner, parents, and the bytes. One
 * seed makes one sequence; a seed that fails is printed, and MODEL_SEED
 * repeats it. Slices are damaged on the way, never more than m of a stripe.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/executor.h"
#include "base/fs_memory.h"
#include "seal/canonical.h"
#include "vault/chunk.h"
#include "vault/vault.h"

#define DIR	     "/store"
#define SIZE_LARGEST (1536u * 1024)
#define NAMES	     12
#define OWNERS	     3
#define ITEMS_MAX    300 /* versions in the model */
#define VERSIONS_MAX 64	 /* of one name */
#define BASES	     6	 /* large contents are cut from so many streams */

/* Bytes, drawn anew whenever they are needed: those of a stream from an
 * offset on, with one byte of another value somewhere. Contents of the same
 * stream share chunks. */
struct recipe {
	unsigned stream;
	size_t offset, size, changed_at; /* changed_at >= size: nothing */
};

/* One version that is there. */
struct item {
	unsigned name;	/* index; NAMES + owner: by content */
	uint64_t order; /* of being made */
	struct recipe recipe;
	bool has_parent;
	uint8_t parent[OURO_ID_SIZE];
	uint8_t content[OURO_ID_SIZE];
	uint8_t version[OURO_ID_SIZE];
};

struct model {
	uint64_t random;
	uint64_t order;
	struct item items[ITEMS_MAX];
	size_t count;
	struct fs *fs;
	struct executor *executor;
	struct ouro_vault *vault;
	struct ouro_error err;
	bool damaged; /* slices since the last repair */
};

static uint64_t seed_now, step_now;
static uint8_t streams[BASES][2 * SIZE_LARGEST];
static uint8_t bytes_made[SIZE_LARGEST + 1], bytes_read[SIZE_LARGEST + 1];

/* ---- drawing ------------------------------------------------------------------- */

static uint64_t
draw(struct model *model, uint64_t below)
{
	uint64_t x = model->random += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (x ^ (x >> 31)) % below;
}

/* Half of the streams compress. */
static void
streams_make(void)
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

static struct recipe
recipe_draw(struct model *model)
{
	static const size_t sizes[] = { 0, 1, 100, 4096, 4097, 20000 };
	struct recipe recipe = { .stream = (unsigned)draw(model, BASES) };
	uint64_t kind = draw(model, 100);

	if (kind < 60)
		recipe.size = sizes[draw(model, 6)] + draw(model, 40);
	else if (kind < 97)
		recipe.size = draw(model, 300000);
	else
		recipe.size = draw(model, SIZE_LARGEST);
	if (kind == 0)
		recipe.size = 0;
	recipe.offset = draw(model, 3) * draw(model, 5) * 1000;
	recipe.changed_at = draw(model, 2) == 0 ? SIZE_MAX
						: draw(model, SIZE_LARGEST);
	return recipe;
}

static void
recipe_make(const struct recipe *recipe)
{
	memcpy(bytes_made, streams[recipe->stream] + recipe->offset,
	    recipe->size);
	if (recipe->changed_at < recipe->size)
		bytes_made[recipe->changed_at] ^= 0x55;
}

static bool
recipe_equal(const struct recipe *a, const struct recipe *b)
{
	static uint8_t other[SIZE_LARGEST];

	if (a->size != b->size)
		return false;
	recipe_make(a);
	memcpy(other, bytes_made, a->size);
	recipe_make(b);
	return memcmp(other, bytes_made, a->size) == 0;
}

static const char *
name_text(unsigned name)
{
	static const char *const names[NAMES] = { "a", "b", "dir/a", "dir/b",
		"with space", "\xc3\xa9t\xc3\xa9", "long name of many words",
		"x.txt", "a/b/c/d", "1234", "zz", "z" };

	return names[name];
}

static const char *
owner_text(unsigned owner)
{
	static const char *const owners[OWNERS] = { "local", "alice", "bob" };

	return owners[owner];
}

/* ---- the model ------------------------------------------------------------------- */

static void
must(struct model *model, enum ouro_status status)
{
	if (status != OURO_OK)
		fail_msg("%s: %s", ouro_status_text(status), model->err.text);
}

static struct item *
item_draw(struct model *model)
{
	return model->count == 0 ? NULL
				 : &model->items[draw(model, model->count)];
}

/* The last version of a name; NULL when it has none. */
static struct item *
item_newest(struct model *model, unsigned name)
{
	struct item *newest = NULL;

	for (size_t i = 0; i < model->count; i++)
		if (model->items[i].name == name &&
		    (newest == NULL || model->items[i].order > newest->order))
			newest = &model->items[i];
	return newest;
}

static struct item *
item_by_content(struct model *model, unsigned name,
    const uint8_t content[OURO_ID_SIZE])
{
	for (size_t i = 0; i < model->count; i++)
		if (model->items[i].name == name &&
		    memcmp(model->items[i].content, content, OURO_ID_SIZE) == 0)
			return &model->items[i];
	return NULL;
}

static size_t
content_count(const struct model *model, const uint8_t content[OURO_ID_SIZE],
    bool named)
{
	size_t count = 0;

	for (size_t i = 0; i < model->count; i++)
		count += (model->items[i].name < NAMES) == named &&
		    memcmp(model->items[i].content, content, OURO_ID_SIZE) == 0;
	return count;
}

/* Children that a version reaches. */
static size_t
child_count(const struct model *model, const uint8_t content[OURO_ID_SIZE])
{
	size_t count = 0;

	for (size_t i = 0; i < model->count; i++)
		count += model->items[i].has_parent &&
		    memcmp(model->items[i].parent, content, OURO_ID_SIZE) == 0;
	return count;
}

static void
item_remove(struct model *model, struct item *item)
{
	*item = model->items[--model->count];
}

/* ---- putting ------------------------------------------------------------------------- */

static void
put_bytes(struct model *model, const struct ouro_put_options *options,
    const struct recipe *recipe, struct ouro_put_result *result)
{
	struct ouro_put *put;
	size_t at = 0;

	must(model, ouro_put_begin(model->vault, options, &put, &model->err));
	recipe_make(recipe);
	while (at < recipe->size) {
		size_t part = 1 + draw(model, 400000);

		if (part > recipe->size - at)
			part = recipe->size - at;
		must(model, ouro_put_write(put, bytes_made + at, part,
		    &model->err));
		at += part;
	}
	if (draw(model, 40) == 0) {
		ouro_put_abort(put);
		put_bytes(model, options, recipe, result);
		return;
	}
	must(model, ouro_put_finish(put, result, &model->err));
	assert_int_equal(result->bytes, recipe->size);
}

static void
item_put(struct model *model)
{
	static const unsigned codes[][2] = { { 0, 0 }, { 0, 0 }, { 1, 2 },
		{ 2, 2 }, { 3, 1 }, { 4, 4 } };
	const unsigned *code = codes[draw(model, 6)];
	struct item *like = item_draw(model), *there = NULL;
	struct item item = { .order = ++model->order };
	struct ouro_put_options options = { .size = sizeof(options),
		.k = code[0],
		.m = code[1] };
	struct ouro_put_result result;

	if (model->count == ITEMS_MAX)
		return;
	item.recipe = like != NULL && draw(model, 4) == 0 ? like->recipe
							  : recipe_draw(model);
	item.name = (unsigned)draw(model, NAMES + OWNERS);
	if (item.name < NAMES)
		options.name = name_text(item.name);
	else
		options.owner = owner_text(item.name - NAMES);
	like = item_draw(model);
	if (like != NULL && draw(model, 5) == 0) {
		item.has_parent = true;
		memcpy(item.parent, like->content, OURO_ID_SIZE);
		options.parent = item.parent;
	}
	put_bytes(model, &options, &item.recipe, &result);
	memcpy(item.content, result.content, OURO_ID_SIZE);
	memcpy(item.version, result.version, OURO_ID_SIZE);
	if (item.name >= NAMES)
		there = item_by_content(model, item.name, item.content);
	if (there != NULL)
		assert_memory_equal(there->version, item.version,
		    OURO_ID_SIZE);
	else
		model->items[model->count++] = item;
}

/* ---- reading -------------------------------------------------------------------------- */

static void
item_get(struct model *model, const struct item *item, bool whole)
{
	size_t from = 0, want = item->recipe.size + 1, got = 0;
	struct ouro_get *get;

	must(model, ouro_get_open(model->vault, draw(model, 2) == 0 ?
	    item->content : item->version, &get, &model->err));
	assert_int_equal(ouro_get_size(get), item->recipe.size);
	recipe_make(&item->recipe);
	if (!whole) {
		from = draw(model, item->recipe.size + 10);
		want = draw(model, 70000);
		must(model, ouro_get_seek(get, from, &model->err));
	}
	while (got < want && got < sizeof(bytes_read)) {
		size_t part;

		must(model, ouro_get_read(get, bytes_read + got, want - got,
		    &part, &model->err));
		if (part == 0)
			break;
		got += part;
	}
	ouro_get_close(get);
	if (from > item->recipe.size)
		from = item->recipe.size;
	assert_int_equal(got, want < item->recipe.size - from ? want :
	    item->recipe.size - from);
	assert_memory_equal(bytes_read, bytes_made + from, got);
}

static void
some_get(struct model *model)
{
	struct item *item = item_draw(model);

	if (item != NULL)
		item_get(model, item, draw(model, 2) == 0);
}

struct version_list {
	uint8_t ids[ITEMS_MAX][OURO_ID_SIZE];
	size_t count;
};

static bool
version_each(void *context, const uint8_t id[OURO_ID_SIZE])
{
	struct version_list *list = context;

	assert_true(list->count < ITEMS_MAX);
	memcpy(list->ids[list->count++], id, OURO_ID_SIZE);
	return true;
}

/* The versions of a name, newest first, are those of the model. */
static void
name_check(struct model *model, unsigned name)
{
	static struct version_list list;
	struct item *newest = item_newest(model, name);
	struct ouro_target target;
	char text[OURO_NAME_MAX];
	uint64_t order = UINT64_MAX;
	enum ouro_status status;
	size_t count = 0;

	list.count = 0;
	snprintf(text, sizeof(text), "name:%s", name_text(name));
	status = ouro_resolve(model->vault, text, &target, &model->err);
	if (newest == NULL) {
		assert_int_equal(status, OURO_NOT_FOUND);
		return;
	}
	must(model, status);
	assert_true(target.by_name);
	assert_memory_equal(target.id, newest->version, OURO_ID_SIZE);
	must(model, ouro_versions(model->vault, name_text(name), version_each,
	    &list, &model->err));
	for (size_t i = 0; i < model->count; i++)
		count += model->items[i].name == name;
	assert_int_equal(list.count, count);
	for (size_t i = 0; i < list.count; i++) {
		const struct item *found = NULL;

		for (size_t j = 0; j < model->count; j++)
			if (memcmp(model->items[j].version, list.ids[i],
				OURO_ID_SIZE) == 0)
				found = &model->items[j];
		assert_non_null(found);
		assert_true(found->order < order);
		order = found->order;
	}
}

/* What the list shows is what the model has, no more and no less. */
static void
list_check(struct model *model)
{
	struct ouro_list_options options = { .size = sizeof(options),
		.detail = draw(model, 4) == 0 };
	struct ouro_list *list;
	struct ouro_info info;
	size_t shown = 0, expected = 0;
	enum ouro_status status;

	for (unsigned name = 0; name < NAMES; name++)
		expected += item_newest(model, name) != NULL;
	for (size_t i = 0; i < model->count; i++)
		expected += model->items[i].name >= NAMES;
	must(model, ouro_list_open(model->vault, &options, &list, &model->err));
	while ((status = ouro_list_next(list, &info, &model->err)) == OURO_OK) {
		const struct item *found = NULL;

		for (size_t i = 0; i < model->count; i++)
			if (memcmp(model->items[i].version, info.version,
				OURO_ID_SIZE) == 0)
				found = &model->items[i];
		assert_non_null(found);
		assert_int_equal(info.bytes, found->recipe.size);
		assert_int_equal(info.has_parent, found->has_parent);
		assert_memory_equal(info.content, found->content, OURO_ID_SIZE);
		ouro_info_release(&info);
		shown++;
	}
	ouro_list_close(list);
	assert_int_equal(status, OURO_END);
	assert_int_equal(shown, expected);
}

static void
all_check(struct model *model)
{
	for (unsigned name = 0; name < NAMES; name++)
		name_check(model, name);
	list_check(model);
	for (size_t i = 0; i < model->count; i++)
		item_get(model, &model->items[i], true);
}
