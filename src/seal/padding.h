/*
 * padding - length buckets, so that the size of a sealed chunk tells little
 * about the size of what lies in it.
 *
 * Padmé (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and
 * Communication with PURBs", 2019): with E = floor(log2 L) and
 * S = floor(log2 E) + 1, L is rounded up to a multiple of 2^(E - S). A size
 * then reveals O(log log L) bits, and less than 12 % is added (at most 1/9,
 * at L = 9; 3.1 % and less from 64 KiB on). Sizes 0 to 8 stay as they are.
 */
#ifndef SEAL_PADDING_H
#define SEAL_PADDING_H

#include "base/bytes.h"

/* Nothing larger is ever padded; the result cannot overflow. */
#define PADME_SIZE_MAX (UINT64_C(1) << 62)

/*
 * The bucket of size: the least possible padded size that is not smaller.
 * Monotone, and padme(padme(n)) == padme(n), so a reader recognises a padded
 * size by padme(n) == n. size is at most PADME_SIZE_MAX.
 */
uint64_t padme(uint64_t size);

#endif
