#include "vault_model_versions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct walk {
	struct versions_model *model;
	struct known **expected;
	size_t count, at;
};

static bool
shown_check(void *context, const struct ouro_version *shown)
{
	struct walk *walk = context;
	const struct known *known;
	struct known *heads[KNOWN_MAX];

	assert_true(walk->at < walk->count);
	known = walk->expected[walk->at++];
	assert_memory_equal(shown->id, known->id, OURO_ID_SIZE);
	assert_int_equal(shown->deletion, known->deletion);
	assert_int_equal(shown->stamp, known->stamp);
	assert_int_equal(shown->expires_ms, known->expires_ms);
	assert_int_equal(shown->expired,
	    !known->deletion && known_ended(walk->model, known));
	assert_int_equal(shown->head, known_is_head(walk->model, known));
	versions_heads(walk->model, known->path, heads);
	assert_int_equal(shown->winner, known == heads[0]);
	if (!known->deletion)
		assert_memory_equal(shown->content, known->content,
		    OURO_ID_SIZE);
	return true;
}

void
version_name_check(struct versions_model *model, unsigned path)
{
	const struct path *name = &versions_paths[path];
	struct ouro_vault *vault = model->vault.vault;
	struct known *all[KNOWN_MAX], *heads[KNOWN_MAX];
	struct walk history = { model, all, versions_history(model, path, all),
		0 };
	struct walk shown = { model, heads, versions_heads(model, path, heads),
		0 };
	enum ouro_status expected = history.count > 0 ? OURO_OK
						      : OURO_NOT_FOUND;
	uint8_t content[OURO_ID_SIZE], version[OURO_ID_SIZE];

	assert_int_equal(ouro_history(vault, name->namespace_, name->path,
			     shown_check, &history, &model->vault.err),
	    expected);
	assert_int_equal(history.at, history.count);
	assert_int_equal(ouro_heads(vault, name->namespace_, name->path,
			     shown_check, &shown, &model->vault.err),
	    expected);
	assert_int_equal(shown.at, shown.count);
	if (shown.count == 0 || known_ended(model, heads[0]))
		expected = OURO_NOT_FOUND;
	assert_int_equal(ouro_name_read(vault, name->namespace_, name->path,
			     content, version, &model->vault.err),
	    expected);
	if (expected != OURO_OK)
		return;
	assert_memory_equal(version, heads[0]->id, OURO_ID_SIZE);
	assert_memory_equal(content, heads[0]->content, OURO_ID_SIZE);
}

static void
list_check(struct versions_model *model, const char *namespace_)
{
	struct ouro_list_options options = { .size = sizeof(options),
		.namespace_ = namespace_,
		.names_only = true };
	struct known *heads[KNOWN_MAX];
	struct ouro_list *list;
	struct ouro_info info;
	size_t expected = 0, shown = 0;
	enum ouro_status status;

	for (unsigned i = 0; i < PATHS; i++)
		expected += strcmp(versions_paths[i].namespace_ != NULL
				    ? versions_paths[i].namespace_
				    : "blobs",
				namespace_) == 0 &&
		    versions_heads(model, i, heads) > 0 &&
		    !known_ended(model, heads[0]);
	model_must(&model->vault,
	    ouro_list_open(model->vault.vault, &options, &list,
		&model->vault.err));
	while ((status = ouro_list_next(list, &info, &model->vault.err)) ==
	    OURO_OK) {
		ouro_info_release(&info);
		shown++;
	}
	ouro_list_close(list);
	assert_int_equal(status, OURO_END);
	assert_int_equal(shown, expected);
}

void
versions_check(struct versions_model *model)
{
	for (unsigned i = 0; i < PATHS; i++)
		version_name_check(model, i);
	list_check(model, "blobs");
	list_check(model, "kv");
}
