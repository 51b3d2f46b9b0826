/*
 * conflict - how a failed condition is told, the same by every driver.
 */
#ifndef ENGINE_CONFLICT_H
#define ENGINE_CONFLICT_H

#include "engine/engine.h"

/* OURO_CONFLICT; the text names the key in hex. */
enum ouro_status conflict_error(const struct engine_op *op,
    struct ouro_error *err);

#endif
