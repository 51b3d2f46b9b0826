/*
 * session - opening the store that the command line, the environment and
 * the person's home name, with the keys they give.
 */
#ifndef OUROBOROS_SESSION_H
#define OUROBOROS_SESSION_H

#include <ouroboros.h>

#include "options.h"

enum session_mode {
	SESSION_READ,  /* must exist; nothing is changed */
	SESSION_HEAL,  /* must exist; what a read repairs is written, if the
			  store can be written at all */
	SESSION_WRITE, /* must exist */
	SESSION_CREATE /* is made when missing */
};

/* Returns 0, or the exit code after having said what went wrong. */
int session_open(struct invocation *inv, enum session_mode mode,
    struct ouro_vault **out);

/* Another way to open, or make, what is in dir; as ouro_vault_open. May be
 * called again with a passphrase after OURO_WRONG_KEY. */
typedef enum ouro_status session_opener(void *context, const char *dir,
    const struct ouro_vault_options *options, struct ouro_vault **out,
    struct ouro_error *err);
int session_open_by(struct invocation *inv, enum session_mode mode,
    session_opener *opener, void *context, struct ouro_vault **out);

/* Whether there is a store in dir. */
bool session_has_store(const char *dir);

/* The store's directory, or NULL after having said that none is known. The
 * caller frees it. */
char *session_directory(struct invocation *inv);
/* An option's value, else that of an environment variable, else NULL. An
 * empty variable counts as none. */
const char *session_setting(const struct invocation *inv, enum option_id id,
    const char *variable);

#endif
