/*
 * run_page - the check of each page of a run, and its seal.
 *
 *   offset  length  data, plain
 *   0       8176    content
 *   8176    12      zeros
 *   8188    4       CRC-32 over salt, page number (u64) and the page so far
 *
 *   offset  length  data, sealed
 *   0       8176    content, AES-256-GCM; of page 0 only from offset 40 on
 *   8176    16      tag
 *
 * Key = HKDF of the store's seal key with the file's salt over a label and
 * the engine's name; nonce = page number (u64), 4 zero bytes; additional data
 * = the file's first 24 bytes (magic, format, flags, id), page number (u64).
 * A page cannot stand in another's place, nor in another file.
 */
#ifndef ENGINE_RUN_PAGE_H
#define ENGINE_RUN_PAGE_H

#include "crypt/crypt.h"
#include "engine/run_format.h"

#define RUN_BOUND 24 /* bytes of the header that bind all pages */

struct run_check {
	bool sealed;
	uint32_t salt_crc;
	uint8_t bound[RUN_BOUND];
	uint8_t key[KEY_SIZE];
};

/* header: the first RUN_CLEAR bytes of the file; sealed when there is a
 * store->seal_key. run_check_release wipes. */
enum ouro_status run_check_init(struct run_check *check,
    const struct run_store *store, const uint8_t header[RUN_CLEAR],
    struct ouro_error *err);
void run_check_release(struct run_check *check);

/* Makes the check; sealed: encrypts in place. Once for each page. */
enum ouro_status run_page_make(const struct run_check *check, uint64_t number,
    uint8_t page[RUN_PAGE], struct ouro_error *err);
/* Sealed: decrypts in place. OURO_DAMAGED, without a text. */
enum ouro_status run_page_take(const struct run_check *check, uint64_t number,
    uint8_t page[RUN_PAGE], struct ouro_error *err);
/* Reads and takes one. OURO_DAMAGED with file and offset, OURO_IO. */
enum ouro_status run_page_read(const struct run_check *check,
    struct fs_file *file, uint64_t number, uint8_t page[RUN_PAGE],
    struct ouro_error *err);
enum ouro_status run_page_damaged(const struct fs_file *file, uint64_t number,
    struct ouro_error *err);

#endif
