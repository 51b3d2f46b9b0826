#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "datapath.h"
#include "numbers.h"
#include "passphrase.h"
#include "report.h"
#include "signals.h"

#define PASSPHRASE_TRIES 3

const char *
session_setting(const struct invocation *inv, enum option_id id,
    const char *variable)
{
	const char *value = inv->option[id];

	if (value == NULL)
		value = getenv(variable);
	return value != NULL && value[0] != '\0' ? value : NULL;
}

char *
session_directory(struct invocation *inv)
{
	const char *given = session_setting(inv, OPTION_DIR, "OUROBOROS_DIR");
	const char *home = getenv("HOME");
	char *path = NULL;

	if (given != NULL) {
		path = strdup(given);
	} else if (home == NULL || home[0] == '\0') {
		report_usage(inv,
		    "no store is named and there is no $HOME: "
		    "use --dir DIR or $OUROBOROS_DIR");
		return NULL;
	} else if (asprintf(&path, "%s/.ouroboros", home) < 0) {
		path = NULL;
	}
	if (path == NULL)
		report_status(inv, OURO_NO_MEMORY, "out of memory");
	return path;
}

/* Called by the library, from any thread. */
static void
log_line(void *context, enum ouro_log_level level, const char *text)
{
	if (level >= OURO_LOG_WARNING)
		report_note(context, "ouroboros: %s", text);
}

/* A store on a disk that takes no writes can still be read. */
static bool
is_unwritable(const struct ouro_error *err)
{
	return err->status == OURO_READ_ONLY ||
	    (err->status == OURO_IO &&
		(err->sys_errno == EACCES || err->sys_errno == EPERM ||
		    err->sys_errno == EROFS));
}

/* How a store is opened. */
struct way {
	session_opener *opener;
	void *context;
	const char *dir;
};

/* Asks for the passphrase of a sealed key file, when there is someone to
 * ask. */
static enum ouro_status
open_asking(const struct way *way, struct ouro_vault_options *options,
    struct ouro_vault **out, struct ouro_error *err)
{
	enum ouro_status status = OURO_WRONG_KEY;
	char *passphrase;

	for (int i = 0; i < PASSPHRASE_TRIES && status == OURO_WRONG_KEY; i++) {
		passphrase = passphrase_ask("Passphrase of the key file: ");
		if (passphrase == NULL)
			return status;
		options->passphrase = passphrase;
		status = way->opener(way->context, way->dir, options, out, err);
		options->passphrase = NULL;
		passphrase_free(passphrase);
		if (status == OURO_WRONG_KEY && i + 1 < PASSPHRASE_TRIES)
			fprintf(stderr, "That is not it.\n");
	}
	return status;
}

static enum ouro_status
open_once(const struct way *way, struct ouro_vault_options *options,
    struct ouro_vault **out, struct ouro_error *err)
{
	enum ouro_status status = way->opener(way->context, way->dir, options,
	    out, err);

	if (status == OURO_WRONG_KEY && options->passphrase == NULL &&
	    options->recovery_key == NULL)
		status = open_asking(way, options, out, err);
	return status;
}

bool
session_has_store(const char *dir)
{
	static const char *const files[] = { "OUROBOROS", "OUROBOROS.copy" };
	bool found = false;

	for (size_t i = 0; !found && i < sizeof files / sizeof *files; i++) {
		char *path = NULL;

		if (asprintf(&path, "%s/%s", dir, files[i]) < 0)
			return false;
		found = access(path, F_OK) == 0;
		free(path);
	}
	return found;
}

static int
say_failure(struct invocation *inv, const char *dir, enum session_mode mode,
    const struct ouro_vault_options *options, const struct ouro_error *err)
{
	int code = report_failure(inv, NULL, err);

	if (inv->json)
		return code;
	/* Then what was not found is its key file. */
	if (err->status == OURO_NOT_FOUND && session_has_store(dir))
		report_note(inv,
		    "--key FILE or $OUROBOROS_KEY names the key file; "
		    "'ouroboros keys import' makes a new one from a recovery "
		    "key.");
	else if (err->status == OURO_NOT_FOUND && mode != SESSION_CREATE)
		report_note(inv,
		    "Is %s the right store? --dir DIR or "
		    "$OUROBOROS_DIR names another; 'ouroboros put FILE' makes "
		    "one.",
		    dir);
	else if (err->status == OURO_WRONG_KEY && options->passphrase == NULL &&
	    options->recovery_key == NULL)
		report_note(inv,
		    "A passphrase is asked for on a terminal, or "
		    "taken from $OUROBOROS_PASSPHRASE.");
	return code;
}

