#include "versions.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "table.h"
#include "target.h"
#include "text.h"

/* ---- names ----------------------------------------------------------------- */

static bool
stop_at_first(void *context, const struct ouro_version *version)
{
	(void)context;
	(void)version;
	return false;
}

static int
place_set(struct invocation *inv, const char *namespace_, const char *path,
    struct place *out)
{
	out->namespace_ = strdup(namespace_ != NULL ? namespace_ : "blobs");
	out->path = strdup(path);
	if (out->namespace_ != NULL && out->path != NULL)
		return 0;
	place_release(out);
	return report_status(inv, OURO_NO_MEMORY, "out of memory");
}

/* The name of the version that text is the hash of. */
static int
place_of_version(struct invocation *inv, struct ouro_vault *vault,
    const char *text, struct place *out)
{
	struct ouro_error err = { .status = OURO_OK };
	struct ouro_version version = { .deletion = false };
	struct ouro_target target;
	int code = target_resolve(inv, vault, text, &target);

	if (code != 0)
		return code;
	if (target.kind != OURO_VERSION)
		return report_status(inv, OURO_NOT_FOUND,
		    "%s is a content, not a name or a version of one", text);
	if (ouro_version_get(vault, target.id, &version, &err) != OURO_OK)
		return report_failure(inv, text, &err);
	code = place_set(inv, version.namespace_, version.path, out);
	ouro_version_release(&version);
	return code;
}

int
place_take(struct invocation *inv, struct ouro_vault *vault, const char *text,
    struct place *out)
{
	const char *namespace_ = inv->option[OPTION_NAMESPACE], *path = text;
	struct ouro_error err = { .status = OURO_OK };
	enum ouro_status status;

	*out = (struct place){ 0 };
	if (strncmp(text, "hash:", 5) == 0)
		return place_of_version(inv, vault, text, out);
	if (strncmp(text, "name:", 5) == 0)
		path += 5;
	status = ouro_heads(vault, namespace_, path, stop_at_first, NULL, &err);
	if (status == OURO_OK)
		return place_set(inv, namespace_, path, out);
	if (status == OURO_NOT_FOUND && namespace_ == NULL)
		return place_of_version(inv, vault, text, out);
	return report_failure(inv, NULL, &err);
}

void
place_release(struct place *place)
{
	free(place->namespace_);
	free(place->path);
	*place = (struct place){ 0 };
}

/* ---- lists ----------------------------------------------------------------- */

static char *
copied(const char *text, bool *failed)
{
	char *copy = text != NULL ? strdup(text) : NULL;

	if (text != NULL && copy == NULL)
		*failed = true;
	return copy;
}

/* What is borrowed from the library becomes ours. */
static bool
version_copy(const struct ouro_version *from, struct ouro_version *to)
{
	size_t size = from->previous_count * sizeof *from->previous;
	bool failed = false;

	*to = *from;
	to->namespace_ = copied(from->namespace_, &failed);
	to->path = copied(from->path, &failed);
	to->owner = copied(from->owner, &failed);
	to->group = copied(from->group, &failed);
	to->writer = copied(from->writer, &failed);
	to->previous = size > 0 ? malloc(size) : NULL;
	if (to->previous != NULL)
		memcpy(to->previous, from->previous, size);
	else if (size > 0)
		failed = true;
	return !failed;
}

static void
version_free(struct ouro_version *version)
{
	free(version->namespace_);
	free(version->path);
	free(version->owner);
	free(version->group);
	free(version->writer);
	free(version->previous);
}

static bool
version_add(void *context, const struct ouro_version *version)
{
	struct version_list *list = context;

	if (list->count == list->capacity) {
		size_t capacity = list->capacity * 2 + 16;
		struct ouro_version *items = realloc(list->items,
		    capacity * sizeof *items);

		list->failed = items == NULL;
		if (items == NULL)
			return false;
		list->items = items;
		list->capacity = capacity;
	}
	if (!version_copy(version, &list->items[list->count++]))
		list->failed = true;
	return !list->failed && list->count != list->most;
}

int
versions_take(struct invocation *inv, struct ouro_vault *vault,
    const struct place *place, version_call *call, struct version_list *list)
{
	struct ouro_error err = { .status = OURO_OK };

	if (call(vault, place->namespace_, place->path, version_add, list,
		&err) != OURO_OK)
		return report_failure(inv, place->path, &err);
	if (list->failed)
		return report_status(inv, OURO_NO_MEMORY, "out of memory");
	return 0;
}

void
versions_release(struct version_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		version_free(&list->items[i]);
	free(list->items);
	*list = (struct version_list){ 0 };
}

uint8_t (*versions_ids(const struct version_list *list))[OURO_ID_SIZE]
{
	uint8_t(*ids)[OURO_ID_SIZE] = malloc(
	    (list->count > 0 ? list->count : 1) * sizeof *ids);

	for (size_t i = 0; ids != NULL && i < list->count; i++)
		memcpy(ids[i], list->items[i].id, OURO_ID_SIZE);
	return ids;
}

/* ---- shown ----------------------------------------------------------------- */

/* Bytes of its content. OURO_NOT_FOUND: it has none, or was removed. */
static enum ouro_status
version_size(struct ouro_vault *vault, const struct ouro_version *version,
    uint64_t *size)
{
	struct ouro_get *get = NULL;
	enum ouro_status status;

	if (version->deletion)
		return OURO_NOT_FOUND;
	status = ouro_get_open(vault, version->content, &get, NULL);
	if (status != OURO_OK)
		return status;
	*size = ouro_get_size(get);
	ouro_get_close(get);
	return OURO_OK;
}

