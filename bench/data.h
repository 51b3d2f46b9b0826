/*
 * data - a tree of files to measure with: a third text, a third programs, a
 * third random bytes; and an edited copy of it.
 *
 * The text and the programs are this machine's own (/usr/share/doc,
 * /usr/include, /usr/bin, /usr/lib), cut into fragments and put together in
 * an order drawn from a fixed seed: the same on every run on one machine,
 * compressible as such files are, and without long repetitions. Half of each
 * third is one large file, the rest are files of 256 KiB to 4 MiB.
 */
#ifndef BENCH_DATA_H
#define BENCH_DATA_H

#include <stdbool.h>
#include <stdint.h>

/* Makes the tree in the new directory. Says on standard error why not. */
bool data_make(const char *directory, uint64_t size);

/*
 * Writes an edited copy of the tree into the new directory `to`: 1 % of the
 * bytes are replaced, in blocks of 64 KiB at random places, by bytes from
 * elsewhere in the same file; and 1 to 4,096 bytes are inserted at three
 * places of every large file and at one of every eighth other file, which
 * moves all that follows.
 */
bool data_edit(const char *from, const char *to);

#endif
