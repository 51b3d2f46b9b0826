/*
 * backup - a copy of the store as it is at one moment.
 *
 * Consistent as a crash at that moment would be, and nothing of it torn: the
 * segments up to their ends, and the stored index, which may be behind them.
 * Segments and runs only grow or stay, and those taken are held, so others
 * go on writing and compacting meanwhile.
 *
 * Files have temporary names until all of them are durable; then the newest
 * segment, which lists the others, gets its name first, and INDEX comes last:
 * a backup that was interrupted is empty, or tells what is missing.
 */
#ifndef ENGINE_BACKUP_H
#define ENGINE_BACKUP_H

#include "engine/log_engine.h"

/* The driver's engine_backup. */
enum ouro_status backup_make(struct engine *engine, const char *dir,
    engine_progress *progress, void *context, struct ouro_error *err);

#endif
