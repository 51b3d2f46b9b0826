/*
 * import - a stream of an export becomes part of the vault (ouro_import); what
 * import*.c share.
 *
 * Chunks, pages and contents are stored as they come, each verified; nothing
 * leads to them yet, and nothing is collected meanwhile. The versions are put
 * aside (unite.h) and become part of the set only when the stream's last frame
 * was read. So a stream that is damaged or cut changes nothing that anybody
 * sees, and what it brought is there when it is imported again.
 */
#ifndef EXCHANGE_IMPORT_H
#define EXCHANGE_IMPORT_H

#include "exchange/exchange.h"
#include "seal/archive.h"
#include "vault/commit.h"
#include "vault/vault.h"

struct chunk_slot;
struct unite;

#define IMPORT_PENDING_MAX 512 /* contents committed together */

/* One call of ouro_import. */
struct import {
	struct ouro_vault *vault;
	enum exchange_scope scope;
	const struct ouro_import_options *options;
	struct ouro_import_result *result;
	struct archive_reader *reader;
	struct chunk_slot *slot;
	struct unite *unite;
	struct exchange_counts counts;	 /* of what came */
	struct commit_content *contents; /* not yet committed */
	size_t content_count, content_bytes;
	unsigned stage; /* of the last frame */
	uint64_t told;	/* offset at the last progress */
};

/* The frame last read is damaged, for the reason that error tells, if status
 * says so; else passes both on. */
enum ouro_status import_judge(const struct import *import,
    enum ouro_status status, const struct ouro_error *error,
    struct ouro_error *err);

/* ---- import_parts.c: each verifies and stores what one frame brings ------------ */

enum ouro_status import_chunk(struct import *import, struct bytes content,
    struct ouro_error *err);
enum ouro_status import_page(struct import *import, const uint8_t id[HASH_SIZE],
    struct bytes record, struct ouro_error *err);
/* Committed with others, at the latest by import_contents_flush. */
enum ouro_status import_content(struct import *import,
    const uint8_t id[HASH_SIZE], struct bytes record, struct ouro_error *err);
enum ouro_status import_contents_flush(struct import *import,
    struct ouro_error *err);
void import_parts_release(struct import *import);

/* ---- import_keys.c ----------------------------------------------------------------- */

/* The keyring in the header. OURO_DAMAGED names the place. */
enum ouro_status import_keyring_open(const struct archive_head *head,
    const uint8_t seed[KEM_SEED_SIZE], struct keyring **out,
    struct ouro_error *err);
/* Compares the stream's keyring with ours: OURO_REFUSED, OURO_CONFLICT,
 * OURO_WRONG_KEY. *newer gets theirs when it has epochs that ours lacks, else
 * NULL. */
enum ouro_status import_keys_compare(struct ouro_vault *vault,
    const struct archive_head *head, struct keyring **newer,
    struct ouro_error *err);
/* Takes over what a newer one has. Durable when OURO_OK. */
enum ouro_status import_keys_adopt(struct ouro_vault *vault,
    const struct keyring *newer, struct ouro_error *err);

/* ---- beginning ------------------------------------------------------------------------ */

/* The header of a vault's stream. */
enum ouro_status import_head_read(struct archive_reader *reader,
    struct archive_head *head, struct ouro_error *err);
/* Unlocks it and reads its first frame, the scope. */
enum ouro_status import_scope_read(struct archive_reader *reader,
    const uint8_t id_key[KEY_SIZE], enum exchange_scope *scope,
    struct ouro_error *err);
/* The rest of it, behind the scope. */
enum ouro_status import_run(struct ouro_vault *vault, enum exchange_scope scope,
    const struct ouro_import_options *options, struct archive_reader *reader,
    struct ouro_import_result *result, struct ouro_error *err);

/* As ouro_import_new, with a file system and an executor of the caller's. */
struct executor;
struct import_new {
	const char *dir;
	const struct ouro_vault_options *vault_options;
	struct fs *fs;		   /* NULL = the real one */
	struct executor *executor; /* NULL = one of its own */
};
enum ouro_status import_new(const struct import_new *made,
    const struct ouro_import_options *options, ouro_source *source,
    void *source_context, struct ouro_import_result *result,
    struct ouro_vault **out, struct ouro_error *err);

#endif
