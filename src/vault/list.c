#include <stdlib.h>

#include "base/encoding.h"
#include "base/error.h"
#include "base/options.h"
#include "seal/canonical.h"
#include "vault/info.h"
#include "vault/name_scan.h"
#include "vault/vault.h"

/* One namespace after the other. */
struct ouro_list {
	struct ouro_vault *vault;
	const char *namespaces[2];
	size_t namespace_count, at; /* at: the one being read */
	char namespace_[16];
	char *prefix, *after; /* after: or NULL */
	bool detail, reverse, names_only;
	struct name_scan scan;
	bool scan_open;
};

static enum ouro_status
list_namespaces(struct ouro_list *list, const char *namespace_,
    struct ouro_error *err)
{
	if (namespace_ == NULL) {
		list->namespaces[0] = list->reverse ? "blobs" : "objects";
		list->namespaces[1] = list->reverse ? "objects" : "blobs";
		list->namespace_count = 2;
		return OURO_OK;
	}
	if (ref_name_check(namespace_, "x", err) != OURO_OK)
		return OURO_INVALID;
	memcpy(list->namespace_, namespace_, strlen(namespace_) + 1);
	list->namespaces[0] = list->namespace_;
	list->namespace_count = 1;
	return OURO_OK;
}

static enum ouro_status
list_texts(struct ouro_list *list, const struct ouro_list_options *options,
    struct ouro_error *err)
{
	if (options->after != NULL &&
	    (options->namespace_ == NULL ||
		strlen(options->after) > OURO_NAME_MAX))
		return error_set(err, OURO_INVALID,
		    "a cursor is a name, of a namespace that is given");
	list->prefix = strdup(options->prefix == NULL ? "" : options->prefix);
	if (list->prefix == NULL)
		return error_memory(err);
	if (options->after == NULL)
		return OURO_OK;
	list->after = strdup(options->after);
	return list->after == NULL ? error_memory(err) : OURO_OK;
}

enum ouro_status
ouro_list_open(struct ouro_vault *vault,
    const struct ouro_list_options *options, struct ouro_list **out,
    struct ouro_error *err)
{
	struct ouro_list_options own;
	struct ouro_list *list;
	enum ouro_status status;

	status = options_take(&own, sizeof(own), "struct ouro_list_options",
	    options, err);
	if (status != OURO_OK)
		return status;
	options = &own;
	list = calloc(1, sizeof(*list));
	if (list == NULL)
		return error_memory(err);
	list->vault = vault;
	list->detail = options->detail;
	list->reverse = options->reverse;
	list->names_only = options->names_only;
	status = list_namespaces(list, options->namespace_, err);
	if (status == OURO_OK)
		status = list_texts(list, options, err);
	if (status != OURO_OK) {
		ouro_list_close(list);
		return status;
	}
	*out = list;
	return OURO_OK;
}

void
ouro_list_close(struct ouro_list *list)
{
	if (list == NULL)
		return;
	if (list->scan_open)
		name_scan_release(&list->scan);
	free(list->prefix);
	free(list->after);
	free(list);
}

/* Objects are listed by what they are, not by where their owner has them. */
static bool
list_by_id(const struct ouro_list *list)
{
	return strcmp(list->namespaces[list->at], "objects") == 0;
}

static bool
list_shows(const struct ouro_list *list, const struct name_entry *entry)
{
	char text[BASE64_LENGTH(HASH_SIZE) + 1];
	struct bytes id = bytes_of(entry->winner.target, HASH_SIZE);
	size_t size = strlen(list->prefix);

	if (!name_entry_is_current(entry, fs_wall_ms(list->vault->fs)))
		return false;
	if (size == 0 || !list_by_id(list))
		return true;
	base64_encode(id, text);
	if (strncmp(text, list->prefix, size) == 0)
		return true;
	base64url_encode(id, text);
	return strncmp(text, list->prefix, size) == 0;
}

/* The next name of the namespace at hand. A prefix longer than a name can
 * be, or than a hash, fits nothing. */
static enum ouro_status
list_entry(struct ouro_list *list, struct name_entry *entry,
    struct ouro_error *err)
{
	struct name_range range = { .namespace_ = list->namespaces[list->at],
		.prefix = list_by_id(list) ? "" : list->prefix,
		.after = list->after,
		.reverse = list->reverse };
	enum ouro_status status;

	if (strlen(list->prefix) > OURO_NAME_MAX)
		return OURO_END;
	if (!list->scan_open) {
		status = name_scan_open(&list->scan, list->vault, &range, err);
		if (status != OURO_OK)
			return status;
		list->scan_open = true;
	}
	do
		status = name_scan_next(&list->scan, entry, err);
	while (status == OURO_OK && !list_shows(list, entry));
	return status;
}

/* All of it lies in the row of the name. */
static enum ouro_status
info_name(const struct name_entry *entry, struct ouro_info *out,
    struct ouro_error *err)
{
	out->asked = OURO_VERSION;
	out->has_version = true;
	memcpy(out->version, entry->winner.id, HASH_SIZE);
	memcpy(out->content, entry->winner.target, HASH_SIZE);
	out->saved_ms = stamp_ms(entry->winner.stamp);
	out->expires_ms = entry->winner.expires_ms;
	out->namespace_ = strdup(entry->namespace_);
	out->name = strdup(entry->path);
	return out->namespace_ == NULL || out->name == NULL ? error_memory(err)
							    : OURO_OK;
}

static enum ouro_status
list_fill(struct ouro_list *list, const struct name_entry *entry,
    struct ouro_info *out, struct ouro_error *err)
{
	const struct name_version *winner = &entry->winner;
	struct info_wants wants = { .slices = list->detail };
	Ouro__RefRecord *ref;
	enum ouro_status status;

	if (list->names_only)
		return info_name(entry, out, err);
	status = ref_get(list->vault, winner->id, &ref, err);
	if (status == OURO_NOT_FOUND)
		return status;
	if (status == OURO_OK) {
		status = info_version(winner->id, ref, out, err);
		canonical_free(&ref->base);
	}
	out->asked = OURO_VERSION;
	if (status == OURO_OK)
		status = info_content(list->vault, winner->target, &wants, out,
		    err);
	return status;
}

/* A name that went between its row and its record is passed over. */
enum ouro_status
ouro_list_next(struct ouro_list *list, struct ouro_info *out,
    struct ouro_error *err)
{
	struct name_entry entry;
	enum ouro_status status = OURO_END;

	*out = (struct ouro_info){ 0 };
	while (list->at < list->namespace_count) {
		status = list_entry(list, &entry, err);
		if (status == OURO_OK)
			status = list_fill(list, &entry, out, err);
		if (status == OURO_NOT_FOUND)
			continue;
		if (status != OURO_END)
			break;
		name_scan_release(&list->scan);
		list->scan_open = false;
		list->at++;
	}
	if (status != OURO_OK)
		ouro_info_release(out);
	return status;
}
