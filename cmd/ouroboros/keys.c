/*
 * keys - members of the keyring, the recovery key, the passphrase.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "keyfile.h"
#include "passphrase.h"
#include "report.h"
#include "session.h"
#include "table.h"
#include "text.h"

#define NEW_PASSPHRASE "OUROBOROS_NEW_PASSPHRASE"

struct showing {
	struct invocation *inv;
	struct table table;
};

static const char *
kind_text(enum ouro_member_kind kind)
{
	return kind == OURO_MEMBER_RECOVERY ? "recovery" : "node";
}

static bool
print_member(void *context, const struct ouro_member *member)
{
	struct showing *s = context;
	struct reply *out = &s->inv->out;
	char time[TEXT_TIME_SIZE];

	if (!s->inv->json)
		return table_cell(&s->table, member->fingerprint) &&
		    table_cell(&s->table, kind_text(member->kind)) &&
		    table_cell(&s->table, text_time(member->added_ms, time)) &&
		    table_cell(&s->table, member->self ? "this key" : "") &&
		    table_cell(&s->table, member->label);
	reply_object(out, NULL);
	reply_text(out, "fingerprint", member->fingerprint);
	reply_text(out, "kind", kind_text(member->kind));
	reply_time(out, "added_at", member->added_ms);
	reply_bool(out, "self", member->self);
	reply_text(out, "label", member->label);
	reply_end(out);
	return true;
}

static int
show(struct invocation *inv, struct ouro_vault *vault)
{
	static const char *const titles[] = { "FINGERPRINT", "KIND", "ADDED AT",
		"", "LABEL" };
	struct ouro_error err = { .status = OURO_OK };
	struct showing s = { .inv = inv };
	uint64_t began = 0;
	uint32_t epoch = ouro_keys_epoch(vault, &began);
	const char *file = ouro_vault_key_file(vault);
	char time[TEXT_TIME_SIZE];
	enum ouro_status status;

	if (inv->json) {
		reply_object(&inv->out, NULL);
		reply_text(&inv->out, "key_file", file);
		reply_uint(&inv->out, "epoch", epoch);
		reply_time(&inv->out, "epoch_began_at", began);
		reply_array(&inv->out, "members");
	} else {
		printf("key file   ");
		text_write(stdout, file != NULL ? file : "-");
		printf("\nkey epoch  %" PRIu32 ", since %s\n\n", epoch,
		    text_time(began, time));
		table_init(&s.table, titles, sizeof titles / sizeof *titles);
	}
	status = ouro_keys_list(vault, print_member, &s, &err);
	if (!inv->json)
		table_finish(&s.table);
	if (status != OURO_OK)
		return report_failure(inv, NULL, &err);
	if (inv->json) {
		reply_end(&inv->out);
		reply_end(&inv->out);
	}
	return 0;
}

static int export(struct invocation *inv, struct ouro_vault *vault)
{
	char text[OURO_RECOVERY_TEXT] = "";
	struct ouro_error err = { .status = OURO_OK };
	int code = 0;

	if (ouro_keys_export(vault, text, &err) != OURO_OK) {
		code = report_failure(inv, NULL, &err);
	} else if (inv->json) {
		reply_object(&inv->out, NULL);
		reply_text(&inv->out, "recovery_key", text);
		reply_end(&inv->out);
	} else {
		puts(text);
		report_note(inv,
		    "This recovery key opens the store without "
		    "its key file. It is shown only once: print it, keep it "
		    "elsewhere, show it to no one.");
	}
	explicit_bzero(text, sizeof text);
	return code;
}

/* Typed twice; *out is NULL unless 0 is returned. */
static int
passphrase_choose(struct invocation *inv, char **out)
{
	char *first = passphrase_ask("New passphrase (empty = none): ");
	char *again = first != NULL ? passphrase_ask("Once more: ") : NULL;
	int code = 0;

	*out = NULL;
	if (first == NULL || again == NULL)
		code = report_status(inv, OURO_CANCELLED,
		    "no passphrase was given; nothing is changed");
	else if (strcmp(first, again) != 0)
		code = report_status(inv, OURO_INVALID,
		    "the two passphrases differ; nothing is changed");
	else
		*out = first;
	if (code != 0)
		passphrase_free(first);
	passphrase_free(again);
	return code;
}

/* The passphrase that a key file is to have, from the environment or the
 * terminal; "" = none. Without a terminal there is none, unless `required`. */
