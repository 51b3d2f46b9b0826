/*
 * ouroboros.h - the C API of OuroborosDB.
 *
 * Caveats
 *   - Every call that can fail returns enum ouro_status; OURO_OK (0) is the
 *     only success. OURO_NOT_FOUND and OURO_END are ordinary answers.
 *   - Detail goes into a caller-owned struct ouro_error, always the last
 *     parameter; NULL means "do not tell me".
 *   - Arguments are borrowed until the call returns. What a call returns is
 *     owned by the caller. A call that failed took nothing and made nothing.
 *   - free, release and close functions take NULL.
 *   - The library never exits, never prints, never installs signal handlers.
 */
#ifndef OUROBOROS_H
#define OUROBOROS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/* ---- statuses ------------------------------------------------------- */

/* What a call answers. Numbers are never reused or changed. */
enum ouro_status {
	OURO_OK = 0,
	OURO_NOT_FOUND = 1,    /* no such key, hash or name */
	OURO_END = 2,	       /* an iteration has no more items */
	OURO_INVALID = 3,      /* an argument or input is malformed */
	OURO_AMBIGUOUS = 4,    /* a prefix fits more than one object */
	OURO_DAMAGED = 5,      /* stored bytes are wrong or too few remain */
	OURO_REFUSED = 6,      /* has children, later versions, ... */
	OURO_LOCKED = 7,       /* another process holds the store */
	OURO_NO_SPACE = 8,     /* disk full, or below the minimum free space */
	OURO_READ_ONLY = 9,    /* the store takes no writes (any more) */
	OURO_IO = 10,	       /* the operating system failed a call */
	OURO_NO_MEMORY = 11,   /* allocation failed */
	OURO_WRONG_KEY = 12,   /* key or passphrase does not open this */
	OURO_UNSUPPORTED = 13, /* a format this build does not know */
	OURO_CONFLICT = 14,  /* an expectation of a conditional write failed */
	OURO_CANCELLED = 15, /* the caller asked to stop */
	OURO_EXISTS = 16,    /* already there */
	OURO_TOO_LARGE = 17, /* over a stated limit */
	OURO_UNREACHABLE = 18, /* a node does not answer */
	OURO_CRYPTO = 19       /* the crypto library failed a call */
};

/* What went wrong, in words a person can act on. */
struct ouro_error {
	enum ouro_status status;
	int sys_errno;	/* errno of the failed system call, or 0 */
	char text[512]; /* one sentence; names the file, key or offset */
};

/* Short name of a status ("not found"); static; never NULL. */
const char *ouro_status_text(enum ouro_status status);

/* ---- common ------------------------------------------------------------ */

#define OURO_ID_SIZE   32   /* content ids and version ids */
#define OURO_ID_TEXT   45   /* base64 of one, with the terminator */
#define OURO_NAME_MAX  1024 /* bytes of UTF-8 */
#define OURO_LABEL_MAX 128

enum ouro_log_level {
	OURO_LOG_DEBUG,
	OURO_LOG_INFO,
	OURO_LOG_WARNING,
	OURO_LOG_ERROR
};

/* Called from any thread, possibly from several at once; text is one line,
 * borrowed until return. */
typedef void ouro_log_write(void *context, enum ouro_log_level level,
    const char *text);

/* Progress of long work. Called from the calling thread now and then; a
 * total of 0 means unknown. Return false to stop: the call then ends with
 * OURO_CANCELLED and everything is as if it had been interrupted safely. */
typedef bool ouro_progress(void *context, uint64_t done, uint64_t total);

/* The library's version, "0.1.0"; static. */
const char *ouro_version(void);

/* ---- a store ---------------------------------------------------------------- */

/*
 * A store is a directory: an ordered, durable map from bytes to bytes, the
 * engine below the vault for programs that need no more than that. Nothing in
 * it is encrypted.
 *
 * Caveats
 *   - Keys have 1 to OURO_KEY_MAX bytes, values up to OURO_VALUE_MAX; empty
 *     values are values. Keys are ordered as memcmp does, the shorter first.
 *   - Sizes are in bytes. Data of size 0 may be NULL.
 *   - A handle may be used from any number of threads at once; a batch and a
 *     scan from one at a time. Only ouro_store_close must be alone.
 *   - One process at a time writes: the second is refused (OURO_LOCKED names
 *     its pid). Opening read-only takes no lock; it is meant for stores that
 *     nobody writes meanwhile.
 *   - A handle does not survive fork().
 *   - A store has threads of its own, which sync and compact. Nothing else of
 *     it is hidden in the process; as many stores as you like may be open.
 *   - After a failed fsync a store takes no more writes (OURO_READ_ONLY) until
 *     it is opened again: what the system has then is what is durable.
 *   - Any call may return OURO_NO_MEMORY, OURO_IO, or OURO_INVALID for a NULL
 *     where something must be. No call that fails has changed anything.
 */
