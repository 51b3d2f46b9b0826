/*
 * help - the list of commands, and a page for each.
 */
#ifndef OUROBOROS_HELP_H
#define OUROBOROS_HELP_H

#include <stdio.h>

#include "command.h"

/* The page of a command; NULL = the list of commands. */
void help_print(FILE *file, const struct command *command);

#endif
