/*
 * name - a name's heads, and the versions beside them.
 *
 * A version is a head when no other version's seen covers its dot. The row h
 * of a name has its heads, with all that a read wants to know of them, and
 * how many versions there are; the rows n list these by time. Both are derived
 * from the ref records, which prove it.
 *
 * Covering is transitive: what a version has seen holds all that those have
 * which it replaces, and of one name the versions of an incarnation are a
 * chain, each of which covers those before it (batch_version.c sees to that).
 * So what is covered is covered by a head, but for a name that was written
 * again when versions had left which others still have (batch_drop.c).
 */
#ifndef VAULT_NAME_H
#define VAULT_NAME_H

#include "vault/record.h"
#include "vault/row.h"

struct ouro_vault;

#define UUID_SIZE 16

/* One version, and its record once name_version_load read it. */
struct name_version {
	uint8_t id[HASH_SIZE];
	uint64_t stamp;
	bool deletion;
	uint8_t target[HASH_SIZE]; /* unless deletion */
	uint64_t joined;
	uint8_t uuid[UUID_SIZE];
	uint64_t expires_ms;
	Ouro__RefRecord *ref; /* NULL until loaded */
};

/* Zeroed = empty. */
struct version_list {
	struct name_version *items;
	size_t count, capacity;
};

struct name {
	char *namespace_, *path;
	struct version_list heads; /* the winner first, as they would win */
	uint64_t versions;	   /* heads included */
};

/* Reads the heads of a name; one that was never written has none, and
 * OURO_OK. */
enum ouro_status name_load(struct ouro_vault *vault, const char *namespace_,
    const char *path, struct name *out, struct ouro_error *err);
void name_release(struct name *name);
/* The versions of a name, oldest first, with no more than id and stamp. */
enum ouro_status name_history(struct ouro_vault *vault, const char *namespace_,
    const char *path, struct version_list *out, struct ouro_error *err);

/* The head that a plain read answers; NULL when there is no version. One that
 * is a deletion or has expired is answered too. */
const struct name_version *name_winner(const struct name *name);
/* The winner, or NULL when there is none that is no deletion and has not
 * expired at now_ms. */
const struct name_version *name_current(const struct name *name,
    uint64_t now_ms);
/* The head with that id, or NULL. */
struct name_version *name_head(const struct name *name,
    const uint8_t id[HASH_SIZE]);

/* ---- versions ------------------------------------------------------------- */

/* What a record says of its version; *out gets no ref. */
void name_version_from_ref(const uint8_t id[HASH_SIZE],
    const Ouro__RefRecord *ref, struct name_version *out);
/* Reads the record of a version that has none yet, and all fields from it. */
enum ouro_status name_version_load(struct ouro_vault *vault,
    struct name_version *version, struct ouro_error *err);
/* True when what a's record has seen covers b's dot; both loaded. */
bool name_version_covers(const struct name_version *a,
    const struct name_version *b);
/* It is a deletion, or has expired at now_ms. */
bool name_version_ended(const struct name_version *version, uint64_t now_ms);
/* <0: a wins over b: larger stamp, then earlier joined, then smaller uuid;
 * the id makes the order total. */
int name_version_compare(const struct name_version *a,
    const struct name_version *b);

/* Takes over the version's ref. */
enum ouro_status version_list_add(struct version_list *list,
    const struct name_version *version, struct ouro_error *err);
/* The same at its place among heads. */
enum ouro_status version_list_insert(struct version_list *list,
    const struct name_version *version, struct ouro_error *err);
void version_list_remove(struct version_list *list, size_t index);
void version_list_release(struct version_list *list);
/* Adds those of all, which are loaded, that no other one covers, as they would
 * win. They have no ref. */
enum ouro_status version_list_heads(const struct version_list *all,
    struct version_list *heads, struct ouro_error *err);

/* What the user is told of a version. name is that of the version, for what its
 * heads say; zeroed for one that is not in the set. */
enum ouro_status version_fill(struct ouro_vault *vault,
    const uint8_t id[HASH_SIZE], const Ouro__RefRecord *ref,
    const struct name *name, struct ouro_version *out, struct ouro_error *err);

/* A ref's record by its id: from the set. */
enum ouro_status ref_get(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    Ouro__RefRecord **out, struct ouro_error *err);

/* ---- the row ---------------------------------------------------------------- */

/* The value of the row h. */
enum ouro_status name_row_encode(const struct version_list *heads,
    uint64_t versions, struct buffer *out, struct ouro_error *err);
/* OURO_DAMAGED unless it is what encode would have written. */
enum ouro_status name_row_decode(struct bytes value, struct version_list *heads,
    uint64_t *versions, struct ouro_error *err);
/* Namespace and path out of a key that is a letter and a name. */
enum ouro_status name_key_decode(struct bytes key, char namespace_[16],
    char path[OURO_NAME_MAX + 1], struct ouro_error *err);

#endif
