/*
 * options - structs that a caller fills and that begin with their own size,
 * so that they can grow: one built against a shorter struct means zeros behind
 * it, one built against a longer struct is read as far as it is known here.
 */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include <stddef.h>

#include <ouroboros.h>

/* Copies what was given, or for NULL nothing, into a struct of ours that is
 * otherwise zeroed, with its own size set. name is for the error text.
 *   OURO_INVALID  the size was not set */
enum ouro_status options_take(void *own, size_t own_size, const char *name,
    const void *given, struct ouro_error *err);

#endif
