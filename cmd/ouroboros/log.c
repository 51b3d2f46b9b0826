/*
 * log - the history of a name, newest first.
 */
#include "command.h"
#include "numbers.h"
#include "report.h"
#include "session.h"
#include "versions.h"

static int
log_run(struct invocation *inv)
{
	const char *limit = inv->option[OPTION_LIMIT];
	struct ouro_vault *vault = NULL;
	struct version_list list = { .count = 0 };
	struct place place = { 0 };
	int code;

	if (limit != NULL &&
	    (!count_parse(limit, &list.most) || list.most == 0))
		return report_usage(inv, "--limit %s is no number from 1 on",
		    limit);
	code = session_open(inv, SESSION_READ, &vault);
	if (code == 0)
		code = place_take(inv, vault, inv->operands[0], &place);
	if (code == 0)
		code = versions_take(inv, vault, &place, ouro_history, &list);
	if (code == 0)
		code = versions_print(inv, vault, &place, &list);
	versions_release(&list);
	place_release(&place);
	ouro_vault_close(vault);
	return code;
}

const struct command log_command = {
	.name = "log",
	.synopsis = "NAME [-l] [--limit N] [--namespace N]",
	.summary = "the history of a name",
	.page =
	    "Prints the versions of a name that are still kept, newest first: their hashes,\n"
	    "when and by whom (owner and node) they were written, their size, and which of\n"
	    "them are heads: those that no other replaced. There is one as long as everybody\n"
	    "saw what the others wrote. The winner among them is what 'get NAME' answers.\n"
	    "Deletions are versions too. -l adds the content and what was replaced. NAME may\n"
	    "also be the hash of one of its versions.\n"
	    "\n"
	    "'get HASH' reads any of them, 'revert' makes an old one current again.\n"
	    "\n"
	    "With --json: {name, namespace, versions: [{version, content, deletion, expired,\n"
	    "head, winner, saved_at, expires_at, stamp, bytes, owner, group, mode, writer,\n"
	    "replaces}]}.",
	.options = OPTION_BIT(OPTION_LONG) | OPTION_BIT(OPTION_LIMIT) |
	    OPTION_BIT(OPTION_NAMESPACE),
	.operands_min = 1,
	.operands_max = 1,
	.run = log_run,
};
