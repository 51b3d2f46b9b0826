/*
 * engine - an ordered, durable map from bytes to bytes, and the interface
 * of every storage driver.
 *
 * Drivers: engine_memory_open (the reference model, nothing durable) and
 * engine_log_open (a segmented log in a directory, the default). One
 * conformance suite (engine/conformance_test.c) runs over all.
 *
 * Guarantees of every driver
 *   - engine_apply is atomic: all its operations are visible, or none; also
 *     after a crash.
 *   - With ENGINE_SYNC_ALWAYS, or after engine_barrier returned OURO_OK, what
 *     was applied survives power loss.
 *   - Keys are ordered by memcmp, the shorter first.
 *   - All calls but engine_close may be made from any thread at once.
 *
 * Non-goals: transactions that span several engines, and isolation of several
 * engine_get; a scan shows one moment.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "base/bytes.h"

struct executor;
struct fs;
struct log;
struct engine;
struct engine_scan;

#define ENGINE_KEY_MAX	 4096u		      /* bytes; at least 1 */
#define ENGINE_VALUE_MAX (64u * 1024 * 1024)  /* bytes */
#define ENGINE_BATCH_MAX (128u * 1024 * 1024) /* keys and values together */

/* When a write becomes durable. */
enum engine_sync {
	ENGINE_SYNC_DEFAULT,  /* as the engine was opened; there: ALWAYS */
	ENGINE_SYNC_ALWAYS,   /* before the call returns */
	ENGINE_SYNC_INTERVAL, /* at most sync_interval_ms later */
	ENGINE_SYNC_NEVER,    /* when the system likes, or at a barrier */
};

struct engine_options {
	struct fs *fs;		   /* NULL = fs_posix() */
	struct executor *executor; /* required by the log driver; borrowed */
	const struct log *log;	   /* borrowed; NULL = silence */
	enum engine_sync sync;
	uint32_t sync_interval_ms; /* 0 = 100 */
	uint64_t segment_size;	   /* bytes before rotation; 0 = 64 MiB */
	bool read_only;		   /* changes nothing on disk */
	bool must_exist;	   /* OURO_NOT_FOUND instead of making it */
	/* 32 bytes, copied, or NULL: keys and values lie on disk encrypted
	 * (AES-256-GCM) under a key derived from this one per segment. Must
	 * be given again, the same, at each opening: else OURO_WRONG_KEY. */
	const uint8_t *seal_key;
	/* Copied; NULL = "". With seal_key: what tells this engine from others
	 * under the same key, so that their files cannot be swapped. */
	const char *name;
	/* Anonymous memory that the index may take, whatever the number of
	 * keys: bytes; 0 = 256 MiB; at least 1 MiB. Opened read-only, what the
	 * stored index does not cover comes on top: it cannot be stored. */
	uint64_t index_memory;
	/* Background compaction: a segment is rewritten when so much of it is
	 * dead; 0 = 0.5, at most 1; negative: only engine_compact does. */
	double compact_share;
	uint64_t compact_rate; /* bytes read a second, 0 = 64 MiB */
	/* zstd level, 1 to 19, for values of 64 bytes and more that it makes at
	 * least 1/8 smaller; 0 = none. May differ from opening to opening. */
	int level;
	bool no_maps; /* values are read with system calls, so that a disk that
		       * fails is a status and never a signal */
};

enum ouro_status engine_memory_open(const struct engine_options *options,
    struct engine **out, struct ouro_error *err);

/*
 * Opens or makes a log engine in directory dir.
 *   OURO_LOCKED      another process (named by its pid) has it open
 *   OURO_UNSUPPORTED written by a newer format
 *   OURO_WRONG_KEY   another seal_key or name, or none where one is needed:
 *                    no file of the store fits them
 * Damage below the durable mark does not fail the opening: it is logged,
 * counted in engine_stats, and told by engine_verify.
 */
enum ouro_status engine_log_open(const char *dir,
    const struct engine_options *options, struct engine **out,
    struct ouro_error *err);

