/*
 * member_text - reading and writing the text of a member's key file.
 *
 * Private to member*.c; member.h has the form.
 */
#ifndef SEAL_MEMBER_TEXT_H
#define SEAL_MEMBER_TEXT_H

#include "base/json.h"
#include "seal/member.h"

#define MEMBER_FORMAT	"ouroboros-member-key"
#define MEMBER_VERSION	1
#define MEMBER_KDF_NAME "argon2id"

/* Whether a whole key file has its seed under a passphrase. */
enum ouro_status member_text_is_sealed(struct bytes text, const char *path,
    bool *sealed, struct ouro_error *err);

#endif
