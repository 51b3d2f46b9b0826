/*
 * Power loss while the log is written, recovered and compacted.
 */
#include "engine_crash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct crash_workload workloads[] = {
	{ .name = "durable puts", .script = "P0P1P2P0P1P2P3P0" },
	{ .name = "puts without sync", .script = "p0p1p2p0l1p2p3p0sp4p5" },
	{ .name = "large values", .script = "L0L1l2l0sL1l3" },
	{ .name = "batches", .script = "B0B3B0b3b5sb0b1B2" },
	{ .name = "rotation",
	    .script = "P0P1B2P5L6P0B1L2P3P4B0",
	    .segment_size = 300 },
	{ .name = "rotation without sync",
	    .script = "p0p1b2p5l6p0b1l2sp3p4b0p1",
	    .segment_size = 300 },
	{ .name = "deletions",
	    .script = "P0P1P2D0D1P0D2D0P1D1",
	    .segment_size = 250 },
	{ .name = "deletions and compaction",
	    .script = "P0P1P2D0D1cP0D0cD2cP1",
	    .segment_size = 250 },
	{ .name = "compaction",
	    .script = "B0B3P0P1cB0cP9D0cP1",
	    .segment_size = 400 },
	{ .name = "compaction over unsynced writes",
	    .script = "P0P1B2scp0d1p2cp3p0",
	    .segment_size = 300 },
	{ .name = "reopening", .script = "P0rp1rB2rrP3p4rD0r" },
	{ .name = "reopening with rotation",
	    .script = "P0rB1rl2rb3rP0P1r",
	    .segment_size = 200 },
	{ .name = "reopening after compaction",
	    .script = "B0B3crP0D1crp2cr",
	    .segment_size = 300 },
	{ .name = "recovery during recovery",
	    .script = "P0p1b2l3xp4b5P0xb1l2p3xP4" },
	{ .name = "recovery with rotation",
	    .script = "P0p1b2l3p4xp0p1b2p5l6xP0cxd1p2",
	    .segment_size = 260 },
	{ .name = "a tombstone outlives the compaction of its segment",
	    .script = "P0P1P2P3P7P7P7D0P8P8P8hrD1P8P8P8hr",
	    .segment_size = 300 },
	{ .name = "what made a torn tail void goes",
	    .script = "P0l1p2p4xP5P5P5cP6r" },
	{ .name = "killed, then power loss",
	    .script = "P0p1b2kP3p4kp5l6kb1P0" },
	{ .name = "killed with rotation",
	    .script = "P0p1b2l3p4kP5cp6kD0",
	    .segment_size = 260 },
	{ .name = "sealed, killed",
	    .script = "P0p1krp2kP3b4kP5",
	    .sealed = true },
	{ .name = "sealed", .script = "P0B1p4l5sD0rP1b2rxP3", .sealed = true },
	{ .name = "sealed with rotation and compaction",
	    .script = "P0B1P2L3cD0p1rb2cxP5",
	    .segment_size = 420,
	    .sealed = true },
	{ .name = "sealed, recovery",
	    .script = "P0p1b2xp4b5xp1rp2xP3",
	    .sealed = true },
	{ .name = "packed",
	    .script = "P0L1p2l3L0B1l4l5sD3rL1xl2P3",
	    .packed = true },
	{ .name = "packed, compacted",
	    .script = "L0L1l2sL0D1cl3L2cxP4rL0c",
	    .segment_size = 600,
	    .packed = true },
	{ .name = "backups", .script = "P0p1w0B2D0w1rp3xP1w2" },
	{ .name = "backups beside compaction",
	    .script = "B0B3P0w0cP1D0w1cl2xw2P3",
	    .segment_size = 400 },
	{ .name = "backups, sealed and packed",
	    .script = "P0L1w0cB2kw1P3",
	    .segment_size = 420,
	    .sealed = true,
	    .packed = true },
};

static void
every_crash_leaves_a_prefix(void **state)
{
	(void)state;
	crash_enumerate(workloads, sizeof workloads / sizeof workloads[0],
	    40000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(every_crash_leaves_a_prefix,
		    crash_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
