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
	/* Memory that the index of the records may take, whatever their number:
	 * bytes, at least 1 MiB; 0 = 64 MiB. */
	uint64_t index_memory;
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

/* Which versions a new one takes the place of. */
enum ouro_base {
	/* All heads that the name has when the write is committed. */
	OURO_BASE_HEADS = 0,
	/* Those given, and nothing else: what somebody wrote meanwhile stays
	 * a head beside the new version. None given: beside all heads. */
	OURO_BASE_GIVEN = 1,
	/* All heads, provided that they are exactly those given; else
	 * OURO_CONFLICT. None given: the name must not be there, or only as
	 * deletions and versions that have expired. */
	OURO_BASE_EXACT = 2
};

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
	unsigned mode;		/* 12 bits; 0 = the default */
	uint64_t saved_ms;	/* 0 = now */
	uint64_t expires_ms;	/* 0 = never */
	const char *namespace_; /* of name; NULL = "blobs" */
	enum ouro_base base;	/* with a name */
	const uint8_t (*base_versions)[OURO_ID_SIZE]; /* of that name */
	size_t base_count;
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
/* The id that the content of the put finished last will have, for its children
 * in the same batch. Waits for its chunks. OURO_NOT_FOUND: there is no put. */
enum ouro_status ouro_batch_content(struct ouro_batch *batch,
    uint8_t id[OURO_ID_SIZE], struct ouro_error *err);
/* As ouro_version_put, visible with the commit; id (may be NULL) is filled then,
 * and borrowed until the batch ends. */
