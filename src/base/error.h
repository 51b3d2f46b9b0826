/*
 * error - filling a caller's struct ouro_error.
 *
 * The place that notices a failure writes the text once, with the file,
 * offset, name or id a person needs; everyone above passes it up unchanged.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <ouroboros.h>

/*
 * Sets *err (ignored when NULL) and returns status, so that a caller can
 * write `return error_set(err, OURO_INVALID, "...")`.
 */
enum ouro_status error_set(struct ouro_error *err, enum ouro_status status,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * The same for a failed system call: translates errnum (ENOSPC, EDQUOT and
 * EFBIG to OURO_NO_SPACE, ENOENT to OURO_NOT_FOUND, ENOMEM to
 * OURO_NO_MEMORY, EROFS to OURO_READ_ONLY, EEXIST to OURO_EXISTS, all else
 * to OURO_IO) and appends strerror(errnum) to the text.
 */
enum ouro_status error_errno(struct ouro_error *err, int errnum,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same with a text as it is, at little cost: for answers that are no
 * failures. text is short and literal. */
enum ouro_status error_plain(struct ouro_error *err, enum ouro_status status,
    const char *text);

/* OURO_NO_MEMORY with a standard text. */
enum ouro_status error_memory(struct ouro_error *err);

#endif
