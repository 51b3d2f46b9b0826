/*
 * vault_fault - a vault on a disk on which calls fail: things that are put and
 * removed, and what must hold of them whatever failed. A call of the vault may
 * answer an error while a fault is present; nothing else may.
 */
#ifndef TESTS_VAULT_FAULT_H
#define TESTS_VAULT_FAULT_H

#include <stddef.h>
#include <stdint.h>

#include "base/executor.h"
#include "base/fs_memory.h"
#include "vault/vault.h"

#define SIZE_MAX_OF 200000
#define META_SIZE   5000

/* One content of the workload and what the caller was told about it. */
struct thing {
	const char *name; /* NULL: by content */
	size_t size;
	unsigned seed; /* equal seeds: equal first bytes */
	unsigned k, m;
	size_t meta_size;
	bool put_done;
	bool remove_begun, remove_done;
	uint8_t content[OURO_ID_SIZE];
	uint8_t version[OURO_ID_SIZE];
};

enum {
	INLINED,
	CHUNKED,
	FIRST_VERSION,
	SECOND_VERSION,
	WIDE,
	REMOVED,
	WITH_META,
	EMPTY,
	ADDED,
	THINGS
};

struct world {
	struct fs *fs;
	struct executor *executor;
	struct ouro_vault *vault;
	struct thing things[THINGS];
	unsigned failed; /* calls that answered an error */
};

typedef enum ouro_status care_call(struct ouro_vault *vault,
    const struct ouro_care_options *options, struct ouro_care_result *result,
    struct ouro_error *err);

extern const struct thing fault_things_new[THINGS];
extern struct fs_fault fault_present; /* what is being tried */
extern bool fault_present_stops, fault_present_is_over;
extern uint8_t fault_data_made[SIZE_MAX_OF], fault_data_read[SIZE_MAX_OF + 1];

/* ---- calls that may fail */
void fault_data_make(const struct thing *thing);
/* An error is one of those a failing disk may cause, and says so. */
bool fault_went_well(struct world *world, const char *what,
    enum ouro_status status, const struct ouro_error *err);
bool fault_world_open(struct world *world);
void fault_world_close(struct world *world);
enum ouro_status fault_put_try(struct ouro_vault *vault,
    const struct thing *thing, struct ouro_put_result *result,
    struct ouro_error *err);
void fault_thing_put(struct world *world, unsigned which);
void fault_thing_remove(struct world *world, unsigned which);
/* The whole of it into fault_data_read; what came before a fault is given first. */
enum ouro_status fault_bytes_read(struct ouro_vault *vault,
    const uint8_t id[OURO_ID_SIZE], size_t *size, struct ouro_error *err);
/* What is read is right, also while calls fail. */
bool fault_thing_reads(struct world *world, const struct thing *thing,
    const uint8_t id[OURO_ID_SIZE]);
void fault_thing_get(struct world *world, unsigned which);
void fault_world_gc(struct world *world);
void fault_world_care(struct world *world, care_call *call, bool rebuild);
void fault_world_keys(struct world *world);
void fault_world_look(struct world *world);

/* A teardown: which fault it was. */
int fault_tell(void **state);

/* ---- what must hold */
void fault_things_check(struct world *world);
bool fault_is_read_only(struct world *world);

#endif