struct ouro_store;

#define OURO_KEY_MAX	     4096u		  /* bytes; at least 1 */
#define OURO_VALUE_MAX	     (64u * 1024 * 1024)  /* bytes */
#define OURO_STORE_BATCH_MAX (128u * 1024 * 1024) /* keys and values together */

/* When a write is durable, which is: survives a power loss. In every mode it
 * survives the end of the process, however that comes about, as soon as the
 * call returned. */
enum ouro_sync {
	OURO_SYNC_DEFAULT = 0,	/* as the store was opened; there: ALWAYS */
	OURO_SYNC_ALWAYS = 1,	/* before the call returns */
	OURO_SYNC_INTERVAL = 2, /* at most sync_interval_ms later */
	OURO_SYNC_NEVER = 3	/* when the system likes, or at a barrier */
};

/* Zeroed = defaults. Set size = sizeof(struct ouro_store_options). Nothing of
 * it is kept but log and log_context. */
struct ouro_store_options {
	size_t size;
	bool must_exist; /* OURO_NOT_FOUND instead of making it */
	bool read_only;	 /* changes nothing on disk; must exist then */
	enum ouro_sync sync;
	uint32_t sync_interval_ms; /* of INTERVAL; 0 = 100 */
	uint64_t segment_size;	   /* bytes of a file; 0 = 64 MiB */
	/* Memory that the index may take, whatever the number of keys: bytes,
	 * at least 1 MiB; 0 = 256 MiB. */
	uint64_t index_memory;
	/* In the background a segment is rewritten when this share of it is
	 * dead: up to 1; 0 = 0.5; negative: only ouro_store_compact does. */
	double compact_share;
	uint64_t compact_rate; /* bytes read a second; 0 = 64 MiB */
	int level;	       /* zstd 1..19 for values worth it; 0 = none */
	bool no_maps;	  /* no mapped files: a disk that fails is then always a
		       * status (OURO_IO), never SIGBUS */
	unsigned threads; /* in the background; 0 = 1 */
	ouro_log_write *log;
	void *log_context;
};

/*
 * Opens, or makes, the store in directory dir. options may be NULL. Reads the
 * formats of earlier versions as they are; what is written is in the new one.
 *   OURO_LOCKED       held by another process, or by this one
 *   OURO_NOT_FOUND    must_exist or read_only, and it is not there
 *   OURO_UNSUPPORTED  written by a newer version
 *   OURO_WRONG_KEY    sealed: it belongs to a vault
 *   OURO_INVALID      an option out of range; dir is no directory
 *   OURO_NO_SPACE
 * Damage does not fail the opening: it is logged, counted by ouro_store_stats,
 * told by ouro_store_verify. *out is NULL after a failure.
 */
enum ouro_status ouro_store_open(const char *dir,
    const struct ouro_store_options *options, struct ouro_store **out,
    struct ouro_error *err);
/* Makes durable what was written, then ends the threads. Every value and scan
 * must have been released and closed. NULL ok. */
void ouro_store_close(struct ouro_store *store);

/* ---- a store: reading ---------------------------------------------------------- */

/* A value, where it lies: no copy is made of it. Zeroed = none. */
struct ouro_value {
	const void *data; /* borrowed until ouro_value_release */
	size_t size;
	void *private_owner;
	void (*private_release)(void);
};

/*
 * The value of a key, checked against its checksum.
 *   OURO_NOT_FOUND
 *   OURO_DAMAGED  the newest value cannot be read (file and offset are named);
 *                 an older one is never answered instead
 * After OURO_OK the caller releases *out, from any thread, before the store is
 * closed. The value stays what it is, whatever is written meanwhile; but its
 * file is kept until then, so do not hold many for long.
 */
enum ouro_status ouro_store_get(struct ouro_store *store, const void *key,
    size_t key_size, struct ouro_value *out, struct ouro_error *err);
/* Afterwards *value is zeroed. NULL and a zeroed one are fine. */
void ouro_value_release(struct ouro_value *value);

/*
 * The same, into a buffer of the caller. *value_size (may be NULL) is the size
 * of the value, 0 when there is none.
 *   OURO_TOO_LARGE  buffer_size is less than *value_size; the buffer is as
 *                   before. With buffer_size 0 the value is not even read.
 */
