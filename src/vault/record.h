/*
 * record - content, page and ref records: ids, sealing, encoding.
 *
 * Every record is canonical: decoding refuses bytes that do not re-encode to
 * themselves, unknown versions and fields, and whatever does not fit its id.
 *
 *   content id = HMAC(id key, "ouroboros content 1" || ContentIdentity)
 *   inline id  = HMAC(id key, "ouroboros inline 1" || bytes)
 *   chunk id   = HMAC(id key, "ouroboros chunk 1" || bytes)
 *   page id    = HMAC(id key, "ouroboros page 1" || level u32 ||
 *                     n x (entry id || size u64)), little-endian
 *   ref id     = HMAC(id key, "ouroboros ref 1" || RefRecord)
 *
 * Bodies are sealed with AES-256-GCM under HKDF(content or page key, salt,
 * "ouroboros body 1"), nonce 0, additional data = the record without sealed
 * and tag. The salt is made of all that, without itself, and the clear body
 * (body.h): one key never seals two different records, and the same record
 * under the same epoch has the same bytes everywhere.
 */
#ifndef VAULT_RECORD_H
#define VAULT_RECORD_H

#include "crypt/mac.h"
#include "proto/vault.pb-c.h"

struct ouro_vault;

#define INLINE_MAX	 4096 /* clear bytes that lie in the record */
#define CONTENT_TYPE_MAX 1024 /* bytes of a content type */
#define PAGE_ENTRIES_MAX 1024
#define TREE_LEVEL_MAX	 6

/* ---- ids ----------------------------------------------------------------- */

enum ouro_status record_chunk_id(struct ouro_vault *vault, struct bytes clear,
    uint8_t id[HASH_SIZE], struct ouro_error *err);

/* ---- trees ----------------------------------------------------------------- */

/* A chunk or page as those who refer to it know it. Holds a key: wipe. */
struct tree_entry {
	uint8_t id[HASH_SIZE];
	uint8_t key[KEY_SIZE];
	uint32_t epoch;
	uint64_t size; /* clear bytes below */
};

/* ---- pages ------------------------------------------------------------------- */

/* An opened page. */
struct page {
	unsigned level;
	uint32_t epoch;
	size_t count;
	struct tree_entry *entries;
};

enum ouro_status page_id(struct ouro_vault *vault, const struct page *page,
    uint8_t id[HASH_SIZE], struct ouro_error *err);
/* Seals under page->epoch. */
enum ouro_status page_encode(struct ouro_vault *vault, const struct page *page,
    const uint8_t id[HASH_SIZE], struct buffer *record, struct ouro_error *err);
/* key NULL = derive it from the vault's epoch key. vault NULL (then with a
 * key): the id, which is a keyed hash, is taken as it is. */
enum ouro_status page_decode(struct ouro_vault *vault,
    const uint8_t id[HASH_SIZE], struct bytes record, const uint8_t *key,
    struct page *out, struct ouro_error *err);
/* The page that an entry stands for, out of the set; OURO_DAMAGED when it is
 * not there or of another level. Release also after failure. */
enum ouro_status page_load(struct ouro_vault *vault,
    const struct tree_entry *entry, unsigned level, struct page *out,
    struct ouro_error *err);
void page_release(struct page *page);
/* Clear part only: the page's epoch, level and entry ids (borrowed from
 * *unpacked, which the caller frees with canonical_free). */
enum ouro_status page_peek(const uint8_t id[HASH_SIZE], struct bytes record,
    Ouro__Page **unpacked, struct ouro_error *err);

/* ---- contents ------------------------------------------------------------------ */

/* A stream of bytes as a content record holds it: inline, or a tree. */
struct content_part {
	uint64_t size;
	struct bytes inlined;	/* when size <= INLINE_MAX */
	struct tree_entry root; /* else */
	unsigned level;
};

/* An opened content record; what it points to lies in body and owned. */
struct content {
	uint8_t id[HASH_SIZE];
	uint8_t parent[HASH_SIZE];
	bool has_parent;
	unsigned k;
	uint32_t epoch;
	uint64_t chunks; /* of data and meta, repeated ones too */
	struct bytes type;
	struct content_part data, meta;
	Ouro__ContentBody *body;
};

/* The id of a content: function of data, meta, type, parent and k. */
enum ouro_status content_id(struct ouro_vault *vault,
    const struct content *content, uint8_t id[HASH_SIZE],
    struct ouro_error *err);
/* content->id must be set. Seals under content->epoch. */
enum ouro_status content_encode(struct ouro_vault *vault,
    const struct content *content, struct buffer *record,
    struct ouro_error *err);
enum ouro_status content_decode(struct ouro_vault *vault,
    const uint8_t id[HASH_SIZE], struct bytes record, struct content *out,
    struct ouro_error *err);
/* The same for who has the content's key and nothing else: the id is taken
 * as it is. */
enum ouro_status content_decode_with(const uint8_t key[KEY_SIZE],
    const uint8_t id[HASH_SIZE], struct bytes record, struct content *out,
    struct ouro_error *err);
void content_release(struct content *content); /* wipes */
/* The clear part: parent and roots. Freed as page_peek's. */
enum ouro_status content_peek(const uint8_t id[HASH_SIZE], struct bytes record,
    Ouro__ContentRecord **unpacked, struct ouro_error *err);

/* ---- refs ------------------------------------------------------------------------ */

#define REF_PREVIOUS_MAX 4096u	/* versions that one lists as replaced */
#define REF_SEEN_MAX	 65536u /* incarnations */

/* The lists of a ref that is being made are borrowed from the caller. */
enum ouro_status ref_encode(struct ouro_vault *vault,
    const Ouro__RefRecord *ref, struct buffer *record, uint8_t id[HASH_SIZE],
    struct ouro_error *err);
/* Checks id, sizes, order and limits; free with
 * canonical_free(&ref->base). */
enum ouro_status ref_decode(struct ouro_vault *vault,
    const uint8_t id[HASH_SIZE], struct bytes record, Ouro__RefRecord **out,
    struct ouro_error *err);

/* OURO_INVALID unless namespace_ is one of ours and path is 1 to 1,024 bytes
 * of UTF-8 without control characters. */
enum ouro_status ref_name_check(const char *namespace_, const char *path,
    struct ouro_error *err);

#endif
