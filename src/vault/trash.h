/*
 * trash - heads that left because another copy had removed them.
 *
 * The table t has the record of each, and when it left. It is this copy's own,
 * kept twice like the set and sent to nobody. The content stays as long: the
 * use row that says so follows from the row in t, as that of a version follows
 * from its record. It is not found by its hash any more: nothing live has it.
 * A deletion, and what has expired, leaves nothing that somebody might want
 * back, and goes without.
 */
#ifndef VAULT_TRASH_H
#define VAULT_TRASH_H

#include "vault/batch.h"

/* A row of the table t. */
struct trash_row {
	Ouro__RefRecord *ref;
	uint64_t dropped_ms;
};

/* OURO_DAMAGED unless it is what was written, with the version of that id. */
enum ouro_status trash_decode(struct ouro_vault *vault,
    const uint8_t id[HASH_SIZE], struct bytes stored, struct trash_row *out,
    struct ouro_error *err);
void trash_row_release(struct trash_row *row);

/* In the batch in which a head leaves, after batch_version_drop: its place in
 * the trash. *added is false when it is none to be kept. */
enum ouro_status batch_trash(struct batch *batch, const uint8_t id[HASH_SIZE],
    struct bytes record, bool *added, struct ouro_error *err);
/* In the batch in which a version comes back, before batch_version_take: it is
 * in the trash no more. Fine when it was not. */
enum ouro_status batch_trash_drop(struct batch *batch,
    const uint8_t id[HASH_SIZE], struct ouro_error *err);

/* Takes out what has been there for longer than the setting says. Not durable
 * before the next barrier. */
enum ouro_status trash_empty(struct ouro_vault *vault, struct ouro_error *err);

#endif