static bool
cell_id(struct table *table, const uint8_t id[OURO_ID_SIZE])
{
	char hash[OURO_ID_TEXT];

	ouro_id_text(id, hash);
	return table_cell(table, hash);
}

/* "local@host" */
static bool
cell_who(struct table *table, const struct ouro_version *version)
{
	char *text = NULL;
	bool fine;

	if (asprintf(&text, "%s@%s",
		version->owner != NULL ? version->owner : "",
		version->writer != NULL ? version->writer : "") < 0)
		return false;
	fine = table_cell(table, text);
	free(text);
	return fine;
}

static bool
cell_state(struct table *table, const struct ouro_version *version)
{
	char text[64];
	const char *place = version->winner ? "winner"
	    : version->head		    ? "head"
					    : "";

	snprintf(text, sizeof text, "%s%s%s%s%s", place,
	    place[0] != '\0' && version->deletion ? ", " : "",
	    version->deletion ? "deletion" : "",
	    (place[0] != '\0' || version->deletion) && version->expired ? ", "
									: "",
	    version->expired ? "expired" : "");
	return table_cell(table, text[0] != '\0' ? text : "-");
}

/* The first of those it took the place of, and how many more there are. */
static bool
cell_previous(struct table *table, const struct ouro_version *version)
{
	char hash[OURO_ID_TEXT], text[OURO_ID_TEXT + 24];

	if (version->previous_count == 0)
		return table_cell(table, "-");
	ouro_id_text(version->previous[0], hash);
	if (version->previous_count == 1)
		return table_cell(table, hash);
	snprintf(text, sizeof text, "%s +%zu", hash,
	    version->previous_count - 1);
	return table_cell(table, text);
}

static bool
print_row(struct table *table, struct ouro_vault *vault,
    const struct ouro_version *version, bool detail)
{
	char time[TEXT_TIME_SIZE], bytes[TEXT_SIZE_SIZE];
	uint64_t size = 0;
	enum ouro_status status = version_size(vault, version, &size);

	return cell_id(table, version->id) &&
	    table_cell(table, text_time(version->saved_ms, time)) &&
	    cell_who(table, version) &&
	    table_cell(table,
		status == OURO_OK	       ? text_size(size, bytes)
		    : status == OURO_NOT_FOUND ? "-"
					       : "unreadable") &&
	    cell_state(table, version) &&
	    (!detail ||
		((version->deletion ? table_cell(table, "-")
				    : cell_id(table, version->content)) &&
		    cell_previous(table, version)));
}

void
version_members(struct reply *out, const struct ouro_version *version,
    const uint64_t *size)
{
	reply_id(out, "version", version->id);
	if (!version->deletion)
		reply_id(out, "content", version->content);
	reply_bool(out, "deletion", version->deletion);
	reply_bool(out, "expired", version->expired);
	reply_bool(out, "head", version->head);
	reply_bool(out, "winner", version->winner);
	reply_time(out, "saved_at", version->saved_ms);
	reply_time(out, "expires_at", version->expires_ms);
	reply_uint(out, "stamp", version->stamp);
	if (size != NULL)
		reply_uint(out, "bytes", *size);
	reply_text(out, "owner", version->owner);
	reply_text(out, "group", version->group);
	reply_uint(out, "mode", version->mode);
	reply_text(out, "writer", version->writer);
	reply_array(out, "replaces");
	for (size_t i = 0; i < version->previous_count; i++)
		reply_id(out, NULL, version->previous[i]);
	reply_end(out);
}

static void
print_json(struct invocation *inv, struct ouro_vault *vault,
    const struct place *place, const struct version_list *list)
{
	struct reply *out = &inv->out;

	reply_object(out, NULL);
	reply_text(out, "name", place->path);
	reply_text(out, "namespace", place->namespace_);
	reply_array(out, "versions");
	for (size_t i = 0; i < list->count; i++) {
		uint64_t size = 0;
		bool known = version_size(vault, &list->items[i], &size) ==
		    OURO_OK;

		reply_object(out, NULL);
		version_members(out, &list->items[i], known ? &size : NULL);
		reply_end(out);
	}
	reply_end(out);
	reply_end(out);
}

int
versions_print(struct invocation *inv, struct ouro_vault *vault,
    const struct place *place, const struct version_list *list)
{
	static const char *const titles[] = { "HASH", "SAVED AT", "BY", ">SIZE",
		"STATE", "CONTENT", "REPLACES" };
	bool detail = inv->option[OPTION_LONG] != NULL, fine = true;
	struct table table;

	if (inv->json) {
		print_json(inv, vault, place, list);
		return 0;
	}
	table_init(&table, titles, detail ? 7 : 5);
	for (size_t i = 0; fine && i < list->count; i++)
		fine = print_row(&table, vault, &list->items[i], detail);
	table_finish(&table);
	return fine ? 0 : report_status(inv, OURO_NO_MEMORY, "out of memory");
}

void
version_written(struct invocation *inv, const struct place *place,
    const uint8_t id[OURO_ID_SIZE])
{
	struct reply *out = &inv->out;
	char hash[OURO_ID_TEXT];

	if (!inv->json) {
		ouro_id_text(id, hash);
		puts(hash);
		return;
	}
	reply_object(out, NULL);
	reply_id(out, "hash", id);
	reply_id(out, "version", id);
	reply_text(out, "name", place->path);
	reply_text(out, "namespace", place->namespace_);
	reply_end(out);
}