enum ouro_status ouro_store_read(struct ouro_store *store, const void *key,
    size_t key_size, void *buffer, size_t buffer_size, size_t *value_size,
    struct ouro_error *err);

/* OURO_OK or OURO_NOT_FOUND, without reading the value. *value_size may be
 * NULL. */
enum ouro_status ouro_store_has(struct ouro_store *store, const void *key,
    size_t key_size, size_t *value_size, struct ouro_error *err);

/* Which keys, and which way. Zeroed = all of them, forward, with values. Set
 * size. Everything is borrowed until ouro_scan_open returns. */
struct ouro_range {
	size_t size;
	const void *prefix; /* only keys that begin so */
	size_t prefix_size;
	const void *begin; /* included; size 0 = from the first */
	size_t begin_size;
	const void *end; /* excluded; size 0 = to the last */
	size_t end_size;
	bool reverse; /* from the end down */
	bool keys_only;
};

struct ouro_scan;

struct ouro_item {
	const void *key;
	size_t key_size;
	const void *value; /* NULL with keys_only */
	size_t value_size;
};

/*
 * An iteration shows the state at the moment it was opened, in order, each key
 * once, whatever is written meanwhile. Until it is closed it keeps the files
 * of that state, so that compaction cannot give back their space. To go on
 * elsewhere, open another: it is cheap. range may be NULL.
 */
enum ouro_status ouro_scan_open(struct ouro_store *store,
    const struct ouro_range *range, struct ouro_scan **out,
    struct ouro_error *err);
/* *item is valid until the next call for this scan. OURO_END. A value that
 * cannot be read is OURO_DAMAGED, with its key; the next call goes on. */
enum ouro_status ouro_scan_next(struct ouro_scan *scan, struct ouro_item *item,
    struct ouro_error *err);
void ouro_scan_close(struct ouro_scan *scan); /* NULL ok */

/* ---- a store: writing ---------------------------------------------------------- */

/*
 * Threads that write at the same time share one fsync: with OURO_SYNC_ALWAYS
 * many of them are many times faster than one. sync is OURO_SYNC_DEFAULT or
 * another mode for this write alone.
 *   OURO_TOO_LARGE, OURO_INVALID  key or value; see the caveats
 *   OURO_NO_SPACE                 the store is as before
 *   OURO_READ_ONLY                opened so, or an fsync failed earlier
 */
enum ouro_status ouro_store_put(struct ouro_store *store, const void *key,
    size_t key_size, const void *value, size_t value_size, enum ouro_sync sync,
    struct ouro_error *err);
/* OURO_OK also when the key is not there, so that it may be repeated; then
 * nothing is written. To learn whether it was there: ouro_store_has. */
enum ouro_status ouro_store_delete(struct ouro_store *store, const void *key,
    size_t key_size, enum ouro_sync sync, struct ouro_error *err);

/* Operations that happen together, in the order in which they were added, or
 * not at all; also in a crash. Keys and values are copied. */
struct ouro_store_batch;

/* NULL when there is no memory. */
struct ouro_store_batch *ouro_store_batch_new(void);
void ouro_store_batch_free(struct ouro_store_batch *batch); /* NULL ok */
/* Empties it, to be filled again; what memory it has it keeps. */
void ouro_store_batch_clear(struct ouro_store_batch *batch);
/* Operations in it; NULL has none. */
size_t ouro_store_batch_count(const struct ouro_store_batch *batch);

/* Each adds one operation, or leaves the batch as it was.
 *   OURO_TOO_LARGE  also when the batch would be over OURO_STORE_BATCH_MAX */
enum ouro_status ouro_store_batch_put(struct ouro_store_batch *batch,
    const void *key, size_t key_size, const void *value, size_t value_size,
    struct ouro_error *err);
enum ouro_status ouro_store_batch_delete(struct ouro_store_batch *batch,
    const void *key, size_t key_size, struct ouro_error *err);
/* With a condition on the key, as it was before the batch: if it does not
 * hold, nothing of the whole batch happens. */
enum ouro_status ouro_store_batch_put_if_absent(struct ouro_store_batch *batch,
    const void *key, size_t key_size, const void *value, size_t value_size,
    struct ouro_error *err);
enum ouro_status ouro_store_batch_put_if_equal(struct ouro_store_batch *batch,
    const void *key, size_t key_size, const void *expected,
    size_t expected_size, const void *value, size_t value_size,
    struct ouro_error *err);
enum ouro_status ouro_store_batch_delete_if_equal(
    struct ouro_store_batch *batch, const void *key, size_t key_size,
    const void *expected, size_t expected_size, struct ouro_error *err);

