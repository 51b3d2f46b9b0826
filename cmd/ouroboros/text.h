/*
 * text - what people read: sizes, times, and foreign names made harmless.
 */
#ifndef OUROBOROS_TEXT_H
#define OUROBOROS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TEXT_SIZE_SIZE	16
#define TEXT_RATIO_SIZE 32
#define TEXT_TIME_SIZE	48

/* Bytes of the UTF-8 character at text, at most size; 0 = not UTF-8. */
size_t text_decode(const char *text, size_t size, uint32_t *point);

/* Characters that steer a terminal or reorder what stands around them. */
bool text_is_harmful(uint32_t point);

/* "1.5 MiB"; each returns out. */
const char *text_size(uint64_t bytes, char out[TEXT_SIZE_SIZE]);
/* "2.13 : 1", "-" when under is 0. */
const char *text_ratio(uint64_t over, uint64_t under,
    char out[TEXT_RATIO_SIZE]);
/* "2024-02-29T12:00:00Z", UTC; with milliseconds: _ms. */
const char *text_time(uint64_t unix_ms, char out[TEXT_TIME_SIZE]);
const char *text_time_ms(uint64_t unix_ms, char out[TEXT_TIME_SIZE]);

/*
 * A copy in which control characters, characters that reorder a line, and
 * bytes that are not UTF-8 stand escaped: \n, \x1b, \u202e. The caller
 * frees it; NULL when there is no memory.
 */
char *text_escape(const char *text);
/* The same, written to file. */
void text_write(FILE *file, const char *text);
/* Columns of a terminal that an escaped text takes. */
size_t text_width(const char *text);

#endif
