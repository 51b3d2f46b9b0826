/*
 * keyfile - a key file that is used without a store.
 */
#ifndef OUROBOROS_KEYFILE_H
#define OUROBOROS_KEYFILE_H

#include "options.h"

/* What opens it. Zeroed = nothing. */
struct key_file {
	char *path;
	char *passphrase;  /* NULL = none */
	char *public_text; /* of ouro_key_public */
};

/*
 * Opens a key file, asking for its passphrase if need be. path NULL: that of
 * --key, else $OUROBOROS_KEY, else member.key in the store's directory.
 * Returns 0, or the exit code after having said what went wrong.
 */
int key_file_open(struct invocation *inv, const char *path,
    struct key_file *out);
/* Wipes. */
void key_file_release(struct key_file *file);

#endif
