/*
 * stream_write - bytes into chunks, on all cores, in bounded memory.
 *
 * The caller's thread cuts the stream; jobs identify, compress, seal and
 * write the chunks; a window of a few of them is in flight, and they enter
 * the tree in order. Up to INLINE_MAX bytes stay inline. A chunk that equals
 * the one before costs a comparison and an entry.
 */
#ifndef VAULT_STREAM_WRITE_H
#define VAULT_STREAM_WRITE_H

#include "base/executor.h"
#include "vault/chunk.h"
#include "vault/tree.h"

struct chunker;
struct stream_job;

struct stream_counts {
	uint64_t chunks_new;
	uint64_t bytes_new;    /* clear bytes of those */
	uint64_t bytes_stored; /* slices written */
};

struct stream_writer {
	struct ouro_vault *vault;
	const struct erasure *erasure;
	unsigned k, m;
	struct chunker *chunker;
	struct tree_writer tree;
	struct buffer stage; /* not yet cut */
	uint64_t size;	     /* bytes so far */
	struct stream_job *jobs;
	unsigned window; /* jobs there are */
	uint64_t submitted, joined;
	struct stream_counts counts;
};

enum ouro_status stream_writer_init(struct stream_writer *writer,
    struct ouro_vault *vault, unsigned k, unsigned m, struct ouro_error *err);
/* Waits for jobs in flight; drops pins. Also after a failed init. */
void stream_writer_release(struct stream_writer *writer);
enum ouro_status stream_writer_add(struct stream_writer *writer,
    struct bytes data, struct ouro_error *err);
/* No more bytes will come: sends the last chunks on their way. */
enum ouro_status stream_writer_end(struct stream_writer *writer,
    struct ouro_error *err);
/* Waits for all chunks: the whole stream as part of a content. Inlined bytes
 * lie in the stage and live, like the pins, until release; the rest of the
 * working memory is given back. Calls stream_writer_end itself. */
enum ouro_status stream_writer_finish(struct stream_writer *writer,
    struct content_part *out, struct ouro_error *err);

#endif
