#include "help.h"

#include <stdio.h>
#include <string.h>

#include "report.h"

static void
print_options(FILE *file, uint64_t options)
{
	for (unsigned id = 0; id < OPTION_COUNT; id++) {
		const struct option_spec *spec = &option_specs[id];
		char text[48];

		if ((options & OPTION_BIT(id)) == 0)
			continue;
		snprintf(text, sizeof text, "--%s%s%s", spec->name,
		    spec->value != NULL ? " " : "",
		    spec->value != NULL ? spec->value : "");
		fprintf(file, "  %c%c%s%-20s  %s\n",
		    spec->letter != 0 ? '-' : ' ',
		    spec->letter != 0 ? spec->letter : ' ',
		    spec->letter != 0 ? ", " : "  ", text, spec->help);
	}
}

static void
print_list(FILE *file)
{
	fputs("ouroboros - keeps files by content: deduplicated, compressed, "
	      "encrypted,\n            erasure-coded\n\n"
	      "Usage: ouroboros COMMAND [arguments] [options]\n\n",
	    file);
	for (const struct command *const *c = command_table; *c != NULL; c++)
		fprintf(file, "  %-12s %s\n", (*c)->name, (*c)->summary);
	fputs("\nOptions of every command:\n", file);
	print_options(file, OPTIONS_GLOBAL);
	fputs(
	    "\n"
	    "A HASH may be base64, base64url or hex, and shortened to what is "
	    "unique (at\nleast 4 characters); what is no hash is a NAME. "
	    "'hash:' or 'name:' before it\nforces one of them.\n\n"
	    "Exit codes: 0 ok, 1 failure, 2 usage, 3 not found, 4 damaged, "
	    "5 refused,\n6 locked or in use, 7 no space, 8 unreachable.\n\n"
	    "Older spellings: 'ouroboros FILE' is put, -r HASH get, -d HASH "
	    "rm, -ls ls,\n-lsx ls -l, -v verify.\n\n"
	    "'ouroboros help COMMAND' tells more.\n",
	    file);
}

void
help_print(FILE *file, const struct command *command)
{
	if (command == NULL) {
		print_list(file);
		return;
	}
	fprintf(file, "ouroboros %s - %s\n\nUsage: ouroboros %s %s\n\n%s\n",
	    command->name, command->summary, command->name, command->synopsis,
	    command->page);
	fputs("\nOptions:\n", file);
	print_options(file, command->options | OPTIONS_GLOBAL);
}

static void
reply_options(struct reply *out, uint64_t options)
{
	reply_array(out, "options");
	for (unsigned id = 0; id < OPTION_COUNT; id++) {
		const struct option_spec *spec = &option_specs[id];
		char letter[2] = { spec->letter, '\0' };

		if ((options & OPTION_BIT(id)) == 0)
			continue;
		reply_object(out, NULL);
		reply_text(out, "name", spec->name);
		reply_text(out, "letter", spec->letter != 0 ? letter : NULL);
		reply_text(out, "value", spec->value);
		reply_text(out, "help", spec->help);
		reply_end(out);
	}
	reply_end(out);
}

static void
print_json(struct reply *out, const struct command *only)
{
	reply_object(out, NULL);
	reply_array(out, "commands");
	for (const struct command *const *c = command_table; *c != NULL; c++) {
		if (only != NULL && *c != only)
			continue;
		reply_object(out, NULL);
		reply_text(out, "name", (*c)->name);
		reply_text(out, "synopsis", (*c)->synopsis);
		reply_text(out, "summary", (*c)->summary);
		reply_text(out, "page", (*c)->page);
		reply_options(out, (*c)->options);
		reply_end(out);
	}
	reply_end(out);
	reply_options(out, OPTIONS_GLOBAL);
	reply_end(out);
}

static int
help_run(struct invocation *inv)
{
	const struct command *command = NULL, *nearest;

	if (inv->operand_count > 0) {
		const char *name = inv->operands[0];

		command = command_find(name);
		if (command == NULL) {
			nearest = command_nearest(name);
			return report_usage(inv,
			    "there is no command '%s'%s%s%s", name,
			    nearest != NULL ? "; did you mean '" : "",
			    nearest != NULL ? nearest->name : "",
			    nearest != NULL ? "'?" : "");
		}
	}
	if (inv->json)
		print_json(&inv->out, command);
	else
		help_print(stdout, command);
	return 0;
}

const struct command help_command = {
	.name = "help",
	.synopsis = "[COMMAND]",
	.summary = "this list, or the page of a command",
	.page =
	    "Prints the list of commands, or the page of one.\n"
	    "\n"
	    "With --json: {commands: [{name, synopsis, summary, page, options: [{name, letter,\n"
	    "value, help}]}], options}, the latter those of every command.",
	.operands_max = 1,
	.run = help_run,
};
