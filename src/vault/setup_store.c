#include "vault/setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "seal/canonical.h"
#include "seal/compress.h"
#include "seal/erasure.h"
#include "vault/store_file.h"

#define STORE_VERSION  1
#define K_DEFAULT      3
#define M_DEFAULT      2
#define NODE_MAX       SETUP_NODE_MAX
#define DATA_PATHS_MAX SETUP_DATA_PATHS_MAX

enum ouro_status
vault_store_write(struct ouro_vault *vault, struct ouro_error *err)
{
	struct buffer packed = { 0 };
	enum ouro_status status = canonical_pack(&vault->store->base, &packed,
	    err);

	if (status == OURO_OK)
		status = store_file_write(vault->fs, vault->dir,
		    STORE_FILE_STORE, buffer_bytes(&packed), err);
	buffer_release(&packed);
	return status;
}

static const char *
store_fault(const Ouro__StoreFile *store)
{
	if (store->vault_id.len != VAULT_ID_SIZE)
		return "its vault id has a wrong size";
	if (erasure_valid(store->k, store->m, NULL) != OURO_OK ||
	    store->level < 0 || store->level > COMPRESS_LEVEL_MAX ||
	    store->segment_size < SETUP_SEGMENT_SIZE_MIN ||
	    strlen(store->node) > NODE_MAX ||
	    store->n_data_paths > DATA_PATHS_MAX)
		return "a parameter is out of range";
	if (store->n_lanes == 0 || store->n_lanes > LANES_MAX)
		return "it has no lanes, or too many";
	for (size_t i = 0; i < store->n_lanes; i++)
		if (store->lanes[i]->number != i ||
		    store->lanes[i]->path[0] == '\0')
			return "its lanes are out of order";
	return NULL;
}

enum ouro_status
setup_store_read(struct ouro_vault *vault, struct ouro_error *err)
{
	struct buffer content = { 0 };
	ProtobufCMessage *message = NULL;
	const char *fault;
	enum ouro_status status;

	status = store_file_read(vault->fs, vault->dir, STORE_FILE_STORE,
	    vault->read_only, &vault->log, &content, err);
	if (status == OURO_OK)
		status = canonical_unpack(&ouro__store_file__descriptor,
		    buffer_bytes(&content), &message, "store file", err);
	buffer_release(&content);
	if (status != OURO_OK)
		return status;
	vault->store = (Ouro__StoreFile *)message;
	if (vault->store->version != STORE_VERSION)
		return error_set(err, OURO_UNSUPPORTED,
		    "store %s has format %u; this build knows %d", vault->dir,
		    vault->store->version, STORE_VERSION);
	fault = store_fault(vault->store);
	if (fault != NULL)
		return error_set(err, OURO_DAMAGED, "%s/OUROBOROS: %s",
		    vault->dir, fault);
	return OURO_OK;
}

enum ouro_status
setup_store_new(struct ouro_vault *vault, const struct ouro_vault_options *options,
    struct ouro_error *err)
{
	Ouro__StoreFile store = OURO__STORE_FILE__INIT;
	char host[NODE_MAX + 1] = "node";
	ProtobufCMessage *message;
	enum ouro_status status;

	gethostname(host, sizeof(host) - 1);
	store.version = STORE_VERSION;
	store.vault_id.data =
	    (uint8_t *)(uintptr_t)keyring_vault_id(vault->keyring);
	store.vault_id.len = VAULT_ID_SIZE;
	store.joined = stamp_next(&vault->clock, 0);
	store.node = options->node != NULL ?
	    (char *)(uintptr_t)options->node : host;
	store.segment_size = options->segment_size != 0 ?
	    options->segment_size : SETUP_SEGMENT_SIZE;
	store.k = options->k != 0 ? options->k :
	    options->no_parity ? 1 : K_DEFAULT;
	store.m = options->no_parity ? 0 :
	    options->k != 0 ? options->m : M_DEFAULT;
	store.level = options->level == -1 ? 0 :
	    options->level == 0 ? COMPRESS_LEVEL_DEFAULT : options->level;
	store.n_data_paths = options->data_path_count;
	store.data_paths = (char **)(uintptr_t)options->data_paths;
	status = canonical_copy(&store.base, &message, err);
	if (status == OURO_OK)
		vault->store = (Ouro__StoreFile *)message;
	return status;
}
