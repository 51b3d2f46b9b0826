#include <assert.h>
#include <stdlib.h>

#include "base/encoding.h"
#include "base/error.h"
#include "seal/erasure.h"
#include "vault/stream_write.h"
#include "vault/vault.h"

#define META_SIZE_MAX (64u * 1024 * 1024)

struct ouro_put {
	struct ouro_vault *vault;
	struct stream_writer data, meta;
	struct content content;
	char *name, *owner, *group, *type;
	struct commit_content commit_content;
	struct commit_version commit_version;
	char path[OURO_NAME_MAX + 1];	/* of content without a name */
	struct ouro_put_result *result; /* set once finished in a batch */
	struct ouro_put *next;
};

/*
 * Puts in the order in which they were finished. The last one is open: its
 * chunks are on their way while the caller goes on, and it is sealed when
 * the next one is finished, or by the commit.
 */
struct ouro_batch {
	struct ouro_vault *vault;
	struct ouro_put *first, **last;
	struct ouro_put *open;
	size_t count;
	enum ouro_status failed; /* of sealing: nothing can be committed */
	struct ouro_error error;
};

/* ---- beginning --------------------------------------------------------------- */

/* Labels become a part of a name. NULL means the default. */
static bool
label_fits(const char *label)
{
	return label == NULL ||
	    (strlen(label) <= OURO_LABEL_MAX && strchr(label, '/') == NULL &&
		ref_name_check("objects", label, NULL) == OURO_OK);
}

static enum ouro_status
put_check(const struct ouro_put_options *options, struct ouro_error *err)
{
	if (options->name != NULL) {
		enum ouro_status status = ref_name_check("blobs", options->name,
		    err);

		if (status != OURO_OK)
			return status;
	}
	if (options->saved_ms > STAMP_MS_MAX)
		return error_set(err, OURO_INVALID,
		    "the time given is beyond the year 10889");
	if (options->mode > 0xfff)
		return error_set(err, OURO_INVALID, "a mode has 12 bits");
	if (options->meta_size > META_SIZE_MAX)
		return error_set(err, OURO_TOO_LARGE,
		    "meta has at most %u bytes, not %zu", META_SIZE_MAX,
		    options->meta_size);
	if (options->type != NULL && strlen(options->type) > CONTENT_TYPE_MAX)
		return error_set(err, OURO_TOO_LARGE,
		    "a content type has at most %d bytes", CONTENT_TYPE_MAX);
	if (!label_fits(options->owner) || !label_fits(options->group))
		return error_set(err, OURO_INVALID,
		    "owner and group are UTF-8 of 1 to %d bytes, without "
		    "control characters and \"/\"",
		    OURO_LABEL_MAX);
	return OURO_OK;
}

static enum ouro_status
put_copy(char **out, const char *given, const char *missing,
    struct ouro_error *err)
{
	*out = strdup(given != NULL ? given : missing);
	return *out != NULL ? OURO_OK : error_memory(err);
}

static enum ouro_status
put_options(struct ouro_put *put, const struct ouro_put_options *options,
    struct ouro_error *err)
{
	struct commit_version *version = &put->commit_version;
	enum ouro_status status = OURO_OK;

	if (options->name != NULL)
		status = put_copy(&put->name, options->name, NULL, err);
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
	static const struct ouro_put_options defaults = { .size = sizeof(
							      defaults) };
	struct ouro_put *put;
	enum ouro_status status;

	if (options == NULL)
		options = &defaults;
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
	free(put->name);
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
		put->commit_version.namespace_ = "blobs";
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

/* All chunks and pages are written, the record is ready to be committed. */
static enum ouro_status
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

static void
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

/* ---- batches ------------------------------------------------------------------------- */

enum ouro_status
ouro_batch_begin(struct ouro_vault *vault, struct ouro_batch **out,
    struct ouro_error *err)
{
	struct ouro_batch *batch = calloc(1, sizeof(*batch));

	if (batch == NULL)
		return error_memory(err);
	batch->vault = vault;
	batch->last = &batch->first;
	*out = batch;
	return OURO_OK;
}

static enum ouro_status
batch_seal(struct ouro_batch *batch, struct ouro_error *err)
{
	if (batch->open != NULL)
		batch->failed = put_seal(batch->open, &batch->error);
	batch->open = NULL;
	if (batch->failed != OURO_OK && err != NULL)
		*err = batch->error;
	return batch->failed;
}

enum ouro_status
ouro_batch_finish_put(struct ouro_batch *batch, struct ouro_put *put,
    struct ouro_put_result *result, struct ouro_error *err)
{
	enum ouro_status status = stream_writer_end(&put->data, err);

	if (status == OURO_OK)
		status = batch_seal(batch, err);
	if (status != OURO_OK) {
		ouro_put_abort(put);
		return status;
	}
	batch->open = put;
	put->result = result;
	*batch->last = put;
	batch->last = &put->next;
	batch->count++;
	return OURO_OK;
}

void
ouro_batch_abort(struct ouro_batch *batch)
{
	if (batch == NULL)
		return;
	while (batch->first != NULL) {
		struct ouro_put *put = batch->first;

		batch->first = put->next;
		ouro_put_abort(put);
	}
	free(batch);
}

/* Hands the puts' halves over as one change, and takes back what came of
 * them. Records are moved, not copied. */
static enum ouro_status
batch_commit(struct ouro_batch *batch, struct commit_content *contents,
    struct commit_version *versions, struct ouro_error *err)
{
	struct commit_change change = { .contents = contents,
		.content_count = batch->count,
		.versions = versions,
		.version_count = batch->count };
	struct ouro_put *put;
	size_t i = 0;
	enum ouro_status status;

	for (put = batch->first; put != NULL; put = put->next, i++) {
		contents[i] = put->commit_content;
		versions[i] = put->commit_version;
	}
	status = commit(batch->vault, &change, err);
	i = 0;
	for (put = batch->first; put != NULL; put = put->next, i++) {
		put->commit_content = contents[i];
		put->commit_version = versions[i];
		if (status == OURO_OK && put->result != NULL)
			put_tell(put, put->result);
	}
	return status;
}

enum ouro_status
ouro_batch_commit(struct ouro_batch *batch, struct ouro_error *err)
{
	struct commit_content *contents = calloc(batch->count + 1,
	    sizeof(*contents));
	struct commit_version *versions = calloc(batch->count + 1,
	    sizeof(*versions));
	enum ouro_status status = OURO_OK;

	if (contents == NULL || versions == NULL)
		status = error_memory(err);
	else
		status = batch_seal(batch, err);
	if (status == OURO_OK && batch->count > 0)
		status = batch_commit(batch, contents, versions, err);
	free(contents);
	free(versions);
	ouro_batch_abort(batch);
	return status;
}
