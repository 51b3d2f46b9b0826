/*
 * name - the versions of one name, and which of them are heads.
 *
 * A version is a head when no other version's seen covers its dot. The rows
 * say which (derived); the ref records prove it.
 */
#ifndef VAULT_NAME_H
#define VAULT_NAME_H

#include "vault/record.h"
#include "vault/row.h"

struct ouro_vault;

/* One version: its row, and its record once name_version_load read it. */
struct name_version {
	uint8_t id[HASH_SIZE];
	uint64_t stamp;
	bool head;
	bool deletion;
	uint8_t target[HASH_SIZE]; /* unless deletion */
	uint64_t joined;
	uint8_t uuid[16];
	uint64_t expires_ms;
	Ouro__RefRecord *ref; /* NULL until loaded */
};

struct name {
	char namespace_[16];
	char path[OURO_NAME_MAX + 1];
	struct name_version *versions; /* by stamp, oldest first */
	size_t count;
};

/* Reads the rows of a name; no version = count 0, OURO_OK. */
enum ouro_status name_load(struct ouro_vault *vault, const char *namespace_,
    const char *path, struct name *out, struct ouro_error *err);
void name_release(struct name *name);

/* Reads the record of a version that has none yet. */
enum ouro_status name_version_load(struct ouro_vault *vault,
    struct name_version *version, struct ouro_error *err);

/* The head that a plain read answers: larger stamp, then earlier joined,
 * then smaller uuid; NULL when there is no version. A version that expired
 * before now_ms counts as a deletion for readers, not here. */
const struct name_version *name_winner(const struct name *name);

/* True when what a's record has seen covers b's dot; both loaded. */
bool name_version_covers(const struct name_version *a,
    const struct name_version *b);

/* The value of a version's row. */
enum ouro_status name_row_encode(const struct name_version *version,
    struct buffer *out, struct ouro_error *err);
/* Fills row fields from a row; ref stays NULL. */
enum ouro_status name_row_decode(struct bytes key, struct bytes value,
    struct name_version *out, struct ouro_error *err);
/* Namespace and path out of a row's key. */
enum ouro_status name_key_decode(struct bytes key, char namespace_[16],
    char path[OURO_NAME_MAX + 1], struct ouro_error *err);
/* The same fields from a record (head is not set). */
void name_version_from_ref(const uint8_t id[HASH_SIZE],
    const Ouro__RefRecord *ref, struct name_version *out);

/* A ref's record by its id: from the set. */
enum ouro_status ref_get(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    Ouro__RefRecord **out, struct ouro_error *err);

#endif
