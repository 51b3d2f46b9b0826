/*
 * canonical - protobuf messages with exactly one encoding.
 *
 * Records are hashed, stored and sent as the same bytes, so a reader takes
 * only what a writer would have written: no unknown field on any level, no
 * default written out, no other order or longer varint, nothing merged.
 *
 * The memory of an unpacked message is wiped when it is freed: bodies of
 * records carry keys. It is in proportion to the bytes: no message, whoever
 * wrote it, takes more than CANONICAL_FACTOR times its size and
 * CANONICAL_EXTRA, while it is being unpacked neither. (Our smallest entry,
 * a Span of 6 bytes, takes 22 times its size.)
 */
#ifndef SEAL_CANONICAL_H
#define SEAL_CANONICAL_H

#include <protobuf-c/protobuf-c.h>

#include "base/bytes.h"

#define CANONICAL_FACTOR 32
#define CANONICAL_EXTRA	 ((size_t)64 * 1024)

/*
 * *out is the message; what names it in the error text ("page"). The bytes
 * are not needed afterwards. OURO_DAMAGED, OURO_NO_MEMORY.
 */
enum ouro_status canonical_unpack(const ProtobufCMessageDescriptor *descriptor,
    struct bytes bytes, ProtobufCMessage **out, const char *what,
    struct ouro_error *err);

/* The same with another factor, for large messages of large entries that
 * nothing has authenticated yet. */
enum ouro_status canonical_unpack_within(
    const ProtobufCMessageDescriptor *descriptor, struct bytes bytes,
    size_t factor, ProtobufCMessage **out, const char *what,
    struct ouro_error *err);

/* A message of the caller's own making, in memory that canonical_free takes.
 * OURO_NO_MEMORY; OURO_DAMAGED when it has no canonical encoding. */
enum ouro_status canonical_copy(const ProtobufCMessage *message,
    ProtobufCMessage **out, struct ouro_error *err);

/* Frees and wipes what the two above gave. NULL is fine. */
void canonical_free(ProtobufCMessage *message);

/* Appends the encoding of message. OURO_NO_MEMORY. */
enum ouro_status canonical_pack(const ProtobufCMessage *message,
    struct buffer *out, struct ouro_error *err);

#endif