/* Does the key file lie in the store's directory, at any depth? */
static bool
key_is_inside(const char *dir, const char *key_file)
{
	char *store = realpath(dir, NULL), *key = realpath(key_file, NULL);
	size_t size = store != NULL ? strlen(store) : 0;
	bool inside = store != NULL && key != NULL &&
	    strncmp(store, key, size) == 0 && key[size] == '/';

	free(store);
	free(key);
	return inside;
}

static void
say_first_use(const struct invocation *inv, const char *dir,
    const struct ouro_vault *vault, bool passphrase)
{
	report_note(inv, "Made a new store in %s.", dir);
	report_note(inv,
	    "Its key lies in %s. Without a copy of this key the "
	    "data cannot be read, by anyone.",
	    ouro_vault_key_file(vault));
	if (!passphrase && key_is_inside(dir, ouro_vault_key_file(vault)))
		report_note(inv,
		    "Anyone who gets the whole directory can read it: set a "
		    "passphrase ('ouroboros keys passwd') or keep the key "
		    "elsewhere (--key).");
	report_note(inv,
	    "'ouroboros keys export' prints a recovery key to be "
	    "kept elsewhere.");
}

/* How much of the disk is to stay free; says what is wrong. */
static bool
free_space_setting(uint64_t *bytes)
{
	const char *text = getenv("OURO_MINIMUM_FREE_SPACE_GB");

	if (text == NULL || text[0] == '\0' || size_parse(text, bytes))
		return true;
	fprintf(stderr,
	    "ouroboros: OURO_MINIMUM_FREE_SPACE_GB is \"%.64s\"; say 1 (GiB) "
	    "or 512MiB\n",
	    text);
	return false;
}

static enum ouro_status
open_vault(void *context, const char *dir,
    const struct ouro_vault_options *options, struct ouro_vault **out,
    struct ouro_error *err)
{
	(void)context;
	return ouro_vault_open(dir, options, out, err);
}

int
session_open(struct invocation *inv, enum session_mode mode,
    struct ouro_vault **out)
{
	return session_open_by(inv, mode, open_vault, NULL, out);
}

int
session_open_by(struct invocation *inv, enum session_mode mode,
    session_opener *opener, void *context, struct ouro_vault **out)
{
	struct ouro_vault_options options = {
		.size = sizeof options,
		.must_exist = mode != SESSION_CREATE,
		.read_only = mode == SESSION_READ,
		.key_file = session_setting(inv, OPTION_KEY, "OUROBOROS_KEY"),
		.passphrase = getenv("OUROBOROS_PASSPHRASE"),
		.recovery_key = session_setting(inv, OPTION_RECOVERY_KEY,
		    "OUROBOROS_RECOVERY_KEY"),
		.log = log_line,
		.log_context = inv,
	};
	struct ouro_error err = { .status = OURO_OK };
	struct data_paths paths;
	enum ouro_status status;
	char *dir = session_directory(inv);
	const struct way way = { opener, context, dir };
	int code = 0;

	if (dir == NULL || !free_space_setting(&options.free_space_min)) {
		free(dir);
		return EXIT_USAGE;
	}
	code = data_paths_take(inv, &paths);
	if (code != 0)
		goto out;
	options.data_paths = (const char *const *)paths.list;
	options.data_path_count = paths.count;
	if (options.passphrase != NULL && options.passphrase[0] == '\0')
		options.passphrase = NULL;
	status = open_once(&way, &options, out, &err);
	if (status != OURO_OK && mode == SESSION_HEAL && is_unwritable(&err)) {
		options.read_only = true;
		status = open_once(&way, &options, out, &err);
	}
	if (status != OURO_OK && signals_caught() != 0)
		code = EXIT_FAILED;
	else if (status != OURO_OK)
		code = say_failure(inv, dir, mode, &options, &err);
	else if (ouro_vault_is_new(*out))
		say_first_use(inv, dir, *out, options.passphrase != NULL);
	if (code == 0)
		code = data_paths_check(inv, *out, &paths);
out:
	data_paths_release(&paths);
	free(dir);
	return code;
}
