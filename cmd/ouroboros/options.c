#include "options.h"

#include <string.h>
#include <sys/stat.h>

#include "command.h"
#include "report.h"

const struct option_spec option_specs[OPTION_COUNT] = {
	[OPTION_DIR] = { "dir", 0, "DIR",
	    "the store; else $OUROBOROS_DIR, else ~/.ouroboros" },
	[OPTION_KEY] = { "key", 0, "FILE",
	    "the member's key file; else $OUROBOROS_KEY, else in the store" },
	[OPTION_RECOVERY_KEY] = { "recovery-key", 0, "KEY",
	    "open with a recovery key; better: $OUROBOROS_RECOVERY_KEY" },
	[OPTION_JSON] = { "json", 0, NULL, "answers and errors as JSON" },
	[OPTION_QUIET] = { "quiet", 'q', NULL, "no progress, no notes" },
	[OPTION_HELP] = { "help", 'h', NULL, "this page" },
	[OPTION_NAME] = { "name", 0, "NAME",
	    "this name; put stores a new version" },
	[OPTION_PARENT] = { "parent", 0, "HASH", "the content's parent" },
	[OPTION_TYPE] = { "type", 0, "TYPE",
	    "the content type, such as text/plain" },
	[OPTION_RS] = { "rs", 0, "K+M",
	    "K data and M parity slices a chunk; K + M at most 255" },
	[OPTION_META] = { "meta", 0, "FILE",
	    "metadata instead of {\"fileName\", \"fileSizeBytes\"}" },
	[OPTION_OUTPUT] = { "output", 'o', "FILE",
	    "write to FILE, which appears only when it is whole" },
	[OPTION_RANGE] = { "range", 0, "A-B",
	    "bytes A to B, both included; A- to the end, -N the last N" },
	[OPTION_FORCE] = { "force", 'f', NULL,
	    "remove in spite of children and later versions" },
	[OPTION_LONG] = { "long", 'l', NULL, "more detail" },
	[OPTION_REBUILD_INDEX] = { "rebuild-index", 0, NULL,
	    "make the index anew from the records" },
	[OPTION_DATA_PATH] = { "data-path", 0, "DIR",
	    "a new store spreads its slices over DIR too; repeatable" },
	[OPTION_READ_ONLY] = { "read-only", 0, NULL, "change nothing" },
	[OPTION_KEYS] = { "keys", 0, "N", "how many keys to measure with" },
	[OPTION_VALUE] = { "value", 0, "BYTES", "size of a value" },
	[OPTION_RESUME] = { "resume", 0, NULL,
	    "go on with FILE, which was cut short" },
	[OPTION_AS_NEW] = { "as-new", 0, NULL,
	    "write what stays removed as new versions" },
	[OPTION_TREE] = { "tree", 0, NULL, "with all that is below it" },
	[OPTION_LIST] = { "list", 0, NULL, "what there is" },
	[OPTION_RESEAL] = { "reseal", 0, NULL,
	    "seal it anew, so that its old key opens nothing here" },
	[OPTION_BUNDLE] = { "bundle", 0, "FILE",
	    "read from a bundle, without a store" },
	[OPTION_DEPTH] = { "depth", 0, "N", "no more than N levels below" },
	[OPTION_LIMIT] = { "limit", 0, "N", "no more than N" },
	[OPTION_AFTER] = { "after", 0, "NAME|HASH",
	    "go on behind this one, the last told before" },
	[OPTION_BLIND] = { "blind", 0, NULL,
	    "without any key: the slices alone" },
	[OPTION_BASE] = { "base", 0, "HASH",
	    "replace only these versions: HASH,... or repeated; or none" },
	[OPTION_IF_UNCHANGED] = { "if-unchanged", 0, NULL,
	    "only if the heads are those of --base; without: if there is none" },
	[OPTION_TTL] = { "ttl", 0, "TIME",
	    "expires after 90s, 15m, 1h, 7d; 0 = never" },
	[OPTION_NAMESPACE] = { "namespace", 0, "N",
	    "of the names: blobs, objects, kv, auth, sys" },
	[OPTION_INPUT] = { "input", 'i', "FILE",
	    "take the content from FILE; '-' is standard input" },
};

/* What older tools called things. */
static const struct {
	const char *spelling;
	const struct command *command;
	bool detail;
} old_spellings[] = {
	{ "-r", &get_command, false },
	{ "-d", &rm_command, false },
	{ "-ls", &ls_command, false },
	{ "-lsx", &ls_command, true },
	{ "-v", &verify_command, false },
	{ "-V", &version_command, false },
	{ "--version", &version_command, false },
};

/* The arguments not yet looked at. */
struct cursor {
	int argc;
	char **argv;
	int next;
};

static bool
old_spelling_take(struct invocation *inv, const char *argument)
{
	for (size_t i = 0; i < sizeof old_spellings / sizeof *old_spellings;
	     i++) {
		if (strcmp(old_spellings[i].spelling, argument) != 0)
			continue;
		inv->command = old_spellings[i].command;
		if (old_spellings[i].detail)
			inv->option[OPTION_LONG] = "";
		return true;
	}
	return false;
}

static bool
is_file(const char *path, bool *yaml)
{
	struct stat status;
	size_t length = strlen(path);

	*yaml = (length > 5 && strcmp(path + length - 5, ".yaml") == 0) ||
	    (length > 4 && strcmp(path + length - 4, ".yml") == 0);
	return stat(path, &status) == 0 && !S_ISDIR(status.st_mode);
}

