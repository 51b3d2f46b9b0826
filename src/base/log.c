#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

/* Names in a message come from outside; they must not forge further lines. */
static void
line_clean(char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		if (c < 0x20 || c == 0x7f)
			*text = ' ';
	}
}

void
log_write(const struct log *log, enum log_level level, const char *format, ...)
{
	char text[1024];
	va_list args;
	int length;

	if (log == NULL || log->write == NULL || level < log->level_min)
		return;
	va_start(args, format);
	length = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (length < 0)
		return;
	line_clean(text);
	log->write(log->context, level, text);
}
