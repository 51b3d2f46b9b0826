/*
 * store - the public functions ouro_store_* over a log engine with threads of
 * its own.
 *
 *   store.c        open, close; single keys
 *   store_batch.c  batches
 *   store_scan.c   iteration
 *   store_care.c   verify, repair, compaction, copies, numbers
 *
 * The contracts stand in ouroboros.h. These files check what a caller may get
 * wrong, and translate; whatever is stored is the engine's.
 */
#ifndef ENGINE_STORE_H
#define ENGINE_STORE_H

#include "base/log.h"
#include "engine/engine.h"

struct ouro_store {
	struct executor *executor;
	struct engine *engine;
	ouro_log_write *log_user;
	void *log_context;
	struct log log; /* passes on to log_user */
};

/* ouro_store_open over any file system. */
enum ouro_status store_open(const char *dir,
    const struct ouro_store_options *options, struct fs *fs,
    struct ouro_store **out, struct ouro_error *err);

/* OURO_INVALID when something is NULL that must not be; what names it. */
enum ouro_status store_given(const void *pointer, const char *what,
    struct ouro_error *err);
/* The same for bytes, which may be NULL when there are none. */
enum ouro_status store_bytes(const void *data, size_t size, const char *what,
    struct bytes *out, struct ouro_error *err);
/* The engine's word for it. */
enum ouro_status store_sync(enum ouro_sync sync, enum engine_sync *out,
    struct ouro_error *err);

#endif
