/*
 * vault - what an open vault is made of. For src/vault alone.
 *
 * Locks, in the order in which they may be taken:
 *   set_lock -> chunk_locks[i] -> pins.lock -> keys_lock, lanes_lock;
 *   commit_lock, slots_lock and codes_lock: nothing is taken below them.
 *   Engines lock for themselves and call nothing of ours.
 */
#ifndef VAULT_VAULT_H
#define VAULT_VAULT_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/stamp.h"
#include "engine/engine.h"
#include "proto/vault.pb-c.h"
#include "seal/keyring.h"
#include "seal/member.h"
#include "vault/commit.h"
#include "vault/copies.h"
#include "vault/lanes.h"
#include "vault/pins.h"
#include "vault/row.h"

struct chunk_slot;
struct chunk_tools;
struct chunker_table;
struct erasure;
struct executor;
struct executor_task;
struct mac_key;

#define CHUNK_LOCKS	  64
#define OWNER_DEFAULT	  "local"
#define NAMESPACE_DEFAULT "blobs"
#define MODE_DEFAULT	  0xf00 /* the owner may do everything */
/* Versions kept of a name beside its heads. */
#define REVISION_LIMIT_DEFAULT 100

/* An incarnation of this opening: see batch_version.c. */
struct incarnation {
	uint8_t id[INCARNATION_SIZE];
	uint64_t number; /* the last one committed */
};

struct ouro_vault {
	struct fs *fs;
	struct executor *executor;
	struct executor *executor_own; /* closed with the vault */
	struct log log;
	ouro_log_write *log_user;
	void *log_context;
	char dir[FS_PATH_MAX];
	char key_file[FS_PATH_MAX];
	bool read_only;
	bool is_new;
	bool index_incomplete; /* read-only: derived rows are lost */
	uint64_t free_space_min;
	uint64_t index_memory;
	int level; /* zstd, 0 = none */
	unsigned k, m;
	char node[OURO_LABEL_MAX + 1]; /* this copy's label */
	uint64_t joined_ms;

	Ouro__StoreFile *store;	    /* under lanes_lock */
	char **data_paths;	    /* as in the store file; NULL ends them */
	pthread_rwlock_t keys_lock; /* keyring */
	struct keyring *keyring;
	struct member_key member;
	bool by_recovery_key;	   /* opened without a member key file */
	struct mac_key *mac;	   /* of the id key */
	struct mac_key *store_mac; /* of the store file */
	struct chunker_table *chunker_table;

	struct fs_file *lock_file; /* DIR/LOCK */
	struct engine *records;
	struct engine *copies;	   /* NULL: lost, read-only */
	atomic_bool copies_behind; /* a write to them failed: no clean close */
	pthread_rwlock_t lanes_lock;
	struct engine *lanes[LANES_MAX];
	char *lane_paths[LANES_MAX];
	unsigned lane_count;

	pthread_mutex_t chunk_locks[CHUNK_LOCKS];
	struct pins pins;
	pthread_mutex_t slots_lock;
	struct chunk_slot *slots;  /* free ones */
	struct chunk_tools *tools; /* free ones */
	pthread_mutex_t codes_lock;
	struct vault_code *codes; /* prepared erasure codes */

	pthread_mutex_t commit_lock; /* queue */
	pthread_mutex_t set_lock;    /* context, numbers: held by the step */
	struct commit_change *commit_first, **commit_last;
	struct executor_task *commit_task;
	struct context context;
	struct incarnation *incarnations; /* begun by this opening */
	size_t incarnation_count;
	struct stamp_clock clock;
	/* Set under set_lock: a unite is open, and nothing is collected. */
	atomic_bool uniting;

	/* Settings of the whole vault, as vault/settings.h read them. */
	atomic_uint_fast64_t revision_limit;
	atomic_uint_fast64_t removal_grace_hours;
	atomic_uint_fast64_t trash_hours;
	atomic_uint_fast64_t default_ttl_s;
};

/* A prepared code, kept until close. */
struct vault_code {
	struct vault_code *next;
	unsigned k, m;
	struct erasure *erasure;
};

/* As ouro_vault_open, with a file system and an executor of the caller's
 * (both may be NULL: the real ones). */
enum ouro_status vault_open(const char *dir,
    const struct ouro_vault_options *options, struct fs *fs,
    struct executor *executor, struct ouro_vault **out, struct ouro_error *err);

/* The prepared code; borrowed until close. */
enum ouro_status vault_code(struct ouro_vault *vault, unsigned k, unsigned m,
    const struct erasure **out, struct ouro_error *err);

/* Copies a key out of the keyring; the caller wipes. epoch 0 = the newest,
 * whose number *number gets (may be NULL). */
enum ouro_status vault_epoch_key(struct ouro_vault *vault, uint32_t epoch,
    uint8_t key[KEY_SIZE], uint32_t *number, struct ouro_error *err);

/* OURO_READ_ONLY, OURO_NO_SPACE below the minimum, or OURO_OK. */
enum ouro_status vault_writable(struct ouro_vault *vault,
    struct ouro_error *err);

/* Writes the store file (both copies) from vault->store. */
enum ouro_status vault_store_write(struct ouro_vault *vault,
    struct ouro_error *err);
/* Writes next, which is this keyring changed, and puts it in its place; frees
 * it on failure. keys_lock held for writing. */
enum ouro_status vault_keyring_replace(struct ouro_vault *vault,
    struct keyring *next, struct ouro_error *err);
/* Writes the keyring (both copies); keys_lock held. */
enum ouro_status vault_keyring_write(struct ouro_vault *vault,
    struct ouro_error *err);

/* "chunk 3f2a9c10..." for messages; out has room for 24. */
const char *id_short(const uint8_t id[HASH_SIZE], char out[24]);

#endif
