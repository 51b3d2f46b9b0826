/*
 * revert - makes an old version of a name current again.
 */
#include <string.h>

#include "base/encoding.h"
#include "command.h"
#include "report.h"
#include "session.h"
#include "target.h"
#include "versions.h"

/* Says why text, which is no hash of the name's versions, is not taken. */
static int
refuse(struct invocation *inv, struct ouro_vault *vault,
    const struct place *place, const char *text)
{
	struct ouro_version version = { .deletion = false };
	struct ouro_target target;
	int code = target_resolve(inv, vault, text, &target);

	if (code != 0)
		return code;
	if (target.kind != OURO_VERSION)
		return report_status(inv, OURO_NOT_FOUND,
		    "%s is a content; 'ouroboros log %s' prints the hashes of "
		    "versions",
		    text, place->path);
	if (ouro_version_get(vault, target.id, &version, NULL) == OURO_OK &&
	    version.path != NULL)
		code = report_status(inv, OURO_NOT_FOUND,
		    "%s is no version of %s but of %s", text, place->path,
		    version.path);
	else
		code = report_status(inv, OURO_NOT_FOUND,
		    "%s is no version of %s", text, place->path);
	ouro_version_release(&version);
	return code;
}

/* The version of a name that HASH means: looked for in its history, where it
 * is found also when the name was removed. NULL: there is none, or *code tells
 * that there are several. */
static const struct ouro_version *
old_find(struct invocation *inv, const struct place *place,
    const struct version_list *history, int *code)
{
	const char *text = inv->operands[1];
	const struct ouro_version *old = NULL;
	struct id_pattern patterns[ID_PATTERNS_MAX];
	size_t count = id_patterns(strncmp(text, "hash:", 5) == 0 ? text + 5
								  : text,
	    patterns);

	for (size_t i = 0; i < history->count && *code == 0; i++) {
		bool fits = false;

		for (size_t j = 0; j < count; j++)
			fits = fits ||
			    id_matches(history->items[i].id, &patterns[j]);
		if (fits && old != NULL)
			*code = report_status(inv, OURO_AMBIGUOUS,
			    "several versions of %s begin with %s", place->path,
			    text);
		if (fits)
			old = &history->items[i];
	}
	return *code == 0 ? old : NULL;
}

static int
revert(struct invocation *inv, struct ouro_vault *vault,
    const struct place *place, const struct ouro_version *old)
{
	struct ouro_version_options options = { .size = sizeof options,
		.namespace_ = place->namespace_,
		.path = place->path,
		.content = old->deletion ? NULL : old->content };
	struct ouro_error err = { .status = OURO_OK };
	uint8_t id[OURO_ID_SIZE];

	if (ouro_version_put(vault, &options, id, &err) != OURO_OK)
		return report_failure(inv, place->path, &err);
	version_written(inv, place, id);
	return 0;
}

static int
revert_run(struct invocation *inv)
{
	const struct ouro_version *old = NULL;
	struct version_list history = { .count = 0 };
	struct ouro_vault *vault = NULL;
	struct place place = { 0 };
	int code = session_open(inv, SESSION_WRITE, &vault);

	if (code == 0)
		code = place_take(inv, vault, inv->operands[0], &place);
	if (code == 0)
		code = versions_take(inv, vault, &place, ouro_history,
		    &history);
	if (code == 0)
		old = old_find(inv, &place, &history, &code);
	if (old != NULL)
		code = revert(inv, vault, &place, old);
	else if (code == 0)
		code = refuse(inv, vault, &place, inv->operands[1]);
	versions_release(&history);
	place_release(&place);
	ouro_vault_close(vault);
	return code;
}

const struct command revert_command = {
	.name = "revert",
	.synopsis = "NAME HASH [--namespace N]",
	.summary = "make an old version current again",
	.page =
	    "Writes a version of NAME that has the content of its version HASH, in place of\n"
	    "all heads, and prints its hash. Nothing is lost: what was current is one step\n"
	    "back in the history. It also brings back a name that was deleted.\n"
	    "\n"
	    "With --json: an object with hash, version, name, namespace.",
	.options = OPTION_BIT(OPTION_NAMESPACE),
	.operands_min = 2,
	.operands_max = 2,
	.run = revert_run,
};
