/*
 * union_model - what copies of a vault have to agree on, without contexts.
 *
 * Versions are a graph: each points to those it replaced. What a copy has and
 * what it ever had are plain sets, and two copies become one by set operations
 * alone. Written to be compared with src/vault/union.h; shares nothing with it.
 */
#ifndef TESTS_UNION_MODEL_H
#define TESTS_UNION_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_VERSIONS 40 /* of one history */

/* Versions, by their numbers, as bits. */
typedef uint64_t model_set;

#define MODEL_ONE(version) ((model_set)1 << (version))

struct model_version {
	unsigned name;
	unsigned writer;    /* the opening that made it */
	bool ends;	    /* a deletion, or has expired */
	bool removed;	    /* somebody took it away by its hash */
	model_set replaced; /* directly */
	model_set left;	    /* of the same writer and name, before it */
	model_set covered;  /* what it covers */
};

/* All versions that were ever made, by anybody. */
struct model_history {
	struct model_version versions[MODEL_VERSIONS];
	unsigned count;
};

struct model_copy {
	model_set here, ever;
};

/* A new version in a copy, in place of some of its heads. Answers its number. */
unsigned model_write(struct model_history *history, struct model_copy *copy,
    unsigned name, unsigned writer, bool ends, model_set replaced);

model_set model_name(const struct model_history *history, unsigned name);
/* The heads that a name has in a set. */
model_set model_heads(const struct model_history *history, model_set set,
    unsigned name);

/* It takes all that the other has and had. Those that it shows but took away
 * meanwhile, or the other did, are in neither. */
void model_unite(struct model_copy *copy, const struct model_copy *other);
/* It takes of what the other shows these, and learns nothing else. */
void model_take(struct model_copy *copy, const struct model_copy *other,
    model_set these);

/* The name's only head ends it, and the copy ever had all that the writers of
 * the head and of what this saw of the name had made by then: nothing that
 * somebody might still bring. */
bool model_may_leave(const struct model_history *history,
    const struct model_copy *copy, unsigned name);

#endif
