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
#define ITEMS_MAX    300  /* versions in the model */
#define CONTENTS_MAX 2000 /* collected when there are more */
#define BATCH_MAX    4
#define BASES	     6 /* large contents are cut from so many streams */

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

/* A content whose record is there; live or waiting to be collected. */
struct content_known {
	uint8_t id[OURO_ID_SIZE];
	bool has_parent;
	uint8_t parent[OURO_ID_SIZE];
};

struct model {
	uint64_t random;
	uint64_t order;
	struct item items[ITEMS_MAX];
	size_t count;
	struct content_known contents[CONTENTS_MAX];
	size_t content_count;
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

/* How many versions, of names or by content, a content has. */
static size_t
version_count(const struct model *model, const uint8_t content[OURO_ID_SIZE],
    bool named)
{
	size_t count = 0;

	for (size_t i = 0; i < model->count; i++)
		count += (model->items[i].name < NAMES) == named &&
		    memcmp(model->items[i].content, content, OURO_ID_SIZE) == 0;
	return count;
}

static bool content_live(const struct model *model, size_t index);

static size_t
children_live(const struct model *model, const uint8_t content[OURO_ID_SIZE])
{
	size_t count = 0;

	for (size_t i = 0; i < model->content_count; i++)
		count += model->contents[i].has_parent &&
		    memcmp(model->contents[i].parent, content, OURO_ID_SIZE) ==
			0 &&
		    content_live(model, i);
	return count;
}

/* A version has it, or a live content has it as parent. */
static bool
content_live(const struct model *model, size_t index)
{
	const uint8_t *id = model->contents[index].id;

	return version_count(model, id, true) +
		version_count(model, id, false) >
	    0 ||
	    children_live(model, id) > 0;
}

static size_t
content_index(const struct model *model, const uint8_t id[OURO_ID_SIZE])
{
	size_t i = 0;

	while (i < model->content_count &&
	    memcmp(model->contents[i].id, id, OURO_ID_SIZE) != 0)
		i++;
	return i;
}

static void
content_forget(struct model *model, size_t index)
{
	model->contents[index] = model->contents[--model->content_count];
}

/* After a collection only live ones are left. */
static void
contents_collect(struct model *model)
{
	static bool live[CONTENTS_MAX];

	for (size_t i = 0; i < model->content_count; i++)
		live[i] = content_live(model, i);
	for (size_t i = model->content_count; i-- > 0;)
		if (!live[i])
			content_forget(model, i);
}

static void
item_remove(struct model *model, struct item *item)
{
	*item = model->items[--model->count];
}

/* ---- putting ------------------------------------------------------------------------- */

static void
store_gc(struct model *model)
{
	struct ouro_gc_result result;

	must(model, ouro_gc(model->vault, NULL, NULL, &result, &model->err));
	contents_collect(model);
}

/* A put with all its bytes; not finished. What it relies on is not collected
 * meanwhile. */
static struct ouro_put *
put_begin(struct model *model, const struct ouro_put_options *options,
    const struct recipe *recipe)
{
	struct ouro_put *put;
	size_t at = 0;

	must(model, ouro_put_begin(model->vault, options, &put, &model->err));
	recipe_make(recipe);
	while (at < recipe->size) {
		size_t part = 1 + draw(model, 400000);

		if (part > recipe->size - at)
			part = recipe->size - at;
		must(model,
		    ouro_put_write(put, bytes_made + at, part, &model->err));
		at += part;
	}
	if (draw(model, 300) == 0)
		store_gc(model);
	return put;
}

/* What is to be put, and how. */
static void
item_plan(struct model *model, struct item *item,
    struct ouro_put_options *options)
{
	static const unsigned codes[][2] = { { 0, 0 }, { 0, 0 }, { 1, 2 },
		{ 2, 2 }, { 3, 1 }, { 4, 4 } };
	const unsigned *code = codes[draw(model, 6)];
	const struct item *like = item_draw(model);

