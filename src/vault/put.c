#include "vault/put.h"

#include <stdlib.h>

#include "base/encoding.h"
#include "base/error.h"
#include "base/options.h"
#include "seal/erasure.h"
#include "vault/vault.h"
#include "vault/version_write.h"

#define META_SIZE_MAX (64u * 1024 * 1024)

/* ---- beginning --------------------------------------------------------------- */

static enum ouro_status
put_check(const struct ouro_put_options *options, struct ouro_error *err)
{
	const struct ouro_version_options version = {
		.namespace_ = options->namespace_ != NULL ? options->namespace_
							  : NAMESPACE_DEFAULT,
		/* Without one it is known at the end. */
		.path = options->name != NULL ? options->name : "name",
		.base = options->base,
		.base_count = options->base_count,
		.owner = options->owner,
		.group = options->group,
		.mode = options->mode,
		.saved_ms = options->saved_ms
	};

	if (options->meta_size > META_SIZE_MAX)
		return error_set(err, OURO_TOO_LARGE,
		    "meta has at most %u bytes, not %zu", META_SIZE_MAX,
		    options->meta_size);
	if (options->type != NULL && strlen(options->type) > CONTENT_TYPE_MAX)
		return error_set(err, OURO_TOO_LARGE,
		    "a content type has at most %d bytes", CONTENT_TYPE_MAX);
	if (options->name == NULL &&
	    (options->base != OURO_BASE_HEADS || options->namespace_ != NULL))
		return error_set(err, OURO_INVALID,
		    "a namespace and a base are those of a name");
	return version_check(&version, err);
}

static enum ouro_status
put_copy(char **out, const char *given, const char *missing,
    struct ouro_error *err)
{
	*out = strdup(given != NULL ? given : missing);
	return *out != NULL ? OURO_OK : error_memory(err);
}

static enum ouro_status
put_base(struct ouro_put *put, const struct ouro_put_options *options,
    struct ouro_error *err)
{
	put->base = calloc(options->base_count, sizeof(*put->base));
	if (put->base == NULL)
		return error_memory(err);
	for (size_t i = 0; i < options->base_count; i++)
		memcpy(put->base[i], options->base_versions[i], HASH_SIZE);
	return OURO_OK;
}

static enum ouro_status
put_options(struct ouro_put *put, const struct ouro_put_options *options,
    struct ouro_error *err)
{
	struct commit_version *version = &put->commit_version;
	enum ouro_status status = OURO_OK;

	if (options->name != NULL) {
		status = put_copy(&put->namespace_, options->namespace_,
		    NAMESPACE_DEFAULT, err);
		if (status == OURO_OK)
			status = put_copy(&put->name, options->name, NULL, err);
	}
	if (status == OURO_OK && options->base_count > 0)
		status = put_base(put, options, err);
	if (status == OURO_OK)
		status = put_copy(&put->owner, options->owner, OWNER_DEFAULT,
		    err);
	if (status == OURO_OK)
		status = put_copy(&put->group, options->group, "", err);
	if (status == OURO_OK)
		status = put_copy(&put->type, options->type, "", err);
	if (status != OURO_OK)
		return status;
	put->content.type = bytes_text(put->type);
	if (options->parent != NULL) {
		put->content.has_parent = true;
		memcpy(put->content.parent, options->parent, HASH_SIZE);
	}
	version->owner = put->owner;
	version->group = put->group;
	version->mode = options->mode != 0 ? options->mode : MODE_DEFAULT;
	version->stamp = stamp_from_ms(options->saved_ms);
	version->expires_ms = options->expires_ms;
	version->base = options->base;
	version->base_versions = (const uint8_t(*)[HASH_SIZE])put->base;
	version->base_count = options->base_count;
	return OURO_OK;
}

static enum ouro_status
put_streams(struct ouro_put *put, const struct ouro_put_options *options,
    struct ouro_error *err)
{
	struct ouro_vault *vault = put->vault;
	bool own = options->k == 0 && options->m == 0 && !options->no_parity;
	unsigned k = own || options->k == 0 ? vault->k : options->k;
	unsigned m = options->no_parity ? 0 : own ? vault->m : options->m;
	enum ouro_status status;

	if (options->k == 0 && options->m != 0)
		return error_set(err, OURO_INVALID, "k is at least 1");
	status = erasure_valid(k, m, err);
	if (status == OURO_OK)
		status = stream_writer_init(&put->data, vault, k, m, err);
	if (status == OURO_OK)
		status = stream_writer_init(&put->meta, vault, k, m, err);
	if (status == OURO_OK)
		status = stream_writer_add(&put->meta,
		    bytes_of(options->meta, options->meta_size), err);
	put->content.k = k;
	return status;
}

