#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What a text that had to be cut ends in. */
static const char cut_mark[] = "...";

static const char *const status_texts[] = {
	[OURO_OK] = "ok",
	[OURO_NOT_FOUND] = "not found",
	[OURO_END] = "end",
	[OURO_INVALID] = "invalid",
	[OURO_AMBIGUOUS] = "ambiguous",
	[OURO_DAMAGED] = "damaged",
	[OURO_REFUSED] = "refused",
	[OURO_LOCKED] = "locked",
	[OURO_NO_SPACE] = "no space",
	[OURO_READ_ONLY] = "read only",
	[OURO_IO] = "input/output error",
	[OURO_NO_MEMORY] = "out of memory",
	[OURO_WRONG_KEY] = "wrong key",
	[OURO_UNSUPPORTED] = "unsupported",
	[OURO_CONFLICT] = "conflict",
	[OURO_CANCELLED] = "cancelled",
	[OURO_EXISTS] = "already exists",
	[OURO_TOO_LARGE] = "too large",
	[OURO_UNREACHABLE] = "unreachable",
	[OURO_CRYPTO] = "crypto library error",
};

const char *
ouro_status_text(enum ouro_status status)
{
	size_t index = (size_t)(unsigned)status;

	if (index >= sizeof status_texts / sizeof status_texts[0])
		return "unknown status";
	return status_texts[index];
}

/*
 * Formats into text, which keeps `reserved` bytes free behind it; marks a
 * cut. Works on a copy, since an argument may be the old error text itself.
 */
static void
error_format(struct ouro_error *err, size_t reserved, const char *format,
    va_list args)
{
	char text[sizeof err->text];
	size_t room = sizeof text - reserved;
	int length = vsnprintf(text, room, format, args);

	if (length < 0)
		text[0] = '\0';
	else if ((size_t)length >= room)
		memcpy(text + room - sizeof cut_mark, cut_mark,
		    sizeof cut_mark);
	memcpy(err->text, text, strlen(text) + 1);
}

enum ouro_status
error_set(struct ouro_error *err, enum ouro_status status, const char *format,
    ...)
{
	va_list args;

	if (err == NULL)
		return status;
	va_start(args, format);
	error_format(err, 0, format, args);
	va_end(args);
	err->status = status;
	err->sys_errno = 0;
	return status;
}

static enum ouro_status
errno_status(int errnum)
{
	switch (errnum) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return OURO_NO_SPACE;
	case ENOENT:
		return OURO_NOT_FOUND;
	case ENOMEM:
		return OURO_NO_MEMORY;
	case EROFS:
		return OURO_READ_ONLY;
	case EEXIST:
		return OURO_EXISTS;
	default:
		return OURO_IO;
	}
}

enum ouro_status
error_errno(struct ouro_error *err, int errnum, const char *format, ...)
{
	enum ouro_status status = errno_status(errnum);
	char reason_space[128];
	const char *reason;
	size_t length;
	va_list args;

	if (err == NULL)
		return status;
	reason = strerror_r(errnum, reason_space, sizeof reason_space);
	va_start(args, format);
	error_format(err, strnlen(reason, 128) + 2, format, args);
	va_end(args);
	length = strlen(err->text);
	snprintf(err->text + length, sizeof err->text - length, ": %.128s",
	    reason);
	err->status = status;
	err->sys_errno = errnum;
	return status;
}

enum ouro_status
error_plain(struct ouro_error *err, enum ouro_status status, const char *text)
{
	size_t size;

	if (err == NULL)
		return status;
	size = strlen(text);
	if (size >= sizeof err->text)
		size = sizeof err->text - 1;
	err->status = status;
	err->sys_errno = 0;
	memcpy(err->text, text, size);
	err->text[size] = '\0';
	return status;
}

enum ouro_status
error_memory(struct ouro_error *err)
{
	return error_set(err, OURO_NO_MEMORY, "out of memory");
}
