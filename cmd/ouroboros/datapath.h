/*
 * datapath - the further directories for slices, as --data-path names them.
 */
#ifndef OUROBOROS_DATAPATH_H
#define OUROBOROS_DATAPATH_H

#include <ouroboros.h>

#include "options.h"

/* Absolute, as the store keeps them. Zeroed = none. */
struct data_paths {
	char *list[DATA_PATHS_MAX];
	size_t count;
};

/* Takes what the command line gives: directories that are there, each once.
 * Returns 0, or the exit code after having said what is wrong. */
int data_paths_take(struct invocation *inv, struct data_paths *out);
void data_paths_release(struct data_paths *paths);

/* The store has these; none stand for any. Returns 0, or the exit code after
 * having said that a store's data paths stay as they were made. */
int data_paths_check(struct invocation *inv, struct ouro_vault *vault,
    const struct data_paths *paths);

#endif