/* As ouro_store_put, for all of it. The batch stays as it is and may be
 * written again. An empty one is fine and does nothing.
 *   OURO_CONFLICT  names the key (in hex) of the first condition that fails */
enum ouro_status ouro_store_write(struct ouro_store *store,
    struct ouro_store_batch *batch, enum ouro_sync sync,
    struct ouro_error *err);

/* Everything written before this call is durable when it returns OURO_OK. */
enum ouro_status ouro_store_barrier(struct ouro_store *store,
    struct ouro_error *err);

/* ---- a store: care --------------------------------------------------------------- */

/* One place where stored bytes are wrong; borrowed until the report returns. */
struct ouro_store_damage {
	const char *file; /* path */
	uint64_t offset;
	uint64_t size;	 /* bytes not understood; 0 = the file is missing */
	const void *key; /* the key hit; NULL when unknown */
	size_t key_size;
	const char *text; /* one sentence */
};

/* Must not close the store. */
typedef void ouro_store_damage_report(void *context,
    const struct ouro_store_damage *damage);

/* Reads and checks everything that is stored and never stops at the first
 * fault; report may be NULL. Readers and writers go on. OURO_DAMAGED when
 * there was a fault. */
enum ouro_status ouro_store_verify(struct ouro_store *store,
    ouro_store_damage_report *report, void *context, struct ouro_error *err);
/* Rewrites what is readable of damaged files and forgets the rest: a key whose
 * newest value is lost becomes absent, and is reported. Afterwards verify is
 * clean. OURO_READ_ONLY, OURO_NO_SPACE */
enum ouro_status ouro_store_repair(struct ouro_store *store,
    ouro_store_damage_report *report, void *context, struct ouro_error *err);

/* Rewrites the segments of which at least dead_share (0 to 1) is dead, and
 * frees their space. *freed (may be NULL) = bytes of disk given back. Rarely
 * needed: it is done in the background. OURO_READ_ONLY, OURO_NO_SPACE */
enum ouro_status ouro_store_compact(struct ouro_store *store, double dead_share,
    uint64_t *freed, struct ouro_error *err);

/* Writes out what the index has in memory, so that the next opening has
 * nothing to read again. Rarely needed: it is done when much was written, and
 * when the store is idle. OURO_READ_ONLY, OURO_NO_SPACE */
enum ouro_status ouro_store_snapshot(struct ouro_store *store,
    struct ouro_error *err);

/* Copies the state of this moment into directory dir, as a store of its own
 * that opens, while others go on writing. progress may be NULL; in bytes.
 *   OURO_EXISTS     dir is there and not empty
 *   OURO_CANCELLED  progress said so
 * After a failure nothing is left of it. */
enum ouro_status ouro_store_backup(struct ouro_store *store, const char *dir,
    ouro_progress *progress, void *context, struct ouro_error *err);

struct ouro_store_stats {
	uint64_t keys;
	uint64_t live_bytes;   /* on disk, of what counts */
	uint64_t dead_bytes;   /* on disk, of what compaction gives back */
	uint64_t disk_bytes;   /* the segments */
	uint64_t index_bytes;  /* on disk, of the index; not in disk_bytes */
	uint64_t memory_bytes; /* of the index */
	uint64_t segments, segment_oldest, segment_active; /* number; ids */
	uint64_t sequence;	  /* operations ever, deletions too */
	uint64_t durable_through; /* the sequence up to which all is durable */
	uint64_t index_files;
	uint64_t replayed; /* operations that this opening read again */
	uint64_t filter_asked, filter_spared; /* look-ups of filters, and those
					       * that needed nothing more */
	uint64_t bytes_given;	/* keys and values since this opening, ... */
	uint64_t bytes_written; /* what was written to files for them, ... */
	uint64_t bytes_moved;	/* and of that by compaction */
	uint64_t torn_bytes; /* a tail without meaning, cut at this opening */
	uint64_t damaged_records, missing_segments; /* known of */
};

/* Cheap: reads no file. */
enum ouro_status ouro_store_stats(struct ouro_store *store,
    struct ouro_store_stats *out, struct ouro_error *err);

/* ---- a vault --------------------------------------------------------------- */

/*
 * A vault is a directory: content by hash, deduplicated, compressed,
 * encrypted, erasure-coded, and names for it with their versions. A handle
 * may be used from several threads at once. One process at a time.
 */
struct ouro_vault;

