#include "exchange/import.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/options.h"
#include "exchange/import_version.h"
#include "seal/derive.h"
#include "vault/chunk.h"
#include "vault/unite.h"

#define PROGRESS_STEP (256u * 1024)

enum ouro_status
import_judge(const struct import *import, enum ouro_status status,
    const struct ouro_error *error, struct ouro_error *err)
{
	/* The keyring came with the stream: it lacks an epoch that this needs. */
	if (status == OURO_DAMAGED || status == OURO_WRONG_KEY)
		return archive_refuse(import->reader, error->text, err);
	if (status != OURO_OK && err != NULL)
		*err = *error;
	return status;
}

/* ---- frames --------------------------------------------------------------------- */

/* How far the stream is with a frame of that type; 0: there is no such. */
static unsigned
stage_of(uint8_t type)
{
	switch (type) {
	case EXCHANGE_CHUNK:
	case EXCHANGE_PAGE:
	case EXCHANGE_CONTENT:
		return 1;
	case EXCHANGE_VERSION:
		return 2;
	case EXCHANGE_CONTEXT:
		return 3;
	case ARCHIVE_END:
		return 4;
	default:
		return 0;
	}
}

static enum ouro_status
version_offer(struct import *import, const uint8_t id[HASH_SIZE],
    struct bytes record, struct ouro_error *err)
{
	struct ouro_error error;

	import->counts.versions++;
	return import_judge(import,
	    unite_offer(import->unite, id, record, &error), &error, err);
}

static enum ouro_status
context_offer(struct import *import, struct bytes content,
    struct ouro_error *err)
{
	struct ouro_error error;

	if (content.size < INCARNATION_SIZE)
		return archive_refuse(import->reader, "a context is too short",
		    err);
	import->counts.contexts++;
	return import_judge(import,
	    unite_context(import->unite, content.data,
		bytes_of(content.data + INCARNATION_SIZE,
		    content.size - INCARNATION_SIZE),
		&error),
	    &error, err);
}

/* A record and its id in front. */
static enum ouro_status
record_import(struct import *import, uint8_t type, struct bytes content,
    struct ouro_error *err)
{
	const uint8_t *id = content.data;
	struct bytes record;

	if (content.size < HASH_SIZE)
		return archive_refuse(import->reader, "a record is too short",
		    err);
	record = bytes_of(content.data + HASH_SIZE, content.size - HASH_SIZE);
	if (type == EXCHANGE_VERSION)
		return version_offer(import, id, record, err);
	if (type == EXCHANGE_PAGE) {
		import->counts.pages++;
		return import_page(import, id, record, err);
	}
	import->counts.contents++;
	return import_content(import, id, record, err);
}

static enum ouro_status
frame_import(struct import *import, uint8_t type, struct bytes content,
    struct ouro_error *err)
{
	unsigned stage = stage_of(type);
	enum ouro_status status = OURO_OK;

	if (stage < import->stage)
		return archive_refuse(import->reader,
		    "its parts are out of order, or of an unknown type", err);
	if (stage > 1 && import->stage <= 1)
		status = import_contents_flush(import, err);
	import->stage = stage;
	if (status != OURO_OK)
		return status;
	if (type == ARCHIVE_END)
		return exchange_end_fits(&import->counts, content)
		    ? OURO_OK
		    : archive_refuse(import->reader,
			  "it does not have what its end counts", err);
	if (type == EXCHANGE_CONTEXT && import->scope != EXCHANGE_WHOLE)
		return archive_refuse(import->reader,
		    "a part of a vault claims nothing", err);
	if (type == EXCHANGE_CONTEXT)
		return context_offer(import, content, err);
	if (type != EXCHANGE_CHUNK)
		return record_import(import, type, content, err);
	import->counts.chunks++;
	return import_chunk(import, content, err);
}

static enum ouro_status
progress(struct import *import, struct ouro_error *err)
{
	const struct ouro_import_options *options = import->options;
	uint64_t offset = archive_offset(import->reader);

	if (options->progress == NULL || offset - import->told < PROGRESS_STEP)
		return OURO_OK;
	import->told = offset;
	return options->progress(options->context, offset, 0)
	    ? OURO_OK
	    : error_set(err, OURO_CANCELLED, "the import was stopped");
}

static enum ouro_status
frames_import(struct import *import, struct ouro_error *err)
{
	struct bytes content;
	uint8_t type;
	enum ouro_status status = OURO_OK;

	import->stage = 1;
	while (status == OURO_OK) {
		status = archive_read(import->reader, &type, &content, err);
		if (status == OURO_OK)
			status = frame_import(import, type, content, err);
		if (status == OURO_OK)
			status = progress(import, err);
	}
	return status == OURO_END ? OURO_OK : status;
}

/* ---- the versions ------------------------------------------------------------------ */

