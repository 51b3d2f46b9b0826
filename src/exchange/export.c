#include "exchange/export.h"

#include "base/error.h"
#include "base/options.h"
#include "exchange/export_versions.h"
#include "seal/derive.h"
#include "vault/chunk.h"
#include "vault/context.h"
#include "vault/reach.h"
#include "vault/unite.h"

/* ---- the scope ---------------------------------------------------------------- */

static enum ouro_status
options_check(const struct ouro_export_options *options, struct ouro_error *err)
{
	if (options->path != NULL && options->root != NULL)
		return error_set(err, OURO_INVALID,
		    "a name or a subtree is exported, not both at once");
	if (options->begun != NULL && options->kept == NULL)
		return error_set(err, OURO_INVALID,
		    "whoever goes on with a stream has to know where");
	return OURO_OK;
}

enum ouro_status
export_scope(const struct export *export, struct buffer *out,
    struct ouro_error *err)
{
	const struct ouro_export_options *options = export->options;
	const char *namespace_ = options->namespace_ != NULL
	    ? options->namespace_
	    : "blobs";
	uint8_t scope = (uint8_t) export->scope;
	enum ouro_status status = buffer_set(out, bytes_of(&scope, 1), err);

	if (status == OURO_OK && export->scope == EXCHANGE_TREE)
		status = buffer_append(out, bytes_of(options->root, HASH_SIZE),
		    err);
	if (status != OURO_OK || export->scope != EXCHANGE_NAME)
		return status;
	status = buffer_append(out,
	    bytes_of(namespace_, strlen(namespace_) + 1), err);
	if (status == OURO_OK)
		status = buffer_append(out, bytes_text(options->path), err);
	return status;
}

/* ---- beginning ------------------------------------------------------------------- */

static enum ouro_status
keyring_take(struct export *export, struct buffer *out, struct ouro_error *err)
{
	struct ouro_vault *vault = export->vault;
	enum ouro_status status;

	pthread_rwlock_rdlock(&vault->keys_lock);
	status = keyring_encode(vault->keyring, out, err);
	export->epoch = keyring_epoch(vault->keyring);
	pthread_rwlock_unlock(&vault->keys_lock);
	return status;
}

static enum ouro_status
stream_new(struct export *export, struct bytes keyring, struct ouro_error *err)
{
	struct ouro_vault *vault = export->vault;
	struct archive_head head = { .kind = ARCHIVE_VAULT, .opener = keyring };
	struct buffer scope = { 0 };
	uint8_t secret[KEY_SIZE];
	enum ouro_status status;

	memcpy(head.vault_id, keyring_vault_id(vault->keyring), VAULT_ID_SIZE);
	status = derive_archive_key(keyring_id_key(vault->keyring), secret,
	    err);
	if (status == OURO_OK)
		status = export_scope(export, &scope, err);
	if (status == OURO_OK)
		status = archive_writer_new(vault->fs, &head, secret,
		    export->sink, export->context, &export->writer, err);
	if (status == OURO_OK) {
		struct bytes part = buffer_bytes(&scope);

		status = archive_write(export->writer, EXCHANGE_SCOPE, &part, 1,
		    err);
	}
	bytes_wipe(secret, sizeof(secret));
	buffer_release(&scope);
	return status;
}

/* Begins the stream, or goes on with one. *complete: nothing is left to do. */
static enum ouro_status
stream_begin(struct export *export, bool *complete, struct ouro_error *err)
{
	struct export_begun begun = { .usable = false };
	struct buffer keyring = { 0 };
	enum ouro_status status = keyring_take(export, &keyring, err);

	if (status == OURO_OK && export->options->begun != NULL) {
		status = export_begun_read(export, buffer_bytes(&keyring),
		    &begun, err);
		if (status == OURO_OK)
			*export->options->kept = begun.usable
			    ? begun.place.offset
			    : 0;
	}
	*complete = begun.complete;
	if (status == OURO_OK && !begun.complete)
		status = begun.usable
		    ? archive_writer_at(export->vault->fs, &begun.place,
			  export->sink, export->context, &export->writer, err)
		    : stream_new(export, buffer_bytes(&keyring), err);
	bytes_wipe(&begun.place, sizeof(begun.place));
	buffer_release(&keyring);
	return status;
}

/* ---- the parts, in their order --------------------------------------------------- */

/*
 * A version whose content is gone is left out. Most likely somebody forced the
 * content away meanwhile: then the version went before it. If it is there
 * still, its content was lost, and the stream must not claim to be all there
 * is: others would take it for removed.
 */
static enum ouro_status
version_leave(struct export *export, const uint8_t id[HASH_SIZE],
    struct ouro_error *err)
{
	char name[24];

	if (reach_has_record(export->vault, ROW_REF, id)) {
		export->incomplete = true;
		log_write(&export->vault->log, LOG_WARNING,
		    "version %s is left out of the export: its content is "
		    "lost",
		    id_short(id, name));
	}
	return hash_set_add(&export->left, id, NULL, err);
}

