/*
 * ouroboros - the program. Data goes to stdout, talk to stderr.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "command.h"
#include "help.h"
#include "report.h"
#include "signals.h"

/* A file must never get the descriptor of a standard stream. */
static void
streams_ensure(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)!open("/dev/null",
			    fd == STDIN_FILENO ? O_RDONLY : O_WRONLY);
}

static int
run(struct invocation *inv)
{
	if (inv->option[OPTION_HELP] != NULL) {
		help_print(stdout, inv->command);
		return 0;
	}
	if (inv->command == NULL && inv->json)
		return report_usage(inv, "a command is missing");
	if (inv->command == NULL) {
		help_print(stderr, NULL);
		return EXIT_USAGE;
	}
	return inv->command->run(inv);
}

int
main(int argc, char **argv)
{
	struct invocation inv = { .command = NULL };
	int code, output;

	streams_ensure();
	signals_install();
	code = options_parse(&inv, argc, argv);
	if (code == 0)
		code = run(&inv);
	output = report_stdout(&inv);
	signals_finish();
	return output != 0 ? output : code;
}
