/*
 * log - one callback for everything the library has to say on its own.
 *
 * A struct log is borrowed by whoever is given it; NULL is silence.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

struct log {
	/* Called from any thread, possibly from several at once. text is one
	 * line without a newline, borrowed until return. */
	void (*write)(void *context, enum log_level level, const char *text);
	void *context;
	enum log_level level_min;
};

void log_write(const struct log *log, enum log_level level, const char *format,
    ...) __attribute__((format(printf, 3, 4)));

#endif
