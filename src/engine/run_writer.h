/*
 * run_writer - pages of a run on their way to its file, in large pieces.
 */
#ifndef ENGINE_RUN_WRITER_H
#define ENGINE_RUN_WRITER_H

#include "engine/run_page.h"

#define RUN_WRITER_PAGES 32

/* Zeroed = none; run_writer_release in any case. */
struct run_writer {
	struct fs_file *file;	       /* borrowed */
	const struct run_check *check; /* borrowed */
	uint8_t *pages;
	unsigned count; /* of pages here */
	uint64_t next;	/* number of the page that is put next */
};

enum ouro_status run_writer_init(struct run_writer *writer,
    struct fs_file *file, const struct run_check *check, uint64_t next,
    struct ouro_error *err);
void run_writer_release(struct run_writer *writer);

/* Makes the check of a copy of the page. */
enum ouro_status run_writer_put(struct run_writer *writer,
    const uint8_t page[RUN_PAGE], struct ouro_error *err);
enum ouro_status run_writer_flush(struct run_writer *writer,
    struct ouro_error *err);

#endif
