/*
 * chunk_slot - working memory for chunks, from a stock of the vault's.
 *
 * A slot holds the bytes of a chunk that waits, is worked on or is given
 * out. The tools, several times as large, are needed by a thread only while
 * it seals or opens one: so many chunks may wait in little memory, and the
 * few tools in use stay in the caches.
 */
#ifndef VAULT_CHUNK_SLOT_H
#define VAULT_CHUNK_SLOT_H

#include "seal/stripe.h"

struct compressor;
struct ouro_vault;

struct chunk_slot {
	struct chunk_slot *next;
	struct buffer clear; /* CHUNK_SIZE_MAX reserved */
};

struct chunk_tools {
	struct chunk_tools *next;
	struct compressor *compressor;
	struct stripe stripe;
};

enum ouro_status chunk_slot_take(struct ouro_vault *vault,
    struct chunk_slot **out, struct ouro_error *err);
/* NULL is fine. */
void chunk_slot_give(struct ouro_vault *vault, struct chunk_slot *slot);
enum ouro_status chunk_tools_take(struct ouro_vault *vault,
    struct chunk_tools **out, struct ouro_error *err);
void chunk_tools_give(struct ouro_vault *vault, struct chunk_tools *tools);
/* All were given back: frees the stock. */
void chunk_slots_release(struct ouro_vault *vault);

#endif