static int
passphrase_new(struct invocation *inv, bool required, char **out)
{
	const char *given = getenv(NEW_PASSPHRASE);

	*out = NULL;
	if (given == NULL && passphrase_can_ask())
		return passphrase_choose(inv, out);
	if (given == NULL && required)
		return report_usage(inv,
		    "there is no terminal to ask for the "
		    "new passphrase on; give it in $" NEW_PASSPHRASE
		    " (empty = none)");
	*out = strdup(given != NULL ? given : "");
	if (*out == NULL)
		return report_status(inv, OURO_NO_MEMORY, "out of memory");
	return 0;
}

/* As the library takes it. */
static const char *
or_none(const char *passphrase)
{
	return passphrase != NULL && passphrase[0] != '\0' ? passphrase : NULL;
}

static int
answer(struct invocation *inv, const char *key, const char *value,
    const char *note)
{
	if (inv->json) {
		reply_object(&inv->out, NULL);
		reply_text(&inv->out, key, value);
		reply_end(&inv->out);
	} else {
		report_note(inv, "%s%s%s", note, value != NULL ? " " : "",
		    value != NULL ? value : "");
	}
	return 0;
}

static int
passwd(struct invocation *inv, struct ouro_vault *vault)
{
	struct ouro_error err = { .status = OURO_OK };
	char *passphrase;
	int code = passphrase_new(inv, true, &passphrase);

	if (code == 0 &&
	    ouro_keys_passphrase(vault, or_none(passphrase), &err) != OURO_OK)
		code = report_failure(inv, NULL, &err);
	else if (code == 0)
		code = answer(inv, "key_file", ouro_vault_key_file(vault),
		    or_none(passphrase) != NULL
			? "A passphrase now protects the key file"
			: "No passphrase protects the key file any more:");
	passphrase_free(passphrase);
	return code;
}

/* Where import puts the new key file. */
static char *
import_path(struct invocation *inv)
{
	const char *given = inv->operand_count > 1
	    ? inv->operands[1]
	    : session_setting(inv, OPTION_KEY, "OUROBOROS_KEY");
	char *path = NULL, *dir;

	if (given != NULL)
		return strdup(given);
	dir = session_directory(inv);
	if (dir != NULL && asprintf(&path, "%s/member.key", dir) < 0)
		path = NULL;
	free(dir);
	return path;
}

static int
import(struct invocation *inv, struct ouro_vault *vault)
{
	struct ouro_error err = { .status = OURO_OK };
	char *path = import_path(inv), *passphrase = NULL;
	int code = path != NULL ? passphrase_new(inv, false, &passphrase)
				: EXIT_FAILED;

	if (code == 0 &&
	    ouro_keys_import(vault, path, or_none(passphrase), &err) != OURO_OK)
		code = report_failure(inv, NULL, &err);
	else if (code == 0)
		code = answer(inv, "key_file", path,
		    "Made a new key file, a member of the store:");
	passphrase_free(passphrase);
	free(path);
	return code;
}

static int
rotate(struct invocation *inv, struct ouro_vault *vault)
{
	struct ouro_error err = { .status = OURO_OK };
	uint32_t epoch;

	if (ouro_keys_rotate(vault, &err) != OURO_OK)
		return report_failure(inv, NULL, &err);
	epoch = ouro_keys_epoch(vault, NULL);
	if (inv->json) {
		reply_object(&inv->out, NULL);
		reply_uint(&inv->out, "epoch", epoch);
		reply_end(&inv->out);
	} else {
		report_note(inv,
		    "What is written from now on is sealed under "
		    "key epoch %" PRIu32 ".",
		    epoch);
	}
	return 0;
}

static int
drop(struct invocation *inv, struct ouro_vault *vault)
{
	struct ouro_error err = { .status = OURO_OK };

	if (ouro_keys_remove(vault, inv->operands[1], &err) != OURO_OK)
		return report_failure(inv, NULL, &err);
	return answer(inv, "removed", inv->operands[1],
	    "Removed, and a new key epoch begun:");
}

/* ---- without a store ----------------------------------------------------- */

static int
make(struct invocation *inv, struct ouro_vault *none)
{
	const char *path = inv->operands[1];
	struct ouro_error err = { .status = OURO_OK };
	char *passphrase;
	int code = passphrase_new(inv, false, &passphrase);

	(void)none;
	if (code == 0 &&
	    ouro_key_make(path, or_none(passphrase), &err) != OURO_OK)
		code = report_failure(inv, NULL, &err);
	else if (code == 0)
		code = answer(inv, "key_file", path,
		    "Made a key, a member of no store:");
	if (code == 0 && !inv->json)
		report_note(inv,
		    "Keep it to yourself. 'ouroboros keys public %s' prints "
		    "what others need to share something with you.",
		    path);
	passphrase_free(passphrase);
	return code;
}

