/*
 * report - what goes wrong, in words: a sentence on stderr, or with --json
 * an object {"error", "code"} on stdout; and the exit code for it.
 */
#ifndef OUROBOROS_REPORT_H
#define OUROBOROS_REPORT_H

#include <ouroboros.h>

#include "options.h"

enum exit_code {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_NOT_FOUND = 3,
	EXIT_DAMAGED = 4,
	EXIT_REFUSED = 5,
	EXIT_LOCKED = 6,
	EXIT_NO_SPACE = 7,
	EXIT_UNREACHABLE = 8
};

enum exit_code report_exit_code(const struct ouro_error *err);
/* "NOT_FOUND" */
const char *report_code_name(enum ouro_status status);

/* The command line makes no sense. */
int report_usage(struct invocation *inv, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A call of the library failed; subject (or NULL) stands before its text.
 * A document that is open on stdout gets the error as its last members. */
int report_failure(struct invocation *inv, const char *subject,
    const struct ouro_error *err);
/* A call of the system failed on subject. */
int report_errno(struct invocation *inv, int errnum, const char *subject);
int report_status(struct invocation *inv, enum ouro_status status,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Writes out what stdout still holds; returns 0, or the exit code after
 * having said, once, why it cannot. */
int report_stdout(struct invocation *inv);

/* Talk on stderr; nothing with --quiet. */
void report_note(const struct invocation *inv, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
