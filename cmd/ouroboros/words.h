/*
 * words - how keys and values are written in the shell: a line in words, and
 * bytes as a word that can be pasted back.
 *
 * Words are separated by blanks. Between double quotes blanks stand for
 * themselves and a backslash begins one of \n \t \r \0 \\ \" \xHH; elsewhere
 * it stands for itself.
 */
#ifndef OUROBOROS_WORDS_H
#define OUROBOROS_WORDS_H

#include <stdio.h>

#include "base/bytes.h"

#define WORDS_MAX 8

/* Zeroed = none; words_release makes it so again. */
struct words {
	struct bytes word[WORDS_MAX]; /* borrowed from text */
	size_t count;
	struct buffer text;
	size_t last_at; /* offset in the line where the last word begins, or
			 * where the next one would */
	bool ended;	/* the last word is followed by a blank */
	bool open;	/* its quotes are not closed */
};

/*
 * Cuts a line of size bytes. NULL, or what is wrong with it: then the words
 * before are there, and the last one as far as it goes.
 */
const char *words_split(struct words *words, const char *line, size_t size);
void words_release(struct words *words);

/* Appends bytes as one word, in quotes if need be; open leaves away the
 * closing one. False when there is no memory. */
bool words_quote(struct buffer *out, struct bytes bytes, bool open);
/* The same, written to file. */
void words_print(FILE *file, struct bytes bytes);

#endif
