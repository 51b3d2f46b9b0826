/*
 * target - HASH and NAME arguments.
 */
#ifndef OUROBOROS_TARGET_H
#define OUROBOROS_TARGET_H

#include <ouroboros.h>

#include "options.h"

/* ouro_resolve; returns 0, or the exit code after having said what is wrong,
 * with the candidates of an ambiguous prefix. */
int target_resolve(struct invocation *inv, struct ouro_vault *vault,
    const char *text, struct ouro_target *out);
/* The content that text names, through a version of it if need be. */
int target_content(struct invocation *inv, struct ouro_vault *vault,
    const char *text, uint8_t content[OURO_ID_SIZE]);
/* As target_content, but a full hash need not be there. */
int target_parent(struct invocation *inv, struct ouro_vault *vault,
    const char *text, uint8_t content[OURO_ID_SIZE]);

#endif
