#include "vault_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "seal/canonical.h"
#include "vault/chunk.h"

/* ---- reading -------------------------------------------------------------------------- */

static void
item_get(struct model *model, const struct item *item, bool whole)
{
	size_t from = 0, want = item->recipe.size + 1, got = 0;
	struct ouro_get *get;

	model_must(model,
	    ouro_get_open(model->vault,
		model_draw(model, 2) == 0 ? item->content : item->version, &get,
		&model->err));
	assert_int_equal(ouro_get_size(get), item->recipe.size);
	model_recipe_make(&item->recipe);
	if (!whole) {
		from = model_draw(model, item->recipe.size + 10);
		want = model_draw(model, 70000);
		model_must(model, ouro_get_seek(get, from, &model->err));
	}
	while (got < want && got < sizeof(model_bytes_read)) {
		size_t part;

		model_must(model,
		    ouro_get_read(get, model_bytes_read + got, want - got,
			&part, &model->err));
		if (part == 0)
			break;
		got += part;
	}
	ouro_get_close(get);
	if (from > item->recipe.size)
		from = item->recipe.size;
	assert_int_equal(got,
	    want < item->recipe.size - from ? want : item->recipe.size - from);
	assert_memory_equal(model_bytes_read, model_bytes_made + from, got);
}

void
model_some_get(struct model *model)
{
	struct item *item = model_item_draw(model);

	if (item != NULL)
		item_get(model, item, model_draw(model, 2) == 0);
}

struct version_list {
	uint8_t ids[ITEMS_MAX][OURO_ID_SIZE];
	size_t count;
};

static bool
version_each(void *context, const struct ouro_version *version)
{
	struct version_list *list = context;

	assert_true(list->count < ITEMS_MAX);
	memcpy(list->ids[list->count++], version->id, OURO_ID_SIZE);
	return true;
}

void
model_name_check(struct model *model, unsigned name)
{
	static struct version_list list;
	struct item *newest = model_item_newest(model, name);
	struct ouro_target target;
	char text[OURO_NAME_MAX];
	uint64_t order = UINT64_MAX;
	enum ouro_status status;
	size_t count = 0;

	list.count = 0;
	snprintf(text, sizeof(text), "name:%s", model_name_text(name));
	status = ouro_resolve(model->vault, text, &target, &model->err);
	if (newest == NULL) {
		assert_int_equal(status, OURO_NOT_FOUND);
		return;
	}
	model_must(model, status);
	assert_true(target.by_name);
	assert_memory_equal(target.id, newest->version, OURO_ID_SIZE);
	model_must(model,
	    ouro_history(model->vault, NULL, model_name_text(name),
		version_each, &list, &model->err));
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

void
model_list_check(struct model *model)
{
	struct ouro_list_options options = { .size = sizeof(options),
		.detail = model_draw(model, 4) == 0 };
	struct ouro_list *list;
	struct ouro_info info;
	size_t shown = 0, expected = 0;
	enum ouro_status status;

	for (unsigned name = 0; name < NAMES; name++)
		expected += model_item_newest(model, name) != NULL;
	for (size_t i = 0; i < model->count; i++)
		expected += model->items[i].name >= NAMES;
	model_must(model,
	    ouro_list_open(model->vault, &options, &list, &model->err));
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

void
model_all_check(struct model *model)
{
	for (unsigned name = 0; name < NAMES; name++)
		model_name_check(model, name);
	model_list_check(model);
	for (size_t i = 0; i < model->count; i++)
		item_get(model, &model->items[i], true);
}

void
model_content_check(struct model *model)
{
	size_t index;

	if (model->content_count == 0)
		return;
	index = model_draw(model, model->content_count);
	assert_int_equal(ouro_exists(model->vault, model->contents[index].id,
			     &model->err),
	    model_content_live(model, index) ? OURO_OK : OURO_NOT_FOUND);
}

/* ---- care ---------------------------------------------------------------------------------- */

const char *
model_dir(const struct model *model)
{
	static char dir[32];

	snprintf(dir, sizeof(dir), "/store%u", model->moves);
	return dir;
}

const struct ouro_vault_options *
model_options(const struct model *model)
{
	static const struct ouro_vault_options options = {
		.size = sizeof(options),
		.key_file = "/member.key",
		.k = 2,
		.m = 1,
		.level = 1,
		.segment_size = 4 * 1024 * 1024,
		.node = "model",
	};

	(void)model;
	return &options;
}

bool
model_reopen(struct model *model)
{
	ouro_vault_close(model->vault);
	model->vault = NULL;
	model_must(model,
	    vault_open(model_dir(model), model_options(model), model->fs,
		model->executor, &model->vault, &model->err));
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

	if (model_draw(model, 2) == 0 &&
	    engine_get(engine, op.key, &value, NULL) == OURO_OK) {
		copy = malloc(value.bytes.size);
		assert_non_null(copy);
		memcpy(copy, value.bytes.data, value.bytes.size);
		copy[model_draw(model, value.bytes.size)] ^= 0x10;
		op.kind = ENGINE_PUT;
		op.value = bytes_of(copy, value.bytes.size);
	}
	engine_value_release(&value);
	model_must(model,
	    engine_apply(engine, &op, 1, ENGINE_SYNC_ALWAYS, &model->err));
	free(copy);
}

static void
chunk_damage(struct model *model, const uint8_t chunk[HASH_SIZE])
{
	Ouro__ChunkRow *row;

	model_must(model,
	    chunk_row_get(model->vault, chunk, &row, &model->err));
	for (size_t i = 0; i < row->n_stripes; i++) {
		const Ouro__StripeRow *stripe = row->stripes[i];
		unsigned count = (unsigned)stripe->lanes.len;
		unsigned first = (unsigned)model_draw(model, count);

		for (unsigned j = 0; j < count - stripe->k; j++)
			slice_damage(model, chunk, stripe, (first + j) % count);
	}
	canonical_free(&row->base);
}

void
model_chunks_damage(struct model *model)
{
	struct row_key prefix = row_table(ROW_CHUNK);
	struct engine_range range = { .prefix = row_bytes(&prefix),
		.keys_only = true };
	struct engine_scan *scan;
	struct bytes key, value;

	if (model->damaged)
		return;
	model->damaged = true;
	model_must(model,
	    engine_scan_open(model->vault->records, &range, &scan,
		&model->err));
	while (engine_scan_next(scan, &key, &value, NULL) == OURO_OK)
		if (model_draw(model, 3) == 0)
			chunk_damage(model, key.data + 1);
	engine_scan_close(scan);
}

void
model_store_verify(struct model *model)
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

void
model_store_repair(struct model *model)
{
	struct ouro_care_options options = { .size = sizeof(options),
		.rebuild_index = model_draw(model, 2) == 0 };
	struct ouro_care_result result;

	model_must(model,
	    ouro_repair(model->vault, &options, &result, &model->err));
	model->damaged = false;
	model_store_verify(model);
}