/* The first word that is no option: a command, or a file to store. */
static int
command_take(struct invocation *inv, char *word, bool *is_operand)
{
	const struct command *nearest;
	bool yaml;

	inv->command = command_find(word);
	if (inv->command != NULL)
		return 0;
	if (is_file(word, &yaml)) {
		if (yaml)
			return report_usage(inv,
			    "%s is a file, not a command; to store it: "
			    "'ouroboros put %s'; to run a node with it: "
			    "'ouroboros serve %s' (not in this version)",
			    word, word, word);
		inv->command = &put_command;
		*is_operand = true;
		return 0;
	}
	nearest = command_nearest(word);
	if (nearest != NULL)
		return report_usage(inv,
		    "there is no command or file '%s'; did you mean '%s'?",
		    word, nearest->name);
	return report_usage(inv, "there is no command or file '%s'", word);
}

static int
option_set(struct invocation *inv, enum option_id id, const char *value)
{
	inv->option[id] = value;
	if (id == OPTION_QUIET)
		inv->quiet = true;
	if (id == OPTION_BASE && inv->base_count == BASES_MAX)
		return report_usage(inv, "at most %d --base", BASES_MAX);
	if (id == OPTION_BASE)
		inv->bases[inv->base_count++] = value;
	if (id != OPTION_DATA_PATH)
		return 0;
	if (inv->data_path_count == DATA_PATHS_MAX)
		return report_usage(inv, "at most %d --data-path",
		    DATA_PATHS_MAX);
	inv->data_paths[inv->data_path_count++] = value;
	return 0;
}

/* --name, --name=VALUE or --name VALUE. */
static int
long_take(struct invocation *inv, struct cursor *at, const char *argument)
{
	const char *equals = strchr(argument, '=');
	size_t length = equals != NULL ? (size_t)(equals - argument)
				       : strlen(argument);

	for (unsigned id = 0; id < OPTION_COUNT; id++) {
		const struct option_spec *spec = &option_specs[id];

		if (strlen(spec->name) != length ||
		    strncmp(spec->name, argument, length) != 0)
			continue;
		if (spec->value == NULL && equals != NULL)
			return report_usage(inv, "--%s takes no value",
			    spec->name);
		if (spec->value == NULL)
			return option_set(inv, id, "");
		if (equals != NULL)
			return option_set(inv, id, equals + 1);
		if (at->next >= at->argc)
			return report_usage(inv, "--%s needs a value: --%s %s",
			    spec->name, spec->name, spec->value);
		return option_set(inv, id, at->argv[at->next++]);
	}
	return report_usage(inv, "there is no option --%.*s", (int)length,
	    argument);
}

/* -q, -ql, -o FILE or -oFILE. */
static int
letters_take(struct invocation *inv, struct cursor *at, const char *letters)
{
	for (; *letters != '\0'; letters++) {
		unsigned id = 0;

		while (id < OPTION_COUNT && option_specs[id].letter != *letters)
			id++;
		if (id == OPTION_COUNT)
			return report_usage(inv, "there is no option -%c",
			    *letters);
		if (option_specs[id].value == NULL) {
			option_set(inv, id, "");
			continue;
		}
		if (letters[1] != '\0')
			return option_set(inv, id, letters + 1);
		if (at->next >= at->argc)
			return report_usage(inv, "-%c needs a value: -%c %s",
			    *letters, *letters, option_specs[id].value);
		return option_set(inv, id, at->argv[at->next++]);
	}
	return 0;
}

static int
command_check(struct invocation *inv)
{
	const struct command *command = inv->command;

	if (command == NULL || inv->option[OPTION_HELP] != NULL)
		return 0;
	for (unsigned id = 0; id < OPTION_COUNT; id++)
		if (inv->option[id] != NULL &&
		    ((command->options | OPTIONS_GLOBAL) & OPTION_BIT(id)) == 0)
			return report_usage(inv, "%s does not take --%s",
			    command->name, option_specs[id].name);
	if (inv->operand_count < command->operands_min)
		return report_usage(inv, "%s needs more: ouroboros %s %s",
		    command->name, command->name, command->synopsis);
	if (inv->operand_count > command->operands_max)
		return report_usage(inv,
		    "%s does not take '%s': ouroboros %s %s", command->name,
		    inv->operands[command->operands_max], command->name,
		    command->synopsis);
	return 0;
}

/* A usage error further left is to be JSON already. */
static bool
wants_json(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--json") == 0)
			return true;
	return false;
}

int
options_parse(struct invocation *inv, int argc, char **argv)
{
	struct cursor at = { argc, argv, 1 };
	bool only_operands = false;

	inv->json = wants_json(argc, argv);
	inv->operands = argv; /* never catches up with the cursor */
	while (at.next < argc) {
		char *argument = argv[at.next++];
		bool is_operand = inv->command != NULL;
		int code = 0;

		if (!only_operands && strcmp(argument, "--") == 0) {
			only_operands = true;
			continue;
		}
		if (!only_operands && argument[0] == '-' && argument[1] != 0) {
			if (!is_operand && old_spelling_take(inv, argument))
				continue;
			code = argument[1] == '-'
			    ? long_take(inv, &at, argument + 2)
			    : letters_take(inv, &at, argument + 1);
			is_operand = false;
		} else if (!is_operand) {
			code = command_take(inv, argument, &is_operand);
		}
		if (code != 0)
			return code;
		if (is_operand)
			inv->operands[inv->operand_count++] = argument;
	}
	return command_check(inv);
}
