/*
 * store_file - a small file of the store, kept twice.
 *
 * OUROBOROS (StoreFile) and keyring (Keyring) each lie in DIR under their
 * name and under NAME.copy, in this frame:
 *
 *   offset  length  data
 *   0       8       "OUROFILE"
 *   8       4       kind, u32 little-endian (1 store, 2 keyring)
 *   12      4       size n of the content, u32 little-endian
 *   16      n       content
 *   16+n    32      SHA-256 of everything before
 */
#ifndef VAULT_STORE_FILE_H
#define VAULT_STORE_FILE_H

#include "crypt/crypt.h"

struct fs;
struct log;

enum store_file_kind { STORE_FILE_STORE = 1, STORE_FILE_KEYRING = 2 };

/* DIR's file of a kind: "OUROBOROS", "keyring". */
const char *store_file_name(enum store_file_kind kind);

/* Writes both, each atomically, the copy last. After a failure the old content
 * is what a reader finds, unless the disk refuses to take that back too. */
enum ouro_status store_file_write(struct fs *fs, const char *dir,
    enum store_file_kind kind, struct bytes content, struct ouro_error *err);

/* What store_file_check found in one of the two places. */
struct store_file_state {
	enum ouro_status status; /* OK, NOT_FOUND, DAMAGED, ... */
	struct ouro_error error;
};

/* Looks at one of the two (copy: the second); content may be NULL. */
void store_file_check(struct fs *fs, const char *dir, enum store_file_kind kind,
    bool copy, struct buffer *content, struct store_file_state *out);

/*
 * Reads whichever is whole, the first if both are; unless read_only, one that
 * is missing, damaged or different is then written again from the other and
 * log told. One that cannot be read twice in a row (OURO_IO) is left as it is:
 * it may be whole, and the newer of both. OURO_NOT_FOUND when neither is there;
 * OURO_DAMAGED when neither is whole; OURO_IO when that is not known of one.
 */
enum ouro_status store_file_read(struct fs *fs, const char *dir,
    enum store_file_kind kind, bool read_only, const struct log *log,
    struct buffer *content, struct ouro_error *err);

/* Whether the content of one of the two is what the reader wants; *rank, 0 on
 * entry, tells how new it is. OURO_DAMAGED: it is as good as a broken one. */
typedef enum ouro_status store_file_judge(void *context, struct bytes content,
    uint64_t *rank, struct ouro_error *err);

struct store_file_choice {
	struct fs *fs;
	const char *dir;
	enum store_file_kind kind;
	bool read_only;
	const struct log *log; /* may be NULL */
	store_file_judge *judge;
	void *context;
};

/* The same with a word of the reader's: of two that are whole, different and
 * wanted it takes the one of the higher rank, else the first. */
enum ouro_status store_file_choose(const struct store_file_choice *choice,
    struct buffer *content, struct ouro_error *err);

#endif