enum ouro_status
ouro_put_begin(struct ouro_vault *vault, const struct ouro_put_options *options,
    struct ouro_put **out, struct ouro_error *err)
{
	struct ouro_put_options own;
	struct ouro_put *put;
	enum ouro_status status;

	status = options_take(&own, sizeof(own), "struct ouro_put_options",
	    options, err);
	if (status != OURO_OK)
		return status;
	options = &own;
	status = vault_writable(vault, err);
	if (status == OURO_OK)
		status = put_check(options, err);
	if (status != OURO_OK)
		return status;
	put = calloc(1, sizeof(*put));
	if (put == NULL)
		return error_memory(err);
	put->vault = vault;
	status = put_options(put, options, err);
	if (status == OURO_OK)
		status = put_streams(put, options, err);
	if (status != OURO_OK) {
		ouro_put_abort(put);
		return status;
	}
	*out = put;
	return OURO_OK;
}

enum ouro_status
ouro_put_write(struct ouro_put *put, const void *data, size_t size,
    struct ouro_error *err)
{
	return stream_writer_add(&put->data, bytes_of(data, size), err);
}

void
ouro_put_abort(struct ouro_put *put)
{
	if (put == NULL)
		return;
	if (put->data.vault != NULL)
		stream_writer_release(&put->data);
	if (put->meta.vault != NULL)
		stream_writer_release(&put->meta);
	buffer_release(&put->commit_content.record);
	content_release(&put->content);
	free(put->namespace_);
	free(put->name);
	free(put->base);
	free(put->owner);
	free(put->group);
	free(put->type);
	free(put);
}

/* ---- finishing ------------------------------------------------------------------ */

/* The name a content without one is kept under. */
static enum ouro_status
put_path(struct ouro_put *put, struct ouro_error *err)
{
	char text[BASE64_LENGTH(HASH_SIZE) + 1];
	size_t owner = strlen(put->owner);

	if (put->name != NULL) {
		put->commit_version.namespace_ = put->namespace_;
		put->commit_version.path = put->name;
		return OURO_OK;
	}
	base64url_encode(bytes_of(put->content.id, HASH_SIZE), text);
	memcpy(put->path, put->owner, owner);
	put->path[owner] = '/';
	memcpy(put->path + owner + 1, text, strlen(text) + 1);
	put->commit_version.namespace_ = "objects";
	put->commit_version.path = put->path;
	put->commit_version.idempotent = true;
	return ref_name_check("objects", put->path, err);
}

enum ouro_status
put_seal(struct ouro_put *put, struct ouro_error *err)
{
	struct ouro_vault *vault = put->vault;
	struct content *content = &put->content;
	uint8_t key[KEY_SIZE];
	enum ouro_status status;

	status = stream_writer_finish(&put->meta, &content->meta, err);
	if (status == OURO_OK)
		status = stream_writer_finish(&put->data, &content->data, err);
	if (status != OURO_OK)
		return status;
	content->chunks = put->data.tree.chunks + put->meta.tree.chunks;
	status = vault_epoch_key(vault, 0, key, &content->epoch, err);
	bytes_wipe(key, sizeof(key));
	if (status == OURO_OK)
		status = content_id(vault, content, content->id, err);
	if (status == OURO_OK)
		status = content_encode(vault, content,
		    &put->commit_content.record, err);
	if (status == OURO_OK)
		status = put_path(put, err);
	memcpy(put->commit_content.id, content->id, HASH_SIZE);
	memcpy(put->commit_version.target, content->id, HASH_SIZE);
	return status;
}

void
put_tell(const struct ouro_put *put, struct ouro_put_result *result)
{
	const struct stream_counts *data = &put->data.counts;
	const struct stream_counts *meta = &put->meta.counts;

	memcpy(result->content, put->content.id, OURO_ID_SIZE);
	memcpy(result->version, put->commit_version.id, OURO_ID_SIZE);
	result->bytes = put->content.data.size;
	result->chunks = put->content.chunks;
	result->chunks_new = data->chunks_new + meta->chunks_new;
	result->bytes_new = data->bytes_new + meta->bytes_new;
	result->bytes_stored = data->bytes_stored + meta->bytes_stored;
	result->existed = put->commit_content.existed;
}

enum ouro_status
ouro_put_finish(struct ouro_put *put, struct ouro_put_result *result,
    struct ouro_error *err)
{
	struct ouro_batch *batch;
	enum ouro_status status;

	status = ouro_batch_begin(put->vault, &batch, err);
	if (status != OURO_OK) {
		ouro_put_abort(put);
		return status;
	}
	status = ouro_batch_finish_put(batch, put, result, err);
	if (status != OURO_OK) {
		ouro_batch_abort(batch);
		return status;
	}
	return ouro_batch_commit(batch, err);
}