static int public(struct invocation *inv, struct ouro_vault *none)
{
	struct key_file file;
	int code = key_file_open(inv,
	    inv->operand_count > 1 ? inv->operands[1] : NULL, &file);

	(void)none;
	if (code == 0 && inv->json) {
		reply_object(&inv->out, NULL);
		reply_text(&inv->out, "public_key", file.public_text);
		reply_text(&inv->out, "key_file", file.path);
		reply_end(&inv->out);
	} else if (code == 0) {
		puts(file.public_text);
	}
	key_file_release(&file);
	return code;
}

static const struct action {
	const char *name;
	size_t operands_min, operands_max;
	enum session_mode mode;
	bool no_store;
	int (*run)(struct invocation *inv, struct ouro_vault *vault);
} actions[] = {
	{ "show", 0, 0, SESSION_READ, false, show },
	{ "export", 0, 0, SESSION_WRITE, false, export },
	{ "import", 0, 1, SESSION_WRITE, false, import },
	{ "passwd", 0, 0, SESSION_WRITE, false, passwd },
	{ "rotate", 0, 0, SESSION_WRITE, false, rotate },
	{ "remove", 1, 1, SESSION_WRITE, false, drop },
	{ "new", 1, 1, SESSION_READ, true, make },
	{ "public", 0, 1, SESSION_READ, true, public },
};

static const struct action *
action_find(const char *name)
{
	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
		if (strcmp(actions[i].name, name) == 0)
			return &actions[i];
	return NULL;
}

/* import opens with a recovery key; asks for it when there is none. */
static int
recovery_key_ask(struct invocation *inv, char **typed)
{
	*typed = NULL;
	if (session_setting(inv, OPTION_RECOVERY_KEY,
		"OUROBOROS_RECOVERY_KEY") != NULL)
		return 0;
	*typed = passphrase_ask("Recovery key: ");
	if (*typed == NULL)
		return report_usage(inv,
		    "import needs the recovery key: "
		    "$OUROBOROS_RECOVERY_KEY or --recovery-key KEY");
	inv->option[OPTION_RECOVERY_KEY] = *typed;
	return 0;
}

static int
keys_run(struct invocation *inv)
{
	const struct action *action = action_find(inv->operands[0]);
	size_t more = inv->operand_count - 1;
	struct ouro_vault *vault = NULL;
	char *typed = NULL;
	int code = 0;

	if (action == NULL)
		return report_usage(inv,
		    "keys does not know '%s': show, "
		    "export, import, passwd, rotate, remove, new or public",
		    inv->operands[0]);
	if (more < action->operands_min || more > action->operands_max)
		return report_usage(inv, "keys %s takes %s", action->name,
		    action->operands_max == 0	    ? "nothing more"
			: action->operands_min == 0 ? "at most a FILE"
			: action->no_store	    ? "a FILE"
						    : "a FINGERPRINT");
	if (action->run == import)
		code = recovery_key_ask(inv, &typed);
	if (code == 0 && !action->no_store)
		code = session_open(inv, action->mode, &vault);
	if (code == 0)
		code = action->run(inv, vault);
	ouro_vault_close(vault);
	passphrase_free(typed);
	return code;
}

const struct command keys_command = {
	.name = "keys",
	.synopsis = "show|export|import|passwd|rotate|remove|new|public",
	.summary = "keyring, recovery key, passphrase, public key",
	.page =
	    "show                members of the keyring, the key file, the key epoch\n"
	    "export              makes a recovery key and prints it, once\n"
	    "import [FILE]       with a recovery key: makes a new key file (default: in the\n"
	    "                    store) and adds it to the keyring\n"
	    "passwd              another passphrase for the key file, or none\n"
	    "rotate              a new key for what is written from now on\n"
	    "remove FINGERPRINT  takes a member out of the keyring, and rotates\n"
	    "new FILE            makes a key file for somebody who has no store\n"
	    "public [FILE]       prints the public key of a key file (default: the store's),\n"
	    "                    which others need to share something with its owner\n"
	    "\n"
	    "Without a key file or a recovery key the data cannot be read, by anyone.\n"
	    "A passphrase comes from $OUROBOROS_PASSPHRASE, or is asked for on the terminal;\n"
	    "a new one from $OUROBOROS_NEW_PASSPHRASE (empty = none), or is asked for twice.",
	.words = "show export import passwd rotate remove new public",
	.operands_min = 1,
	.operands_max = 2,
	.run = keys_run,
};
