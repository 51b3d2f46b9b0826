/*
 * reading - one segment's part of a survey.
 */
#ifndef ENGINE_READING_H
#define ENGINE_READING_H

#include "engine/survey.h"

/* Takes the records of the i-th segment into the index and notes what is odd
 * about it. Its counters are at zero. */
enum ouro_status reading_run(struct survey *survey, size_t i,
    struct ouro_error *err);

#endif
