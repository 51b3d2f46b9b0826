#include "vault_model_versions.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/fs_memory.h"
#include "exchange/import.h"

static enum ouro_status
stream_append(void *context, const void *data, size_t size,
    struct ouro_error *err)
{
	return buffer_append(context, bytes_of(data, size), err);
}

/* Context: what is left of it. */
static enum ouro_status
stream_read(void *context, void *data, size_t size, size_t *got,
    struct ouro_error *err)
{
	struct bytes *rest = context;

	(void)err;
	*got = size < rest->size ? size : rest->size;
	if (*got > 0)
		memcpy(data, rest->data, *got);
	*rest = bytes_of(rest->data + *got, rest->size - *got);
	return OURO_OK;
}

static void
stream_make(struct versions_model *model, struct buffer *out)
{
	struct model *vault = &model->vault;

	out->size = 0;
	model_must(vault,
	    ouro_export(vault->vault, NULL, stream_append, out, NULL,
		&vault->err));
}

void
versions_stream_keep(struct versions_model *model)
{
	stream_make(model, &model->early);
}

void
versions_stream_late(struct versions_model *model)
{
	struct bytes rest = buffer_bytes(&model->early);
	struct model *vault = &model->vault;
	struct ouro_import_result result;

	if (rest.size == 0)
		return;
	model_must(vault,
	    ouro_import(vault->vault, NULL, stream_read, &rest, &result,
		&vault->err));
	versions_limit_set(model);
	assert_int_equal(result.versions, 0);
	assert_int_equal(result.versions_dropped, 0);
	assert_int_equal(result.heads_trashed, 0);
	versions_check(model);
}

void
versions_move(struct versions_model *model)
{
	struct model *vault = &model->vault;
	struct ouro_import_options options = { .size = sizeof(options) };
	struct ouro_import_result result;
	struct buffer stream = { 0 };
	struct import_new made = { .vault_options = model_options(vault),
		.fs = vault->fs,
		.executor = vault->executor };
	struct bytes rest;

	stream_make(model, &stream);
	ouro_vault_close(vault->vault);
	vault->vault = NULL;
	vault->moves++;
	made.dir = model_dir(vault);
	rest = buffer_bytes(&stream);
	model_must(vault,
	    import_new(&made, &options, stream_read, &rest, &result,
		&vault->vault, &vault->err));
	assert_int_equal(result.versions, model->count);
	buffer_release(&stream);
	versions_open(model);
	versions_check(model);
}

void
versions_kill(struct versions_model *model)
{
	struct model *vault = &model->vault;
	bool collecting = model_draw(vault, 2) == 0;
	struct fs_fault end = { .call = FS_CALL_ANY,
		.nth = collecting ? 1 + model_draw(vault, 40) : 1,
		.errnum = EIO,
		.for_ever = true };

	fs_memory_fault(vault->fs, end);
	if (collecting)
		(void)ouro_gc(vault->vault, NULL, NULL, NULL, NULL);
	end.nth = 1;
	fs_memory_fault(vault->fs, end);
	ouro_vault_close(vault->vault);
	vault->vault = NULL;
	fs_memory_fault(vault->fs, (struct fs_fault){ 0 });
	versions_open(model);
	if (collecting)
		versions_gc(model);
	versions_check(model);
}
