#include "node.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "meta.h"
#include "report.h"

/* Names that nobody chose say nothing beside the hash. */
static char *
name_of(const struct ouro_info *info)
{
	if (info->name != NULL && info->namespace_ != NULL &&
	    strcmp(info->namespace_, "objects") != 0)
		return strdup(info->name);
	return info->meta != NULL ? meta_file_name(info->meta, info->meta_size)
				  : NULL;
}

int
node_load(struct invocation *inv, struct ouro_vault *vault,
    const uint8_t id[OURO_ID_SIZE], struct node *out)
{
	struct ouro_error err = { .status = OURO_OK };
	enum ouro_status status;

	*out = (struct node){ .there = false };
	memcpy(out->id, id, OURO_ID_SIZE);
	status = ouro_info_brief(vault, id, &out->info, &err);
	if (status == OURO_NOT_FOUND)
		return 0;
	if (status != OURO_OK)
		return report_failure(inv, NULL, &err);
	out->there = true;
	out->name = name_of(&out->info);
	return 0;
}

void
node_release(struct node *node)
{
	if (node->there)
		ouro_info_release(&node->info);
	free(node->name);
	*node = (struct node){ .there = false };
}

void
node_json(struct reply *out, const struct node *node)
{
	reply_id(out, "hash", node->id);
	if (!node->there) {
		reply_bool(out, "missing", true);
		return;
	}
	reply_text(out, "name", node->name);
	if (node->info.has_version)
		reply_id(out, "version", node->info.version);
	if (node->info.has_parent)
		reply_id(out, "parent", node->info.parent);
	reply_uint(out, "bytes", node->info.bytes);
	reply_text(out, "type", node->info.type);
	reply_time(out, "saved_at", node->info.saved_ms);
}

int
node_number(struct invocation *inv, enum option_id id, uint64_t least,
    uint64_t *out)
{
	const char *text = inv->option[id];
	char *end = NULL;
	uint64_t number;

	if (text == NULL)
		return 0;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 ||
	    number < least)
		return report_usage(inv,
		    "--%s takes a number from %" PRIu64 " on, not '%s'",
		    option_specs[id].name, least, text);
	*out = number;
	return 0;
}
