/*
 * repair - rewriting damaged segments, and the index.
 *
 * Keys whose newest value cannot be read are deleted by a tombstone, so that
 * no older value returns; what is readable of damaged segments is copied;
 * missing segments are dropped. Before that, an index that is damaged is made
 * anew (index_renew.h), since all this goes by it.
 */
#ifndef ENGINE_REPAIR_H
#define ENGINE_REPAIR_H

#include "engine/log_engine.h"

/* The driver's engine_repair. */
enum ouro_status repair_all(struct engine *engine, engine_damage_report *report,
    void *context, struct ouro_error *err);

#endif