struct ouro_version_options;
enum ouro_status ouro_batch_version(struct ouro_batch *batch,
    const struct ouro_version_options *options, uint8_t id[OURO_ID_SIZE],
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

/*
 * The whole of a small content at once, by its id or that of a version.
 * *data, with a NUL behind it, is the caller's: free().
 *   OURO_TOO_LARGE  it has more than most bytes; *size tells how many
 */
enum ouro_status ouro_get_whole(struct ouro_vault *vault,
    const uint8_t id[OURO_ID_SIZE], size_t most, void **data, size_t *size,
    struct ouro_error *err);

/* One content of a batch read: borrowed until the call returns. status is
 * OURO_OK, or why there is no data. Return false to stop. */
typedef bool ouro_each_whole(void *context, size_t index,
    enum ouro_status status, const void *data, size_t size);
/* Calls each for every id, in the order given. All are looked for first: if
 * any is not there, each is not called, and *missing (may be NULL) is the
 * index of the first that is not. */
enum ouro_status ouro_get_batch(struct ouro_vault *vault,
    const uint8_t (*ids)[OURO_ID_SIZE], size_t count, size_t most,
    ouro_each_whole *each, void *context, size_t *missing,
    struct ouro_error *err);

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
/* The same at the cost of the record alone, as in a list without detail: the
 * figures of slices stay 0, and compressed and stored count what is inline. */
enum ouro_status ouro_info_brief(struct ouro_vault *vault,
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
	const char *after;	/* a cursor: only names behind this one, in
				 * byte order; needs namespace_ */
	bool reverse;		/* from the last name; after: before it */
	bool names_only;	/* fill hashes, name and times, nothing else */
};

enum ouro_status ouro_list_open(struct ouro_vault *vault,
    const struct ouro_list_options *options, struct ouro_list **out,
    struct ouro_error *err);
/* OURO_END. The caller releases each info. */
enum ouro_status ouro_list_next(struct ouro_list *list, struct ouro_info *out,
    struct ouro_error *err);
void ouro_list_close(struct ouro_list *list);

/* ---- hierarchy ------------------------------------------------------------------------- */

/*
 * A content may have a parent, which need not be there. Each call takes a
 * content's id or a version's of it, and answers contents that are live: some
 * version, or a child, reaches them. Its cost grows with the answer alone.
 * An unknown id is OURO_NOT_FOUND, unless it is a parent that never came: its
 * children know it.
 */

/* Each id once; stops when each returns false. */
typedef bool ouro_each_id(void *context, const uint8_t id[OURO_ID_SIZE]);
/* In the order of their ids. after (may be NULL): only those behind it. */
enum ouro_status ouro_children(struct ouro_vault *vault,
    const uint8_t id[OURO_ID_SIZE], const uint8_t after[OURO_ID_SIZE],
    ouro_each_id *each, void *context, struct ouro_error *err);
/* OURO_NOT_FOUND when it has none. The parent may not be there. */
enum ouro_status ouro_parent(struct ouro_vault *vault,
    const uint8_t id[OURO_ID_SIZE], uint8_t parent[OURO_ID_SIZE],
    struct ouro_error *err);
/* Nearest first; ends with the first that is not there, which is left out. */
enum ouro_status ouro_ancestors(struct ouro_vault *vault,
    const uint8_t id[OURO_ID_SIZE], ouro_each_id *each, void *context,
    struct ouro_error *err);

/* A content below another one. depth: 1 = a child. */
typedef bool ouro_each_node(void *context, const uint8_t id[OURO_ID_SIZE],
    const uint8_t parent[OURO_ID_SIZE], uint64_t depth);
/* Each once, a parent before its children, depth first. */
enum ouro_status ouro_descendants(struct ouro_vault *vault,
    const uint8_t id[OURO_ID_SIZE], ouro_each_node *each, void *context,
    struct ouro_error *err);
/* Contents without a parent that is there, in the order of their ids. after
 * (may be NULL): only those behind it. */
enum ouro_status ouro_roots(struct ouro_vault *vault,
    const uint8_t after[OURO_ID_SIZE], ouro_each_id *each, void *context,
    struct ouro_error *err);

/* ---- versions -------------------------------------------------------------------------- */

/*
 * A name is a path in a namespace: "blobs" for those that users choose,
 * "objects" for contents put without one, "kv", "auth", "sys". In each call a
 * namespace of NULL means "blobs". Every write of a name is a version; those
 * that no other replaces are its heads, one as long as everybody sees what the
 * others wrote. A plain read answers the winner among them: the larger stamp,
 * then the node that joined earlier, then the smaller uuid, the same in every
 * copy. A deletion is a version too.
 */
struct ouro_version {
	uint8_t id[OURO_ID_SIZE];
	uint8_t content[OURO_ID_SIZE]; /* zeroed for a deletion */
	bool deletion;
	bool expired;	   /* by now */
	bool head, winner; /* winner: among the heads */
	uint64_t stamp;	   /* Unix ms << 16 | counter */
	uint64_t saved_ms;
	uint64_t expires_ms; /* 0 = never */
	uint8_t uuid[16];
	unsigned mode;
	/* Owned by the caller: ouro_version_release. */
	uint8_t (*previous)[OURO_ID_SIZE]; /* that it replaced */
	size_t previous_count;
	char *namespace_, *path, *owner, *group, *writer;
};

/* Afterwards *version is zeroed. A zeroed one is fine. */
void ouro_version_release(struct ouro_version *version);
/* By its id, also a deletion, and one whose name was deleted. */
enum ouro_status ouro_version_get(struct ouro_vault *vault,
    const uint8_t id[OURO_ID_SIZE], struct ouro_version *out,
    struct ouro_error *err);

/* What a plain read of a name answers, at the cost of one look-up. content
 * and version may be NULL.
 *   OURO_NOT_FOUND  there is none, or it is a deletion or has expired */
enum ouro_status ouro_name_read(struct ouro_vault *vault,
    const char *namespace_, const char *path, uint8_t content[OURO_ID_SIZE],
    uint8_t version[OURO_ID_SIZE], struct ouro_error *err);

/* Stops when each returns false. *version is borrowed until it returns. */
typedef bool ouro_each_version(void *context,
    const struct ouro_version *version);
/* The heads, winner first, deletions and expired ones too. OURO_NOT_FOUND when
 * the name was never written, or left with all its versions. */
enum ouro_status ouro_heads(struct ouro_vault *vault, const char *namespace_,
    const char *path, ouro_each_version *each, void *context,
    struct ouro_error *err);
/* All versions that are still kept, newest first. As ouro_heads otherwise. */
enum ouro_status ouro_history(struct ouro_vault *vault, const char *namespace_,
    const char *path, ouro_each_version *each, void *context,
    struct ouro_error *err);

/* Zeroed = defaults. Set size. */
struct ouro_version_options {
	size_t size;
	const char *namespace_;
	const char *path;
	const uint8_t *content; /* that is there; NULL = a deletion */
	enum ouro_base base;
	const uint8_t (*base_versions)[OURO_ID_SIZE];
	size_t base_count;
	const char *owner; /* NULL = the winner's, else "local" */
	const char *group; /* NULL = the winner's, else "" */
	unsigned mode;	   /* 0 = the winner's, else the default */
	uint64_t saved_ms;
	uint64_t expires_ms;
};

/*
 * Writes a version with a content that is there: to merge heads (BASE_HEADS),
 * to revert (an older version's content), to delete, to give a content one
 * more name. The version's id goes to id (may be NULL). Durable when OURO_OK.
 *   OURO_NOT_FOUND  the content, or a version of base, is not there
 *   OURO_CONFLICT   BASE_EXACT, and the heads are others
 */
enum ouro_status ouro_version_put(struct ouro_vault *vault,
    const struct ouro_version_options *options, uint8_t id[OURO_ID_SIZE],
    struct ouro_error *err);

/* ---- settings and trash ------------------------------------------------------------ */

/* Settings of the whole vault, kept as names in "sys", so that all its copies
 * agree. The next write, removal or collection goes by them. */
struct ouro_setting {
	const char *name; /* static */
	const char *text; /* one line: what it is, its unit; static */
	uint64_t value;
	uint64_t standard; /* the value when it was never set */
	uint64_t least, most;
	bool is_set;
};

/*
 *   revision_limit            versions kept of a name beside its heads: 100
 *   bootstrap_max_age_hours   how long the trash is kept: 720
 *   removal_grace_hours       how long a deleted name stays, with what it had,
 *                             before gc takes it: 0
 *   default_ttl               seconds until a version in "kv" expires that was
 *                             given no time: 0 = never
 */
enum ouro_status ouro_setting_get(struct ouro_vault *vault, const char *name,
    struct ouro_setting *out, struct ouro_error *err);
/* OURO_NOT_FOUND: no such setting; OURO_INVALID: out of its range. */
enum ouro_status ouro_setting_set(struct ouro_vault *vault, const char *name,
    uint64_t value, struct ouro_error *err);
/* The names; NULL behind the last. Static. */
const char *ouro_setting_name(size_t number);

/* Heads that left because another copy, whose records were united with ours,
 * had removed them. They are kept for a while. */
struct ouro_trashed {
	struct ouro_version version;
	uint64_t dropped_ms;
};
typedef bool ouro_each_trashed(void *context,
    const struct ouro_trashed *trashed);
enum ouro_status ouro_trash_list(struct ouro_vault *vault,
    ouro_each_trashed *each, void *context, struct ouro_error *err);
/* Writes what it had as a new version of its name, in place of the heads. */
enum ouro_status ouro_trash_restore(struct ouro_vault *vault,
    const uint8_t id[OURO_ID_SIZE], uint8_t version[OURO_ID_SIZE],
    struct ouro_error *err);

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

/* ---- sharing --------------------------------------------------------------------------------------- */

/*
 * A grant wraps the one key that opens a content, whatever its size, for
 * somebody who is no member. What is shared is carried to them as a bundle, a
 * file that only their key file opens. Grants are names in "sys": every copy
 * of the vault has them. A grant does not keep its content; it stays when the
 * content is removed, until it is taken back.
 *
 * Who carries a public key may exchange it: compare fingerprints. Anyone may
 * make a bundle for a public key: it does not prove from whom it comes.
 */

/* The public key of a member's key file, as text that may be handed out: one
 * line, NUL-terminated, the caller's: free(). */
enum ouro_status ouro_key_public(const char *key_file, const char *passphrase,
    char **text, struct ouro_error *err);
/* Makes a key file of its own, without a vault. OURO_EXISTS. */
enum ouro_status ouro_key_make(const char *key_file, const char *passphrase,
    struct ouro_error *err);

struct ouro_share_options {
	size_t size;
	bool tree; /* its live descendants too */
};
struct ouro_share_result {
	uint64_t grants;      /* made now */
	uint64_t there;	      /* that were there before */
	uint64_t bytes;	      /* of the grants made, stored */
	char fingerprint[33]; /* of the public key, hex */
};
/* id is a content's or a version's of it; public_key the text of
 * ouro_key_public. OURO_INVALID: no public key; OURO_NOT_FOUND: the content.
 * After a failure in a tree some of it may be shared. */
enum ouro_status ouro_share(struct ouro_vault *vault,
    const uint8_t id[OURO_ID_SIZE], const char *public_key,
    const struct ouro_share_options *options, struct ouro_share_result *result,
    struct ouro_error *err);

struct ouro_grant {
	uint8_t content[OURO_ID_SIZE];
	char fingerprint[33];
	uint64_t made_ms;
	const char *public_key; /* borrowed */
};
typedef bool ouro_each_grant(void *context, const struct ouro_grant *grant);
/* id NULL = of all contents, also those that are gone; fingerprint (a unique
 * prefix) NULL = everybody's. Grants of one content follow one another. One
 * that was not made with the vault's keys is left out, and told to the log.
 * OURO_NOT_FOUND: nothing is shared with such a key; OURO_AMBIGUOUS. */
enum ouro_status ouro_grants(struct ouro_vault *vault,
    const uint8_t id[OURO_ID_SIZE], const char *fingerprint,
    ouro_each_grant *each, void *context, struct ouro_error *err);

struct ouro_unshare_options {
	size_t size;
	bool tree;
	/* Begins a new epoch and seals the content under it, so that the key
	 * that was given away opens nothing that is kept here, not even what
	 * was deleted from the lanes. Chunks that other contents have too
	 * stay readable through those. Takes as long as storing it did. */
	bool reseal;
};
struct ouro_unshare_result {
	uint64_t grants;	  /* taken back */
	uint64_t chunks_resealed; /* each once */
	uint64_t chunks_shared;	  /* of them, that others have too */
};
/* Stops serving. What was handed out stays readable to whom it was given.
 * fingerprint is a unique prefix. OURO_NOT_FOUND: it was not shared with such
 * a key; but with reseal and the whole fingerprint that is no failure, so
 * that what was interrupted can be repeated. After a failure of sealing anew
 * (OURO_DAMAGED: something of the content is lost) the grants are taken back,
 * result->grants tells how many, and everything opens as before. */
enum ouro_status ouro_unshare(struct ouro_vault *vault,
    const uint8_t id[OURO_ID_SIZE], const char *fingerprint,
    const struct ouro_unshare_options *options,
    struct ouro_unshare_result *result, struct ouro_error *err);

/* Where a stream of bytes goes, and where one comes from. Any status but
 * OURO_OK ends the call, which returns it. *got = 0 only at the end. */
typedef enum ouro_status ouro_sink(void *context, const void *data, size_t size,
    struct ouro_error *err);
typedef enum ouro_status ouro_source(void *context, void *data, size_t size,
    size_t *got, struct ouro_error *err);

/* Everything granted to a fingerprint (a unique prefix), or of it only id's
 * (not NULL), as a bundle. Each chunk goes out once; memory is about 100 bytes
 * for each of them. OURO_NOT_FOUND: nothing is granted, or is there; the sink
 * was not called then. */
enum ouro_status ouro_bundle_write(struct ouro_vault *vault, const uint8_t *id,
    const char *fingerprint, ouro_sink *sink, void *context,
    struct ouro_error *err);

struct ouro_bundle;
struct ouro_bundle_item {
	uint8_t content[OURO_ID_SIZE]; /* in the vault it comes from */
	uint8_t parent[OURO_ID_SIZE];
	bool has_parent;
	uint64_t bytes;
	const char *type; /* borrowed, as the meta */
	const void *meta; /* with a NUL behind; NULL when over 16 MiB */
	size_t meta_size;
};
typedef bool ouro_each_bundle_item(void *context,
    const struct ouro_bundle_item *item);
/*
 * A bundle is read with a key file alone, by one thread at a time, in memory
 * that does not grow with its contents. The whole file is checked here: that
 * it is one bundle, unchanged and complete. What is read later is verified
 * with the keys that come from the wrapped one, level by level; so it is what
 * was meant by whoever made the bundle. The ids are keyed with a secret of
 * the vault: the recipient cannot recompute them, and takes them as names.
 *   OURO_WRONG_KEY  it is for another key, whose fingerprint is told; or the
 *                   passphrase is wrong
 *   OURO_DAMAGED    with the offset
 *   OURO_INVALID    no bundle, but an export of a vault
 */
enum ouro_status ouro_bundle_open(const char *file, const char *key_file,
    const char *passphrase, struct ouro_bundle **out, struct ouro_error *err);
void ouro_bundle_close(struct ouro_bundle *bundle); /* NULL ok */
/* In the order of content ids; stops when each returns false. */
enum ouro_status ouro_bundle_list(struct ouro_bundle *bundle,
    ouro_each_bundle_item *each, void *context, struct ouro_error *err);
/* All bytes of a content, in order. OURO_NOT_FOUND. After OURO_DAMAGED the sink
 * was given what comes before the fault. */
enum ouro_status ouro_bundle_read(struct ouro_bundle *bundle,
    const uint8_t content[OURO_ID_SIZE], ouro_sink *sink, void *context,
    struct ouro_error *err);

/* ---- export and import ------------------------------------------------------------------------------- */

/* Zeroed = the whole vault. Set size. At most one of path and root. */
struct ouro_export_options {
	size_t size;
	const char *namespace_;	 /* of path */
	const char *path;	 /* this name with its history */
	const uint8_t *root;	 /* this content, what is below it, and the
				 * versions that have these as content */
	ouro_progress *progress; /* in bytes of chunks */
	void *context;
	/* A stream that was cut short, to be gone on with: what it has is
	 * not sent again, and what is sent belongs behind its first *kept
	 * bytes. *kept is set before sink is called; 0: nothing of it is of
	 * use, and all is sent. */
	ouro_source *begun;
	void *begun_context;
	uint64_t *kept;
};
struct ouro_export_result {
	uint64_t versions, contents, pages, chunks, bytes;
};
/*
 * Writes one moment of a vault as one stream, sealed and authenticated under
 * a key of the vault's members, complete with the keyring. Others may write,
 * remove and collect meanwhile; what they do to a name or a subtree that is
 * exported alone may be in it or not. What nothing refers to any more is given
 * back only after the export.
 *   OURO_NOT_FOUND  no such name or content
 *   OURO_DAMAGED    something cannot be read, and is named
 *   OURO_REFUSED    what was begun is of another vault or part; or an epoch
 *                   was begun meanwhile and has sealed something: begin again
 */
enum ouro_status ouro_export(struct ouro_vault *vault,
    const struct ouro_export_options *options, ouro_sink *sink, void *context,
    struct ouro_export_result *result, struct ouro_error *err);

struct ouro_import_options {
	size_t size;
	/* What the vault knows as removed stays removed; with this it is
	 * written as new versions of its names instead. */
	bool as_new;
	ouro_progress *progress; /* in bytes of the stream; total unknown */
	/* Each version of the stream that stays removed. */
	ouro_each_version *removed;
	void *context; /* of both */
};
struct ouro_import_result {
	uint64_t versions;	   /* taken */
	uint64_t versions_there;   /* that were there */
	uint64_t versions_removed; /* that stay removed */
	uint64_t versions_new;	   /* of those, written as new ones */
	uint64_t versions_dropped; /* ours that the stream's vault removed */
	uint64_t heads_trashed;	   /* of these, to be found in the trash */
	uint64_t contents, pages, chunks, bytes; /* stored now */
};
/*
 * Takes the records of a stream into a copy of the same vault: the union of
 * both. Whole vaults agree afterwards when each has imported the other; which
 * goes first makes no difference. Interrupted, it is begun again with the same
 * stream: what is there is passed over. Nothing of a damaged stream's versions
 * becomes visible.
 *   OURO_DAMAGED    with the offset in the stream
 *   OURO_REFUSED    the stream is of another vault; or another import is
 *                   under way
 *   OURO_WRONG_KEY  our key is no member of the vault as the stream knows it
 *   OURO_CONFLICT   both copies began epochs of the same number
 * Epochs that only the other copy has are taken over, with its members.
 */
enum ouro_status ouro_import(struct ouro_vault *vault,
    const struct ouro_import_options *options, ouro_source *source,
    void *source_context, struct ouro_import_result *result,
    struct ouro_error *err);
/* Makes a copy of a vault in the directory dir, which has no store yet, out of
 * a stream of the whole of it, for a member whose key file (or recovery key)
 * the options name. Then as ouro_vault_open and ouro_import; after a failure
 * of the import the store is there, and ouro_import goes on with it.
 *   OURO_EXISTS   dir has a store, or the keyring of another vault
 *   OURO_REFUSED  the stream has only a part of a vault */
enum ouro_status ouro_import_new(const char *dir,
    const struct ouro_vault_options *vault_options,
    const struct ouro_import_options *options, ouro_source *source,
    void *source_context, struct ouro_import_result *result,
    struct ouro_vault **out, struct ouro_error *err);

/* ---- slices without keys ------------------------------------------------------------------------------ */

/* Directories of slices, as somebody without any key may keep them. Checks the
 * hash of every slice and computes parity again; with repair rebuilds what is
 * missing or damaged while k slices of a stripe are whole. Never reads what is
 * in them, and opens no file that has a key. The lanes of the store in dir and
 * of the data paths given, all of them, in the order in which the store was
 * made with them; where a data path has lanes of several stores, the directory
 * in it that belongs to this one. options->content must be NULL.
 *   OURO_DAMAGED    as ouro_verify and ouro_repair
 *   OURO_LOCKED     somebody has the store open
 *   OURO_NOT_FOUND  there are no lanes
 *   OURO_INVALID    the data paths do not fit the lanes that are there */
enum ouro_status ouro_blind_care(const char *dir, const char *const *data_paths,
    size_t data_path_count, bool repair,
    const struct ouro_care_options *options, struct ouro_care_result *result,
    struct ouro_error *err);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif
#endif
