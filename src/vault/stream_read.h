/*
 * stream_read - a content part back as bytes, chunks fetched ahead on all
 * cores, in bounded memory. A run of one chunk is fetched and decoded once.
 */
#ifndef VAULT_STREAM_READ_H
#define VAULT_STREAM_READ_H

#include "base/executor.h"
#include "vault/chunk.h"
#include "vault/tree.h"

struct read_job;

struct stream_reader {
	struct ouro_vault *vault;
	const struct content_part *part; /* borrowed */
	struct tree_reader tree;
	bool tree_open;
	bool tree_done; /* no more chunks to fetch */
	struct read_job *jobs;
	unsigned window;
	unsigned ahead; /* jobs to keep in flight: grows with use */
	uint64_t submitted, joined;
	struct read_job *current; /* joined, being given out */
	size_t current_at;
	uint64_t skip;	   /* bytes of the first chunk after a seek */
	uint64_t position; /* of the next byte given */
};

void stream_reader_init(struct stream_reader *reader, struct ouro_vault *vault,
    const struct content_part *part);
void stream_reader_release(struct stream_reader *reader);
/* *got = 0 only at the end (or size = 0). After a failure the position is
 * that of the first byte not given; a further read tries it again. */
enum ouro_status stream_reader_read(struct stream_reader *reader, void *data,
    size_t size, size_t *got, struct ouro_error *err);
/* The next bytes where they lie, at most `most` of them and at least one;
 * none only at the end (or most = 0). They live until the next call for this
 * reader. After a failure as above. */
enum ouro_status stream_reader_next(struct stream_reader *reader, size_t most,
    struct bytes *out, struct ouro_error *err);
/* A hint that the next bytes will be read soon: their chunks are sent on
 * their way. What fails here, a read meets again. */
void stream_reader_prefetch(struct stream_reader *reader);
void stream_reader_seek(struct stream_reader *reader, uint64_t position);

#endif
