/*
 * share - making grants and taking them back (ouro_share, ouro_unshare).
 */
#ifndef EXCHANGE_SHARE_H
#define EXCHANGE_SHARE_H

#include "exchange/share_grant.h"

/* Which contents a call is about: itself, and with tree the live ones below.
 * Appends ids, HASH_SIZE each, the parent before its children. A content that
 * is gone is still its own first id; *live tells. */
enum ouro_status share_contents(struct ouro_vault *vault,
    const uint8_t id[OURO_ID_SIZE], bool tree, struct buffer *ids, bool *live,
    struct ouro_error *err);

/* Grants of a content that were made for an earlier epoch of it are made
 * again. One that cannot be is told to the log: it stays as it was. */
enum ouro_status share_renew(struct ouro_vault *vault,
    const uint8_t content[HASH_SIZE], struct ouro_error *err);

#endif
