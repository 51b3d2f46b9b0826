/*
 * Power loss while the index is stored: snapshots, merges, deltas that
 * fill up, and what compaction may drop beside a stored index.
 */
#include "engine_crash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* More than a delta of the least size takes. */
#define LONG_PUTS \
	"p0p1p2p3p4p5p6p7p8p9p0p1p2p3p4p5p6p7p8p9p0p1p2p3p4p5p6p7p8p9" \
	"p0p1p2p3p4p5p6p7p8p9p0p1p2p3p4p5p6p7p8p9p0p1p2p3p4p5p6p7p8p9"

static const struct crash_workload workloads[] = {
	{ .name = "snapshot", .script = "P0p1b2nP3p4D0" },
	{ .name = "snapshots", .script = "P0nP1nP2nD0nP3" },
	{ .name = "snapshots without sync", .script = "p0p1np2b3np4d0nsp5" },
	{ .name = "snapshots and a merge", .script = "P0nP1np2ntD0np3tnt" },
	{ .name = "overwritten after a snapshot",
	    .script = "P0P1nP0p1nkP0rP1" },
	{ .name = "deleted after a snapshot", .script = "P0P1P2nD0d1D2kP3r" },
	{ .name = "a deletion is merged away", .script = "P0P1nD0D1ntntP2kr" },
	{ .name = "snapshot and compaction",
	    .script = "P0P1P0nP1cP2ncD0nc",
	    300 },
	{ .name = "tombstones of stored values",
	    .script = "P0P1nD0cP2hD1cnckc",
	    250 },
	{ .name = "tombstones dropped, stored, dropped",
	    .script = "B0B3nD0D1cntcD3ctnkcr",
	    300 },
	{ .name = "snapshot and rotation",
	    .script = "p0p1b2np5l6p0nb1l2snp3p4b0t",
	    300 },
	{ .name = "snapshot, killed", .script = "P0p1nkP2b3nkd0kp4n" },
	{ .name = "snapshot and recovery", .script = "P0p1nb2xnp3P4xd0nxP5" },
	{ .name = "recovery, compaction, snapshot",
	    .script = "P0p1b2nxcp0nxp1ctxP0c",
	    280 },
	{ .name = "large values stored", .script = "L0l1nL0l2tncL1", 9000 },
	{ .name = "sealed snapshots",
	    .script = "P0nP1np2ntD0nkP3r",
	    .sealed = true },
	{ .name = "sealed, compacted after a snapshot",
	    .script = "B0P1nL2D0cnP3cxP0n",
	    .segment_size = 420,
	    .sealed = true },
	{ .name = "the index made anew", .script = "P0B1nP2D0iP3p4ixP5iriP0" },
	{ .name = "the index made anew beside compaction",
	    .script = "B0B3nP0D1icP2nicxiP3",
	    .segment_size = 400 },
	{ .name = "the index made anew, sealed",
	    .script = "P0B1nL2iD0kiP3xi",
	    .segment_size = 420,
	    .sealed = true },
	{ .name = "closing after a snapshot", .script = "P0nP1rp2nrD0rnr" },
	{ .name = "written ahead, snapshot",
	    .script = "P0P1P2P3nP4P5xP6nP7kP8" },
	{ .name = "a delta fills up",
	    .script = LONG_PUTS "P0np1tkP2",
	    .long_keys = true },
	{ .name = "recovery fills a delta",
	    .script = LONG_PUTS "kp1p2tkP2D0x",
	    .segment_size = 100000,
	    .long_keys = true },
};

static void
every_crash_of_the_index_leaves_a_prefix(void **state)
{
	(void)state;
	crash_enumerate(workloads, sizeof workloads / sizeof workloads[0],
	    150000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(
		    every_crash_of_the_index_leaves_a_prefix, crash_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
