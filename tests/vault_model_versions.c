#include "vault_model_versions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

const struct path versions_paths[PATHS] = { { NULL, "a" }, { "kv", "a" },
	{ NULL, "a/b" }, { "kv", "a/b" }, { NULL, "b" }, { "kv", "\xc3\xa9" } };

bool
known_has_seen(const struct known *later, const struct known *earlier)
{
	return later->path == earlier->path &&
	    (later->seen[earlier->number / 64] >> earlier->number % 64 & 1) !=
	    0;
}

bool
known_is_head(const struct versions_model *model, const struct known *known)
{
	for (size_t i = 0; i < model->count; i++)
		if (known_has_seen(&model->list[i], known))
			return false;
	return true;
}

bool
known_ended(struct versions_model *model, const struct known *known)
{
	return known->deletion ||
	    (known->expires_ms != 0 &&
		known->expires_ms <= fs_wall_ms(model->vault.fs));
}

static int
winner_compare(const void *a, const void *b)
{
	const struct known *x = *(struct known *const *)a,
			   *y = *(struct known *const *)b;

	if (x->stamp != y->stamp)
		return x->stamp > y->stamp ? -1 : 1;
	if (x->joined != y->joined)
		return x->joined < y->joined ? -1 : 1;
	return memcmp(x->uuid, y->uuid, sizeof(x->uuid));
}

static int
newest_compare(const void *a, const void *b)
{
	const struct known *x = *(struct known *const *)a,
			   *y = *(struct known *const *)b;

	if (x->stamp != y->stamp)
		return x->stamp > y->stamp ? -1 : 1;
	return memcmp(y->id, x->id, OURO_ID_SIZE);
}

size_t
versions_heads(struct versions_model *model, unsigned path,
    struct known *heads[KNOWN_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < model->count; i++)
		if (model->list[i].path == path &&
		    known_is_head(model, &model->list[i]))
			heads[count++] = &model->list[i];
	if (count > 0)
		qsort(heads, count, sizeof(*heads), winner_compare);
	return count;
}

size_t
versions_history(struct versions_model *model, unsigned path,
    struct known *all[KNOWN_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < model->count; i++)
		if (model->list[i].path == path)
			all[count++] = &model->list[i];
	if (count > 0)
		qsort(all, count, sizeof(*all), newest_compare);
	return count;
}

struct known *
known_by_number(struct versions_model *model, uint32_t number)
{
	for (size_t i = 0; i < model->count; i++)
		if (model->list[i].number == number)
			return &model->list[i];
	return NULL;
}

void
known_forget(struct versions_model *model, struct known *known)
{
	*known = model->list[--model->count];
}

void
versions_prune(struct versions_model *model, unsigned path, size_t most)
{
	struct known *all[KNOWN_MAX], *heads[KNOWN_MAX], *oldest;
	size_t count = versions_history(model, path, all);
	size_t beside = count - versions_heads(model, path, heads);

	while (beside > model->limit && most > 0) {
		count = versions_history(model, path, all);
		while (known_is_head(model, all[count - 1]))
			count--;
		oldest = all[count - 1];
		known_forget(model, oldest);
		beside--;
		most--;
	}
}
