#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t caught;
static volatile sig_atomic_t interrupted;
static int wake[2] = { -1, -1 }; /* a signal before poll() ends it too */

static void
note(int number)
{
	int saved = errno;
	ssize_t ignored;

	caught = number;
	ignored = write(wake[1], "", 1);
	(void)ignored;
	errno = saved;
}

void
signals_install(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	struct sigaction action = { .sa_handler = note };

	if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) != 0)
		wake[0] = wake[1] = -1;
	sigemptyset(&action.sa_mask);
	action.sa_flags = (int)SA_RESETHAND; /* without SA_RESTART */
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		struct sigaction old;

		/* nohup and background jobs of a plain shell stay immune. */
		if (sigaction(numbers[i], NULL, &old) != 0 ||
		    old.sa_handler == SIG_IGN)
			continue;
		/* What is still written while cleaning up must not kill. */
		if (numbers[i] == SIGPIPE)
			action.sa_flags = 0;
		sigaction(numbers[i], &action, NULL);
	}
}

int
signals_caught(void)
{
	return caught;
}

static void
note_interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

void
signals_interactive(void)
{
	struct sigaction action = { .sa_handler = note_interrupt };

	sigemptyset(&action.sa_mask); /* without SA_RESTART */
	sigaction(SIGINT, &action, NULL);
}

bool
signals_interrupted(void)
{
	return interrupted != 0;
}

void
signals_interrupt_clear(void)
{
	interrupted = 0;
}

bool
signals_wait_readable(int fd)
{
	struct pollfd fds[2] = { { .fd = fd, .events = POLLIN },
		{ .fd = wake[0], .events = POLLIN } };

	while (caught == 0) {
		if (poll(fds, 2, -1) > 0 && fds[0].revents != 0)
			break;
	}
	return caught == 0;
}

void
signals_finish(void)
{
	int number = caught;

	if (number == 0)
		return;
	signal(number, SIG_DFL);
	raise(number);
}