/* Waits for nothing but its own running steps; makes all applied writes
 * durable first. Scans and values must have been closed. NULL is fine. */
void engine_close(struct engine *engine);

/* ---- writing --------------------------------------------------------------- */

enum engine_op_kind { ENGINE_PUT, ENGINE_DELETE };

/* What must hold for the key before the whole batch for it to happen. */
enum engine_condition {
	ENGINE_ALWAYS,
	ENGINE_IF_ABSENT, /* the key is not there */
	ENGINE_IF_EQUAL,  /* the key's value is `expected` */
};

struct engine_op {
	enum engine_op_kind kind;
	enum engine_condition condition;
	struct bytes key;
	struct bytes value;    /* ENGINE_PUT */
	struct bytes expected; /* ENGINE_IF_EQUAL */
};

/*
 * Applies count operations, in order, atomically. All conditions are checked
 * first, against the state before the batch: OURO_CONFLICT names the key (in
 * hex) of the first that fails, and nothing happens. Deleting an absent key
 * is fine and, alone, writes nothing.
 *   OURO_NO_SPACE, OURO_IO  nothing happened; memory and disk are as before
 *   OURO_READ_ONLY          opened so, or an fsync failed earlier
 *   OURO_TOO_LARGE, OURO_INVALID  a limit above
 */
enum ouro_status engine_apply(struct engine *engine,
    const struct engine_op *ops, size_t count, enum engine_sync sync,
    struct ouro_error *err);

/* All that was applied before this call is durable when it returns OK. */
enum ouro_status engine_barrier(struct engine *engine, struct ouro_error *err);

/* ---- reading ---------------------------------------------------------------- */

/* A value and what keeps it alive. Zeroed = empty. */
struct engine_value {
	struct bytes bytes;
	void *owner; /* private to the driver */
	void (*release)(struct engine_value *value);
};

/*
 * OURO_NOT_FOUND; OURO_DAMAGED with file and offset when the newest value
 * known for the key cannot be read (never an older one instead), or the index
 * cannot: then the file is one of the index, and engine_repair helps.
 */
enum ouro_status engine_get(struct engine *engine, struct bytes key,
    struct engine_value *out, struct ouro_error *err);
void engine_value_release(struct engine_value *value);

/* As engine_get, into the caller's buffer, whose content is replaced. */
enum ouro_status engine_copy(struct engine *engine, struct bytes key,
    struct buffer *out, struct ouro_error *err);

/* OURO_OK or OURO_NOT_FOUND without reading the value. value_size may be
 * NULL. */
enum ouro_status engine_exists(struct engine *engine, struct bytes key,
    uint64_t *value_size, struct ouro_error *err);

/* Which keys, and which way. Zeroed = all, forward, with values. */
struct engine_range {
	struct bytes prefix; /* only keys that begin so */
	struct bytes begin;  /* inclusive; empty = from the first */
	struct bytes end;    /* exclusive; empty = to the last */
	bool reverse;
	bool keys_only; /* value.bytes is then empty */
};

/*
 * An iteration shows the state at the moment it was opened, in order, each
 * key once, whatever others write meanwhile. Until it is closed it keeps the
 * files of that state, so that compaction cannot give back their space.
 */
enum ouro_status engine_scan_open(struct engine *engine,
    const struct engine_range *range, struct engine_scan **out,
    struct ouro_error *err);
/* key and value are valid until the next call for this scan. OURO_END. A
 * value that cannot be read is OURO_DAMAGED with its key set; the scan goes
 * on at the next call. */
enum ouro_status engine_scan_next(struct engine_scan *scan, struct bytes *key,
    struct bytes *value, struct ouro_error *err);
void engine_scan_close(struct engine_scan *scan);

/* ---- care ---------------------------------------------------------------------- */

