/*
 * Parents and children of the model, beside those of the vault.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "vault_model.h"

/* Each is a content of the model, with the parent asked for or as a root. */
struct checking {
	const struct model *model;
	const uint8_t *parent; /* NULL: roots */
	uint8_t last[OURO_ID_SIZE];
	size_t count;
};

static bool
parent_is_here(const struct model *model, const struct content_known *content)
{
	return content->has_parent &&
	    model_content_index(model, content->parent) < model->content_count;
}

static bool
id_check(void *context, const uint8_t id[OURO_ID_SIZE])
{
	struct checking *checking = context;
	const struct model *model = checking->model;
	size_t index = model_content_index(model, id);
	const struct content_known *content = &model->contents[index];

	assert_true(index < model->content_count);
	assert_true(model_content_live(model, index));
	assert_true(memcmp(checking->last, id, OURO_ID_SIZE) < 0);
	memcpy(checking->last, id, OURO_ID_SIZE);
	if (checking->parent == NULL)
		assert_false(parent_is_here(model, content));
	else
		assert_memory_equal(content->parent, checking->parent,
		    OURO_ID_SIZE);
	checking->count++;
	return true;
}

static void
roots_check(struct model *model)
{
	struct checking checking = { .model = model };
	size_t expected = 0;

	for (size_t i = 0; i < model->content_count; i++)
		expected += !parent_is_here(model, &model->contents[i]) &&
		    model_content_live(model, i);
	model_must(model,
	    ouro_roots(model->vault, NULL, id_check, &checking, &model->err));
	assert_int_equal(checking.count, expected);
}

void
model_hierarchy_check(struct model *model)
{
	struct checking checking = { .model = model };
	const struct content_known *content;
	size_t expected;
	enum ouro_status status;

	if (model->content_count == 0)
		return;
	roots_check(model);
	content = &model->contents[model_draw(model, model->content_count)];
	checking.parent = content->has_parent ? content->parent : content->id;
	expected = model_children_live(model, checking.parent);
	status = ouro_children(model->vault, checking.parent, NULL, id_check,
	    &checking, &model->err);
	assert_int_equal(checking.count, expected);
	assert_true(
	    status == OURO_OK || (status == OURO_NOT_FOUND && expected == 0));
}