static enum ouro_status
version_content(void *context, const uint8_t id[HASH_SIZE], struct bytes record,
    const Ouro__RefRecord *ref, struct ouro_error *err)
{
	struct export *export = context;
	bool there = true;
	enum ouro_status status = OURO_OK;

	(void)record;
	if (ref->target.len == HASH_SIZE)
		status = export_content(export, ref->target.data, &there, err);
	return status == OURO_OK && !there ? version_leave(export, id, err)
					   : status;
}

static enum ouro_status
version_send(void *context, const uint8_t id[HASH_SIZE], struct bytes record,
    const Ouro__RefRecord *ref, struct ouro_error *err)
{
	struct export *export = context;
	struct bytes parts[] = { bytes_of(id, HASH_SIZE), record };
	enum ouro_status status;

	(void)ref;
	if (hash_set_has(&export->left, id))
		return OURO_OK;
	status = archive_write(export->writer, EXCHANGE_VERSION, parts, 2, err);
	export->counts.versions++;
	export->result->versions++;
	return status;
}

static enum ouro_status
contexts_send(struct export *export, struct engine_scan *scan,
    struct ouro_error *err)
{
	struct bytes key, value;
	enum ouro_status status;

	while (
	    (status = engine_scan_next(scan, &key, &value, err)) == OURO_OK) {
		struct bytes parts[] = { bytes_of(key.data + 1, key.size - 1),
			value };

		if (key.size != 1 + INCARNATION_SIZE)
			continue;
		status = archive_write(export->writer, EXCHANGE_CONTEXT, parts,
		    2, err);
		if (status != OURO_OK)
			return status;
		export->counts.contexts++;
	}
	return status == OURO_END ? OURO_OK : status;
}

/* Asked after everything was read: what was found damaged counts too. */
static enum ouro_status
claim(struct export *export, struct export_versions *versions,
    struct ouro_error *err)
{
	bool whole = false;
	enum ouro_status status;

	if (export->scope != EXCHANGE_WHOLE || export->incomplete)
		return OURO_OK;
	status = unite_may_claim(export->vault, &whole, err);
	if (status != OURO_OK)
		return status;
	if (whole)
		return contexts_send(export, versions->contexts, err);
	log_write(&export->vault->log, LOG_WARNING,
	    "the export does not claim to be all there is: versions may be "
	    "lost");
	return OURO_OK;
}

static enum ouro_status
end_send(struct export *export, struct ouro_error *err)
{
	uint8_t end[EXCHANGE_END_SIZE];
	struct bytes part = bytes_of(end, sizeof(end));

	exchange_end_encode(&export->counts, end);
	return archive_write(export->writer, ARCHIVE_END, &part, 1, err);
}

static enum ouro_status
parts_send(struct export *export, struct export_versions *versions,
    struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	for (size_t at = 0; status == OURO_OK && at < versions->contents.size;
	     at += HASH_SIZE) {
		bool there;

		status = export_content(export, versions->contents.data + at,
		    &there, err);
	}
	if (status == OURO_OK)
		status = export_versions_each(versions, 0, version_content,
		    export, err);
	if (status == OURO_OK)
		status = export_versions_each(versions, 1, version_send, export,
		    err);
	if (status == OURO_OK)
		status = claim(export, versions, err);
	return status == OURO_OK ? end_send(export, err) : status;
}

/* What the moment has is held before it is looked at. */
static enum ouro_status
export_run(struct export *export, struct ouro_error *err)
{
	struct export_versions versions = { 0 };
	bool complete;
	enum ouro_status status;

	status = export_versions_open(&versions, export->vault, export->options,
	    err);
	if (status == OURO_OK)
		status = stream_begin(export, &complete, err);
	if (status == OURO_OK && !complete)
		status = parts_send(export, &versions, err);
	export_versions_release(&versions);
	return status;
}

enum ouro_status
ouro_export(struct ouro_vault *vault, const struct ouro_export_options *options,
    ouro_sink *sink, void *context, struct ouro_export_result *result,
    struct ouro_error *err)
{
	struct ouro_export_options own_options;
	struct ouro_export_result own = { 0 };
	struct export export = { .vault = vault,
		.options = &own_options,
		.sink = sink,
		.context = context,
		.result = result != NULL ? result : &own };
	enum ouro_status status = options_take(&own_options,
	    sizeof(own_options), "struct ouro_export_options", options, err);

	*export.result = (struct ouro_export_result){ 0 };
	if (status == OURO_OK)
		status = options_check(&own_options, err);
	if (status != OURO_OK)
		return status;
	export.scope = export.options->path != NULL ? EXCHANGE_NAME
	    : export.options->root != NULL	    ? EXCHANGE_TREE
						    : EXCHANGE_WHOLE;
	if (status == OURO_OK)
		status = chunk_slot_take(vault, &export.slot, err);
	if (status != OURO_OK)
		return status;
	pins_hold(&vault->pins, PINS_EXPORT);
	status = export_run(&export, err);
	pins_unhold(&vault->pins, PINS_EXPORT);
	if (export.writer != NULL)
		export.result->bytes = archive_written(export.writer);
	archive_writer_free(export.writer);
	chunk_slot_give(vault, export.slot);
	hash_set_release(&export.sent);
	hash_set_release(&export.gone);
	hash_set_release(&export.left);
	buffer_release(&export.carried);
	return status;
}
