/*
 * export - a part of the vault as a stream (ouro_export); the parts of it that
 * are shared by export*.c. exchange.h tells what the stream has.
 */
#ifndef EXCHANGE_EXPORT_H
#define EXCHANGE_EXPORT_H

#include "engine/engine.h"
#include "exchange/exchange.h"
#include "seal/archive.h"
#include "vault/hash_set.h"
#include "vault/vault.h"

struct chunk_slot;

/* One call of ouro_export. */
struct export
{
	struct ouro_vault *vault;
	const struct ouro_export_options *options;
	ouro_sink *sink;
	void *context;
	enum exchange_scope scope;
	uint32_t epoch; /* the newest that the stream's keyring has */
	struct archive_writer *writer;
	struct exchange_counts counts; /* of the whole stream */
	struct ouro_export_result *result;
	struct hash_set sent; /* chunks, pages, contents in the stream */
	struct hash_set gone; /* contents that are not there */
	struct hash_set left; /* versions that are left out */
	bool incomplete;      /* one of them is there still */
	struct chunk_slot *slot;
	struct buffer carried;
	uint64_t done; /* bytes of chunks */
};

/* The scope as its frame has it. Replaces out. */
enum ouro_status export_scope(const struct export *export, struct buffer *out,
    struct ouro_error *err);

/* ---- contents and what they are made of (export_parts.c) -------------------- */

/*
 * Sends a content with its pages and chunks, unless it is in the stream; of the
 * whole vault also its ancestors, before it. *there is false when its record is
 * gone. OURO_DAMAGED names what cannot be read.
 */
enum ouro_status export_content(struct export *export,
    const uint8_t id[HASH_SIZE], bool *there, struct ouro_error *err);

/* ---- what a begun stream has (export_begun.c) --------------------------------- */

/*
 * Reads a begun stream. It may be gone on with at *place when *usable, and
 * then sent and counts tell what it has before that; else it is begun anew. It
 * may be complete already. OURO_REFUSED: it is of another vault or part.
 */
struct export_begun {
	struct archive_place place;
	bool usable, complete;
};
enum ouro_status export_begun_read(struct export *export, struct bytes keyring,
    struct export_begun *out, struct ouro_error *err);

#endif
