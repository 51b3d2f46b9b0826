/*
 * bundle - reading what somebody shared: get --bundle.
 */
#ifndef OUROBOROS_BUNDLE_H
#define OUROBOROS_BUNDLE_H

#include "options.h"

/* Returns the exit code, after having said what went wrong. */
int bundle_get(struct invocation *inv);

#endif
