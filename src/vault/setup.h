/*
 * setup - the parts of making and opening a vault; used by open.c alone.
 */
#ifndef VAULT_SETUP_H
#define VAULT_SETUP_H

#include "vault/vault.h"

#define SETUP_SEGMENT_SIZE     (64u * 1024 * 1024)
#define SETUP_SEGMENT_SIZE_MIN 4096u
#define SETUP_NODE_MAX	       128
#define SETUP_DATA_PATHS_MAX   128

/* Removes what a process that died while it wrote a small file left in the
 * store's directory; the store is locked. */
void setup_leftovers_remove(struct ouro_vault *vault);

/* Reads OUROBOROS into vault->store, which nothing vouches for yet.
 * OURO_NOT_FOUND, OURO_DAMAGED, OURO_UNSUPPORTED. */
enum ouro_status setup_store_read(struct ouro_vault *vault,
    struct ouro_error *err);
/* Once the keyring is open: reads it again and takes only one that was
 * written by a member of this vault. */
enum ouro_status setup_store_verify(struct ouro_vault *vault,
    struct ouro_error *err);
/* Makes vault->store from the options, without lanes, not yet written. */
enum ouro_status setup_store_new(struct ouro_vault *vault,
    const struct ouro_vault_options *options, struct ouro_error *err);

/* Copies the data paths of vault->store, for the user to borrow. */
enum ouro_status setup_data_paths_keep(struct ouro_vault *vault,
    struct ouro_error *err);
void setup_data_paths_release(struct ouro_vault *vault);

/* Reads member key and keyring. OURO_NOT_FOUND: which of the two. */
enum ouro_status setup_keys_read(struct ouro_vault *vault,
    const struct ouro_vault_options *options, struct ouro_error *err);
/* Makes both; an existing member key file is used as it is and never
 * replaced. */
enum ouro_status setup_keys_new(struct ouro_vault *vault,
    const struct ouro_vault_options *options, struct ouro_error *err);
/* What follows from the id key: mac, chunker table. */
enum ouro_status setup_keys_derive(struct ouro_vault *vault,
    struct ouro_error *err);

void setup_codes_release(struct ouro_vault *vault);

#endif
