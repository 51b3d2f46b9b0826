/*
 * passphrase - asked on the terminal, without echo.
 */
#ifndef OUROBOROS_PASSPHRASE_H
#define OUROBOROS_PASSPHRASE_H

#include <stdbool.h>

#define PASSPHRASE_MAX 1023 /* bytes */

/* True when there is a terminal to ask on. */
bool passphrase_can_ask(void);
/* The line typed, without its end; NULL when there is no terminal, no
 * answer, or a signal came. */
char *passphrase_ask(const char *prompt);
/* Wipes and frees; NULL ok. */
void passphrase_free(char *passphrase);

#endif
