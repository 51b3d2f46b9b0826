/*
 * rebuild - the derived rows made anew from the records and the lanes.
 *
 * Rows that are missing or wrong are written first and rows that nothing
 * gives are deleted last, so that a reader meanwhile never misses a row that
 * was there. While it goes on the row s "rebuild" is there; opening a vault
 * with it begins anew.
 */
#ifndef VAULT_REBUILD_H
#define VAULT_REBUILD_H

#include "vault/vault.h"

/* Afterwards the tables k, u, d, o, w, n and e hold exactly what follows from c, p
 * and r and the lanes; touched of chunks = 0. Commits wait meanwhile. Where a
 * version cannot be read, vault/forget.h is to follow. */
enum ouro_status rebuild_index(struct ouro_vault *vault,
    struct ouro_error *err);

/* A rebuild was begun and not ended. */
bool rebuild_pending(struct ouro_vault *vault);
/* From now on it is, durably, until rebuild_index has done it. */
enum ouro_status rebuild_begin(struct ouro_vault *vault,
    struct ouro_error *err);

#endif
