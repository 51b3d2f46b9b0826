/*
 * completion - shell completion, generated from the tables of commands and
 * options.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "report.h"

static void
write_options(FILE *file, uint64_t options, const char *before)
{
	for (unsigned id = 0; id < OPTION_COUNT; id++)
		if ((options & OPTION_BIT(id)) != 0)
			fprintf(file, "%s--%s", before, option_specs[id].name);
}

static void
write_names(FILE *file, const char *between)
{
	for (const struct command *const *c = command_table; *c != NULL; c++)
		fprintf(file, "%s%s", c != command_table ? between : "",
		    (*c)->name);
}

static const char *
words_of(const struct command *command)
{
	return command->words != NULL ? command->words : "";
}

/* One arm for each command: the words and options that may follow it. */
static void
write_arms(FILE *file)
{
	for (const struct command *const *c = command_table; *c != NULL; c++) {
		fprintf(file, "\t%s) words='", (*c)->name);
		if (*c == &help_command)
			write_names(file, " ");
		fputs(words_of(*c), file);
		write_options(file, (*c)->options | OPTIONS_GLOBAL, " ");
		fprintf(file, "' ;;\n");
	}
}

static void
write_bash(FILE *file)
{
	fputs("# bash completion of ouroboros:\n"
	      "#   source <(ouroboros completion bash)\n"
	      "_ouroboros() {\n"
	      "\tlocal current=${COMP_WORDS[COMP_CWORD]} command= words= i\n"
	      "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	      "\t\tcase ${COMP_WORDS[i]} in\n"
	      "\t\t--dir | --key | --recovery-key) ((i++)) ;;\n"
	      "\t\t-*) ;;\n"
	      "\t\t*) command=${COMP_WORDS[i]}; break ;;\n"
	      "\t\tesac\n"
	      "\tdone\n"
	      "\tcase $command in\n",
	    file);
	write_arms(file);
	fputs("\t'') words='", file);
	write_names(file, " ");
	write_options(file, OPTIONS_GLOBAL, " ");
	fputs("' ;;\n"
	      "\tesac\n"
	      "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- "
	      "\"$current\")\n"
	      "}\n"
	      "complete -o default -F _ouroboros ouroboros\n",
	    file);
}

static void
write_zsh(FILE *file)
{
	fputs("#compdef ouroboros\n"
	      "# zsh completion of ouroboros: a file _ouroboros in $fpath\n"
	      "_ouroboros() {\n"
	      "\tlocal words_left command words\n"
	      "\twords_left=(${${(@)words[2,CURRENT-1]}:#-*})\n"
	      "\tcommand=${words_left[1]}\n"
	      "\tcase $command in\n",
	    file);
	write_arms(file);
	fputs("\t'') words='", file);
	write_names(file, " ");
	write_options(file, OPTIONS_GLOBAL, " ");
	fputs("' ;;\n"
	      "\tesac\n"
	      "\tcompadd -- ${=words}\n"
	      "\t_files\n"
	      "}\n"
	      "compdef _ouroboros ouroboros\n",
	    file);
}

static void
write_fish_command(FILE *file, const struct command *command)
{
	static const char line[] = "complete -c ouroboros -n "
				   "'__fish_seen_subcommand_from %s'";

	for (unsigned id = 0; id < OPTION_COUNT; id++) {
		if ((command->options & OPTION_BIT(id)) == 0)
			continue;
		fprintf(file, line, command->name);
		fprintf(file, " -l %s%s\n", option_specs[id].name,
		    option_specs[id].value != NULL ? " -r" : "");
	}
	if (command->words != NULL) {
		fprintf(file, line, command->name);
		fprintf(file, " -f -a '%s'\n", command->words);
	}
	if (!command->files) {
		fprintf(file, line, command->name);
		fputs(" -f\n", file);
	}
}

static void
write_fish(FILE *file)
{
	fputs("# fish completion of ouroboros:\n"
	      "#   ouroboros completion fish | source\n",
	    file);
	for (const struct command *const *c = command_table; *c != NULL; c++)
		fprintf(file,
		    "complete -c ouroboros -n "
		    "__fish_use_subcommand -a %s -d '%s'\n",
		    (*c)->name, (*c)->summary);
	for (unsigned id = 0; id < OPTION_COUNT; id++)
		if ((OPTIONS_GLOBAL & OPTION_BIT(id)) != 0)
			fprintf(file, "complete -c ouroboros -l %s%s\n",
			    option_specs[id].name,
			    option_specs[id].value != NULL ? " -r" : "");
	for (const struct command *const *c = command_table; *c != NULL; c++)
		write_fish_command(file, *c);
}

static const struct {
	const char *name;
	void (*write)(FILE *file);
} shells[] = {
	{ "bash", write_bash },
	{ "zsh", write_zsh },
	{ "fish", write_fish },
};

static int
print_json(struct invocation *inv, void (*write)(FILE *file))
{
	char *script = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&script, &size);

	if (file == NULL)
		return report_status(inv, OURO_NO_MEMORY, "out of memory");
	write(file);
	fclose(file);
	reply_object(&inv->out, NULL);
	reply_text(&inv->out, "script", script);
	reply_end(&inv->out);
	free(script);
	return 0;
}

static int
completion_run(struct invocation *inv)
{
	for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
		if (strcmp(shells[i].name, inv->operands[0]) != 0)
			continue;
		if (inv->json)
			return print_json(inv, shells[i].write);
		shells[i].write(stdout);
		return 0;
	}
	return report_usage(inv,
	    "completion knows bash, zsh and fish, not '%s'", inv->operands[0]);
}

const struct command completion_command = {
	.name = "completion",
	.synopsis = "bash|zsh|fish",
	.summary = "print shell completion",
	.page = "Prints a script that completes commands and options:\n"
		"\n"
		"  source <(ouroboros completion bash)\n"
		"  ouroboros completion zsh > ~/.zfunc/_ouroboros\n"
		"  ouroboros completion fish | source",
	.words = "bash zsh fish",
	.operands_min = 1,
	.operands_max = 1,
	.run = completion_run,
};
