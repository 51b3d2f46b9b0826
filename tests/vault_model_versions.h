/*
 * vault_model_versions - a small model of names and their versions: what each
 * version has seen, said as the set of all that it replaces, directly or
 * through others, without dots, incarnations or contexts. Heads, winners,
 * pruning and the leaving of ended names follow from that.
 */
#ifndef TESTS_VAULT_MODEL_VERSIONS_H
#define TESTS_VAULT_MODEL_VERSIONS_H

#include "vault_model.h"

#define PATHS	     6
#define KNOWN_MAX    400  /* versions kept, of all names */
#define VERSIONS_MAX 2048 /* ever written in a sequence */
#define GIVEN_MAX    4
#define BASES_MAX    64

struct known {
	unsigned path;
	uint32_t number; /* of all versions ever written */
	uint8_t id[OURO_ID_SIZE];
	bool deletion;
	uint8_t content[OURO_ID_SIZE];
	uint64_t stamp, expires_ms;
	uint8_t uuid[16];
	unsigned joined; /* which copy wrote it: moves before that */
	uint64_t seen[VERSIONS_MAX / 64]; /* numbers */
	uint32_t bases[BASES_MAX];	  /* numbers */
	size_t base_count;
};

struct versions_model {
	struct model vault; /* of it only the vault and the drawing */
	struct known list[KNOWN_MAX];
	size_t count;
	uint32_t numbers;
	uint64_t limit;	     /* of versions beside the heads */
	struct buffer early; /* a stream of some time ago */
};

struct path {
	const char *namespace_, *path;
};
extern const struct path versions_paths[PATHS];

/* ---- the model itself */
bool known_has_seen(const struct known *later, const struct known *earlier);
bool known_is_head(const struct versions_model *model,
    const struct known *known);
bool known_ended(struct versions_model *model, const struct known *known);
/* The heads of a name, the winner first; how many. */
size_t versions_heads(struct versions_model *model, unsigned path,
    struct known *heads[KNOWN_MAX]);
/* All its versions, the newest first. */
size_t versions_history(struct versions_model *model, unsigned path,
    struct known *all[KNOWN_MAX]);
struct known *known_by_number(struct versions_model *model, uint32_t number);
void known_forget(struct versions_model *model, struct known *known);
/* At most most of what is beyond the limit, the oldest first. */
void versions_prune(struct versions_model *model, unsigned path, size_t most);

/* ---- what is done to both */
void versions_open(struct versions_model *model);
void version_write(struct versions_model *model);
/* Several at once, of which some have the same name. */
void versions_batch(struct versions_model *model);
void version_name_remove(struct versions_model *model);
void version_remove(struct versions_model *model);
void versions_gc(struct versions_model *model);
/* Everything that was to expire next has expired. */
void versions_time_pass(struct versions_model *model);
void versions_limit_draw(struct versions_model *model);
/* Again, where the vault has read its settings anew. */
void versions_limit_set(struct versions_model *model);

/* ---- streams, and ends of a process */
/* Keeps the vault as it is as a stream, for later. */
void versions_stream_keep(struct versions_model *model);
/* The stream of some time ago arrives: what left since stays away. */
void versions_stream_late(struct versions_model *model);
/* A copy made from a stream takes the place of the vault. */
void versions_move(struct versions_model *model);
/* The process ends without closing, in the middle of a collection or not. */
void versions_kill(struct versions_model *model);

/* ---- comparing */
void version_name_check(struct versions_model *model, unsigned path);
void versions_check(struct versions_model *model);

#endif