/* One place where stored bytes are wrong. */
struct engine_damage {
	const char *file; /* path */
	uint64_t offset;
	uint64_t size;	  /* bytes not understood; 0 = the file is missing */
	struct bytes key; /* the key hit, empty when unknown */
	const char *text;
};

typedef void engine_damage_report(void *context,
    const struct engine_damage *damage);

/* Reads and checks everything stored, also the index: its files, that it knows
 * each record that is there, and that all it names is there. Calls report (may
 * be NULL) for each fault and never stops at the first. OURO_DAMAGED when there
 * was one. */
enum ouro_status engine_verify(struct engine *engine,
    engine_damage_report *report, void *context, struct ouro_error *err);

/* Makes a damaged index anew from the segments, while others go on reading and
 * writing; rewrites what is readable of damaged segments and forgets the rest:
 * keys whose newest value is lost become absent (each is reported). Afterwards
 * engine_verify is clean. A failed repair can be tried again. */
enum ouro_status engine_repair(struct engine *engine,
    engine_damage_report *report, void *context, struct ouro_error *err);

/* Rewrites segments whose dead share is at least dead_share (0..1) and frees
 * their space. *freed (may be NULL) = bytes of disk given back. */
enum ouro_status engine_compact(struct engine *engine, double dead_share,
    uint64_t *freed, struct ouro_error *err);

/* Makes what the index knows durable in its own files, so that the next
 * opening has nothing to replay. The engine does so by itself when much was
 * written and when it is idle. */
enum ouro_status engine_snapshot(struct engine *engine, struct ouro_error *err);

/* Called now and then, with bytes; false ends the work with OURO_CANCELLED. */
typedef bool engine_progress(void *context, uint64_t done, uint64_t total);

/*
 * Writes a state of the store into the new directory dir, durably, as a store
 * that opens with the same seal_key and name: every batch that was
 * acknowledged before the call, and of those under way some, each of them
 * whole or not at all. Others go on reading, writing and compacting. Both may
 * be written to afterwards. Damage is copied as it is.
 *   OURO_EXISTS       dir is there and not empty
 *   OURO_NOT_FOUND    the directory it is to be made in is not there
 *   OURO_CANCELLED    progress (may be NULL) said so
 *   OURO_READ_ONLY    an fsync failed earlier
 *   OURO_UNSUPPORTED  the driver has no files
 * On failure what was written is removed, but for the empty directory.
 */
enum ouro_status engine_backup(struct engine *engine, const char *dir,
    engine_progress *progress, void *context, struct ouro_error *err);

struct engine_stats {
	uint64_t keys;
	uint64_t live_bytes; /* on disk, of records that count */
	uint64_t dead_bytes; /* on disk, of records that do not */
	uint64_t disk_bytes; /* all files */
	uint64_t segments;
	uint64_t segment_oldest, segment_active; /* ids */
	uint64_t sequence;			 /* of the last operation */
	uint64_t durable_through;
	uint64_t memory_bytes; /* of the index, anonymous */
	uint64_t index_bytes;  /* on disk, of the index; not in disk_bytes */
	uint64_t runs;	       /* files of the index */
	uint64_t replayed;     /* operations read again at this opening */
	uint64_t filter_asked, filter_spared; /* look-ups in filters, and those
					       * that needed nothing more */
	uint64_t bytes_given;	  /* keys and values, since this opening ... */
	uint64_t bytes_written;	  /* ... and what was written to files for it */
	uint64_t bytes_moved;	  /* of those, by compaction */
	uint64_t torn_bytes;	  /* tail dropped at this opening */
	uint64_t damaged_records; /* known since this opening */
	uint64_t missing_segments;
};

enum ouro_status engine_stats(struct engine *engine, struct engine_stats *out,
    struct ouro_error *err);

enum engine_capability {
	ENGINE_DURABLE = 1,
	ENGINE_ORDERED = 2,
	ENGINE_CONDITIONS = 4,
	ENGINE_SEALED = 8, /* a seal_key was given */
};

unsigned engine_capabilities(const struct engine *engine);

#endif