/* Zeroed = defaults. Set size = sizeof(struct ouro_vault_options). */
struct ouro_vault_options {
	size_t size;
	bool must_exist; /* OURO_NOT_FOUND instead of making a store */
	bool read_only;	 /* changes nothing, heals nothing */
	/* The member's key file; NULL = DIR/member.key. Made with the store. */
	const char *key_file;
	const char *passphrase;	  /* of the key file; NULL = none */
	const char *recovery_key; /* printed recovery key; instead of a file */
	/* What counts when the store is made: */
	const char *const *data_paths; /* more directories for slices */
	size_t data_path_count;
	unsigned k, m;	       /* erasure; 0 + 0 = 3 + 2 */
	bool no_parity;	       /* m = 0; with k = 0: 1 + 0 */
	int level;	       /* zstd 1..19; 0 = 3; -1 = none */
	uint64_t segment_size; /* bytes; 0 = 64 MiB */
	const char *node;      /* label of this copy; NULL = host name */
	/* What counts at each opening: */
	uint64_t free_space_min; /* bytes kept free; below: no writes */
	unsigned threads;	 /* 0 = one per core */
	ouro_log_write *log;
	void *log_context;
};

/*
 * Opens, or makes, the vault in directory dir.
 *   OURO_LOCKED      held by another process, named by its pid
 *   OURO_WRONG_KEY   key file or passphrase does not open it
 *   OURO_NOT_FOUND   must_exist, or the key file of an existing store is gone
 *   OURO_NO_SPACE    making it would go below free_space_min
 *   OURO_DAMAGED     not even one copy of a file that is kept twice is whole
 */
enum ouro_status ouro_vault_open(const char *dir,
    const struct ouro_vault_options *options, struct ouro_vault **out,
    struct ouro_error *err);
/* Every stream and list made from it must have been closed. NULL ok. */
void ouro_vault_close(struct ouro_vault *vault);
/* True when this opening made the store (and its key file). */
bool ouro_vault_is_new(const struct ouro_vault *vault);
/* Where the member's key file lies; borrowed from the vault. */
const char *ouro_vault_key_file(const struct ouro_vault *vault);
/* The data path of that number, from 0, that the store was made with; NULL
 * behind the last. Borrowed from the vault. */
const char *ouro_vault_data_path(const struct ouro_vault *vault, size_t number);

/* ---- hashes ------------------------------------------------------------------ */

/* base64 of an id; NUL-terminated. */
void ouro_id_text(const uint8_t id[OURO_ID_SIZE], char out[OURO_ID_TEXT]);

enum ouro_kind { OURO_CONTENT = 1, OURO_VERSION = 2 };

struct ouro_candidate {
	uint8_t id[OURO_ID_SIZE];
	enum ouro_kind kind;
};

#define OURO_CANDIDATES_MAX 16

/* What a HASH or NAME argument means. */
struct ouro_target {
	enum ouro_kind kind; /* a version for a name: its winner */
	uint8_t id[OURO_ID_SIZE];
	bool by_name; /* found as a name */
	/* When OURO_AMBIGUOUS: the first candidates, and how many in all. */
	struct ouro_candidate candidates[OURO_CANDIDATES_MAX];
	size_t candidate_count;
};

/*
 * Resolves text: full hash, then unique prefix (at least 4 characters; hex,
 * base64, base64url), then name; "hash:" and "name:" force one of them.
 * A hash may be a content's or a version's.
 *   OURO_NOT_FOUND, OURO_AMBIGUOUS (candidates filled), OURO_INVALID
 */
enum ouro_status ouro_resolve(struct ouro_vault *vault, const char *text,
    struct ouro_target *out, struct ouro_error *err);

/* ---- storing --------------------------------------------------------------------- */

struct ouro_put;

/* Zeroed = defaults. Set size. Everything is borrowed until finish. */
struct ouro_put_options {
	size_t size;
	const char *name;      /* NULL = by content only */
	const uint8_t *parent; /* content id, or NULL; need not exist */
	const char *type;      /* content type; NULL = "" */
	const void *meta;      /* any bytes */
	size_t meta_size;
	unsigned k, m;	   /* 0 + 0 = the vault's */
	bool no_parity;	   /* m = 0; with k = 0: the vault's k */
	const char *owner; /* NULL = "local" */
	const char *group;
	unsigned mode;	     /* 12 bits; 0 = the default */
	uint64_t saved_ms;   /* 0 = now */
	uint64_t expires_ms; /* 0 = never */
};

/* What a put made. */
struct ouro_put_result {
	uint8_t content[OURO_ID_SIZE];
	uint8_t version[OURO_ID_SIZE];
	uint64_t bytes;	       /* clear */
	uint64_t chunks;       /* of data and meta, repeated ones too */
	uint64_t chunks_new;   /* sealed by this put */
	uint64_t bytes_new;    /* clear bytes of those */
	uint64_t bytes_stored; /* slices written, with their headers */
	bool existed;	       /* this content was already there */
};

