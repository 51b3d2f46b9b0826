/*
 * progress - a bar on the terminal: bytes, rate, time left.
 *
 * There is one at most. It shows itself only when stderr is a terminal and
 * the work lasts; whoever prints calls progress_clear first.
 */
#ifndef OUROBOROS_PROGRESS_H
#define OUROBOROS_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "options.h"

/* True when a bar may be shown, so that a total is worth finding out. */
bool progress_wanted(const struct invocation *inv);
/* total in bytes; 0 = unknown. verb: "storing". */
void progress_start(const struct invocation *inv, const char *verb,
    uint64_t total);
void progress_add(uint64_t bytes);
void progress_clear(void);
void progress_stop(void);

/* An ouro_progress: shows how far the library is; false once a signal asked
 * to stop. */
bool progress_report(void *context, uint64_t done, uint64_t total);

#endif
