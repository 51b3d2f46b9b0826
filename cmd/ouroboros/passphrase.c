#include "passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "signals.h"

static int
terminal_open(void)
{
	return open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
}

bool
passphrase_can_ask(void)
{
	int fd = terminal_open();

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* One line into text (PASSPHRASE_MAX + 1 bytes); false at the end of input,
 * when it is too long, or when a signal came. */
static bool
line_read(int fd, char *text)
{
	size_t length = 0;

	while (length < PASSPHRASE_MAX && signals_wait_readable(fd)) {
		ssize_t got = read(fd, text + length, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		if (text[length] == '\n') {
			text[length] = '\0';
			return true;
		}
		length++;
	}
	return false;
}

static void
say(int fd, const char *text)
{
	ssize_t ignored = write(fd, text, strlen(text));

	(void)ignored;
}

char *
passphrase_ask(const char *prompt)
{
	char *text = calloc(1, PASSPHRASE_MAX + 1);
	int fd = terminal_open();
	struct termios before, silent;
	bool answered = false;

	if (text == NULL || fd < 0 || tcgetattr(fd, &before) != 0)
		goto out;
	silent = before;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	if (tcsetattr(fd, TCSAFLUSH, &silent) != 0)
		goto out;
	say(fd, prompt);
	answered = line_read(fd, text);
	tcsetattr(fd, TCSAFLUSH, &before);
	say(fd, "\n");
out:
	if (fd >= 0)
		close(fd);
	if (!answered) {
		passphrase_free(text);
		return NULL;
	}
	return text;
}

void
passphrase_free(char *passphrase)
{
	if (passphrase != NULL)
		explicit_bzero(passphrase, strlen(passphrase));
	free(passphrase);
}