/*
 * Streams content in: begin, write as often as you like, finish. Memory is
 * bounded by a few chunks whatever the size. When finish returned OURO_OK
 * everything is durable. abort instead of finish leaves nothing visible.
 *   OURO_INVALID  k = 0 or k + m > 255, a malformed name, a mode over 12 bits
 *   OURO_NO_SPACE, OURO_READ_ONLY, OURO_IO
 * After an error of write, call abort. finish always ends the put.
 */
enum ouro_status ouro_put_begin(struct ouro_vault *vault,
    const struct ouro_put_options *options, struct ouro_put **out,
    struct ouro_error *err);
enum ouro_status ouro_put_write(struct ouro_put *put, const void *data,
    size_t size, struct ouro_error *err);
enum ouro_status ouro_put_finish(struct ouro_put *put,
    struct ouro_put_result *result, struct ouro_error *err);
void ouro_put_abort(struct ouro_put *put); /* NULL ok */

/* Several puts and removals that become visible together, or not at all. */
struct ouro_batch;

enum ouro_status ouro_batch_begin(struct ouro_vault *vault,
    struct ouro_batch **out, struct ouro_error *err);
/* As ouro_put_finish, but nothing is visible, durable or told before the
 * commit: *result is filled then, and borrowed until the batch ends. Ends the
 * put. What fails here may be an earlier put of the batch, whose chunks were
 * still on their way: then the whole batch fails and can only be aborted. */
enum ouro_status ouro_batch_finish_put(struct ouro_batch *batch,
    struct ouro_put *put, struct ouro_put_result *result,
    struct ouro_error *err);
/* Ends the batch either way. An empty one is fine. */
enum ouro_status ouro_batch_commit(struct ouro_batch *batch,
    struct ouro_error *err);
void ouro_batch_abort(struct ouro_batch *batch); /* NULL ok */

/* ---- reading ------------------------------------------------------------------------ */

struct ouro_get;

/* Opens content by its id, or by the id of a version of it.
 *   OURO_NOT_FOUND; OURO_DAMAGED names what is lost */
enum ouro_status ouro_get_open(struct ouro_vault *vault,
    const uint8_t id[OURO_ID_SIZE], struct ouro_get **out,
    struct ouro_error *err);
/* Clear bytes of the whole content. */
uint64_t ouro_get_size(const struct ouro_get *get);
/* Up to size bytes from the position; *got = 0 only at the end. Damaged
 * slices met on the way are repaired. */
enum ouro_status ouro_get_read(struct ouro_get *get, void *data, size_t size,
    size_t *got, struct ouro_error *err);
/* The same without a copy: *data are the next *size bytes, 1 to most, as they
 * happen to lie; 0 only at the end. They live until the next call with this
 * get and must not be changed. */
enum ouro_status ouro_get_next(struct ouro_get *get, size_t most,
    const void **data, size_t *size, struct ouro_error *err);
/* Positions beyond the end read nothing. */
enum ouro_status ouro_get_seek(struct ouro_get *get, uint64_t position,
    struct ouro_error *err);
/* A hint, waiting for nothing: reading from the position begins soon. With the
 * next content opened and told so, many small ones are read without a pause
 * between them. */
void ouro_get_prefetch(struct ouro_get *get);
void ouro_get_close(struct ouro_get *get); /* NULL ok */

/* ---- what is there --------------------------------------------------------------------- */

struct ouro_info {
	enum ouro_kind asked; /* what the id given was */
	uint8_t content[OURO_ID_SIZE];
	uint8_t version[OURO_ID_SIZE]; /* a version that reaches it; the one
					  asked for, else the newest */
	bool has_version;
	bool deletion; /* the version is a deletion: no content */
	bool has_parent;
	uint8_t parent[OURO_ID_SIZE];
	uint64_t bytes;	     /* clear */
	uint64_t compressed; /* sealed bytes before erasure coding */
	uint64_t stored;     /* slices on disk with headers, or inline */
	uint64_t chunks;     /* data and meta, repeated ones too */
	uint64_t slices;     /* present, of distinct chunks */
	uint64_t slices_missing;
	uint64_t slice_min, slice_mean, slice_max; /* bytes */
	unsigned k, m; /* m: of the first chunk; inline: the vault's */
	uint32_t epoch;
	bool inlined;
	uint64_t saved_ms; /* of the version */
	uint64_t expires_ms;
	unsigned mode;
	uint64_t meta_size;
	/* Owned by the caller: ouro_info_release. */
	char *namespace_;
	char *name; /* path within the namespace */
	char *owner;
	char *group;
	char *type;
	/* meta_size bytes, then a NUL; NULL when over 16 MiB, and in a list
	 * when over 4 KiB. */
	void *meta;
};

