/*
 * care - what verify and repair share: one walk over a whole vault.
 *
 * The parts, in the order in which they are looked at: files (verify_files),
 * the records in both copies and the rows that follow from them
 * (verify_records, verify_rows), chunks (verify_chunks), contents
 * (verify_contents). A repair is the same walk with repairing set: each part
 * mends what it finds before the next one is looked at.
 *
 * One thread makes the walk and calls the user; jobs only check chunks. No
 * lock is held while the user is called. Faults seen while others write are
 * looked at again under the lock that keeps them out, before they are told.
 */
#ifndef VAULT_CARE_H
#define VAULT_CARE_H

#include "vault/chunk.h"
#include "vault/derived.h"
#include "vault/vault.h"

struct id_state;

/* Ids and what is known of them; most ids of a vault have nothing to tell. */
struct id_states {
	struct id_state *slots; /* a power of two */
	size_t slot_count, count;
};

struct care {
	struct ouro_vault *vault;
	const struct ouro_care_options *options;
	struct ouro_care_result *result;
	bool repairing;
	bool records_lost;   /* the records engine had damage */
	bool records_repair; /* and is to be repaired after care_records */
	bool unread;	     /* some record of the set cannot be read */
	bool versions_lost;  /* in both copies, and noted: vault/forget.h */
	bool rows_bad;	     /* derived rows are missing, wrong or too many */
	struct id_states states;	   /* pages, contents, chunks */
	uint64_t expected[DERIVED_TABLES]; /* derived rows there should be */
	uint64_t done, total;		   /* bytes of slices */
	uint64_t findings;		   /* degraded or lost */
	uint64_t lost;
	char file_last[FS_PATH_MAX];
};

void care_init(struct care *care, struct ouro_vault *vault,
    const struct ouro_care_options *options, struct ouro_care_result *result,
    bool repairing);
void care_release(struct care *care);

/* The worse of two. Lost, then degraded, then repaired, then OK. */
enum ouro_state state_worse(enum ouro_state a, enum ouro_state b);

/* Notes the worse of what is known and state. */
enum ouro_status care_note(struct care *care, const uint8_t id[HASH_SIZE],
    enum ouro_state state, struct ouro_error *err);
/* True when something was noted. */
bool care_known(const struct care *care, const uint8_t id[HASH_SIZE],
    enum ouro_state *state);

/* Versions are lost in both copies, or may be. */
enum ouro_status care_versions_lost(struct care *care, struct ouro_error *err);

/* Tells the user; id may be NULL. */
void care_tell(struct care *care, enum ouro_part part, enum ouro_state state,
    const uint8_t *id, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* A place in a file; counts the file once. */
void care_tell_file(struct care *care, enum ouro_state state, const char *file,
    uint64_t offset, const char *text);

/* That many more bytes were looked at. OURO_CANCELLED. */
enum ouro_status care_progress(struct care *care, uint64_t bytes,
    struct ouro_error *err);

/* OURO_OK, or OURO_DAMAGED with a summary. */
enum ouro_status care_end(const struct care *care, struct ouro_error *err);

/* ---- parts ----------------------------------------------------------------- */

/* The files kept twice, and what the engines say of theirs. */
enum ouro_status care_files(struct care *care, struct ouro_error *err);

/* Repairs the records engine if it was found damaged. Only now: until all that
 * the copies have is in it again, an opening must see that it is damaged. */
enum ouro_status care_records_engine(struct care *care, struct ouro_error *err);

/* Every record in both copies, and the rows that follow from it. */
enum ouro_status care_records(struct care *care, struct ouro_error *err);
/* One record: counted, told, mended. *best (may be NULL) gets a good one. */
enum ouro_status care_record(struct care *care, struct bytes key,
    struct engine_value *best, enum ouro_state *state, struct ouro_error *err);

/* The rows that follow from one record. */
enum ouro_status care_record_rows(struct care *care, struct bytes key,
    struct bytes record, struct ouro_error *err);
/* What is left to check of the derived rows after all records. */
enum ouro_status care_rows(struct care *care, struct ouro_error *err);

/* Every chunk that has a row. */
enum ouro_status care_chunks(struct care *care, struct ouro_error *err);

/* Every content, or the one asked for: what its parts say of it. */
enum ouro_status care_contents(struct care *care, struct ouro_error *err);

#endif
