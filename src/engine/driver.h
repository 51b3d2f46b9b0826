/*
 * driver - the table of functions behind engine.h; for drivers only.
 *
 * engine.c checks arguments and limits once, then calls through the table.
 */
#ifndef ENGINE_DRIVER_H
#define ENGINE_DRIVER_H

#include "engine/engine.h"

struct engine_driver {
	void (*close)(struct engine *engine);
	enum ouro_status (*apply)(struct engine *engine,
	    const struct engine_op *ops, size_t count, enum engine_sync sync,
	    struct ouro_error *err);
	enum ouro_status (
	    *barrier)(struct engine *engine, struct ouro_error *err);
	enum ouro_status (*get)(struct engine *engine, struct bytes key,
	    struct engine_value *out, struct ouro_error *err);
	enum ouro_status (*copy)(struct engine *engine, struct bytes key,
	    struct buffer *out, struct ouro_error *err);
	enum ouro_status (*exists)(struct engine *engine, struct bytes key,
	    uint64_t *value_size, struct ouro_error *err);
	enum ouro_status (*scan_open)(struct engine *engine,
	    const struct engine_range *range, struct engine_scan **out,
	    struct ouro_error *err);
	enum ouro_status (*scan_next)(struct engine_scan *scan,
	    struct bytes *key, struct bytes *value, struct ouro_error *err);
	void (*scan_close)(struct engine_scan *scan);
	enum ouro_status (*verify)(struct engine *engine,
	    engine_damage_report *report, void *context,
	    struct ouro_error *err);
	enum ouro_status (*repair)(struct engine *engine,
	    engine_damage_report *report, void *context,
	    struct ouro_error *err);
	enum ouro_status (*compact)(struct engine *engine, double dead_share,
	    uint64_t *freed, struct ouro_error *err);
	enum ouro_status (*stats)(struct engine *engine,
	    struct engine_stats *out, struct ouro_error *err);
	enum ouro_status (
	    *snapshot)(struct engine *engine, struct ouro_error *err);
	enum ouro_status (*backup)(struct engine *engine, const char *dir,
	    engine_progress *progress, void *context, struct ouro_error *err);
	unsigned capabilities;
};

/* First member of every driver's engine and scan. */
struct engine {
	const struct engine_driver *driver;
};

struct engine_scan {
	struct engine *engine;
};

#endif
