/*
 * heads - the versions of a name that no other replaced.
 */
#include "command.h"
#include "report.h"
#include "session.h"
#include "versions.h"

static int
heads_run(struct invocation *inv)
{
	struct ouro_vault *vault = NULL;
	struct version_list list = { .count = 0 };
	struct place place = { 0 };
	int code = session_open(inv, SESSION_READ, &vault);

	if (code == 0)
		code = place_take(inv, vault, inv->operands[0], &place);
	if (code == 0)
		code = versions_take(inv, vault, &place, ouro_heads, &list);
	if (code == 0)
		code = versions_print(inv, vault, &place, &list);
	if (code == 0 && list.count > 1)
		report_note(inv,
		    "%zu heads: 'ouroboros merge %s' makes them one",
		    list.count, inv->operands[0]);
	versions_release(&list);
	place_release(&place);
	ouro_vault_close(vault);
	return code;
}

const struct command heads_command = {
	.name = "heads",
	.synopsis = "NAME [-l] [--namespace N]",
	.summary = "the current versions of a name",
	.page =
	    "Prints the versions of a name that no other version replaced, the winner first.\n"
	    "There are several when somebody wrote without having seen what another one had\n"
	    "written: with 'put --base', or in another copy of the store. All of them are\n"
	    "kept; 'get NAME' answers the winner, 'get HASH' any, 'merge' makes them one. -l\n"
	    "adds the content and what was replaced.\n"
	    "\n"
	    "With --json: as log.",
	.options = OPTION_BIT(OPTION_LONG) | OPTION_BIT(OPTION_NAMESPACE),
	.operands_min = 1,
	.operands_max = 1,
	.run = heads_run,
};
