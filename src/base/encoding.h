/*
 * encoding - hex, base64 (RFC 4648 section 4) and base64url (section 5) of
 * binary ids, and unique prefixes of them in any of the three alphabets.
 */
#ifndef BASE_ENCODING_H
#define BASE_ENCODING_H

#include "base/bytes.h"

/* Characters needed, without the terminator. */
#define HEX_LENGTH(n)	 ((n)*2)
#define BASE64_LENGTH(n) (((n) + 2) / 3 * 4)

/* Each writes a NUL-terminated text; out has room for LENGTH + 1. */
void hex_encode(struct bytes in, char *out);
void base64_encode(struct bytes in, char *out);	   /* padded */
void base64url_encode(struct bytes in, char *out); /* unpadded */

/*
 * Each appends the decoded bytes to out. OURO_INVALID with the offset of
 * the first wrong character. Canonical only: base64 needs its padding,
 * base64url refuses it (but accepts exactly-padded input), unused bits are 0.
 */
enum ouro_status hex_decode(const char *text, size_t length, struct buffer *out,
    struct ouro_error *err);
enum ouro_status base64_decode(const char *text, size_t length,
    struct buffer *out, struct ouro_error *err);
enum ouro_status base64url_decode(const char *text, size_t length,
    struct buffer *out, struct ouro_error *err);

/* A 32-byte id as written by a person, possibly shortened. */
#define ID_SIZE		32
#define ID_PREFIX_MIN	4 /* characters */
#define ID_PATTERNS_MAX 3 /* readings: hex, base64, base64url */

/* The first `bits` bits of an id; the remaining bits of prefix are 0. */
struct id_pattern {
	uint8_t prefix[ID_SIZE];
	unsigned bits; /* ID_SIZE * 8 = a full id */
};

/*
 * All readings of text as a full id or a prefix of one, in every alphabet
 * in which it is valid, without doubles; returns their number (0 = not an
 * id in any alphabet, or fewer than ID_PREFIX_MIN characters). A text that
 * is a full id in one alphabet yields only that reading; the exception are
 * 43 hex digits, which are an unpadded base64 id and a prefix in hex.
 */
size_t id_patterns(const char *text, struct id_pattern out[ID_PATTERNS_MAX]);

bool id_matches(const uint8_t id[ID_SIZE], const struct id_pattern *pattern);

#endif
