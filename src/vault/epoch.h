/*
 * epoch - the newest epoch, noted beside the data.
 *
 * A keyring is a small file that can be put back alone, from a backup or by
 * somebody with the disk. What was sealed since would then be beyond reach,
 * new data would go under an old epoch, and the next rotation would make a
 * second epoch of a number that is taken. So the sealed engines, records and
 * copies, know the newest number in the row s "epoch" (u32 little-endian):
 * it is written after the keyring that has the epoch, and before the epoch
 * seals anything.
 */
#ifndef VAULT_EPOCH_H
#define VAULT_EPOCH_H

#include "base/bytes.h"

struct ouro_vault;

/* Durable in the records when OURO_OK is returned. */
enum ouro_status epoch_note(struct ouro_vault *vault, uint32_t epoch,
    struct ouro_error *err);

/* At opening, before anything is mended with the keyring: OURO_DAMAGED when
 * it is older than the data. */
enum ouro_status epoch_check(struct ouro_vault *vault, struct ouro_error *err);
/* At opening, once the engines are mended: notes the keyring's newest epoch
 * where it is not known yet, unless the vault is read-only. */
enum ouro_status epoch_adopt(struct ouro_vault *vault, struct ouro_error *err);

#endif
