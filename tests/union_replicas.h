/*
 * union_replicas - copies of a vault without the vault: sets of versions and
 * contexts, changed by src/vault/union.h and nothing else. Each has its model
 * beside it and is compared with it after every step.
 */
#ifndef TESTS_UNION_REPLICAS_H
#define TESTS_UNION_REPLICAS_H

#include "union_model.h"
#include "vault/context.h"

#define COPIES	 4
#define NAMES	 2
#define MESSAGES 5
#define WRITERS	 MODEL_VERSIONS

/* What the rule is told of a version. */
struct version {
	struct dot dot;
	struct dot seen[WRITERS]; /* of the name */
	size_t seen_count;
};

struct replica {
	bool here[MODEL_VERSIONS];
	struct context context;
	unsigned writer; /* the opening of now */
	uint64_t number; /* its last */
	struct model_copy model;
};

struct world {
	uint64_t random;
	struct model_history history;
	struct version versions[MODEL_VERSIONS];
	struct replica copies[COPIES];
	/* Copies of copies: on their way, late, or kept somewhere. */
	struct replica messages[MESSAGES];
	unsigned writers;
};

void world_init(struct world *world, uint64_t seed);
void world_release(struct world *world);
uint64_t world_draw(struct world *world, uint64_t below);

void replica_release(struct replica *copy);
void replica_set(struct replica *to, const struct replica *from);
/* The same versions and the same context. */
bool replica_equal(const struct replica *a, const struct replica *b);
/* Fails the test unless the copy is as its model. */
void replica_check(const struct world *world, const struct replica *copy);
/* Heads of a name, by what the versions have seen. */
model_set replica_heads(const struct world *world, const struct replica *copy,
    unsigned name);

/* ---- steps --------------------------------------------------------------- */

/* A new opening: it writes under another incarnation. */
void replica_open(struct world *world, struct replica *copy);
void replica_write(struct world *world, struct replica *copy);
void replica_remove(struct world *world, struct replica *copy,
    unsigned version);
/* The oldest version beside the heads leaves. */
void replica_prune(struct world *world, struct replica *copy);
/* A name that ended leaves, if it may. */
void replica_leave(struct world *world, struct replica *copy);

/* All of theirs. believed is false when their set was not found whole. */
void replica_unite(struct world *world, struct replica *copy,
    const struct replica *theirs, bool believed);
/* Of theirs one name. */
void replica_take(struct world *world, struct replica *copy,
    const struct replica *theirs, unsigned name);

#endif
