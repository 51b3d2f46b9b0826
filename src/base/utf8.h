/*
 * utf8 - well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates,
 * nothing above U+10FFFF.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/bytes.h"

#define UTF8_SEQUENCE_MAX 4

/* Length (1..4) of the sequence that bytes begin with; 0 when they are empty
 * or do not begin with a well-formed one. */
size_t utf8_sequence(struct bytes bytes);

/* True when all of it is well-formed; U+0000 is. */
bool utf8_valid(struct bytes bytes);

/* True when they begin with a control character of ASCII or of Latin-1
 * (U+0000 to U+001F, U+007F to U+009F), which terminals obey. */
bool utf8_control(struct bytes bytes);

/* True when all of it is well-formed and without those. */
bool utf8_plain(struct bytes bytes);

/* Encodes a code point that is not a surrogate; returns the length. */
size_t utf8_encode(uint32_t point, uint8_t out[UTF8_SEQUENCE_MAX]);

#endif
