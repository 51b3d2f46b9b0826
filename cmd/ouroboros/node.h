/*
 * node - one content of the hierarchy, as tree and its relatives show it.
 */
#ifndef OUROBOROS_NODE_H
#define OUROBOROS_NODE_H

#include <ouroboros.h>

#include "options.h"
#include "reply.h"

struct node {
	uint8_t id[OURO_ID_SIZE];
	bool there;
	struct ouro_info info; /* brief; zeroed unless there */
	char *name;	       /* of its newest version, else of the file it
				* came from; NULL: none */
};

/* A content that is not there is no failure. Returns 0, or the exit code after
 * having said what is wrong. Release also after failure. */
int node_load(struct invocation *inv, struct ouro_vault *vault,
    const uint8_t id[OURO_ID_SIZE], struct node *out);
void node_release(struct node *node);
/* Members of an object that is open. */
void node_json(struct reply *out, const struct node *node);

/* The number of an option, from least on; *out is as it was when the option
 * was not given. Returns 0, or the exit code after having said what is wrong. */
int node_number(struct invocation *inv, enum option_id id, uint64_t least,
    uint64_t *out);

#endif
