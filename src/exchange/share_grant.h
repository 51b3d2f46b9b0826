/*
 * share_grant - grants as names: "sys", grants/CONTENT/FINGERPRINT, content
 * id in base64url, fingerprint in hex. The version's content is the encoded
 * grant (seal/grant.h), so grants replicate and leave as names do.
 *
 * A name proves nothing: a grant counts when its mac fits, and content and
 * public key are those of its name. Nothing says that the granted content is
 * used: a grant does not keep it.
 */
#ifndef EXCHANGE_SHARE_GRANT_H
#define EXCHANGE_SHARE_GRANT_H

#include "seal/grant.h"
#include "seal/keyring.h"
#include "vault/commit.h"

struct ouro_vault;

#define GRANT_NAMESPACE	 "sys"
#define GRANT_PATH_SIZE	 96 /* with the terminator */
#define FINGERPRINT_TEXT (2 * FINGERPRINT_SIZE)
#define GRANT_COMMIT_MAX 64 /* grants made or taken back in one commit */

/* Which content, whose. */
struct grant_name {
	uint8_t content[HASH_SIZE];
	char fingerprint[FINGERPRINT_TEXT + 1];
};

void grant_path(const struct grant_name *name, char out[GRANT_PATH_SIZE]);

/* Calls each for every name of a grant that is there now, of one content or
 * (NULL) of all, in the order of their paths. target is the content that
 * holds the grant. OURO_END ends the walk well. */
typedef enum ouro_status grant_each(void *context,
    const struct grant_name *name, const uint8_t target[HASH_SIZE],
    uint64_t made_ms, struct ouro_error *err);
enum ouro_status grant_names(struct ouro_vault *vault, const uint8_t *content,
    grant_each *each, void *context, struct ouro_error *err);

/* Reads and checks the grant of a name. OURO_DAMAGED also for one that
 * somebody without the vault's keys put there. */
enum ouro_status grant_load(struct ouro_vault *vault,
    const struct grant_name *name, const uint8_t target[HASH_SIZE],
    struct grant *out, struct ouro_error *err);
/* The same by the name alone. OURO_NOT_FOUND. */
enum ouro_status grant_find(struct ouro_vault *vault,
    const struct grant_name *wanted, struct grant *out, struct ouro_error *err);

/* The fingerprint that begins so, among those of the grants of one content,
 * or (NULL) of all. OURO_NOT_FOUND, OURO_AMBIGUOUS, OURO_INVALID. */
enum ouro_status grant_fingerprint(struct ouro_vault *vault,
    const uint8_t *content, const char *prefix, char out[FINGERPRINT_TEXT + 1],
    struct ouro_error *err);

/* The epoch that a content's record is sealed under. */
enum ouro_status grant_epoch_now(struct ouro_vault *vault,
    const uint8_t content[HASH_SIZE], uint32_t *epoch, struct ouro_error *err);

#endif
