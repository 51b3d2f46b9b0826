#include "keyfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "passphrase.h"
#include "report.h"
#include "session.h"

#define TRIES 3

static char *
path_find(struct invocation *inv, const char *given)
{
	char *path = NULL, *dir;

	if (given == NULL)
		given = session_setting(inv, OPTION_KEY, "OUROBOROS_KEY");
	if (given != NULL)
		return strdup(given);
	dir = session_directory(inv);
	if (dir != NULL && asprintf(&path, "%s/member.key", dir) < 0)
		path = NULL;
	free(dir);
	return path;
}

void
key_file_release(struct key_file *file)
{
	passphrase_free(file->passphrase);
	free(file->public_text);
	free(file->path);
	*file = (struct key_file){ .path = NULL };
}

static enum ouro_status
open_asking(struct key_file *file, struct ouro_error *err)
{
	enum ouro_status status = OURO_WRONG_KEY;

	for (int i = 0; i < TRIES && status == OURO_WRONG_KEY; i++) {
		passphrase_free(file->passphrase);
		file->passphrase = passphrase_ask(
		    "Passphrase of the key file: ");
		if (file->passphrase == NULL)
			return status;
		status = ouro_key_public(file->path, file->passphrase,
		    &file->public_text, err);
		if (status == OURO_WRONG_KEY && i + 1 < TRIES)
			fprintf(stderr, "That is not it.\n");
	}
	return status;
}

int
key_file_open(struct invocation *inv, const char *path, struct key_file *out)
{
	const char *given = getenv("OUROBOROS_PASSPHRASE");
	struct ouro_error err = { .status = OURO_OK };
	enum ouro_status status;

	*out = (struct key_file){ .path = path_find(inv, path) };
	if (out->path == NULL)
		return EXIT_FAILED;
	if (given != NULL && given[0] != '\0')
		out->passphrase = strdup(given);
	status = ouro_key_public(out->path, out->passphrase, &out->public_text,
	    &err);
	if (status == OURO_WRONG_KEY && out->passphrase == NULL)
		status = open_asking(out, &err);
	return status == OURO_OK ? 0 : report_failure(inv, NULL, &err);
}
