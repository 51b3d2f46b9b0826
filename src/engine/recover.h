/*
 * recover - opening a directory: what is there, what of it counts.
 *
 * Nothing on disk changes but: a torn tail is cut off, segments that a
 * `dropped` record names and temporary files are removed; each step leaves a
 * state from which recovery comes to the same result. Read-only: no change.
 */
#ifndef ENGINE_RECOVER_H
#define ENGINE_RECOVER_H

#include "engine/log_engine.h"

/* Fills the log from its directory. */
enum ouro_status recover(struct log_engine *log, struct ouro_error *err);

/* Whether the directory holds a segment of any format. */
bool recover_finds(struct fs *fs, const char *dir);

#endif