enum ouro_status ouro_info(struct ouro_vault *vault,
    const uint8_t id[OURO_ID_SIZE], struct ouro_info *out,
    struct ouro_error *err);
void ouro_info_release(struct ouro_info *info);

enum ouro_status ouro_exists(struct ouro_vault *vault,
    const uint8_t id[OURO_ID_SIZE], struct ouro_error *err);

/* Current names: the winners that are no deletions. */
struct ouro_list;

struct ouro_list_options {
	size_t size;
	const char *namespace_; /* NULL = objects and blobs, in this order */
	const char *prefix;	/* of the name, NULL = all */
	bool detail;		/* fill sizes of slices too (reads pages) */
};

enum ouro_status ouro_list_open(struct ouro_vault *vault,
    const struct ouro_list_options *options, struct ouro_list **out,
    struct ouro_error *err);
/* OURO_END. The caller releases each info. */
enum ouro_status ouro_list_next(struct ouro_list *list, struct ouro_info *out,
    struct ouro_error *err);
void ouro_list_close(struct ouro_list *list);

/* Each id once, in no particular order; stops when each returns false. */
typedef bool ouro_each_id(void *context, const uint8_t id[OURO_ID_SIZE]);
enum ouro_status ouro_children(struct ouro_vault *vault,
    const uint8_t id[OURO_ID_SIZE], ouro_each_id *each, void *context,
    struct ouro_error *err);
/* Versions of a name ("blobs" namespace), newest first. */
enum ouro_status ouro_versions(struct ouro_vault *vault, const char *path,
    ouro_each_id *each, void *context, struct ouro_error *err);

/* ---- removing ------------------------------------------------------------------------------ */

/* Why something was refused or kept. */
enum ouro_reason {
	OURO_HAS_CHILDREN = 1,	  /* id: a child */
	OURO_HAS_LATER = 2,	  /* id: a version that replaces it */
	OURO_OTHER_VERSION = 3,	  /* id: another version keeps the content */
	OURO_SHARED_CHUNKS = 4,	  /* count chunks are used by others too */
	OURO_LIVE_DESCENDANT = 5, /* id: a descendant keeps the content */
};

struct ouro_kept {
	enum ouro_reason reason;
	uint8_t id[OURO_ID_SIZE];
	uint64_t count; /* children, versions, chunks */
};

typedef void ouro_kept_report(void *context, const struct ouro_kept *kept);

struct ouro_remove_options {
	size_t size;
	bool force; /* children become roots, later versions stay */
};

struct ouro_remove_result {
	uint64_t versions;    /* removed */
	uint64_t contents;    /* no longer reachable */
	uint64_t chunks_kept; /* shared with something else */
	uint64_t slices_kept;
	uint64_t chunks_free; /* to be collected */
	/* It is removed, but something could not be read that was to be
	 * counted: contents and the three after it are too low, and the
	 * reports of what was kept are not all. */
	bool uncounted;
};

/*
 * Removes what a target names: a name with its versions, one version, or
 * every version (of this owner) that reaches a content. The space is
 * given back by ouro_gc.
 *   OURO_NOT_FOUND; OURO_REFUSED after each reason was reported
 * OURO_OK means that all of it is removed, whether or not what it leaves
 * behind could be counted. After any other answer result->versions tells how
 * many versions were removed all the same, of a content with several names.
 */
enum ouro_status ouro_remove(struct ouro_vault *vault,
    const struct ouro_target *target, const struct ouro_remove_options *options,
    ouro_kept_report *report, void *context, struct ouro_remove_result *result,
    struct ouro_error *err);

struct ouro_gc_result {
	uint64_t contents, pages, chunks, slices; /* collected */
	uint64_t bytes;				  /* disk given back */
};

/* Collects what nothing refers to and compacts the segments. */
enum ouro_status ouro_gc(struct ouro_vault *vault, ouro_progress *progress,
    void *context, struct ouro_gc_result *result, struct ouro_error *err);

/* ---- care ------------------------------------------------------------------------------------- */

enum ouro_part {
	OURO_PART_FILE = 1,   /* a file of the store */
	OURO_PART_RECORD = 2, /* content, version, page, row */
	OURO_PART_CHUNK = 3,  /* a chunk as a whole */
	OURO_PART_SLICE = 4,
	OURO_PART_CONTENT = 5 /* one line per content checked */
};

