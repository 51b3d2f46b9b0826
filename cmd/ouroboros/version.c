/*
 * version - which one this is.
 */
#include <stdio.h>

#include <ouroboros.h>

#include "command.h"

static int
version_run(struct invocation *inv)
{
	if (inv->json) {
		reply_object(&inv->out, NULL);
		reply_text(&inv->out, "version", ouro_version());
		reply_end(&inv->out);
	} else {
		printf("ouroboros %s\n", ouro_version());
	}
	return 0;
}

const struct command version_command = {
	.name = "version",
	.synopsis = "",
	.summary = "print the version",
	.page = "Prints the version of the program and its library.",
	.run = version_run,
};