static void
removed_tell(void *context, const uint8_t id[HASH_SIZE],
    const Ouro__RefRecord *ref)
{
	const struct import *import = context;

	import_version_tell(import->vault, id, ref, import->options->removed,
	    import->options->context);
}

static enum ouro_status
versions_apply(struct import *import, struct ouro_error *err)
{
	struct unite_options options = { .as_new = import->options->as_new,
		.removed = import->options->removed != NULL ? removed_tell
							    : NULL,
		.context = import };
	struct unite_result result = { 0 };
	enum ouro_status status = unite_apply(import->unite, &options, &result,
	    err);

	import->result->versions = result.taken;
	import->result->versions_there = result.there;
	import->result->versions_removed = result.removed;
	import->result->versions_new = result.written_new;
	import->result->versions_dropped = result.dropped;
	import->result->heads_trashed = result.trashed;
	return status;
}

enum ouro_status
import_run(struct ouro_vault *vault, enum exchange_scope scope,
    const struct ouro_import_options *options, struct archive_reader *reader,
    struct ouro_import_result *result, struct ouro_error *err)
{
	struct import import = { .vault = vault,
		.scope = scope,
		.options = options,
		.result = result,
		.reader = reader };
	enum ouro_status status = chunk_slot_take(vault, &import.slot, err);

	if (status != OURO_OK)
		return status;
	pins_hold(&vault->pins, PINS_IMPORT);
	status = unite_open(vault, &import.unite, err);
	if (status == OURO_OK)
		status = frames_import(&import, err);
	if (status == OURO_OK)
		status = versions_apply(&import, err);
	unite_close(import.unite);
	pins_unhold(&vault->pins, PINS_IMPORT);
	import_parts_release(&import);
	chunk_slot_give(vault, import.slot);
	return status;
}

/* ---- beginning ------------------------------------------------------------------------ */

enum ouro_status
import_head_read(struct archive_reader *reader, struct archive_head *head,
    struct ouro_error *err)
{
	enum ouro_status status = archive_read_head(reader, head, err);

	if (status == OURO_OK && head->kind != ARCHIVE_VAULT)
		status = error_set(err, OURO_REFUSED,
		    "this is a bundle of shared content, which is no part of "
		    "a vault");
	return status;
}

enum ouro_status
import_scope_read(struct archive_reader *reader, const uint8_t id_key[KEY_SIZE],
    enum exchange_scope *scope, struct ouro_error *err)
{
	uint8_t secret[KEY_SIZE], type = 0;
	struct bytes content = { 0 };
	enum ouro_status status = derive_archive_key(id_key, secret, err);

	if (status == OURO_OK)
		status = archive_unlock(reader, secret, err);
	bytes_wipe(secret, sizeof(secret));
	if (status == OURO_OK)
		status = archive_read(reader, &type, &content, err);
	if (status != OURO_OK)
		return status;
	if (type != EXCHANGE_SCOPE || content.size < 1 ||
	    content.data[0] > EXCHANGE_TREE)
		return archive_refuse(reader, "it does not tell its scope",
		    err);
	*scope = (enum exchange_scope)content.data[0];
	return OURO_OK;
}

static enum ouro_status
import_begun(struct ouro_vault *vault,
    const struct ouro_import_options *options, struct archive_reader *reader,
    struct ouro_import_result *result, struct ouro_error *err)
{
	struct keyring *newer = NULL;
	struct archive_head head;
	enum exchange_scope scope = EXCHANGE_WHOLE;
	enum ouro_status status = import_head_read(reader, &head, err);

	if (status == OURO_OK)
		status = import_keys_compare(vault, &head, &newer, err);
	if (status == OURO_OK)
		status = import_scope_read(reader,
		    keyring_id_key(vault->keyring), &scope, err);
	if (status == OURO_OK && newer != NULL)
		status = import_keys_adopt(vault, newer, err);
	keyring_free(newer);
	return status == OURO_OK
	    ? import_run(vault, scope, options, reader, result, err)
	    : status;
}

enum ouro_status
ouro_import(struct ouro_vault *vault, const struct ouro_import_options *options,
    ouro_source *source, void *source_context,
    struct ouro_import_result *result, struct ouro_error *err)
{
	struct ouro_import_options own_options;
	struct ouro_import_result own;
	struct archive_reader *reader;
	enum ouro_status status = vault_writable(vault, err);

	if (result == NULL)
		result = &own;
	*result = (struct ouro_import_result){ 0 };
	if (status == OURO_OK)
		status = options_take(&own_options, sizeof(own_options),
		    "struct ouro_import_options", options, err);
	if (status == OURO_OK)
		status = archive_reader_new(source, source_context, &reader,
		    err);
	if (status != OURO_OK)
		return status;
	status = import_begun(vault, &own_options, reader, result, err);
	archive_reader_free(reader);
	return status;
}