	*item = (struct item){ .order = ++model->order };
	*options = (struct ouro_put_options){ .size = sizeof(*options),
		.k = code[0],
		.m = code[1] };
	item->recipe = like != NULL && draw(model, 4) == 0 ? like->recipe
							   : recipe_draw(model);
	item->name = (unsigned)draw(model, NAMES + OWNERS);
	if (item->name < NAMES)
		options->name = name_text(item->name);
	else
		options->owner = owner_text(item->name - NAMES);
	like = item_draw(model);
	if (like == NULL || draw(model, 5) != 0)
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
		there = item_by_content(model, item->name, item->content);
	if (there != NULL)
		assert_memory_equal(there->version, item->version,
		    OURO_ID_SIZE);
	else
		model->items[model->count++] = *item;
	index = content_index(model, item->content);
	assert_true(result->existed == (index < model->content_count));
	if (index < model->content_count)
		return;
	content = &model->contents[model->content_count++];
	memcpy(content->id, item->content, OURO_ID_SIZE);
	content->has_parent = item->has_parent;
	memcpy(content->parent, item->parent, OURO_ID_SIZE);
}

static void
item_put(struct model *model)
{
	struct item item;
	struct ouro_put_options options;
	struct ouro_put_result result;
	struct ouro_put *put;

	item_plan(model, &item, &options);
	put = put_begin(model, &options, &item.recipe);
	if (draw(model, 40) == 0) {
		ouro_put_abort(put);
		return;
	}
	must(model, ouro_put_finish(put, &result, &model->err));
	item_note(model, &item, &result);
}

/* Several at once, or none of them. */
static void
batch_put(struct model *model)
{
	struct item items[BATCH_MAX];
	struct ouro_put_options options;
	struct ouro_put_result results[BATCH_MAX];
	struct ouro_batch *batch;
	size_t count = 1 + draw(model, BATCH_MAX);

	must(model, ouro_batch_begin(model->vault, &batch, &model->err));
	for (size_t i = 0; i < count; i++) {
		item_plan(model, &items[i], &options);
		must(model,
		    ouro_batch_finish_put(batch,
			put_begin(model, &options, &items[i].recipe),
			&results[i], &model->err));
	}
	if (draw(model, 3) == 0)
		store_gc(model);
	if (draw(model, 4) == 0) {
		ouro_batch_abort(batch);
		return;
	}
	must(model, ouro_batch_commit(batch, &model->err));
	for (size_t i = 0; i < count; i++)
		item_note(model, &items[i], &results[i]);
}

/* ---- reading -------------------------------------------------------------------------- */

static void
item_get(struct model *model, const struct item *item, bool whole)
{
	size_t from = 0, want = item->recipe.size + 1, got = 0;
	struct ouro_get *get;

	must(model,
	    ouro_get_open(model->vault,
		draw(model, 2) == 0 ? item->content : item->version, &get,
		&model->err));
	assert_int_equal(ouro_get_size(get), item->recipe.size);
	recipe_make(&item->recipe);
	if (!whole) {
		from = draw(model, item->recipe.size + 10);
		want = draw(model, 70000);
		must(model, ouro_get_seek(get, from, &model->err));
	}
	while (got < want && got < sizeof(bytes_read)) {
		size_t part;

		must(model,
		    ouro_get_read(get, bytes_read + got, want - got, &part,
			&model->err));
		if (part == 0)
			break;
		got += part;
	}
	ouro_get_close(get);
	if (from > item->recipe.size)
		from = item->recipe.size;
	assert_int_equal(got,
	    want < item->recipe.size - from ? want : item->recipe.size - from);
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
	must(model,
	    ouro_versions(model->vault, name_text(name), version_each, &list,
		&model->err));
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
		assert_true(found->has_parent || !info.has_parent);
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

/* A content that is there is found exactly as long as something keeps it. */
static void
content_check(struct model *model)
{
	size_t index;

	if (model->content_count == 0)
		return;
	index = draw(model, model->content_count);
	assert_int_equal(ouro_exists(model->vault, model->contents[index].id,
			     &model->err),
	    content_live(model, index) ? OURO_OK : OURO_NOT_FOUND);
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

static void
name_remove(struct model *model)
{
	unsigned name = (unsigned)draw(model, NAMES);
	char text[OURO_NAME_MAX];
	bool there = item_newest(model, name) != NULL;

	snprintf(text, sizeof(text), "name:%s", name_text(name));
	assert_int_equal(text_remove(model, text, draw(model, 2) == 0),
	    there ? OURO_OK : OURO_NOT_FOUND);
	for (size_t i = model->count; i-- > 0;)
		if (model->items[i].name == name)
			item_remove(model, &model->items[i]);
}

static void
version_remove(struct model *model)
{
	struct item *item = item_draw(model);
	uint8_t id[OURO_ID_SIZE];
	bool force = draw(model, 2) == 0, refused;

	if (item == NULL)
		return;
	memcpy(id, item->version, OURO_ID_SIZE);
	refused = !force && item_newest(model, item->name) != item &&
	    item->name < NAMES;
	assert_int_equal(id_remove(model, id, force),
	    refused ? OURO_REFUSED : OURO_OK);
	if (refused)
		return;
	item_remove(model, item);
	assert_int_equal(ouro_exists(model->vault, id, &model->err),
	    OURO_NOT_FOUND);
}

/* Every version by content goes; with force, the content too. */
static void
content_remove(struct model *model)
{
	bool force = draw(model, 2) == 0;
	size_t index, children, named, plain;
	uint8_t id[OURO_ID_SIZE];
	enum ouro_status expected = OURO_OK;

	if (model->content_count == 0)
		return;
	index = draw(model, model->content_count);
	memcpy(id, model->contents[index].id, OURO_ID_SIZE);
	children = children_live(model, id);
	named = version_count(model, id, true);
	plain = version_count(model, id, false);
	if (!content_live(model, index))
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
			item_remove(model, &model->items[i]);
	if (named == 0 && children > 0)
		content_forget(model, index);
}

/* ---- care ---------------------------------------------------------------------------------- */

static bool
reopen(struct model *model)
{
	struct ouro_vault_options options = { .size = sizeof(options),
		.k = 2,
		.m = 1,
		.level = 1,
		.segment_size = 4 * 1024 * 1024,
		.node = "model" };

	ouro_vault_close(model->vault);
	model->vault = NULL;
	must(model,
	    vault_open(DIR, &options, model->fs, model->executor, &model->vault,
		&model->err));
	return true;
}

/* A slice is gone, or one of its bytes is wrong. */
static void
slice_damage(struct model *model, const uint8_t chunk[HASH_SIZE],
    const Ouro__StripeRow *row, unsigned index)
{
	struct slice_key key = slice_key(chunk, row->stripe_id.data, index);
	struct engine *engine = lane(model->vault, row->lanes.data[index]);
	struct engine_op op = { .kind = ENGINE_DELETE,
		.key = bytes_of(key.data, sizeof(key.data)) };
	struct engine_value value = { 0 };
	uint8_t *copy = NULL;

	if (draw(model, 2) == 0 &&
	    engine_get(engine, op.key, &value, NULL) == OURO_OK) {
		copy = malloc(value.bytes.size);
		assert_non_null(copy);
		memcpy(copy, value.bytes.data, value.bytes.size);
		copy[draw(model, value.bytes.size)] ^= 0x10;
		op.kind = ENGINE_PUT;
		op.value = bytes_of(copy, value.bytes.size);
	}
	engine_value_release(&value);
	must(model,
	    engine_apply(engine, &op, 1, ENGINE_SYNC_ALWAYS, &model->err));
	free(copy);
}

static void
chunk_damage(struct model *model, const uint8_t chunk[HASH_SIZE])
{
	Ouro__ChunkRow *row;

	must(model, chunk_row_get(model->vault, chunk, &row, &model->err));
	for (size_t i = 0; i < row->n_stripes; i++) {
		const Ouro__StripeRow *stripe = row->stripes[i];
		unsigned count = (unsigned)stripe->lanes.len;
		unsigned first = (unsigned)draw(model, count);

		for (unsigned j = 0; j < count - stripe->k; j++)
			slice_damage(model, chunk, stripe, (first + j) % count);
	}
	canonical_free(&row->base);
}

/* Up to m slices of some chunks; again only after a repair. */
static void
chunks_damage(struct model *model)
{
	struct row_key prefix = row_table(ROW_CHUNK);
	struct engine_range range = { .prefix = row_bytes(&prefix),
		.keys_only = true };
	struct engine_scan *scan;
	struct bytes key, value;

	if (model->damaged)
		return;
	model->damaged = true;
	must(model,
	    engine_scan_open(model->vault->records, &range, &scan,
		&model->err));
	while (engine_scan_next(scan, &key, &value, NULL) == OURO_OK)
		if (draw(model, 3) == 0)
			chunk_damage(model, key.data + 1);
	engine_scan_close(scan);
}

static void
store_verify(struct model *model)
{
	struct ouro_care_options options = { .size = sizeof(options) };
	struct ouro_care_result result;
	enum ouro_status status;

	status = ouro_verify(model->vault, &options, &result, &model->err);
	if (status != OURO_OK && !model->damaged)
		fail_msg("verify: %s", model->err.text);
	assert_true(status == OURO_OK || status == OURO_DAMAGED);
	assert_int_equal(result.contents_lost, 0);
	assert_int_equal(result.chunks_lost, 0);
	assert_int_equal(result.records_bad, 0);
}

static void
store_repair(struct model *model)
{
	struct ouro_care_options options = { .size = sizeof(options),
		.rebuild_index = draw(model, 2) == 0 };
	struct ouro_care_result result;

	must(model, ouro_repair(model->vault, &options, &result, &model->err));
	model->damaged = false;
	store_verify(model);
}

/* ---- running ------------------------------------------------------------------------------- */

/* Until there is room again, nothing is added. */
static void
put_some(struct model *model)
{
	if (model->count + BATCH_MAX > ITEMS_MAX)
		name_remove(model);
	else if (model->content_count + BATCH_MAX > CONTENTS_MAX)
		store_gc(model);
	else if (draw(model, 12) == 0)
		batch_put(model);
	else
		item_put(model);
}

static void
remove_some(struct model *model)
{
	switch (draw(model, 4)) {
	case 0:
		name_remove(model);
		break;
	case 1:
		content_remove(model);
		break;
	default:
		version_remove(model);
		break;
	}
}

static void
care_some(struct model *model)
{
	switch (draw(model, 12)) {
	case 0:
		store_verify(model);
		break;
	case 1:
		store_repair(model);
		break;
	case 2:
		must(model, ouro_keys_rotate(model->vault, &model->err));
		break;
	case 3:
		chunks_damage(model);
		break;
	case 4:
	case 5:
		reopen(model);
		break;
	case 6:
		list_check(model);
		break;
	case 7:
		all_check(model);
		break;
	default:
		store_gc(model);
		break;
	}
}

static void
step(struct model *model)
{
	uint64_t kind = draw(model, 1000);

	if (kind < 300)
		put_some(model);
	else if (kind < 700)
		some_get(model);
	else if (kind < 880)
		remove_some(model);
	else if (kind < 940)
		name_check(model, (unsigned)draw(model, NAMES));
	else if (kind < 990)
		content_check(model);
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
	must(&model,
	    executor_open_manual(seed, model.fs, &model.executor, &model.err));
	reopen(&model);
	for (step_now = 1; step_now <= steps; step_now++)
		step(&model);
	all_check(&model);
	store_repair(&model);
	store_gc(&model);
	reopen(&model);
	all_check(&model);
	store_verify(&model);
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
	streams_make();
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
