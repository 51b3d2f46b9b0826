#include "report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "progress.h"
#include "signals.h"
#include "text.h"

#define MESSAGE_SIZE 1024

static const struct {
	const char *name;
	enum exit_code code;
} statuses[] = {
	[OURO_OK] = { "OK", EXIT_OK },
	[OURO_NOT_FOUND] = { "NOT_FOUND", EXIT_NOT_FOUND },
	[OURO_END] = { "END", EXIT_FAILED },
	[OURO_INVALID] = { "INVALID", EXIT_USAGE },
	[OURO_AMBIGUOUS] = { "AMBIGUOUS", EXIT_FAILED },
	[OURO_DAMAGED] = { "DAMAGED", EXIT_DAMAGED },
	[OURO_REFUSED] = { "REFUSED", EXIT_REFUSED },
	[OURO_LOCKED] = { "LOCKED", EXIT_LOCKED },
	[OURO_NO_SPACE] = { "NO_SPACE", EXIT_NO_SPACE },
	[OURO_READ_ONLY] = { "READ_ONLY", EXIT_REFUSED },
	[OURO_IO] = { "IO", EXIT_FAILED },
	[OURO_NO_MEMORY] = { "NO_MEMORY", EXIT_FAILED },
	[OURO_WRONG_KEY] = { "WRONG_KEY", EXIT_REFUSED },
	[OURO_UNSUPPORTED] = { "UNSUPPORTED", EXIT_FAILED },
	[OURO_CONFLICT] = { "CONFLICT", EXIT_REFUSED },
	[OURO_CANCELLED] = { "CANCELLED", EXIT_FAILED },
	[OURO_EXISTS] = { "EXISTS", EXIT_FAILED },
	[OURO_TOO_LARGE] = { "TOO_LARGE", EXIT_FAILED },
	[OURO_UNREACHABLE] = { "UNREACHABLE", EXIT_UNREACHABLE },
	[OURO_CRYPTO] = { "CRYPTO", EXIT_FAILED },
};

#define STATUS_COUNT (sizeof statuses / sizeof *statuses)

const char *
report_code_name(enum ouro_status status)
{
	return (size_t)status < STATUS_COUNT ? statuses[status].name : "FAILED";
}

enum exit_code
report_exit_code(const struct ouro_error *err)
{
	if (err->status == OURO_IO &&
	    (err->sys_errno == EACCES || err->sys_errno == EPERM))
		return EXIT_REFUSED;
	return (size_t)err->status < STATUS_COUNT ? statuses[err->status].code
						  : EXIT_FAILED;
}

static void
say(struct invocation *inv, const char *code, const char *text)
{
	if (inv->json) {
		reply_rewind(&inv->out);
		reply_text(&inv->out, "error", text);
		reply_text(&inv->out, "code", code);
		reply_end(&inv->out);
		return;
	}
	progress_clear();
	fputs("ouroboros: ", stderr);
	text_write(stderr, text);
	putc('\n', stderr);
}

int
report_usage(struct invocation *inv, const char *format, ...)
{
	char text[MESSAGE_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	say(inv, "USAGE", text);
	if (!inv->json)
		fprintf(stderr, "Try 'ouroboros help%s%s'.\n",
		    inv->command != NULL ? " " : "",
		    inv->command != NULL ? inv->command->name : "");
	return EXIT_USAGE;
}

int
report_failure(struct invocation *inv, const char *subject,
    const struct ouro_error *err)
{
	char text[MESSAGE_SIZE + sizeof err->text];
	const char *reason = err->text[0] != '\0'
	    ? err->text
	    : ouro_status_text(err->status);

	if (subject != NULL)
		snprintf(text, sizeof text, "%s: %s", subject, reason);
	else
		snprintf(text, sizeof text, "%s", reason);
	say(inv, report_code_name(err->status), text);
	return (int)report_exit_code(err);
}

int
report_errno(struct invocation *inv, int errnum, const char *subject)
{
	struct ouro_error err = { .status = OURO_IO, .sys_errno = errnum };

	if (errnum == ENOSPC || errnum == EDQUOT || errnum == EFBIG)
		err.status = OURO_NO_SPACE;
	else if (errnum == ENOMEM)
		err.status = OURO_NO_MEMORY;
	snprintf(err.text, sizeof err.text, "%s", strerror(errnum));
	return report_failure(inv, subject, &err);
}

int
report_status(struct invocation *inv, enum ouro_status status,
    const char *format, ...)
{
	struct ouro_error err = { .status = status };
	va_list args;

	va_start(args, format);
	vsnprintf(err.text, sizeof err.text, format, args);
	va_end(args);
	return report_failure(inv, NULL, &err);
}

int
report_stdout(struct invocation *inv)
{
	static int code;

	errno = 0;
	if (code != 0 || (fflush(stdout) == 0 && !ferror(stdout)))
		return code;
	if (signals_caught() != 0)
		return code = EXIT_FAILED;
	inv->json = false; /* it would go the same way */
	code = report_errno(inv, errno != 0 ? errno : EIO, "standard output");
	return code;
}

void
report_note(const struct invocation *inv, const char *format, ...)
{
	char text[MESSAGE_SIZE];
	va_list args;

	if (inv->quiet)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	flockfile(stderr); /* the library's threads talk too */
	progress_clear();
	text_write(stderr, text);
	putc('\n', stderr);
	funlockfile(stderr);
}