enum ouro_state {
	OURO_STATE_OK = 0,
	OURO_STATE_DEGRADED = 1, /* readable, redundancy is missing */
	OURO_STATE_LOST = 2,	 /* not readable */
	OURO_STATE_REPAIRED = 3	 /* was one of the two, now OK */
};

struct ouro_finding {
	enum ouro_part part;
	enum ouro_state state;
	bool has_id;
	uint8_t id[OURO_ID_SIZE]; /* content, version, page or chunk */
	const char *file;	  /* path, or NULL */
	uint64_t offset;	  /* in file */
	const char *text;	  /* one sentence; borrowed */
};

typedef void ouro_finding_report(void *context,
    const struct ouro_finding *finding);

struct ouro_care_result {
	uint64_t contents, contents_ok, contents_degraded, contents_lost;
	uint64_t chunks, chunks_degraded, chunks_lost;
	uint64_t slices, slices_bad; /* bad = damaged or missing */
	uint64_t records, records_bad;
	uint64_t repaired; /* slices and records rewritten */
	uint64_t files_bad;
};

struct ouro_care_options {
	size_t size;
	const uint8_t *content;	 /* only this one; NULL = everything */
	bool rebuild_index;	 /* repair: all derived rows made anew */
	ouro_progress *progress; /* in bytes */
	ouro_finding_report *report;
	void *context; /* of both */
};

/* Checks every record, page, chunk and slice, never stopping at the first
 * fault. OURO_DAMAGED when anything is degraded or lost; result is filled. */
enum ouro_status ouro_verify(struct ouro_vault *vault,
    const struct ouro_care_options *options, struct ouro_care_result *result,
    struct ouro_error *err);

/* Verifies and rebuilds. OURO_DAMAGED when something stays lost. */
enum ouro_status ouro_repair(struct ouro_vault *vault,
    const struct ouro_care_options *options, struct ouro_care_result *result,
    struct ouro_error *err);

struct ouro_stats {
	uint64_t contents, versions, names, pages, chunks, slices;
	uint64_t bytes;	       /* clear bytes of all current names */
	uint64_t bytes_unique; /* clear bytes of distinct chunks and inline */
	uint64_t bytes_sealed; /* of distinct chunks, before erasure coding */
	uint64_t bytes_disk;   /* all files of the store */
	uint64_t bytes_dead;   /* of them given back by compaction */
	uint64_t segments;
	uint64_t lanes;
	uint64_t free_space; /* bytes available on the store's disk */
	uint64_t memory;     /* of indexes, bytes */
	uint64_t damaged;    /* records known damaged */
	uint32_t epoch;
	uint64_t members;
	unsigned k, m;
};

enum ouro_status ouro_stats(struct ouro_vault *vault, struct ouro_stats *out,
    struct ouro_error *err);

/* ---- keys ---------------------------------------------------------------------------------------- */

enum ouro_member_kind { OURO_MEMBER_NODE = 1, OURO_MEMBER_RECOVERY = 2 };

struct ouro_member {
	char fingerprint[33]; /* hex */
	char label[OURO_LABEL_MAX + 1];
	enum ouro_member_kind kind;
	uint64_t added_ms;
	bool self; /* the key this handle opened with */
};

typedef bool ouro_each_member(void *context, const struct ouro_member *member);

enum ouro_status ouro_keys_list(struct ouro_vault *vault,
    ouro_each_member *each, void *context, struct ouro_error *err);
/* The newest epoch, and when it began (Unix ms). */
uint32_t ouro_keys_epoch(struct ouro_vault *vault, uint64_t *created_ms);

#define OURO_RECOVERY_TEXT 73
/* Makes a new recovery key, a member of its own, and returns it printed:
 * the only copy. */
enum ouro_status ouro_keys_export(struct ouro_vault *vault,
    char out[OURO_RECOVERY_TEXT], struct ouro_error *err);
/* After opening with a recovery key: makes a new member key file at path and
 * adds it to the keyring. OURO_EXISTS when path is there. */
enum ouro_status ouro_keys_import(struct ouro_vault *vault, const char *path,
    const char *passphrase, struct ouro_error *err);
/* Writes the key file again under another passphrase (NULL = none). */
enum ouro_status ouro_keys_passphrase(struct ouro_vault *vault,
    const char *passphrase, struct ouro_error *err);
/* A new epoch for what is written from now on. */
enum ouro_status ouro_keys_rotate(struct ouro_vault *vault,
    struct ouro_error *err);
/* Removes a member (by fingerprint, hex, unique prefix) and rotates. */
enum ouro_status ouro_keys_remove(struct ouro_vault *vault,
    const char *fingerprint, struct ouro_error *err);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif
#endif
