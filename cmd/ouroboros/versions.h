/*
 * versions - the versions of a name: which name an argument means, what the
 * library tells of its versions, and how they are shown.
 */
#ifndef OUROBOROS_VERSIONS_H
#define OUROBOROS_VERSIONS_H

#include <ouroboros.h>

#include "options.h"

/* A name in its namespace. Zeroed = none. */
struct place {
	char *namespace_, *path;
};

/*
 * A NAME argument, with --namespace: a name that was ever written, else a
 * version's hash, which has a name. Returns 0, or the exit code after having
 * said what is wrong.
 */
int place_take(struct invocation *inv, struct ouro_vault *vault,
    const char *text, struct place *out);
void place_release(struct place *place);

/* Versions in the order in which they were told. Zeroed = none. */
struct version_list {
	struct ouro_version *items;
	size_t count, capacity;
	uint64_t most; /* no more than so many; 0 = all */
	bool failed;   /* there was no memory */
};

/* ouro_heads or ouro_history. */
typedef enum ouro_status version_call(struct ouro_vault *vault,
    const char *namespace_, const char *path, ouro_each_version *each,
    void *context, struct ouro_error *err);

/* Returns 0, or the exit code after having said what went wrong. */
int versions_take(struct invocation *inv, struct ouro_vault *vault,
    const struct place *place, version_call *call, struct version_list *list);
void versions_release(struct version_list *list);
/* Their ids, as base_versions are given; NULL when there is no memory. The
 * caller frees it. */
uint8_t (*versions_ids(const struct version_list *list))[OURO_ID_SIZE];

/* A table; with --json members of the object that is open. */
int versions_print(struct invocation *inv, struct ouro_vault *vault,
    const struct place *place, const struct version_list *list);

/* The hash of a version that was written; with --json an object that tells
 * its name too. */
void version_written(struct invocation *inv, const struct place *place,
    const uint8_t id[OURO_ID_SIZE]);

/* One version's members, for --json; bytes when size is not NULL. */
void version_members(struct reply *out, const struct ouro_version *version,
    const uint64_t *size);

#endif
