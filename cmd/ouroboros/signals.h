/*
 * signals - SIGINT, SIGTERM, SIGHUP and SIGPIPE as a question that loops ask.
 *
 * The first one asks the work to stop and clean up; a second one kills.
 * After cleaning up the program dies of it, so that a reader of stdout that
 * leaves ends it quietly.
 */
#ifndef OUROBOROS_SIGNALS_H
#define OUROBOROS_SIGNALS_H

#include <stdbool.h>

void signals_install(void);
/* The signal that asked to stop, or 0. */
int signals_caught(void);
/* From here on SIGINT does not ask to stop: it is told by
 * signals_interrupted. For dialogues on a terminal. */
void signals_interactive(void);
/* Whether a SIGINT came since the last signals_interrupt_clear. */
bool signals_interrupted(void);
void signals_interrupt_clear(void);
/* Waits until fd has something to read; false when asked to stop. */
bool signals_wait_readable(int fd);
/* Dies of the signal that was caught, if any, as the shell expects. */
void signals_finish(void);

#endif
